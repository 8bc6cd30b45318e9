#include "sinks/postgres/numeric.h"

#include <string.h>

#define DIGITS_MAX 2048
#define SCALE_MAX 16383

/* 0.d1d2d3... * 10^point */
struct decimal {
    char digits[DIGITS_MAX]; /* without zeros at either end */
    int count;
    int point;
    int scale;
    bool is_negative;
};

static void put_head(struct mr_pg_buffer *out, int count, int weight, unsigned sign, int scale)
{
    mr_pg_put_int16(out, (int16_t)count);
    mr_pg_put_int16(out, (int16_t)weight);
    mr_pg_put_int16(out, (int16_t)sign);
    mr_pg_put_int16(out, (int16_t)scale);
}

static bool put_special(struct mr_pg_buffer *out, struct mr_span text)
{
    if (mr_span_is(text, "NaN")) {
        put_head(out, 0, 0, 0xC000, 0);
    } else if (mr_span_is(text, "Infinity")) {
        put_head(out, 0, 0, 0xD000, 0);
    } else if (mr_span_is(text, "-Infinity")) {
        put_head(out, 0, 0, 0xF000, 0);
    } else {
        return false;
    }
    return true;
}

static bool read_exponent(struct mr_span text, size_t at, int *exponent)
{
    bool is_negative = false;

    if (at < text.size && (text.data[at] == '+' || text.data[at] == '-')) {
        is_negative = text.data[at++] == '-';
    }
    if (at == text.size) {
        return false;
    }
    for (*exponent = 0; at < text.size; at++) {
        if (text.data[at] < '0' || text.data[at] > '9' || *exponent > 9999) {
            return false;
        }
        *exponent = *exponent * 10 + (text.data[at] - '0');
    }
    *exponent = is_negative ? -*exponent : *exponent;
    return true;
}

/* Leading zeros move the point and are not kept. */
static bool add_digit(struct decimal *decimal, char digit, bool is_fraction)
{
    decimal->scale += is_fraction;
    if (decimal->count == 0 && digit == '0') {
        decimal->point -= is_fraction;
        return true;
    }
    if (decimal->count == DIGITS_MAX) {
        return false;
    }
    decimal->digits[decimal->count++] = digit;
    decimal->point += !is_fraction;
    return true;
}

static bool read_decimal(struct mr_span text, struct decimal *decimal)
{
    bool is_fraction = false;
    size_t at = decimal->is_negative = text.size > 0 && text.data[0] == '-';
    int exponent = 0;

    for (; at < text.size && text.data[at] != 'e'; at++) {
        const char c = (char)text.data[at];

        if (c == '.' && !is_fraction) {
            is_fraction = true;
        } else if (c < '0' || c > '9' || !add_digit(decimal, c, is_fraction)) {
            return false;
        }
    }
    if (at < text.size && !read_exponent(text, at + 1, &exponent)) {
        return false;
    }
    decimal->point += exponent;
    decimal->scale = decimal->scale > exponent ? decimal->scale - exponent : 0;
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0') {
        decimal->count--;
    }
    return decimal->scale <= SCALE_MAX;
}

/* Rounded down, also below zero. */
static int groups_before(int point)
{
    return point >= 0 ? (point + 3) / 4 : -(-point / 4);
}

static void put_groups(struct mr_pg_buffer *out, const struct decimal *decimal)
{
    const int before = groups_before(decimal->point);
    const int pad = 4 * before - decimal->point; /* zeros before the first digit: 0..3 */
    const int count = (pad + decimal->count + 3) / 4;

    put_head(out, count, before - 1, decimal->is_negative ? 0x4000 : 0, decimal->scale);
    for (int group = 0; group < count; group++) {
        int number = 0;

        for (int i = 4 * group - pad; i < 4 * group - pad + 4; i++) {
            number = number * 10 + (i >= 0 && i < decimal->count ? decimal->digits[i] - '0' : 0);
        }
        mr_pg_put_int16(out, (int16_t)number);
    }
}

bool mr_pg_put_numeric(struct mr_pg_buffer *out, struct mr_span text)
{
    struct decimal decimal;

    if (put_special(out, text)) {
        return true;
    }
    decimal.count = decimal.point = decimal.scale = 0;
    if (text.size == 0 || !read_decimal(text, &decimal)) {
        return false;
    }
    if (decimal.count == 0) {
        put_head(out, 0, 0, 0, decimal.scale);
    } else {
        put_groups(out, &decimal);
    }
    return true;
}
