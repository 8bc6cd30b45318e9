/* kafka_internal.h - what the files of this folder share. See kafka.h.
 *
 *     broker.c     a cluster: configuration of handles, closing
 *     settings.c   the option table, and what is set for every handle
 *     topics.c     ensure, retention
 *     embedded.c   the mock cluster
 *     flow.c       its flow control
 *     transport.c  opening and closing of a worker's handles
 *     assign.c     which partitions, from where, rewinding
 *     poll.c       messages -> records
 *     produce.c    outputs -> messages
 *     commit.c     commit, abort
 *     read.c       one partition, for restoring
 *     errors.c     librdkafka's errors -> mr_code
 */
#ifndef MR_KAFKA_KAFKA_INTERNAL_H
#define MR_KAFKA_KAFKA_INTERNAL_H

#include "processors/core/kafka/flow.h"
#include "processors/core/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/* One remote question (metadata, offsets, watermarks) waits at most this long. */
#define KAFKA_ANSWER_MS 15000
/* Until everything that was produced is delivered. */
#define KAFKA_FLUSH_MS 30000
#define KAFKA_SLAB_ROOM 4096

/* The opaque of every handle: logging, and callbacks on behalf of a transport. */
struct kafka_context {
    const struct mr_log *log;          /* borrowed */
    struct kafka_transport *transport; /* NULL: a broker's handle */
};

struct kafka_broker {
    struct mr_broker base; /* first */
    struct kafka_context context;
    struct mr_kafka_settings settings;
    rd_kafka_conf_t *common; /* owned: what every handle starts from, the user's properties in it */
    rd_kafka_t *admin;       /* owned; embedded: the mock cluster's host */
    rd_kafka_mock_cluster_t *mock; /* owned; NULL: a real cluster */
    struct mr_flow *flow;          /* owned; NULL: a real cluster */
    char *bootstrap;               /* owned */
    bool starts_at_end;            /* the user's auto.offset.reset: latest */
};

struct kafka_input {
    const char *name;               /* borrowed from the spec */
    const rd_kafka_topic_t *handle; /* of its messages; a cache, emptied by a rebalance */
    struct mr_flow_topic *flow;     /* borrowed; NULL: a real cluster */
    int32_t partition_count;
    size_t first; /* its partition 0 among the transport's partitions */
};

/* A partition that is written to, since all requests were answered. */
struct kafka_lane {
    size_t size;  /* bytes sent, on the wire at most; 0: nothing was */
    bool is_full; /* the next record does not fit into the request */
};

struct kafka_output {
    const char *name;           /* borrowed from the spec */
    rd_kafka_topic_t *handle;   /* owned; its opaque is this struct */
    struct mr_flow_topic *flow; /* borrowed; NULL: a real cluster */
    int32_t partition_count;
    struct kafka_lane *lanes; /* owned, one per partition */
};

struct kafka_partition {
    bool is_assigned;
    uint32_t input;
    int32_t partition;
    int64_t next;       /* behind the last record polled */
    int64_t committed;  /* where a rewind goes */
    int64_t end_seen;   /* the end of the log when it was reached; -1: not reached */
    size_t polled_size; /* flow size of what was polled behind committed */
};

/* Messages stay here until the transaction has ended: records are views into them. Slabs are
 * taken on demand, kept for ever and never move, so records of earlier polls hold as well. */
struct kafka_slab {
    struct kafka_slab *next;
    size_t count;
    rd_kafka_message_t *messages[KAFKA_SLAB_ROOM];
    struct mr_record records[KAFKA_SLAB_ROOM];
    uint32_t inputs[KAFKA_SLAB_ROOM];
};

enum kafka_step { KAFKA_IDLE, KAFKA_OPEN, KAFKA_OFFSETS_SENT };

struct kafka_transport {
    struct mr_transport base; /* first */
    struct kafka_broker *broker;
    struct kafka_context context;
    struct mr_transport_spec spec;      /* what it points to is the caller's and outlives this */
    rd_kafka_t *consumer;               /* owned; NULL: no inputs */
    rd_kafka_queue_t *queue;            /* owned: the consumer's */
    rd_kafka_t *producer;               /* owned; NULL: no outputs */
    rd_kafka_t *reader;                 /* owned; made by the first read() */
    struct kafka_input *inputs;         /* owned */
    struct kafka_output *outputs;       /* owned */
    struct kafka_partition *partitions; /* owned: every partition of every input */
    size_t partition_count;
    struct mr_position *positions;           /* owned: room for all partitions, for the listener */
    rd_kafka_topic_partition_list_t *wanted; /* owned: given to us, not yet taken up; or NULL */
    struct kafka_slab *slabs, *slab;         /* owned chain; the one being filled */
    size_t request_size;    /* at most so many bytes of a partition go before an answer */
    struct mr_output *held; /* owned: produced and not sent yet */
    size_t held_count, held_room;
    enum kafka_step step;
    bool is_in_rebalance, was_rebalanced, is_closing;
    bool is_settled;         /* partitions (or none of them) were assigned, and not revoked since */
    struct mr_error failure; /* of a callback inside poll(), which returns it */
    size_t nudges;           /* of stalled fetchers: whose turn it is */
    rd_kafka_resp_err_t delivery_failure; /* of any message since begin() */
    bool has_delivered;                   /* some message since begin() */
};

