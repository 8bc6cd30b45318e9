/* Goal: on a real Kafka the transport's promises hold: a transaction shows whole or not at all, an
 * abort gives the same records again, a restart goes on at the committed position, workers hand
 * partitions over without loss or doubling, a zombie is fenced, a partition is read to its end
 * although the end is a marker.
 * Method: the Kafka at the address in KAFKA; topics of its own for each test. Skipped without. */
#include "tests/support/kafka_bench.h"

#include "processors/core/base/clock.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE_MS 60000

struct topics {
    struct kafka_bench bench;
    char in[64], out[64], group[64], source[64], worker[64], other[64];
    const char *inputs[1], *outputs[1];
};

/* Names that no earlier run has used. */
static void open_topics(struct topics *topics, const char *test, int32_t partitions)
{
    const int64_t now_ms = mr_clock_wall(&mr_clock_system);
    const struct mr_kafka_settings settings = {.session_timeout = 6000};
    char prefix[48];

    (void)snprintf(prefix, sizeof(prefix), "t%" PRId64 "-%d-%s", now_ms % 100000000, (int)getpid(),
                   test);
    (void)snprintf(topics->in, sizeof(topics->in), "%s.in", prefix);
    (void)snprintf(topics->out, sizeof(topics->out), "%s.out", prefix);
    (void)snprintf(topics->group, sizeof(topics->group), "%s", prefix);
    (void)snprintf(topics->source, sizeof(topics->source), "%s-source-0", prefix);
    (void)snprintf(topics->worker, sizeof(topics->worker), "%s-0", prefix);
    (void)snprintf(topics->other, sizeof(topics->other), "%s-1", prefix);
    topics->inputs[0] = topics->in;
    topics->outputs[0] = topics->out;
    kafka_bench_open(&topics->bench, kafka_bench_address(), &settings);
    kafka_bench_topic(&topics->bench, topics->in, partitions, false);
    kafka_bench_topic(&topics->bench, topics->out, partitions, false);
}

/* Writes to in. */
static struct mr_transport_spec source_spec(const struct topics *topics)
{
    return (struct mr_transport_spec){.instance = topics->source,
                                      .outputs = topics->inputs,
                                      .output_count = 1,
                                      .delivery = MR_EXACTLY_ONCE,
                                      .worker_count = 1};
}

/* Reads in, writes out. */
static struct mr_transport_spec stage_spec(const struct topics *topics, const char *instance)
{
    return (struct mr_transport_spec){.group = topics->group,
                                      .instance = instance,
                                      .inputs = topics->inputs,
                                      .input_count = 1,
                                      .outputs = topics->outputs,
                                      .output_count = 1,
                                      .delivery = MR_EXACTLY_ONCE,
                                      .worker_count = 1};
}

static void produce_numbers(struct bench_worker *source, int32_t partitions, size_t first,
                            size_t count, bool is_committed)
{
    const struct mr_transport_ops *ops = source->transport->ops;
    struct mr_output *outputs = calloc(count, sizeof(*outputs));
    char(*values)[16] = calloc(count, sizeof(*values));

    for (size_t i = 0; i < count; i++) {
        const int size = snprintf(values[i], sizeof(values[i]), "%zu", first + i);

        outputs[i] = (struct mr_output){.partition = (int32_t)((first + i) % (size_t)partitions),
                                        .value = {(const uint8_t *)values[i], (size_t)size},
                                        .timestamp_ms = 1700000000000};
    }
    assert_int_equal(MR_OK, ops->begin(source->transport, &source->error));
    assert_int_equal(MR_OK, ops->produce(source->transport, outputs, count, &source->error));
    if (is_committed) {
        assert_int_equal(MR_OK, bench_worker_commit(source));
    } else {
        if (ops->abort(source->transport, &source->error) != MR_OK) {
            fail_msg("%s", source->error.text);
        }
    }
    free(outputs);
    free(values);
}

/* How often each number was seen. */
struct seen {
    unsigned char times[20000];
    size_t count;
    int64_t last[16]; /* per partition: numbers grow */
};

static void see(void *context, uint32_t input, const struct mr_record *record)
{
    struct seen *seen = context;
    char text[16] = "";
    int64_t number;

    (void)input;
    assert_true(record->value.size < sizeof(text));
    memcpy(text, record->value.data, record->value.size);
    number = strtoll(text, NULL, 10);
    assert_in_range(number, 0, (int64_t)sizeof(seen->times) - 1);
    assert_int_equal(1700000000000, record->timestamp_ms);
    if (number <= seen->last[record->partition] && seen->last[record->partition] != 0) {
        fail_msg("[%d] %" PRId64 " (offset %" PRId64 ") after %" PRId64, (int)record->partition,
                 number, record->offset, seen->last[record->partition]);
    }
    seen->last[record->partition] = number;
    seen->times[number]++;
    seen->count++;
}

