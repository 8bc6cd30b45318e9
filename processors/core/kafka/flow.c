#include "processors/core/kafka/flow.h"

#include "processors/core/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUP_COUNT_MAX 16
#define PATIENCE_S 60 /* without any progress of the reader that is waited for */

struct flow_group {
    char *name;         /* owned; NULL: a free place */
    int reader_count;   /* transports that read; 0: nobody waits for it, its positions stay */
    const void *reader; /* the last to join, for writers that read themselves; borrowed */
    int64_t *next;      /* owned, one per partition: committed position, -1: none */
    uint64_t *size;     /* owned, one per partition: bytes committed, ever */
};

struct mr_flow_topic {
    struct mr_flow_topic *next;
    struct mr_flow *flow; /* borrowed */
    char *name;           /* owned */
    int32_t partition_count;
    uint64_t *produced; /* owned, one per partition: bytes, ever */
    struct flow_group groups[GROUP_COUNT_MAX];
    pthread_mutex_t lock;
    pthread_cond_t progress;
};

struct mr_flow {
    size_t capacity;
    struct mr_flow_topic *topics; /* owned chain */
    pthread_mutex_t lock;         /* of the chain */
};

struct mr_flow *mr_flow_new(size_t capacity)
{
    struct mr_flow *flow = calloc(1, sizeof(*flow));

    if (flow != NULL) {
        flow->capacity = capacity;
        (void)pthread_mutex_init(&flow->lock, NULL);
    }
    return flow;
}

static void free_topic(struct mr_flow_topic *topic)
{
    for (size_t i = 0; i < GROUP_COUNT_MAX; i++) {
        free(topic->groups[i].name);
        free(topic->groups[i].next);
        free(topic->groups[i].size);
    }
    (void)pthread_mutex_destroy(&topic->lock);
    (void)pthread_cond_destroy(&topic->progress);
    free(topic->produced);
    free(topic->name);
    free(topic);
}

void mr_flow_free(struct mr_flow *flow)
{
    if (flow == NULL) {
        return;
    }
    while (flow->topics != NULL) {
        struct mr_flow_topic *topic = flow->topics;

        flow->topics = topic->next;
        free_topic(topic);
    }
    (void)pthread_mutex_destroy(&flow->lock);
    free(flow);
}

struct mr_flow_topic *mr_flow_topic(struct mr_flow *flow, const char *name)
{
    struct mr_flow_topic *topic;

    (void)pthread_mutex_lock(&flow->lock);
    for (topic = flow->topics; topic != NULL && strcmp(topic->name, name) != 0;) {
        topic = topic->next;
    }
    (void)pthread_mutex_unlock(&flow->lock);
    return topic;
}

static void init_waiting(struct mr_flow_topic *topic)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&topic->progress, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&topic->lock, NULL);
}

struct mr_flow_topic *mr_flow_topic_add(struct mr_flow *flow, const char *name,
                                        int32_t partition_count)
{
    struct mr_flow_topic *topic = calloc(1, sizeof(*topic));

    MR_ASSERT(partition_count > 0);
    if (topic == NULL) {
        return NULL;
    }
    init_waiting(topic);
    topic->flow = flow;
    topic->partition_count = partition_count;
    topic->name = strdup(name);
    topic->produced = calloc((size_t)partition_count, sizeof(*topic->produced));
    if (topic->name == NULL || topic->produced == NULL) {
        free_topic(topic);
        return NULL;
    }
    (void)pthread_mutex_lock(&flow->lock);
    topic->next = flow->topics;
    flow->topics = topic;
    (void)pthread_mutex_unlock(&flow->lock);
    return topic;
}

int32_t mr_flow_partition_count(const struct mr_flow_topic *topic)
{
    return topic->partition_count;
}

static struct flow_group *find_group(struct mr_flow_topic *topic, const char *name)
{
    for (size_t i = 0; i < GROUP_COUNT_MAX; i++) {
        if (topic->groups[i].name != NULL && strcmp(topic->groups[i].name, name) == 0) {
            return &topic->groups[i];
        }
    }
    return NULL;
}

static struct flow_group *add_group(struct mr_flow_topic *topic, const char *name)
{
    const size_t count = (size_t)topic->partition_count;
    struct flow_group *group = NULL;

    for (size_t i = 0; i < GROUP_COUNT_MAX && group == NULL; i++) {
        group = topic->groups[i].name == NULL ? &topic->groups[i] : NULL;
    }
    if (group == NULL) {
        return NULL;
    }
    *group = (struct flow_group){.name = strdup(name),
                                 .next = calloc(count, sizeof(*group->next)),
                                 .size = calloc(count, sizeof(*group->size))};
    if (group->name == NULL || group->next == NULL || group->size == NULL) {
        free(group->name);
        free(group->next);
        free(group->size);
        *group = (struct flow_group){0};
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        group->next[i] = -1;
    }
    return group;
}

