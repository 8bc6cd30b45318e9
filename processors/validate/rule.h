/* rule.h - one rule of validate: compiled, applied, and explained where it fails.
 *
 * Internal to processors/validate.
 */
#ifndef MR_VALIDATE_RULE_H
#define MR_VALIDATE_RULE_H

#include "processors/core/stage/evaluate.h"
#include "processors/core/stage/processor.h"

enum mr_on_failure { MR_FAILURE_REJECTS, MR_FAILURE_WARNS, MR_FAILURE_DROPS };

struct mr_rule_settings {
    const char *name;
    struct mr_source expr;
    int on_failure; /* enum mr_on_failure */
    const char *doc;
};

extern const struct mr_option mr_rule_options[];

struct mr_rule {
    const char *name; /* borrowed */
    enum mr_on_failure on_failure;
    const struct mr_cel_program *program;
    struct mr_reads reads; /* the fields that a rejection tells */
};

enum mr_code mr_rule_open(struct mr_scope *scope, const struct mr_rule_settings *settings,
                          struct mr_rule *rule, struct mr_error *err);

/* *outcome: BOOL, or ERROR. */
enum mr_code mr_rule_apply(const struct mr_rule *rule, const struct mr_value *row,
                           struct mr_arena *arena, struct mr_value *outcome, struct mr_error *err);

/* What a person needs to see: "subject.price > 0.0 is false; subject.price is -3". NULL: no room.
 */
const char *mr_rule_explain(const struct mr_rule *rule, const struct mr_value *row,
                            const struct mr_value *outcome, struct mr_arena *arena);

#endif
