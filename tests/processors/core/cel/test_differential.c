/* Goal: the compiled evaluator gives what the reference evaluator gives, for any expression
 * over any row, and printing an expression and reading it again changes nothing.
 * Method: expressions are drawn from a typed grammar with a seed (MILLRACE_SEED, or a fixed
 * one), each is run over several drawn rows by both evaluators; errors must be errors on both
 * sides, values must be the same to the bit (NaN like NaN). */
#include "processors/core/cel/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPRESSIONS 20000
#define ROWS 6
#define TEXT_MAX 4096
#define DEPTH_MAX 4
#define SHARES_MAX 32

static const struct mr_cel_type int_type = {.kind = MR_CEL_INT};
static const struct mr_cel_type string_type = {.kind = MR_CEL_STRING};

/* Slot i holds variable i. */
static const struct mr_cel_variable variables[] = {
    {"i", {.kind = MR_CEL_INT}},
    {"j", {.kind = MR_CEL_INT, .is_nullable = true}},
    {"d", {.kind = MR_CEL_DOUBLE}},
    {"e", {.kind = MR_CEL_DOUBLE, .is_nullable = true}},
    {"s", {.kind = MR_CEL_STRING}},
    {"t", {.kind = MR_CEL_STRING, .is_nullable = true}},
    {"b", {.kind = MR_CEL_BOOL}},
    {"u", {.kind = MR_CEL_UINT}},
    {"li", {.kind = MR_CEL_LIST, .item = &int_type}},
    {"ls", {.kind = MR_CEL_LIST, .item = &string_type}},
    {"m", {.kind = MR_CEL_MAP, .key = &string_type, .item = &int_type}},
    {"at", {.kind = MR_CEL_TIMESTAMP}},
    {"x", {.kind = MR_CEL_DYN}},
    {"n", {.kind = MR_CEL_BOOL, .is_nullable = true}},
};

struct draw {
    uint64_t state;
    char text[TEXT_MAX];
    size_t size;
    int locals; /* open loop variables: v0, v1, of type int */
};

static uint64_t next(struct draw *self)
{
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return self->state;
}

static size_t below(struct draw *self, size_t count)
{
    return (size_t)(next(self) >> 11) % count;
}

static void put(struct draw *self, const char *text)
{
    const size_t size = strlen(text);

    if (self->size + size < TEXT_MAX) {
        memcpy(self->text + self->size, text, size + 1);
        self->size += size;
    }
}

#define PICK(self, ...) \
    ((const char *const[]){__VA_ARGS__}[below(self, sizeof((const char *const[]){__VA_ARGS__}) / \
                                                        sizeof(const char *))])

static void draw_bool(struct draw *self, int depth);
static void draw_int(struct draw *self, int depth);
static void draw_double(struct draw *self, int depth);
static void draw_string(struct draw *self, int depth);

typedef void (*draw_call)(struct draw *self, int depth);

static void draw_two(struct draw *self, draw_call call, const char *mark, int depth)
{
    put(self, "(");
    call(self, depth - 1);
    put(self, mark);
    call(self, depth - 1);
    put(self, ")");
}

static void draw_choice(struct draw *self, draw_call call, int depth)
{
    put(self, "(");
    draw_bool(self, depth - 1);
    put(self, " ? ");
    call(self, depth - 1);
    put(self, " : ");
    call(self, depth - 1);
    put(self, ")");
}

static void draw_wrapped(struct draw *self, const char *before, draw_call call, const char *after,
                         int depth)
{
    put(self, before);
    call(self, depth - 1);
    put(self, after);
}

