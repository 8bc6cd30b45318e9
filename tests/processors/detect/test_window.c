/* Goal: what is judged is one number for each window of event time, told by the record that ends
 * it; late records and empty windows have the effect that window.h says; restarts and the cut of
 * batches have none. Method: the bench; values at times as tables; `range` with a low threshold as
 * the method, since what it expects shows what it has learnt. Quantiles against sorted samples. */
#include "processors/core/base/error.h"
#include "processors/detect/detect.h"
#include "processors/detect/window.h"
#include "tests/support/bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static const struct mr_processor_ops *const processors[] = {&mr_detect_ops, NULL};

#define STAGES(value, more) \
    "- detect:\n  - {name: w, method: range, warmup: 1, floor_percent: 0, window: 1h, value: " \
    "'" value "'" more "}\n"

/* Feeds price `values[i]` at `minutes[i]`; writes "record:observed@hour" of what was judged, and
 * its reason where it was not for an open window. */
static const char *run(const char *stages, const int (*records)[2], size_t count, bool restarts)
{
    static char text[1024];
    struct bench bench = {.stages = stages, .processors = processors};
    size_t size = 0;

    text[0] = '\0';
    bench_open(&bench);
    for (size_t i = 0; i < count; i++) {
        const struct bench_output *output;
        const json_t *start;
        const char *reason;

        bench_feed_price(&bench, "a", records[i][1], records[i][0] * MINUTE);
        bench_run(&bench);
        output = bench_output(&bench, "detect", 0);
        start = bench_get(output, "detection.w.window_start");
        reason = bench_text(output, "detection.w.reason");
        if (!json_is_null(start)) {
            size += (size_t)snprintf(
                text + size, sizeof(text) - size, "%zu:%g%s ", i,
                bench_real(output, "detection.w.observed"),
                json_is_true(bench_get(output, "detection.w.is_anomaly")) ? "!" : "");
        } else if (strcmp(reason, "window_open") != 0) {
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%zu:%s ", i, reason);
        }
        assert_true(size < sizeof(text));
        if (restarts) {
            bench_restart(&bench);
        }
    }
    bench_close(&bench);
    return text;
}

static void the_record_that_ends_a_window_tells_it(void **state)
{
    static const int steady[][2] = {{0, 1}, {10, 2}, {59, 6}, {60, 4}, {70, 4}, {130, 4}, {190, 9}};
    static const int gap[][2] = {{0, 1}, {1, 1}, {60, 1}, {61, 1}, {120, 1}, {121, 1}, {310, 1}};
    static const int late[][2] = {{0, 1}, {60, 1}, {50, 1}, {61, 1}, {-5, 1}, {120, 1}};
    static const struct {
        const char *label, *stages;
        const int (*records)[2];
        size_t count;
        const char *told;
    } rows[] = {
        {"count", STAGES("count()", ""), steady, 7, "3:3 5:2! 6:1! "},
        {"sum", STAGES("sum(subject.price)", ""), steady, 7, "3:9 5:8! 6:4! "},
        {"mean", STAGES("mean(subject.price)", ""), steady, 7, "3:3 5:4! 6:4 "},
        {"least", STAGES("min(subject.price)", ""), steady, 7, "3:1 5:4! 6:4 "},
        {"greatest", STAGES("max(subject.price + 1.0)", ""), steady, 7, "3:7 5:5! 6:5 "},
        {"median", STAGES("quantile(0.5, subject.price)", ""), steady, 7, "3:2 5:4! 6:4 "},
        {"empty windows count as none", STAGES("count()", ""), gap, 7, "2:2 4:2 6:0! "},
        {"empty windows have no mean", STAGES("mean(subject.price)", ""), gap, 7, "2:1 4:1 6:1 "},
        {"late records", STAGES("count()", ""), late, 6, "1:1 2:late 4:late 5:2! "},
        {"half an hour off", STAGES("count()", ", utc_offset: \"+00:30\""), steady, 7,
         "2:2 5:3! 6:1! "},
        {"only what the condition lets in", STAGES("count()", ", when: subject.price > 3.0"),
         steady, 7, "0:filtered 1:filtered 3:1 5:2! 6:1 "},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_string_equal(rows[i].told,
                            run(rows[i].stages, rows[i].records, rows[i].count, false));
        assert_string_equal(rows[i].told,
                            run(rows[i].stages, rows[i].records, rows[i].count, true));
    }
}

static void the_stamp_says_which_window_it_was(void **state)
{
    struct bench bench = {.stages = STAGES("count()", ""), .processors = processors};
    const struct bench_output *output;

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "a", 1.0, -1);
    bench_feed_price(&bench, "a", 1.0, 5 * HOUR + 7);
    bench_run(&bench);
    output = bench_output(&bench, "detect", 0);
    assert_string_equal("window_open", bench_text(output, "detection.w.reason"));
    assert_true(json_is_null(bench_get(output, "detection.w.window_end")));
    output = bench_output(&bench, "detect", 1);
    /* Five empty hours; the first of them is the first alarm. */
    assert_string_equal("new_low", bench_text(output, "detection.w.reason"));
    assert_true(bench_real(output, "detection.w.expected") == 1.0);
    assert_string_equal("1970-01-01T00:00:00Z", bench_text(output, "detection.w.window_start"));
    assert_string_equal("1970-01-01T01:00:00Z", bench_text(output, "detection.w.window_end"));
    bench_close(&bench);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* The share of values below what is said to be their quantile is the quantile, near enough. */
