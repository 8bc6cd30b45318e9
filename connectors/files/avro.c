#include "connectors/files/avro.h"

#include "processors/core/codec/json.h"
#include "processors/core/codec/json_out.h"
#include "processors/core/codec/plan.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 1024
#define DEPTH_MAX 8
#define NAME_SIZE_MAX 512
#define FIELDS_SEEN_MAX 20000 /* a recursive schema has no end of paths */
#define ROOM_MIN ((size_t)1 << 20)

struct column {
    const struct mr_type *type; /* of the reader's schema */
    const struct mr_term *term;
    uint32_t slot;
};

struct mr_avro_rows {
    const struct mr_glossary *names;  /* borrowed */
    struct mr_shelf *shelf;           /* borrowed */
    struct mr_arena *arena;           /* owned, as all that follows; of one row */
    struct mr_container_reader *file; /* NULL: over */
    struct mr_layout *layout;
    struct mr_plan *plan;
    struct mr_value *slots;
    struct column columns[COLUMNS_MAX];
    size_t column_count, fields_seen;
};

struct mr_avro_rows *mr_avro_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                                 size_t row_size_max)
{
    struct mr_avro_rows *avro = calloc(1, sizeof(*avro));

    if (avro == NULL) {
        return NULL;
    }
    avro->names = names;
    avro->shelf = shelf;
    /* Boxed values and JSON of a datum, each some times its bytes. */
    avro->arena = mr_arena_new(16 * row_size_max + ROOM_MIN);
    if (avro->arena == NULL) {
        free(avro);
        return NULL;
    }
    return avro;
}

static void end(struct mr_avro_rows *avro)
{
    mr_container_close(avro->file);
    mr_plan_free(avro->plan);
    mr_layout_free(avro->layout);
    free(avro->slots);
    avro->file = NULL;
    avro->plan = NULL;
    avro->layout = NULL;
    avro->slots = NULL;
    avro->column_count = avro->fields_seen = 0;
}

void mr_avro_free(struct mr_avro_rows *avro)
{
    if (avro != NULL) {
        end(avro);
        mr_arena_free(avro->arena);
        free(avro);
    }
}

bool mr_avro_is_head(struct mr_span bytes)
{
    const struct mr_span magic = MR_SPAN(MR_CONTAINER_MAGIC);

    return bytes.size >= magic.size && memcmp(bytes.data, magic.data, magic.size) == 0;
}

bool mr_avro_is_over(const struct mr_avro_rows *avro)
{
    return avro->file == NULL;
}

static void report(struct mr_avro_rows *avro, const char *reason, const char *detail,
                   struct mr_span raw)
{
    mr_shelf_row_bad(avro->shelf, 0, reason, detail, raw);
}

/* name: the path so far, a dot behind each record; the field's own goes behind it. */
static void add_field(struct mr_avro_rows *avro, const struct mr_field *field, char *name,
                      size_t size, const struct mr_layout_path *path)
{
    const size_t own = strlen(field->name);
    const struct mr_term *term;

    if (size + own >= NAME_SIZE_MAX || avro->column_count == COLUMNS_MAX) {
        return;
    }
    memcpy(name + size, field->name, own);
    term = mr_glossary_find(avro->names, (struct mr_span){(const uint8_t *)name, size + own});
    if (term == NULL || term->targets == NULL) {
        term = mr_glossary_find(avro->names, mr_span_text(field->name));
    }
    if (term != NULL && term->targets != NULL) {
        avro->columns[avro->column_count++] =
            (struct column){field->type, term, mr_layout_slot(avro->layout, path)};
    }
}

static void add_fields(struct mr_avro_rows *avro, const struct mr_type *record, char *name,
                       size_t size, struct mr_layout_path *path)
{
    path->depth++;
    for (uint32_t i = 0; i < record->field_count && avro->fields_seen < FIELDS_SEEN_MAX; i++) {
        const struct mr_field *field = &record->fields[i];
        const struct mr_type *type = field->type;
        const size_t own = strlen(field->name);

        avro->fields_seen++;
        path->fields[path->depth - 1] = i;
        if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
            type = type->branches[1 - type->null_branch];
        }
        if (type->kind != MR_AVRO_RECORD) {
            add_field(avro, field, name, size, path);
        } else if (path->depth < DEPTH_MAX && size + own + 1 < NAME_SIZE_MAX) {
            memcpy(name + size, field->name, own);
            name[size + own] = '.';
            add_fields(avro, type, name, size + own + 1, path);
        }
    }
    path->depth--;
}

