#include "cli/cat.h"
#include "processors/core/base/civil.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_whole(const char *text, int64_t *number, const char **rest)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    *rest = end;
    return end != text && errno == 0;
}

/* "90m" of "-90m" in ms; 0: no unit. */
static int64_t unit_ms(const char *text)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    for (size_t i = 0; i < MR_COUNT(units); i++) {
        if (strcmp(text, units[i].name) == 0) {
            return units[i].ms;
        }
    }
    return 0;
}

static bool read_number(const char *text, int64_t now_ms, struct mr_browse_place *place)
{
    int64_t number, unit, ms;
    const char *rest;

    if (!read_whole(text, &number, &rest)) {
        return false;
    }
    unit = unit_ms(rest);
    if (unit != 0 && number < 0 && !__builtin_mul_overflow(number, unit, &ms) &&
        !__builtin_add_overflow(ms, now_ms, &ms)) {
        *place = (struct mr_browse_place){MR_BROWSE_TIME, ms};
    } else if (*rest != '\0' || number == INT64_MIN) {
        return false;
    } else if (number < 0) {
        *place = (struct mr_browse_place){MR_BROWSE_LAST, -number};
    } else {
        *place = (struct mr_browse_place){MR_BROWSE_OFFSET, number};
    }
    return true;
}

/* count digits at *text, which moves behind them. */
static bool take_digits(const char **text, size_t count, int *number)
{
    *number = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        *number = *number * 10 + (**text - '0');
    }
    return true;
}

static bool take_byte(const char **text, char byte)
{
    const bool is_there = **text == byte;

    *text += is_there;
    return is_there;
}

/* "05:10", "05:10:00", "05:10:00.250" */
static bool take_clock(const char **text, struct mr_civil *civil)
{
    if (!take_digits(text, 2, &civil->hour) || !take_byte(text, ':') ||
        !take_digits(text, 2, &civil->minute)) {
        return false;
    }
    if (take_byte(text, ':') && !take_digits(text, 2, &civil->second)) {
        return false;
    }
    return !take_byte(text, '.') || take_digits(text, 3, &civil->milli);
}

static bool read_time(const char *text, struct mr_browse_place *place)
{
    struct mr_civil civil = {0};

    if (!take_digits(&text, 4, &civil.year) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &civil.month) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &civil.day)) {
        return false;
    }
    if (*text != '\0') {
        if ((!take_byte(&text, 'T') && !take_byte(&text, ' ')) || !take_clock(&text, &civil)) {
            return false;
        }
        (void)take_byte(&text, 'Z');
    }
    place->kind = MR_BROWSE_TIME;
    return *text == '\0' && mr_civil_ms(&civil, &place->number);
}

enum mr_code cat_place_parse(const char *flag, const char *text, int64_t now_ms,
                             struct mr_browse_place *place, struct mr_error *err)
{
    if (strcmp(text, "beginning") == 0) {
        *place = (struct mr_browse_place){MR_BROWSE_BEGINNING, 0};
    } else if (strcmp(text, "end") == 0) {
        *place = (struct mr_browse_place){MR_BROWSE_END, 0};
    } else if (!read_time(text, place) && !read_number(text, now_ms, place)) {
        return MR_FAIL(err, MR_USAGE,
                       "%s: \"%s\" is neither beginning, end, an offset, -N (the last N), -15m "
                       "(s, m, h, d ago) nor a time in UTC (2026-03-01T05:10:00Z)",
                       flag, text);
    }
    return MR_OK;
}
