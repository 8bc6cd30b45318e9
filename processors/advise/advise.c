#include "processors/advise/advise.h"

#include "processors/advise/advisory.h"
#include "schemas/advisory.h"

#include <stdlib.h>
#include <string.h>

#define RULES_MAX 60 /* each may have a store */

struct advise_settings {
    struct mr_items rules; /* struct mr_advisory_settings */
};

static const struct mr_option advise_options[] = {
    MR_LIST(struct advise_settings, rules, struct mr_advisory_settings, mr_advisory_options, 1,
            RULES_MAX, "What is worth telling, to whom, in what words."),
    MR_OPTIONS_END,
};

struct advise {
    const struct mr_scope *scope;   /* borrowed */
    struct mr_advisory_rule *rules; /* arena of the scope */
    size_t rule_count;
    struct mr_advisory_slots slots;
};

static bool check_names(struct mr_scope *scope, const struct mr_items *items)
{
    const struct mr_advisory_settings *rules = items->items;
    bool is_good = true;

    for (size_t i = 1; i < items->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rules[i].name, rules[k].name) == 0) {
                mr_scope_complain(scope, MR_SEVERITY_ERROR, rules[i].when.place, rules[i].when.key,
                                  "the name is part of an advisory's id",
                                  "there are two rules named \"%s\"", rules[i].name);
                is_good = false;
            }
        }
    }
    return is_good;
}

/* All rules, so that the problems of all are reported; the first code that is not MR_OK. */
static enum mr_code open_rules(struct advise *self, struct mr_scope *scope,
                               const struct mr_items *items, struct mr_error *err)
{
    const struct mr_advisory_settings *settings = items->items;
    enum mr_code first = MR_OK;

    self->rules = mr_arena_take(mr_scope_arena(scope), items->count, sizeof(*self->rules));
    if (self->rules == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu rules", items->count);
    }
    self->rule_count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        const enum mr_code code = mr_advisory_rule_open(scope, &settings[i], &self->rules[i], err);

        first = first != MR_OK ? first : code;
    }
    return first;
}

static enum mr_code find_slots(struct advise *self, struct mr_scope *scope, struct mr_error *err)
{
    struct mr_advisory_slots *slots = &self->slots;
    const struct {
        const char *path;
        uint32_t *slot;
    } rows[] = {
        {"origin.source", &slots->source},
        {"origin.digest", &slots->digest},
        {"origin.place", &slots->place},
        {"origin.event_time", &slots->time},
    };
    struct mr_error ignored = {0};

    slots->key = mr_scope_key_slot(scope);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const enum mr_code code = mr_scope_slot(scope, rows[i].path, rows[i].slot, NULL, err);

        if (code != MR_OK) {
            return code;
        }
    }
    slots->has_model =
        mr_scope_slot(scope, "scoring.model", &slots->model, NULL, &ignored) == MR_OK;
    return MR_OK;
}

static enum mr_code advise_open(struct mr_processor *processor, struct mr_scope *scope,
                                struct mr_error *err)
{
    const struct advise_settings *settings = processor->settings;
    struct advise *self = calloc(1, sizeof(*self));
    enum mr_code code;

    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the stage");
    }
    processor->state = self;
    self->scope = scope;
    if (!check_names(scope, &settings->rules)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "rules: a name is there twice");
    }
    code = open_rules(self, scope, &settings->rules, err);
    if (code == MR_OK) {
        code = find_slots(self, scope, err);
    }
    return code == MR_OK ? mr_scope_emits(scope, MR_SCHEMA_ADVISORY, err) : code;
}

/* One record and the advisories that it gives. */
struct session {
    const struct advise *self;
    const struct mr_record *record;
    const struct mr_value *row;
    struct mr_verdict *verdict;
    struct mr_arena *arena;
};

/* Whether an advisory of `time_ms` comes too soon after one of `last_ms`. */
static bool is_too_soon(int64_t last_ms, int64_t time_ms, int64_t for_ms)
{
    return time_ms < last_ms || (uint64_t)time_ms - (uint64_t)last_ms < (uint64_t)for_ms;
}

