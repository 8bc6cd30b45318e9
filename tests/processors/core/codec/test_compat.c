/* Goal: every way in which a schema can break another is found, with its path, in the direction in
 * which it breaks; what resolution allows is no break; and what is no break resolves.
 * Method: a table of pairs; each pair that is called compatible is given to the plan as well. */
#include "processors/core/codec/compat.h"
#include "processors/core/codec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define WITH(name, type, fallback) \
    "{\"name\":\"" name "\",\"type\":" type ",\"default\":" fallback "}"
#define ENUM(symbols) "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]}"

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

static bool resolves(const struct mr_schema *writer, const struct mr_schema *reader)
{
    struct mr_layout *layout = mr_layout_new(reader);
    struct mr_error err = {0};
    struct mr_plan *plan;
    const bool is_ok = mr_plan_new(writer, layout, &plan, &err) == MR_OK;

    mr_plan_free(plan);
    mr_layout_free(layout);
    return is_ok;
}

/* "path: text" of the first break; "" when there is none. */
static const char *first_break(const char *newer, const char *older, enum mr_compat_mode mode,
                               struct mr_arena *arena)
{
    struct mr_schema *now = parsed(newer), *before = parsed(older);
    const struct mr_schema *const versions[] = {before};
    const struct mr_compat_older older_ones = {versions, 1};
    struct mr_compat_break *breaks;
    struct mr_error err = {0};

    assert_int_equal(MR_OK, mr_compat_check(now, older_ones, mode, arena, &breaks, &err));
    if (breaks == NULL) {
        assert_true(mode == MR_COMPAT_BACKWARD ? resolves(before, now) : resolves(now, before));
    } else {
        assert_true(breaks->is_forward == (mode == MR_COMPAT_FORWARD));
    }
    mr_schema_free(now);
    mr_schema_free(before);
    return breaks == NULL ? "" : mr_arena_print(arena, "%s: %s", breaks->path, breaks->text);
}

static void each_change_breaks_the_direction_it_breaks(void **state)
{
    static const struct {
        const char *label, *older, *newer, *backward, *forward;
    } rows[] = {
        {"the same", RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("a", "\"int\"")), "",
         ""},
        {"a field more, with a default", RECORD("R", FIELD("a", "\"int\"")),
         RECORD("R", FIELD("a", "\"int\"") "," WITH("b", "\"string\"", "\"\"")), "", ""},
        {"a field more, without", RECORD("R", FIELD("a", "\"int\"")),
         RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"string\"")),
         "b: not written, and has no default", ""},
        {"a field less", RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"string\"")),
         RECORD("R", FIELD("a", "\"int\"")), "", "b: not written, and has no default"},
        {"promotion", RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("a", "\"double\"")), "",
         "a: written as double, read as int"},
        {"another type", RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("a", "\"string\"")),
         "a: written as int, read as string", "a: written as string, read as int"},
        {"text and bytes", "\"string\"", "\"bytes\"", "", ""},
        {"null allowed", RECORD("R", FIELD("a", "\"int\"")),
         RECORD("R", FIELD("a", "[\"null\",\"int\"]")), "", "a: written as null, read as int"},
        {"a branch more", "[\"null\",\"int\"]", "[\"null\",\"int\",\"string\"]", "",
         "schema: written as string, read as null or int"},
        {"a symbol more", ENUM("\"A\""), ENUM("\"A\",\"B\""), "",
         "schema: the reader has no symbol B, and no default"},
        {"a symbol more, with a default before",
         "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}",
         ENUM("\"A\",\"B\""), "", ""},
        {"renamed with an alias", RECORD("R", FIELD("a", "\"int\"")),
         RECORD("R", "{\"name\":\"b\",\"type\":\"int\",\"aliases\":[\"a\"]}"), "",
         "a: not written, and has no default"},
        {"a root of another name", RECORD("R", FIELD("a", "\"int\"")),
         RECORD("S", FIELD("a", "\"int\"")), "", ""},
        {"an inner record of another name", RECORD("R", FIELD("a", RECORD("S", ""))),
         RECORD("R", FIELD("a", RECORD("T", ""))), "a: written as S, read as T",
         "a: written as T, read as S"},
        {"size", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}",
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}",
         "schema: written in 1 bytes, read from 2", "schema: written in 2 bytes, read from 1"},
        {"decimal", "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":5,\"scale\":2}",
         "schema: decimal(4, 2) read as decimal(5, 2)",
         "schema: decimal(5, 2) read as decimal(4, 2)"},
        {"items", RECORD("R", FIELD("a", "{\"type\":\"map\",\"values\":\"long\"}")),
         RECORD("R", FIELD("a", "{\"type\":\"map\",\"values\":\"int\"}")),
         "a.[]: written as long, read as int", ""},
        {"recursive", RECORD("R", FIELD("a", "[\"null\",\"R\"]") "," FIELD("b", "\"int\"")),
         RECORD("R", FIELD("a", "[\"null\",\"R\"]") "," FIELD("b", "\"long\"")), "",
         "b: written as long, read as int"},
    };
    struct mr_arena *arena = mr_arena_new((size_t)1 << 20);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_string_equal(rows[i].backward,
                            first_break(rows[i].newer, rows[i].older, MR_COMPAT_BACKWARD, arena));
        assert_string_equal(rows[i].forward,
                            first_break(rows[i].newer, rows[i].older, MR_COMPAT_FORWARD, arena));
    }
    mr_arena_free(arena);
}

static size_t count_breaks(const struct mr_compat_break *breaks)
{
    size_t count = 0;

    for (; breaks != NULL; breaks = breaks->next) {
        count++;
    }
    return count;
}

static void transitive_asks_every_version(void **state)
{
    struct mr_schema *first = parsed(RECORD("R", FIELD("a", "\"string\"")));
    struct mr_schema *second = parsed(RECORD("R", WITH("b", "\"int\"", "1")));
    struct mr_schema *third = parsed(RECORD("R", FIELD("a", "\"int\"") "," FIELD("c", "\"int\"")));
    const struct mr_schema *const versions[] = {first, second};
    const struct mr_compat_older older = {versions, 2};
    static const struct {
        enum mr_compat_mode mode;
        size_t count;
    } rows[] = {{MR_COMPAT_NONE, 0},
                {MR_COMPAT_BACKWARD, 2}, /* a and c are not in the second */
                {MR_COMPAT_FORWARD, 0},
                {MR_COMPAT_FULL, 2},
                {MR_COMPAT_BACKWARD_TRANSITIVE, 4},
                {MR_COMPAT_FORWARD_TRANSITIVE, 1},
                {MR_COMPAT_FULL_TRANSITIVE, 5}};
    struct mr_arena *arena = mr_arena_new((size_t)1 << 20);
    struct mr_compat_break *breaks;
    struct mr_error err = {0};
    enum mr_compat_mode mode;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        assert_int_equal(MR_OK, mr_compat_check(third, older, rows[i].mode, arena, &breaks, &err));
        assert_int_equal(rows[i].count, count_breaks(breaks));
        assert_true(mr_compat_find(mr_compat_word(rows[i].mode), &mode));
        assert_int_equal(rows[i].mode, mode);
    }
    assert_false(mr_compat_find("SIDEWAYS", &mode));
    mr_arena_free(arena);
    mr_schema_free(first);
    mr_schema_free(second);
    mr_schema_free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_breaks_the_direction_it_breaks),
        cmocka_unit_test(transitive_asks_every_version),
    };
    return cmocka_run_group_tests_name("compat", tests, NULL, NULL);
}
