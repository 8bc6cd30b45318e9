#include "processors/core/kafka/kafka_internal.h"

#include "processors/core/base/clock.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_FULL_MS 60000 /* the queue did not move for so long: give the batch up */
#define SERVE_EVERY 1024
#define PARTITION_SENT (-1)
#define RECORD_OVERHEAD 36 /* at most, in a batch of the wire format */

static void reset_lanes(struct kafka_transport *self)
{
    for (size_t i = 0; i < self->spec.output_count; i++) {
        memset(self->outputs[i].lanes, 0,
               (size_t)self->outputs[i].partition_count * sizeof(*self->outputs[i].lanes));
    }
}

enum mr_code mr_kafka_begin(struct mr_transport *base, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = MR_OK;

    MR_ASSERT(self->step == KAFKA_IDLE);
    if (mr_kafka_is_exactly_once(self)) {
        code = mr_kafka_error_own(rd_kafka_begin_transaction(self->producer),
                                  "beginning a transaction", err);
    }
    if (code == MR_OK) {
        self->step = KAFKA_OPEN;
        self->delivery_failure = RD_KAFKA_RESP_ERR_NO_ERROR;
        self->has_delivered = false;
        self->held_count = 0;
        reset_lanes(self);
    }
    return code;
}

/* The first failure is kept for commit(); a purge is our own doing, in abort(). */
void mr_kafka_on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_transport *self = ((struct kafka_context *)opaque)->transport;
    const struct kafka_output *output;

    (void)producer;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        self->has_delivered = true;
        return;
    }
    if (self->delivery_failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
        self->delivery_failure = message->err;
    }
    output = rd_kafka_topic_opaque(message->rkt);
    if (output != NULL && output->flow != NULL) {
        mr_flow_return(output->flow, message->partition,
                       mr_flow_size(message->key_len, message->len));
    }
}

static rd_kafka_headers_t *headers_of(const struct mr_output *output)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(output->header_count);

    for (size_t i = 0; i < output->header_count; i++) {
        const struct mr_header *header = &output->headers[i];

        (void)rd_kafka_header_add(headers, header->name, -1, header->value.data,
                                  (ssize_t)header->value.size);
    }
    return headers;
}

/* librdkafka takes a mutable value and promises with RD_KAFKA_MSG_F_COPY and FREE unset to leave
 * it alone. */
static void *unchanged(const uint8_t *data)
{
    return (void *)(uintptr_t)data;
}

/* No copy of the value: it stays until commit() or abort(). Answers librdkafka's error. */
static rd_kafka_error_t *produce_one(struct kafka_transport *self, const struct mr_output *output)
{
    rd_kafka_vu_t vus[6] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = self->outputs[output->topic].handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = output->partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {unchanged(output->value.data), output->value.size}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {unchanged(output->key.data), output->key.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = output->timestamp_ms},
    };
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_error_t *error;

    if (output->header_count > 0) {
        headers = headers_of(output);
        vus[5] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    }
    error = rd_kafka_produceva(self->producer, vus, headers != NULL ? 6 : 5);
    if (error != NULL && headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return error;
}

/* A full queue empties when it is sent and its delivery reports are served. */
static enum mr_code produce_waiting(struct kafka_transport *self, const struct mr_output *output,
                                    struct mr_error *err)
{
    rd_kafka_error_t *error = produce_one(self, output);
    int64_t end_ms;
    enum mr_code code;

    if (error == NULL) {
        return MR_OK;
    }
    end_ms = mr_clock_monotonic(&mr_clock_system) + QUEUE_FULL_MS;
    while (error != NULL && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
           mr_clock_monotonic(&mr_clock_system) < end_ms) {
        rd_kafka_error_destroy(error);
        (void)rd_kafka_flush(self->producer, 10);
        error = produce_one(self, output);
    }
    code = mr_kafka_error_own(error, "producing", err);
    /* Part of the batch is queued: this call cannot simply be repeated. */
    return mr_code_advice(code) == MR_ADVICE_RETRY ? MR_ABORTED : code;
}

static struct kafka_lane *lane_of(struct kafka_transport *self, const struct mr_output *output)
{
    return &self->outputs[output->topic].lanes[output->partition];
}

static size_t wire_size(const struct mr_output *output)
{
    size_t size = output->key.size + output->value.size + RECORD_OVERHEAD;

    for (size_t i = 0; i < output->header_count; i++) {
        size += strlen(output->headers[i].name) + output->headers[i].value.size + RECORD_OVERHEAD;
    }
    return size;
}

