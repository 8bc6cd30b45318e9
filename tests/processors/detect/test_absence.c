/* Goal: what does not come is told once, by the record that shows it, and by nothing else: by event
 * time or by whole feeds, the same after a restart at any record and however batches are cut.
 * Method: the bench; timetables of keys as tables of texts, one letter a key, one text a feed;
 * hours of event time pass between feeds. What is told is written down as "feed:key,key" and
 * compared. */
#include "processors/detect/detect.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define FEEDS_MAX 24

static const struct mr_processor_ops *const processors[] = {&mr_detect_ops, NULL};

static const char by_time[] = "- detect:\n  - {name: gone, method: missing}\n";
static const char by_feed[] =
    "- detect:\n  - {name: gone, method: missing, complete: origin.end == "
    "\"complete\"}\n";

/* What one run tells, and all bytes that it wrote. */
struct told {
    char text[512];
    size_t size;
    uint8_t *bytes; /* owned */
    size_t byte_count;
};

static void put(struct told *told, const char *gap, const char *text)
{
    const size_t room = sizeof(told->text) - told->size;

    told->size += (size_t)snprintf(told->text + told->size, room, "%s%s", gap, text);
    assert_true(told->size < sizeof(told->text));
}

static void note(struct told *told, size_t feed, const struct bench_output *output)
{
    const json_t *absent = bench_get(output, "detection.gone.absent");
    const size_t count = json_array_size(absent);
    char number[24];

    assert_int_equal(count > 0, json_is_true(bench_get(output, "detection.gone.is_anomaly")));
    if (count == 0) {
        return;
    }
    (void)snprintf(number, sizeof(number), "%zu", feed);
    put(told, "", number);
    for (size_t i = 0; i < count; i++) {
        put(told, i == 0 ? ":" : ",", json_string_value(json_array_get(absent, i)));
    }
    put(told, " ", "");
    assert_string_equal("missing", bench_text(output, "detection.gone.reason"));
    assert_true(bench_real(output, "detection.gone.score") >= 0.5);
}

static void add_bytes(struct told *told, struct mr_span value)
{
    told->bytes = realloc(told->bytes, told->byte_count + value.size);
    assert_non_null(told->bytes);
    memcpy(told->bytes + told->byte_count, value.data, value.size);
    told->byte_count += value.size;
}

static void settle(struct bench *bench, struct told *told, const size_t *feeds, bool restarts)
{
    bench_run(bench);
    for (size_t i = 0; i < bench_count(bench, "detect"); i++) {
        note(told, feeds[i], bench_output(bench, "detect", i));
    }
    for (size_t i = 0; i < bench->output_count; i++) {
        if (strcmp(bench->outputs[i].topic, "bench.detect") == 0) {
            add_bytes(told, bench->outputs[i].value);
        }
    }
    if (restarts) {
        bench_restart(bench);
    }
}

/* A letter is a record of that key; a feed that ends in '!' is broken off. One that is empty did
 * not come.
 */
static struct told run(const char *stages, const char *const *feeds, size_t batch)
{
    struct bench bench = {.stages = stages, .processors = processors};
    struct told told = {0};
    size_t fed[256], count = 0;

    bench_open(&bench);
    for (size_t i = 0; i < FEEDS_MAX && feeds[i] != NULL; i++) {
        const size_t size = strcspn(feeds[i], "!");

        for (size_t k = 0; k < size; k++) {
            const char id[2] = {feeds[i][k], '\0'};

            bench.end = k + 1 < size            ? NULL
                        : feeds[i][size] == '!' ? "{\"string\": \"source_truncated\"}"
                                                : "{\"string\": \"complete\"}";
            bench_feed_price(&bench, id, 1.0, (int64_t)i * HOUR);
            fed[count++] = i;
            if (count == batch) {
                settle(&bench, &told, fed, true);
                count = 0;
            }
        }
    }
    if (count > 0) {
        settle(&bench, &told, fed, false);
    }
    bench_close(&bench);
    return told;
}

