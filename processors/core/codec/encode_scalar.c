#include "processors/core/codec/encode_internal.h"
#include "processors/core/codec/wire.h"

#include <float.h>
#include <math.h>

#define NANOS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)

static size_t bad(const char **fault, const char *why)
{
    *fault = why;
    return MR_ENCODE_BAD;
}

/* Units in a second of a timestamp's or a time's logical type; 0: neither. */
static int64_t units_per_second(enum mr_logical logical)
{
    switch (logical) {
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
        return 1000;
    case MR_LOGICAL_TIME_MICROS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
        return 1000000;
    case MR_LOGICAL_TIMESTAMP_NANOS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return NANOS_PER_SECOND;
    default:
        return 0;
    }
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool is_time(enum mr_logical logical)
{
    return logical == MR_LOGICAL_TIME_MILLIS || logical == MR_LOGICAL_TIME_MICROS;
}

bool mr_time_units(const struct mr_type *type, const struct mr_value *value, int64_t *units)
{
    const int64_t per_second = units_per_second(type->logical);

    if (type->logical == MR_LOGICAL_DATE) {
        *units = floor_divide(value->number, SECONDS_PER_DAY);
    } else if (is_time(type->logical)) {
        *units = floor_divide(value->number, NANOS_PER_SECOND / per_second);
    } else if (__builtin_mul_overflow(value->number, per_second, units) ||
               __builtin_add_overflow(
                   *units, (int64_t)value->size / (NANOS_PER_SECOND / per_second), units)) {
        return false;
    }
    return type->kind != MR_AVRO_INT || (*units >= INT32_MIN && *units <= INT32_MAX);
}

/* The kind of value that an int or a long with this logical type is. */
static enum mr_kind whole_kind(enum mr_logical logical)
{
    if (is_time(logical)) {
        return MR_KIND_DURATION;
    }
    return logical == MR_LOGICAL_DATE || units_per_second(logical) != 0 ? MR_KIND_TIMESTAMP
                                                                        : MR_KIND_INT;
}

static size_t whole_size(const struct mr_type *type, const struct mr_value *value,
                         const char **fault)
{
    const enum mr_kind kind = whole_kind(type->logical);
    int64_t number = value->number;

    if (value->kind != kind) {
        if (kind != MR_KIND_INT || value->kind != MR_KIND_UINT) {
            return bad(fault, "value_type_differs");
        }
        if (value->positive > INT64_MAX) {
            return bad(fault, "number_out_of_range");
        }
    }
    if (kind != MR_KIND_INT && !mr_time_units(type, value, &number)) {
        return bad(fault, "time_out_of_range");
    }
    if (type->kind == MR_AVRO_INT && (number < INT32_MIN || number > INT32_MAX)) {
        return bad(fault, "number_out_of_range");
    }
    return mr_wire_long_size(number);
}

static uint8_t *whole_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out)
{
    int64_t number = value->number;

    if (whole_kind(type->logical) != MR_KIND_INT) {
        (void)mr_time_units(type, value, &number);
    }
    return mr_wire_put_long(out, number);
}

/* The number of a double, or of what is accepted as one. */
static double real_of(const struct mr_value *value)
{
    if (value->kind == MR_KIND_INT) {
        return (double)value->number;
    }
    return value->kind == MR_KIND_UINT ? (double)value->positive : value->real;
}

static size_t real_size(const struct mr_type *type, const struct mr_value *value,
                        const char **fault)
{
    if (value->kind != MR_KIND_DOUBLE && value->kind != MR_KIND_INT &&
        value->kind != MR_KIND_UINT) {
        return bad(fault, "value_type_differs");
    }
    if (type->kind == MR_AVRO_DOUBLE) {
        return 8;
    }
    if (isfinite(real_of(value)) && fabs(real_of(value)) > (double)FLT_MAX) {
        return bad(fault, "number_out_of_range");
    }
    return 4;
}

static size_t text_size(const struct mr_value *value, const char **fault)
{
    if (value->kind != MR_KIND_STRING) {
        return bad(fault, "value_type_differs");
    }
    if (!mr_wire_is_utf8(mr_value_span(value))) {
        return bad(fault, "string_not_utf8");
    }
    return mr_wire_long_size(value->size) + value->size;
}

static size_t symbol_index(const struct mr_type *type, const struct mr_value *value)
{
    size_t i = 0;

    while (i < type->symbol_count && !mr_span_is(mr_value_span(value), type->symbols[i])) {
        i++;
    }
    return i;
}

