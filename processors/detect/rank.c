#include "processors/detect/rank.h"

#include "processors/detect/arith.h"

#include <math.h>
#include <string.h>

#define LOG10_2 0.30102999566f
#define MEAN_BIN 22 /* where the mean of the first values is put: room for a factor of 2^13 */
#define MEAN_OF_ZEROS (-90)
#define SLIDE_MAX 400 /* while nothing but bin 0 is filled any shift will do */
#define MEDIAN_BIN_MIN 8

int mr_rank_clamp(int bin)
{
    return bin < 0 ? 0 : bin < MR_RANK_BINS ? bin : MR_RANK_BINS - 1;
}

/* Four counters at a time in the lanes of a word: the total stays below 2^16, so no lane can
 * overflow into its neighbour. This sum is where most of the time would go. */
uint32_t mr_rank_above(const union mr_counts *counts, int bin)
{
    const int aligned = (bin + 4) / 4 * 4;
    uint64_t lanes = 0;
    uint32_t sum = 0;

    for (int i = bin + 1; i < aligned; i++) {
        sum += counts->bins[i];
    }
    for (int i = aligned; i < MR_RANK_BINS; i += 4) {
        uint64_t word;

        memcpy(&word, &counts->bins[i], sizeof(word));
        lanes += word;
    }
    return sum + (uint32_t)(lanes & 0xffff) + (uint32_t)(lanes >> 16 & 0xffff) +
           (uint32_t)(lanes >> 32 & 0xffff) + (uint32_t)(lanes >> 48);
}

float mr_rank_rarity(float share)
{
    const float rarity = -LOG10_2 * mr_log2_short(share > 1 ? 1 : share);

    return rarity > 0 ? rarity : 0;
}

uint16_t mr_rank_halve(union mr_counts *counts)
{
    uint32_t total = 0;

    for (int i = 0; i < MR_RANK_BINS; i++) {
        counts->bins[i] = (uint16_t)(counts->bins[i] >> 1);
        total += counts->bins[i];
    }
    return (uint16_t)total;
}

static int index_of(const struct mr_rank_scale *scale, float z)
{
    return mr_third_octave(fabsf(z) * MR_RANK_PHASE) - scale->offset;
}

/* Lets one of the first values wait; true when it was the last of them: then waited[] holds all. */
static bool wait_for_scale(struct mr_rank_scale *scale, union mr_counts *counts, float z,
                           float waited[MR_RANK_FIRST])
{
    float sum = 0;

    counts->first[scale->waiting++] = z;
    if (scale->waiting < MR_RANK_FIRST) {
        return false;
    }
    memcpy(waited, counts->first, sizeof(counts->first));
    for (int i = 0; i < MR_RANK_FIRST; i++) {
        sum += fabsf(waited[i]);
    }
    sum /= MR_RANK_FIRST;
    scale->offset = (int16_t)((sum > 0 ? mr_third_octave(sum) : MEAN_OF_ZEROS) - MEAN_BIN);
    scale->total = MR_RANK_FIRST;
    memset(counts, 0, sizeof(*counts));
    return true;
}

/* The counts of a bin on both sides; other may be NULL. */
static uint32_t both(const union mr_counts *counts, const union mr_counts *other, int bin)
{
    return counts->bins[bin] + (other ? (uint32_t)other->bins[bin] : 0);
}

/* The bin in which half of the counts above bin 0 are reached; -1 when there are none. */
static int median_bin(const union mr_counts *counts, const union mr_counts *other)
{
    uint32_t total = 0, sum = 0;

    for (int i = 1; i < MR_RANK_BINS; i++) {
        total += both(counts, other, i);
    }
    if (total == 0) {
        return -1;
    }
    for (int i = 1; i < MR_RANK_BINS; i++) {
        sum += both(counts, other, i);
        if (2 * sum >= total) {
            return i;
        }
    }
    return MR_RANK_BINS - 1;
}

