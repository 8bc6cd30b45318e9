#include "processors/core/kafka/kafka_internal.h"

#include "processors/core/base/clock.h"

#define PURGE_MS 10000
#define BEGUN_MS 2000

/* The share of what was polled that next covers; all of it is the usual case. */
static size_t covered_size(const struct kafka_partition *of, int64_t next)
{
    const int64_t all = of->next - of->committed;

    if (next >= of->next || all <= 0) {
        return of->polled_size;
    }
    return next <= of->committed
               ? 0
               : (size_t)((double)of->polled_size * (double)(next - of->committed) / (double)all);
}

static void note_committed(struct kafka_transport *self, const struct mr_position *positions,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kafka_partition *of =
            mr_kafka_partition_of(self, positions[i].input, positions[i].partition);
        const size_t size = covered_size(of, positions[i].next);
        struct mr_flow_topic *flow = self->inputs[of->input].flow;

        if (flow != NULL) {
            mr_flow_commit(flow, self->spec.group, of->partition, size, positions[i].next);
        }
        of->polled_size -= size;
        of->committed = positions[i].next;
    }
}

static rd_kafka_topic_partition_list_t *
offsets_of(const struct kafka_transport *self, const struct mr_position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, self->inputs[positions[i].input].name,
                                          positions[i].partition)
            ->offset = positions[i].next;
    }
    return list;
}

static enum mr_code check_positions(struct kafka_transport *self,
                                    const struct mr_position *positions, size_t count,
                                    struct mr_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct kafka_partition *of =
            mr_kafka_partition_of(self, positions[i].input, positions[i].partition);

        if (of == NULL || !of->is_assigned) {
            return MR_FAIL(err, MR_ABORTED, "topic %s [%d] is not ours any more",
                           self->inputs[positions[i].input].name, (int)positions[i].partition);
        }
    }
    return MR_OK;
}

/* The group's metadata is what fences a worker whose partitions have moved on (KIP-447). */
static enum mr_code send_offsets(struct kafka_transport *self, const struct mr_position *positions,
                                 size_t count, struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *offsets = offsets_of(self, positions, count);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(self->consumer);
    enum mr_code code;

    if (group == NULL) {
        rd_kafka_topic_partition_list_destroy(offsets);
        return MR_FAIL(err, MR_UNAVAILABLE, "the group's state is not known");
    }
    code =
        mr_kafka_error_own(rd_kafka_send_offsets_to_transaction(self->producer, offsets, group, -1),
                           "adding offsets to the transaction", err);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    return code;
}

/* Each step that has worked is not repeated when commit() is called again. */
static enum mr_code commit_exactly_once(struct kafka_transport *self,
                                        const struct mr_position *positions, size_t count,
                                        struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (self->step == KAFKA_IDLE) {
        code = count > 0 ? mr_kafka_begin(&self->base, err) : MR_OK;
    }
    if (code == MR_OK && self->step == KAFKA_OPEN) {
        code = mr_kafka_send_held(self, err);
    }
    if (code == MR_OK && self->step == KAFKA_OPEN) {
        code = count > 0 ? send_offsets(self, positions, count, err) : MR_OK;
        self->step = code == MR_OK ? KAFKA_OFFSETS_SENT : self->step;
    }
    if (code == MR_OK && self->step == KAFKA_OFFSETS_SENT) {
        code = mr_kafka_error_own(rd_kafka_commit_transaction(self->producer, -1),
                                  "committing a transaction", err);
    }
    return code;
}

static enum mr_code flush(struct kafka_transport *self, struct mr_error *err)
{
    enum mr_code code;

    if (self->producer == NULL) {
        return MR_OK;
    }
    code = mr_kafka_send_held(self, err);
    if (code == MR_OK) {
        code = mr_kafka_resp(rd_kafka_flush(self->producer, KAFKA_FLUSH_MS), "waiting for delivery",
                             err);
    }
    if (code == MR_OK) {
        code = mr_kafka_fatal(self->producer, err);
    }
    if (code == MR_OK && self->delivery_failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = MR_FAIL(err, MR_ABORTED, "records were not delivered: %s",
                       rd_kafka_err2str(self->delivery_failure));
    }
    return code;
}

static enum mr_code commit_offsets(struct kafka_transport *self,
                                   const struct mr_position *positions, size_t count,
                                   struct mr_error *err)
{
    rd_kafka_topic_partition_list_t *offsets;
    rd_kafka_resp_err_t resp;

    if (count == 0) {
        return MR_OK;
    }
    offsets = offsets_of(self, positions, count);
    resp = rd_kafka_commit(self->consumer, offsets, 0);
    rd_kafka_topic_partition_list_destroy(offsets);
    return mr_kafka_resp(resp, "committing offsets", err);
}

static enum mr_code commit_at_least_once(struct kafka_transport *self,
                                         const struct mr_position *positions, size_t count,
                                         struct mr_error *err)
{
    const enum mr_code code = flush(self, err);

    return code == MR_OK ? commit_offsets(self, positions, count, err) : code;
}

enum mr_code mr_kafka_commit(struct mr_transport *base, const struct mr_position *positions,
                             size_t count, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = check_positions(self, positions, count, err);

    if (code == MR_OK) {
        code = mr_kafka_is_exactly_once(self) ? commit_exactly_once(self, positions, count, err)
                                              : commit_at_least_once(self, positions, count, err);
    }
    if (code == MR_OK) {
        note_committed(self, positions, count);
        self->step = KAFKA_IDLE;
        mr_kafka_release(base);
    }
    return code;
}

/* An abort that overtakes the cluster's learning of the transaction's first partition is answered
 * with INVALID_TXN_STATE, which is fatal. So something has to be delivered first, where it can. */
static void wait_until_begun(struct kafka_transport *self)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + BEGUN_MS;

    while (!self->has_delivered && self->delivery_failure == RD_KAFKA_RESP_ERR_NO_ERROR &&
           rd_kafka_outq_len(self->producer) > 0 && mr_clock_monotonic(&mr_clock_system) < end_ms) {
        (void)rd_kafka_flush(self->producer, 10);
    }
}

enum mr_code mr_kafka_abort_transaction(struct kafka_transport *self, int timeout_ms,
                                        struct mr_error *err)
{
    wait_until_begun(self);
    return mr_kafka_error_own(rd_kafka_abort_transaction(self->producer, timeout_ms),
                              "aborting a transaction", err);
}

/* Nothing may be left that points to the batch's bytes. Served delivery reports say so. */
static enum mr_code forget_outputs(struct kafka_transport *self, struct mr_error *err)
{
    if (mr_kafka_is_exactly_once(self)) {
        return mr_kafka_abort_transaction(self, -1, err);
    }
    (void)rd_kafka_purge(self->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    return mr_kafka_resp(rd_kafka_flush(self->producer, PURGE_MS), "dropping outputs", err);
}

enum mr_code mr_kafka_abort(struct mr_transport *base, struct mr_error *err)
{
    struct kafka_transport *self = (struct kafka_transport *)base;
    enum mr_code code = MR_OK;

    if (self->producer != NULL && self->step != KAFKA_IDLE) {
        code = forget_outputs(self, err);
    }
    if (code != MR_OK) {
        return code;
    }
    self->step = KAFKA_IDLE;
    self->held_count = 0;
    self->delivery_failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    mr_kafka_release(base);
    return self->consumer != NULL ? mr_kafka_rewind(self, err) : MR_OK;
}
