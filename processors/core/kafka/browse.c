#include "processors/core/kafka/browse.h"

#include "processors/core/base/clock.h"
#include "processors/core/kafka/kafka_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#define HEADERS_MAX 64
#define STABLE_MS 500 /* a commit answers some milliseconds before its markers are written */
#define STABLE_LOOK_MS 20

/* Of one partition: [from, to), of what it holds: [low, high). */
struct stretch {
    int32_t partition;
    int64_t low, high;
    int64_t from, to;
    int64_t since_ms,
        until_ms; /* where the broker cannot find a time: what is given of [from, to) */
    bool is_done;
};

struct mr_browser {
    struct kafka_broker *broker; /* borrowed */
    struct mr_browse_spec spec;
    struct kafka_context context;
    rd_kafka_t *consumer; /* owned, as all that follows */
    struct stretch *stretches;
    rd_kafka_message_t *message; /* of the record that was given last */
    size_t count, current;
    struct mr_record record;
    struct mr_header headers[HEADERS_MAX];
};

static enum mr_code open_consumer(struct mr_browser *self, struct mr_error *err)
{
    const struct mr_kafka_pair pairs[] = {
        {"group.id", "millrace-cat"}, /* asked for by the client; never joined, nothing committed */
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "error"},
        {"isolation.level", self->spec.is_uncommitted ? "read_uncommitted" : "read_committed"},
        {"allow.auto.create.topics", "false"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->broker->common);
    enum mr_code code;

    rd_kafka_conf_set_opaque(conf, &self->context);
    code = mr_kafka_set_all(conf, pairs, err);
    if (code != MR_OK) {
        rd_kafka_conf_destroy(conf);
        return code;
    }
    code = mr_kafka_handle_new_own(RD_KAFKA_CONSUMER, conf, &self->consumer, err);
    if (code == MR_OK) {
        (void)rd_kafka_poll_set_consumer(self->consumer);
    }
    return code;
}

static enum mr_code ask_range(rd_kafka_t *handle, const char *topic, int32_t partition,
                              int64_t *low, int64_t *high, struct mr_error *err)
{
    return mr_kafka_resp(
        rd_kafka_query_watermark_offsets(handle, topic, partition, low, high, KAFKA_ANSWER_MS),
        "asking for the range of a partition", err);
}

/* The end is that of what is committed; waits a moment for the markers of commits that have
 * answered already. */
static enum mr_code find_range(struct mr_browser *self, struct stretch *stretch,
                               struct mr_error *err)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + STABLE_MS;
    const char *topic = self->spec.topic;
    int64_t written = 0;
    enum mr_code code =
        ask_range(self->broker->admin, topic, stretch->partition, &stretch->low, &written, err);

    code = code != MR_OK ? code
                         : ask_range(self->consumer, topic, stretch->partition, &stretch->low,
                                     &stretch->high, err);
    while (code == MR_OK && stretch->high < written &&
           mr_clock_monotonic(&mr_clock_system) < end_ms) {
        mr_clock_wait(&mr_clock_system, STABLE_LOOK_MS);
        code = ask_range(self->consumer, topic, stretch->partition, &stretch->low, &stretch->high,
                         err);
    }
    return code;
}

