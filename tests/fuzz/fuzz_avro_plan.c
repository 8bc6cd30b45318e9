/* Goal: whatever fields are asked for, a plan compiles, reads nothing outside of the datum, and
 * gives what a plan of the whole gives.
 * Method: libFuzzer over "schema NUL choices NUL datum"; each choice is a byte that picks a field
 * of the record that the path has come to, and 0xff ends a path. What the whole datum has in those
 * places is compared, as JSON, with what is decoded by their plan. */
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"

#include <string.h>

#define ARENA_SIZE ((size_t)128 << 10)
#define PATHS_MAX 24
#define PATH_ENDS 0xff

struct chosen {
    struct mr_layout_path paths[PATHS_MAX];
    size_t count;
};

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

/* The record at a type, or NULL: paths lead through records and nullable records. */
static const struct mr_type *record_at(const struct mr_type *type)
{
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        type = type->branches[1 - type->null_branch];
    }
    return type->kind == MR_AVRO_RECORD && type->field_count > 0 ? type : NULL;
}

static void choose(const struct mr_type *root, struct mr_span choices, struct chosen *chosen)
{
    struct mr_layout_path path = {0};
    const struct mr_type *record = record_at(root);

    for (size_t i = 0; i < choices.size && chosen->count < PATHS_MAX; i++) {
        if (choices.data[i] != PATH_ENDS && record != NULL && path.depth < MR_LAYOUT_DEPTH_MAX) {
            const uint32_t field = (uint32_t)(choices.data[i] % record->field_count);

            path.fields[path.depth++] = field;
            record = record_at(record->fields[field].type);
        } else {
            chosen->paths[chosen->count++] = path;
            path.depth = 0;
            record = record_at(root);
        }
    }
    if (chosen->count < PATHS_MAX) {
        chosen->paths[chosen->count++] = path;
    }
}

static struct mr_plan *plan_of(const struct mr_schema *schema, struct mr_layout *layout)
{
    struct mr_error err = {0};
    struct mr_plan *plan = NULL;

    if (mr_plan_new(schema, layout, &plan, &err) != MR_OK) {
        MR_ASSERT(err.text[0] != '\0' && plan == NULL);
    }
    return plan;
}

static struct mr_value part_of(const struct mr_value *value, const struct mr_layout_path *path)
{
    for (uint32_t i = 0; i < path->depth; i++) {
        if (value->kind != MR_KIND_RECORD) {
            return (struct mr_value){0};
        }
        value = &value->items[path->fields[i]];
    }
    return *value;
}

static void compare(const struct chosen *chosen, const uint32_t *places,
                    const struct mr_value *slots, const struct mr_value *whole,
                    struct mr_arena *arena)
{
    for (size_t i = 0; i < chosen->count; i++) {
        const struct mr_value part = part_of(whole, &chosen->paths[i]);
        const char *expected, *got;

        mr_arena_reset(arena);
        expected = mr_json_value(&part, arena);
        got = mr_json_value(&slots[places[i]], arena);
        MR_ASSERT(expected == NULL || got == NULL || strcmp(expected, got) == 0);
    }
}

struct arenas {
    struct mr_arena *whole, *part, *text;
};

static void decode(const struct mr_plan *whole, const struct mr_plan *part, struct mr_span datum,
                   const struct chosen *chosen, const uint32_t *places, struct arenas *arenas)
{
    struct mr_value all = {0}, slots[PATHS_MAX] = {0};
    const char *whole_fault = mr_plan_decode(whole, datum, &all, arenas->whole);
    const char *part_fault = mr_plan_decode(part, datum, slots, arenas->part), *size_fault;
    const size_t size = mr_plan_size(whole, datum, &size_fault);

    MR_ASSERT(size <= datum.size);
    if (whole_fault == NULL) {
        MR_ASSERT(size_fault == NULL);
        MR_ASSERT(part_fault == NULL || strcmp(part_fault, "no_room") == 0);
    }
    if (whole_fault == NULL && part_fault == NULL) {
        compare(chosen, places, slots, &all, arenas->text);
    }
}

static void compile(const struct mr_schema *schema, struct mr_span choices, struct mr_span datum)
{
    struct mr_layout *layout = mr_layout_new(schema), *everything = mr_layout_new(schema);
    struct arenas arenas = {mr_arena_new(ARENA_SIZE), mr_arena_new(ARENA_SIZE),
                            mr_arena_new(ARENA_SIZE)};
    const struct mr_layout_path root = {0};
    struct chosen chosen = {.count = 0};
    uint32_t places[PATHS_MAX];
    struct mr_plan *whole, *part;

    choose(mr_schema_root(schema), choices, &chosen);
    for (size_t i = 0; i < chosen.count; i++) {
        places[i] = mr_layout_slot(layout, &chosen.paths[i]);
    }
    (void)mr_layout_slot(everything, &root);
    whole = plan_of(schema, everything);
    part = plan_of(schema, layout);
    MR_ASSERT((whole == NULL) == (part == NULL));
    if (whole != NULL) {
        decode(whole, part, datum, &chosen, places, &arenas);
    }
    mr_plan_free(part);
    mr_plan_free(whole);
    mr_arena_free(arenas.text);
    mr_arena_free(arenas.part);
    mr_arena_free(arenas.whole);
    mr_layout_free(everything);
    mr_layout_free(layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_span rest = {data, size};
    const struct mr_span text = cut(&rest), choices = cut(&rest);
    struct mr_schema *schema;
    struct mr_error err = {0};

    if (mr_schema_parse(text, &schema, &err) == MR_OK) {
        compile(schema, choices, rest);
        mr_schema_free(schema);
    }
    return 0;
}
