/* store.h - keyed state: fixed-size structs by partition and key, a cache of the log.
 *
 *     run() --at(partition, key)--> state in memory
 *     commit --changed since the last snapshot--> <pipeline>.<stage>-state (compacted)
 *     assignment --snapshot, then the input since then without emitting--> state in memory
 *
 * A state is plain old data of one size, zeroed when new (zero is a valid empty
 * state), with a version: bytes of another version or size are not read back, the
 * key starts afresh. Its arithmetic must not depend on the machine.
 *
 * Keys expire by event time: when the partition's stream time (the latest event
 * time seen by the store) is more than ttl_ms past a key's last use, the key is
 * new again. That is a function of the log, not of when memory is tidied.
 *
 * Belongs to one worker thread.
 */
#ifndef MR_STAGE_STORE_H
#define MR_STAGE_STORE_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

struct mr_store;

struct mr_store_spec {
    const char *name;    /* "price": unique in its stage, part of the snapshot's keys */
    uint32_t state_size; /* bytes */
    uint16_t version;
    int64_t ttl_ms;  /* 0: never expires */
    size_t keys_max; /* per partition; more is MR_NO_ROOM */
};

/* The state of a key, new (zeroed) or as it was left; NULL: keys_max reached. Marks it changed. The
 * pointer holds until the next call with any store of the same partition. event_time_ms moves the
 * stream time forward. */
void *mr_store_at(struct mr_store *store, int32_t partition, struct mr_span key,
                  int64_t event_time_ms);
/* What mr_store_at() will read for a key comes from memory meanwhile: a hint for each of some keys,
 * then, with what the hints gave, a fetch for each. Without effect but on time. */
uint64_t mr_store_hint(const struct mr_store *store, int32_t partition, struct mr_span key);
void mr_store_fetch(const struct mr_store *store, int32_t partition, uint64_t hint);
/* The key that the latest mr_store_at() gave a state for, in the store's own memory: it lives as
 * long as the state, which stays where it is until the key is dropped, expires or is forgotten. */
struct mr_span mr_store_key(const struct mr_store *store);
/* Forgets a key now, for good: the next snapshot says so. */
void mr_store_drop(struct mr_store *store, int32_t partition, struct mr_span key);
/* All states of a partition, in no order that may reach an output. */
typedef void mr_store_look(void *context, struct mr_span key, void *state);
void mr_store_each(struct mr_store *store, int32_t partition, mr_store_look *look, void *context);
/* Another number whenever states of the partition came or went by other ways than mr_store_at() and
 * mr_store_drop(): what was made of them must be made anew. */
uint64_t mr_store_epoch(const struct mr_store *store, int32_t partition);
size_t mr_store_key_count(const struct mr_store *store);
const char *mr_store_name(const struct mr_store *store);

/* For the engine. */
struct mr_store *mr_store_new(const struct mr_store_spec *spec); /* owned; spec is copied */
void mr_store_free(struct mr_store *store);
/* Forgets a partition: it was given up, or its transaction was aborted. */
void mr_store_forget(struct mr_store *store, int32_t partition);

/* Calls visit for every state that changed since the last snapshot, in order of first use, and for
 * every expired key (state empty: a tombstone); then they count as unchanged. */
typedef enum mr_code mr_store_visit(void *context, struct mr_span key, struct mr_span state,
                                    struct mr_error *err);
enum mr_code mr_store_snapshot(struct mr_store *store, int32_t partition, mr_store_visit *visit,
                               void *context, struct mr_error *err);
/* Takes back what a visit was given (as read from the topic); unchanged. Bytes that do not verify
 * (version, size, CRC-32C) are left out: false. */
bool mr_store_restore(struct mr_store *store, int32_t partition, struct mr_span key,
                      struct mr_span state);
int64_t mr_store_stream_time(const struct mr_store *store, int32_t partition);
void mr_store_set_stream_time(struct mr_store *store, int32_t partition, int64_t event_time_ms);

#endif
