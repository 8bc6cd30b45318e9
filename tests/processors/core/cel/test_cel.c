/* Goal: an expression over a record's fields is refused with a place and a hint, or gives
 * the value that the specification says, by both evaluators.
 * Method: tables of source and answer over one record; slots are given out in the order in
 * which they are asked for. */
#include "processors/core/cel/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct mr_cel_type string_type = {.kind = MR_CEL_STRING};
static const struct mr_cel_field street_fields[] = {{"street", {.kind = MR_CEL_STRING}},
                                                    {"number", {.kind = MR_CEL_INT}}};
static const struct mr_cel_record address = {"shop.Address", 2, street_fields};
static const struct mr_cel_field price_fields[] = {
    {"name", {.kind = MR_CEL_STRING}},
    {"price", {.kind = MR_CEL_DOUBLE}},
    {"quantity", {.kind = MR_CEL_INT}},
    {"discount", {.kind = MR_CEL_DOUBLE, .is_nullable = true}},
    {"tags", {.kind = MR_CEL_LIST, .item = &string_type}},
    {"attributes", {.kind = MR_CEL_MAP, .key = &string_type, .item = &string_type}},
    {"address", {.kind = MR_CEL_RECORD, .record = &address}},
    {"billing", {.kind = MR_CEL_RECORD, .record = &address, .is_nullable = true}},
    {"at", {.kind = MR_CEL_TIMESTAMP}},
    {"total", {.kind = MR_CEL_DECIMAL}},
};
static const struct mr_cel_record price = {"shop.Price", 10, price_fields};
static const struct mr_cel_variable variables[] = {
    {"subject", {.kind = MR_CEL_RECORD, .record = &price}},
    {"record.key", {.kind = MR_CEL_STRING}},
};

#define SLOTS_MAX 16

struct bench {
    struct mr_arena *arena, *scratch;
    struct mr_cel_path paths[SLOTS_MAX];
    uint32_t count;
    struct mr_value slots[SLOTS_MAX];
    struct mr_cel_diagnosis why;
    struct mr_error error;
    const struct mr_cel_program *program;
};

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static struct mr_value record_of(const struct mr_value *items, uint32_t count)
{
    return (struct mr_value){.kind = MR_KIND_RECORD, .size = count, .items = items};
}

/* The record under test, built in the arena. */
static struct mr_value subject_value(struct mr_arena *arena)
{
    static const uint8_t total[] = {0x04, 0xCE}; /* 1230, scale 2 */
    struct mr_value *items = mr_arena_take(arena, 10, sizeof(*items));
    struct mr_value *tags = mr_arena_take(arena, 2, sizeof(*tags));
    struct mr_value *pairs = mr_arena_take(arena, 2, sizeof(*pairs));
    struct mr_value *home = mr_arena_take(arena, 2, sizeof(*home));

    tags[0] = text_value("fresh");
    tags[1] = text_value("green");
    pairs[0] = text_value("unit");
    pairs[1] = text_value("kg");
    home[0] = text_value("Main");
    home[1] = mr_value_int(7);
    items[0] = text_value("gr\xC3\xBCn");
    items[1] = mr_value_double(9.5);
    items[2] = mr_value_int(3);
    items[4] = (struct mr_value){.kind = MR_KIND_LIST, .size = 2, .items = tags};
    items[5] = (struct mr_value){.kind = MR_KIND_MAP, .size = 1, .items = pairs};
    items[6] = record_of(home, 2);
    items[8] = mr_value_timestamp_ms(1700000000000);
    items[9] = (struct mr_value){.kind = MR_KIND_DECIMAL, .aux = 2, .size = 2, .data = total};
    return record_of(items, 10);
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct bench *bench = context;
    struct mr_value value = path->variable == 0 ? subject_value(bench->arena) : text_value("k-1");

    (void)err;
    assert_true(bench->count < SLOTS_MAX);
    for (uint32_t i = 0; i < path->depth; i++) {
        assert_int_equal(MR_KIND_RECORD, value.kind);
        value = value.items[path->fields[i]];
    }
    for (uint32_t i = 0; i < bench->count; i++) { /* once for each path */
        assert_false(
            bench->paths[i].depth == path->depth && bench->paths[i].variable == path->variable &&
            memcmp(bench->paths[i].fields, path->fields, path->depth * sizeof(uint32_t)) == 0);
    }
    bench->paths[bench->count] = *path;
    bench->slots[bench->count] = value;
    *slot = bench->count++;
    return MR_OK;
}

