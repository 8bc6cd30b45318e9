#include "processors/core/stage/segment.h"

#include "processors/core/stage/segment_internal.h"

#include <string.h>

/* What a record may need of the transaction's arena beyond copies of itself: stamps, dead-letter
 * headers, an advisory. Running out all the same costs a replay with a smaller batch. */
#define RECORD_EXTRA ((size_t)1024)

static bool has_room(const struct mr_segment *segment, const struct mr_record *records,
                     size_t count, const struct mr_arena *arena)
{
    const size_t copies = segment->last - segment->first + 2;
    size_t need = 0;

    for (size_t i = 0; i < count; i++) {
        need += (records[i].value.size + records[i].key.size) * copies + RECORD_EXTRA;
    }
    return need <= mr_arena_room(arena);
}

/* *fault NULL: the row is filled. Else why the record cannot be read. */
static enum mr_code decode(struct mr_pass *pass, size_t index, const char **fault,
                           struct mr_error *err)
{
    const struct mr_segment *segment = pass->segment;
    const struct mr_room room = {pass->batch_arena, pass->txn_arena};
    struct mr_record *record = &pass->records[index];
    struct mr_value *row = pass->rows[index];
    enum mr_code code;

    if (record->key_schema.size == 0 && !mr_utf8_is_valid(record->key)) {
        *fault = "key_not_utf8";
        return MR_OK;
    }
    code = mr_decoder_decode(segment->decoder, record, &room, row, fault, err);
    row[segment->key_slot] = mr_value_string(record->key);
    if (code == MR_OK && *fault == NULL &&
        mr_pipeline_is_ahead(segment->pipeline, mr_value_ms(&row[segment->time_slot]),
                             record->timestamp_ms)) {
        *fault = MR_EVENT_TIME_AHEAD; /* not from our ingest: that refuses it itself */
    }
    return code;
}

static enum mr_code pass_init(struct mr_pass *pass, const struct mr_record *records, size_t count,
                              struct mr_error *err)
{
    const size_t slots = pass->segment->slot_count;
    struct mr_value *values = mr_arena_take(pass->batch_arena, count * slots + 1, sizeof(*values));

    pass->records = mr_arena_take(pass->batch_arena, count + 1, sizeof(*pass->records));
    pass->rows = mr_arena_take(pass->batch_arena, count + 1, sizeof(*pass->rows));
    if (values == NULL || pass->records == NULL || pass->rows == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the rows of %zu records", count);
    }
    memcpy(pass->records, records, count * sizeof(*records));
    for (size_t i = 0; i < count; i++) {
        pass->rows[i] = values + i * slots;
    }
    pass->count = count;
    return MR_OK;
}

/* Decodes all; what cannot be read is rejected by the first stage, before it runs. */
static enum mr_code decode_all(struct mr_pass *pass, struct mr_error *err)
{
    struct mr_segment *segment = pass->segment;
    struct mr_verdict *verdicts =
        mr_arena_take(pass->batch_arena, pass->count + 1, sizeof(*verdicts));
    bool is_any_bad = false;

    if (verdicts == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for verdicts");
    }
    for (size_t i = 0; i < pass->count; i++) {
        const char *fault = NULL;
        const enum mr_code code = decode(pass, i, &fault, err);

        if (code != MR_OK) {
            return code;
        }
        verdicts[i].kind = fault ? MR_VERDICT_REJECT : MR_VERDICT_NONE;
        verdicts[i].reason = fault;
        is_any_bad = is_any_bad || fault != NULL;
    }
    return is_any_bad ? mr_output_stage(pass, &segment->stages[segment->first], verdicts, err)
                      : MR_OK;
}

static int64_t latest(const struct mr_record *records, size_t count)
{
    int64_t ms = INT64_MIN;

    for (size_t i = 0; i < count; i++) {
        ms = records[i].timestamp_ms > ms ? records[i].timestamp_ms : ms;
    }
    return ms;
}

static enum mr_code run_stage(struct mr_pass *pass, struct mr_stage *stage, struct mr_error *err)
{
    const struct mr_batch batch = {pass->records, pass->rows, pass->count,
                                   latest(pass->records, pass->count)};
    struct mr_verdict *verdicts =
        mr_arena_take(pass->batch_arena, pass->count + 1, sizeof(*verdicts));
    enum mr_code code;

    if (verdicts == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for verdicts");
    }
    if (stage->spec->kind == MR_STAGE_REPARTITION) {
        for (size_t i = 0; i < pass->count; i++) {
            verdicts[i].kind = MR_VERDICT_PASS;
        }
    } else {
        code =
            stage->processor.ops->run(&stage->processor, &batch, verdicts, pass->batch_arena, err);
        if (code != MR_OK) {
            return code;
        }
    }
    for (size_t i = 0; i < pass->count; i++) {
        MR_ASSERT(verdicts[i].kind != MR_VERDICT_NONE);
        MR_ASSERT(verdicts[i].kind == MR_VERDICT_PASS || verdicts[i].reason != NULL);
    }
    return mr_output_stage(pass, stage, verdicts, err);
}

enum mr_code mr_segment_run(struct mr_segment *segment, const struct mr_record *records,
                            size_t count, const struct mr_room *room, struct mr_outputs *outputs,
                            struct mr_error *err)
{
    struct mr_pass pass = {
        .segment = segment, .batch_arena = room->batch, .txn_arena = room->txn, .outputs = outputs};
    enum mr_code code;

    if (!has_room(segment, records, count, room->txn)) {
        return MR_FAIL(err, MR_NO_ROOM, "the transaction has no room for %zu records more", count);
    }
    code = pass_init(&pass, records, count, err);
    if (code == MR_OK) {
        code = decode_all(&pass, err);
    }
    for (size_t i = segment->first; code == MR_OK && i <= segment->last && pass.count > 0; i++) {
        code = run_stage(&pass, &segment->stages[i], err);
    }
    return code;
}

static void settle_stage(struct mr_stage *stage)
{
    uint64_t keys = 0;

    for (size_t i = 0; i < stage->scope.store_count; i++) {
        keys += mr_store_key_count(stage->scope.stores[i]);
    }
    atomic_store_explicit(&stage->counters.keys, keys, memory_order_relaxed);
    stage->recent_in += stage->tally.in;
    stage->recent_rejected += stage->tally.rejected;
    mr_tally_settle(&stage->tally, &stage->counters);
}

void mr_segment_settle(struct mr_segment *segment)
{
    for (size_t i = segment->first; i <= segment->last; i++) {
        settle_stage(&segment->stages[i]);
    }
}

void mr_segment_unsettle(struct mr_segment *segment)
{
    for (size_t i = segment->first; i <= segment->last; i++) {
        segment->stages[i].tally = (struct mr_tally){0};
    }
}

enum mr_code mr_segment_check_rejects(struct mr_segment *segment, struct mr_error *err)
{
    const double most = segment->pipeline->settings->reject_ratio_max;

    for (size_t i = segment->first; i <= segment->last; i++) {
        struct mr_stage *stage = &segment->stages[i];

        if (stage->recent_in < 1000) {
            continue;
        }
        if ((double)stage->recent_rejected > most * (double)stage->recent_in) {
            return MR_FAIL(err, MR_TOO_MANY_REJECTS,
                           "%s: %llu of the last %llu records were rejected: see %s, or raise "
                           "reject_ratio_max",
                           stage->spec->name, (unsigned long long)stage->recent_rejected,
                           (unsigned long long)stage->recent_in, stage->spec->dead_letters);
        }
        stage->recent_in /= 2;
        stage->recent_rejected /= 2;
    }
    return MR_OK;
}