static void a_quantile_is_near_the_true_one(void **state)
{
    static const double quantiles[] = {0.05, 0.5, 0.9, 0.99};
    static const size_t counts[] = {6, 16, 50, 5000};
    struct mr_tuning tuning = mr_tuning_of(&mr_method_range, MR_MEDIUM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(quantiles) * MR_COUNT(counts); i++) {
        const size_t count = counts[i % MR_COUNT(counts)];
        const struct mr_window window = {HOUR, MR_AGGREGATE_quantile,
                                         quantiles[i / MR_COUNT(counts)]};
        const struct mr_windowed windowed = {&window, &mr_method_range, &tuning, false};
        uint8_t *bytes = calloc(1, mr_window_state_size(&window) +
                                       mr_judge_state_size(&mr_method_range, &tuning));
        double *values = calloc(count, sizeof(*values));
        struct mr_judgement judgement;
        uint64_t random = i;
        size_t below = 0;

        assert_true(bytes != NULL && values != NULL);
        for (size_t k = 0; k < count; k++) {
            const double u = (double)(next_random(&random) >> 11) * 0x1p-53;

            values[k] = u * u * 100.0;
            mr_window_judge(&windowed, bytes, &(struct mr_observation){values[k], true, 0, 0},
                            &judgement);
        }
        mr_window_judge(&windowed, bytes, &(struct mr_observation){0.0, true, HOUR, 0}, &judgement);
        for (size_t k = 0; k < count; k++) {
            below += values[k] < judgement.observed;
        }
        print_message("  %g of %zu: %g\n", window.quantile, count, (double)below / (double)count);
        assert_true(fabs((double)below / (double)count - window.quantile) <
                    (count > 1000 ? 0.02 : 0.17));
        free(bytes);
        free(values);
    }
}

static void any_time_and_value_leaves_a_state_that_can_go_on(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MAX - 1, INT64_MIN + 1};
    static const double values[] = {0.0, 1e140, -1e140, 4.9e-324, (double)NAN, (double)INFINITY};
    struct mr_tuning tuning = mr_tuning_of(&mr_method_rcre, MR_MEDIUM);

    (void)state;
    for (int aggregate = 0; aggregate < MR_AGGREGATE_COUNT; aggregate++) {
        const struct mr_window window = {HOUR, (enum mr_aggregate)aggregate, 0.9};
        const struct mr_windowed windowed = {&window, &mr_method_rcre, &tuning, false};
        uint8_t *bytes = calloc(1, mr_window_state_size(&window) +
                                       mr_judge_state_size(&mr_method_rcre, &tuning));
        uint64_t random = (uint64_t)aggregate;

        assert_non_null(bytes);
        for (int i = 0; i < 3000; i++) {
            const uint64_t next = next_random(&random);
            const int64_t time =
                i < 1500 ? (int64_t)(next % 1000) * MINUTE * i : times[next % MR_COUNT(times)];
            struct mr_judgement judgement;

            mr_window_judge(
                &windowed, bytes,
                &(struct mr_observation){values[next / 16 % MR_COUNT(values)], true, time, 0},
                &judgement);
            assert_true(judgement.score >= 0.0 && judgement.score <= 1.0);
            assert_true(!judgement.has_window ||
                        judgement.window_end_ms > judgement.window_start_ms);
        }
        free(bytes);
    }
}

static void an_aggregate_is_read_or_is_none(void **state)
{
    static const struct {
        const char *text, *inner; /* NULL: none */
    } rows[] = {
        {"count()", ""},
        {" count ( ) ", ""},
        {"sum(subject.price)", "subject.price"},
        {"mean( a + (b) )", "a + (b)"},
        {"max(a[\")\"])", "a[\")\"]"},
        {"quantile(0.95, x)", "x"},
        {"quantile(.5 ,f(x, y))", "f(x, y)"},
        {"count(x)", NULL},
        {"sum()", NULL},
        {"sum(x", NULL},
        {"sum(x) + 1", NULL},
        {"(sum)(x)", NULL},
        {"quantile(x)", NULL},
        {"quantile(0, x)", NULL},
        {"quantile(0.5, )", NULL},
        {"subject.price", NULL},
        {"total(x)", NULL},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_window window = {0};
        struct mr_span inner;
        const bool is_good = mr_window_read(rows[i].text, &window, &inner);

        print_message("  %s\n", rows[i].text);
        assert_int_equal(rows[i].inner != NULL, is_good);
        assert_true(!is_good || mr_span_is(inner, rows[i].inner));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_aggregate_is_read_or_is_none),
        cmocka_unit_test(the_record_that_ends_a_window_tells_it),
        cmocka_unit_test(the_stamp_says_which_window_it_was),
        cmocka_unit_test(a_quantile_is_near_the_true_one),
        cmocka_unit_test(any_time_and_value_leaves_a_state_that_can_go_on),
    };
    return cmocka_run_group_tests_name("detect.window", tests, NULL, NULL);
}
