/* Goal: two states of one method become what one that had seen all would be.
 * Method: seeded parts of a series, merged in every order; what the sums then say of a new value.
 */
#include "processors/core/base/error.h"
#include "tests/support/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double far_from(double a, double b)
{
    return fabs(a - b) / (1.0 + fabs(a) + fabs(b));
}

static void add_some(struct series *series, uint64_t seed, size_t count, double centre)
{
    for (size_t i = 0; i < count; i++) {
        series_add(series, centre + series_noise(&seed), (int64_t)i * SERIES_HOUR);
    }
}

/* What a state says of a value that it has not seen. */
static struct mr_judgement opinion(const struct series *series)
{
    struct mr_judgement judgement;

    mr_judge_frozen(series->method, &series->tuning, series->state,
                    &(struct mr_observation){31.0, true, 7 * SERIES_HOUR, 0}, &judgement);
    return judgement;
}

/* a + b = b + a and (a + b) + c = a + (b + c) but for rounding; a + 0 = 0 + a = a in every bit. */
static void states_merge_by_the_laws_of_a_sum(void **state)
{
    (void)state;
    for (size_t m = 0; m < MR_METHOD_COUNT; m++) {
        struct series parts[6];
        struct mr_judgement left, right;
        size_t size;

        for (size_t i = 0; i < MR_COUNT(parts); i++) {
            parts[i] = series_begin((enum mr_method_index)m);
            parts[i].tuning.refractory_count = 0;
            add_some(&parts[i], i % 3 + 1, 100 + i % 3 * 40, 10.0 + (double)(i % 3));
        }
        size = mr_judge_state_size(parts[0].method, &parts[0].tuning);
        if (parts[0].method->merge == NULL) {
            assert_false(
                mr_judge_merge(parts[0].method, &parts[0].tuning, parts[0].state, parts[1].state));
        } else {
            uint8_t *empty = calloc(1, size);

            print_message("  %s\n", parts[0].method->name);
            assert_non_null(empty);
            assert_true(mr_judge_merge(parts[0].method, &parts[0].tuning, parts[0].state, empty));
            assert_memory_equal(parts[0].state, parts[3].state, size);
            assert_true(mr_judge_merge(parts[0].method, &parts[0].tuning, empty, parts[0].state));
            assert_memory_equal(parts[0].state, empty, size);
            for (size_t i = 1; i < 3; i++) { /* (0 + 1) + 2 */
                assert_true(mr_judge_merge(parts[0].method, &parts[0].tuning, parts[0].state,
                                           parts[i].state));
            }
            for (size_t i = 4; i > 2; i--) { /* (5 + 4) + 3: the same parts, the other way round */
                assert_true(mr_judge_merge(parts[5].method, &parts[5].tuning, parts[5].state,
                                           parts[i].state));
            }
            left = opinion(&parts[0]);
            right = opinion(&parts[5]);
            assert_int_equal(left.seen, right.seen);
            assert_int_equal(100 + 140 + 180, left.seen);
            assert_true(far_from(left.expected, right.expected) < 1e-12);
            assert_true(far_from(left.score, right.score) < 1e-12);
            free(empty);
        }
        for (size_t i = 0; i < MR_COUNT(parts); i++) {
            series_end(&parts[i]);
        }
    }
}

/* A state that saw all is the sum of two that saw a half each. */
static void a_merged_state_is_as_if_it_had_seen_all(void **state)
{
    static const enum mr_method_index methods[] = {MR_METHOD_zscore, MR_METHOD_range};

    (void)state;
    for (size_t m = 0; m < MR_COUNT(methods); m++) {
        struct series whole = series_begin(methods[m]), half = series_begin(methods[m]),
                      other = series_begin(methods[m]);
        struct mr_judgement merged, seen;

        add_some(&whole, 1, 300, 10.0);
        add_some(&whole, 2, 200, 12.0);
        add_some(&half, 1, 300, 10.0);
        add_some(&other, 2, 200, 12.0);
        assert_true(mr_judge_merge(half.method, &half.tuning, half.state, other.state));
        merged = opinion(&half);
        seen = opinion(&whole);
        assert_int_equal(500, merged.seen);
        assert_true(far_from(merged.expected, seen.expected) < 1e-12);
        assert_true(far_from(merged.score, seen.score) < 1e-12);
        assert_true(far_from(merged.band_high, seen.band_high) < 1e-12);
        series_end(&whole);
        series_end(&half);
        series_end(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_merge_by_the_laws_of_a_sum),
        cmocka_unit_test(a_merged_state_is_as_if_it_had_seen_all),
    };
    return cmocka_run_group_tests_name("detect.merge", tests, NULL, NULL);
}
