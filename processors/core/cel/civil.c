#include "processors/core/cel/civil.h"

#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400
#define SECOND_NS INT64_C(1000000000)

int64_t cel_days_from_civil(int64_t year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

struct cel_civil cel_civil_of(int64_t seconds)
{
    const int64_t days = floor_div(seconds, DAY_SECONDS);
    const int64_t rest = seconds - days * DAY_SECONDS;
    const int64_t z = days + 719468;
    const int64_t era = floor_div(z, 146097);
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    struct cel_civil civil;

    civil.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    civil.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    civil.year = yoe + era * 400 + (civil.month <= 2 ? 1 : 0);
    civil.hour = (int)(rest / 3600);
    civil.minute = (int)(rest / 60 % 60);
    civil.second = (int)(rest % 60);
    civil.weekday = (int)(((days + 4) % 7 + 7) % 7);
    civil.year_day = (int)(days - cel_days_from_civil(civil.year, 1, 1));
    return civil;
}

struct mr_value cel_time_of(int64_t seconds, uint32_t ns)
{
    if (seconds < CEL_TIME_MIN || seconds > CEL_TIME_MAX) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    return (struct mr_value){.kind = MR_KIND_TIMESTAMP, .size = ns, .number = seconds};
}

struct mr_value cel_time_add(struct mr_value timestamp, int64_t ns)
{
    const int64_t whole = floor_div(ns, SECOND_NS);
    int64_t seconds = timestamp.number, rest = (int64_t)timestamp.size + (ns - whole * SECOND_NS);

    if (seconds < CEL_TIME_MIN || seconds > CEL_TIME_MAX) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    seconds += whole;
    if (rest >= SECOND_NS) {
        rest -= SECOND_NS;
        seconds++;
    }
    return cel_time_of(seconds, (uint32_t)rest);
}

struct reader {
    const uint8_t *at, *end;
    bool has_failed;
};

/* Exactly count digits. */
static int digits(struct reader *in, int count)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (in->at == in->end || *in->at < '0' || *in->at > '9') {
            in->has_failed = true;
            return 0;
        }
        number = number * 10 + (*in->at++ - '0');
    }
    return number;
}

static bool take(struct reader *in, const char *any_of)
{
    if (in->at < in->end && *in->at != '\0' && strchr(any_of, *in->at) != NULL) {
        in->at++;
        return true;
    }
    return false;
}

static void need(struct reader *in, const char *any_of)
{
    in->has_failed = !take(in, any_of) || in->has_failed;
}

/* Digits after a point, as nanoseconds; those beyond the ninth are cut off. */
static uint32_t fraction(struct reader *in)
{
    uint32_t ns = 0, unit = 100000000;
    const uint8_t *start = in->at;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        ns += (uint32_t)(*in->at++ - '0') * unit;
        unit /= 10;
    }
    in->has_failed = in->has_failed || in->at == start;
    return ns;
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : days[month - 1];
}

static int64_t zone_offset(struct reader *in)
{
    const bool is_west = in->at < in->end && *in->at == '-';
    int hours, minutes;

    if (take(in, "Zz")) {
        return 0;
    }
    need(in, "+-");
    hours = digits(in, 2);
    need(in, ":");
    minutes = digits(in, 2);
    in->has_failed = in->has_failed || hours > 23 || minutes > 59;
    return (is_west ? -1 : 1) * (hours * INT64_C(3600) + minutes * INT64_C(60));
}

struct mr_value cel_time_read(struct mr_span text)
{
    struct reader in = {text.data, text.data + text.size, false};
    struct cel_civil c = {0};
    uint32_t ns = 0;
    int64_t offset, seconds;

    c.year = digits(&in, 4);
    need(&in, "-");
    c.month = digits(&in, 2);
    need(&in, "-");
    c.day = digits(&in, 2);
    need(&in, "Tt");
    c.hour = digits(&in, 2);
    need(&in, ":");
    c.minute = digits(&in, 2);
    need(&in, ":");
    c.second = digits(&in, 2);
    if (take(&in, ".")) {
        ns = fraction(&in);
    }
    offset = zone_offset(&in);
    if (in.has_failed || in.at != in.end || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > month_days(c.year, c.month) || c.hour > 23 || c.minute > 59 || c.second > 59) {
        return cel_fault(MR_CEL_FAULT_CONVERSION);
    }
    seconds = cel_days_from_civil(c.year, c.month, c.day) * DAY_SECONDS + c.hour * INT64_C(3600) +
              c.minute * INT64_C(60) + c.second - offset;
    return cel_time_of(seconds, ns);
}

