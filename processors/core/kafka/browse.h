/* browse.h - reading a topic for a person: no group, nothing committed, every header.
 *
 *     open --> [from, to) of each partition --> next, next, ... done
 *
 * One partition after the other, so that the same log gives the same order; where
 * the reader follows, all at once, as records come. The end is the end as it is
 * when the topic is opened; an open transaction is not waited for. An offset that
 * retention has passed begins at what is left.
 *
 * One thread at a time.
 */
#ifndef MR_KAFKA_BROWSE_H
#define MR_KAFKA_BROWSE_H

#include "processors/core/stage/transport.h"

enum mr_browse_kind {
    MR_BROWSE_BEGINNING,
    MR_BROWSE_END,
    MR_BROWSE_OFFSET, /* number: the offset */
    MR_BROWSE_LAST,   /* number: so many before the end */
    MR_BROWSE_TIME    /* number: ms since the epoch; the first record of that time or later */
};

struct mr_browse_place {
    enum mr_browse_kind kind;
    int64_t number;
};

struct mr_browse_spec {
    const char *topic;               /* borrowed, as long as the browser lives */
    int32_t partition;               /* -1: all */
    struct mr_browse_place from, to; /* of each partition; to is behind the last one read */
    bool is_following;               /* goes on at the end; to is not looked at */
    bool is_uncommitted;             /* also what open and aborted transactions wrote */
};

struct mr_browser;

/* Owned: mr_browser_close(). MR_BAD_CONFIG: no such topic or partition. */
enum mr_code mr_kafka_browse(struct mr_broker *broker, const struct mr_browse_spec *spec,
                             struct mr_browser **browser, struct mr_error *err);
/* *record NULL: none within wait_ms, or none any more: then *is_done. Borrowed until the next call;
 * a key or value that is not there has no data, a time that is not there is -1. */
enum mr_code mr_browser_next(struct mr_browser *browser, int64_t wait_ms,
                             const struct mr_record **record, bool *is_done, struct mr_error *err);
void mr_browser_close(struct mr_browser *browser); /* NULL is fine */

#endif
