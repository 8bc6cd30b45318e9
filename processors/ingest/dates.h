/* dates.h - dates as sources write them, by patterns that a person can read.
 *
 *     yyyy-MM-dd HH:mm:ss      dd/MM/yyyy hh:mm a      yyyy-MM-ddTHH:mm:ss.SSSX
 *
 * yyyy, yy (20yy), MM, dd, HH (0..23), hh (1..12, with a: AM or PM), mm, ss; S: a fraction of any
 * size, of which milliseconds are kept; X: Z or an offset, +02:00. A number may have
 * one digit where the pattern has two. A blank stands for any number of blanks, all else for
 * itself. What a pattern does not say is the least there is.
 */
#ifndef MR_INGEST_DATES_H
#define MR_INGEST_DATES_H

#include "processors/core/base/span.h"

/* Whether a pattern means something: it has a year, month and day, and no letter of its own. */
bool mr_date_pattern_is_good(const char *pattern);

/* Milliseconds since the epoch; a time without an offset of its own is utc_offset_ms ahead of UTC.
 * false: the text is not of this pattern, or no date. */
bool mr_date_read(struct mr_span text, const char *pattern, int64_t utc_offset_ms, int64_t *ms);

/* "+02:00" or "Z". */
bool mr_date_offset(struct mr_span text, int64_t *offset_ms);

#endif
