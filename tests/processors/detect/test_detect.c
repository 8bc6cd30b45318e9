/* Goal: the stamp says per detector what its method found, typed so that later stages can use it;
 * keys keep their histories apart; a restart at any record changes nothing; what cannot work is
 * refused by name before it runs.
 * Method: the bench; prices of two items with one fault each; every record followed by a restart.
 */
#include "processors/detect/detect.h"
#include "processors/detect/detector.h"
#include "schemas/stamps/detector.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)

static const struct mr_processor_ops *const processors[] = {&mr_detect_ops, NULL};

static const char prices[] =
    "- detect:\n"
    "  - {name: price, method: robust_z, value: subject.price, threshold: 4, warmup: 2}\n"
    "  - {name: change, method: rate_of_change, value: subject.price, when: subject.count > 0}\n"
    "  - {name: twice, method: duplicate, within: 1h}\n"
    "  - {name: amount, method: ewma, value: subject.amount}\n";

static void the_stamp_says_what_each_detector_found(void **state)
{
    struct bench bench = {.stages = prices, .processors = processors};
    const struct bench_output *output;

    (void)state;
    bench_open(&bench);
    for (int i = 0; i < 4; i++) {
        bench_feed_price(&bench, "a", 5.0, i * 6 * HOUR);
    }
    bench_feed_price(&bench, "a", 50.0, 24 * HOUR);
    bench_feed_price(&bench, "b", 50.0, 24 * HOUR);
    bench_run(&bench);
    assert_int_equal(6, bench_count(&bench, "detect"));

    output = bench_output(&bench, "detect", 0);
    assert_string_equal("warming_up", bench_text(output, "detection.price.reason"));
    assert_true(json_is_null(bench_get(output, "detection.price.expected")));
    assert_true(bench_real(output, "detection.price.observed") == 5.0);
    assert_string_equal("no_value", bench_text(output, "detection.amount.reason"));
    assert_true(json_is_null(bench_get(output, "detection.amount.observed")));

    output = bench_output(&bench, "detect", 4);
    assert_true(json_is_true(bench_get(output, "detection.price.is_anomaly")));
    assert_true(bench_real(output, "detection.price.score") > 0.97);
    assert_true(bench_real(output, "detection.price.observed") == 50.0);
    assert_true(bench_real(output, "detection.price.expected") == 5.0);
    assert_true(bench_real(output, "detection.price.ratio") == 10.0);
    assert_true(bench_real(output, "detection.price.change_percent") == 900.0);
    assert_true(bench_real(output, "detection.price.band_low") == 4.0);
    assert_true(bench_real(output, "detection.price.band_high") == 6.0);
    assert_int_equal(4, json_integer_value(bench_get(output, "detection.price.seen")));
    assert_string_equal("above", bench_text(output, "detection.price.reason"));
    assert_string_equal("jump", bench_text(output, "detection.change.reason"));
    assert_true(json_is_false(bench_get(output, "detection.twice.is_anomaly")));

    output = bench_output(&bench, "detect", 5); /* another key: the first of its kind */
    assert_true(json_is_false(bench_get(output, "detection.price.is_anomaly")));
    assert_int_equal(0, json_integer_value(bench_get(output, "detection.price.seen")));
    bench_close(&bench);
}

static void what_a_filter_or_an_error_leaves_out_is_told_and_not_learnt(void **state)
{
    static const char stages[] =
        "- detect:\n"
        "  - {name: filtered, method: robust_z, value: subject.price, when: subject.count > 1}\n"
        "  - {name: failing, method: robust_z, value: 100 / subject.count}\n"
        "  - {name: undecided, method: robust_z, value: subject.price, when: 1 / subject.count > "
        "0}\n"
        "  - {name: keyless, method: robust_z, value: subject.price, key: 'subject.id + "
        "string(1 / subject.count)'}\n";
    static const char *const paths[] = {"detection.filtered.", "detection.failing.",
                                        "detection.undecided.", "detection.keyless."};
    static const char *const reasons[] = {"filtered", "value_error", "when_error", "key_error"};
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    for (int i = 0; i < 2; i++) {
        bench_feed(&bench,
                   "{\"id\": \"a\", \"name\": \"\", \"price\": 5, \"amount\": null, \"count\": 0, "
                   "\"tags\": []}",
                   i);
    }
    bench_run(&bench);
    for (size_t i = 0; i < MR_COUNT(paths); i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "%sreason", paths[i]);
        assert_string_equal(reasons[i], bench_text(bench_output(&bench, "detect", 1), path));
        (void)snprintf(path, sizeof(path), "%sseen", paths[i]);
        assert_int_equal(0, json_integer_value(bench_get(bench_output(&bench, "detect", 1), path)));
        (void)snprintf(path, sizeof(path), "%sis_anomaly", paths[i]);
        assert_true(json_is_false(bench_get(bench_output(&bench, "detect", 1), path)));
    }
    bench_close(&bench);
}

