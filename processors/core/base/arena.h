/* arena.h - all memory of one batch, given back by one assignment.
 *
 * One block is reserved when the stage opens (pages that are never touched cost
 * nothing); a batch bump-allocates from it and mr_arena_reset() ends the batch. Nothing taken from
 * an arena is ever freed alone, so there is no per-record cleanup path to get wrong. The size is a
 * promise (a batch never uses more) and a test tool (a smaller arena makes every take fail in turn,
 * without a hook in this code).
 *
 * Lifetime rule: a pointer taken from an arena is BORROWED until the next
 * reset. Whoever wants to keep the bytes longer copies them.
 * Not thread-safe: one arena belongs to one stage thread.
 */
#ifndef MR_BASE_ARENA_H
#define MR_BASE_ARENA_H

#include "processors/core/base/span.h"

#include <stddef.h>

struct mr_arena;

/* Returns NULL when size_bytes cannot be reserved. Owned: give it back with
 * mr_arena_free(). */
struct mr_arena *mr_arena_new(size_t size_bytes);
void mr_arena_free(struct mr_arena *arena); /* NULL is fine */

/* Zeroed room for count items, aligned for any type. NULL when the budget is
 * used up or count * item_size does not fit a size_t. */
void *mr_arena_take(struct mr_arena *arena, size_t count, size_t item_size);

/* As mr_arena_take, for bytes that the caller fills at once: not zeroed, not aligned. */
uint8_t *mr_arena_bytes(struct mr_arena *arena, size_t size);
/* Copies of bytes and of text (the latter NUL-terminated, so it can be handed to C libraries). */
struct mr_span mr_arena_copy(struct mr_arena *arena, struct mr_span bytes);
const char *mr_arena_text(struct mr_arena *arena, struct mr_span text);
const char *mr_arena_print(struct mr_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void mr_arena_reset(struct mr_arena *arena);
size_t mr_arena_used(const struct mr_arena *arena);
size_t mr_arena_room(const struct mr_arena *arena);

/* A point to go back to: gives back all that was taken since. For temporaries of one record. */
size_t mr_arena_mark(const struct mr_arena *arena);
void mr_arena_release(struct mr_arena *arena, size_t mark);

#endif
