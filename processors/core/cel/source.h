/* source.h - the text of an expression, and how it is refused.
 *
 * The first report wins, as with errors: what follows from a mistake is not
 * reported beside it. Offsets are bytes; a report turns them into line and
 * column, in code points. Memory that runs out is reported like a mistake, so
 * that parser and checker have one way to fail.
 */
#ifndef MR_CEL_SOURCE_H
#define MR_CEL_SOURCE_H

#include "processors/core/base/arena.h"
#include "processors/core/cel/cel.h"

struct cel_source {
    struct mr_span text;
    struct mr_arena *arena;       /* borrowed: all that compiling makes */
    struct mr_cel_diagnosis *why; /* borrowed */
    bool has_failed;
    bool has_no_room; /* failed for want of memory */
};

void cel_source_report(struct cel_source *self, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cel_source_hint(struct cel_source *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As mr_arena_take; NULL has been reported. */
void *cel_source_take(struct cel_source *self, size_t count, size_t item_size);

/* How many edits apart two names are, at most limit + 1: for "did you mean". */
size_t cel_name_distance(struct mr_span a, struct mr_span b, size_t limit);

#endif
