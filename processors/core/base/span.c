#include "processors/core/base/span.h"

#include <string.h>

struct mr_span mr_span_text(const char *text)
{
    return (struct mr_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

bool mr_span_equal(struct mr_span a, struct mr_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool mr_span_is(struct mr_span a, const char *text)
{
    return mr_span_equal(a, mr_span_text(text));
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool mr_span_is_nocase(struct mr_span a, const char *text)
{
    const struct mr_span b = mr_span_text(text);

    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int mr_span_compare(struct mr_span a, struct mr_span b)
{
    const size_t common = a.size < b.size ? a.size : b.size;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0) {
        return order;
    }
    return (a.size > b.size) - (a.size < b.size);
}

size_t mr_span_find(struct mr_span a, struct mr_span b)
{
    const uint8_t *found;

    if (b.size == 0) {
        return 0;
    }
    for (size_t at = 0; a.size >= b.size && at <= a.size - b.size; at++) {
        found = memchr(a.data + at, b.data[0], a.size - b.size - at + 1);
        if (found == NULL) {
            return a.size;
        }
        at = (size_t)(found - a.data);
        if (memcmp(found, b.data, b.size) == 0) {
            return at;
        }
    }
    return a.size;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct mr_span mr_span_trim(struct mr_span a)
{
    while (a.size > 0 && is_blank(a.data[0])) {
        a.data++;
        a.size--;
    }
    while (a.size > 0 && is_blank(a.data[a.size - 1])) {
        a.size--;
    }
    return a;
}

/* How many bytes a lead byte announces; 0 for what cannot lead. C0, C1 and F5.. never occur. */
static size_t lead_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2) {
        return 0;
    }
    if (lead < 0xE0) {
        return 2;
    }
    if (lead < 0xF0) {
        return 3;
    }
    return lead < 0xF5 ? 4 : 0;
}

/* The second byte is where overlong forms, surrogates and the end of Unicode show. */
static bool is_second_valid(uint8_t lead, uint8_t second)
{
    const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

    return second >= least && second <= most;
}

static bool is_sequence_valid(const uint8_t *bytes, size_t size)
{
    if (size > 1 && !is_second_valid(bytes[0], bytes[1])) {
        return false;
    }
    for (size_t i = 2; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    return true;
}

bool mr_utf8_is_valid(struct mr_span text)
{
    size_t at = 0;

    while (at < text.size) {
        uint64_t eight;
        size_t size;

        if (text.size - at >= 8) {
            memcpy(&eight, text.data + at, 8);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        size = lead_size(text.data[at]);
        if (size == 0 || size > text.size - at || !is_sequence_valid(text.data + at, size)) {
            return false;
        }
        at += size;
    }
    return true;
}

size_t mr_utf8_put(uint8_t out[4], uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (uint8_t)(0xC0 | code_point >> 6);
        out[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code_point >> 12);
        out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code_point >> 18);
    out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

uint32_t mr_utf8_get(struct mr_span text, size_t *size)
{
    static const uint8_t lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code_point;

    *size = lead_size(text.data[0]);
    code_point = text.data[0] & lead_mask[*size];
    for (size_t i = 1; i < *size; i++) {
        code_point = code_point << 6 | (text.data[i] & 0x3F);
    }
    return code_point;
}
