#include "processors/core/codec/json.h"

#include "processors/core/base/json_text.h"
#include "processors/core/codec/json_out.h"
#include "processors/core/codec/node.h"
#include "processors/core/codec/schema_internal.h"

#include <float.h>
#include <math.h>

/* JSON to a datum. Defaults are the same but for their unions: bare, the first branch that fits. */
struct read {
    struct mr_json_out out;
    struct mr_error *err;
    size_t steps; /* values written: defaults of defaults may be many from little text */
    bool is_default;
    bool is_bare; /* unions may be bare */
};

#define READ_STEPS_MAX ((size_t)1 << 24)

static enum mr_code bad(const struct read *self, const struct mr_place *place, const char *why)
{
    char where[MR_PLACE_WORDS_SIZE];

    return MR_FAIL(self->err, MR_BAD_DATA, "%s: %s", mr_place_words(place, where), why);
}

static void put_long(struct read *self, int64_t number)
{
    uint8_t bytes[10];
    const uint8_t *end = mr_wire_put_long(bytes, number);

    mr_json_put(&self->out, (struct mr_span){bytes, (size_t)(end - bytes)});
}

static enum mr_code read_whole(struct read *self, const struct mr_type *type, const json_t *json,
                               const struct mr_place *place)
{
    const json_int_t number = json_integer_value(json);

    if (!json_is_integer(json)) {
        return bad(self, place, "not a whole number");
    }
    if (type->kind == MR_AVRO_INT && (number < INT32_MIN || number > INT32_MAX)) {
        return bad(self, place, "not an int of 32 bits");
    }
    put_long(self, number);
    return MR_OK;
}

/* A number, or one of the three that JSON has no number for. */
static bool real_of(const json_t *json, double *real)
{
    static const struct {
        const char *text;
        double real;
    } words[] = {
        {"NaN", (double)NAN}, {"Infinity", (double)INFINITY}, {"-Infinity", -(double)INFINITY}};

    *real = json_number_value(json);
    for (size_t i = 0; i < MR_COUNT(words) && json_is_string(json); i++) {
        if (strcmp(json_string_value(json), words[i].text) == 0) {
            *real = words[i].real;
            return true;
        }
    }
    return json_is_number(json);
}

static enum mr_code read_real(struct read *self, const struct mr_type *type, const json_t *json,
                              const struct mr_place *place)
{
    uint8_t bytes[8];
    const uint8_t *end;
    double real;

    if (!real_of(json, &real)) {
        return bad(self, place, "not a number");
    }
    if (type->kind == MR_AVRO_FLOAT && isfinite(real) && fabs(real) > (double)FLT_MAX) {
        return bad(self, place, "too large for a float");
    }
    end = type->kind == MR_AVRO_FLOAT ? mr_wire_put_float(bytes, (float)real)
                                      : mr_wire_put_double(bytes, real);
    mr_json_put(&self->out, (struct mr_span){bytes, (size_t)(end - bytes)});
    return MR_OK;
}

/* A pass over the code points: their count, or SIZE_MAX when one is above 255; writes when told. */
static size_t code_points(struct read *self, struct mr_span text, bool is_written)
{
    size_t count = 0, size = 0;

    for (size_t at = 0; at < text.size; at += size, count++) {
        const uint32_t code = mr_utf8_get((struct mr_span){text.data + at, text.size - at}, &size);

        if (code > 255) {
            return SIZE_MAX;
        }
        if (is_written) {
            mr_json_put_byte(&self->out, (char)code);
        }
    }
    return count;
}

static struct mr_span text_of(const json_t *json)
{
    return (struct mr_span){(const uint8_t *)json_string_value(json), json_string_length(json)};
}

static enum mr_code read_bytes(struct read *self, const struct mr_type *type, const json_t *json,
                               const struct mr_place *place)
{
    const size_t size = json_is_string(json) ? code_points(self, text_of(json), false) : SIZE_MAX;

    if (size == SIZE_MAX) {
        return bad(self, place, "not a text of code points up to 255");
    }
    if (type->kind == MR_AVRO_FIXED && size != type->size) {
        return bad(self, place, "not of the size of the fixed");
    }
    if (type->kind == MR_AVRO_BYTES) {
        put_long(self, (int64_t)size);
    }
    (void)code_points(self, text_of(json), true);
    return MR_OK;
}

static enum mr_code read_string(struct read *self, const json_t *json, const struct mr_place *place)
{
    if (!json_is_string(json)) {
        return bad(self, place, "not a text");
    }
    put_long(self, (int64_t)json_string_length(json));
    mr_json_put(&self->out, text_of(json));
    return MR_OK;
}

