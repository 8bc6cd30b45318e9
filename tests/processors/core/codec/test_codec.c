/* Goal: what an encoder writes a plan reads back, every type of Avro and every logical type, flat
 * and boxed, as a whole and in parts; and the bytes are those of the specification.
 * Method: JSON of the specification's own form is the source of data; one big record. */
#include "processors/core/codec/encode.h"
#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_SIZE ((size_t)1 << 20)
#define SLOTS_MAX 64

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

static struct mr_span datum_of(const struct mr_schema *schema, const char *json,
                               struct mr_arena *arena)
{
    struct mr_error err = {0};
    struct mr_span datum = {0};

    if (mr_json_read(schema, mr_span_text(json), arena, &datum, &err) != MR_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    return datum;
}

static uint32_t slot_of(struct mr_layout *layout, const struct mr_schema *schema, const char *path)
{
    struct mr_layout_path found;
    const struct mr_type *type;
    size_t bad;

    if (!mr_layout_find(schema, path, &found, &type, &bad)) {
        fail_msg("no %s: bad at %zu", path, bad);
    }
    return mr_layout_slot(layout, &found);
}

static struct mr_plan *plan_of(const struct mr_schema *writer, const struct mr_layout *layout)
{
    struct mr_error err = {0};
    struct mr_plan *plan;

