/* value.h - one decoded field: what the codec reads, CEL computes with, a stamp is written from.
 *
 * 16 bytes, no ownership: strings and bytes are views into the message or the
 * arena, items of lists and maps lie in the arena. A record on its way through a
 * segment is a row of such values, one slot for each field that some expression
 * uses (see codec/layout.h). Copying a value copies the view.
 */
#ifndef MR_BASE_VALUE_H
#define MR_BASE_VALUE_H

#include "processors/core/base/span.h"

enum mr_kind {
    MR_KIND_NULL = 0, /* a zeroed slot is null */
    MR_KIND_BOOL,
    MR_KIND_INT,
    MR_KIND_UINT,
    MR_KIND_DOUBLE,
    MR_KIND_STRING, /* valid UTF-8 */
    MR_KIND_BYTES,
    MR_KIND_TIMESTAMP, /* number = seconds since the epoch, size = nanoseconds (0..999999999) */
    MR_KIND_DURATION,  /* number = nanoseconds */
    MR_KIND_DECIMAL,   /* data, size = two's complement big-endian, aux = scale */
    MR_KIND_LIST,      /* items[0..size) */
    MR_KIND_MAP,       /* items[0..2*size): key, value, key, value */
    MR_KIND_RECORD,    /* items[0..size), in the order of the schema's fields; aux = type id */
    MR_KIND_TYPE,      /* CEL only: a type as a value; data, size = its name */
    MR_KIND_OPTIONAL,  /* CEL only: items[0..size), size 0 or 1 */
    MR_KIND_ERROR      /* CEL only: number = an mr_cel_fault */
};

struct mr_value {
    uint8_t kind;
    uint8_t flags;
    uint16_t aux;
    uint32_t size;
    union {
        int64_t number; /* BOOL (0 or 1), INT, TIMESTAMP, DURATION, ERROR */
        uint64_t positive;
        double real;
        const uint8_t *data;
        const struct mr_value *items;
    };
};

static inline struct mr_value mr_value_bool(bool truth)
{
    return (struct mr_value){.kind = MR_KIND_BOOL, .number = truth};
}

static inline struct mr_value mr_value_int(int64_t number)
{
    return (struct mr_value){.kind = MR_KIND_INT, .number = number};
}

static inline struct mr_value mr_value_double(double real)
{
    return (struct mr_value){.kind = MR_KIND_DOUBLE, .real = real};
}

static inline struct mr_value mr_value_string(struct mr_span text)
{
    return (struct mr_value){
        .kind = MR_KIND_STRING, .size = (uint32_t)text.size, .data = text.data};
}

static inline struct mr_value mr_value_bytes(struct mr_span bytes)
{
    return (struct mr_value){
        .kind = MR_KIND_BYTES, .size = (uint32_t)bytes.size, .data = bytes.data};
}

/* From milliseconds since the epoch, also before it. */
static inline struct mr_value mr_value_timestamp_ms(int64_t ms)
{
    const int64_t rest = ((ms % 1000) + 1000) % 1000;

    return (struct mr_value){
        .kind = MR_KIND_TIMESTAMP, .size = (uint32_t)rest * 1000000U, .number = (ms - rest) / 1000};
}

static inline struct mr_span mr_value_span(const struct mr_value *value)
{
    return (struct mr_span){value->data, value->size};
}

/* Of a TIMESTAMP; saturates. */
static inline int64_t mr_value_ms(const struct mr_value *value)
{
    if (value->number > INT64_MAX / 1000 - 1 || value->number < INT64_MIN / 1000 + 1) {
        return value->number > 0 ? INT64_MAX : INT64_MIN;
    }
    return value->number * 1000 + value->size / 1000000U;
}

#endif
