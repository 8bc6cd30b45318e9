/* segment_internal.h - the parts of a segment, for the files that make it up. Only core/stage
 * includes it.
 *
 *     segment_open.c  opens stages and composes schemas
 *     segment.c       runs a batch
 *     output.c        turns verdicts into outputs
 *     restore.c       snapshots and restores state
 */
#ifndef MR_STAGE_SEGMENT_INTERNAL_H
#define MR_STAGE_SEGMENT_INTERNAL_H

#include "processors/core/stage/scope_internal.h"
#include "processors/core/stage/segment.h"

struct mr_stage {
    const struct mr_stage_spec *spec;
    struct mr_processor processor; /* PROCESSOR */
    struct mr_scope scope;
    struct mr_schema *schema; /* of its topic; owned */
    int32_t schema_id;
    uint32_t topic;        /* index into the segment's topics; only if published */
    uint32_t dead_letters; /* likewise */
    /* REPARTITION: the new key, and what is hashed for the partition. */
    const struct mr_cel_program *key;
    const struct mr_cel_program *partition_by[MR_STAGES_MAX];
    size_t partition_by_count;

    struct mr_counters counters;
    struct mr_tally tally; /* of the open transaction */
    uint64_t recent_in,
        recent_rejected; /* halved now and then: the ratio of about the last thousand */
};

struct mr_segment {
    const struct mr_pipeline *pipeline; /* borrowed */
    struct mr_report *report;           /* borrowed */
    const struct mr_log *log;           /* borrowed */
    struct mr_arena *arena;             /* owned: what stages are opened with */
    size_t first, last;
    struct mr_stage *stages; /* by index in the pipeline; [0] is ingest: only its names are used */
    struct mr_stamp stamps[MR_STAGES_MAX + 1]; /* [0] origin, then in order of the stages */
    size_t stamp_count;
    struct mr_digest digests[MR_STAGES_MAX];
    const char *names[MR_STAGES_MAX]; /* of the stages, parallel to digests */
    const char *const *key_parts;     /* what record.key is made of, at the stage being opened */
    size_t key_part_count;
    const char *const *partition_parts;
    size_t partition_part_count;

    struct mr_schema *input;    /* owned: what the segment reads */
    struct mr_layout *layout;   /* owned */
    struct mr_decoder *decoder; /* owned */
    uint32_t key_slot;
    uint32_t time_slot; /* origin.event_time */
    uint32_t slot_count;
    const char *topics[2 * MR_STAGES_MAX + 1]; /* the last: snapshots */
    size_t topic_count;
};

/* One call of mr_segment_run on its way. */
struct mr_pass {
    struct mr_segment *segment;
    struct mr_record *records; /* those still alive; batch arena */
    struct mr_value **rows;    /* parallel */
    size_t count;
    struct mr_arena *batch_arena, *txn_arena;
    struct mr_outputs *outputs; /* NULL: restoring */
};

/* One more output, for the caller to fill; the list moves to twice its room in arena when it is
 * full. NULL: no room. */
struct mr_output *mr_outputs_add(struct mr_outputs *outputs, struct mr_arena *arena);
/* Turns the verdicts of one stage into outputs, counts them and closes ranks: afterwards pass holds
 * what passed, with the bytes that the next stage reads. */
enum mr_code mr_output_stage(struct mr_pass *pass, struct mr_stage *stage,
                             const struct mr_verdict *verdicts, struct mr_error *err);
/* Starts the digest of a stage: what of the pipeline matters to it, and its own settings. */
struct mr_digester *mr_stage_digester(const struct mr_pipeline *pipeline,
                                      const struct mr_stage_spec *spec, struct mr_arena *arena);
/* Opens ingest's mapper, with what it opens in arena, and says its digest. */
enum mr_code mr_mapper_open(const struct mr_pipeline *pipeline, struct mr_report *report,
                            struct mr_arena *arena, struct mr_mapper *mapper,
                            struct mr_digest *digest, struct mr_error *err);
void mr_mapper_close(struct mr_mapper *mapper);
/* The schema of the topic that ingest writes; owned by the caller, as is the origin stamp's. */
enum mr_code mr_ingest_schema(const struct mr_pipeline *pipeline, struct mr_schema **origin,
                              struct mr_schema **schema, struct mr_error *err);
const char *mr_topic_record_name(const struct mr_stage_spec *spec, char out[128]);

#endif
