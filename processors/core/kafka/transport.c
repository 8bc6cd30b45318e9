#include "processors/core/kafka/kafka_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CLOSE_ABORT_MS 5000
#define POLL_INTERVAL_MS 300000

static enum mr_code open_handle(struct kafka_transport *self, rd_kafka_type_t type,
                                const struct mr_kafka_pair *pairs, rd_kafka_t **handle,
                                struct mr_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->broker->common);
    const enum mr_code code = mr_kafka_set_all(conf, pairs, err);

    if (code != MR_OK) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    rd_kafka_conf_set_opaque(conf, &self->context);
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_conf_set_rebalance_cb(conf, mr_kafka_on_rebalance);
    } else {
        rd_kafka_conf_set_dr_msg_cb(conf, mr_kafka_on_delivery);
    }
    return mr_kafka_handle_new_own(type, conf, handle, err);
}

static bool is_member(const struct kafka_transport *self)
{
    return self->broker->mock == NULL && self->spec.position == NULL;
}

static enum mr_code open_consumer(struct kafka_transport *self, struct mr_error *err)
{
    const int64_t session_ms = self->broker->settings.session_timeout;
    char session[24], interval[24];
    const struct mr_kafka_pair pairs[] = {
        {"group.id", self->spec.group},
        {"group.instance.id", is_member(self) ? self->spec.instance : NULL},
        {"session.timeout.ms", session},
        {"max.poll.interval.ms", session_ms > POLL_INTERVAL_MS ? interval : NULL},
        {"partition.assignment.strategy", "range"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "error"},
        /* The mock does not know the property, and says so with a warning for each handle. */
        {"allow.auto.create.topics", self->broker->mock == NULL ? "false" : "true"},
        {NULL, NULL},
    };
    enum mr_code code;

    (void)snprintf(session, sizeof(session), "%" PRId64, session_ms);
    (void)snprintf(interval, sizeof(interval), "%" PRId64, session_ms);
    code = open_handle(self, RD_KAFKA_CONSUMER, pairs, &self->consumer, err);
    if (code == MR_OK) {
        (void)rd_kafka_poll_set_consumer(self->consumer);
        self->queue = rd_kafka_queue_get_consumer(self->consumer);
    }
    return code;
}

static enum mr_code open_input(struct kafka_transport *self, size_t index, struct mr_error *err)
{
    struct kafka_input *input = &self->inputs[index];
    enum mr_code code;

    input->name = self->spec.inputs[index];
    input->first = self->partition_count;
    code = mr_kafka_partition_count(self->consumer, input->name, &input->partition_count, err);
    if (code != MR_OK || self->broker->flow == NULL) {
        self->partition_count += code == MR_OK ? (size_t)input->partition_count : 0;
        return code;
    }
    self->partition_count += (size_t)input->partition_count;
    input->flow = mr_flow_topic(self->broker->flow, input->name);
    if (input->flow == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "embedded: topic %s was not ensured", input->name);
    }
    code = mr_flow_join(input->flow, self->spec.group, self, err);
    if (code != MR_OK) {
        input->flow = NULL;
    }
    return code;
}

static void init_partitions(struct kafka_transport *self)
{
    for (uint32_t i = 0; i < self->spec.input_count; i++) {
        for (int32_t p = 0; p < self->inputs[i].partition_count; p++) {
            self->partitions[self->inputs[i].first + (size_t)p] = (struct kafka_partition){
                .input = i, .partition = p, .next = -1, .committed = -1, .end_seen = -1};
        }
    }
}

