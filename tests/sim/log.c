#include "tests/sim/log_internal.h"

#include "processors/core/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *sim_more(void *items, size_t *room, size_t count, size_t item_size)
{
    if (count < *room) {
        return items;
    }
    *room = *room == 0 ? 64 : 2 * *room;
    items = realloc(items, *room * item_size);
    MR_ASSERT(items != NULL);
    return items;
}

struct sim_topic *sim_topic(struct sim_log *log, const char *name)
{
    for (size_t i = 0; i < log->topic_count; i++) {
        if (strcmp(log->topics[i].name, name) == 0) {
            return &log->topics[i];
        }
    }
    return NULL;
}

static struct sim_partition *partition_of(struct sim_log *log, const char *name, int32_t partition)
{
    struct sim_topic *topic = sim_topic(log, name);

    MR_ASSERT(topic != NULL && partition >= 0 && partition < topic->partition_count);
    return &topic->partitions[partition];
}

/* NULL stays NULL, and an empty text is not NULL. */
static struct mr_span own(struct mr_span bytes)
{
    uint8_t *copy;

    if (bytes.data == NULL) {
        return (struct mr_span){NULL, 0};
    }
    copy = malloc(bytes.size + 1);
    MR_ASSERT(copy != NULL);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return (struct mr_span){copy, bytes.size};
}

static void disown(struct mr_span bytes)
{
    union {
        const uint8_t *data;
        void *owned;
    } pointer = {.data = bytes.data};

    free(pointer.owned);
}

static void entry_free(struct sim_entry *entry)
{
    disown(entry->record.key);
    disown(entry->record.value);
    for (size_t i = 0; i < entry->record.header_count; i++) {
        disown(mr_span_text(entry->record.headers[i].name));
        disown(entry->record.headers[i].value);
    }
    free(entry->record.headers);
}

static void copy_headers(struct sim_record *record, const struct mr_output *output)
{
    record->header_count = output->header_count;
    record->headers = calloc(output->header_count + 1, sizeof(*record->headers));
    MR_ASSERT(record->headers != NULL);
    for (size_t i = 0; i < output->header_count; i++) {
        const struct mr_span name = mr_span_text(output->headers[i].name);

        record->headers[i].name =
            (const char *)own((struct mr_span){name.data, name.size + 1}).data;
        record->headers[i].value = own(output->headers[i].value);
    }
}

static struct sim_entry *add_entry(struct sim_partition *partition)
{
    struct sim_entry *entry;

    partition->entries =
        sim_more(partition->entries, &partition->room, partition->count, sizeof(*entry));
    entry = &partition->entries[partition->count++];
    *entry = (struct sim_entry){.record = {.offset = partition->next++}};
    return entry;
}

int64_t sim_append(struct sim_log *log, struct sim_partition *partition,
                   const struct mr_output *output, const struct sim_txn *txn)
{
    struct sim_entry *entry = add_entry(partition);

    entry->txn = txn != NULL ? txn : &log->always;
    entry->has_key = output->key.data != NULL;
    entry->record.timestamp_ms =
        output->timestamp_ms != 0 ? output->timestamp_ms : sim_world_now_ms(log->world);
    entry->record.key = own(output->key);
    entry->record.value = own(output->value);
    copy_headers(&entry->record, output);
    return entry->record.offset;
}

int64_t sim_stable(struct sim_partition *partition)
{
    size_t *at = &partition->settled;

    while (*at < partition->count && partition->entries[*at].txn->state != SIM_OPEN_STILL) {
        ++*at;
    }
    return *at < partition->count ? partition->entries[*at].record.offset : partition->next;
}

int64_t sim_start(const struct sim_partition *partition)
{
    return partition->count > 0 ? partition->entries[0].record.offset : partition->next;
}

bool sim_is_readable(const struct sim_entry *entry)
{
    return !entry->is_control && entry->txn->state == SIM_COMMITTED_NOW;
}