/* *is_held: the advisory is held back. Else *held_back of them were before it. */
static enum mr_code suppress(const struct session *session, const struct mr_advisory_rule *rule,
                             bool *is_held, int64_t *held_back, struct mr_error *err)
{
    const int64_t time_ms = mr_value_ms(&session->row[session->self->slots.time]);
    struct mr_suppression *state;
    struct mr_value key;
    const enum mr_code code =
        mr_evaluate(rule->suppress_key, session->row, session->arena, &key, err);

    *is_held = false;
    *held_back = 0;
    if (code != MR_OK || key.kind != MR_KIND_STRING) {
        return code; /* without a key there is nothing that it repeats */
    }
    state = mr_store_at(rule->store, session->record->partition, mr_value_span(&key), time_ms);
    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "rule %s has no room for another key: raise keys_max",
                       rule->name);
    }
    if (state->is_known != 0 && is_too_soon(state->time_ms, time_ms, rule->suppress_ms)) {
        state->held_back++;
        *is_held = true;
        return MR_OK;
    }
    *held_back = state->held_back;
    *state = (struct mr_suppression){.time_ms = time_ms, .is_known = 1};
    return MR_OK;
}

static enum mr_code emit(struct session *session, const struct mr_advisory_rule *rule,
                         int64_t held_back, struct mr_error *err)
{
    const struct mr_advisory_case of = {
        .scope = session->self->scope,
        .slots = &session->self->slots,
        .rule = rule,
        .record = session->record,
        .row = session->row,
        .held_back = held_back,
    };
    struct mr_verdict *verdict = session->verdict;

    if (verdict->emissions == NULL) {
        verdict->emissions =
            mr_arena_take(session->arena, session->self->rule_count, sizeof(*verdict->emissions));
    }
    if (verdict->emissions == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for advisories");
    }
    return mr_advisory_make(&of, session->arena, &verdict->emissions[verdict->emission_count++],
                            err);
}

static enum mr_code apply_rule(struct session *session, const struct mr_advisory_rule *rule,
                               struct mr_error *err)
{
    const size_t mark = mr_arena_mark(session->arena);
    struct mr_value holds;
    enum mr_code code =
        mr_evaluate_condition(rule->when, session->row, session->arena, &holds, err);
    int64_t held_back = 0;
    bool is_held = false;

    mr_arena_release(session->arena, mark);
    if (code != MR_OK) {
        return code;
    }
    if (holds.kind == MR_KIND_ERROR) {
        session->verdict->reason = "rule_error";
        session->verdict->cause = rule->name;
        return MR_OK;
    }
    if (holds.number == 0) {
        return MR_OK;
    }
    if (rule->suppress_key != NULL) {
        code = suppress(session, rule, &is_held, &held_back, err);
    }
    return code == MR_OK && !is_held ? emit(session, rule, held_back, err) : code;
}

static enum mr_code advise_run(struct mr_processor *processor, const struct mr_batch *batch,
                               struct mr_verdict *verdicts, struct mr_arena *arena,
                               struct mr_error *err)
{
    const struct advise *self = processor->state;

    for (size_t i = 0; i < batch->count; i++) {
        struct session session = {self, &batch->records[i], batch->rows[i], &verdicts[i], arena};

        verdicts[i] = (struct mr_verdict){.kind = MR_VERDICT_PASS};
        for (size_t k = 0; k < self->rule_count; k++) {
            const enum mr_code code = apply_rule(&session, &self->rules[k], err);

            if (code != MR_OK) {
                return code;
            }
        }
    }
    return MR_OK;
}

static void advise_close(struct mr_processor *processor)
{
    free(processor->state);
    processor->state = NULL;
}

const struct mr_processor_ops mr_advise_ops = {
    .name = "advise",
    .summary = "Makes advisories of the records that a rule is about, with evidence and lineage.",
    .options = advise_options,
    .settings_size = sizeof(struct advise_settings),
    .list_option = "rules",
    .open = advise_open,
    .run = advise_run,
    .close = advise_close,
};
