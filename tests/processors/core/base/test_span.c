/* Goal: spans compare, search and trim as said, and UTF-8 is exactly what Unicode calls so.
 * Method: tables of rows, on both sides of each border; every code point goes around once. */
#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void equality_is_of_bytes_and_size(void **state)
{
    const struct mr_span literal = MR_SPAN("ab\0c");

    (void)state;
    assert_int_equal(4, literal.size);
    assert_true(mr_span_equal(literal, (struct mr_span){(const uint8_t *)"ab\0c", 4}));
    assert_false(mr_span_equal(literal, (struct mr_span){(const uint8_t *)"ab\0d", 4}));
    assert_false(mr_span_is(literal, "ab"));
    assert_true(mr_span_is(mr_span_text(NULL), ""));
    assert_true(mr_span_is((struct mr_span){NULL, 0}, ""));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } rows[] = {
        {"ItemPrice", "itemprice", true},
        {"ItemPrice", "ItemPrices", false},
        {"@", "`", false},
        {"[", "{", false},
        {"\xC3\x84", "\xC3\xA4", false},
        {"", "", true},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s, %s\n", rows[i].a, rows[i].b);
        assert_int_equal(rows[i].is_same, mr_span_is_nocase(mr_span_text(rows[i].a), rows[i].b));
    }
}

static void order_is_that_of_bytes_and_the_head_comes_first(void **state)
{
    static const struct {
        const char *a, *b;
        int sign;
    } rows[] = {
        {"", "", 0},    {"", "a", -1},    {"a", "ab", -1},
        {"b", "ab", 1}, {"\xFF", "a", 1}, {"a", "a", 0},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const int order = mr_span_compare(mr_span_text(rows[i].a), mr_span_text(rows[i].b));

        assert_int_equal(rows[i].sign, (order > 0) - (order < 0));
    }
}

static void find_gives_the_first_place_or_the_size(void **state)
{
    static const struct {
        const char *a, *b;
        size_t at;
    } rows[] = {
        {"aabaab", "ab", 1}, {"aab", "b", 2}, {"aaa", "b", 3},  {"ab", "abc", 2},
        {"abc", "", 0},      {"", "a", 0},    {"aac", "ac", 1}, {"abab", "abb", 4},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s in %s\n", rows[i].b, rows[i].a);
        assert_int_equal(rows[i].at,
                         mr_span_find(mr_span_text(rows[i].a), mr_span_text(rows[i].b)));
    }
}

static void trim_takes_white_space_from_both_ends(void **state)
{
    (void)state;
    assert_true(mr_span_is(mr_span_trim(mr_span_text(" \t\r\n\v\fa b ")), "a b"));
    assert_true(mr_span_is(mr_span_trim(mr_span_text(" \n ")), ""));
    assert_true(mr_span_is(mr_span_trim(mr_span_text("")), ""));
    assert_true(mr_span_is(mr_span_trim(mr_span_text("\xC2\xA0")), "\xC2\xA0"));
}

static void utf8_is_valid_as_unicode_says(void **state)
{
    static const struct {
        const char *label, *text;
        bool is_valid;
    } rows[] = {
        {"nothing", "", true},
        {"eight letters at a time", "12345678abcdefgh!", true},
        {"bad byte after eight", "12345678\x80", false},
        {"bad byte among eight",
         "1234\xFF"
         "678",
         false},
        {"two", "\xC2\x80\xDF\xBF", true},
        {"overlong two", "\xC1\xBF", false},
        {"three", "\xE0\xA0\x80\xEF\xBF\xBF", true},
        {"overlong three", "\xE0\x9F\xBF", false},
        {"below the surrogates", "\xED\x9F\xBF", true},
        {"a surrogate", "\xED\xA0\x80", false},
        {"four", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", true},
        {"overlong four", "\xF0\x8F\xBF\xBF", false},
        {"beyond Unicode", "\xF4\x90\x80\x80", false},
        {"a lead of five", "\xF8\x88\x80\x80\x80", false},
        {"a tail alone", "\x80", false},
        {"cut after one", "\xE2", false},
        {"cut after two", "\xE2\x82", false},
        {"cut by a letter", "\xE2\x82z", false},
        {"third byte bad", "\xF0\x90\x41\x80", false},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].is_valid, mr_utf8_is_valid(mr_span_text(rows[i].text)));
    }
}

static void every_code_point_comes_back_as_it_went(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        uint8_t bytes[4];
        struct mr_span text = {bytes, 0};
        size_t size;
        const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;

        text.size = mr_utf8_put(bytes, code_point);
        if (mr_utf8_is_valid(text) == is_surrogate) {
            fail_msg("U+%04X", (unsigned)code_point);
        }
        if (!is_surrogate && (mr_utf8_get(text, &size) != code_point || size != text.size)) {
            fail_msg("U+%04X", (unsigned)code_point);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_of_bytes_and_size),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(order_is_that_of_bytes_and_the_head_comes_first),
        cmocka_unit_test(find_gives_the_first_place_or_the_size),
        cmocka_unit_test(trim_takes_white_space_from_both_ends),
        cmocka_unit_test(utf8_is_valid_as_unicode_says),
        cmocka_unit_test(every_code_point_comes_back_as_it_went),
    };

    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
