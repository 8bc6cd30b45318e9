/* kafka.h - the real transport and the embedded one: struct mr_broker over librdkafka.
 *
 *     worker thread:  consumer (1) --> poll      transport      produce --> producer (1)
 *     broker:         an admin handle, or the mock cluster that lives in this process
 *
 * The only folder that includes librdkafka. What it promises is in stage/transport.h; what is
 * particular to it:
 *
 * Everything of a transport happens on the thread that uses it: polling, rewinding and the
 * rebalance callback (batch consumption of librdkafka 2.0.2 is unsafe otherwise). Static
 * membership: a worker that closes keeps its partitions for session_timeout, so a rolling restart
 * moves nothing and a handover for good takes that long. Partitions are always assigned at
 * explicit offsets; an offset that retention has passed is MR_BAD_DATA, never a silent skip.
 *
 * Exactly once: one transaction per commit, transactional.id and group.instance.id are the spec's
 * instance; a second live worker of that name fences the first (MR_FENCED). At least once: an
 * idempotent producer, flushed before the offsets are committed. commit() may be called again with
 * the same positions after MR_TIMED_OUT and MR_UNAVAILABLE: it goes on where it was.
 * MR_ABORTED of any call means: call abort(), which also rewinds, and run the batch again.
 *
 * Embedded means librdkafka's mock cluster. Its partitions keep 5 MiB and drop the oldest
 * silently, it stores no offsets of transactions and fences nobody. Hence at least once only, and
 * flow control: produce() waits while the partition it writes to holds more than in_flight_size
 * bytes (uncompressed) that some other transport of this broker, reading that topic, has not
 * committed. So open every transport before the first one produces, give each a thread of its own,
 * and close the upstream ones first. A topic that no transport reads keeps the newest 5 MiB
 * (compressed) of each partition. A consumer that does not move for a minute stops its producers
 * with MR_NO_ROOM: nothing is ever dropped unread.
 */
#ifndef MR_KAFKA_KAFKA_H
#define MR_KAFKA_KAFKA_H

#include "processors/core/base/log.h"
#include "processors/core/config/option.h"
#include "processors/core/stage/transport.h"

/* A property of librdkafka, as its own documentation names it: {"security.protocol", "ssl"}. */
struct mr_kafka_property {
    const char *name, *value; /* borrowed during mr_kafka_new() */
};

/* Ours. Zero in any member means its default. */
struct mr_kafka_settings {
    int64_t queue_size;          /* bytes fetched ahead, a worker */
    int64_t produce_queue_size;  /* bytes produced and not yet acknowledged, a worker */
    int64_t transaction_timeout; /* ms */
    int64_t session_timeout;     /* ms */
    int64_t replication_factor;  /* of topics that ensure() creates; 0: the cluster's default */
    int64_t in_flight_size;      /* embedded only: bytes a partition */
};

extern const struct mr_option mr_kafka_options[]; /* of struct mr_kafka_settings */

struct mr_kafka_config {
    const char *bootstrap;                      /* NULL: bootstrap.servers among the properties */
    const struct mr_kafka_property *properties; /* those that this folder owns are refused */
    size_t property_count;
    struct mr_kafka_settings settings;
    const struct mr_log *log; /* borrowed, outlives the broker */
};

/* A Kafka cluster. Nothing is connected yet: a cluster that is away shows in the first ensure() or
 * open(), as MR_UNAVAILABLE. Owned: give it back with broker->ops->close(), after its transports.
 */
enum mr_code mr_kafka_new(const struct mr_kafka_config *config, struct mr_broker **broker,
                          struct mr_error *err);

/* The mock cluster, on a free port of 127.0.0.1 (broker->bootstrap says which, for kcat and other
 * clients). config's bootstrap and properties are not used. */
enum mr_code mr_kafka_embedded_new(const struct mr_kafka_config *config, struct mr_broker **broker,
                                   struct mr_error *err);

#endif
