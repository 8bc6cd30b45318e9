#include "tests/sim/log_internal.h"

#include "processors/core/base/digest.h"
#include "processors/core/codec/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_transport *of(struct mr_transport *base)
{
    return (struct sim_transport *)base;
}

static enum mr_code obey(struct sim_transport *self, struct sim_fault fault, struct mr_error *err)
{
    if (fault.is_crash) {
        self->is_dead = true;
        return MR_FAIL(err, MR_FENCED, "%s crashed", self->instance);
    }
    return fault.code == MR_OK ? MR_OK : MR_FAIL(err, fault.code, "%s: injected", self->instance);
}

/* Before every call: another actor may go on, the world may have changed, a fault may be due. */
static enum mr_code enter(struct sim_transport *self, enum sim_op op, struct mr_error *err)
{
    sim_world_step(self->log->world);
    if (self->is_dead) {
        return MR_FAIL(err, MR_FENCED, "%s is dead", self->instance);
    }
    sim_expire(self->log);
    return obey(self, sim_log_ask(self->log, self->instance, op, SIM_BEFORE), err);
}

static enum mr_code leave(struct sim_transport *self, enum sim_op op, struct mr_error *err)
{
    return obey(self, sim_log_ask(self->log, self->instance, op, SIM_AFTER), err);
}

static enum mr_code check_epoch(struct sim_transport *self, struct mr_error *err)
{
    if (self->producer != NULL && self->producer->epoch != self->epoch) {
        return MR_FAIL(err, MR_FENCED, "%s was fenced", self->instance);
    }
    return MR_OK;
}

/* ---- poll: lending bytes -------------------------------------------------------------------- */

static void end_loans(struct sim_transport *self)
{
    while (self->loans != NULL) {
        struct sim_loan *loan = self->loans;

        self->loans = loan->next;
        free(loan);
    }
}

static struct mr_span lend(struct sim_transport *self, struct mr_span bytes)
{
    struct sim_loan *loan;

    if (bytes.data == NULL) {
        return bytes;
    }
    loan = malloc(sizeof(*loan) + bytes.size + 1);
    MR_ASSERT(loan != NULL);
    loan->next = self->loans;
    self->loans = loan;
    if (bytes.size > 0) {
        memcpy(loan->bytes, bytes.data, bytes.size);
    }
    return (struct mr_span){loan->bytes, bytes.size};
}

/* Where a record keeps a header; NULL: nowhere. */
static struct mr_span *carried(struct mr_record *record, const char *name)
{
    if (strcmp(name, "traceparent") == 0) {
        return &record->traceparent;
    }
    if (strcmp(name, MR_FRAME_VALUE_HEADER) == 0) {
        return &record->value_schema;
    }
    return strcmp(name, MR_FRAME_KEY_HEADER) == 0 ? &record->key_schema : NULL;
}

static struct mr_record lend_record(struct sim_transport *self, const struct sim_record *record,
                                    int32_t partition)
{
    struct mr_record lent = {.key = lend(self, record->key),
                             .value = lend(self, record->value),
                             .timestamp_ms = record->timestamp_ms,
                             .offset = record->offset,
                             .partition = partition};
    const struct mr_span headers =
        lend(self, (struct mr_span){(const uint8_t *)record->headers,
                                    record->header_count * sizeof(*record->headers)});
    struct mr_header *own = (struct mr_header *)(uintptr_t)headers.data;

    for (size_t i = 0; i < record->header_count; i++) {
        struct mr_span *member = carried(&lent, record->headers[i].name);
        const struct mr_span name = mr_span_text(record->headers[i].name);

        own[i].name = (const char *)lend(self, (struct mr_span){name.data, name.size + 1}).data;
        own[i].value = lend(self, record->headers[i].value);
        if (member != NULL) {
            *member = own[i].value;
        }
    }
    lent.headers = own;
    lent.header_count = record->header_count;
    return lent;
}

static void fetch(struct sim_transport *self, struct sim_assigned *assigned, size_t room,
                  struct mr_polled *polled)
{
    struct sim_partition *partition = &assigned->topic->partitions[assigned->partition];
    const int64_t stable = sim_stable(partition);

