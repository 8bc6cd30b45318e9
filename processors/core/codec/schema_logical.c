#include "processors/core/codec/schema_internal.h"

#include <string.h>

#define DECIMAL_DIGITS_MAX 65535 /* a DECIMAL value's scale has 16 bits */
#define DURATION_SIZE 12
#define UUID_SIZE 16

static const struct {
    const char *word;
    enum mr_avro base;
    enum mr_logical logical;
    size_t size; /* of a fixed; 0: any */
} logical_table[] = {
    {"decimal", MR_AVRO_BYTES, MR_LOGICAL_DECIMAL, 0},
    {"decimal", MR_AVRO_FIXED, MR_LOGICAL_DECIMAL, 0},
    {"uuid", MR_AVRO_STRING, MR_LOGICAL_UUID, 0},
    {"uuid", MR_AVRO_FIXED, MR_LOGICAL_UUID, UUID_SIZE},
    {"date", MR_AVRO_INT, MR_LOGICAL_DATE, 0},
    {"time-millis", MR_AVRO_INT, MR_LOGICAL_TIME_MILLIS, 0},
    {"time-micros", MR_AVRO_LONG, MR_LOGICAL_TIME_MICROS, 0},
    {"timestamp-millis", MR_AVRO_LONG, MR_LOGICAL_TIMESTAMP_MILLIS, 0},
    {"timestamp-micros", MR_AVRO_LONG, MR_LOGICAL_TIMESTAMP_MICROS, 0},
    {"timestamp-nanos", MR_AVRO_LONG, MR_LOGICAL_TIMESTAMP_NANOS, 0},
    {"local-timestamp-millis", MR_AVRO_LONG, MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS, 0},
    {"local-timestamp-micros", MR_AVRO_LONG, MR_LOGICAL_LOCAL_TIMESTAMP_MICROS, 0},
    {"local-timestamp-nanos", MR_AVRO_LONG, MR_LOGICAL_LOCAL_TIMESTAMP_NANOS, 0},
    {"duration", MR_AVRO_FIXED, MR_LOGICAL_DURATION, DURATION_SIZE},
};

/* The decimal digits that a two's complement number of size bytes always holds:
 * floor(log10(2^(8 size - 1) - 1)). log10(2) is just above 30102/100000, and no power of ten is
 * near enough to a power of two for the difference to matter below the size at which we stop. */
static json_int_t fixed_digits(size_t size)
{
    return size > DECIMAL_DIGITS_MAX / 2 ? DECIMAL_DIGITS_MAX
                                         : (json_int_t)((8 * size - 1) * 30103 / 100000);
}

static bool parse_decimal(const json_t *json, struct mr_type *type)
{
    const json_t *precision = json_object_get(json, "precision");
    const json_t *scale = json_object_get(json, "scale");
    const json_int_t digits = json_integer_value(precision), places = json_integer_value(scale);

    if (!json_is_integer(precision) || digits < 1 || digits > DECIMAL_DIGITS_MAX) {
        return false;
    }
    if ((scale != NULL && !json_is_integer(scale)) || places < 0 || places > digits) {
        return false;
    }
    if (type->kind == MR_AVRO_FIXED && (type->size == 0 || digits > fixed_digits(type->size))) {
        return false;
    }
    type->precision = (int)digits;
    type->scale = (int)places;
    return true;
}

void mr_parse_logical(const json_t *json, struct mr_type *type)
{
    const char *word = json_string_value(json_object_get(json, "logicalType"));

    for (size_t i = 0; i < MR_COUNT(logical_table) && word != NULL; i++) {
        if (logical_table[i].base != type->kind || strcmp(logical_table[i].word, word) != 0) {
            continue;
        }
        if (logical_table[i].size != 0 && logical_table[i].size != type->size) {
            return;
        }
        if (logical_table[i].logical != MR_LOGICAL_DECIMAL || parse_decimal(json, type)) {
            type->logical = logical_table[i].logical;
        }
        return;
    }
}
