#include "processors/core/stage/intake.h"

#include "processors/core/codec/encode.h"
#include "processors/core/codec/frame.h"
#include "processors/core/stage/dead_letter.h"
#include "processors/core/stage/segment_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PULL_MAX 1000
#define IDLE_WAIT_MS 200
#define CONFIG_ROOM ((size_t)16 << 20)
#define POSITIONS_MAX ((size_t)2 * MR_POSITIONS_MAX) /* of one transaction; more commit earlier */

enum { TOPIC_OUT, TOPIC_DEAD_LETTERS, TOPIC_POSITIONS, TOPIC_COUNT };
enum {
    ORIGIN_CONFIG,
    ORIGIN_SOURCE,
    ORIGIN_DIGEST,
    ORIGIN_PLACE,
    ORIGIN_EVENT_TIME,
    ORIGIN_END,
    ORIGIN_LEAVES
};

struct mr_intake_worker {
    const struct mr_pipeline *pipeline;
    struct mr_worker_spec spec;
    struct mr_arena *config_arena; /* owned */
    struct mr_arena *batch_arena;  /* owned */
    struct mr_arena *txn_arena;    /* owned */
    struct mr_mapper mapper;
    struct mr_digest digest; /* of the stage's configuration */
    struct mr_connector connector;
    struct mr_transport *transport;                      /* owned */
    struct mr_schema *origin, *schema;                   /* owned */
    struct mr_encoder *origin_encoder, *subject_encoder; /* owned */
    int32_t schema_id;
    struct mr_counters counters;
    struct mr_tally tally;
    struct mr_source_position positions[POSITIONS_MAX]; /* of the open transaction; txn arena */
    size_t position_count;
    size_t gathered;
    size_t pull_max; /* halved when the rows of a pull did not fit, grows slowly when they did */
    int64_t now_ms;  /* Kafka timestamp of all that the latest pull gave */
    bool is_begun, is_done, is_rewind_due, is_abort_due;
    int replays;
    struct mr_error resumed; /* what resume() of the connector said */
    uint64_t seed, recent_in, recent_rejected;
};

static int32_t partition_of(const struct mr_intake_worker *intake, struct mr_span key)
{
    return (int32_t)((mr_murmur2(key) & 0x7fffffff) %
                     (uint32_t)intake->pipeline->settings->partitions);
}

/* [frame][subject][origin] in the transaction's arena. */
static enum mr_code encode(struct mr_intake_worker *intake, const struct mr_row *row,
                           const struct mr_mapped *mapped, struct mr_span *value,
                           struct mr_error *err)
{
    const struct mr_value origin[ORIGIN_LEAVES] = {
        [ORIGIN_CONFIG] = mr_value_bytes((struct mr_span){intake->digest.bytes, 8}),
        [ORIGIN_SOURCE] = mr_value_string(mr_span_text(row->place.source)),
        [ORIGIN_DIGEST] =
            mr_value_bytes((struct mr_span){row->place.digest->bytes, MR_DIGEST_SIZE}),
        [ORIGIN_PLACE] = mr_value_int(row->place.index),
        [ORIGIN_EVENT_TIME] = mr_value_timestamp_ms(mapped->event_time_ms),
        [ORIGIN_END] = row->place.end ? mr_value_string(mr_span_text(row->place.end))
                                      : (struct mr_value){.kind = MR_KIND_NULL},
    };
    const char *fault = NULL;
    size_t leaf = 0, subject_size, origin_size;
    uint8_t *bytes, *at;

    subject_size = mr_encoder_size(intake->subject_encoder, mapped->leaves, &fault, &leaf);
    if (fault != NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "%s: %s",
                       mr_encoder_leaf_name(intake->subject_encoder, leaf), fault);
    }
    origin_size = mr_encoder_size(intake->origin_encoder, origin, &fault, &leaf);
    if (fault != NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "origin.%s: %s",
                       mr_encoder_leaf_name(intake->origin_encoder, leaf), fault);
    }
    bytes = mr_arena_bytes(intake->txn_arena, MR_FRAME_SIZE + subject_size + origin_size);
    if (bytes == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "the transaction has no room for a row more");
    }
    mr_frame_write(bytes, intake->schema_id);
    at = mr_encoder_write(intake->subject_encoder, mapped->leaves, bytes + MR_FRAME_SIZE);
    at = mr_encoder_write(intake->origin_encoder, origin, at);
    *value = (struct mr_span){bytes, (size_t)(at - bytes)};
    return MR_OK;
}

