#include "processors/core/codec/json_out.h"

#include "processors/core/codec/wire.h"

#include <inttypes.h>
#include <stdio.h>

/* "P1M2DT3.004S": months, days, milliseconds, each a number of its own. */
void mr_json_put_duration(struct mr_json_out *out, const uint8_t *bytes)
{
    const uint32_t millis = mr_wire_load32(bytes + 8);
    char text[80];

    (void)snprintf(text, sizeof(text), "\"P%" PRIu32 "M%" PRIu32 "DT%" PRIu32 ".%03" PRIu32 "S\"",
                   mr_wire_load32(bytes), mr_wire_load32(bytes + 4), millis / 1000, millis % 1000);
    mr_json_put_text(out, text);
}

void mr_json_put_uuid(struct mr_json_out *out, const uint8_t *bytes)
{
    char text[8];

    mr_json_put_byte(out, '"');
    for (unsigned i = 0; i < 16; i++) {
        const bool is_group = i == 4 || i == 6 || i == 8 || i == 10;

        (void)snprintf(text, sizeof(text), "%s%02x", is_group ? "-" : "", bytes[i]);
        mr_json_put_text(out, text);
    }
    mr_json_put_byte(out, '"');
}

/* What a type's values are once they are decoded. */
static enum mr_kind kind_of(const struct mr_type *type)
{
    static const uint8_t kinds[] = {
        [MR_AVRO_NULL] = MR_KIND_NULL,     [MR_AVRO_BOOLEAN] = MR_KIND_BOOL,
        [MR_AVRO_INT] = MR_KIND_INT,       [MR_AVRO_LONG] = MR_KIND_INT,
        [MR_AVRO_FLOAT] = MR_KIND_DOUBLE,  [MR_AVRO_DOUBLE] = MR_KIND_DOUBLE,
        [MR_AVRO_BYTES] = MR_KIND_BYTES,   [MR_AVRO_STRING] = MR_KIND_STRING,
        [MR_AVRO_RECORD] = MR_KIND_RECORD, [MR_AVRO_ENUM] = MR_KIND_STRING,
        [MR_AVRO_ARRAY] = MR_KIND_LIST,    [MR_AVRO_MAP] = MR_KIND_MAP,
        [MR_AVRO_UNION] = MR_KIND_ERROR,   [MR_AVRO_FIXED] = MR_KIND_BYTES,
    };

    switch (type->logical) {
    case MR_LOGICAL_NONE:
    case MR_LOGICAL_UUID:
    case MR_LOGICAL_DURATION:
        return (enum mr_kind)kinds[type->kind];
    case MR_LOGICAL_DECIMAL:
        return MR_KIND_DECIMAL;
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIME_MICROS:
        return MR_KIND_DURATION;
    default:
        return MR_KIND_TIMESTAMP;
    }
}

/* May a value have been decoded by a branch? */
static bool is_of(const struct mr_type *branch, const struct mr_value *value)
{
    if (kind_of(branch) != value->kind) {
        return false;
    }
    switch (branch->kind) {
    case MR_AVRO_RECORD:
        return branch->id == value->aux;
    case MR_AVRO_FLOAT: /* a double's digits are not cut to a float's */
        return value->real != value->real || (double)(float)value->real == value->real;
    case MR_AVRO_FIXED:
        return branch->size == value->size;
    default:
        return true;
    }
}

/* The branch that a value was decoded by; where several would do, the first: they look alike. */
static const struct mr_type *branch_of(const struct mr_type *type, const struct mr_value *value)
{
    for (size_t i = 0; i < type->branch_count; i++) {
        if (is_of(type->branches[i], value)) {
            return type->branches[i];
        }
    }
    MR_UNREACHABLE("a value of none of its union's branches");
}

static void put_record(struct mr_json_out *out, const struct mr_type *type,
                       const struct mr_value *value)
{
    MR_ASSERT(value->size == type->field_count);
    mr_json_put_byte(out, '{');
    for (uint32_t i = 0; i < value->size; i++) {
        mr_json_put_text(out, i == 0 ? "\"" : ",\"");
        mr_json_put_text(out, type->fields[i].name);
        mr_json_put_text(out, "\":");
        mr_json_put_typed(out, type->fields[i].type, &value->items[i]);
    }
    mr_json_put_byte(out, '}');
}

static void put_list(struct mr_json_out *out, const struct mr_type *type,
                     const struct mr_value *value)
{
    mr_json_put_byte(out, '[');
    for (uint32_t i = 0; i < value->size; i++) {
        mr_json_put_text(out, i == 0 ? "" : ",");
        mr_json_put_typed(out, type->item, &value->items[i]);
    }
    mr_json_put_byte(out, ']');
}

static void put_map(struct mr_json_out *out, const struct mr_type *type,
                    const struct mr_value *value)
{
    mr_json_put_byte(out, '{');
    for (uint32_t i = 0; i < value->size; i++) {
        mr_json_put_text(out, i == 0 ? "" : ",");
        mr_json_put_string(out, mr_value_span(&value->items[2 * (size_t)i]));
        mr_json_put_byte(out, ':');
        mr_json_put_typed(out, type->item, &value->items[2 * (size_t)i + 1]);
    }
    mr_json_put_byte(out, '}');
}

static void put_bytes(struct mr_json_out *out, const struct mr_type *type,
                      const struct mr_value *value)
{
    if (type->logical == MR_LOGICAL_UUID && value->size == 16) {
        mr_json_put_uuid(out, value->data);
    } else if (type->logical == MR_LOGICAL_DURATION && value->size == 12) {
        mr_json_put_duration(out, value->data);
    } else {
        mr_json_put_base64(out, mr_value_span(value));
    }
}

static void put_real(struct mr_json_out *out, const struct mr_type *type,
                     const struct mr_value *value)
{
    if (type->kind == MR_AVRO_FLOAT) {
        mr_json_put_float(out, (float)value->real);
    } else {
        mr_json_put_double(out, value->real);
    }
}

static void put_scalar(struct mr_json_out *out, const struct mr_type *type,
                       const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_BOOL:
        mr_json_put_text(out, value->number != 0 ? "true" : "false");
        break;
    case MR_KIND_INT:
        mr_json_put_long(out, value->number);
        break;
    case MR_KIND_DOUBLE:
        put_real(out, type, value);
        break;
    case MR_KIND_STRING:
        mr_json_put_string(out, mr_value_span(value));
        break;
    case MR_KIND_BYTES:
        put_bytes(out, type, value);
        break;
    case MR_KIND_TIMESTAMP:
        mr_json_put_moment(out, type->logical, value);
        break;
    case MR_KIND_DURATION:
        mr_json_put_time(out, value);
        break;
    case MR_KIND_DECIMAL:
        mr_json_put_decimal(out, value);
        break;
    default:
        mr_json_put_text(out, "null");
    }
}

/* Values are made by decoding, which bounds their depth. */
void mr_json_put_typed(struct mr_json_out *out, const struct mr_type *type,
                       const struct mr_value *value)
{
    if (type->kind == MR_AVRO_UNION) {
        type = branch_of(type, value);
    }
    switch (value->kind) {
    case MR_KIND_RECORD:
        put_record(out, type, value);
        break;
    case MR_KIND_LIST:
        put_list(out, type, value);
        break;
    case MR_KIND_MAP:
        put_map(out, type, value);
        break;
    default:
        put_scalar(out, type, value);
    }
}
