/* mark.h - how far a topic's file is: its size, and the next offset of each partition.
 *
 * Kept beside the file as `.TOPIC.position`, a line of JSON:
 *     {"size": 8192, "rotated": 2, "next": {"0": 117, "1": 98}}
 * A new one is written whole, synced, and renamed over the old one, so there is
 * always exactly one, and it always stands for one state: the first `size` bytes of the file hold
 * the records below `next`, and no other.
 */
#ifndef MR_SINKS_FILES_MARK_H
#define MR_SINKS_FILES_MARK_H

#include "processors/core/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mr_mark_next {
    int32_t partition;
    int64_t next;    /* what the file on the disk holds; -1: nothing of this partition */
    int64_t pending; /* with what was written since */
};

struct mr_mark {
    int64_t size;               /* of the file that is being written, in bytes */
    int64_t rotated;            /* index of the last file that is full; 0: none */
    struct mr_mark_next *items; /* owned */
    size_t count, room;
};

/* No file: *mark stays empty, *is_there false. What cannot be read is MR_BAD_DATA. */
enum mr_code mr_mark_load(struct mr_mark *mark, const char *path, bool *is_there,
                          struct mr_error *err);
/* Saves the pending offsets with mark->size; path.new is the file that is renamed. */
enum mr_code mr_mark_save(const struct mr_mark *mark, const char *path, bool is_synced,
                          struct mr_error *err);
/* The item of a partition, made when it is not there; NULL: no memory. */
struct mr_mark_next *mr_mark_of(struct mr_mark *mark, int32_t partition);
void mr_mark_free(struct mr_mark *mark);

#endif
