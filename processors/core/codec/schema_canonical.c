#include "processors/core/codec/schema_internal.h"

#include <stdio.h>
#include <string.h>

/* The canonical form is written twice: first without a buffer, to learn its size. */
struct canon {
    char *out; /* pool, or NULL */
    size_t size;
    bool *seen; /* pool; by type id: the first time a type is written whole */
};

static void put(struct canon *self, const char *text)
{
    const size_t size = strlen(text);

    if (self->out != NULL) {
        memcpy(self->out + self->size, text, size);
    }
    self->size += size;
}

static void put_quoted(struct canon *self, const char *text)
{
    put(self, "\"");
    put(self, text);
    put(self, "\"");
}

static void put_type(struct canon *self, const struct mr_type *type);

static void put_fields(struct canon *self, const struct mr_type *type)
{
    put(self, ",\"fields\":[");
    for (size_t i = 0; i < type->field_count; i++) {
        put(self, i == 0 ? "{\"name\":" : ",{\"name\":");
        put_quoted(self, type->fields[i].name);
        put(self, ",\"type\":");
        put_type(self, type->fields[i].type);
        put(self, "}");
    }
    put(self, "]}");
}

static void put_symbols(struct canon *self, const struct mr_type *type)
{
    put(self, ",\"symbols\":[");
    for (size_t i = 0; i < type->symbol_count; i++) {
        put(self, i == 0 ? "" : ",");
        put_quoted(self, type->symbols[i]);
    }
    put(self, "]}");
}

static void put_named(struct canon *self, const struct mr_type *type)
{
    char size[32];

    if (self->seen[type->id]) {
        put_quoted(self, type->name);
        return;
    }
    self->seen[type->id] = true;
    put(self, "{\"name\":");
    put_quoted(self, type->name);
    put(self, ",\"type\":");
    put_quoted(self, mr_avro_word(type->kind));
    if (type->kind == MR_AVRO_RECORD) {
        put_fields(self, type);
    } else if (type->kind == MR_AVRO_ENUM) {
        put_symbols(self, type);
    } else {
        (void)snprintf(size, sizeof(size), ",\"size\":%zu}", type->size);
        put(self, size);
    }
}

static void put_union(struct canon *self, const struct mr_type *type)
{
    put(self, "[");
    for (size_t i = 0; i < type->branch_count; i++) {
        put(self, i == 0 ? "" : ",");
        put_type(self, type->branches[i]);
    }
    put(self, "]");
}

static void put_type(struct canon *self, const struct mr_type *type)
{
    switch (type->kind) {
    case MR_AVRO_RECORD:
    case MR_AVRO_ENUM:
    case MR_AVRO_FIXED:
        put_named(self, type);
        break;
    case MR_AVRO_UNION:
        put_union(self, type);
        break;
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        put(self, type->kind == MR_AVRO_ARRAY ? "{\"type\":\"array\",\"items\":"
                                              : "{\"type\":\"map\",\"values\":");
        put_type(self, type->item);
        put(self, "}");
        break;
    default:
        put_quoted(self, mr_avro_word(type->kind));
    }
}

/* CRC-64-AVRO, bit by bit: the polynomial is its own value for the empty text. A schema is
 * fingerprinted once. */
static uint64_t crc64(const char *text, size_t size)
{
    const uint64_t empty = UINT64_C(0xc15d213aa4d7a795);
    uint64_t crc = empty;

    for (size_t i = 0; i < size; i++) {
        crc ^= (uint8_t)text[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (empty & (0 - (crc & 1)));
        }
    }
    return crc;
}

enum mr_code mr_schema_canonize(struct mr_schema *schema, struct mr_error *err)
{
    bool *seen = mr_pool_take(&schema->pool, schema->named_count + 1, sizeof(*seen));
    struct canon canon = {NULL, 0, seen};
    char *out;

    if (seen == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema");
    }
    put_type(&canon, schema->root);
    out = mr_pool_take(&schema->pool, canon.size + 1, 1);
    if (out == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema");
    }
    memset(seen, 0, (schema->named_count + 1) * sizeof(*seen));
    canon = (struct canon){out, 0, seen};
    put_type(&canon, schema->root);
    schema->canonical = out;
    schema->fingerprint = crc64(out, canon.size);
    return MR_OK;
}
