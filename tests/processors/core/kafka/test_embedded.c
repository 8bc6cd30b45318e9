/* Goal: the embedded broker carries every record as it was given, once, in order, and drops none
 * however slow its readers are; the transport says what failed and what to do about it.
 * Method: librdkafka's mock cluster in this process; workers on threads of their own where flow
 * control is at stake; requests that the mock is told to fail. */
#include "tests/support/kafka_bench.h"

#include "processors/core/base/clock.h"
#include "processors/core/config/report.h"
#include "processors/core/kafka/kafka_internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 30000

static const char *const in_topic[] = {"in"};

static struct mr_transport_spec source_spec(const char *const *outputs)
{
    return (struct mr_transport_spec){.instance = "source-0",
                                      .outputs = outputs,
                                      .output_count = 1,
                                      .delivery = MR_AT_LEAST_ONCE,
                                      .worker_count = 1};
}

static struct mr_transport_spec sink_spec(const char *const *inputs)
{
    return (struct mr_transport_spec){.group = "sink",
                                      .instance = "sink-0",
                                      .inputs = inputs,
                                      .input_count = 1,
                                      .delivery = MR_AT_LEAST_ONCE,
                                      .worker_count = 1};
}

/* ---------------------------------------------------------------------------- whole requests */

/* Delivery reports are served by flushing alone here: one that came tells of a flush. */
static void a_partition_is_given_no_more_than_a_request_holds(void **state)
{
    static const struct {
        const char *label;
        int32_t partitions[3];
        size_t key_size, value_size;
        bool is_flushed;
    } rows[] = {
        {"three thirds of a request", {0, 0, 0}, 0, 333000, false},
        {"one byte too many, with what the wire format adds", {0, 0, 0}, 0, 333334, true},
        {"the key counts", {0, 0, 0}, 1000, 332500, true},
        {"each partition has its own", {0, 1, 0}, 0, 400000, false},
        {"a request for each partition", {0, 1, 2}, 0, 999000, false},
    };
    static uint8_t bytes[1000000];
    struct kafka_bench bench;
    struct bench_worker source;
    const struct mr_transport_spec spec = source_spec(in_topic);

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 3, false);
    bench_worker_open(&source, &bench, &spec);
    source.transport->writers_wait = false; /* as on a real cluster */
    ((struct kafka_transport *)source.transport)->request_size = 1000000;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_transport *transport = source.transport;
        struct mr_output outputs[3];

        print_message("  %s\n", rows[i].label);
        for (size_t k = 0; k < 3; k++) {
            outputs[k] = (struct mr_output){.partition = rows[i].partitions[k],
                                            .key = {bytes, rows[i].key_size},
                                            .value = {bytes, rows[i].value_size}};
        }
        assert_int_equal(MR_OK, transport->ops->begin(transport, &source.error));
        assert_int_equal(MR_OK, transport->ops->produce(transport, outputs, 3, &source.error));
        assert_int_equal(MR_OK,
                         mr_kafka_send_held((struct kafka_transport *)transport, &source.error));
        assert_int_equal(rows[i].is_flushed, ((struct kafka_transport *)transport)->has_delivered);
        assert_int_equal(MR_OK, transport->ops->commit(transport, NULL, 0, &source.error));
    }
    bench_worker_close(&source);
    kafka_bench_close(&bench);
}

/* ------------------------------------------------------------------------------ one record */

struct sample {
    const char *label;
    struct mr_span key, value;
    int64_t timestamp_ms;
    const char *traceparent;
    bool has_come;
};

static void check_sample(void *context, uint32_t input, const struct mr_record *record)
{
    struct sample *sample = (struct sample *)context + record->offset;

    assert_int_equal(0, input);
    print_message("  %s\n", sample->label);
    assert_int_equal(sample->key.data == NULL, record->key.data == NULL);
    assert_int_equal(sample->value.data == NULL, record->value.data == NULL);
    assert_true(mr_span_equal(sample->key, record->key));
    assert_true(mr_span_equal(sample->value, record->value));
    if (sample->timestamp_ms != 0) {
        assert_int_equal(sample->timestamp_ms, record->timestamp_ms);
    } else {
        assert_in_range(record->timestamp_ms, mr_clock_wall(&mr_clock_system) - 60000,
                        mr_clock_wall(&mr_clock_system));
    }
    assert_true(mr_span_is(record->traceparent, sample->traceparent ? sample->traceparent : ""));
    assert_int_equal(sample->traceparent != NULL ? 2 : 0, record->header_count);
    if (record->header_count > 0) {
        assert_string_equal("other", record->headers[0].name);
        assert_true(mr_span_is(record->headers[0].value, "1"));
        assert_string_equal("traceparent", record->headers[1].name);
    }
    assert_false(sample->has_come);
    sample->has_come = true;
}

