/* wire.h - the bytes of Avro's binary encoding, one value at a time: the hot path of the codec.
 *
 * Reading: each function is given where it stands and returns where it stands
 * afterwards, or NULL when the bytes are not what they should be; then
 * input->fault is a literal that says why. Nothing here reads at or after
 * input->end. A position is passed and returned by value so that a walk keeps it
 * in a register.
 *
 * Writing: sizes are known beforehand (mr_wire_long_size), so that writing
 * checks nothing.
 *
 * The faults, all of them (they are dead-letter reasons, hence API):
 *   datum_truncated        a value goes past the end of the datum, or a count past what could be in
 * it datum_too_large        a datum of 4 GiB or more varint_too_long        more than 64 bits
 *   int_out_of_range       an int of more than 32 bits
 *   boolean_invalid        neither 0 nor 1
 *   size_negative          of a string, bytes or a block
 *   block_size_wrong       a block is not as long as it says
 *   string_not_utf8
 *   enum_index_unknown, union_branch_unknown
 *   enum_symbol_unreadable, union_branch_unreadable   the reader's schema has no such symbol,
 * branch time_out_of_range      does not fit the nanoseconds of a duration too_many_empty_items
 * more items without bytes than MR_WIRE_EMPTY_MAX nested_too_deep        deeper than
 * MR_WIRE_DEPTH_MAX no_room                the arena is used up
 */
#ifndef MR_CODEC_WIRE_H
#define MR_CODEC_WIRE_H

#include "processors/core/base/arena.h"

#include <string.h>

#define MR_WIRE_DEPTH_MAX 128
/* Items that take no bytes (nulls, empty records) cannot be checked against the bytes that are
 * left; so their number in a datum is bounded instead. */
#define MR_WIRE_EMPTY_MAX 4096

struct mr_input {
    const uint8_t *end;
    struct mr_arena *arena; /* borrowed; for lists, maps and records */
    const char *fault;
    uint32_t depth;
    uint32_t empty_count;
};

#define MR_WIRE_LIKELY(truth) __builtin_expect(!!(truth), 1)
/* Left to itself, gcc gives the larger of these a call; a datum's walk makes dozens of them. */
#define MR_WIRE_INLINE static inline __attribute__((always_inline))

MR_WIRE_INLINE const uint8_t *mr_wire_fault(struct mr_input *input, const char *fault)
{
    input->fault = fault;
    return NULL;
}

static inline size_t mr_wire_left(const uint8_t *at, const struct mr_input *input)
{
    return (size_t)(input->end - at);
}

/* Avro is little-endian. (Loads put together from bytes are not always taken for what they are by
 * gcc 12.) */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MR_WIRE_SWAP64(word) (word)
#define MR_WIRE_SWAP32(word) (word)
#else
#define MR_WIRE_SWAP64(word) __builtin_bswap64(word)
#define MR_WIRE_SWAP32(word) __builtin_bswap32(word)
#endif

static inline uint64_t mr_wire_load64(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return MR_WIRE_SWAP64(word);
}

static inline uint32_t mr_wire_load32(const uint8_t *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof(word));
    return MR_WIRE_SWAP32(word);
}

/* Any varint, byte by byte: near the end of the datum, or of nine bytes and more. */
const uint8_t *mr_wire_varint_slow(const uint8_t *at, struct mr_input *input, uint64_t *bits);

/* Of eight bytes, ends has the high bit of each byte that ends a number; not 0. */
static inline size_t mr_wire_ends_after(uint64_t ends)
{
    return ((size_t)__builtin_ctzll(ends) >> 3) + 1;
}

