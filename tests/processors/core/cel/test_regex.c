/* Goal: patterns mean what RE2 means; what RE2 refuses is refused; the table of states agrees
 * with PCRE2; a hostile pattern ends in bounded time.
 * Method: tables of pattern, text and answer; drawn patterns and texts, asked of both engines. */
#include "processors/core/cel/regex.h"

#include "processors/core/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)8 << 20)
#define PATTERNS 20000

static void a_pattern_means_what_it_means_in_re2(void **state)
{
    static const struct {
        const char *pattern, *text;
        int answer;
    } rows[] = {
        {"bc", "abcd", 1},
        {"^bc", "abcd", 0},
        {"a$", "ba", 1},
        {"a$", "a\n", 0}, /* the end, not before a final line feed */
        {"^$", "", 1},
        {"", "", 1},
        {"a.c", "a\nc", 0},
        {"(?s)a.c", "a\nc", 1},
        {"a.c",
         "a\xC3\xBC"
         "c",
         1},
        {"^.$", "\xF0\x9F\x98\x80", 1},
        {"^[^a]$", "\xC3\xBC", 1},
        {"[\xC3\xA0-\xC3\xBF]", "\xC3\xBC", 1},
        {"\\d{3}-\\w+", "x 123-abc", 1},
        {"^729[0-9]{10}$", "7290000066318", 1},
        {"^729[0-9]{10}$", "729000006631", 0},
        {"^729[0-9]{10}$", "72900000663189", 0},
        {"(?i)HELLO", "say hello", 1},
        {"\\bfoo\\b", "a foo b", 1},
        {"^\\s$", "\v", 0}, /* RE2's \s has no vertical tab */
        {"\\v", "\v", 1},
        {"\\p{Greek}", "\xCE\xB1", 1},
        {"[[:alpha:]]+[[:digit:]]", "abc1", 1},
        {"a{0}b", "b", 1},
        {"(a|b)*c|d$", "ababc", 1},
        {"x*", "", 1},
        {"\\Qa.b\\E", "a.b", 1},
        {"\\Qa.b\\E", "axb", 0},
        {"[]a]", "]", 1},
        {"a{,3}", "a{,3}", 1},
        {"\\x{1F600}", "\xF0\x9F\x98\x80", 1},
        {"(?P<n>a)", "a", 1},
        {"$^", "", 1},
    };
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_span pattern = mr_span_text(rows[i].pattern);
        const struct mr_span text = mr_span_text(rows[i].text);
        const struct cel_regex *plain = cel_regex_open(arena, pattern);
        const struct cel_regex *fast = cel_regex_open_fast(arena, pattern);

        print_message("  %s on %s\n", rows[i].pattern, rows[i].text);
        assert_non_null(plain);
        assert_non_null(fast);
        assert_int_equal(rows[i].answer, cel_regex_matches(plain, text, arena));
        assert_int_equal(rows[i].answer, cel_regex_matches(fast, text, arena));
        mr_arena_reset(arena);
    }
    mr_arena_free(arena);
}

static void what_re2_does_not_know_is_refused(void **state)
{
    static const char *const rows[] = {
        "(a)\\1", "(?=a)",   "(?!a)",     "(?<=a)b",  "(?<!a)b", "(?>a)", "a*+",  "a++", "a?+",
        "(?R)",   "(?1)",    "(*ACCEPT)", "\\K",      "\\G",     "\\h",   "\\R",  "\\X", "\\Z",
        "\\C",    "(?x)a b", "(?#c)",     "[[:<:]]a", "a**",     "(",     "a)",   "[a",  "a{1001}",
        "\\",     "(?P=n)",  "\\k<n>",    "\\cA",     "*a",      "[b-a]", "\xFF",
    };
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i]);
        assert_null(cel_regex_open_fast(arena, mr_span_text(rows[i])));
        mr_arena_reset(arena);
    }
    mr_arena_free(arena);
}

