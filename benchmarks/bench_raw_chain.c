/* bench_raw_chain.c - the chain of chain.h as librdkafka alone does it, exactly once: the yardstick
 * for our own chain in the same run. Transactions of up to 100 ms or 20,000 records; the settings
 * are the best that were found. Not on the embedded broker, which has no transactions. */
#include "benchmarks/chain.h"

#include <librdkafka/rdkafka.h>

#define ROOM 1000

struct pair {
    const char *name, *value;
};

struct raw {
    const struct chain_worker *worker;
    rd_kafka_t *consumer, *producer;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *outputs[CHAIN_STAGES];
    int output_count;
    rd_kafka_topic_partition_list_t *offsets;
    rd_kafka_message_t *held[CHAIN_GATHER_RECORDS + ROOM];
    size_t held_count;
};

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(70);
}

static void must(rd_kafka_error_t *error, const char *what)
{
    if (error != NULL) {
        fail(what, rd_kafka_error_string(error));
    }
}

/* Flushing inside a commit polls in steps of 10 ms unless there is such a callback. */
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail("delivery", rd_kafka_err2str(message->err));
    }
}

static rd_kafka_t *new_handle(rd_kafka_type_t type, const struct pair *pairs)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];
    rd_kafka_t *handle;

    for (; pairs->name != NULL; pairs++) {
        if (rd_kafka_conf_set(conf, pairs->name, pairs->value, text, sizeof(text)) !=
            RD_KAFKA_CONF_OK) {
            fail(pairs->name, text);
        }
    }
    if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    }
    handle = rd_kafka_new(type, conf, text, sizeof(text));
    if (handle == NULL) {
        fail("rd_kafka_new", text);
    }
    return handle;
}

static void open_consumer(struct raw *self)
{
    const struct chain *chain = self->worker->chain;
    const struct pair pairs[] = {
        {"bootstrap.servers", chain->brokers}, {"group.id", chain->names[self->worker->from]},
        {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},     {"isolation.level", "read_committed"},
        {"queued.min.messages", "10000000"},   {"queued.max.messages.kbytes", "16384"},
        {"fetch.wait.max.ms", "20"},           {"check.crcs", "false"},
        {"socket.nagle.disable", "true"},      {NULL, NULL}};
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

    self->consumer = new_handle(RD_KAFKA_CONSUMER, pairs);
    (void)rd_kafka_poll_set_consumer(self->consumer);
    self->queue = rd_kafka_queue_get_consumer(self->consumer);
    (void)rd_kafka_topic_partition_list_add(topics, chain->topics[self->worker->from],
                                            RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(self->consumer, topics) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail("subscribe", chain->topics[self->worker->from]);
    }
    rd_kafka_topic_partition_list_destroy(topics);
    self->offsets = rd_kafka_topic_partition_list_new(chain->partitions);
}

static void open_producer(struct raw *self)
{
    const struct chain *chain = self->worker->chain;
    const struct pair pairs[] = {{"bootstrap.servers", chain->brokers},
                                 {"transactional.id", chain->names[self->worker->from]},
                                 {"linger.ms", "20"},
                                 {"batch.size", "1000000"},
                                 {"batch.num.messages", "100000"},
                                 {"queue.buffering.max.messages", "1000000"},
                                 {"retry.backoff.ms", "1"},
                                 {"socket.nagle.disable", "true"},
                                 {NULL, NULL}};

    self->producer = new_handle(RD_KAFKA_PRODUCER, pairs);
    for (int i = self->worker->first; i <= self->worker->last; i++) {
        const rd_kafka_metadata_t *metadata;
        rd_kafka_topic_t *topic = rd_kafka_topic_new(self->producer, chain->topics[i], NULL);

        if (rd_kafka_metadata(self->producer, 0, topic, &metadata, 10000) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail("metadata", chain->topics[i]);
        }
        rd_kafka_metadata_destroy(metadata);
        self->outputs[self->output_count++] = topic;
    }
    must(rd_kafka_init_transactions(self->producer, -1), "init_transactions");
}

