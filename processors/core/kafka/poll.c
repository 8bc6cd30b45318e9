#include "processors/core/codec/frame.h"
#include "processors/core/kafka/kafka_internal.h"

#include <stdlib.h>

#define SLAB_REST 256 /* a slab with less room than this is full */
#define WAIT_MAX_MS 60000
#define NUDGE_AFTER_MS 10
#define NUDGE_ANSWER_MS 1000
#define FETCH_BACKOFF_VERSION 0x02020000 /* librdkafka has fetch.queue.backoff.ms */

static struct mr_span header_of(const rd_kafka_headers_t *headers, const char *name)
{
    const void *data;
    size_t size;

    return rd_kafka_header_get_last(headers, name, &data, &size) == RD_KAFKA_RESP_ERR_NO_ERROR
               ? (struct mr_span){data, size}
               : (struct mr_span){NULL, 0};
}

struct mr_record mr_kafka_record_of(const rd_kafka_message_t *message,
                                    const rd_kafka_headers_t **headers)
{
    struct mr_record record = {
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .offset = message->offset,
        .partition = message->partition,
    };
    rd_kafka_headers_t *parsed;

    *headers = NULL;
    if (rd_kafka_message_headers(message, &parsed) == RD_KAFKA_RESP_ERR_NO_ERROR) { /* rare */
        record.traceparent = header_of(parsed, "traceparent");
        record.value_schema = header_of(parsed, MR_FRAME_VALUE_HEADER);
        record.key_schema = header_of(parsed, MR_FRAME_KEY_HEADER);
        *headers = parsed;
    }
    return record;
}

/* Topics are told apart by their handle; the name is compared once per assignment. */
static uint32_t input_of(struct kafka_transport *self, const rd_kafka_topic_t *handle)
{
    for (uint32_t i = 0; i < self->spec.input_count; i++) {
        if (self->inputs[i].handle == handle) {
            return i;
        }
    }
    for (uint32_t i = 0; i < self->spec.input_count; i++) {
        if (mr_span_is(mr_span_text(rd_kafka_topic_name(handle)), self->inputs[i].name)) {
            self->inputs[i].handle = handle;
            return i;
        }
    }
    MR_UNREACHABLE("a message of a topic that was not asked for");
}

static void note_end(struct kafka_transport *self, const rd_kafka_message_t *message)
{
    struct kafka_partition *of =
        mr_kafka_partition_of(self, input_of(self, message->rkt), message->partition);

    if (of != NULL && of->is_assigned) {
        of->end_seen = message->offset;
    }
}

/* An event instead of a record: the end of a partition, or trouble. What librdkafka gets over by
 * itself is logged and no error. */
static enum mr_code take_event(struct kafka_transport *self, const rd_kafka_message_t *message,
                               struct mr_error *err)
{
    struct mr_error reason = {0};
    const char *topic = message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : "-";
    enum mr_code code;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        note_end(self, message);
        return MR_OK;
    }
    code = mr_kafka_resp(message->err, "polling", &reason);
    if (mr_code_advice(code) == MR_ADVICE_STOP &&
        message->err != RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
        return MR_FAIL(err, code, "topic %s [%d]: %s: %s", topic, (int)message->partition,
                       reason.text, rd_kafka_message_errstr(message));
    }
    MR_LOG(self->context.log, MR_WARN, "poll_trouble", "topic=%s partition=%d text=\"%s\"", topic,
           (int)message->partition, rd_kafka_message_errstr(message));
    return MR_OK;
}

/* The list is freed with its message. */
static bool take_headers(struct mr_record *record, const rd_kafka_headers_t *headers)
{
    const size_t count = rd_kafka_header_cnt(headers);
    struct mr_header *items = calloc(count + 1, sizeof(*items));

    for (size_t i = 0; items != NULL && i < count; i++) {
        const void *data;
        size_t size;

        (void)rd_kafka_header_get_all(headers, i, &items[i].name, &data, &size);
        items[i].value = (struct mr_span){data, size};
    }
    record->headers = items;
    record->header_count = items != NULL ? count : 0;
    return items != NULL;
}

