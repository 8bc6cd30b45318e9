#include "processors/core/stage/worker.h"

#include "processors/core/stage/worker_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MAX 1000
#define IDLE_WAIT_MS 100
#define GATHER_WAIT_MS 10
#define FILL_SHARE 16
#define SNAPSHOT_ROOM ((size_t)1 << 30) /* address space; only what is used costs memory */

static enum mr_code commit_all(struct mr_worker *worker, bool is_last, struct mr_error *err);
static enum mr_code abort_all(struct mr_worker *worker, struct mr_error *err);

static enum mr_code assigned(void *context, const struct mr_position *positions, size_t count,
                             struct mr_error *err)
{
    struct mr_worker *worker = context;
    enum mr_code code = MR_OK;

    if (worker->is_begun && !worker->is_state_lost) { /* restoring takes its memory */
        code = commit_all(worker, false, err);
    }
    /* All of them are ours, also where restoring one fails: an abort then restores them all. */
    for (size_t i = 0; i < count; i++) {
        worker->owned[positions[i].partition] =
            (struct owned){.is_owned = true, .next = positions[i].next, .pending = -1};
    }
    if (worker->is_state_lost) {
        return MR_FAIL(err, MR_ABORTED, "partitions came while an abort was due");
    }
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        code = mr_worker_restore(worker, positions[i].partition, err);
    }
    if (code != MR_OK) {
        worker->is_state_lost = true;
        return code;
    }
    MR_LOG(worker->spec.log, MR_INFO, "partitions_assigned", "count=%zu instance=%s", count,
           worker->instance);
    return MR_OK;
}

static enum mr_code revoked(void *context, const struct mr_position *positions, size_t count,
                            bool is_lost, struct mr_error *err)
{
    struct mr_worker *worker = context;
    enum mr_code code = MR_OK;

    if (worker->is_begun && !is_lost && !worker->is_state_lost) {
        code = commit_all(worker, false, err);
        worker->is_state_lost = code != MR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        mr_segment_forget(worker->segment, positions[i].partition);
        worker->owned[positions[i].partition].is_owned = false;
    }
    if (worker->is_begun && is_lost) { /* after they are forgotten: they are not to be restored */
        code = abort_all(worker, err);
    }
    MR_LOG(worker->spec.log, MR_INFO, "partitions_revoked", "count=%zu lost=%d instance=%s", count,
           is_lost, worker->instance);
    return code;
}

static enum mr_code produce(struct mr_worker *worker, const struct mr_outputs *outputs,
                            struct mr_error *err)
{
    struct mr_transport *transport = worker->transport;
    enum mr_code code = MR_OK;

    if (!worker->is_begun) {
        code = transport->ops->begin(transport, err);
        worker->is_begun = code == MR_OK;
    }
    return code == MR_OK && outputs->count > 0
               ? transport->ops->produce(transport, outputs->items, outputs->count, err)
               : code;
}

static enum mr_code run_slice(struct mr_worker *worker, const struct mr_record *records,
                              size_t count, struct mr_error *err)
{
    struct mr_outputs outputs = {0};
    enum mr_code code;

    mr_arena_reset(worker->room.batch);
    worker->is_touched = true;
    code = mr_segment_run(worker->segment, records, count, &worker->room, &outputs, err);
    worker->is_schema_awaited = mr_code_advice(code) == MR_ADVICE_RETRY;
    if (code != MR_OK) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        struct owned *owned = &worker->owned[records[i].partition];

        owned->pending = records[i].offset + 1;
    }
    worker->gathered += count;
    return produce(worker, &outputs, err);
}

static size_t list_positions(struct mr_worker *worker)
{
    size_t count = 0;

    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        if (worker->owned[i].is_owned && worker->owned[i].pending >= 0) {
            worker->positions[count++] =
                (struct mr_position){.partition = i, .next = worker->owned[i].pending};
        }
    }
    return count;
}

static enum mr_code snapshot_partition(struct mr_worker *worker, int32_t partition,
                                       struct mr_outputs *outputs, struct mr_error *err)
{
    struct owned *owned = &worker->owned[partition];

    if (worker->snapshot_arena == NULL) {
        worker->snapshot_arena = mr_arena_new(SNAPSHOT_ROOM);
    }
    if (worker->snapshot_arena == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a snapshot");
    }
    owned->snapshot_due_ms =
        mr_clock_monotonic(worker->spec.clock) + worker->pipeline->settings->snapshot_interval;
    return mr_segment_snapshot(worker->segment, partition,
                               owned->pending >= 0 ? owned->pending : owned->next,
                               worker->snapshot_arena, outputs, err);
}