enum mr_code mr_flow_join(struct mr_flow_topic *topic, const char *group_name, const void *reader,
                          struct mr_error *err)
{
    struct flow_group *group;

    (void)pthread_mutex_lock(&topic->lock);
    group = find_group(topic, group_name);
    if (group == NULL) {
        group = add_group(topic, group_name);
    }
    if (group != NULL) {
        group->reader_count++;
        group->reader = reader;
    }
    (void)pthread_mutex_unlock(&topic->lock);
    if (group == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "%s: more than %d groups, or no memory", topic->name,
                       GROUP_COUNT_MAX);
    }
    return MR_OK;
}

void mr_flow_leave(struct mr_flow_topic *topic, const char *group_name, const void *reader)
{
    struct flow_group *group;

    (void)pthread_mutex_lock(&topic->lock);
    group = find_group(topic, group_name);
    if (group != NULL && group->reader_count > 0) {
        group->reader_count--;
        group->reader = group->reader == reader ? NULL : group->reader;
    }
    (void)pthread_cond_broadcast(&topic->progress);
    (void)pthread_mutex_unlock(&topic->lock);
}

/* The reading group that is furthest behind in partition, or NULL. */
static const struct flow_group *slowest(const struct mr_flow_topic *topic, int32_t partition,
                                        const void *writer)
{
    const struct flow_group *found = NULL;

    for (size_t i = 0; i < GROUP_COUNT_MAX; i++) {
        const struct flow_group *group = &topic->groups[i];

        if (group->reader_count > 0 && group->reader != writer &&
            (found == NULL || group->size[partition] < found->size[partition])) {
            found = group;
        }
    }
    return found;
}

/* More may have been committed than was produced: other processes may write to the mock too. */
static bool has_room(const struct mr_flow_topic *topic, const struct flow_group *group,
                     int32_t partition, size_t size)
{
    const uint64_t produced = topic->produced[partition];
    const uint64_t committed = group->size[partition];

    return produced <= committed || produced - committed + size <= topic->flow->capacity;
}

/* Who is waited for, and until when: anew each time it has moved. */
struct patience {
    const struct flow_group *group;
    uint64_t size;
    struct timespec end;
};

/* Waits for some change; false when the group has not moved for too long. */
static bool wait_for_change(struct mr_flow_topic *topic, const struct flow_group *group,
                            int32_t partition, struct patience *patience)
{
    if (patience->group != group || patience->size != group->size[partition]) {
        patience->group = group;
        patience->size = group->size[partition];
        patience->end.tv_sec = mr_clock_monotonic(&mr_clock_system) / 1000 + PATIENCE_S;
    }
    return pthread_cond_timedwait(&topic->progress, &topic->lock, &patience->end) != ETIMEDOUT;
}

enum mr_code mr_flow_reserve(struct mr_flow_topic *topic, int32_t partition, size_t size,
                             const void *writer, struct mr_error *err)
{
    struct patience patience = {.group = NULL};
    enum mr_code code = MR_OK;
    const struct flow_group *group;

    MR_ASSERT(partition >= 0 && partition < topic->partition_count);
    (void)pthread_mutex_lock(&topic->lock);
    for (group = slowest(topic, partition, writer);
         group != NULL && !has_room(topic, group, partition, size) && code == MR_OK;
         group = slowest(topic, partition, writer)) {
        if (!wait_for_change(topic, group, partition, &patience)) {
            code = MR_FAIL(err, MR_NO_ROOM,
                           "embedded: %s [%d] is full and %s has committed nothing of it for %d s",
                           topic->name, (int)partition, group->name, PATIENCE_S);
        }
    }
    if (code == MR_OK) {
        topic->produced[partition] += size;
    }
    (void)pthread_mutex_unlock(&topic->lock);
    return code;
}

void mr_flow_return(struct mr_flow_topic *topic, int32_t partition, size_t size)
{
    (void)pthread_mutex_lock(&topic->lock);
    MR_ASSERT(topic->produced[partition] >= size);
    topic->produced[partition] -= size;
    (void)pthread_cond_broadcast(&topic->progress);
    (void)pthread_mutex_unlock(&topic->lock);
}

void mr_flow_commit(struct mr_flow_topic *topic, const char *group_name, int32_t partition,
                    size_t size, int64_t next)
{
    struct flow_group *group;

    (void)pthread_mutex_lock(&topic->lock);
    group = find_group(topic, group_name);
    MR_ASSERT(group != NULL);
    group->size[partition] += size;
    group->next[partition] = next;
    (void)pthread_cond_broadcast(&topic->progress);
    (void)pthread_mutex_unlock(&topic->lock);
}

int64_t mr_flow_committed(struct mr_flow_topic *topic, const char *group_name, int32_t partition)
{
    const struct flow_group *group;
    int64_t next;

    (void)pthread_mutex_lock(&topic->lock);
    group = find_group(topic, group_name);
    next = group == NULL ? -1 : group->next[partition];
    (void)pthread_mutex_unlock(&topic->lock);
    return next;
}
