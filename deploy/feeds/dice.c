#include "deploy/feeds/dice.h"

#include "processors/core/base/error.h"

static uint64_t split_mix(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

static uint64_t rotate(uint64_t bits, unsigned count)
{
    return bits << count | bits >> (64 - count);
}

struct mr_dice mr_dice_of(uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    struct mr_dice dice;

    state = split_mix(&state) ^ stream;
    for (unsigned i = 0; i < MR_COUNT(dice.state); i++) {
        dice.state[i] = split_mix(&state);
    }
    return dice;
}

uint64_t mr_dice_next(struct mr_dice *self)
{
    uint64_t *state = self->state;
    const uint64_t result = rotate(state[1] * 5, 7) * 9;
    const uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

/* The bias of a multiply-and-shift over 32 bits is below count / 2^32: nothing here can see it. */
uint32_t mr_dice_below(struct mr_dice *self, uint32_t count)
{
    MR_ASSERT(count > 0);
    return (uint32_t)((mr_dice_next(self) >> 32) * count >> 32);
}

int64_t mr_dice_between(struct mr_dice *self, int64_t low, int64_t high)
{
    MR_ASSERT(low <= high && high - low < UINT32_MAX);
    return low + (int64_t)mr_dice_below(self, (uint32_t)(high - low + 1));
}

bool mr_dice_hits(struct mr_dice *self, uint32_t ppm)
{
    return mr_dice_below(self, 1000000) < ppm;
}

double mr_dice_normal(struct mr_dice *self)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < 12; i++) {
        sum += (int64_t)(mr_dice_next(self) >> 44);
    }
    return (double)(sum - 6 * (INT64_C(1) << 20)) / (double)(INT64_C(1) << 20);
}

void mr_dice_shuffle(struct mr_dice *self, uint32_t *order, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        const uint32_t other = mr_dice_below(self, i);
        const uint32_t kept = order[i - 1];

        order[i - 1] = order[other];
        order[other] = kept;
    }
}
