#include "processors/core/stage/drain.h"

#include "processors/core/codec/layout.h"
#include "processors/core/stage/dead_letter.h"
#include "processors/core/stage/decoder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS_MAX MR_STAGES_MAX
#define PARTITIONS_MAX 4096
#define POLL_MAX 1000
#define IDLE_WAIT_MS 100
#define GATHER_WAIT_MS 10

/* Records of one (input, partition) of the open transaction, in order of their offsets. */
struct group {
    uint32_t input;
    int32_t partition;
    struct mr_record *records; /* txn arena */
    size_t count, room;
};

struct mr_drain {
    const struct mr_pipeline *pipeline;
    const struct mr_sink_spec *sink_spec;
    struct mr_worker_spec spec;
    struct mr_sink sink;
    struct mr_sink_input inputs[INPUTS_MAX];
    struct mr_decoder *decoders[INPUTS_MAX]; /* owned, as are the inputs' layouts */
    const char *topics[INPUTS_MAX];
    size_t input_count;
    struct mr_transport *transport; /* owned */
    struct mr_arena *config_arena;  /* owned */
    struct mr_arena *batch_arena;   /* owned */
    struct mr_arena *txn_arena;     /* owned */
    struct group *groups;           /* owned: room for every partition of every input */
    size_t group_count;
    struct mr_position *positions; /* owned: parallel to groups */
    struct mr_counters counters;
    struct mr_tally tally;
    size_t gathered;
    size_t gather_max; /* halved when a transaction did not fit, grows slowly when one did */
    bool is_begun;     /* dead letters were produced */
    bool is_abort_due;
    int replays;  /* in a row, that got nowhere */
    int failures; /* in a row, of any kind: how long to wait */
    uint64_t seed;
    char group[300], instance[320];
};

static enum mr_code add_record(struct group *group, const struct mr_record *record,
                               struct mr_arena *arena, struct mr_error *err)
{
    if (group->count == group->room) {
        const size_t room = group->room == 0 ? 256 : 2 * group->room;
        struct mr_record *records = mr_arena_take(arena, room, sizeof(*records));

        if (records == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for %zu records of a partition", room);
        }
        if (group->count > 0) {
            memcpy(records, group->records, group->count * sizeof(*records));
        }
        group->records = records;
        group->room = room;
    }
    group->records[group->count++] = *record;
    return MR_OK;
}

static struct group *group_of(struct mr_drain *drain, uint32_t input, int32_t partition)
{
    for (size_t i = drain->group_count; i-- > 0;) {
        if (drain->groups[i].input == input && drain->groups[i].partition == partition) {
            return &drain->groups[i];
        }
    }
    MR_ASSERT(drain->group_count < PARTITIONS_MAX);
    drain->groups[drain->group_count] = (struct group){.input = input, .partition = partition};
    return &drain->groups[drain->group_count++];
}

static bool is_full(const struct mr_drain *drain, int64_t started)
{
    const struct mr_pipeline_settings *settings = drain->pipeline->settings;

    return drain->gathered >= drain->gather_max ||
           mr_arena_room(drain->txn_arena) < (size_t)settings->memory_max / 2 ||
           (drain->gathered > 0 &&
            mr_clock_monotonic(drain->spec.clock) - started >= settings->commit_interval);
}

static enum mr_code gather(struct mr_drain *drain, struct mr_error *err)
{
    const int64_t started = mr_clock_monotonic(drain->spec.clock);

    while (!is_full(drain, started)) {
        struct mr_polled polled = {0};
        const size_t room = drain->gather_max - drain->gathered;
        enum mr_code code = drain->transport->ops->poll(
            drain->transport, drain->gathered > 0 ? GATHER_WAIT_MS : IDLE_WAIT_MS,
            room < POLL_MAX ? room : POLL_MAX, &polled, err);

        for (size_t i = 0; code == MR_OK && i < polled.count; i++) {
            code = add_record(group_of(drain, polled.inputs[i], polled.records[i].partition),
                              &polled.records[i], drain->txn_arena, err);
        }
        if (code != MR_OK || polled.count == 0) {
            return code;
        }
        drain->gathered += polled.count;
    }
    return MR_OK;
}

