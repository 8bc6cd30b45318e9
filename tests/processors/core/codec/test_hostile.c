/* Goal: every way in which a datum can lie has its own reason, costs no more memory than its bytes,
 * and ends; hostile schemas end too.
 * Method: bytes by hand in blocks of exactly their size, for the sanitizer to watch; the arena's
 * used bytes against the size of the datum. */
#include "processors/core/codec/encode.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_SIZE ((size_t)8 << 20)

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

/* The plan that decodes the whole datum into one slot. */
static struct mr_plan *whole_plan(const struct mr_schema *writer, const struct mr_schema *reader)
{
    struct mr_layout *layout = mr_layout_new(reader);
    const struct mr_layout_path root = {0};
    struct mr_error err = {0};
    struct mr_plan *plan;

    (void)mr_layout_slot(layout, &root);
    if (mr_plan_new(writer, layout, &plan, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    mr_layout_free(layout);
    return plan;
}

static unsigned hex_digit(char digit)
{
    return (unsigned)(strchr("0123456789abcdef", digit) - "0123456789abcdef");
}

/* In a block of exactly its size. */
static struct mr_span unhex(const char *hex)
{
    const size_t size = strlen(hex) / 2;
    uint8_t *bytes = malloc(size == 0 ? 1 : size);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return (struct mr_span){bytes, size};
}

static void free_span(struct mr_span bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void each_lie_has_its_reason(void **state)
{
    static const char longs[] = "{\"type\":\"array\",\"items\":\"long\"}";
    static const char nulls[] = "{\"type\":\"array\",\"items\":\"null\"}";
    static const struct {
        const char *label, *schema, *hex, *reason;
    } rows[] = {
        {"nothing", "\"long\"", "", "datum_truncated"},
        {"half a varint", "\"long\"", "80", "datum_truncated"},
        {"half a varint of eight bytes", "\"long\"", "8080808080808080", "datum_truncated"},
        {"eleven bytes", "\"long\"", "8080808080808080808001", "varint_too_long"},
        {"65 bits", "\"long\"", "ffffffffffffffffff02", "varint_too_long"},
        {"64 bits", "\"long\"", "ffffffffffffffffff01", NULL},
        {"33 bits as int", "\"int\"", "8080808010", "int_out_of_range"},
        {"32 bits as int", "\"int\"", "ffffffff0f", NULL},
        {"boolean 2", "\"boolean\"", "02", "boolean_invalid"},
        {"seven bytes of a double", "\"double\"", "00000000000000", "datum_truncated"},
        {"string longer than the datum", "\"string\"", "0861", "datum_truncated"},
        {"string of 2^62 bytes", "\"string\"", "feffffffffffffffff0161", "datum_truncated"},
        {"string of -1 bytes", "\"string\"", "0161", "size_negative"},
        {"string that is Latin-1", "\"string\"", "02e9", "string_not_utf8"},
        {"overlong form", "\"string\"",
         "1061616161"
         "6161c080",
         "string_not_utf8"},
        {"surrogate", "\"string\"", "06eda080", "string_not_utf8"},
        {"beyond Unicode", "\"string\"", "08f4908080", "string_not_utf8"},
        {"half a character", "\"string\"", "04d7d7", "string_not_utf8"},
        {"bytes may be anything", "\"bytes\"", "02e9", NULL},
        {"enum too high", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "02",
         "enum_index_unknown"},
        {"enum below 0", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "01",
         "enum_index_unknown"},
        {"branch too high", "[\"null\",\"int\"]", "04", "union_branch_unknown"},
        {"branch below 0", "[\"null\",\"int\",\"string\"]", "01", "union_branch_unknown"},
        {"no branch at all", "[]", "00", "union_branch_unknown"},
        {"short fixed", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "0000",
         "datum_truncated"},
        {"array of more than there is", longs, "0602", "datum_truncated"},
        {"array without an end", longs, "0202", "datum_truncated"},
        {"array of 2^62", longs, "feffffffffffffffff0100", "datum_truncated"},
        {"array of INT64_MIN", longs, "ffffffffffffffffff010000", "datum_truncated"},
        {"block of -1 bytes", longs, "01010000", "size_negative"},
        {"block with a wrong size", longs,
         "03020400"
         "00",
         "block_size_wrong"},
        {"block with its size", longs, "0304040600", NULL},
        {"block longer than the datum", longs, "01100200", "datum_truncated"},
        {"two blocks", longs, "0202020400", NULL},
        {"20 million nulls", nulls, "80b4c4130000", "too_many_empty_items"},
        {"4,096 nulls", nulls, "804000", NULL},
        {"4,097 nulls", nulls, "824000", "too_many_empty_items"},
        {"4,097 nulls in two blocks", nulls, "80400200", "too_many_empty_items"},
        {"map key that is Latin-1", "{\"type\":\"map\",\"values\":\"null\"}", "0202e900",
         "string_not_utf8"},
        {"a time beyond nanoseconds", "{\"type\":\"long\",\"logicalType\":\"time-micros\"}",
         "feffffffffffffffff01", "time_out_of_range"},
        {"a timestamp at the end of time",
         "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "feffffffffffffffff01", NULL},
    };
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_schema *schema = parsed(rows[i].schema);
        struct mr_plan *plan = whole_plan(schema, schema);
        const struct mr_span datum = unhex(rows[i].hex);
        struct mr_value value;
        struct mr_span text;
        const char *fault;

        print_message("  %s\n", rows[i].label);
        mr_arena_reset(arena);
        fault = mr_plan_decode(plan, datum, &value, arena);
        if (rows[i].reason == NULL) {
            assert_null(fault);
            assert_int_equal(datum.size, mr_plan_size(plan, datum, &fault));
            assert_null(mr_json_print(schema, datum, MR_JSON_PLAIN, arena, &text));
        } else {
            assert_non_null(fault);
            assert_string_equal(rows[i].reason, fault);
            fault = mr_json_print(schema, datum, MR_JSON_PLAIN, arena, &text);
            assert_non_null(fault);
        }
        free_span(datum);
        mr_plan_free(plan);
        mr_schema_free(schema);
    }
    mr_arena_free(arena);
}

/* Each level costs a byte: branch 1, branch 1, ... */
static void nesting_ends_at_its_bound(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed("{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                                      "{\"name\":\"next\",\"type\":[\"null\",\"R\"]}]}");
    struct mr_plan *plan = whole_plan(schema, schema);
    uint8_t bytes[4096];
    struct mr_value value;
    struct mr_span text;
    const char *fault;

    (void)state;
    memset(bytes, 2, sizeof(bytes));
    assert_string_equal("nested_too_deep",
                        mr_plan_decode(plan, (struct mr_span){bytes, 4096}, &value, arena));
    assert_int_equal(0, mr_plan_size(plan, (struct mr_span){bytes, 4096}, &fault));
    assert_string_equal("nested_too_deep", fault);
    assert_string_equal("nested_too_deep", mr_json_print(schema, (struct mr_span){bytes, 4096},
                                                         MR_JSON_AVRO, arena, &text));
    bytes[60] = 0;
    assert_null(mr_plan_decode(plan, (struct mr_span){bytes, 4096}, &value, arena));
    assert_int_equal(61, mr_plan_size(plan, (struct mr_span){bytes, 4096}, &fault));
    mr_plan_free(plan);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

/* A record that holds itself has no datum at all; its walk ends by the bound. */
static void a_type_without_an_end_is_survived(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema =
        parsed("{\"type\":\"record\",\"name\":\"R\",\"fields\":["
               "{\"name\":\"a\",\"type\":\"R\"},{\"name\":\"b\",\"type\":\"R\"}]}");
    struct mr_plan *plan = whole_plan(schema, schema);
    struct mr_error err = {0};
    struct mr_encoder *encoder;
    struct mr_value value;
    const char *fault;

    (void)state;
    assert_non_null(mr_plan_decode(plan, (struct mr_span){(const uint8_t *)"", 1}, &value, arena));
    assert_int_equal(0, mr_plan_size(plan, (struct mr_span){(const uint8_t *)"", 1}, &fault));
    assert_int_equal(MR_BAD_CONFIG, mr_encoder_new(schema, &encoder, &err));
    mr_plan_free(plan);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

/* Every item is at least a byte of the datum and 16 of the arena; growing by doubling keeps what
 * was outgrown, so three times that, and a little for alignment. */
static void memory_follows_the_bytes_of_the_datum(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed("{\"type\":\"array\",\"items\":\"int\"}");
    struct mr_plan *plan = whole_plan(schema, schema);
    static uint8_t bytes[40001];
    struct mr_value value;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(bytes); i += 2) {
        bytes[i] = 2; /* a block of one */
    }
    assert_null(mr_plan_decode(plan, (struct mr_span){bytes, sizeof(bytes)}, &value, arena));
    assert_int_equal(20000, value.size);
    assert_true(mr_arena_used(arena) <= sizeof(bytes) / 2 * 16 * 4 + 4096);
    mr_plan_free(plan);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

static void every_shortage_of_room_is_reported(void **state)
{
    struct mr_schema *schema = parsed("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":"
                                      "\"a\",\"type\":{\"type\":\"array\","
                                      "\"items\":{\"type\":\"map\",\"values\":\"string\"}}},{"
                                      "\"name\":\"b\",\"type\":\"string\"}]}");
    static const uint8_t bytes[] = {4, 2, 2, 'k', 2, 'v', 0, 2, 2, 'k', 2, 'v', 0, 0, 4, 'a', 'b'};
    struct mr_plan *plan = whole_plan(schema, schema);
    const char *fault = "", *print_fault = "";
    size_t room = 0;

    (void)state;
    for (; fault != NULL || print_fault != NULL; room += 16) {
        struct mr_arena *arena = mr_arena_new(room);
        struct mr_value value;
        struct mr_span text;

        fault = mr_plan_decode(plan, (struct mr_span){bytes, sizeof(bytes)}, &value, arena);
        assert_true(fault == NULL || strcmp(fault, "no_room") == 0);
        mr_arena_reset(arena);
        print_fault = mr_json_print(schema, (struct mr_span){bytes, sizeof(bytes)}, MR_JSON_PLAIN,
                                    arena, &text);
        assert_true(print_fault == NULL || strcmp(print_fault, "no_room") == 0);
        mr_arena_free(arena);
        assert_true(room < 65536);
    }
    assert_true(room > 64);
    mr_plan_free(plan);
    mr_schema_free(schema);
}

/* A{B,B}, B{C,C}, ...: 60 records say 2^60 values. Forty of them hold one null. */
static void doubling_types(char *text, size_t size, unsigned depth, const char *fallback)
{
    size_t used = 0;

    for (unsigned i = 0; i < depth; i++) {
        used += (size_t)snprintf(text + used, size - used,
                                 "{\"type\":\"record\",\"name\":\"R%u\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":",
                                 i);
    }
    used += (size_t)snprintf(text + used, size - used, "\"null\"");
    for (unsigned i = depth; i-- > 0;) {
        if (i + 1 == depth) {
            used += (size_t)snprintf(text + used, size - used,
                                     ",\"default\":null},{\"name\":\"b\",\"type\":\"null\","
                                     "\"default\":null}]}");
        } else {
            used += (size_t)snprintf(text + used, size - used,
                                     "%s},{\"name\":\"b\",\"type\":\"R%u\"%s}]}", fallback, i + 1,
                                     fallback);
        }
    }
    assert_true(used < size);
}

static void types_that_double_at_each_level_end(void **state)
{
    static char text[32768], outer[65536];
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema, *empty;
    struct mr_layout *layout;
    struct mr_error err = {0};
    struct mr_value value;
    struct mr_plan *plan;
    const char *fault;

    (void)state;
    doubling_types(text, sizeof(text), 60, ",\"default\":{}");
    schema = parsed(text);
    plan = whole_plan(schema, schema);
    assert_non_null(mr_plan_decode(plan, (struct mr_span){NULL, 0}, &value, arena));
    (void)mr_plan_size(plan, (struct mr_span){NULL, 0}, &fault);
    mr_plan_free(plan);
    mr_schema_free(schema);

    (void)snprintf(outer, sizeof(outer),
                   "{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"x\",\"type\":%s,"
                   "\"default\":{}}]}",
                   text);
    schema = parsed(outer);
    empty = parsed("{\"type\":\"record\",\"name\":\"O\",\"fields\":[]}");
    layout = mr_layout_new(schema);
    (void)mr_layout_slot(layout, &(struct mr_layout_path){1, {0}});
    assert_int_not_equal(MR_OK, mr_plan_new(empty, layout, &plan, &err));
    mr_layout_free(layout);
    mr_schema_free(schema);
    mr_schema_free(empty);
    mr_arena_free(arena);
}

static void a_schema_nested_without_end_is_refused(void **state)
{
    const size_t depth = 1000;
    static const char open[] = "{\"type\":\"array\",\"items\":";
    char *text = malloc(depth * sizeof(open) + depth + 16);
    struct mr_error err = {0};
    struct mr_schema *schema;
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < depth; i++) {
        used += (size_t)snprintf(text + used, sizeof(open), "%s", open);
    }
    used += (size_t)snprintf(text + used, 8, "\"int\"");
    memset(text + used, '}', depth);
    assert_int_equal(MR_BAD_CONFIG, mr_schema_parse((struct mr_span){(uint8_t *)text, used + depth},
                                                    &schema, &err));
    assert_non_null(strstr(err.text, "nested too deep"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lie_has_its_reason),
        cmocka_unit_test(nesting_ends_at_its_bound),
        cmocka_unit_test(a_type_without_an_end_is_survived),
        cmocka_unit_test(memory_follows_the_bytes_of_the_datum),
        cmocka_unit_test(every_shortage_of_room_is_reported),
        cmocka_unit_test(types_that_double_at_each_level_end),
        cmocka_unit_test(a_schema_nested_without_end_is_refused),
    };
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