static size_t symbol_size(const struct mr_type *type, const struct mr_value *value,
                          const char **fault)
{
    size_t index;

    if (value->kind != MR_KIND_STRING) {
        return bad(fault, "value_type_differs");
    }
    index = symbol_index(type, value);
    return index == type->symbol_count ? bad(fault, "enum_symbol_unknown")
                                       : mr_wire_long_size((int64_t)index);
}

/* Does the number fit a fixed of size bytes: is what is cut off its sign only? */
static bool fits_fixed(const struct mr_value *value, size_t size)
{
    const size_t cut = value->size > size ? value->size - size : 0;
    const uint8_t sign = value->size > 0 && (value->data[0] & 0x80) != 0 ? 0xFF : 0x00;

    for (size_t i = 0; i < cut; i++) {
        if (value->data[i] != sign) {
            return false;
        }
    }
    return cut == 0 || (size > 0 && (value->data[cut] & 0x80) == (sign & 0x80));
}

static size_t decimal_size(const struct mr_type *type, const struct mr_value *value,
                           const char **fault)
{
    if (value->kind != MR_KIND_DECIMAL) {
        return bad(fault, "value_type_differs");
    }
    if (value->aux != type->scale) {
        return bad(fault, "decimal_scale_differs");
    }
    if (type->kind == MR_AVRO_BYTES) {
        return mr_wire_long_size(value->size) + value->size;
    }
    return fits_fixed(value, type->size) ? type->size : bad(fault, "number_out_of_range");
}

static uint8_t *decimal_write(const struct mr_type *type, const struct mr_value *value,
                              uint8_t *out)
{
    const struct mr_span bytes = mr_value_span(value);
    const uint8_t sign = bytes.size > 0 && (bytes.data[0] & 0x80) != 0 ? 0xFF : 0x00;
    const size_t cut = bytes.size > type->size ? bytes.size - type->size : 0;

    if (type->kind == MR_AVRO_BYTES) {
        return mr_wire_put_bytes(out, bytes);
    }
    for (size_t i = bytes.size; i < type->size; i++) {
        *out++ = sign;
    }
    return cut == bytes.size
               ? out
               : mr_wire_put_raw(out, (struct mr_span){bytes.data + cut, bytes.size - cut});
}

static size_t bytes_size(const struct mr_type *type, const struct mr_value *value,
                         const char **fault)
{
    if (type->logical == MR_LOGICAL_DECIMAL) {
        return decimal_size(type, value, fault);
    }
    if (value->kind != MR_KIND_BYTES) {
        return bad(fault, "value_type_differs");
    }
    if (type->kind == MR_AVRO_BYTES) {
        return mr_wire_long_size(value->size) + value->size;
    }
    return value->size == type->size ? type->size : bad(fault, "fixed_size_differs");
}

size_t mr_scalar_size(const struct mr_type *type, const struct mr_value *value, const char **fault)
{
    switch (type->kind) {
    case MR_AVRO_NULL:
        return value->kind == MR_KIND_NULL ? 0 : bad(fault, "value_type_differs");
    case MR_AVRO_BOOLEAN:
        return value->kind == MR_KIND_BOOL ? 1 : bad(fault, "value_type_differs");
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return whole_size(type, value, fault);
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return real_size(type, value, fault);
    case MR_AVRO_STRING:
        return text_size(value, fault);
    case MR_AVRO_ENUM:
        return symbol_size(type, value, fault);
    default:
        return bytes_size(type, value, fault);
    }
}

uint8_t *mr_scalar_write(const struct mr_type *type, const struct mr_value *value, uint8_t *out)
{
    switch (type->kind) {
    case MR_AVRO_NULL:
        return out;
    case MR_AVRO_BOOLEAN:
        *out = value->number != 0;
        return out + 1;
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        return whole_write(type, value, out);
    case MR_AVRO_FLOAT:
        return mr_wire_put_float(out, (float)real_of(value));
    case MR_AVRO_DOUBLE:
        return mr_wire_put_double(out, real_of(value));
    case MR_AVRO_STRING:
        return mr_wire_put_bytes(out, mr_value_span(value));
    case MR_AVRO_ENUM:
        return mr_wire_put_long(out, (int64_t)symbol_index(type, value));
    case MR_AVRO_FIXED:
        return type->logical == MR_LOGICAL_DECIMAL ? decimal_write(type, value, out)
                                                   : mr_wire_put_raw(out, mr_value_span(value));
    default:
        return mr_wire_put_bytes(out, mr_value_span(value));
    }
}
