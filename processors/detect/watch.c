#include "processors/detect/watch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_GROUPS 16 /* a power of two, as all that follow */
#define FIRST_SLOTS 16

struct group {
    uint64_t id;                /* 0: a free place */
    struct mr_watch_slot *heap; /* owned; the earliest first */
    size_t count, capacity;
};

struct mr_watch {
    struct group *groups; /* owned; open addressing */
    size_t count, capacity;
};

struct mr_watch *mr_watch_new(void)
{
    return calloc(1, sizeof(struct mr_watch));
}

void mr_watch_clear(struct mr_watch *watch)
{
    for (size_t i = 0; i < watch->capacity; i++) {
        free(watch->groups[i].heap);
    }
    free(watch->groups);
    *watch = (struct mr_watch){0};
}

void mr_watch_free(struct mr_watch *watch)
{
    if (watch != NULL) {
        mr_watch_clear(watch);
        free(watch);
    }
}

/* The group, or the free place where it would go. */
static struct group *find(struct group *groups, size_t capacity, uint64_t id)
{
    size_t at = (size_t)id & (capacity - 1);

    while (groups[at].id != 0 && groups[at].id != id) {
        at = (at + 1) & (capacity - 1);
    }
    return &groups[at];
}

static bool grow_groups(struct mr_watch *watch)
{
    const size_t capacity = watch->capacity > 0 ? 2 * watch->capacity : FIRST_GROUPS;
    struct group *groups = calloc(capacity, sizeof(*groups));

    if (groups == NULL) {
        return false;
    }
    for (size_t i = 0; i < watch->capacity; i++) {
        if (watch->groups[i].id != 0) {
            *find(groups, capacity, watch->groups[i].id) = watch->groups[i];
        }
    }
    free(watch->groups);
    watch->groups = groups;
    watch->capacity = capacity;
    return true;
}

static bool grow_heap(struct group *group)
{
    const size_t capacity = group->capacity > 0 ? 2 * group->capacity : FIRST_SLOTS;
    struct mr_watch_slot *heap = calloc(capacity, sizeof(*heap));

    if (heap == NULL) {
        return false;
    }
    if (group->count > 0) {
        memcpy(heap, group->heap, group->count * sizeof(*heap));
    }
    free(group->heap);
    group->heap = heap;
    group->capacity = capacity;
    return true;
}

static bool is_before(const struct mr_watch_slot *a, const struct mr_watch_slot *b)
{
    const size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order;

    if (a->due != b->due) {
        return a->due < b->due;
    }
    order = size > 0 ? memcmp(a->key.data, b->key.data, size) : 0;
    return order != 0 ? order < 0 : a->key.size < b->key.size;
}

static void rise(struct group *group, size_t at, const struct mr_watch_slot *slot)
{
    for (; at > 0 && is_before(slot, &group->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        group->heap[at] = group->heap[(at - 1) / 2];
    }
    group->heap[at] = *slot;
}

static void sink(struct group *group, const struct mr_watch_slot *slot)
{
    size_t at = 0;

    for (size_t child = 1; child < group->count; child = 2 * at + 1) {
        if (child + 1 < group->count && is_before(&group->heap[child + 1], &group->heap[child])) {
            child++;
        }
        if (!is_before(&group->heap[child], slot)) {
            break;
        }
        group->heap[at] = group->heap[child];
        at = child;
    }
    group->heap[at] = *slot;
}

bool mr_watch_put(struct mr_watch *watch, uint64_t id, const struct mr_watch_slot *slot)
{
    struct group *group;

    if (watch->count * 4 >= watch->capacity * 3 && !grow_groups(watch)) {
        return false;
    }
    group = find(watch->groups, watch->capacity, id);
    watch->count += group->id == 0;
    group->id = id;
    if (group->count == group->capacity && !grow_heap(group)) {
        return false;
    }
    rise(group, group->count++, slot);
    return true;
}

bool mr_watch_take(struct mr_watch *watch, uint64_t id, int64_t until, struct mr_watch_slot *slot)
{
    struct group *group = watch->capacity > 0 ? find(watch->groups, watch->capacity, id) : NULL;

    if (group == NULL || group->count == 0 || group->heap[0].due > until) {
        return false;
    }
    *slot = group->heap[0];
    group->count--;
    if (group->count > 0) {
        const struct mr_watch_slot last = group->heap[group->count];

        sink(group, &last);
    }
    return true;
}