static enum mr_code open_inputs(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = open_consumer(self, err);

    self->inputs = calloc(self->spec.input_count, sizeof(*self->inputs));
    if (self->inputs == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    for (size_t i = 0; i < self->spec.input_count && code == MR_OK; i++) {
        code = open_input(self, i, err);
    }
    if (code != MR_OK) {
        return code;
    }
    self->partitions = calloc(self->partition_count, sizeof(*self->partitions));
    self->positions = calloc(self->partition_count, sizeof(*self->positions));
    if (self->partitions == NULL || self->positions == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    init_partitions(self);
    return mr_kafka_subscribe(self, err);
}

static size_t property_of(rd_kafka_t *handle, const char *name)
{
    char text[24] = "";
    size_t size = sizeof(text);

    (void)rd_kafka_conf_get(rd_kafka_conf(handle), name, text, &size);
    return strtoul(text, NULL, 10);
}

static enum mr_code open_producer(struct kafka_transport *self, struct mr_error *err)
{
    const bool is_exact = self->spec.delivery == MR_EXACTLY_ONCE;
    char timeout[24];
    const struct mr_kafka_pair pairs[] = {
        {"enable.idempotence", "true"},
        {"transactional.id", is_exact ? self->spec.instance : NULL},
        {"transaction.timeout.ms", is_exact ? timeout : NULL},
        {NULL, NULL},
    };
    enum mr_code code;

    (void)snprintf(timeout, sizeof(timeout), "%" PRId64,
                   self->broker->settings.transaction_timeout);
    code = open_handle(self, RD_KAFKA_PRODUCER, pairs, &self->producer, err);
    if (code == MR_OK) {
        const size_t batch_size = property_of(self->producer, "batch.size");
        const size_t message_size = property_of(self->producer, "message.max.bytes");

        self->request_size = batch_size < message_size ? batch_size : message_size;
    }
    if (self->base.writers_wait) {
        self->request_size = SIZE_MAX;
    }
    return code;
}

/* The first record of a topic whose metadata is not there yet would wait for a second. */
static enum mr_code open_output(struct kafka_transport *self, size_t index, struct mr_error *err)
{
    struct kafka_output *output = &self->outputs[index];
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(self->producer);
    enum mr_code code;

    rd_kafka_topic_conf_set_opaque(conf, output);
    output->name = self->spec.outputs[index];
    output->handle = rd_kafka_topic_new(self->producer, output->name, conf);
    if (output->handle == NULL) {
        rd_kafka_topic_conf_destroy(conf);
        return mr_kafka_resp(rd_kafka_last_error(), output->name, err);
    }
    if (self->broker->flow != NULL) {
        output->flow = mr_flow_topic(self->broker->flow, output->name);
        if (output->flow == NULL) {
            return MR_FAIL(err, MR_BAD_CONFIG, "embedded: topic %s was not ensured", output->name);
        }
    }
    code = mr_kafka_partition_count(self->producer, output->name, &output->partition_count, err);
    if (code == MR_OK) {
        output->lanes = calloc((size_t)output->partition_count, sizeof(*output->lanes));
        code = output->lanes != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    return code;
}

static enum mr_code open_outputs(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = open_producer(self, err);

    self->outputs = calloc(self->spec.output_count, sizeof(*self->outputs));
    if (self->outputs == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    for (size_t i = 0; i < self->spec.output_count && code == MR_OK; i++) {
        code = open_output(self, i, err);
    }
    if (code == MR_OK && self->spec.delivery == MR_EXACTLY_ONCE) {
        /* Fences what runs under this name, and aborts what it left open. */
        code = mr_kafka_error_own(rd_kafka_init_transactions(self->producer, -1),
                                  "starting transactions", err);
    }
    return code;
}

/* What must not wait for anybody: the transaction is aborted or left to its timeout. */
static void close_producer(struct kafka_transport *self)
{
    if (self->producer == NULL) {
        return;
    }
    if (self->step != KAFKA_IDLE && mr_kafka_is_exactly_once(self)) {
        (void)mr_kafka_abort_transaction(self, CLOSE_ABORT_MS, NULL);
    }
    (void)rd_kafka_purge(self->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(self->producer, CLOSE_ABORT_MS);
    for (size_t i = 0; self->outputs != NULL && i < self->spec.output_count; i++) {
        if (self->outputs[i].handle != NULL) {
            rd_kafka_topic_destroy(self->outputs[i].handle);
        }
        free(self->outputs[i].lanes);
    }
    rd_kafka_destroy(self->producer);
}

/* A consumer with a fatal error refuses to be closed, and then hangs in its destruction. */
static void destroy_consumer(rd_kafka_t *consumer)
{
    const bool is_fatal = mr_kafka_fatal(consumer, NULL) != MR_OK;

    if (is_fatal) {
        (void)rd_kafka_assign(consumer, NULL);
    } else {
        (void)rd_kafka_consumer_close(consumer);
    }
    rd_kafka_destroy_flags(consumer, is_fatal ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0);
}

/* librdkafka's destroy hangs while a message or a queue of the handle is alive. */
static void close_consumer(struct kafka_transport *self)
{
    if (self->wanted != NULL) {
        rd_kafka_topic_partition_list_destroy(self->wanted);
    }
    for (size_t i = 0; self->inputs != NULL && i < self->spec.input_count; i++) {
        if (self->inputs[i].flow != NULL) {
            mr_flow_leave(self->inputs[i].flow, self->spec.group, self);
        }
    }
    if (self->consumer != NULL) {
        rd_kafka_queue_destroy(self->queue);
        destroy_consumer(self->consumer);
    }
    if (self->reader != NULL) {
        destroy_consumer(self->reader);
    }
}

static void close_transport(struct mr_transport *base)
{
    struct kafka_transport *self = (struct kafka_transport *)base;

    if (self == NULL) {
        return;
    }
    self->is_closing = true;
    close_producer(self);
    mr_kafka_release(base);
    close_consumer(self);
    while (self->slabs != NULL) {
        struct kafka_slab *slab = self->slabs;

        self->slabs = slab->next;
        free(slab);
    }
    free(self->inputs);
    free(self->outputs);
    free(self->held);
    free(self->partitions);
    free(self->positions);
    free(self);
}

static const struct mr_transport_ops kafka_transport_ops = {
    .poll = mr_kafka_poll,
    .begin = mr_kafka_begin,
    .produce = mr_kafka_produce,
    .commit = mr_kafka_commit,
    .abort = mr_kafka_abort,
    .release = mr_kafka_release,
    .committed = mr_kafka_committed,
    .read = mr_kafka_read,
    .drained = mr_kafka_drained,
    .lag = mr_kafka_lag,
    .close = close_transport,
};

static enum mr_code check_spec(const struct kafka_broker *broker,
                               const struct mr_transport_spec *spec, struct mr_error *err)
{
    MR_ASSERT((spec->group != NULL) == (spec->input_count > 0));
    MR_ASSERT(spec->instance != NULL && spec->worker_count > 0 && spec->worker >= 0 &&
              spec->worker < spec->worker_count);
    if (broker->mock != NULL && spec->delivery == MR_EXACTLY_ONCE) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "embedded: the broker has no transactions; say delivery: at_least_once");
    }
    return MR_OK;
}

enum mr_code mr_kafka_open(struct mr_broker *base, const struct mr_transport_spec *spec,
                           struct mr_transport **transport, struct mr_error *err)
{
    struct kafka_broker *broker = (struct kafka_broker *)base;
    enum mr_code code = check_spec(broker, spec, err);
    struct kafka_transport *self = code == MR_OK ? calloc(1, sizeof(*self)) : NULL;

    *transport = NULL;
    if (self == NULL) {
        return code != MR_OK ? code : MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    self->base.ops = &kafka_transport_ops;
    self->base.writers_wait = broker->mock != NULL;
    self->broker = broker;
    self->context = (struct kafka_context){broker->context.log, self};
    self->spec = *spec;
    code = spec->output_count > 0 ? open_outputs(self, err) : MR_OK;
    if (code == MR_OK && spec->input_count > 0) {
        code = open_inputs(self, err);
    }
    if (code != MR_OK) {
        close_transport(&self->base);
        return code;
    }
    *transport = &self->base;
    return MR_OK;
}