    for (size_t i = sim_find(partition, assigned->next);
         i < partition->count && polled->count < room; i++) {
        const struct sim_entry *entry = &partition->entries[i];

        if (entry->record.offset >= stable) {
            break;
        }
        assigned->next = entry->record.offset + 1;
        if (sim_is_readable(entry)) {
            polled->inputs[polled->count] = assigned->input;
            polled->records[polled->count++] =
                lend_record(self, &entry->record, assigned->partition);
        }
    }
}

/* A new array each time: whoever keeps a pointer into the last one is found out. */
static void fetch_all(struct sim_transport *self, size_t room, struct mr_polled *polled)
{
    const size_t first =
        self->assigned_count > 0 ? sim_world_draw(self->log->world, self->assigned_count) : 0;

    room = 1 + sim_world_draw(self->log->world, room);
    free(self->records);
    free(self->record_inputs);
    self->records = calloc(room, sizeof(*self->records));
    self->record_inputs = calloc(room, sizeof(*self->record_inputs));
    MR_ASSERT(self->records != NULL && self->record_inputs != NULL);
    *polled = (struct mr_polled){self->records, self->record_inputs, 0};
    for (size_t i = 0; i < self->assigned_count; i++) {
        fetch(self, &self->assigned[(first + i) % self->assigned_count], room, polled);
    }
}

static enum mr_code poll(struct mr_transport *base, int64_t wait_ms, size_t room,
                         struct mr_polled *polled, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_POLL, err);

    MR_ASSERT(room > 0);
    *polled = (struct mr_polled){0};
    if (code == MR_OK) {
        code = sim_group_settle(self, err);
    }
    if (code == MR_OK) {
        code = leave(self, SIM_POLL, err); /* before records are out of hand: a poll loses none */
    }
    if (code != MR_OK) {
        return code;
    }
    fetch_all(self, room, polled);
    if (polled->count == 0) {
        mr_clock_wait(sim_world_clock(self->log->world), wait_ms);
        fetch_all(self, room, polled);
    }
    return MR_OK;
}

static void release(struct mr_transport *base)
{
    MR_ASSERT(!of(base)->is_begun);
    end_loans(of(base));
}

/* ---- produce: borrowing bytes --------------------------------------------------------------- */

static uint32_t sum_of(const struct mr_output *output)
{
    uint32_t sum = mr_crc32c(output->key) * 31 + mr_crc32c(output->value);

    for (size_t i = 0; i < output->header_count; i++) {
        sum = sum * 31 + mr_crc32c(mr_span_text(output->headers[i].name));
        sum = sum * 31 + mr_crc32c(output->headers[i].value);
    }
    return sum;
}

static void borrow(struct sim_transport *self, const struct mr_output *output)
{
    size_t room = self->produced_room;

    self->sums = sim_more(self->sums, &room, self->produced_count, sizeof(*self->sums));
    self->produced = sim_more(self->produced, &self->produced_room, self->produced_count,
                              sizeof(*self->produced));
    self->sums[self->produced_count] = sum_of(output);
    self->produced[self->produced_count++] = *output;
}

static void give_back(struct sim_transport *self)
{
    for (size_t i = 0; i < self->produced_count; i++) {
        MR_ASSERT(sum_of(&self->produced[i]) == self->sums[i]); /* unchanged until now */
    }
    self->produced_count = 0;
    end_loans(self);
}

static enum mr_code begin(struct mr_transport *base, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_BEGIN, err);

    if (code == MR_OK) {
        code = check_epoch(self, err);
    }
    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(!self->is_begun);
    self->is_begun = true;
    if (self->producer != NULL) {
        sim_begin(self->log, self->producer);
    }
    return leave(self, SIM_BEGIN, err);
}

