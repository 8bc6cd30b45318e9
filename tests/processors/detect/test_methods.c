/* Goal: every method alarms on what it is for and on nothing else; every
 * state survives any stream of values, stays finite, and is nothing but its bytes.
 * Method: small series with a fault at a known place, as tables; then, for all methods, seeded
 * streams of hostile values, judged twice: once straight through, once with the state copied to
 * fresh memory before every record. */
#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"
#include "tests/support/series.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERIES_MAX ((size_t)2000)

/* Prices of one item in one shop: few, and they hardly ever change. */
static void a_price_alarms_where_it_should(void **state)
{
    static const struct {
        const char *label;
        enum mr_method_index method;
        double threshold;
        double prices[10];
        size_t first_alarm; /* 99: none */
        size_t alarm_count;
    } rows[] = {
        {"never changes", MR_METHOD_robust_z, 4, {5, 5, 5, 5, 5, 5, 5, 5}, 99, 0},
        {"one agora more", MR_METHOD_robust_z, 4, {5, 5, 5, 5, 5.01, 5, 5, 5}, 99, 0},
        {"ten times, once", MR_METHOD_robust_z, 4, {5, 5, 5, 5, 50, 5, 5, 5}, 4, 1},
        {"a tenth, once", MR_METHOD_robust_z, 4, {5, 5, 5, 5, 0.5, 5, 5, 5}, 4, 1},
        {"three of them in a row", MR_METHOD_robust_z, 4, {5, 5, 5, 5, 5, 50, 50, 50, 5}, 5, 3},
        {"too early to tell", MR_METHOD_robust_z, 4, {5, 5, 50, 5, 5, 5, 5, 5}, 99, 0},
        {"natural steps", MR_METHOD_robust_z, 4, {5, 5, 5.2, 5.2, 5.3, 5.5, 5.5, 5.5}, 99, 0},
        {"never changes", MR_METHOD_rate_of_change, 0.5, {5, 5, 5, 5, 5, 5, 5, 5}, 99, 0},
        {"a promotion", MR_METHOD_rate_of_change, 0.5, {5, 5, 3.5, 3.5, 5, 5, 5, 5}, 99, 0},
        {"ten times, once", MR_METHOD_rate_of_change, 0.5, {5, 5, 50, 5, 5, 5, 5, 5}, 2, 1},
        {"a tenth, once", MR_METHOD_rate_of_change, 0.5, {5, 5, 0.5, 5, 5, 5, 5, 5}, 2, 1},
        {"a step that stays", MR_METHOD_rate_of_change, 0.5, {5, 5, 9, 9, 9, 9, 9, 9}, 2, 1},
        {"on the threshold", MR_METHOD_rate_of_change, 0.5, {4, 4, 6, 6, 6, 6, 6, 6}, 2, 1},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(rows[i].method);

        series.tuning.threshold = rows[i].threshold;
        print_message("  %s: %s\n", series.method->name, rows[i].label);
        for (size_t k = 0; k < 10 && rows[i].prices[k] > 0; k++) {
            series_add(&series, rows[i].prices[k], (int64_t)k * 6 * SERIES_HOUR);
        }
        assert_int_equal(rows[i].alarm_count, series.alarm_count);
        assert_int_equal(rows[i].first_alarm == 99 ? SIZE_MAX : rows[i].first_alarm,
                         series.first_alarm);
        series_end(&series);
    }
}

static void the_logarithmic_scale_judges_ratios(void **state)
{
    struct series series = series_begin(MR_METHOD_robust_z);

    (void)state;
    series.tuning.is_log = true;
    for (int i = 0; i < 8; i++) {
        series_add(&series, 5.0, i * SERIES_HOUR);
    }
    series_add(&series, 50.0, 8 * SERIES_HOUR);
    assert_true(series.last.is_anomaly);
    assert_true(fabs(series.last.expected - 5.0) < 1e-12);
    assert_true(fabs(series.last.ratio - 10.0) < 1e-12);
    assert_true(series.last.change_percent == 900.0);
    assert_true(fabs(series.last.band_high / 5.0 - 5.0 / series.last.band_low) < 1e-12);
    series_add(&series, 0.5, 9 * SERIES_HOUR);
    assert_string_equal("below", series.last.reason);
    series_add(&series, 0.0, 10 * SERIES_HOUR);
    assert_true(series.last.is_anomaly && series.last.score == 1.0);
    series_add(&series, 5.0, 11 * SERIES_HOUR);
    assert_false(series.last.is_anomaly);
    series_end(&series);
}