/* errors.c */
enum mr_code mr_kafka_resp(rd_kafka_resp_err_t resp, const char *doing, struct mr_error *err);
/* Frees error. */
enum mr_code mr_kafka_error_own(rd_kafka_error_t *error, const char *doing, struct mr_error *err);
/* What made the handle fail for good; MR_OK: nothing did. */
enum mr_code mr_kafka_fatal(rd_kafka_t *handle, struct mr_error *err);

/* settings.c */
extern const struct mr_kafka_settings mr_kafka_defaults;
enum mr_code mr_kafka_settings_apply(struct kafka_broker *broker,
                                     const struct mr_kafka_config *config, bool is_embedded,
                                     struct mr_error *err);
struct mr_kafka_pair {
    const char *name, *value;
};
/* Sets pairs up to the one whose name is NULL; a value of NULL is left out. */
enum mr_code mr_kafka_set_all(rd_kafka_conf_t *conf, const struct mr_kafka_pair *pairs,
                              struct mr_error *err);
/* Takes conf over, whether it works or not. */
enum mr_code mr_kafka_handle_new_own(rd_kafka_type_t type, rd_kafka_conf_t *conf,
                                     rd_kafka_t **handle, struct mr_error *err);

/* broker.c */
struct kafka_broker *mr_kafka_broker_new(const struct mr_kafka_config *config,
                                         struct mr_error *err);
void mr_kafka_broker_close(struct mr_broker *base);

/* topics.c */
enum mr_code mr_kafka_ensure(struct mr_broker *base, const struct mr_topic_spec *topics,
                             size_t count, struct mr_error *err);
enum mr_code mr_kafka_retention(struct mr_broker *base, const char *topic, int64_t *retention_ms,
                                struct mr_error *err);
enum mr_code mr_kafka_partition_count(rd_kafka_t *handle, const char *topic, int32_t *count,
                                      struct mr_error *err);

enum mr_code mr_kafka_range(const struct kafka_transport *self, const char *topic,
                            int32_t partition, int64_t *low, int64_t *high, struct mr_error *err);

/* transport.c */
enum mr_code mr_kafka_open(struct mr_broker *base, const struct mr_transport_spec *spec,
                           struct mr_transport **transport, struct mr_error *err);
static inline bool mr_kafka_is_exactly_once(const struct kafka_transport *self)
{
    return self->producer != NULL && self->spec.delivery == MR_EXACTLY_ONCE;
}

/* assign.c */
void mr_kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t resp,
                           rd_kafka_topic_partition_list_t *list, void *opaque);
enum mr_code mr_kafka_subscribe(struct kafka_transport *self, struct mr_error *err);
enum mr_code mr_kafka_take_up(struct kafka_transport *self, struct mr_error *err);
/* Every assigned partition goes on at its committed position. */
enum mr_code mr_kafka_rewind(struct kafka_transport *self, struct mr_error *err);
/* These messages will not be taken: their partitions, if still ours, go on behind what was. */
enum mr_code mr_kafka_refetch(struct kafka_transport *self, rd_kafka_message_t **messages,
                              size_t count, struct mr_error *err);
struct kafka_partition *mr_kafka_partition_of(struct kafka_transport *self, uint32_t input,
                                              int32_t partition);
enum mr_code mr_kafka_committed(struct mr_transport *base, uint32_t input, int32_t partition,
                                int64_t *next, struct mr_error *err);
enum mr_code mr_kafka_drained(struct mr_transport *base, bool *is_drained, struct mr_error *err);
size_t mr_kafka_lag(struct mr_transport *base, struct mr_lag *lags, size_t room);

/* poll.c */
enum mr_code mr_kafka_poll(struct mr_transport *base, int64_t wait_ms, size_t room,
                           struct mr_polled *polled, struct mr_error *err);
void mr_kafka_release(struct mr_transport *base);
/* *headers: NULL, or the message's; to be asked for once, for librdkafka takes them apart then. */
struct mr_record mr_kafka_record_of(const rd_kafka_message_t *message,
                                    const rd_kafka_headers_t **headers);

/* produce.c */
enum mr_code mr_kafka_begin(struct mr_transport *base, struct mr_error *err);
enum mr_code mr_kafka_produce(struct mr_transport *base, const struct mr_output *outputs,
                              size_t count, struct mr_error *err);
/* Hands what produce() holds to librdkafka, a request's worth of each partition at a time. */
enum mr_code mr_kafka_send_held(struct kafka_transport *self, struct mr_error *err);
void mr_kafka_on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque);

/* commit.c */
enum mr_code mr_kafka_commit(struct mr_transport *base, const struct mr_position *positions,
                             size_t count, struct mr_error *err);
enum mr_code mr_kafka_abort(struct mr_transport *base, struct mr_error *err);
enum mr_code mr_kafka_abort_transaction(struct kafka_transport *self, int timeout_ms,
                                        struct mr_error *err);

/* read.c */
enum mr_code mr_kafka_read(struct mr_transport *base, const char *topic, int32_t partition,
                           int64_t from, int64_t to, mr_transport_visit *visit, void *context,
                           struct mr_error *err);

#endif
