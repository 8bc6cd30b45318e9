#include "processors/core/codec/encode.h"

#include "processors/core/codec/encode_internal.h"
#include "processors/core/codec/pool.h"
#include "processors/core/codec/wire.h"

#include <stdlib.h>

#define ENCODER_LEAVES_MAX 65536
#define ENCODER_DEPTH_MAX 32

/* What most leaves are is decided once. */
enum leaf_code {
    LEAF_LONG,
    LEAF_DOUBLE,
    LEAF_STRING,
    LEAF_BOOLEAN,
    LEAF_ENUM, /* of few symbols */
    LEAF_MILLIS,
    LEAF_OTHER
};

#define FEW_SYMBOLS 64 /* so that an index is one byte, and a search short */

struct leaf {
    const struct mr_type *type;    /* borrowed; as the schema has it */
    const struct mr_type *inner;   /* of a union with null, the other branch; else type */
    const char *name;              /* pool */
    const struct mr_span *symbols; /* pool; ENUM */
    enum leaf_code code;           /* of inner */
    int null_branch;               /* or -1 */
};

struct mr_encoder {
    struct mr_pool pool;
    struct leaf *leaves; /* pool */
    size_t count, room;
    size_t visits; /* of types, while it is made: records without fields are no leaves */
};

static enum mr_code no_room(struct mr_error *err)
{
    return MR_FAIL(err, MR_NO_ROOM, "no memory for an encoder");
}

static enum leaf_code leaf_code(const struct mr_type *type)
{
    switch (type->kind) {
    case MR_AVRO_LONG:
        if (type->logical == MR_LOGICAL_TIMESTAMP_MILLIS) {
            return LEAF_MILLIS;
        }
        return type->logical == MR_LOGICAL_NONE ? LEAF_LONG : LEAF_OTHER;
    case MR_AVRO_BOOLEAN:
        return LEAF_BOOLEAN;
    case MR_AVRO_ENUM:
        return type->symbol_count <= FEW_SYMBOLS ? LEAF_ENUM : LEAF_OTHER;
    case MR_AVRO_DOUBLE:
        return LEAF_DOUBLE;
    case MR_AVRO_STRING:
        return LEAF_STRING;
    default:
        return LEAF_OTHER;
    }
}

static bool grow(struct mr_encoder *self)
{
    const size_t room = self->room == 0 ? 16 : self->room * 2;
    struct leaf *leaves = mr_pool_take(&self->pool, room, sizeof(*leaves));

    if (leaves == NULL) {
        return false;
    }
    if (self->count > 0) {
        memcpy(leaves, self->leaves, self->count * sizeof(*leaves));
    }
    self->leaves = leaves;
    self->room = room;
    return true;
}

static const struct mr_span *symbols_of(struct mr_pool *pool, const struct mr_type *type)
{
    struct mr_span *symbols = mr_pool_take(pool, type->symbol_count, sizeof(*symbols));

    for (size_t i = 0; i < type->symbol_count && symbols != NULL; i++) {
        symbols[i] = mr_span_text(type->symbols[i]);
    }
    return symbols;
}

static enum mr_code add_leaf(struct mr_encoder *self, const struct mr_type *type, const char *name,
                             struct mr_error *err)
{
    struct leaf leaf = {.type = type, .inner = type, .name = name, .null_branch = -1};

    if (self->count == ENCODER_LEAVES_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: more than %d fields", name, ENCODER_LEAVES_MAX);
    }
    if (self->count == self->room && !grow(self)) {
        return no_room(err);
    }
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        leaf.null_branch = type->null_branch;
        leaf.inner = type->branches[1 - type->null_branch];
    }
    leaf.code = leaf_code(leaf.inner);
    leaf.symbols = symbols_of(&self->pool, leaf.inner);
    if (leaf.symbols == NULL) {
        return no_room(err);
    }
    self->leaves[self->count++] = leaf;
    return MR_OK;
}

