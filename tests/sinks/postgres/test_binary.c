/* Goal: every value has the bytes that Postgres' receive functions read, and what a column cannot
 * hold is said, not sent.
 * Method: tables of values beside the bytes of the format, written down from its description; that
 * the server agrees is the integration test's business. */
#include "sinks/postgres/numeric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROOM 4096

struct bench {
    uint8_t data[ROOM];
    struct mr_pg_buffer out;
    struct mr_arena *arena;
    struct mr_schema *schema;
};

static int setup(void **state)
{
    struct bench *bench = test_calloc(1, sizeof(*bench));

    bench->arena = mr_arena_new(65536);
    assert_non_null(bench->arena);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    mr_schema_free(bench->schema);
    mr_arena_free(bench->arena);
    test_free(bench);
    return 0;
}

static void start(struct bench *bench)
{
    bench->out = (struct mr_pg_buffer){.data = bench->data, .room = ROOM};
}

static void bytes_are(const struct bench *bench, const char *hex)
{
    char text[1024] = "";

    assert_true(bench->out.size < 500 && !bench->out.is_full);
    for (size_t i = 0; i < bench->out.size; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bench->data[i]);
    }
    assert_string_equal(hex, text);
}

static const struct mr_type *type_of(struct bench *bench, const char *json)
{
    struct mr_error err = {0};

    mr_schema_free(bench->schema);
    bench->schema = NULL;
    if (mr_schema_parse(mr_span_text(json), &bench->schema, &err) != MR_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    return mr_schema_root(bench->schema);
}

#define LOGICAL(base, name) "{\"type\":\"" base "\",\"logicalType\":\"" name "\"}"

static void a_value_has_the_bytes_of_its_columns_type(void **state)
{
    static const uint8_t duration[12] = {1, 0, 0, 0, 2, 0, 0, 0, 0xDC, 5};
    const struct mr_value text = mr_value_string((struct mr_span)MR_SPAN("ab"));
    const struct mr_value uuid =
        mr_value_string((struct mr_span)MR_SPAN("123E4567-e89b-12d3-a456-426614174000"));
    const struct mr_value items[] = {mr_value_int(1), {.kind = MR_KIND_NULL}};
    const struct {
        const char *label, *type;
        uint32_t oid, item_oid;
        struct mr_value value;
        const char *hex; /* size and bytes */
    } rows[] = {
        {"null", "[\"null\",\"long\"]", MR_PG_OID_INT8, 0, {.kind = MR_KIND_NULL}, "ffffffff"},
        {"true", "\"boolean\"", MR_PG_OID_BOOL, 0, mr_value_bool(true), "0000000101"},
        {"smallint", "\"int\"", MR_PG_OID_INT2, 0, mr_value_int(-2), "00000002fffe"},
        {"integer", "\"int\"", MR_PG_OID_INT4, 0, mr_value_int(258), "0000000400000102"},
        {"bigint", "\"long\"", MR_PG_OID_INT8, 0, mr_value_int(-1), "00000008ffffffffffffffff"},
        {"double", "\"double\"", MR_PG_OID_FLOAT8, 0, mr_value_double(1.5),
         "000000083ff8000000000000"},
        {"a whole number in a double column", "\"long\"", MR_PG_OID_FLOAT8, 0, mr_value_int(1),
         "000000083ff0000000000000"},
        {"real", "\"float\"", MR_PG_OID_FLOAT4, 0, mr_value_double(1.5), "000000043fc00000"},
        {"text", "\"string\"", MR_PG_OID_TEXT, 0, text, "000000026162"},
        {"empty text", "\"string\"", MR_PG_OID_VARCHAR, 0, {.kind = MR_KIND_STRING}, "00000000"},
        {"uuid", LOGICAL("string", "uuid"), MR_PG_OID_UUID, 0, uuid,
         "00000010123e4567e89b12d3a456426614174000"},
        {"1970, in microseconds from 2000", LOGICAL("long", "timestamp-millis"),
         MR_PG_OID_TIMESTAMPTZ, 0, mr_value_timestamp_ms(0), "00000008fffca2fec4c82000"},
        {"half a second before 2000", LOGICAL("long", "timestamp-millis"), MR_PG_OID_TIMESTAMP, 0,
         mr_value_timestamp_ms(INT64_C(946684799500)), "00000008fffffffffff85ee0"},
        {"1969-12-31, in days", LOGICAL("int", "date"), MR_PG_OID_DATE, 0,
         mr_value_timestamp_ms(-1), "00000004ffffd532"},
        {"a time of day",
         LOGICAL("long", "time-micros"),
         MR_PG_OID_TIME,
         0,
         {.kind = MR_KIND_DURATION, .number = 1000},
         "000000080000000000000001"},
        {"an interval",
         "{\"type\":\"fixed\",\"name\":\"D\",\"size\":12,\"logicalType\":\"duration\"}",
         MR_PG_OID_INTERVAL, 0, mr_value_bytes((struct mr_span){duration, 12}),
         "00000010000000000016e3600000000200000001"},
        {"an array with a null",
         "{\"type\":\"array\",\"items\":[\"long\",\"null\"]}",
         1016,
         MR_PG_OID_INT8,
         {.kind = MR_KIND_LIST, .size = 2, .items = items},
         "000000240000000100000001000000140000000200000001"
         "000000080000000000000001ffffffff"},
        {"an empty array",
         "{\"type\":\"array\",\"items\":\"long\"}",
         1016,
         MR_PG_OID_INT8,
         {.kind = MR_KIND_LIST},
         "0000000c000000000000000000000014"},
        {"an array as jsonb",
         "{\"type\":\"array\",\"items\":\"long\"}",
         MR_PG_OID_JSONB,
         0,
         {.kind = MR_KIND_LIST, .size = 1, .items = items},
         "00000004015b315d"},
        {"a whole number as numeric", "\"long\"", MR_PG_OID_NUMERIC, 0, mr_value_int(12345),
         "0000000c00020001000000000001"
         "0929"},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_pg_form form;

        print_message("  %s\n", rows[i].label);
        start(bench);
        assert_true(
            mr_pg_form_of(type_of(bench, rows[i].type), rows[i].oid, rows[i].item_oid, &form));
        assert_null(mr_pg_put_column(&bench->out, &form, &rows[i].value, bench->arena));
        bytes_are(bench, rows[i].hex);
    }
}

static void a_decimal_has_digits_to_the_base_of_ten_thousand(void **state)
{
    static const struct {
        const char *text, *hex; /* count, weight, sign, scale, digits */
    } rows[] = {
        {"0", "0000000000000000"},
        {"0.00", "0000000000000002"},
        {"1", "00010000000000000001"},
        {"-1", "00010000400000000001"},
        {"10000", "00010001000000000001"},
        {"12345678", "000200010000000004d2162e"},
        {"0.1", "0001ffff0000000103e8"},
        {"0.0001", "0001ffff000000040001"},
        {"0.00001", "0001fffe0000000503e8"},
        {"123.4567", "0002000000000004007b11d7"},
        {"-12.340", "0002000040000003000c0d48"},
        {"1e+20", "00010005000000000001"},
        {"1.5e-7", "0001fffe00000008000f"},
        {"NaN", "00000000c0000000"},
        {"Infinity", "00000000d0000000"},
        {"-Infinity", "00000000f0000000"},
    };
    static const char *const bad[] = {"", "x", "1e", "1e+", "1.2.3", "1e999999", "--1", "Inf"};
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].text);
        start(bench);
        assert_true(mr_pg_put_numeric(&bench->out, mr_span_text(rows[i].text)));
        bytes_are(bench, rows[i].hex);
    }
    for (size_t i = 0; i < MR_COUNT(bad); i++) {
        start(bench);
        assert_false(mr_pg_put_numeric(&bench->out, mr_span_text(bad[i])));
    }
}

