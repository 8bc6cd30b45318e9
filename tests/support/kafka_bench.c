#include "tests/support/kafka_bench.h"

#include "processors/core/base/clock.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *kafka_bench_address(void)
{
    const char *address = getenv("KAFKA");

    return address != NULL && address[0] != '\0' ? address : NULL;
}

static void assert_ok(enum mr_code code, const struct mr_error *err)
{
    if (code != MR_OK) {
        fail_msg("%s: %s", mr_code_words(code), err->text);
    }
}

void kafka_bench_open(struct kafka_bench *bench, const char *bootstrap,
                      const struct mr_kafka_settings *settings)
{
    struct mr_kafka_config config = {.bootstrap = bootstrap};
    struct mr_error err = {0};

    bench->log = (struct mr_log){stderr, "test", MR_ERROR, MR_LOG_TEXT};
    if (getenv("VERBOSE") != NULL) {
        bench->log.floor = MR_DEBUG;
    }
    config.log = &bench->log;
    config.settings = settings != NULL ? *settings : (struct mr_kafka_settings){0};
    assert_ok(bootstrap == NULL ? mr_kafka_embedded_new(&config, &bench->broker, &err)
                                : mr_kafka_new(&config, &bench->broker, &err),
              &err);
}

void kafka_bench_close(struct kafka_bench *bench)
{
    bench->broker->ops->close(bench->broker);
    bench->broker = NULL;
}

void kafka_bench_topic(struct kafka_bench *bench, const char *name, int32_t partitions,
                       bool is_compacted)
{
    const struct mr_topic_spec spec = {name, partitions, is_compacted};
    struct mr_error err = {0};

    assert_ok(bench->broker->ops->ensure(bench->broker, &spec, 1, &err), &err);
}

static enum mr_code on_assigned(void *context, const struct mr_position *positions, size_t count,
                                struct mr_error *err)
{
    struct bench_worker *worker = context;

    (void)err;
    assert_true(count <= BENCH_PARTITIONS_MAX);
    worker->assigned++;
    worker->assigned_count = count;
    memcpy(worker->positions, positions, count * sizeof(*positions));
    return MR_OK;
}

static enum mr_code on_revoked(void *context, const struct mr_position *positions, size_t count,
                               bool is_lost, struct mr_error *err)
{
    struct bench_worker *worker = context;

    (void)err;
    (void)positions;
    assert_int_equal(worker->assigned_count, count);
    worker->revoked++;
    worker->lost += is_lost;
    worker->assigned_count = 0;
    worker->next_count = 0;
    return MR_OK;
}

void bench_worker_open(struct bench_worker *worker, struct kafka_bench *bench,
                       const struct mr_transport_spec *spec)
{
    *worker = (struct bench_worker){.spec = *spec};
    worker->spec.listener = (struct mr_transport_listener){on_assigned, on_revoked, worker};
    worker->spec.worker_count += worker->spec.worker_count == 0;
    assert_ok(
        bench->broker->ops->open(bench->broker, &worker->spec, &worker->transport, &worker->error),
        &worker->error);
}

void bench_worker_close(struct bench_worker *worker)
{
    worker->transport->ops->close(worker->transport);
    worker->transport = NULL;
}

static void note_next(struct bench_worker *worker, uint32_t input, const struct mr_record *record)
{
    size_t i = 0;

    while (i < worker->next_count &&
           (worker->next[i].input != input || worker->next[i].partition != record->partition)) {
        i++;
    }
    assert_true(i < BENCH_PARTITIONS_MAX);
    worker->next_count += i == worker->next_count;
    worker->next[i] = (struct mr_position){input, record->partition, record->offset + 1};
}

static size_t poll_once(struct bench_worker *worker, size_t room, bench_each *each, void *context)
{
    struct mr_polled polled;

    assert_ok(worker->transport->ops->poll(worker->transport, 20, room, &polled, &worker->error),
              &worker->error);
    assert_true(polled.count <= room);
    for (size_t i = 0; i < polled.count; i++) {
        note_next(worker, polled.inputs[i], &polled.records[i]);
        if (each != NULL) {
            each(context, polled.inputs[i], &polled.records[i]);
        }
    }
    return polled.count;
}

size_t bench_worker_poll(struct bench_worker *worker, size_t count, int64_t deadline_ms,
                         bench_each *each, void *context)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + deadline_ms;
    size_t sum = 0;

    do {
        sum += poll_once(worker, count - sum > 0 ? count - sum : 1, each, context);
    } while (sum < count && mr_clock_monotonic(&mr_clock_system) < end_ms);
    return sum;
}

size_t bench_worker_drain(struct bench_worker *worker, int64_t deadline_ms, bench_each *each,
                          void *context)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + deadline_ms;
    bool is_drained = false;
    size_t sum = 0;

    while (!is_drained) {
        sum += poll_once(worker, 5000, each, context);
        assert_ok(worker->transport->ops->drained(worker->transport, &is_drained, &worker->error),
                  &worker->error);
        if (mr_clock_monotonic(&mr_clock_system) > end_ms) {
            fail_msg("not drained within %d ms, %zu records came", (int)deadline_ms, sum);
        }
    }
    return sum;
}

enum mr_code bench_worker_commit(struct bench_worker *worker)
{
    const enum mr_code code = worker->transport->ops->commit(worker->transport, worker->next,
                                                             worker->next_count, &worker->error);

    worker->next_count = code == MR_OK ? 0 : worker->next_count;
    return code;
}

void bench_worker_send(struct bench_worker *worker, const struct mr_output *outputs, size_t count)
{
    const struct mr_transport_ops *ops = worker->transport->ops;

    assert_ok(ops->begin(worker->transport, &worker->error), &worker->error);
    assert_ok(ops->produce(worker->transport, outputs, count, &worker->error), &worker->error);
    assert_ok(bench_worker_commit(worker), &worker->error);
}