static void a_record_comes_out_as_it_went_in(void **state)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct sample samples[] = {
        {"key and value", MR_SPAN("pump-7"), MR_SPAN("{}"), 1700000000123, NULL, false},
        {"no key", {NULL, 0}, MR_SPAN("x"), 1, NULL, false},
        {"empty key, empty value", MR_SPAN(""), MR_SPAN(""), 5, NULL, false},
        {"tombstone", MR_SPAN("pump-7"), {NULL, 0}, 1700000000124, NULL, false},
        {"now", MR_SPAN("k"), MR_SPAN("v"), 0, NULL, false},
        {"traced", MR_SPAN("k"), MR_SPAN("v"), 9, trace, false},
        {"bytes", MR_SPAN("\0\1\377"), MR_SPAN("\0\0\0"), 9, NULL, false},
    };
    const struct mr_header headers[] = {{"other", MR_SPAN("1")}, {"traceparent", MR_SPAN("")}};
    struct mr_output outputs[MR_COUNT(samples)];
    struct kafka_bench bench;
    struct bench_worker source, sink;
    struct mr_transport_spec spec = source_spec(in_topic);

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 1, false);
    bench_worker_open(&source, &bench, &spec);
    spec = sink_spec(in_topic);
    bench_worker_open(&sink, &bench, &spec);
    for (size_t i = 0; i < MR_COUNT(samples); i++) {
        struct mr_header *own = calloc(2, sizeof(*own));

        memcpy(own, headers, sizeof(headers));
        own[1].value = mr_span_text(samples[i].traceparent);
        outputs[i] = (struct mr_output){.key = samples[i].key,
                                        .value = samples[i].value,
                                        .timestamp_ms = samples[i].timestamp_ms,
                                        .headers = own,
                                        .header_count = samples[i].traceparent ? 2 : 0};
    }
    bench_worker_send(&source, outputs, MR_COUNT(outputs));
    assert_int_equal(MR_COUNT(samples),
                     bench_worker_drain(&sink, DEADLINE_MS, check_sample, samples));
    for (size_t i = 0; i < MR_COUNT(samples); i++) {
        assert_true(samples[i].has_come);
        free((void *)(uintptr_t)outputs[i].headers);
    }
    bench_worker_close(&source);
    bench_worker_close(&sink);
    kafka_bench_close(&bench);
}

/* ---------------------------------------------------------------------- positions, rewinding */

struct order {
    int64_t next[16];
    size_t count;
};

static void check_order(void *context, uint32_t input, const struct mr_record *record)
{
    struct order *order = context;

    (void)input;
    assert_int_equal(order->next[record->partition], record->offset);
    order->next[record->partition]++;
    order->count++;
}

static void send_numbers(struct bench_worker *source, int32_t partitions, size_t count)
{
    struct mr_output *outputs = calloc(count, sizeof(*outputs));

    for (size_t i = 0; i < count; i++) {
        outputs[i] = (struct mr_output){.partition = (int32_t)(i % (size_t)partitions),
                                        .value = MR_SPAN("a value of some length"),
                                        .timestamp_ms = 1 + (int64_t)i};
    }
    bench_worker_send(source, outputs, count);
    free(outputs);
}

static void after_an_abort_the_same_records_come_again(void **state)
{
    struct kafka_bench bench;
    struct bench_worker source, sink;
    struct mr_transport_spec spec = source_spec(in_topic);
    struct order order = {{0}, 0};

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 4, false);
    bench_worker_open(&source, &bench, &spec);
    spec = sink_spec(in_topic);
    bench_worker_open(&sink, &bench, &spec);
    send_numbers(&source, 4, 4000);
    for (int round = 0; round < 20; round++) {
        struct order trial = order;
        const size_t wanted = 100 + (size_t)round * 7;

        sink.next_count = 0;
        assert_int_equal(wanted,
                         bench_worker_poll(&sink, wanted, DEADLINE_MS, check_order, &trial));
        if (round % 3 == 2) {
            assert_int_equal(MR_OK, bench_worker_commit(&sink));
            order = trial;
        } else {
            assert_int_equal(MR_OK, sink.transport->ops->abort(sink.transport, &sink.error));
        }
    }
    sink.next_count = 0;
    (void)bench_worker_drain(&sink, DEADLINE_MS, check_order, &order);
    assert_int_equal(4000, order.count);
    bench_worker_close(&source);
    bench_worker_close(&sink);
    kafka_bench_close(&bench);
}

