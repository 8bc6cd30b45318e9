#include "processors/core/base/digest.h"
#include "processors/core/codec/frame.h"
#include "processors/core/stage/dead_letter.h"
#include "processors/core/stage/segment_internal.h"

#include <string.h>

struct mr_output *mr_outputs_add(struct mr_outputs *outputs, struct mr_arena *arena)
{
    if (outputs->count == outputs->room) {
        const size_t room = outputs->room == 0 ? 1024 : 2 * outputs->room;
        struct mr_output *items = mr_arena_take(arena, room, sizeof(*items));

        if (items == NULL) {
            return NULL;
        }
        if (outputs->count > 0) {
            memcpy(items, outputs->items, outputs->count * sizeof(*items));
        }
        outputs->items = items;
        outputs->room = room;
    }
    return &outputs->items[outputs->count++];
}

static enum mr_code no_room(const struct mr_stage *stage, struct mr_error *err)
{
    return MR_FAIL(err, MR_NO_ROOM, "%s: the batch does not fit in memory_max", stage->spec->name);
}

static const struct mr_header *trace_header(struct mr_pass *pass, const struct mr_record *record,
                                            size_t *count)
{
    struct mr_header *header;

    *count = 0;
    if (record->traceparent.size == 0) {
        return NULL;
    }
    header = mr_arena_take(pass->txn_arena, 1, sizeof(*header));
    if (header != NULL) {
        *header =
            (struct mr_header){"traceparent", mr_arena_copy(pass->txn_arena, record->traceparent)};
        *count = 1;
    }
    return header;
}

/* record->value becomes what came in plus the stamp, framed with the topic's schema. */
static enum mr_code append_stamp(struct mr_pass *pass, struct mr_stage *stage,
                                 struct mr_record *record, const struct mr_value *row,
                                 struct mr_error *err)
{
    const struct mr_stamp *made = &stage->scope.made;
    const size_t prefix = record->value.size;
    const char *fault = NULL;
    size_t leaf = 0, size;
    uint8_t *bytes;

    if (made->field == NULL) {
        return MR_OK;
    }
    size = mr_encoder_size(made->encoder, row + made->first_slot, &fault, &leaf);
    if (fault != NULL) {
        return MR_FAIL(err, MR_INTERNAL, "%s: the stamp's %s cannot be written: %s",
                       stage->spec->name, mr_encoder_leaf_name(made->encoder, leaf), fault);
    }
    bytes = mr_arena_bytes(pass->txn_arena, prefix + size);
    if (bytes == NULL) {
        return no_room(stage, err);
    }
    memcpy(bytes, record->value.data, prefix);
    mr_frame_write(bytes, stage->schema_id);
    (void)mr_encoder_write(made->encoder, row + made->first_slot, bytes + prefix);
    record->value = (struct mr_span){bytes, prefix + size};
    return MR_OK;
}

/* Joins the parts with a byte that no text contains, so that ("a", "bc") and ("ab", "c") differ. */
static uint32_t hash_parts(const struct mr_stage *stage, const struct mr_value *row,
                           struct mr_span key, struct mr_arena *arena, bool *is_good)
{
    const size_t mark = mr_arena_mark(arena);
    uint32_t hash = 0;

    *is_good = true;
    if (stage->partition_by_count == 0) {
        return mr_murmur2(key);
    }
    for (size_t i = 0; i < stage->partition_by_count; i++) {
        const struct mr_value part = mr_cel_eval(stage->partition_by[i], row, arena);

        *is_good = *is_good && part.kind == MR_KIND_STRING;
        if (*is_good) {
            hash = hash * 31 + mr_murmur2(mr_value_span(&part));
        }
    }
    mr_arena_release(arena, mark);
    return hash;
}

/* The new key and partition of a record; *is_good: its expressions have values for it. */
static enum mr_code repartition(struct mr_pass *pass, const struct mr_stage *stage,
                                struct mr_record *record, const struct mr_value *row, bool *is_good,
                                struct mr_error *err)
{
    const struct mr_value key = mr_cel_eval(stage->key, row, pass->txn_arena);
    const bool is_short = key.kind == MR_KIND_ERROR && key.number == MR_CEL_FAULT_NO_ROOM;
    uint32_t hash;

    *is_good = key.kind == MR_KIND_STRING;
    if (!*is_good) {
        return is_short ? no_room(stage, err) : MR_OK;
    }
    /* It may be a view of a stamp, which is gone with the batch. */
    record->key = mr_arena_copy(pass->txn_arena, mr_value_span(&key));
    if (record->key.data == NULL) {
        return no_room(stage, err);
    }
    hash = hash_parts(stage, row, record->key, pass->batch_arena, is_good);
    record->partition =
        (int32_t)((hash & 0x7fffffff) % (uint32_t)pass->segment->pipeline->settings->partitions);
    return MR_OK;
}

