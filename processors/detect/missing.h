/* missing.h - the part of the method `missing` that asks about a key which does not come.
 *
 * Internal to processors/detect. A state is the whole of a key's: the judge's head, then the
 * method's.
 */
#ifndef MR_DETECT_MISSING_H
#define MR_DETECT_MISSING_H

#include "processors/detect/method.h"

/* The group that the key belongs to: any number but 0, set when the key is new. */
uint64_t *mr_missing_group(void *state);
/* From which clock on the key is overdue; INT64_MAX while too little is known of it. */
int64_t mr_missing_due(const struct mr_tuning *tuning, const void *state);
/* How overdue it is at a clock, as step() tells it of a key that comes late. */
double mr_missing_strength(const struct mr_tuning *tuning, const void *state, int64_t clock);

#endif
