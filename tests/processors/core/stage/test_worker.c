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
    return rig_work(rig, 1, rig->pipeline->stage_count - 1);
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

/* Every line of the expected text stands in the actual one. */
static void assert_all_there(const char *expected, const char *actual, const char *label)
{
    while (*expected != '\0') {
        const size_t size = strcspn(expected, "\n") + 1;
        char *line = strndup(expected, size);

        assert_non_null(line);
        if (strstr(actual, line) == NULL) {
            fail_msg("%s: lost %s", label, line);
        }
        free(line);
        expected += size;
    }
}

static void with_at_least_once_nothing_is_lost(void **state)
{
    static const char yaml[] = "partitions: 3\ncommit_records: 40\ndelivery: at_least_once\n"
                               "stages:\n  - ingest: {}\n  - copy: {}\n  - sieve: {}\n";
    struct steps steps = {.at = SIZE_MAX};
    struct rig rig;
    char *expected, *actual;
    size_t count, doubled = 0;

    (void)state;
    run_twice(&rig, yaml, &steps);
    expected = rig_dump(&rig, "rig.sieve", true);
    rig_close(&rig);
    count = steps.seen;
    for (size_t at = 0; at < count; at++) {
        for (size_t kind = 0; kind < steps_kind_count; kind++) {
            steps = (struct steps){.at = at, .fault = steps_kinds[kind].fault};
            run_twice(&rig, yaml, &steps);
            actual = rig_dump(&rig, "rig.sieve", true);
            assert_all_there(expected, actual, steps_kinds[kind].label);
            doubled += strlen(actual) > strlen(expected);
            free(actual);
            rig_close(&rig);
        }
    }
    free(expected);
    assert_true(doubled > 0); /* else this would be exactly once, and the test no test */
}

/* One commit takes effect, and its answer and all later ones time out until the worker gives up. */
struct deaf {
    const struct sim_world *world;
    size_t commits;
    int64_t until_ms;
};

static struct sim_fault never_answer(void *context, const struct sim_call *call)
{
    static const struct sim_fault none = {0}, silence = {.code = MR_TIMED_OUT};
    struct deaf *deaf = context;
    const int64_t now_ms = sim_world_now_ms(deaf->world);

    if (call->op != SIM_COMMIT) {
        return none;
    }
    if (call->when == SIM_BEFORE) {
        return now_ms < deaf->until_ms ? silence : none;
    }
    if (++deaf->commits != 2) {
        return none;
    }
    deaf->until_ms = now_ms + 121000; /* longer than a commit is tried again */
    return silence;
}

static void a_commit_whose_answer_never_comes_is_not_done_twice(void **state)
{
    struct steps steps = {.at = SIZE_MAX};
    struct steps_picture expected, actual;
    struct deaf deaf = {0};
    struct rig rig;

    (void)state;
    run_twice(&rig, pipeline, &steps);
    steps_take(&expected, &rig, topics, false);
    rig_close(&rig);
    rig_init(&rig);
    rig_open(&rig, pipeline);
    fill(&rig, 60);
    fill(&rig, 120);
    deaf.world = rig.world;
    sim_log_on_call(rig.log, never_answer, &deaf);
    assert_int_equal(MR_OK, work(&rig));
    assert_true(rig.sums[1].aborts == 1 && deaf.until_ms > 0);
    steps_take(&actual, &rig, topics, false);
    steps_compare(&expected, &actual, "no answer");
    steps_drop(&expected);
    steps_drop(&actual);
    rig_close(&rig);
}

/* A partition is lost in the middle of a transaction, and the abort that follows fails once. */
struct thief {
    struct rig *rig;
    size_t produced;
    bool has_failed;
};

static struct sim_fault steal(void *context, const struct sim_call *call)
{
    struct thief *thief = context;

    if (call->op == SIM_PRODUCE && call->when == SIM_AFTER && ++thief->produced == 1) {
        sim_log_move(thief->rig->log, "rig-sieve", 1, 1, true);
    }
    if (call->op != SIM_ABORT || thief->has_failed) {
        return (struct sim_fault){0};
    }
    thief->has_failed = true;
    return (struct sim_fault){.code = MR_TIMED_OUT};
}

static void nothing_is_committed_while_an_abort_is_due(void **state)
{
    static const char yaml[] = "partitions: 2\ncommit_interval: 60s\n" RIG_CHAIN;
    struct steps_picture expected, actual;
    struct thief thief = {0};
    struct mr_worker_spec spec;
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, yaml);
    fill(&rig, 120);
    assert_int_equal(MR_OK, work(&rig));
    steps_take(&expected, &rig, topics, true);
    rig_close(&rig);
    for (uint64_t seed = 1; seed <= 10; seed++) { /* how polls are cut */
        rig_init(&rig);
        rig.seed = seed;
        rig_open(&rig, yaml);
        fill(&rig, 120);
        thief = (struct thief){.rig = &rig};
        sim_log_on_call(rig.log, steal, &thief);
        assert_int_equal(MR_OK, work(&rig));
        sim_log_on_call(rig.log, NULL, NULL);
        spec = rig_spec(&rig, 1, 1, 2);
        assert_int_equal(MR_OK, rig_work_as(&rig, 1, 3, &spec));
        steps_take(&actual, &rig, topics, true);
        steps_compare(&expected, &actual, "stolen");
        assert_true(thief.has_failed);
        steps_drop(&actual);
        rig_close(&rig);
    }
    steps_drop(&expected);
}

