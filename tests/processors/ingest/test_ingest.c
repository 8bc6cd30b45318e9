/* Goal: texts become what the schema wants or say why not; a mapping that is wrong is refused with
 * its place; a row that cannot be mapped is rejected for the right reason.
 * Method: tables of texts; small schemas and mappings that the test writes. */
#include "processors/ingest/convert.h"
#include "processors/ingest/dates.h"
#include "tests/support/files_bench.h"
#include "tests/support/ingest_bench.h"

#include <stdlib.h>
#include <string.h>

static void dates_are_read_by_their_pattern(void **state)
{
    static const struct {
        const char *text, *pattern;
        int64_t ms; /* -1: no */
    } rows[] = {
        {"2022-11-02 12:07:00", "yyyy-MM-dd HH:mm:ss", 1667390820000},
        {"2022/08/29 10:42", "yyyy/MM/dd HH:mm", 1661769720000},
        {"02/11/2022 10:03:26", "dd/MM/yyyy HH:mm:ss", 1667383406000},
        {"2/1/2022 9:03", "dd/MM/yyyy HH:mm", 1641114180000},
        {"02/11/22", "dd/MM/yy", 1667347200000},
        {"2026-07-28T09:30:00.250", "yyyy-MM-ddTHH:mm:ss.S", 1785231000250},
        {"2026-07-28T09:30:00Z", "yyyy-MM-ddTHH:mm:ssX", 1785231000000},
        {"2026-07-28T12:30:00+03:00", "yyyy-MM-ddTHH:mm:ssX", 1785231000000},
        {"02/11/2022 12:30 AM", "dd/MM/yyyy hh:mm a", 1667349000000},
        {"02/11/2022 12:30 pm", "dd/MM/yyyy hh:mm a", 1667392200000},
        {"202211021207", "yyyyMMddHHmm", 1667390820000},
        {"2022-11-02   12:07:00", "yyyy-MM-dd HH:mm:ss", 1667390820000},
        {"1969-12-31 23:59:59", "yyyy-MM-dd HH:mm:ss", -1000},
        {"2023-02-29", "yyyy-MM-dd", -1},
        {"2022-13-02", "yyyy-MM-dd", -1},
        {"2022-11-02 24:00:00", "yyyy-MM-dd HH:mm:ss", -1},
        {"2022-11-02 12:07:00 x", "yyyy-MM-dd HH:mm:ss", -1},
        {"2022-11-02", "yyyy-MM-dd HH:mm:ss", -1},
        {"", "yyyy-MM-dd", -1},
        {"13:00 PM 2022-11-02", "hh:mm a yyyy-MM-dd", -1},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        int64_t ms = 0;
        const bool is_date = mr_date_read(mr_span_text(rows[i].text), rows[i].pattern, 0, &ms);

        print_message("  %s\n", rows[i].text);
        assert_int_equal(rows[i].ms != -1, is_date);
        assert_true(!is_date || ms == rows[i].ms);
    }
    assert_true(mr_date_pattern_is_good("yyyy-MM-ddTHH:mm:ss.SX"));
    assert_false(mr_date_pattern_is_good("yyyy-MM"));
    assert_false(mr_date_pattern_is_good("yyy-MM-dd"));
    assert_false(mr_date_pattern_is_good("yyyy-MM-dd Q"));
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        double number;
        const char *fault;
    } rows[] = {
        {"2.90", 2.9, NULL},
        {"-0.05", -0.05, NULL},
        {"+7", 7, NULL},
        {".5", 0.5, NULL},
        {"5.", 5, NULL},
        {"1e3", 1000, NULL},
        {"123456789.123456789123", 123456789.123456789123, NULL},
        {"0.1000000000000000055511151231257827", 0.1, NULL},
        {"179769313486231570000000000000000000000", 1.7976931348623157e38, NULL},
        {"1O.90", 0, "is not a number"},
        {"1,234.5", 0, "is not a number"},
        {"", 0, "is not a number"},
        {".", 0, "is not a number"},
        {"1e", 0, "is not a number"},
        {"0x10", 0, "is not a number"},
        {"inf", 0, "is not a number"},
        {"nan", 0, "is not a number"},
        {"1e999", 0, "is too large a number"},
    };
    static const struct mr_convert convert = {.kind = MR_CONVERT_DOUBLE};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_value value = {0};
        const char *fault = mr_convert_text(&convert, mr_span_text(rows[i].text), &value);

        print_message("  %s\n", rows[i].text);
        assert_true((fault == NULL) == (rows[i].fault == NULL));
        if (fault != NULL) {
            assert_string_equal(rows[i].fault, fault);
        } else {
            assert_memory_equal(&rows[i].number, &value.real, sizeof(double));
        }
    }
}