static void draw_int(struct draw *self, int depth)
{
    if (depth <= 0) {
        if (self->locals > 0 && below(self, 2) == 0) {
            put(self, below(self, 2) == 0 ? "v0" : self->locals > 1 ? "v1" : "v0");
            return;
        }
        put(self, PICK(self, "i", "i", "j", "0", "1", "-1", "3", "9223372036854775807",
                       "-9223372036854775808", "li[0]", "m.k", "m['z']"));
        return;
    }
    switch (below(self, 9)) {
    case 0:
    case 1:
        draw_two(self, draw_int, PICK(self, " + ", " - ", " * ", " / ", " % "), depth);
        return;
    case 2:
        draw_choice(self, draw_int, depth);
        return;
    case 3:
        draw_wrapped(self, "size(", draw_string, ")", depth);
        return;
    case 4:
        draw_wrapped(self, "int(", draw_double, ")", depth);
        return;
    case 5:
        draw_wrapped(self, "-(", draw_int, ")", depth);
        return;
    case 6:
        draw_wrapped(self, "cel.bind(v9, ", draw_int, ", v9 + v9)", depth);
        return;
    case 7:
        put(self, PICK(self, "size(li)", "size(ls)", "size(m)", "at.getHours()",
                       "at.getDayOfYear('Europe/Berlin')", "li.map(q, q + 1)[0]", "int(u)",
                       "math.greatest(i, 3)"));
        return;
    default:
        draw_int(self, 0);
        return;
    }
}

static void draw_double(struct draw *self, int depth)
{
    if (depth <= 0) {
        put(self, PICK(self, "d", "d", "e", "0.0", "1.5", "-0.0", "1e308", "d"));
        return;
    }
    switch (below(self, 5)) {
    case 0:
        draw_two(self, draw_double, PICK(self, " + ", " - ", " * ", " / "), depth);
        return;
    case 1:
        draw_choice(self, draw_double, depth);
        return;
    case 2:
        draw_wrapped(self, "double(", draw_int, ")", depth);
        return;
    case 3:
        draw_wrapped(self, "-(", draw_double, ")", depth);
        return;
    default:
        draw_double(self, 0);
        return;
    }
}

static void draw_string(struct draw *self, int depth)
{
    if (depth <= 0) {
        put(self, PICK(self, "s", "s", "t", "''", "'a'", "'\xC3\xBC'", "ls[1]", "'abc'"));
        return;
    }
    switch (below(self, 6)) {
    case 0:
    case 1:
        draw_two(self, draw_string, " + ", depth);
        return;
    case 2:
        draw_choice(self, draw_string, depth);
        return;
    case 3:
        draw_wrapped(self, "string(", draw_int, ")", depth);
        return;
    case 4:
        draw_wrapped(self, "", draw_string,
                     PICK(self, ".upperAscii()", ".trim()", ".charAt(0)", ".replace('a', 'bb')"),
                     depth);
        return;
    default:
        draw_string(self, 0);
        return;
    }
}

/* A test of w, an item of a list of texts, in the forms that a compiled loop compares at once. */
static void draw_text_test(struct draw *self)
{
    put(self, PICK(self, "w == 'a'", "w != ''", "w == 'abc'", "w == 'aab'", "w.startsWith('a')",
                   "w.startsWith('aa')", "!w.startsWith('')", "w.startsWith('abcde')",
                   "w in ['a', 'bc', '\xC3\xBC']", "w in []", "!(w in ['x'])", "'x' == w",
                   "w.endsWith('c')", "w == s", "size(w) > 0"));
}

static void draw_text_loop(struct draw *self, int depth)
{
    put(self, PICK(self, "ls", "ls", "['a', s]", "['aab', '']"));
    put(self, PICK(self, ".all(w, ", ".exists(w, ", ".exists_one(w, "));
    draw_text_test(self);
    for (size_t i = below(self, 4); i > 0; i--) {
        put(self, PICK(self, " || ", " || ", " && "));
        if (below(self, 2) == 0) {
            put(self, "(");
            draw_text_test(self);
            put(self, PICK(self, " && ", " || "));
            draw_bool(self, depth - 2);
            put(self, ")");
        } else {
            draw_text_test(self);
        }
    }
    put(self, ")");
}

static void draw_loop(struct draw *self, int depth)
{
    char before[64];

    if (below(self, 2) == 0) {
        draw_text_loop(self, depth);
        return;
    }
    if (self->locals >= 2) {
        put(self, "b");
        return;
    }
    (void)snprintf(before, sizeof(before), "%s.%s(v%d, ", PICK(self, "li", "[1, 2, 3]", "[i, 0]"),
                   PICK(self, "all", "exists", "exists_one"), self->locals);
    put(self, before);
    self->locals++;
    draw_bool(self, depth - 1);
    self->locals--;
    put(self, ")");
}

