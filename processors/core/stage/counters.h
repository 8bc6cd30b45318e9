/* counters.h - what the engine counts, and how a scrape reads it.
 *
 * Only the engine counts, and only what was committed: a batch that is aborted
 * and run again is counted once. One struct belongs to one stage of one worker,
 * which alone writes it; any thread may read it at any time (each figure is an atomic
 * of its own).
 *
 * MR_METRICS is the one list of figures: name, help, member. Law, asserted after
 * each batch: in == passed + dropped + rejected.
 */
#ifndef MR_STAGE_COUNTERS_H
#define MR_STAGE_COUNTERS_H

#include "processors/core/stage/processor.h"

#include <stdatomic.h>
#include <stdio.h>

#define MR_METRICS(X) \
    X(in, "records_in_total", counter, "Records that came into a stage.") \
    X(passed, "records_passed_total", counter, "Records that a stage handed on.") \
    X(dropped, "records_dropped_total", counter, "Records that a stage dropped on purpose.") \
    X(rejected, "records_rejected_total", counter, "Records that went to the dead letters.") \
    X(emitted, "records_emitted_total", counter, "Records that a stage made, such as advisories.") \
    X(flagged, "records_flagged_total", counter, "Records in which a detector found an anomaly.") \
    X(commits, "commits_total", counter, "Transactions that were committed.") \
    X(aborts, "aborts_total", counter, "Transactions that were aborted and run again.") \
    X(retries, "retries_total", counter, "Calls to the broker or store that were repeated.") \
    X(restored, "records_restored_total", counter, "Records read again to restore state.") \
    X(source_bytes, "source_bytes_total", counter, "Bytes read from the source.") \
    X(source_bytes_expected, "source_bytes_expected", gauge, \
      "Bytes of the source that are known.") \
    X(keys, "state_keys_count", gauge, "Keys with state in memory.") \
    X(lag, "lag_records", gauge, "Records of the input that are not read yet.") \
    X(beat, "last_round_milliseconds", gauge, "Monotonic time of the last round of the loop.")

#define MR_REASONS_MAX 64

struct mr_counters {
    const char *stage; /* borrowed; the label */
    int32_t worker;
#define MR_METRIC_MEMBER(member, name, kind, help) _Atomic uint64_t member;
    MR_METRICS(MR_METRIC_MEMBER)
#undef MR_METRIC_MEMBER
    /* Drops, rejects and failures that did not stop a record, by reason. A row is there once its
     * reason is not NULL. */
    struct {
        _Atomic(const char *) reason; /* literal */
        _Atomic uint64_t count;
    } reasons[MR_REASONS_MAX];
    struct mr_counters *next; /* of the registry */
};

static inline void mr_count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static inline uint64_t mr_counted(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void mr_count_reason(struct mr_counters *counters, const char *reason, uint64_t more);

/* What an open transaction would add to the counters: settled when it is committed, zeroed when it
 * is aborted. */
struct mr_tally {
    uint64_t in, passed, dropped, rejected, emitted, flagged;
    struct {
        const char *reason; /* literal */
        uint64_t count;
    } reasons[MR_REASONS_MAX];
    size_t reason_count;
};

/* A drop or a reject for this reason. */
void mr_tally_reason(struct mr_tally *tally, const char *reason);
/* Asserts the law, adds everything to counters and zeroes the tally. */
void mr_tally_settle(struct mr_tally *tally, struct mr_counters *counters);

/* Sums over all workers of a stage; NULL: over all. */
struct mr_counters_sum {
#define MR_METRIC_SUM(member, name, kind, help) uint64_t member;
    MR_METRICS(MR_METRIC_SUM)
#undef MR_METRIC_SUM
};
struct mr_counters_sum mr_counters_sum(const struct mr_counters *first, const char *stage);

/* Prometheus text: millrace_<name>{pipeline=,stage=,worker=}. */
void mr_counters_print(const struct mr_counters *first, const char *pipeline, FILE *stream);
/* The table of figures as Markdown, for the reference. */
void mr_counters_describe(FILE *stream);

#endif
