/* Goal: a nullable value is what it is wherever in a datum it stands, its end included, and however
 * the datum is cut off: the ways without a branch (optional.h) give what the ways with one give.
 * Method: each type, null and not, behind enough bytes for those ways and before 0 to 40 more, in
 * blocks of exactly their size for the sanitizer to watch; a plan of fields against one of the
 * whole record, which reads unions as any other. */
#include "processors/core/codec/json.h"
#include "processors/core/codec/optional.h"
#include "processors/core/codec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_SIZE ((size_t)1 << 20)
#define AFTER_MAX 40

static const struct {
    const char *type;
    const char *values[5]; /* in the specification's JSON */
} rows[] = {
    {"\"double\"", {"1.5", "-0.0", "1e300"}},
    {"\"float\"", {"1.5"}},
    {"\"boolean\"", {"true"}},
    {"\"int\"", {"-1", "2147483647", "-70000"}},
    {"\"long\"", {"0", "-64", "1234567", "9223372036854775807", "-36028797018963969"}},
    {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
     {"0", "-1", "1772361720123", "-62135596800000"}},
    {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", {"-1"}},
    {"\"string\"",
     {"\"\"", "\"Tnuva\"", "\"\xd7\x97\xd7\x9c\xd7\x91\"", "\"exactly thirty-two bytes of text\"",
      "\"more than sixty-three bytes, so that its size is written in two bytes.\""}},
    {"\"bytes\"", {"\"\"", "\"\\u00ff\\u0000\\u0080\""}},
    {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", {"\"B\""}},
    {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":9}", {"\"123456789\""}},
};

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

struct plans {
    struct mr_plan *whole;
    struct mr_plan *parts; /* v and the filler after it */
    struct mr_plan *after; /* the filler after v: v is skipped */
};

static struct mr_plan *plan_of(const struct mr_schema *schema, uint32_t first, uint32_t end)
{
    struct mr_layout *layout = mr_layout_new(schema);
    struct mr_layout_path path = {0};
    struct mr_error err = {0};
    struct mr_plan *plan;

    for (uint32_t i = first; i < end; i++) {
        path = (struct mr_layout_path){1, {i}};
        (void)mr_layout_slot(layout, &path);
    }
    if (first == end) {
        (void)mr_layout_slot(layout, &path);
    }
    assert_int_equal(MR_OK, mr_plan_new(schema, layout, &plan, &err));
    mr_layout_free(layout);
    return plan;
}

static void assert_same(const struct mr_value *a, const struct mr_value *b, struct mr_arena *arena)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(mr_json_value(a, arena), mr_json_value(b, arena));
}

/* All three plans on the first size bytes of a datum: what the whole gives, or none of them. */
static void check_head(const struct plans *plans, struct mr_span datum, size_t size,
                       struct mr_arena *arena)
{
    const size_t mark = mr_arena_mark(arena);
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    const struct mr_span head = {exact, size};
    struct mr_value whole = {0}, slots[2] = {0}, last = {0};
    const char *fault;

    assert_non_null(exact);
    memcpy(exact, datum.data, size);
    fault = mr_plan_decode(plans->whole, head, &whole, arena);
    if (fault == NULL) {
        assert_int_equal(datum.size, size);
        assert_null(mr_plan_decode(plans->parts, head, slots, arena));
        assert_null(mr_plan_decode(plans->after, head, &last, arena));
        assert_same(&whole.items[1], &slots[0], arena);
        assert_same(&whole.items[2], &slots[1], arena);
        assert_same(&whole.items[2], &last, arena);
    } else {
        assert_string_equal(fault, mr_plan_decode(plans->parts, head, slots, arena));
        assert_string_equal(fault, mr_plan_decode(plans->after, head, &last, arena));
    }
    free(exact);
    mr_arena_release(arena, mark);
}

/* value NULL: null. The string before makes the datum long enough. */
static void check_value(const struct mr_schema *schema, const struct plans *plans, const char *type,
                        const char *value, size_t after)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    const struct mr_type *branch = mr_schema_root(schema)->fields[1].type->branches[1];
    char branch_name[128];
    struct mr_error err = {0};
    struct mr_span datum;
    const char *json = value == NULL ? mr_arena_print(arena, "null")
                                     : mr_arena_print(arena, "{\"%s\":%s}",
                                                      mr_type_words(branch, branch_name), value);

    json = mr_arena_print(arena, "{\"before\":\"%032d\",\"v\":%s,\"after\":\"%.*s\"}", 0, json,
                          (int)after, "0123456789012345678901234567890123456789");
    if (mr_json_read(schema, mr_span_text(json), arena, &datum, &err) != MR_OK) {
        fail_msg("%s: %s: %s", type, json, err.text);
    }
    for (size_t size = 0; size <= datum.size; size++) {
        check_head(plans, datum, size, arena);
    }
    mr_arena_free(arena);
}

static void check_row(size_t row)
{
    char text[512];
    struct mr_schema *schema;
    struct plans plans;

    (void)snprintf(text, sizeof(text),
                   "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                   "{\"name\":\"before\",\"type\":\"string\"},"
                   "{\"name\":\"v\",\"type\":[\"null\",%s]},"
                   "{\"name\":\"after\",\"type\":{\"type\":\"string\"}}]}",
                   rows[row].type);
    schema = parsed(text);
    plans = (struct plans){plan_of(schema, 0, 0), plan_of(schema, 1, 3), plan_of(schema, 2, 3)};
    for (size_t after = 0; after <= AFTER_MAX; after++) {
        check_value(schema, &plans, rows[row].type, NULL, after);
        for (size_t i = 0; i < MR_COUNT(rows[row].values) && rows[row].values[i] != NULL; i++) {
            check_value(schema, &plans, rows[row].type, rows[row].values[i], after);
        }
    }
    mr_plan_free(plans.after);
    mr_plan_free(plans.parts);
    mr_plan_free(plans.whole);
    mr_schema_free(schema);
}

static void a_nullable_value_is_the_same_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].type);
        check_row(i);
    }
}

static void no_index_but_0_and_1_however_long_it_is_written(void **state)
{
    struct mr_schema *schema = parsed("{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":"
                                      "\"v\",\"type\":[\"null\",\"long\"]},{\"name\":\"s\","
                                      "\"type\":\"string\"}]}");
    struct mr_plan *plan = plan_of(schema, 0, 2), *skipping = plan_of(schema, 1, 2);
    uint8_t bytes[MR_OPTIONAL_SIZE_MIN + 8] = {0};
    struct mr_value slots[2];

    (void)state;
    for (unsigned index = 0; index < 256; index++) {
        /* 0x80 and 0x82 are followed by 0: the same numbers, in two bytes. */
        const char *expected = (index & 0x7dU) == 0 ? NULL : "union_branch_unknown";
        const char *got[2];

        bytes[0] = (uint8_t)index;
        got[0] = mr_plan_decode(plan, (struct mr_span){bytes, sizeof(bytes)}, slots, NULL);
        got[1] = mr_plan_decode(skipping, (struct mr_span){bytes, sizeof(bytes)}, slots, NULL);
        for (size_t i = 0; i < MR_COUNT(got); i++) {
            assert_true(expected == NULL ? got[i] == NULL
                                         : got[i] != NULL && strcmp(expected, got[i]) == 0);
        }
    }
    mr_plan_free(skipping);
    mr_plan_free(plan);
    mr_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nullable_value_is_the_same_wherever_it_stands),
        cmocka_unit_test(no_index_but_0_and_1_however_long_it_is_written),
    };
    return cmocka_run_group_tests_name("avro optional", tests, NULL, NULL);
}