/* What cannot be read never reaches the sink; its verdict is there already. */
static enum mr_code decode_group(struct mr_drain *drain, const struct group *group,
                                 struct mr_value **rows, struct mr_verdict *verdicts,
                                 struct mr_error *err)
{
    const size_t slots = mr_layout_slot_count(drain->inputs[group->input].layout);
    const struct mr_room room = {drain->batch_arena, drain->txn_arena};
    struct mr_value *values =
        mr_arena_take(drain->batch_arena, group->count * slots + 1, sizeof(*values));

    if (values == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu rows", group->count);
    }
    for (size_t i = 0; i < group->count; i++) {
        const char *fault = NULL;
        enum mr_code code;

        rows[i] = values + i * slots;
        code = mr_decoder_decode(drain->decoders[group->input], &group->records[i], &room, rows[i],
                                 &fault, err);
        if (code != MR_OK) {
            return code;
        }
        verdicts[i].kind = fault ? MR_VERDICT_REJECT : MR_VERDICT_NONE;
        verdicts[i].reason = fault;
    }
    return MR_OK;
}

/* The records that can be read, as a batch of their own; their verdicts go back to their places. */
static enum mr_code write_readable(struct mr_drain *drain, const struct group *group,
                                   struct mr_value **rows, struct mr_verdict *verdicts,
                                   struct mr_error *err)
{
    struct mr_arena *arena = drain->batch_arena;
    struct mr_record *records = mr_arena_take(arena, group->count + 1, sizeof(*records));
    struct mr_verdict *said = mr_arena_take(arena, group->count + 1, sizeof(*said));
    struct mr_batch batch = {.records = records, .rows = rows};
    enum mr_code code;
    size_t from = 0;

    if (records == NULL || said == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu records", group->count);
    }
    records[0] = group->records[0]; /* where none can be read it still says which partition */
    for (size_t i = 0; i < group->count; i++) {
        if (verdicts[i].kind == MR_VERDICT_NONE) {
            rows[batch.count] = rows[i];
            records[batch.count++] = group->records[i];
        }
    }
    code = drain->sink.ops->write(&drain->sink, group->input, &batch,
                                  group->records[group->count - 1].offset + 1, said, arena, err);
    for (size_t i = 0; code == MR_OK && i < group->count; i++) {
        if (verdicts[i].kind == MR_VERDICT_NONE) {
            verdicts[i] = said[from++];
        }
    }
    return code;
}

static enum mr_code reject(struct mr_drain *drain, const struct group *group, size_t index,
                           const struct mr_verdict *verdict, struct mr_error *err)
{
    const struct mr_record *record = &group->records[index];
    const struct mr_dead_letter letter = {
        .topic = drain->topics[group->input],
        .partition = record->partition,
        .offset = record->offset,
        .pipeline = drain->pipeline->name,
        .stage = drain->sink_spec->name,
        .reason = verdict->reason,
        .cause = verdict->cause,
        .detail = verdict->detail,
        .record = record,
    };
    struct mr_output output = {
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
        .timestamp_ms = record->timestamp_ms,
    };
    enum mr_code code = MR_OK;

    output.headers = mr_dead_letter_headers(&letter, drain->txn_arena, &output.header_count);
    if (output.headers == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a dead letter");
    }
    if (!drain->is_begun) {
        code = drain->transport->ops->begin(drain->transport, err);
        drain->is_begun = code == MR_OK;
    }
    return code == MR_OK ? drain->transport->ops->produce(drain->transport, &output, 1, err) : code;
}

static enum mr_code judge(struct mr_drain *drain, const struct group *group,
                          const struct mr_verdict *verdicts, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; code == MR_OK && i < group->count; i++) {
        drain->tally.in++;
        if (verdicts[i].kind == MR_VERDICT_PASS) {
            drain->tally.passed++;
            continue;
        }
        MR_ASSERT(verdicts[i].kind == MR_VERDICT_REJECT && verdicts[i].reason != NULL);
        drain->tally.rejected++;
        mr_tally_reason(&drain->tally, verdicts[i].reason);
        code = reject(drain, group, i, &verdicts[i], err);
    }
    return code;
}

