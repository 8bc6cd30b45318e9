/* The text form: RFC 8259, read leniently where a model's reader loses nothing by it (a container
 * that is skipped is only searched for its end). */
#include "processors/score/document_internal.h"

#include <string.h>

static const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

/* at is behind the first quote; returns where the last one is, or NULL. */
static const uint8_t *find_quote(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        if (*at == '"') {
            return at;
        }
        at += *at == '\\';
    }
    return NULL;
}

/* at is on the first bracket; returns where the last one is, or NULL. */
static const uint8_t *find_close(const uint8_t *at, const uint8_t *end)
{
    size_t depth = 0;

    for (; at != NULL && at < end; at++) {
        if (*at == '"') {
            at = find_quote(at + 1, end);
            if (at == NULL) {
                return NULL;
            }
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']') && --depth == 0) {
            return at;
        }
    }
    return NULL;
}

static bool read_container(const uint8_t **at, const uint8_t *end, struct mr_document *value)
{
    const uint8_t *close = find_close(*at, end);

    if (close == NULL || *close != **at + 2) { /* in ASCII both closers are two above */
        return false;
    }
    value->kind = **at == '{' ? MR_DOCUMENT_OBJECT : MR_DOCUMENT_ARRAY;
    value->raw = (struct mr_span){*at + 1, (size_t)(close - *at - 1)};
    *at = close + 1;
    return true;
}

static bool read_text(const uint8_t **at, const uint8_t *end, struct mr_span *raw)
{
    const uint8_t *close = find_quote(*at + 1, end);

    if (close == NULL) {
        return false;
    }
    *raw = (struct mr_span){*at + 1, (size_t)(close - *at - 1)};
    *at = close + 1;
    return true;
}

static bool read_word(const uint8_t **at, const uint8_t *end, struct mr_document *value)
{
    const uint8_t *from = *at;

    while (*at < end && memchr(",]} \t\r\n", **at, 7) == NULL) {
        ++*at;
    }
    value->raw = (struct mr_span){from, (size_t)(*at - from)};
    value->kind = MR_DOCUMENT_NUMBER;
    if (mr_span_is(value->raw, "true") || mr_span_is(value->raw, "false")) {
        value->kind = MR_DOCUMENT_BOOL;
        value->marker = *from;
    } else if (mr_span_is(value->raw, "null")) {
        value->kind = MR_DOCUMENT_NULL;
    }
    return *at > from;
}

bool mr_document_json_value(const uint8_t **at, const uint8_t *end, struct mr_document *value)
{
    *value = (struct mr_document){.kind = MR_DOCUMENT_NONE};
    *at = skip_blanks(*at, end);
    if (*at == end) {
        return false;
    }
    if (**at == '{' || **at == '[') {
        return read_container(at, end, value);
    }
    if (**at == '"') {
        value->kind = MR_DOCUMENT_TEXT;
        return read_text(at, end, &value->raw);
    }
    return read_word(at, end, value);
}

static bool take(struct mr_document_walk *walk, uint8_t wanted)
{
    walk->at = skip_blanks(walk->at, walk->end);
    if (walk->at == walk->end || *walk->at != wanted) {
        return false;
    }
    walk->at++;
    return true;
}

static bool read_name(struct mr_document_walk *walk, struct mr_span *name)
{
    walk->at = skip_blanks(walk->at, walk->end);
    return walk->at < walk->end && *walk->at == '"' && read_text(&walk->at, walk->end, name) &&
           take(walk, ':');
}

bool mr_document_json_next(struct mr_document_walk *walk, struct mr_span *name,
                           struct mr_document *item)
{
    walk->at = skip_blanks(walk->at, walk->end);
    if (walk->at == walk->end) {
        return false;
    }
    walk->is_broken = (walk->is_begun && !take(walk, ',')) ||
                      (walk->is_object && !read_name(walk, name)) ||
                      !mr_document_json_value(&walk->at, walk->end, item);
    walk->is_begun = true;
    return !walk->is_broken;
}

static int hex_digit(uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = memchr(digits, byte >= 'A' ? byte | 0x20 : byte, 16);

    return found != NULL ? (int)(found - digits) : -1;
}

/* The four digits behind "\u"; -1: they are not. */
static int32_t read_unit(struct mr_span raw, size_t at)
{
    int32_t unit = 0;

    if (raw.size - at < 4) {
        return -1;
    }
    for (size_t i = at; i < at + 4; i++) {
        const int digit = hex_digit(raw.data[i]);

        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* *at is behind "\u" and moves behind what was read. 0: broken. */
static uint32_t read_code_point(struct mr_span raw, size_t *at)
{
    const int32_t high = read_unit(raw, *at);
    int32_t low;

    *at += 4;
    if (high < 0 || (high >= 0xDC00 && high < 0xE000)) {
        return 0;
    }
    if (high < 0xD800 || high >= 0xE000) {
        return (uint32_t)high;
    }
    if (raw.size - *at < 6 || raw.data[*at] != '\\' || raw.data[*at + 1] != 'u') {
        return 0;
    }
    low = read_unit(raw, *at + 2);
    *at += 6;
    return low >= 0xDC00 && low < 0xE000
               ? 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00)
               : 0;
}

/* One escape, *at behind its backslash. No form is longer in UTF-8 than as an escape. */
static bool unescape_one(struct mr_span raw, size_t *at, uint8_t *out, size_t *size)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const uint8_t byte = *at < raw.size ? raw.data[(*at)++] : 0;
    const char *found = memchr(from, byte, sizeof(from) - 1);
    uint32_t code_point;

    if (found != NULL) {
        out[(*size)++] = (uint8_t)to[found - from];
        return true;
    }
    code_point = byte == 'u' ? read_code_point(raw, at) : 0;
    if (code_point == 0) {
        return false;
    }
    *size += mr_utf8_put(out + *size, code_point);
    return true;
}

bool mr_document_json_unescape(struct mr_span raw, uint8_t *out, size_t *size)
{
    size_t at = 0;

    *size = 0;
    while (at < raw.size) {
        const uint8_t byte = raw.data[at++];

        if (byte != '\\') {
            out[(*size)++] = byte;
        } else if (!unescape_one(raw, &at, out, size)) {
            return false;
        }
    }
    return true;
}