static void a_hostile_pattern_ends_soon(void **state)
{
    static const char *const rows[] = {
        "(a+)+$",         "^(a|aa)+$",      "(a*)*b",        "(.*)(.*)(.*)(.*)(.*)x",
        "((a{100}){10})", "(a?){30}a{30}",  "(x+x+)+y",      "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(?i)(a+)+$",     "\\b(a|aa)+\\b!", "(.{0,50}){9}!", "(()|){1000}",
    };
    struct mr_arena *arena = mr_arena_new(ROOM);
    char text[3001];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    text[sizeof(text) - 2] = '?';
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct cel_regex *regex = cel_regex_open_fast(arena, mr_span_text(rows[i]));
        int answer;

        if (regex != NULL) {
            answer = cel_regex_matches(regex, mr_span_text(text), arena);
            print_message("  %s: %d\n", rows[i], answer);
            assert_in_range(answer + 1, 0, 2);
        }
        mr_arena_reset(arena);
    }
    mr_arena_free(arena);
}

struct draw {
    uint64_t state;
    char text[256];
};

static size_t below(struct draw *self, size_t count)
{
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return (size_t)(self->state >> 11) % count;
}

static void put(struct draw *self, const char *text)
{
    const size_t size = strlen(self->text);

    (void)snprintf(self->text + size, sizeof(self->text) - size, "%s", text);
}

static void draw_pattern(struct draw *self, int depth)
{
    static const char *const atoms[] = {"a",    "b",      "c",        ".",
                                        "[ab]", "[^a]",   "\\d",      "\\w",
                                        "\\S",  "[a-c1]", "\xC3\xBC", "[\xC3\xA0-\xE2\x82\xAC]",
                                        "^",    "$",      "\\.",      "[^\xC3\xBC]"};
    static const char *const times[] = {"*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "{0}"};
    const size_t count = 1 + below(self, 3);

    for (size_t i = 0; i < count; i++) {
        if (depth > 0 && below(self, 3) == 0) {
            put(self, below(self, 2) == 0 ? "(" : "(?:");
            draw_pattern(self, depth - 1);
            put(self, ")");
        } else {
            put(self, atoms[below(self, MR_COUNT(atoms))]);
        }
        if (below(self, 3) == 0) {
            put(self, times[below(self, MR_COUNT(times))]);
        }
        if (below(self, 6) == 0) {
            put(self, "|");
        }
    }
}

static void draw_text(struct draw *self, char out[64])
{
    static const char *const parts[] = {
        "a", "b", "c", "1", " ", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\n", ".", "aa"};
    const size_t count = below(self, 9);

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const size_t size = strlen(out);

        (void)snprintf(out + size, 64 - size, "%s", parts[below(self, MR_COUNT(parts))]);
    }
}

static void the_table_agrees_with_pcre2(void **state)
{
    const char *seed = getenv("MILLRACE_SEED");
    struct mr_arena *arena = mr_arena_new(ROOM);
    struct draw draw = {.state = seed == NULL ? 729 : strtoull(seed, NULL, 10) * 2 + 1};
    size_t answers[3] = {0};

    (void)state;
    for (int i = 0; i < PATTERNS; i++) {
        const struct cel_regex *plain, *fast;

        draw.text[0] = '\0';
        draw_pattern(&draw, 3);
        plain = cel_regex_open(arena, mr_span_text(draw.text));
        fast = cel_regex_open_fast(arena, mr_span_text(draw.text));
        assert_true((plain == NULL) == (fast == NULL));
        for (int j = 0; j < 8 && plain != NULL; j++) {
            char text[64];
            int wanted, got;

            draw_text(&draw, text);
            wanted = cel_regex_matches(plain, mr_span_text(text), arena);
            got = cel_regex_matches(fast, mr_span_text(text), arena);
            if (wanted >= 0 && wanted != got) {
                fail_msg("%s on \"%s\": pcre2 %d, table %d", draw.text, text, wanted, got);
            }
            answers[got + 1]++;
        }
        mr_arena_reset(arena);
    }
    print_message("  limit=%zu no=%zu yes=%zu\n", answers[0], answers[1], answers[2]);
    assert_true(answers[1] > PATTERNS && answers[2] > PATTERNS);
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_means_what_it_means_in_re2),
        cmocka_unit_test(what_re2_does_not_know_is_refused),
        cmocka_unit_test(a_hostile_pattern_ends_soon),
        cmocka_unit_test(the_table_agrees_with_pcre2),
    };

    return cmocka_run_group_tests_name("cel_regex", tests, NULL, NULL);
}
