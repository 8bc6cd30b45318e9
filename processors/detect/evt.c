/* evt: how improbable a value's distance from the mean is, by the tail of the distances so far.
 *
 * The edge of the tail is the distance that one record in fifty exceeds, tracked by small steps (up
 * by 0.98, down by 0.02 of a step: they balance there). Beyond it the excess is taken to be
 * exponential, so strength = -log10(probability) = 1.7 + 0.434 * excess / mean excess.
 * threshold 5 is one in a hundred thousand.
 */
#include "processors/detect/arith.h"

#include <math.h>

#define TAIL 0.02
#define AT_EDGE 1.6989700043360187 /* -log10(TAIL) */
#define LOG10_E 0.4342944819032518
#define EXCESS_ALPHA 0.05

struct evt_state {
    double mean;
    double distance; /* mean distance from the mean */
    double edge;
    double excess; /* mean excess over the edge */
};

static size_t evt_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct evt_state);
}

static void judge_tail(const struct mr_tuning *tuning, const struct evt_state *self, double value,
                       struct mr_finding *finding)
{
    const double far = value - self->mean;
    const double excess = mr_bounded(tuning, self->excess, self->mean);
    const double reach = self->edge + (tuning->threshold - AT_EDGE) / LOG10_E * excess;
    const double beyond = mr_directed(tuning, far) - self->edge;

    finding->strength = beyond > 0.0 ? AT_EDGE + LOG10_E * mr_in_units(beyond, excess) : 0.0;
    finding->expected = self->mean;
    finding->band_low = self->mean - reach;
    finding->band_high = self->mean + reach;
    finding->reason = far < 0 ? "below" : "above";
}

static void learn_tail(struct evt_state *self, double distance, uint32_t seen)
{
    const double share = 1.0 / (seen + 1.0);
    const double step = self->distance * (share > 0.05 ? share : 0.05);

    if (distance > self->edge) {
        self->excess += EXCESS_ALPHA * (distance - self->edge - self->excess);
        self->edge += (1.0 - TAIL) * step;
    } else {
        self->edge -= TAIL * step;
    }
    self->edge = self->edge > 0.0 ? self->edge : 0.0;
    self->distance += (distance - self->distance) * share;
}

static void evt_step(const struct mr_tuning *tuning, void *state, const struct mr_observation *seen,
                     struct mr_finding *finding)
{
    struct evt_state *self = state;

    if (seen->seen >= tuning->warmup) {
        judge_tail(tuning, self, seen->value, finding);
    }
    if (seen->seen > 0) {
        learn_tail(self, fabs(seen->value - self->mean), seen->seen);
    }
    self->mean += (seen->value - self->mean) / (seen->seen + 1.0);
}

const struct mr_method mr_method_evt = {
    .name = "evt",
    .summary = "How improbable the distance from the mean is, by the tail of the distances.",
    .version = 1,
    .knobs = MR_KNOB_FLOOR | MR_KNOB_DIRECTION | MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 4.0, [MR_MEDIUM] = 5.0, [MR_LOW] = 6.0},
    .warmup = 200,
    .refractory_count = 20,
    .state_size = evt_size,
    .step = evt_step,
};