static enum mr_code write_group(struct mr_drain *drain, const struct group *group,
                                struct mr_error *err)
{
    struct mr_value **rows;
    struct mr_verdict *verdicts;
    enum mr_code code;

    mr_arena_reset(drain->batch_arena);
    rows = mr_arena_take(drain->batch_arena, group->count, sizeof(*rows));
    verdicts = mr_arena_take(drain->batch_arena, group->count, sizeof(*verdicts));
    if (rows == NULL || verdicts == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu verdicts", group->count);
    }
    code = decode_group(drain, group, rows, verdicts, err);
    if (code == MR_OK) {
        code = write_readable(drain, group, rows, verdicts, err);
    }
    return code == MR_OK ? judge(drain, group, verdicts, err) : code;
}

static void end_transaction(struct mr_drain *drain)
{
    drain->group_count = 0;
    drain->gathered = 0;
    drain->tally = (struct mr_tally){0};
    mr_arena_reset(drain->txn_arena);
}

static void settle(struct mr_drain *drain)
{
    mr_tally_settle(&drain->tally, &drain->counters);
    drain->replays = 0;
    drain->failures = 0;
    if (drain->gather_max < (size_t)drain->pipeline->settings->commit_records) {
        drain->gather_max += drain->gather_max / 64 + 1;
    }
    end_transaction(drain);
}

/* Dead letters first (a crash can repeat one, not lose one), then the store, then the offsets. */
static enum mr_code commit(struct mr_drain *drain, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < drain->group_count; i++) {
        const struct group *group = &drain->groups[i];

        drain->positions[i] = (struct mr_position){group->input, group->partition,
                                                   group->records[group->count - 1].offset + 1};
    }
    if (drain->is_begun) {
        code = mr_phase_commit(&drain->spec, drain->transport, NULL, 0, &drain->counters, err);
        drain->is_begun = code != MR_OK;
    }
    if (code == MR_OK) {
        code = drain->sink.ops->commit(&drain->sink, err);
    }
    if (code == MR_OK) {
        code = mr_phase_commit(&drain->spec, drain->transport, drain->positions, drain->group_count,
                               &drain->counters, err);
    }
    if (code == MR_OK) {
        settle(drain);
    }
    return code;
}

static enum mr_code rewind_all(struct mr_drain *drain, struct mr_error *err)
{
    enum mr_code code;

    mr_count(&drain->counters.aborts, 1);
    drain->sink.ops->abort(&drain->sink);
    code = drain->transport->ops->abort(drain->transport, err);
    drain->is_abort_due = code != MR_OK;
    if (code == MR_OK) { /* else dead letters are still lent */
        drain->is_begun = false;
        end_transaction(drain);
    }
    return code;
}

static enum mr_code one_round(struct mr_drain *drain, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    mr_phase_beat(&drain->spec, drain->transport, &drain->counters);
    if (drain->is_abort_due) {
        code = rewind_all(drain, err);
    }
    if (code == MR_OK) {
        code = gather(drain, err);
    }
    for (size_t i = 0; code == MR_OK && i < drain->group_count; i++) {
        code = write_group(drain, &drain->groups[i], err);
    }
    if (code == MR_OK && drain->gathered > 0) {
        code = commit(drain, err);
    }
    return code;
}

static enum mr_code recover(struct mr_drain *drain, enum mr_code code, const struct mr_error *why,
                            struct mr_error *err)
{
    const bool is_smaller = code == MR_NO_ROOM && drain->gather_max > 1;

    if (!is_smaller &&
        (mr_code_advice(code) == MR_ADVICE_STOP || drain->replays >= MR_REPLAYS_MAX)) {
        return MR_FAIL(err, code, "%s", why->text);
    }
    drain->gather_max = is_smaller ? drain->gather_max / 2 : drain->gather_max;
    MR_LOG(drain->spec.log, MR_WARN, "batch_replayed", "sink=%s replays=%d reason=\"%s\"",
           drain->sink_spec->name, drain->replays, why->text);
    mr_count(&drain->counters.retries, 1);
    if (!is_smaller) {
        mr_phase_back_off(&drain->spec, drain->failures++, &drain->seed);
    }
    drain->replays += mr_code_advice(code) == MR_ADVICE_REPLAY;
    drain->is_abort_due = true;
    return MR_OK;
}

