/* Goal: a topic is read for people from any place to any place, each record once with its key,
 * headers and time, partition after partition, and a reader that follows gets what comes later.
 * Method: the mock cluster in this process, two partitions of records whose times are a minute
 * apart. The mock does not find offsets by time, so that the other way is the one tested here; the
 * broker's own is in tests/integration/test_cat.sh. */
#include "tests/support/kafka_bench.h"

#include "processors/core/kafka/browse.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 5 /* in each partition */
#define MINUTE_MS INT64_C(60000)
#define WAIT_MS 200
#define WAITS_MAX 150

static const char *const topics[] = {"notes"};

static void send(struct bench_worker *source, int32_t partition, int number)
{
    static const struct mr_header headers[] = {{"reason", MR_SPAN("test")},
                                               {"reason", MR_SPAN("again")}};
    char key[16], value[16];
    const struct mr_output output = {.partition = partition,
                                     .key = {(const uint8_t *)key, 1},
                                     .value = {(const uint8_t *)value, 2},
                                     .timestamp_ms = (int64_t)(number + 1) * MINUTE_MS,
                                     .headers = headers,
                                     .header_count = 2};

    (void)snprintf(key, sizeof(key), "%d", number);
    (void)snprintf(value, sizeof(value), "%d%d", (int)partition, number);
    bench_worker_send(source, &output, 1);
}

struct bench {
    struct kafka_bench kafka;
    struct bench_worker source;
};

static void open_bench(struct bench *bench)
{
    const struct mr_transport_spec spec = {.instance = "source-0",
                                           .outputs = topics,
                                           .output_count = 1,
                                           .delivery = MR_AT_LEAST_ONCE,
                                           .worker_count = 1};

    kafka_bench_open(&bench->kafka, NULL, NULL);
    kafka_bench_topic(&bench->kafka, "notes", 2, false);
    bench_worker_open(&bench->source, &bench->kafka, &spec);
    for (int32_t partition = 0; partition < 2; partition++) {
        for (int number = 0; number < RECORDS; number++) {
            send(&bench->source, partition, number);
        }
    }
}

static void close_bench(struct bench *bench)
{
    bench_worker_close(&bench->source);
    kafka_bench_close(&bench->kafka);
}

static const struct mr_record *next(struct mr_browser *browser)
{
    const struct mr_record *record = NULL;
    struct mr_error err = {0};
    bool is_done = false;

    for (int waits = 0; record == NULL && !is_done; waits++) {
        assert_true(waits < WAITS_MAX);
        if (mr_browser_next(browser, WAIT_MS, &record, &is_done, &err) != MR_OK) {
            fail_msg("%s", err.text);
        }
    }
    return record;
}

