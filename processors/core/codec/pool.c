#include "processors/core/codec/pool.h"

#include "processors/core/base/error.h"

#include <stdlib.h>
#include <string.h>

#define POOL_BLOCK_SIZE 4096

struct mr_pool_block {
    struct mr_pool_block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct mr_pool_block *block_new(struct mr_pool *pool, size_t size)
{
    const size_t room = size > POOL_BLOCK_SIZE ? size : POOL_BLOCK_SIZE;
    struct mr_pool_block *block;

    if (room > SIZE_MAX - sizeof(*block)) {
        return NULL;
    }
    block = calloc(1, sizeof(*block) + room);
    if (block == NULL) {
        return NULL;
    }
    block->size = room;
    block->next = pool->blocks;
    pool->blocks = block;
    return block;
}

void *mr_pool_take(struct mr_pool *pool, size_t count, size_t item_size)
{
    const size_t align = _Alignof(max_align_t);
    struct mr_pool_block *block = pool->blocks;
    size_t size;

    MR_ASSERT(item_size > 0);
    if (count > (SIZE_MAX - align) / item_size) {
        return NULL;
    }
    size = (count * item_size + align - 1) / align * align;
    if (block == NULL || size > block->size - block->used) {
        block = block_new(pool, size);
    }
    if (block == NULL) {
        return NULL;
    }
    block->used += size;
    return block->bytes + block->used - size;
}

char *mr_pool_text(struct mr_pool *pool, struct mr_span text)
{
    char *copy = mr_pool_take(pool, text.size + 1, 1);

    if (copy != NULL && text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    return copy;
}

void mr_pool_clear(struct mr_pool *pool)
{
    while (pool->blocks != NULL) {
        struct mr_pool_block *next = pool->blocks->next;

        free(pool->blocks);
        pool->blocks = next;
    }
}
