#include "deploy/feeds/calendar.h"

#include "processors/core/base/error.h"

#include <ctype.h>
#include <time.h>

void mr_calendar_put(struct mr_ink *ink, int64_t time_s, const char *format)
{
    const time_t when = (time_t)time_s;
    struct tm fields;
    size_t size;

    MR_ASSERT(gmtime_r(&when, &fields) != NULL);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size = strftime((char *)ink->data + ink->size, ink->capacity - ink->size, format, &fields);
#pragma GCC diagnostic pop
    MR_ASSERT(size > 0);
    ink->size += size;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar; years count from March, so that the
 * leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    const int64_t from_march = month > 2 ? year : year - 1;
    const int64_t era_year = from_march % 400;
    const int64_t year_day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return from_march / 400 * 146097 + era_year * 365 + era_year / 4 - era_year / 100 + year_day -
           719468;
}

/* Takes exactly digit_count digits from *text. */
static bool take_digits(const char **text, unsigned digit_count, int64_t *number)
{
    *number = 0;
    for (unsigned i = 0; i < digit_count; i++) {
        if (!isdigit((unsigned char)(*text)[0])) {
            return false;
        }
        *number = *number * 10 + (*(*text)++ - '0');
    }
    return true;
}

static bool take_byte(const char **text, char wanted)
{
    if ((*text)[0] != wanted) {
        return false;
    }
    (*text)++;
    return true;
}

static bool take_date(const char **text, int64_t *time_s)
{
    int64_t year, month, day;

    if (!take_digits(text, 4, &year) || !take_byte(text, '-') || !take_digits(text, 2, &month) ||
        !take_byte(text, '-') || !take_digits(text, 2, &day)) {
        return false;
    }
    *time_s = days_of(year, month, day) * 86400;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool take_minutes(const char **text, int64_t *seconds)
{
    int64_t hour, minute;

    if (!take_digits(text, 2, &hour) || !take_byte(text, ':') || !take_digits(text, 2, &minute)) {
        return false;
    }
    *seconds = hour * 3600 + minute * 60;
    return hour < 24 && minute < 60;
}

static bool take_seconds(const char **text, int64_t *time_s)
{
    int64_t second = 0;

    if (take_byte(text, ':') && !take_digits(text, 2, &second)) {
        return false;
    }
    *time_s += second;
    if (take_byte(text, '.')) {
        while (isdigit((unsigned char)(*text)[0])) {
            (*text)++;
        }
    }
    return second < 60;
}

static bool take_zone(const char **text, int64_t *time_s)
{
    const char sign = (*text)[0];
    int64_t offset_s;

    if (sign == '\0' || take_byte(text, 'Z')) {
        return true;
    }
    if ((sign != '+' && sign != '-') || !take_byte(text, sign) || !take_minutes(text, &offset_s)) {
        return false;
    }
    *time_s += sign == '+' ? -offset_s : offset_s;
    return true;
}

bool mr_calendar_read(const char *text, int64_t *time_s)
{
    int64_t of_day_s;

    if (!take_date(&text, time_s)) {
        return false;
    }
    if (text[0] == '\0') {
        return true;
    }
    if ((!take_byte(&text, 'T') && !take_byte(&text, ' ')) || !take_minutes(&text, &of_day_s)) {
        return false;
    }
    *time_s += of_day_s;
    return take_seconds(&text, time_s) && take_zone(&text, time_s) && text[0] == '\0';
}
