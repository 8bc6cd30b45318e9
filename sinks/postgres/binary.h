/* binary.h - values in the binary format of Postgres' COPY.
 *
 *     "PGCOPY\n\377\r\n\0"  flags: int32 0  extension: int32 0
 *     row:  int16 columns, then of each: int32 size (-1: null), bytes
 *     end:  int16 -1
 *
 * Everything is in network order. What the bytes of a type are is what its receive function in the
 * server reads: times count microseconds from 2000-01-01, a numeric is digits to
 * the base of 10,000, an array its dimensions and then its items as columns are.
 * The format has no types in it: a column's bytes must be those of the type that
 * the table has, so a form is chosen by both, the Avro type and the column's.
 *
 * A buffer has a maximum; what does not fit sets is_full and is not written.
 */
#ifndef MR_SINKS_POSTGRES_BINARY_H
#define MR_SINKS_POSTGRES_BINARY_H

#include "processors/core/base/arena.h"
#include "processors/core/base/value.h"
#include "processors/core/codec/schema.h"

#define MR_PG_HEAD_SIZE 19
extern const uint8_t mr_pg_head[MR_PG_HEAD_SIZE];

struct mr_pg_buffer {
    uint8_t *data; /* owned by who made it */
    size_t size, room;
    bool is_full;
};

void mr_pg_put_int16(struct mr_pg_buffer *out, int16_t number);
void mr_pg_put_int32(struct mr_pg_buffer *out, int32_t number);
void mr_pg_put_int64(struct mr_pg_buffer *out, int64_t number);
void mr_pg_put_bytes(struct mr_pg_buffer *out, struct mr_span bytes);

/* What a column can be made of. */
enum mr_pg_source {
    MR_PG_BOOL,
    MR_PG_INT,
    MR_PG_LONG,
    MR_PG_FLOAT,
    MR_PG_DOUBLE,
    MR_PG_TEXT,
    MR_PG_BYTES,
    MR_PG_UUID,
    MR_PG_DECIMAL,
    MR_PG_DATE,
    MR_PG_TIME,
    MR_PG_TIMESTAMP,
    MR_PG_LOCAL_TIMESTAMP,
    MR_PG_INTERVAL,
    MR_PG_LIST, /* of one of the above */
    MR_PG_JSON  /* maps, records, unions, lists of those */
};

/* The server's numbers of its own types; they never change. */
enum mr_pg_oid {
    MR_PG_OID_BOOL = 16,
    MR_PG_OID_BYTEA = 17,
    MR_PG_OID_INT8 = 20,
    MR_PG_OID_INT2 = 21,
    MR_PG_OID_INT4 = 23,
    MR_PG_OID_TEXT = 25,
    MR_PG_OID_JSON = 114,
    MR_PG_OID_FLOAT4 = 700,
    MR_PG_OID_FLOAT8 = 701,
    MR_PG_OID_BPCHAR = 1042,
    MR_PG_OID_VARCHAR = 1043,
    MR_PG_OID_DATE = 1082,
    MR_PG_OID_TIME = 1083,
    MR_PG_OID_TIMESTAMP = 1114,
    MR_PG_OID_TIMESTAMPTZ = 1184,
    MR_PG_OID_INTERVAL = 1186,
    MR_PG_OID_NUMERIC = 1700,
    MR_PG_OID_UUID = 2950,
    MR_PG_OID_JSONB = 3802
};

struct mr_pg_form;

/* Writes the bytes of a value that is not null, without their size. NULL: done, or is_full; else
 * why the value cannot be one of the column. */
typedef const char *mr_pg_put(struct mr_pg_buffer *out, const struct mr_pg_form *form,
                              const struct mr_value *value, struct mr_arena *arena);

struct mr_pg_form {
    mr_pg_put *put;
    mr_pg_put *item_put;        /* of a list */
    uint32_t item_oid;          /* of a list */
    const struct mr_type *type; /* borrowed, without the null of its union */
};

/* A type without the null that a union allows. */
const struct mr_type *mr_pg_base(const struct mr_type *type);
enum mr_pg_source mr_pg_source_of(const struct mr_type *type);
/* What a column for it is called in SQL: "double precision", "numeric(10,2)", "text[]". */
const char *mr_pg_sql_type(const struct mr_type *type, char out[64]);

/* The form of a type in a column of type oid; item_oid: of the items of an array, else 0. false:
 * such a column cannot hold it. */
bool mr_pg_form_of(const struct mr_type *type, uint32_t oid, uint32_t item_oid,
                   struct mr_pg_form *form);

/* One column: its size and its bytes. NULL: done, or is_full. Else the reason, a literal:
 * text_has_nul, number_out_of_range, timestamp_out_of_range, uuid_malformed, no_room. */
const char *mr_pg_put_column(struct mr_pg_buffer *out, const struct mr_pg_form *form,
                             const struct mr_value *value, struct mr_arena *arena);

#endif
