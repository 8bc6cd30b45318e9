/* phase.h - what the workers of one run share: whether to stop, and who is still upstream.
 *
 * Ranks number the workers along the flow: 0 ingest, then each segment, sinks
 * last. With is_once a worker ends when every rank below it has ended and its own
 * input is drained. Everything else workers have is their own.
 */
#ifndef MR_STAGE_PHASE_H
#define MR_STAGE_PHASE_H

#include "processors/core/base/clock.h"
#include "processors/core/base/error.h"
#include "processors/core/base/log.h"
#include "processors/core/stage/counters.h"
#include "processors/core/stage/transport.h"

#include <stdatomic.h>

#define MR_RANKS_MAX 32

struct mr_phase {
    atomic_bool is_stopping; /* a signal, or a worker that failed: finish what is open and end */
    bool is_once;
    atomic_int live[MR_RANKS_MAX];
};

/* What every kind of worker is given. */
struct mr_worker_spec {
    struct mr_broker *broker; /* borrowed, as all here */
    const struct mr_clock *clock;
    const struct mr_log *log;
    struct mr_phase *phase;
    int rank;
    int32_t worker, worker_count; /* among those of its rank */
};

/* Whether all ranks below have ended (only asked with is_once). */
bool mr_phase_is_upstream_done(struct mr_phase *phase, int rank);
/* Waits before attempt n (0-based): 20 ms doubled each time, at most 2 s, half of it by jitter from
 * *seed. Deterministic, so that simulated runs repeat. */
void mr_phase_back_off(const struct mr_worker_spec *spec, int attempt, uint64_t *seed);

/* transport->commit, the same call again while its advice is to retry, within retry_max_ms. */
enum mr_code mr_phase_commit(const struct mr_worker_spec *spec, struct mr_transport *transport,
                             const struct mr_position *positions, size_t count,
                             struct mr_counters *counters, struct mr_error *err);

/* The loop went round: when, and how much of its input is not read yet. */
void mr_phase_beat(const struct mr_worker_spec *spec, struct mr_transport *transport,
                   struct mr_counters *counters);

/* How often a transaction is run again without any progress before a person must look. */
#define MR_REPLAYS_MAX 20

#endif
