/* duplicate: the key was seen before, less than `within` ago by event time.
 *
 * A repeat says the same value again (or none, both times), a conflict another one. strength counts
 * how many times in a row the key has come within the time; expected is the value that it had.
 */
#include "processors/detect/arith.h"

#include <math.h>

struct duplicate_state {
    double value;    /* 0 where there was none */
    int64_t time_ms; /* the latest */
    uint32_t has_value;
    uint32_t run; /* how many in a row */
};

_Static_assert(sizeof(struct duplicate_state) == 24, "no byte of a state is padding");

static size_t duplicate_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct duplicate_state);
}

static bool is_same(const struct duplicate_state *self, const struct mr_observation *seen)
{
    if (self->has_value == 0 || !seen->has_value) {
        return (self->has_value != 0) == seen->has_value;
    }
    return self->value == seen->value;
}

static bool is_asked_for(const struct mr_tuning *tuning, bool is_repeat)
{
    return tuning->alarm_on == MR_ALARM_ON_ANY ||
           (tuning->alarm_on == MR_ALARM_ON_REPEAT) == is_repeat;
}

static void duplicate_step(const struct mr_tuning *tuning, void *state,
                           const struct mr_observation *seen, struct mr_finding *finding)
{
    struct duplicate_state *self = state;
    const bool is_again =
        seen->seen > 0 && mr_is_within(self->time_ms, seen->time_ms, tuning->within_ms);
    const bool is_repeat = is_same(self, seen);

    self->run = is_again ? self->run + (self->run != UINT32_MAX) : 0;
    if (is_again && is_asked_for(tuning, is_repeat)) {
        finding->strength = self->run;
        finding->reason = is_repeat ? "repeat" : "conflict";
    }
    if (is_again && self->has_value) {
        finding->expected = self->value;
    }
    if (seen->seen == 0 || seen->time_ms > self->time_ms) {
        self->time_ms = seen->time_ms;
    }
    self->has_value = seen->has_value;
    self->value = seen->has_value ? seen->value : 0.0;
}

const struct mr_method mr_method_duplicate = {
    .name = "duplicate",
    .summary = "The same key again within a time, with the same value or a conflicting one.",
    .version = 1,
    .knobs = MR_KNOB_WITHIN | MR_KNOB_ALARM_ON,
    .takes_null = true,
    .thresholds = {[MR_HIGH] = 1.0, [MR_MEDIUM] = 1.0, [MR_LOW] = 1.0},
    .state_size = duplicate_size,
    .step = duplicate_step,
};
