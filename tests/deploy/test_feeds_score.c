/* Goal: a score says what was right and what was found, and the command refuses what it cannot do.
 * Method: a truth of five lines and advisories whose outcome is known beforehand; the built
 * program is run and its words are compared. */
#include "tests/support/feeds_bench.h"

#include "processors/core/base/error.h"

#include <stdio.h>
#include <string.h>

#define CHAIN "7299000000000"
#define TRUTH_HEAD \
    "kind,file,chain_id,store_id,item_code,publication_time,expected,observed,label\n"
#define TRUTH_LINE(kind, item, hour, label) \
    kind ",PriceFull" CHAIN "-037-20260301" hour "00.gz," CHAIN ",37," item ",2026-03-01T" hour \
         ":00:00,9.90,99.00," label "\n"
#define ADVISORY(item, time) \
    "{\"subject_key\":\"" CHAIN "/37/" item "\",\"event_time\":" time \
    ",\"rule\":\"price_jump\",\"severity\":\"high\"}\n"

static void a_score_says_what_was_right(void **state)
{
    static const char truth[] = TRUTH_HEAD                //
        TRUTH_LINE("price_x10", "5", "12", "anomaly")     //
        TRUTH_LINE("fault_return", "5", "18", "normal")   //
        TRUTH_LINE("decimal_slip", "6", "12", "anomaly")  //
        TRUTH_LINE("natural_change", "7", "12", "normal") //
        TRUTH_LINE("bad_row", "8", "12", "reject");
    static const struct {
        const char *label, *advisories, *last_line;
    } rows[] = {
        {"none", "", "advisories=0 right=0 wrong=0 planted=2 found=0 precision=0.000 recall=0.000"},
        {"all", ADVISORY("5", "\"2026-03-01T12:00:00Z\"") ADVISORY("6", "1772366400000"),
         "advisories=2 right=2 wrong=0 planted=2 found=2 precision=1.000 recall=1.000"},
        {"the same one twice",
         ADVISORY("5", "\"2026-03-01 12:00\"") ADVISORY("5", "{\"long\":1772366400000}"),
         "advisories=2 right=2 wrong=0 planted=2 found=1 precision=1.000 recall=0.500"},
        {"a time with a zone", ADVISORY("5", "\"2026-03-01T14:00:00.000+02:00\""),
         "advisories=1 right=1 wrong=0 planted=2 found=1 precision=1.000 recall=0.500"},
        {"a fault's end", ADVISORY("5", "\"2026-03-01T18:00:00Z\""),
         "advisories=1 right=0 wrong=1 planted=2 found=0 precision=0.000 recall=0.000"},
        {"a real change and a bad row",
         ADVISORY("7", "\"2026-03-01T12:00:00Z\"") ADVISORY("8", "\"2026-03-01T12:00:00Z\""),
         "advisories=2 right=0 wrong=2 planted=2 found=0 precision=0.000 recall=0.000"},
        {"about a feed, not a price",
         "{\"subject_key\":\"" CHAIN "/37\",\"event_time\":0}\n\n" ADVISORY("6", "1772366400000"),
         "advisories=1 right=1 wrong=0 planted=2 found=1 precision=1.000 recall=0.500"},
    };
    struct feeds_bench *bench = *state;
    char out[FEEDS_OUTPUT_SIZE];

    feeds_bench_write(bench, "truth.csv", truth);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const char *last;

        print_message("  %s\n", rows[i].label);
        feeds_bench_write(bench, "advisories.jsonl", rows[i].advisories);
        assert_int_equal(0, feeds_bench_run(out, "--score %s/truth.csv %s/advisories.jsonl",
                                            bench->folder, bench->folder));
        last = strstr(out, "\nscore ");
        assert_non_null(last);
        assert_int_equal(0, strncmp(last + 7, rows[i].last_line, strlen(rows[i].last_line)));
        assert_string_equal("\n", last + 7 + strlen(rows[i].last_line));
    }
}

#define TOLD(key, time, evidence) \
    "{\"subject_key\":\"" key "\",\"event_time\":\"2026-03-01T" time \
    "\",\"severity\":\"high\",\"evidence\":{" evidence "}}\n"
#define ABSENT(time, keys) \
    TOLD(CHAIN "/5/1", time, "\"detection.x.absent\":\"[" keys "]\",\"origin.place\":\"7\"")
#define KEY(rest) "\\\"" CHAIN "/" rest "\\\""
#define END "\"origin.end\":\"\\\"source_truncated\\\"\""