/* A hundred days of hourly noise about 100, with a daily cycle where the method expects one; then
 * what is added to the records from the fault on. */
static void a_long_series_alarms_at_its_fault(void **state)
{
    static const struct {
        enum mr_method_index method;
        const char *label;
        bool is_daily;
        double spike;
        double shift;
    } rows[] = {
        {MR_METHOD_zscore, "a spike", false, 20.0, 0.0},
        {MR_METHOD_ewma, "a spike", false, 20.0, 0.0},
        {MR_METHOD_robust_z, "a spike", false, 30.0, 0.0},
        {MR_METHOD_mad, "a spike", false, 30.0, 0.0},
        {MR_METHOD_range, "a spike", false, 30.0, 0.0},
        {MR_METHOD_evt, "a spike", false, 30.0, 0.0},
        {MR_METHOD_seasonal, "a spike", true, 40.0, 0.0},
        {MR_METHOD_change_point, "a shift", false, 0.0, 6.0},
        {MR_METHOD_rcre, "a spike", true, 40.0, 0.0},
        {MR_METHOD_rcre, "a shift", true, 0.0, 30.0},
    };
    const size_t fault = 1800;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(rows[i].method);
        uint64_t random = 3;

        series.tuning = mr_tuning_of(series.method, MR_LOW);
        series.tuning.floor_share = 0.0;
        print_message("  %s: %s\n", series.method->name, rows[i].label);
        for (size_t k = 0; k < SERIES_MAX; k++) {
            double value = 100.0 + 2.0 * series_noise(&random);

            value += rows[i].is_daily && k % 24 > 8 && k % 24 < 20 ? 25.0 : 0.0;
            value += k == fault ? rows[i].spike : 0.0;
            value += k >= fault ? rows[i].shift : 0.0;
            series_add(&series, value, (int64_t)k * SERIES_HOUR);
        }
        print_message("    alarms %zu, the first at %zu\n", series.alarm_count, series.first_alarm);
        assert_true(series.alarm_count > 0);
        assert_in_range(series.first_alarm, fault, fault + 24);
        series_end(&series);
    }
}

static void a_duplicate_is_a_repeat_or_a_conflict(void **state)
{
    static const struct {
        const char *label;
        enum mr_alarm_on alarm_on;
        double second;
        int64_t after_ms;
        const char *reason; /* NULL: no alarm */
    } rows[] = {
        {"the same again", MR_ALARM_ON_ANY, 5.0, 10, "repeat"},
        {"another value", MR_ALARM_ON_ANY, 6.0, 10, "conflict"},
        {"in the last moment", MR_ALARM_ON_ANY, 5.0, 999, "repeat"},
        {"too late to be one", MR_ALARM_ON_ANY, 5.0, 1000, NULL},
        {"out of order", MR_ALARM_ON_ANY, 5.0, -5000, "repeat"},
        {"a repeat, not asked for", MR_ALARM_ON_CONFLICT, 5.0, 10, NULL},
        {"a conflict, asked for", MR_ALARM_ON_CONFLICT, 6.0, 10, "conflict"},
        {"a conflict, not asked for", MR_ALARM_ON_REPEAT, 6.0, 10, NULL},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(MR_METHOD_duplicate);

        series.tuning.within_ms = 1000;
        series.tuning.alarm_on = rows[i].alarm_on;
        print_message("  %s\n", rows[i].label);
        series_add(&series, 5.0, 0);
        assert_false(series.last.is_anomaly);
        series_add(&series, rows[i].second, rows[i].after_ms);
        assert_int_equal(rows[i].reason != NULL, series.last.is_anomaly);
        assert_string_equal(rows[i].reason ? rows[i].reason : "", series.last.reason);
        series_end(&series);
    }
}

