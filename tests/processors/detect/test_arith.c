/* Goal: logarithm and exponential are as good as libm's and the same bits everywhere; the ring of
 * last values gives the exact median and spread; bins and time differences hold at the ends of
 * int64. Method: libm within the last bits; an oracle that sorts; tables; pinned bits. */
#include "processors/core/base/error.h"
#include "processors/detect/arith.h"
#include "processors/detect/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static double real_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static void logarithm_and_exponential_agree_with_libm(void **state)
{
    uint64_t random = 7;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double x = real_of(next_random(&random) >> 1);

        if (!isfinite(x) || x == 0.0) {
            continue;
        }
        assert_true(fabs(mr_ln(x) - log(x)) <= 4e-16 * fabs(log(x)) + 1e-16);
    }
    for (double x = -699.0; x < 699.0; x += 0.0137) {
        assert_true(fabs(mr_exp(x) / exp(x) - 1.0) < 1e-14);
    }
}

/* The values were computed once; a compiler, a flag or a library that changes them would change
 * every state in every topic. */
static void the_bits_are_those_of_every_other_build(void **state)
{
    static const struct {
        const char *label;
        double x;
        uint64_t ln, exp;
    } rows[] = {
        {"one", 1.0, 0x0, 0x4005bf0a8b14576a},
        {"a price", 12.9, 0x4004753397b61881, 0x41186ee0c3ebfb12},
        {"a tenth", 0.1, 0xc0026bb1bbb55515, 0x3ff1aec7b35a00d4},
        {"five per cent", 1.05, 0x3fa8fb063ef2c7f1, 0x4006dc78307bac4a},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_true(bits_of(mr_ln(rows[i].x)) == rows[i].ln);
        assert_true(bits_of(mr_exp(rows[i].x)) == rows[i].exp);
    }
}

static void third_octaves_follow_the_powers_of_two(void **state)
{
    (void)state;
    assert_int_equal(0, mr_third_octave(1.0f));
    assert_int_equal(0, mr_third_octave(1.25f));
    assert_int_equal(1, mr_third_octave(1.26f));
    assert_int_equal(2, mr_third_octave(1.6f));
    assert_int_equal(3, mr_third_octave(2.0f));
    assert_int_equal(-3, mr_third_octave(0.5f));
    assert_int_equal(-400, mr_third_octave(0.0f));
    assert_int_equal(-400, mr_third_octave(1e-40f));
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_by_sorting(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

static void check_window(uint32_t window, uint64_t *random)
{
    struct mr_sample *sample = calloc(1, mr_sample_size(window));
    double last[MR_SAMPLE_WINDOW_MAX], copy[MR_SAMPLE_WINDOW_MAX];
    size_t count = 0;

    assert_non_null(sample);
    for (int step = 0; step < 300; step++) {
        /* Few distinct values, so that ties are common. */
        const double value = (double)(int64_t)(next_random(random) % 9) - 4.0;
        double median;

        memmove(last + 1, last, (MR_SAMPLE_WINDOW_MAX - 1) * sizeof(*last));
        last[0] = value;
        count += count < window;
        mr_sample_add(sample, window, value);
        memcpy(copy, last, count * sizeof(*copy));
        median = median_by_sorting(copy, count);
        assert_true(mr_sample_median(sample, window) == median);
        for (size_t i = 0; i < count; i++) {
            copy[i] = fabs(last[i] - median);
        }
        assert_true(mr_sample_spread(sample, window, median) == median_by_sorting(copy, count));
    }
    free(sample);
}

static void the_ring_has_the_median_and_spread_of_the_last_values(void **state)
{
    uint64_t random = 11;

    (void)state;
    for (uint32_t window = 1; window <= MR_SAMPLE_WINDOW_MAX; window++) {
        check_window(window, &random);
    }
}

static void each_time_falls_in_its_bin(void **state)
{
    const int64_t hour = 3600000, day = 24 * hour;
    const struct {
        const char *label;
        int64_t time_ms, offset_ms;
        uint32_t bin;
    } rows[] = {
        {"the epoch", 0, 0, 0},
        {"an hour later", hour, 0, 1},
        {"the last moment of the day", day - 1, 0, 23},
        {"the next day", day, 0, 0},
        {"before 1970", -1, 0, 23},
        {"east of Greenwich", 22 * hour, 2 * hour, 0},
        {"west of it", hour, -2 * hour, 23},
        {"the last moment there is", INT64_MAX, 14 * hour, 21},
        {"the first", INT64_MIN, -14 * hour, 2},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_tuning tuning = {
            .period_ms = day, .bins = 24, .offset_ms = rows[i].offset_ms};

        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].bin, mr_bin_of(&tuning, rows[i].time_ms));
    }
}

static void differences_of_times_do_not_overflow(void **state)
{
    (void)state;
    assert_true(mr_is_within(10, 14, 5));
    assert_false(mr_is_within(10, 15, 5));
    assert_true(mr_is_within(10, 9, 5));
    assert_false(mr_is_within(INT64_MIN, INT64_MAX, INT64_MAX));
    assert_true(mr_is_within(INT64_MAX, INT64_MIN, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithm_and_exponential_agree_with_libm),
        cmocka_unit_test(the_bits_are_those_of_every_other_build),
        cmocka_unit_test(third_octaves_follow_the_powers_of_two),
        cmocka_unit_test(the_ring_has_the_median_and_spread_of_the_last_values),
        cmocka_unit_test(each_time_falls_in_its_bin),
        cmocka_unit_test(differences_of_times_do_not_overflow),
    };
    return cmocka_run_group_tests_name("detect.arith", tests, NULL, NULL);
}
