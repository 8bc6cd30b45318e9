#include "processors/core/kafka/kafka_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

const struct mr_kafka_settings mr_kafka_defaults = {
    .queue_size = 4 * MIB,
    .produce_queue_size = 64 * MIB,
    .transaction_timeout = 30000,
    .session_timeout = 10000,
    .replication_factor = 0,
    .in_flight_size = 1 * MIB,
};

const struct mr_option mr_kafka_options[] = {
    MR_SIZE(
        struct mr_kafka_settings, queue_size, "4MiB", 64 * KIB, 1024 * MIB,
        "Fetched ahead by each worker, in bytes of records; small records take up to five times "
        "as much memory. Less saves memory, more hides a slow network."),
    MR_SIZE(struct mr_kafka_settings, produce_queue_size, "64MiB", 1 * MIB, 1024 * MIB,
            "Produced by each worker and not yet acknowledged: less saves memory, more lets one "
            "transaction be larger."),
    MR_DURATION(struct mr_kafka_settings, transaction_timeout, "30s", 1000, 900000,
                "After this the cluster aborts a transaction: longer outlives a broker's restart, "
                "shorter lets readers go on sooner when a worker has died and does not come back."),
    MR_DURATION(struct mr_kafka_settings, session_timeout, "10s", 6000, 1800000,
                "A worker that is away for longer loses its partitions to the others: longer "
                "survives a slow restart, shorter takes over sooner."),
    MR_INT(struct mr_kafka_settings, replication_factor, "0", 0, 100,
           "Copies of the topics that are created; 0 leaves it to the cluster's default."),
    MR_SIZE(struct mr_kafka_settings, in_flight_size, "1MiB", 16 * KIB, 4 * MIB,
            "Embedded only: written to a partition and not yet committed by its readers before "
            "the writer waits. The embedded broker drops the oldest data above 5 MiB."),
    MR_OPTIONS_END,
};

/* What the user may not set, since the guarantees hang on it; and where to say it instead. */
static const struct {
    const char *name, *why;
} owned_properties[] = {
    {"enable.auto.commit", "offsets are committed with the outputs"},
    {"enable.auto.offset.store", "offsets are committed with the outputs"},
    {"auto.commit.enable", "offsets are committed with the outputs"},
    {"offset.store.method", "offsets are committed with the outputs"},
    {"transactional.id", "it is the worker's name"},
    {"group.instance.id", "it is the worker's name"},
    {"group.id", "it is the pipeline's and the stage's name"},
    {"isolation.level", "only committed records are read"},
    {"enable.idempotence", "the delivery setting decides"},
    {"enable.partition.eof", "draining needs it"},
    {"partition.assignment.strategy", "only eager assignors are safe with every client version"},
    {"transaction.timeout.ms", "say transaction_timeout"},
    {"session.timeout.ms", "say session_timeout"},
    {"delivery.report.only.error", "a commit waits for every delivery report"},
    {"acks", "a commit waits for all replicas"},
    {"request.required.acks", "a commit waits for all replicas"},
    {"test.mock.num.brokers", "say --embedded"},
};

static enum mr_code set_one(rd_kafka_conf_t *conf, const char *name, const char *value,
                            struct mr_error *err)
{
    char text[256];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        return MR_FAIL(err, MR_BAD_CONFIG, "kafka: %s: %s", name, text);
    }
    return MR_OK;
}

enum mr_code mr_kafka_set_all(rd_kafka_conf_t *conf, const struct mr_kafka_pair *pairs,
                              struct mr_error *err)
{
    for (; pairs->name != NULL; pairs++) {
        if (pairs->value != NULL) {
            const enum mr_code code = set_one(conf, pairs->name, pairs->value, err);

            if (code != MR_OK) {
                return code;
            }
        }
    }
    return MR_OK;
}

static const char *owned_why(const char *name)
{
    for (size_t i = 0; i < MR_COUNT(owned_properties); i++) {
        if (strcmp(owned_properties[i].name, name) == 0) {
            return owned_properties[i].why;
        }
    }
    return NULL;
}

/* auto.offset.reset is ours to do: it says where a group without committed offsets begins, and
 * nothing else. A committed offset that is gone is an error whatever it says. */