/* "outer.field" */
static const char *inner_name(struct mr_pool *pool, const char *outer, const char *field)
{
    const size_t outer_size = strlen(outer), field_size = strlen(field);
    char *name = mr_pool_take(pool, outer_size + field_size + 2, 1);

    if (name == NULL) {
        return NULL;
    }
    memcpy(name, outer, outer_size);
    name[outer_size] = '.';
    memcpy(name + outer_size + (outer_size > 0), field, field_size + 1);
    return name;
}

static enum mr_code add_type(struct mr_encoder *self, const struct mr_type *type, const char *name,
                             unsigned depth, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (type->kind != MR_AVRO_RECORD) {
        return add_leaf(self, type, name, err);
    }
    if (depth == ENCODER_DEPTH_MAX || self->visits++ == ENCODER_LEAVES_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: nested deeper than %d records, or too many", name,
                       ENCODER_DEPTH_MAX);
    }
    for (size_t i = 0; i < type->field_count && code == MR_OK; i++) {
        const char *inner = inner_name(&self->pool, name, type->fields[i].name);

        code = inner == NULL ? no_room(err)
                             : add_type(self, type->fields[i].type, inner, depth + 1, err);
    }
    return code;
}

enum mr_code mr_encoder_new(const struct mr_schema *schema, struct mr_encoder **encoder,
                            struct mr_error *err)
{
    struct mr_encoder *self = calloc(1, sizeof(*self));
    enum mr_code code;

    *encoder = NULL;
    if (self == NULL) {
        return no_room(err);
    }
    code = add_type(self, mr_schema_root(schema), "", 0, err);
    if (code != MR_OK) {
        mr_encoder_free(self);
        return code;
    }
    *encoder = self;
    return MR_OK;
}

void mr_encoder_free(struct mr_encoder *encoder)
{
    if (encoder != NULL) {
        mr_pool_clear(&encoder->pool);
        free(encoder);
    }
}

size_t mr_encoder_leaf_count(const struct mr_encoder *encoder)
{
    return encoder->count;
}

const char *mr_encoder_leaf_name(const struct mr_encoder *encoder, size_t index)
{
    MR_ASSERT(index < encoder->count);
    return encoder->leaves[index].name;
}

const struct mr_type *mr_encoder_leaf_type(const struct mr_encoder *encoder, size_t index)
{
    MR_ASSERT(index < encoder->count);
    return encoder->leaves[index].type;
}

/* The index of a symbol; symbol_count when there is none. */
static inline size_t find_symbol(const struct leaf *leaf, const struct mr_value *value)
{
    size_t i = 0;

    while (i < leaf->inner->symbol_count &&
           !(leaf->symbols[i].size == value->size && leaf->symbols[i].data[0] == value->data[0] &&
             memcmp(leaf->symbols[i].data, value->data, value->size) == 0)) {
        i++;
    }
    return i;
}

/* INT64_MIN when it does not fit, or might not: then the slow way decides. */
static inline int64_t millis_of(const struct mr_value *value)
{
    const int64_t most = INT64_MAX / 1000 - 1;

    if (value->number > most || value->number < -most) {
        return INT64_MIN;
    }
    return value->number * 1000 + value->size / 1000000U;
}

/* The usual value of the usual leaf in line; MR_ENCODE_BAD for all else: then the type decides. */
MR_WIRE_INLINE size_t usual_size(const struct leaf *leaf, const struct mr_value *value)
{
    static const uint8_t usual_kind[] = {
        [LEAF_LONG] = MR_KIND_INT,      [LEAF_DOUBLE] = MR_KIND_DOUBLE,
        [LEAF_STRING] = MR_KIND_STRING, [LEAF_BOOLEAN] = MR_KIND_BOOL,
        [LEAF_ENUM] = MR_KIND_STRING,   [LEAF_MILLIS] = MR_KIND_TIMESTAMP,
        [LEAF_OTHER] = UINT8_MAX};

    if (value->kind != usual_kind[leaf->code]) {
        return MR_ENCODE_BAD;
    }
    switch (leaf->code) {
    case LEAF_LONG:
        return mr_wire_long_size(value->number);
    case LEAF_DOUBLE:
        return 8;
    case LEAF_STRING:
        return mr_wire_is_utf8(mr_value_span(value)) ? mr_wire_long_size(value->size) + value->size
                                                     : MR_ENCODE_BAD;
    case LEAF_BOOLEAN:
        return 1;
    case LEAF_ENUM:
        return find_symbol(leaf, value) < leaf->inner->symbol_count ? 1 : MR_ENCODE_BAD;
    default:
        return millis_of(value) != INT64_MIN ? mr_wire_long_size(millis_of(value)) : MR_ENCODE_BAD;
    }
}