static enum mr_code output_pass(struct mr_pass *pass, struct mr_stage *stage,
                                const struct mr_record *record, struct mr_error *err)
{
    struct mr_output *output;

    if (pass->outputs == NULL || !stage->spec->is_published || stage->scope.emits != NULL) {
        return MR_OK;
    }
    output = mr_outputs_add(pass->outputs, pass->batch_arena);
    if (output == NULL) {
        return no_room(stage, err);
    }
    *output = (struct mr_output){.topic = stage->topic,
                                 .partition = record->partition,
                                 .key = record->key,
                                 .value = record->value,
                                 .timestamp_ms = record->timestamp_ms};
    output->headers = trace_header(pass, record, &output->header_count);
    return MR_OK;
}

static const struct mr_header *find_header(const struct mr_record *record, const char *name)
{
    for (size_t i = record->header_count; i > 0; i--) {
        if (strcmp(record->headers[i - 1].name, name) == 0) {
            return &record->headers[i - 1];
        }
    }
    return NULL;
}

/* A stage behind another reads what that one wrote, and would find only these headers there if it
 * were a segment of its own. */
static struct mr_record as_read_by(const struct mr_segment *segment, const struct mr_stage *stage,
                                   const struct mr_record *record)
{
    struct mr_record own = *record;

    if (stage != &segment->stages[segment->first]) {
        const struct mr_header *trace = find_header(record, "traceparent");

        own.headers = trace;
        own.header_count = trace != NULL;
    }
    return own;
}

static enum mr_code output_reject(struct mr_pass *pass, struct mr_stage *stage,
                                  const struct mr_record *record, const struct mr_verdict *verdict,
                                  struct mr_error *err)
{
    const struct mr_segment *segment = pass->segment;
    const struct mr_record own = as_read_by(segment, stage, record);
    const struct mr_dead_letter letter = {
        .topic = segment->stages[segment->first - 1].spec->topic,
        .partition = record->partition,
        .offset = record->offset,
        .pipeline = segment->pipeline->name,
        .stage = stage->spec->name,
        .reason = verdict->reason,
        .cause = verdict->cause,
        .detail = verdict->detail,
        .record = &own,
    };
    struct mr_output *output;

    if (pass->outputs == NULL) {
        return MR_OK;
    }
    output = mr_outputs_add(pass->outputs, pass->batch_arena);
    if (output == NULL) {
        return no_room(stage, err);
    }
    *output = (struct mr_output){.topic = stage->dead_letters,
                                 .partition = record->partition,
                                 .key = record->key,
                                 .value = record->value,
                                 .timestamp_ms = record->timestamp_ms};
    output->headers = mr_dead_letter_headers(&letter, pass->txn_arena, &output->header_count);
    return output->headers != NULL ? MR_OK : no_room(stage, err);
}

/* CloudEvents attributes (Kafka binding, binary mode): on what is emitted only, for headers cost.
 */
static const struct mr_header *event_headers(struct mr_pass *pass, const struct mr_stage *stage,
                                             struct mr_span id, const struct mr_record *record,
                                             size_t *count)
{
    struct mr_header *headers = mr_arena_take(pass->txn_arena, 6, sizeof(*headers));
    const char *source = mr_arena_print(pass->txn_arena, "/millrace/%s/%s",
                                        pass->segment->pipeline->name, stage->spec->name);

    if (headers == NULL || source == NULL) {
        return NULL;
    }
    headers[0] = (struct mr_header){"ce_specversion", MR_SPAN("1.0")};
    headers[1] = (struct mr_header){"ce_id", mr_arena_copy(pass->txn_arena, id)};
    headers[2] = (struct mr_header){"ce_source", mr_span_text(source)};
    headers[3] = (struct mr_header){"ce_type", MR_SPAN("millrace.advisory")};
    headers[4] = (struct mr_header){"content-type", MR_SPAN("application/avro")};
    *count = 5;
    if (record->traceparent.size > 0) {
        headers[(*count)++] =
            (struct mr_header){"traceparent", mr_arena_copy(pass->txn_arena, record->traceparent)};
    }
    return headers;
}

