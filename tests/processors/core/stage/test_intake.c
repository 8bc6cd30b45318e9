/* Goal: ingest writes each row once, as a record or a dead letter, with the source's position in
 * the same transaction, whatever happens at whatever moment.
 * Method: the log in memory; the same run again for every step that it has, with one fault. */
#include "tests/support/steps.h"

#include <stdlib.h>
#include <string.h>

static const char pipeline[] = "partitions: 3\ncommit_records: 60\n" RIG_CHAIN;
static const char *const topics[] = {"rig.ingest", "rig.ingest.dlq", NULL};

static void run(struct rig *rig, struct steps *steps)
{
    rig_init(rig);
    rig_open(rig, pipeline);
    sim_log_on_call(rig->log, steps_hook, steps);
    (void)steps_restart(rig, rig_ingest);
    sim_log_on_call(rig->log, NULL, NULL);
}

static void disturb(const struct steps_picture *expected, size_t at, const struct steps_kind *kind)
{
    struct steps steps = {.at = at, .fault = kind->fault};
    struct steps_picture actual;
    struct rig rig;
    char label[128];

    run(&rig, &steps);
    (void)snprintf(label, sizeof(label), "%s %s %s (step %zu)", kind->label,
                   steps.hit.when == SIM_BEFORE ? "before" : "after", steps_op_name(steps.hit.op),
                   at);
    steps_take(&actual, &rig, topics, false);
    steps_compare(expected, &actual, label);
    steps_drop(&actual);
    rig_close(&rig);
}

static void every_step_may_fail_once_and_no_row_is_lost_or_doubled(void **state)
{
    struct steps steps = {.at = SIZE_MAX};
    struct steps_picture expected;
    struct rig rig;

    (void)state;
    run(&rig, &steps);
    assert_int_equal(120, sim_log_count(rig.log, topics[0]) + sim_log_count(rig.log, topics[1]));
    steps_take(&expected, &rig, topics, false);
    rig_close(&rig);
    print_message("  %zu steps, %zu kinds of fault\n", steps.seen, steps_kind_count);
    assert_true(steps.seen > 20);
    for (size_t at = 0; at < steps.seen; at++) {
        for (size_t kind = 0; kind < steps_kind_count; kind++) {
            disturb(&expected, at, &steps_kinds[kind]);
        }
    }
    steps_drop(&expected);
}

static void a_second_run_reads_only_what_is_new(void **state)
{
    struct rig rig;
    char *once, *twice;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, pipeline);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    once = rig_dump(&rig, "rig.ingest", true);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    sim_log_compact(rig.log, "rig.ingest-state");
    assert_int_equal(MR_OK, rig_ingest(&rig));
    twice = rig_dump(&rig, "rig.ingest", true);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    rig_close(&rig);
}

struct search {
    const char *name, *value;
    size_t found;
};

static void search_header(void *context, const struct sim_record *record)
{
    struct search *search = context;

    for (size_t i = 0; i < record->header_count; i++) {
        search->found += strcmp(record->headers[i].name, search->name) == 0 &&
                         mr_span_is(record->headers[i].value, search->value);
    }
}

static size_t count_headers(struct rig *rig, const char *topic, const char *name, const char *value)
{
    struct search search = {name, value, 0};

    for (int32_t i = 0; i < sim_log_partitions(rig->log, topic); i++) {
        sim_log_each(rig->log, topic, i, search_header, &search);
    }
    return search.found;
}

static void a_dead_letter_says_where_its_row_stood_and_why_it_is_bad(void **state)
{
    static const struct {
        const char *name, *value;
        size_t times;
    } rows[] = {
        {"__source.name", "rows-1", 2},
        {"__source.line", "11", 1}, /* row 49 is the tenth of the second source */
        {"__connect.errors.exception.class.name", "row_malformed", 2},
        {"__connect.errors.exception.class.name", "not_a_number", 2},
        {"__connect.errors.exception.message", "not a row", 2},
        {"__connect.errors.connector.name", "rig", 4},
        {"__connect.errors.stage", "ingest", 4},
    };
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, pipeline);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s=%s\n", rows[i].name, rows[i].value);
        assert_int_equal(rows[i].times,
                         count_headers(&rig, "rig.ingest.dlq", rows[i].name, rows[i].value));
    }
    rig_close(&rig);
}

static void counters_agree_with_the_topics_also_after_replays(void **state)
{
    struct steps steps = {.at = 14, .fault = {.code = MR_ABORTED}};
    struct rig rig;

    (void)state;
    run(&rig, &steps);
    assert_int_equal(1, rig.sums[0].aborts);
    assert_int_equal(120, rig.sums[0].in);
    assert_int_equal(sim_log_count(rig.log, "rig.ingest"), rig.sums[0].passed);
    assert_int_equal(sim_log_count(rig.log, "rig.ingest.dlq"), rig.sums[0].rejected);
    rig_close(&rig);
}

static void rows_that_do_not_fit_are_pulled_in_smaller_numbers(void **state)
{
    struct rig rig;
    char *dump;

    (void)state;
    rig_init(&rig);
    rig.row_count = 600;
    rig.chunk = 1000;
    rig.row_size = 30000; /* 600 of them are 18 MB */
    rig_open(&rig, "memory_max: 4MiB\n" RIG_CHAIN);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    assert_int_equal(600, sim_log_count(rig.log, "rig.ingest") +
                              sim_log_count(rig.log, "rig.ingest.dlq"));
    dump = rig_dump(&rig, "rig.ingest-state", false);
    free(dump);
    rig_close(&rig);
}

static void a_row_that_never_fits_stops_and_says_so(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.row_size = 5 << 20;
    rig_open(&rig, "memory_max: 4MiB\n" RIG_CHAIN);
    assert_int_equal(MR_NO_ROOM, rig_ingest(&rig));
    assert_true(strlen(rig.error.text) > 0);
    assert_int_equal(0, sim_log_count(rig.log, "rig.ingest"));
    rig_close(&rig);
}

static void a_source_of_mostly_bad_rows_stops_ingest(void **state)
{
    static const struct {
        const char *label, *yaml;
        size_t rows;
        enum mr_code code;
    } rows[] = {
        {"half of them, as allowed", "reject_ratio_max: 0.6\n" RIG_CHAIN, 3000, MR_OK},
        {"more than allowed", "reject_ratio_max: 0.4\n" RIG_CHAIN, 3000, MR_TOO_MANY_REJECTS},
        {"too few to tell", "reject_ratio_max: 0.4\n" RIG_CHAIN, 900, MR_OK},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct rig rig;

        print_message("  %s\n", rows[i].label);
        rig_init(&rig);
        rig.is_bad_often = true;
        rig.row_count = rows[i].rows;
        rig.chunk = 500;
        rig_open(&rig, rows[i].yaml);
        assert_int_equal(rows[i].code, rig_ingest(&rig));
        if (rows[i].code != MR_OK) {
            assert_non_null(strstr(rig.error.text, "rig.ingest.dlq"));
        }
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_may_fail_once_and_no_row_is_lost_or_doubled),
        cmocka_unit_test(a_second_run_reads_only_what_is_new),
        cmocka_unit_test(a_dead_letter_says_where_its_row_stood_and_why_it_is_bad),
        cmocka_unit_test(counters_agree_with_the_topics_also_after_replays),
        cmocka_unit_test(rows_that_do_not_fit_are_pulled_in_smaller_numbers),
        cmocka_unit_test(a_row_that_never_fits_stops_and_says_so),
        cmocka_unit_test(a_source_of_mostly_bad_rows_stops_ingest),
    };
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
