#include "processors/core/stage/store.h"

#include "processors/core/base/digest.h"

#include <stdlib.h>
#include <string.h>

#define PARTITIONS_MAX 4096
#define FIRST_BUCKETS 64
#define LINE_SIZE ((size_t)64) /* of the processor's cache */
#define KEY_GUESS ((size_t)40) /* bytes: a fetch that is a line short costs little */

/* An entry's bytes: this header, the key, padding, the state. Entries never move, so the table can
 * grow while a state is in use; freed ones are not reused but go with their partition. */
struct entry {
    struct entry *next_changed; /* in order of first change since the last snapshot */
    uint64_t hash;
    int64_t used_ms; /* event time of the last use */
    uint32_t key_size;
    bool is_changed;
    bool is_dead;  /* expired and reported as such, or dropped; not found any more */
    bool is_loose; /* dead, without a bucket, and still to be reported: freed then */
};

struct table {
    struct entry **buckets; /* open addressing, power of two; owned, as are the entries */
    size_t bucket_count;
    size_t entry_count; /* dead ones too: they hold their bucket until the next growth */
    size_t live_count;
    struct entry *first_changed, *last_changed;
    int64_t stream_ms;
};

struct mr_store {
    struct mr_store_spec spec;
    struct table *tables[PARTITIONS_MAX];
    uint64_t epochs[PARTITIONS_MAX];
    struct mr_span key; /* of the latest mr_store_at() */
    uint8_t image[];    /* what a snapshot hands to its visitor, one state at a time */
};

/* What precedes a state in a snapshot: little-endian, fixed for ever. */
struct image {
    uint16_t version;
    uint16_t reserved;
    uint32_t crc; /* of what follows */
    int64_t used_ms;
};

static size_t state_offset(uint32_t key_size)
{
    const size_t align = _Alignof(max_align_t);

    return (sizeof(struct entry) + key_size + align - 1) / align * align;
}

static void *state_of(struct entry *entry)
{
    return (unsigned char *)entry + state_offset(entry->key_size);
}

static struct mr_span key_of(const struct entry *entry)
{
    return (struct mr_span){(const uint8_t *)(entry + 1), entry->key_size};
}

struct mr_store *mr_store_new(const struct mr_store_spec *spec)
{
    struct mr_store *store = NULL;

    MR_ASSERT(spec->state_size > 0 && spec->keys_max > 0);
    store = calloc(1, sizeof(*store) + sizeof(struct image) + spec->state_size);
    if (store != NULL) {
        store->spec = *spec;
    }
    return store;
}

/* Nothing is changed any more. */
static void settle(struct table *table)
{
    struct entry *next;

    for (struct entry *entry = table->first_changed; entry != NULL; entry = next) {
        next = entry->next_changed;
        entry->is_changed = false;
        if (entry->is_loose) {
            free(entry);
        }
    }
    table->first_changed = NULL;
    table->last_changed = NULL;
}

static void table_free(struct table *table)
{
    if (table == NULL) {
        return;
    }
    settle(table);
    for (size_t i = 0; i < table->bucket_count; i++) {
        free(table->buckets[i]);
    }
    free(table->buckets);
    free(table);
}

void mr_store_free(struct mr_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < PARTITIONS_MAX; i++) {
        table_free(store->tables[i]);
    }
    free(store);
}

const char *mr_store_name(const struct mr_store *store)
{
    return store->spec.name;
}

void mr_store_forget(struct mr_store *store, int32_t partition)
{
    table_free(store->tables[partition]);
    store->tables[partition] = NULL;
    store->epochs[partition]++;
}

static struct table *table_new(void)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL) {
        return NULL;
    }
    table->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
    if (table->buckets == NULL) {
        free(table);
        return NULL;
    }
    table->bucket_count = FIRST_BUCKETS;
    table->stream_ms = INT64_MIN;
    return table;
}

static struct table *table_of(struct mr_store *store, int32_t partition)
{
    MR_ASSERT(partition >= 0 && partition < PARTITIONS_MAX);
    if (store->tables[partition] == NULL) {
        store->tables[partition] = table_new();
    }
    return store->tables[partition];
}

/* Where the key is, or the free bucket where it would go. */
static size_t find_bucket(const struct table *table, uint64_t hash, struct mr_span key)
{
    const size_t mask = table->bucket_count - 1;
    size_t at = (size_t)hash & mask;

    for (; table->buckets[at] != NULL; at = (at + 1) & mask) {
        const struct entry *entry = table->buckets[at];

        if (entry->hash == hash && !entry->is_dead && mr_span_equal(key_of(entry), key)) {
            return at;
        }
    }
    return at;
}