size_t sim_find(const struct sim_partition *partition, int64_t offset)
{
    size_t low = 0, high = partition->count;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (partition->entries[middle].record.offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct sim_producer *sim_producer(struct sim_log *log, const char *name)
{
    struct sim_producer *producer = log->producers;

    while (producer != NULL && strcmp(producer->name, name) != 0) {
        producer = producer->next;
    }
    if (producer == NULL) {
        producer = calloc(1, sizeof(*producer));
        MR_ASSERT(producer != NULL);
        (void)snprintf(producer->name, sizeof(producer->name), "%s", name);
        producer->next = log->producers;
        log->producers = producer;
    }
    return producer;
}

void sim_begin(struct sim_log *log, struct sim_producer *producer)
{
    struct sim_txn *txn = calloc(1, sizeof(*txn));

    MR_ASSERT(txn != NULL && producer->open == NULL);
    *txn = (struct sim_txn){SIM_OPEN_STILL, sim_world_now_ms(log->world), log->txns};
    log->txns = txn;
    producer->open = txn;
    producer->touched_count = 0;
}

void sim_touch(struct sim_producer *producer, struct sim_partition *partition)
{
    for (size_t i = 0; i < producer->touched_count; i++) {
        if (producer->touched[i] == partition) {
            return;
        }
    }
    MR_ASSERT(producer->touched_count < MR_COUNT(producer->touched));
    producer->touched[producer->touched_count++] = partition;
}

void sim_end(struct sim_log *log, struct sim_producer *producer, enum sim_state state)
{
    if (producer->open == NULL) {
        return;
    }
    producer->open->state = state;
    producer->open = NULL;
    for (size_t i = 0; i < producer->touched_count; i++) {
        struct sim_entry *entry = add_entry(producer->touched[i]);

        entry->txn = &log->always;
        entry->is_control = true;
    }
}

void sim_expire(struct sim_log *log)
{
    const int64_t now_ms = sim_world_now_ms(log->world);

    for (struct sim_producer *producer = log->producers; producer; producer = producer->next) {
        if (producer->open != NULL && now_ms - producer->open->begun_ms > SIM_TRANSACTION_MS) {
            producer->epoch++;
            sim_end(log, producer, SIM_ABORTED_NOW);
        }
    }
}

static enum mr_code ensure(struct mr_broker *base, const struct mr_topic_spec *topics, size_t count,
                           struct mr_error *err)
{
    struct sim_log *log = (struct sim_log *)base;

    for (size_t i = 0; i < count; i++) {
        struct sim_topic *topic = sim_topic(log, topics[i].name);

        if (topic != NULL && topic->partition_count != topics[i].partitions) {
            return MR_FAIL(err, MR_BAD_CONFIG, "%s has %d partitions, not %d", topic->name,
                           topic->partition_count, topics[i].partitions);
        }
        if (topic != NULL) {
            continue;
        }
        MR_ASSERT(log->topic_count < SIM_TOPICS_MAX);
        topic = &log->topics[log->topic_count++];
        (void)snprintf(topic->name, sizeof(topic->name), "%s", topics[i].name);
        topic->partition_count = topics[i].partitions;
        topic->is_compacted = topics[i].is_compacted;
        topic->partitions = calloc((size_t)topics[i].partitions, sizeof(*topic->partitions));
        MR_ASSERT(topic->partitions != NULL);
    }
    return MR_OK;
}

static enum mr_code open_transport(struct mr_broker *base, const struct mr_transport_spec *spec,
                                   struct mr_transport **transport, struct mr_error *err)
{
    return sim_transport_open((struct sim_log *)base, spec, transport, err);
}

static enum mr_code retention(struct mr_broker *base, const char *topic, int64_t *retention_ms,
                              struct mr_error *err)
{
    struct sim_log *log = (struct sim_log *)base;

    if (sim_topic(log, topic) == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "there is no topic %s", topic);
    }
    *retention_ms = log->retention_ms;
    return MR_OK;
}

static void leave_open(struct mr_broker *base)
{
    (void)base; /* the test frees the log, when it has looked at it */
}

static const struct mr_broker_ops broker_ops = {ensure, open_transport, retention, leave_open};

struct sim_log *sim_log_new(struct sim_world *world)
{
    struct sim_log *log = calloc(1, sizeof(*log));

    MR_ASSERT(log != NULL);
    log->base = (struct mr_broker){.ops = &broker_ops, .bootstrap = "simulated"};
    log->world = world;
    log->always.state = SIM_COMMITTED_NOW;
    log->retention_ms = -1;
    return log;
}

static void topic_free(struct sim_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        for (size_t k = 0; k < topic->partitions[i].count; k++) {
            entry_free(&topic->partitions[i].entries[k]);
        }
        free(topic->partitions[i].entries);
    }
    free(topic->partitions);
}

/* Frees a list whose nodes are linked by their member `next`. */
#define FREE_LIST(list) \
    while ((list) != NULL) { \
        void *node = (list); \
        (list) = (list)->next; \
        free(node); \
    }

