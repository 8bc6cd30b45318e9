/* Goal: what the public suite has no cases for does what its documentation says: sets, lists,
 * regex, zones beyond their tables, decimals, text at its edges.
 * Method: expressions that must be true, that must fail, and that must be refused. */
#include "processors/core/cel/cel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROOM ((size_t)4 << 20)
#define NINES "99999999999999999999999999999999999999999999999999999999999999999999999999999999"

static enum mr_code compile(struct mr_arena *arena, const char *source,
                            const struct mr_cel_program **program, struct mr_error *error)
{
    const struct mr_cel_env env = {.variables = NULL};

    return mr_cel_compile(&env, mr_span_text(source), NULL, arena, program, NULL, error);
}

static void run(const char *source, int wanted)
{
    struct mr_arena *arena = mr_arena_new(ROOM);
    const struct mr_cel_program *program;
    struct mr_error error = {0};
    struct mr_value slow;

    print_message("  %s\n", source);
    if (compile(arena, source, &program, &error) != MR_OK) {
        fail_msg("%s: %s", source, error.text);
    }
    slow = mr_cel_eval_reference(program, NULL, arena);
    assert_int_equal(wanted, slow.kind == MR_KIND_BOOL ? (int)slow.number : -1);
    assert_int_equal(wanted, mr_cel_holds(program, NULL, arena));
    mr_arena_free(arena);
}

static void what_is_said_holds(void **state)
{
    static const char *const rows[] = {
        "sets.contains([1, 2, 3], [2, 2])",
        "!sets.contains([1, 2], [3])",
        "sets.contains([], [])",
        "sets.equivalent([1, 2, 1], [2, 1])",
        "!sets.equivalent([1], [1, 2])",
        "sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [])",
        "lists.range(3) == [0, 1, 2] && lists.range(0) == []",
        "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
        "[3, 1, 2].sort() == [1, 2, 3] && ['b', 'a'].sort() == ['a', 'b']",
        "['ccc', 'a', 'bb'].sortBy(s, size(s)) == ['a', 'bb', 'ccc']",
        "['b1', 'a1', 'a0', 'b0'].sortBy(s, s.substring(1)) == ['a0', 'b0', 'b1', 'a1']",
        "[3, 1, 2].sortBy(i, -i).sortBy(i, 0) == [3, 2, 1] && [].sortBy(i, i) == []",
        "[{'n': 2}, {'n': 1}].sortBy(m, m.n)[0].n == 1",
        "[1, 2, 1, 3, 2].distinct() == [1, 2, 3]",
        "[[1], [2, 3]].flatten() == [1, 2, 3]",
        "[[1, [2]], [[[3]]]].flatten(2) == [1, 2, [3]]",
        "[1, 2, 3].reverse() == [3, 2, 1]",
        "[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()",
        "optional.unwrap([optional.of(1), optional.none(), optional.of(2)]) == [1, 2]",
        "regex.replace('hello world', 'o', '0') == 'hell0 w0rld'",
        "regex.replace('hello world', 'o', '0', 1) == 'hell0 world'",
        "regex.replace('John Smith', r'(\\w+) (\\w+)', r'\\2, \\1') == 'Smith, John'",
        "regex.replace('abc', 'x*', '-') == '-a-b-c-'",
        "regex.extract('item-42', r'item-(\\d+)').value() == '42'",
        "!regex.extract('none', r'(\\d+)').hasValue()",
        "regex.extractAll('a1 b22', r'[a-z](\\d+)') == ['1', '22']",
        "regex.extractAll('abc', 'x') == []",
        "'\xC3\xBC'.matches('^.$') && '\xF0\x9F\x98\x80'.size() == 1",
        "timestamp('2050-07-01T00:00:00Z').getHours('Europe/Berlin') == 2",
        "timestamp('2050-01-01T00:00:00Z').getHours('Europe/Berlin') == 1",
        "timestamp('2060-01-01T00:00:00Z').getHours('Australia/Sydney') == 11",
        "timestamp('2060-07-01T00:00:00Z').getHours('Australia/Sydney') == 10",
        "timestamp('2024-03-31T00:59:59Z').getHours('Europe/Berlin') == 1",
        "timestamp('2024-03-31T01:00:00Z').getHours('Europe/Berlin') == 3",
        "timestamp('1850-01-01T00:00:00Z').getMinutes('Europe/Berlin') == 53",
        "timestamp('2024-02-29T12:00:00+01:00') == timestamp('2024-02-29T11:00:00Z')",
        "timestamp('2024-02-29T00:00:00Z').getDayOfYear() == 59",
        "timestamp('1969-12-31T23:59:59.5Z') + duration('500ms') == timestamp(0)",
        "string(timestamp('0001-01-01T00:00:00.000000001Z')) == '0001-01-01T00:00:00.000000001Z'",
        "duration('1h30m') == duration('5400s') && duration('-1.5h') == duration('-5400s')",
        "string(duration('-1500ms')) == '-1.5s' && duration('1us') == duration('1000ns')",
        "duration('0') == duration('0s') && duration('.5s') == duration('500ms')",
        "decimal('12.30') == decimal('12.3') && decimal('-0.00') == decimal('0')",
        "decimal('0.1') < decimal('0.11') && decimal('-1') < decimal('0.5')",
        "decimal('123456789012345678901234567890') > decimal('99999999999999999999')",
        "string(decimal('-12.30')) == '-12.30' && string(decimal('0.05')) == '0.05'",
        "double(decimal('12.30')) == 12.3 && double(decimal('-0.1')) == -0.1",
        "dyn(9007199254740993) != dyn(9007199254740992.0)",
        "dyn(9007199254740993) > 9007199254740992.0",
        "dyn(18446744073709551615u) > 9223372036854775807",
        "string(1e20) == '100000000000000000000' && string(1e21) == '1e+21'",
        "string(0.1 + 0.2) == '0.30000000000000004' && string(-0.0) == '-0'",
        "'a,b,,c'.split(',') == ['a', 'b', '', 'c'] && '\xC3\xBC-'.split('') == ['\xC3\xBC', '-']",
        "'%s is %d years and %.2f'.format(['Bo', 3, 1.005]) == 'Bo is 3 years and 1.00'",
        "{'a': 1}.transformMapEntry(k, v, {v: k}) == {1: 'a'}",
        "[1, 2, 3].transformList(i, v, i > 0, v * i) == [2, 6]",
        "{?'a': optional.none(), 'b': 2} == {'b': 2}",
        "math.sqrt(16) == 4.0 && math.greatest(1, 2.5, 2u) == 2.5",
        "base64.decode(base64.encode(b'\\x00\\xff')) == b'\\x00\\xff'",
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        run(rows[i], 1);
    }
}

