/* Goal: every Avro type is the type in expressions that docs/cel.md says. Method: a table of field
 * types and the type's text; and a condition over each, which must check. */
#include "processors/core/stage/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define ROOM ((size_t)1 << 20)

#define LOGICAL(base, name) "{\"type\": \"" base "\", \"logicalType\": \"" name "\"}"
#define DECIMAL \
    "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 9, \"scale\": 2}"

struct row {
    const char *avro, *cel, *condition; /* of f */
};

static const struct row rows[] = {
    {"\"null\"", "null", "f == null"},
    {"\"boolean\"", "bool", "f || !f"},
    {"\"int\"", "int", "f + 1 > 2 && f < 2.5"},
    {"\"long\"", "int", "f % 2 == 0"},
    {"\"float\"", "double", "f / 2.0 < 1.5 && f < 3"},
    {"\"double\"", "double", "f > 0.0"},
    {"\"bytes\"", "bytes", "f == b'\\x01' && size(f) == 1"},
    {"\"string\"", "string", "f.startsWith('a')"},
    {"{\"type\": \"enum\", \"name\": \"E\", \"symbols\": [\"A\", \"B\"]}", "string",
     "f in ['A', 'B']"},
    {"{\"type\": \"fixed\", \"name\": \"F\", \"size\": 4}", "bytes", "size(f) == 4"},
    {"{\"type\": \"array\", \"items\": \"long\"}", "list(int)", "f.all(x, x > 0)"},
    {"{\"type\": \"map\", \"values\": \"string\"}", "map(string, string)",
     "'k' in f && f.k == 'v'"},
    {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [{\"name\": \"g\", \"type\": \"int\"}]}",
     "R", "f.g == 1 && has(f.g)"},
    {"[\"null\", \"double\"]", "wrapper(double)", "f != null && f > 1.0"},
    {"[\"string\", \"null\"]", "wrapper(string)", "f == null || size(f) > 1"},
    {"[\"null\", {\"type\": \"array\", \"items\": [\"null\", \"int\"]}]",
     "wrapper(list(wrapper(int)))", "f == null || f.exists(x, x == null)"},
    {"[\"int\", \"string\"]", "dyn", "f == 1 || f == 'a'"},
    {"[\"null\", \"int\", \"string\"]", "dyn", "f == null"},
    {LOGICAL("string", "uuid"), "string", "f == '00000000-0000-0000-0000-000000000000'"},
    {DECIMAL, "decimal", "f == decimal('12.3') && decimals.lt(f, decimal('13'))"},
    {"[\"null\", " DECIMAL "]", "wrapper(decimal)", "f != null && f > decimal('0')"},
    {LOGICAL("int", "date"), "timestamp", "f.getFullYear() == 2024"},
    {LOGICAL("int", "time-millis"), "duration", "f > duration('1h')"},
    {LOGICAL("long", "time-micros"), "duration", "f.getHours() == 3"},
    {LOGICAL("long", "timestamp-millis"), "timestamp", "f < timestamp('2024-01-01T00:00:00Z')"},
    {LOGICAL("long", "timestamp-micros"), "timestamp", "f - f == duration('0s')"},
    {LOGICAL("long", "timestamp-nanos"), "timestamp", "f.getHours('Europe/Berlin') == 3"},
    {LOGICAL("long", "local-timestamp-millis"), "timestamp", "f == f"},
    {LOGICAL("long", "local-timestamp-micros"), "timestamp", "f == f"},
    {LOGICAL("long", "something-of-mine"), "int", "f == 1"},
};

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)path, (void)err;
    *slot = 0;
    return MR_OK;
}

static void check(const struct row *row, struct mr_arena *arena)
{
    struct mr_cel_variable variable = {.name = "f"};
    const struct mr_cel_env env = {&variable, 1, bind, NULL};
    const struct mr_cel_type wanted = {.kind = MR_CEL_BOOL};
    const struct mr_cel_program *program;
    struct mr_schema *schema;
    struct mr_error err = {0};
    const struct mr_type *root;
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"type\": \"record\", \"name\": \"T\", \"fields\": [{\"name\": \"f\", "
                   "\"type\": %s}]}",
                   row->avro);
    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    root = mr_schema_root(schema);
    assert_int_equal(MR_OK, mr_cel_type_of(root->fields[0].type, arena, &variable.type, &err));
    assert_string_equal(row->cel, mr_cel_type_text(&variable.type, arena));
    if (mr_cel_compile(&env, mr_span_text(row->condition), &wanted, arena, &program, NULL, &err) !=
        MR_OK) {
        fail_msg("%s: %s", row->condition, err.text);
    }
    mr_schema_free(schema);
}

static void every_avro_type_has_its_type_in_expressions(void **state)
{
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].avro);
        mr_arena_reset(arena);
        check(&rows[i], arena);
    }
    mr_arena_free(arena);
}

/* A record in itself: its type is finite, its fields are checked at any depth. */
static void a_recursive_record_is_a_type(void **state)
{
    static const struct row recursive = {
        "{\"type\": \"record\", \"name\": \"N\", \"fields\": [{\"name\": \"v\", \"type\": "
        "\"int\"}, {\"name\": \"next\", \"type\": [\"null\", \"N\"]}]}",
        "N", "f.next == null || f.next.next == null || f.next.next.v > 1"};
    struct mr_arena *arena = mr_arena_new(ROOM);

    (void)state;
    check(&recursive, arena);
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_avro_type_has_its_type_in_expressions),
        cmocka_unit_test(a_recursive_record_is_a_type),
    };

    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