static enum mr_code produce(struct mr_transport *base, const struct mr_output *outputs,
                            size_t count, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_PRODUCE, err);

    if (code == MR_OK) {
        code = check_epoch(self, err);
    }
    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(self->is_begun);
    for (size_t i = 0; i < count; i++) {
        struct sim_topic *topic = self->outputs[outputs[i].topic];
        struct sim_partition *partition = &topic->partitions[outputs[i].partition];

        MR_ASSERT(outputs[i].topic < self->spec.output_count && outputs[i].partition >= 0 &&
                  outputs[i].partition < topic->partition_count);
        borrow(self, &outputs[i]);
        if (self->producer != NULL) {
            sim_touch(self->producer, partition);
        }
        (void)sim_append(self->log, partition, &outputs[i],
                         self->producer != NULL ? self->producer->open : NULL);
    }
    return leave(self, SIM_PRODUCE, err);
}

/* ---- the end of a transaction --------------------------------------------------------------- */

static enum mr_code check_positions(struct sim_transport *self, const struct mr_position *positions,
                                    size_t count, struct mr_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!sim_group_holds(self, positions[i].input, positions[i].partition)) {
            return MR_FAIL(err, MR_ABORTED, "%s does not hold partition %d any more",
                           self->instance, positions[i].partition);
        }
    }
    return MR_OK;
}

static void store_positions(struct sim_transport *self, const struct mr_position *positions,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sim_assigned *assigned =
            sim_assigned(self, positions[i].input, positions[i].partition);

        MR_ASSERT(positions[i].next > 0 && positions[i].next <= assigned->next);
        if (assigned->membership != NULL) {
            MR_ASSERT(positions[i].next >= assigned->membership->committed);
            assigned->membership->committed = positions[i].next;
        }
    }
}

static enum mr_code commit(struct mr_transport *base, const struct mr_position *positions,
                           size_t count, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_COMMIT, err);

    if (code == MR_OK) {
        code = check_epoch(self, err);
    }
    if (code == MR_OK) {
        code = check_positions(self, positions, count, err);
    }
    if (code != MR_OK) {
        return code;
    }
    store_positions(self, positions, count);
    if (self->producer != NULL) {
        sim_end(self->log, self->producer, SIM_COMMITTED_NOW);
    }
    code = leave(self, SIM_COMMIT, err);
    self->is_begun = false;
    if (code == MR_OK) {
        give_back(self);
    }
    return code;
}

static enum mr_code abort_it(struct mr_transport *base, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_ABORT, err);

    if (code == MR_OK) {
        code = check_epoch(self, err);
    }
    if (code != MR_OK) {
        return code;
    }
    if (self->producer != NULL) {
        sim_end(self->log, self->producer, SIM_ABORTED_NOW);
    }
    self->is_begun = false;
    give_back(self);
    code = sim_group_rewind(self, err);
    return code == MR_OK ? leave(self, SIM_ABORT, err) : code;
}

/* ---- questions ------------------------------------------------------------------------------ */

static enum mr_code committed(struct mr_transport *base, uint32_t input, int32_t partition,
                              int64_t *next, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    const struct sim_assigned *assigned = sim_assigned(self, input, partition);
    enum mr_code code = enter(self, SIM_COMMITTED, err);

    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(assigned != NULL && assigned->membership != NULL);
    *next = assigned->membership->committed >= 0
                ? assigned->membership->committed
                : sim_start(&assigned->topic->partitions[partition]);
    return leave(self, SIM_COMMITTED, err);
}

static bool visit_copy(const struct sim_entry *entry, int32_t partition, mr_transport_visit *visit,
                       void *context)
{
    struct sim_transport lender = {0};
    const struct mr_record record = lend_record(&lender, &entry->record, partition);
    const bool is_going_on = visit(context, &record);

    end_loans(&lender); /* whoever kept a pointer is found out */
    return is_going_on;
}

/* As many parameters as the transport's contract has.
 * NOLINTNEXTLINE(readability-function-size,bugprone-easily-swappable-parameters) */