static void assert_each_once(const struct seen *seen, size_t count)
{
    assert_int_equal(count, seen->count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(1, seen->times[i]);
    }
}

static bool visit_seen(void *context, const struct mr_record *record)
{
    see(context, 0, record);
    return true;
}

/* All of a topic's committed records, read as a restore reads them. */
static void read_topic(struct bench_worker *by, const char *topic, int32_t partitions,
                       struct seen *seen)
{
    for (int32_t p = 0; p < partitions; p++) {
        const enum mr_code code =
            by->transport->ops->read(by->transport, topic, p, -1, -1, visit_seen, seen, &by->error);

        if (code != MR_OK) {
            fail_msg("%s", by->error.text);
        }
    }
}

static bool is_skipped(void)
{
    if (kafka_bench_address() == NULL) {
        print_message("skipped: KAFKA is not set\n");
        return true;
    }
    return false;
}

static void a_transaction_shows_whole_or_not_at_all(void **state)
{
    struct topics topics;
    struct bench_worker source, sink;
    struct mr_transport_spec spec;
    struct seen seen = {.count = 0};
    bool is_drained = false;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "whole", 2);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    spec = stage_spec(&topics, topics.worker);
    bench_worker_open(&sink, &topics.bench, &spec);
    produce_numbers(&source, 2, 0, 500, true);
    produce_numbers(&source, 2, 10000, 500, false);
    produce_numbers(&source, 2, 500, 100, true);
    produce_numbers(&source, 2, 11000, 300, false);
    (void)bench_worker_drain(&sink, DEADLINE_MS, see, &seen);
    assert_each_once(&seen, 600);
    assert_int_equal(MR_OK, sink.transport->ops->drained(sink.transport, &is_drained, &sink.error));
    assert_true(is_drained);
    bench_worker_close(&source);
    bench_worker_close(&sink);
    kafka_bench_close(&topics.bench);
}

static void copy_to_out(struct bench_worker *stage, size_t count, bool is_committed)
{
    const struct mr_transport_ops *ops = stage->transport->ops;
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + DEADLINE_MS;
    size_t done = 0;

    stage->next_count = 0;
    assert_int_equal(MR_OK, ops->begin(stage->transport, &stage->error));
    while (done < count && mr_clock_monotonic(&mr_clock_system) < end_ms) {
        struct mr_polled polled;

        assert_int_equal(MR_OK,
                         ops->poll(stage->transport, 50, count - done, &polled, &stage->error));
        for (size_t i = 0; i < polled.count; i++) {
            const struct mr_record *record = &polled.records[i];
            const struct mr_output output = {.partition = record->partition,
                                             .key = record->key,
                                             .value = record->value,
                                             .timestamp_ms = record->timestamp_ms};
            size_t n = 0;

            assert_int_equal(MR_OK, ops->produce(stage->transport, &output, 1, &stage->error));
            while (n < stage->next_count && stage->next[n].partition != record->partition) {
                n++;
            }
            stage->next_count += n == stage->next_count;
            stage->next[n] = (struct mr_position){0, record->partition, record->offset + 1};
        }
        done += polled.count;
    }
    assert_int_equal(count, done);
    if (is_committed) {
        const enum mr_code code = bench_worker_commit(stage);

        if (code != MR_OK) {
            fail_msg("%s", stage->error.text);
        }
    } else {
        assert_int_equal(MR_OK, ops->abort(stage->transport, &stage->error));
    }
}

static void aborts_and_restarts_neither_lose_nor_double(void **state)
{
    struct topics topics;
    struct bench_worker source, stage;
    struct mr_transport_spec spec;
    struct seen seen = {.count = 0};

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "restart", 4);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    produce_numbers(&source, 4, 0, 4000, true);
    spec = stage_spec(&topics, topics.worker);
    for (int life = 0; life < 4; life++) {
        bench_worker_open(&stage, &topics.bench, &spec);
        for (int round = 0; round < 5; round++) {
            copy_to_out(&stage, 150, false);
            copy_to_out(&stage, 200, true);
        }
        if (life == 1) { /* dies with a transaction open */
            struct mr_polled polled;

            assert_int_equal(MR_OK, stage.transport->ops->begin(stage.transport, &stage.error));
            assert_int_equal(
                MR_OK, stage.transport->ops->poll(stage.transport, 50, 10, &polled, &stage.error));
        }
        if (life == 3) {
            read_topic(&stage, topics.out, 4, &seen);
        }
        bench_worker_close(&stage);
    }
    assert_each_once(&seen, 4000);
    bench_worker_close(&source);
    kafka_bench_close(&topics.bench);
}

