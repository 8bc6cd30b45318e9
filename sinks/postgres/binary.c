#include "sinks/postgres/binary.h"

#include "processors/core/codec/json_out.h"
#include "sinks/postgres/numeric.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_SECONDS INT64_C(946684800) /* 2000-01-01, from 1970 */
#define EPOCH_DAYS INT64_C(10957)
#define SECONDS_PER_DAY INT64_C(86400)
#define MICROS_PER_SECOND INT64_C(1000000)
/* datatype/timestamp.h: 4714-11-24 BC up to and without 294277-01-01; of dates 5874898-01-01. */
#define SECONDS_LEAST INT64_C(-211813488000)
#define SECONDS_END INT64_C(9223371331200)
#define DAYS_LEAST INT64_C(-2451545)
#define DAYS_END INT64_C(2145031949)

const uint8_t mr_pg_head[MR_PG_HEAD_SIZE] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

static const char out_of_range[] = "number_out_of_range";
static const char no_such_time[] = "timestamp_out_of_range";

static uint8_t *take(struct mr_pg_buffer *out, size_t size)
{
    uint8_t *at = out->data + out->size;

    if (out->is_full || size > out->room - out->size) {
        out->is_full = true;
        return NULL;
    }
    out->size += size;
    return at;
}

static void put_number(struct mr_pg_buffer *out, uint64_t bits, size_t size)
{
    uint8_t *at = take(out, size);

    for (size_t i = size; at != NULL && i-- > 0; bits >>= 8) {
        at[i] = (uint8_t)bits;
    }
}

void mr_pg_put_int16(struct mr_pg_buffer *out, int16_t number)
{
    put_number(out, (uint64_t)number, 2);
}

void mr_pg_put_int32(struct mr_pg_buffer *out, int32_t number)
{
    put_number(out, (uint64_t)number, 4);
}

void mr_pg_put_int64(struct mr_pg_buffer *out, int64_t number)
{
    put_number(out, (uint64_t)number, 8);
}

void mr_pg_put_bytes(struct mr_pg_buffer *out, struct mr_span bytes)
{
    uint8_t *at = take(out, bytes.size);

    if (at != NULL && bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
}

/* The functions below share one signature; most need only some of it. */
#define PUT(name) \
    static const char *name(struct mr_pg_buffer *out, const struct mr_pg_form *form, \
                            const struct mr_value *value, struct mr_arena *arena)
#define UNUSED(what) (void)(what)

PUT(put_bool)
{
    UNUSED(form);
    UNUSED(arena);
    put_number(out, value->number != 0, 1);
    return NULL;
}

PUT(put_int2)
{
    UNUSED(form);
    UNUSED(arena);
    put_number(out, (uint64_t)value->number, 2);
    return value->number < INT16_MIN || value->number > INT16_MAX ? out_of_range : NULL;
}

PUT(put_int4)
{
    UNUSED(form);
    UNUSED(arena);
    put_number(out, (uint64_t)value->number, 4);
    return value->number < INT32_MIN || value->number > INT32_MAX ? out_of_range : NULL;
}

PUT(put_int8)
{
    UNUSED(form);
    UNUSED(arena);
    put_number(out, (uint64_t)value->number, 8);
    return NULL;
}

static double real_of(const struct mr_value *value)
{
    return value->kind == MR_KIND_INT ? (double)value->number : value->real;
}

PUT(put_float4)
{
    const double real = real_of(value);
    const float half = (float)real;
    uint32_t bits;

    UNUSED(form);
    UNUSED(arena);
    memcpy(&bits, &half, sizeof(bits));
    put_number(out, bits, 4);
    return isinf(half) && !isinf(real) ? out_of_range : NULL;
}

PUT(put_float8)
{
    const double real = real_of(value);
    uint64_t bits;

    UNUSED(form);
    UNUSED(arena);
    memcpy(&bits, &real, sizeof(bits));
    put_number(out, bits, 8);
    return NULL;
}

/* Postgres' text ends at a NUL and so refuses it. */
PUT(put_text)
{
    const struct mr_span text = mr_value_span(value);

    UNUSED(form);
    UNUSED(arena);
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        return "text_has_nul";
    }
    mr_pg_put_bytes(out, text);
    return NULL;
}

