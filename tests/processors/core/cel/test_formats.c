/* Goal: mail addresses, hosts, IP addresses, URIs and UUIDs are told from what only looks like one.
 * Method: texts that are, and texts that are not; by both evaluators. */
#include "processors/core/cel/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM ((size_t)4 << 20)
#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context;
    (void)path;
    (void)err;
    *slot = 0;
    return MR_OK;
}

/* The function of x, the one slot. */
static bool judge(struct mr_arena *arena, const char *function, struct mr_span text)
{
    static const struct mr_cel_variable x = {.name = "x", .type = {.kind = MR_CEL_STRING}};
    const struct mr_cel_env env = {.variables = &x, .variable_count = 1, .bind = bind};
    const struct mr_value row[] = {mr_value_string(text)};
    const struct mr_cel_program *program;
    struct mr_error error = {0};
    struct mr_value slow;
    char source[64];

    (void)snprintf(source, sizeof(source), "x.%s", function);
    if (mr_cel_compile(&env, mr_span_text(source), NULL, arena, &program, NULL, &error) != MR_OK) {
        fail_msg("%s: %s", source, error.text);
    }
    slow = mr_cel_eval_reference(program, row, arena);
    assert_int_equal(MR_KIND_BOOL, slow.kind);
    assert_int_equal(slow.number, mr_cel_holds(program, row, arena));
    return slow.number != 0;
}

static const struct {
    const char *function;
    const char *good[16], *bad[20];
} rows[] = {
    {"isEmail()",
     {"a@b", "first.last+tag@example.co.uk", "!#$%&'*+/=?^_`{|}~-@x", "a@1.2.3.4", "a@" L63},
     {"", "@", "a@", "@b", "a b@c", "a@b@c", "a@-b", "a@b-", "a@b..c", "a@.b", "a@b.", "a@b_c",
      "a@[1.2.3.4]", "\"a\"@b", "a@" L63 "4", "\xd7\x90@b"}},
    {"isHostname()",
     {"a", "example.com", "example.com.", "1a.b-c", "xn--4dbcagdahymbxekheh6e0a7fei0b.com", L63,
      "1.2.3.4a"},
     {"", ".", "a..b", ".a", "-a", "a-", "a_b", "1.2.3.4", "123", "a.b..", "a b", L63 "4",
      L63 "." L63 "." L63 "." L63, "\xd7\x90"}},
    {"isIpv4()",
     {"0.0.0.0", "255.255.255.255", "127.0.0.1"},
     {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4/8", " 1.2.3.4", "::1",
      "0x1.2.3.4", "1.2.3.4567890123456789012345678901234567890123456"}},
    {"isIpv6()",
     {"::", "::1", "fe80::1%eth0", "2001:db8:0:0:0:0:0:1", "::ffff:1.2.3.4"},
     {"", ":", ":::", "1.2.3.4", "2001:db8::1::2", "12345::", "fe80::1%", "[::1]", "::1/64"}},
    {"isIp()", {"::1", "1.2.3.4"}, {"", "a", "1.2.3"}},
    {"isIp(4)", {"1.2.3.4"}, {"::1"}},
    {"isIp(6)", {"::1"}, {"1.2.3.4"}},
    {"isIp(0)", {"::1", "1.2.3.4"}, {"x"}},
    {"isIp(5)", {NULL}, {"::1", "1.2.3.4"}},
    {"isUri()",
     {"http://a", "https://user:pw@example.com:8081/a/b?c=d&e#f", "urn:isbn:0451450523",
      "mailto:a@b", "a:", "file:///etc/hosts", "http://[::1]:80/", "http://[v1.x:y]/",
      "tel:+1-816-555-1212", "http://a/%D7%90", "http://a:", "x://", "http://a?b?c/d"},
     {"", "a", "/a", "//a/b", ":a", "1a:b", "http://a b", "http://a/%4", "http://a/%zz",
      "http://a:8x", "http://[::1", "http://[::1]8", "http://[v.x]", "http://a/\xd7\x90",
      "http://a#b#c", "http://a/<b>", "http://u@v@w", "a/b:c"}},
    {"isUriRef()",
     {"", "a", "/a/b", "//host/a", "?q", "#f", "../a", "a/b:c", "./b:c", "http://a", "a?b:c"},
     {"a b", "a:8x y", ":a", "b:%", "1:2", "http://a:8x", "//[::1", "a#b#c", "\\"}},
    {"isUuid()",
     {"550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000"},
     {"", "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000",
      "550e8400-e29b-41d4-a716-4466554400000", "g50e8400-e29b-41d4-a716-446655440000",
      "550e8400-e29b-41d4-a716_446655440000"}},
};

static void a_format_is_told_from_what_looks_like_it(void **state)
{
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].function);
        for (size_t k = 0; k < MR_COUNT(rows[i].good) && rows[i].good[k] != NULL; k++) {
            if (!judge(arena, rows[i].function, mr_span_text(rows[i].good[k]))) {
                fail_msg("%s refuses \"%s\"", rows[i].function, rows[i].good[k]);
            }
        }
        for (size_t k = 0; k < MR_COUNT(rows[i].bad) && rows[i].bad[k] != NULL; k++) {
            if (judge(arena, rows[i].function, mr_span_text(rows[i].bad[k]))) {
                fail_msg("%s takes \"%s\"", rows[i].function, rows[i].bad[k]);
            }
        }
    }
    mr_arena_free(arena);
}

/* Texts may hold any byte, and be long. */
static void a_byte_of_zero_ends_nothing(void **state)
{
    static const struct mr_span ends = {(const uint8_t *)"1.2.3.4\0", 8};
    static uint8_t many[100000];
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    memset(many, 'a', sizeof(many));
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        assert_false(judge(arena, rows[i].function, ends));
        assert_int_equal(strcmp(rows[i].function, "isUriRef()") == 0,
                         judge(arena, rows[i].function, (struct mr_span){many, sizeof(many)}));
    }
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_is_told_from_what_looks_like_it),
        cmocka_unit_test(a_byte_of_zero_ends_nothing),
    };

    return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
