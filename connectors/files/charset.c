#include "connectors/files/charset.h"

#include "processors/core/base/error.h"

#include <string.h>

#define REPLACEMENT 0xFFFDU

/* The upper halves of the codes of one byte a letter; 0: no such letter. */
static const uint16_t windows_1255[128] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0,      0x2039,
    0,      0,      0,      0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0,      0x203A, 0,      0,      0,      0,      0x00A0, 0x00A1, 0x00A2, 0x00A3,
    0x20AA, 0x00A5, 0x00A6, 0x00A7, 0x00A8, 0x00A9, 0x00D7, 0x00AB, 0x00AC, 0x00AD, 0x00AE, 0x00AF,
    0x00B0, 0x00B1, 0x00B2, 0x00B3, 0x00B4, 0x00B5, 0x00B6, 0x00B7, 0x00B8, 0x00B9, 0x00F7, 0x00BB,
    0x00BC, 0x00BD, 0x00BE, 0x00BF, 0x05B0, 0x05B1, 0x05B2, 0x05B3, 0x05B4, 0x05B5, 0x05B6, 0x05B7,
    0x05B8, 0x05B9, 0,      0x05BB, 0x05BC, 0x05BD, 0x05BE, 0x05BF, 0x05C0, 0x05C1, 0x05C2, 0x05C3,
    0x05F0, 0x05F1, 0x05F2, 0x05F3, 0x05F4, 0,      0,      0,      0,      0,      0,      0,
    0x05D0, 0x05D1, 0x05D2, 0x05D3, 0x05D4, 0x05D5, 0x05D6, 0x05D7, 0x05D8, 0x05D9, 0x05DA, 0x05DB,
    0x05DC, 0x05DD, 0x05DE, 0x05DF, 0x05E0, 0x05E1, 0x05E2, 0x05E3, 0x05E4, 0x05E5, 0x05E6, 0x05E7,
    0x05E8, 0x05E9, 0x05EA, 0,      0,      0x200E, 0x200F, 0,
};

/* Windows-1252 differs from Latin-1 in these 32 only. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static uint32_t letter_of(enum mr_charset charset, uint8_t byte)
{
    if (charset == MR_CHARSET_WINDOWS_1252) {
        return byte < 0xA0 ? windows_1252[byte - 0x80] : byte;
    }
    if (charset == MR_CHARSET_ISO_8859_8 && (byte == 0xA4 || byte == 0xDF)) {
        return byte == 0xA4 ? 0x00A4 : 0x2017;
    }
    return windows_1255[byte - 0x80];
}

static bool is_forbidden(const struct mr_decoder *decoder, uint32_t code_point)
{
    if (!decoder->is_xml) {
        return false;
    }
    return (code_point < 0x20 && code_point != '\t' && code_point != '\n' && code_point != '\r') ||
           code_point == 0xFFFE || code_point == 0xFFFF;
}

static uint8_t *put(struct mr_decoder *decoder, uint8_t *out, uint32_t code_point)
{
    if (is_forbidden(decoder, code_point)) {
        code_point = REPLACEMENT;
        decoder->replaced++;
    }
    return out + mr_utf8_put(out, code_point);
}

static uint8_t *put_replacement(struct mr_decoder *decoder, uint8_t *out)
{
    decoder->replaced++;
    return out + mr_utf8_put(out, REPLACEMENT);
}

/* Copies ASCII that needs no look, eight bytes at a time; returns how many. */
static size_t copy_plain(const uint8_t *in, size_t size, uint8_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;

    while (size - at >= 8) {
        uint64_t eight;

        memcpy(&eight, in + at, 8);
        /* A byte above 127, or one below 32 (it borrows from its top bit). */
        if (((eight | (eight - ones * 0x20)) & (ones * 0x80)) != 0) {
            break;
        }
        memcpy(out + at, &eight, 8);
        at += 8;
    }
    return at;
}

static uint8_t *run_bytes(struct mr_decoder *decoder, struct mr_span in, uint8_t *out)
{
    for (size_t at = 0; at < in.size;) {
        const size_t plain = copy_plain(in.data + at, in.size - at, out);
        uint32_t letter;

        at += plain;
        out += plain;
        if (at == in.size) {
            break;
        }
        letter = in.data[at] < 0x80 ? in.data[at] : letter_of(decoder->charset, in.data[at]);
        if (letter == 0 && in.data[at] != 0) {
            out = put_replacement(decoder, out);
        } else {
            out = put(decoder, out, letter);
        }
        at++;
    }
    return out;
}

/* How many bytes a lead byte announces; 0: it cannot lead. */
static size_t wanted_bytes(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead >= 0xF5) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* The second byte is where overlong forms, surrogates and the end of Unicode show. */
static bool is_second(uint8_t lead, uint8_t second)
{
    const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

    return second >= least && second <= most;
}

/* How many bytes of a sequence stand at: *size is how many it wants (0: cannot begin one). */
static size_t sound_bytes(struct mr_span in, size_t at, size_t *size)
{
    size_t count = 1;

    *size = wanted_bytes(in.data[at]);
    if (*size < 2 || at + 1 >= in.size || !is_second(in.data[at], in.data[at + 1])) {
        return count;
    }
    count = 2;
    while (count < *size && at + count < in.size && (in.data[at + count] & 0xC0) == 0x80) {
        count++;
    }
    return count;
}

static void hold(struct mr_decoder *decoder, struct mr_span rest)
{
    MR_ASSERT(rest.size <= sizeof(decoder->held));
    memcpy(decoder->held, rest.data, rest.size);
    decoder->held_size = rest.size;
}

