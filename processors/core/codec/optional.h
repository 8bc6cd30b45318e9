/* optional.h - a nullable value, read or skipped without a branch on whether it is null.
 *
 * Which values of a field are null is random, as a rule; the branch is then
 * mispredicted every few records, and that costs as much as reading three fields.
 * So the frequent types are read as if the value were there, and sizes, kind and
 * advance are multiplied by present (0 or 1). What is loaded for nothing lies inside
 * of the datum: where fewer bytes follow than a load takes, the datum's last ones
 * are loaded and shifted. Hence the precondition of all of these: the datum has
 * MR_OPTIONAL_SIZE_MIN bytes or more.
 *
 * at stands behind the union's index.
 */
#ifndef MR_CODEC_OPTIONAL_H
#define MR_CODEC_OPTIONAL_H

#include "processors/core/codec/scalar.h"

#define MR_OPTIONAL_SIZE_MIN 32

/* Where count bytes can be loaded: at, or the datum's last ones. */
MR_WIRE_INLINE const uint8_t *mr_optional_base(const uint8_t *at, const struct mr_input *input,
                                               size_t count)
{
    return mr_wire_left(at, input) < count ? input->end - count : at;
}

/* Eight bytes from at, zeros where the datum ends; all zeros when the value is not present. */
MR_WIRE_INLINE uint64_t mr_optional_load(const uint8_t *at, const struct mr_input *input,
                                         size_t present)
{
    const uint8_t *base = mr_optional_base(at, input, 8);
    const unsigned half = (unsigned)(at - base) * 4; /* twice: a shift by 64 is undefined */

    return (mr_wire_load64(base) >> half >> half) & (0 - (uint64_t)present);
}

MR_WIRE_INLINE const uint8_t *mr_optional_skip(const uint8_t *at, struct mr_input *input,
                                               size_t present, size_t size)
{
    size *= present;
    return mr_wire_left(at, input) < size ? mr_wire_fault(input, "datum_truncated") : at + size;
}

MR_WIRE_INLINE const uint8_t *mr_optional_double(const uint8_t *at, struct mr_input *input,
                                                 size_t present, struct mr_value *value)
{
    const uint64_t bits = mr_optional_load(at, input, present);

    value->kind = (uint8_t)(present * MR_KIND_DOUBLE);
    memcpy(&value->real, &bits, sizeof(bits));
    return mr_optional_skip(at, input, present, 8);
}

MR_WIRE_INLINE const uint8_t *mr_optional_varint(const uint8_t *at, struct mr_input *input,
                                                 size_t present, uint64_t *bits)
{
    const uint64_t word = mr_optional_load(at, input, present);
    const uint64_t ends = ~word & UINT64_C(0x8080808080808080);

    if (!MR_WIRE_LIKELY(ends != 0)) {
        return mr_wire_varint_slow(at, input, bits);
    }
    *bits = mr_wire_join(word, ends);
    return mr_optional_skip(at, input, present, mr_wire_ends_after(ends));
}

MR_WIRE_INLINE const uint8_t *mr_optional_long(const uint8_t *at, struct mr_input *input,
                                               size_t present, struct mr_value *value)
{
    uint64_t bits = 0;

    at = mr_optional_varint(at, input, present, &bits);
    value->kind = (uint8_t)(present * MR_KIND_INT);
    value->number = mr_wire_unzigzag(bits);
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_optional_millis(const uint8_t *at, struct mr_input *input,
                                                 size_t present, struct mr_value *value)
{
    uint64_t bits = 0;

    at = mr_optional_varint(at, input, present, &bits);
    *value = mr_millis_value(mr_wire_unzigzag(bits));
    value->kind = (uint8_t)(present * MR_KIND_TIMESTAMP);
    return at;
}

/* The size of a string or bytes and where they begin. Longer than 63 bytes: a branch, since then
 * the value is there. */
MR_WIRE_INLINE const uint8_t *mr_optional_bytes(const uint8_t *at, struct mr_input *input,
                                                size_t present, struct mr_span *bytes)
{
    size_t head;

    if (!MR_WIRE_LIKELY(mr_wire_left(at, input) >= present)) {
        return mr_wire_fault(input, "datum_truncated");
    }
    head = at[(ptrdiff_t)present - 1] & (0 - present); /* of a null: the index itself, not used */
    if (!MR_WIRE_LIKELY((head & 0x81) == 0)) {
        return mr_wire_bytes(at, input, bytes);
    }
    *bytes = (struct mr_span){at + present, head >> 1};
    return mr_wire_skip(bytes->data, input, bytes->size);
}

/* As mr_wire_is_text(), also where fewer than 32 bytes follow: of the datum's last 32 those count
 * that are from the text's start on and before its end. */
MR_WIRE_INLINE bool mr_optional_is_text(struct mr_span text, const struct mr_input *input)
{
    const uint8_t *base = mr_optional_base(text.data, input, 32);
    const size_t start = (size_t)(text.data - base);
    const uint8_t *from = mr_wire_high_bits + 32 - start, *before;
    uint64_t high = 0;

    if (text.size > 32) {
        return mr_wire_is_utf8(text);
    }
    before = mr_wire_high_bits + 64 - (start + text.size);
    for (size_t i = 0; i < 32; i += 8) {
        high |= mr_wire_load64(base + i) & mr_wire_load64(from + i) & mr_wire_load64(before + i);
    }
    return MR_WIRE_LIKELY(high == 0) || mr_wire_is_utf8_rest(text);
}

MR_WIRE_INLINE const uint8_t *mr_optional_string(const uint8_t *at, struct mr_input *input,
                                                 size_t present, struct mr_value *value)
{
    struct mr_span text = {0};

    at = mr_optional_bytes(at, input, present, &text);
    if (MR_WIRE_LIKELY(at != NULL) && !mr_optional_is_text(text, input)) {
        return mr_wire_fault(input, "string_not_utf8");
    }
    *value = mr_value_string(text);
    value->kind = (uint8_t)(present * MR_KIND_STRING);
    return at;
}

#endif
