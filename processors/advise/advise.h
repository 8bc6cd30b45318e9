/* advise.h - the processor `advise`: makes advisories of the records that a rule is about.
 *
 *     record --rule.when--> suppressed? --> advisory: title, body, evidence, lineage, the record
 *
 * Its topic holds advisories (schemas/advisory.avsc) and nothing else; a record gives none, one or,
 * where several rules hold, several. An advisory's id is a hash of pipeline, rule and origin, so it
 * is the same on a retry and on a replay.
 *
 * suppress: after an advisory, further ones of the same rule and key are held back
 * for a time and counted; the next that is not says how many there were. Time is the
 * origin's event time; a record from before the last advisory is held back too.
 * State: 24 bytes per rule and suppression key, kept for four times `for`.
 *
 * A condition that fails at run time does not hold; the record passes with the
 * reason "rule_error" (counted like a reject's) and the rule as its cause.
 */
#ifndef MR_ADVISE_ADVISE_H
#define MR_ADVISE_ADVISE_H

#include "processors/core/stage/processor.h"

extern const struct mr_processor_ops mr_advise_ops;

#endif
