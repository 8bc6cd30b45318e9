#include "processors/validate/validate.h"

#include "processors/validate/rule.h"
#include "processors/validate/rule_set.h"
#include "schemas/stamps/validation.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_SIZE 8
#define RULES_MAX 1000
#define DAY_MS INT64_C(86400000)

struct dedupe_settings {
    struct mr_source key;
    int64_t within;
    int64_t keys_max;
};

struct validate_settings {
    struct mr_items rules;    /* struct mr_rule_settings */
    struct mr_items rule_set; /* struct mr_rule_set_settings, one or none */
    struct mr_items dedupe;   /* struct dedupe_settings, one or none */
};

static const struct mr_option dedupe_options[] = {
    MR_EXPR(struct dedupe_settings, key, NULL,
            "What is the same in duplicates; must contain what places a record in its partition."),
    MR_DURATION(struct dedupe_settings, within, NULL, 1, 366 * DAY_MS,
                "How far apart, by event time, two records of a key may be to count as one twice."),
    MR_INT(struct dedupe_settings, keys_max, "1000000", 1, 1000000000,
           "Per partition; one more stops the stage instead of eating the memory."),
    MR_OPTIONS_END,
};

static const struct mr_option validate_options[] = {
    MR_LIST(struct validate_settings, rules, struct mr_rule_settings, mr_rule_options, 0, RULES_MAX,
            "What must hold of a record, in order."),
    MR_LIST(struct validate_settings, rule_set, struct mr_rule_set_settings, mr_rule_set_options, 0,
            1, "A data contract written for Confluent's Schema Registry; after the rules."),
    MR_LIST(struct validate_settings, dedupe, struct dedupe_settings, dedupe_options, 0, 1,
            "Drops records that came before."),
    MR_OPTIONS_END,
};

struct dedupe_state {
    int64_t time_ms; /* event time of the latest record that was kept */
    uint32_t is_known;
    uint32_t reserved;
};

struct validate {
    const struct mr_scope *scope; /* borrowed */
    struct mr_rule *rules;        /* arena of the scope */
    size_t rule_count;
    struct mr_rule_set *rule_set;            /* owned; NULL: none */
    const struct mr_cel_program *dedupe_key; /* NULL: no dedupe */
    int64_t within_ms;
    struct mr_store *store; /* owned by the scope */
    uint32_t time_slot;     /* origin.event_time; only with dedupe */
    uint32_t stamp_slot;
};

static bool check_names(struct mr_scope *scope, const struct mr_items *items)
{
    const struct mr_rule_settings *rules = items->items;
    bool is_good = true;

    for (size_t i = 1; i < items->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rules[i].name, rules[k].name) == 0) {
                mr_scope_complain(scope, MR_SEVERITY_ERROR, rules[i].expr.place, rules[i].expr.key,
                                  NULL, "there are two rules named \"%s\"", rules[i].name);
                is_good = false;
            }
        }
    }
    return is_good;
}

/* All rules, so that the problems of all are reported; the first code that is not MR_OK. */
static enum mr_code open_rules(struct validate *self, struct mr_scope *scope,
                               const struct mr_items *items, struct mr_error *err)
{
    const struct mr_rule_settings *settings = items->items;
    enum mr_code first = MR_OK;

    self->rules = mr_arena_take(mr_scope_arena(scope), items->count + 1, sizeof(*self->rules));
    if (self->rules == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu rules", items->count);
    }
    self->rule_count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        const enum mr_code code = mr_rule_open(scope, &settings[i], &self->rules[i], err);

        first = first != MR_OK ? first : code;
    }
    return first;
}

static enum mr_code open_dedupe(struct validate *self, struct mr_scope *scope,
                                const struct mr_items *items, struct mr_error *err)
{
    const struct dedupe_settings *settings = items->items;
    struct mr_store_spec spec = {
        .name = "dedupe", .state_size = sizeof(struct dedupe_state), .version = 1};
    enum mr_code code;

    if (items->count == 0) {
        return MR_OK;
    }
    code = mr_scope_compile_key(scope, &settings->key, &self->dedupe_key, err);
    if (code == MR_OK) {
        code = mr_scope_slot(scope, "origin.event_time", &self->time_slot, NULL, err);
    }
    if (code != MR_OK) {
        return code;
    }
    self->within_ms = settings->within;
    spec.ttl_ms = settings->within;
    spec.keys_max = (size_t)settings->keys_max;
    return mr_scope_store(scope, &spec, &self->store, err);
}