/* A sound sequence, as it is; U+FFFE and U+FFFF are the only long ones that XML forbids. */
static uint8_t *put_sound(struct mr_decoder *decoder, const uint8_t *bytes, size_t size,
                          uint8_t *out)
{
    if (size == 1 ? bytes[0] < 0x20 : size == 3 && bytes[0] == 0xEF && bytes[1] == 0xBF) {
        size_t taken;

        return put(decoder, out, mr_utf8_get((struct mr_span){bytes, size}, &taken));
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = bytes[i];
    }
    return out + size;
}

static uint8_t *run_utf8(struct mr_decoder *decoder, struct mr_span in, uint8_t *out)
{
    for (size_t at = 0; at < in.size;) {
        size_t size, sound;

        if (in.data[at] < 0x80) {
            const size_t plain = copy_plain(in.data + at, in.size - at, out);

            at += plain;
            out += plain;
            if (at == in.size) {
                break;
            }
        }
        sound = sound_bytes(in, at, &size);
        if (sound == size) {
            out = put_sound(decoder, in.data + at, size, out);
        } else if (size > 0 && at + sound == in.size) {
            hold(decoder, (struct mr_span){in.data + at, sound});
        } else {
            out = put_replacement(decoder, out);
        }
        at += sound;
    }
    return out;
}

static uint32_t unit_at(const struct mr_decoder *decoder, const uint8_t *bytes)
{
    return decoder->charset == MR_CHARSET_UTF_16LE ? (uint32_t)(bytes[0] | bytes[1] << 8)
                                                   : (uint32_t)(bytes[1] | bytes[0] << 8);
}

static bool is_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDFFF;
}

/* A pair, or half of one, which becomes U+FFFD; in holds what it needs. *size: how much it took. */
static uint8_t *put_pair(struct mr_decoder *decoder, const uint8_t *in, uint8_t *out, size_t *size)
{
    const uint32_t high = unit_at(decoder, in);
    const uint32_t low = high < 0xDC00 ? unit_at(decoder, in + 2) : 0;

    *size = 2;
    if (low < 0xDC00 || low > 0xDFFF) {
        return put_replacement(decoder, out);
    }
    *size = 4;
    return put(decoder, out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
}

static uint8_t *run_utf16(struct mr_decoder *decoder, struct mr_span in, uint8_t *out)
{
    size_t at = 0;

    while (in.size - at >= 2) {
        const uint32_t unit = unit_at(decoder, in.data + at);
        size_t size = 2;

        if (unit >= 0x20 && unit < 0x80) { /* most of a feed is markup */
            *out++ = (uint8_t)unit;
        } else if (!is_surrogate(unit)) {
            out = put(decoder, out, unit);
        } else if (unit < 0xDC00 && in.size - at < 4) {
            break;
        } else {
            out = put_pair(decoder, in.data + at, out, &size);
        }
        at += size;
    }
    hold(decoder, (struct mr_span){in.data + at, in.size - at});
    return out;
}

/* The first block with a byte above 127 says whether this is UTF-8. */
static void decide(struct mr_decoder *decoder, struct mr_span block)
{
    size_t sound = 0, unsound = 0;

    for (size_t at = 0; at < block.size;) {
        size_t size, count;

        if (block.data[at] < 0x80) {
            at++;
            continue;
        }
        count = sound_bytes(block, at, &size);
        if (count == size) {
            sound++;
        } else if (size == 0 || at + count < block.size) {
            unsound++;
        }
        at += count;
    }
    if (sound + unsound == 0) {
        return;
    }
    if (sound >= unsound) {
        decoder->charset = MR_CHARSET_UTF_8;
    } else if (decoder->declared != MR_CHARSET_AUTO) {
        decoder->charset = decoder->declared;
    } else {
        decoder->charset = MR_CHARSET_WINDOWS_1255;
        decoder->is_unknown = decoder->unknown[0] != '\0';
    }
}

static uint8_t *run_whole(struct mr_decoder *decoder, struct mr_span in, uint8_t *out)
{
    if (decoder->charset == MR_CHARSET_UTF_16LE || decoder->charset == MR_CHARSET_UTF_16BE) {
        return run_utf16(decoder, in, out);
    }
    if (decoder->charset == MR_CHARSET_UTF_8 || decoder->charset == MR_CHARSET_AUTO) {
        return run_utf8(decoder, in, out);
    }
    return run_bytes(decoder, in, out);
}

size_t mr_decoder_room(size_t size)
{
    return 3 * size + 3 * sizeof(((struct mr_decoder *)0)->held);
}

/* Completes the held character byte by byte; returns how many bytes of the block it took. */
static size_t run_held(struct mr_decoder *decoder, struct mr_span block, uint8_t **out)
{
    size_t taken = 0;

    while (decoder->held_size > 0 && taken < block.size) {
        uint8_t joint[sizeof(decoder->held) + 1];
        const struct mr_span in = {joint, decoder->held_size + 1};

        memcpy(joint, decoder->held, decoder->held_size);
        joint[decoder->held_size] = block.data[taken++];
        decoder->held_size = 0;
        *out = run_whole(decoder, in, *out);
    }
    return taken;
}

size_t mr_decoder_run(struct mr_decoder *decoder, struct mr_span block, uint8_t *out)
{
    uint8_t *end = out;
    size_t taken;

    if (decoder->charset == MR_CHARSET_AUTO) {
        decide(decoder, block);
    }
    taken = run_held(decoder, block, &end);
    if (taken < block.size) {
        end = run_whole(decoder, (struct mr_span){block.data + taken, block.size - taken}, end);
    }
    return (size_t)(end - out);
}

size_t mr_decoder_end(struct mr_decoder *decoder, uint8_t *out)
{
    if (decoder->held_size == 0) {
        return 0;
    }
    decoder->held_size = 0;
    return (size_t)(put_replacement(decoder, out) - out);
}
