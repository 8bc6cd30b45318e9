/* civil.h - calendar dates as milliseconds, and the time that a file's name carries.
 *
 * The proleptic Gregorian calendar, without zones and leap seconds: what a date
 * means where it was written is the business of whoever reads it. Days are counted
 * in eras of 400 years that begin in March, so that a leap day ends a year (the
 * method of Howard Hinnant's "chrono-compatible low-level date algorithms").
 */
#ifndef MR_BASE_CIVIL_H
#define MR_BASE_CIVIL_H

#include "processors/core/base/span.h"

struct mr_civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, milli;
};

/* Milliseconds since 1970-01-01. false: there is no such date or time of day; the year must be
 * 1..9999; 24:00 and second 60 are refused. */
bool mr_civil_ms(const struct mr_civil *civil, int64_t *ms);

/* The time in a name: the last run of 8, 12 or 14 digits (yyyymmdd, yyyymmddHHMM, yyyymmddHHMMSS)
 * or split form (20260301-0510, 2026-03-01, 2026-03-01_05-10-00) that is a date from 1990 to
 * 2099. So 13-digit chain ids and store numbers are no dates. */
bool mr_civil_in_name(struct mr_span name, int64_t *ms);

#endif
