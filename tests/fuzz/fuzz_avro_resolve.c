/* Goal: no pair of schemas and no datum makes resolution or the resolved plan crash, leak or run
 * away.
 * Method: libFuzzer over "writer NUL reader NUL datum"; every path of the reader down to two levels
 * is in the layout. */
#include "processors/core/codec/plan.h"

#include <string.h>

#define ARENA_SIZE ((size_t)128 << 10)
#define SLOTS_MAX 256

/* Cuts off what precedes the first NUL. */
static struct mr_span cut(struct mr_span *rest)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, 0, rest->size);
    struct mr_span head = *rest;

    if (end == NULL) {
        *rest = (struct mr_span){rest->data, 0};
        return head;
    }
    head.size = (size_t)(end - rest->data);
    *rest = (struct mr_span){end + 1, rest->size - head.size - 1};
    return head;
}

static void add_paths(struct mr_layout *layout, const struct mr_type *type,
                      struct mr_layout_path *path)
{
    (void)mr_layout_slot(layout, path);
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        type = type->branches[1 - type->null_branch];
    }
    if (type->kind != MR_AVRO_RECORD || path->depth == 2) {
        return;
    }
    path->depth++;
    for (uint32_t i = 0; i < type->field_count && mr_layout_slot_count(layout) < SLOTS_MAX; i++) {
        path->fields[path->depth - 1] = i;
        add_paths(layout, type->fields[i].type, path);
    }
    path->depth--;
}

static void decode(const struct mr_schema *writer, const struct mr_schema *reader,
                   struct mr_span datum)
{
    struct mr_layout *layout = mr_layout_new(reader);
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_value slots[SLOTS_MAX + 1];
    struct mr_layout_path path = {0};
    struct mr_error err = {0};
    struct mr_plan *plan;
    const char *fault;

    add_paths(layout, mr_schema_root(reader), &path);
    if (mr_plan_new(writer, layout, &plan, &err) == MR_OK) {
        (void)mr_plan_decode(plan, datum, slots, arena);
        (void)mr_plan_size(plan, datum, &fault);
        mr_plan_free(plan);
    }
    mr_arena_free(arena);
    mr_layout_free(layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_span rest = {data, size};
    const struct mr_span writer_text = cut(&rest), reader_text = cut(&rest);
    struct mr_schema *writer, *reader;
    struct mr_error err = {0};

    if (mr_schema_parse(writer_text, &writer, &err) != MR_OK) {
        return 0;
    }
    if (mr_schema_parse(reader_text, &reader, &err) == MR_OK) {
        decode(writer, reader, rest);
        mr_schema_free(reader);
    }
    mr_schema_free(writer);
    return 0;
}
