/* worker.h - the loop: one thread, one consumer, one producer, the state of its partitions.
 *
 *     gather: poll -> run the segment -> produce ... up to commit_interval or commit_records,
 *             or until the input is drained
 *     commit: outputs, snapshots that are due and the input's positions, in one transaction
 *     REPLAY: abort, restore the state as of the last commit, gather again
 *     RETRY:  wait, the same call again
 *     STOP:   end with the error; a person must look
 *
 * A worker never shares anything but struct mr_phase and its counters.
 */
#ifndef MR_STAGE_WORKER_H
#define MR_STAGE_WORKER_H

#include "processors/core/stage/phase.h"
#include "processors/core/stage/segment.h"

struct mr_worker;

/* Opens the transport. All workers of a process are made before any of them runs. Owned; segment is
 * borrowed. */
enum mr_code mr_worker_new(const struct mr_pipeline *pipeline, struct mr_segment *segment,
                           const struct mr_worker_spec *spec, struct mr_worker **worker,
                           struct mr_error *err);
/* Until it is told to stop, or (is_once) nothing is left. @thread its own */
enum mr_code mr_worker_run(struct mr_worker *worker, struct mr_error *err);
void mr_worker_free(struct mr_worker *worker);

#endif
