/* stuck: how many times in a row a value has been exactly the same.
 *
 * Says so once per run: at the record that makes the run as long as the threshold.
 */
#include "processors/detect/method.h"

struct stuck_state {
    double value;
    uint32_t run; /* how many values in a row, this one included */
    uint32_t reserved;
};

static size_t stuck_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct stuck_state);
}

static void stuck_step(const struct mr_tuning *tuning, void *state,
                       const struct mr_observation *seen, struct mr_finding *finding)
{
    struct stuck_state *self = state;
    const bool is_same = self->run > 0 && seen->value == self->value;

    self->run = is_same ? self->run + (self->run != UINT32_MAX) : 1;
    self->value = seen->value;
    /* Past the threshold the run is known: the strength stays just below it. */
    finding->strength =
        self->run < tuning->threshold + 1.0 ? self->run : tuning->threshold * (1.0 - 0x1p-20);
    finding->expected = self->value;
    finding->reason = "stuck";
}

const struct mr_method mr_method_stuck = {
    .name = "stuck",
    .summary = "The same value over and over.",
    .version = 1,
    .thresholds = {[MR_HIGH] = 10.0, [MR_MEDIUM] = 30.0, [MR_LOW] = 100.0},
    .state_size = stuck_size,
    .step = stuck_step,
};