/* Twice the buckets, or as many as before where enough of them hold the dead. */
static bool table_grow(struct table *table)
{
    const size_t old_count = table->bucket_count;
    struct entry **old = table->buckets;
    const size_t count = table->live_count * 4 > old_count ? old_count * 2 : old_count;

    table->buckets = calloc(count, sizeof(struct entry *));
    if (table->buckets == NULL) {
        table->buckets = old;
        return false;
    }
    table->bucket_count = count;
    table->entry_count = table->live_count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != NULL && old[i]->is_dead && old[i]->is_changed) {
            old[i]->is_loose = true;
        } else if (old[i] != NULL && old[i]->is_dead) {
            free(old[i]);
        } else if (old[i] != NULL) {
            table->buckets[find_bucket(table, old[i]->hash, key_of(old[i]))] = old[i];
        }
    }
    free(old);
    return true;
}

static struct entry *entry_new(const struct mr_store *store, uint64_t hash, struct mr_span key)
{
    const size_t offset = state_offset((uint32_t)key.size);
    struct entry *entry = calloc(1, offset + store->spec.state_size);

    if (entry == NULL) {
        return NULL;
    }
    entry->hash = hash;
    entry->used_ms = INT64_MIN;
    entry->key_size = (uint32_t)key.size;
    if (key.size > 0) {
        memcpy(entry + 1, key.data, key.size);
    }
    return entry;
}

/* The entry of a key, made when there is none and less than keys_max live. NULL: no room. */
static struct entry *entry_at(struct mr_store *store, struct table *table, struct mr_span key,
                              size_t keys_max)
{
    const uint64_t hash = mr_hash64(key);
    size_t at = find_bucket(table, hash, key);

    if (table->buckets[at] != NULL) {
        return table->buckets[at];
    }
    if (table->live_count >= keys_max) {
        return NULL;
    }
    if (table->entry_count * 4 >= table->bucket_count * 3) {
        if (!table_grow(table)) {
            return NULL;
        }
        at = find_bucket(table, hash, key);
    }
    table->buckets[at] = entry_new(store, hash, key);
    if (table->buckets[at] != NULL) {
        table->entry_count++;
        table->live_count++;
    }
    return table->buckets[at];
}

static bool is_expired(const struct mr_store *store, const struct table *table,
                       const struct entry *entry)
{
    /* As unsigned: used_ms is whatever a record said, and the difference may not fit. */
    return store->spec.ttl_ms > 0 && table->stream_ms > entry->used_ms &&
           (uint64_t)table->stream_ms - (uint64_t)entry->used_ms > (uint64_t)store->spec.ttl_ms;
}

static void mark_changed(struct table *table, struct entry *entry)
{
    if (entry->is_changed) {
        return;
    }
    entry->is_changed = true;
    entry->next_changed = NULL;
    if (table->last_changed != NULL) {
        table->last_changed->next_changed = entry;
    } else {
        table->first_changed = entry;
    }
    table->last_changed = entry;
}

void *mr_store_at(struct mr_store *store, int32_t partition, struct mr_span key,
                  int64_t event_time_ms)
{
    struct table *table = table_of(store, partition);
    struct entry *entry;

    if (table == NULL || key.size > UINT32_MAX / 2) {
        return NULL;
    }
    if (event_time_ms > table->stream_ms) {
        table->stream_ms = event_time_ms;
    }
    entry = entry_at(store, table, key, store->spec.keys_max);
    if (entry == NULL) {
        return NULL;
    }
    if (is_expired(store, table, entry)) {
        memset(state_of(entry), 0, store->spec.state_size);
        entry->used_ms = event_time_ms;
    }
    if (event_time_ms > entry->used_ms) {
        entry->used_ms = event_time_ms;
    }
    mark_changed(table, entry);
    store->key = key_of(entry);
    return state_of(entry);
}

uint64_t mr_store_hint(const struct mr_store *store, int32_t partition, struct mr_span key)
{
    const struct table *table = store->tables[partition];
    const uint64_t hash = mr_hash64(key);

    if (table != NULL) {
        __builtin_prefetch(&table->buckets[(size_t)hash & (table->bucket_count - 1)]);
    }
    return hash;
}

void mr_store_fetch(const struct mr_store *store, int32_t partition, uint64_t hint)
{
    const struct table *table = store->tables[partition];
    const size_t size = sizeof(struct entry) + KEY_GUESS + store->spec.state_size;
    const struct entry *entry =
        table ? table->buckets[(size_t)hint & (table->bucket_count - 1)] : NULL;

    for (size_t at = 0; entry != NULL && at < size; at += LINE_SIZE) {
        __builtin_prefetch((const uint8_t *)entry + at, 1);
    }
}

struct mr_span mr_store_key(const struct mr_store *store)
{
    return store->key;
}

void mr_store_drop(struct mr_store *store, int32_t partition, struct mr_span key)
{
    struct table *table = table_of(store, partition);
    struct entry *entry = table ? table->buckets[find_bucket(table, mr_hash64(key), key)] : NULL;

    if (entry != NULL) {
        mark_changed(table, entry);
        entry->is_dead = true;
        table->live_count--;
    }
}

