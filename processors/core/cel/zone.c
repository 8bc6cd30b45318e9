#include "processors/core/cel/zone.h"

#include "processors/core/cel/civil.h"

#include <stdio.h>
#include <string.h>

#define FILE_SIZE_MAX ((size_t)128 << 10)
#define NAME_SIZE_MAX 64
#define HEADER_SIZE 44
#define DAY_SECONDS 86400

/* When a daylight saving rule changes: POSIX "Mm.w.d/time", "Jn/time" or "n/time". */
struct change {
    char form; /* 'M', 'J' or '0' */
    int month, week, day;
    int64_t time; /* seconds after midnight, local */
};

struct cel_zone {
    int64_t fixed;          /* used when there is no table */
    const uint8_t *times;   /* big-endian, 8 bytes each */
    const uint8_t *indices; /* into types, one byte each */
    const uint8_t *types;   /* 6 bytes each: offset, is daylight, name */
    uint32_t time_count, type_count;
    bool has_rule, has_daylight; /* of the footer */
    int64_t standard, daylight;  /* offsets */
    struct change start, end;
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t be64(const uint8_t *at)
{
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

struct reader {
    const char *at, *end;
    bool has_failed;
};

static bool is_digit(const struct reader *in)
{
    return in->at < in->end && *in->at >= '0' && *in->at <= '9';
}

static int number(struct reader *in)
{
    int value = 0;

    in->has_failed = in->has_failed || !is_digit(in);
    while (is_digit(in) && value < 100000) {
        value = value * 10 + (*in->at++ - '0');
    }
    return value;
}

static bool take(struct reader *in, char c)
{
    if (in->at < in->end && *in->at == c) {
        in->at++;
        return true;
    }
    return false;
}

/* [+-]h[h][:mm[:ss]] in seconds. */
static int64_t hours(struct reader *in)
{
    const int64_t sign = take(in, '-') ? -1 : 1;
    int64_t seconds;

    (void)take(in, '+');
    seconds = number(in) * INT64_C(3600);
    if (take(in, ':')) {
        seconds += number(in) * INT64_C(60);
    }
    if (take(in, ':')) {
        seconds += number(in);
    }
    return sign * seconds;
}

static void skip_name(struct reader *in)
{
    const bool is_quoted = take(in, '<');
    const char *start = in->at;

    while (in->at < in->end &&
           (is_quoted ? *in->at != '>' : (*in->at | 0x20) >= 'a' && (*in->at | 0x20) <= 'z')) {
        in->at++;
    }
    in->has_failed = in->has_failed || in->at == start || (is_quoted && !take(in, '>'));
}

static struct change read_change(struct reader *in)
{
    struct change change = {.form = '0', .time = 7200};

    if (!take(in, ',')) {
        in->has_failed = true;
    }
    if (take(in, 'M')) {
        change.form = 'M';
        change.month = number(in);
        in->has_failed = !take(in, '.') || in->has_failed;
        change.week = number(in);
        in->has_failed = !take(in, '.') || in->has_failed;
        change.day = number(in);
        in->has_failed = in->has_failed || change.month < 1 || change.month > 12 ||
                         change.week < 1 || change.week > 5 || change.day > 6;
    } else {
        change.form = take(in, 'J') ? 'J' : '0';
        change.day = number(in);
    }
    if (take(in, '/')) {
        change.time = hours(in);
    }
    return change;
}

/* The footer: EST5EDT,M3.2.0,M11.1.0 */
static void read_rule(struct cel_zone *zone, const char *text, size_t size)
{
    struct reader in = {text, text + size, false};

    skip_name(&in);
    zone->standard = -hours(&in);
    if (in.at < in.end) {
        skip_name(&in);
        zone->daylight = zone->standard + 3600;
        if (in.at < in.end && *in.at != ',') {
            zone->daylight = -hours(&in);
        }
        zone->start = read_change(&in);
        zone->end = read_change(&in);
        zone->has_daylight = true;
    }
    zone->has_rule = !in.has_failed && size > 0;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Seconds since the epoch, local time, at which the change of a year is. */
static int64_t change_at(const struct change *change, int64_t year)
{
    const int64_t new_year = cel_days_from_civil(year, 1, 1);
    int64_t days;

    if (change->form == 'M') {
        const int64_t first = cel_days_from_civil(year, change->month, 1);
        const int64_t next = change->month == 12 ? cel_days_from_civil(year + 1, 1, 1)
                                                 : cel_days_from_civil(year, change->month + 1, 1);
        const int64_t weekday = ((first + 4) % 7 + 7) % 7;

        days = first + (change->day - weekday + 7) % 7 + (change->week - 1) * INT64_C(7);
        days -= days >= next ? 7 : 0;
    } else {
        days = new_year + change->day - (change->form == 'J' ? 1 : 0);
        days += change->form == 'J' && is_leap(year) && change->day >= 60 ? 1 : 0;
    }
    return days * DAY_SECONDS + change->time;
}

static int64_t rule_offset(const struct cel_zone *zone, int64_t seconds)
{
    int64_t year, start, end;

    if (!zone->has_daylight) {
        return zone->standard;
    }
    year = cel_civil_of(seconds + zone->standard).year;
    start = change_at(&zone->start, year) - zone->standard;
    end = change_at(&zone->end, year) - zone->daylight;
    if (start < end) {
        return seconds >= start && seconds < end ? zone->daylight : zone->standard;
    }
    return seconds >= end && seconds < start ? zone->standard : zone->daylight;
}

int64_t cel_zone_offset(const struct cel_zone *zone, int64_t seconds)
{
    uint32_t low = 0, high = zone->time_count;

    if (zone->types == NULL) {
        return zone->fixed;
    }
    while (low < high) { /* the first transition after seconds */
        const uint32_t middle = low + (high - low) / 2;

        if (be64(zone->times + 8 * (size_t)middle) <= seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->time_count && zone->has_rule) {
        return rule_offset(zone, seconds);
    }
    return (int32_t)be32(zone->types + 6 * (size_t)(low == 0 ? 0 : zone->indices[low - 1]));
}

/* How many bytes the data of a header takes, times being of time_size. */
static size_t data_size(const uint8_t *header, size_t time_size)
{
    const size_t utc = be32(header + 20), standard = be32(header + 24), leaps = be32(header + 28);
    const size_t times = be32(header + 32), types = be32(header + 36), names = be32(header + 40);

    return times * (time_size + 1) + types * 6 + names + leaps * (time_size + 4) + standard + utc;
}

static bool is_header(const uint8_t *at, size_t size)
{
    if (size < HEADER_SIZE || memcmp(at, "TZif", 4) != 0 || at[4] < '2') {
        return false;
    }
    for (size_t i = 20; i < HEADER_SIZE; i += 4) {
        if (be32(at + i) > FILE_SIZE_MAX) {
            return false;
        }
    }
    return true;
}

static bool are_indices_valid(const struct cel_zone *zone)
{
    for (uint32_t i = 0; i < zone->time_count; i++) {
        if (zone->indices[i] >= zone->type_count) {
            return false;
        }
    }
    return zone->type_count > 0;
}

static bool parse(struct cel_zone *zone, const uint8_t *file, size_t size)
{
    size_t at, used;

    if (!is_header(file, size)) {
        return false;
    }
    at = HEADER_SIZE + data_size(file, 4);
    if (at > size || !is_header(file + at, size - at)) {
        return false;
    }
    used = data_size(file + at, 8);
    zone->time_count = be32(file + at + 32);
    zone->type_count = be32(file + at + 36);
    at += HEADER_SIZE;
    if (used > size - at) {
        return false;
    }
    zone->times = file + at;
    zone->indices = zone->times + 8 * (size_t)zone->time_count;
    zone->types = zone->indices + zone->time_count;
    at += used;
    if (size - at > 2 && file[at] == '\n' && file[size - 1] == '\n') {
        read_rule(zone, (const char *)file + at + 1, size - at - 2);
    }
    return are_indices_valid(zone);
}

static bool is_safe(struct mr_span name)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        if (!is_letter && (i == 0 || c == '\0' || strchr("0123456789_+-/", c) == NULL)) {
            return false;
        }
    }
    return name.size > 0 && name.size <= NAME_SIZE_MAX;
}

static const uint8_t *read_file(struct mr_arena *arena, struct mr_span name, size_t *size)
{
    char path[NAME_SIZE_MAX + 32];
    uint8_t *file;
    FILE *in;

    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%.*s", MR_SPAN_ARGS(name));
    in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    file = NULL;
    if (fseek(in, 0, SEEK_END) == 0) {
        const long end = ftell(in);

        *size = end > 0 && (size_t)end <= FILE_SIZE_MAX ? (size_t)end : 0;
        rewind(in);
        file = *size > 0 ? mr_arena_bytes(arena, *size) : NULL;
    }
    if (file != NULL && fread(file, 1, *size, in) != *size) {
        file = NULL;
    }
    (void)fclose(in);
    return file;
}

static bool read_offset(struct cel_zone *zone, struct mr_span name)
{
    struct reader in = {(const char *)name.data, (const char *)name.data + name.size, false};

    if (mr_span_is(name, "UTC") || mr_span_is(name, "Z") || name.size == 0) {
        return true;
    }
    if (memchr(name.data, ':', name.size) == NULL) {
        return false;
    }
    zone->fixed = hours(&in);
    return !in.has_failed && in.at == in.end && zone->fixed > -DAY_SECONDS &&
           zone->fixed < DAY_SECONDS;
}

const struct cel_zone *cel_zone_open(struct mr_arena *arena, struct mr_span name)
{
    struct cel_zone *zone = mr_arena_take(arena, 1, sizeof(*zone));
    const uint8_t *file;
    size_t size;

    if (zone == NULL || read_offset(zone, name)) {
        return zone;
    }
    if (!is_safe(name)) {
        return NULL;
    }
    file = read_file(arena, name, &size);
    return file != NULL && parse(zone, file, size) ? zone : NULL;
}