static void draw_order(struct draw *self, int depth)
{
    const char *mark = PICK(self, " < ", " <= ", " > ", " >= ", " == ", " != ");

    switch (below(self, 4)) {
    case 0:
        draw_two(self, draw_int, mark, depth);
        return;
    case 1:
        draw_two(self, draw_double, mark, depth);
        return;
    case 2:
        draw_two(self, draw_string, mark, depth);
        return;
    default:
        put(self, PICK(self, "at < timestamp('2020-01-01T00:00:00Z')", "u > 3u", "i < 2.5",
                       "d >= 1", "x == 1", "x > 1", "x == null", "j == null", "t != null",
                       "li == [1, 2]", "m == {'k': 1}", "u == 1u", "b == true", "e == null"));
        return;
    }
}

static void draw_bool(struct draw *self, int depth)
{
    if (depth <= 0) {
        put(self,
            PICK(self, "b", "b", "n", "n == null", "true", "false", "i > 1", "d < 1.5", "s == 'a'",
                 "1 / 0 > 0", "j > 0", "'a' in ls", "i in [1, 2, 3]", "s in ['a', 'b']",
                 "j in [1, 2]", "t in ['a', 'x']", "t == 'a'", "'k' in m", "has(m.k)",
                 "size(s) > 0", "size(t) == 0", "size(s) >= 1", "size(s) < 1", "s.startsWith('ab')",
                 "t.endsWith('bc')", "s != 'abc'", "i < size(s)", "d <= d + 1.0", "i != 3", "d > e",
                 "i >= j", "s.matches('^a[a-c]{2}$')", "t == null", "j != null"));
        return;
    }
    switch (below(self, 8)) {
    case 0:
    case 1:
        draw_two(self, draw_bool, PICK(self, " && ", " || "), depth);
        return;
    case 2:
        draw_wrapped(self, "!(", draw_bool, ")", depth);
        return;
    case 3:
        draw_choice(self, draw_bool, depth);
        return;
    case 4:
        draw_loop(self, depth);
        return;
    case 5:
        draw_wrapped(self, "(", draw_string,
                     PICK(self, ").startsWith('a')", ").endsWith('c')", ").contains('b')",
                          ").matches('^a+b?')", ").matches('[bc]$')",
                          ").matches('^[a-d]{4}-[0-9]{5}$')"),
                     depth);
        return;
    default:
        draw_order(self, depth);
        return;
    }
}

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static struct mr_value maybe(struct draw *self, struct mr_value value)
{
    return below(self, 3) == 0 ? (struct mr_value){0} : value;
}

static int64_t some_int(struct draw *self)
{
    static const int64_t ints[] = {0, 1, -1, 2, 3, 7, INT64_MAX, INT64_MIN, 1000};

    return ints[below(self, MR_COUNT(ints))];
}

static double some_double(struct draw *self)
{
    const double doubles[] = {0.0,        -0.0, 1.0, 1.5, -2.25, 1e19, 0.1, 1e308, (double)INFINITY,
                              (double)NAN};

    return doubles[below(self, MR_COUNT(doubles))];
}

static const char *some_text(struct draw *self)
{
    return PICK(self, "", "a", "abc", "aab", " a ", "\xC3\xBC", "bc", "x", "abcde", "abcd-12345");
}

