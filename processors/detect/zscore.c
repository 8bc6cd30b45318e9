/* zscore: how many standard deviations a value lies from the mean of all before it.
 *
 * Welford's recurrence: mean and sum of squared distances, one division a record, no cancellation.
 * Never forgets: for series that stay what they were. One absurd value widens it for good.
 */
#include "processors/detect/arith.h"

#include <math.h>

struct zscore_state {
    double mean;
    double squares; /* sum of squared distances from the mean */
};

static size_t zscore_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct zscore_state);
}

static void zscore_step(const struct mr_tuning *tuning, void *state,
                        const struct mr_observation *seen, struct mr_finding *finding)
{
    struct zscore_state *self = state;
    const double before = seen->value - self->mean;

    if (seen->seen > 1) {
        const double sd = sqrt(self->squares / (seen->seen - 1.0));

        mr_find_deviation(tuning, seen->value, self->mean, mr_bounded(tuning, sd, self->mean),
                          finding);
    }
    self->mean += before / (seen->seen + 1.0);
    self->squares += before * (seen->value - self->mean);
}

/* Chan, Golub and LeVeque. */
static void zscore_merge(const struct mr_tuning *tuning, void *state, const void *other,
                         const struct mr_merged *seen)
{
    struct zscore_state *self = state;
    const struct zscore_state *from = other;
    const double share = seen->other / (seen->own + seen->other);
    const double away = from->mean - self->mean;

    (void)tuning;
    self->mean += away * share;
    self->squares += from->squares + away * away * (seen->own * share);
}

const struct mr_method mr_method_zscore = {
    .name = "zscore",
    .summary = "Distance from the mean of all values so far, in standard deviations.",
    .version = 1,
    .knobs =
        MR_KNOB_FLOOR | MR_KNOB_CEILING | MR_KNOB_DIRECTION | MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 3.0, [MR_MEDIUM] = 4.0, [MR_LOW] = 6.0},
    .warmup = 32,
    .state_size = zscore_size,
    .step = zscore_step,
    .merge = zscore_merge,
};
