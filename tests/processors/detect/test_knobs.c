/* Goal: what all methods have in common means what it says: a calibrated threshold is a rate, what
 * is frozen is not learnt; and the histogram of mad knows the median. Method: seeded series,
 * counted alarms, exact medians of the same values. */
#include "processors/core/base/error.h"
#include "tests/support/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERIES_MAX ((size_t)2000)

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of the values; with a centre, of their distances from it. */
static double middle(const double *values, size_t count, const double *centre)
{
    double *sorted = calloc(count, sizeof(*sorted));
    double result;

    assert_non_null(sorted);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = centre ? fabs(values[i] - *centre) : values[i];
    }
    qsort(sorted, count, sizeof(*sorted), by_value);
    result = 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
    free(sorted);
    return result;
}

/* The exact median and median distance of what mad has seen, against what it says they are. */
static void the_histogram_knows_the_median(void **state)
{
    static const struct {
        const char *label;
        double centre, scale, power; /* centre + scale * noise^power */
        double drift;                /* a record */
    } rows[] = {
        {"noise about 100", 100.0, 2.0, 1.0, 0.0}, {"far from zero", 1e9, 1.0, 1.0, 0.0},
        {"small", 0.0, 1e-12, 1.0, 0.0},           {"skewed", 0.0, 1.0, 4.0, 0.0},
        {"drifting", 0.0, 1.0, 1.0, 0.01},
    };
    static double values[SERIES_MAX];

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(MR_METHOD_mad);
        uint64_t random = 17;
        double median, spread;

        series.tuning.floor_share = 0.0;
        for (size_t k = 0; k < SERIES_MAX; k++) {
            values[k] = rows[i].centre + rows[i].drift * (double)k +
                        rows[i].scale * pow(series_noise(&random), rows[i].power);
            series_add(&series, values[k], 0);
        }
        median = middle(values, SERIES_MAX, NULL);
        spread = 1.4826022185056018 * middle(values, SERIES_MAX, &median);
        print_message("  %s: median %g, said %g; band %g, said %g\n", rows[i].label, median,
                      series.last.expected, 6.0 * spread,
                      series.last.band_high - series.last.expected);
        assert_true(fabs(series.last.expected - median) < 0.1 * spread);
        assert_true(fabs((series.last.band_high - series.last.expected) / (6.0 * spread) - 1.0) <
                    0.1);
        series_end(&series);
    }
}

/* Calibrated, one threshold means the same for all: an alarm in so many of what has no
 * fault, give or take the width of a bin, whatever the method and however values are spread. */
static void a_calibrated_threshold_is_a_rate(void **state)
{
    const size_t count = 40000;

    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        if ((mr_methods[m]->knobs & MR_KNOB_CALIBRATE) == 0 || m == MR_METHOD_range) {
            continue; /* new records grow rare by themselves */
        }
        for (int is_skewed = 0; is_skewed < 2; is_skewed++) {
            struct series series = series_begin((enum mr_method_index)m);
            uint64_t random = 23;

            series.tuning.one_in = 200.0;
            series.tuning.refractory_count = 0;
            series.tuning.floor_share = 0.0;
            for (size_t k = 0; k < count; k++) {
                const double x = series_noise(&random);

                series_add(&series, is_skewed ? exp(2.0 * x) : x, (int64_t)k * SERIES_HOUR);
                assert_true(series.last.is_anomaly == (series.last.one_in >= 200.0));
            }
            print_message("  %s: %zu of %zu\n", series.method->name, series.alarm_count, count);
            assert_in_range(series.alarm_count, count / 2000, count / 50);
            series_end(&series);
        }
    }
}

static void what_is_frozen_is_judged_and_not_learnt(void **state)
{
    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        struct series series = series_begin((enum mr_method_index)m);
        const struct mr_observation value = {50.0, true, 100 * SERIES_HOUR, 0};
        struct mr_judgement before, after;
        uint64_t random = 4;

        if ((series.method->knobs & MR_KNOB_LEARN) == 0) {
            continue;
        }
        series.tuning.refractory_count = 1;
        for (int k = 0; k < 300; k++) {
            series_add(&series, 5.0 + series_noise(&random) * 0.1, k * SERIES_HOUR);
        }
        mr_judge_frozen(series.method, &series.tuning, series.state, &value, &before);
        mr_judge_frozen(series.method, &series.tuning, series.state, &value, &after);
        assert_true(before.score == after.score && before.score > 0);
        assert_int_equal(300, after.seen);
        if (before.is_anomaly) {
            assert_false(after.is_anomaly); /* the refractory time is remembered */
            assert_string_equal("refractory", after.reason);
        }
        series_end(&series);
    }
}

/* Half of the values are one price and half another: their spread is no noise, and with a ceiling
 * does not hide what lies ten times away. */
static void a_ceiling_keeps_two_levels_from_hiding_the_rest(void **state)
{
    static const struct {
        const char *label;
        enum mr_method_index method;
        bool is_log;
        double ceiling, value;
        bool is_anomaly;
    } rows[] = {
        {"no ceiling", MR_METHOD_robust_z, true, 0.0, 7.39, false},
        {"a ceiling", MR_METHOD_robust_z, true, 0.1, 7.39, true},
        {"either price is usual", MR_METHOD_robust_z, true, 0.1, 111.9, false},
        {"within fifteen times the ceiling", MR_METHOD_robust_z, true, 0.1, 23.0, false},
        {"beyond", MR_METHOD_robust_z, true, 0.1, 20.0, true},
        {"a ceiling below the floor has no say", MR_METHOD_robust_z, true, 0.01, 111.9, false},
        {"differences, no ceiling", MR_METHOD_robust_z, false, 0.0, 400.0, false},
        {"differences", MR_METHOD_robust_z, false, 0.1, 400.0, true},
        {"mad, none", MR_METHOD_mad, false, 0.0, 400.0, false},
        {"mad", MR_METHOD_mad, false, 0.1, 400.0, true},
        {"zscore, none", MR_METHOD_zscore, false, 0.0, 370.0, false},
        {"zscore", MR_METHOD_zscore, false, 0.1, 370.0, true},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(rows[i].method);

        print_message("  %s\n", rows[i].label);
        series.tuning.threshold = 15.0;
        series.tuning.is_log = rows[i].is_log;
        series.tuning.ceiling_share = rows[i].ceiling;
        for (int k = 0; k < 40; k++) {
            series_add(&series, k % 2 == 0 ? 111.9 : 73.9, k * SERIES_HOUR);
        }
        assert_int_equal(0, series.alarm_count);
        series_add(&series, rows[i].value, 40 * SERIES_HOUR);
        assert_int_equal(rows[i].is_anomaly, series.last.is_anomaly);
        series_end(&series);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_histogram_knows_the_median),
        cmocka_unit_test(a_calibrated_threshold_is_a_rate),
        cmocka_unit_test(what_is_frozen_is_judged_and_not_learnt),
        cmocka_unit_test(a_ceiling_keeps_two_levels_from_hiding_the_rest),
    };
    return cmocka_run_group_tests_name("detect.knobs", tests, NULL, NULL);
}
