/* scalar.h - reading one value by its op: the switch that every decoded field goes through. */
#ifndef MR_CODEC_SCALAR_H
#define MR_CODEC_SCALAR_H

#include "processors/core/codec/node.h"

MR_WIRE_INLINE const uint8_t *mr_read_boolean(const uint8_t *at, struct mr_input *input,
                                              struct mr_value *value)
{
    value->kind = MR_KIND_BOOL;
    return mr_wire_boolean(at, input, &value->number);
}

MR_WIRE_INLINE const uint8_t *mr_read_int(const uint8_t *at, struct mr_input *input,
                                          struct mr_value *value)
{
    value->kind = MR_KIND_INT;
    return mr_wire_int(at, input, &value->number);
}

MR_WIRE_INLINE const uint8_t *mr_read_long(const uint8_t *at, struct mr_input *input,
                                           struct mr_value *value)
{
    value->kind = MR_KIND_INT;
    return mr_wire_long(at, input, &value->number);
}

MR_WIRE_INLINE const uint8_t *mr_read_float(const uint8_t *at, struct mr_input *input,
                                            struct mr_value *value)
{
    float real = 0;

    at = mr_wire_float(at, input, &real);
    *value = mr_value_double((double)real);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_read_double(const uint8_t *at, struct mr_input *input,
                                             struct mr_value *value)
{
    value->kind = MR_KIND_DOUBLE;
    return mr_wire_double(at, input, &value->real);
}

MR_WIRE_INLINE const uint8_t *mr_read_bytes(const uint8_t *at, struct mr_input *input,
                                            struct mr_value *value)
{
    struct mr_span bytes = {0};

    at = mr_wire_bytes(at, input, &bytes);
    *value = mr_value_bytes(bytes);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_read_string(const uint8_t *at, struct mr_input *input,
                                             struct mr_value *value)
{
    struct mr_span text = {0};

    at = mr_wire_string(at, input, &text);
    *value = mr_value_string(text);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_read_fixed(const struct mr_op *op, const uint8_t *at,
                                            struct mr_input *input, struct mr_value *value)
{
    struct mr_span bytes = {0};

    at = mr_wire_fixed(at, input, op->size, &bytes);
    *value = mr_value_bytes(bytes);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_read_enum(const struct mr_op *op, const uint8_t *at,
                                           struct mr_input *input, struct mr_value *value)
{
    uint64_t bits;
    int64_t index;

    at = mr_wire_varint(at, input, &bits);
    if (!MR_WIRE_LIKELY(at != NULL)) {
        return NULL;
    }
    index = mr_wire_unzigzag(bits);
    if ((uint64_t)index >= op->symbols->count) {
        return mr_wire_fault(input, "enum_index_unknown");
    }
    *value = mr_value_string(op->symbols->names[index]);
    return value->data == NULL ? mr_wire_fault(input, "enum_symbol_unreadable") : at;
}

MR_WIRE_INLINE struct mr_value mr_millis_value(int64_t number)
{
    int64_t seconds = number / 1000, rest = number - seconds * 1000;

    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    return (struct mr_value){
        .kind = MR_KIND_TIMESTAMP, .size = (uint32_t)rest * 1000000U, .number = seconds};
}

MR_WIRE_INLINE const uint8_t *mr_read_millis(const uint8_t *at, struct mr_input *input,
                                             struct mr_value *value)
{
    int64_t number = 0;

    at = mr_wire_long(at, input, &number);
    *value = mr_millis_value(number);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_skip_varint(const uint8_t *at, struct mr_input *input)
{
    uint64_t bits;

    return mr_wire_varint(at, input, &bits);
}

MR_WIRE_INLINE const uint8_t *mr_skip_bytes(const uint8_t *at, struct mr_input *input)
{
    struct mr_span bytes;

    return mr_wire_bytes(at, input, &bytes);
}

MR_WIRE_INLINE const uint8_t *mr_op_read(const struct mr_op *op, const uint8_t *at,
                                         struct mr_input *input, struct mr_value *value)
{
    switch (op->code) {
    case MR_OP_NULL:
        value->kind = MR_KIND_NULL;
        return at;
    case MR_OP_BOOLEAN:
        return mr_read_boolean(at, input, value);
    case MR_OP_INT:
        return mr_read_int(at, input, value);
    case MR_OP_LONG:
        return mr_read_long(at, input, value);
    case MR_OP_FLOAT:
        return mr_read_float(at, input, value);
    case MR_OP_DOUBLE:
        return mr_read_double(at, input, value);
    case MR_OP_BYTES:
        return mr_read_bytes(at, input, value);
    case MR_OP_STRING:
        return mr_read_string(at, input, value);
    case MR_OP_ENUM:
        return mr_read_enum(op, at, input, value);
    case MR_OP_FIXED:
        return mr_read_fixed(op, at, input, value);
    case MR_OP_TIMESTAMP_MILLIS:
        return mr_read_millis(at, input, value);
    case MR_OP_SKIP_VARINT:
        return mr_skip_varint(at, input);
    case MR_OP_SKIP_BYTES:
        return mr_skip_bytes(at, input);
    case MR_OP_SKIP_FIXED:
        return mr_wire_skip(at, input, op->size);
    default:
        return mr_op_read_rare(op, at, input, value);
    }
}

#endif