/* Nanoseconds of a unit: h, m, s, ms, us, ns; 0: none of them. */
static int64_t read_unit(struct reader *in)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"\xC2\xB5s", 1000},
                 {"ms", 1000000},
                 {"h", 3600 * SECOND_NS},
                 {"m", 60 * SECOND_NS},
                 {"s", SECOND_NS}};

    for (size_t i = 0; i < MR_COUNT(units); i++) {
        const size_t size = strlen(units[i].name);

        if ((size_t)(in->end - in->at) >= size && memcmp(in->at, units[i].name, size) == 0) {
            in->at += size;
            return units[i].ns;
        }
    }
    return 0;
}

/* One "1.5h" onto *ns. */
static bool read_term(struct reader *in, uint64_t *ns)
{
    uint64_t whole = 0, part = 0, term;
    const uint8_t *start = in->at;
    int64_t unit;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        if (__builtin_mul_overflow(whole, 10U, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*in->at - '0'), &whole)) {
            return false;
        }
        in->at++;
    }
    if (take(in, ".")) {
        const bool has_digits = in->at - start > 1;

        part = fraction(in);
        in->has_failed = in->has_failed && !has_digits;
    } else if (in->at == start) {
        return false;
    }
    unit = read_unit(in);
    if (unit == 0 || in->has_failed || __builtin_mul_overflow(whole, (uint64_t)unit, &term)) {
        return false;
    }
    /* part is in billionths of the unit; an hour's does not fit 64 bits in one product. */
    term += unit >= SECOND_NS ? part * (uint64_t)(unit / SECOND_NS)
                              : part * (uint64_t)unit / (uint64_t)SECOND_NS;
    return !__builtin_add_overflow(*ns, term, ns);
}

struct mr_value cel_duration_read(struct mr_span text)
{
    struct reader in = {text.data, text.data + text.size, false};
    const bool is_negative = text.size > 0 && text.data[0] == '-';
    uint64_t ns = 0;

    (void)take(&in, "+-");
    if (in.end - in.at == 1 && *in.at == '0') {
        return cel_value_duration(0);
    }
    if (in.at == in.end) {
        return cel_fault(MR_CEL_FAULT_CONVERSION);
    }
    while (in.at < in.end) {
        if (!read_term(&in, &ns)) {
            return cel_fault(MR_CEL_FAULT_CONVERSION);
        }
    }
    if (ns > (uint64_t)INT64_MAX + (is_negative ? 1U : 0U)) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    return cel_value_duration(is_negative ? (int64_t)(0U - ns) : (int64_t)ns);
}

/* ".5" of 500000000, "" of 0. */
static size_t write_fraction(uint32_t ns, char *out, size_t room)
{
    size_t size;

    if (ns == 0) {
        return 0;
    }
    size = (size_t)snprintf(out, room, ".%09u", ns);
    while (out[size - 1] == '0') {
        size--;
    }
    return size;
}

size_t cel_time_write(struct mr_value timestamp, char out[CEL_TIME_TEXT_MAX])
{
    const struct cel_civil c = cel_civil_of(timestamp.number);
    size_t size = (size_t)snprintf(out, CEL_TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d",
                                   (int)c.year, c.month, c.day, c.hour, c.minute, c.second);

    size += write_fraction(timestamp.size, out + size, CEL_TIME_TEXT_MAX - size);
    out[size++] = 'Z';
    return size;
}

size_t cel_duration_write(int64_t ns, char out[CEL_TIME_TEXT_MAX])
{
    const uint64_t magnitude = ns < 0 ? 0U - (uint64_t)ns : (uint64_t)ns;
    size_t size = (size_t)snprintf(out, CEL_TIME_TEXT_MAX, "%s%llu", ns < 0 ? "-" : "",
                                   (unsigned long long)(magnitude / (uint64_t)SECOND_NS));

    size += write_fraction((uint32_t)(magnitude % (uint64_t)SECOND_NS), out + size,
                           CEL_TIME_TEXT_MAX - size);
    out[size++] = 's';
    return size;
}
