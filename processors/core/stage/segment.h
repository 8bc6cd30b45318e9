/* segment.h - consecutive stages that one worker takes a record through, in memory.
 *
 *     polled records --decode once--> rows --stage 1--> rows --stage 2--> ... --> outputs
 *
 * The subject is decoded once: the union of the fields that the stages' expressions use, into
 * one row of slots; a stage's stamp goes into slots of its own and is appended,
 * encoded, to the bytes that came in. Nothing is encoded twice. Every published
 * stage's record becomes an output; so does every dead letter and every emission.
 *
 * The same bytes come out however stages are divided into segments.
 *
 * One segment belongs to one worker thread.
 */
#ifndef MR_STAGE_SEGMENT_H
#define MR_STAGE_SEGMENT_H

#include "processors/core/stage/counters.h"
#include "processors/core/stage/pipeline.h"
#include "processors/core/stage/transport.h"
#include "processors/core/stage/decoder.h"

struct mr_segment;

/* Stages first..last of the pipeline, first > 0. All borrowed. */
struct mr_segment_spec {
    const struct mr_pipeline *pipeline;
    size_t first, last;
    const struct mr_log *log;
    struct mr_report *report;
};

/* Opens the stages' processors; problems go to the report, all of them. Owned: mr_segment_free().
 */
enum mr_code mr_segment_new(const struct mr_segment_spec *spec, struct mr_segment **segment,
                            struct mr_error *err);
void mr_segment_free(struct mr_segment *segment);

/* The topics that it writes, by index as outputs name them. */
size_t mr_segment_topics(const struct mr_segment *segment, const char *const **topics);
/* Index of the topic of its snapshots; and the index in `inputs` of its one input is 0. */
const char *mr_segment_input(const struct mr_segment *segment);
const char *mr_segment_states(const struct mr_segment *segment);
bool mr_segment_has_state(const struct mr_segment *segment);

/* Outputs of one transaction, in the order in which they were made. */
struct mr_outputs {
    struct mr_output *items; /* batch arena; the bytes that they point to: transaction's arena */
    size_t count, room;
};

/* Runs records through all stages; what outputs point to lies in room->txn. outputs NULL: state is
 * restored, nothing comes out and nothing is counted. MR_NO_ROOM before anything was touched: fewer
 * records, or commit first. MR_UNAVAILABLE, also before: the registry has to be asked for a schema
 * and is away. */
enum mr_code mr_segment_run(struct mr_segment *segment, const struct mr_record *records,
                            size_t count, const struct mr_room *room, struct mr_outputs *outputs,
                            struct mr_error *err);
/* What run() counted since the last of these two calls is added to the counters, or forgotten. */
void mr_segment_settle(struct mr_segment *segment);
void mr_segment_unsettle(struct mr_segment *segment);
/* A stage whose share of rejects is too large: its code and name; else MR_OK. */
enum mr_code mr_segment_check_rejects(struct mr_segment *segment, struct mr_error *err);

/* The segment's counters, one per stage, linked. */
struct mr_counters *mr_segment_counters(struct mr_segment *segment);
void mr_segment_set_worker(struct mr_segment *segment, int32_t worker);

/* The schema of a stage's topic. */
const struct mr_schema *mr_segment_schema(const struct mr_segment *segment, size_t stage);
/* For `check --explain`: topics, schemas, keys, state. */
void mr_segment_explain(const struct mr_segment *segment, FILE *stream);

/* State of a partition. key and value of a snapshot's records; see restore.c. */
enum mr_code mr_segment_snapshot(struct mr_segment *segment, int32_t partition, int64_t next_offset,
                                 struct mr_arena *arena, struct mr_outputs *outputs,
                                 struct mr_error *err);
void mr_segment_forget(struct mr_segment *segment, int32_t partition);
/* One record of a snapshot. *next_offset is set when it was the mark that ends one. */
void mr_segment_restore(struct mr_segment *segment, const struct mr_record *record,
                        int64_t *next_offset);

#endif
