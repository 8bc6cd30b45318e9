/* clause.h - an expression of a contract, with its guard, over variables of its own.
 *
 * A pipeline's rules name a stage's input (subject, origin, ...). A contract's
 * name what Confluent gives them: message, value, now, this... A clause therefore
 * reads a few slots of its own, which are filled from the row and from the
 * variables' values just before it is evaluated.
 *
 * Internal to processors/validate.
 */
#ifndef MR_VALIDATE_CLAUSE_H
#define MR_VALIDATE_CLAUSE_H

#include "processors/core/stage/evaluate.h"

#define MR_CLAUSE_VARIABLES_MAX 8

/* What the expressions of a rule may name. */
struct mr_clause_names {
    struct mr_scope *scope;
    const char *rule; /* for what is said of it */
    struct mr_place place;
    struct mr_cel_variable variables[MR_CLAUSE_VARIABLES_MAX];
    const char *paths[MR_CLAUSE_VARIABLES_MAX]; /* of the row ("subject"); NULL: a value */
    const struct mr_value *fixed[MR_CLAUSE_VARIABLES_MAX]; /* known when compiled; or NULL */
    size_t count;
    bool has_pcre; /* matches() is Confluent's: the whole text, look-around */
    bool is_loose; /* what does not type is tried again with records as maps of anything */
};

struct mr_clause_slot;

struct mr_expression {
    const struct mr_cel_program *program; /* NULL: there is none */
    const struct mr_clause_slot *slots;
    size_t slot_count;
};

struct mr_clause {
    struct mr_expression guard; /* true of what the body is for */
    struct mr_expression body;
    bool takes_text; /* the body may give a text: what is wrong; empty: nothing */
    bool is_never;   /* the guard is false whatever the record */
};

/* What a clause is applied to. */
struct mr_clause_input {
    const struct mr_value *row;
    const struct mr_value *values; /* of the variables that are no paths */
    struct mr_arena *arena;
};

enum mr_clause_outcome { MR_CLAUSE_SKIPPED, MR_CLAUSE_HOLDS, MR_CLAUSE_FAILS };

/* Splits at the first ; unless it has no guard by declaration. A mistake is complained of, and is
 * MR_BAD_CONFIG. wanted: BOOL, or NULL: a bool or a text (empty: good). */
enum mr_code mr_clause_open(const struct mr_clause_names *names, const char *text, bool has_guard,
                            const struct mr_cel_type *wanted, struct mr_clause *clause,
                            struct mr_error *err);

/* *value is what the body gave, where it did not hold. */
enum mr_code mr_clause_apply(const struct mr_clause *clause, const struct mr_clause_input *input,
                             enum mr_clause_outcome *outcome, struct mr_value *value,
                             struct mr_error *err);

/* "expr is false; message.price is -3". NULL: no room. */
const char *mr_clause_explain(const struct mr_clause *clause, const struct mr_clause_input *input,
                              const struct mr_value *value);

#endif
