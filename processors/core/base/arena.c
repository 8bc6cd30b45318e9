#include "processors/core/base/arena.h"

#include "processors/core/base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mr_arena {
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct mr_arena *mr_arena_new(size_t size_bytes)
{
    struct mr_arena *arena;

    if (size_bytes > SIZE_MAX - sizeof(*arena)) {
        return NULL;
    }
    arena = malloc(sizeof(*arena) + size_bytes);
    if (arena == NULL) {
        return NULL;
    }
    arena->size = size_bytes;
    arena->used = 0;
    return arena;
}

void mr_arena_free(struct mr_arena *arena)
{
    free(arena);
}

void *mr_arena_take(struct mr_arena *arena, size_t count, size_t item_size)
{
    const size_t align = _Alignof(max_align_t);
    size_t size, start;
    void *room;

    MR_ASSERT(item_size > 0);
    if (count > SIZE_MAX / item_size) {
        return NULL;
    }
    size = count * item_size;
    start = (arena->used + align - 1) / align * align;
    if (start > arena->size || size > arena->size - start) {
        return NULL;
    }
    arena->used = start + size;
    room = arena->bytes + start;
    return memset(room, 0, size);
}

void mr_arena_reset(struct mr_arena *arena)
{
    MR_ASSERT(arena->used <= arena->size);
    arena->used = 0;
}

size_t mr_arena_used(const struct mr_arena *arena)
{
    return arena->used;
}

uint8_t *mr_arena_bytes(struct mr_arena *arena, size_t size)
{
    uint8_t *room = arena->bytes + arena->used;

    if (size > arena->size - arena->used) {
        return NULL;
    }
    arena->used += size;
    return room;
}

struct mr_span mr_arena_copy(struct mr_arena *arena, struct mr_span bytes)
{
    uint8_t *room = mr_arena_bytes(arena, bytes.size);

    if (room == NULL) {
        return (struct mr_span){NULL, 0};
    }
    if (bytes.size > 0) {
        memcpy(room, bytes.data, bytes.size);
    }
    return (struct mr_span){room, bytes.size};
}

const char *mr_arena_text(struct mr_arena *arena, struct mr_span text)
{
    char *room = (char *)mr_arena_bytes(arena, text.size + 1);

    if (room == NULL) {
        return NULL;
    }
    if (text.size > 0) {
        memcpy(room, text.data, text.size);
    }
    room[text.size] = '\0';
    return room;
}

const char *mr_arena_print(struct mr_arena *arena, const char *format, ...)
{
    va_list args, again;
    char *room;
    int size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    MR_ASSERT(size >= 0);
    room = (char *)mr_arena_bytes(arena, (size_t)size + 1);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)size + 1, format, again);
    }
    va_end(again);
    return room;
}

size_t mr_arena_room(const struct mr_arena *arena)
{
    return arena->size - arena->used;
}

size_t mr_arena_mark(const struct mr_arena *arena)
{
    return arena->used;
}

void mr_arena_release(struct mr_arena *arena, size_t mark)
{
    MR_ASSERT(mark <= arena->used);
    arena->used = mark;
}
