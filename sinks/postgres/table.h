/* table.h - what a table is made of: which columns, from which fields of a topic's records.
 *
 * By default a record is flattened: each leaf is a column, named by its path; what lies in
 * `subject` goes without that word, what lies in a stamp has the stamp before it:
 *
 *     subject.price            price
 *     origin.event_time        origin_event_time
 *     detection.price.score    detection_price_score
 *
 * A list of plain values is an array; maps, unions and lists of anything else are jsonb. With
 * `columns` the table has exactly those, each from a path or from the record itself: record.key,
 * record.timestamp, record.partition, record.offset.
 */
#ifndef MR_SINKS_POSTGRES_TABLE_H
#define MR_SINKS_POSTGRES_TABLE_H

#include "processors/core/codec/layout.h"
#include "processors/core/config/option.h"
#include "processors/core/stage/sink.h"
#include "sinks/postgres/binary.h"

#define MR_PG_NAME_MAX 63 /* the server cuts off what is longer */
#define MR_PG_COLUMNS_MAX 1500

enum mr_pg_mode { MR_PG_APPEND, MR_PG_UPSERT };

/* One item of `tables`. */
struct mr_pg_table_settings {
    const char *stage;
    const char *table;
    int mode;
    struct mr_texts key;
    const char *newest;
    const struct mr_node *columns;
    struct mr_texts drop;
};
extern const struct mr_option mr_pg_table_options[];

enum mr_pg_place { MR_PG_FIELD, MR_PG_KEY, MR_PG_STAMP, MR_PG_PARTITION, MR_PG_OFFSET };

struct mr_pg_column {
    const char *name; /* arena */
    const char *path; /* arena; "subject.price": for messages */
    enum mr_pg_place place;
    uint32_t slot; /* FIELD */
    const struct mr_type *type;
    struct mr_pg_form form; /* once the table's own types are known */
    bool is_key;
};

struct mr_pg_table {
    struct mr_pg_table_settings settings;
    const struct mr_sink_input *input; /* borrowed */
    struct mr_place where;             /* in the pipeline's file */
    struct mr_pg_column *columns;      /* arena */
    size_t column_count;
    struct mr_pg_column *newest; /* or NULL */
    size_t index;                /* among the sink's tables: names the staging table */
    /* SQL, made once (sql.h); arena */
    const char *name;     /* quoted: "public"."prices" */
    const char *try_head; /* everything up to the first ordinal of a merge; of append: all of it */
    const char *try_tail; /* and what follows; NULL: append */
    const char *staging;  /* makes the staging table of this session; NULL: append */
    const char *explain;  /* plans the merge, which finds a key without an index; NULL: append */
};

/* The stages that `tables` names, NULL-terminated; NULL: no room. */
const char *const *mr_pg_table_stages(const struct mr_node *tables, struct mr_arena *arena);

/* Where problems go, and what they are about. */
struct mr_pg_tables {
    struct mr_report *report;
    struct mr_arena *arena;
    struct mr_pg_table *items; /* arena; parallel to the inputs */
    size_t count;
};

/* Reads `tables` and resolves every column against the inputs' schemas; asks the layouts for
 * slots. All problems go to the report; then MR_BAD_CONFIG. */
enum mr_code mr_pg_tables_read(struct mr_pg_tables *tables, const struct mr_node *node,
                               struct mr_sink_input *inputs, size_t input_count,
                               struct mr_error *err);

/* Fills table->columns (columns.c). false: a problem was reported. */
bool mr_pg_columns_find(const struct mr_pg_tables *tables, struct mr_pg_table *table);

#endif
