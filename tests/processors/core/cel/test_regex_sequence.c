/* Goal: a sequence of classes is matched as PCRE2 matches the same pattern, whether it is compared
 * eight positions at once or one by one.
 * Method: patterns on both sides of eight positions, with classes of one range and of more; texts
 * that match, and that miss by one byte at each position: below a range, above it, beyond ASCII. */
#include "processors/core/base/error.h"
#include "processors/core/cel/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define ROOM ((size_t)4 << 20)

static void expect_same(struct mr_arena *arena, const char *pattern, struct mr_span text)
{
    const struct cel_regex *fast = cel_regex_open_fast(arena, mr_span_text(pattern));
    const struct cel_regex *plain = cel_regex_open(arena, mr_span_text(pattern));

    assert_non_null(fast);
    assert_non_null(plain);
    assert_int_equal(cel_regex_matches(plain, text, arena), cel_regex_matches(fast, text, arena));
    mr_arena_reset(arena);
}

static void a_sequence_is_matched_as_pcre2_does(void **state)
{
    static const struct {
        const char *pattern, *text;
    } rows[] = {
        {"^729[0-9]{10}$", "7290000066318"}, {"^729[0-9]{10}", "7290000066318 and more"},
        {"^[a-f]{8}$", "abcdefab"},          {"^[a-f]{7}$", "abcdefa"},
        {"^[a-f]{9}x", "abcdefabcx"},        {"^[a-fx]{9}$", "abxdefabc"},
        {"^[ -~]{16}$", "0123456789 ~!abc"}, {"^[A-Z]{2}-[0-9]{4}-z$", "AB-1234-z"},
    };
    static const char misses[] = {'\0', '\x1F', '/', ':', '@', 'G', '`', 'g', '~', '\x7F'};
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const size_t size = strlen(rows[i].text);
        char text[40];

        print_message("  %s\n", rows[i].pattern);
        assert_true(size < sizeof(text) - 2);
        for (size_t at = 0; at <= size; at++) {
            memcpy(text, rows[i].text, size + 1);
            expect_same(arena, rows[i].pattern, (struct mr_span){(uint8_t *)text, at});
            for (size_t k = 0; k < MR_COUNT(misses) && at < size; k++) {
                text[at] = misses[k];
                expect_same(arena, rows[i].pattern, (struct mr_span){(uint8_t *)text, size});
            }
            memcpy(text, rows[i].text, size + 1);
            memmove(text + at + 1, text + at, size + 1 - at);
            memcpy(text + at, "\xC3\xBC", at < size ? 2 : 0);
            expect_same(arena, rows[i].pattern, (struct mr_span){(uint8_t *)text, size + 1});
        }
    }
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_is_matched_as_pcre2_does),
    };

    return cmocka_run_group_tests_name("cel_regex_sequence", tests, NULL, NULL);
}
