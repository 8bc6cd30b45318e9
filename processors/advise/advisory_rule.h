/* advisory_rule.h - one rule of advise: when it fires, what it says, what it remembers.
 *
 * Internal to processors/advise.
 */
#ifndef MR_ADVISE_ADVISORY_RULE_H
#define MR_ADVISE_ADVISORY_RULE_H

#include "processors/advise/template.h"
#include "processors/core/config/option.h"

struct mr_suppress_settings {
    struct mr_source key;
    int64_t for_ms;
    int64_t keys_max;
};

struct mr_advisory_settings {
    const char *name;
    struct mr_source when;
    int severity;
    struct mr_texts audience;
    const char *title;
    const char *body;
    struct mr_items suppress; /* struct mr_suppress_settings, one or none */
    struct mr_exprs evidence;
};

extern const struct mr_option mr_advisory_options[];
extern const char *const mr_severities[];

/* One entry of the evidence: a field or an expression. */
struct mr_exhibit {
    const char *key;
    const struct mr_cel_program *program; /* NULL: the slot */
    uint32_t slot;
};

/* What is remembered of a suppression key. */
struct mr_suppression {
    int64_t time_ms;   /* event time of the last advisory */
    int64_t held_back; /* since then */
    uint64_t is_known;
};

struct mr_advisory_rule {
    const char *name;
    const char *severity;
    const struct mr_cel_program *when;
    struct mr_template title, body;
    const struct mr_value *audience;   /* LIST of texts, made once */
    const struct mr_exhibit *exhibits; /* sorted by key, each once */
    size_t exhibit_count;
    const struct mr_cel_program *suppress_key; /* NULL: never held back */
    int64_t suppress_ms;
    struct mr_store *store; /* owned by the scope; NULL without suppress_key */
};

/* Problems go to the scope's report, all of them; then MR_BAD_CONFIG. */
enum mr_code mr_advisory_rule_open(struct mr_scope *scope,
                                   const struct mr_advisory_settings *settings,
                                   struct mr_advisory_rule *rule, struct mr_error *err);

#endif
