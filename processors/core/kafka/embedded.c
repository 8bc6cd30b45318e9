#include "processors/core/kafka/embedded.h"

#include "processors/core/kafka/kafka_internal.h"

#include <stdio.h>
#include <string.h>

rd_kafka_mock_cluster_t *mr_kafka_mock_of(const struct mr_broker *base)
{
    return ((const struct kafka_broker *)base)->mock;
}

/* The mock's thread may swallow the wake-up of a request that comes right behind another, and then
 * sleeps for a second with the request in its queue. It does not sleep before it has answered its
 * clients, so one question between two requests keeps them apart. */
static enum mr_code settle(struct kafka_broker *self, struct mr_error *err)
{
    const rd_kafka_metadata_t *metadata;
    const rd_kafka_resp_err_t resp =
        rd_kafka_metadata(self->admin, 0, NULL, &metadata, KAFKA_ANSWER_MS);

    if (resp != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_resp(resp, "asking the embedded broker", err);
    }
    rd_kafka_metadata_destroy(metadata);
    return MR_OK;
}

/* A topic that is there already must have as many partitions: its readers count on it. */
static enum mr_code ensure_one(struct kafka_broker *self, const struct mr_topic_spec *spec,
                               struct mr_error *err)
{
    const struct mr_flow_topic *topic = mr_flow_topic(self->flow, spec->name);
    rd_kafka_resp_err_t resp;

    if (topic != NULL && mr_flow_partition_count(topic) != spec->partitions) {
        return MR_FAIL(err, MR_BAD_CONFIG, "topic %s has %d partitions, the pipeline wants %d",
                       spec->name, (int)mr_flow_partition_count(topic), (int)spec->partitions);
    }
    if (topic != NULL) {
        return MR_OK;
    }
    resp = rd_kafka_mock_topic_create(self->mock, spec->name, spec->partitions, 1);
    if (resp != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return mr_kafka_resp(resp, spec->name, err);
    }
    if (mr_flow_topic_add(self->flow, spec->name, spec->partitions) == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "topic %s: no memory", spec->name);
    }
    return settle(self, err);
}

static enum mr_code embedded_ensure(struct mr_broker *base, const struct mr_topic_spec *topics,
                                    size_t count, struct mr_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const enum mr_code code = ensure_one((struct kafka_broker *)base, &topics[i], err);

        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

/* By time it keeps everything. */
static enum mr_code embedded_retention(struct mr_broker *base, const char *topic,
                                       int64_t *retention_ms, struct mr_error *err)
{
    (void)base;
    (void)topic;
    (void)err;
    *retention_ms = -1;
    return MR_OK;
}

static const struct mr_broker_ops embedded_broker_ops = {
    .ensure = embedded_ensure,
    .open = mr_kafka_open,
    .retention = embedded_retention,
    .close = mr_kafka_broker_close,
};

/* The mock lives in a handle of librdkafka: any will do. */
static enum mr_code start_mock(struct kafka_broker *self, struct mr_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->common);
    const char *bootstrap;
    enum mr_code code;

    rd_kafka_conf_set_opaque(conf, &self->context);
    code = mr_kafka_handle_new_own(RD_KAFKA_PRODUCER, conf, &self->admin, err);
    if (code != MR_OK) {
        return code;
    }
    self->mock = rd_kafka_mock_cluster_new(self->admin, 1);
    if (self->mock == NULL) {
        return MR_FAIL(err, MR_UNAVAILABLE, "embedded: the broker does not start");
    }
    bootstrap = rd_kafka_mock_cluster_bootstraps(self->mock);
    (void)rd_kafka_brokers_add(self->admin, bootstrap);
    self->bootstrap = strdup(bootstrap);
    self->base.bootstrap = self->bootstrap;
    return mr_kafka_set_all(
        self->common,
        (const struct mr_kafka_pair[]){{"bootstrap.servers", bootstrap}, {NULL, NULL}}, err);
}

enum mr_code mr_kafka_embedded_new(const struct mr_kafka_config *config, struct mr_broker **broker,
                                   struct mr_error *err)
{
    const struct mr_kafka_config own = {.settings = config->settings, .log = config->log};
    struct kafka_broker *self = mr_kafka_broker_new(&own, err);
    enum mr_code code = self == NULL ? MR_NO_ROOM : mr_kafka_settings_apply(self, &own, true, err);

    *broker = NULL;
    if (code == MR_OK) {
        self->flow = mr_flow_new((size_t)self->settings.in_flight_size);
        code = self->flow != NULL ? start_mock(self, err)
                                  : MR_FAIL(err, MR_NO_ROOM, "embedded: no memory");
    }
    if (code != MR_OK) {
        mr_kafka_broker_close(self == NULL ? NULL : &self->base);
        return code;
    }
    self->base.ops = &embedded_broker_ops;
    self->base.is_transient = true;
    *broker = &self->base;
    return MR_OK;
}
