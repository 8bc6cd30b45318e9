/* schema_internal.h - what the files of the schema model share: its insides and the parser's walk.
 *
 *     text -> jansson's tree -> parse_type (schema_parse.c) -> mr_type tree
 *                                  |-- named types (schema_named.c)
 *                                  `-- logical types (schema_logical.c)
 *     then: every default is checked against its type (schema_default.c)
 */
#ifndef MR_CODEC_SCHEMA_INTERNAL_H
#define MR_CODEC_SCHEMA_INTERNAL_H

#include "processors/core/codec/names.h"
#include "processors/core/codec/place.h"
#include "processors/core/codec/pool.h"
#include "processors/core/codec/schema.h"

/* Bounds on a schema that somebody else may have written. */
#define MR_SCHEMA_SIZE_MAX ((size_t)1 << 20)
#define MR_SCHEMA_DEPTH_MAX 128
#define MR_SCHEMA_NAME_SIZE_MAX 1024
#define MR_SCHEMA_FIXED_SIZE_MAX ((json_int_t)1 << 30)

struct mr_schema {
    struct mr_pool pool;
    json_t *json;          /* owned: the defaults are views into it */
    const char *text;      /* pool */
    const char *canonical; /* pool */
    const struct mr_type *root;
    const struct mr_type **named; /* pool; by id - 1 */
    size_t named_count;
    uint64_t fingerprint;
    int32_t id;
};

/* One parse. */
struct mr_parse {
    struct mr_schema *schema;
    struct mr_names names; /* full name -> struct mr_type */
    size_t named_room;
    struct mr_error *err;
};

/* Where the walk is, and the namespace that holds there. */
struct mr_scope {
    const struct mr_place *place;
    const char *space; /* "" is the null namespace */
};

#define MR_PARSE_FAIL(self, place, ...) mr_parse_fail((self), (place), __LINE__, __VA_ARGS__)
enum mr_code mr_parse_fail(const struct mr_parse *self, const struct mr_place *place, int line,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
enum mr_code mr_parse_no_room(const struct mr_parse *self);

enum mr_code mr_parse_type(struct mr_parse *self, const json_t *json, const struct mr_scope *scope,
                           const struct mr_type **type);
/* {"type": "record" | "enum" | "fixed", ...} */
enum mr_code mr_parse_named(struct mr_parse *self, const json_t *json, enum mr_avro kind,
                            const struct mr_scope *scope, const struct mr_type **type);
/* Sets logical, precision and scale. What the specification does not know, or does not allow there,
 * is ignored, as it says. */
void mr_parse_logical(const json_t *json, struct mr_type *type);
/* All defaults of the schema, once its types are complete. */
enum mr_code mr_parse_defaults(const struct mr_parse *self);

/* A primitive's kind by its name; false: not a primitive. */
bool mr_primitive_find(const char *name, enum mr_avro *kind);
/* The shared, immutable type of a primitive without a logical type. */
const struct mr_type *mr_primitive_type(enum mr_avro kind);
const char *mr_avro_word(enum mr_avro kind);

bool mr_name_is_valid(const char *name);      /* one part: [A-Za-z_][A-Za-z0-9_]* */
bool mr_name_full_is_valid(const char *name); /* parts with dots between */
/* "space.name", or name alone where it has a dot or space is "". NULL: no memory. */
const char *mr_name_full(struct mr_pool *pool, const char *space, const char *name);
/* What follows the last dot. */
const char *mr_name_tail(const char *full);

size_t mr_schema_named_count(const struct mr_schema *schema);

/* Fills schema->canonical and ->fingerprint. */
enum mr_code mr_schema_canonize(struct mr_schema *schema, struct mr_error *err);

#endif
