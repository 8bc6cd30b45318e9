/* connector.h - what a connector is: a place that records come from.
 *
 *     outside --pull()--> [ rows of text ] --ingest: map, encode--> topic + position, one
 * transaction
 *
 * A connector reads rows: named texts, as they stood in the source. It is told at
 * open() which names are wanted, and gives each row as one value per wanted name,
 * in that order (a STRING, or NULL where the row has none). What the texts mean
 * is not its business: ingest maps them to the subject.
 *
 * The position after each pull is written in the same transaction as the rows;
 * open() is given the positions that were committed before. So a crash at any
 * moment resumes without loss or duplicate. Reading again from a position must
 * give the same rows.
 *
 * One instance belongs to one worker thread.
 */
#ifndef MR_STAGE_CONNECTOR_H
#define MR_STAGE_CONNECTOR_H

#include "processors/core/stage/processor.h"

/* One name that ingest wants, with the names by which sources call it. */
struct mr_wanted {
    const char *name;           /* ours: "price" */
    struct mr_texts alternates; /* theirs: "ItemPrice"; compared without regard to ASCII case */
};

struct mr_wanted_rows {
    const struct mr_wanted *names;
    size_t count;
    struct mr_texts row_elements; /* XML: elements that are one row each ("Item", "Product") */
    struct mr_texts missing;      /* texts that stand for a missing value */
};

/* Where a row stood. */
struct mr_source_place {
    const char *source;             /* "PriceFull729...gz"; arena of the connector, or process */
    const struct mr_digest *digest; /* SHA-256 of the source's bytes */
    int64_t index;                  /* of the row in the source, from 0: counts bad rows too */
    int64_t line;                   /* in the decompressed, decoded text; 0: unknown */
    /* Of the last good row, where nothing but the source's end or its fault follows: literal,
     * "complete" or the fault's reason. NULL: more follow. */
    const char *end;
};

struct mr_row {
    const struct mr_value *texts; /* one per wanted name; NULL: the row is bad */
    struct mr_source_place place;
    struct mr_span raw; /* the row as it stood, for the dead letters; may be empty for good rows */
    const char *reason; /* bad: literal ("row_malformed", "source_truncated", ...) */
    const char *detail; /* bad: what a person needs to see, arena */
};

/* Positions that one pull may give: a connector ends its pull before there are more. */
#define MR_POSITIONS_MAX 128

/* A position: written to a compacted topic under key. */
struct mr_source_position {
    struct mr_span key;
    struct mr_span value;
};

struct mr_intake {
    struct mr_row *rows; /* arena */
    size_t count;
    struct mr_source_position *positions; /* arena: what to store with these rows */
    size_t position_count;
    bool is_done;                /* nothing more will come (unless the source is followed) */
    uint64_t source_bytes;       /* read so far, for progress */
    uint64_t source_bytes_total; /* 0: unknown */
};

struct mr_connector {
    const struct mr_connector_ops *ops; /* borrowed, static */
    const void *settings;               /* borrowed */
    const struct mr_log *log;           /* borrowed */
    void *state;                        /* owned by ops */
};

struct mr_connector_ops {
    const char *name; /* a noun: "files" */
    const char *summary;
    const struct mr_option *options;
    size_t settings_size;
    enum mr_code (*open)(struct mr_connector *self, const struct mr_wanted_rows *wanted,
                         struct mr_error *err);
    /* One committed position, before the first pull. A later one of the same key replaces an
     * earlier one: the topic may hold several. */
    enum mr_code (*resume)(struct mr_connector *self, const struct mr_source_position *position,
                           struct mr_error *err);
    /* Up to room rows, all bytes from arena. 0 rows, not done and MR_OK: nothing new yet. A source
     * that cannot be read is a bad row, not an error. */
    enum mr_code (*pull)(struct mr_connector *self, size_t room, struct mr_arena *arena,
                         struct mr_intake *intake, struct mr_error *err);
    /* Back to the committed positions: the transaction was aborted. They are given again by
     * resume(). */
    enum mr_code (*rewind)(struct mr_connector *self, struct mr_error *err);
    void (*close)(struct mr_connector *self);
};

#endif