static enum mr_code compile(struct mr_avro_rows *avro, struct mr_error *err)
{
    const struct mr_schema *schema = mr_container_schema(avro->file);
    struct mr_layout_path path = {0};
    char name[NAME_SIZE_MAX];
    enum mr_code code;

    avro->layout = mr_layout_new(schema);
    if (avro->layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the fields of a file");
    }
    if (mr_schema_root(schema)->kind == MR_AVRO_RECORD) {
        add_fields(avro, mr_schema_root(schema), name, 0, &path);
    }
    code = mr_plan_new(schema, avro->layout, &avro->plan, err);
    if (code == MR_OK) {
        avro->slots = calloc(avro->column_count + 1, sizeof(*avro->slots));
        code = avro->slots != NULL ? MR_OK
                                   : MR_FAIL(err, MR_NO_ROOM, "no memory for the fields of a file");
    }
    return code;
}

void mr_avro_begin(struct mr_avro_rows *avro, const struct mr_container_source *source)
{
    const struct mr_span nothing = {NULL, 0};
    struct mr_error err = {0};

    end(avro);
    if (mr_container_open_source(source, &avro->file, &err) != MR_OK ||
        compile(avro, &err) != MR_OK) {
        report(avro, "source_malformed", err.text, nothing);
        end(avro);
    } else if (avro->column_count == 0) {
        report(avro, "source_unrecognised", "no field that the mapping knows", nothing);
        end(avro);
    }
}

/* In JSON's quotes where it is no text by itself; those are taken off. */
static struct mr_span text_of(struct mr_avro_rows *avro, const struct column *column)
{
    const struct mr_value *value = &avro->slots[column->slot];
    struct mr_json_out out = {.arena = avro->arena};

    if (value->kind == MR_KIND_STRING) {
        return mr_value_span(value);
    }
    mr_json_put_typed(&out, column->type, value);
    if (out.has_failed || out.size == 0) {
        return (struct mr_span){NULL, 0};
    }
    return out.data[0] == '"' ? (struct mr_span){out.data + 1, out.size - 2}
                              : (struct mr_span){out.data, out.size};
}

/* What a person sees of a row that is refused later. */
static struct mr_span raw_of(struct mr_avro_rows *avro, struct mr_span datum)
{
    struct mr_span text;

    return mr_json_print(mr_container_schema(avro->file), datum, MR_JSON_PLAIN, avro->arena,
                         &text) == NULL
               ? text
               : datum;
}

static void put_row(struct mr_avro_rows *avro, struct mr_span datum)
{
    mr_shelf_row_begin(avro->shelf, 0);
    for (size_t i = 0; i < avro->column_count; i++) {
        const struct column *column = &avro->columns[i];

        if (avro->slots[column->slot].kind != MR_KIND_NULL) {
            mr_shelf_text_begin(avro->shelf);
            mr_shelf_text_add(avro->shelf, text_of(avro, column));
            mr_shelf_text_end(avro->shelf, column->term);
        }
    }
    mr_shelf_row_end(avro->shelf, raw_of(avro, datum));
}

void mr_avro_step(struct mr_avro_rows *avro)
{
    struct mr_error err = {0};
    struct mr_span datum;
    const enum mr_code code = mr_container_next(avro->file, &datum, &err);
    const char *fault;

    if (code == MR_OK && datum.data == NULL) {
        end(avro);
        return;
    }
    mr_arena_reset(avro->arena);
    if (code != MR_OK) {
        report(avro, "block_damaged", err.text, (struct mr_span){NULL, 0});
        if (code != MR_BAD_DATA || mr_container_resync(avro->file, &err) != MR_OK) {
            end(avro);
        }
        return;
    }
    fault = mr_plan_decode(avro->plan, datum, avro->slots, avro->arena);
    if (fault != NULL) {
        report(avro, "row_malformed", fault, datum);
    } else {
        put_row(avro, datum);
    }
}