static void draw_row(struct draw *self, struct mr_value *slots, struct mr_value items[8])
{
    for (int i = 0; i < 2; i++) {
        items[i] = mr_value_int(some_int(self));
        items[2 + i] = text_value(some_text(self));
    }
    items[4] = text_value("k");
    items[5] = mr_value_int(some_int(self));
    slots[0] = mr_value_int(some_int(self));
    slots[1] = maybe(self, mr_value_int(some_int(self)));
    slots[2] = mr_value_double(some_double(self));
    slots[3] = maybe(self, mr_value_double(some_double(self)));
    slots[4] = text_value(some_text(self));
    slots[5] = maybe(self, text_value(some_text(self)));
    slots[6] = mr_value_bool(below(self, 2) == 0);
    slots[7] = (struct mr_value){.kind = MR_KIND_UINT, .positive = below(self, 6)};
    slots[8] =
        (struct mr_value){.kind = MR_KIND_LIST, .size = (uint32_t)below(self, 3), .items = items};
    slots[9] = (struct mr_value){.kind = MR_KIND_LIST, .size = 2, .items = items + 2};
    slots[10] = (struct mr_value){
        .kind = MR_KIND_MAP, .size = (uint32_t)below(self, 2), .items = items + 4};
    slots[11] = mr_value_timestamp_ms(INT64_C(1000) * (int64_t)below(self, 2000000000));
    slots[12] = slots[below(self, 8)];
    slots[13] = maybe(self, mr_value_bool(below(self, 2) == 0));
}

static bool is_same(const struct mr_value *a, const struct mr_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case MR_KIND_ERROR:
    case MR_KIND_NULL:
        return true;
    case MR_KIND_DOUBLE:
        return a->positive == b->positive || (isnan(a->real) && isnan(b->real));
    case MR_KIND_STRING:
        return mr_span_equal(mr_value_span(a), mr_value_span(b));
    default:
        return a->number == b->number;
    }
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)err;
    *slot = path->variable;
    return MR_OK;
}

struct bench {
    struct mr_arena *arena, *scratch;
    struct mr_cel_group *group; /* NULL: none */
    struct draw draw;
    size_t refused, errors, values;
};

static const struct mr_cel_env env = {variables, MR_COUNT(variables), bind, NULL};

static const struct mr_cel_program *compile(struct bench *bench, const char *text)
{
    const struct mr_cel_program *program = NULL;
    const struct mr_span source = mr_span_text(text);
    const enum mr_code code =
        bench->group != NULL
            ? mr_cel_group_compile(bench->group, source, NULL, &program, NULL, NULL)
            : mr_cel_compile(&env, source, NULL, bench->arena, &program, NULL, NULL);

    assert_true(code == MR_OK || code == MR_BAD_CONFIG);
    return code == MR_OK ? program : NULL;
}

/* Both evaluators on one row; slots behind the variables are what programs share. */
static void run_both(struct bench *bench, const struct mr_cel_program *program,
                     const struct mr_value *slots)
{
    struct mr_value wanted, got;

    mr_arena_reset(bench->scratch);
    wanted = mr_cel_eval_reference(program, slots, bench->scratch);
    got = mr_cel_eval(program, slots, bench->scratch);
    if (!is_same(&wanted, &got)) {
        fail_msg("%s: reference kind %d number %lld (%s), compiled kind %d number %lld (%s)",
                 mr_cel_program_text(program), wanted.kind, (long long)wanted.number,
                 mr_cel_fault_text(wanted), got.kind, (long long)got.number,
                 mr_cel_fault_text(got));
    }
    if (got.kind == MR_KIND_BOOL || got.kind == MR_KIND_ERROR) {
        const int holds = mr_cel_holds(program, slots, bench->scratch);

        assert_int_equal(got.kind == MR_KIND_ERROR ? -1 : (int)got.number, holds);
    }
    bench->errors += got.kind == MR_KIND_ERROR ? 1 : 0;
    bench->values += got.kind == MR_KIND_ERROR ? 0 : 1;
}

static void run_row(struct bench *bench, const struct mr_cel_program *program)
{
    struct mr_value slots[MR_COUNT(variables)], items[8];

    draw_row(&bench->draw, slots, items);
    run_both(bench, program, slots);
}

static void run_rows(struct bench *bench, const struct mr_cel_program *program)
{
    for (int i = 0; i < ROWS; i++) {
        run_row(bench, program);
    }
}

static void check_print(struct bench *bench, const struct mr_cel_program *program)
{
    char text[2 * TEXT_MAX];
    const struct mr_cel_program *again;

    (void)snprintf(text, sizeof(text), "%s", mr_cel_program_text(program));
    again = compile(bench, text);
    assert_non_null(again);
    assert_string_equal(text, mr_cel_program_text(again));
}