static enum mr_code output_emission(struct mr_pass *pass, struct mr_stage *stage,
                                    const struct mr_record *record,
                                    const struct mr_emission *emission, struct mr_error *err)
{
    const struct mr_encoder *encoder = stage->scope.emits_encoder;
    const char *fault = NULL;
    size_t leaf = 0;
    const size_t size = mr_encoder_size(encoder, emission->leaves, &fault, &leaf);
    struct mr_output *output;
    struct mr_span key;
    uint8_t *bytes;

    if (fault != NULL) {
        return MR_FAIL(err, MR_INTERNAL, "%s: %s of what it emits cannot be written: %s",
                       stage->spec->name, mr_encoder_leaf_name(encoder, leaf), fault);
    }
    output = mr_outputs_add(pass->outputs, pass->batch_arena);
    bytes = mr_arena_bytes(pass->txn_arena, MR_FRAME_SIZE + size);
    key = mr_arena_copy(pass->txn_arena, emission->key);
    if (output == NULL || bytes == NULL || key.data == NULL) {
        return no_room(stage, err);
    }
    mr_frame_write(bytes, stage->schema_id);
    (void)mr_encoder_write(encoder, emission->leaves, bytes + MR_FRAME_SIZE);
    *output = (struct mr_output){.topic = stage->topic,
                                 .partition = record->partition,
                                 .key = key,
                                 .value = {bytes, MR_FRAME_SIZE + size},
                                 .timestamp_ms = record->timestamp_ms};
    output->headers = event_headers(pass, stage, emission->id, record, &output->header_count);
    return output->headers != NULL ? MR_OK : no_room(stage, err);
}

static enum mr_code output_emissions(struct mr_pass *pass, struct mr_stage *stage,
                                     const struct mr_record *record,
                                     const struct mr_verdict *verdict, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; code == MR_OK && pass->outputs != NULL && i < verdict->emission_count; i++) {
        code = output_emission(pass, stage, record, &verdict->emissions[i], err);
    }
    return code;
}

static void count(struct mr_pass *pass, struct mr_stage *stage, const struct mr_verdict *verdict)
{
    struct mr_tally *tally = &stage->tally;

    if (pass->outputs == NULL) {
        return;
    }
    tally->in++;
    tally->passed += verdict->kind == MR_VERDICT_PASS;
    tally->dropped += verdict->kind == MR_VERDICT_DROP;
    tally->rejected += verdict->kind == MR_VERDICT_REJECT;
    tally->emitted += verdict->emission_count;
    tally->flagged += verdict->is_flagged;
    if (verdict->reason != NULL) {
        mr_tally_reason(tally, verdict->reason);
    }
}

static enum mr_code output_one(struct mr_pass *pass, struct mr_stage *stage,
                               const struct mr_verdict *verdict, struct mr_record *record,
                               const struct mr_value *row, struct mr_error *err)
{
    enum mr_code code;

    if (verdict->kind == MR_VERDICT_DROP) {
        return MR_OK;
    }
    if (verdict->kind == MR_VERDICT_REJECT) {
        return output_reject(pass, stage, record, verdict, err);
    }
    code = append_stamp(pass, stage, record, row, err);
    if (code == MR_OK) {
        code = output_emissions(pass, stage, record, verdict, err);
    }
    return code == MR_OK ? output_pass(pass, stage, record, err) : code;
}

enum mr_code mr_output_stage(struct mr_pass *pass, struct mr_stage *stage,
                             const struct mr_verdict *verdicts, struct mr_error *err)
{
    static const struct mr_verdict no_key = {.kind = MR_VERDICT_REJECT, .reason = "key_missing"};
    size_t alive = 0;

    for (size_t i = 0; i < pass->count; i++) {
        struct mr_record record = pass->records[i];
        const struct mr_verdict *verdict = &verdicts[i];
        const bool is_moved =
            verdict->kind == MR_VERDICT_PASS && stage->spec->kind == MR_STAGE_REPARTITION;
        bool is_good = true;
        enum mr_code code = MR_OK;

        if (is_moved) {
            code = repartition(pass, stage, &record, pass->rows[i], &is_good, err);
        }
        if (!is_good) {
            record = pass->records[i];
            verdict = &no_key;
        }
        if (code == MR_OK && verdict->kind != MR_VERDICT_NONE) { /* NONE: it has yet to run */
            count(pass, stage, verdict);
            code = output_one(pass, stage, verdict, &record, pass->rows[i], err);
        }
        if (code != MR_OK) {
            return code;
        }
        if (verdict->kind == MR_VERDICT_PASS || verdict->kind == MR_VERDICT_NONE) {
            pass->rows[alive] = pass->rows[i];
            pass->records[alive++] = record;
        }
    }
    pass->count = alive;
    return MR_OK;
}
