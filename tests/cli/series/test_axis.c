/* Goal: an axis of any length has a few labels at round places, inside of it. Method: a table of
 * ranges with the labels they must get; then ranges of every size, which must give between two and
 * the wanted number and a bit, in order. */
#include "cli/series/axis.h"

#include "processors/core/base/error.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 32
#define DAY 86400000.0

static struct mr_axis axis_over(enum mr_axis_kind kind, double low, double high)
{
    struct mr_axis axis;

    mr_axis_begin(&axis, kind);
    mr_axis_add(&axis, low);
    mr_axis_add(&axis, (double)NAN);
    mr_axis_add(&axis, high);
    mr_axis_end(&axis, 6);
    return axis;
}

static void labels_stand_at_round_places(void **state)
{
    static const struct {
        const char *label;
        enum mr_axis_kind kind;
        double low, high;
        const char *first, *second;
    } rows[] = {
        {"numbers", MR_AXIS_NUMBER, 3, 97, "0", "20"},
        {"small ones", MR_AXIS_NUMBER, 0.0011, 0.0052, "0.001", "0.002"},
        {"around zero", MR_AXIS_NUMBER, -50, 50, "-40", "-20"},
        {"a constant", MR_AXIS_NUMBER, 7, 7, "6.5", "7"},
        {"zeros", MR_AXIS_NUMBER, 0, 0, "-1", "-0.5"},
        {"seconds", MR_AXIS_TIME, 0, 20000, "00:00:00", "00:00:05"},
        {"hours", MR_AXIS_TIME, 0, DAY / 2, "01-01 00:00", "01-01 02:00"},
        {"days", MR_AXIS_TIME, 0, 10 * DAY, "1970-01-01", "1970-01-03"},
        {"months", MR_AXIS_TIME, 0, 300 * DAY, "1970-01", "1970-03"},
        {"years", MR_AXIS_TIME, 0, 4000 * DAY, "1970", "1972"},
        {"one moment", MR_AXIS_TIME, DAY, DAY, "01-01 23:00", "01-01 23:30"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_axis axis = axis_over(rows[i].kind, rows[i].low, rows[i].high);
        char label[MR_AXIS_LABEL_SIZE];
        double ticks[ROOM];

        print_message("  %s\n", rows[i].label);
        assert_true(mr_axis_ticks(&axis, ticks, ROOM) >= 2);
        mr_axis_label(&axis, ticks[0], label);
        assert_string_equal(rows[i].first, label);
        mr_axis_label(&axis, ticks[1], label);
        assert_string_equal(rows[i].second, label);
    }
}

static void any_range_gets_a_few(void **state)
{
    const double sizes[] = {1e-300, 1e-12, 0.37, 1, 12, 4711, 1e9, 1e13, 1e140, 1e299, DBL_MAX};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(sizes); i++) {
        for (int kind = MR_AXIS_NUMBER; kind <= MR_AXIS_TIME; kind++) {
            const bool is_time = kind == MR_AXIS_TIME;
            const double size = is_time ? fmin(fmax(sizes[i], 1000), 2e14) : sizes[i];
            const struct mr_axis axis =
                axis_over((enum mr_axis_kind)kind, is_time ? 0 : -size / 3, size);
            double ticks[ROOM];
            const size_t count = mr_axis_ticks(&axis, ticks, ROOM);

            assert_in_range(count, 1, 14);
            for (size_t k = 0; k < count; k++) {
                assert_true(ticks[k] >= axis.low && ticks[k] <= axis.high);
                assert_true(k == 0 || ticks[k] > ticks[k - 1]);
                assert_true(mr_axis_share(&axis, ticks[k]) >= 0.0 &&
                            mr_axis_share(&axis, ticks[k]) <= 1.0);
            }
        }
    }
}

static void a_time_is_told_in_full(void **state)
{
    char label[MR_AXIS_LABEL_SIZE];

    (void)state;
    mr_axis_time(1772341800000.0, label);
    assert_string_equal("2026-03-01 05:10:00", label);
    mr_axis_time(1772341800250.0, label);
    assert_string_equal("2026-03-01 05:10:00.250", label);
    mr_axis_time(-1.0, label);
    assert_string_equal("1969-12-31 23:59:59.999", label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_stand_at_round_places),
        cmocka_unit_test(any_range_gets_a_few),
        cmocka_unit_test(a_time_is_told_in_full),
    };
    return cmocka_run_group_tests_name("cli.axis", tests, NULL, NULL);
}
