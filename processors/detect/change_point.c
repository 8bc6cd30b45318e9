/* change_point: a level that moved and stayed, by a two-sided cumulative sum.
 *
 *     up   = max(0, up   + z - SLACK)         z: distance from a slow weighted mean,
 *     down = max(0, down - z - SLACK)            in standard deviations, clipped to +-10
 *
 * strength is the larger sum; both begin afresh when it reaches the threshold (without that,
 * one change would be an alarm for ever). Many small deviations to one side add up; one
 * large one counts 10 at most.
 */
#include "processors/detect/arith.h"

#include <math.h>

#define SLACK 0.5
#define CLIP 10.0

struct change_state {
    double mean, variance;
    double up, down;
};

static size_t change_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct change_state);
}

static double clip(double x)
{
    return x > CLIP ? CLIP : x < -CLIP ? -CLIP : x;
}

static double raise(double sum, double by)
{
    return sum + by > 0.0 ? sum + by : 0.0;
}

static void judge_sums(const struct mr_tuning *tuning, struct change_state *self, double value,
                       struct mr_finding *finding)
{
    const double sd = mr_bounded(tuning, sqrt(self->variance), self->mean);
    const double z = clip(mr_in_units(value - self->mean, sd));
    double up, down;

    self->up = raise(self->up, z - SLACK);
    self->down = raise(self->down, -z - SLACK);
    up = tuning->direction == MR_DOWN ? 0.0 : self->up;
    down = tuning->direction == MR_UP ? 0.0 : self->down;
    finding->strength = up > down ? up : down;
    finding->expected = self->mean;
    finding->reason = up > down ? "shift_up" : "shift_down";
    if (finding->strength >= tuning->threshold) {
        self->up = 0.0;
        self->down = 0.0;
    }
}

static void change_step(const struct mr_tuning *tuning, void *state,
                        const struct mr_observation *seen, struct mr_finding *finding)
{
    struct change_state *self = state;
    const double first = 1.0 / (seen->seen + 1.0);
    const double steady = 2.0 / (tuning->span + 1.0);
    const double alpha = first > steady ? first : steady;
    const double before = seen->value - self->mean;

    if (seen->seen >= tuning->warmup) {
        judge_sums(tuning, self, seen->value, finding);
    }
    self->mean += alpha * before;
    self->variance = (1.0 - alpha) * (self->variance + alpha * before * before);
}

const struct mr_method mr_method_change_point = {
    .name = "change_point",
    .summary = "Small deviations to one side that add up: the level has moved.",
    .version = 1,
    .knobs = MR_KNOB_SPAN | MR_KNOB_FLOOR | MR_KNOB_DIRECTION | MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 10.0, [MR_MEDIUM] = 20.0, [MR_LOW] = 40.0},
    .warmup = 32,
    .span = 500.0,
    .state_size = change_size,
    .step = change_step,
};