static enum mr_code is_finished(struct mr_drain *drain, bool *is_done, struct mr_error *err)
{
    struct mr_phase *phase = drain->spec.phase;

    *is_done = atomic_load(&phase->is_stopping);
    if (*is_done || !phase->is_once || !mr_phase_is_upstream_done(phase, drain->spec.rank)) {
        return MR_OK;
    }
    return drain->transport->ops->drained(drain->transport, is_done, err);
}

enum mr_code mr_drain_run(struct mr_drain *drain, struct mr_error *err)
{
    bool is_done = false;

    while (!is_done) {
        struct mr_error why = {0};
        enum mr_code code = one_round(drain, &why);

        if (code == MR_OK) {
            code = is_finished(drain, &is_done, &why);
        }
        if (code != MR_OK) {
            code = recover(drain, code, &why, err);
            is_done = code != MR_OK || atomic_load(&drain->spec.phase->is_stopping);
            if (is_done) { /* what is open will be read again */
                drain->sink.ops->abort(&drain->sink);
                return code;
            }
        }
    }
    return MR_OK;
}

static enum mr_code ask_position(void *context, uint32_t input, int32_t partition, int64_t *next,
                                 struct mr_error *err)
{
    struct mr_drain *drain = context;

    return drain->sink.ops->position(&drain->sink, input, partition, next, err);
}

static enum mr_code changed(void *context, const struct mr_position *positions, size_t count,
                            struct mr_error *err)
{
    (void)context;
    (void)positions;
    (void)count;
    (void)err;
    return MR_OK;
}

static bool is_among(const struct group *group, const struct mr_position *positions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (positions[i].input == group->input && positions[i].partition == group->partition) {
            return true;
        }
    }
    return false;
}

/* What is gathered of partitions that go away will be read by whoever gets them. */
static enum mr_code revoked(void *context, const struct mr_position *positions, size_t count,
                            bool is_lost, struct mr_error *err)
{
    struct mr_drain *drain = context;
    size_t kept = 0;

    (void)is_lost;
    (void)err;
    for (size_t i = 0; i < drain->group_count; i++) {
        const struct group group = drain->groups[i];

        if (is_among(&group, positions, count)) {
            drain->gathered -= group.count;
        } else {
            drain->groups[kept++] = group;
        }
    }
    drain->group_count = kept;
    return MR_OK;
}

static enum mr_code open_transport(struct mr_drain *drain, struct mr_error *err)
{
    const struct mr_transport_spec spec = {
        .group = drain->group,
        .instance = drain->instance,
        .inputs = drain->topics,
        .input_count = drain->input_count,
        .outputs = &drain->sink_spec->dead_letters,
        .output_count = 1,
        .delivery = MR_AT_LEAST_ONCE,
        .worker = drain->spec.worker,
        .worker_count = drain->spec.worker_count,
        .position = drain->sink.ops->position != NULL ? ask_position : NULL,
        .listener = {changed, revoked, drain},
        .context = drain,
    };

    (void)snprintf(drain->group, sizeof(drain->group), "%s-%s", drain->pipeline->name,
                   drain->sink_spec->name);
    (void)snprintf(drain->instance, sizeof(drain->instance), "%s-%" PRId32, drain->group,
                   drain->spec.worker);
    return drain->spec.broker->ops->open(drain->spec.broker, &spec, &drain->transport, err);
}

static enum mr_code open_inputs(struct mr_drain *drain, const struct mr_schema *const *schemas,
                                struct mr_error *err)
{
    for (size_t i = 0; drain->sink_spec->stages[i] != NULL; i++) {
        const int stage = mr_pipeline_stage(drain->pipeline, drain->sink_spec->stages[i]);
        struct mr_sink_input *input = &drain->inputs[drain->input_count];

        MR_ASSERT(stage >= 0 && drain->input_count < INPUTS_MAX);
        input->stage = drain->sink_spec->stages[i];
        input->topic = drain->pipeline->stages[stage].topic;
        input->schema = schemas[stage];
        input->layout = mr_layout_new(schemas[stage]);
        if (input->layout == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no memory for a layout");
        }
        drain->topics[drain->input_count++] = input->topic;
    }
    return MR_OK;
}

