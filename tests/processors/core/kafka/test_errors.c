/* Goal: whatever a broker answers, the transport says what to do about it: nothing (librdkafka got
 * over it), abort and replay, or stop because somebody else has taken over or a person must look.
 * Method: one row per answer; the mock cluster is told to give it in a transaction that would
 * otherwise work. The worker takes its position from the test, so no group has to form. */
#include "tests/support/kafka_bench.h"

#include "processors/core/base/clock.h"
#include "processors/core/kafka/embedded.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REPLAYS_MAX 4

/* Numbers of requests in Kafka's protocol. */
enum { PRODUCE = 0, OFFSET_COMMIT = 8, INIT_PRODUCER_ID = 22, ADD_PARTITIONS = 24 };
enum { ADD_OFFSETS = 25, END_TXN = 26, TXN_OFFSET_COMMIT = 28 };

static const char *const in_topic[] = {"in"};
static const char *const out_topic[] = {"out"};

struct setting {
    struct kafka_bench embedded, bench; /* bench believes that it talks to a real cluster */
    rd_kafka_mock_cluster_t *mock;
};

static enum mr_code from_the_start(void *context, uint32_t input, int32_t partition, int64_t *next,
                                   struct mr_error *err)
{
    (void)context;
    (void)input;
    (void)partition;
    (void)err;
    *next = -1;
    return MR_OK;
}

static void open_setting(struct setting *setting, int64_t transaction_timeout_ms)
{
    const struct mr_kafka_settings settings = {.transaction_timeout = transaction_timeout_ms};

    kafka_bench_open(&setting->embedded, NULL, NULL);
    kafka_bench_topic(&setting->embedded, "in", 1, false);
    kafka_bench_topic(&setting->embedded, "out", 1, false);
    kafka_bench_open(&setting->bench, setting->embedded.broker->bootstrap, &settings);
    setting->mock = mr_kafka_mock_of(setting->embedded.broker);
}

static void close_setting(struct setting *setting)
{
    kafka_bench_close(&setting->bench);
    kafka_bench_close(&setting->embedded);
}

static struct mr_transport_spec stage_spec(enum mr_delivery delivery)
{
    return (struct mr_transport_spec){.group = "stage",
                                      .instance = "stage-0",
                                      .inputs = in_topic,
                                      .input_count = 1,
                                      .outputs = out_topic,
                                      .output_count = 1,
                                      .delivery = delivery,
                                      .worker_count = 1,
                                      .position = from_the_start};
}

static void push(struct setting *setting, int16_t request, rd_kafka_resp_err_t answer, size_t times)
{
    rd_kafka_resp_err_t answers[8];

    assert_true(times <= MR_COUNT(answers));
    for (size_t i = 0; i < times; i++) {
        answers[i] = answer;
    }
    rd_kafka_mock_push_request_errors_array(setting->mock, request, times, answers);
}

/* One batch of ten outputs, and a position. The first failure of its calls. */
static enum mr_code try_batch(struct bench_worker *worker)
{
    const struct mr_transport_ops *ops = worker->transport->ops;
    const struct mr_position position = {0, 0, 1};
    struct mr_output outputs[10];
    enum mr_code code;

    for (size_t i = 0; i < MR_COUNT(outputs); i++) {
        outputs[i] = (struct mr_output){.value = MR_SPAN("x"), .timestamp_ms = 1};
    }
    worker->error = (struct mr_error){0};
    code = ops->begin(worker->transport, &worker->error);
    if (code == MR_OK) {
        code = ops->produce(worker->transport, outputs, MR_COUNT(outputs), &worker->error);
    }
    return code == MR_OK ? ops->commit(worker->transport, &position, 1, &worker->error) : code;
}

static void assigned_worker(struct bench_worker *worker, struct setting *setting,
                            enum mr_delivery delivery)
{
    const struct mr_transport_spec spec = stage_spec(delivery);

    bench_worker_open(worker, &setting->bench, &spec);
    (void)bench_worker_drain(worker, 10000, NULL, NULL);
}

