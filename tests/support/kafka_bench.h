/* kafka_bench.h - a broker with one worker on it, for tests of the transports.
 *
 * A bench has one broker (embedded, or the Kafka that the environment names) and makes workers:
 * transports whose assignments and revocations are noted. Everything asserts by itself; an error
 * that a test expects is asked for with the transport's own functions.
 */
#ifndef MR_TESTS_SUPPORT_KAFKA_BENCH_H
#define MR_TESTS_SUPPORT_KAFKA_BENCH_H

#include "processors/core/kafka/kafka.h"

#define BENCH_PARTITIONS_MAX 64

struct kafka_bench {
    struct mr_broker *broker;
    struct mr_log log;
};

struct bench_worker {
    struct mr_transport *transport;
    struct mr_transport_spec spec;
    int assigned, revoked, lost; /* callbacks so far */
    size_t assigned_count;       /* partitions of the last assignment; 0 after a revocation */
    struct mr_position positions[BENCH_PARTITIONS_MAX]; /* of the last assignment */
    /* What was polled: next offset of each input's partition; the test's to commit. */
    struct mr_position next[BENCH_PARTITIONS_MAX];
    size_t next_count;
    struct mr_error error;
};

/* The Kafka that tests may use: the environment's KAFKA, or NULL. */
const char *kafka_bench_address(void);

/* bootstrap NULL: embedded. */
void kafka_bench_open(struct kafka_bench *bench, const char *bootstrap,
                      const struct mr_kafka_settings *settings);
void kafka_bench_close(struct kafka_bench *bench);
void kafka_bench_topic(struct kafka_bench *bench, const char *name, int32_t partitions,
                       bool is_compacted);

/* The spec's strings are the caller's. The worker must not move. */
void bench_worker_open(struct bench_worker *worker, struct kafka_bench *bench,
                       const struct mr_transport_spec *spec);
void bench_worker_close(struct bench_worker *worker);

/* Polls until count records have come, or deadline_ms is over; calls each with every one.
 * Returns how many came. Keeps worker->next. */
typedef void bench_each(void *context, uint32_t input, const struct mr_record *record);
size_t bench_worker_poll(struct bench_worker *worker, size_t count, int64_t deadline_ms,
                         bench_each *each, void *context);
/* Polls until nothing is left (drained). */
size_t bench_worker_drain(struct bench_worker *worker, int64_t deadline_ms, bench_each *each,
                          void *context);

/* begin, produce, commit with worker->next; asserts MR_OK. */
void bench_worker_send(struct bench_worker *worker, const struct mr_output *outputs, size_t count);
enum mr_code bench_worker_commit(struct bench_worker *worker);

#endif