static void a_worker_that_comes_back_goes_on_where_it_had_committed(void **state)
{
    struct kafka_bench bench;
    struct bench_worker source, sink;
    struct mr_transport_spec spec = source_spec(in_topic);
    struct order order = {{0}, 0};
    int64_t next;

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 2, false);
    bench_worker_open(&source, &bench, &spec);
    spec = sink_spec(in_topic);
    bench_worker_open(&sink, &bench, &spec);
    send_numbers(&source, 2, 1000);
    assert_int_equal(300, bench_worker_poll(&sink, 300, DEADLINE_MS, check_order, &order));
    assert_int_equal(MR_OK, bench_worker_commit(&sink));
    assert_int_equal(100, bench_worker_poll(&sink, 100, DEADLINE_MS, NULL, NULL));
    bench_worker_close(&sink);

    bench_worker_open(&sink, &bench, &spec);
    (void)bench_worker_drain(&sink, DEADLINE_MS, check_order, &order);
    assert_int_equal(1000, order.count);
    assert_int_equal(1, sink.assigned);
    assert_int_equal(2, sink.assigned_count);
    for (int32_t p = 0; p < 2; p++) {
        assert_int_equal(MR_OK,
                         sink.transport->ops->committed(sink.transport, 0, p, &next, &sink.error));
        assert_int_equal(sink.positions[p].next, next);
    }
    bench_worker_close(&source);
    bench_worker_close(&sink);
    kafka_bench_close(&bench);
}

static void workers_divide_the_partitions_among_them(void **state)
{
    struct kafka_bench bench;
    struct bench_worker source, sinks[3];
    struct mr_transport_spec spec = source_spec(in_topic);
    size_t sum = 0;

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 8, false);
    bench_worker_open(&source, &bench, &spec);
    send_numbers(&source, 8, 800);
    for (int32_t i = 0; i < 3; i++) {
        struct order order = {{0}, 0};

        spec = sink_spec(in_topic);
        spec.worker = i;
        spec.worker_count = 3;
        bench_worker_open(&sinks[i], &bench, &spec);
        sum += bench_worker_drain(&sinks[i], DEADLINE_MS, check_order, &order);
        assert_int_equal(i < 2 ? 3 : 2, sinks[i].assigned_count);
    }
    assert_int_equal(800, sum);
    for (size_t i = 0; i < 3; i++) {
        bench_worker_close(&sinks[i]);
    }
    bench_worker_close(&source);
    kafka_bench_close(&bench);
}

static void draining_ends_on_empty_partitions_and_notices_what_came_since(void **state)
{
    struct kafka_bench bench;
    struct bench_worker source, sink;
    struct mr_transport_spec spec = source_spec(in_topic);
    struct mr_lag lags[8];
    bool is_drained = true;

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 8, false);
    bench_worker_open(&source, &bench, &spec);
    spec = sink_spec(in_topic);
    bench_worker_open(&sink, &bench, &spec);
    assert_int_equal(MR_OK, sink.transport->ops->drained(sink.transport, &is_drained, &sink.error));
    assert_false(is_drained); /* nothing is assigned yet */
    assert_int_equal(0, bench_worker_drain(&sink, DEADLINE_MS, NULL, NULL));
    send_numbers(&source, 1, 10);
    assert_int_equal(MR_OK, sink.transport->ops->drained(sink.transport, &is_drained, &sink.error));
    assert_false(is_drained);
    assert_int_equal(10, bench_worker_drain(&sink, DEADLINE_MS, NULL, NULL));
    assert_int_equal(8, sink.transport->ops->lag(sink.transport, lags, 8));
    assert_int_equal(10, lags[0].records);
    assert_int_equal(MR_OK, bench_worker_commit(&sink));
    assert_int_equal(8, sink.transport->ops->lag(sink.transport, lags, 8));
    assert_int_equal(0, lags[0].records);
    assert_int_equal(10, lags[0].end);
    assert_int_equal(0, lags[7].records);
    bench_worker_close(&source);
    bench_worker_close(&sink);
    kafka_bench_close(&bench);
}

/* ----------------------------------------------------------------------------- flow control */

#define CHAIN_RECORDS 300000
#define CHAIN_PARTITIONS 8
#define CHAIN_HOPS 5

