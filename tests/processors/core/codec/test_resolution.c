/* Goal: what a reader's schema makes of a writer's datum is what other implementations make of it:
 * promotions, defaults, aliases, enum defaults, unions, order and absence of fields, and logical
 * types.
 * Method: cases made by resolution_cases.py (fastavro and Apache's avro for Python), from the file
 * that AVRO_CASES names, or the few that lie beside this file; tests/conformance/test_avro.sh makes
 * more. Where the two agree so must we; where they differ, one of them must be ours: what is
 * refused is refused, as a plan or as a datum. Numbers are compared as numbers: how a promoted
 * number is spelt in JSON is nobody's contract. */
#include "processors/core/codec/json_out.h"
#include "processors/core/codec/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_SIZE ((size_t)4 << 20)
#define LINE_SIZE ((size_t)1 << 20)
#define CASES_HERE "tests/processors/core/codec/resolution_cases.jsonl"

static struct mr_schema *parsed(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    free(text);
    return schema;
}

static bool is_same(json_t *a, json_t *b);

/* A long read as float is rounded here, and again when its shortest digits are written, each time
 * by 2^-24 at most; fastavro leaves it as it is. */
static bool is_same_number(const json_t *a, const json_t *b)
{
    return fabs(json_number_value(a) - json_number_value(b)) <= 1.3e-7 * fabs(json_number_value(a));
}

static bool is_same_list(json_t *a, json_t *b)
{
    bool same = json_array_size(a) == json_array_size(b);

    for (size_t i = 0; i < json_array_size(a) && same; i++) {
        same = is_same(json_array_get(a, i), json_array_get(b, i));
    }
    return same;
}

static bool is_same_object(json_t *a, json_t *b)
{
    bool same = json_object_size(a) == json_object_size(b);
    const char *key;
    json_t *value;

    json_object_foreach(a, key, value)
    {
        same = same && is_same(value, json_object_get(b, key));
    }
    return same;
}

static bool is_same(json_t *a, json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        return is_same_number(a, b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        return is_same_list(a, b);
    }
    if (json_is_object(a) && json_is_object(b)) {
        return is_same_object(a, b);
    }
    return json_equal(a, b) == 1;
}

static struct mr_span unhex(const char *hex, struct mr_arena *arena)
{
    const size_t size = strlen(hex) / 2;
    uint8_t *bytes = mr_arena_bytes(arena, size + 1);

    for (size_t i = 0; i < size; i++) {
        const char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return (struct mr_span){bytes, size};
}

/* The whole datum as JSON, or NULL and why not. */
static const char *read_by(const struct mr_schema *writer, const struct mr_schema *reader,
                           struct mr_span datum, struct mr_arena *arena, const char **why)
{
    struct mr_layout *layout = mr_layout_new(reader);
    const struct mr_layout_path root = {0};
    struct mr_json_out out = {.arena = arena};
    struct mr_error err = {0};
    struct mr_value value;
    struct mr_plan *plan;

    (void)mr_layout_slot(layout, &root);
    *why = NULL;
    if (mr_plan_new(writer, layout, &plan, &err) != MR_OK) {
        *why = mr_arena_print(arena, "%s", err.text);
    } else {
        *why = mr_plan_decode(plan, datum, &value, arena);
    }
    if (*why == NULL) {
        mr_json_put_typed(&out, mr_schema_root(reader), &value);
        assert_false(out.has_failed);
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
    return *why != NULL ? NULL : mr_arena_text(arena, (struct mr_span){out.data, out.size});
}

/* ours NULL: refused. */
static bool is_answer(const json_t *answer, json_t *ours)
{
    json_t *value = json_object_get(answer, "value");

    return value == NULL || ours == NULL ? value == NULL && ours == NULL : is_same(value, ours);
}

struct tally {
    size_t cases, refused, disputed, differing;
};

static void check_case(const json_t *json, struct mr_arena *arena, const char *line,
                       struct tally *tally)
{
    struct mr_schema *writer = parsed(json_object_get(json, "writer"));
    struct mr_schema *reader = parsed(json_object_get(json, "reader"));
    const struct mr_span datum = unhex(json_string_value(json_object_get(json, "datum")), arena);
    const json_t *answers = json_object_get(json, "answers"), *answer;
    const char *why, *text = read_by(writer, reader, datum, arena, &why);
    json_t *ours = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    size_t index, agreeing = 0;

    json_array_foreach(answers, index, answer)
    {
        agreeing += is_answer(answer, ours);
    }
    tally->cases++;
    tally->refused += ours == NULL;
    tally->disputed += agreeing > 0 && agreeing < json_array_size(answers);
    if (agreeing == 0) {
        print_message("  ours: %s\n    %s", text != NULL ? text : why, line);
        tally->differing++;
    }
    json_decref(ours);
    mr_schema_free(writer);
    mr_schema_free(reader);
}

static void resolution_is_what_others_make_of_it(void **state)
{
    const char *path = getenv("AVRO_CASES");
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    char *line = malloc(LINE_SIZE);
    FILE *file = fopen(path == NULL ? CASES_HERE : path, "r");
    struct tally tally = {0};

    (void)state;
    assert_non_null(file);
    while (fgets(line, (int)LINE_SIZE, file) != NULL) {
        json_t *json = json_loads(line, JSON_ALLOW_NUL, NULL);

        assert_non_null(json);
        mr_arena_reset(arena);
        check_case(json, arena, line, &tally);
        json_decref(json);
    }
    (void)fclose(file);
    free(line);
    mr_arena_free(arena);
    print_message("  cases=%zu refused=%zu disputed=%zu differing=%zu\n", tally.cases,
                  tally.refused, tally.disputed, tally.differing);
    assert_true(tally.cases > 0);
    assert_int_equal(0, tally.differing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolution_is_what_others_make_of_it),
    };
    return cmocka_run_group_tests_name("resolution", tests, NULL, NULL);
}
