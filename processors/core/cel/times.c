/* Parts of timestamps and durations. Month, day of month, of year and of week count from 0,
 * getDate from 1; of a duration, hours, minutes and seconds are totals. */
#include "processors/core/cel/civil.h"
#include "processors/core/cel/functions.h"
#include "processors/core/cel/zone.h"

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

#define ZONE_FUEL 100 /* a file is read, when the zone is not a literal */

/* The civil time of args[0] in the zone args[1], if given; false: *error. */
static bool civil_of(struct cel_run *run, const struct mr_value *args, uint32_t count,
                     struct cel_civil *civil, struct mr_value *error)
{
    const struct cel_zone *zone = run->prepared;
    const size_t mark = mr_arena_mark(run->arena);
    int64_t seconds = args[0].number;

    if (count == 2) {
        if (zone == NULL) {
            if (!cel_spend(run, ZONE_FUEL)) {
                *error = cel_fault(MR_CEL_FAULT_FUEL);
                return false;
            }
            zone = cel_zone_open(run->arena, mr_value_span(&args[1]));
        }
        if (zone == NULL) {
            *error = cel_fault(MR_CEL_FAULT_ARGUMENT);
            return false;
        }
        seconds += cel_zone_offset(zone, seconds);
        mr_arena_release(run->arena, mark);
    }
    *civil = cel_civil_of(seconds);
    return true;
}

#define PART(name, part) \
    CALL(name) \
    { \
        struct cel_civil civil; \
        struct mr_value error; \
\
        return civil_of(run, args, count, &civil, &error) ? mr_value_int(part) : error; \
    }

PART(full_year, civil.year)
PART(month, civil.month - 1)
PART(date, civil.day)
PART(day_of_month, civil.day - 1)
PART(day_of_week, civil.weekday)
PART(day_of_year, civil.year_day)
PART(hours, civil.hour)
PART(minutes, civil.minute)
PART(seconds, civil.second)
PART(milliseconds, (int64_t)(args[0].size / 1000000U))

#define TOTAL(name, expression) \
    CALL(name) \
    { \
        (void)run, (void)count; \
        return mr_value_int(expression); \
    }

TOTAL(duration_hours, args[0].number / INT64_C(3600000000000))
TOTAL(duration_minutes, args[0].number / INT64_C(60000000000))
TOTAL(duration_seconds, args[0].number / INT64_C(1000000000))
TOTAL(duration_milliseconds, args[0].number / 1000000 % 1000)

static const void *prepare_zone(struct mr_arena *arena, struct mr_span literal)
{
    return cel_zone_open(arena, literal);
}

#define ROWS(name, call) \
    {name, "t", "i", call, CEL_MEMBER, NULL}, \
    { \
        name, "ts", "i", call, CEL_MEMBER, prepare_zone \
    }

static const struct cel_overload rows[] = {
    ROWS("getFullYear", full_year),
    ROWS("getMonth", month),
    ROWS("getDate", date),
    ROWS("getDayOfMonth", day_of_month),
    ROWS("getDayOfWeek", day_of_week),
    ROWS("getDayOfYear", day_of_year),
    ROWS("getHours", hours),
    ROWS("getMinutes", minutes),
    ROWS("getSeconds", seconds),
    ROWS("getMilliseconds", milliseconds),
    {"getHours", "D", "i", duration_hours, CEL_MEMBER, NULL},
    {"getMinutes", "D", "i", duration_minutes, CEL_MEMBER, NULL},
    {"getSeconds", "D", "i", duration_seconds, CEL_MEMBER, NULL},
    {"getMilliseconds", "D", "i", duration_milliseconds, CEL_MEMBER, NULL},
};

const struct cel_library cel_times = {rows, MR_COUNT(rows)};