static const char *const chain_topics[CHAIN_HOPS + 1] = {"c0", "c1", "c2", "c3", "c4", "c5"};

struct hop {
    struct bench_worker worker;
    struct order order;
    pthread_t thread;
};

/* Slower than its source can be: small batches, each committed. */
static void *run_hop(void *context)
{
    struct hop *hop = context;
    struct bench_worker *worker = &hop->worker;
    const struct mr_transport_ops *ops = worker->transport->ops;

    while (hop->order.count < CHAIN_RECORDS) {
        struct mr_polled polled;
        struct mr_output outputs[2000];

        worker->next_count = 0;
        assert_int_equal(
            MR_OK, ops->poll(worker->transport, 50, MR_COUNT(outputs), &polled, &worker->error));
        for (size_t i = 0; i < polled.count; i++) {
            const struct mr_record *record = &polled.records[i];

            check_order(&hop->order, 0, record);
            outputs[i] = (struct mr_output){.partition = record->partition,
                                            .key = record->key,
                                            .value = record->value,
                                            .timestamp_ms = record->timestamp_ms};
        }
        for (int32_t p = 0; p < CHAIN_PARTITIONS; p++) {
            worker->next[worker->next_count++] = (struct mr_position){0, p, hop->order.next[p]};
        }
        if (polled.count > 0) {
            assert_int_equal(MR_OK, ops->begin(worker->transport, &worker->error));
            assert_int_equal(
                MR_OK, ops->produce(worker->transport, outputs, polled.count, &worker->error));
        }
        assert_int_equal(MR_OK, bench_worker_commit(worker));
    }
    return NULL;
}

static size_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kib = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
        }
    }
    (void)fclose(file);
    return kib;
}

static void fill_value(char value[200], size_t number)
{
    uint64_t bits = number * UINT64_C(0x9E3779B97F4A7C15) + 1;

    /* Half noise: does not compress to nothing. */
    for (size_t i = 0; i < 200; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        value[i] = i % 2 == 0 ? (char)('a' + (char)(bits % 16)) : 'x';
    }
}

static void send_chain(struct bench_worker *source)
{
    static char values[1000][200];

    for (size_t done = 0; done < CHAIN_RECORDS; done += 1000) {
        struct mr_output outputs[1000];

        for (size_t i = 0; i < 1000; i++) {
            fill_value(values[i], done + i);
            outputs[i] = (struct mr_output){.partition = (int32_t)((done + i) % CHAIN_PARTITIONS),
                                            .key = {(const uint8_t *)values[i], 16},
                                            .value = {(const uint8_t *)values[i], 200},
                                            .timestamp_ms = 1};
        }
        bench_worker_send(source, outputs, 1000);
    }
}

/* Topic c0 to topic c4; the last hop reads c4 and writes c5, which nobody reads. */
static void open_hops(struct kafka_bench *bench, struct hop *hops)
{
    for (size_t i = 0; i <= CHAIN_HOPS; i++) {
        kafka_bench_topic(bench, chain_topics[i], CHAIN_PARTITIONS, false);
    }
    for (size_t i = 0; i < CHAIN_HOPS; i++) {
        struct mr_transport_spec spec = sink_spec(&chain_topics[i]);

        spec.group = "hop";
        spec.outputs = &chain_topics[i + 1];
        spec.output_count = 1;
        bench_worker_open(&hops[i].worker, bench, &spec);
    }
}

static void a_fast_producer_waits_and_nothing_is_dropped(void **state)
{
    struct kafka_bench bench;
    struct bench_worker source;
    struct hop hops[CHAIN_HOPS] = {0};
    const struct mr_transport_spec spec = source_spec(chain_topics);
    const int64_t start_ms = mr_clock_monotonic(&mr_clock_system);

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    open_hops(&bench, hops);
    bench_worker_open(&source, &bench, &spec);
    for (size_t i = 0; i < CHAIN_HOPS; i++) {
        assert_int_equal(0, pthread_create(&hops[i].thread, NULL, run_hop, &hops[i]));
    }
    send_chain(&source);
    for (size_t i = 0; i < CHAIN_HOPS; i++) {
        assert_int_equal(0, pthread_join(hops[i].thread, NULL));
        assert_int_equal(CHAIN_RECORDS, hops[i].order.count);
    }
    print_message("  records=%d topics=%d bytes=%d seconds=%.1f peak_rss_mib=%zu\n", CHAIN_RECORDS,
                  CHAIN_HOPS + 1, 216,
                  (double)(mr_clock_monotonic(&mr_clock_system) - start_ms) / 1000.0,
                  resident_kib() / 1024);
    bench_worker_close(&source);
    for (size_t i = 0; i < CHAIN_HOPS; i++) {
        bench_worker_close(&hops[i].worker);
    }
    kafka_bench_close(&bench);
}