static void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->arena = mr_arena_new(1 << 20);
    bench->scratch = mr_arena_new(1 << 20);
}

static void bench_close(struct bench *bench)
{
    mr_arena_free(bench->arena);
    mr_arena_free(bench->scratch);
}

static enum mr_code compile_to(struct bench *bench, const char *source,
                               const struct mr_cel_type *wanted)
{
    const struct mr_cel_env env = {variables, MR_COUNT(variables), bind, bench};

    mr_arena_reset(bench->arena);
    bench->count = 0;
    bench->error = (struct mr_error){0};
    return mr_cel_compile(&env, mr_span_text(source), wanted, bench->arena, &bench->program,
                          &bench->why, &bench->error);
}

static enum mr_code compile(struct bench *bench, const char *source)
{
    return compile_to(bench, source, NULL);
}

static void a_condition_over_a_record_holds_or_does_not(void **state)
{
    static const struct {
        const char *source;
        int holds;
    } rows[] = {
        {"subject.price > 0.0 && size(subject.name) > 0", 1},
        {"size(subject.name) == 4", 1},
        {"subject.price * 2.0 == 19.0", 1},
        {"subject.quantity * 2 + 1 == 7", 1},
        {"subject.quantity < 3.5", 1},
        {"subject.quantity in [1, 2, 5]", 0},
        {"subject.name.startsWith('gr') && subject.name.endsWith('n')", 1},
        {"subject.name.contains('xx')", 0},
        {"'green' in subject.tags", 1},
        {"subject.tags.exists(t, t == 'fresh')", 1},
        {"subject.tags.all(t, size(t) == 5)", 1},
        {"subject.tags.map(t, t + '!')[1] == 'green!'", 1},
        {"subject.attributes.unit == 'kg'", 1},
        {"has(subject.attributes.size)", 0},
        {"has(subject.discount)", 1},
        {"subject.discount == null", 1},
        {"subject.discount != null && subject.discount > 1.0", 0},
        {"subject.discount > 1.0", -1},
        {"subject.discount > 1.0 || subject.price > 1.0", 1},
        {"subject.address.street == 'Main' && subject.address.number == 7", 1},
        {"subject.billing == null", 1},
        {"has(subject.billing.street)", 0},
        {"subject.billing.street == 'x'", -1},
        {"subject.billing != null && subject.billing.street == 'x'", 0},
        {"subject.billing == null || subject.billing.number > 1", 1},
        {"subject.at < timestamp('2024-01-01T00:00:00Z')", 1},
        {"subject.total == decimal('12.300') && subject.total > decimal('-1')", 1},
        {"(subject.quantity > 0 ? subject.price / double(subject.quantity) : 0.0) < 4.0", 1},
        {"1 / (subject.quantity - 3) > 0", -1},
        {"record.key == 'k-1'", 1},
        {"int('12') + 1 == 13 && string(5) == '5'", 1},
        {"type(subject.price) == double", 1},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].source);
        if (compile(&bench, rows[i].source) != MR_OK) {
            fail_msg("%s", bench.error.text);
        }
        assert_int_equal(rows[i].holds, mr_cel_holds(bench.program, bench.slots, bench.scratch));
        mr_arena_reset(bench.scratch);
    }
    bench_close(&bench);
}