static void a_stuck_value_is_told_once(void **state)
{
    struct series series = series_begin(MR_METHOD_stuck);

    (void)state;
    series.tuning.threshold = 5.0;
    for (int i = 0; i < 20; i++) {
        series_add(&series, 1.0, i);
    }
    assert_int_equal(1, series.alarm_count);
    assert_int_equal(4, series.first_alarm);
    series_add(&series, 2.0, 20);
    for (int i = 0; i < 4; i++) {
        series_add(&series, 1.0, 21 + i);
        assert_int_equal(1, series.alarm_count);
    }
    series_add(&series, 1.0, 25);
    assert_int_equal(2, series.alarm_count);
    series_end(&series);
}

static void a_rate_is_per_time(void **state)
{
    struct series series = series_begin(MR_METHOD_rate_of_change);

    (void)state;
    series.tuning.per_ms = SERIES_HOUR;
    series.tuning.threshold = 0.1;
    series_add(&series, 100.0, 0);
    series_add(&series, 118.0, 2 * SERIES_HOUR); /* 9 % an hour */
    assert_false(series.last.is_anomaly);
    series_add(&series, 142.0, 4 * SERIES_HOUR); /* 10.2 % an hour */
    assert_true(series.last.is_anomaly);
    assert_string_equal("jump", series.last.reason);
    series_end(&series);
}

static void only_the_wanted_direction_alarms(void **state)
{
    static const enum mr_method_index methods[] = {
        MR_METHOD_robust_z, MR_METHOD_zscore, MR_METHOD_ewma, MR_METHOD_rate_of_change,
        MR_METHOD_range,    MR_METHOD_evt,    MR_METHOD_mad};
    static const enum mr_direction directions[] = {MR_BOTH, MR_UP, MR_DOWN};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(methods) * MR_COUNT(directions) * 2; i++) {
        struct series series = series_begin(methods[i / 6]);
        const bool goes_up = i % 2 == 0;
        uint64_t random = 5;

        series.tuning.direction = directions[i / 2 % 3];
        series.tuning.warmup = 200;
        for (int k = 0; k < 300; k++) {
            series_add(&series, 1000.0 + series_noise(&random), k);
        }
        assert_int_equal(0, series.alarm_count);
        series_add(&series, goes_up ? 1e6 : -1e6, 300);
        assert_int_equal(series.tuning.direction == MR_BOTH ||
                             (series.tuning.direction == MR_UP) == goes_up,
                         series.last.is_anomaly);
        assert_true(isnan(series.last.band_low) == (series.tuning.direction == MR_UP));
        assert_true(isnan(series.last.band_high) == (series.tuning.direction == MR_DOWN));
        series_end(&series);
    }
}

static void after_an_alarm_there_is_a_refractory_time(void **state)
{
    static const struct {
        const char *label;
        uint32_t count;
        int64_t ms;
        bool alarms[6]; /* of absurd values one hour apart */
    } rows[] = {
        {"none", 0, 0, {true, true, true, true, true, true}},
        {"by records", 2, 0, {true, false, false, true, false, false}},
        {"by event time", 0, 2 * SERIES_HOUR, {true, false, true, false, true, false}},
        {"by both", 1, 3 * SERIES_HOUR, {true, false, false, true, false, false}},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct series series = series_begin(MR_METHOD_robust_z);

        series.tuning.refractory_count = rows[i].count;
        series.tuning.refractory_ms = rows[i].ms;
        print_message("  %s\n", rows[i].label);
        for (int k = 0; k < 16; k++) {
            series_add(&series, 5.0, 0);
        }
        for (int k = 0; k < 6; k++) {
            series_add(&series, 5000.0, k * SERIES_HOUR);
            assert_int_equal(rows[i].alarms[k], series.last.is_anomaly);
            assert_string_equal(rows[i].alarms[k] ? "above" : "refractory", series.last.reason);
            assert_true(series.last.score > 0.5);
        }
        series_end(&series);
    }
}

