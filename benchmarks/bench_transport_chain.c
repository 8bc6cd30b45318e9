/* bench_transport_chain.c - the chain of chain.h through struct mr_transport: what our own layer
 * adds to librdkafka, beside bench_raw_chain in the same run. */
#include "benchmarks/chain.h"

#define ROOM 4096

struct copier {
    const struct chain_worker *worker;
    struct mr_transport *transport;
    const char *topics[CHAIN_STAGES + 1]; /* read first, then those written */
    struct mr_position *next;             /* owned: one per partition */
    struct mr_output *outputs;            /* owned */
    size_t count;                         /* of the open batch */
    bool is_open;
    struct mr_error err;
};

static void open_copier(struct copier *self, const struct chain_worker *worker)
{
    const struct chain *chain = worker->chain;
    struct mr_transport_spec spec = {.group = chain->names[worker->from],
                                     .instance = chain->names[worker->from],
                                     .inputs = self->topics,
                                     .input_count = 1,
                                     .outputs = self->topics + 1,
                                     .output_count = (size_t)(worker->last - worker->first + 1),
                                     .delivery =
                                         chain->is_embedded ? MR_AT_LEAST_ONCE : MR_EXACTLY_ONCE,
                                     .worker_count = 1};

    self->worker = worker;
    self->topics[0] = chain->topics[worker->from];
    for (int i = worker->first; i <= worker->last; i++) {
        self->topics[1 + i - worker->first] = chain->topics[i];
    }
    self->outputs = calloc((size_t)ROOM * CHAIN_STAGES, sizeof(*self->outputs));
    self->next = calloc((size_t)chain->partitions, sizeof(*self->next));
    for (int32_t p = 0; p < chain->partitions; p++) {
        self->next[p] = (struct mr_position){.partition = p};
    }
    chain_must(chain->broker->ops->open(chain->broker, &spec, &self->transport, &self->err),
               &self->err);
}

static void copy(struct copier *self, const struct mr_polled *polled)
{
    const uint32_t topics = (uint32_t)(self->worker->last - self->worker->first + 1);
    size_t count = 0;

    for (size_t i = 0; i < polled->count; i++) {
        const struct mr_record *record = &polled->records[i];

        for (uint32_t t = 0; t < topics; t++) {
            self->outputs[count++] = (struct mr_output){.topic = t,
                                                        .partition = record->partition,
                                                        .key = record->key,
                                                        .value = record->value,
                                                        .timestamp_ms = record->timestamp_ms};
        }
        self->next[record->partition].next = record->offset + 1;
    }
    if (!self->is_open) {
        chain_must(self->transport->ops->begin(self->transport, &self->err), &self->err);
        self->is_open = true;
    }
    chain_must(self->transport->ops->produce(self->transport, self->outputs, count, &self->err),
               &self->err);
    self->count += polled->count;
}

static size_t commit(struct copier *self)
{
    const size_t count = self->count;

    chain_must(self->transport->ops->commit(self->transport, self->next,
                                            (size_t)self->worker->chain->partitions, &self->err),
               &self->err);
    self->is_open = false;
    self->count = 0;
    return count;
}

static void *run(void *context)
{
    const size_t records = ((const struct chain_worker *)context)->chain->records;
    struct copier self = {0};
    int64_t start_ms = 0;
    size_t done = 0;

    open_copier(&self, context);
    while (done < records) {
        struct mr_polled polled;
        int64_t now_ms;

        chain_must(self.transport->ops->poll(self.transport, 20, ROOM, &polled, &self.err),
                   &self.err);
        now_ms = mr_clock_monotonic(&mr_clock_system);
        if (polled.count > 0) {
            start_ms = self.is_open ? start_ms : now_ms;
            copy(&self, &polled);
        }
        if (self.is_open &&
            (self.count >= CHAIN_GATHER_RECORDS || now_ms - start_ms >= CHAIN_GATHER_MS ||
             done + self.count == records)) {
            done += commit(&self);
        }
    }
    self.transport->ops->close(self.transport);
    free(self.next);
    free(self.outputs);
    return NULL;
}

int main(int argc, char **argv)
{
    return chain_main(argc, argv, "transport", run);
}
