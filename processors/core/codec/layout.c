#include "processors/core/codec/layout.h"

#include "processors/core/codec/layout_internal.h"

#include <stdlib.h>
#include <string.h>

struct mr_layout *mr_layout_new(const struct mr_schema *schema)
{
    struct mr_layout *layout = calloc(1, sizeof(*layout));

    if (layout != NULL) {
        layout->schema = schema;
    }
    return layout;
}

void mr_layout_free(struct mr_layout *layout)
{
    if (layout != NULL) {
        free(layout->rows);
        free(layout);
    }
}

static bool is_same_path(const struct mr_layout_path *a, const struct mr_layout_path *b)
{
    return a->depth == b->depth && memcmp(a->fields, b->fields, a->depth * sizeof(*a->fields)) == 0;
}

static bool grow(struct mr_layout *layout)
{
    const size_t room = layout->room == 0 ? 16 : layout->room * 2;
    struct layout_row *rows = realloc(layout->rows, room * sizeof(*rows));

    if (rows == NULL) {
        layout->is_short_of_memory = true;
        return false;
    }
    layout->rows = rows;
    layout->room = room;
    return true;
}

uint32_t mr_layout_slot(struct mr_layout *layout, const struct mr_layout_path *path)
{
    MR_ASSERT(path->depth <= MR_LAYOUT_DEPTH_MAX);
    for (size_t i = 0; i < layout->count; i++) {
        if (is_same_path(&layout->rows[i].path, path)) {
            return layout->rows[i].slot;
        }
    }
    if (layout->count == layout->room && !grow(layout)) {
        return layout->slot_count++; /* that nobody fills: no plan is made of it */
    }
    layout->rows[layout->count++] = (struct layout_row){*path, layout->slot_count};
    return layout->slot_count++;
}

uint32_t mr_layout_reserve(struct mr_layout *layout, uint32_t count)
{
    const uint32_t first = layout->slot_count;

    MR_ASSERT(count <= UINT32_MAX - first);
    layout->slot_count += count;
    return first;
}

uint32_t mr_layout_slot_count(const struct mr_layout *layout)
{
    return layout->slot_count;
}

bool mr_layout_is_short(const struct mr_layout *layout)
{
    return layout->is_short_of_memory;
}

size_t mr_layout_path_count(const struct mr_layout *layout)
{
    return layout->count;
}

const struct mr_layout_path *mr_layout_path_at(const struct mr_layout *layout, size_t index,
                                               uint32_t *slot)
{
    MR_ASSERT(index < layout->count);
    *slot = layout->rows[index].slot;
    return &layout->rows[index].path;
}

const struct mr_type *mr_layout_through(const struct mr_type *type)
{
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        type = type->branches[1 - type->null_branch];
    }
    return type->kind == MR_AVRO_RECORD ? type : NULL;
}

/* The field whose name is the part of text up to the next dot; NULL: none. */
static const struct mr_field *find_field(const struct mr_type *record, const char *text,
                                         size_t size)
{
    for (size_t i = 0; record != NULL && i < record->field_count; i++) {
        const char *name = record->fields[i].name;

        if (strncmp(name, text, size) == 0 && name[size] == '\0') {
            return &record->fields[i];
        }
    }
    return NULL;
}

bool mr_layout_find(const struct mr_schema *schema, const char *text, struct mr_layout_path *path,
                    const struct mr_type **type, size_t *bad)
{
    size_t at = 0;

    *path = (struct mr_layout_path){0};
    *type = mr_schema_root(schema);
    do {
        const size_t size = strcspn(text + at, ".");
        const struct mr_type *record = mr_layout_through(*type);
        const struct mr_field *field = find_field(record, text + at, size);

        *bad = at;
        if (field == NULL || path->depth == MR_LAYOUT_DEPTH_MAX) {
            return false;
        }
        path->fields[path->depth++] = (uint32_t)(field - record->fields);
        *type = field->type;
        at += size;
    } while (text[at++] == '.');
    return true;
}
