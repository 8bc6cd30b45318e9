/* An arena is address space: pages come when they are touched. It is mapped and not taken from the
 * heap, because a sanitizer marks every byte of a heap block when it is freed, touched or not. The
 * struct is on the heap, so a forgotten arena is still found. */
/* MAP_ANONYMOUS is glibc's. NOLINTNEXTLINE(bugprone-reserved-identifier) */
#define _DEFAULT_SOURCE

#include "processors/core/base/arena.h"

#include "processors/core/base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct mr_arena {
    size_t size;
    size_t used;
    unsigned char *bytes; /* owned mapping of at least one byte */
};

struct mr_arena *mr_arena_new(size_t size_bytes)
{
    struct mr_arena *arena = calloc(1, sizeof(*arena));
    void *bytes = MAP_FAILED;

    if (arena != NULL && size_bytes < SIZE_MAX) {
        bytes = mmap(NULL, size_bytes + 1, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (bytes == MAP_FAILED) {
        free(arena);
        return NULL;
    }
    arena->size = size_bytes;
    arena->bytes = bytes;
    return arena;
}

void mr_arena_free(struct mr_arena *arena)
{
    if (arena != NULL) {
        MR_ASSERT(munmap(arena->bytes, arena->size + 1) == 0);
        free(arena);
    }
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
