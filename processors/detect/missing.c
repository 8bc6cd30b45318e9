/* missing: for how long a key has not come, in units of the longest gap that is usual for it.
 *
 *     gap of 8 arrivals, longest | gap of the 8 before, longest      usual = the longer of the two
 *     overdue from: last arrival + threshold * usual
 *
 * The clock is not a record's own time but that of its group (absence.h): the latest event time
 * that the group has come to, or how many whole feeds it has had. Records that lie no more than
 * `within` apart are one arrival. A gap is learnt as at most threshold * usual: one outage does not
 * teach that outages are usual, a slower pace that stays is learnt in a few steps.
 *
 * step() sees a key only when it comes, and so tells of an outage that is over. While it lasts,
 * absence.c asks with mr_missing_due().
 */
#include "processors/detect/missing.h"

#include "processors/detect/judge.h"

#include <math.h>

#define STRETCH 8
#define CLOCK_FAR 9e18 /* nearly INT64_MAX */

struct missing_state {
    int64_t last;       /* clock of the latest arrival */
    int64_t longest[2]; /* gap: of this stretch, of the one before */
    uint64_t group;
    uint32_t arrivals; /* stays at its maximum */
    uint32_t reserved;
};

_Static_assert(sizeof(struct missing_state) == 40, "no byte of a state is padding");

static size_t missing_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct missing_state);
}

static const struct missing_state *behind_head(const void *state)
{
    return (const struct missing_state *)((const struct mr_judge_head *)state + 1);
}

static int64_t usual_of(const struct missing_state *self)
{
    return self->longest[0] > self->longest[1] ? self->longest[0] : self->longest[1];
}

/* As unsigned: two event times may lie further apart than an int64_t can say. */
static double span_between(int64_t from, int64_t to)
{
    return to > from ? (double)((uint64_t)to - (uint64_t)from) : 0.0;
}

static bool is_known(const struct mr_tuning *tuning, const struct missing_state *self)
{
    return self->arrivals >= tuning->warmup && usual_of(self) > 0;
}

uint64_t *mr_missing_group(void *state)
{
    return &((struct missing_state *)((struct mr_judge_head *)state + 1))->group;
}

int64_t mr_missing_due(const struct mr_tuning *tuning, const void *state)
{
    const struct missing_state *self = behind_head(state);
    const double due = (double)self->last + ceil(tuning->threshold * (double)usual_of(self));

    if (!is_known(tuning, self) || due >= CLOCK_FAR) {
        return INT64_MAX;
    }
    return self->last + (int64_t)ceil(tuning->threshold * (double)usual_of(self));
}

double mr_missing_strength(const struct mr_tuning *tuning, const void *state, int64_t clock)
{
    const struct missing_state *self = behind_head(state);
    const double strength = span_between(self->last, clock) / (double)usual_of(self);

    if (clock >= mr_missing_due(tuning, state)) {
        return strength > tuning->threshold ? strength : tuning->threshold;
    }
    return strength < tuning->threshold ? strength : tuning->threshold * (1.0 - 0x1p-20);
}

static void learn_gap(const struct mr_tuning *tuning, struct missing_state *self, double gap)
{
    const double most = tuning->threshold * (double)usual_of(self);
    const double learnt = most > 0.0 && gap > most ? most : gap;

    if (self->arrivals % STRETCH == 0) {
        self->longest[1] = self->longest[0];
        self->longest[0] = 0;
    }
    if (learnt > (double)self->longest[0]) {
        self->longest[0] = learnt < CLOCK_FAR ? (int64_t)learnt : INT64_MAX;
    }
}

/* A whole feed is over only when it is complete: the one that a record stands in does not count as
 * one that lacked it. */
static void missing_step(const struct mr_tuning *tuning, void *state,
                         const struct mr_observation *seen, struct mr_finding *finding)
{
    struct missing_state *self = state;
    const double gap = span_between(self->last, seen->time_ms);

    if (self->arrivals > 0 && gap <= (double)tuning->within_ms) {
        self->last = seen->time_ms > self->last ? seen->time_ms : self->last;
        return;
    }
    if (is_known(tuning, self)) {
        finding->strength = mr_missing_strength(tuning, (struct mr_judge_head *)state - 1,
                                                seen->time_ms - (tuning->is_counted ? 1 : 0));
        finding->reason = "missing";
    }
    if (self->arrivals > 0) {
        learn_gap(tuning, self, gap);
    }
    self->arrivals += self->arrivals != UINT32_MAX;
    self->last = seen->time_ms;
}

const struct mr_method mr_method_missing = {
    .name = "missing",
    .summary = "What used to come and does not: keys of a stream, or items of a whole feed.",
    .version = 1,
    .knobs = MR_KNOB_WITHIN | MR_KNOB_ABSENCE,
    .takes_null = true,
    .thresholds = {[MR_HIGH] = 1.4, [MR_MEDIUM] = 1.8, [MR_LOW] = 3.0},
    .warmup = 3,
    .state_size = missing_size,
    .step = missing_step,
};