/* A worker that is there, but does not get on. */
static void idle(struct bench_worker *worker)
{
    struct mr_transport *transport = worker->transport;
    struct mr_polled polled;

    if (transport->ops->poll(transport, 20, 10, &polled, &worker->error) != MR_OK ||
        transport->ops->abort(transport, &worker->error) != MR_OK) {
        fail_msg("%s", worker->error.text);
    }
}

static void two_workers_divide_the_work_and_hand_it_over(void **state)
{
    struct topics topics;
    struct bench_worker source, stages[2];
    struct mr_transport_spec spec;
    struct seen seen = {.count = 0};
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + DEADLINE_MS;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "handover", 4);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    produce_numbers(&source, 4, 0, 2000, true);
    spec = stage_spec(&topics, topics.worker);
    bench_worker_open(&stages[0], &topics.bench, &spec);
    copy_to_out(&stages[0], 400, true);
    assert_int_equal(4, stages[0].assigned_count);

    spec = stage_spec(&topics, topics.other);
    bench_worker_open(&stages[1], &topics.bench, &spec);
    while ((stages[0].assigned_count != 2 || stages[1].assigned_count != 2) &&
           mr_clock_monotonic(&mr_clock_system) < end_ms) {
        for (size_t i = 0; i < 2; i++) {
            idle(&stages[i]);
        }
    }
    assert_int_equal(2, stages[0].assigned_count);
    assert_int_equal(2, stages[1].assigned_count);
    assert_int_equal(1, stages[0].revoked);
    copy_to_out(&stages[0], 300, true);
    copy_to_out(&stages[1], 300, true);
    bench_worker_close(&stages[0]);

    /* Its partitions come over when its session has timed out; the rest was committed by it. */
    while (stages[1].assigned_count != 4 && mr_clock_monotonic(&mr_clock_system) < end_ms) {
        idle(&stages[1]);
    }
    copy_to_out(&stages[1], 1000, true);
    read_topic(&stages[1], topics.out, 4, &seen);
    assert_each_once(&seen, 2000);
    bench_worker_close(&stages[1]);
    bench_worker_close(&source);
    kafka_bench_close(&topics.bench);
}

static void a_worker_that_was_replaced_is_fenced(void **state)
{
    struct topics topics;
    struct bench_worker source, stages[2];
    struct mr_transport_spec spec;
    struct seen seen = {.count = 0};
    struct mr_output output = {.value = MR_SPAN("9999"), .timestamp_ms = 1700000000000};
    enum mr_code code;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "zombie", 2);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    produce_numbers(&source, 2, 0, 400, true);
    spec = stage_spec(&topics, topics.worker);
    bench_worker_open(&stages[0], &topics.bench, &spec);
    copy_to_out(&stages[0], 100, true);
    assert_int_equal(MR_OK, stages[0].transport->ops->begin(stages[0].transport, &stages[0].error));
    assert_int_equal(MR_OK, stages[0].transport->ops->produce(stages[0].transport, &output, 1,
                                                              &stages[0].error));

    bench_worker_open(&stages[1], &topics.bench, &spec);
    code = stages[0].transport->ops->commit(stages[0].transport, stages[0].positions, 1,
                                            &stages[0].error);
    print_message("  %s\n", stages[0].error.text);
    assert_int_equal(MR_FENCED, code);
    copy_to_out(&stages[1], 300, true);
    read_topic(&stages[1], topics.out, 2, &seen);
    assert_each_once(&seen, 400);
    bench_worker_close(&stages[0]);
    bench_worker_close(&stages[1]);
    bench_worker_close(&source);
    kafka_bench_close(&topics.bench);
}

