/* flow.h - how much of an embedded partition is written and not yet committed by its readers.
 *
 *     produced - min over reading groups(committed)  =  bytes in flight  <=  capacity
 *
 * The mock cluster drops the oldest data of a partition silently once it holds 5 MiB; so a
 * producer waits here instead. Sizes are flow sizes (mr_flow_size): uncompressed, an upper bound
 * of what the wire takes but for headers, and the same figure on both sides.
 *
 * Also keeps the positions that groups have committed, as the broker of a real cluster would.
 * All functions may be called from any thread.
 */
#ifndef MR_KAFKA_FLOW_H
#define MR_KAFKA_FLOW_H

#include "processors/core/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mr_flow;
struct mr_flow_topic;

/* NULL: no memory. */
struct mr_flow *mr_flow_new(size_t capacity);
void mr_flow_free(struct mr_flow *flow);

/* Finds it; NULL when it is not there. Pointers hold until mr_flow_free(). */
struct mr_flow_topic *mr_flow_topic(struct mr_flow *flow, const char *name);
struct mr_flow_topic *mr_flow_topic_add(struct mr_flow *flow, const char *name,
                                        int32_t partition_count);
int32_t mr_flow_partition_count(const struct mr_flow_topic *topic);

/* A key and a value with what a record of the wire format adds at most. */
static inline size_t mr_flow_size(size_t key_size, size_t value_size)
{
    return key_size + value_size + 64;
}

/* From now on producers wait for this group. reader names the transport, which itself never waits
 * for what it reads: it could wait for ever. */
enum mr_code mr_flow_join(struct mr_flow_topic *topic, const char *group, const void *reader,
                          struct mr_error *err);
void mr_flow_leave(struct mr_flow_topic *topic, const char *group, const void *reader);

/* Counts size as produced; waits before while there is no room for it. */
enum mr_code mr_flow_reserve(struct mr_flow_topic *topic, int32_t partition, size_t size,
                             const void *writer, struct mr_error *err);
/* It was not delivered after all. */
void mr_flow_return(struct mr_flow_topic *topic, int32_t partition, size_t size);

/* The group has committed size more bytes, up to the offset next. */
void mr_flow_commit(struct mr_flow_topic *topic, const char *group, int32_t partition, size_t size,
                    int64_t next);
/* -1: the group has committed nothing. */
int64_t mr_flow_committed(struct mr_flow_topic *topic, const char *group, int32_t partition);

#endif
