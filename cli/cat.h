/* cat.h - what the files of `millrace cat` share.
 *
 *     source (topic or container file) --> item --> view of its schema --> sink
 *
 * A view is one schema with what was asked of it: the condition of --where and the
 * columns of --fields, compiled once, so that a record is decoded only where
 * somebody looks. Metadata of a record are values like any other: record.key,
 * record.offset, record.partition, record.time.
 *
 * Everything here belongs to the one thread of the command; what is found wrong
 * with a record goes out with the record, since it may be just what is looked for.
 */
#ifndef MR_CLI_CAT_H
#define MR_CLI_CAT_H

#include "cli/verb.h"
#include "processors/core/codec/container.h"
#include "processors/core/codec/json_out.h"
#include "processors/core/kafka/browse.h"
#include "processors/core/registry/registry.h"

#define CAT_COLUMNS_MAX 64

/* One record, whatever it comes from; borrowed until the next one. */
struct cat_item {
    int32_t partition;         /* -1: of a file */
    int64_t offset;            /* in a file: from 0 */
    int64_t timestamp_ms;      /* -1: none */
    struct mr_span key, value; /* data NULL: none */
    const struct mr_header *headers;
    size_t header_count;
    const struct mr_schema *schema; /* of datum; NULL: fault says why there is none */
    struct mr_span datum;
    const char *fault; /* literal */
};

struct cat_form {
    const char *where; /* or NULL */
    const char *fields[CAT_COLUMNS_MAX];
    size_t field_count;
    bool has_key, has_headers, has_place; /* told beside the value */
    bool is_table;
};

/* cat_place.c: beginning, end, 120, -100, 2026-03-01T05:10:00Z, 2026-03-01, -90m. */
enum mr_code cat_place_parse(const char *flag, const char *text, int64_t now_ms,
                             struct mr_browse_place *place, struct mr_error *err);

/* cat_source.c */
struct cat_source;

struct cat_source_spec {
    const char *name;              /* a file's, else a topic's or (with a pipeline) a stage's */
    const char *pipeline;          /* its file; or NULL */
    const char *bootstrap;         /* or NULL: the pipeline's */
    const char *const *properties; /* "name=value", of the Kafka client */
    size_t property_count;
    const char *schema;           /* its file: of every record; or NULL */
    const char *registry;         /* its address or settings; or NULL */
    struct mr_browse_spec browse; /* of a topic; but for its name */
    const struct mr_log *log;
    struct mr_report *report;
};

/* Owned: cat_source_close(). */
enum mr_code cat_source_open(const struct cat_source_spec *spec, struct cat_source **source,
                             struct mr_error *err);
/* *item NULL: none within a moment, or none any more: then *is_done. */
enum mr_code cat_source_next(struct cat_source *source, const struct cat_item **item, bool *is_done,
                             struct mr_error *err);
bool cat_source_is_dead_letters(const struct cat_source *source);
void cat_source_close(struct cat_source *source); /* NULL is fine */

/* cat_registry.c. text: http://registry:8081, or {url: ..., user: ...} as in a pipeline; the
 * settings lie in arena. */
enum mr_code cat_registry_settings(const char *text, struct mr_arena *arena,
                                   struct mr_report *report,
                                   const struct mr_registry_settings **settings,
                                   struct mr_error *err);

/* cat_view.c */
struct cat_column {
    const char *name;
    const struct mr_type *type; /* NULL: metadata, or a field that this schema does not have */
    uint32_t slot;
};

struct cat_view {
    const struct mr_schema *schema; /* borrowed */
    struct cat_view *next;          /* owned, as all that follows */
    struct mr_arena *arena;
    struct mr_layout *layout;
    struct mr_plan *plan;
    struct mr_value *slots;
    const struct mr_cel_program *where; /* arena; or NULL */
    struct cat_column columns[CAT_COLUMNS_MAX];
    size_t column_count;
};

/* views: those made so far; the one of this schema is found in it or added. is_first: a field that
 * is asked for must be there. */
enum mr_code cat_view_of(struct cat_view **views, const struct cat_form *form,
                         const struct mr_schema *schema, struct cat_view **view,
                         struct mr_error *err);
/* NULL: the slots are filled; else why the datum cannot be read. */
const char *cat_view_decode(struct cat_view *view, const struct cat_item *item,
                            struct mr_arena *arena);
/* Of what was decoded: 1, 0, or -1 where the condition has no answer. */
int cat_view_holds(const struct cat_view *view, struct mr_arena *arena);
void cat_view_put(const struct cat_view *view, size_t column, struct mr_json_out *out);
void cat_views_free(struct cat_view *views);

/* cat_out.c: one record to standard output, as a line of JSON or a row. view NULL: it cannot be
 * decoded. */
struct cat_out;

struct cat_out *cat_out_new(const struct cat_form *form); /* owned; NULL: no memory */
enum mr_code cat_out_put(struct cat_out *out, const struct cat_item *item,
                         const struct cat_view *view, struct mr_arena *arena, struct mr_error *err);
/* What was kept back to see how wide columns are. */
void cat_out_flush(struct cat_out *out);
void cat_out_free(struct cat_out *out); /* NULL is fine */

#endif