static void a_grown_transaction_waits_to_be_filled_unless_others_wait_for_it(void **state)
{
    static const struct {
        const char *label, *yaml;
        bool writers_wait, is_filled;
    } rows[] = {
        {"few records", "commit_interval: 60s\ncommit_records: 1600\n" RIG_CHAIN, false, false},
        {"grown", "commit_interval: 60s\ncommit_records: 320\n" RIG_CHAIN, false, true},
        {"grown, and others wait", "commit_interval: 60s\ncommit_records: 320\n" RIG_CHAIN, true,
         false},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct rig rig;
        int64_t started_ms, took_ms; /* of the simulated clock */

        print_message("  %s\n", rows[i].label);
        rig_init(&rig);
        rig_open(&rig, rows[i].yaml);
        fill(&rig, 100);
        sim_log_set_writers_wait(rig.log, rows[i].writers_wait);
        started_ms = sim_world_now_ms(rig.world);
        assert_int_equal(MR_OK, work(&rig));
        took_ms = sim_world_now_ms(rig.world) - started_ms;
        assert_true(rows[i].is_filled ? took_ms >= 60000 : took_ms < 6000);
        rig_close(&rig);
    }
}

/* A world in which every call fails, for ever. */
static struct sim_fault always(void *context, const struct sim_call *call)
{
    const struct sim_fault *fault = context;

    return call->op == SIM_OPEN ? (struct sim_fault){0} : *fault;
}

static void a_failure_that_stays_stops_a_worker_only_where_waiting_cannot_help(void **state)
{
    static const struct {
        const char *label;
        enum mr_code code;
    } rows[] = {
        {"aborted again and again", MR_ABORTED},
        {"fenced", MR_FENCED},
        {"refused", MR_REFUSED},
        {"no room for one record", MR_NO_ROOM},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct sim_fault fault = {.code = rows[i].code};
        struct rig rig;

        print_message("  %s\n", rows[i].label);
        rig_init(&rig);
        rig_open(&rig, pipeline);
        fill(&rig, 60);
        sim_log_on_call(rig.log, always, &fault);
        assert_int_equal(rows[i].code, work(&rig));
        assert_non_null(strstr(rig.error.text, "injected"));
        rig_close(&rig);
    }
}

/* The broker is away; after a while somebody says stop. */
static struct sim_fault away(void *context, const struct sim_call *call)
{
    struct rig *rig = context;

    if (sim_world_now_ms(rig->world) > INT64_C(1700000000000) + 3600000) {
        atomic_store(&rig->phase.is_stopping, true);
    }
    return call->op == SIM_OPEN ? (struct sim_fault){0}
                                : (struct sim_fault){.code = MR_UNAVAILABLE};
}

static void a_worker_waits_for_a_broker_that_is_away_until_it_is_told_to_stop(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, pipeline);
    fill(&rig, 60);
    sim_log_on_call(rig.log, away, &rig);
    assert_int_equal(MR_OK, work(&rig));
    assert_true(rig.sums[1].retries > 1000); /* an hour of waits, of two seconds at most */
    assert_true(rig.sums[1].retries < 5000);
    atomic_store(&rig.phase.is_stopping, false);
    sim_log_on_call(rig.log, NULL, NULL);
    assert_int_equal(MR_OK, work(&rig));
    assert_int_equal(sim_log_count(rig.log, "rig.ingest"), rig.sums[1].in);
    rig_close(&rig);
}

static void state_comes_back_from_a_compacted_topic_and_the_input_since(void **state)
{
    struct rig whole, cut;
    char *expected, *actual;

    (void)state;
    rig_init(&whole);
    rig_open(&whole, pipeline);
    fill(&whole, 40);
    fill(&whole, 80);
    fill(&whole, 120);
    assert_int_equal(MR_OK, work(&whole));
    expected = rig_dump(&whole, "rig.count", true);
    rig_close(&whole);
    rig_init(&cut);
    rig_open(&cut, pipeline);
    for (size_t rows = 40; rows <= 120; rows += 40) {
        fill(&cut, rows);
        assert_int_equal(MR_OK, work(&cut));
        sim_log_compact(cut.log, "rig.sieve-state");
    }
    actual = rig_dump(&cut, "rig.count", true);
    assert_string_equal(expected, actual);
    free(expected);
    free(actual);
    rig_close(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_may_fail_once_and_nothing_is_lost_or_doubled),
        cmocka_unit_test(a_commit_whose_answer_never_comes_is_not_done_twice),
        cmocka_unit_test(nothing_is_committed_while_an_abort_is_due),
        cmocka_unit_test(a_grown_transaction_waits_to_be_filled_unless_others_wait_for_it),
        cmocka_unit_test(with_at_least_once_nothing_is_lost),
        cmocka_unit_test(a_failure_that_stays_stops_a_worker_only_where_waiting_cannot_help),
        cmocka_unit_test(a_worker_waits_for_a_broker_that_is_away_until_it_is_told_to_stop),
        cmocka_unit_test(state_comes_back_from_a_compacted_topic_and_the_input_since),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