static void what_is_no_value_is_not_judged_and_not_learnt(void **state)
{
    static const struct {
        double value;
        bool has_value;
        const char *reason;
    } rows[] = {
        {0.0, false, "no_value"},
        {(double)NAN, true, "not_finite"},
        {(double)INFINITY, true, "not_finite"},
        {-(double)INFINITY, true, "not_finite"},
        {1e141, true, "out_of_range"},
        {-DBL_MAX, true, "out_of_range"},
    };

    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        struct series series = series_begin((enum mr_method_index)m);
        const size_t size = mr_judge_state_size(series.method, &series.tuning);
        uint8_t *before = malloc(size);

        assert_non_null(before);
        for (int i = 0; i < 50; i++) {
            series_add(&series, i, i);
        }
        memcpy(before, series.state, size);
        for (size_t i = series.method->takes_null ? 1 : 0; i < MR_COUNT(rows); i++) {
            mr_judge(series.method, &series.tuning, series.state,
                     &(struct mr_observation){rows[i].value, rows[i].has_value, 50, 0},
                     &series.last);
            assert_string_equal(rows[i].reason, series.last.reason);
            assert_false(series.last.is_anomaly);
            assert_true(isnan(series.last.observed));
            assert_int_equal(50, series.last.seen);
        }
        assert_memory_equal(before, series.state, size);
        free(before);
        series_end(&series);
    }
}

/* One of the values that break detectors, by a random number. */
static double hostile(uint64_t random)
{
    static const double values[] = {0.0,       -0.0,   1.0,    -1.0,   4.9e-324,  -4.9e-324,
                                    0x1p-1022, 1e140,  -1e140, 0x1p53, -0x1p53,   1e18,
                                    1e19,      1e-300, 3.5e38, 0.1,    0x1p53 + 2};
    double any;

    if (random % 3 == 0) {
        memcpy(&any, &random, sizeof(any));
        return any; /* any bits at all */
    }
    if (random % 3 == 1) {
        return values[random / 3 % MR_COUNT(values)];
    }
    return (double)(random / 3 % 1000) / 100.0;
}

/* Whether a score and what it rests on can be told at all. */
static void assert_sane(const struct mr_judgement *judgement)
{
    assert_true(judgement->score >= 0.0 && judgement->score <= 1.0);
    assert_true(!judgement->is_anomaly || judgement->score >= 0.5);
    assert_false(isinf(judgement->expected) || isinf(judgement->ratio) ||
                 isinf(judgement->band_low) || isinf(judgement->band_high) ||
                 isinf(judgement->change_percent));
    assert_non_null(judgement->reason);
}

static void a_state_is_its_bytes_whatever_comes(void **state)
{
    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT * 3; m++) {
        struct series series = series_begin((enum mr_method_index)(m / 3));
        uint8_t *moved;
        size_t size;
        uint64_t random = m;

        series.tuning.against = (enum mr_against)(m % 3);
        series.tuning.is_log = m % 3 == 1;
        series.tuning.floor_share = m % 3 == 2 ? 0.0 : 0.05;
        series.tuning.one_in = m % 3 == 2 ? 1000.0 : 0.0;
        size = mr_judge_state_size(series.method, &series.tuning);
        moved = calloc(1, size);
        assert_non_null(moved);
        print_message("  %s: %zu bytes a key\n", series.method->name, size);
        for (int i = 0; i < 5000; i++) {
            const double value = hostile(series_random(&random));
            const int64_t time_ms = (int64_t)series_random(&random);
            uint8_t *fresh = malloc(size);
            struct mr_judgement judgement;

            assert_non_null(fresh);
            memcpy(fresh, moved, size);
            free(moved);
            moved = fresh;
            series_add(&series, value, time_ms);
            mr_judge(series.method, &series.tuning, moved,
                     &(struct mr_observation){value, true, time_ms, 0}, &judgement);
            assert_memory_equal(series.state, moved, size);
            assert_true(judgement.is_anomaly == series.last.is_anomaly);
            assert_true(judgement.score == series.last.score);
            assert_sane(&judgement);
        }
        free(moved);
        series_end(&series);
    }
}