static enum mr_code validate_open(struct mr_processor *processor, struct mr_scope *scope,
                                  struct mr_error *err)
{
    const struct validate_settings *settings = processor->settings;
    struct validate *self = calloc(1, sizeof(*self));
    enum mr_code rules, dedupe, set = MR_OK;

    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the stage");
    }
    processor->state = self;
    self->scope = scope;
    if (!check_names(scope, &settings->rules)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "rules: a name is there twice");
    }
    rules = open_rules(self, scope, &settings->rules, err);
    if (settings->rule_set.count > 0) {
        set = mr_rule_set_open(scope, settings->rule_set.items, &self->rule_set, err);
    }
    dedupe = open_dedupe(self, scope, &settings->dedupe, err);
    if (rules != MR_OK || set != MR_OK || dedupe != MR_OK) {
        return rules != MR_OK ? rules : set != MR_OK ? set : dedupe;
    }
    return mr_scope_stamp(scope, "validation", MR_SCHEMA_VALIDATION, &self->stamp_slot, err);
}

/* One record on its way through the rules. */
struct hearing {
    const struct mr_value *row;
    struct mr_arena *arena;
    struct mr_verdict *verdict;
    struct mr_value *warnings; /* arena, room for all rules; NULL: none yet */
    uint32_t warning_count;
};

static enum mr_code warn(struct hearing *hearing, const struct validate *self, const char *rule,
                         struct mr_error *err)
{
    const size_t room = self->rule_count + mr_rule_set_count(self->rule_set);

    if (hearing->warnings == NULL) {
        hearing->warnings = mr_arena_take(hearing->arena, room, sizeof(*hearing->warnings));
    }
    if (hearing->warnings == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for warnings");
    }
    hearing->warnings[hearing->warning_count++] = mr_value_string(mr_span_text(rule));
    return MR_OK;
}

static enum mr_code reject(struct hearing *hearing, const struct mr_rule *rule,
                           const struct mr_value *outcome, struct mr_error *err)
{
    const char *detail = mr_rule_explain(rule, hearing->row, outcome, hearing->arena);

    if (detail == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for what rule %s has to say", rule->name);
    }
    *hearing->verdict = (struct mr_verdict){
        .kind = MR_VERDICT_REJECT,
        .reason = outcome->kind == MR_KIND_ERROR ? "rule_error" : "rule_failed",
        .cause = rule->name,
        .detail = detail,
    };
    return MR_OK;
}

static enum mr_code fail(struct hearing *hearing, const struct validate *self,
                         const struct mr_rule *rule, const struct mr_value *outcome,
                         struct mr_error *err)
{
    switch (rule->on_failure) {
    case MR_FAILURE_WARNS:
        return warn(hearing, self, rule->name, err);
    case MR_FAILURE_DROPS:
        *hearing->verdict = (struct mr_verdict){
            .kind = MR_VERDICT_DROP, .reason = "dropped_by_rule", .cause = rule->name};
        return MR_OK;
    case MR_FAILURE_REJECTS:
        break;
    }
    return reject(hearing, rule, outcome, err);
}

/* Leaves the verdict at NONE when no rule decided. */
static enum mr_code hear_rules(struct hearing *hearing, const struct validate *self,
                               struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < self->rule_count && code == MR_OK; i++) {
        const struct mr_rule *rule = &self->rules[i];
        const size_t mark = mr_arena_mark(hearing->arena);
        struct mr_value outcome;

        code = mr_rule_apply(rule, hearing->row, hearing->arena, &outcome, err);
        mr_arena_release(hearing->arena, mark); /* the outcome is no view */
        if (code != MR_OK || (outcome.kind == MR_KIND_BOOL && outcome.number != 0)) {
            continue;
        }
        code = fail(hearing, self, rule, &outcome, err);
        if (hearing->verdict->kind != MR_VERDICT_NONE) {
            return code;
        }
    }
    return code;
}

