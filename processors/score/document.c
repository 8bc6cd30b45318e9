#include "processors/score/document.h"

#include "processors/score/document_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE_MAX 63

bool mr_document_open(struct mr_span bytes, struct mr_document *root)
{
    const uint8_t *at = bytes.data, *end;

    if (bytes.size == 0) {
        return false;
    }
    end = bytes.data + bytes.size;
    /* After its brace a JSON object has a quote, a brace or a blank; UBJSON the type of a size. */
    if (bytes.size > 2 && bytes.data[0] == '{' && memchr("iUIlL", bytes.data[1], 5) != NULL) {
        return mr_document_ubj_value(&at, end, root) && at == end;
    }
    return mr_document_json_value(&at, end, root) && root->kind == MR_DOCUMENT_OBJECT;
}

struct mr_document_walk mr_document_enter(const struct mr_document *of)
{
    struct mr_document_walk walk = {.is_binary = of->is_binary,
                                    .is_object = of->kind == MR_DOCUMENT_OBJECT};

    if (of->kind != MR_DOCUMENT_ARRAY && of->kind != MR_DOCUMENT_OBJECT) {
        walk.is_broken = true;
        return walk;
    }
    walk.at = of->raw.data;
    walk.end = of->raw.data + of->raw.size;
    walk.is_broken = walk.is_binary && !mr_document_ubj_head(&walk);
    return walk;
}

bool mr_document_next(struct mr_document_walk *walk, struct mr_span *name, struct mr_document *item)
{
    *name = (struct mr_span){NULL, 0};
    if (walk->is_broken) {
        return false;
    }
    return walk->is_binary ? mr_document_ubj_next(walk, name, item)
                           : mr_document_json_next(walk, name, item);
}

bool mr_document_members(const struct mr_document *object, const struct mr_document_pick *picks,
                         size_t count)
{
    struct mr_document_walk walk = mr_document_enter(object);
    struct mr_document item;
    struct mr_span name;

    for (size_t i = 0; i < count; i++) {
        *picks[i].into = (struct mr_document){.kind = MR_DOCUMENT_NONE};
    }
    while (mr_document_next(&walk, &name, &item)) {
        for (size_t i = 0; i < count; i++) {
            if (mr_span_is(name, picks[i].name)) {
                *picks[i].into = item;
            }
        }
    }
    return walk.is_object && !walk.is_broken;
}

bool mr_document_is(const struct mr_document *text, const char *wanted)
{
    return text->kind == MR_DOCUMENT_TEXT && mr_span_is(text->raw, wanted);
}

/* A copy that the C library can read: only what a number is made of. */
static bool copy_number(struct mr_span raw, char out[NUMBER_SIZE_MAX + 1])
{
    if (raw.size == 0 || raw.size > NUMBER_SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < raw.size; i++) {
        if (memchr("0123456789+-.eE", raw.data[i], 15) == NULL) {
            return false;
        }
        out[i] = (char)raw.data[i];
    }
    out[raw.size] = '\0';
    return true;
}

static bool whole_of_text(struct mr_span raw, int64_t *out)
{
    const bool is_negative = raw.size > 0 && raw.data[0] == '-';
    int64_t sum = 0;

    if (raw.size == is_negative || raw.size > 18) {
        return false;
    }
    for (size_t i = is_negative; i < raw.size; i++) {
        if (raw.data[i] < '0' || raw.data[i] > '9') {
            return false;
        }
        sum = sum * 10 + (raw.data[i] - '0');
    }
    *out = is_negative ? -sum : sum;
    return true;
}

bool mr_document_whole(const struct mr_document *value, int64_t *out)
{
    switch (value->kind) {
    case MR_DOCUMENT_BOOL:
        *out = value->marker == 't' || value->marker == 'T';
        return true;
    case MR_DOCUMENT_NUMBER:
        return value->is_binary ? mr_document_ubj_whole(value, out)
                                : whole_of_text(value->raw, out);
    case MR_DOCUMENT_TEXT:
        return whole_of_text(value->raw, out);
    default:
        return false;
    }
}

bool mr_document_real(const struct mr_document *value, float *out)
{
    char text[NUMBER_SIZE_MAX + 1], *end;

    if (value->kind != MR_DOCUMENT_NUMBER) {
        return false;
    }
    if (value->is_binary) {
        return mr_document_ubj_real(value, out) && isfinite(*out);
    }
    if (!copy_number(value->raw, text)) {
        return false;
    }
    *out = strtof(text, &end);
    return *end == '\0' && end != text && isfinite(*out);
}

const char *mr_document_text(const struct mr_document *value, struct mr_arena *arena)
{
    size_t size = value->raw.size;
    uint8_t *out;

    if (value->kind != MR_DOCUMENT_TEXT) {
        return NULL;
    }
    out = mr_arena_bytes(arena, size + 1);
    if (out == NULL) {
        return NULL;
    }
    if (value->is_binary) {
        memcpy(out, value->raw.data, size);
    } else if (!mr_document_json_unescape(value->raw, out, &size)) {
        return NULL;
    }
    out[size] = '\0';
    return strlen((char *)out) == size && mr_utf8_is_valid((struct mr_span){out, size})
               ? (const char *)out
               : NULL;
}

size_t mr_document_count(const struct mr_document *array, bool *is_broken)
{
    struct mr_document_walk walk = mr_document_enter(array);
    struct mr_document item;
    struct mr_span name;
    size_t count = 0;

    while (mr_document_next(&walk, &name, &item)) {
        count++;
    }
    *is_broken = walk.is_broken || walk.is_object;
    return *is_broken ? 0 : count;
}
