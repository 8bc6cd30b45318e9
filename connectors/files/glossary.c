#include "connectors/files/glossary.h"

#include "processors/core/base/digest.h"

#include <stdlib.h>

#define NAME_SIZE_MAX 256 /* a longer one is nobody's */
#define BUCKETS 1024      /* a power of two */

struct mr_glossary {
    struct mr_arena *arena; /* owned: all of what follows lies there */
    const struct mr_term **buckets;
    struct mr_span *missing;
    size_t missing_count;
    size_t missing_size_max;
    size_t field_count;
};

static size_t texts_size(const struct mr_texts *texts)
{
    size_t size = 0;

    for (size_t i = 0; i < texts->count; i++) {
        size += mr_span_text(texts->items[i]).size + sizeof(struct mr_term) +
                sizeof(struct mr_term_target) + 3 * sizeof(max_align_t);
    }
    return size;
}

static size_t wanted_size(const struct mr_wanted_rows *wanted)
{
    size_t size = texts_size(&wanted->row_elements) + texts_size(&wanted->missing);

    for (size_t i = 0; i < wanted->count; i++) {
        size += texts_size(&wanted->names[i].alternates);
    }
    return size + BUCKETS * sizeof(void *) + 4 * sizeof(max_align_t);
}

static size_t bucket_of(struct mr_span text)
{
    uint8_t folded[NAME_SIZE_MAX];

    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];

        folded[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
    }
    return mr_hash64((struct mr_span){folded, text.size}) & (BUCKETS - 1);
}

static struct mr_term *name_in(const struct mr_glossary *names, struct mr_span text)
{
    const char *wanted = NULL;
    const struct mr_term *name = names->buckets[bucket_of(text)];

    for (; name != NULL; name = name->next) {
        wanted = (const char *)name->text.data;
        if (mr_span_is_nocase(text, wanted)) {
            break;
        }
    }
    return (struct mr_term *)(uintptr_t)name;
}

static struct mr_term *add_name(struct mr_glossary *names, const char *text)
{
    const struct mr_span span = mr_span_text(text);
    struct mr_term *name;
    size_t bucket;

    if (span.size > NAME_SIZE_MAX) {
        return NULL;
    }
    name = name_in(names, span);
    if (name != NULL) {
        return name;
    }
    name = mr_arena_take(names->arena, 1, sizeof(*name));
    MR_ASSERT(name != NULL);
    name->text.data = (const uint8_t *)mr_arena_text(names->arena, span);
    name->text.size = span.size;
    bucket = bucket_of(span);
    name->next = names->buckets[bucket];
    names->buckets[bucket] = name;
    return name;
}

static void add_targets(struct mr_glossary *names, const struct mr_texts *alternates,
                        uint32_t field)
{
    for (size_t i = 0; i < alternates->count; i++) {
        struct mr_term *name = add_name(names, alternates->items[i]);
        struct mr_term_target *target = mr_arena_take(names->arena, 1, sizeof(*target));

        MR_ASSERT(target != NULL);
        *target = (struct mr_term_target){field, (uint32_t)i, name ? name->targets : NULL};
        if (name != NULL) {
            name->targets = target;
        }
    }
}

static void add_missing(struct mr_glossary *names, const struct mr_texts *missing)
{
    names->missing = mr_arena_take(names->arena, missing->count, sizeof(*names->missing));
    MR_ASSERT(names->missing != NULL);
    for (size_t i = 0; i < missing->count; i++) {
        const struct mr_span text = mr_span_trim(mr_span_text(missing->items[i]));

        names->missing[i] = mr_arena_copy(names->arena, text);
        if (text.size > names->missing_size_max) {
            names->missing_size_max = text.size;
        }
    }
    names->missing_count = missing->count;
}

struct mr_glossary *mr_glossary_new(const struct mr_wanted_rows *wanted)
{
    struct mr_glossary *names = calloc(1, sizeof(*names));

    if (names == NULL) {
        return NULL;
    }
    names->arena = mr_arena_new(wanted_size(wanted));
    if (names->arena == NULL) {
        free(names);
        return NULL;
    }
    names->buckets = mr_arena_take(names->arena, BUCKETS, sizeof(const struct mr_term *));
    MR_ASSERT(names->buckets != NULL);
    names->field_count = wanted->count;
    for (size_t i = 0; i < wanted->count; i++) {
        add_targets(names, &wanted->names[i].alternates, (uint32_t)i);
    }
    for (size_t i = 0; i < wanted->row_elements.count; i++) {
        struct mr_term *name = add_name(names, wanted->row_elements.items[i]);

        if (name != NULL) {
            name->is_row = true;
        }
    }
    add_missing(names, &wanted->missing);
    return names;
}

void mr_glossary_free(struct mr_glossary *names)
{
    if (names != NULL) {
        mr_arena_free(names->arena);
        free(names);
    }
}

const struct mr_term *mr_glossary_find(const struct mr_glossary *names, struct mr_span text)
{
    return text.size > NAME_SIZE_MAX ? NULL : name_in(names, text);
}

bool mr_glossary_is_missing(const struct mr_glossary *names, struct mr_span text)
{
    const struct mr_span trimmed = mr_span_trim(text);

    if (trimmed.size == 0) {
        return true;
    }
    if (trimmed.size > names->missing_size_max) {
        return false;
    }
    for (size_t i = 0; i < names->missing_count; i++) {
        if (mr_span_equal(trimmed, names->missing[i])) {
            return true;
        }
    }
    return false;
}

size_t mr_glossary_field_count(const struct mr_glossary *names)
{
    return names->field_count;
}
