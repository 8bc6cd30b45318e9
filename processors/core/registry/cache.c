#include "processors/core/registry/registry_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256
#define LOOSE_MAX 1024 /* whoever makes ids up makes us ask, not grow */

enum state { NOBODY_KNOWS, SOMEBODY_ASKS, KNOWN, ABSENT };

struct entry {
    struct entry *next;
    char *key; /* owned */
    enum state state;
    unsigned waiting; /* threads that hold on to it */
    uint64_t round;   /* counts what was heard */
    int64_t until_ms; /* of ABSENT */
    struct mr_registry_found found;
    struct mr_schema *schema; /* owned: what found points to */
    struct mr_error heard;    /* the failure of the last round, for those who waited */
};

struct mr_registry_cache {
    const struct mr_clock *clock; /* borrowed */
    int64_t absent_for_ms;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t heard;
    struct entry *buckets[BUCKETS];
    size_t loose_count; /* entries that are not KNOWN */
};

static struct entry **bucket_of(struct mr_registry_cache *cache, const char *key)
{
    return &cache->buckets[mr_hash64(mr_span_text(key)) % BUCKETS];
}

static void drop(struct entry *entry)
{
    mr_schema_free(entry->schema);
    free(entry->key);
    free(entry);
}

/* The entry of a key, made if need be; NULL: no memory. */
static struct entry *entry_of(struct mr_registry_cache *cache, const char *key)
{
    struct entry **bucket = bucket_of(cache, key);
    struct entry *entry = *bucket;

    while (entry != NULL && strcmp(entry->key, key) != 0) {
        entry = entry->next;
    }
    if (entry != NULL) {
        return entry;
    }
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->key = strdup(key);
    if (entry->key == NULL) {
        free(entry);
        return NULL;
    }
    entry->next = *bucket;
    *bucket = entry;
    cache->loose_count++;
    return entry;
}

/* Forgets what is not known and nobody is looking at, of one bucket. */
static void sweep(struct mr_registry_cache *cache, struct entry **at)
{
    while (*at != NULL) {
        struct entry *entry = *at;

        if (entry->waiting > 0 || entry->state == KNOWN) {
            at = &entry->next;
            continue;
        }
        cache->loose_count--;
        *at = entry->next;
        drop(entry);
    }
}

static void note(struct mr_registry_cache *cache, struct entry *entry, enum mr_code code,
                 const struct mr_registry_found *found, const struct mr_error *why)
{
    entry->round++;
    entry->heard = *why;
    entry->heard.code = code;
    entry->found = *found;
    if (code != MR_OK) {
        entry->state = NOBODY_KNOWS;
    } else if (found->reason == NULL) {
        entry->state = KNOWN;
        cache->loose_count--;
    } else {
        entry->state = ABSENT;
        entry->until_ms = mr_clock_monotonic(cache->clock) + cache->absent_for_ms;
    }
    for (size_t i = 0; cache->loose_count > LOOSE_MAX && i < BUCKETS; i++) {
        sweep(cache, &cache->buckets[i]);
    }
    (void)pthread_cond_broadcast(&cache->heard);
}

/* Called with the lock, which is open while find runs. */
static void ask(struct mr_registry_cache *cache, struct entry *entry, mr_registry_find *find,
                void *context)
{
    struct mr_registry_found found = {0};
    struct mr_error why = {0};
    enum mr_code code;

    entry->state = SOMEBODY_ASKS;
    (void)pthread_mutex_unlock(&cache->lock);
    code = find(context, &found, &entry->schema, &why); /* nobody looks at it meanwhile */
    (void)pthread_mutex_lock(&cache->lock);
    found.schema = entry->schema;
    note(cache, entry, code, &found, &why);
}

/* Called with the lock. */
static enum mr_code answer(struct mr_registry_cache *cache, struct entry *entry,
                           mr_registry_find *find, void *context, struct mr_registry_found *found,
                           struct mr_error *err)
{
    const uint64_t round = entry->round;

    if (entry->state == ABSENT && mr_clock_monotonic(cache->clock) >= entry->until_ms) {
        entry->state = NOBODY_KNOWS;
    }
    if (entry->state == NOBODY_KNOWS) {
        ask(cache, entry, find, context);
    }
    while (entry->state == SOMEBODY_ASKS && entry->round == round) {
        (void)pthread_cond_wait(&cache->heard, &cache->lock);
    }
    if (entry->round != round && entry->heard.code != MR_OK) {
        return MR_FAIL(err, entry->heard.code, "%s", entry->heard.text);
    }
    *found = entry->found;
    return MR_OK;
}

enum mr_code mr_registry_cache_get(struct mr_registry_cache *cache, const char *key,
                                   mr_registry_find *find, void *context,
                                   struct mr_registry_found *found, struct mr_error *err)
{
    struct entry *entry;
    enum mr_code code;

    *found = (struct mr_registry_found){0};
    (void)pthread_mutex_lock(&cache->lock);
    entry = entry_of(cache, key);
    if (entry == NULL) {
        (void)pthread_mutex_unlock(&cache->lock);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for what the registry knows");
    }
    entry->waiting++;
    code = answer(cache, entry, find, context, found, err);
    entry->waiting--;
    (void)pthread_mutex_unlock(&cache->lock);
    return code;
}

struct mr_registry_cache *mr_registry_cache_new(const struct mr_clock *clock, int64_t absent_for_ms)
{
    struct mr_registry_cache *cache = calloc(1, sizeof(*cache));

    if (cache != NULL) {
        cache->clock = clock;
        cache->absent_for_ms = absent_for_ms;
        (void)pthread_mutex_init(&cache->lock, NULL);
        (void)pthread_cond_init(&cache->heard, NULL);
    }
    return cache;
}

void mr_registry_cache_free(struct mr_registry_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (cache->buckets[i] != NULL) {
            struct entry *entry = cache->buckets[i];

            cache->buckets[i] = entry->next;
            drop(entry);
        }
    }
    (void)pthread_cond_destroy(&cache->heard);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}
