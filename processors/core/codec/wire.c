#include "processors/core/codec/wire.h"

#define VARINT_SIZE_MAX 10

const uint8_t *mr_wire_varint_slow(const uint8_t *at, struct mr_input *input, uint64_t *bits)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < VARINT_SIZE_MAX; i++, at++) {
        if (at == input->end) {
            return mr_wire_fault(input, "datum_truncated");
        }
        /* The tenth byte has room for one bit only. */
        if (i == VARINT_SIZE_MAX - 1 && *at > 1) {
            break;
        }
        number |= (uint64_t)(*at & 0x7F) << 7 * i;
        if (*at < 0x80) {
            *bits = number;
            return at + 1;
        }
    }
    return mr_wire_fault(input, "varint_too_long");
}

bool mr_wire_may_be_empty(struct mr_input *input, uint64_t count)
{
    if (count > MR_WIRE_EMPTY_MAX - input->empty_count) {
        input->fault = "too_many_empty_items";
        return false;
    }
    input->empty_count += (uint32_t)count;
    return true;
}

const uint8_t *mr_wire_block_head(const uint8_t *at, struct mr_input *input, uint64_t *count,
                                  int64_t *size)
{
    int64_t number;

    *size = -1;
    at = mr_wire_long(at, input, &number);
    if (at != NULL && number < 0) {
        at = mr_wire_long(at, input, size);
        if (at != NULL && *size < 0) {
            return mr_wire_fault(input, "size_negative");
        }
    }
    if (at == NULL) {
        return NULL;
    }
    *count = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (*size > 0 && (uint64_t)*size > mr_wire_left(at, input)) {
        return mr_wire_fault(input, "datum_truncated");
    }
    return at;
}

const uint8_t *mr_wire_block(const uint8_t *at, struct mr_input *input, size_t least,
                             uint64_t *count, int64_t *size)
{
    at = mr_wire_block_head(at, input, count, size);
    if (at == NULL) {
        return NULL;
    }
    if (least > 0 && *count > mr_wire_left(at, input) / least) {
        return mr_wire_fault(input, "datum_truncated");
    }
    if (least == 0 && !mr_wire_may_be_empty(input, *count)) {
        return NULL;
    }
    return at;
}