/* What the loop does with MR_ABORTED: more than one replay may be needed. */
static void assert_replay(struct bench_worker *worker, enum mr_code expected)
{
    enum mr_code code = MR_ABORTED;

    for (int i = 0; i < REPLAYS_MAX && code == MR_ABORTED; i++) {
        struct mr_error err = {0};

        if (worker->transport->ops->abort(worker->transport, &err) != MR_OK) {
            fail_msg("abort: %s", err.text);
        }
        code = try_batch(worker);
    }
    if (code != expected) {
        fail_msg("after up to %d replays: %s", REPLAYS_MAX, worker->error.text);
    }
}

struct row {
    const char *label;
    int16_t request;
    rd_kafka_resp_err_t answer;
    size_t times;
    enum mr_code code;
    enum mr_code after; /* code MR_ABORTED: what replaying comes to */
};

static void check_rows(const struct row *rows, size_t count, enum mr_delivery delivery)
{
    for (size_t i = 0; i < count; i++) {
        struct setting setting;
        struct bench_worker worker;
        enum mr_code code;

        print_message("  %s\n", rows[i].label);
        open_setting(&setting, 0);
        assigned_worker(&worker, &setting, delivery);
        assert_int_equal(MR_OK, try_batch(&worker));
        push(&setting, rows[i].request, rows[i].answer, rows[i].times);
        code = try_batch(&worker);
        if (code != rows[i].code) {
            fail_msg("%s, not %s: %s", mr_code_words(code), mr_code_words(rows[i].code),
                     worker.error.text);
        }
        if (code == MR_ABORTED) {
            assert_replay(&worker, rows[i].after);
        }
        bench_worker_close(&worker);
        close_setting(&setting);
    }
}

static void each_answer_in_a_transaction_gets_the_code_it_deserves(void **state)
{
    static const struct row rows[] = {
        {"produce: leader has moved", PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2, MR_OK,
         MR_OK},
        {"produce: connection lost", PRODUCE, RD_KAFKA_RESP_ERR__TRANSPORT, 1, MR_OK, MR_OK},
        {"produce: too large", PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1, MR_ABORTED, MR_OK},
        /* Nobody may write there: the replay finds out at once. */
        {"produce: not allowed", PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1,
         MR_ABORTED, MR_REFUSED},
        {"produce: out of order", PRODUCE, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1,
         MR_REFUSED, MR_OK},
        {"produce: old epoch", PRODUCE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, MR_FENCED,
         MR_OK},
        {"partitions: id unknown", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, 1,
         MR_ABORTED, MR_OK},
        {"partitions: fenced", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1, MR_FENCED,
         MR_OK},
        {"partitions: state", ADD_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, 1, MR_REFUSED,
         MR_OK},
        {"offsets: coordinator has moved", ADD_OFFSETS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 1, MR_OK,
         MR_OK},
        {"offsets: not allowed", ADD_OFFSETS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1,
         MR_ABORTED, MR_OK},
        {"offsets: generation is over", TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1,
         MR_ABORTED, MR_OK},
        {"offsets: no such member", TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1,
         MR_ABORTED, MR_OK},
        {"offsets: rebalance", TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, 1,
         MR_ABORTED, MR_OK},
        {"offsets: coordinator loads", TXN_OFFSET_COMMIT,
         RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 3, MR_OK, MR_OK},
        {"end: another still ends", END_TXN, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 2, MR_OK,
         MR_OK},
        {"end: connection lost", END_TXN, RD_KAFKA_RESP_ERR__TRANSPORT, 1, MR_OK, MR_OK},
        {"end: id unknown", END_TXN, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 1, MR_ABORTED, MR_OK},
        {"end: fenced", END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1, MR_FENCED, MR_OK},
        {"end: state", END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, 1, MR_REFUSED, MR_OK},
    };

    (void)state;
    check_rows(rows, MR_COUNT(rows), MR_EXACTLY_ONCE);
}