static void whole_numbers_keep_to_their_type(void **state)
{
    static const struct {
        const char *text;
        enum mr_convert_kind kind;
        int64_t number;
        bool is_good;
    } rows[] = {
        {"7", MR_CONVERT_INT, 7, true},
        {"-7", MR_CONVERT_INT, -7, true},
        {"3.00", MR_CONVERT_INT, 3, true},
        {"10", MR_CONVERT_INT, 10, true},
        {"2147483647", MR_CONVERT_INT, INT32_MAX, true},
        {"2147483648", MR_CONVERT_INT, 0, false},
        {"-2147483648", MR_CONVERT_INT, INT32_MIN, true},
        {"9223372036854775807", MR_CONVERT_LONG, INT64_MAX, true},
        {"9223372036854775808", MR_CONVERT_LONG, 0, false},
        {"-9223372036854775808", MR_CONVERT_LONG, INT64_MIN, true},
        {"3.5", MR_CONVERT_INT, 0, false},
        {"", MR_CONVERT_INT, 0, false},
        {"-", MR_CONVERT_INT, 0, false},
        {"yes", MR_CONVERT_BOOL, 1, true},
        {"FALSE", MR_CONVERT_BOOL, 0, true},
        {"1", MR_CONVERT_BOOL, 1, true},
        {"2", MR_CONVERT_BOOL, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_convert convert = {.kind = rows[i].kind};
        struct mr_value value = {0};

        print_message("  %s\n", rows[i].text);
        assert_int_equal(rows[i].is_good,
                         mr_convert_text(&convert, mr_span_text(rows[i].text), &value) == NULL);
        assert_true(!rows[i].is_good || value.number == rows[i].number);
    }
}

static const char schema[] = "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                             "{\"name\":\"id\",\"type\":\"string\"},"
                             "{\"name\":\"n\",\"type\":[\"null\",\"int\"],\"default\":null},"
                             "{\"name\":\"d\",\"type\":\"double\",\"default\":1.5},"
                             "{\"name\":\"at\",\"type\":[\"null\",{\"type\":\"long\","
                             "\"logicalType\":\"timestamp-millis\"}]}]}";

struct bench {
    struct files_bench *files;
    struct ingest_bench ingest;
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    ingest_bench_init(&bench->ingest);
    assert_int_equal(0, files_bench_setup((void **)&bench->files));
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    ingest_bench_free(&bench->ingest);
    (void)files_bench_teardown((void **)&bench->files);
    free(bench);
    return 0;
}

static enum mr_code open_with(struct bench *bench, const char *mapping, const char *options)
{
    struct files_bench *files = bench->files;

    files_bench_text(files, "map.yaml", mapping);
    return ingest_bench_open(&bench->ingest, schema,
                             mr_arena_print(files->texts,
                                            "{connector: files, format: %s, path: %s, %s}",
                                            files_bench_path(files, "map.yaml"),
                                            files_bench_path(files, "t-20260301.csv"), options));
}

#define GOOD "fields: [{name: id, from: ID}, {name: n, from: N}, {name: at, expr: file.time}]"
#define KEYS "key: subject.id, event_time: subject.at"

static void a_row_is_mapped_or_rejected_for_a_reason(void **state)
{
    static const struct {
        const char *mapping, *row, *options, *outcome;
    } rows[] = {
        {GOOD, "a,1", KEYS, "a 1 1.5 key=a part=a at=1772323200000"},
        {GOOD, " a ,", KEYS, "a - 1.5 key=a part=a at=1772323200000"},
        {GOOD, ",1", KEYS, "!field_missing id: is missing"},
        {GOOD, "a,x", KEYS, "!field_unreadable n: \"x\" is not a whole number"},
        {"fields: [{name: id, from: ID}, {name: n, from: N, invalid: missing}, {name: at, expr: "
         "file.time}]",
         "a,x", KEYS, "a - 1.5 key=a part=a at=1772323200000"},
        {"fields: [{name: id, from: ID}, {name: n, from: N, expr: 'int(value) + 1'}]", "a,x",
         "key: subject.id, event_time: file.time", "!expression_failed n: \"x\" not_convertible"},
        {"fields: [{name: id, from: ID}, {name: n, from: N, expr: 'int(value) + 1'}]", "a,",
         "key: subject.id, event_time: file.time", "a - 1.5 key=a part=a at=1772323200000"},
        {"fields: [{name: id, from: ID, expr: 'value + (source.n == null ? \"-\" : source.n)'}, "
         "{name: n, from: N}]",
         "a,7", "key: subject.id, event_time: file.time",
         "a7 7 1.5 key=a7 part=a7 at=1772323200000"},
        {"{fields: [{name: id, from: ID}], utc_offset: '+02:00'}", "a,",
         "key: subject.id, event_time: file.time, partition_by: ['subject.id', '\"p\"']",
         "a - 1.5 key=a part=a\x1Fp at=1772316000000"},
        {"fields: [{name: id, from: ID}]", "a,", KEYS, "!event_time_missing event_time: is null"},
        {GOOD, "a,1,2", KEYS, "!row_malformed 3 fields where there are 2 columns"},
    };
    struct bench *bench = *state;
    struct mr_arena *texts = bench->files->texts;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_mapped *mapped;
        const char *outcome;

        print_message("  %s\n", rows[i].outcome);
        files_bench_text(bench->files, "t-20260301.csv",
                         mr_arena_print(texts, "ID,N\n%s\n", rows[i].row));
        if (open_with(bench, rows[i].mapping, rows[i].options) != MR_OK) {
            fail_msg("%s: %s", bench->ingest.err.text, bench->ingest.problems);
        }
        assert_true(ingest_bench_pull(&bench->ingest));
        bench->ingest.intake.is_done = false;
        assert_int_equal(1, bench->ingest.intake.count);
        mapped = &bench->ingest.mapped[0];
        if (mapped->verdict.kind == MR_VERDICT_REJECT) {
            outcome =
                mr_arena_print(texts, "!%s %s", mapped->verdict.reason, mapped->verdict.detail);
        } else {
            const struct mr_value *leaves = mapped->leaves;
            const struct mr_span id = mr_value_span(&leaves[0]);

            outcome = mr_arena_print(
                texts, "%.*s %s %g key=%.*s part=%.*s at=%lld", MR_SPAN_ARGS(id),
                leaves[1].kind == MR_KIND_NULL ? "-"
                                               : mr_arena_print(texts, "%d", (int)leaves[1].number),
                leaves[2].real, MR_SPAN_ARGS(mapped->key), MR_SPAN_ARGS(mapped->partition_key),
                (long long)mapped->event_time_ms);
        }
        assert_string_equal(rows[i].outcome, outcome);
    }
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *mapping, *options, *problem;
    } rows[] = {
        {"fields: [{name: id, from: ID}, {name: m, from: N}]", KEYS,
         "m: the mapping names it, and the subject has no such field"},
        {"fields: [{name: n, from: N}]", KEYS,
         "id: the mapping does not say where it comes from, and it cannot be null"},
        {"fields: [{name: id, from: ID}, {name: id, from: N}]", KEYS,
         "id: the mapping names it twice"},
        {"fields: [{name: id}]", KEYS, "id: has neither a name in the sources nor an expression"},
        {"fields: [{name: id, from: ID, expr: 'valu'}]", KEYS, "map.yaml:1:"},
        {"fields: [{name: id, from: ID, expr: '1'}]", KEYS, "gives int where id wants string"},
        {"{fields: [{name: id, from: ID}], dates: [nonsense]}", KEYS,
         "\"nonsense\" is not a pattern of a date"},
        {"{fields: [{name: id, from: ID}], utc_offset: east}", KEYS,
         "\"east\" is not an offset such as +02:00"},
        {GOOD, "key: subject.n, event_time: subject.at", "ingest.key"},
        {GOOD, "key: subject.idd, event_time: subject.at", "did you mean"},
        {GOOD, "key: subject.id, event_time: subject.id", "ingest.event_time"},
        {GOOD, KEYS ", folow: true", "did you mean follow?"},
        {GOOD, KEYS ", partition_by: subject.n", "partition_by"},
    };
    struct bench *bench = *state;

    files_bench_text(bench->files, "t-20260301.csv", "ID,N\na,1\n");
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].problem);
        assert_int_equal(MR_BAD_CONFIG, open_with(bench, rows[i].mapping, rows[i].options));
        if (strstr(bench->ingest.problems, rows[i].problem) == NULL) {
            fail_msg("%s", bench->ingest.problems);
        }
    }
    assert_int_equal(MR_BAD_CONFIG,
                     ingest_bench_open(&bench->ingest, schema,
                                       "{connector: filse, format: x, path: x, " KEYS "}"));
    assert_non_null(strstr(bench->ingest.problems, "no connector \"filse\" (did you mean files?)"));
    assert_int_equal(MR_BAD_CONFIG,
                     ingest_bench_open(&bench->ingest, schema,
                                       "{connector: files, format: nothing, path: x, " KEYS "}"));
    assert_non_null(strstr(bench->ingest.problems, "no mapping \"nothing\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_by_their_pattern),
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(whole_numbers_keep_to_their_type),
        cmocka_unit_test_setup_teardown(a_row_is_mapped_or_rejected_for_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_its_place, setup, teardown),
    };

    return cmocka_run_group_tests_name("ingest", tests, NULL, NULL);
}
