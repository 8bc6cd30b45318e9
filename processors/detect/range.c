/* range: by what part of the range of all values so far a value lies outside it.
 *
 * Sixteen bytes, and hard to beat by other single statistics; cannot burst, since a value that was
 * outside is inside from then on. It never forgets.
 */
#include "processors/detect/arith.h"

#include <math.h>

struct range_state {
    double low, high;
};

static size_t range_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct range_state);
}

static void judge_outside(const struct mr_tuning *tuning, const struct range_state *self,
                          double value, struct mr_finding *finding)
{
    const double widest = fabs(self->low) > fabs(self->high) ? self->low : self->high;
    const double width = mr_bounded(tuning, self->high - self->low, widest);
    const double nearest = value > self->high ? self->high : value < self->low ? self->low : value;

    finding->strength = mr_directed(tuning, mr_in_units(value - nearest, width));
    finding->expected = nearest;
    finding->band_low = self->low - tuning->threshold * width;
    finding->band_high = self->high + tuning->threshold * width;
    finding->reason = value < self->low ? "new_low" : "new_high";
}

static void range_step(const struct mr_tuning *tuning, void *state,
                       const struct mr_observation *seen, struct mr_finding *finding)
{
    struct range_state *self = state;

    if (seen->seen > 0) {
        judge_outside(tuning, self, seen->value, finding);
    }
    if (seen->seen == 0 || seen->value < self->low) {
        self->low = seen->value;
    }
    if (seen->seen == 0 || seen->value > self->high) {
        self->high = seen->value;
    }
}

static void range_merge(const struct mr_tuning *tuning, void *state, const void *other,
                        const struct mr_merged *seen)
{
    struct range_state *self = state;
    const struct range_state *from = other;

    (void)tuning;
    (void)seen;
    self->low = from->low < self->low ? from->low : self->low;
    self->high = from->high > self->high ? from->high : self->high;
}

const struct mr_method mr_method_range = {
    .name = "range",
    .summary = "Distance beyond the least and greatest value so far, as a part of their distance.",
    .version = 1,
    .knobs = MR_KNOB_FLOOR | MR_KNOB_DIRECTION | MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 0.1, [MR_MEDIUM] = 0.25, [MR_LOW] = 0.5},
    .warmup = 32,
    .state_size = range_size,
    .step = range_step,
    .merge = range_merge,
};