void mr_store_each(struct mr_store *store, int32_t partition, mr_store_look *look, void *context)
{
    const struct table *table = store->tables[partition];

    for (size_t i = 0; table != NULL && i < table->bucket_count; i++) {
        if (table->buckets[i] != NULL && !table->buckets[i]->is_dead) {
            look(context, key_of(table->buckets[i]), state_of(table->buckets[i]));
        }
    }
}

uint64_t mr_store_epoch(const struct mr_store *store, int32_t partition)
{
    return store->epochs[partition];
}

size_t mr_store_key_count(const struct mr_store *store)
{
    size_t count = 0;

    for (size_t i = 0; i < PARTITIONS_MAX; i++) {
        count += store->tables[i] ? store->tables[i]->live_count : 0;
    }
    return count;
}

static enum mr_code visit_live(const struct mr_store *store, struct entry *entry, uint8_t *image,
                               mr_store_visit *visit, void *context, struct mr_error *err)
{
    const size_t size = sizeof(struct image) + store->spec.state_size;
    struct image head = {.version = store->spec.version, .used_ms = entry->used_ms};

    memcpy(image, &head, sizeof(head));
    memcpy(image + sizeof(head), state_of(entry), store->spec.state_size);
    head.crc = mr_crc32c((struct mr_span){image + offsetof(struct image, used_ms),
                                          size - offsetof(struct image, used_ms)});
    memcpy(image, &head, sizeof(head));
    return visit(context, key_of(entry), (struct mr_span){image, size}, err);
}

static enum mr_code visit_changed(struct mr_store *store, struct table *table, uint8_t *image,
                                  mr_store_visit *visit, void *context, struct mr_error *err)
{
    for (struct entry *entry = table->first_changed; entry != NULL; entry = entry->next_changed) {
        const enum mr_code code =
            entry->is_dead ? visit(context, key_of(entry), (struct mr_span){NULL, 0}, err)
                           : visit_live(store, entry, image, visit, context, err);

        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

/* Tidies memory: what expired is new again anyway when it is next asked for. */
static enum mr_code visit_expired(struct mr_store *store, int32_t partition, mr_store_visit *visit,
                                  void *context, struct mr_error *err)
{
    struct table *table = store->tables[partition];

    for (size_t i = 0; store->spec.ttl_ms > 0 && i < table->bucket_count; i++) {
        struct entry *entry = table->buckets[i];
        enum mr_code code;

        if (entry == NULL || entry->is_dead || !is_expired(store, table, entry)) {
            continue;
        }
        code = visit(context, key_of(entry), (struct mr_span){NULL, 0}, err);
        if (code != MR_OK) {
            return code;
        }
        entry->is_dead = true;
        table->live_count--;
        store->epochs[partition]++;
    }
    return MR_OK;
}

enum mr_code mr_store_snapshot(struct mr_store *store, int32_t partition, mr_store_visit *visit,
                               void *context, struct mr_error *err)
{
    struct table *table = store->tables[partition];
    enum mr_code code;

    if (table == NULL) {
        return MR_OK;
    }
    code = visit_changed(store, table, store->image, visit, context, err);
    if (code == MR_OK) {
        code = visit_expired(store, partition, visit, context, err);
    }
    settle(table);
    return code;
}

bool mr_store_restore(struct mr_store *store, int32_t partition, struct mr_span key,
                      struct mr_span state)
{
    struct table *table = table_of(store, partition);
    struct image head;
    struct entry *entry;

    if (table == NULL) {
        return false;
    }
    store->epochs[partition]++;
    if (state.size == 0) { /* a tombstone: forget what an earlier snapshot said */
        const size_t at = find_bucket(table, mr_hash64(key), key);

        if (table->buckets[at] != NULL) {
            table->buckets[at]->is_dead = true;
            table->live_count--;
        }
        return true;
    }
    if (state.size != sizeof(head) + store->spec.state_size) {
        return false;
    }
    memcpy(&head, state.data, sizeof(head));
    if (head.version != store->spec.version ||
        head.crc != mr_crc32c((struct mr_span){state.data + offsetof(struct image, used_ms),
                                               state.size - offsetof(struct image, used_ms)})) {
        return false;
    }
    /* Whatever keys_max says now: state that is left out is lost for good, and silently. */
    entry = entry_at(store, table, key, SIZE_MAX);
    MR_ASSERT(entry != NULL);
    memcpy(state_of(entry), state.data + sizeof(head), store->spec.state_size);
    entry->used_ms = head.used_ms;
    return true;
}

int64_t mr_store_stream_time(const struct mr_store *store, int32_t partition)
{
    return store->tables[partition] ? store->tables[partition]->stream_ms : INT64_MIN;
}

void mr_store_set_stream_time(struct mr_store *store, int32_t partition, int64_t event_time_ms)
{
    struct table *table = table_of(store, partition);

    if (table != NULL && event_time_ms > table->stream_ms) {
        table->stream_ms = event_time_ms;
    }
}
