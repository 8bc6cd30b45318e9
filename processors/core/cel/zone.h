/* zone.h - time zones from the system's TZif files (RFC 8536), without libc's global zone.
 *
 * A zone is "UTC", an offset (+02:00, 02:00, -9:30) or a name of the tz database.
 * A name is looked up below /usr/share/zoneinfo; names with dots or a leading slash are
 * refused, so that a rule cannot read other files. Version 2 data (64 bit) is used, and
 * its footer's rule for times after the last transition.
 */
#ifndef MR_CEL_ZONE_H
#define MR_CEL_ZONE_H

#include "processors/core/base/arena.h"

struct cel_zone;

/* In the arena; NULL: no such zone, or no room. */
const struct cel_zone *cel_zone_open(struct mr_arena *arena, struct mr_span name);
/* Seconds east of Greenwich at a time. */
int64_t cel_zone_offset(const struct cel_zone *zone, int64_t seconds);

#endif
