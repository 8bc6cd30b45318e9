#include "processors/core/kafka/kafka_internal.h"

#include <string.h>

/* A group's committed offsets may be behind somebody's open transaction: that has to end first. */
#define COMMITTED_MS 45000

struct kafka_partition *mr_kafka_partition_of(struct kafka_transport *self, uint32_t input,
                                              int32_t partition)
{
    MR_ASSERT(input < self->spec.input_count);
    if (partition < 0 || partition >= self->inputs[input].partition_count) {
        return NULL;
    }
    return &self->partitions[self->inputs[input].first + (size_t)partition];
}

static bool find_input(const struct kafka_transport *self, const char *topic, uint32_t *input)
{
    for (uint32_t i = 0; i < self->spec.input_count; i++) {
        if (strcmp(self->inputs[i].name, topic) == 0) {
            *input = i;
            return true;
        }
    }
    return false;
}

static struct kafka_partition *partition_named(struct kafka_transport *self,
                                               const rd_kafka_topic_partition_t *named)
{
    uint32_t input;

    return find_input(self, named->topic, &input)
               ? mr_kafka_partition_of(self, input, named->partition)
               : NULL;
}

/* Without a group: every worker_count-th partition of each input. */
static enum mr_code want_directly(struct kafka_transport *self, struct mr_error *err)
{
    self->wanted = rd_kafka_topic_partition_list_new((int)self->partition_count);
    if (self->wanted == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "transport: no memory");
    }
    for (size_t i = 0; i < self->partition_count; i++) {
        const struct kafka_partition *partition = &self->partitions[i];

        if (partition->partition % self->spec.worker_count == self->spec.worker) {
            (void)rd_kafka_topic_partition_list_add(
                self->wanted, self->inputs[partition->input].name, partition->partition);
        }
    }
    return MR_OK;
}