static enum mr_code read(struct mr_transport *base, const char *name, int32_t number, int64_t from,
                         int64_t to, mr_transport_visit *visit, void *context, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    struct sim_topic *topic = sim_topic(self->log, name);
    enum mr_code code = enter(self, SIM_READ, err);
    struct sim_partition *partition;
    int64_t end;

    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(topic != NULL && number < topic->partition_count);
    partition = &topic->partitions[number];
    end = sim_stable(partition);
    end = to >= 0 && to < end ? to : end;
    for (size_t i = sim_find(partition, from);
         i < partition->count && partition->entries[i].record.offset < end; i++) {
        if (sim_is_readable(&partition->entries[i]) &&
            !visit_copy(&partition->entries[i], number, visit, context)) {
            break;
        }
    }
    return leave(self, SIM_READ, err);
}

static bool is_at_end(const struct sim_assigned *assigned)
{
    struct sim_partition *partition = &assigned->topic->partitions[assigned->partition];

    if (sim_stable(partition) < partition->next) {
        return false; /* somebody's transaction is open */
    }
    for (size_t i = sim_find(partition, assigned->next); i < partition->count; i++) {
        if (sim_is_readable(&partition->entries[i])) {
            return false;
        }
    }
    return true;
}

static enum mr_code drained(struct mr_transport *base, bool *is_drained, struct mr_error *err)
{
    struct sim_transport *self = of(base);
    enum mr_code code = enter(self, SIM_DRAINED, err);

    if (code != MR_OK) {
        return code;
    }
    *is_drained = sim_group_has_all(self);
    for (size_t i = 0; i < self->assigned_count; i++) {
        *is_drained = *is_drained && is_at_end(&self->assigned[i]);
    }
    return leave(self, SIM_DRAINED, err);
}

static void close_it(struct mr_transport *base)
{
    struct sim_transport *self = of(base);

    sim_group_leave(self);
    end_loans(self);
    free(self->assigned);
    free(self->produced);
    free(self->sums);
    free(self->records);
    free(self->record_inputs);
    free(self);
}

const struct mr_transport_ops sim_transport_ops = {
    .poll = poll,
    .begin = begin,
    .produce = produce,
    .commit = commit,
    .abort = abort_it,
    .release = release,
    .committed = committed,
    .read = read,
    .drained = drained,
    .close = close_it,
};

/* The newer of two with one name takes the older one's place: its transaction and its partitions.
 */
static void take_over(struct sim_transport *self)
{
    if (self->spec.output_count > 0 && self->spec.delivery == MR_EXACTLY_ONCE) {
        self->producer = sim_producer(self->log, self->instance);
        self->epoch = ++self->producer->epoch;
        sim_end(self->log, self->producer, SIM_ABORTED_NOW);
    }
    for (struct sim_membership *membership = self->log->memberships; membership != NULL;
         membership = membership->next) {
        if (membership->holder != NULL &&
            strcmp(membership->holder->instance, self->instance) == 0) {
            membership->holder = NULL;
        }
    }
}

static void name_topics(struct sim_transport *self)
{
    for (size_t i = 0; i < self->spec.input_count; i++) {
        self->inputs[i] = sim_topic(self->log, self->spec.inputs[i]);
        MR_ASSERT(self->inputs[i] != NULL);
    }
    for (size_t i = 0; i < self->spec.output_count; i++) {
        self->outputs[i] = sim_topic(self->log, self->spec.outputs[i]);
        MR_ASSERT(self->outputs[i] != NULL);
    }
}

enum mr_code sim_transport_open(struct sim_log *log, const struct mr_transport_spec *spec,
                                struct mr_transport **transport, struct mr_error *err)
{
    struct sim_transport *self = calloc(1, sizeof(*self));
    enum mr_code code;

    MR_ASSERT(self != NULL);
    *transport = NULL;
    self->base.ops = &sim_transport_ops;
    self->base.writers_wait = log->writers_wait;
    self->log = log;
    self->spec = *spec;
    (void)snprintf(self->instance, sizeof(self->instance), "%s", spec->instance);
    (void)snprintf(self->group, sizeof(self->group), "%s", spec->group ? spec->group : "");
    code = enter(self, SIM_OPEN, err);
    if (code != MR_OK) {
        free(self);
        return code;
    }
    name_topics(self);
    take_over(self);
    *transport = &self->base;
    return MR_OK;
}
