/* build.h - how a tree is put together: nodes, and their arguments while they are read. */
#ifndef MR_CEL_BUILD_H
#define MR_CEL_BUILD_H

#include "processors/core/cel/source.h"
#include "processors/core/cel/tree.h"

/* Grows as it is added to; started as {0}. */
struct cel_items {
    struct cel_node **items;
    bool *optional; /* of each: whether it was written ?item */
    uint32_t count, room;
    bool has_optional;
};

/* All of these: NULL or false has been reported. */
struct cel_node *cel_node_new(struct cel_source *source, enum cel_node_kind kind, size_t offset);
bool cel_items_add(struct cel_source *source, struct cel_items *list, struct cel_node *node,
                   bool is_optional);
/* Gives a node its arguments and its height, which is bounded. NULL stays NULL. */
struct cel_node *cel_node_fill(struct cel_source *source, struct cel_node *node,
                               const struct cel_items *list);

#endif