static void decimals_are_computed_exactly(void **state)
{
    static const char *const rows[] = {
        "decimals.eq(decimal('1.0'), decimal(1))",
        "decimals.lt(decimal('-2'), decimal('-1.9'))",
        "decimals.le(decimal('1'), decimal('1.00'))",
        "decimals.ge(decimal('1'), decimal('1.00'))",
        "decimals.gt(decimal('0.10'), decimal('0.099'))",
        "!decimals.gt(decimal(0), decimal(0))",
        "string(decimals.add(decimal('0.1'), decimal('0.25'))) == '0.35'",
        "decimals.add(decimal('9999999999'), decimal(1)) == decimal('10000000000')",
        "decimals.add(decimal('4294967295.0'), decimal(1)) == decimal(4294967296)",
        "string(decimals.add(decimal('-1.5'), decimal('1.5'))) == '0.0'",
        "string(decimals.sub(decimal('1'), decimal('2.5'))) == '-1.5'",
        "string(decimals.sub(decimal('-4294967296'), decimal('-1'))) == '-4294967295'",
        "string(decimals.mul(decimal('-1.5'), decimal('4294967297.25'))) == '-6442450945.875'",
        "decimals.neg(decimal('-2.50')) == decimal('2.5')",
        "decimals.abs(decimal('-1')) == decimal(1)",
        "decimals.sign(decimal('-0.01')) == -1",
        "decimals.sign(decimal('-0')) == 0",
        "string(decimals.round(decimal('2.5'))) == '3'",
        "string(decimals.round(decimal('-2.5'))) == '-3'",
        "string(decimals.round(decimal('2.345'), 2)) == '2.35'",
        "string(decimals.round(decimal('2.345'), 4)) == '2.3450'",
        "string(decimals.round(decimal('1250'), -2)) == '1300'",
        "string(decimals.round(decimal('4'), -1)) == '0'",
        "string(decimals.round(decimal('7'), -2)) == '0'",
        "string(decimals.ceil(decimal('0.001'))) == '1'",
        "string(decimals.trunc(decimal('-2.59'), 1)) == '-2.5'",
        "string(decimals.trunc(decimal('2.9'))) == '2'",
        "string(decimals.floor(decimal('-2.1'))) == '-3'",
        "string(decimals.floor(decimal('2.9'))) == '2'",
        "string(decimals.ceil(decimal('-2.9'))) == '-2'",
        "string(decimals.ceil(decimal('2.0'))) == '2'",
        "string(decimal(b'\\x04\\xce', 2)) == '12.30'",
        "string(decimal(-9223372036854775807 - 1)) == '-9223372036854775808'",
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        run(rows[i], 1);
    }
}