static enum mr_code ask_time(struct mr_browser *self, int32_t partition, int64_t ms,
                             int64_t *offset, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one =
        rd_kafka_topic_partition_list_add(list, self->spec.topic, partition);
    enum mr_code code;

    one->offset = ms;
    code = mr_kafka_resp(rd_kafka_offsets_for_times(self->consumer, list, KAFKA_ANSWER_MS),
                         "asking for the offset of a time", err);
    if (code == MR_OK) {
        code = mr_kafka_resp(one->err, "asking for the offset of a time", err);
    }
    *offset = one->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

/* *is_known false: the broker finds no record of any time (the mock does not keep them); then all
 * are read, and looked at here. */
static enum mr_code find_time(struct mr_browser *self, const struct stretch *stretch, int64_t ms,
                              int64_t *offset, bool *is_known, struct mr_error *err)
{
    int64_t first = 0;
    enum mr_code code = ask_time(self, stretch->partition, ms, offset, err);

    if (code == MR_OK && *offset < 0) {
        *offset = stretch->high;
        code = ask_time(self, stretch->partition, 0, &first, err);
    }
    *is_known = first >= 0;
    return code;
}

static enum mr_code find_since(struct mr_browser *self, struct stretch *stretch,
                               struct mr_error *err)
{
    const int64_t ms = self->spec.from.number;
    bool is_known = true;
    const enum mr_code code = find_time(self, stretch, ms, &stretch->from, &is_known, err);

    if (!is_known) {
        stretch->from = stretch->low;
        stretch->since_ms = ms;
    }
    return code;
}

static enum mr_code find_until(struct mr_browser *self, struct stretch *stretch,
                               struct mr_error *err)
{
    const int64_t ms = self->spec.to.number;
    bool is_known = true;
    const enum mr_code code = find_time(self, stretch, ms, &stretch->to, &is_known, err);

    if (!is_known) {
        stretch->until_ms = ms; /* to is the end */
    }
    return code;
}

/* Of a place that is not a time. */
static int64_t find_place(const struct mr_browse_place *place, const struct stretch *stretch)
{
    const int64_t count = stretch->high - stretch->low;

    switch (place->kind) {
    case MR_BROWSE_BEGINNING:
        return stretch->low;
    case MR_BROWSE_OFFSET:
        return place->number;
    case MR_BROWSE_LAST:
        return stretch->high - (count < place->number ? count : place->number);
    default:
        return stretch->high;
    }
}

static enum mr_code find_stretch(struct mr_browser *self, struct stretch *stretch,
                                 struct mr_error *err)
{
    enum mr_code code = find_range(self, stretch, err);

    stretch->since_ms = INT64_MIN;
    stretch->until_ms = INT64_MAX;
    stretch->from = find_place(&self->spec.from, stretch);
    stretch->to = find_place(&self->spec.to, stretch);
    if (code == MR_OK && self->spec.from.kind == MR_BROWSE_TIME) {
        code = find_since(self, stretch, err);
    }
    if (code == MR_OK && self->spec.to.kind == MR_BROWSE_TIME) {
        code = find_until(self, stretch, err);
    }
    stretch->from = stretch->from < stretch->low ? stretch->low : stretch->from;
    stretch->to = stretch->to > stretch->high ? stretch->high : stretch->to;
    stretch->is_done = !self->spec.is_following && stretch->from >= stretch->to;
    return code;
}

static enum mr_code find_stretches(struct mr_browser *self, struct mr_error *err)
{
    int32_t partitions = 0;
    enum mr_code code =
        mr_kafka_partition_count(self->broker->admin, self->spec.topic, &partitions, err);

    if (code == MR_OK && self->spec.partition >= partitions) {
        code = MR_FAIL(err, MR_BAD_CONFIG, "topic %s has partitions 0 to %d", self->spec.topic,
                       (int)partitions - 1);
    }
    if (code != MR_OK) {
        return code;
    }
    self->count = self->spec.partition < 0 ? (size_t)partitions : 1;
    self->stretches = calloc(self->count, sizeof(*self->stretches));
    if (self->stretches == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu partitions", self->count);
    }
    for (size_t i = 0; i < self->count && code == MR_OK; i++) {
        self->stretches[i].partition = self->spec.partition < 0 ? (int32_t)i : self->spec.partition;
        code = find_stretch(self, &self->stretches[i], err);
    }
    return code;
}

/* Partitions [first, end), or as many of them as are not done. */
static enum mr_code assign(struct mr_browser *self, size_t first, size_t end, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)(end - first));
    rd_kafka_resp_err_t resp;

    for (size_t i = first; i < end; i++) {
        if (!self->stretches[i].is_done) {
            rd_kafka_topic_partition_list_add(list, self->spec.topic, self->stretches[i].partition)
                ->offset = self->stretches[i].from;
        }
    }
    resp = rd_kafka_assign(self->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return mr_kafka_resp(resp, "reading a topic", err);
}

/* The next partition that has something to give is assigned; *is_done: there is none. */
static enum mr_code advance(struct mr_browser *self, bool *is_done, struct mr_error *err)
{
    while (self->current < self->count && self->stretches[self->current].is_done) {
        self->current++;
    }
    *is_done = self->current == self->count;
    return *is_done ? MR_OK : assign(self, self->current, self->current + 1, err);
}

enum mr_code mr_kafka_browse(struct mr_broker *broker, const struct mr_browse_spec *spec,
                             struct mr_browser **browser, struct mr_error *err)
{
    struct mr_browser *self = calloc(1, sizeof(*self));
    bool is_done;
    enum mr_code code;