/* *is_kept false: not ours any more, or from before a rewind. */
static enum mr_code take_record(struct kafka_transport *self, struct kafka_slab *slab,
                                rd_kafka_message_t *message, bool *is_kept, struct mr_error *err)
{
    const uint32_t input = input_of(self, message->rkt);
    struct kafka_partition *of = mr_kafka_partition_of(self, input, message->partition);
    const rd_kafka_headers_t *headers;
    struct mr_record record;

    *is_kept = of != NULL && of->is_assigned && message->offset >= of->next;
    if (!*is_kept) {
        return MR_OK;
    }
    record = mr_kafka_record_of(message, &headers);
    *is_kept = headers == NULL || take_headers(&record, headers);
    if (!*is_kept) {
        return MR_FAIL(err, MR_NO_ROOM, "poll: no memory");
    }
    of->next = message->offset + 1;
    of->polled_size += mr_flow_size(message->key_len, message->len);
    slab->messages[slab->count] = message;
    slab->inputs[slab->count] = input;
    slab->records[slab->count] = record;
    slab->count++;
    return MR_OK;
}

static enum mr_code take_all(struct kafka_transport *self, struct kafka_slab *slab,
                             rd_kafka_message_t **messages, size_t count, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = messages[i];
        bool is_kept = false;
        const enum mr_code trouble = message->err != RD_KAFKA_RESP_ERR_NO_ERROR
                                         ? take_event(self, message, err)
                                         : take_record(self, slab, message, &is_kept, err);

        code = code == MR_OK ? trouble : code;
        if (!is_kept) {
            rd_kafka_message_destroy(message);
        }
    }
    return code;
}

/* What came in the same call as a rebalance belongs to an assignment that is over: it is fetched
 * again if the partition is still ours. */
static enum mr_code drop_all(struct kafka_transport *self, rd_kafka_message_t **messages,
                             size_t count, struct mr_error *err)
{
    const enum mr_code code = count > 0 ? mr_kafka_refetch(self, messages, count, err) : MR_OK;

    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_destroy(messages[i]);
    }
    if (self->failure.code != MR_OK) {
        return MR_FAIL(err, self->failure.code, "%s", self->failure.text);
    }
    return code;
}

static size_t consume(struct kafka_transport *self, int timeout_ms, rd_kafka_message_t **messages,
                      size_t room)
{
    const ssize_t count = rd_kafka_consume_batch_queue(self->queue, timeout_ms, messages, room);

    return count > 0 ? (size_t)count : 0;
}

/* A partition that has more than was polled, or NULL. */
static const struct kafka_partition *find_behind(const struct kafka_transport *self)
{
    for (size_t i = 0; i < self->partition_count; i++) {
        const struct kafka_partition *of =
            &self->partitions[(i + self->nudges) % self->partition_count];
        int64_t low = 0, high = -1;

        if (!of->is_assigned || of->end_seen >= of->next) {
            continue;
        }
        (void)rd_kafka_get_watermark_offsets(self->consumer, self->inputs[of->input].name,
                                             of->partition, &low, &high);
        if (high > of->next) {
            return of;
        }
    }
    return NULL;
}

/* Before 2.2.0 a fetcher whose queue was full looks again after a second, unless something wakes
 * its thread: any question to that broker does. Waiting costs three quarters of the throughput
 * with a queue of 4 MiB. */
static void nudge(struct kafka_transport *self, const struct kafka_partition *of)
{
    int64_t low, high;

    self->nudges++;
    (void)rd_kafka_query_watermark_offsets(self->consumer, self->inputs[of->input].name,
                                           of->partition, &low, &high, NUDGE_ANSWER_MS);
}

/* The queue is empty: waits for one message. */
static size_t wait_for_one(struct kafka_transport *self, int timeout_ms,
                           rd_kafka_message_t **messages)
{
    const bool may_stall = rd_kafka_version() < FETCH_BACKOFF_VERSION;
    const struct kafka_partition *behind = may_stall ? find_behind(self) : NULL;
    size_t count = 0;

    while (behind != NULL && timeout_ms > 0 && count == 0 && !self->was_rebalanced) {
        const int slice_ms = timeout_ms < NUDGE_AFTER_MS ? timeout_ms : NUDGE_AFTER_MS;

        count = consume(self, slice_ms, messages, 1);
        timeout_ms -= slice_ms;
        behind = find_behind(self);
        if (count == 0 && behind != NULL && !self->was_rebalanced) {
            nudge(self, behind);
        }
    }
    return count > 0 || timeout_ms <= 0 || self->was_rebalanced
               ? count
               : consume(self, timeout_ms, messages, 1);
}