static void copy(struct raw *self, const rd_kafka_message_t *message)
{
    rd_kafka_vu_t vus[] = {
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = rd_kafka_message_timestamp(message, NULL)},
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = NULL},
    };

    for (int i = 0; i < self->output_count; i++) {
        vus[4].u.rkt = self->outputs[i];
        must(rd_kafka_produceva(self->producer, vus, MR_COUNT(vus)), "produce");
    }
}

static void take(struct raw *self, rd_kafka_message_t *message)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail("consume", rd_kafka_message_errstr(message));
    }
    if (self->held_count == 0) {
        must(rd_kafka_begin_transaction(self->producer), "begin_transaction");
    }
    copy(self, message);
    self->held[self->held_count++] = message;
}

static void note_offset(struct raw *self, const rd_kafka_message_t *message)
{
    const char *topic = self->worker->chain->topics[self->worker->from];
    rd_kafka_topic_partition_t *of =
        rd_kafka_topic_partition_list_find(self->offsets, topic, message->partition);

    if (of == NULL) {
        of = rd_kafka_topic_partition_list_add(self->offsets, topic, message->partition);
    }
    of->offset = message->offset + 1;
}

/* The last message of each partition says the offset: looked up once a partition and batch. */
static void note_offsets(struct raw *self)
{
    int32_t missing = self->worker->chain->partitions;
    bool *is_noted = calloc((size_t)missing, sizeof(bool));

    for (size_t i = self->held_count; i > 0 && missing > 0; i--) {
        const rd_kafka_message_t *message = self->held[i - 1];

        if (!is_noted[message->partition]) {
            note_offset(self, message);
            is_noted[message->partition] = true;
            missing--;
        }
    }
    free(is_noted);
}

static size_t commit(struct raw *self)
{
    const size_t count = self->held_count;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(self->consumer);

    note_offsets(self);
    must(rd_kafka_send_offsets_to_transaction(self->producer, self->offsets, group, -1),
         "send_offsets_to_transaction");
    must(rd_kafka_commit_transaction(self->producer, -1), "commit_transaction");
    rd_kafka_consumer_group_metadata_destroy(group);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_destroy(self->held[i]);
    }
    self->held_count = 0;
    return count;
}

static void close_raw(struct raw *self)
{
    rd_kafka_topic_partition_list_destroy(self->offsets);
    (void)rd_kafka_consumer_close(self->consumer);
    rd_kafka_queue_destroy(self->queue);
    rd_kafka_destroy(self->consumer);
    for (int i = 0; i < self->output_count; i++) {
        rd_kafka_topic_destroy(self->outputs[i]);
    }
    rd_kafka_destroy(self->producer);
    free(self);
}

static void *run(void *context)
{
    struct raw *self = calloc(1, sizeof(*self));
    const size_t records = ((const struct chain_worker *)context)->chain->records;
    int64_t start_ms = 0;
    size_t done = 0;

    self->worker = context;
    open_producer(self);
    open_consumer(self);
    while (done < records) {
        rd_kafka_message_t *messages[ROOM];
        const bool is_first = self->held_count == 0;
        const ssize_t count = rd_kafka_consume_batch_queue(self->queue, 20, messages, ROOM);
        const int64_t now_ms = mr_clock_monotonic(&mr_clock_system);

        for (ssize_t i = 0; i < count; i++) {
            take(self, messages[i]);
        }
        (void)rd_kafka_poll(self->producer, 0);
        start_ms = is_first ? now_ms : start_ms;
        if (self->held_count > 0 &&
            (self->held_count >= CHAIN_GATHER_RECORDS || now_ms - start_ms >= CHAIN_GATHER_MS ||
             done + self->held_count == records)) {
            done += commit(self);
        }
    }
    close_raw(self);
    return NULL;
}

int main(int argc, char **argv)
{
    return chain_main(argc, argv, "raw", run);
}
