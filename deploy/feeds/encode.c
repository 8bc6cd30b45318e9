#include "deploy/feeds/encode.h"

#include "processors/core/base/error.h"

#define HEBREW_FIRST 0x5D0U
#define HEBREW_LAST 0x5EAU
#define HEBREW_BYTE 0xE0U /* of the first letter, in both eight-bit encodings */
#define EN_DASH 0x2013U

const char *mr_encoding_name(enum mr_encoding encoding)
{
    static const char *const names[] = {
        [MR_UTF_8] = "UTF-8",
        [MR_UTF_16LE] = "UTF-16LE",
        [MR_WINDOWS_1255] = "windows-1255",
        [MR_ISO_8859_8] = "ISO-8859-8",
    };

    MR_ASSERT(encoding < MR_COUNT(names));
    return names[encoding];
}

static uint8_t byte_of(enum mr_encoding encoding, uint32_t code_point)
{
    if (code_point < 0x80) {
        return (uint8_t)code_point;
    }
    if (code_point == EN_DASH) {
        return encoding == MR_WINDOWS_1255 ? 0x96 : '-';
    }
    MR_ASSERT(code_point >= HEBREW_FIRST && code_point <= HEBREW_LAST);
    return (uint8_t)(code_point - HEBREW_FIRST + HEBREW_BYTE);
}

static size_t put_unit(enum mr_encoding encoding, uint32_t code_point, uint8_t *out)
{
    if (encoding != MR_UTF_16LE) {
        out[0] = byte_of(encoding, code_point);
        return 1;
    }
    MR_ASSERT(code_point < 0xFFFE);
    out[0] = (uint8_t)(code_point & 0xFF);
    out[1] = (uint8_t)(code_point >> 8);
    return 2;
}

struct mr_span mr_encode(enum mr_encoding encoding, struct mr_span text, struct mr_arena *arena)
{
    uint8_t *out;
    size_t size = 0;

    if (encoding == MR_UTF_8) {
        return text;
    }
    out = mr_arena_bytes(arena, 2 * text.size);
    for (size_t i = 0, taken; out != NULL && i < text.size; i += taken) {
        const struct mr_span rest = {text.data + i, text.size - i};
        const uint32_t code_point = mr_utf8_get(rest, &taken);

        size += put_unit(encoding, code_point, out + size);
    }
    return (struct mr_span){out, size};
}