static enum mr_code reject(struct mr_intake_worker *intake, const struct mr_row *row,
                           const struct mr_verdict *verdict, struct mr_output *output,
                           struct mr_error *err)
{
    const struct mr_span source = mr_span_text(row->place.source);
    const struct mr_dead_letter letter = {
        .topic = "",
        .partition = 0,
        .offset = row->place.index,
        .pipeline = intake->pipeline->name,
        .stage = intake->counters.stage,
        .reason = verdict->reason,
        .cause = verdict->cause,
        .detail = verdict->detail,
        .source = row->place.source,
        .line = row->place.line,
    };

    *output = (struct mr_output){
        .topic = TOPIC_DEAD_LETTERS,
        .partition = partition_of(intake, source),
        .key = mr_arena_copy(intake->txn_arena, source),
        .value = mr_arena_copy(intake->txn_arena, row->raw),
        .timestamp_ms = intake->now_ms,
    };
    output->headers = mr_dead_letter_headers(&letter, intake->txn_arena, &output->header_count);
    if (output->headers == NULL || output->key.data == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "the transaction has no room for a dead letter");
    }
    intake->tally.rejected++;
    mr_tally_reason(&intake->tally, verdict->reason);
    return MR_OK;
}

/* By the very timestamp that the record would get: who reads the log finds the same. */
static enum mr_code refuse_ahead(struct mr_intake_worker *intake, const struct mr_row *row,
                                 int64_t event_time_ms, struct mr_output *output,
                                 struct mr_error *err)
{
    const struct mr_verdict refused = {
        .kind = MR_VERDICT_REJECT,
        .reason = MR_EVENT_TIME_AHEAD,
        .cause = "event_time",
        .detail = mr_arena_print(intake->batch_arena,
                                 "event_time: lies %" PRIu64 " hours ahead: a fault of the source, "
                                 "or raise event_time_ahead_max",
                                 ((uint64_t)event_time_ms - (uint64_t)intake->now_ms) / 3600000),
    };

    return reject(intake, row, &refused, output, err);
}

/* One row to one output: the record, or its dead letter. */
static enum mr_code row_out(struct mr_intake_worker *intake, const struct mr_row *row,
                            const struct mr_mapped *mapped, struct mr_output *output,
                            struct mr_error *err)
{
    struct mr_verdict refused = {.kind = MR_VERDICT_REJECT, .reason = "value_not_encodable"};
    struct mr_error inner = {0};
    struct mr_span value;
    enum mr_code code;

    intake->tally.in++;
    if (mapped->verdict.kind == MR_VERDICT_REJECT) {
        return reject(intake, row, &mapped->verdict, output, err);
    }
    MR_ASSERT(mapped->verdict.kind == MR_VERDICT_PASS);
    if (mr_pipeline_is_ahead(intake->pipeline, mapped->event_time_ms, intake->now_ms)) {
        return refuse_ahead(intake, row, mapped->event_time_ms, output, err);
    }
    code = encode(intake, row, mapped, &value, &inner);
    if (code == MR_BAD_DATA) {
        refused.detail = mr_arena_text(intake->batch_arena, mr_span_text(inner.text));
        return reject(intake, row, &refused, output, err);
    }
    if (code != MR_OK) {
        return MR_FAIL(err, code, "%s", inner.text);
    }
    *output = (struct mr_output){
        .topic = TOPIC_OUT,
        .partition = partition_of(intake, mapped->partition_key),
        .key = mr_arena_copy(intake->txn_arena, mapped->key),
        .value = value,
        .timestamp_ms = intake->now_ms,
    };
    intake->tally.passed++;
    return output->key.data != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no room for a row's key");
}

/* Later positions of a source replace earlier ones of the same transaction. */
static enum mr_code keep_positions(struct mr_intake_worker *intake, const struct mr_intake *pulled,
                                   struct mr_error *err)
{
    for (size_t i = 0; i < pulled->position_count; i++) {
        const struct mr_source_position *position = &pulled->positions[i];
        size_t at = 0;

        while (at < intake->position_count &&
               !mr_span_equal(intake->positions[at].key, position->key)) {
            at++;
        }
        MR_ASSERT(at < POSITIONS_MAX);
        if (at == intake->position_count) {
            intake->positions[at].key = mr_arena_copy(intake->txn_arena, position->key);
            intake->position_count++;
        }
        intake->positions[at].value = mr_arena_copy(intake->txn_arena, position->value);
        if (intake->positions[at].key.data == NULL || intake->positions[at].value.data == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for a position");
        }
    }
    return MR_OK;
}

