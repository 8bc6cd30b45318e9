/* walk.h - rules that are for the fields of a record, wherever in it they are.
 *
 * Two of Confluent's: CEL_FIELD, which is for each primitive field (of the rule's
 * tags, where it has some), and confluent:rules, which stand in the schema at the
 * record or field that they are for. Both go down through records, and through
 * the records in lists and maps. A plan is made once for each record type, so a
 * recursive schema has a finite one.
 *
 * Internal to processors/validate.
 */
#ifndef MR_VALIDATE_WALK_H
#define MR_VALIDATE_WALK_H

#include "processors/core/contract/contract.h"
#include "processors/validate/clause.h"

struct mr_walk_spec {
    struct mr_scope *scope;
    const struct mr_contract *contract;
    const struct mr_contract_rule *rule; /* CEL_FIELD; NULL: the schema's confluent:rules */
    const json_t *schemas[2];            /* where tags and inline rules stand; NULL: none */
    struct mr_place place;
    bool is_loose;
};

struct mr_walk; /* in the scope's arena */

/* *walk is NULL where there is nothing to apply. */
enum mr_code mr_walk_open(const struct mr_walk_spec *spec, const struct mr_type *subject,
                          struct mr_walk **walk, struct mr_error *err);

struct mr_walk_failure {
    const char *rule;   /* of the first failure; NULL: none */
    bool is_error;      /* it could not be evaluated */
    const char *detail; /* arena; of an inline rule: of all failures */
};

/* now: when the record was made. A CEL_FIELD rule ends at its first failure. */
enum mr_code mr_walk_apply(const struct mr_walk *walk, const struct mr_value *subject,
                           const struct mr_value *now, struct mr_arena *arena,
                           struct mr_walk_failure *failure, struct mr_error *err);

#endif
