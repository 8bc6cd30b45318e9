#include "processors/core/stage/worker_internal.h"

#include <inttypes.h>

/* Records of the input that are read again, gathered so that the segment gets batches. */
struct restore {
    struct mr_worker *worker;
    struct mr_record *records; /* batch arena */
    size_t count;
    size_t size; /* bytes of keys and values */
    enum mr_code code;
    struct mr_error *err;
};

static bool visit_snapshot(void *context, const struct mr_record *record)
{
    struct restore *restore = context;
    int64_t *next = &restore->worker->owned[record->partition].snapshot_due_ms;

    mr_segment_restore(restore->worker->segment, record, next);
    return true;
}

static enum mr_code restore_flush(struct restore *restore)
{
    struct mr_worker *worker = restore->worker;

    if (restore->count > 0 && restore->code == MR_OK) {
        restore->code = mr_segment_run(worker->segment, restore->records, restore->count,
                                       &worker->room, NULL, restore->err);
        mr_count(&worker->counters->restored, restore->count);
    }
    mr_arena_reset(worker->room.batch);
    mr_arena_reset(worker->room.txn);
    restore->records = mr_arena_take(worker->room.batch, SLICE_MAX, sizeof(*restore->records));
    restore->count = 0;
    restore->size = 0;
    if (restore->records == NULL && restore->code == MR_OK) {
        restore->code = MR_FAIL(restore->err, MR_NO_ROOM, "no room to restore state");
    }
    return restore->code;
}

/* Every stage may copy a record, and all copies have to fit. */
static bool is_slice_full(const struct restore *restore)
{
    const size_t memory = (size_t)restore->worker->pipeline->settings->memory_max;

    return restore->count == SLICE_MAX || restore->size > memory / MR_STAGES_MAX / 4;
}

static bool is_copied(struct mr_span from, struct mr_span to)
{
    return from.size == 0 || to.data != NULL;
}

static bool visit_input(void *context, const struct mr_record *record)
{
    struct restore *restore = context;
    struct mr_arena *arena = restore->worker->room.batch;
    struct mr_record *copy;

    if (is_slice_full(restore) && restore_flush(restore) != MR_OK) {
        return false;
    }
    copy = &restore->records[restore->count++];
    restore->size += record->key.size + record->value.size;
    *copy = *record;
    copy->headers = NULL; /* nothing comes out of a restore */
    copy->header_count = 0;
    copy->key = mr_arena_copy(arena, record->key);
    copy->value = mr_arena_copy(arena, record->value);
    copy->value_schema = mr_arena_copy(arena, record->value_schema);
    copy->key_schema = mr_arena_copy(arena, record->key_schema);
    if (!is_copied(record->value, copy->value) || !is_copied(record->key, copy->key) ||
        !is_copied(record->value_schema, copy->value_schema) ||
        !is_copied(record->key_schema, copy->key_schema)) {
        restore->code = MR_FAIL(restore->err, MR_NO_ROOM, "no room to restore state");
        return false;
    }
    return true;
}

/* The state of a partition as of its committed position: the snapshot, then the input since. */
static enum mr_code restore_partition(struct mr_worker *worker, int32_t partition,
                                      struct mr_error *err)
{
    struct owned *owned = &worker->owned[partition];
    struct restore restore = {.worker = worker, .code = MR_OK, .err = err};
    struct mr_transport *transport = worker->transport;
    const int64_t started = mr_clock_monotonic(worker->spec.clock);
    int64_t from;
    enum mr_code code;

    mr_segment_forget(worker->segment, partition);
    if (!mr_segment_has_state(worker->segment) || owned->next == 0) {
        return MR_OK;
    }
    owned->snapshot_due_ms = 0; /* holds the mark's offset while the snapshot is read */
    code = transport->ops->read(transport, mr_segment_states(worker->segment), partition, 0, -1,
                                visit_snapshot, &restore, err);
    from = owned->snapshot_due_ms;
    if (code != MR_OK || from >= owned->next) {
        return code;
    }
    code = restore_flush(&restore);
    if (code == MR_OK) {
        code = transport->ops->read(transport, mr_segment_input(worker->segment), partition, from,
                                    owned->next, visit_input, &restore, err);
    }
    if (code == MR_OK) {
        code = restore_flush(&restore);
    }
    MR_LOG(worker->spec.log, MR_INFO, "state_restored",
           "partition=%" PRId32 " from=%" PRId64 " to=%" PRId64 " took_ms=%" PRId64, partition,
           from, owned->next, mr_clock_monotonic(worker->spec.clock) - started);
    return code;
}

enum mr_code mr_worker_restore(struct mr_worker *worker, int32_t partition, struct mr_error *err)
{
    const enum mr_code code = restore_partition(worker, partition, err);

    worker->owned[partition].snapshot_due_ms =
        mr_clock_monotonic(worker->spec.clock) + worker->pipeline->settings->snapshot_interval;
    return code;
}
