#include "processors/core/codec/encode_internal.h"
#include "processors/core/codec/wire.h"

#include <math.h>

static size_t bad(const char **fault, const char *why)
{
    *fault = why;
    return MR_ENCODE_BAD;
}

/* The sum of two sizes, either of which may be bad. */
static size_t add(size_t a, size_t b)
{
    return a == MR_ENCODE_BAD || b == MR_ENCODE_BAD ? MR_ENCODE_BAD : a + b;
}

static size_t record_size(const struct mr_type *type, const struct mr_value *value, unsigned depth,
                          const char **fault)
{
    size_t size = 0;

    if (value->kind != MR_KIND_RECORD || value->size != type->field_count) {
        return bad(fault, "value_type_differs");
    }
    for (size_t i = 0; i < type->field_count && size != MR_ENCODE_BAD; i++) {
        size = add(size, mr_boxed_size(type->fields[i].type, &value->items[i], depth, fault));
    }
    return size;
}

static size_t map_key_size(const struct mr_value *key, const char **fault)
{
    if (key->kind != MR_KIND_STRING) {
        return bad(fault, "map_key_not_string");
    }
    if (!mr_wire_is_utf8(mr_value_span(key))) {
        return bad(fault, "string_not_utf8");
    }
    return mr_wire_long_size(key->size) + key->size;
}

/* One block with all items, and the end: 1 byte. */
static size_t items_size(const struct mr_type *type, const struct mr_value *value, unsigned depth,
                         const char **fault)
{
    const bool is_map = type->kind == MR_AVRO_MAP;
    size_t size = value->size == 0 ? 1 : mr_wire_long_size(value->size) + 1;

    if (value->kind != (is_map ? MR_KIND_MAP : MR_KIND_LIST)) {
        return bad(fault, "value_type_differs");
    }
    for (size_t i = 0; i < value->size && size != MR_ENCODE_BAD; i++) {
        const struct mr_value *item = &value->items[is_map ? 2 * i + 1 : i];

        size = add(size, mr_boxed_size(type->item, item, depth, fault));
        size = is_map ? add(size, map_key_size(item - 1, fault)) : size;
    }
    return size;
}

/* Is the number one of the branch's, without a conversion? */
static bool is_real_exact(const struct mr_type *branch, const struct mr_value *value)
{
    return value->kind == MR_KIND_DOUBLE && (branch->kind == MR_AVRO_DOUBLE || isnan(value->real) ||
                                             (double)(float)value->real == value->real);
}

/* A record goes to the branch of its own type where that is known. */
static bool is_branch(const struct mr_type *branch, const struct mr_value *value, bool is_exact)
{
    const char *ignored;

    switch (branch->kind) {
    case MR_AVRO_RECORD:
        return value->kind == MR_KIND_RECORD && value->size == branch->field_count &&
               (!is_exact || value->aux == branch->id);
    case MR_AVRO_ARRAY:
        return value->kind == MR_KIND_LIST;
    case MR_AVRO_MAP:
        return value->kind == MR_KIND_MAP;
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        if (mr_scalar_size(branch, value, &ignored) == MR_ENCODE_BAD) {
            return false;
        }
        return !is_exact || is_real_exact(branch, value);
    default:
        return mr_scalar_size(branch, value, &ignored) != MR_ENCODE_BAD;
    }
}

/* The first branch that the value is of; a conversion (a whole number for a double) comes second.
 */
static size_t find_branch(const struct mr_type *type, const struct mr_value *value)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < type->branch_count; i++) {
            if (is_branch(type->branches[i], value, pass == 0)) {
                return i;
            }
        }
    }
    return type->branch_count;
}

static size_t union_size(const struct mr_type *type, const struct mr_value *value, unsigned depth,
                         const char **fault)
{
    const size_t index = find_branch(type, value);

    if (index == type->branch_count) {
        return bad(fault, "union_branch_unknown");
    }
    return add(mr_wire_long_size((int64_t)index),
               mr_boxed_size(type->branches[index], value, depth, fault));
}

size_t mr_boxed_size(const struct mr_type *type, const struct mr_value *value, unsigned depth,
                     const char **fault)
{
    if (depth == MR_ENCODE_DEPTH_MAX) {
        return bad(fault, "nested_too_deep");
    }
    switch (type->kind) {
    case MR_AVRO_RECORD:
        return record_size(type, value, depth + 1, fault);
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return items_size(type, value, depth + 1, fault);
    case MR_AVRO_UNION:
        return union_size(type, value, depth + 1, fault);
    default:
        return mr_scalar_size(type, value, fault);
    }
}

static uint8_t *record_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out)
{
    for (size_t i = 0; i < type->field_count; i++) {
        out = mr_boxed_write(type->fields[i].type, &value->items[i], out);
    }
    return out;
}

static uint8_t *items_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out)
{
    const bool is_map = type->kind == MR_AVRO_MAP;

    if (value->size > 0) {
        out = mr_wire_put_long(out, value->size);
    }
    for (size_t i = 0; i < value->size; i++) {
        const struct mr_value *item = &value->items[is_map ? 2 * i + 1 : i];

        if (is_map) {
            out = mr_wire_put_bytes(out, mr_value_span(item - 1));
        }
        out = mr_boxed_write(type->item, item, out);
    }
    *out = 0;
    return out + 1;
}

uint8_t *mr_boxed_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out)
{
    size_t index;

    switch (type->kind) {
    case MR_AVRO_RECORD:
        return record_write(type, value, out);
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return items_write(type, value, out);
    case MR_AVRO_UNION:
        index = find_branch(type, value);
        out = mr_wire_put_long(out, (int64_t)index);
        return mr_boxed_write(type->branches[index], value, out);
    default:
        return mr_scalar_write(type, value, out);
    }
}
