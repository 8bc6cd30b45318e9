/* node.h - one type as the writer wrote it and the reader wants it: what resolution makes.
 *
 * A tree that mirrors the two schemas (with cycles where they are recursive).
 * Scalars carry a struct mr_op, the same that stands in a plan's flat list, so
 * that a value is read by one function wherever it occurs. A node whose reader
 * is NULL is only skipped.
 *
 * Immutable once resolved; lies in the pool of its plan.
 */
#ifndef MR_CODEC_NODE_H
#define MR_CODEC_NODE_H

#include "processors/core/base/value.h"
#include "processors/core/codec/place.h"
#include "processors/core/codec/pool.h"
#include "processors/core/codec/schema.h"
#include "processors/core/codec/wire.h"

enum mr_op_code {
    /* The frequent ones, read in line. */
    MR_OP_NULL,
    MR_OP_BOOLEAN,
    MR_OP_INT,
    MR_OP_LONG,
    MR_OP_FLOAT,
    MR_OP_DOUBLE,
    MR_OP_BYTES,
    MR_OP_STRING,
    MR_OP_ENUM,
    MR_OP_FIXED,
    MR_OP_TIMESTAMP_MILLIS,
    MR_OP_SKIP_VARINT,
    MR_OP_SKIP_BYTES,
    MR_OP_SKIP_FIXED,
    /* The others. */
    MR_OP_TIMESTAMP_MICROS,
    MR_OP_TIMESTAMP_NANOS,
    MR_OP_DATE,
    MR_OP_TIME_MILLIS,
    MR_OP_TIME_MICROS,
    MR_OP_DECIMAL,
    MR_OP_DECIMAL_FIXED,
    MR_OP_LONG_TO_FLOAT, /* an int's or a long's varint, wanted as float */
    MR_OP_LONG_TO_DOUBLE,
    MR_OP_RECORD,
    MR_OP_ARRAY,
    MR_OP_MAP,
    MR_OP_UNION,
    MR_OP_UNREADABLE, /* a branch that the reader has no place for */
    /* In a plan's list only. */
    MR_OP_FLOW,
    MR_OP_OPTIONAL = MR_OP_FLOW, /* the next op reads the value, if there is one, to its slot */
    MR_OP_SKIP_OPTIONAL,         /* the next op skips it, if there is one */
    MR_OP_BRANCH,                /* null: go to target */
    MR_OP_JUMP,
    MR_OP_CONSTANT,
    MR_OP_PEEK,    /* read a node, stay before it */
    MR_OP_EXTRACT, /* read a node, take parts of it */
    MR_OP_END
};

struct mr_symbols {
    size_t count;
    struct mr_span *names; /* pool; by the writer's index; no data: the reader has no such symbol */
};

struct mr_node;
struct mr_extract;

struct mr_op {
    uint8_t code;
    uint8_t null_branch; /* OPTIONAL, BRANCH */
    uint16_t scale;      /* DECIMAL */
    uint32_t slot;
    union {
        size_t size; /* FIXED, SKIP_FIXED, DECIMAL_FIXED */
        size_t target;
        const struct mr_symbols *symbols;
        const struct mr_node *node;
        const struct mr_value *constant;
        const struct mr_extract *extract;
    };
};

#define MR_NODE_NO_TARGET UINT32_MAX

struct mr_node {
    struct mr_op op;
    const struct mr_type *writer, *reader; /* borrowed; reader NULL: skipped */
    const struct mr_node **items;          /* pool; by field, by branch; one of an array or map */
    uint32_t *targets;          /* pool; RECORD: the reader's field of each of the writer's */
    size_t count;               /* of items */
    size_t width;               /* RECORD: the reader's fields */
    struct mr_value *fallbacks; /* pool; RECORD: width values, the defaults in place; or NULL */
    struct mr_node *next;       /* of the same writer: how a recursion finds its node */
    size_t least;               /* the fewest bytes it takes */
};

/* One resolution: what it reports to and takes memory from. */
struct mr_resolve {
    struct mr_pool *pool;
    struct mr_node **by_writer; /* pool; records, by the type id of what is written */
    struct mr_error *err;
};

/* The node of a pair; MR_BAD_CONFIG with path and reason when it does not resolve. reader NULL: to
 * be skipped. */
enum mr_code mr_resolve_node(struct mr_resolve *self, const struct mr_type *writer,
                             const struct mr_type *reader, const struct mr_place *place,
                             const struct mr_node **node);
enum mr_code mr_resolve_no_room(const struct mr_resolve *self);

/* The op of a scalar pair; false: they do not resolve, *why says how (literal). */
bool mr_resolve_scalar(struct mr_resolve *self, const struct mr_type *writer,
                       const struct mr_type *reader, struct mr_op *op, const char **why);
/* Unqualified names agree, or an alias of the reader says so; true for what has no name. */
bool mr_resolve_names(const struct mr_type *writer, const struct mr_type *reader);
/* Is what is written as one scalar kind read as the other, perhaps promoted? */
bool mr_resolve_kinds(enum mr_avro writer, enum mr_avro reader);
/* The reader's field that takes a field of the writer: by name, else by alias; MR_NODE_NO_TARGET.
 */
uint32_t mr_resolve_field(const struct mr_type *reader, const char *name);
/* The op that skips what is not composite. */
struct mr_op mr_skip_scalar(const struct mr_type *writer);

/* A field's default as a value in pool. */
enum mr_code mr_resolve_fallback(struct mr_resolve *self, const struct mr_field *field,
                                 const struct mr_place *place, struct mr_value *value);

/* JSON as defaults are written (unions bare: the first branch that fits) to a datum in arena. */
enum mr_code mr_default_write(const struct mr_type *type, const json_t *json,
                              struct mr_arena *arena, struct mr_span *datum, struct mr_error *err);

/* Reading, skipping: see wire.h for what is returned. */
const uint8_t *mr_node_read(const struct mr_node *node, const uint8_t *at, struct mr_input *input,
                            struct mr_value *value);
const uint8_t *mr_node_skip(const struct mr_node *node, const uint8_t *at, struct mr_input *input);
/* An int or a long by its own logical type. */
const uint8_t *mr_time_read(const struct mr_type *type, const uint8_t *at, struct mr_input *input,
                            struct mr_value *value);
/* The codes after MR_OP_SKIP_FIXED; composites by way of op->node. */
const uint8_t *mr_op_read_rare(const struct mr_op *op, const uint8_t *at, struct mr_input *input,
                               struct mr_value *value);

#endif
