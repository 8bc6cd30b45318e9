#include "processors/core/cel/text.h"

#include <string.h>

#define LOW_BITS UINT64_C(0x0101010101010101)

/* Eight bytes at once: a byte that continues a code point has bit 7 set and bit 6 clear. */
size_t cel_text_count(struct mr_span text)
{
    size_t continued = 0, i = 0;

    for (; text.size - i >= 8; i += 8) {
        uint64_t word;

        memcpy(&word, text.data + i, sizeof(word));
        if ((word & (LOW_BITS << 7)) != 0) {
            word = (word >> 7) & (~word >> 6) & LOW_BITS;
            continued += (size_t)((word * LOW_BITS) >> 56);
        }
    }
    for (; i < text.size; i++) {
        continued += (text.data[i] & 0xC0) == 0x80 ? 1 : 0;
    }
    return text.size - continued;
}

size_t cel_text_offset(struct mr_span text, size_t index)
{
    size_t at = 0;

    for (; at < text.size; at++) {
        if ((text.data[at] & 0xC0) != 0x80) {
            if (index == 0) {
                return at;
            }
            index--;
        }
    }
    return at;
}

bool cel_text_starts(struct mr_span text, struct mr_span head)
{
    return text.size >= head.size &&
           (head.size == 0 || memcmp(text.data, head.data, head.size) == 0);
}

bool cel_text_ends(struct mr_span text, struct mr_span tail)
{
    return text.size >= tail.size &&
           (tail.size == 0 || memcmp(text.data + text.size - tail.size, tail.data, tail.size) == 0);
}