static enum mr_code read_symbol(struct read *self, const struct mr_type *type, const json_t *json,
                                const struct mr_place *place)
{
    const char *symbol = json_string_value(json);

    for (size_t i = 0; i < type->symbol_count && symbol != NULL; i++) {
        if (strcmp(symbol, type->symbols[i]) == 0) {
            put_long(self, (int64_t)i);
            return MR_OK;
        }
    }
    return bad(self, place, "not a symbol of the enum");
}

static enum mr_code read_scalar(struct read *self, const struct mr_type *type, const json_t *json,
                                const struct mr_place *place)
{
    switch (type->kind) {
    case MR_AVRO_NULL:
        return json_is_null(json) ? MR_OK : bad(self, place, "not null");
    case MR_AVRO_BOOLEAN:
        if (!json_is_boolean(json)) {
            return bad(self, place, "neither true nor false");
        }
        mr_json_put_byte(&self->out, json_is_true(json) ? 1 : 0);
        return MR_OK;
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return read_whole(self, type, json, place);
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return read_real(self, type, json, place);
    case MR_AVRO_STRING:
        return read_string(self, json, place);
    case MR_AVRO_ENUM:
        return read_symbol(self, type, json, place);
    default:
        return read_bytes(self, type, json, place);
    }
}

static enum mr_code read_type(struct read *self, const struct mr_type *type, const json_t *json,
                              const struct mr_place *place);

/* A field that is not given takes its default. */
static enum mr_code read_field(struct read *self, const struct mr_field *field, const json_t *json,
                               const struct mr_place *place, size_t *given)
{
    const struct mr_place at = mr_place_key(place, field->name);
    const json_t *value = json_object_get(json, field->name);
    const bool is_default = self->is_default;
    enum mr_code code;

    if (value != NULL) {
        ++*given;
        return read_type(self, field->type, value, &at);
    }
    if (field->fallback == NULL) {
        return bad(self, &at, "missing, and has no default");
    }
    self->is_default = true;
    code = read_type(self, field->type, field->fallback, &at);
    self->is_default = is_default;
    return code;
}

static enum mr_code read_record(struct read *self, const struct mr_type *type, const json_t *json,
                                const struct mr_place *place)
{
    size_t given = 0;
    enum mr_code code = MR_OK;

    if (!json_is_object(json)) {
        return bad(self, place, "not an object");
    }
    for (size_t i = 0; i < type->field_count && code == MR_OK; i++) {
        code = read_field(self, &type->fields[i], json, place, &given);
    }
    if (code == MR_OK && given != json_object_size(json) && !self->is_default) {
        return bad(self, place, "has a member that is no field");
    }
    return code;
}

static enum mr_code read_array(struct read *self, const struct mr_type *type, const json_t *json,
                               const struct mr_place *place)
{
    const size_t count = json_array_size(json);
    enum mr_code code = MR_OK;

    if (!json_is_array(json)) {
        return bad(self, place, "not a list");
    }
    if (count > 0) {
        put_long(self, (int64_t)count);
    }
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        const struct mr_place at = mr_place_item(place, NULL, i);

        code = read_type(self, type->item, json_array_get(json, i), &at);
    }
    put_long(self, 0);
    return code;
}

static enum mr_code read_map(struct read *self, const struct mr_type *type, const json_t *json,
                             const struct mr_place *place)
{
    /* jansson's iterators take a pointer to what they do not change. */
    json_t *object = (json_t *)(uintptr_t)json;
    enum mr_code code = MR_OK;

    if (!json_is_object(json)) {
        return bad(self, place, "not an object");
    }
    if (json_object_size(json) > 0) {
        put_long(self, (int64_t)json_object_size(json));
    }
    for (void *entry = json_object_iter(object); entry != NULL && code == MR_OK;
         entry = json_object_iter_next(object, entry)) {
        const char *key = json_object_iter_key(entry);
        const size_t size = json_object_iter_key_len(entry);
        const struct mr_place at = mr_place_key(place, key);

        put_long(self, (int64_t)size);
        mr_json_put(&self->out, (struct mr_span){(const uint8_t *)key, size});
        code = read_type(self, type->item, json_object_iter_value(entry), &at);
    }
    put_long(self, 0);
    return code;
}

static const char *branch_name(const struct mr_type *branch)
{
    return branch->name != NULL ? branch->name : mr_avro_word(branch->kind);
}

