/* transport.h - the few things the engine asks of Kafka.
 *
 *     poll .. poll | begin, produce .., commit   or   abort (which also rewinds)
 *
 * Two implementations: core/kafka (librdkafka, the only folder that may include
 * it) and tests/sim (a log in memory with real transaction, offset and fencing semantics,
 * seeded, with faults). The loop cannot tell them apart.
 *
 * One transport belongs to one worker thread: one consumer (none for ingest) and one
 * producer (none for a sink without dead letters). Topics are named by index into the list given
 * when it was opened.
 */
#ifndef MR_STAGE_TRANSPORT_H
#define MR_STAGE_TRANSPORT_H

#include "processors/core/stage/processor.h"

struct mr_output {
    uint32_t topic; /* index into outputs of the transport's spec */
    int32_t partition;
    struct mr_span key;   /* data NULL: no key */
    struct mr_span value; /* data NULL: a tombstone */
    int64_t timestamp_ms; /* 0: now */
    const struct mr_header *headers;
    size_t header_count;
};

struct mr_position {
    uint32_t input; /* index into inputs of the spec */
    int32_t partition;
    int64_t next; /* the offset to read next */
};

/* How far an assigned partition is behind, as far as the client knows without asking. */
struct mr_lag {
    uint32_t input; /* index into inputs of the spec */
    int32_t partition;
    int64_t committed; /* the offset to read next after a restart */
    int64_t end;       /* of the log; -1: not known yet */
    int64_t records;   /* at most so many are left; 0: the end was committed; -1: not known yet */
};

/* What poll() fetched; parallel to the records. */
struct mr_polled {
    struct mr_record
        *records;     /* owned by the transport; bytes hold until commit() or abort() returned */
    uint32_t *inputs; /* of which input each is */
    size_t count;
};

/* Called from inside poll(), on the worker's thread. */
struct mr_transport_listener {
    /* These partitions are ours now, also when it fails (poll() then fails too, and abort() is
     * called before the next). Before it returns the state must be restored. */
    enum mr_code (*assigned)(void *context, const struct mr_position *positions, size_t count,
                             struct mr_error *err);
    /* These go away: commit or abort what is open, then forget their state. is_lost: they are
     * gone already, committing would fail. */
    enum mr_code (*revoked)(void *context, const struct mr_position *positions, size_t count,
                            bool is_lost, struct mr_error *err);
    void *context;
};

/* Reads one partition of any topic, committed records only; stops early when it answers false. */
typedef bool mr_transport_visit(void *context, const struct mr_record *record);

struct mr_transport;

struct mr_transport_ops {
    /* 0 records and MR_OK: nothing arrived within wait_ms. At most room records. */
    enum mr_code (*poll)(struct mr_transport *self, int64_t wait_ms, size_t room,
                         struct mr_polled *polled, struct mr_error *err);
    enum mr_code (*begin)(struct mr_transport *self, struct mr_error *err);
    /* Bytes of outputs are borrowed until commit() or abort() has returned. */
    enum mr_code (*produce)(struct mr_transport *self, const struct mr_output *outputs,
                            size_t count, struct mr_error *err);
    /* Outputs and input positions become visible together or not at all (exactly once), or the
     * outputs are flushed and then the positions committed (at least once). Valid without begin()
     * for positions alone. MR_TIMED_OUT, MR_UNAVAILABLE: call it again with the same positions. */
    enum mr_code (*commit)(struct mr_transport *self, const struct mr_position *positions,
                           size_t count, struct mr_error *err);
    /* Also rewinds every assigned partition to its committed position (position()'s answer where
     * there is one). Valid without begin(). Until it returns MR_OK what was produced stays
     * borrowed; it is called again. */
    enum mr_code (*abort)(struct mr_transport *self, struct mr_error *err);
    /* Gives the messages of the last polls back when nothing was begun. */
    void (*release)(struct mr_transport *self);
    /* The committed position of an assigned partition, or where reading starts when there is none.
     */
    enum mr_code (*committed)(struct mr_transport *self, uint32_t input, int32_t partition,
                              int64_t *next, struct mr_error *err);
    /* Reads topic/partition in [from, to); to -1: up to its end as it is now. Bytes hold during
     * the visit. */
    enum mr_code (*read)(struct mr_transport *self, const char *topic, int32_t partition,
                         int64_t from, int64_t to, mr_transport_visit *visit, void *context,
                         struct mr_error *err);
    /* Whether every assigned partition has been polled up to the end that it has now. */
    enum mr_code (*drained)(struct mr_transport *self, bool *is_drained, struct mr_error *err);
    /* Optional. Of the assigned partitions, at most room; answers how many. Asks nobody. */
    size_t (*lag)(struct mr_transport *self, struct mr_lag *lags, size_t room);
    void (*close)(struct mr_transport *self);
};

struct mr_transport {
    const struct mr_transport_ops *ops; /* implementations embed this struct FIRST */
    bool writers_wait; /* for what their readers commit: who holds something back holds all up */
};

enum mr_delivery { MR_EXACTLY_ONCE, MR_AT_LEAST_ONCE };

struct mr_transport_spec {
    const char *group;         /* consumer group; NULL: no consumer */
    const char *instance;      /* stable and unique per live worker: "grocery-detect-0" */
    const char *const *inputs; /* topics */
    size_t input_count;
    const char *const *outputs;
    size_t output_count;
    enum mr_delivery delivery;
    /* Where there are no groups (embedded), partition p belongs to worker p % worker_count. */
    int32_t worker, worker_count;
    /* The sink keeps the offsets: assign all partitions of the inputs at the positions it is
     * asked for, join no group. NULL: the group decides. */
    enum mr_code (*position)(void *context, uint32_t input, int32_t partition, int64_t *next,
                             struct mr_error *err);
    struct mr_transport_listener listener;
    void *context; /* of position */
};

/* Makes transports for workers and sees to topics; what `run` is given: Kafka, embedded, or
 * simulated. */
struct mr_topic_spec {
    const char *name;
    int32_t partitions;
    bool is_compacted;
};

struct mr_broker;

struct mr_broker_ops {
    /* Creates what is missing; a topic that is there with another partition count is an error. */
    enum mr_code (*ensure)(struct mr_broker *self, const struct mr_topic_spec *topics, size_t count,
                           struct mr_error *err);
    enum mr_code (*open)(struct mr_broker *self, const struct mr_transport_spec *spec,
                         struct mr_transport **transport, struct mr_error *err);
    /* retention.ms of a topic; -1: unlimited. */
    enum mr_code (*retention)(struct mr_broker *self, const char *topic, int64_t *retention_ms,
                              struct mr_error *err);
    void (*close)(struct mr_broker *self);
};

struct mr_broker {
    const struct mr_broker_ops *ops; /* implementations embed this struct FIRST */
    const char *bootstrap;           /* "127.0.0.1:9092": for banners */
    bool is_transient;               /* the log ends with the process, and its offsets */
};

#endif