/* Snapshots of the partitions whose time has come (all of them at the end). */
static enum mr_code produce_snapshots(struct mr_worker *worker, bool is_last, struct mr_error *err)
{
    const int64_t now = mr_clock_monotonic(worker->spec.clock);
    struct mr_outputs outputs = {0};
    enum mr_code code = MR_OK;

    if (worker->spec.broker->is_transient || !mr_segment_has_state(worker->segment)) {
        return MR_OK;
    }
    for (int32_t i = 0; code == MR_OK && i < PARTITIONS_MAX; i++) {
        const struct owned *owned = &worker->owned[i];

        if (owned->is_owned && (is_last || now >= owned->snapshot_due_ms)) {
            code = snapshot_partition(worker, i, &outputs, err);
        }
    }
    return code == MR_OK && outputs.count > 0 ? produce(worker, &outputs, err) : code;
}

/* The transaction is over, one way or the other: its memory is free. */
static void end_transaction(struct mr_worker *worker)
{
    worker->is_begun = false;
    worker->is_touched = false;
    worker->gathered = 0;
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        worker->owned[i].pending = -1;
    }
    mr_arena_reset(worker->room.txn);
    mr_arena_free(worker->snapshot_arena);
    worker->snapshot_arena = NULL;
}

static enum mr_code commit_all(struct mr_worker *worker, bool is_last, struct mr_error *err)
{
    enum mr_code code = produce_snapshots(worker, is_last, err);
    size_t count;

    if (code != MR_OK || !worker->is_begun) {
        return code;
    }
    count = list_positions(worker);
    code = mr_phase_commit(&worker->spec, worker->transport, worker->positions, count,
                           worker->counters, err);
    if (code != MR_OK) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        worker->owned[worker->positions[i].partition].next = worker->positions[i].next;
    }
    mr_segment_settle(worker->segment);
    end_transaction(worker);
    worker->replays = 0;
    worker->failures = 0;
    if (worker->gather_max < (size_t)worker->pipeline->settings->commit_records) {
        worker->gather_max += worker->gather_max / 64 + 1;
    }
    return mr_segment_check_rejects(worker->segment, err);
}

/* What is committed is asked for: a commit whose answer got lost may have taken effect. */
static enum mr_code ask_positions(struct mr_worker *worker, struct mr_error *err)
{
    struct mr_transport *transport = worker->transport;
    enum mr_code code = MR_OK;

    for (int32_t i = 0; code == MR_OK && i < PARTITIONS_MAX; i++) {
        if (worker->owned[i].is_owned) {
            code = transport->ops->committed(transport, 0, i, &worker->owned[i].next, err);
        }
    }
    return code;
}

/* Back to the last commit: what was produced is void, what was read comes again, the state is what
 * it was. State is restored as on assignment: one way of getting it right. */
static enum mr_code abort_all(struct mr_worker *worker, struct mr_error *err)
{
    struct mr_transport *transport = worker->transport;
    enum mr_code code = MR_OK;

    mr_count(&worker->counters->aborts, 1);
    code = transport->ops->abort(transport, err);
    if (code != MR_OK) { /* what was produced is still lent */
        worker->is_state_lost = true;
        return code;
    }
    mr_segment_unsettle(worker->segment);
    end_transaction(worker);
    code = ask_positions(worker, err);
    for (int32_t i = 0; code == MR_OK && i < PARTITIONS_MAX; i++) {
        if (worker->owned[i].is_owned) {
            code = mr_worker_restore(worker, i, err);
        }
    }
    worker->is_state_lost = code != MR_OK;
    return code;
}

static bool is_full(const struct mr_worker *worker, int64_t started)
{
    return worker->gathered >= worker->gather_max ||
           mr_arena_room(worker->room.txn) < (size_t)worker->pipeline->settings->memory_max / 2 ||
           (worker->is_begun && mr_clock_monotonic(worker->spec.clock) - started >=
                                    worker->pipeline->settings->commit_interval);
}

/* What trickles in is committed as soon as nothing more comes; a transaction that has grown waits
 * for its time to be over, for each costs milliseconds of CPU however little is in it. */