static void the_evaluators_agree_on_drawn_expressions_and_rows(void **state)
{
    static const draw_call calls[] = {draw_bool, draw_bool, draw_int, draw_double, draw_string};
    const char *seed = getenv("MILLRACE_SEED");
    struct bench bench = {.arena = mr_arena_new(4 << 20), .scratch = mr_arena_new(1 << 20)};

    (void)state;
    bench.draw.state = seed == NULL ? 20260611 : strtoull(seed, NULL, 10) * 2 + 1;
    for (int i = 0; i < EXPRESSIONS; i++) {
        const struct mr_cel_program *program;

        mr_arena_reset(bench.arena);
        bench.draw.size = 0;
        calls[below(&bench.draw, MR_COUNT(calls))](&bench.draw,
                                                   1 + (int)below(&bench.draw, DEPTH_MAX));
        program = bench.draw.size < TEXT_MAX - 64 ? compile(&bench, bench.draw.text) : NULL;
        if (program == NULL) {
            bench.refused++;
            continue;
        }
        run_rows(&bench, program);
        check_print(&bench, program);
    }
    print_message("  refused=%zu errors=%zu values=%zu\n", bench.refused, bench.errors,
                  bench.values);
    assert_true(bench.refused < EXPRESSIONS / 5);
    assert_true(bench.values > EXPRESSIONS);
    mr_arena_free(bench.arena);
    mr_arena_free(bench.scratch);
}

/* An expression, twice in a second one, and in both arms of a third. */
static size_t compile_alike(struct bench *bench, const struct mr_cel_program *programs[3])
{
    static const char *const forms[3][3] = {
        {"", "", ""}, {"(", ") == (", ")"}, {"b ? (", ") : (", ")"}};
    const char *text = bench->draw.text;
    size_t count = 0;

    for (int i = 0; i < 3; i++) {
        char form[2 * TEXT_MAX + 32];

        (void)snprintf(form, sizeof(form), "%s%s%s%s%s", forms[i][0], text, forms[i][1],
                       i == 0 ? "" : text, forms[i][2]);
        programs[count] = compile(bench, form);
        count += programs[count] != NULL ? 1 : 0;
    }
    return count;
}

static void run_shared_rows(struct bench *bench, const struct mr_cel_program *const *programs,
                            size_t count)
{
    for (int i = 0; i < ROWS; i++) {
        struct mr_value slots[MR_COUNT(variables) + SHARES_MAX] = {{0}}, items[8];

        draw_row(&bench->draw, slots, items);
        for (size_t k = 0; k < count; k++) {
            run_both(bench, programs[(k + (size_t)i) % count], slots);
        }
    }
}

static void programs_that_share_agree_with_the_reference(void **state)
{
    struct bench bench = {.arena = mr_arena_new(16 << 20), .scratch = mr_arena_new(1 << 20)};
    size_t shares = 0;

    (void)state;
    bench.draw.state = 20260612;
    for (int i = 0; i < EXPRESSIONS / 4; i++) {
        const struct mr_cel_program *programs[3];
        struct mr_error error = {0};
        size_t count;
        uint32_t found;

        mr_arena_reset(bench.arena);
        bench.group = mr_cel_group_new(&env, bench.arena);
        bench.draw.size = 0;
        draw_bool(&bench.draw, 2 + (int)below(&bench.draw, DEPTH_MAX));
        count = bench.draw.size < TEXT_MAX / 2 ? compile_alike(&bench, programs) : 0;
        found = mr_cel_group_find(bench.group);
        if (count > 0 && found <= SHARES_MAX) {
            assert_int_equal(
                MR_OK, mr_cel_group_share(bench.group, (uint32_t)MR_COUNT(variables), &error));
            run_shared_rows(&bench, programs, count);
            shares += found;
        }
    }
    print_message("  shares=%zu errors=%zu values=%zu\n", shares, bench.errors, bench.values);
    assert_true(shares > EXPRESSIONS / 10);
    mr_arena_free(bench.arena);
    mr_arena_free(bench.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_evaluators_agree_on_drawn_expressions_and_rows),
        cmocka_unit_test(programs_that_share_agree_with_the_reference),
    };

    return cmocka_run_group_tests_name("cel_differential", tests, NULL, NULL);
}
