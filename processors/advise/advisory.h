/* advisory.h - the leaves of schemas/advisory.avsc, filled for one rule and one record.
 *
 * Internal to processors/advise.
 */
#ifndef MR_ADVISE_ADVISORY_H
#define MR_ADVISE_ADVISORY_H

#include "processors/advise/advisory_rule.h"
#include "processors/core/stage/processor.h"

#define MR_ADVISORY_LEAVES 18

/* Where a record's facts lie in its row. */
struct mr_advisory_slots {
    uint32_t key, source, digest, place, time;
    uint32_t model; /* of the scoring stamp */
    bool has_model;
};

struct mr_advisory_case {
    const struct mr_scope *scope;
    const struct mr_advisory_slots *slots;
    const struct mr_advisory_rule *rule;
    const struct mr_record *record;
    const struct mr_value *row;
    int64_t held_back; /* since this rule's last advisory on the key */
};

/* Leaves, key and id of the emission in arena. */
enum mr_code mr_advisory_make(const struct mr_advisory_case *of, struct mr_arena *arena,
                              struct mr_emission *emission, struct mr_error *err);

#endif
