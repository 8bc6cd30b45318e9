#include "processors/core/codec/schema_internal.h"

#include <math.h>
#include <string.h>

#define MD5_BLOCK 64

struct mr_digest mr_schema_sha256(const struct mr_schema *schema)
{
    return mr_digest_of(mr_span_text(mr_schema_canonical(schema)));
}

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* RFC 1321, section 3.4. The constants are the sines that the RFC says they are. */
static void md5_block(uint32_t state[4], const uint8_t block[MD5_BLOCK])
{
    static const uint8_t turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

    for (unsigned i = 0; i < 64; i++) {
        const uint32_t sine = (uint32_t)(fabs(sin((double)(i + 1))) * 4294967296.0);
        const uint32_t mixed[4] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)};
        const size_t at[4] = {i, 5 * (size_t)i + 1, 3 * (size_t)i + 5, 7 * (size_t)i};
        const uint32_t sum = a + mixed[i / 16] + sine + word_at(block + at[i / 16] % 16 * 4);

        a = d;
        d = c;
        c = b;
        b += rotate(sum, turns[i / 16][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* MD5 names schemas to others; it guards nothing. */
void mr_schema_md5(const struct mr_schema *schema, uint8_t out[16])
{
    const struct mr_span text = mr_span_text(mr_schema_canonical(schema));
    const size_t whole = text.size / MD5_BLOCK * MD5_BLOCK, rest = text.size - whole;
    const size_t padded = rest < MD5_BLOCK - 8 ? MD5_BLOCK : (size_t)2 * MD5_BLOCK;
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t tail[2 * MD5_BLOCK] = {0};

    for (size_t at = 0; at < whole; at += MD5_BLOCK) {
        md5_block(state, text.data + at);
    }
    memcpy(tail, text.data + whole, rest);
    tail[rest] = 0x80;
    for (size_t i = 0; i < 8; i++) {
        tail[padded - 8 + i] = (uint8_t)((uint64_t)text.size * 8 >> 8 * i);
    }
    for (size_t at = 0; at < padded; at += MD5_BLOCK) {
        md5_block(state, tail + at);
    }
    for (size_t i = 0; i < 16; i++) {
        out[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
    }
}
