#include "processors/core/codec/schema_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Is json a value of type, as the specification writes defaults: bytes as code points up to 255, a
 * union as a value of one of its branches (the first that fits; 1.12's rule). */
static bool fits(const json_t *json, const struct mr_type *type, unsigned depth);

static bool fits_number(const json_t *json, enum mr_avro kind)
{
    const json_int_t whole = json_integer_value(json);

    switch (kind) {
    case MR_AVRO_INT:
        return json_is_integer(json) && whole >= INT32_MIN && whole <= INT32_MAX;
    case MR_AVRO_LONG:
        return json_is_integer(json);
    case MR_AVRO_FLOAT:
        return json_is_number(json) && fabs(json_number_value(json)) <= (double)FLT_MAX;
    default:
        return json_is_number(json);
    }
}

/* The count of code points when all are at most 255; else SIZE_MAX. */
static size_t latin1_size(const json_t *json)
{
    const struct mr_span text = {(const uint8_t *)json_string_value(json),
                                 json_string_length(json)};
    size_t count = 0, size = 0;

    if (!json_is_string(json)) {
        return SIZE_MAX;
    }
    for (size_t at = 0; at < text.size; at += size, count++) {
        if (mr_utf8_get((struct mr_span){text.data + at, text.size - at}, &size) > 255) {
            return SIZE_MAX;
        }
    }
    return count;
}

static bool is_symbol(const json_t *json, const struct mr_type *type)
{
    const char *symbol = json_string_value(json);

    for (size_t i = 0; i < type->symbol_count && symbol != NULL; i++) {
        if (strcmp(symbol, type->symbols[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits_record(const json_t *json, const struct mr_type *type, unsigned depth)
{
    if (!json_is_object(json)) {
        return false;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const struct mr_field *field = &type->fields[i];
        const json_t *value = json_object_get(json, field->name);

        /* A default of the field's own is checked where it stands. */
        if (value == NULL ? field->fallback == NULL : !fits(value, field->type, depth)) {
            return false;
        }
    }
    return true;
}

static bool fits_array(const json_t *json, const struct mr_type *type, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (!fits(json_array_get(json, i), type->item, depth)) {
            return false;
        }
    }
    return json_is_array(json);
}

static bool fits_map(const json_t *json, const struct mr_type *type, unsigned depth)
{
    /* jansson's iterators take a pointer to what they do not change. */
    json_t *object = json_is_object(json) ? json_incref((json_t *)(uintptr_t)json) : NULL;
    bool all = object != NULL;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        all = all && fits(value, type->item, depth);
    }
    json_decref(object);
    return all;
}

static bool fits_union(const json_t *json, const struct mr_type *type, unsigned depth)
{
    for (size_t i = 0; i < type->branch_count; i++) {
        if (fits(json, type->branches[i], depth)) {
            return true;
        }
    }
    return false;
}

static bool fits(const json_t *json, const struct mr_type *type, unsigned depth)
{
    if (depth > MR_SCHEMA_DEPTH_MAX) {
        return false;
    }
    switch (type->kind) {
    case MR_AVRO_NULL:
        return json_is_null(json);
    case MR_AVRO_BOOLEAN:
        return json_is_boolean(json);
    case MR_AVRO_BYTES:
        return latin1_size(json) != SIZE_MAX;
    case MR_AVRO_FIXED:
        return latin1_size(json) == type->size;
    case MR_AVRO_STRING:
        return json_is_string(json);
    case MR_AVRO_ENUM:
        return is_symbol(json, type);
    case MR_AVRO_RECORD:
        return fits_record(json, type, depth + 1);
    case MR_AVRO_ARRAY:
        return fits_array(json, type, depth + 1);
    case MR_AVRO_MAP:
        return fits_map(json, type, depth + 1);
    case MR_AVRO_UNION:
        return fits_union(json, type, depth + 1);
    default:
        return fits_number(json, type->kind);
    }
}

static enum mr_code check_record(const struct mr_parse *self, const struct mr_type *type)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct mr_field *field = &type->fields[i];
        const struct mr_place record = mr_place_key(NULL, type->name);
        const struct mr_place place = mr_place_key(&record, field->name);
        char words[128];

        if (field->fallback != NULL && !fits(field->fallback, field->type, 0)) {
            return MR_PARSE_FAIL(self, &place, "its default is not a value of type %s",
                                 mr_type_words(field->type, words));
        }
    }
    return MR_OK;
}

enum mr_code mr_parse_defaults(const struct mr_parse *self)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < self->schema->named_count && code == MR_OK; i++) {
        code = check_record(self, self->schema->named[i]);
    }
    return code;
}
