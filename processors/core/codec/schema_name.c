#include "processors/core/codec/schema_internal.h"

#include <string.h>

static const struct mr_type primitives[] = {
    {.kind = MR_AVRO_NULL, .null_branch = -1},  {.kind = MR_AVRO_BOOLEAN, .null_branch = -1},
    {.kind = MR_AVRO_INT, .null_branch = -1},   {.kind = MR_AVRO_LONG, .null_branch = -1},
    {.kind = MR_AVRO_FLOAT, .null_branch = -1}, {.kind = MR_AVRO_DOUBLE, .null_branch = -1},
    {.kind = MR_AVRO_BYTES, .null_branch = -1}, {.kind = MR_AVRO_STRING, .null_branch = -1},
};

static const char *const avro_words[] = {"null",   "boolean", "int",    "long",   "float",
                                         "double", "bytes",   "string", "record", "enum",
                                         "array",  "map",     "union",  "fixed"};

const char *mr_avro_word(enum mr_avro kind)
{
    MR_ASSERT(kind < MR_COUNT(avro_words));
    return avro_words[kind];
}

bool mr_primitive_find(const char *name, enum mr_avro *kind)
{
    for (size_t i = 0; i < MR_COUNT(primitives); i++) {
        if (strcmp(name, avro_words[i]) == 0) {
            *kind = (enum mr_avro)i;
            return true;
        }
    }
    return false;
}

const struct mr_type *mr_primitive_type(enum mr_avro kind)
{
    MR_ASSERT(kind < MR_COUNT(primitives) && primitives[kind].kind == kind);
    return &primitives[kind];
}

/* ASCII by hand: isalpha() would ask the locale. */
static bool is_letter(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
}

/* The size of the part at the head of text, 0 when there is none. */
static size_t part_size(const char *text)
{
    size_t size = 0;

    while (is_letter(text[size]) || (size > 0 && text[size] >= '0' && text[size] <= '9')) {
        size++;
    }
    return size;
}

bool mr_name_is_valid(const char *name)
{
    const size_t size = part_size(name);

    return size > 0 && name[size] == '\0';
}

bool mr_name_full_is_valid(const char *name)
{
    size_t size = part_size(name);

    while (size > 0 && name[size] == '.') {
        name += size + 1;
        size = part_size(name);
    }
    return size > 0 && name[size] == '\0';
}

const char *mr_name_full(struct mr_pool *pool, const char *space, const char *name)
{
    const size_t space_size = strlen(space), name_size = strlen(name);
    char *full;

    if (space_size == 0 || strchr(name, '.') != NULL) {
        return mr_pool_text(pool, mr_span_text(name));
    }
    full = mr_pool_take(pool, space_size + name_size + 2, 1);
    if (full != NULL) {
        memcpy(full, space, space_size);
        full[space_size] = '.';
        memcpy(full + space_size + 1, name, name_size);
    }
    return full;
}

const char *mr_name_tail(const char *full)
{
    const char *dot = strrchr(full, '.');

    return dot == NULL ? full : dot + 1;
}
