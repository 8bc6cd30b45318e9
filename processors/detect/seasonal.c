/* seasonal: how far a value lies from what this part of the period usually brings.
 *
 *     period 24h, bins 24:  one weighted mean and variance for each hour of the day
 *     z = (value - mean of the bin) / (sd of the bin + a tenth of the sd of all)
 *
 * A bin judges from its third visit on. The hours are event time's, shifted by utc_offset.
 */
#include "processors/detect/arith.h"

#include <math.h>

#define LEAST_ALPHA 0.03
#define VISITS_MAX 250
#define VISITS_TO_JUDGE 2

struct bin {
    double mean, variance;
};

struct seasonal_state {
    double mean, variance; /* of all */
    struct bin bins[];     /* then a byte per bin: its visits */
};

static size_t seasonal_size(const struct mr_tuning *tuning)
{
    return sizeof(struct seasonal_state) + tuning->bins * sizeof(struct bin) +
           ((size_t)tuning->bins + 7) / 8 * 8;
}

static void learn_bin(struct bin *bin, uint32_t visits, double value)
{
    const double first = 1.0 / (visits + 1.0);
    const double alpha = first > LEAST_ALPHA ? first : LEAST_ALPHA;
    const double before = visits > 0 ? value - bin->mean : 0.0;

    bin->mean = visits > 0 ? bin->mean + alpha * before : value;
    bin->variance = (1.0 - alpha) * (bin->variance + alpha * before * before);
}

static void seasonal_step(const struct mr_tuning *tuning, void *state,
                          const struct mr_observation *seen, struct mr_finding *finding)
{
    struct seasonal_state *self = state;
    uint8_t *visits = (uint8_t *)(self->bins + tuning->bins);
    const uint32_t at = mr_bin_of(tuning, seen->time_ms);
    const double before = seen->value - self->mean;
    const double alpha = 1.0 / (seen->seen + 1.0);

    if (visits[at] >= VISITS_TO_JUDGE) {
        const double sd = sqrt(self->bins[at].variance) + 0.1 * sqrt(self->variance);
        const double mean = self->bins[at].mean;

        mr_find_deviation(tuning, seen->value, mean, mr_bounded(tuning, sd, mean), finding);
    }
    learn_bin(&self->bins[at], visits[at], seen->value);
    visits[at] = (uint8_t)(visits[at] + (visits[at] < VISITS_MAX));
    self->mean += alpha * before;
    self->variance = (1.0 - alpha) * (self->variance + alpha * before * before);
}

/* Mean and variance of both, each with its weight; one of the weights is not 0. */
static void merge_moments(double *mean, double *variance, double weight, const double other[2],
                          double other_weight)
{
    const double share = other_weight / (weight + other_weight);
    const double away = other[0] - *mean;

    *mean += away * share;
    *variance = (1.0 - share) * *variance + share * other[1] + (1.0 - share) * share * away * away;
}

/* A bin weighs as much as its visits, which stop at their maximum. */
static void seasonal_merge(const struct mr_tuning *tuning, void *state, const void *other,
                           const struct mr_merged *seen)
{
    struct seasonal_state *self = state;
    const struct seasonal_state *from = other;
    uint8_t *visits = (uint8_t *)(self->bins + tuning->bins);
    const uint8_t *more = (const uint8_t *)(from->bins + tuning->bins);

    merge_moments(&self->mean, &self->variance, seen->own,
                  (const double[]){from->mean, from->variance}, seen->other);
    for (uint32_t i = 0; i < tuning->bins; i++) {
        const unsigned sum = (unsigned)visits[i] + more[i];

        if (more[i] > 0) {
            merge_moments(&self->bins[i].mean, &self->bins[i].variance, visits[i],
                          (const double[]){from->bins[i].mean, from->bins[i].variance}, more[i]);
        }
        visits[i] = (uint8_t)(sum < VISITS_MAX ? sum : VISITS_MAX);
    }
}

const struct mr_method mr_method_seasonal = {
    .name = "seasonal",
    .summary =
        "Distance from what this hour of the day (or part of another period) usually brings.",
    .version = 1,
    .knobs = MR_KNOB_PERIOD | MR_KNOB_FLOOR | MR_KNOB_CEILING | MR_KNOB_DIRECTION |
             MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 4.0, [MR_MEDIUM] = 5.0, [MR_LOW] = 7.0},
    .bins = 24,
    .bins_max = 168,
    .state_size = seasonal_size,
    .step = seasonal_step,
    .merge = seasonal_merge,
};