PUT(put_bytea)
{
    UNUSED(form);
    UNUSED(arena);
    mr_pg_put_bytes(out, mr_value_span(value));
    return NULL;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits, with dashes anywhere, as the server itself is lenient. */
static bool read_uuid(struct mr_span text, uint8_t out[16])
{
    unsigned count = 0;

    memset(out, 0, 16);
    for (size_t i = 0; i < text.size; i++) {
        const int digit = hex_digit(text.data[i]);

        if (text.data[i] == '-') {
            continue;
        }
        if (digit < 0 || count == 32) {
            return false;
        }
        out[count / 2] = (uint8_t)(out[count / 2] << 4 | digit);
        count++;
    }
    return count == 32;
}

PUT(put_uuid)
{
    const struct mr_span given = mr_value_span(value);
    uint8_t bytes[16];

    UNUSED(form);
    UNUSED(arena);
    if (value->kind == MR_KIND_BYTES && given.size == 16) {
        mr_pg_put_bytes(out, given);
        return NULL;
    }
    if (!read_uuid(given, bytes)) {
        return "uuid_malformed";
    }
    mr_pg_put_bytes(out, (struct mr_span){bytes, sizeof(bytes)});
    return NULL;
}

/* By its decimal text: a double has the shortest that reads back as the same number. */
PUT(put_numeric)
{
    struct mr_json_out text = {.arena = arena};
    struct mr_span span;

    UNUSED(form);
    if (value->kind == MR_KIND_INT) {
        mr_json_put_long(&text, value->number);
    } else if (value->kind == MR_KIND_DOUBLE) {
        mr_json_put_double(&text, value->real);
    } else {
        mr_json_put_decimal(&text, value);
    }
    if (text.has_failed) {
        return "no_room";
    }
    span = (struct mr_span){text.data, text.size};
    if (span.size >= 2 && span.data[0] == '"') {
        span = (struct mr_span){span.data + 1, span.size - 2};
    }
    return mr_pg_put_numeric(out, span) ? NULL : out_of_range;
}

PUT(put_timestamp)
{
    const int64_t seconds = value->number;

    UNUSED(form);
    UNUSED(arena);
    if (seconds < SECONDS_LEAST + EPOCH_SECONDS || seconds >= SECONDS_END + EPOCH_SECONDS) {
        return no_such_time;
    }
    mr_pg_put_int64(out, (seconds - EPOCH_SECONDS) * MICROS_PER_SECOND + value->size / 1000);
    return NULL;
}

PUT(put_date)
{
    const int64_t days = value->number / SECONDS_PER_DAY - (value->number % SECONDS_PER_DAY < 0);

    UNUSED(form);
    UNUSED(arena);
    if (days - EPOCH_DAYS < DAYS_LEAST || days - EPOCH_DAYS >= DAYS_END) {
        return no_such_time;
    }
    mr_pg_put_int32(out, (int32_t)(days - EPOCH_DAYS));
    return NULL;
}

PUT(put_time)
{
    const int64_t micros = value->number / 1000;

    UNUSED(form);
    UNUSED(arena);
    if (value->number < 0 || micros > SECONDS_PER_DAY * MICROS_PER_SECOND) {
        return no_such_time;
    }
    mr_pg_put_int64(out, micros);
    return NULL;
}

static uint32_t load32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Avro: months, days, milliseconds, unsigned and little-endian. */
PUT(put_interval)
{
    uint32_t months, days;

    UNUSED(form);
    UNUSED(arena);
    MR_ASSERT(value->size == 12);
    months = load32(value->data);
    days = load32(value->data + 4);
    mr_pg_put_int64(out, (int64_t)load32(value->data + 8) * 1000);
    put_number(out, days, 4);
    put_number(out, months, 4);
    return months > INT32_MAX || days > INT32_MAX ? out_of_range : NULL;
}

PUT(put_json)
{
    struct mr_json_out text = {.arena = arena};

    mr_json_put_typed(&text, form->type, value);
    if (text.has_failed) {
        return "no_room";
    }
    mr_pg_put_bytes(out, (struct mr_span){text.data, text.size});
    return NULL;
}

PUT(put_jsonb)
{
    put_number(out, 1, 1); /* the version of the format */
    return put_json(out, form, value, arena);
}

static bool has_null(const struct mr_value *list)
{
    for (uint32_t i = 0; i < list->size; i++) {
        if (list->items[i].kind == MR_KIND_NULL) {
            return true;
        }
    }
    return false;
}

PUT(put_array)
{
    const struct mr_pg_form item = {.put = form->item_put, .type = mr_pg_base(form->type->item)};
    const char *fault = NULL;

    mr_pg_put_int32(out, value->size > 0);
    mr_pg_put_int32(out, has_null(value));
    put_number(out, form->item_oid, 4);
    if (value->size > 0) {
        put_number(out, value->size, 4);
        mr_pg_put_int32(out, 1);
    }
    for (uint32_t i = 0; i < value->size && fault == NULL && !out->is_full; i++) {
        fault = mr_pg_put_column(out, &item, &value->items[i], arena);
    }
    return fault;
}

const char *mr_pg_put_column(struct mr_pg_buffer *out, const struct mr_pg_form *form,
                             const struct mr_value *value, struct mr_arena *arena)
{
    const size_t start = out->size, mark = mr_arena_mark(arena);
    struct mr_pg_buffer head = {.data = out->data, .size = start, .room = out->room};
    const char *fault;

    mr_pg_put_int32(out, -1);
    if (value->kind == MR_KIND_NULL || out->is_full) {
        return NULL;
    }
    fault = form->put(out, form, value, arena);
    mr_arena_release(arena, mark);
    put_number(&head, out->size - start - 4, 4);
    return fault;
}

static const struct {
    enum mr_pg_source source;
    uint32_t oid;
    mr_pg_put *put;
} forms[] = {
    {MR_PG_BOOL, MR_PG_OID_BOOL, put_bool},
    {MR_PG_INT, MR_PG_OID_INT4, put_int4},
    {MR_PG_INT, MR_PG_OID_INT2, put_int2},
    {MR_PG_INT, MR_PG_OID_INT8, put_int8},
    {MR_PG_INT, MR_PG_OID_FLOAT8, put_float8},
    {MR_PG_INT, MR_PG_OID_NUMERIC, put_numeric},
    {MR_PG_LONG, MR_PG_OID_INT8, put_int8},
    {MR_PG_LONG, MR_PG_OID_INT4, put_int4},
    {MR_PG_LONG, MR_PG_OID_INT2, put_int2},
    {MR_PG_LONG, MR_PG_OID_FLOAT8, put_float8},
    {MR_PG_LONG, MR_PG_OID_NUMERIC, put_numeric},
    {MR_PG_FLOAT, MR_PG_OID_FLOAT4, put_float4},
    {MR_PG_FLOAT, MR_PG_OID_FLOAT8, put_float8},
    {MR_PG_FLOAT, MR_PG_OID_NUMERIC, put_numeric},
    {MR_PG_DOUBLE, MR_PG_OID_FLOAT8, put_float8},
    {MR_PG_DOUBLE, MR_PG_OID_FLOAT4, put_float4},
    {MR_PG_DOUBLE, MR_PG_OID_NUMERIC, put_numeric},
    {MR_PG_TEXT, MR_PG_OID_TEXT, put_text},
    {MR_PG_TEXT, MR_PG_OID_VARCHAR, put_text},
    {MR_PG_TEXT, MR_PG_OID_BPCHAR, put_text},
    {MR_PG_TEXT, MR_PG_OID_UUID, put_uuid},
    {MR_PG_BYTES, MR_PG_OID_BYTEA, put_bytea},
    {MR_PG_UUID, MR_PG_OID_UUID, put_uuid},
    {MR_PG_DECIMAL, MR_PG_OID_NUMERIC, put_numeric},
    {MR_PG_DATE, MR_PG_OID_DATE, put_date},
    {MR_PG_TIME, MR_PG_OID_TIME, put_time},
    {MR_PG_TIMESTAMP, MR_PG_OID_TIMESTAMPTZ, put_timestamp},
    {MR_PG_TIMESTAMP, MR_PG_OID_TIMESTAMP, put_timestamp},
    {MR_PG_LOCAL_TIMESTAMP, MR_PG_OID_TIMESTAMP, put_timestamp},
    {MR_PG_INTERVAL, MR_PG_OID_INTERVAL, put_interval},
    {MR_PG_JSON, MR_PG_OID_JSONB, put_jsonb},
    {MR_PG_JSON, MR_PG_OID_JSON, put_json},
    {MR_PG_LIST, MR_PG_OID_JSONB, put_jsonb},
    {MR_PG_LIST, MR_PG_OID_JSON, put_json},
};

static mr_pg_put *put_of(enum mr_pg_source source, uint32_t oid)
{
    for (size_t i = 0; i < MR_COUNT(forms); i++) {
        if (forms[i].source == source && forms[i].oid == oid) {
            return forms[i].put;
        }
    }
    return NULL;
}

bool mr_pg_form_of(const struct mr_type *type, uint32_t oid, uint32_t item_oid,
                   struct mr_pg_form *form)
{
    const struct mr_type *base = mr_pg_base(type);
    const enum mr_pg_source source = mr_pg_source_of(type);

    *form = (struct mr_pg_form){.type = base};
    if (source == MR_PG_LIST && item_oid != 0) {
        form->item_put = put_of(mr_pg_source_of(base->item), item_oid);
        form->item_oid = item_oid;
        form->put = put_array;
        return form->item_put != NULL;
    }
    form->put = put_of(source, oid);
    return form->put != NULL;
}