/* The values of all records, a blank behind each. */
static void read_all(struct bench *bench, const struct mr_browse_spec *spec, char out[128])
{
    struct mr_browser *browser;
    struct mr_error err = {0};
    size_t size = 0;

    if (mr_kafka_browse(bench->kafka.broker, spec, &browser, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    out[0] = '\0';
    for (const struct mr_record *record; (record = next(browser)) != NULL;) {
        size += (size_t)snprintf(out + size, 128 - size, "%.*s ", MR_SPAN_ARGS(record->value));
    }
    mr_browser_close(browser);
}

static void each_place_gives_what_lies_between(void **state)
{
    static const struct mr_browse_place beginning = {MR_BROWSE_BEGINNING, 0},
                                        end = {MR_BROWSE_END, 0};
    const struct {
        const char *label, *wanted;
        int32_t partition;
        struct mr_browse_place from, to;
    } rows[] = {
        {"all", "00 01 02 03 04 10 11 12 13 14 ", -1, beginning, end},
        {"one partition", "10 11 12 13 14 ", 1, beginning, end},
        {"offsets", "02 03 12 13 ", -1, {MR_BROWSE_OFFSET, 2}, {MR_BROWSE_OFFSET, 4}},
        {"the last two", "03 04 13 14 ", -1, {MR_BROWSE_LAST, 2}, end},
        {"all but the last two", "00 01 02 ", 0, beginning, {MR_BROWSE_LAST, 2}},
        {"more than there are", "00 01 02 03 04 ", 0, {MR_BROWSE_LAST, 100}, end},
        {"from a time on", "03 04 ", 0, {MR_BROWSE_TIME, 4 * MINUTE_MS}, end},
        {"before a time", "00 01 ", 0, beginning, {MR_BROWSE_TIME, 3 * MINUTE_MS}},
        {"of a time",
         "12 ",
         1,
         {MR_BROWSE_TIME, 2 * MINUTE_MS + 1},
         {MR_BROWSE_TIME, 3 * MINUTE_MS + 1}},
        {"a time that has not come", "", -1, {MR_BROWSE_TIME, 100 * MINUTE_MS}, end},
        {"from the end", "", -1, end, end},
        {"behind the end", "", -1, {MR_BROWSE_OFFSET, 77}, end},
        {"backwards", "", -1, {MR_BROWSE_OFFSET, 3}, {MR_BROWSE_OFFSET, 1}},
    };
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_browse_spec spec = {.topic = "notes",
                                            .partition = rows[i].partition,
                                            .from = rows[i].from,
                                            .to = rows[i].to};
        char got[128];

        print_message("  %s\n", rows[i].label);
        read_all(&bench, &spec, got);
        assert_string_equal(rows[i].wanted, got);
    }
    close_bench(&bench);
}

static void a_record_has_all_that_was_sent(void **state)
{
    const struct mr_browse_spec spec = {
        .topic = "notes", .partition = 1, .from = {MR_BROWSE_OFFSET, 3}, .to = {MR_BROWSE_END, 0}};
    const struct mr_record *record;
    struct mr_browser *browser;
    struct mr_error err = {0};
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(MR_OK, mr_kafka_browse(bench.kafka.broker, &spec, &browser, &err));
    record = next(browser);
    assert_non_null(record);
    assert_int_equal(1, record->partition);
    assert_int_equal(3, record->offset);
    assert_int_equal(4 * MINUTE_MS, record->timestamp_ms);
    assert_true(mr_span_is(record->key, "3"));
    assert_int_equal(2, record->header_count);
    assert_string_equal("reason", record->headers[1].name);
    assert_true(mr_span_is(record->headers[1].value, "again"));
    mr_browser_close(browser);
    close_bench(&bench);
}

static void who_follows_gets_what_comes_later(void **state)
{
    const struct mr_browse_spec spec = {
        .topic = "notes", .partition = -1, .from = {MR_BROWSE_END, 0}, .is_following = true};
    const struct mr_record *record;
    struct mr_browser *browser;
    struct mr_error err = {0};
    struct bench bench;
    bool is_done;

    (void)state;
    open_bench(&bench);
    assert_int_equal(MR_OK, mr_kafka_browse(bench.kafka.broker, &spec, &browser, &err));
    assert_int_equal(MR_OK, mr_browser_next(browser, WAIT_MS, &record, &is_done, &err));
    assert_null(record);
    assert_false(is_done);
    send(&bench.source, 1, 7);
    record = next(browser);
    assert_non_null(record);
    assert_true(mr_span_is(record->value, "17"));
    mr_browser_close(browser);
    close_bench(&bench);
}

static void what_is_not_there_is_named(void **state)
{
    struct mr_browse_spec spec = {.topic = "notes", .partition = 2};
    struct mr_browser *browser;
    struct mr_error err = {0};
    struct bench bench;

    (void)state;
    open_bench(&bench);
    assert_int_equal(MR_BAD_CONFIG, mr_kafka_browse(bench.kafka.broker, &spec, &browser, &err));
    assert_null(browser);
    assert_string_equal("topic notes has partitions 0 to 1", err.text);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_gives_what_lies_between),
        cmocka_unit_test(a_record_has_all_that_was_sent),
        cmocka_unit_test(who_follows_gets_what_comes_later),
        cmocka_unit_test(what_is_not_there_is_named),
    };
    return cmocka_run_group_tests_name("browse", tests, NULL, NULL);
}
