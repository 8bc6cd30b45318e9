/* processor.h - what a processor is: a pure function of a batch.
 *
 *     topic --poll, decode--> [ batch ] --run()--> [ verdicts + stamps ] --encode, produce--> topic
 *
 * The engine polls, decodes, encodes, produces and commits. A processor only judges: every
 * record that goes in comes out as exactly one verdict, at the same index. So
 * records cannot be lost or doubled inside a stage; the engine asserts it after
 * each run(). A processor never sees Kafka, threads or offsets, and no clock but
 * batch->now_ms.
 *
 * What it knows of a record are slots: batch->rows[i][slot] is the field that an
 * expression was bound to when the stage was opened (scope.h). What it adds is a
 * stamp: it fills the consecutive slots that mr_scope_stamp() gave it, one per
 * leaf of the stamp's schema; the engine encodes them behind the record, and later
 * stages of the segment read the same slots.
 *
 * advise is the one processor that emits: 0..n new records for one that it
 * passes (mr_scope_emits()); they are counted apart.
 *
 * One instance belongs to one worker thread.
 */
#ifndef MR_STAGE_PROCESSOR_H
#define MR_STAGE_PROCESSOR_H

#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"
#include "processors/core/base/log.h"
#include "processors/core/base/value.h"
#include "processors/core/config/option.h"

struct mr_scope;

struct mr_header {
    const char *name;
    struct mr_span value;
};

struct mr_record {
    struct mr_span key;
    struct mr_span value; /* framed, as the stage before wrote it */
    int64_t timestamp_ms; /* Kafka's; handed on unchanged from ingest to the last topic */
    int64_t offset;       /* in the segment's input */
    int32_t partition;
    struct mr_span traceparent; /* W3C; empty: none */
    /* Headers __value_schema_id, __key_schema_id: an id or a GUID; what it names stands bare.
     * Empty, as nearly always: the value says it itself, and the key is text. */
    struct mr_span value_schema, key_schema;
    /* All that it came with, those above too, borrowed as its value is. What is restored from the
     * log has none. */
    const struct mr_header *headers;
    size_t header_count;
};

struct mr_batch {
    const struct mr_record *records;
    struct mr_value *const *rows; /* rows[i]: the slots of records[i] */
    size_t count;
    int64_t now_ms; /* the latest timestamp_ms in the batch; what must not depend on how batches
                       are cut compares with records[i].timestamp_ms instead */
};

enum mr_verdict_kind {
    MR_VERDICT_NONE = 0, /* not judged yet: a bug if it survives run() */
    MR_VERDICT_PASS,     /* goes to the output topic, with its stamp */
    MR_VERDICT_DROP,     /* on purpose, counted, not kept */
    MR_VERDICT_REJECT    /* the record as it came goes to the dead-letter topic */
};

struct mr_emission {
    struct mr_span id;             /* text, arena: the ce_id of its CloudEvents headers */
    struct mr_span key;            /* arena */
    const struct mr_value *leaves; /* arena: one per leaf of the emitted schema */
};

struct mr_verdict {
    enum mr_verdict_kind kind;
    const char *reason; /* DROP, REJECT: literal, few distinct values: it is a metric label. PASS:
                           NULL, or what failed although the record goes on; counted all the same */
    const char *detail; /* REJECT: what a person needs to see, arena; or NULL */
    const char *cause;  /* with a reason: the rule's or detector's name, borrowed; or NULL */
    bool is_flagged;    /* PASS: something in it is unusual; counted */
    struct mr_emission *emissions; /* PASS of an emitting processor; arena */
    size_t emission_count;
};

struct mr_processor {
    const struct mr_processor_ops *ops; /* borrowed, static */
    const void *settings;               /* borrowed, ops->options applied */
    const struct mr_log *log;           /* borrowed */
    void *state;                        /* owned by ops: open() makes, close() frees */
};

struct mr_processor_ops {
    const char *name; /* a verb: "validate" */
    const char *summary;
    const struct mr_option *options;
    size_t settings_size;
    /* When the stage's value in YAML is a list, it is read as this option. NULL: it must be a map.
     */
    const char *list_option;

    /* Required. Compiles expressions, declares stamp and stores, loads models. Problems of the
     * configuration go to the scope's report, all of them; then MR_BAD_CONFIG. */
    enum mr_code (*open)(struct mr_processor *self, struct mr_scope *scope, struct mr_error *err);

    /* Required. Fills verdicts[0..batch->count) and the stamp's slots of what passes. New bytes
     * come from arena and live until the batch is committed. An error means the WHOLE batch is run
     * again later: run() must have no effects but those on its stores. */
    enum mr_code (*run)(struct mr_processor *self, const struct mr_batch *batch,
                        struct mr_verdict *verdicts, struct mr_arena *arena, struct mr_error *err);

    /* Optional. Must accept a half-open self: open() may have failed midway. */
    void (*close)(struct mr_processor *self);
};

#endif
