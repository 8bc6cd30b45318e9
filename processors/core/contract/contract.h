/* contract.h - a data contract as Confluent's Schema Registry keeps it: rules beside a schema.
 *
 *     {"schema": "...", "metadata": {tags, properties}, "ruleSet": {domainRules, ...}}
 *
 * Read from the JSON of GET /subjects/x/versions/y, from a file of the same form,
 * or from a ruleSet alone. Reading is strict: a member, a kind, a mode or a
 * name that is not of the format is refused with its place
 * ("ruleSet.domainRules[2].mode"), so that no rule is lost by a typing error.
 * What a rule means, and whether it can be applied, is its user's matter
 * (processors/validate).
 *
 * All that a contract points to lives as long as the contract: mr_contract_free().
 */
#ifndef MR_CONTRACT_CONTRACT_H
#define MR_CONTRACT_CONTRACT_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <jansson.h>

enum mr_contract_kind { MR_CONTRACT_TRANSFORM, MR_CONTRACT_CONDITION };

enum mr_contract_mode {
    MR_CONTRACT_WRITEREAD,
    MR_CONTRACT_WRITE,
    MR_CONTRACT_READ,
    MR_CONTRACT_UPDOWN,
    MR_CONTRACT_UPGRADE,
    MR_CONTRACT_DOWNGRADE
};

/* Where records are made and where they are read: onFailure may differ ("DLQ,NONE"). */
enum mr_contract_side { MR_CONTRACT_WRITES, MR_CONTRACT_READS, MR_CONTRACT_SIDES };

struct mr_contract_rule {
    const char *place; /* "ruleSet.domainRules[2]" */
    const char *list;  /* "domainRules", "migrationRules", "encodingRules" */
    const char *name;
    const char *type; /* "CEL", "CEL_FIELD", "JSONATA", "ENCRYPT"... */
    const char *expr; /* "" where there is none */
    enum mr_contract_kind kind;
    enum mr_contract_mode mode;
    const json_t *tags;                        /* an array of texts, or NULL */
    const json_t *params;                      /* an object of texts, or NULL */
    const char *on_success[MR_CONTRACT_SIDES]; /* "NONE" where nothing is said */
    const char *on_failure[MR_CONTRACT_SIDES]; /* "ERROR" where nothing is said */
    bool is_disabled;
};

struct mr_contract {
    const char *enable_at;          /* "ALL" where nothing is said */
    const char *schema;             /* its text, or NULL: the document has none */
    struct mr_contract_rule *rules; /* owned; all lists, in the order of the text */
    size_t rule_count;
    json_t *document; /* owned */
};

/* Owned: mr_contract_free(). MR_BAD_CONFIG: err says what, and where in the document. */
enum mr_code mr_contract_read(struct mr_span text, struct mr_contract **contract,
                              struct mr_error *err);
void mr_contract_free(struct mr_contract *contract); /* NULL is fine */

/* A parameter of the rule, else a property of the metadata, else NULL. */
const char *mr_contract_param(const struct mr_contract *contract,
                              const struct mr_contract_rule *rule, const char *name);

/* Whether it is that text, in letters of any case. */
bool mr_contract_param_is(const struct mr_contract *contract, const struct mr_contract_rule *rule,
                          const char *name, const char *text);

/* Whether a path pattern of metadata.tags is for a full name ("grocery.Price.name"): * is any text
 * without a dot, ** any text, ? a character but the dot, \\ makes the next one plain. */
bool mr_contract_matches(const char *pattern, const char *full_name);
/* The tags that the metadata gives a field: appended to out, an array of texts. */
void mr_contract_tags(const struct mr_contract *contract, const char *full_name, json_t *out);

/* The JSON of a record, or of its field, in a schema's JSON: where confluent:tags and
 * confluent:rules stand. NULL: it is not there. */
const json_t *mr_contract_entity(const json_t *schema, const char *record, const char *field);

#endif