/* {"type": value}, or null. */
static enum mr_code read_union(struct read *self, const struct mr_type *type, const json_t *json,
                               const struct mr_place *place)
{
    for (size_t i = 0; i < type->branch_count; i++) {
        const struct mr_type *branch = type->branches[i];
        const bool is_null = branch->kind == MR_AVRO_NULL && json_is_null(json);
        const json_t *value = is_null ? json : json_object_get(json, branch_name(branch));

        if (value != NULL && (is_null || json_object_size(json) == 1)) {
            const struct mr_place at = mr_place_key(place, branch_name(branch));

            put_long(self, (int64_t)i);
            return read_type(self, branch, value, &at);
        }
    }
    return bad(self, place, "names no branch of the union");
}

/* Whether it is {"type": value} of a branch. */
static bool names_branch(const struct mr_type *type, const json_t *json)
{
    for (size_t i = 0; i < type->branch_count && json_object_size(json) == 1; i++) {
        if (json_object_get(json, branch_name(type->branches[i])) != NULL) {
            return true;
        }
    }
    return false;
}

/* Tries the branches in turn; what a failed one wrote is taken back. */
static enum mr_code read_bare_union(struct read *self, const struct mr_type *type,
                                    const json_t *json, const struct mr_place *place)
{
    struct mr_error *const err = self->err;
    const size_t size = self->out.size;

    for (size_t i = 0; i < type->branch_count; i++) {
        struct mr_error ignored = {0};
        enum mr_code code;

        self->out.size = size;
        self->err = &ignored;
        put_long(self, (int64_t)i);
        code = read_type(self, type->branches[i], json, place);
        self->err = err;
        if (code == MR_OK) {
            return MR_OK;
        }
    }
    return bad(self, place, "fits no branch of the union");
}

static enum mr_code read_type(struct read *self, const struct mr_type *type, const json_t *json,
                              const struct mr_place *place)
{
    if (place != NULL && place->depth > MR_WIRE_DEPTH_MAX) {
        return bad(self, place, "nested too deep");
    }
    if (self->out.has_failed || self->steps == READ_STEPS_MAX) {
        return MR_FAIL(self->err, MR_NO_ROOM, "no room for the datum");
    }
    self->steps++;
    switch (type->kind) {
    case MR_AVRO_RECORD:
        return read_record(self, type, json, place);
    case MR_AVRO_ARRAY:
        return read_array(self, type, json, place);
    case MR_AVRO_MAP:
        return read_map(self, type, json, place);
    case MR_AVRO_UNION:
        return self->is_default || (self->is_bare && !names_branch(type, json))
                   ? read_bare_union(self, type, json, place)
                   : read_union(self, type, json, place);
    default:
        return read_scalar(self, type, json, place);
    }
}

static enum mr_code read_tree(struct read *self, const struct mr_type *type, const json_t *json,
                              struct mr_span *datum)
{
    const enum mr_code code = read_type(self, type, json, NULL);

    if (code != MR_OK) {
        return code;
    }
    /* A datum may be empty; its span still points somewhere. */
    mr_json_put_byte(&self->out, '\0');
    if (self->out.has_failed) {
        return MR_FAIL(self->err, MR_NO_ROOM, "no room for the datum");
    }
    *datum = (struct mr_span){self->out.data, self->out.size - 1};
    return MR_OK;
}

enum mr_code mr_json_read(const struct mr_schema *schema, struct mr_span text,
                          struct mr_arena *arena, struct mr_span *datum, struct mr_error *err)
{
    struct read self = {.out = {.arena = arena}, .err = err};
    json_error_t fault;
    json_t *json;
    enum mr_code code = mr_json_load(
        text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &json, &fault, err);

    if (code != MR_OK) {
        return code;
    }
    if (json == NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "column %d: %s", fault.column, fault.text);
    }
    code = read_tree(&self, mr_schema_root(schema), json, datum);
    json_decref(json);
    return code;
}

enum mr_code mr_json_read_bare(const struct mr_schema *schema, const json_t *json,
                               struct mr_arena *arena, struct mr_span *datum, struct mr_error *err)
{
    struct read self = {.out = {.arena = arena}, .err = err, .is_bare = true};

    return read_tree(&self, mr_schema_root(schema), json, datum);
}

enum mr_code mr_default_write(const struct mr_type *type, const json_t *json,
                              struct mr_arena *arena, struct mr_span *datum, struct mr_error *err)
{
    struct read self = {.out = {.arena = arena}, .err = err, .is_default = true};

    return read_tree(&self, type, json, datum);
}
