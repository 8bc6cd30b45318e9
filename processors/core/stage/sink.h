/* sink.h - what a sink is: a place where records end up.
 *
 *     topic --poll, decode--> [ batch of ONE partition ] --write()--> store
 *
 * write() is all-or-nothing, and its records may come again after a crash. A sink
 * that can keep the next offset of a partition in the same transaction as the
 * rows says so by position(): then the engine starts there and nothing is doubled.
 * Else the offsets are committed to Kafka after write(), at least once.
 *
 * Rows that the store refuses are verdicts (REJECT, with its message as detail):
 * they go to the dead letters before write()'s transaction is committed, so a crash
 * can repeat a dead letter but not lose one.
 */
#ifndef MR_STAGE_SINK_H
#define MR_STAGE_SINK_H

#include "processors/core/stage/processor.h"
#include "processors/core/stage/scope.h"

/* One topic that a sink reads. */
struct mr_sink_input {
    const char *stage;              /* "advise" */
    const char *topic;              /* "grocery.advise" */
    const struct mr_schema *schema; /* borrowed: of the topic's records */
    struct mr_layout *layout;       /* borrowed: ask it for slots while opening */
};

struct mr_sink {
    const struct mr_sink_ops *ops; /* borrowed, static */
    const void *settings;          /* borrowed */
    const struct mr_log *log;      /* borrowed */
    const char *name;     /* borrowed; as the pipeline calls it: part of its offsets' key */
    const char *pipeline; /* borrowed */
    /* The log ends with the process (embedded): offsets that the store has are another log's, and
     * the first of each partition is awaited. */
    bool is_transient;
    struct mr_report *report; /* borrowed; for problems found in open() */
    void *state;              /* owned by ops */
};

struct mr_sink_ops {
    const char *name; /* a noun: "postgres" */
    const char *summary;
    const struct mr_option *options;
    size_t settings_size;

    /* Which stages' topics it reads, by its settings: NULL-terminated. */
    const char *const *(*stages)(const void *settings, struct mr_arena *arena);

    /* Required. Asks the layouts for slots. With is_dry (check), the store is not contacted. */
    enum mr_code (*open)(struct mr_sink *self, struct mr_sink_input *inputs, size_t input_count,
                         bool is_dry, struct mr_error *err);

    /* Optional. The next offset of a partition of inputs[input], as the store has it; -1: none yet.
     */
    enum mr_code (*position)(struct mr_sink *self, size_t input, int32_t partition, int64_t *next,
                             struct mr_error *err);

    /* Required. Records of one partition, offsets rising; none of them may be readable: then count
     * is 0, and records[0].partition still says whose next_offset it is. Fills verdicts (PASS or
     * REJECT). The store's transaction stays open until commit(). next_offset is what position()
     * has to answer after it. */
    enum mr_code (*write)(struct mr_sink *self, size_t input, const struct mr_batch *batch,
                          int64_t next_offset, struct mr_verdict *verdicts, struct mr_arena *arena,
                          struct mr_error *err);
    /* Required. Ends what write() began: durable when it returns MR_OK. */
    enum mr_code (*commit)(struct mr_sink *self, struct mr_error *err);
    void (*abort)(struct mr_sink *self);
    void (*close)(struct mr_sink *self);
};

#endif
