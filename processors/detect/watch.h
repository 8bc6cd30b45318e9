/* watch.h - when is which key due: one heap for each group of keys.
 *
 *     put(group, due, key, state) ...    take(group, until): the one that is due first
 *
 * A cache of a store's states for one partition, never written anywhere: what is due when is a
 * function of the states, and the heaps are made anew from them whenever they were read
 * back. A key has one slot; while it comes regularly the slot stays where it is and its time is
 * looked up again when it is taken. Ties go by key, so the order is that of the states, not of the
 * heap's past.
 *
 * Internal to processors/detect.
 */
#ifndef MR_DETECT_WATCH_H
#define MR_DETECT_WATCH_H

#include "processors/core/base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct mr_watch;

struct mr_watch_slot {
    int64_t due;
    struct mr_span key; /* borrowed from the store, as is the state */
    void *state;
};

struct mr_watch *mr_watch_new(void); /* owned; NULL: no memory */
void mr_watch_free(struct mr_watch *watch);
void mr_watch_clear(struct mr_watch *watch);

/* group is any number but 0. false: no memory. */
bool mr_watch_put(struct mr_watch *watch, uint64_t group, const struct mr_watch_slot *slot);
/* Takes the first that is due by `until`; false: none is. */
bool mr_watch_take(struct mr_watch *watch, uint64_t group, int64_t until,
                   struct mr_watch_slot *slot);

#endif