/* The groups of seven bits up to the first end, pushed together, two, four and eight at a time. */
static inline uint64_t mr_wire_join(uint64_t word, uint64_t ends)
{
    word &= (ends ^ (ends - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* Eight bytes at once: the first byte without its high bit set ends the number. */
MR_WIRE_INLINE const uint8_t *mr_wire_varint(const uint8_t *at, struct mr_input *input,
                                             uint64_t *bits)
{
    uint64_t word, ends;

    if (MR_WIRE_LIKELY(at < input->end && *at < 0x80)) {
        *bits = *at;
        return at + 1;
    }
    if (mr_wire_left(at, input) < 8) {
        return mr_wire_varint_slow(at, input, bits);
    }
    word = mr_wire_load64(at);
    ends = ~word & UINT64_C(0x8080808080808080);
    if (ends == 0) {
        return mr_wire_varint_slow(at, input, bits);
    }
    *bits = mr_wire_join(word, ends);
    return at + mr_wire_ends_after(ends);
}

static inline int64_t mr_wire_unzigzag(uint64_t bits)
{
    return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
}

MR_WIRE_INLINE const uint8_t *mr_wire_long(const uint8_t *at, struct mr_input *input,
                                           int64_t *number)
{
    uint64_t bits;

    at = mr_wire_varint(at, input, &bits);
    if (MR_WIRE_LIKELY(at != NULL)) {
        *number = mr_wire_unzigzag(bits);
    }
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_wire_int(const uint8_t *at, struct mr_input *input,
                                          int64_t *number)
{
    uint64_t bits;

    at = mr_wire_varint(at, input, &bits);
    if (MR_WIRE_LIKELY(at != NULL)) {
        if (bits > UINT32_MAX) {
            return mr_wire_fault(input, "int_out_of_range");
        }
        *number = mr_wire_unzigzag(bits);
    }
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_wire_float(const uint8_t *at, struct mr_input *input, float *real)
{
    uint32_t bits;

    if (mr_wire_left(at, input) < 4) {
        return mr_wire_fault(input, "datum_truncated");
    }
    bits = mr_wire_load32(at);
    memcpy(real, &bits, sizeof(*real));
    return at + 4;
}

MR_WIRE_INLINE const uint8_t *mr_wire_double(const uint8_t *at, struct mr_input *input,
                                             double *real)
{
    uint64_t bits;

    if (mr_wire_left(at, input) < 8) {
        return mr_wire_fault(input, "datum_truncated");
    }
    bits = mr_wire_load64(at);
    memcpy(real, &bits, sizeof(*real));
    return at + 8;
}

MR_WIRE_INLINE const uint8_t *mr_wire_boolean(const uint8_t *at, struct mr_input *input,
                                              int64_t *number)
{
    if (at == input->end) {
        return mr_wire_fault(input, "datum_truncated");
    }
    if (*at > 1) {
        return mr_wire_fault(input, "boolean_invalid");
    }
    *number = *at;
    return at + 1;
}

MR_WIRE_INLINE const uint8_t *mr_wire_fixed(const uint8_t *at, struct mr_input *input, size_t size,
                                            struct mr_span *bytes)
{
    if (mr_wire_left(at, input) < size) {
        return mr_wire_fault(input, "datum_truncated");
    }
    *bytes = (struct mr_span){at, size};
    return at + size;
}

/* A size and as many bytes: of bytes and strings. */
MR_WIRE_INLINE const uint8_t *mr_wire_bytes(const uint8_t *at, struct mr_input *input,
                                            struct mr_span *bytes)
{
    int64_t size;

    at = mr_wire_long(at, input, &size);
    if (!MR_WIRE_LIKELY(at != NULL)) {
        return NULL;
    }
    if (size < 0) {
        return mr_wire_fault(input, "size_negative");
    }
    if ((uint64_t)size > mr_wire_left(at, input)) {
        return mr_wire_fault(input, "datum_truncated");
    }
    *bytes = (struct mr_span){at, (size_t)size};
    return at + size;
}

/* The high bits of up to seven bytes, in no order. */
static inline uint64_t mr_wire_high_few(struct mr_span text)
{
    if (text.size >= 4) {
        return (uint64_t)mr_wire_load32(text.data) | mr_wire_load32(text.data + text.size - 4);
    }
    if (text.size == 0) {
        return 0;
    }
    return (uint64_t)(text.data[0] | text.data[text.size / 2] | text.data[text.size - 1]);
}

/* ASCII? By loads of eight bytes that overlap, so that the usual sizes need no loop. */
MR_WIRE_INLINE bool mr_wire_is_ascii(struct mr_span text)
{
    uint64_t high = 0;

    if (text.size < 8) {
        high = mr_wire_high_few(text);
    } else {
        const uint8_t *const last = text.data + text.size - 8;

        high = mr_wire_load64(text.data) | mr_wire_load64(last);
        for (const uint8_t *at = text.data + 8; at < last; at += 8) {
            high |= mr_wire_load64(at);
        }
    }
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

/* Any text, without a branch per character. */
bool mr_wire_is_utf8_rest(struct mr_span text);

MR_WIRE_INLINE bool mr_wire_is_utf8(struct mr_span text)
{
    return MR_WIRE_LIKELY(mr_wire_is_ascii(text)) || mr_wire_is_utf8_rest(text);
}

/* 32 bytes 0, 32 bytes 0x80, 32 bytes 0: seen from 64 - size on, the mask of the first size bytes;
 * from 32 - start on, that of the bytes from start. */
extern const uint8_t mr_wire_high_bits[96];

/* Inside a datum most strings have 32 readable bytes from their start, whatever their size. Then
 * all are tested, without a branch that depends on the size: those are mispredicted, and cost more
 * than the reading. */
MR_WIRE_INLINE bool mr_wire_is_text(struct mr_span text, const struct mr_input *input)
{
    const uint8_t *mask;
    uint64_t high = 0;

    if (text.size > 32 || mr_wire_left(text.data, input) < 32) {
        return mr_wire_is_utf8(text);
    }
    mask = mr_wire_high_bits + 64 - text.size;
    for (size_t i = 0; i < 32; i += 8) {
        high |= mr_wire_load64(text.data + i) & mr_wire_load64(mask + i);
    }
    return MR_WIRE_LIKELY(high == 0) || mr_wire_is_utf8_rest(text);
}

MR_WIRE_INLINE const uint8_t *mr_wire_string(const uint8_t *at, struct mr_input *input,
                                             struct mr_span *text)
{
    at = mr_wire_bytes(at, input, text);
    if (MR_WIRE_LIKELY(at != NULL) && !mr_wire_is_text(*text, input)) {
        return mr_wire_fault(input, "string_not_utf8");
    }
    return at;
}

MR_WIRE_INLINE const uint8_t *mr_wire_skip(const uint8_t *at, struct mr_input *input, size_t size)
{
    return mr_wire_left(at, input) < size ? mr_wire_fault(input, "datum_truncated") : at + size;
}

/* The head of a block of an array or map. *count 0: the end. *size: bytes of the block, or -1 when
 * it does not say. */
const uint8_t *mr_wire_block_head(const uint8_t *at, struct mr_input *input, uint64_t *count,
                                  int64_t *size);
/* The same, and count is one that the datum can hold: least is the fewest bytes of an item. */
const uint8_t *mr_wire_block(const uint8_t *at, struct mr_input *input, size_t least,
                             uint64_t *count, int64_t *size);
/* Counts values that take no bytes. */
bool mr_wire_may_be_empty(struct mr_input *input, uint64_t count);

static inline uint64_t mr_wire_zigzag(int64_t number)
{
    return (uint64_t)number << 1 ^ (0 - ((uint64_t)number >> 63));
}

/* Seven bits a byte: (bits * 9 + 64) / 64 is bits / 7 rounded up, for 1 to 64 bits. */
static inline size_t mr_wire_long_size(int64_t number)
{
    const unsigned bits = 64U - (unsigned)__builtin_clzll(mr_wire_zigzag(number) | 1);

    return (bits * 9 + 64) / 64;
}

static inline uint8_t *mr_wire_put_long(uint8_t *out, int64_t number)
{
    uint64_t bits = mr_wire_zigzag(number);

    while (bits >= 0x80) {
        *out++ = (uint8_t)(bits | 0x80);
        bits >>= 7;
    }
    *out++ = (uint8_t)bits;
    return out;
}

static inline uint8_t *mr_wire_put_double(uint8_t *out, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    bits = MR_WIRE_SWAP64(bits);
    memcpy(out, &bits, sizeof(bits));
    return out + sizeof(bits);
}

static inline uint8_t *mr_wire_put_float(uint8_t *out, float real)
{
    uint32_t bits;

    memcpy(&bits, &real, sizeof(bits));
    bits = MR_WIRE_SWAP32(bits);
    memcpy(out, &bits, sizeof(bits));
    return out + sizeof(bits);
}

static inline void mr_wire_copy_few(uint8_t *out, struct mr_span bytes)
{
    if (bytes.size >= 4) {
        uint32_t head, tail;

        memcpy(&head, bytes.data, 4);
        memcpy(&tail, bytes.data + bytes.size - 4, 4);
        memcpy(out, &head, 4);
        memcpy(out + bytes.size - 4, &tail, 4);
    } else if (bytes.size > 0) {
        out[0] = bytes.data[0];
        out[bytes.size / 2] = bytes.data[bytes.size / 2];
        out[bytes.size - 1] = bytes.data[bytes.size - 1];
    }
}

/* memcpy for the sizes that strings have: without a call, by words that overlap. */
static inline uint8_t *mr_wire_put_raw(uint8_t *out, struct mr_span bytes)
{
    uint64_t word;

    if (bytes.size < 8) {
        mr_wire_copy_few(out, bytes);
    } else if (bytes.size <= 32) {
        for (size_t at = 0; at + 8 < bytes.size; at += 8) {
            memcpy(&word, bytes.data + at, 8);
            memcpy(out + at, &word, 8);
        }
        memcpy(&word, bytes.data + bytes.size - 8, 8);
        memcpy(out + bytes.size - 8, &word, 8);
    } else {
        memcpy(out, bytes.data, bytes.size);
    }
    return out + bytes.size;
}

static inline uint8_t *mr_wire_put_bytes(uint8_t *out, struct mr_span bytes)
{
    return mr_wire_put_raw(mr_wire_put_long(out, (int64_t)bytes.size), bytes);
}

#endif
