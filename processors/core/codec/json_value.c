#include "processors/core/codec/json.h"
#include "processors/core/codec/json_out.h"

#include <inttypes.h>
#include <stdio.h>

static void put_value(struct mr_json_out *out, const struct mr_value *value);

static void put_items(struct mr_json_out *out, const struct mr_value *value)
{
    mr_json_put_byte(out, '[');
    for (uint32_t i = 0; i < value->size; i++) {
        mr_json_put_text(out, i == 0 ? "" : ",");
        put_value(out, &value->items[i]);
    }
    mr_json_put_byte(out, ']');
}

static void put_entries(struct mr_json_out *out, const struct mr_value *value)
{
    mr_json_put_byte(out, '{');
    for (size_t i = 0; i < value->size; i++) {
        const struct mr_value *key = &value->items[2 * i];
        const bool is_text = key->kind == MR_KIND_STRING;

        /* CEL's maps may have other keys than text; JSON's may not. */
        mr_json_put_text(out, i == 0 ? "" : ",");
        mr_json_put_text(out, is_text ? "" : "\"");
        put_value(out, key);
        mr_json_put_text(out, is_text ? ":" : "\":");
        put_value(out, key + 1);
    }
    mr_json_put_byte(out, '}');
}

static void put_positive(struct mr_json_out *out, uint64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    mr_json_put_text(out, text);
}

static void put_composite(struct mr_json_out *out, const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_LIST:
    case MR_KIND_RECORD:
        put_items(out, value);
        break;
    case MR_KIND_MAP:
        put_entries(out, value);
        break;
    case MR_KIND_OPTIONAL:
        if (value->size > 0) {
            put_value(out, value->items);
            break;
        }
        mr_json_put_text(out, "null");
        break;
    default:
        mr_json_put_text(out, "null");
    }
}

static void put_scalar(struct mr_json_out *out, const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_BOOL:
        mr_json_put_text(out, value->number != 0 ? "true" : "false");
        break;
    case MR_KIND_INT:
        mr_json_put_long(out, value->number);
        break;
    case MR_KIND_UINT:
        put_positive(out, value->positive);
        break;
    case MR_KIND_DOUBLE:
        mr_json_put_double(out, value->real);
        break;
    case MR_KIND_BYTES:
        mr_json_put_base64(out, mr_value_span(value));
        break;
    case MR_KIND_TIMESTAMP:
        mr_json_put_timestamp(out, value);
        break;
    case MR_KIND_DURATION:
        mr_json_put_time(out, value);
        break;
    case MR_KIND_DECIMAL:
        mr_json_put_decimal(out, value);
        break;
    default:
        mr_json_put_string(out, mr_value_span(value));
    }
}

static bool is_scalar(uint8_t kind)
{
    return (kind > MR_KIND_NULL && kind <= MR_KIND_DECIMAL) || kind == MR_KIND_TYPE;
}

/* Values are made by decoding and by CEL, both of which bound their depth. */
static void put_value(struct mr_json_out *out, const struct mr_value *value)
{
    if (is_scalar(value->kind)) {
        put_scalar(out, value);
    } else {
        put_composite(out, value);
    }
}

const char *mr_json_value(const struct mr_value *value, struct mr_arena *arena)
{
    struct mr_json_out out = {.arena = arena};

    put_value(&out, value);
    mr_json_put_byte(&out, '\0');
    return out.has_failed ? NULL : (const char *)out.data;
}
