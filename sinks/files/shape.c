#include "sinks/files/shape.h"

#include "processors/core/codec/json.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 4096

/* One step of printing: a field of its own, or the head or the end of a record. */
struct step {
    const char *name; /* borrowed of the schema; NULL: the end of a record */
    const struct mr_type *type;
    uint32_t slot; /* of a field; NO_SLOT: a record, whose fields follow */
    bool is_first; /* no comma before it */
};

#define NO_SLOT UINT32_MAX

struct mr_shape {
    const struct mr_schema *schema; /* borrowed */
    struct step *steps;             /* owned; NULL: all is shown */
    size_t count;
};

struct walk {
    struct mr_shape *shape;
    struct mr_layout *layout;
    const struct mr_layout_path *dropped; /* count of them */
    size_t dropped_count;
    struct mr_layout_path path; /* of what is walked */
};

/* A dropped path that begins with the walk's path; *is_it: it is no longer than that. */
static bool is_above_dropped(const struct walk *walk, bool *is_it)
{
    const size_t size = walk->path.depth * sizeof(walk->path.fields[0]);

    for (size_t i = 0; i < walk->dropped_count; i++) {
        const struct mr_layout_path *dropped = &walk->dropped[i];

        if (dropped->depth >= walk->path.depth &&
            memcmp(dropped->fields, walk->path.fields, size) == 0) {
            *is_it = dropped->depth == walk->path.depth;
            return true;
        }
    }
    return false;
}

static void add_step(struct mr_shape *shape, struct step step)
{
    MR_ASSERT(shape->count < FIELDS_MAX);
    shape->steps[shape->count++] = step;
}

static void walk_record(struct walk *walk, const struct mr_type *type);

/* false: the field is not shown. */
static bool walk_field(struct walk *walk, const struct mr_field *field, bool is_first)
{
    bool is_dropped = false;
    const bool is_above = is_above_dropped(walk, &is_dropped);
    struct step step = {field->name, field->type, NO_SLOT, is_first};

    if (is_dropped) {
        return false;
    }
    if (is_above) {
        add_step(walk->shape, step);
        walk_record(walk, field->type);
        add_step(walk->shape, (struct step){0});
    } else {
        step.slot = mr_layout_slot(walk->layout, &walk->path);
        add_step(walk->shape, step);
    }
    return true;
}

static void walk_record(struct walk *walk, const struct mr_type *type)
{
    const uint32_t depth = walk->path.depth++;
    bool is_first = true;

    MR_ASSERT(depth < MR_LAYOUT_DEPTH_MAX);
    for (size_t i = 0; i < type->field_count; i++) {
        walk->path.fields[depth] = (uint32_t)i;
        if (walk_field(walk, &type->fields[i], is_first)) {
            is_first = false;
        }
    }
    walk->path.depth = depth;
}

static bool find_plain(const struct mr_schema *schema, const char *text,
                       struct mr_layout_path *path)
{
    const struct mr_type *type, *at = mr_schema_root(schema);
    size_t bad;

    if (!mr_layout_find(schema, text, path, &type, &bad) || path->depth == 0) {
        return false;
    }
    for (uint32_t i = 0; i < path->depth; i++) {
        if (at->kind != MR_AVRO_RECORD) {
            return false;
        }
        at = at->fields[path->fields[i]].type;
    }
    return true;
}

bool mr_shape_may_drop(const struct mr_schema *schema, const char *path)
{
    struct mr_layout_path found;

    return find_plain(schema, path, &found);
}

static bool shape_fields(struct mr_shape *shape, struct mr_layout *layout,
                         const struct mr_texts *drop)
{
    struct walk walk = {.shape = shape, .layout = layout};
    struct mr_layout_path *dropped = calloc(drop->count, sizeof(*dropped));

    if (dropped == NULL) {
        return false;
    }
    for (size_t i = 0; i < drop->count; i++) {
        if (find_plain(shape->schema, drop->items[i], &dropped[walk.dropped_count])) {
            walk.dropped_count++;
        }
    }
    walk.dropped = dropped;
    if (walk.dropped_count > 0) {
        shape->steps = calloc(FIELDS_MAX, sizeof(*shape->steps));
        if (shape->steps != NULL) {
            walk_record(&walk, mr_schema_root(shape->schema));
        }
    }
    free(dropped);
    return walk.dropped_count == 0 || shape->steps != NULL;
}

struct mr_shape *mr_shape_new(const struct mr_schema *schema, struct mr_layout *layout,
                              const struct mr_texts *drop)
{
    struct mr_shape *shape = calloc(1, sizeof(*shape));

    if (shape == NULL) {
        return NULL;
    }
    shape->schema = schema;
    if (drop->count > 0 && !shape_fields(shape, layout, drop)) {
        mr_shape_free(shape);
        return NULL;
    }
    return shape;
}

void mr_shape_free(struct mr_shape *shape)
{
    if (shape != NULL) {
        free(shape->steps);
        free(shape);
    }
}

static void put_step(const struct step *step, const struct mr_value *row, struct mr_json_out *out)
{
    if (step->name == NULL) {
        mr_json_put_byte(out, '}');
        return;
    }
    mr_json_put_text(out, step->is_first ? "\"" : ",\"");
    mr_json_put_text(out, step->name);
    mr_json_put_text(out, "\":");
    if (step->slot == NO_SLOT) {
        mr_json_put_byte(out, '{');
    } else {
        mr_json_put_typed(out, step->type, &row[step->slot]);
    }
}

const char *mr_shape_print(const struct mr_shape *shape, struct mr_span datum,
                           const struct mr_value *row, struct mr_json_out *out)
{
    struct mr_span text;
    const char *fault;

    if (shape->steps == NULL) {
        fault = mr_json_print(shape->schema, datum, MR_JSON_PLAIN, out->arena, &text);
        if (fault == NULL) {
            mr_json_put(out, text);
        }
        return fault;
    }
    mr_json_put_byte(out, '{');
    for (size_t i = 0; i < shape->count; i++) {
        put_step(&shape->steps[i], row, out);
    }
    mr_json_put_byte(out, '}');
    return NULL;
}