MR_WIRE_INLINE size_t inner_size(const struct leaf *leaf, const struct mr_value *value,
                                 const char **fault)
{
    const size_t size = usual_size(leaf, value);

    return MR_WIRE_LIKELY(size != MR_ENCODE_BAD) ? size
                                                 : mr_boxed_size(leaf->inner, value, 0, fault);
}

MR_WIRE_INLINE size_t leaf_size(const struct leaf *leaf, const struct mr_value *value,
                                const char **fault)
{
    size_t size;

    if (leaf->null_branch < 0) {
        return inner_size(leaf, value, fault);
    }
    if (value->kind == MR_KIND_NULL) {
        return 1;
    }
    size = inner_size(leaf, value, fault);
    return size == MR_ENCODE_BAD ? size : size + 1;
}

size_t mr_encoder_size(const struct mr_encoder *encoder, const struct mr_value *leaves,
                       const char **fault, size_t *leaf)
{
    size_t total = 0;

    *fault = NULL;
    for (size_t i = 0; i < encoder->count; i++) {
        const size_t size = leaf_size(&encoder->leaves[i], &leaves[i], fault);

        if (!MR_WIRE_LIKELY(size != MR_ENCODE_BAD)) {
            *leaf = i;
            return 0;
        }
        total += size;
    }
    return total;
}

static inline uint8_t *inner_write(const struct leaf *leaf, const struct mr_value *value,
                                   uint8_t *out)
{
    switch (leaf->code) {
    case LEAF_STRING:
        return mr_wire_put_bytes(out, mr_value_span(value));
    case LEAF_LONG:
        return mr_wire_put_long(out, value->number);
    case LEAF_DOUBLE:
        if (MR_WIRE_LIKELY(value->kind == MR_KIND_DOUBLE)) {
            return mr_wire_put_double(out, value->real);
        }
        return mr_boxed_write(leaf->inner, value, out);
    case LEAF_BOOLEAN:
        *out = value->number != 0;
        return out + 1;
    case LEAF_ENUM:
        *out = (uint8_t)(2 * find_symbol(leaf, value));
        return out + 1;
    case LEAF_MILLIS:
        if (MR_WIRE_LIKELY(millis_of(value) != INT64_MIN)) {
            return mr_wire_put_long(out, millis_of(value));
        }
        return mr_boxed_write(leaf->inner, value, out);
    default:
        return mr_boxed_write(leaf->inner, value, out);
    }
}

static inline uint8_t *leaf_write(const struct leaf *leaf, const struct mr_value *value,
                                  uint8_t *out)
{
    if (leaf->null_branch >= 0) {
        const bool is_null = value->kind == MR_KIND_NULL;

        *out++ = (uint8_t)(2 * (is_null ? leaf->null_branch : 1 - leaf->null_branch));
        if (is_null) {
            return out;
        }
    }
    return inner_write(leaf, value, out);
}

uint8_t *mr_encoder_write(const struct mr_encoder *encoder, const struct mr_value *leaves,
                          uint8_t *out)
{
    for (size_t i = 0; i < encoder->count; i++) {
        out = leaf_write(&encoder->leaves[i], &leaves[i], out);
    }
    return out;
}