/* All methods side by side over a walk of prices; the bytes of the topic, joined. */
static uint8_t *run_all(const char *stages, size_t batch, bool has_restarts, size_t *size)
{
    struct bench bench = {.stages = stages, .processors = processors};
    uint8_t *bytes = NULL;
    uint64_t random = 42;
    double price = 10.0;

    *size = 0;
    bench_open(&bench);
    for (size_t i = 0; i < 240; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        price += (double)(random >> 40) / (double)(1 << 24) - 0.5;
        bench_feed_price(&bench, i % 3 ? "a" : "b", i % 50 == 49 ? 10 * price : price,
                         (int64_t)i * HOUR);
        if ((i + 1) % batch != 0) {
            continue;
        }
        bench_run(&bench);
        for (size_t k = 0; k < bench.output_count; k++) {
            bytes = realloc(bytes, *size + bench.outputs[k].value.size);
            assert_non_null(bytes);
            memcpy(bytes + *size, bench.outputs[k].value.data, bench.outputs[k].value.size);
            *size += bench.outputs[k].value.size;
        }
        if (has_restarts) {
            bench_restart(&bench);
        }
    }
    bench_close(&bench);
    return bytes;
}

static const char *all_methods(char out[4096])
{
    size_t at = (size_t)snprintf(out, 4096, "- detect:\n");

    for (size_t i = 0; i < MR_METHOD_COUNT; i++) {
        at += (size_t)snprintf(
            out + at, 4096 - at, "  - {name: d%zu, method: %s, value: subject.price%s}\n", i,
            mr_method_names[i], i == MR_METHOD_duplicate ? ", within: 150m" : "");
    }
    return out;
}

static void neither_restarts_nor_the_cut_of_batches_change_a_byte(void **state)
{
    char stages[4096];
    size_t size, other_size;
    uint8_t *bytes, *other;

    (void)state;
    (void)all_methods(stages);
    bytes = run_all(stages, 240, false, &size);
    other = run_all(stages, 1, true, &other_size);
    assert_true(size > 240 * 100);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, other, size);
    free(other);
    other = run_all(stages, 7 * 5 + 5, true, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, other, size);
    free(other);
    free(bytes);
}

static void a_key_is_forgotten_after_its_ttl(void **state)
{
    struct bench bench = {
        .stages = "- detect:\n"
                  "  - {name: price, method: robust_z, value: subject.price, ttl: 24h}\n",
        .processors = processors};

    (void)state;
    bench_open(&bench);
    for (int i = 0; i < 5; i++) {
        bench_feed_price(&bench, "a", 5.0, i);
    }
    bench_feed_price(&bench, "a", 5.0, 24 * HOUR + 4); /* a day to the moment */
    bench_feed_price(&bench, "a", 5.0, 48 * HOUR + 5); /* a moment more */
    bench_run(&bench);
    assert_int_equal(5, json_integer_value(
                            bench_get(bench_output(&bench, "detect", 5), "detection.price.seen")));
    assert_int_equal(0, json_integer_value(
                            bench_get(bench_output(&bench, "detect", 6), "detection.price.seen")));
    bench_close(&bench);
}