static enum mr_code set_start(struct kafka_broker *broker, const char *value, struct mr_error *err)
{
    if (strcmp(value, "earliest") != 0 && strcmp(value, "latest") != 0) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "kafka: auto.offset.reset: \"%s\" is neither earliest nor latest", value);
    }
    broker->starts_at_end = strcmp(value, "latest") == 0;
    return MR_OK;
}

static enum mr_code set_property(struct kafka_broker *broker,
                                 const struct mr_kafka_property *property, struct mr_error *err)
{
    const char *why = owned_why(property->name);

    if (why != NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "kafka: %s cannot be set: %s", property->name, why);
    }
    if (strcmp(property->name, "auto.offset.reset") == 0) {
        return set_start(broker, property->value, err);
    }
    return set_one(broker->common, property->name, property->value, err);
}

static int64_t chosen(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static struct mr_kafka_settings settings_of(const struct mr_kafka_settings *given)
{
    const struct mr_kafka_settings *other = &mr_kafka_defaults;

    return (struct mr_kafka_settings){
        .queue_size = chosen(given->queue_size, other->queue_size),
        .produce_queue_size = chosen(given->produce_queue_size, other->produce_queue_size),
        .transaction_timeout = chosen(given->transaction_timeout, other->transaction_timeout),
        .session_timeout = chosen(given->session_timeout, other->session_timeout),
        .replication_factor = chosen(given->replication_factor, other->replication_factor),
        .in_flight_size = chosen(given->in_flight_size, other->in_flight_size),
    };
}

/* What may be tuned: set before the user's, so the user's win. Each was found by measurement with
 * 2.0.2: Nagle's algorithm costs 45 ms a transaction; at queued.min.messages fetching stops for a
 * second, so bytes must be the bound; the second of two quick transactions waits a whole retry
 * back-off; an empty fetch of the mock sleeps for all of fetch.wait.max.ms. What is produced waits
 * for its request to be full or for the commit, so linger.ms is longer than any commit takes; not
 * on the mock, where a writer waits for its readers. The mock keeps what is produced in memory:
 * zstd makes that a fifth. */
static enum mr_code set_tunables(struct kafka_broker *broker, bool is_embedded,
                                 struct mr_error *err)
{
    const struct mr_kafka_settings *settings = &broker->settings;
    char queue_kib[24], produce_kib[24];
    const struct mr_kafka_pair pairs[] = {
        {"client.id", "millrace"},
        {"socket.nagle.disable", "true"},
        {"socket.keepalive.enable", "true"},
        {"reconnect.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "2000"},
        {"queued.min.messages", "10000000"},
        {"queued.max.messages.kbytes", queue_kib},
        {"fetch.queue.backoff.ms", rd_kafka_version() >= 0x02020000 ? "10" : NULL},
        {"fetch.wait.max.ms", is_embedded ? "5" : "20"},
        {"queue.buffering.max.messages", "1000000"},
        {"queue.buffering.max.kbytes", produce_kib},
        {"linger.ms", is_embedded ? "20" : "1000"},
        {"batch.size", "1000000"},
        {"batch.num.messages", "100000"},
        {"retry.backoff.ms", is_embedded ? NULL : "1"},
        {"compression.type", is_embedded ? "zstd" : NULL},
        {NULL, NULL},
    };

    (void)snprintf(queue_kib, sizeof(queue_kib), "%" PRId64, settings->queue_size / KIB);
    (void)snprintf(produce_kib, sizeof(produce_kib), "%" PRId64,
                   settings->produce_queue_size / KIB);
    return mr_kafka_set_all(broker->common, pairs, err);
}

enum mr_code mr_kafka_settings_apply(struct kafka_broker *broker,
                                     const struct mr_kafka_config *config, bool is_embedded,
                                     struct mr_error *err)
{
    enum mr_code code;

    broker->settings = settings_of(&config->settings);
    code = set_tunables(broker, is_embedded, err);
    for (size_t i = 0; i < config->property_count && code == MR_OK; i++) {
        code = set_property(broker, &config->properties[i], err);
    }
    return code;
}

enum mr_code mr_kafka_handle_new_own(rd_kafka_type_t type, rd_kafka_conf_t *conf,
                                     rd_kafka_t **handle, struct mr_error *err)
{
    char text[256];

    *handle = rd_kafka_new(type, conf, text, sizeof(text));
    if (*handle == NULL) {
        rd_kafka_conf_destroy(conf);
        return MR_FAIL(err, MR_BAD_CONFIG, "kafka: %s", text);
    }
    return MR_OK;
}