static void what_a_column_cannot_hold_has_a_reason(void **state)
{
    const struct {
        const char *label, *type;
        uint32_t oid;
        struct mr_value value;
        const char *reason; /* NULL: it can */
    } rows[] = {
        {"a NUL", "\"string\"", MR_PG_OID_TEXT, mr_value_string((struct mr_span)MR_SPAN("a\0b")),
         "text_has_nul"},
        {"the largest smallint", "\"long\"", MR_PG_OID_INT2, mr_value_int(INT16_MAX), NULL},
        {"one more", "\"long\"", MR_PG_OID_INT2, mr_value_int(INT16_MAX + 1),
         "number_out_of_range"},
        {"the least integer", "\"long\"", MR_PG_OID_INT4, mr_value_int(INT32_MIN), NULL},
        {"one less", "\"long\"", MR_PG_OID_INT4, mr_value_int(INT64_C(-2147483649)),
         "number_out_of_range"},
        {"too large for real", "\"double\"", MR_PG_OID_FLOAT4, mr_value_double(1e39),
         "number_out_of_range"},
        {"infinity is none", "\"double\"", MR_PG_OID_FLOAT4, mr_value_double(INFINITY), NULL},
        {"the first moment",
         LOGICAL("long", "timestamp-millis"),
         MR_PG_OID_TIMESTAMPTZ,
         {.kind = MR_KIND_TIMESTAMP, .number = INT64_C(-210866803200)},
         NULL},
        {"before it",
         LOGICAL("long", "timestamp-millis"),
         MR_PG_OID_TIMESTAMPTZ,
         {.kind = MR_KIND_TIMESTAMP, .number = INT64_C(-210866803201)},
         "timestamp_out_of_range"},
        {"the last moment",
         LOGICAL("long", "timestamp-millis"),
         MR_PG_OID_TIMESTAMPTZ,
         {.kind = MR_KIND_TIMESTAMP, .number = INT64_C(9224318015999), .size = 999999999},
         NULL},
        {"after it",
         LOGICAL("long", "timestamp-millis"),
         MR_PG_OID_TIMESTAMPTZ,
         {.kind = MR_KIND_TIMESTAMP, .number = INT64_C(9224318016000)},
         "timestamp_out_of_range"},
        {"a day that has no hours left",
         LOGICAL("long", "time-micros"),
         MR_PG_OID_TIME,
         {.kind = MR_KIND_DURATION, .number = INT64_C(86400000001000)},
         "timestamp_out_of_range"},
        {"no uuid", LOGICAL("string", "uuid"), MR_PG_OID_UUID,
         mr_value_string((struct mr_span)MR_SPAN("123e4567")), "uuid_malformed"},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_pg_form form;
        const char *reason;

        print_message("  %s\n", rows[i].label);
        start(bench);
        assert_true(mr_pg_form_of(type_of(bench, rows[i].type), rows[i].oid, 0, &form));
        reason = mr_pg_put_column(&bench->out, &form, &rows[i].value, bench->arena);
        if (rows[i].reason == NULL) {
            assert_null(reason);
        } else {
            assert_string_equal(rows[i].reason, reason);
        }
    }
}