static void what_does_not_come_is_told_once(void **state)
{
    static const struct {
        const char *label, *stages;
        const char *feeds[FEEDS_MAX];
        const char *told;
    } rows[] = {
        {"nothing missing", by_time, {"ab", "ab", "ab", "ab", "ab", "ab", "ab"}, ""},
        {"silent, and told by another", by_time, {"ab", "ab", "ab", "a", "a", "a", "a"}, "4:b "},
        {"two at once", by_time, {"abc", "abc", "abc", "a", "a", "a"}, "4:b,c "},
        {"too new to be missed", by_time, {"ab", "ab", "a", "a", "a", "a"}, ""},
        {"nobody told, so its own record does", by_time, {"a", "a", "a", "", "", "a", "a"}, "5:a "},
        {"one outage after another",
         by_time,
         {"ab", "ab", "ab", "a", "a", "a", "ab", "ab", "ab", "ab", "a", "a", "a", "a", "a", "a"},
         "4:b 11:b "},
        {"every third hour is usual",
         by_time,
         {"ab", "a", "a", "ab", "a", "a", "ab", "a", "a", "ab", "a", "a", "a", "a", "a", "a"},
         "15:b "},
        {"an item is gone", by_feed, {"ab", "ab", "ab", "a", "a", "a"}, "4:b "},
        {"one feed without it is no shortage",
         by_feed,
         {"ab", "ab", "ab", "a", "ab", "ab", "ab"},
         ""},
        {"a broken feed lacks nothing", by_feed, {"ab", "ab", "ab", "a!", "a!", "a!", "ab"}, ""},
        {"feeds that did not come lack nothing", by_feed, {"ab", "ab", "ab", "", "", "", "ab"}, ""},
        {"a broken feed between", by_feed, {"ab", "ab", "ab", "a", "a!", "a", "a"}, "5:b "},
    };
    static const size_t batches[] = {1, 2, 7, 250};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct told first = {0};

        print_message("  %s\n", rows[i].label);
        for (size_t k = 0; k < MR_COUNT(batches); k++) {
            struct told told = run(rows[i].stages, rows[i].feeds, batches[k]);

            assert_string_equal(rows[i].told, told.text);
            if (k == 0) {
                first = told;
                continue;
            }
            assert_int_equal(first.byte_count, told.byte_count);
            assert_memory_equal(first.bytes, told.bytes, told.byte_count);
            free(told.bytes);
        }
        free(first.bytes);
    }
}

/* Thirty items vanish from a feed of forty: all are counted, twenty are named. */
static void many_are_counted_and_some_are_named(void **state)
{
    struct bench bench = {.stages = by_feed, .processors = processors};
    const struct bench_output *output;
    char id[24];

    (void)state;
    bench_open(&bench);
    for (int feed = 0; feed < 5; feed++) {
        for (int i = 0; i < (feed < 3 ? 40 : 10); i++) {
            (void)snprintf(id, sizeof(id), "item%02d", i);
            bench.end = i == (feed < 3 ? 39 : 9) ? "{\"string\": \"complete\"}" : NULL;
            bench_feed_price(&bench, id, 1.0, feed * HOUR);
        }
    }
    bench_run(&bench);
    output = bench_output(&bench, "detect", bench_count(&bench, "detect") - 1);
    assert_int_equal(30, json_integer_value(bench_get(output, "detection.gone.absent_count")));
    assert_int_equal(20, json_array_size(bench_get(output, "detection.gone.absent")));
    assert_string_equal(
        "item10", json_string_value(json_array_get(bench_get(output, "detection.gone.absent"), 0)));
    assert_true(bench_real(output, "detection.gone.expected") == 40.0);
    assert_true(bench_real(output, "detection.gone.observed") == 10.0);
    assert_true(bench_real(output, "detection.gone.change_percent") == -75.0);
    bench_close(&bench);
}

static void every_shortage_of_room_is_reported(void **state)
{
    struct bench bench = {.stages = by_time, .processors = processors};

    (void)state;
    bench_open(&bench);
    for (int i = 0; i < 6; i++) {
        bench_feed_price(&bench, "a", 1.0, i * HOUR);
        if (i < 3) {
            bench_feed_price(&bench, "b", 1.0, i * HOUR);
        }
    }
    assert_true(bench_starve(&bench) > 10);
    bench_close(&bench);
}

/* A record that says it is of the year 2096 does not make everything else overdue. */
static void a_time_that_cannot_be_moves_no_clock(void **state)
{
    struct bench bench = {.stages = by_time, .processors = processors};

    (void)state;
    bench_open(&bench);
    for (int64_t hour = 1; hour <= 8; hour++) {
        bench_feed_price(&bench, "a", 1.0, hour * HOUR);
        bench_feed_price(&bench, "b", 1.0, hour * HOUR);
        if (hour == 5) {
            bench_feed_price(&bench, "c", 1.0, INT64_C(4000000000000));
            bench.records[bench.record_count - 1].timestamp_ms = hour * HOUR;
        }
    }
    bench_run(&bench);
    assert_int_equal(16, bench_count(&bench, "detect"));
    for (size_t i = 0; i < 16; i++) {
        assert_true(json_is_false(
            bench_get(bench_output(&bench, "detect", i), "detection.gone.is_anomaly")));
    }
    assert_int_equal(1, bench_count(&bench, "detect.dlq"));
    assert_true(mr_span_is(bench_header(bench_output(&bench, "detect.dlq", 0),
                                        "__connect.errors.exception.class.name"),
                           "event_time_ahead"));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_come_is_told_once),
        cmocka_unit_test(many_are_counted_and_some_are_named),
        cmocka_unit_test(every_shortage_of_room_is_reported),
        cmocka_unit_test(a_time_that_cannot_be_moves_no_clock),
    };
    return cmocka_run_group_tests_name("detect.absence", tests, NULL, NULL);
}
