/* offsets.h - the next offset of every partition, in the transaction of its rows.
 *
 * Table millrace_offsets(pipeline, sink, topic, partition, next); next -1: no record yet. A sink
 * remembers what it read or wrote last, and moves an offset only from there:
 *
 *     UPDATE .. SET next = NEW WHERE .. AND next = WHAT WE KNOW
 *
 * If that changes no row, another process writes in our place. It has taken over, so we are
 * fenced, and our rows go with the transaction.
 *
 * A COMMIT without an answer leaves a doubt: it may have been done. Then the row is read again,
 * FOR UPDATE, so that the old session's transaction has ended either way; the offset is what we
 * knew (it was not), what we wanted (it was), or somebody else's.
 */
#ifndef MR_SINKS_POSTGRES_OFFSETS_H
#define MR_SINKS_POSTGRES_OFFSETS_H

#include "sinks/postgres/link.h"

struct mr_pg_offset {
    size_t input;
    int32_t partition;
    const char *topic; /* borrowed */
    int64_t known;     /* what the table says, committed; -1: no record yet */
    int64_t next;      /* what it has to say after the open transaction */
    bool is_dirty;     /* next is to be written */
    bool is_doubtful;  /* next may have been written */
    bool is_read;      /* known is; else the row has to be read first */
};

struct mr_pg_offsets {
    const char *pipeline, *sink; /* borrowed */
    struct mr_pg_offset *items;  /* owned */
    size_t count, room;
};

/* The item of a partition, made when it is not there; NULL: no memory. */
struct mr_pg_offset *mr_pg_offset_of(struct mr_pg_offsets *offsets, size_t input, const char *topic,
                                     int32_t partition);
/* Reads the row; makes it when there is none. Outside of a transaction. */
enum mr_code mr_pg_offset_read(const struct mr_pg_offsets *offsets, struct mr_pg_offset *offset,
                               struct mr_pg_link *link, struct mr_error *err);
/* Ends doubts; in a transaction. MR_FENCED: somebody else was there. */
enum mr_code mr_pg_offsets_resolve(struct mr_pg_offsets *offsets, struct mr_pg_link *link,
                                   struct mr_error *err);
/* Moves all dirty ones; in a transaction. MR_FENCED as above. */
enum mr_code mr_pg_offsets_move(struct mr_pg_offsets *offsets, struct mr_pg_link *link,
                                struct mr_error *err);
/* After COMMIT: what was dirty is known, or in doubt. */
void mr_pg_offsets_settle(struct mr_pg_offsets *offsets);
void mr_pg_offsets_doubt(struct mr_pg_offsets *offsets);
/* After ROLLBACK. */
void mr_pg_offsets_forget(struct mr_pg_offsets *offsets);
void mr_pg_offsets_free(struct mr_pg_offsets *offsets);

#endif
