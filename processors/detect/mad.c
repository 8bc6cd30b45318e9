/* mad: how many median distances (as standard deviations) a value lies from the median of all.
 *
 *     first 32 values --exact median--> anchor;   then each value --distance from the anchor-->
 * counts
 *
 * The counts are those of rank.h: thirds of an octave, one set per side. Median and median distance
 * are read out of them, straight lines within a bin; both are fresh at every 16th value (at every
 * one of the first 64), and robust: a value moves one count, however far out it lies. When the
 * median has come to lie further from the anchor than the median distance, where bins are wide, the
 * counts are placed anew about it. Remembers some 20,000 values; a skewed series does not make it
 * drift.
 */
#include "processors/detect/arith.h"
#include "processors/detect/rank.h"

#include <math.h>
#include <string.h>

#define SIGMA_PER_SPREAD 1.4826022185056018
#define FRESH_EVERY 16
#define FRESH_BEFORE 64
#define DISTANCE_MAX 1e30 /* its third octave has an index, and it fits a float */

struct mad_state {
    double anchor;
    double median, spread;        /* of all, as far as known; from the first 32 values on */
    struct mr_rank_signed counts; /* while waiting: first[] of `positive` holds what came */
    uint32_t waiting;
    uint32_t reserved;
};

_Static_assert(sizeof(struct mad_state) == 3 * 8 + 264 + 8, "no byte of a state is padding");

static size_t mad_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct mad_state);
}

/* The least distance of a bin. */
static double edge_of(const struct mr_rank_scale *scale, int bin)
{
    return bin > 0 ? mr_third_octave_edge(bin + scale->offset) / (double)MR_RANK_PHASE : 0.0;
}

static double total_of(const union mr_counts *side)
{
    return (double)(side->bins[0] + mr_rank_above(side, 0));
}

/* How many of a side lie nearer than reach. */
static double count_within(const struct mr_rank_scale *scale, const union mr_counts *side,
                           double reach)
{
    double sum = 0.0;

    for (int bin = 0; bin < MR_RANK_BINS; bin++) {
        const double low = edge_of(scale, bin), high = edge_of(scale, bin + 1);

        if (high > reach) {
            return low < reach ? sum + side->bins[bin] * ((reach - low) / (high - low)) : sum;
        }
        sum += side->bins[bin];
    }
    return sum;
}

/* How far one must go on a side to have so many of it. */
static double reach_of(const struct mr_rank_scale *scale, const union mr_counts *side, double count)
{
    double sum = 0.0;

    for (int bin = 0; bin < MR_RANK_BINS; bin++) {
        const double own = side->bins[bin];

        if (own > 0.0 && sum + own >= count) {
            const double low = edge_of(scale, bin), high = edge_of(scale, bin + 1);

            return low + (high - low) * ((count - sum) / own);
        }
        sum += own;
    }
    return edge_of(scale, MR_RANK_BINS);
}

static double count_below(const struct mr_rank_signed *counts, double z)
{
    const double below = total_of(&counts->negative);

    return z < 0 ? below - count_within(&counts->scale, &counts->negative, -z)
                 : below + count_within(&counts->scale, &counts->positive, z);
}

/* From the anchor. Where one half lies on each side, half-way between the nearest of both. */
static double find_median(const struct mr_rank_signed *counts)
{
    const double below = total_of(&counts->negative);
    const double half = 0.5 * (below + total_of(&counts->positive));

    if (below == half) {
        return 0.5 * (reach_of(&counts->scale, &counts->positive, 0.0) -
                      reach_of(&counts->scale, &counts->negative, 0.0));
    }
    return below > half ? -reach_of(&counts->scale, &counts->negative, below - half)
                        : reach_of(&counts->scale, &counts->positive, half - below);
}

static double count_about(const struct mr_rank_signed *counts, double centre, double reach)
{
    return count_below(counts, centre + reach) - count_below(counts, centre - reach);
}

/* The distance from the centre within which half of all lies: between two edges, found by halving,
 * then along a straight line. */
static double find_spread(const struct mr_rank_signed *counts, double centre)
{
    const double half = 0.5 * (total_of(&counts->negative) + total_of(&counts->positive));
    int low = 0, high = MR_RANK_BINS;
    double from, to, inside;

    while (high - low > 1) {
        const int middle = (low + high) / 2;

        if (count_about(counts, centre, edge_of(&counts->scale, middle)) < half) {
            low = middle;
        } else {
            high = middle;
        }
    }
    from = edge_of(&counts->scale, low);
    to = edge_of(&counts->scale, high);
    inside = count_about(counts, centre, from);
    return from +
           (to - from) * mr_in_units(half - inside, count_about(counts, centre, to) - inside);
}

