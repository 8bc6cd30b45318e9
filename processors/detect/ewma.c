/* ewma: how many standard deviations a value lies from an exponentially weighted mean.
 *
 * Forgets with a half-life of about a third of `span` records, so it follows a level that drifts.
 * Until 1 / alpha records are seen the weights are those of the plain mean.
 */
#include "processors/detect/arith.h"

#include <math.h>

struct ewma_state {
    double mean;
    double variance;
};

static size_t ewma_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct ewma_state);
}

static void ewma_step(const struct mr_tuning *tuning, void *state,
                      const struct mr_observation *seen, struct mr_finding *finding)
{
    struct ewma_state *self = state;
    const double first = 1.0 / (seen->seen + 1.0);
    const double steady = 2.0 / (tuning->span + 1.0);
    const double alpha = first > steady ? first : steady;
    const double before = seen->value - self->mean;

    if (seen->seen > 0) {
        mr_find_deviation(tuning, seen->value, self->mean,
                          mr_bounded(tuning, sqrt(self->variance), self->mean), finding);
    }
    self->mean += alpha * before;
    self->variance = (1.0 - alpha) * (self->variance + alpha * before * before);
}

const struct mr_method mr_method_ewma = {
    .name = "ewma",
    .summary = "Distance from an exponentially weighted mean, in weighted standard deviations.",
    .version = 1,
    .knobs = MR_KNOB_SPAN | MR_KNOB_FLOOR | MR_KNOB_CEILING | MR_KNOB_DIRECTION |
             MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 4.0, [MR_MEDIUM] = 5.0, [MR_LOW] = 7.0},
    .warmup = 16,
    .span = 100.0,
    .state_size = ewma_size,
    .step = ewma_step,
};