enum mr_code mr_kafka_subscribe(struct kafka_transport *self, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *topics;
    rd_kafka_resp_err_t resp;

    if (self->broker->mock != NULL || self->spec.position != NULL) {
        return want_directly(self, err);
    }
    topics = rd_kafka_topic_partition_list_new((int)self->spec.input_count);
    for (size_t i = 0; i < self->spec.input_count; i++) {
        (void)rd_kafka_topic_partition_list_add(topics, self->inputs[i].name,
                                                RD_KAFKA_PARTITION_UA);
    }
    resp = rd_kafka_subscribe(self->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return mr_kafka_resp(resp, "joining the group", err);
}

/* Where reading starts when nothing was ever committed. */
static enum mr_code first_offset(struct kafka_transport *self, const rd_kafka_topic_partition_t *of,
                                 int64_t *offset, struct mr_error *err)
{
    int64_t low = 0, high = 0;
    const rd_kafka_resp_err_t resp = rd_kafka_query_watermark_offsets(
        self->consumer, of->topic, of->partition, &low, &high, KAFKA_ANSWER_MS);

    *offset = self->broker->starts_at_end ? high : low;
    return mr_kafka_resp(resp, "asking where a partition begins", err);
}

/* Fills the offsets of wanted with what was committed: by the group in Kafka, by the group in this
 * process, or in the sink's own store. Negative: nothing was. */
static enum mr_code ask_committed(struct kafka_transport *self, struct mr_error *err)
{
    if (self->spec.position == NULL && self->broker->flow == NULL) {
        return mr_kafka_resp(rd_kafka_committed(self->consumer, self->wanted, COMMITTED_MS),
                             "asking for committed offsets", err);
    }
    for (int i = 0; i < self->wanted->cnt; i++) {
        rd_kafka_topic_partition_t *of = &self->wanted->elems[i];
        const struct kafka_partition *partition = partition_named(self, of);
        enum mr_code code = MR_OK;

        if (self->spec.position != NULL) {
            code = self->spec.position(self->spec.context, partition->input, of->partition,
                                       &of->offset, err);
        } else {
            of->offset = mr_flow_committed(self->inputs[partition->input].flow, self->spec.group,
                                           of->partition);
        }
        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

static enum mr_code resolve(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code = ask_committed(self, err);

    for (int i = 0; i < self->wanted->cnt && code == MR_OK; i++) {
        rd_kafka_topic_partition_t *of = &self->wanted->elems[i];

        if (of->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            code = mr_kafka_resp(of->err, "asking for committed offsets", err);
        } else if (of->offset < 0) {
            code = first_offset(self, of, &of->offset, err);
        }
    }
    return code;
}

static void start_at(struct kafka_partition *partition, int64_t offset)
{
    partition->is_assigned = true;
    partition->next = offset;
    partition->committed = offset;
    partition->end_seen = -1;
    partition->polled_size = 0;
}

static enum mr_code mark_assigned(struct kafka_transport *self, size_t *count, struct mr_error *err)
{
    *count = 0;
    for (int i = 0; i < self->wanted->cnt; i++) {
        const rd_kafka_topic_partition_t *of = &self->wanted->elems[i];
        struct kafka_partition *partition = partition_named(self, of);

        if (partition == NULL) {
            return MR_FAIL(err, MR_BAD_CONFIG, "topic %s has grown by a partition (%d): restart",
                           of->topic, (int)of->partition);
        }
        start_at(partition, of->offset);
        self->positions[(*count)++] =
            (struct mr_position){partition->input, of->partition, of->offset};
    }
    return MR_OK;
}

static size_t list_assigned(struct kafka_transport *self)
{
    size_t count = 0;

    for (size_t i = 0; i < self->partition_count; i++) {
        struct kafka_partition *partition = &self->partitions[i];

        if (partition->is_assigned) {
            self->positions[count++] =
                (struct mr_position){partition->input, partition->partition, partition->committed};
        }
    }
    return count;
}

static void forget_wanted(struct kafka_transport *self)
{
    if (self->wanted != NULL) {
        rd_kafka_topic_partition_list_destroy(self->wanted);
        self->wanted = NULL;
    }
}

static void forget_assigned(struct kafka_transport *self)
{
    for (size_t i = 0; i < self->partition_count; i++) {
        self->partitions[i].is_assigned = false;
    }
    for (size_t i = 0; i < self->spec.input_count; i++) {
        self->inputs[i].handle = NULL;
    }
}

/* When it fails, wanted stays and the next poll tries again. */
enum mr_code mr_kafka_take_up(struct kafka_transport *self, struct mr_error *err)
{
    const struct mr_transport_listener *listener = &self->spec.listener;
    size_t count;
    enum mr_code code = resolve(self, err);

    forget_assigned(self);
    if (code == MR_OK) {
        code = mark_assigned(self, &count, err);
    }
    if (code == MR_OK && listener->assigned != NULL) {
        code = listener->assigned(listener->context, self->positions, count, err);
    }
    if (code == MR_OK) {
        code = mr_kafka_resp(rd_kafka_assign(self->consumer, self->wanted), "taking up partitions",
                             err);
    }
    if (code != MR_OK) {
        forget_assigned(self);
        return code;
    }
    MR_LOG(self->context.log, MR_INFO, "assigned", "worker=%s partitions=%zu", self->spec.instance,
           count);
    forget_wanted(self);
    self->is_settled = true;
    return MR_OK;
}

static enum mr_code give_up(struct kafka_transport *self, bool is_lost, struct mr_error *err)
{
    const struct mr_transport_listener *listener = &self->spec.listener;
    const size_t count = list_assigned(self);
    enum mr_code code = MR_OK;

    if (count > 0 && listener->revoked != NULL && !self->is_closing) {
        code = listener->revoked(listener->context, self->positions, count, is_lost, err);
    }
    MR_LOG(self->context.log, MR_INFO, "revoked", "worker=%s partitions=%zu lost=%d",
           self->spec.instance, count, is_lost);
    forget_assigned(self);
    forget_wanted(self);
    self->is_settled = false;
    (void)rd_kafka_assign(self->consumer, NULL);
    return code;
}

void mr_kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t resp,
                           rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_transport *self = ((struct kafka_context *)opaque)->transport;
    struct mr_error err = {0};

    self->is_in_rebalance = true;
    self->was_rebalanced = true;
    if (resp == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !self->is_closing) {
        forget_wanted(self);
        self->wanted = rd_kafka_topic_partition_list_copy(list);
        (void)mr_kafka_take_up(self, &err);
    } else {
        (void)give_up(self, rd_kafka_assignment_lost(consumer) != 0, &err);
    }
    self->is_in_rebalance = false;
    if (self->failure.code == MR_OK) {
        self->failure = err;
    }
}

/* Seeks, not a new assignment: two of those in a row trip an assertion of librdkafka 2.0.2. The
 * deadline of seeking is a thousand times too short there, hence none. What was fetched before is
 * dropped by librdkafka. list's offsets say where to. */
static enum mr_code seek(struct kafka_transport *self, rd_kafka_topic_partition_list_t *list,
                         struct mr_error *err)
{
    enum mr_code code =
        mr_kafka_error_own(rd_kafka_seek_partitions(self->consumer, list, -1), "rewinding", err);

    for (int i = 0; i < list->cnt && code == MR_OK; i++) {
        const rd_kafka_topic_partition_t *to = &list->elems[i];
        struct kafka_partition *of = partition_named(self, to);

        /* Not started yet: it will start where it was assigned, which is where it has to. */
        if ((to->err == RD_KAFKA_RESP_ERR__STATE ||
             to->err == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS) &&
            of->next == to->offset) {
            continue;
        }
        if (to->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return MR_FAIL(err, MR_UNAVAILABLE, "rewinding %s [%d]: %s", to->topic,
                           (int)to->partition, rd_kafka_err2str(to->err));
        }
        of->end_seen = -1;
    }
    return code;
}

/* What was polled is forgotten. A partition of which nothing was polled stays as it is. */
enum mr_code mr_kafka_rewind(struct kafka_transport *self, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)self->partition_count);
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < self->partition_count; i++) {
        const struct kafka_partition *of = &self->partitions[i];

        if (of->is_assigned && of->next != of->committed) {
            rd_kafka_topic_partition_list_add(list, self->inputs[of->input].name, of->partition)
                ->offset = of->committed;
        }
    }
    /* Inside a rebalance the partitions go away, or are about to be assigned. */
    if (list->cnt > 0 && !self->is_in_rebalance) {
        code = seek(self, list, err);
    }
    rd_kafka_topic_partition_list_destroy(list);
    for (size_t i = 0; i < self->partition_count && code == MR_OK; i++) {
        self->partitions[i].next = self->partitions[i].committed;
        self->partitions[i].polled_size = 0;
    }
    return code;
}

