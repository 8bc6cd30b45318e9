#include "processors/core/cel/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cel_uint_read(struct mr_span text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            __builtin_mul_overflow(*number, 10U, number) ||
            __builtin_add_overflow(*number, (uint64_t)(text.data[i] - '0'), number)) {
            return false;
        }
    }
    return text.size > 0;
}

bool cel_int_read(struct mr_span text, int64_t *number)
{
    const bool is_negative = text.size > 0 && text.data[0] == '-';
    const bool is_signed = is_negative || (text.size > 0 && text.data[0] == '+');
    const struct mr_span rest = {text.data + (is_signed ? 1 : 0), text.size - (is_signed ? 1 : 0)};
    uint64_t magnitude;

    if (!cel_uint_read(rest, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + (is_negative ? 1U : 0U)) {
        return false;
    }
    *number = is_negative ? (int64_t)(0U - magnitude) : (int64_t)magnitude;
    return true;
}

static bool read_special(struct mr_span text, double *number)
{
    const bool is_negative = text.size > 0 && text.data[0] == '-';

    if (text.size > 0 && (is_negative || text.data[0] == '+')) {
        text.data++;
        text.size--;
    }
    if (mr_span_is_nocase(text, "inf") || mr_span_is_nocase(text, "infinity")) {
        *number = is_negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    *number = (double)NAN;
    return mr_span_is_nocase(text, "nan");
}

#define DOUBLE_TEXT_MAX 400

bool cel_double_read(struct mr_span text, double *number)
{
    char copy[DOUBLE_TEXT_MAX];
    char *end;

    if (read_special(text, number)) {
        return true;
    }
    if (text.size == 0 || text.size >= sizeof(copy)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) { /* strtod also takes blanks, hexadecimals and names */
        if (text.data[i] == '\0' || strchr("0123456789+-.eE", text.data[i]) == NULL) {
            return false;
        }
        copy[i] = (char)text.data[i];
    }
    copy[text.size] = '\0';
    *number = strtod(copy, &end);
    return end == copy + text.size;
}

size_t cel_double_digits(double number, char digits[20], int *point)
{
    char text[CEL_NUMBER_TEXT_MAX];
    size_t count = 0;

    for (int precision = 0; precision <= 16; precision++) {
        (void)snprintf(text, sizeof(text), "%.*e", precision, fabs(number));
        if (strtod(text, NULL) == fabs(number)) {
            break;
        }
    }
    for (const char *at = text; *at != 'e'; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    *point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    return count;
}

static size_t put(char *out, size_t size, char c, int count)
{
    for (int i = 0; i < count; i++) {
        out[size++] = c;
    }
    return size;
}

static size_t write_plain(const char *digits, size_t count, int point, char *out, size_t size)
{
    if (point <= 0) {
        size = put(out, size, '0', 1);
        size = put(out, size, '.', 1);
        size = put(out, size, '0', -point);
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && (int)i == point) {
            out[size++] = '.';
        }
        out[size++] = digits[i];
    }
    return put(out, size, '0', point - (int)count);
}

static size_t write_scientific(const char *digits, size_t count, int point, char *out, size_t size)
{
    out[size++] = digits[0];
    if (count > 1) {
        out[size++] = '.';
        memcpy(out + size, digits + 1, count - 1);
        size += count - 1;
    }
    return size + (size_t)snprintf(out + size, CEL_NUMBER_TEXT_MAX - size, "e%c%02d",
                                   point - 1 < 0 ? '-' : '+', abs(point - 1));
}

size_t cel_double_write(double number, char out[CEL_NUMBER_TEXT_MAX])
{
    char digits[20] = {0};
    size_t count, size = 0;
    int point = 0;

    if (isnan(number)) {
        return (size_t)snprintf(out, CEL_NUMBER_TEXT_MAX, "NaN");
    }
    if (isinf(number)) {
        return (size_t)snprintf(out, CEL_NUMBER_TEXT_MAX, number < 0 ? "-Inf" : "+Inf");
    }
    if (signbit(number)) {
        out[size++] = '-';
    }
    count = cel_double_digits(number, digits, &point);
    if (number == 0) {
        out[size++] = '0';
        return size;
    }
    return point < -3 || point > 21 ? write_scientific(digits, count, point, out, size)
                                    : write_plain(digits, count, point, out, size);
}
