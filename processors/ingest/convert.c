#include "processors/ingest/convert.h"

#include "processors/ingest/dates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)
#define NUMBER_SIZE_MAX 64
#define EXACT_DIGITS 15 /* below 2^53 */
#define EXACT_POWER 22  /* 10^22 is the last power of ten that a double holds */

static enum mr_convert_kind kind_of(const struct mr_type *type)
{
    static const enum mr_convert_kind plain[] = {
        [MR_AVRO_NULL] = MR_CONVERT_NONE,    [MR_AVRO_BOOLEAN] = MR_CONVERT_BOOL,
        [MR_AVRO_INT] = MR_CONVERT_INT,      [MR_AVRO_LONG] = MR_CONVERT_LONG,
        [MR_AVRO_FLOAT] = MR_CONVERT_DOUBLE, [MR_AVRO_DOUBLE] = MR_CONVERT_DOUBLE,
        [MR_AVRO_BYTES] = MR_CONVERT_BYTES,  [MR_AVRO_STRING] = MR_CONVERT_STRING,
        [MR_AVRO_RECORD] = MR_CONVERT_NONE,  [MR_AVRO_ENUM] = MR_CONVERT_ENUM,
        [MR_AVRO_ARRAY] = MR_CONVERT_NONE,   [MR_AVRO_MAP] = MR_CONVERT_NONE,
        [MR_AVRO_UNION] = MR_CONVERT_NONE,   [MR_AVRO_FIXED] = MR_CONVERT_NONE,
    };

    switch (type->logical) {
    case MR_LOGICAL_NONE:
    case MR_LOGICAL_UUID:
        return plain[type->kind];
    case MR_LOGICAL_DATE:
        return MR_CONVERT_DATE;
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_TIMESTAMP_NANOS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return MR_CONVERT_TIMESTAMP;
    case MR_LOGICAL_DECIMAL:
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIME_MICROS:
    case MR_LOGICAL_DURATION:
        break;
    }
    return MR_CONVERT_NONE;
}

struct mr_convert mr_convert_of(const struct mr_type *type, const struct mr_texts *patterns,
                                int64_t utc_offset_ms)
{
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        type = type->branches[1 - type->null_branch];
    }
    return (struct mr_convert){kind_of(type), type, patterns, utc_offset_ms};
}

/* A number's parts: digits without their point, and the power of ten that they are short of. */
struct number {
    uint64_t digits;
    size_t digit_count; /* significant ones */
    int power;
    bool is_negative, has_digits;
};

static bool is_digit(struct mr_span text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

static size_t read_digits(struct mr_span text, size_t at, struct number *number, bool is_fraction)
{
    for (; is_digit(text, at); at++) {
        number->has_digits = true;
        number->power -= is_fraction;
        if (number->digit_count < EXACT_DIGITS + 4) {
            number->digits = number->digits * 10 + (uint64_t)(text.data[at] - '0');
        }
        number->digit_count += number->digit_count > 0 || text.data[at] != '0';
    }
    return at;
}

static size_t read_exponent(struct mr_span text, size_t at, struct number *number)
{
    int exponent = 0;
    bool is_negative = false;
    size_t from;

    if (at >= text.size || (text.data[at] | 0x20) != 'e') {
        return at;
    }
    at++;
    if (at < text.size && (text.data[at] == '+' || text.data[at] == '-')) {
        is_negative = text.data[at++] == '-';
    }
    for (from = at; is_digit(text, at); at++) {
        exponent = exponent < 10000 ? exponent * 10 + (text.data[at] - '0') : exponent;
    }
    number->has_digits = number->has_digits && at > from;
    number->power += is_negative ? -exponent : exponent;
    return at;
}

/* Whether all of text is a number. */
static bool read_number(struct mr_span text, struct number *number)
{
    size_t at = 0;

    *number = (struct number){0};
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) {
        number->is_negative = text.data[at++] == '-';
    }
    at = read_digits(text, at, number, false);
    if (at < text.size && text.data[at] == '.') {
        at = read_digits(text, at + 1, number, true);
    }
    at = read_exponent(text, at, number);
    return number->has_digits && at == text.size;
}

/* What does not fit the short way goes the long one: the C locale is never changed. */
static double long_way(struct mr_span text)
{
    char copy[NUMBER_SIZE_MAX + 1];

    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return strtod(copy, NULL);
}

