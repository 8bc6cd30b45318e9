/* ink.h - text that is being written: a piece of an arena, filled from the front.
 *
 * The writer says beforehand how much it can come to; more than that is a bug
 * of ours and trips an assertion. The bytes are borrowed from the arena.
 */
#ifndef MR_FEEDS_INK_H
#define MR_FEEDS_INK_H

#include "processors/core/base/arena.h"
#include "processors/core/base/span.h"

struct mr_ink {
    uint8_t *data; /* arena */
    size_t size;
    size_t capacity;
};

/* data is NULL when the arena has no such room. */
struct mr_ink mr_ink_of(struct mr_arena *arena, size_t capacity);
void mr_ink_byte(struct mr_ink *ink, uint8_t byte);
void mr_ink_put(struct mr_ink *ink, struct mr_span bytes);
void mr_ink_text(struct mr_ink *ink, const char *text);
void mr_ink_print(struct mr_ink *ink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mr_ink_xml(struct mr_ink *ink, struct mr_span text); /* as an element's content */
void mr_ink_csv(struct mr_ink *ink, struct mr_span text); /* quoted when it has to be */
void mr_ink_price(struct mr_ink *ink, int64_t agorot);    /* "12.90" */

static inline struct mr_span mr_ink_span(const struct mr_ink *ink)
{
    return (struct mr_span){ink->data, ink->size};
}

#endif
