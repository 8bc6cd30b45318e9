#include "processors/core/base/civil.h"

#define MS_PER_SECOND INT64_C(1000)
#define SECONDS_PER_DAY 86400

static int64_t days_of(int year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = y / 400; /* years are positive here */
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

static bool is_between(int value, int least, int most)
{
    return value >= least && value <= most;
}

static bool is_date(const struct mr_civil *civil)
{
    return is_between(civil->year, 1, 9999) && is_between(civil->month, 1, 12) &&
           is_between(civil->day, 1, month_days(civil->year, civil->month));
}

static bool is_time(const struct mr_civil *civil)
{
    return is_between(civil->hour, 0, 23) && is_between(civil->minute, 0, 59) &&
           is_between(civil->second, 0, 59) && is_between(civil->milli, 0, 999);
}

bool mr_civil_ms(const struct mr_civil *civil, int64_t *ms)
{
    int64_t seconds;

    if (!is_date(civil) || !is_time(civil)) {
        return false;
    }
    seconds = days_of(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
              (int64_t)civil->hour * 3600 + (int64_t)civil->minute * 60 + civil->second;
    *ms = seconds * MS_PER_SECOND + civil->milli;
    return true;
}

static bool is_digit(struct mr_span name, size_t at)
{
    return at < name.size && name.data[at] >= '0' && name.data[at] <= '9';
}

static size_t digits_at(struct mr_span name, size_t at)
{
    size_t count = 0;

    while (is_digit(name, at + count)) {
        count++;
    }
    return count;
}

static int number_at(struct mr_span name, size_t at, size_t count)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        number = number * 10 + (name.data[at + i] - '0');
    }
    return number;
}

static bool is_separator(struct mr_span name, size_t at)
{
    return at < name.size && (name.data[at] == '-' || name.data[at] == '_' ||
                              name.data[at] == 'T' || name.data[at] == ' ' || name.data[at] == '.');
}

/* HHMM or HHMMSS of which count digits stand at. */
static void compact_time(struct mr_span name, size_t at, size_t count, struct mr_civil *civil)
{
    civil->hour = number_at(name, at, 2);
    civil->minute = number_at(name, at + 2, 2);
    civil->second = count >= 6 ? number_at(name, at + 4, 2) : 0;
}

/* HH-MM or HH-MM-SS, returns how many bytes it took; 0: none. */
static size_t split_time(struct mr_span name, size_t at, struct mr_civil *civil)
{
    if (digits_at(name, at) != 2 || !is_separator(name, at + 2) || digits_at(name, at + 3) != 2) {
        return 0;
    }
    civil->hour = number_at(name, at, 2);
    civil->minute = number_at(name, at + 3, 2);
    if (!is_separator(name, at + 5) || digits_at(name, at + 6) != 2) {
        return 5;
    }
    civil->second = number_at(name, at + 6, 2);
    return 8;
}

/* The time that may follow a date behind a separator. One that is no time of day (a store's
 * number) is left alone. */
static void time_after(struct mr_span name, size_t at, struct mr_civil *civil)
{
    struct mr_civil timed = *civil;
    size_t count;

    if (!is_separator(name, at)) {
        return;
    }
    count = digits_at(name, at + 1);
    if (count == 4 || count == 6) {
        compact_time(name, at + 1, count, &timed);
    } else if (split_time(name, at + 1, &timed) == 0) {
        return;
    }
    if (is_time(&timed)) {
        *civil = timed;
    }
}

static bool compact_date(struct mr_span name, size_t at, size_t count, struct mr_civil *civil)
{
    if (count != 8 && count != 12 && count != 14) {
        return false;
    }
    civil->year = number_at(name, at, 4);
    civil->month = number_at(name, at + 4, 2);
    civil->day = number_at(name, at + 6, 2);
    if (count > 8) {
        compact_time(name, at + 8, count - 8, civil);
    } else {
        time_after(name, at + 8, civil);
    }
    return true;
}

static bool split_date(struct mr_span name, size_t at, size_t count, struct mr_civil *civil)
{
    if (count != 4 || !is_separator(name, at + 4) || digits_at(name, at + 5) != 2 ||
        !is_separator(name, at + 7) || digits_at(name, at + 8) != 2) {
        return false;
    }
    civil->year = number_at(name, at, 4);
    civil->month = number_at(name, at + 5, 2);
    civil->day = number_at(name, at + 8, 2);
    time_after(name, at + 10, civil);
    return true;
}

bool mr_civil_in_name(struct mr_span name, int64_t *ms)
{
    bool is_found = false;

    for (size_t at = 0; at < name.size;) {
        const size_t count = digits_at(name, at);
        struct mr_civil civil = {0};

        if ((compact_date(name, at, count, &civil) || split_date(name, at, count, &civil)) &&
            is_between(civil.year, 1990, 2099) && mr_civil_ms(&civil, ms)) {
            is_found = true;
        }
        at += count > 0 ? count : 1;
    }
    return is_found;
}
