/* pool.h - memory of a thing that is compiled once and then only read: a schema, a plan.
 *
 * Blocks are added as the thing grows and given back together. Private to this
 * folder: everybody else lives by an arena or by open and close.
 */
#ifndef MR_CODEC_POOL_H
#define MR_CODEC_POOL_H

#include "processors/core/base/span.h"

struct mr_pool_block;

struct mr_pool {
    struct mr_pool_block *blocks; /* owned; the newest first */
};

/* Zeroed, aligned for any type; NULL when there is no memory. A count of 0 gives a pointer too. */
void *mr_pool_take(struct mr_pool *pool, size_t count, size_t item_size);
/* A NUL-terminated copy. */
char *mr_pool_text(struct mr_pool *pool, struct mr_span text);
void mr_pool_clear(struct mr_pool *pool);

#endif