    *browser = NULL;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to read a topic");
    }
    self->broker = (struct kafka_broker *)broker;
    self->context.log = self->broker->context.log;
    self->spec = *spec;
    code = open_consumer(self, err);
    if (code == MR_OK) {
        code = find_stretches(self, err);
    }
    if (code == MR_OK) {
        code =
            spec->is_following ? assign(self, 0, self->count, err) : advance(self, &is_done, err);
    }
    if (code != MR_OK) {
        mr_browser_close(self);
        return code;
    }
    *browser = self;
    return MR_OK;
}

static void take_record(struct mr_browser *self)
{
    const rd_kafka_headers_t *headers;
    size_t count = 0;

    self->record = mr_kafka_record_of(self->message, &headers);
    if (headers != NULL) {
        const char *name;
        const void *data;
        size_t size;

        while (count < HEADERS_MAX &&
               rd_kafka_header_get_all(headers, count, &name, &data, &size) ==
                   RD_KAFKA_RESP_ERR_NO_ERROR) {
            self->headers[count++] = (struct mr_header){name, {data, size}};
        }
    }
    self->record.headers = self->headers;
    self->record.header_count = count;
}

static bool is_in_time(const struct stretch *stretch, const rd_kafka_message_t *message)
{
    const int64_t ms = rd_kafka_message_timestamp(message, NULL);

    return ms >= stretch->since_ms && ms < stretch->until_ms;
}

/* Notes how far a partition was read; true: the message is a record to be given. */
static bool note(struct mr_browser *self)
{
    const rd_kafka_message_t *message = self->message;
    const bool is_record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    struct stretch *stretch = NULL;

    for (size_t i = 0; i < self->count; i++) {
        stretch =
            self->stretches[i].partition == message->partition ? &self->stretches[i] : stretch;
    }
    if (stretch == NULL) {
        return false;
    }
    if (!self->spec.is_following && message->offset + is_record >= stretch->to) {
        stretch->is_done = true;
    }
    return is_record && (self->spec.is_following || message->offset < stretch->to) &&
           is_in_time(stretch, message);
}

/* One message of the client's: a record, an end, trouble. */
static enum mr_code take_message(struct mr_browser *self, const struct mr_record **record,
                                 struct mr_error *err)
{
    enum mr_code code;

    if (self->message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
        self->message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (note(self)) {
            take_record(self);
            *record = &self->record;
        }
        return MR_OK;
    }
    /* What the client gets over by itself it goes on trying; the caller has the deadline. */
    code = mr_kafka_resp(self->message->err, "reading a topic", err);
    return mr_code_advice(code) == MR_ADVICE_STOP ? code : MR_OK;
}

static enum mr_code poll_message(struct mr_browser *self, int64_t wait_ms,
                                 const struct mr_record **record, struct mr_error *err)
{
    if (self->message != NULL) {
        rd_kafka_message_destroy(self->message);
    }
    self->message = rd_kafka_consumer_poll(self->consumer, (int)wait_ms);
    return self->message == NULL ? MR_OK : take_message(self, record, err);
}

/* The partition that is being read is at its end. */
static bool is_between(const struct mr_browser *self)
{
    return !self->spec.is_following &&
           (self->current == self->count || self->stretches[self->current].is_done);
}

enum mr_code mr_browser_next(struct mr_browser *browser, int64_t wait_ms,
                             const struct mr_record **record, bool *is_done, struct mr_error *err)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + wait_ms;
    enum mr_code code = MR_OK;

    *record = NULL;
    *is_done = false;
    while (code == MR_OK && *record == NULL && !*is_done) {
        const int64_t left_ms = end_ms - mr_clock_monotonic(&mr_clock_system);

        if (is_between(browser)) {
            code = advance(browser, is_done, err);
        } else if (left_ms < 0) {
            break;
        } else {
            code = poll_message(browser, left_ms, record, err);
        }
    }
    return code;
}

void mr_browser_close(struct mr_browser *browser)
{
    if (browser == NULL) {
        return;
    }
    if (browser->message != NULL) {
        rd_kafka_message_destroy(browser->message);
    }
    if (browser->consumer != NULL) {
        (void)rd_kafka_assign(browser->consumer, NULL);
        rd_kafka_destroy(browser->consumer);
    }
    free(browser->stretches);
    free(browser);
}