static double scaled(const struct number *number)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const double digits = (double)number->digits;

    return number->power < 0 ? digits / powers[-number->power] : digits * powers[number->power];
}

static const char *to_double(struct mr_span text, struct mr_value *value)
{
    struct number number;
    double real;

    if (text.size > NUMBER_SIZE_MAX || !read_number(text, &number)) {
        return "is not a number";
    }
    /* Both digits and power are exact in a double, so one operation rounds once. */
    if (number.digit_count <= EXACT_DIGITS && number.power >= -EXACT_POWER &&
        number.power <= EXACT_POWER) {
        real = number.is_negative ? -scaled(&number) : scaled(&number);
    } else {
        real = long_way(text);
    }
    if (!isfinite(real)) {
        return "is too large a number";
    }
    *value = mr_value_double(real);
    return NULL;
}

/* "3.00" is whole. */
static struct mr_span without_zero_fraction(struct mr_span text)
{
    size_t size = text.size;

    while (size > 0 && text.data[size - 1] == '0') {
        size--;
    }
    if (size > 1 && text.data[size - 1] == '.') {
        text.size = size - 1;
    }
    return text;
}

static const char *to_whole(struct mr_span text, int64_t least, int64_t most,
                            struct mr_value *value)
{
    const struct mr_span whole = without_zero_fraction(text);
    const bool is_negative = whole.size > 0 && whole.data[0] == '-';
    size_t at = whole.size > 0 && (is_negative || whole.data[0] == '+');
    int64_t number = 0;

    if (at == whole.size) {
        return "is not a whole number";
    }
    for (; at < whole.size; at++) {
        if (!is_digit(whole, at)) {
            return "is not a whole number";
        }
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, whole.data[at] - '0', &number)) {
            return "is too large a number";
        }
    }
    /* It is counted down, since there is one more below zero than above. */
    if (is_negative ? number < least : number < -most || number == INT64_MIN) {
        return "is too large a number";
    }
    *value = mr_value_int(is_negative ? number : -number);
    return NULL;
}

static const char *to_bool(struct mr_span text, struct mr_value *value)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes"};

    for (size_t i = 0; i < MR_COUNT(words); i++) {
        if (mr_span_is_nocase(text, words[i])) {
            *value = mr_value_bool(i % 2 == 1);
            return NULL;
        }
    }
    return "is neither true nor false";
}

static const char *to_enum(const struct mr_type *type, struct mr_span text, struct mr_value *value)
{
    for (size_t i = 0; i < type->symbol_count; i++) {
        if (mr_span_is(text, type->symbols[i])) {
            *value = mr_value_string(text);
            return NULL;
        }
    }
    return "is none of the symbols";
}

static const char *to_time(const struct mr_convert *convert, struct mr_span text,
                           struct mr_value *value)
{
    int64_t ms;

    for (size_t i = 0; i < convert->patterns->count; i++) {
        if (mr_date_read(text, convert->patterns->items[i], convert->utc_offset_ms, &ms)) {
            if (convert->kind == MR_CONVERT_DATE) {
                ms -= ((ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
            }
            *value = mr_value_timestamp_ms(ms);
            return NULL;
        }
    }
    return "is not a date of any of the patterns";
}

const char *mr_convert_text(const struct mr_convert *convert, struct mr_span text,
                            struct mr_value *value)
{
    switch (convert->kind) {
    case MR_CONVERT_STRING:
        *value = mr_value_string(text);
        return NULL;
    case MR_CONVERT_BYTES:
        *value = mr_value_bytes(text);
        return NULL;
    case MR_CONVERT_ENUM:
        return to_enum(convert->type, text, value);
    case MR_CONVERT_INT:
        return to_whole(text, INT32_MIN, INT32_MAX, value);
    case MR_CONVERT_LONG:
        return to_whole(text, INT64_MIN, INT64_MAX, value);
    case MR_CONVERT_DOUBLE:
        return to_double(text, value);
    case MR_CONVERT_BOOL:
        return to_bool(text, value);
    case MR_CONVERT_TIMESTAMP:
    case MR_CONVERT_DATE:
        return to_time(convert, text, value);
    case MR_CONVERT_NONE:
        break;
    }
    return "is of a type that no text is";
}