/* librdkafka waits until all of room is filled or the time is up; so wait for one message, and
 * take what has come with it. */
static size_t fetch(struct kafka_transport *self, int64_t wait_ms, rd_kafka_message_t **messages,
                    size_t room)
{
    const int timeout_ms = wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int)wait_ms;
    size_t count = consume(self, 0, messages, room);

    if (count > 0 || timeout_ms <= 0 || self->was_rebalanced) {
        return count;
    }
    count = wait_for_one(self, timeout_ms, messages);
    if (count > 0 && count < room && !self->was_rebalanced) {
        count += consume(self, 0, messages + count, room - count);
    }
    return count;
}

/* The slab to fill next, with room for at least some records; NULL: no memory. */
static struct kafka_slab *slab_with_room(struct kafka_transport *self, size_t room)
{
    struct kafka_slab **end = self->slab == NULL ? &self->slabs : &self->slab->next;
    const size_t rest = self->slab == NULL ? 0 : KAFKA_SLAB_ROOM - self->slab->count;

    if (rest > 0 && (rest >= SLAB_REST || rest >= room)) {
        return self->slab;
    }
    if (*end == NULL) {
        *end = calloc(1, sizeof(**end));
    }
    self->slab = *end == NULL ? self->slab : *end;
    return *end;
}

/* messages lies behind the slab's records, and stays where it is even when a rebalance commits
 * and so empties the slabs meanwhile. */
static enum mr_code poll_into(struct kafka_transport *self, struct kafka_slab *slab,
                              int64_t wait_ms, size_t room, struct mr_error *err)
{
    rd_kafka_message_t **messages = slab->messages + slab->count;
    size_t count;

    self->was_rebalanced = false;
    self->failure = (struct mr_error){0};
    count = fetch(self, wait_ms, messages, room);
    return self->was_rebalanced ? drop_all(self, messages, count, err)
                                : take_all(self, slab, messages, count, err);
}

/* Serves the producer, and finds out what has become of either client meanwhile. */
static enum mr_code look_after_clients(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = mr_kafka_fatal(self->producer, err);

    if (self->producer != NULL) {
        (void)rd_kafka_poll(self->producer, 0);
    }
    if (code == MR_OK) {
        code = mr_kafka_fatal(self->consumer, err);
    }
    if (code == MR_OK && self->wanted != NULL) {
        self->is_in_rebalance = true;
        code = mr_kafka_take_up(self, err);
        self->is_in_rebalance = false;
    }
    return code;
}

static size_t room_of(const struct kafka_slab *slab, size_t room)
{
    const size_t rest = KAFKA_SLAB_ROOM - slab->count;

    return room < rest ? room : rest;
}

enum mr_code mr_kafka_poll(struct mr_transport *base, int64_t wait_ms, size_t room,
                           struct mr_polled *polled, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = look_after_clients(self, err);
    struct kafka_slab *slab;
    size_t first;

    *polled = (struct mr_polled){0};
    if (code != MR_OK || self->consumer == NULL || room == 0) {
        return code;
    }
    slab = slab_with_room(self, room);
    if (slab == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "poll: no memory");
    }
    first = slab->count;
    code = poll_into(self, slab, wait_ms, room_of(slab, room), err);
    if (code == MR_OK && !self->was_rebalanced) {
        *polled =
            (struct mr_polled){slab->records + first, slab->inputs + first, slab->count - first};
    }
    return code;
}

void mr_kafka_release(struct mr_transport *base)
{
    struct kafka_transport *self = (struct kafka_transport *)base;

    for (struct kafka_slab *slab = self->slabs; slab != NULL; slab = slab->next) {
        for (size_t i = 0; i < slab->count; i++) {
            free((void *)(uintptr_t)slab->records[i].headers);
            rd_kafka_message_destroy(slab->messages[i]);
        }
        slab->count = 0;
    }
    self->slab = self->slabs;
}
