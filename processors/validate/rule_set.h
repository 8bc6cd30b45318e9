/* rule_set.h - a contract written for Confluent's Schema Registry, applied by validate.
 *
 * Its conditions run here: domain rules of type CEL and CEL_FIELD, and the
 * schema's confluent:rules. What would change a record (TRANSFORM), migrate it or
 * encrypt it is refused when the pipeline is checked, by name, unless the pipeline
 * says that it does without; a stage does not re-encode its subject. docs/cel.md
 * tells what else differs.
 *
 * Internal to processors/validate.
 */
#ifndef MR_VALIDATE_RULE_SET_H
#define MR_VALIDATE_RULE_SET_H

#include "processors/core/stage/processor.h"
#include "processors/core/stage/scope.h"

struct mr_rule_set_settings {
    const struct mr_node *file;    /* NULL: subject */
    const struct mr_node *subject; /* NULL: file */
    const char *version;
    int mode; /* enum mr_contract_side */
    bool loose;
    struct mr_texts without;
};

extern const struct mr_option mr_rule_set_options[];

struct mr_rule_set;

/* Owned: mr_rule_set_free(). Problems go to the report, all of them. */
enum mr_code mr_rule_set_open(struct mr_scope *scope, const struct mr_rule_set_settings *settings,
                              struct mr_rule_set **set, struct mr_error *err);
void mr_rule_set_free(struct mr_rule_set *set);          /* NULL is fine */
size_t mr_rule_set_count(const struct mr_rule_set *set); /* NULL: 0 */

struct mr_ruling {
    bool is_good;
    bool is_warning;    /* the record goes on, the rule is named in the stamp */
    const char *reason; /* literal */
    const char *rule;   /* borrowed */
    const char *detail; /* arena */
};

struct mr_rule_case {
    const struct mr_value *row;
    int64_t time_ms; /* when the record was made: now */
    struct mr_arena *arena;
};

/* What rule index says of a record. */
enum mr_code mr_rule_set_apply(const struct mr_rule_set *set, size_t index,
                               const struct mr_rule_case *the_case, struct mr_ruling *ruling,
                               struct mr_error *err);

#endif