/* After the sink has asked for its slots. */
static enum mr_code open_decoder(struct mr_drain *drain, size_t index, struct mr_error *err)
{
    const struct mr_sink_input *input = &drain->inputs[index];
    struct mr_decoder_spec spec = {
        .catalogue = drain->pipeline->catalogue, .schema = input->schema, .layout = input->layout};
    const enum mr_code code =
        mr_catalogue_id(spec.catalogue, input->topic, input->schema, &spec.schema_id, err);

    return code == MR_OK ? mr_decoder_new(&spec, &drain->decoders[index], err) : code;
}

static enum mr_code open_sink(struct mr_drain *drain, const struct mr_drain_spec *what,
                              struct mr_report *report, struct mr_error *err)
{
    enum mr_code code;

    drain->sink = (struct mr_sink){.ops = what->sink->ops,
                                   .settings = what->sink->settings,
                                   .log = drain->spec.log,
                                   .name = what->sink->name,
                                   .pipeline = what->pipeline->name,
                                   .is_transient = drain->spec.broker != NULL &&
                                                   drain->spec.broker->is_transient,
                                   .report = report};
    code = open_inputs(drain, what->schemas, err);
    if (code == MR_OK) {
        code = drain->sink.ops->open(&drain->sink, drain->inputs, drain->input_count, what->is_dry,
                                     err);
    }
    for (size_t i = 0; code == MR_OK && i < drain->input_count; i++) {
        code = open_decoder(drain, i, err);
    }
    return code;
}

static bool allocate(struct mr_drain *drain)
{
    const size_t memory = (size_t)drain->pipeline->settings->memory_max;

    drain->batch_arena = mr_arena_new(memory);
    drain->txn_arena = mr_arena_new(memory);
    drain->groups = calloc(PARTITIONS_MAX, sizeof(*drain->groups));
    drain->positions = calloc(PARTITIONS_MAX, sizeof(*drain->positions));
    return drain->batch_arena != NULL && drain->txn_arena != NULL && drain->groups != NULL &&
           drain->positions != NULL;
}

enum mr_code mr_drain_new(const struct mr_drain_spec *what, const struct mr_worker_spec *spec,
                          struct mr_report *report, struct mr_drain **out, struct mr_error *err)
{
    struct mr_drain *drain = calloc(1, sizeof(*drain));
    enum mr_code code;

    *out = NULL;
    if (drain == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a sink");
    }
    drain->pipeline = what->pipeline;
    drain->sink_spec = what->sink;
    drain->spec = *spec;
    drain->seed = 1;
    drain->gather_max = (size_t)what->pipeline->settings->commit_records;
    drain->counters.stage = what->sink->name;
    drain->counters.worker = spec->worker;
    if (!allocate(drain)) {
        mr_drain_free(drain);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a sink's arenas");
    }
    code = open_sink(drain, what, report, err);
    if (code == MR_OK && !what->is_dry) {
        code = open_transport(drain, err);
    }
    if (code != MR_OK) {
        mr_drain_free(drain);
        return code;
    }
    *out = drain;
    return MR_OK;
}

struct mr_counters *mr_drain_counters(struct mr_drain *drain)
{
    return &drain->counters;
}

void mr_drain_free(struct mr_drain *drain)
{
    if (drain == NULL) {
        return;
    }
    if (drain->transport != NULL) {
        drain->transport->ops->close(drain->transport);
    }
    if (drain->sink.ops != NULL && drain->sink.ops->close != NULL) {
        drain->sink.ops->close(&drain->sink);
    }
    for (size_t i = 0; i < drain->input_count; i++) {
        mr_decoder_free(drain->decoders[i]);
        mr_layout_free(drain->inputs[i].layout);
    }
    mr_arena_free(drain->batch_arena);
    mr_arena_free(drain->txn_arena);
    free(drain->groups);
    free(drain->positions);
    free(drain);
}