static void shift_down(union mr_counts *counts, int by)
{
    uint32_t merged = 0;

    for (int i = 0; i <= by; i++) {
        merged += counts->bins[i];
    }
    counts->bins[0] = (uint16_t)merged;
    for (int i = 1; i < MR_RANK_BINS; i++) {
        counts->bins[i] = i + by < MR_RANK_BINS ? counts->bins[i + by] : 0;
    }
}

/* Makes room for a bin beyond the top as far as that is allowed; answers where the value goes. */
static int slide(struct mr_rank_scale *scale, union mr_counts *counts, union mr_counts *other,
                 int bin)
{
    const int median = median_bin(counts, other);
    const int most = median < 0 ? SLIDE_MAX : median - MEDIAN_BIN_MIN;
    int by = bin - (MR_RANK_BINS - 1);

    by = by < most ? by : most;
    if (by <= 0) {
        return MR_RANK_BINS - 1;
    }
    shift_down(counts, by < MR_RANK_BINS ? by : MR_RANK_BINS - 1);
    if (other != NULL) {
        shift_down(other, by < MR_RANK_BINS ? by : MR_RANK_BINS - 1);
    }
    scale->offset = (int16_t)(scale->offset + by);
    return mr_rank_clamp(bin - by);
}

float mr_rank_step(struct mr_rank *self, float z)
{
    struct mr_rank_scale *scale = &self->scale;
    union mr_counts *counts = &self->counts;
    float waited[MR_RANK_FIRST], share;
    int bin;

    if (scale->waiting < MR_RANK_FIRST) {
        if (wait_for_scale(scale, counts, fabsf(z), waited)) {
            for (int i = 0; i < MR_RANK_FIRST; i++) {
                counts->bins[mr_rank_clamp(index_of(scale, waited[i]))]++;
            }
        }
        return 0;
    }
    bin = index_of(scale, z);
    bin = bin >= MR_RANK_BINS ? slide(scale, counts, NULL, bin) : mr_rank_clamp(bin);
    share = ((float)mr_rank_above(counts, bin) + 0.5f * counts->bins[bin] + 0.5f) /
            (float)(scale->total + 1);
    counts->bins[bin]++;
    if (++scale->total >= MR_RANK_TOTAL_MAX) {
        scale->total = mr_rank_halve(counts);
    }
    return mr_rank_rarity(share);
}

static void place_signed(struct mr_rank_signed *self, const float waited[MR_RANK_FIRST])
{
    for (int i = 0; i < MR_RANK_FIRST; i++) {
        union mr_counts *side = waited[i] < 0 ? &self->negative : &self->positive;

        side->bins[mr_rank_clamp(index_of(&self->scale, waited[i]))]++;
    }
}

/* Twice the share of the rarer of the two sides: what lies further out, and all the rest. */
static float share_of(const struct mr_rank_scale *scale, const union mr_counts *side, int bin)
{
    const uint32_t out = mr_rank_above(side, bin);
    const uint32_t own = side->bins[bin];
    const uint32_t rest = scale->total - out - own;
    const uint32_t rarer = out < rest ? out : rest;

    return 2 * ((float)rarer + 0.5f * (float)own + 0.5f) / (float)(scale->total + 1);
}

float mr_rank_signed_step(struct mr_rank_signed *self, float z)
{
    struct mr_rank_scale *scale = &self->scale;
    float waited[MR_RANK_FIRST], share;
    union mr_counts *side;
    int bin;

    if (scale->waiting < MR_RANK_FIRST) {
        if (wait_for_scale(scale, &self->positive, z, waited)) {
            place_signed(self, waited);
        }
        return 0;
    }
    bin = index_of(scale, z);
    bin = bin >= MR_RANK_BINS ? slide(scale, &self->negative, &self->positive, bin)
                              : mr_rank_clamp(bin);
    side = z < 0 ? &self->negative : &self->positive;
    share = share_of(scale, side, bin);
    side->bins[bin]++;
    if (++scale->total >= MR_RANK_TOTAL_MAX) {
        scale->total = (uint16_t)(mr_rank_halve(&self->negative) + mr_rank_halve(&self->positive));
    }
    return mr_rank_rarity(share);
}
