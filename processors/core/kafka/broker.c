#include "processors/core/kafka/kafka_internal.h"

#include <stdlib.h>
#include <string.h>

/* Never above WARN: librdkafka gets over most of what it logs, and what it does not get over is
 * returned by the next call. */
static enum mr_level level_of(int syslog_level)
{
    if (syslog_level <= 4) {
        return MR_WARN;
    }
    return syslog_level <= 6 ? MR_INFO : MR_DEBUG;
}

/* @thread any of librdkafka's. A property of the other kind of handle (producer, consumer) is
 * told of by CONFWARN on each handle: not worth a person's time. */
static void on_log(const rd_kafka_t *handle, int syslog_level, const char *facility,
                   const char *text)
{
    const struct kafka_context *context = rd_kafka_opaque(handle);
    const bool is_noise = strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "NOCONF") == 0;

    MR_LOG(context->log, is_noise ? MR_DEBUG : level_of(syslog_level), "librdkafka",
           "facility=%s client=\"%s\" text=\"%s\"", facility, rd_kafka_name(handle), text);
}

struct kafka_broker *mr_kafka_broker_new(const struct mr_kafka_config *config, struct mr_error *err)
{
    struct kafka_broker *broker = calloc(1, sizeof(*broker));

    if (broker == NULL) {
        (void)MR_FAIL(err, MR_NO_ROOM, "kafka: no memory");
        return NULL;
    }
    MR_ASSERT(config->log != NULL);
    broker->context.log = config->log;
    broker->common = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(broker->common, on_log);
    return broker;
}

void mr_kafka_broker_close(struct mr_broker *base)
{
    struct kafka_broker *broker = (struct kafka_broker *)base;

    if (broker == NULL) {
        return;
    }
    if (broker->mock != NULL) {
        rd_kafka_set_log_level(broker->admin, 0); /* that its cluster is gone is no trouble */
        rd_kafka_mock_cluster_destroy(broker->mock);
    }
    if (broker->admin != NULL) {
        rd_kafka_destroy(broker->admin);
    }
    if (broker->common != NULL) {
        rd_kafka_conf_destroy(broker->common);
    }
    mr_flow_free(broker->flow);
    free(broker->bootstrap);
    free(broker);
}

static const struct mr_broker_ops kafka_broker_ops = {
    .ensure = mr_kafka_ensure,
    .open = mr_kafka_open,
    .retention = mr_kafka_retention,
    .close = mr_kafka_broker_close,
};

static enum mr_code find_bootstrap(struct kafka_broker *broker,
                                   const struct mr_kafka_config *config, struct mr_error *err)
{
    char text[1024] = "";
    size_t size = sizeof(text);

    if (config->bootstrap != NULL) {
        const struct mr_kafka_pair pairs[] = {{"bootstrap.servers", config->bootstrap},
                                              {NULL, NULL}};
        const enum mr_code code = mr_kafka_set_all(broker->common, pairs, err);

        if (code != MR_OK) {
            return code;
        }
    }
    if (rd_kafka_conf_get(broker->common, "bootstrap.servers", text, &size) != RD_KAFKA_CONF_OK ||
        text[0] == '\0') {
        return MR_FAIL(err, MR_BAD_CONFIG, "kafka: bootstrap.servers is not set");
    }
    broker->bootstrap = strdup(text);
    broker->base.bootstrap = broker->bootstrap;
    return broker->bootstrap != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "kafka: no memory");
}

/* A consumer handle, although it consumes nothing: a producer's metadata requests may create the
 * topics they ask for. Uncommitted, so that the end of a partition is that of all its data. */
static enum mr_code open_admin(struct kafka_broker *broker, struct mr_error *err)
{
    static const struct mr_kafka_pair pairs[] = {{"isolation.level", "read_uncommitted"},
                                                 {NULL, NULL}};
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(broker->common);
    const enum mr_code code = mr_kafka_set_all(conf, pairs, err);

    if (code != MR_OK) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    rd_kafka_conf_set_opaque(conf, &broker->context);
    return mr_kafka_handle_new_own(RD_KAFKA_CONSUMER, conf, &broker->admin, err);
}

enum mr_code mr_kafka_new(const struct mr_kafka_config *config, struct mr_broker **broker,
                          struct mr_error *err)
{
    struct kafka_broker *self = mr_kafka_broker_new(config, err);
    enum mr_code code =
        self == NULL ? MR_NO_ROOM : mr_kafka_settings_apply(self, config, false, err);

    *broker = NULL;
    if (code == MR_OK) {
        code = find_bootstrap(self, config, err);
    }
    if (code == MR_OK) {
        code = open_admin(self, err);
    }
    if (code != MR_OK) {
        mr_kafka_broker_close(self == NULL ? NULL : &self->base);
        return code;
    }
    self->base.ops = &kafka_broker_ops;
    *broker = &self->base;
    return MR_OK;
}