static void what_is_missing_or_broken_off_is_claimed(void **state)
{
    static const char truth[] = TRUTH_HEAD //
        "store_silent,f," CHAIN ",37,,2026-03-01T12:00:00,3,2026-03-01T16:00:00,absence\n"
        "items_vanish,f," CHAIN ",4,77,2026-03-01T12:00:00,3,,absence\n"
        "items_vanish,f," CHAIN ",4,78,2026-03-01T12:00:00,3,,absence\n"
        "price_x10,f," CHAIN ",4,78,2026-03-01T12:00:00,1.00,10.00,anomaly\n"
        "truncated_gz,f," CHAIN ",9,,2026-03-01T12:00:00,100,50,file\n";
    static const struct {
        const char *label, *advisories, *last_line;
    } rows[] = {
        {"a silent store", ABSENT("15:00:00", KEY("37")),
         "advisories=1 right=1 wrong=0 planted=5 found=1 precision=1.000 recall=0.200"},
        {"back already", ABSENT("16:01:00", KEY("37")),
         "advisories=1 right=0 wrong=1 planted=5 found=0 precision=0.000 recall=0.000"},
        {"three items, one of them there",
         ABSENT("20:00:00", KEY("4/77") "," KEY("4/78") "," KEY("4/79")),
         "advisories=3 right=2 wrong=1 planted=5 found=2 precision=0.667 recall=0.400"},
        {"before it was gone", ABSENT("11:59:00", KEY("4/77")),
         "advisories=1 right=0 wrong=1 planted=5 found=0 precision=0.000 recall=0.000"},
        {"a price is not an absence", TOLD(CHAIN "/4/78", "12:00:00", "\"origin.place\":\"7\""),
         "advisories=1 right=1 wrong=0 planted=5 found=1 precision=1.000 recall=0.200"},
        {"a feed broken off", TOLD(CHAIN "/9/5", "12:00:00", END),
         "advisories=1 right=1 wrong=0 planted=5 found=1 precision=1.000 recall=0.200"},
        {"another feed", TOLD(CHAIN "/8/5", "12:00:00", END),
         "advisories=1 right=0 wrong=1 planted=5 found=0 precision=0.000 recall=0.000"},
    };
    struct feeds_bench *bench = *state;
    char out[FEEDS_OUTPUT_SIZE];

    feeds_bench_write(bench, "truth.csv", truth);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const char *last;

        print_message("  %s\n", rows[i].label);
        feeds_bench_write(bench, "advisories.jsonl", rows[i].advisories);
        assert_int_equal(0, feeds_bench_run(out, "--score %s/truth.csv %s/advisories.jsonl",
                                            bench->folder, bench->folder));
        last = strstr(out, "\nscore ");
        assert_non_null(last);
        assert_int_equal(0, strncmp(last + 7, rows[i].last_line, strlen(rows[i].last_line)));
    }
}

static void a_line_that_is_no_advisory_is_named(void **state)
{
    static const struct {
        const char *label, *advisories, *words;
    } rows[] = {
        {"half an object", "{\"subject_key\":\n", "advisories.jsonl:1: cannot be read"},
        {"no key", ADVISORY("5", "0") "{\"event_time\":0}\n", "advisories.jsonl:2: cannot be read"},
        {"no time", "{\"subject_key\":\"a/b/c\"}\n", "advisories.jsonl:1: cannot be read"},
        {"a time of words", ADVISORY("5", "\"noon\""), "advisories.jsonl:1: cannot be read"},
    };
    struct feeds_bench *bench = *state;
    char out[FEEDS_OUTPUT_SIZE];

    feeds_bench_write(bench, "truth.csv", TRUTH_HEAD);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        feeds_bench_write(bench, "advisories.jsonl", rows[i].advisories);
        assert_int_equal(70, feeds_bench_run(out, "--score %s/truth.csv %s/advisories.jsonl 2>&1",
                                             bench->folder, bench->folder));
        assert_non_null(strstr(out, rows[i].words));
    }
}

static void what_cannot_be_done_is_refused_by_name(void **state)
{
    static const struct {
        const char *label, *options, *words;
    } rows[] = {
        {"too few rows", "--rows 499", "--rows: 499 is outside 500..10000000"},
        {"no number", "--days two", "--days: two is outside 1..366"},
        {"too many faults", "--faults 0.021", "--faults: 0.021 is outside 0..0.02"},
        {"no date", "--start 2026-13-01", "--start: 2026-13-01 is not a date"},
        {"no such option", "--row 5000", "--row: no such option"},
        {"no value", "--seed", "--seed: no such option, or its value is missing"},
        {"a folder with something in it", "", "is not empty"},
    };
    struct feeds_bench *bench = *state;
    char out[FEEDS_OUTPUT_SIZE];

    feeds_bench_write(bench, "kept", "");
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_int_equal(64,
                         feeds_bench_run(out, "--out %s %s 2>&1", bench->folder, rows[i].options));
        assert_non_null(strstr(out, rows[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_score_says_what_was_right, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(what_is_missing_or_broken_off_is_claimed, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(a_line_that_is_no_advisory_is_named, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(what_cannot_be_done_is_refused_by_name, feeds_bench_open,
                                        feeds_bench_close),
    };
    return cmocka_run_group_tests_name("feeds_score", tests, NULL, NULL);
}
