/* validate.h - the processor `validate`: keeps what breaks the rules out of the stages behind.
 *
 *     record --rules, in order--> dedupe --> passes, with the stamp `validation`
 *               |  |  +-- drop --> counted, gone            +-- duplicate --> counted, gone
 *               |  +-- warn --> named in the stamp
 *               +-- reject --> dead letters: the rule, its expression, what it read
 *
 * A rule is a CEL condition that is true of a good record. One that fails at run time
 * (a division by zero, a missing key) counts as false, and the detail says the error. The first
 * rule that rejects or drops decides.
 *
 * Reasons (they are metric labels):
 *     rule_failed      the rule is false, on_failure: reject      cause: the rule's name
 *     rule_error       it could not be evaluated                  cause: the rule's name
 *     dropped_by_rule  on_failure: drop
 *     duplicate        dedupe: the key came less than `within` ago, by event time
 *
 * Only what passes the rules is remembered for dedupe. State: 16 bytes per key.
 */
#ifndef MR_VALIDATE_VALIDATE_H
#define MR_VALIDATE_VALIDATE_H

#include "processors/core/stage/processor.h"

extern const struct mr_processor_ops mr_validate_ops;

#endif