static float distance_of(double value, double anchor)
{
    const double z = value - anchor;

    return (float)(z > DISTANCE_MAX ? DISTANCE_MAX : z < -DISTANCE_MAX ? -DISTANCE_MAX : z);
}

/* Moves the counts of one side, as if all of a bin stood at its middle. */
static void move_side(const struct mr_rank_scale *scale, const union mr_counts *side, double sign,
                      double by, struct mr_rank_signed *to)
{
    for (int bin = 0; bin < MR_RANK_BINS; bin++) {
        const double middle = 0.5 * (edge_of(scale, bin) + edge_of(scale, bin + 1));
        const double z = sign * middle - by;
        union mr_counts *other = z < 0 ? &to->negative : &to->positive;
        const int place =
            mr_third_octave((float)(fabs(z) * (double)MR_RANK_PHASE)) - to->scale.offset;
        uint16_t *count = &other->bins[mr_rank_clamp(place)];

        *count = (uint16_t)(*count + side->bins[bin]);
    }
}

static void move_anchor(struct mad_state *self, double by)
{
    struct mr_rank_signed moved = {.scale = self->counts.scale};

    move_side(&self->counts.scale, &self->counts.negative, -1.0, by, &moved);
    move_side(&self->counts.scale, &self->counts.positive, 1.0, by, &moved);
    self->counts = moved;
    self->anchor += by;
}

static void freshen(struct mad_state *self)
{
    const double median = find_median(&self->counts);

    self->median = self->anchor + median;
    self->spread = find_spread(&self->counts, median);
    if (fabs(median) > self->spread) {
        move_anchor(self, median);
    }
}

/* The middle of 32, the mean of two; distances from the first value are sorted in place. */
static double middle_of(float values[MR_RANK_FIRST])
{
    for (int i = 1; i < MR_RANK_FIRST; i++) {
        const float value = values[i];
        int at = i;

        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
    return 0.5 * ((double)values[MR_RANK_FIRST / 2 - 1] + (double)values[MR_RANK_FIRST / 2]);
}

/* Until there are 32, values wait as distances from the first. */
static void wait_for_anchor(struct mad_state *self, double value)
{
    float first[MR_RANK_FIRST];
    double first_value;

    if (self->waiting == 0) {
        self->anchor = value;
    }
    self->counts.positive.first[self->waiting++] = distance_of(value, self->anchor);
    if (self->waiting < MR_RANK_FIRST) {
        return;
    }
    memcpy(first, self->counts.positive.first, sizeof(first));
    first_value = self->anchor;
    self->counts = (struct mr_rank_signed){0};
    self->anchor = first_value + middle_of(first);
    for (int i = 0; i < MR_RANK_FIRST; i++) {
        (void)mr_rank_signed_step(&self->counts,
                                  distance_of(first_value + (double)first[i], self->anchor));
    }
    freshen(self);
}

static void mad_step(const struct mr_tuning *tuning, void *state, const struct mr_observation *seen,
                     struct mr_finding *finding)
{
    struct mad_state *self = state;

    if (self->waiting < MR_RANK_FIRST) {
        wait_for_anchor(self, seen->value);
        return;
    }
    mr_find_deviation(tuning, seen->value, self->median,
                      mr_bounded(tuning, SIGMA_PER_SPREAD * self->spread, self->median), finding);
    (void)mr_rank_signed_step(&self->counts, distance_of(seen->value, self->anchor));
    if (seen->seen < FRESH_BEFORE || seen->seen % FRESH_EVERY == 0) {
        freshen(self);
    }
}

const struct mr_method mr_method_mad = {
    .name = "mad",
    .summary = "Distance from the median of all values, in median distances as deviations.",
    .version = 1,
    .knobs =
        MR_KNOB_FLOOR | MR_KNOB_CEILING | MR_KNOB_DIRECTION | MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 4.0, [MR_MEDIUM] = 6.0, [MR_LOW] = 10.0},
    .warmup = MR_RANK_FIRST,
    .state_size = mad_size,
    .step = mad_step,
};
