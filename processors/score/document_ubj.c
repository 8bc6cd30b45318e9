/* The binary form: Universal Binary JSON, draft 12, as XGBoost writes it. */
#include "processors/score/document_internal.h"

#include "processors/core/base/error.h"

#include <string.h>

#define IS_TEXT (-1)
#define IS_CONTAINER (-2)
#define IS_UNKNOWN (-3)

/* Bytes of a value's payload, or one of the above. */
static int width_of(uint8_t marker)
{
    switch (marker) {
    case 'Z':
    case 'T':
    case 'F':
        return 0;
    case 'i':
    case 'U':
    case 'C':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    case 'S':
        return IS_TEXT;
    case '[':
    case '{':
        return IS_CONTAINER;
    default:
        return IS_UNKNOWN;
    }
}

static enum mr_document_kind kind_of(uint8_t marker)
{
    switch (marker) {
    case 'Z':
        return MR_DOCUMENT_NULL;
    case 'T':
    case 'F':
        return MR_DOCUMENT_BOOL;
    case 'S':
    case 'C':
        return MR_DOCUMENT_TEXT;
    case '[':
        return MR_DOCUMENT_ARRAY;
    case '{':
        return MR_DOCUMENT_OBJECT;
    default:
        return MR_DOCUMENT_NUMBER;
    }
}

uint64_t mr_document_ubj_bits(struct mr_span payload)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < payload.size; i++) {
        bits = bits << 8 | payload.data[i];
    }
    return bits;
}

bool mr_document_ubj_whole(const struct mr_document *value, int64_t *out)
{
    const uint64_t bits = mr_document_ubj_bits(value->raw);

    switch (value->marker) {
    case 'i':
        *out = (int64_t)(bits ^ 0x80) - 0x80; /* two's complement of 8 bits */
        return true;
    case 'U':
        *out = (uint8_t)bits;
        return true;
    case 'I':
        *out = (int16_t)bits;
        return true;
    case 'l':
        *out = (int32_t)bits;
        return true;
    case 'L':
        *out = (int64_t)bits;
        return true;
    default:
        return false;
    }
}

bool mr_document_ubj_real(const struct mr_document *value, float *out)
{
    const uint64_t bits = mr_document_ubj_bits(value->raw);
    const uint32_t low = (uint32_t)bits;
    int64_t whole = 0;
    double wide;

    if (value->marker == 'd') {
        memcpy(out, &low, sizeof(*out));
        return true;
    }
    if (value->marker == 'D') {
        memcpy(&wide, &bits, sizeof(wide));
        *out = (float)wide;
        return true;
    }
    if (!mr_document_ubj_whole(value, &whole)) {
        return false;
    }
    *out = (float)whole;
    return true;
}

/* So many bytes from *at on. */
static bool take(const uint8_t **at, const uint8_t *end, uint64_t size, struct mr_span *out)
{
    if (size > (uint64_t)(end - *at)) {
        return false;
    }
    *out = (struct mr_span){*at, (size_t)size};
    *at += size;
    return true;
}

/* A whole number with its type before it, not negative: a size or a count. */
static bool take_size(const uint8_t **at, const uint8_t *end, uint64_t *size)
{
    struct mr_document value = {.kind = MR_DOCUMENT_NUMBER, .is_binary = true};
    int64_t whole = -1;
    int width;

    if (*at == end) {
        return false;
    }
    value.marker = *(*at)++;
    width = width_of(value.marker);
    if (width <= 0 || !take(at, end, (uint64_t)width, &value.raw) ||
        !mr_document_ubj_whole(&value, &whole) || whole < 0) {
        return false;
    }
    *size = (uint64_t)whole;
    return true;
}

static bool take_text(const uint8_t **at, const uint8_t *end, struct mr_span *out)
{
    uint64_t size;

    return take_size(at, end, &size) && take(at, end, size, out);
}

bool mr_document_ubj_head(struct mr_document_walk *walk)
{
    if (walk->at < walk->end && *walk->at == '$') {
        if (walk->end - walk->at < 3 || walk->at[2] != '#' || walk->is_object ||
            width_of(walk->at[1]) <= 0) { /* items without bytes could be any number */
            return false;
        }
        walk->marker = walk->at[1];
        walk->at += 2;
    }
    if (walk->at < walk->end && *walk->at == '#') {
        walk->at++;
        walk->is_counted = true;
        return take_size(&walk->at, walk->end, &walk->left);
    }
    return true;
}

