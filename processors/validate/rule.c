#include "processors/validate/rule.h"

#define VALUE_TEXT_MAX 200 /* bytes of one field's value in a dead letter */

static const char *const on_failures[] = {[MR_FAILURE_REJECTS] = "reject",
                                          [MR_FAILURE_WARNS] = "warn",
                                          [MR_FAILURE_DROPS] = "drop",
                                          NULL};

const struct mr_option mr_rule_options[] = {
    MR_TEXT(struct mr_rule_settings, name, NULL,
            "What dead letters, warnings and metrics call it; each name once."),
    MR_EXPR(struct mr_rule_settings, expr, NULL, "True of a good record."),
    MR_CHOICE(struct mr_rule_settings, on_failure, "reject", on_failures,
              "reject: to the dead letters; warn: passes, named in the stamp; drop: gone on "
              "purpose, counted."),
    MR_TEXT(struct mr_rule_settings, doc, "", "Why the rule is there, for people."),
    MR_OPTIONS_END,
};

enum mr_code mr_rule_open(struct mr_scope *scope, const struct mr_rule_settings *settings,
                          struct mr_rule *rule, struct mr_error *err)
{
    const enum mr_code code =
        mr_scope_compile(scope, &settings->expr, &mr_cel_bool, &rule->program, err);

    if (code != MR_OK) {
        return code;
    }
    rule->name = settings->name;
    rule->on_failure = (enum mr_on_failure)settings->on_failure;
    return mr_reads_find(scope, settings->expr.text, &rule->reads, err);
}

enum mr_code mr_rule_apply(const struct mr_rule *rule, const struct mr_value *row,
                           struct mr_arena *arena, struct mr_value *outcome, struct mr_error *err)
{
    return mr_evaluate_condition(rule->program, row, arena, outcome, err);
}

const char *mr_rule_explain(const struct mr_rule *rule, const struct mr_value *row,
                            const struct mr_value *outcome, struct mr_arena *arena)
{
    const bool is_error = outcome->kind == MR_KIND_ERROR;
    const char *text = mr_arena_print(arena, "%s is %s%s", mr_cel_program_text(rule->program),
                                      is_error ? "an error: " : "false",
                                      is_error ? mr_cel_fault_text(*outcome) : "");

    for (size_t i = 0; i < rule->reads.count && text != NULL; i++) {
        const struct mr_read *read = &rule->reads.items[i];
        const char *value = mr_value_print(&row[read->slot], arena);

        value = value ? mr_value_cut(value, VALUE_TEXT_MAX, arena) : NULL;
        if (value == NULL) {
            return NULL;
        }
        text = mr_arena_print(arena, "%s; %s is %s", text, read->path, value);
    }
    return text;
}
