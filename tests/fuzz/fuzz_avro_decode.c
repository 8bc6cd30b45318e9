/* Goal: no datum makes a plan read past its end, take more memory than its bytes justify, or
 * recurse without bound; what is decoded is encoded, printed and read back. Method: libFuzzer over
 * a schema of every type (the first byte chooses one) and a datum. */
#include "processors/core/codec/encode.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE ((size_t)128 << 10)
#define LEAVES_MAX 64

static const char every_type[] =
    "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
    "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"b\",\"type\":\"boolean\"},"
    "{\"name\":\"i\",\"type\":\"int\"},{\"name\":\"f\",\"type\":\"float\"},"
    "{\"name\":\"d\",\"type\":[\"null\",\"double\"]},{\"name\":\"y\",\"type\":\"bytes\"},"
    "{\"name\":\"s\",\"type\":\"string\"},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"X\",\"size\":3}},"
    "{\"name\":\"r\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"p\",\"type\":\"long\"},{\"name\":\"q\",\"type\":[\"null\",\"R\"]}]}]},"
    "{\"name\":\"u\",\"type\":[\"string\",\"long\",\"R\",\"null\",{\"type\":\"array\",\"items\":"
    "\"R\"}]},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":\"T\"}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"null\"}}"
    "}]}";

static const char every_logical[] =
    "{\"type\":\"record\",\"name\":\"L\",\"fields\":["
    "{\"name\":\"a\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}},"
    "{\"name\":\"b\",\"type\":{\"type\":\"int\",\"logicalType\":\"time-millis\"}},"
    "{\"name\":\"c\",\"type\":{\"type\":\"long\",\"logicalType\":\"time-micros\"}},"
    "{\"name\":\"d\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"
    "{\"name\":\"f\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}},"
    "{\"name\":\"g\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
    "\"scale\":2}},"
    "{\"name\":\"h\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":12,\"logicalType\":"
    "\"duration\"}},"
    "{\"name\":\"i\",\"type\":{\"type\":\"fixed\",\"name\":\"U\",\"size\":16,\"logicalType\":"
    "\"uuid\"}},"
    "{\"name\":\"j\",\"type\":{\"type\":\"string\",\"logicalType\":\"uuid\"}},"
    "{\"name\":\"k\",\"type\":{\"type\":\"fixed\",\"name\":\"D\",\"size\":5,\"logicalType\":"
    "\"decimal\",\"precision\":11,\"scale\":3}},"
    "{\"name\":\"l\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":"
    "\"local-timestamp-millis\"}]},"
    "{\"name\":\"m\",\"type\":{\"type\":\"long\",\"logicalType\":\"local-timestamp-micros\"}},"
    "{\"name\":\"n\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"long\",\"logicalType\":"
    "\"local-timestamp-nanos\"}}}]}";

static const char empty_items[] =
    "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}}";

static const char recursive[] =
    "{\"type\":\"record\",\"name\":\"W\",\"fields\":[{\"name\":\"w\",\"type\":[\"null\",\"W\"]},"
    "{\"name\":\"v\",\"type\":{\"type\":\"map\",\"values\":\"W\"}}]}";

static const char *const schemas[] = {every_type, every_logical, empty_items, recursive};

static void encode_again(const struct mr_schema *schema, const struct mr_value *leaves)
{
    struct mr_error err = {0};
    struct mr_encoder *encoder;
    const char *fault;
    size_t leaf, size;
    uint8_t *out;

    if (mr_encoder_new(schema, &encoder, &err) != MR_OK) {
        return;
    }
    size = mr_encoder_size(encoder, leaves, &fault, &leaf);
    out = malloc(size + 1);
    if (fault == NULL && out != NULL) {
        MR_ASSERT(mr_encoder_write(encoder, leaves, out) == out + size);
    }
    free(out);
    mr_encoder_free(encoder);
}

/* Every leaf a slot of its own, and the whole in a last one. */
static void decode(const struct mr_schema *schema, struct mr_span datum, struct mr_arena *arena)
{
    struct mr_layout *layout = mr_layout_new(schema);
    struct mr_layout_path path = {0};
    const struct mr_type *root = mr_schema_root(schema);
    struct mr_value slots[LEAVES_MAX] = {0};
    struct mr_error err = {0};
    struct mr_plan *plan;
    const char *fault;

    for (uint32_t i = 0; i < root->field_count; i++) {
        path = (struct mr_layout_path){1, {i}};
        (void)mr_layout_slot(layout, &path);
    }
    path.depth = 0;
    (void)mr_layout_slot(layout, &path);
    MR_ASSERT(mr_plan_new(schema, layout, &plan, &err) == MR_OK);
    (void)mr_plan_size(plan, datum, &fault);
    if (mr_plan_decode(plan, datum, slots, arena) == NULL && root->kind == MR_AVRO_RECORD) {
        encode_again(schema, slots);
        (void)mr_json_value(&slots[root->field_count], arena);
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
}

static void print(const struct mr_schema *schema, struct mr_span datum, struct mr_arena *arena)
{
    struct mr_error err = {0};
    struct mr_span text, again;

    (void)mr_json_print(schema, datum, MR_JSON_PLAIN, arena, &text);
    mr_arena_reset(arena);
    if (mr_json_print(schema, datum, MR_JSON_AVRO, arena, &text) == NULL) {
        (void)mr_json_read(schema, text, arena, &again, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_error err = {0};
    struct mr_schema *schema;
    const char *text;

    if (size > 0) {
        text = schemas[data[0] % MR_COUNT(schemas)];
        MR_ASSERT(mr_schema_parse(mr_span_text(text), &schema, &err) == MR_OK);
        decode(schema, (struct mr_span){data + 1, size - 1}, arena);
        mr_arena_reset(arena);
        print(schema, (struct mr_span){data + 1, size - 1}, arena);
        mr_schema_free(schema);
    }
    mr_arena_free(arena);
    return 0;
}
