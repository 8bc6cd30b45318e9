#include "processors/core/kafka/kafka_internal.h"

#include "processors/core/base/clock.h"

#define READ_ROOM 512
#define READ_WAIT_MS 100
#define READ_STALL_MS 60000 /* neither a record nor an end for so long */

/* One reading: [.., to) of one partition. */
struct reading {
    struct kafka_transport *self;
    rd_kafka_queue_t *queue;
    int64_t to;
    mr_transport_visit *visit;
    void *context;
    bool is_done;
};

/* Not a member of anything: partitions are assigned to it one at a time. */
static enum mr_code open_reader(struct kafka_transport *self, struct mr_error *err)
{
    const struct mr_kafka_pair pairs[] = {
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "error"},
        {"allow.auto.create.topics", self->broker->mock == NULL ? "false" : "true"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;
    enum mr_code code;

    if (self->reader != NULL) {
        return MR_OK;
    }
    conf = rd_kafka_conf_dup(self->broker->common);
    rd_kafka_conf_set_opaque(conf, &self->context);
    code = mr_kafka_set_all(conf, pairs, err);
    if (code == MR_OK) {
        const char *group = self->spec.group != NULL ? self->spec.group : self->spec.instance;

        code = mr_kafka_set_all(
            conf, (const struct mr_kafka_pair[]){{"group.id", group}, {NULL, NULL}}, err);
    }
    if (code != MR_OK) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    code = mr_kafka_handle_new_own(RD_KAFKA_CONSUMER, conf, &self->reader, err);
    if (code == MR_OK) {
        (void)rd_kafka_poll_set_consumer(self->reader);
    }
    return code;
}

static enum mr_code assign_reader(struct kafka_transport *self, const char *topic,
                                  int32_t partition, int64_t from, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t resp;

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = from;
    resp = rd_kafka_assign(self->reader, list);
    rd_kafka_topic_partition_list_destroy(list);
    return mr_kafka_resp(resp, "reading a partition", err);
}

static enum mr_code take_message(struct reading *reading, const rd_kafka_message_t *message,
                                 struct mr_error *err)
{
    const rd_kafka_headers_t *unused;
    struct mr_record record;

    if (reading->is_done) {
        return MR_OK;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        /* Behind the last record there may be markers: only this tells that they were passed. An
         * end before `to` moves on when somebody's transaction ends. */
        reading->is_done = message->offset >= reading->to;
        return MR_OK;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const enum mr_code code = mr_kafka_resp(message->err, "reading a partition", err);

        return mr_code_advice(code) == MR_ADVICE_STOP ? code : MR_OK;
    }
    if (message->offset >= reading->to) {
        reading->is_done = true;
        return MR_OK;
    }
    record = mr_kafka_record_of(message, &unused);
    reading->is_done =
        !reading->visit(reading->context, &record) || message->offset + 1 >= reading->to;
    return MR_OK;
}

static enum mr_code read_some(struct reading *reading, size_t *count, struct mr_error *err)
{
    rd_kafka_message_t *messages[READ_ROOM];
    ssize_t got = rd_kafka_consume_batch_queue(reading->queue, 0, messages, READ_ROOM);
    enum mr_code code = MR_OK;

    if (got <= 0) {
        got = rd_kafka_consume_batch_queue(reading->queue, READ_WAIT_MS, messages, 1);
    }
    *count = got > 0 ? (size_t)got : 0;
    for (size_t i = 0; i < *count; i++) {
        struct mr_error trouble = {0};
        const enum mr_code one =
            code == MR_OK ? take_message(reading, messages[i], &trouble) : MR_OK;

        if (one != MR_OK) {
            code = MR_FAIL(err, one, "%s [%d]: %s", rd_kafka_topic_name(messages[i]->rkt),
                           (int)messages[i]->partition, trouble.text);
        }
        rd_kafka_message_destroy(messages[i]);
    }
    return code;
}

static enum mr_code read_all(struct reading *reading, const char *topic, struct mr_error *err)
{
    int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + READ_STALL_MS;
    enum mr_code code = MR_OK;

    while (code == MR_OK && !reading->is_done) {
        const int64_t now_ms = mr_clock_monotonic(&mr_clock_system);
        size_t count;

        code = read_some(reading, &count, err);
        end_ms = count > 0 ? now_ms + READ_STALL_MS : end_ms;
        if (code == MR_OK && now_ms > end_ms) {
            code = MR_FAIL(err, MR_TIMED_OUT, "reading %s: nothing for %d s", topic,
                           READ_STALL_MS / 1000);
        }
        if (reading->self->consumer != NULL && code == MR_OK) {
            code = mr_kafka_fatal(reading->self->consumer, err);
        }
    }
    return code;
}

static enum mr_code find_range(struct kafka_transport *self, const char *topic, int32_t partition,
                               int64_t *from, int64_t *to, struct mr_error *err)
{
    int64_t low = 0, high = 0;
    enum mr_code code = MR_OK;

    if (*from < 0 || *to < 0) {
        code = mr_kafka_range(self, topic, partition, &low, &high, err);
    }
    *from = *from < 0 ? low : *from;
    *to = *to < 0 ? high : *to;
    return code;
}

/* NOLINTNEXTLINE(readability-function-size): as many as the transport's contract has. */
enum mr_code mr_kafka_read(struct mr_transport *base, const char *topic, int32_t partition,
                           int64_t from, int64_t to, mr_transport_visit *visit, void *context,
                           struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    struct reading reading = {.self = self, .visit = visit, .context = context};
    enum mr_code code = open_reader(self, err);

    if (code == MR_OK) {
        code = find_range(self, topic, partition, &from, &to, err);
    }
    if (code != MR_OK || from >= to) {
        return code;
    }
    reading.to = to;
    code = assign_reader(self, topic, partition, from, err);
    if (code == MR_OK) {
        reading.queue = rd_kafka_queue_get_consumer(self->reader);
        code = read_all(&reading, topic, err);
        rd_kafka_queue_destroy(reading.queue);
        (void)rd_kafka_assign(self->reader, NULL);
    }
    return code;
}
