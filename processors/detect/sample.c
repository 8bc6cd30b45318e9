#include "processors/detect/sample.h"

#include "processors/core/base/error.h"

#include <string.h>

_Static_assert(sizeof(struct mr_sample) == 8, "the values begin behind the head");

size_t mr_sample_size(uint32_t window)
{
    MR_ASSERT(window > 0 && window <= MR_SAMPLE_WINDOW_MAX);
    return sizeof(struct mr_sample) + window * sizeof(double) + ((size_t)window + 7) / 8 * 8;
}

static uint8_t *order_of(struct mr_sample *sample, uint32_t window)
{
    return (uint8_t *)(sample->values + window);
}

static double value_at(const struct mr_sample *sample, uint32_t window, size_t rank)
{
    const uint8_t *order = (const uint8_t *)(sample->values + window);

    return sample->values[order[rank]];
}

/* Takes the index of the oldest value out of the order. */
static void forget_oldest(struct mr_sample *sample, uint32_t window)
{
    uint8_t *order = order_of(sample, window);
    size_t rank = 0;

    while (order[rank] != sample->next) {
        rank++;
    }
    memmove(order + rank, order + rank + 1, sample->count - rank - 1U);
    sample->count--;
}

void mr_sample_add(struct mr_sample *sample, uint32_t window, double value)
{
    uint8_t *order = order_of(sample, window);
    size_t rank;

    if (sample->count == window) {
        forget_oldest(sample, window);
    }
    for (rank = sample->count; rank > 0 && value < sample->values[order[rank - 1]]; rank--) {
        order[rank] = order[rank - 1];
    }
    order[rank] = sample->next;
    sample->values[sample->next] = value;
    sample->next = (uint8_t)((sample->next + 1U) % window);
    sample->count++;
}

double mr_sample_median(const struct mr_sample *sample, uint32_t window)
{
    const size_t middle = sample->count / 2U;
    double high;

    MR_ASSERT(sample->count > 0);
    high = value_at(sample, window, middle);
    return sample->count % 2U == 1U ? high : 0.5 * (value_at(sample, window, middle - 1) + high);
}

/* A walk outwards from the centre: the values below it on one side, the others on the other. */
struct walk {
    const struct mr_sample *sample;
    uint32_t window;
    double centre;
    size_t below; /* how many of the values below the centre are left, the nearest last */
    size_t above; /* the rank of the nearest that is not below */
};

static double walk_next(struct walk *self)
{
    const double none = -1.0;
    double left = none, right = none;

    if (self->below > 0) {
        left = self->centre - value_at(self->sample, self->window, self->below - 1);
    }
    if (self->above < self->sample->count) {
        right = value_at(self->sample, self->window, self->above) - self->centre;
    }
    if (right < 0 || (left >= 0 && left < right)) {
        self->below--;
        return left;
    }
    self->above++;
    return right;
}

double mr_sample_spread(const struct mr_sample *sample, uint32_t window, double centre)
{
    struct walk walk = {sample, window, centre, 0, 0};
    double distance = 0.0, before = 0.0;

    MR_ASSERT(sample->count > 0);
    while (walk.below < sample->count && value_at(sample, window, walk.below) < centre) {
        walk.below++;
    }
    walk.above = walk.below;
    for (size_t taken = 0; taken <= sample->count / 2U; taken++) {
        before = distance;
        distance = walk_next(&walk);
    }
    return sample->count % 2U == 1U ? distance : 0.5 * (before + distance);
}
