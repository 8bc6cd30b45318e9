#include "processors/core/codec/json_out.h"

#include "processors/core/base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_PER_DAY INT64_C(86400)
#define NANOS_PER_SECOND INT64_C(1000000000)

struct civil {
    int64_t year;
    unsigned month, day;
};

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar. The year is counted from
 * March, so that the leap day is its last; 400 years are 146,097 days. */
static struct civil civil_of(int64_t days)
{
    const int64_t shifted = days + 719468; /* from 0000-03-01 */
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t in_era = shifted - era * 146097;
    const int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    const int64_t month = (5 * in_year + 2) / 153; /* March is 0 */

    return (struct civil){.year = year + era * 400 + (month >= 10),
                          .month = (unsigned)(month < 10 ? month + 3 : month - 9),
                          .day = (unsigned)(in_year - (153 * month + 2) / 5 + 1)};
}

/* ".5", ".123456789", or nothing. */
static void put_fraction(struct mr_json_out *out, uint32_t nanos)
{
    char text[16];
    size_t size;

    if (nanos == 0) {
        return;
    }
    (void)snprintf(text, sizeof(text), ".%09" PRIu32, nanos);
    for (size = strlen(text); text[size - 1] == '0'; size--) {
    }
    mr_json_put(out, (struct mr_span){(const uint8_t *)text, size});
}

static void put_day(struct mr_json_out *out, int64_t days)
{
    const struct civil date = civil_of(days);
    char text[48];

    (void)snprintf(text, sizeof(text), "%04" PRId64 "-%02u-%02u", date.year, date.month, date.day);
    mr_json_put_text(out, text);
}

static void put_clock(struct mr_json_out *out, int64_t seconds, uint32_t nanos)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%02d:%02d:%02d", (int)(seconds / 3600),
                   (int)(seconds / 60 % 60), (int)(seconds % 60));
    mr_json_put_text(out, text);
    put_fraction(out, nanos);
}

static int64_t day_of(int64_t seconds)
{
    return seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
}

void mr_json_put_moment(struct mr_json_out *out, enum mr_logical logical,
                        const struct mr_value *value)
{
    const bool is_local = logical == MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS ||
                          logical == MR_LOGICAL_LOCAL_TIMESTAMP_MICROS ||
                          logical == MR_LOGICAL_LOCAL_TIMESTAMP_NANOS;
    const int64_t day = day_of(value->number);

    mr_json_put_byte(out, '"');
    put_day(out, day);
    if (logical != MR_LOGICAL_DATE) {
        mr_json_put_byte(out, 'T');
        put_clock(out, value->number - day * SECONDS_PER_DAY, value->size);
        mr_json_put_text(out, is_local ? "" : "Z");
    }
    mr_json_put_byte(out, '"');
}

void mr_json_put_timestamp(struct mr_json_out *out, const struct mr_value *value)
{
    mr_json_put_moment(out, MR_LOGICAL_TIMESTAMP_NANOS, value);
}

void mr_json_put_time(struct mr_json_out *out, const struct mr_value *value)
{
    const int64_t nanos = value->number;
    const bool is_clock = nanos >= 0 && nanos < SECONDS_PER_DAY * NANOS_PER_SECOND;
    const uint64_t size = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;

    mr_json_put_byte(out, '"');
    if (is_clock) {
        put_clock(out, nanos / NANOS_PER_SECOND, (uint32_t)(nanos % NANOS_PER_SECOND));
    } else {
        mr_json_put_text(out, nanos < 0 ? "-" : "");
        mr_json_put_long(out, (int64_t)(size / (uint64_t)NANOS_PER_SECOND));
        put_fraction(out, (uint32_t)(size % (uint64_t)NANOS_PER_SECOND));
        mr_json_put_byte(out, 's');
    }
    mr_json_put_byte(out, '"');
}

/* The magnitude of a two's complement number, in room of the same size. */
static void magnitude(struct mr_span bytes, uint8_t *out)
{
    const bool is_negative = bytes.size > 0 && (bytes.data[0] & 0x80) != 0;
    unsigned carry = is_negative ? 1 : 0;

    for (size_t i = bytes.size; i-- > 0;) {
        carry += is_negative ? (uint8_t)~bytes.data[i] : bytes.data[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Divides by ten in place; returns the remainder. *from: the first byte that is not 0. */
static unsigned divide_by_ten(uint8_t *number, size_t size, size_t *from)
{
    unsigned rest = 0;

    for (size_t i = *from; i < size; i++) {
        rest = rest << 8 | number[i];
        number[i] = (uint8_t)(rest / 10);
        rest %= 10;
    }
    while (*from < size && number[*from] == 0) {
        ++*from;
    }
    return rest;
}

/* Schoolbook, from the last digit to the first: quadratic, so what is longer than any decimal of
 * this world is shown as bytes. */
#define DECIMAL_BYTES_SHOWN 512

static void put_digits(struct mr_json_out *out, struct mr_span bytes, size_t scale)
{
    char text[DECIMAL_BYTES_SHOWN * 3 + 8];
    uint8_t number[DECIMAL_BYTES_SHOWN];
    size_t at = sizeof(text), from = 0, digits = 0;

    magnitude(bytes, number);
    while (digits <= scale || from < bytes.size) {
        text[--at] = (char)('0' + divide_by_ten(number, bytes.size, &from));
        if (++digits == scale) {
            text[--at] = '.';
        }
    }
    if (bytes.size > 0 && (bytes.data[0] & 0x80) != 0) {
        text[--at] = '-';
    }
    mr_json_put_byte(out, '"');
    mr_json_put(out, (struct mr_span){(const uint8_t *)text + at, sizeof(text) - at});
    mr_json_put_byte(out, '"');
}

void mr_json_put_decimal(struct mr_json_out *out, const struct mr_value *value)
{
    if (value->size > DECIMAL_BYTES_SHOWN || value->aux > DECIMAL_BYTES_SHOWN) {
        mr_json_put_base64(out, mr_value_span(value));
    } else {
        put_digits(out, mr_value_span(value), value->aux);
    }
}