static enum mr_code begin(struct mr_intake_worker *intake, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (!intake->is_begun) {
        code = intake->transport->ops->begin(intake->transport, err);
        intake->is_begun = code == MR_OK;
    }
    return code;
}

static enum mr_code rows_out(struct mr_intake_worker *intake, const struct mr_intake *pulled,
                             struct mr_error *err)
{
    struct mr_arena *arena = intake->batch_arena;
    struct mr_mapped *mapped = mr_arena_take(arena, pulled->count + 1, sizeof(*mapped));
    struct mr_output *outputs = mr_arena_take(arena, pulled->count + 1, sizeof(*outputs));
    enum mr_code code;

    if (mapped == NULL || outputs == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu rows", pulled->count);
    }
    code =
        intake->mapper.ops->map(&intake->mapper, pulled->rows, pulled->count, mapped, arena, err);
    for (size_t i = 0; code == MR_OK && i < pulled->count; i++) {
        code = row_out(intake, &pulled->rows[i], &mapped[i], &outputs[i], err);
    }
    if (code == MR_OK) {
        code = begin(intake, err);
    }
    return code == MR_OK
               ? intake->transport->ops->produce(intake->transport, outputs, pulled->count, err)
               : code;
}

static enum mr_code pull(struct mr_intake_worker *intake, struct mr_intake *pulled,
                         struct mr_error *err)
{
    enum mr_code code;

    *pulled = (struct mr_intake){0};
    mr_arena_reset(intake->batch_arena);
    code = intake->connector.ops->pull(&intake->connector, intake->pull_max, intake->batch_arena,
                                       pulled, err);
    if (code != MR_OK) {
        return code;
    }
    intake->now_ms = mr_clock_wall(intake->spec.clock);
    intake->is_done = pulled->is_done;
    atomic_store_explicit(&intake->counters.source_bytes, pulled->source_bytes,
                          memory_order_relaxed);
    atomic_store_explicit(&intake->counters.source_bytes_expected, pulled->source_bytes_total,
                          memory_order_relaxed);
    if (pulled->count == 0 && pulled->position_count == 0) {
        return MR_OK;
    }
    code = begin(intake, err);
    if (code == MR_OK) {
        code = keep_positions(intake, pulled, err);
    }
    intake->gathered += pulled->count;
    return code == MR_OK && pulled->count > 0 ? rows_out(intake, pulled, err) : code;
}

static void end_transaction(struct mr_intake_worker *intake)
{
    intake->is_begun = false;
    intake->gathered = 0;
    intake->position_count = 0;
    intake->tally = (struct mr_tally){0};
    mr_arena_reset(intake->txn_arena);
}

static enum mr_code produce_positions(struct mr_intake_worker *intake, struct mr_error *err)
{
    struct mr_output outputs[POSITIONS_MAX];

    for (size_t i = 0; i < intake->position_count; i++) {
        outputs[i] = (struct mr_output){
            .topic = TOPIC_POSITIONS,
            .partition = partition_of(intake, intake->positions[i].key),
            .key = intake->positions[i].key,
            .value = intake->positions[i].value,
        };
    }
    return intake->transport->ops->produce(intake->transport, outputs, intake->position_count, err);
}

static enum mr_code check_rejects(struct mr_intake_worker *intake, struct mr_error *err)
{
    const double most = intake->pipeline->settings->reject_ratio_max;

    if (intake->recent_in < 1000) {
        return MR_OK;
    }
    if ((double)intake->recent_rejected > most * (double)intake->recent_in) {
        return MR_FAIL(err, MR_TOO_MANY_REJECTS,
                       "%s: %" PRIu64 " of the last %" PRIu64
                       " rows were rejected: see %s, or raise reject_ratio_max",
                       intake->counters.stage, intake->recent_rejected, intake->recent_in,
                       intake->pipeline->stages[0].dead_letters);
    }
    intake->recent_in /= 2;
    intake->recent_rejected /= 2;
    return MR_OK;
}

static enum mr_code commit(struct mr_intake_worker *intake, struct mr_error *err)
{
    enum mr_code code = produce_positions(intake, err);

    if (code == MR_OK) {
        code = mr_phase_commit(&intake->spec, intake->transport, NULL, 0, &intake->counters, err);
    }
    if (code != MR_OK) {
        return code;
    }
    intake->recent_in += intake->tally.in;
    intake->recent_rejected += intake->tally.rejected;
    mr_tally_settle(&intake->tally, &intake->counters);
    intake->replays = 0;
    if (intake->pull_max < PULL_MAX) {
        intake->pull_max += intake->pull_max / 64 + 1;
    }
    end_transaction(intake);
    return check_rejects(intake, err);
}

