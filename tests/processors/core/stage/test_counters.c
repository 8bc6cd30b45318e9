/* Goal: what was committed is counted, once, and what a scrape reads says so.
 * Method: tallies by hand; the printed text looked at line by line. */
#include "processors/core/stage/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_tally_counts_only_when_it_is_settled(void **state)
{
    struct mr_counters counters = {.stage = "sieve"};
    struct mr_tally tally = {.in = 6, .passed = 3, .dropped = 1, .rejected = 2, .emitted = 4};

    (void)state;
    mr_tally_reason(&tally, "old");
    mr_tally_reason(&tally, "late");
    mr_tally_reason(&tally, "old");
    assert_int_equal(0, mr_counted(&counters.in));
    mr_tally_settle(&tally, &counters);
    assert_int_equal(0, tally.in);
    assert_int_equal(0, tally.reason_count);
    mr_tally_settle(&tally, &counters); /* nothing twice */
    assert_int_equal(6, mr_counted(&counters.in));
    assert_int_equal(3, mr_counted(&counters.passed));
    assert_int_equal(4, mr_counted(&counters.emitted));
    assert_string_equal("old", atomic_load(&counters.reasons[0].reason));
    assert_int_equal(2, mr_counted(&counters.reasons[0].count));
    assert_int_equal(1, mr_counted(&counters.reasons[1].count));
}

static void more_reasons_than_there_is_room_for_do_no_harm(void **state)
{
    static const char names[MR_REASONS_MAX + 2][2] = {{0}};
    struct mr_counters counters = {.stage = "sieve"};
    struct mr_tally tally = {0};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(names); i++) {
        mr_tally_reason(&tally, names[i]);
    }
    assert_int_equal(MR_REASONS_MAX, tally.reason_count);
    mr_tally_settle(&tally, &counters);
    assert_int_equal(MR_REASONS_MAX, mr_counted(&counters.reasons[0].count)); /* one text: "" */
}

static void sums_are_over_all_workers_of_a_stage(void **state)
{
    struct mr_counters rows[3] = {{.stage = "a", .worker = 0, .next = &rows[1]},
                                  {.stage = "b", .worker = 0, .next = &rows[2]},
                                  {.stage = "a", .worker = 1}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        mr_count(&rows[i].in, i + 1);
    }
    assert_int_equal(4, mr_counters_sum(rows, "a").in);
    assert_int_equal(2, mr_counters_sum(rows, "b").in);
    assert_int_equal(6, mr_counters_sum(rows, NULL).in);
    assert_int_equal(0, mr_counters_sum(rows, "c").in);
    assert_int_equal(0, mr_counters_sum(NULL, NULL).in);
}

static char *printed(const struct mr_counters *first)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    mr_counters_print(first, "rig", stream);
    assert_int_equal(0, fclose(stream));
    return text;
}

static void a_scrape_has_each_figure_with_its_labels(void **state)
{
    static const char *const lines[] = {
        "# HELP millrace_records_in_total Records that came into a stage.\n",
        "# TYPE millrace_records_in_total counter\n",
        "millrace_records_in_total{pipeline=\"rig\",stage=\"a\",worker=\"2\"} 5\n",
        "# TYPE millrace_state_keys_count gauge\n",
        "refused_total{pipeline=\"rig\",stage=\"a\",worker=\"2\",reason=\"old\"} 3\n",
    };
    struct mr_counters counters = {.stage = "a", .worker = 2};
    char *text;

    (void)state;
    mr_count(&counters.in, 5);
    mr_count_reason(&counters, "old", 3);
    text = printed(&counters);
    for (size_t i = 0; i < MR_COUNT(lines); i++) {
        if (strstr(text, lines[i]) == NULL) {
            fail_msg("not there: %sbut: %s", lines[i], text);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tally_counts_only_when_it_is_settled),
        cmocka_unit_test(more_reasons_than_there_is_room_for_do_no_harm),
        cmocka_unit_test(sums_are_over_all_workers_of_a_stage),
        cmocka_unit_test(a_scrape_has_each_figure_with_its_labels),
    };
    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