enum mr_code mr_kafka_refetch(struct kafka_transport *self, rd_kafka_message_t **messages,
                              size_t count, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < count; i++) {
        const char *topic = messages[i]->rkt != NULL ? rd_kafka_topic_name(messages[i]->rkt) : NULL;
        const struct kafka_partition *of;

        if (topic == NULL ||
            rd_kafka_topic_partition_list_find(list, topic, messages[i]->partition) != NULL) {
            continue;
        }
        rd_kafka_topic_partition_list_add(list, topic, messages[i]->partition);
        of = partition_named(self, &list->elems[list->cnt - 1]);
        if (of == NULL || !of->is_assigned) {
            (void)rd_kafka_topic_partition_list_del(list, topic, messages[i]->partition);
        } else {
            list->elems[list->cnt - 1].offset = of->next;
        }
    }
    if (list->cnt > 0) {
        code = seek(self, list, err);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

enum mr_code mr_kafka_committed(struct mr_transport *base, uint32_t input, int32_t partition,
                                int64_t *next, struct mr_error *err)
{
    const struct kafka_partition *of =
        mr_kafka_partition_of((struct kafka_transport *)base, input, partition);

    if (of == NULL || !of->is_assigned) {
        return MR_FAIL(err, MR_INTERNAL, "committed() of a partition that is not assigned");
    }
    *next = of->committed;
    return MR_OK;
}

/* The end may be a commit marker: then no record leads up to it, only librdkafka's word. */
static enum mr_code is_at_end(struct kafka_transport *self, const struct kafka_partition *of,
                              bool *is_there, struct mr_error *err)
{
    int64_t low, high;
    enum mr_code code;

    *is_there = false;
    if (of->end_seen < 0 || of->end_seen < of->next) {
        return MR_OK;
    }
    code = mr_kafka_range(self, self->inputs[of->input].name, of->partition, &low, &high, err);
    *is_there = code == MR_OK && of->end_seen >= high;
    return code;
}

enum mr_code mr_kafka_drained(struct mr_transport *base, bool *is_drained, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = MR_OK;

    *is_drained = self->is_settled && self->wanted == NULL;
    for (size_t i = 0; i < self->partition_count && *is_drained && code == MR_OK; i++) {
        if (self->partitions[i].is_assigned) {
            code = is_at_end(self, &self->partitions[i], is_drained, err);
        }
    }
    return code;
}

static int64_t lag_of(const struct kafka_partition *of, int64_t end)
{
    if (end < 0) {
        return -1;
    }
    /* Behind the last record there may be commit markers, which nobody commits. */
    return of->end_seen >= end && of->committed == of->next ? 0 : end - of->committed;
}

size_t mr_kafka_lag(struct mr_transport *base, struct mr_lag *lags, size_t room)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    size_t count = 0;

    for (size_t i = 0; i < self->partition_count && count < room; i++) {
        const struct kafka_partition *of = &self->partitions[i];
        int64_t low = 0, end = -1;

        if (!of->is_assigned) {
            continue;
        }
        (void)rd_kafka_get_watermark_offsets(self->consumer, self->inputs[of->input].name,
                                             of->partition, &low, &end);
        end = end < 0 ? of->end_seen : end;
        lags[count++] = (struct mr_lag){
            .input = of->input,
            .partition = of->partition,
            .committed = of->committed,
            .end = end,
            .records = lag_of(of, end),
        };
    }
    return count;
}
