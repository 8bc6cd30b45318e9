#include "processors/core/config/node_internal.h"

#include <stdio.h>
#include <stdlib.h>

const struct mr_node *mr_node_get(const struct mr_node *map, const char *name)
{
    if (map == NULL || map->kind != MR_NODE_MAP) {
        return NULL;
    }
    for (const struct mr_node *child = map->child; child != NULL; child = child->next) {
        if (strcmp(child->name, name) == 0) {
            return child;
        }
    }
    return NULL;
}

size_t mr_node_count(const struct mr_node *node)
{
    size_t count = 0;

    for (const struct mr_node *child = node ? node->child : NULL; child; child = child->next) {
        count++;
    }
    return count;
}

static int compare_names(const void *left, const void *right)
{
    const struct mr_node *a = *(const struct mr_node *const *)left;
    const struct mr_node *b = *(const struct mr_node *const *)right;
    const int order = strcmp(a->name, b->name);

    if (order != 0) {
        return order;
    }
    if (a->name_place.line != b->name_place.line) {
        return a->name_place.line < b->name_place.line ? -1 : 1;
    }
    return a->name_place.column - b->name_place.column;
}

const struct mr_node **mr_node_sorted(const struct mr_node *map, struct mr_arena *arena)
{
    const size_t count = mr_node_count(map);
    const struct mr_node **sorted = mr_arena_take(arena, count, sizeof(*sorted));
    size_t index = 0;

    if (sorted == NULL) {
        return NULL;
    }
    for (const struct mr_node *child = map->child; child != NULL; child = child->next) {
        sorted[index++] = child;
    }
    qsort(sorted, count, sizeof(*sorted), compare_names);
    return sorted;
}

static void put_text(struct mr_writer *writer, const char *text)
{
    mr_writer_put(writer, "\"", 1);
    for (; *text != '\0'; text++) {
        char escaped[8];

        if (*text == '"' || *text == '\\') {
            mr_writer_put(writer, "\\", 1);
        }
        if ((unsigned char)*text < 0x20) {
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)*text);
            mr_writer_put(writer, escaped, 6);
        } else {
            mr_writer_put(writer, text, 1);
        }
    }
    mr_writer_put(writer, "\"", 1);
}

static bool put_node(struct mr_writer *writer, const struct mr_node *node, struct mr_arena *arena);

static bool put_map(struct mr_writer *writer, const struct mr_node *map, struct mr_arena *arena)
{
    const size_t mark = mr_arena_mark(arena), count = mr_node_count(map);
    const struct mr_node **sorted = mr_node_sorted(map, arena);

    mr_writer_put(writer, "{", 1);
    for (size_t i = 0; sorted != NULL && i < count; i++) {
        mr_writer_put(writer, ",", i > 0);
        put_text(writer, sorted[i]->name);
        mr_writer_put(writer, ":", 1);
        if (!put_node(writer, sorted[i], arena)) {
            return false;
        }
    }
    mr_writer_put(writer, "}", 1);
    mr_arena_release(arena, mark);
    return sorted != NULL;
}

/* Calls itself at most as deep as the loader lets a file be. */
static bool put_node(struct mr_writer *writer, const struct mr_node *node, struct mr_arena *arena)
{
    if (node->kind == MR_NODE_MAP) {
        return put_map(writer, node, arena);
    }
    if (node->kind == MR_NODE_SCALAR && node->text == NULL) {
        mr_writer_put(writer, "null", 4);
        return true;
    }
    if (node->kind == MR_NODE_SCALAR) {
        put_text(writer, node->text);
        return true;
    }
    mr_writer_put(writer, "[", 1);
    for (const struct mr_node *child = node->child; child != NULL; child = child->next) {
        mr_writer_put(writer, ",", child != node->child);
        if (!put_node(writer, child, arena)) {
            return false;
        }
    }
    mr_writer_put(writer, "]", 1);
    return true;
}

const char *mr_node_canonical(const struct mr_node *node, struct mr_arena *arena)
{
    const size_t mark = mr_arena_mark(arena);
    struct mr_writer writer = {NULL, 0};
    char *room;

    if (!put_node(&writer, node, arena)) {
        mr_arena_release(arena, mark);
        return NULL;
    }
    room = (char *)mr_arena_bytes(arena, writer.size + 1);
    if (room == NULL) {
        return NULL;
    }
    writer = (struct mr_writer){room, 0};
    if (!put_node(&writer, node, arena)) {
        mr_arena_release(arena, mark);
        return NULL;
    }
    room[writer.size] = '\0';
    return room;
}
