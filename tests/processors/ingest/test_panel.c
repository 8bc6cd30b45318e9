/* Goal: of four days of real prices more than 99 in 100 rows become records.
 * Method: every row of the panel is read and mapped; what is rejected is counted by reason. */
#include "tests/support/golden.h"

static const char *const days[] = {"2026-08-09", "2026-08-10", "2026-08-11", "2026-08-13"};
static const size_t rows_of[] = {66655, 75202, 58555, 58565};

static void more_than_99_in_100_real_rows_become_records(void **state)
{
    struct golden *golden = *state;
    struct ingest_bench *ingest = &golden->ingest;

    for (size_t i = 0; i < MR_COUNT(days); i++) {
        const char *path =
            golden_data(golden, "grocery/price-panel-2026-08/israeli_prices_%s.csv.gz", days[i]);
        size_t rows = 0, passed = 0;

        if (ingest_bench_open(
                ingest, "schemas/grocery/price.avsc",
                mr_arena_print(golden->files->texts,
                               "{connector: files, format: price-transparency, path: %s, "
                               "key: subject.item_code, event_time: subject.feed_time}",
                               path)) != MR_OK) {
            fail_msg("%s\n%s", ingest->err.text, ingest->problems);
        }
        while (ingest_bench_pull(ingest)) {
            for (size_t r = 0; r < ingest->intake.count; r++) {
                passed += ingest->mapped[r].verdict.kind == MR_VERDICT_PASS;
            }
            rows += ingest->intake.count;
        }
        print_message("  %s: %zu rows, %zu records\n", days[i], rows, passed);
        assert_int_equal(rows_of[i], rows);
        assert_true(passed * 100 > rows * 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_99_in_100_real_rows_become_records, golden_setup,
                                        golden_teardown),
    };

    return cmocka_run_group_tests_name("panel", tests, NULL, NULL);
}
