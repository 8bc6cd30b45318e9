/* Goal: no text makes reading JSON by a schema crash, leak or run away; what is read is a datum to
 * its last byte, and printed and read again it has the same bytes.
 * Method: libFuzzer over "schema NUL text". */
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"

#include <string.h>

#define ARENA_SIZE ((size_t)1 << 20)

static void check_datum(const struct mr_schema *schema, struct mr_span datum,
                        struct mr_arena *arena)
{
    struct mr_layout *layout = mr_layout_new(schema);
    struct mr_error err = {0};
    struct mr_span text, again;
    struct mr_plan *plan;
    const char *fault;

    MR_ASSERT(mr_plan_new(schema, layout, &plan, &err) == MR_OK);
    MR_ASSERT(mr_plan_size(plan, datum, &fault) == datum.size || fault != NULL);
    /* What is too deep, or empty too often, to be read is refused for that and for nothing else. */
    MR_ASSERT(fault == NULL || strcmp(fault, "nested_too_deep") == 0 ||
              strcmp(fault, "too_many_empty_items") == 0);
    if (fault == NULL && mr_json_print(schema, datum, MR_JSON_AVRO, arena, &text) == NULL &&
        mr_json_read(schema, text, arena, &again, &err) == MR_OK) {
        MR_ASSERT(mr_span_equal(datum, again));
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    struct mr_error err = {0};
    struct mr_schema *schema;
    struct mr_arena *arena;
    struct mr_span datum;

    if (end == NULL ||
        mr_schema_parse((struct mr_span){data, (size_t)(end - data)}, &schema, &err) != MR_OK) {
        return 0;
    }
    arena = mr_arena_new(ARENA_SIZE);
    if (mr_json_read(schema, (struct mr_span){end + 1, (size_t)(data + size - end - 1)}, arena,
                     &datum, &err) == MR_OK) {
        check_datum(schema, datum, arena);
    }
    mr_arena_free(arena);
    mr_schema_free(schema);
    return 0;
}