static bool resume(void *context, const struct mr_record *record)
{
    struct mr_intake_worker *intake = context;
    const struct mr_source_position position = {record->key, record->value};

    return record->value.size == 0 ||
           intake->connector.ops->resume(&intake->connector, &position, &intake->resumed) == MR_OK;
}

/* Gives the connector every position that is committed. */
static enum mr_code resume_all(struct mr_intake_worker *intake, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    intake->resumed = (struct mr_error){0};
    for (int32_t i = 0; code == MR_OK && i < intake->pipeline->settings->partitions; i++) {
        code = intake->transport->ops->read(intake->transport, intake->pipeline->stages[0].states,
                                            i, 0, -1, resume, intake, err);
        if (code == MR_OK && intake->resumed.code != MR_OK) {
            code = MR_FAIL(err, intake->resumed.code, "%s", intake->resumed.text);
        }
    }
    return code;
}

static enum mr_code rewind_all(struct mr_intake_worker *intake, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (intake->is_abort_due) {
        mr_count(&intake->counters.aborts, 1);
        code = intake->transport->ops->abort(intake->transport, err);
    }
    if (code == MR_OK) { /* else it is still open, and what was produced still lent */
        intake->is_abort_due = false;
        end_transaction(intake);
        code = intake->connector.ops->rewind(&intake->connector, err);
    }
    if (code == MR_OK) {
        code = resume_all(intake, err);
    }
    intake->is_rewind_due = code != MR_OK;
    return code;
}

static bool is_full(const struct mr_intake_worker *intake, int64_t started)
{
    const struct mr_pipeline_settings *settings = intake->pipeline->settings;

    return intake->gathered >= (size_t)settings->commit_records ||
           intake->position_count > POSITIONS_MAX / 2 ||
           mr_arena_room(intake->txn_arena) < (size_t)settings->memory_max / 2 ||
           mr_clock_monotonic(intake->spec.clock) - started >= settings->commit_interval;
}

static enum mr_code one_round(struct mr_intake_worker *intake, struct mr_error *err)
{
    const int64_t started = mr_clock_monotonic(intake->spec.clock);
    struct mr_intake pulled = {0};
    enum mr_code code = MR_OK;

    atomic_store_explicit(&intake->counters.beat, (uint64_t)started, memory_order_relaxed);
    if (intake->is_rewind_due) {
        code = rewind_all(intake, err);
    }
    do {
        code = code == MR_OK ? pull(intake, &pulled, err) : code;
    } while (code == MR_OK && pulled.count > 0 && !pulled.is_done && !is_full(intake, started));
    if (code == MR_OK && intake->is_begun) {
        return commit(intake, err);
    }
    if (code == MR_OK && !pulled.is_done) {
        mr_clock_wait(intake->spec.clock, IDLE_WAIT_MS);
    }
    return code;
}

static enum mr_code recover(struct mr_intake_worker *intake, enum mr_code code,
                            const struct mr_error *why, struct mr_error *err)
{
    const bool is_smaller = code == MR_NO_ROOM && intake->pull_max > 1;

    if (!is_smaller &&
        (mr_code_advice(code) == MR_ADVICE_STOP || intake->replays >= MR_REPLAYS_MAX)) {
        return MR_FAIL(err, code, "%s", why->text);
    }
    intake->pull_max = is_smaller ? intake->pull_max / 2 : intake->pull_max;
    MR_LOG(intake->spec.log, MR_WARN, "batch_replayed", "stage=%s replays=%d reason=\"%s\"",
           intake->counters.stage, intake->replays, why->text);
    if (!is_smaller) {
        mr_phase_back_off(&intake->spec, intake->replays++, &intake->seed);
    }
    intake->is_rewind_due = true;
    intake->is_abort_due = true; /* a begin() that failed may have begun */
    intake->is_done = false;
    return MR_OK;
}

enum mr_code mr_intake_run(struct mr_intake_worker *intake, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    intake->is_rewind_due = true; /* to what is committed */
    while (code == MR_OK && !intake->is_done && !atomic_load(&intake->spec.phase->is_stopping)) {
        struct mr_error why = {0};

        code = one_round(intake, &why);
        if (code != MR_OK) {
            code = recover(intake, code, &why, err);
        }
    }
    if (intake->is_begun) { /* also where it was told to stop while it could not commit */
        (void)intake->transport->ops->abort(intake->transport, NULL);
    }
    return code;
}