static enum mr_code send_one(struct kafka_transport *self, const struct mr_output *output,
                             struct mr_error *err)
{
    struct mr_flow_topic *flow = self->outputs[output->topic].flow;
    enum mr_code code = MR_OK;

    lane_of(self, output)->size += wire_size(output);
    if (flow != NULL) {
        code = mr_flow_reserve(flow, output->partition,
                               mr_flow_size(output->key.size, output->value.size), self, err);
    }
    return code == MR_OK ? produce_waiting(self, output, err) : code;
}

/* The first record of each partition. librdkafka registers partitions with the transaction in one
 * request at a time, and its thread polls without a pause for a millisecond after each: so they
 * are made known together. */
static enum mr_code send_firsts(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < self->held_count && code == MR_OK; i++) {
        struct mr_output *output = &self->held[i];

        if (lane_of(self, output)->size == 0) {
            code = send_one(self, output, err);
            output->partition = PARTITION_SENT;
        }
    }
    return code;
}

/* Once a record has to wait, so do those behind it. */
static bool fits(struct kafka_transport *self, const struct mr_output *output)
{
    struct kafka_lane *lane = lane_of(self, output);

    lane->is_full = lane->is_full || lane->size + wire_size(output) > self->request_size;
    return !lane->is_full;
}

/* What one request of each partition holds; the rest stays held, in its order. */
static enum mr_code send_wave(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = send_firsts(self, err);
    size_t kept = 0;

    for (size_t i = 0; i < self->held_count && code == MR_OK; i++) {
        const struct mr_output output = self->held[i];

        if (output.partition == PARTITION_SENT) {
            continue;
        }
        if (fits(self, &output)) {
            code = send_one(self, &output, err);
        } else {
            self->held[kept++] = output;
        }
        if (i % SERVE_EVERY == SERVE_EVERY - 1) {
            (void)rd_kafka_poll(self->producer, 0);
        }
    }
    self->held_count = kept;
    return code;
}

/* Whether it was delivered, commit() tells. */
static enum mr_code wait_until_answered(struct kafka_transport *self, struct mr_error *err)
{
    if (rd_kafka_flush(self->producer, KAFKA_FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return MR_FAIL(err, MR_ABORTED, "records were not delivered within %d s",
                       KAFKA_FLUSH_MS / 1000);
    }
    reset_lanes(self);
    return MR_OK;
}

enum mr_code mr_kafka_send_held(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = send_wave(self, err);

    while (code == MR_OK && self->held_count > 0) {
        code = wait_until_answered(self, err);
        if (code == MR_OK) {
            code = send_wave(self, err);
        }
    }
    return code;
}

static enum mr_code grow_held(struct kafka_transport *self, struct mr_error *err)
{
    const size_t room = self->held_room == 0 ? 1024 : 2 * self->held_room;
    struct mr_output *held = realloc(self->held, room * sizeof(*held));

    if (held == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "produce: no memory");
    }
    self->held = held;
    self->held_room = room;
    return MR_OK;
}

static enum mr_code hold(struct kafka_transport *self, const struct mr_output *output,
                         struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (self->held_count == self->held_room) {
        code = grow_held(self, err);
    }
    if (code == MR_OK) {
        self->held[self->held_count++] = *output;
    }
    return code;
}

/* 2.0.2 frees the headers twice when the partition does not exist. */
static enum mr_code check_output(const struct kafka_transport *self, const struct mr_output *output,
                                 struct mr_error *err)
{
    const struct kafka_output *to = &self->outputs[output->topic];

    MR_ASSERT(output->topic < self->spec.output_count);
    if (output->partition < 0 || output->partition >= to->partition_count) {
        return MR_FAIL(err, MR_INTERNAL, "topic %s has no partition %d", to->name,
                       (int)output->partition);
    }
    return MR_OK;
}

/* Outputs are held until the commit. An idempotent producer has one request per partition under
 * way, and what is due and waits behind it makes librdkafka's thread poll without a pause until the
 * answer is there: a third of all CPU, measured with records of 200 bytes. Not so on the mock,
 * where each stage would stand still while the one behind it works. */
enum mr_code mr_kafka_produce(struct mr_transport *base, const struct mr_output *outputs,
                              size_t count, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = MR_OK;

    MR_ASSERT(self->producer != NULL && self->step == KAFKA_OPEN);
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        code = check_output(self, &outputs[i], err);
        if (code == MR_OK) {
            code = hold(self, &outputs[i], err);
        }
    }
    return code == MR_OK && base->writers_wait ? mr_kafka_send_held(self, err) : code;
}
