/* Goal: a hostile expression ends with an error, in bounded time and memory.
 * Method: one row per attack: it must be refused when compiled, or end with a fault of a bound
 * (or, where the bound is never met, with a value); the time it takes is printed and held below
 * a generous maximum. */
#include "processors/core/base/clock.h"
#include "processors/core/cel/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)32 << 20)
#define SOURCE_ROOM ((size_t)200000)
#define WAIT_MAX_MS 5000

static const struct mr_cel_type int_type = {.kind = MR_CEL_INT};
static const struct mr_cel_variable variables[] = {
    {"s", {.kind = MR_CEL_STRING}},
    {"l", {.kind = MR_CEL_LIST, .item = &int_type}},
};

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)err;
    *slot = path->variable;
    return MR_OK;
}

struct bench {
    struct mr_arena *arena, *scratch;
    char *source;
    struct mr_value slots[2];
    char text[20001];
    struct mr_value items[5000];
};

static void fill(struct bench *bench)
{
    memset(bench->text, 'a', sizeof(bench->text) - 1);
    bench->slots[0] = mr_value_string(mr_span_text(bench->text));
    for (size_t i = 0; i < MR_COUNT(bench->items); i++) {
        bench->items[i] = mr_value_int((int64_t)i);
    }
    bench->slots[1] = (struct mr_value){
        .kind = MR_KIND_LIST, .size = MR_COUNT(bench->items), .items = bench->items};
}

/* before, part count times, after. */
static const char *repeat(struct bench *bench, const char *before, const char *part, size_t count,
                          const char *after)
{
    size_t size = (size_t)snprintf(bench->source, SOURCE_ROOM, "%s", before);

    for (size_t i = 0; i < count && size < SOURCE_ROOM - 100; i++) {
        size += (size_t)snprintf(bench->source + size, SOURCE_ROOM - size, "%s", part);
    }
    (void)snprintf(bench->source + size, SOURCE_ROOM - size, "%s", after);
    return bench->source;
}

/* "refused", "value", or the words of the fault; both evaluators must agree on which. */
static const char *attack(struct bench *bench, const char *source)
{
    const struct mr_cel_env env = {variables, MR_COUNT(variables), bind, NULL};
    const struct mr_cel_program *program;
    struct mr_error error = {0};
    struct mr_value slow, fast;

    mr_arena_reset(bench->arena);
    mr_arena_reset(bench->scratch);
    if (mr_cel_compile(&env, mr_span_text(source), NULL, bench->arena, &program, NULL, &error) !=
        MR_OK) {
        return "refused";
    }
    slow = mr_cel_eval_reference(program, bench->slots, bench->scratch);
    mr_arena_reset(bench->scratch);
    fast = mr_cel_eval(program, bench->slots, bench->scratch);
    assert_int_equal(slow.kind, fast.kind);
    return fast.kind == MR_KIND_ERROR ? mr_cel_fault_text(fast) : "value";
}

static void expect(struct bench *bench, const char *label, const char *source, const char *wanted)
{
    const int64_t start = mr_clock_monotonic(&mr_clock_system);
    const char *got = attack(bench, source);
    const int64_t taken = mr_clock_monotonic(&mr_clock_system) - start;

    print_message("  %-34s %-22s %lld ms\n", label, got, (long long)taken);
    if (strstr(wanted, got) == NULL) {
        fail_msg("%s: wanted %s, got %s", label, wanted, got);
    }
    assert_true(taken < WAIT_MAX_MS);
}

static void every_attack_ends_in_bounded_time(void **state)
{
    static const struct {
        const char *label, *source, *wanted;
    } rows[] = {
        {"loops in loops", "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))", "too_many_iterations"},
        {"a list too long", "l.map(x, l.map(y, l)).size() > 0", "too_many_iterations"},
        {"exponential lists",
         "[1,2,3,4].map(a,[a,a,a,a]).map(b,[b,b,b,b]).map(c,[c,c,c,c]).map(d,[d,d,d,d])"
         ".flatten(9).size()",
         "value"},
        {"a list doubled 40 times",
         "cel.bind(a, l + l, cel.bind(b, a + a + a + a, cel.bind(c, b + b + b + b, "
         "cel.bind(d, c + c + c + c, size(d + d + d + d)))))",
         "too_much_work out_of_memory"},
        {"a text doubled",
         "cel.bind(a, s + s + s + s, cel.bind(b, a + a + a + a, cel.bind(c, b + b + b + b, "
         "cel.bind(d, c + c + c + c, size(d + d + d + d)))))",
         "too_much_work out_of_memory"},
        {"contains, quadratic", "l.all(x, !s.contains(s.substring(1) + 'b'))", "too_much_work"},
        {"equality of long texts", "l.all(x, s + 'a' == s + 'a')", "too_much_work out_of_memory"},
        {"lists in lists searched", "l.all(x, l in [l, l, l, l])", "too_much_work"},
        {"distinct, quadratic", "l.distinct().size() > 0", "too_much_work"},
        {"a regular expression bomb", "s.matches('^(a|aa|aaa)+b$') || s.matches('(?i)(a+)+$')",
         "regular_expression_limit value"},
        {"a large repetition", "s.matches('((a{100}){100}){100}')", "refused"},
        {"range of everything", "lists.range(1000000000).size() > 0", "invalid_argument"},
        {"replace that grows", "s.replace('a', s).size() > 0", "too_much_work out_of_memory"},
        {"a wide format", "'%.61f'.format([1.0])", "bad_format"},
        {"unwrapped for ever", "l.map(x, string(x)).join(s).size()", "too_much_work out_of_memory"},
    };
    struct bench *bench = calloc(1, sizeof(*bench));

    (void)state;
    bench->arena = mr_arena_new(ROOM);
    bench->scratch = mr_arena_new(ROOM);
    bench->source = malloc(SOURCE_ROOM);
    fill(bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        expect(bench, rows[i].label, rows[i].source, rows[i].wanted);
    }
    expect(bench, "deep parentheses", repeat(bench, "1", "", 0, ""), "value");
    expect(bench, "250 parentheses and more", repeat(bench, "", "(", 60000, "1"), "refused");
    expect(bench, "deep lists", repeat(bench, "", "[", 60000, "1"), "refused");
    expect(bench, "a long sum", repeat(bench, "1", "+1", 40000, ""), "refused");
    expect(bench, "a long conjunction", repeat(bench, "true", "&&true", 15000, ""), "value");
    expect(bench, "a wide list", repeat(bench, "size([1", ",1", 45000, "])"), "value refused");
    expect(bench, "a wide map of one key", repeat(bench, "size({1:1", ",1:1", 20000, "})"),
           "repeated_key");
    expect(bench, "minus signs", repeat(bench, "", "-", 60000, "1"), "refused");
    expect(bench, "not signs", repeat(bench, "", "!", 60000, "true"), "refused");
    expect(bench, "a long source", repeat(bench, "'", "aaaaaaaaaa", 10100, "'"), "refused");
    expect(bench, "many texts", repeat(bench, "'a'", " in ['a','b'] ? 'a' : 'a'", 3000, ""),
           "refused value");
    expect(bench, "many patterns",
           repeat(bench, "s.matches('x')", " || s.matches('(a|b){1,50}[^c]{20}d')", 300, ""),
           "value refused");
    expect(bench, "many open variables", repeat(bench, "", "[1].map(x, ", 200, "1"), "refused");
    mr_arena_free(bench->arena);
    mr_arena_free(bench->scratch);
    free(bench->source);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_attack_ends_in_bounded_time)};

    return cmocka_run_group_tests_name("cel_limits", tests, NULL, NULL);
}