void sim_log_free(struct sim_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < log->topic_count; i++) {
        topic_free(&log->topics[i]);
    }
    FREE_LIST(log->txns)
    FREE_LIST(log->producers)
    FREE_LIST(log->memberships)
    free(log);
}

struct mr_broker *sim_log_broker(struct sim_log *log)
{
    return &log->base;
}

void sim_log_on_call(struct sim_log *log, sim_hook *hook, void *context)
{
    log->hook = hook;
    log->hook_context = context;
}

struct sim_fault sim_log_ask(struct sim_log *log, const char *instance, enum sim_op op,
                             enum sim_when when)
{
    const struct sim_call call = {instance, op, when};

    return log->hook != NULL ? log->hook(log->hook_context, &call) : (struct sim_fault){0};
}

void sim_log_put(struct sim_log *log, const char *topic, int32_t partition,
                 const struct mr_output *output)
{
    (void)sim_append(log, partition_of(log, topic, partition), output, NULL);
}

void sim_log_each(struct sim_log *log, const char *topic, int32_t partition, sim_visit *visit,
                  void *context)
{
    const struct sim_partition *from = partition_of(log, topic, partition);

    for (size_t i = 0; i < from->count; i++) {
        if (sim_is_readable(&from->entries[i])) {
            visit(context, &from->entries[i].record);
        }
    }
}

static void count_one(void *context, const struct sim_record *record)
{
    (void)record;
    ++*(size_t *)context;
}

size_t sim_log_count(struct sim_log *log, const char *topic)
{
    size_t count = 0;

    for (int32_t i = 0; i < sim_log_partitions(log, topic); i++) {
        sim_log_each(log, topic, i, count_one, &count);
    }
    return count;
}

int32_t sim_log_partitions(struct sim_log *log, const char *topic)
{
    const struct sim_topic *found = sim_topic(log, topic);

    return found != NULL ? found->partition_count : 0;
}

int64_t sim_log_end(struct sim_log *log, const char *topic, int32_t partition)
{
    return partition_of(log, topic, partition)->next;
}

int64_t sim_log_stable(struct sim_log *log, const char *topic, int32_t partition)
{
    return sim_stable(partition_of(log, topic, partition));
}

int64_t sim_log_position(struct sim_log *log, const char *group, const char *topic,
                         int32_t partition)
{
    return sim_membership(log, group, sim_topic(log, topic), partition)->committed;
}

static bool is_superseded(const struct sim_partition *partition, size_t index, int64_t stable)
{
    const struct sim_entry *entry = &partition->entries[index];

    for (size_t i = index + 1; i < partition->count; i++) {
        const struct sim_entry *later = &partition->entries[i];

        if (later->record.offset < stable && sim_is_readable(later) && later->has_key &&
            mr_span_equal(later->record.key, entry->record.key)) {
            return true;
        }
    }
    return false;
}

static void compact(struct sim_partition *partition)
{
    const int64_t stable = sim_stable(partition);
    size_t kept = 0;

    for (size_t i = 0; i < partition->count; i++) {
        struct sim_entry entry = partition->entries[i];

        if (entry.record.offset < stable && !entry.is_control &&
            (!sim_is_readable(&entry) || is_superseded(partition, i, stable))) {
            entry_free(&entry);
        } else {
            partition->entries[kept++] = entry;
        }
    }
    partition->count = kept;
    partition->settled = 0;
}

void sim_log_compact(struct sim_log *log, const char *name)
{
    struct sim_topic *topic = sim_topic(log, name);

    MR_ASSERT(topic != NULL && topic->is_compacted);
    for (int32_t i = 0; i < topic->partition_count; i++) {
        compact(&topic->partitions[i]);
    }
}

void sim_log_trim(struct sim_log *log, const char *topic, int32_t partition, int64_t before)
{
    struct sim_partition *from = partition_of(log, topic, partition);
    const size_t gone = sim_find(from, before);

    for (size_t i = 0; i < gone; i++) {
        entry_free(&from->entries[i]);
    }
    for (size_t i = gone; i < from->count; i++) {
        from->entries[i - gone] = from->entries[i];
    }
    from->count -= gone;
    from->settled = 0;
}

void sim_log_set_retention(struct sim_log *log, int64_t retention_ms)
{
    log->retention_ms = retention_ms;
}

void sim_log_set_writers_wait(struct sim_log *log, bool writers_wait)
{
    log->writers_wait = writers_wait;
}
