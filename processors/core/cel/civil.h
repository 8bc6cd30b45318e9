/* civil.h - dates, times of day and their texts: RFC 3339 and durations, with no libc.
 *
 * The proleptic Gregorian calendar by days since the epoch (the arithmetic is
 * Howard Hinnant's days_from_civil). Timestamps lie in the years 1 to 9999;
 * durations are nanoseconds in 64 bits.
 */
#ifndef MR_CEL_CIVIL_H
#define MR_CEL_CIVIL_H

#include "processors/core/cel/run.h"

#define CEL_TIME_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define CEL_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct cel_civil {
    int64_t year;
    int month, day; /* 1-based */
    int hour, minute, second;
    int weekday;  /* 0 is Sunday */
    int year_day; /* 0-based */
};

int64_t cel_days_from_civil(int64_t year, int month, int day);
struct cel_civil cel_civil_of(int64_t seconds);
/* A TIMESTAMP, or MR_CEL_FAULT_RANGE outside the years 1 to 9999. */
struct mr_value cel_time_of(int64_t seconds, uint32_t ns);
struct mr_value cel_time_add(struct mr_value timestamp, int64_t ns);

/* RFC 3339 and "1h30m5.5s"; MR_CEL_FAULT_CONVERSION when text is not such. */
struct mr_value cel_time_read(struct mr_span text);
struct mr_value cel_duration_read(struct mr_span text);
#define CEL_TIME_TEXT_MAX 48
size_t cel_time_write(struct mr_value timestamp, char out[CEL_TIME_TEXT_MAX]);
size_t cel_duration_write(int64_t ns, char out[CEL_TIME_TEXT_MAX]);

#endif
