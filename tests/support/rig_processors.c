#include "tests/support/rig.h"

#include "processors/core/stage/scope.h"

#include <string.h>

static const char mark_schema[] =
    "{\"type\":\"record\",\"name\":\"Mark\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"mark\",\"type\":\"string\"}]}";
static const char counting_schema[] =
    "{\"type\":\"record\",\"name\":\"Counting\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"count\",\"type\":\"long\"},{\"name\":\"sum\",\"type\":\"long\"}]}";
static const char emission_schema[] =
    "{\"type\":\"record\",\"name\":\"Emission\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"value\",\"type\":\"long\"}]}";

static void pass_all(struct mr_verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        verdicts[i].kind = MR_VERDICT_PASS;
    }
}

/* ---- sieve ---- */

struct sieve {
    uint32_t value, mark;
};

static enum mr_code sieve_open(struct mr_processor *self, struct mr_scope *scope,
                               struct mr_error *err)
{
    struct sieve *sieve = mr_arena_take(mr_scope_arena(scope), 1, sizeof(*sieve));
    enum mr_code code;

    self->state = sieve;
    code = mr_scope_slot(scope, "subject.value", &sieve->value, NULL, err);
    return code == MR_OK
               ? mr_scope_stamp(scope, mr_scope_stage(scope), mark_schema, &sieve->mark, err)
               : code;
}

static enum mr_code sieve_run(struct mr_processor *self, const struct mr_batch *batch,
                              struct mr_verdict *verdicts, struct mr_arena *arena,
                              struct mr_error *err)
{
    const struct sieve *sieve = self->state;

    for (size_t i = 0; i < batch->count; i++) {
        const int64_t value = batch->rows[i][sieve->value].number;
        const char *mark =
            mr_arena_print(arena, "%s-%lld", value % 2 ? "odd" : "even", (long long)(value % 4));

        if (mark == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for a mark");
        }
        batch->rows[i][sieve->mark] = mr_value_string(mr_span_text(mark));
        verdicts[i].kind = MR_VERDICT_PASS;
        if (value % 10 == 7) {
            verdicts[i] = (struct mr_verdict){
                .kind = MR_VERDICT_REJECT, .reason = "seven", .detail = mark, .cause = "no-seven"};
        } else if (value % 10 == 3) {
            verdicts[i] = (struct mr_verdict){.kind = MR_VERDICT_DROP, .reason = "three"};
        }
    }
    return MR_OK;
}

const struct mr_processor_ops rig_sieve_ops = {
    .name = "sieve",
    .summary = "Rejects sevens, drops threes.",
    .options = (const struct mr_option[]){MR_OPTIONS_END},
    .open = sieve_open,
    .run = sieve_run,
};

/* ---- count ---- */

struct count_settings {
    struct mr_source key;
    int64_t keys_max;
    int64_t ttl;
};

static const struct mr_option count_options[] = {
    MR_EXPR(struct count_settings, key, NULL, "What is counted by."),
    MR_INT(struct count_settings, keys_max, "1000000", 1, 10000000, "Keys of a partition."),
    MR_DURATION(struct count_settings, ttl, "0s", 0, 1000000000, "When a key is forgotten."),
    MR_OPTIONS_END,
};

struct count {
    const struct mr_cel_program *key;
    struct mr_store *store;
    uint32_t value, event_time, stamp;
};

struct counted {
    int64_t count, sum;
};

static enum mr_code count_open(struct mr_processor *self, struct mr_scope *scope,
                               struct mr_error *err)
{
    const struct count_settings *settings = self->settings;
    const struct mr_store_spec spec = {.name = "counted",
                                       .state_size = sizeof(struct counted),
                                       .version = 1,
                                       .ttl_ms = settings->ttl,
                                       .keys_max = (size_t)settings->keys_max};
    struct count *count = mr_arena_take(mr_scope_arena(scope), 1, sizeof(*count));
    enum mr_code code = mr_scope_compile_key(scope, &settings->key, &count->key, err);

    self->state = count;
    if (code == MR_OK) {
        code = mr_scope_slot(scope, "subject.value", &count->value, NULL, err);
    }
    if (code == MR_OK) {
        code = mr_scope_slot(scope, "origin.event_time", &count->event_time, NULL, err);
    }
    if (code == MR_OK) {
        code = mr_scope_store(scope, &spec, &count->store, err);
    }
    return code == MR_OK
               ? mr_scope_stamp(scope, mr_scope_stage(scope), counting_schema, &count->stamp, err)
               : code;
}

