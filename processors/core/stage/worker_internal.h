/* worker_internal.h - the parts of a worker, for the files that make it up. Only core/stage
 * includes it.
 *
 *     worker.c          the loop
 *     worker_restore.c  state of a partition, as of its committed position
 */
#ifndef MR_STAGE_WORKER_INTERNAL_H
#define MR_STAGE_WORKER_INTERNAL_H

#include "processors/core/stage/worker.h"

#define PARTITIONS_MAX 4096
#define SLICE_MAX 512 /* records that the segment gets at once */

struct owned {
    bool is_owned;
    int64_t next;    /* committed */
    int64_t pending; /* after the open transaction; -1: it read nothing here */
    int64_t snapshot_due_ms;
};

struct mr_worker {
    const struct mr_pipeline *pipeline;
    struct mr_segment *segment;
    struct mr_worker_spec spec;
    struct mr_transport *transport;  /* owned */
    struct mr_room room;             /* owned: of one slice, of one transaction */
    struct mr_arena *snapshot_arena; /* owned: while a snapshot is being committed */
    struct mr_counters *counters;    /* of the first stage: commits and the like */
    struct owned *owned;             /* owned: by partition */
    struct mr_position *positions;   /* owned: room for all partitions */
    char group[260], instance[290];
    bool is_begun;
    bool is_touched;        /* records ran through the segment since the last commit or abort */
    bool is_schema_awaited; /* a record came whose schema the registry cannot be asked for now */
    bool is_state_lost;     /* a failure left it behind: abort and restore before going on */
    size_t gathered;        /* records of the open transaction */
    size_t gather_max;      /* halved when a transaction did not fit, grows slowly when one did */
    int replays;            /* in a row, that got nowhere */
    int failures;           /* in a row, of any kind: how long to wait */
    uint64_t seed;
};

/* The state of a partition becomes what it was at its committed position. */
enum mr_code mr_worker_restore(struct mr_worker *worker, int32_t partition, struct mr_error *err);

#endif
