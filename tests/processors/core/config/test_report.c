/* Goal: a report shows every problem once, in the order of the file, on one line each, and never
 * grows without bound.
 * Method: problems are added out of order, too long, too many; the print is compared. */
#include "processors/core/base/error.h"
#include "tests/processors/core/config/reported.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void problems_are_printed_in_the_order_of_the_file(void **state)
{
    struct mr_report *report = mr_report_new();
    char first[256], *text;

    (void)state;
    mr_report_first(report, first, sizeof(first));
    assert_string_equal("", first);
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){"b.yaml", 2, 3}, "x.y", NULL,
                  "late");
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){"a.yaml", 34, 15},
                  "detect.price.window", "did you mean 1?", "%d is outside 1..10080", 0);
    mr_report_add(report, MR_SEVERITY_WARNING, (struct mr_place){"a.yaml", 9, 0}, NULL, NULL,
                  "odd");
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){"a.yaml", 34, 15}, NULL, NULL,
                  "same place, later");
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){"a.yaml", 34, 2}, NULL, NULL,
                  "left");
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){NULL, 0, 0}, "--set", NULL,
                  "nowhere");
    mr_report_add(report, MR_SEVERITY_WARNING, (struct mr_place){"b.yaml", 0, 0}, NULL, NULL,
                  "file");
    text = reported(report);
    assert_string_equal("--set: nowhere\n"
                        "a.yaml:9: warning: odd\n"
                        "a.yaml:34:2: left\n"
                        "a.yaml:34:15: detect.price.window: 0 is outside 1..10080 (did you mean "
                        "1?)\n"
                        "a.yaml:34:15: same place, later\n"
                        "b.yaml: warning: file\n"
                        "b.yaml:2:3: x.y: late\n",
                        text);
    assert_int_equal(5, mr_report_errors(report));
    assert_int_equal(2, mr_report_warnings(report));
    mr_report_first(report, first, sizeof(first));
    assert_string_equal("--set: nowhere", first);
    free(text);
    mr_report_free(report);
    mr_report_free(NULL);
}

static void problems_beyond_the_bound_are_counted(void **state)
{
    struct mr_report *report = mr_report_new();
    char first[32], *text;

    (void)state;
    for (int i = 0; i < 200; i++) {
        mr_report_add(report, MR_SEVERITY_WARNING, (struct mr_place){"a", i + 1, 1}, NULL, NULL,
                      "w");
    }
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){"a", 1, 1}, NULL, NULL, "e");
    text = reported(report);
    assert_non_null(strstr(text, "a:200:1: warning: w\nand 1 more problems\n"));
    assert_int_equal(1, mr_report_errors(report));
    mr_report_first(report, first, sizeof(first));
    assert_string_equal("1 errors", first);
    free(text);
    mr_report_free(report);
}

static void a_problem_is_one_line_of_bounded_size_and_whole_characters(void **state)
{
    struct mr_report *report = mr_report_new();
    char value[4001], *text;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        memset(value, 'x', i);
        for (size_t at = i; at + 2 < sizeof(value); at += 2) {
            memcpy(value + at, "\xC3\xA9", 3);
        }
        mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){NULL, 0, 0}, NULL, NULL, "%s",
                      value);
    }
    mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){NULL, 0, 0}, "a\nb", value,
                  "\x1B[31m\t%s", "\x7F");
    text = reported(report);
    assert_int_equal(3, (text[0] != '\0') + (strstr(text, "\xA9...\nx") != NULL) +
                            (strstr(text, "\xA9...\na b: ?[31m ? (x\xC3\xA9") != NULL));
    assert_true(strlen(text) <= 3 * (size_t)1024);
    free(text);
    mr_report_free(report);
}

static void the_nearest_word_is_within_a_third(void **state)
{
    static const char *const words[] = {"window", "threshold", "value", "key", "min_samples"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"windw", "window"},
        {"windwo", "window"},
        {"Window", "window"},
        {"treshhold", "threshold"},
        {"vlaue", "value"},
        {"kye", "key"},
        {"ky", NULL},
        {"k", NULL},
        {"", NULL},
        {"colour", NULL},
        {"minsamples", "min_samples"},
        {"MIN_SAMPLES", "min_samples"},
        {"a-word-that-is-longer-than-any-name-of-an-option-and-so-is-not-looked-at", NULL},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const char *nearest = mr_nearest(rows[i].word, words, MR_COUNT(words));

        print_message("  %s\n", rows[i].word);
        if (rows[i].nearest == NULL) {
            assert_null(nearest);
        } else {
            assert_string_equal(rows[i].nearest, nearest);
        }
    }
    assert_null(mr_nearest("window", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_printed_in_the_order_of_the_file),
        cmocka_unit_test(problems_beyond_the_bound_are_counted),
        cmocka_unit_test(a_problem_is_one_line_of_bounded_size_and_whole_characters),
        cmocka_unit_test(the_nearest_word_is_within_a_third),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