static enum mr_code count_run(struct mr_processor *self, const struct mr_batch *batch,
                              struct mr_verdict *verdicts, struct mr_arena *arena,
                              struct mr_error *err)
{
    const struct count *count = self->state;

    for (size_t i = 0; i < batch->count; i++) {
        struct mr_value *row = batch->rows[i];
        const struct mr_value key = mr_cel_eval(count->key, row, arena);
        struct counted *counted;

        if (key.kind != MR_KIND_STRING) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for a key");
        }
        counted = mr_store_at(count->store, batch->records[i].partition, mr_value_span(&key),
                              mr_value_ms(&row[count->event_time]));
        if (counted == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "more keys than keys_max");
        }
        counted->count++;
        counted->sum += row[count->value].number;
        row[count->stamp] = mr_value_int(counted->count);
        row[count->stamp + 1] = mr_value_int(counted->sum);
        verdicts[i].kind = MR_VERDICT_PASS;
    }
    return MR_OK;
}

const struct mr_processor_ops rig_count_ops = {
    .name = "count",
    .summary = "Counts and sums by key.",
    .options = count_options,
    .settings_size = sizeof(struct count_settings),
    .open = count_open,
    .run = count_run,
};

/* ---- emit ---- */

static enum mr_code emit_open(struct mr_processor *self, struct mr_scope *scope,
                              struct mr_error *err)
{
    uint32_t *value = mr_arena_take(mr_scope_arena(scope), 1, sizeof(*value));
    const enum mr_code code = mr_scope_slot(scope, "subject.value", value, NULL, err);

    self->state = value;
    return code == MR_OK ? mr_scope_emits(scope, emission_schema, err) : code;
}

static bool fill_emission(struct mr_emission *emission, const struct mr_record *record,
                          int64_t value, size_t index, struct mr_arena *arena)
{
    struct mr_value *leaves = mr_arena_take(arena, 2, sizeof(*leaves));
    const char *id =
        mr_arena_print(arena, "%.*s/%lld/%zu", MR_SPAN_ARGS(record->key), (long long)value, index);

    if (leaves == NULL || id == NULL) {
        return false;
    }
    leaves[0] = mr_value_string(mr_span_text(id));
    leaves[1] = mr_value_int(value);
    *emission = (struct mr_emission){mr_span_text(id), record->key, leaves};
    return true;
}

static enum mr_code emit_run(struct mr_processor *self, const struct mr_batch *batch,
                             struct mr_verdict *verdicts, struct mr_arena *arena,
                             struct mr_error *err)
{
    const uint32_t *slot = self->state;

    pass_all(verdicts, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const int64_t value = batch->rows[i][*slot].number;

        verdicts[i].emission_count = value % 8 == 0 ? 2 : value % 4 == 0;
        verdicts[i].emissions = mr_arena_take(arena, 2, sizeof(*verdicts[i].emissions));
        for (size_t k = 0; k < verdicts[i].emission_count; k++) {
            if (verdicts[i].emissions == NULL ||
                !fill_emission(&verdicts[i].emissions[k], &batch->records[i], value, k, arena)) {
                return MR_FAIL(err, MR_NO_ROOM, "no room for an emission");
            }
        }
    }
    return MR_OK;
}

const struct mr_processor_ops rig_emit_ops = {
    .name = "emit",
    .summary = "Emits for every fourth value.",
    .options = (const struct mr_option[]){MR_OPTIONS_END},
    .open = emit_open,
    .run = emit_run,
};

/* ---- copy ---- */

static enum mr_code copy_open(struct mr_processor *self, struct mr_scope *scope,
                              struct mr_error *err)
{
    (void)self;
    (void)scope;
    (void)err;
    return MR_OK;
}

static enum mr_code copy_run(struct mr_processor *self, const struct mr_batch *batch,
                             struct mr_verdict *verdicts, struct mr_arena *arena,
                             struct mr_error *err)
{
    (void)self;
    (void)arena;
    (void)err;
    pass_all(verdicts, batch->count);
    return MR_OK;
}

const struct mr_processor_ops rig_copy_ops = {
    .name = "copy",
    .summary = "Passes everything on.",
    .options = (const struct mr_option[]){MR_OPTIONS_END},
    .open = copy_open,
    .run = copy_run,
};