static void a_column_of_another_kind_is_refused(void **state)
{
    static const struct {
        const char *type;
        uint32_t oid, item_oid;
    } rows[] = {
        {"\"string\"", MR_PG_OID_INT4, 0},
        {"\"string\"", MR_PG_OID_JSONB, 0},
        {"\"double\"", MR_PG_OID_INT8, 0},
        {"\"boolean\"", MR_PG_OID_INT4, 0},
        {"\"long\"", MR_PG_OID_TIMESTAMPTZ, 0},
        {"{\"type\":\"array\",\"items\":\"string\"}", 1016, MR_PG_OID_INT8},
        {"{\"type\":\"array\",\"items\":\"string\"}", MR_PG_OID_TEXT, 0},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_pg_form form;

        print_message("  %s in %u\n", rows[i].type, rows[i].oid);
        assert_false(
            mr_pg_form_of(type_of(bench, rows[i].type), rows[i].oid, rows[i].item_oid, &form));
    }
}

/* The row is written into every room that is too small: none may be overrun, all must be told. */
static void a_buffer_that_is_too_small_is_full_and_not_overrun(void **state)
{
    const struct mr_value value = mr_value_string((struct mr_span)MR_SPAN("0123456789"));
    struct bench *bench = *state;
    struct mr_pg_form form;

    assert_true(mr_pg_form_of(type_of(bench, "\"string\""), MR_PG_OID_TEXT, 0, &form));
    for (size_t room = 0; room < 14; room++) {
        start(bench);
        memset(bench->data, 0xA5, ROOM);
        bench->out.room = room;
        assert_null(mr_pg_put_column(&bench->out, &form, &value, bench->arena));
        assert_true(bench->out.is_full && bench->out.size <= room);
        assert_int_equal(0xA5, bench->data[room]);
    }
    start(bench);
    bench->out.room = 14;
    assert_null(mr_pg_put_column(&bench->out, &form, &value, bench->arena));
    bytes_are(bench, "0000000a30313233343536373839");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_value_has_the_bytes_of_its_columns_type),
        CASE(a_decimal_has_digits_to_the_base_of_ten_thousand),
        CASE(what_a_column_cannot_hold_has_a_reason),
        CASE(a_column_of_another_kind_is_refused),
        CASE(a_buffer_that_is_too_small_is_full_and_not_overrun),
    };
    return cmocka_run_group_tests_name("postgres binary", tests, NULL, NULL);
}