static bool is_worth_filling(const struct mr_worker *worker)
{
    return !worker->transport->writers_wait &&
           worker->gathered > (size_t)worker->pipeline->settings->commit_records / FILL_SHARE;
}

static enum mr_code run_polled(struct mr_worker *worker, const struct mr_polled *polled,
                               struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t at = 0; code == MR_OK && at < polled->count; at += SLICE_MAX) {
        const size_t left = polled->count - at;

        code = run_slice(worker, polled->records + at, left < SLICE_MAX ? left : SLICE_MAX, err);
    }
    return code;
}

static enum mr_code gather(struct mr_worker *worker, struct mr_error *err)
{
    struct mr_transport *transport = worker->transport;
    const int64_t started = mr_clock_monotonic(worker->spec.clock);

    while (!is_full(worker, started)) {
        const size_t room = worker->gather_max - worker->gathered;
        struct mr_polled polled = {0};
        enum mr_code code =
            transport->ops->poll(transport, worker->is_begun ? GATHER_WAIT_MS : IDLE_WAIT_MS,
                                 room < POLL_MAX ? room : POLL_MAX, &polled, err);

        if (code == MR_OK && polled.count == 0 && !is_worth_filling(worker)) {
            return MR_OK; /* drained, for now */
        }
        if (code == MR_OK) {
            code = run_polled(worker, &polled, err);
        }
        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

/* What came before a record that waits for the registry does not wait with it. */
static enum mr_code commit_rest(struct mr_worker *worker, enum mr_code why, struct mr_error *err)
{
    struct mr_error inner = {0};
    const enum mr_code code = commit_all(worker, false, &inner);

    worker->is_state_lost = true; /* what was polled and not run has to come again */
    return code == MR_OK ? why : MR_FAIL(err, code, "%s", inner.text);
}

static enum mr_code one_round(struct mr_worker *worker, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    mr_phase_beat(&worker->spec, worker->transport, worker->counters);
    if (worker->is_state_lost) {
        code = abort_all(worker, err);
    }
    if (code == MR_OK) {
        worker->is_schema_awaited = false;
        code = gather(worker, err);
    }
    if (code != MR_OK && worker->is_schema_awaited && worker->is_begun) {
        return commit_rest(worker, code, err);
    }
    if (code == MR_OK && worker->is_begun) {
        code = commit_all(worker, false, err);
    }
    return code;
}

/* A transaction that does not fit is run again with half the records, until one alone does not. */
static bool shrink(struct mr_worker *worker, enum mr_code code)
{
    if (code != MR_NO_ROOM || worker->gather_max == 1) {
        return false;
    }
    worker->gather_max /= 2;
    return true;
}

/* After a failed round: MR_OK when the next one may try. */
static enum mr_code recover(struct mr_worker *worker, enum mr_code code, const struct mr_error *why,
                            struct mr_error *err)
{
    const enum mr_advice advice = mr_code_advice(code);
    const bool is_smaller = shrink(worker, code);

    if (!is_smaller && (advice == MR_ADVICE_STOP || worker->replays >= MR_REPLAYS_MAX)) {
        return MR_FAIL(err, code, "%s", why->text);
    }
    MR_LOG(worker->spec.log, MR_WARN, "batch_replayed", "instance=%s replays=%d reason=\"%s\"",
           worker->instance, worker->replays, why->text);
    if (advice == MR_ADVICE_RETRY || worker->replays > 0) {
        mr_count(&worker->counters->retries, 1);
        mr_phase_back_off(&worker->spec, worker->failures, &worker->seed);
    }
    /* Polling may fail for as long as the broker is away; running again without progress may not.
     */
    worker->replays += !is_smaller && (advice == MR_ADVICE_REPLAY || worker->is_begun);
    worker->failures++;
    worker->is_state_lost =
        worker->is_state_lost || worker->is_touched || advice == MR_ADVICE_REPLAY;
    return MR_OK;
}

static enum mr_code is_finished(struct mr_worker *worker, bool *is_done, struct mr_error *err)
{
    struct mr_transport *transport = worker->transport;

    *is_done = atomic_load(&worker->spec.phase->is_stopping);
    if (*is_done || !worker->spec.phase->is_once ||
        !mr_phase_is_upstream_done(worker->spec.phase, worker->spec.rank)) {
        return MR_OK;
    }
    return transport->ops->drained(transport, is_done, err);
}

static void give_up(struct mr_worker *worker)
{
    if (worker->is_begun) {
        (void)worker->transport->ops->abort(worker->transport, NULL);
    }
}

/* The snapshot that makes the next start quick. Nothing is lost without it, so only what a person
 * must look at is an error. */
static enum mr_code end(struct mr_worker *worker, struct mr_error *err)
{
    struct mr_error why = {0};
    enum mr_code code = MR_OK;

    if (!worker->is_state_lost) {
        code = commit_all(worker, true, &why);
    }
    if (code == MR_OK && !worker->is_begun) {
        return MR_OK;
    }
    give_up(worker);
    if (mr_code_advice(code) == MR_ADVICE_STOP) {
        return MR_FAIL(err, code, "%s", why.text);
    }
    MR_LOG(worker->spec.log, MR_WARN, "last_commit_left_out", "instance=%s reason=\"%s\"",
           worker->instance, why.text);
    return MR_OK;
}

enum mr_code mr_worker_run(struct mr_worker *worker, struct mr_error *err)
{
    bool is_done = false;

    while (!is_done) {
        struct mr_error why = {0};
        enum mr_code code = one_round(worker, &why);

        if (code == MR_OK) {
            code = is_finished(worker, &is_done, &why);
        }
        if (code != MR_OK) {
            code = recover(worker, code, &why, err);
            is_done = atomic_load(&worker->spec.phase->is_stopping);
        }
        if (code != MR_OK) {
            give_up(worker);
            return code;
        }
    }
    return end(worker, err);
}

static enum mr_code open_transport(struct mr_worker *worker, struct mr_error *err)
{
    const char *const *outputs;
    const size_t output_count = mr_segment_topics(worker->segment, &outputs);
    const char *input = mr_segment_input(worker->segment);
    const char *stage = worker->counters->stage;
    const struct mr_transport_spec spec = {
        .group = worker->group,
        .instance = worker->instance,
        .inputs = &input,
        .input_count = 1,
        .outputs = outputs,
        .output_count = output_count,
        .delivery = (enum mr_delivery)worker->pipeline->settings->delivery,
        .worker = worker->spec.worker,
        .worker_count = worker->spec.worker_count,
        .listener = {assigned, revoked, worker},
    };

    (void)snprintf(worker->group, sizeof(worker->group), "%s-%s", worker->pipeline->name, stage);
    (void)snprintf(worker->instance, sizeof(worker->instance), "%s-%" PRId32, worker->group,
                   worker->spec.worker);
    return worker->spec.broker->ops->open(worker->spec.broker, &spec, &worker->transport, err);
}

static bool allocate(struct mr_worker *worker)
{
    const size_t memory = (size_t)worker->pipeline->settings->memory_max;

    worker->room.txn = mr_arena_new(memory);
    worker->room.batch = mr_arena_new(memory);
    worker->owned = calloc(PARTITIONS_MAX, sizeof(*worker->owned));
    worker->positions = calloc(PARTITIONS_MAX, sizeof(*worker->positions));
    return worker->room.txn != NULL && worker->room.batch != NULL && worker->owned != NULL &&
           worker->positions != NULL;
}

enum mr_code mr_worker_new(const struct mr_pipeline *pipeline, struct mr_segment *segment,
                           const struct mr_worker_spec *spec, struct mr_worker **out,
                           struct mr_error *err)
{
    struct mr_worker *worker = calloc(1, sizeof(*worker));
    enum mr_code code;

    *out = NULL;
    if (worker == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a worker");
    }
    worker->pipeline = pipeline;
    worker->segment = segment;
    worker->spec = *spec;
    worker->counters = mr_segment_counters(segment);
    worker->gather_max = (size_t)pipeline->settings->commit_records;
    worker->seed = (uint64_t)spec->worker + 1;
    mr_segment_set_worker(segment, spec->worker);
    code = allocate(worker) ? open_transport(worker, err)
                            : MR_FAIL(err, MR_NO_ROOM, "no memory for a worker's arenas");
    if (code != MR_OK) {
        mr_worker_free(worker);
        return code;
    }
    *out = worker;
    return MR_OK;
}

void mr_worker_free(struct mr_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    if (worker->transport != NULL) {
        worker->transport->ops->close(worker->transport);
    }
    mr_arena_free(worker->snapshot_arena);
    mr_arena_free(worker->room.txn);
    mr_arena_free(worker->room.batch);
    free(worker->owned);
    free(worker->positions);
    free(worker);
}