    if (mr_plan_new(writer, layout, &plan, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    return plan;
}

static void print_is(const struct mr_schema *schema, struct mr_span datum, enum mr_json_form form,
                     struct mr_arena *arena, const char *expected)
{
    struct mr_span text;
    const char *fault = mr_json_print(schema, datum, form, arena, &text);

    if (fault != NULL) {
        fail_msg("%s", fault);
    }
    if (!mr_span_is(text, expected)) {
        fail_msg("%.*s", MR_SPAN_ARGS(text));
    }
}

static void bytes_are(struct mr_span bytes, const char *hex)
{
    char text[512] = "";

    for (size_t i = 0; i < bytes.size && i < 200; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    }
    assert_string_equal(hex, text);
}

static const char every_type[] =
    "{\"type\":\"record\",\"name\":\"All\",\"namespace\":\"t\",\"fields\":["
    "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"b\",\"type\":\"boolean\"},"
    "{\"name\":\"i\",\"type\":\"int\"},{\"name\":\"l\",\"type\":\"long\"},"
    "{\"name\":\"f\",\"type\":\"float\"},{\"name\":\"d\",\"type\":\"double\"},"
    "{\"name\":\"y\",\"type\":\"bytes\"},{\"name\":\"s\",\"type\":\"string\"},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"X\",\"size\":2}},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":\"long\"}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"string\"}},"
    "{\"name\":\"o\",\"type\":[\"null\",\"double\"]},"
    "{\"name\":\"u\",\"type\":[\"string\",\"long\",\"null\"]},"
    "{\"name\":\"r\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"p\",\"type\":\"int\"},{\"name\":\"q\",\"type\":[\"null\",\"R\"]}]}},"
    "{\"name\":\"z\",\"type\":\"string\"}]}";

static const char every_value[] =
    "{\"n\":null,\"b\":true,\"i\":-64,\"l\":1234567890123,\"f\":1.5,\"d\":-0.1,"
    "\"y\":\"\\u0000\xc3\xbf\",\"s\":\"\xd7\x9c\xd7\x90\",\"e\":\"B\",\"x\":\"ab\","
    "\"a\":[1,-2,300],\"m\":{\"k\":\"v\"},\"o\":{\"double\":2.5},\"u\":{\"long\":7},"
    "\"r\":{\"p\":1,\"q\":{\"t.R\":{\"p\":2,\"q\":null}}},\"z\":\"end\"}";

static void json_of_the_specification_goes_round(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed(every_type);
    const struct mr_span datum = datum_of(schema, every_value, arena);

    (void)state;
    bytes_are(datum, "017f9693d89fee470000c03f9a9999999999b9bf0400ff08d79cd790"
                     "026162060203d8040002026b027600020000000000000440020e02020400"
                     "06656e64");
    print_is(schema, datum, MR_JSON_AVRO, arena,
             "{\"n\":null,\"b\":true,\"i\":-64,\"l\":1234567890123,\"f\":1.5,\"d\":-0.1,"
             "\"y\":\"\\u0000\xc3\xbf\",\"s\":\"\xd7\x9c\xd7\x90\",\"e\":\"B\",\"x\":\"ab\","
             "\"a\":[1,-2,300],\"m\":{\"k\":\"v\"},\"o\":{\"double\":2.5},\"u\":{\"long\":7},"
             "\"r\":{\"p\":1,\"q\":{\"t.R\":{\"p\":2,\"q\":null}}},\"z\":\"end\"}");
    print_is(schema, datum, MR_JSON_PLAIN, arena,
             "{\"n\":null,\"b\":true,\"i\":-64,\"l\":1234567890123,\"f\":1.5,\"d\":-0.1,"
             "\"y\":\"AP8=\",\"s\":\"\xd7\x9c\xd7\x90\",\"e\":\"B\",\"x\":\"YWI=\","
             "\"a\":[1,-2,300],\"m\":{\"k\":\"v\"},\"o\":2.5,\"u\":7,"
             "\"r\":{\"p\":1,\"q\":{\"p\":2,\"q\":null}},\"z\":\"end\"}");
    mr_schema_free(schema);
    mr_arena_free(arena);
}

/* All leaves decoded to slots, the slots encoded again: the same bytes. */
static void check_round(const struct mr_schema *schema, struct mr_span datum,
                        struct mr_arena *arena)
{
    struct mr_layout *layout = mr_layout_new(schema);
    struct mr_value slots[SLOTS_MAX], leaves[SLOTS_MAX];
    struct mr_encoder *encoder;
    struct mr_error err = {0};
    struct mr_plan *plan;
    const char *fault;
    size_t leaf, size;
    uint8_t *out;

    assert_int_equal(MR_OK, mr_encoder_new(schema, &encoder, &err));
    for (size_t i = 0; i < mr_encoder_leaf_count(encoder); i++) {
        assert_int_equal(i, slot_of(layout, schema, mr_encoder_leaf_name(encoder, i)));
    }
    plan = plan_of(schema, layout);
    assert_null(mr_plan_decode(plan, datum, slots, arena));
    assert_int_equal(datum.size, mr_plan_size(plan, datum, &fault));
    memcpy(leaves, slots, sizeof(leaves));
    size = mr_encoder_size(encoder, leaves, &fault, &leaf);
    if (fault != NULL) {
        fail_msg("%s: %s", mr_encoder_leaf_name(encoder, leaf), fault);
    }
    assert_int_equal(datum.size, size);
    out = mr_arena_bytes(arena, size);
    assert_ptr_equal(out + size, mr_encoder_write(encoder, leaves, out));
    assert_memory_equal(datum.data, out, size);
    mr_plan_free(plan);
    mr_encoder_free(encoder);
    mr_layout_free(layout);
}

static void leaves_decoded_and_encoded_give_the_same_bytes(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed(every_type);

    (void)state;
    check_round(schema, datum_of(schema, every_value, arena), arena);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

static void logical_types_become_values_and_text(void **state)
{
    static const char types[] =
        "{\"type\":\"record\",\"name\":\"L\",\"fields\":["
        "{\"name\":\"day\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}},"
        "{\"name\":\"tms\",\"type\":{\"type\":\"int\",\"logicalType\":\"time-millis\"}},"
        "{\"name\":\"tus\",\"type\":{\"type\":\"long\",\"logicalType\":\"time-micros\"}},"
        "{\"name\":\"ms\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
        "{\"name\":\"us\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"
        "{\"name\":\"ns\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}},"
        "{\"name\":\"lms\",\"type\":{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}}"
        ","
        "{\"name\":\"dec\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":"
        "20,"
        "\"scale\":3}},"
        "{\"name\":\"fix\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,\"logicalType\":"
        "\"decimal\",\"precision\":5,\"scale\":0}},"
        "{\"name\":\"id\",\"type\":{\"type\":\"string\",\"logicalType\":\"uuid\"}},"
        "{\"name\":\"uid\",\"type\":{\"type\":\"fixed\",\"name\":\"U\",\"size\":16,\"logicalType\":"
        "\"uuid\"}},"
        "{\"name\":\"dur\",\"type\":{\"type\":\"fixed\",\"name\":\"D\",\"size\":12,\"logicalType\":"
        "\"duration\"}}]}";
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed(types);
    struct mr_layout *layout = mr_layout_new(schema);
    const uint32_t day = slot_of(layout, schema, "day"), tms = slot_of(layout, schema, "tms");
    const uint32_t ms = slot_of(layout, schema, "ms"), dec = slot_of(layout, schema, "dec");
    struct mr_plan *plan = plan_of(schema, layout);
    struct mr_value slots[4];
    const struct mr_span datum = datum_of(
        schema,
        "{\"day\":-1,\"tms\":38520500,\"tus\":1,\"ms\":-1,\"us\":1772361720000001,"
        "\"ns\":1772361720123456789,\"lms\":951782400000,\"dec\":\"\xc3\xbf\x38\","
        "\"fix\":\"\\u0000\\u0000\\u0001\\u0000\",\"id\":\"x\","
        "\"uid\":\"0123456789abcdef\",\"dur\":\"\\u0001\\u0000\\u0000\\u0000\\u0002\\u0000\\u0000"
        "\\u0000\xc2\xbc\\u000b\\u0000\\u0000\"}",
        arena);

    (void)state;
    print_is(schema, datum, MR_JSON_PLAIN, arena,
             "{\"day\":\"1969-12-31\",\"tms\":\"10:42:00.5\",\"tus\":\"00:00:00.000001\","
             "\"ms\":\"1969-12-31T23:59:59.999Z\",\"us\":\"2026-03-01T10:42:00.000001Z\","
             "\"ns\":\"2026-03-01T10:42:00.123456789Z\",\"lms\":\"2000-02-29T00:00:00\","
             "\"dec\":\"-0.200\",\"fix\":\"256\",\"id\":\"x\","
             "\"uid\":\"30313233-3435-3637-3839-616263646566\",\"dur\":\"P1M2DT3.004S\"}");
    assert_null(mr_plan_decode(plan, datum, slots, arena));
    assert_int_equal(MR_KIND_TIMESTAMP, slots[day].kind);
    assert_int_equal(-86400, slots[day].number);
    assert_int_equal(MR_KIND_DURATION, slots[tms].kind);
    assert_int_equal(INT64_C(38520500000000), slots[tms].number);
    assert_int_equal(-1, mr_value_ms(&slots[ms]));
    assert_int_equal(MR_KIND_DECIMAL, slots[dec].kind);
    assert_int_equal(3, slots[dec].aux);
    check_round(schema, datum, arena);
    mr_plan_free(plan);
    mr_layout_free(layout);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

static void a_path_may_end_at_anything_and_overlap_others(void **state)
{
    static const char types[] =
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
        "{\"name\":\"skipped\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"string\"]}},"
        "{\"name\":\"in\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"I\",\"fields\":["
        "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":[\"null\",{\"type\":\"record\","
        "\"name\":\"J\",\"fields\":[{\"name\":\"c\",\"type\":\"string\"},{\"name\":\"d\",\"type\":"
        "\"float\"}]}]}]}]},"
        "{\"name\":\"last\",\"type\":\"int\"}]}";
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *schema = parsed(types);
    struct mr_layout *layout = mr_layout_new(schema);
    const uint32_t c = slot_of(layout, schema, "in.b.c"), in = slot_of(layout, schema, "in");
    const uint32_t last = slot_of(layout, schema, "last"), a = slot_of(layout, schema, "in.a");
    struct mr_plan *plan = plan_of(schema, layout);
    struct mr_value slots[4] = {0};

    (void)state;
    assert_null(mr_plan_decode(
        plan,
        datum_of(schema,
                 "{\"skipped\":[null,{\"string\":\"x\"}],\"in\":{\"I\":{\"a\":5,\"b\":{\"J\":"
                 "{\"c\":\"cc\",\"d\":0.5}}}},\"last\":9}",
                 arena),
        slots, arena));
    assert_true(mr_span_is(mr_value_span(&slots[c]), "cc"));
    assert_int_equal(5, slots[a].number);
    assert_int_equal(9, slots[last].number);
    assert_int_equal(MR_KIND_RECORD, slots[in].kind);
    assert_string_equal("[5,[\"cc\",0.5]]", mr_json_value(&slots[in], arena));
    assert_null(mr_plan_decode(
        plan, datum_of(schema, "{\"skipped\":[],\"in\":null,\"last\":8}", arena), slots, arena));
    assert_int_equal(MR_KIND_NULL, slots[c].kind);
    assert_int_equal(MR_KIND_NULL, slots[a].kind);
    assert_int_equal(MR_KIND_NULL, slots[in].kind);
    assert_int_equal(8, slots[last].number);
    mr_plan_free(plan);
    mr_layout_free(layout);
    mr_schema_free(schema);
    mr_arena_free(arena);
}

static void a_value_that_does_not_fit_its_leaf_is_named(void **state)
{
    static const char types[] =
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
        "{\"name\":\"s\",\"type\":{\"type\":\"record\",\"name\":\"S\",\"fields\":["
        "{\"name\":\"i\",\"type\":\"int\"},{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":"
        "\"E\","
        "\"symbols\":[\"A\"]}}]}},{\"name\":\"t\",\"type\":\"string\"},"
        "{\"name\":\"d\",\"type\":\"double\"}]}";
    static const struct {
        size_t leaf;
        struct mr_value value;
        const char *fault;
    } rows[] = {
        {0, {.kind = MR_KIND_NULL}, "value_type_differs"},
        {0, {.kind = MR_KIND_INT, .number = INT64_C(2147483648)}, "number_out_of_range"},
        {1,
         {.kind = MR_KIND_STRING, .size = 1, .data = (const uint8_t *)"B"},
         "enum_symbol_unknown"},
        {2,
         {.kind = MR_KIND_STRING, .size = 1, .data = (const uint8_t *)"\xff"},
         "string_not_utf8"},
        {3, {.kind = MR_KIND_BOOL}, "value_type_differs"},
    };
    struct mr_schema *schema = parsed(types);
    struct mr_error err = {0};
    struct mr_encoder *encoder;
    const char *fault;
    size_t leaf;

    (void)state;
    assert_int_equal(MR_OK, mr_encoder_new(schema, &encoder, &err));
    assert_int_equal(4, mr_encoder_leaf_count(encoder));
    assert_string_equal("s.e", mr_encoder_leaf_name(encoder, 1));
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_value leaves[4] = {
            {.kind = MR_KIND_INT, .number = 1},
            {.kind = MR_KIND_STRING, .size = 1, .data = (const uint8_t *)"A"},
            {.kind = MR_KIND_STRING},
            {.kind = MR_KIND_INT, .number = 3},
        };

        assert_int_equal(11, mr_encoder_size(encoder, leaves, &fault, &leaf));
        leaves[rows[i].leaf] = rows[i].value;
        assert_int_equal(0, mr_encoder_size(encoder, leaves, &fault, &leaf));
        assert_string_equal(rows[i].fault, fault);
        assert_int_equal(rows[i].leaf, leaf);
    }
    mr_encoder_free(encoder);
    mr_schema_free(schema);
}

static void a_frame_names_its_schema(void **state)
{
    static const uint8_t guid[17] = {1, 2, 3};
    uint8_t bytes[MR_FRAME_SIZE + 1] = {0};
    struct mr_frame frame;

    (void)state;
    mr_frame_write(bytes, 0x01020304);
    bytes_are((struct mr_span){bytes, 5}, "0001020304");
    assert_null(mr_frame_read((struct mr_span){bytes, 6}, &frame));
    assert_int_equal(0x01020304, frame.schema_id);
    assert_int_equal(1, frame.datum.size);
    assert_string_equal("frame_too_short", mr_frame_read((struct mr_span){bytes, 4}, &frame));
    assert_string_equal("frame_too_short", mr_frame_read((struct mr_span){bytes, 0}, &frame));
    assert_null(mr_frame_read((struct mr_span){guid, 17}, &frame));
    assert_int_equal(-1, frame.schema_id);
    assert_ptr_equal(guid + 1, frame.guid);
    assert_string_equal("frame_too_short", mr_frame_read((struct mr_span){guid, 16}, &frame));
    bytes[0] = '{';
    assert_string_equal("frame_magic_unknown", mr_frame_read((struct mr_span){bytes, 6}, &frame));
}

static void a_header_names_the_schema_of_a_bare_datum(void **state)
{
    static const struct {
        const char *label;
        struct mr_span header, message, datum;
        int32_t schema_id;
        bool has_guid;
        const char *fault;
    } rows[] = {
        {"none", MR_SPAN(""), MR_SPAN("\0\0\0\0\7x"), MR_SPAN("x"), 7, false, NULL},
        {"none, and no frame", MR_SPAN(""), MR_SPAN("x"), MR_SPAN(""), -1, false,
         "frame_magic_unknown"},
        {"an id", MR_SPAN("\0\0\0\0\7"), MR_SPAN("x"), MR_SPAN("x"), 7, false, NULL},
        {"a GUID", MR_SPAN("\1GGGGGGGGGGGGGGGG"), MR_SPAN("x"), MR_SPAN("x"), -1, true, NULL},
        {"a datum that looks framed", MR_SPAN("\0\0\0\0\7"), MR_SPAN("\0\0\0\0\1x"),
         MR_SPAN("\0\0\0\0\1x"), 7, false, NULL},
        {"a datum of no bytes", MR_SPAN("\0\0\0\0\7"), MR_SPAN(""), MR_SPAN(""), 7, false, NULL},
        {"more behind the id", MR_SPAN("\0\0\0\0\7x"), MR_SPAN("x"), MR_SPAN("x"), 7, false,
         "frame_header_unreadable"},
        {"text", MR_SPAN("7"), MR_SPAN("x"), MR_SPAN("x"), -1, false, "frame_header_unreadable"},
        {"a GUID cut short", MR_SPAN("\1GGGG"), MR_SPAN("x"), MR_SPAN("x"), -1, false,
         "frame_header_unreadable"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_frame frame;
        const char *fault = mr_frame_read_with(rows[i].header, rows[i].message, &frame);

        print_message("  %s\n", rows[i].label);
        assert_string_equal(rows[i].fault != NULL ? rows[i].fault : "", fault != NULL ? fault : "");
        assert_true(mr_span_equal(rows[i].datum, frame.datum));
        assert_int_equal(rows[i].schema_id, frame.schema_id);
        assert_int_equal(rows[i].has_guid, frame.guid != NULL);
    }
}

static void the_readers_schema_decides_what_is_seen(void **state)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *writer =
        parsed("{\"type\":\"record\",\"name\":\"old.T\",\"fields\":["
               "{\"name\":\"gone\",\"type\":{\"type\":\"map\",\"values\":\"bytes\"}},"
               "{\"name\":\"i\",\"type\":\"int\"},{\"name\":\"was\",\"type\":\"string\"},"
               "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\","
               "\"B\",\"C\"]}},"
               "{\"name\":\"u\",\"type\":[\"int\",\"string\"]},"
               "{\"name\":\"r\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":["
               "{\"name\":\"x\",\"type\":\"float\"}]}}]}");
    struct mr_schema *reader = parsed(
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
        "{\"name\":\"r\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"R\",\"fields\":["
        "{\"name\":\"y\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[\"p\","
        "\"q\"]},"
        "{\"name\":\"x\",\"type\":\"double\"}]}]},"
        "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\","
        "\"Z\"],\"default\":\"Z\"}},"
        "{\"name\":\"now\",\"type\":\"string\",\"aliases\":[\"was\"]},"
        "{\"name\":\"i\",\"type\":[\"null\",\"double\"]},"
        "{\"name\":\"u\",\"type\":[\"long\",\"string\"]},"
        "{\"name\":\"more\",\"type\":{\"type\":\"record\",\"name\":\"M\",\"fields\":["
        "{\"name\":\"k\",\"type\":[\"null\",\"long\"],\"default\":4}]},\"default\":{}}]}");
    struct mr_layout *layout = mr_layout_new(reader);
    static const char *const paths[] = {"r", "r.y", "r.x", "e", "now", "i", "u", "more.k", "more"};
    const struct mr_span datum =
        datum_of(writer,
                 "{\"gone\":{\"a\":\"b\"},\"i\":3,\"was\":\"w\",\"e\":\"B\",\"u\":{\"int\":2},"
                 "\"r\":{\"x\":0.5}}",
                 arena);
    struct mr_value slots[10];
    struct mr_plan *plan;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(paths); i++) {
        assert_int_equal(i, slot_of(layout, reader, paths[i]));
    }
    plan = plan_of(writer, layout);
    assert_null(mr_plan_decode(plan, datum, slots, arena));
    assert_string_equal("[[\"p\",\"q\"],0.5]", mr_json_value(&slots[0], arena));
    assert_string_equal("[\"p\",\"q\"]", mr_json_value(&slots[1], arena));
    assert_string_equal("0.5", mr_json_value(&slots[2], arena));
    assert_string_equal("\"Z\"", mr_json_value(&slots[3], arena));
    assert_string_equal("\"w\"", mr_json_value(&slots[4], arena));
    assert_string_equal("3.0", mr_json_value(&slots[5], arena));
    assert_string_equal("2", mr_json_value(&slots[6], arena));
    assert_string_equal("4", mr_json_value(&slots[7], arena));
    assert_string_equal("[4]", mr_json_value(&slots[8], arena));
    mr_plan_free(plan);
    mr_layout_free(layout);
    mr_schema_free(reader);
    mr_schema_free(writer);
    mr_arena_free(arena);
}

/* The reader's schema is another object, with other names of documentation, and agrees: the list of
 * ops is the one that the writer's own gives, so a record costs the same. */
static void schemas_that_agree_cost_nothing(void **state)
{
    static const char types[] =
        "{\"type\":\"record\",\"name\":\"T\",\"doc\":\"%s\",\"fields\":["
        "{\"name\":\"a\",\"type\":\"string\",\"doc\":\"%s\"},{\"name\":\"b\",\"type\":[\"null\","
        "\"double\"]},{\"name\":\"c\",\"type\":{\"type\":\"array\",\"items\":\"long\"}},"
        "{\"name\":\"d\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"e\","
        "\"type\":\"int\"}]}},{\"name\":\"f\",\"type\":\"boolean\"}]}";
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_schema *writer = parsed(mr_arena_print(arena, types, "x", "y"));
    struct mr_schema *reader = parsed(mr_arena_print(arena, types, "another", "text"));
    struct mr_layout *own = mr_layout_new(writer), *other = mr_layout_new(reader);
    struct mr_plan *same, *resolved;
    size_t i = 0;

    (void)state;
    for (size_t path = 0; path < 3; path++) {
        static const char *const paths[] = {"b", "d.e", "f"};

        (void)slot_of(own, writer, paths[path]);
        (void)slot_of(other, reader, paths[path]);
    }
    same = plan_of(writer, own);
    resolved = plan_of(writer, other);
    do {
        assert_int_equal(same->ops[i].code, resolved->ops[i].code);
        assert_int_equal(same->ops[i].slot, resolved->ops[i].slot);
    } while (same->ops[i++].code != MR_OP_END);
    assert_int_equal(7, i);
    mr_plan_free(resolved);
    mr_plan_free(same);
    mr_layout_free(other);
    mr_layout_free(own);
    mr_schema_free(reader);
    mr_schema_free(writer);
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_the_specification_goes_round),
        cmocka_unit_test(leaves_decoded_and_encoded_give_the_same_bytes),
        cmocka_unit_test(logical_types_become_values_and_text),
        cmocka_unit_test(a_path_may_end_at_anything_and_overlap_others),
        cmocka_unit_test(a_value_that_does_not_fit_its_leaf_is_named),
        cmocka_unit_test(a_frame_names_its_schema),
        cmocka_unit_test(a_header_names_the_schema_of_a_bare_datum),
        cmocka_unit_test(the_readers_schema_decides_what_is_seen),
        cmocka_unit_test(schemas_that_agree_cost_nothing),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