static void a_mistake_is_refused_with_its_place_and_a_hint(void **state)
{
    static const struct {
        const char *source;
        int line, column;
        const char *text, *hint;
    } rows[] = {
        {"subject.prise > 0.0", 1, 9, "no field 'prise' in shop.Price", "did you mean 'price'?"},
        {"subjekt.price > 0.0", 1, 1, "there is no variable 'subjekt'", "did you mean 'subject'?"},
        {"price > 0.0", 1, 1, "there is no variable 'price'", "did you mean 'subject.price'?"},
        {"subject.price > 0.0 &&\n subject.quantity + 1.0 > 2.0", 2, 19,
         "'+' does not take int and double",
         "int and double do not mix: write 1.0 for 1, or double(x)"},
        {"length(subject.name) > 1", 1, 1, "there is no function 'length'", "did you mean 'size'?"},
        {"subject.name.size > 1", 1, 14, "string has no fields, so no 'size'",
         "did you mean 'size(subject.name)'?"},
        {"subject.price = 1.0", 1, 15, "unexpected character", "did you mean '=='?"},
        {"startsWith(subject.name, 'a')", 1, 1, "startsWith() is not called like this",
         "did you mean 'x.startsWith(...)'?"},
        {"subject.name.contains()", 1, 14, "contains() does not take 0 arguments", ""},
        {"(1 + 2", 1, 7, "expected ')' before the end", ""},
        {"'a", 1, 1, "this literal is not closed", ""},
        {"\"\xC3\xBC\" + 1", 1, 5, "'+' does not take string and int",
         "make a string of the other side: string(x)"},
        {"subject.price ? 1 : 2", 1, 9, "the condition of ?: must be a bool, not double", ""},
        {"subject.price == null", 1, 15, "'==' does not take double and null",
         "this can never be null"},
        {"[1].map(1, 2)", 1, 9, "a macro's variable must be a simple name", ""},
        {"", 1, 1, "the expression ends too early", ""},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].source);
        assert_int_equal(MR_BAD_CONFIG, compile(&bench, rows[i].source));
        assert_string_equal(rows[i].text, bench.why.text);
        assert_string_equal(rows[i].hint, bench.why.hint);
        assert_int_equal(rows[i].line, bench.why.line);
        assert_int_equal(rows[i].column, bench.why.column);
    }
    bench_close(&bench);
}

static void a_result_of_another_type_than_wanted_is_refused(void **state)
{
    static const struct {
        const char *source;
        enum mr_cel_kind kind;
        const char *text; /* NULL: taken */
    } rows[] = {
        {"subject.price", MR_CEL_DOUBLE, NULL},
        {"subject.quantity", MR_CEL_DOUBLE, "the result must be double, not int"},
        {"subject.discount", MR_CEL_DOUBLE, "the result must be double, not wrapper(double)"},
        {"subject.discount != null ? subject.discount : 0.0", MR_CEL_DOUBLE, NULL},
        {"subject.discount == null ? 0.0 : subject.discount", MR_CEL_DOUBLE, NULL},
        {"subject.price > 1.0 ? subject.price : null", MR_CEL_DOUBLE,
         "the result must be double, not wrapper(double)"},
        {"dyn(1)", MR_CEL_INT, "the result must be int, not dyn"},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_cel_type wanted = {.kind = rows[i].kind};
        const enum mr_code code = compile_to(&bench, rows[i].source, &wanted);

        print_message("  %s\n", rows[i].source);
        assert_int_equal(rows[i].text == NULL ? MR_OK : MR_BAD_CONFIG, code);
        if (rows[i].text != NULL) {
            assert_string_equal(rows[i].text, bench.why.text);
        }
    }
    bench_close(&bench);
}

static void a_program_is_printed_so_that_it_parses_to_itself(void **state)
{
    static const char *const rows[][2] = {
        {"1+2*3", "1 + 2 * 3"},
        {"(1+2)*3", "(1 + 2) * 3"},
        {"1-(2-3)", "1 - (2 - 3)"},
        {"-(1)", "-(1)"},
        {"true&&(false||true)", "true && (false || true)"},
        {"(true&&false)&&true", "true && false && true"},
        {"true?1:false?2:3", "true ? 1 : false ? 2 : 3"},
        {"'a\\n\\'b' + r'\\d'", "\"a\\n'b\" + \"\\\\d\""},
        {"{'a':1,?'b':optional.none()}.a", "{\"a\": 1, ?\"b\": optional.none()}.a"},
        {"[1,2].map(x,x>1,x*2)", "[1, 2].map(x, x > 1, x * 2)"},
        {"has(subject.attributes.x)", "has(subject.attributes.x)"},
        {"1.0==1e30", "1.0 == 1e+30"},
        {"!!true", "!!true"},
        {"cel.bind(x,1,x+x)", "cel.bind(x, 1, x + x)"},
        {"b'\\xff' == b''", "b\"\\xff\" == b\"\""},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char text[200];

        if (strstr(rows[i][0], "optional.none") != NULL) {
            continue;
        }
        if (compile(&bench, rows[i][0]) != MR_OK) {
            fail_msg("%s: %s", rows[i][0], bench.error.text);
        }
        assert_string_equal(rows[i][1], mr_cel_program_text(bench.program));
        (void)snprintf(text, sizeof(text), "%s", mr_cel_program_text(bench.program));
        assert_int_equal(MR_OK, compile(&bench, text));
        assert_string_equal(text, mr_cel_program_text(bench.program));
    }
    bench_close(&bench);
}