static void what_cannot_be_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *label;
        const char *detector;
        const char *problem;
    } rows[] = {
        {"no such method", "{name: a, method: robust_zz, value: subject.price}",
         "did you mean robust_z"},
        {"a method that judges a value, without one", "{name: a, method: ewma}",
         "a.value: ewma judges a value"},
        {"a text for a value", "{name: a, value: subject.name}", "a number is judged"},
        {"a knob of another method", "{name: a, method: zscore, value: subject.price, values: 5}",
         "a.values: zscore does not use it"},
        {"duplicate without a time", "{name: a, method: duplicate}", "within"},
        {"more bins than rcre has", "{name: a, value: subject.price, bins: 25}",
         "a.bins: rcre has at most 24"},
        {"a key that does not place a record", "{name: a, value: subject.price, key: subject.name}",
         "does not determine the partition"},
        {"a name that is no field", "{name: a-b, value: subject.price}", "\"a-b\" cannot be"},
        {"the name of the stamp's own field", "{name: config, value: subject.price}",
         "\"config\" cannot be"},
        {"a name twice", "{name: a, value: subject.price}\n  - {name: a, value: subject.price}",
         "\"a\" is there twice"},
        {"a calibration of what is ranked already",
         "{name: a, value: subject.price, calibrate: rank}", "a.calibrate: rcre does not use it"},
        {"learning what has nothing to learn",
         "{name: a, method: stuck, value: subject.price, learn: subject.count > 0}",
         "a.learn: stuck does not use it"},
        {"three spans", "{name: a, value: subject.price, spans: [24, 120, 128]}",
         "a.spans: are four whole numbers"},
        {"a fast mean that is slow", "{name: a, value: subject.price, spans: [24, 120, 512, 128]}",
         "the third less than the fourth"},
        {"an offset that is none", "{name: a, value: subject.price, utc_offset: 2h}",
         "a.utc_offset: is not written as +02:00"},
        {"a group for a method without one",
         "{name: a, method: zscore, value: subject.price, group: subject.id}",
         "a.group: zscore does not use it"},
        {"a group that is spread over partitions",
         "{name: a, method: missing, group: subject.name}", "does not determine the partition"},
        {"a time to live for what is forgotten when it is told",
         "{name: a, method: missing, ttl: 24h}", "tells each outage once"},
        {"an aggregate without a window", "{name: a, value: count()}", "a.window: over what time"},
        {"a window without an aggregate", "{name: a, value: subject.price, window: 1h}",
         "a.value: with a window, one of count()"},
        {"two aggregates", "{name: a, value: max(subject.price) - min(subject.price), window: 1h}",
         "a.value: with a window, one of count()"},
        {"a quantile beyond all", "{name: a, value: 'quantile(1.5, subject.price)', window: 1h}",
         "a.value: with a window, one of count()"},
        {"an aggregate of a text", "{name: a, value: max(subject.name), window: 1h}",
         "a number is judged"},
        {"a window of what judges records", "{name: a, method: missing, window: 1h}",
         "a.window: is for methods that judge a value"},
        {"no condition", "{name: a, value: subject.price, when: subject.count}", "must be bool"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char stages[512];
        struct bench bench = {.stages = stages, .processors = processors};

        (void)snprintf(stages, sizeof(stages), "- detect:\n  - %s\n", rows[i].detector);
        print_message("  %s\n", rows[i].label);
        assert_false(bench_try(&bench));
        if (strstr(bench.problems, rows[i].problem) == NULL) {
            fail_msg("%s", bench.problems);
        }
        bench_close(&bench);
    }
}

/* detection.<name> of the schema that this binary carries has the leaves that are filled, in order.
 */
static void the_leaves_are_those_of_the_schema(void **state)
{
    static const char *const names[MR_DETECTOR_LEAVES] = {
        "is_anomaly", "score",        "observed",       "expected",     "band_low",
        "band_high",  "ratio",        "change_percent", "seen",         "reason",
        "one_in",     "absent_count", "absent",         "window_start", "window_end"};
    struct mr_schema *schema = NULL;
    struct mr_encoder *encoder = NULL;

    (void)state;
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(MR_SCHEMA_DETECTOR), &schema, NULL));
    assert_int_equal(MR_OK, mr_encoder_new(schema, &encoder, NULL));
    assert_int_equal(MR_DETECTOR_LEAVES, mr_encoder_leaf_count(encoder));
    for (size_t i = 0; i < MR_DETECTOR_LEAVES; i++) {
        assert_string_equal(names[i], mr_encoder_leaf_name(encoder, i));
    }
    mr_encoder_free(encoder);
    mr_schema_free(schema);
}

static void one_key_too_many_stops_the_batch(void **state)
{
    struct bench bench = {
        .stages = "- detect:\n"
                  "  - {name: price, method: robust_z, value: subject.price, keys_max: 2}\n",
        .processors = processors};

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "a", 5.0, 0);
    bench_feed_price(&bench, "b", 5.0, 0);
    bench_run(&bench);
    bench_feed_price(&bench, "c", 5.0, 0);
    assert_int_equal(MR_NO_ROOM, bench_try_run(&bench));
    assert_non_null(strstr(bench.error.text, "raise keys_max"));
    bench_close(&bench);
}

static void every_shortage_of_room_is_reported(void **state)
{
    static const char stages[] = "- detect:\n"
                                 "  - {name: price, method: robust_z, value: subject.price, key: "
                                 "subject.id + subject.name, when: subject.name + 'k' != ''}\n";
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "a", 5.0, 0);
    assert_true(bench_starve(&bench) > 10);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stamp_says_what_each_detector_found),
        cmocka_unit_test(what_a_filter_or_an_error_leaves_out_is_told_and_not_learnt),
        cmocka_unit_test(neither_restarts_nor_the_cut_of_batches_change_a_byte),
        cmocka_unit_test(a_key_is_forgotten_after_its_ttl),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(the_leaves_are_those_of_the_schema),
        cmocka_unit_test(one_key_too_many_stops_the_batch),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };
    return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
