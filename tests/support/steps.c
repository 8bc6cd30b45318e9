#include "tests/support/steps.h"

#include <stdlib.h>
#include <string.h>

#define RESTARTS_MAX 8

const struct steps_kind steps_kinds[] = {
    {"crash", {.is_crash = true}},
    {"timed out", {.code = MR_TIMED_OUT}},
    {"unavailable", {.code = MR_UNAVAILABLE}},
    {"aborted", {.code = MR_ABORTED}},
    {"fenced", {.code = MR_FENCED}},
    {"refused", {.code = MR_REFUSED}},
};
const size_t steps_kind_count = MR_COUNT(steps_kinds);

struct sim_fault steps_hook(void *context, const struct sim_call *call)
{
    struct steps *steps = context;

    if (steps->seen++ != steps->at) {
        return (struct sim_fault){0};
    }
    steps->hit = *call;
    return steps_is_a_lie(steps) ? (struct sim_fault){0} : steps->fault;
}

bool steps_is_a_lie(const struct steps *steps)
{
    return steps->hit.when == SIM_AFTER && steps->fault.code == MR_ABORTED &&
           (steps->hit.op == SIM_COMMIT || steps->hit.op == SIM_SINK_COMMIT);
}

const char *steps_op_name(enum sim_op op)
{
    static const char *const names[SIM_OP_COUNT] = {
        [SIM_OPEN] = "open",
        [SIM_POLL] = "poll",
        [SIM_BEGIN] = "begin",
        [SIM_PRODUCE] = "produce",
        [SIM_COMMIT] = "commit",
        [SIM_ABORT] = "abort",
        [SIM_COMMITTED] = "committed",
        [SIM_READ] = "read",
        [SIM_DRAINED] = "drained",
        [SIM_SINK_WRITE] = "sink's write",
        [SIM_SINK_COMMIT] = "sink's commit",
    };

    return names[op];
}

int steps_restart(struct rig *rig, steps_process *process)
{
    for (int runs = 1; runs <= RESTARTS_MAX; runs++) {
        if (process(rig) == MR_OK) {
            return runs;
        }
        if (mr_code_exit(rig->error.code) == 0) {
            fail_msg("a process failed and said nothing");
        }
    }
    fail_msg("still failing after %d starts: %s", RESTARTS_MAX, rig->error.text);
    return 0;
}

void steps_take(struct steps_picture *picture, struct rig *rig, const char *const *topics,
                bool with_times)
{
    picture->topics = topics;
    for (size_t i = 0; topics[i] != NULL; i++) {
        assert_true(i < MR_COUNT(picture->texts));
        picture->texts[i] = rig_dump(rig, topics[i], with_times);
    }
}

void steps_compare(const struct steps_picture *expected, const struct steps_picture *actual,
                   const char *label)
{
    for (size_t i = 0; expected->topics[i] != NULL; i++) {
        const char *a = expected->texts[i], *b = actual->texts[i];
        size_t at = 0;

        while (a[at] != '\0' && a[at] == b[at]) {
            at++;
        }
        if (a[at] != b[at]) {
            while (at > 0 && a[at - 1] != '\n') {
                at--;
            }
            fail_msg("%s: %s differs (sizes %zu, %zu):\nexpected %.*s\nactual   %.*s", label,
                     expected->topics[i], strlen(a), strlen(b), (int)strcspn(a + at, "\n"), a + at,
                     (int)strcspn(b + at, "\n"), b + at);
        }
    }
}

void steps_drop(struct steps_picture *picture)
{
    for (size_t i = 0; picture->topics[i] != NULL; i++) {
        free(picture->texts[i]);
    }
}
