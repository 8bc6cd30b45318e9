#include "processors/ingest/dates.h"

#include "processors/core/base/civil.h"

#include <string.h>

#define MS_PER_MINUTE INT64_C(60000)
#define LETTERS "yMdHhmsSaX"

struct reading {
    struct mr_span text; /* what is left */
    struct mr_civil civil;
    int half; /* of the day: 0 none, 1 AM, 2 PM */
    bool has_offset;
    int64_t offset_ms;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t run_of(const char *pattern)
{
    size_t size = 1;

    while (pattern[size] == pattern[0]) {
        size++;
    }
    return size;
}

bool mr_date_pattern_is_good(const char *pattern)
{
    bool has_year = false, has_month = false, has_day = false;

    for (const char *at = pattern; *at != '\0'; at += run_of(at)) {
        const size_t size = run_of(at);

        if (is_letter(*at) && strchr(LETTERS "TZ", *at) == NULL) {
            return false;
        }
        if (*at == 'y' && size != 2 && size != 4) {
            return false;
        }
        has_year |= *at == 'y';
        has_month |= *at == 'M';
        has_day |= *at == 'd';
    }
    return has_year && has_month && has_day;
}

static uint8_t next_byte(const struct reading *reading)
{
    return reading->text.size == 0 ? 0 : reading->text.data[0];
}

static void skip(struct reading *reading, size_t size)
{
    reading->text.data += size;
    reading->text.size -= size;
}

/* At least one digit, at most `most`. */
static bool read_number(struct reading *reading, size_t least, size_t most, int *number)
{
    size_t count = 0;

    *number = 0;
    while (count < most && next_byte(reading) >= '0' && next_byte(reading) <= '9') {
        *number = *number * 10 + (next_byte(reading) - '0');
        skip(reading, 1);
        count++;
    }
    return count >= least;
}

static bool read_year(struct reading *reading, size_t digits)
{
    if (!read_number(reading, digits, digits, &reading->civil.year)) {
        return false;
    }
    reading->civil.year += digits == 2 ? 2000 : 0;
    return true;
}

static bool read_fraction(struct reading *reading)
{
    int scale = 100;

    if (next_byte(reading) < '0' || next_byte(reading) > '9') {
        return false;
    }
    for (; next_byte(reading) >= '0' && next_byte(reading) <= '9'; skip(reading, 1)) {
        reading->civil.milli += scale * (next_byte(reading) - '0');
        scale /= 10;
    }
    return true;
}

static bool read_half(struct reading *reading)
{
    const struct mr_span two = {reading->text.data, reading->text.size < 2 ? 0 : 2};

    reading->half = mr_span_is_nocase(two, "am") ? 1 : mr_span_is_nocase(two, "pm") ? 2 : 0;
    if (reading->half != 0) {
        skip(reading, 2);
    }
    return reading->half != 0;
}

static bool read_offset(struct reading *reading)
{
    const uint8_t sign = next_byte(reading);
    int hours, minutes = 0;

    reading->has_offset = true;
    if (sign == 'Z' || sign == 'z') {
        skip(reading, 1);
        return true;
    }
    if (sign != '+' && sign != '-') {
        return false;
    }
    skip(reading, 1);
    if (!read_number(reading, 2, 2, &hours)) {
        return false;
    }
    if (next_byte(reading) == ':') {
        skip(reading, 1);
    }
    if (reading->text.size > 0 && !read_number(reading, 2, 2, &minutes)) {
        return false;
    }
    reading->offset_ms = (hours * 60 + minutes) * MS_PER_MINUTE * (sign == '-' ? -1 : 1);
    return hours <= 18 && minutes < 60;
}

static bool read_literal(struct reading *reading, char wanted)
{
    if (wanted == ' ' && next_byte(reading) == ' ') {
        while (next_byte(reading) == ' ') {
            skip(reading, 1);
        }
        return true;
    }
    if (reading->text.size == 0 || next_byte(reading) != (uint8_t)wanted) {
        return false;
    }
    skip(reading, 1);
    return true;
}

static int *part_of(struct reading *reading, char letter)
{
    switch (letter) {
    case 'M':
        return &reading->civil.month;
    case 'd':
        return &reading->civil.day;
    case 'm':
        return &reading->civil.minute;
    case 's':
        return &reading->civil.second;
    default:
        return &reading->civil.hour;
    }
}

/* One run of equal letters; *size is how much of the pattern it took. */
static bool read_run(struct reading *reading, const char *pattern, size_t *size)
{
    *size = run_of(pattern);
    switch (*pattern) {
    case 'y':
        return read_year(reading, *size);
    case 'M':
    case 'd':
    case 'H':
    case 'h':
    case 'm':
    case 's':
        return read_number(reading, 1, 2, part_of(reading, *pattern));
    case 'S':
        return read_fraction(reading);
    case 'a':
        return read_half(reading);
    case 'X':
        return read_offset(reading);
    default:
        *size = 1;
        return read_literal(reading, *pattern);
    }
}

/* 12 AM is midnight, 12 PM noon. */
static bool settle_hour(struct reading *reading)
{
    struct mr_civil *civil = &reading->civil;

    if (reading->half == 0) {
        return true;
    }
    if (civil->hour < 1 || civil->hour > 12) {
        return false;
    }
    civil->hour = civil->hour % 12 + (reading->half == 2 ? 12 : 0);
    return true;
}

bool mr_date_read(struct mr_span text, const char *pattern, int64_t utc_offset_ms, int64_t *ms)
{
    struct reading reading = {.text = text, .civil = {.month = 1, .day = 1}};

    while (*pattern != '\0') {
        size_t size;

        if (!read_run(&reading, pattern, &size)) {
            return false;
        }
        pattern += size;
    }
    if (reading.text.size > 0 || !settle_hour(&reading) || !mr_civil_ms(&reading.civil, ms)) {
        return false;
    }
    *ms -= reading.has_offset ? reading.offset_ms : utc_offset_ms;
    return true;
}

bool mr_date_offset(struct mr_span text, int64_t *offset_ms)
{
    struct reading reading = {.text = text};

    if (!read_offset(&reading) || reading.text.size > 0) {
        return false;
    }
    *offset_ms = reading.offset_ms;
    return true;
}
