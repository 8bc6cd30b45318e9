/* rate_of_change: by what share a value differs from the one before; with `per`, per that time.
 *
 * threshold 0.5 is a change by half of the reference. What the reference is:
 *
 *   calm    the last value, or the last one that was no jump, whichever is nearer: after
 *           one absurd value the return to normal is no second jump, and after a real
 *           step the new level is not one either;
 *   last    the last value;
 *   median  the median of the last `values` values: slow to accept a new level.
 *
 * A reference of 0 makes any change infinite; `floor` is the least size that a reference counts as.
 */
#include "processors/detect/arith.h"
#include "processors/detect/sample.h"

#include <math.h>

struct rate_state { /* against: median keeps a sample behind it */
    double last;
    double calm; /* the last value that was no jump */
    int64_t last_ms;
};

static size_t rate_size(const struct mr_tuning *tuning)
{
    return sizeof(struct rate_state) +
           (tuning->against == MR_AGAINST_MEDIAN ? mr_sample_size(tuning->values) : 0);
}

static double reference_of(const struct mr_tuning *tuning, const struct rate_state *self,
                           double value)
{
    switch (tuning->against) {
    case MR_AGAINST_MEDIAN:
        return mr_sample_median((const struct mr_sample *)(self + 1), tuning->values);
    case MR_AGAINST_CALM:
        return fabs(value - self->calm) < fabs(value - self->last) ? self->calm : self->last;
    case MR_AGAINST_LAST:
        break;
    }
    return self->last;
}

/* How many `per` have passed, at least a thousandth: records of one moment are not infinitely
 * fast, and time that goes backwards is no time. */
static double spans_between(const struct mr_tuning *tuning, int64_t from_ms, int64_t to_ms)
{
    const double least = 0.001;
    double spans;

    if (tuning->per_ms == 0) {
        return 1.0;
    }
    spans = to_ms > from_ms ? (double)((uint64_t)to_ms - (uint64_t)from_ms) / (double)tuning->per_ms
                            : 0.0;
    return spans > least ? spans : least;
}

static void judge_change(const struct mr_tuning *tuning, const struct rate_state *self,
                         const struct mr_observation *seen, struct mr_finding *finding)
{
    const double reference = reference_of(tuning, self, seen->value);
    const double size = fabs(reference) > tuning->floor ? fabs(reference) : tuning->floor;
    const double scale = size * spans_between(tuning, self->last_ms, seen->time_ms);

    mr_find_deviation(tuning, seen->value, reference, scale, finding);
    finding->reason = seen->value < reference ? "drop" : "jump";
}

static void rate_step(const struct mr_tuning *tuning, void *state,
                      const struct mr_observation *seen, struct mr_finding *finding)
{
    struct rate_state *self = state;

    if (seen->seen > 0) {
        judge_change(tuning, self, seen, finding);
    }
    if (finding->strength < tuning->threshold) {
        self->calm = seen->value;
    }
    self->last = seen->value;
    self->last_ms = seen->time_ms;
    if (tuning->against == MR_AGAINST_MEDIAN) {
        mr_sample_add((struct mr_sample *)(self + 1), tuning->values, seen->value);
    }
}

const struct mr_method mr_method_rate_of_change = {
    .name = "rate_of_change",
    .summary = "Change against the value before, as a share of it.",
    .version = 1,
    .knobs = MR_KNOB_VALUES | MR_KNOB_PER | MR_KNOB_AGAINST | MR_KNOB_DIRECTION | MR_KNOB_FLOOR |
             MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 0.3, [MR_MEDIUM] = 0.5, [MR_LOW] = 1.0},
    .warmup = 1,
    .values = 5,
    .state_size = rate_size,
    .step = rate_step,
};