static void each_answer_at_least_once_gets_the_code_it_deserves(void **state)
{
    static const struct row rows[] = {
        {"produce: leader has moved", PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2, MR_OK,
         MR_OK},
        {"produce: too large", PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1, MR_ABORTED, MR_OK},
        /* Nobody may write there: the replay finds out at once. */
        {"produce: not allowed", PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1,
         MR_ABORTED, MR_REFUSED},
        {"commit: generation is over", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1,
         MR_ABORTED, MR_OK},
        {"commit: fenced", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1, MR_FENCED,
         MR_OK},
        {"commit: not allowed", OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1,
         MR_REFUSED, MR_OK},
    };

    (void)state;
    check_rows(rows, MR_COUNT(rows), MR_AT_LEAST_ONCE);
}

static void starting_fails_when_the_answer_is_final(void **state)
{
    static const struct row rows[] = {
        {"loads", INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 3, MR_OK,
         MR_OK},
        {"another still ends", INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 3,
         MR_OK, MR_OK},
        {"timeout too long", INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, 1,
         MR_BAD_CONFIG, MR_OK},
        {"not allowed", INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         1, MR_REFUSED, MR_OK},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_transport_spec spec = stage_spec(MR_EXACTLY_ONCE);
        struct mr_transport *transport;
        struct mr_error err = {0};
        struct setting setting;

        print_message("  %s\n", rows[i].label);
        open_setting(&setting, 0);
        push(&setting, rows[i].request, rows[i].answer, rows[i].times);
        assert_int_equal(rows[i].code, setting.bench.broker->ops->open(setting.bench.broker, &spec,
                                                                       &transport, &err));
        assert_int_equal(rows[i].code == MR_OK, transport != NULL);
        if (transport != NULL) {
            transport->ops->close(transport);
        }
        close_setting(&setting);
    }
}

static void *bring_broker_up(void *context)
{
    mr_clock_wait(&mr_clock_system, 4000);
    (void)rd_kafka_mock_broker_set_up(context, 1);
    return NULL;
}

static void a_commit_that_timed_out_goes_on_where_it_was(void **state)
{
    const struct mr_position position = {0, 0, 1};
    struct setting setting;
    struct bench_worker worker;
    pthread_t thread;
    enum mr_code code;
    int tries = 1;

    (void)state;
    open_setting(&setting, 2000);
    assigned_worker(&worker, &setting, MR_EXACTLY_ONCE);
    assert_int_equal(MR_OK, try_batch(&worker));
    assert_int_equal(0, rd_kafka_mock_broker_set_down(setting.mock, 1));
    assert_int_equal(0, pthread_create(&thread, NULL, bring_broker_up, setting.mock));
    code = try_batch(&worker);
    while (mr_code_advice(code) == MR_ADVICE_RETRY && tries < 20) {
        struct mr_error err = {0};

        tries++;
        code = worker.transport->ops->commit(worker.transport, &position, 1, &err);
    }
    assert_int_equal(0, pthread_join(thread, NULL));
    print_message("  tries=%d, then %s\n", tries, mr_code_words(code));
    assert_true(tries > 1);
    if (code == MR_ABORTED) {
        assert_replay(&worker, MR_OK);
    } else {
        assert_int_equal(MR_OK, code);
    }
    bench_worker_close(&worker);
    close_setting(&setting);
}

static void a_cluster_that_is_away_is_said_so(void **state)
{
    static const struct mr_topic_spec topic = {"in", 1, false};
    struct kafka_bench bench;
    struct mr_error err = {0};
    enum mr_code code;

    (void)state;
    kafka_bench_open(&bench, "127.0.0.1:9", NULL);
    code = bench.broker->ops->ensure(bench.broker, &topic, 1, &err);
    assert_int_equal(MR_ADVICE_RETRY, mr_code_advice(code));
    print_message("  %s\n", err.text);
    kafka_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_in_a_transaction_gets_the_code_it_deserves),
        cmocka_unit_test(each_answer_at_least_once_gets_the_code_it_deserves),
        cmocka_unit_test(starting_fails_when_the_answer_is_final),
        cmocka_unit_test(a_commit_that_timed_out_goes_on_where_it_was),
        cmocka_unit_test(a_cluster_that_is_away_is_said_so),
    };
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