static enum mr_code open_parts(struct mr_intake_worker *intake, struct mr_report *report,
                               struct mr_error *err)
{
    const struct mr_pipeline *pipeline = intake->pipeline;
    enum mr_code code = mr_mapper_open(pipeline, report, intake->config_arena, &intake->mapper,
                                       &intake->digest, err);

    if (code == MR_OK) {
        code = mr_ingest_schema(pipeline, &intake->origin, &intake->schema, err);
    }
    if (code == MR_OK) {
        code = mr_catalogue_id(pipeline->catalogue, pipeline->stages[0].topic, intake->schema,
                               &intake->schema_id, err);
    }
    if (code == MR_OK) {
        code = mr_encoder_new(intake->origin, &intake->origin_encoder, err);
    }
    if (code == MR_OK) {
        MR_ASSERT(mr_encoder_leaf_count(intake->origin_encoder) == ORIGIN_LEAVES);
        code = mr_encoder_new(pipeline->subject, &intake->subject_encoder, err);
    }
    if (code != MR_OK) {
        return code;
    }
    intake->connector =
        (struct mr_connector){.ops = intake->mapper.ops->connector(&intake->mapper),
                              .settings = intake->mapper.ops->connector_settings(&intake->mapper),
                              .log = intake->spec.log};
    return intake->connector.ops->open(&intake->connector,
                                       intake->mapper.ops->wanted(&intake->mapper), err);
}

static enum mr_code open_transport(struct mr_intake_worker *intake, struct mr_error *err)
{
    const struct mr_stage_spec *stage = &intake->pipeline->stages[0];
    const char *const outputs[TOPIC_COUNT] = {
        [TOPIC_OUT] = stage->topic,
        [TOPIC_DEAD_LETTERS] = stage->dead_letters,
        [TOPIC_POSITIONS] = stage->states,
    };
    const struct mr_transport_spec spec = {
        .instance =
            mr_arena_print(intake->config_arena, "%s-%s-0", intake->pipeline->name, stage->name),
        .outputs = outputs,
        .output_count = TOPIC_COUNT,
        .delivery = (enum mr_delivery)intake->pipeline->settings->delivery,
        .worker_count = 1,
    };

    return intake->spec.broker->ops->open(intake->spec.broker, &spec, &intake->transport, err);
}

static bool allocate(struct mr_intake_worker *intake)
{
    const size_t memory = (size_t)intake->pipeline->settings->memory_max;

    intake->config_arena = mr_arena_new(CONFIG_ROOM);
    intake->batch_arena = mr_arena_new(memory);
    intake->txn_arena = mr_arena_new(memory);
    return intake->config_arena != NULL && intake->batch_arena != NULL && intake->txn_arena != NULL;
}

enum mr_code mr_intake_new(const struct mr_pipeline *pipeline, const struct mr_worker_spec *spec,
                           struct mr_report *report, struct mr_intake_worker **out,
                           struct mr_error *err)
{
    struct mr_intake_worker *intake = calloc(1, sizeof(*intake));
    enum mr_code code;

    *out = NULL;
    if (intake == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for ingest");
    }
    intake->pipeline = pipeline;
    intake->spec = *spec;
    intake->seed = 1;
    intake->pull_max = PULL_MAX;
    intake->counters.stage = pipeline->stages[0].name;
    code = allocate(intake) ? open_parts(intake, report, err)
                            : MR_FAIL(err, MR_NO_ROOM, "no memory for ingest's arenas");
    if (code == MR_OK) {
        code = open_transport(intake, err);
    }
    if (code != MR_OK) {
        mr_intake_free(intake);
        return code;
    }
    *out = intake;
    return MR_OK;
}

struct mr_counters *mr_intake_counters(struct mr_intake_worker *intake)
{
    return &intake->counters;
}

void mr_intake_free(struct mr_intake_worker *intake)
{
    if (intake == NULL) {
        return;
    }
    if (intake->transport != NULL) {
        intake->transport->ops->close(intake->transport);
    }
    if (intake->connector.ops != NULL) {
        intake->connector.ops->close(&intake->connector);
    }
    mr_mapper_close(&intake->mapper);
    mr_encoder_free(intake->origin_encoder);
    mr_encoder_free(intake->subject_encoder);
    mr_schema_free(intake->origin);
    mr_schema_free(intake->schema);
    mr_arena_free(intake->config_arena);
    mr_arena_free(intake->batch_arena);
    mr_arena_free(intake->txn_arena);
    free(intake);
}