/* SHA-256 over the states and scores of all methods after a stream of prices and hostile values:
 * the compiler, its level and the machine must not show. */
static void every_build_ends_in_the_same_bytes(void **state)
{
    struct mr_digester *digester = mr_digester_new();
    struct mr_digest digest;
    char hex[MR_DIGEST_HEX_SIZE];

    (void)state;
    assert_non_null(digester);
    for (size_t m = 0; m < MR_METHOD_COUNT * 2; m++) {
        struct series series = series_begin((enum mr_method_index)(m / 2));
        uint64_t random = 99;

        series.tuning.is_log = m % 2 == 1;
        for (int i = 0; i < 3000; i++) {
            const uint64_t next = series_random(&random);
            const double value = m % 2 ? hostile(next) : 10.0 + series_noise(&random);

            series_add(&series, value, i * SERIES_HOUR);
            mr_digester_add(digester, (struct mr_span){(const uint8_t *)&series.last.score,
                                                       sizeof(series.last.score)});
        }
        mr_digester_add(
            digester,
            (struct mr_span){series.state, mr_judge_state_size(series.method, &series.tuning)});
        series_end(&series);
    }
    digest = mr_digester_end(digester);
    mr_digest_hex(&digest, hex);
    mr_digester_free(digester);
    assert_string_equal("fb94d3366ffac5383131f6de122d1ce6df0d486fb5b1e58ba00d75b9bd7a858d", hex);
}

static void a_constant_never_alarms_but_where_that_is_the_fault(void **state)
{
    static const double constants[] = {0.0, 5.0, -5.0, 1e-310, 1e140, 0x1p53};

    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        for (size_t c = 0; c < MR_COUNT(constants); c++) {
            struct series series = series_begin((enum mr_method_index)m);

            if (m == MR_METHOD_stuck || m == MR_METHOD_duplicate) {
                continue;
            }
            series.tuning.floor_share = c % 2 == 0 ? 0.0 : 0.05;
            for (int k = 0; k < 1000; k++) {
                series_add(&series, constants[c], k * SERIES_HOUR);
            }
            assert_int_equal(0, series.alarm_count);
            series_end(&series);
        }
    }
}

static void every_default_is_usable(void **state)
{
    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        const struct mr_method *method = mr_methods[m];

        assert_string_equal(mr_method_names[m], method->name);
        assert_true(method->thresholds[MR_HIGH] > 0.0);
        assert_true(method->thresholds[MR_HIGH] <= method->thresholds[MR_MEDIUM]);
        assert_true(method->thresholds[MR_MEDIUM] <= method->thresholds[MR_LOW]);
        assert_int_equal((method->knobs & MR_KNOB_VALUES) != 0, method->values > 0);
        assert_int_equal((method->knobs & MR_KNOB_SPAN) != 0, method->span > 0);
        assert_int_equal((method->knobs & MR_KNOB_PERIOD) != 0, method->bins > 0);
        assert_true(method->bins <= method->bins_max);
    }
    assert_null(mr_method_names[MR_METHOD_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_alarms_where_it_should),
        cmocka_unit_test(the_logarithmic_scale_judges_ratios),
        cmocka_unit_test(a_long_series_alarms_at_its_fault),
        cmocka_unit_test(a_duplicate_is_a_repeat_or_a_conflict),
        cmocka_unit_test(a_stuck_value_is_told_once),
        cmocka_unit_test(a_rate_is_per_time),
        cmocka_unit_test(only_the_wanted_direction_alarms),
        cmocka_unit_test(after_an_alarm_there_is_a_refractory_time),
        cmocka_unit_test(what_is_no_value_is_not_judged_and_not_learnt),
        cmocka_unit_test(a_state_is_its_bytes_whatever_comes),
        cmocka_unit_test(every_build_ends_in_the_same_bytes),
        cmocka_unit_test(a_constant_never_alarms_but_where_that_is_the_fault),
        cmocka_unit_test(every_default_is_usable),
    };
    return cmocka_run_group_tests_name("detect.methods", tests, NULL, NULL);
}