static void what_cannot_be_computed_is_an_error(void **state)
{
    static const char *const rows[] = {
        "regex.replace('a', '(a)', r'\\2') == ''",
        "regex.extract('a', '(a)(b)?').hasValue()",
        "[1, 2].slice(1, 5) == []",
        "[dyn(1), dyn('a')].sort() == []",
        "[1, 2].sortBy(i, [i]) == []",
        "[1, 0].sortBy(i, 1 / i) == []",
        "[1, 2].sortBy(i, i == 1 ? dyn('a') : dyn(1)) == []",
        "dyn({'a': 1}).sortBy(k, k) == []",
        "lists.range(-1) == []",
        "timestamp('2023-02-29T00:00:00Z') > timestamp(0)",
        "timestamp('2023-01-01') > timestamp(0)",
        "duration('1x') > duration('0s')",
        "duration('s') > duration('0s')",
        "decimal('1.2.3') > decimal('0')",
        "decimal('') > decimal('0')",
        "decimals.mul(decimal('" NINES "'), decimal('" NINES "')) > decimal(0)",
        "decimal(b'\\x01', -1) > decimal(0)",
        "decimals.round(decimal('1'), 100000) > decimal(0)",
        "int('1.5') > 0",
        "double('0x10') > 0.0",
        "base64.decode('a') == b''",
        "base64.decode('a$==') == b''",
        "optional.none().value() == 1",
        "timestamp(0).getHours('Europe/' + 'Nowhere') == 0",
        "timestamp(0).getHours('../../etc/' + 'passwd') == 0",
        "{'a': 1, 'b': 2}.transformMapEntry(k, v, {'x': v}).size() == 1",
        "math.bitShiftLeft(1, -1) == 0",
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        run(rows[i], -1);
    }
}

static void what_can_never_work_is_refused(void **state)
{
    static const char *const rows[] = {
        "9007199254740993 != 9007199254740992.0",
        "'a'.matches('(')",
        "'a'.matches('(?=a)')",
        "timestamp(0).getHours('Mars/Phobos') == 0",
        "timestamp(0).getHours('/etc/passwd')",
        "{1.5: 2}",
        "{null: 2}",
        "[1].map(x, y, z, 1, 2)",
        "true ? 1 : 'a'",
        "1 in 'abc'",
        "cel.bind(1, 2, 3)",
        "Message{a: 1}",
        "[1].all(x, x)",
        "has(a)",
        "optional.of(1).optMap(x, y)",
        "'\\u12'",
        "'\\xZZ'",
        "1e",
        "0x",
        "9223372036854775808",
        "1u.2",
        "\"a\nb\"",
        "for",
        "x.in",
    };
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_cel_program *program;
        struct mr_error error = {0};

        print_message("  %s\n", rows[i]);
        assert_int_equal(MR_BAD_CONFIG, compile(arena, rows[i], &program, &error));
        mr_arena_reset(arena);
    }
    mr_arena_free(arena);
}

/* Gives the compiler a little more room each time until it fits: each shortage must be said. */
static void every_shortage_of_room_is_reported(void **state)
{
    static const char source[] = "[1, 2].exists(x, 'a' + string(x) == 'a2') && 'b'.matches('^b$')";
    enum mr_code code = MR_NO_ROOM;

    (void)state;
    for (size_t room = 0; code != MR_OK; room += room < 40000 ? 64 : 4096) {
        struct mr_arena *arena = mr_arena_new(room);
        const struct mr_cel_program *program;
        struct mr_error error = {0};

        code = compile(arena, source, &program, &error);
        assert_true(code == MR_OK || error.text[0] != '\0');
        assert_true(room < ROOM);
        mr_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_holds),
        cmocka_unit_test(decimals_are_computed_exactly),
        cmocka_unit_test(what_cannot_be_computed_is_an_error),
        cmocka_unit_test(what_can_never_work_is_refused),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };

    return cmocka_run_group_tests_name("cel_library", tests, NULL, NULL);
}
