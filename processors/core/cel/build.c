#include "processors/core/cel/build.h"

#include <string.h>

struct cel_node *cel_node_new(struct cel_source *source, enum cel_node_kind kind, size_t offset)
{
    struct cel_node *node = cel_source_take(source, 1, sizeof(*node));

    if (node != NULL) {
        node->kind = (uint8_t)kind;
        node->offset = (uint32_t)offset;
        node->height = 1;
    }
    return node;
}

static bool grow(struct cel_source *source, struct cel_items *list)
{
    const uint32_t room = list->room == 0 ? 4 : list->room * 2;
    struct cel_node **items = cel_source_take(source, room, sizeof(struct cel_node *));
    bool *optional = cel_source_take(source, room, sizeof(bool));

    if (items == NULL || optional == NULL) {
        return false;
    }
    if (list->count > 0) {
        memcpy(items, list->items, list->count * sizeof(struct cel_node *));
        memcpy(optional, list->optional, list->count * sizeof(bool));
    }
    list->items = items;
    list->optional = optional;
    list->room = room;
    return true;
}

bool cel_items_add(struct cel_source *source, struct cel_items *list, struct cel_node *node,
                   bool is_optional)
{
    if (node == NULL || (list->count == list->room && !grow(source, list))) {
        return false;
    }
    list->optional[list->count] = is_optional;
    list->items[list->count++] = node;
    list->has_optional = list->has_optional || is_optional;
    return true;
}

struct cel_node *cel_node_fill(struct cel_source *source, struct cel_node *node,
                               const struct cel_items *list)
{
    if (node == NULL) {
        return NULL;
    }
    node->optional = list->has_optional ? list->optional : NULL;
    node->args = list->items;
    node->arg_count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i]->height >= node->height) {
            node->height = (uint16_t)(list->items[i]->height + 1);
        }
    }
    if (node->height > MR_CEL_HEIGHT_MAX) {
        cel_source_report(source, node->offset, "the expression is nested too deeply");
        return NULL;
    }
    return node;
}