static bool skip_value(const uint8_t **at, const uint8_t *end, uint8_t marker, int depth);

static bool skip_items(struct mr_document_walk *walk, int depth)
{
    const uint8_t close = walk->is_object ? '}' : ']';
    struct mr_span name;

    while (walk->is_counted ? walk->left > 0 : walk->at < walk->end && *walk->at != close) {
        const uint8_t *from;

        if ((walk->is_object && !take_text(&walk->at, walk->end, &name)) || walk->at == walk->end) {
            return false;
        }
        from = walk->at++;
        if (!skip_value(&walk->at, walk->end, *from, depth)) {
            return false;
        }
        walk->left -= walk->is_counted;
    }
    return walk->is_counted || walk->at < walk->end;
}

/* *at moves behind the items; the bracket that closes them, where there is one, is left. */
static bool skip_container(const uint8_t **at, const uint8_t *end, bool is_object, int depth,
                           bool *has_close)
{
    struct mr_document_walk walk = {
        .at = *at, .end = end, .is_object = is_object, .is_binary = true};
    uint64_t width;
    bool is_good;

    if (depth > MR_DOCUMENT_DEPTH_MAX || !mr_document_ubj_head(&walk)) {
        return false;
    }
    *has_close = !walk.is_counted;
    if (walk.marker == 0) {
        is_good = skip_items(&walk, depth);
        *at = walk.at;
        return is_good;
    }
    width = (uint64_t)width_of(walk.marker);
    MR_ASSERT(width > 0); /* the head refuses all others */
    is_good = walk.is_counted && walk.left <= (uint64_t)(end - walk.at) / width;
    *at = is_good ? walk.at + walk.left * width : walk.at;
    return is_good;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by MR_DOCUMENT_DEPTH_MAX */
static bool skip_value(const uint8_t **at, const uint8_t *end, uint8_t marker, int depth)
{
    const int width = width_of(marker);
    struct mr_span bytes;
    bool has_close = false;

    if (width >= 0) {
        return take(at, end, (uint64_t)width, &bytes);
    }
    if (width == IS_TEXT) {
        return take_text(at, end, &bytes);
    }
    if (width != IS_CONTAINER || !skip_container(at, end, marker == '{', depth + 1, &has_close)) {
        return false;
    }
    *at += has_close;
    return true;
}

static bool read_value(const uint8_t **at, const uint8_t *end, uint8_t marker,
                       struct mr_document *value)
{
    const int width = width_of(marker);
    const uint8_t *from = *at;
    bool has_close = false;

    *value = (struct mr_document){.kind = kind_of(marker), .is_binary = true, .marker = marker};
    if (width >= 0) {
        return take(at, end, (uint64_t)width, &value->raw);
    }
    if (width == IS_TEXT) {
        return take_text(at, end, &value->raw);
    }
    if (width != IS_CONTAINER || !skip_container(at, end, marker == '{', 1, &has_close)) {
        return false;
    }
    value->raw = (struct mr_span){from, (size_t)(*at - from)};
    *at += has_close;
    return true;
}

bool mr_document_ubj_value(const uint8_t **at, const uint8_t *end, struct mr_document *value)
{
    if (*at == end) {
        return false;
    }
    return read_value(at, end, *(*at)++, value);
}

bool mr_document_ubj_next(struct mr_document_walk *walk, struct mr_span *name,
                          struct mr_document *item)
{
    if (walk->is_counted ? walk->left == 0 : walk->at == walk->end) {
        return false;
    }
    walk->left -= walk->is_counted;
    if (walk->marker != 0) {
        walk->is_broken = !read_value(&walk->at, walk->end, walk->marker, item);
    } else {
        walk->is_broken = (walk->is_object && !take_text(&walk->at, walk->end, name)) ||
                          !mr_document_ubj_value(&walk->at, walk->end, item);
    }
    return !walk->is_broken;
}