static void a_partition_is_read_to_its_end_past_markers(void **state)
{
    struct topics topics;
    struct bench_worker source;
    struct mr_transport_spec spec;
    struct seen seen = {.count = 0};
    struct mr_transport *transport;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "tail", 1);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    transport = source.transport;
    read_topic(&source, topics.in, 1, &seen); /* empty */
    assert_int_equal(0, seen.count);
    produce_numbers(&source, 1, 0, 10, true); /* offsets 0 to 9, marker 10 */
    produce_numbers(&source, 1, 10000, 10, false);
    read_topic(&source, topics.in, 1, &seen);
    assert_int_equal(10, seen.count);

    seen = (struct seen){.count = 0};
    assert_int_equal(MR_OK, transport->ops->read(transport, topics.in, 0, 3, 7, visit_seen, &seen,
                                                 &source.error));
    assert_int_equal(4, seen.count);
    assert_int_equal(1, seen.times[3] + seen.times[7]);
    seen = (struct seen){.count = 0};
    assert_int_equal(MR_OK, transport->ops->read(transport, topics.in, 0, 5, 11, visit_seen, &seen,
                                                 &source.error));
    assert_int_equal(5, seen.count);
    assert_int_equal(MR_OK, transport->ops->read(transport, topics.in, 0, 7, 7, visit_seen, &seen,
                                                 &source.error));
    assert_int_equal(5, seen.count);
    bench_worker_close(&source);
    kafka_bench_close(&topics.bench);
}

static enum mr_code stored_position(void *context, uint32_t input, int32_t partition, int64_t *next,
                                    struct mr_error *err)
{
    const int64_t *stored = context;

    (void)input;
    (void)err;
    *next = stored[partition];
    return MR_OK;
}

static void a_sink_starts_where_its_own_store_says(void **state)
{
    struct topics topics;
    struct bench_worker source, sink;
    struct mr_transport_spec spec;
    int64_t stored[2] = {40, -1};
    size_t count;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "sink", 2);
    spec = source_spec(&topics);
    bench_worker_open(&source, &topics.bench, &spec);
    produce_numbers(&source, 2, 0, 100, true);
    spec = stage_spec(&topics, topics.worker);
    spec.output_count = 0;
    spec.position = stored_position;
    spec.context = stored;
    bench_worker_open(&sink, &topics.bench, &spec);
    count = bench_worker_drain(&sink, DEADLINE_MS, NULL, NULL);
    assert_int_equal(10 + 50, count);
    assert_int_equal(MR_OK, bench_worker_commit(&sink));
    bench_worker_close(&sink);

    /* A store that is older than what retention has left must not be passed over in silence. */
    stored[0] = 100000;
    bench_worker_open(&sink, &topics.bench, &spec);
    for (int i = 0; i < 200 && sink.error.code == MR_OK; i++) {
        struct mr_polled polled;

        (void)sink.transport->ops->poll(sink.transport, 20, 10, &polled, &sink.error);
    }
    print_message("  %s\n", sink.error.text);
    assert_int_equal(MR_BAD_DATA, sink.error.code);
    bench_worker_close(&sink);
    bench_worker_close(&source);
    kafka_bench_close(&topics.bench);
}

static void topics_are_made_as_asked_and_checked(void **state)
{
    struct topics topics;
    char compacted[80];
    struct mr_topic_spec wrong;
    struct mr_error err = {0};
    int64_t retention_ms = 0;

    (void)state;
    if (is_skipped()) {
        skip();
    }
    open_topics(&topics, "made", 3);
    (void)snprintf(compacted, sizeof(compacted), "%s-state", topics.in);
    kafka_bench_topic(&topics.bench, compacted, 3, true);
    kafka_bench_topic(&topics.bench, compacted, 3, true);
    wrong = (struct mr_topic_spec){topics.in, 5, false};
    assert_int_equal(MR_BAD_CONFIG,
                     topics.bench.broker->ops->ensure(topics.bench.broker, &wrong, 1, &err));
    assert_non_null(strstr(err.text, "has 3 partitions, the pipeline wants 5"));
    err = (struct mr_error){0};
    assert_int_equal(MR_OK, topics.bench.broker->ops->retention(topics.bench.broker, topics.in,
                                                                &retention_ms, &err));
    assert_int_equal(604800000, retention_ms);
    assert_int_equal(MR_OK, topics.bench.broker->ops->retention(topics.bench.broker, compacted,
                                                                &retention_ms, &err));
    assert_int_equal(-1, retention_ms);
    kafka_bench_close(&topics.bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_shows_whole_or_not_at_all),
        cmocka_unit_test(aborts_and_restarts_neither_lose_nor_double),
        cmocka_unit_test(two_workers_divide_the_work_and_hand_it_over),
        cmocka_unit_test(a_worker_that_was_replaced_is_fenced),
        cmocka_unit_test(a_partition_is_read_to_its_end_past_markers),
        cmocka_unit_test(a_sink_starts_where_its_own_store_says),
        cmocka_unit_test(topics_are_made_as_asked_and_checked),
    };
    return cmocka_run_group_tests_name("kafka", tests, NULL, NULL);
}
