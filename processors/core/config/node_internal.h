/* node_internal.h - what the files of this folder share about nodes. */
#ifndef MR_CONFIG_NODE_INTERNAL_H
#define MR_CONFIG_NODE_INTERNAL_H

#include "processors/core/config/node.h"

#include <string.h>

/* Text that is made twice by the same code: measured (data NULL), then written. */
struct mr_writer {
    char *data; /* arena; NULL: only measure */
    size_t size;
};

static inline void mr_writer_put(struct mr_writer *writer, const char *bytes, size_t size)
{
    if (writer->data != NULL && size > 0) {
        memcpy(writer->data + writer->size, bytes, size);
    }
    writer->size += size;
}

/* ${VAR}, ${VAR:default}, ${VAR:?message} and $$ in raw. MR_BAD_CONFIG: reported; MR_NO_ROOM: not
 * yet. */
enum mr_code mr_expand(struct mr_span raw, struct mr_place place, struct mr_arena *arena,
                       struct mr_report *report, const char **text);

/* Of a map, by name and then by place; count pointers in arena, or NULL. */
const struct mr_node **mr_node_sorted(const struct mr_node *map, struct mr_arena *arena);

#endif