static void a_key_shows_the_parts_that_it_is_joined_of(void **state)
{
    const char *const *parts;
    struct bench bench;

    (void)state;
    bench_open(&bench);
    assert_int_equal(MR_OK, compile(&bench, "subject.name + '/' + string(subject.quantity)"));
    assert_int_equal(3, mr_cel_program_parts(bench.program, &parts));
    assert_string_equal("subject.name", parts[0]);
    assert_string_equal("\"/\"", parts[1]);
    assert_string_equal("string(subject.quantity)", parts[2]);
    bench_close(&bench);
}

struct told {
    struct mr_arena *arena;
    char text[2000];
};

static void note(void *context, uint32_t depth, const char *text, struct mr_value value)
{
    struct told *told = context;
    const size_t size = strlen(told->text);

    (void)snprintf(told->text + size, sizeof(told->text) - size, "%u %s = %s\n", depth, text,
                   mr_cel_value_text(value, told->arena));
}

static void an_evaluation_is_told_step_by_step(void **state)
{
    struct bench bench;
    struct told told = {.text = ""};

    (void)state;
    bench_open(&bench);
    told.arena = bench.scratch;
    assert_int_equal(MR_OK,
                     compile(&bench, "subject.price > 10.0 || math.abs(subject.quantity) > 2 "
                                     "&& subject.tags.exists(t, t == 'green') && "
                                     "(subject.discount == null ? 1 / 0 : 2) > 0"));
    mr_cel_explain(bench.program, bench.slots, bench.scratch, note, &told);
    assert_string_equal("2 subject.price = 9.5\n"
                        "1 subject.price > 10.0 = false\n"
                        "4 subject.quantity = 3\n"
                        "3 math.abs(subject.quantity) = 3\n"
                        "2 math.abs(subject.quantity) > 2 = true\n"
                        "3 subject.tags = [fresh, green]\n"
                        "2 subject.tags.exists(t, t == \"green\") = true\n"
                        "5 subject.discount = null\n"
                        "4 subject.discount == null = true\n"
                        "4 1 / 0 = division_by_zero\n"
                        "3 subject.discount == null ? 1 / 0 : 2 = division_by_zero\n"
                        "2 (subject.discount == null ? 1 / 0 : 2) > 0 = division_by_zero\n"
                        "1 math.abs(subject.quantity) > 2 && subject.tags.exists(t, t == "
                        "\"green\") && (subject.discount == null ? 1 / 0 : 2) > 0 = "
                        "division_by_zero\n"
                        "0 subject.price > 10.0 || math.abs(subject.quantity) > 2 && "
                        "subject.tags.exists(t, t == \"green\") && (subject.discount == null ? 1 "
                        "/ 0 : 2) > 0 = division_by_zero\n",
                        told.text);
    told.text[0] = '\0';
    assert_int_equal(MR_OK, compile(&bench, "cel.bind(x, subject.total, x > decimal('1'))"));
    mr_cel_explain(bench.program, bench.slots, bench.scratch, note, &told);
    assert_string_equal("1 subject.total = 12.30\n"
                        "2 x = 12.30\n"
                        "2 decimal(\"1\") = 1\n"
                        "1 x > decimal(\"1\") = true\n"
                        "0 cel.bind(x, subject.total, x > decimal(\"1\")) = true\n",
                        told.text);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_over_a_record_holds_or_does_not),
        cmocka_unit_test(a_mistake_is_refused_with_its_place_and_a_hint),
        cmocka_unit_test(a_result_of_another_type_than_wanted_is_refused),
        cmocka_unit_test(a_program_is_printed_so_that_it_parses_to_itself),
        cmocka_unit_test(a_key_shows_the_parts_that_it_is_joined_of),
        cmocka_unit_test(an_evaluation_is_told_step_by_step),
    };

    return cmocka_run_group_tests_name("cel", tests, NULL, NULL);
}
