/* calendar.h - the feeds' times: seconds since the epoch, read and written as the feeds do.
 *
 * A feed's times are wall-clock times without a zone; here they are counted as
 * if the zone were UTC, as every reader of a zoneless time has to.
 */
#ifndef MR_FEEDS_CALENDAR_H
#define MR_FEEDS_CALENDAR_H

#include "deploy/feeds/ink.h"

#include <stdbool.h>
#include <stdint.h>

/* strftime()'s words, no locale. "%Y-%m-%d %H:%M:%S" */
void mr_calendar_put(struct mr_ink *ink, int64_t time_s, const char *format);

/* "2026-03-01", and what may follow: T or a blank, HH:MM, :SS, a fraction (cut off), Z or +HH:MM.
 * False when text is anything else. */
bool mr_calendar_read(const char *text, int64_t *time_s);

#endif