/* ----------------------------------------------------------------------------- configuration */

static void a_topic_with_another_partition_count_is_refused(void **state)
{
    const struct mr_topic_spec spec = {"in", 4, false};
    struct kafka_bench bench;
    struct mr_error err = {0};

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 8, false);
    kafka_bench_topic(&bench, "in", 8, false);
    assert_int_equal(MR_BAD_CONFIG, bench.broker->ops->ensure(bench.broker, &spec, 1, &err));
    assert_string_equal("topic in has 8 partitions, the pipeline wants 4", err.text);
    kafka_bench_close(&bench);
}

static void a_property_that_is_ours_is_refused_by_name(void **state)
{
    static const struct {
        const char *label;
        struct mr_kafka_property property;
        const char *words; /* part of the message; NULL: it is taken */
    } rows[] = {
        {"ours", {"enable.auto.commit", "true"}, "enable.auto.commit cannot be set"},
        {"ours too", {"transactional.id", "x"}, "it is the worker's name"},
        {"unknown", {"no.such.thing", "x"}, "no.such.thing"},
        {"bad value", {"linger.ms", "soon"}, "linger.ms"},
        {"start", {"auto.offset.reset", "never"}, "neither earliest nor latest"},
        {"good start", {"auto.offset.reset", "latest"}, NULL},
        {"good", {"linger.ms", "7"}, NULL},
        {"good, of the other kind", {"fetch.min.bytes", "7"}, NULL},
    };
    const struct mr_log log = {stderr, "test", MR_ERROR, MR_LOG_TEXT};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_kafka_config config = {.bootstrap = "127.0.0.1:9",
                                               .properties = &rows[i].property,
                                               .property_count = 1,
                                               .log = &log};
        struct mr_broker *broker = NULL;
        struct mr_error err = {0};
        const enum mr_code code = mr_kafka_new(&config, &broker, &err);

        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].words ? MR_BAD_CONFIG : MR_OK, code);
        if (rows[i].words) {
            assert_null(broker);
            assert_non_null(strstr(err.text, rows[i].words));
        } else {
            assert_string_equal("127.0.0.1:9", broker->bootstrap);
            broker->ops->close(broker);
        }
    }
}

static void exactly_once_is_refused_where_there_are_no_transactions(void **state)
{
    struct kafka_bench bench;
    struct mr_transport_spec spec = source_spec(in_topic);
    struct mr_transport *transport = NULL;
    struct mr_error err = {0};

    (void)state;
    kafka_bench_open(&bench, NULL, NULL);
    kafka_bench_topic(&bench, "in", 1, false);
    spec.delivery = MR_EXACTLY_ONCE;
    assert_int_equal(MR_BAD_CONFIG, bench.broker->ops->open(bench.broker, &spec, &transport, &err));
    assert_null(transport);
    kafka_bench_close(&bench);
}

static void the_documented_defaults_are_those_that_hold(void **state)
{
    struct mr_arena *arena = mr_arena_new(65536);
    struct mr_report *report = mr_report_new();
    struct mr_kafka_settings settings;

    (void)state;
    assert_true(mr_options_read(mr_kafka_options, NULL, "kafka", arena, report, &settings));
    assert_memory_equal(&mr_kafka_defaults, &settings, sizeof(settings));
    mr_report_free(report);
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_is_given_no_more_than_a_request_holds),
        cmocka_unit_test(a_record_comes_out_as_it_went_in),
        cmocka_unit_test(after_an_abort_the_same_records_come_again),
        cmocka_unit_test(a_worker_that_comes_back_goes_on_where_it_had_committed),
        cmocka_unit_test(workers_divide_the_partitions_among_them),
        cmocka_unit_test(draining_ends_on_empty_partitions_and_notices_what_came_since),
        cmocka_unit_test(a_fast_producer_waits_and_nothing_is_dropped),
        cmocka_unit_test(a_topic_with_another_partition_count_is_refused),
        cmocka_unit_test(a_property_that_is_ours_is_refused_by_name),
        cmocka_unit_test(the_documented_defaults_are_those_that_hold),
        cmocka_unit_test(exactly_once_is_refused_where_there_are_no_transactions),
    };
    return cmocka_run_group_tests_name("embedded", tests, NULL, NULL);
}
