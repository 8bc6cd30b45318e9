/* schema.h - an Avro schema as a tree of types.
 *
 * Parsed from JSON text (Avro 1.11/1.12 specification): names and namespaces,
 * aliases, defaults, docs, logical types. A schema owns its tree; types are
 * borrowed from it and immutable, so any thread may read them. Recursive types
 * are cycles in the tree: walk with a depth bound.
 *
 * Its id, without a registry: the first 31 bits of the SHA-256 of its text. So
 * an id is the same in every process, on every machine, for ever.
 */
#ifndef MR_CODEC_SCHEMA_H
#define MR_CODEC_SCHEMA_H

#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <jansson.h>

enum mr_avro {
    MR_AVRO_NULL,
    MR_AVRO_BOOLEAN,
    MR_AVRO_INT,
    MR_AVRO_LONG,
    MR_AVRO_FLOAT,
    MR_AVRO_DOUBLE,
    MR_AVRO_BYTES,
    MR_AVRO_STRING,
    MR_AVRO_RECORD,
    MR_AVRO_ENUM,
    MR_AVRO_ARRAY,
    MR_AVRO_MAP,
    MR_AVRO_UNION,
    MR_AVRO_FIXED
};

enum mr_logical {
    MR_LOGICAL_NONE,
    MR_LOGICAL_DECIMAL,
    MR_LOGICAL_UUID,
    MR_LOGICAL_DATE,
    MR_LOGICAL_TIME_MILLIS,
    MR_LOGICAL_TIME_MICROS,
    MR_LOGICAL_TIMESTAMP_MILLIS,
    MR_LOGICAL_TIMESTAMP_MICROS,
    MR_LOGICAL_TIMESTAMP_NANOS,
    MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS,
    MR_LOGICAL_LOCAL_TIMESTAMP_MICROS,
    MR_LOGICAL_LOCAL_TIMESTAMP_NANOS,
    MR_LOGICAL_DURATION
};

struct mr_type;

struct mr_field {
    const char *name;
    const struct mr_type *type;
    const char *doc;        /* or NULL */
    const json_t *fallback; /* the default, or NULL: none */
    const char **aliases;
    size_t alias_count;
};

struct mr_type {
    enum mr_avro kind;
    enum mr_logical logical;
    uint16_t id;      /* of a record, enum or fixed: 1.. in the order of the text; else 0 */
    const char *name; /* full name of a record, enum or fixed: "grocery.Price"; else NULL */
    const char **aliases;
    size_t alias_count;
    const struct mr_field *fields; /* RECORD */
    size_t field_count;
    const char **symbols; /* ENUM */
    size_t symbol_count;
    const char *symbol_fallback;     /* ENUM: its default, or NULL */
    const struct mr_type *item;      /* ARRAY, MAP */
    const struct mr_type **branches; /* UNION */
    size_t branch_count;
    size_t size;          /* FIXED, bytes */
    int precision, scale; /* DECIMAL */
    int null_branch; /* UNION ["null", T] or [T, "null"]: the index of null; -1: no such union */
};

struct mr_schema;

/* Owned: mr_schema_free(). MR_BAD_CONFIG says what and where ("fields[3].type: ..."). */
enum mr_code mr_schema_parse(struct mr_span json, struct mr_schema **schema, struct mr_error *err);
enum mr_code mr_schema_load(const char *path, struct mr_schema **schema, struct mr_error *err);
void mr_schema_free(struct mr_schema *schema); /* NULL is fine */

const struct mr_type *mr_schema_root(const struct mr_schema *schema);
/* The named type of an id (mr_type.id, a RECORD value's aux); NULL: there is none. */
const struct mr_type *mr_schema_type(const struct mr_schema *schema, uint16_t id);
const char *mr_schema_text(const struct mr_schema *schema); /* compact JSON, keys as written */
int32_t mr_schema_id(const struct mr_schema *schema);
/* Parsing canonical form; NUL-terminated, owned by schema. */
const char *mr_schema_canonical(const struct mr_schema *schema);
uint64_t mr_schema_fingerprint(const struct mr_schema *schema); /* CRC-64-AVRO of it */

/* The other two fingerprints of the specification, of the canonical form as well. */
struct mr_digest mr_schema_sha256(const struct mr_schema *schema);
void mr_schema_md5(const struct mr_schema *schema, uint8_t out[16]);

/* What a type is called in messages: "string", "grocery.Price", "array of long". */
const char *mr_type_words(const struct mr_type *type, char out[128]);

/* The schema of a topic: a record `name` (in namespace) with one field for each part, in order: the
 * subject and then the stamps. Named types that occur in several parts are written once. */
struct mr_schema_part {
    const char *field; /* "subject", "origin", "validation", ... */
    const struct mr_schema *schema;
};
enum mr_code mr_schema_compose(const char *name, const char *space,
                               const struct mr_schema_part *parts, size_t part_count,
                               struct mr_schema **schema, struct mr_error *err);

#endif