/* The contract's, until one decides. */
static enum mr_code hear_rule_set(struct hearing *hearing, const struct validate *self,
                                  int64_t time_ms, struct mr_error *err)
{
    const struct mr_rule_case the_case = {hearing->row, time_ms, hearing->arena};
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < mr_rule_set_count(self->rule_set) && code == MR_OK; i++) {
        struct mr_ruling ruling;

        code = mr_rule_set_apply(self->rule_set, i, &the_case, &ruling, err);
        if (code != MR_OK || ruling.is_good) {
            continue;
        }
        if (!ruling.is_warning) {
            *hearing->verdict = (struct mr_verdict){.kind = MR_VERDICT_REJECT,
                                                    .reason = ruling.reason,
                                                    .cause = ruling.rule,
                                                    .detail = ruling.detail};
            return MR_OK;
        }
        code = warn(hearing, self, ruling.rule, err);
    }
    return code;
}

/* Whether two event times lie less than span_ms apart; their difference may not fit. */
static bool is_near(int64_t a_ms, int64_t b_ms, int64_t span_ms)
{
    const uint64_t apart =
        a_ms > b_ms ? (uint64_t)a_ms - (uint64_t)b_ms : (uint64_t)b_ms - (uint64_t)a_ms;

    return apart < (uint64_t)span_ms;
}

static enum mr_code dedupe(struct hearing *hearing, const struct validate *self, int32_t partition,
                           struct mr_error *err)
{
    const int64_t time_ms = mr_value_ms(&hearing->row[self->time_slot]);
    struct dedupe_state *state;
    struct mr_value key;
    const enum mr_code code =
        mr_evaluate(self->dedupe_key, hearing->row, hearing->arena, &key, err);

    if (code != MR_OK || key.kind != MR_KIND_STRING) {
        return code; /* without a key nothing can be said to be the same */
    }
    state = mr_store_at(self->store, partition, mr_value_span(&key), time_ms);
    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "dedupe has no room for another key: raise keys_max");
    }
    if (state->is_known && is_near(state->time_ms, time_ms, self->within_ms)) {
        *hearing->verdict = (struct mr_verdict){.kind = MR_VERDICT_DROP, .reason = "duplicate"};
        return MR_OK;
    }
    state->time_ms = state->is_known && state->time_ms > time_ms ? state->time_ms : time_ms;
    state->is_known = 1;
    return MR_OK;
}

static void stamp(const struct validate *self, const struct hearing *hearing,
                  struct mr_value *leaves)
{
    const struct mr_digest *digest = mr_scope_digest(self->scope);

    leaves[0] = mr_value_bytes((struct mr_span){digest->bytes, CONFIG_SIZE});
    leaves[1] = (struct mr_value){
        .kind = MR_KIND_LIST, .size = hearing->warning_count, .items = hearing->warnings};
    hearing->verdict->kind = MR_VERDICT_PASS;
}

static enum mr_code validate_record(const struct validate *self, const struct mr_record *record,
                                    struct mr_value *row, struct mr_verdict *verdict,
                                    struct mr_arena *arena, struct mr_error *err)
{
    struct hearing hearing = {.row = row, .arena = arena, .verdict = verdict};
    enum mr_code code;

    *verdict = (struct mr_verdict){.kind = MR_VERDICT_NONE};
    code = hear_rules(&hearing, self, err);
    if (code == MR_OK && verdict->kind == MR_VERDICT_NONE) {
        code = hear_rule_set(&hearing, self, record->timestamp_ms, err);
    }
    if (code == MR_OK && verdict->kind == MR_VERDICT_NONE && self->dedupe_key != NULL) {
        code = dedupe(&hearing, self, record->partition, err);
    }
    if (code == MR_OK && verdict->kind == MR_VERDICT_NONE) {
        stamp(self, &hearing, row + self->stamp_slot);
    }
    return code;
}

static enum mr_code validate_run(struct mr_processor *processor, const struct mr_batch *batch,
                                 struct mr_verdict *verdicts, struct mr_arena *arena,
                                 struct mr_error *err)
{
    const struct validate *self = processor->state;
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < batch->count && code == MR_OK; i++) {
        code = validate_record(self, &batch->records[i], batch->rows[i], &verdicts[i], arena, err);
    }
    return code;
}

static void validate_close(struct mr_processor *processor)
{
    struct validate *self = processor->state;

    if (self != NULL) {
        mr_rule_set_free(self->rule_set);
        free(self);
    }
    processor->state = NULL;
}

const struct mr_processor_ops mr_validate_ops = {
    .name = "validate",
    .summary = "Rejects, drops or marks records by rules, and drops what came before.",
    .options = validate_options,
    .settings_size = sizeof(struct validate_settings),
    .list_option = "rules",
    .open = validate_open,
    .run = validate_run,
    .close = validate_close,
};
