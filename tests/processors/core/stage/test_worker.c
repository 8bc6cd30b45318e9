/* Goal: whatever happens to a worker at whatever moment, the topics hold afterwards what an
 * undisturbed run writes, and state goes on from there.
 * Method: the log in memory; the same run again for every step that it has, each time with one
 * fault before or after that step: a crash, or an error of each kind. */
#include "tests/support/steps.h"

#include <stdlib.h>
#include <string.h>

static const char pipeline[] =
    "partitions: 3\ncommit_records: 40\nsnapshot_interval: 100ms\n" RIG_CHAIN;
static const char *const topics[] = {"rig.sieve", "rig.sieve.dlq", "rig.count",
                                     "rig.emit",  "rig.count.dlq", NULL};

static enum mr_code work(struct rig *rig)
{
    return rig_work(rig, 1, 3);
}

/* At a fixed time, so that records have the same timestamps however long the run before took. */
static void fill(struct rig *rig, size_t row_count)
{
    const struct mr_clock *clock = sim_world_clock(rig->world);
    const int64_t due_ms = INT64_C(1700000000000) + (int64_t)row_count * 10000;

    mr_clock_wait(clock, due_ms - mr_clock_wall(clock));
    rig->row_count = row_count;
    sim_log_on_call(rig->log, NULL, NULL);
    if (rig_ingest(rig) != MR_OK) {
        fail_msg("%s", rig->error.text);
    }
}

/* Two batches of input, each worked off by processes that may be made to fail. */
static void run_twice(struct rig *rig, const char *yaml, struct steps *steps)
{
    rig_init(rig);
    rig_open(rig, yaml);
    for (size_t rows = 60; rows <= 120; rows += 60) {
        fill(rig, rows);
        sim_log_on_call(rig->log, steps_hook, steps);
        (void)steps_restart(rig, work);
    }
}

static void disturb(const struct steps_picture *expected, size_t at, const struct steps_kind *kind)
{
    struct steps steps = {.at = at, .fault = kind->fault};
    struct steps_picture actual;
    struct rig rig;
    char label[128];

    run_twice(&rig, pipeline, &steps);
    (void)snprintf(label, sizeof(label), "%s %s %s (step %zu)", kind->label,
                   steps.hit.when == SIM_BEFORE ? "before" : "after", steps_op_name(steps.hit.op),
                   at);
    steps_take(&actual, &rig, topics, true);
    steps_compare(expected, &actual, label);
    steps_drop(&actual);
    rig_close(&rig);
}

static void every_step_may_fail_once_and_nothing_is_lost_or_doubled(void **state)
{
    struct steps steps = {.at = SIZE_MAX};
    struct steps_picture expected;
    struct rig rig;

    (void)state;
    run_twice(&rig, pipeline, &steps);
    steps_take(&expected, &rig, topics, true);
    assert_true(strlen(expected.texts[3]) > 100);
    rig_close(&rig);
    print_message("  %zu steps, %zu kinds of fault\n", steps.seen, steps_kind_count);
    assert_true(steps.seen > 60);
    for (size_t at = 0; at < steps.seen; at++) {
        for (size_t kind = 0; kind < steps_kind_count; kind++) {
            disturb(&expected, at, &steps_kinds[kind]);
        }
    }
    steps_drop(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_may_fail_once_and_nothing_is_lost_or_doubled),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
