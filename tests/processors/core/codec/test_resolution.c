/* Goal: what a reader's schema makes of a writer's datum is what another implementation makes of
 * it: promotions, defaults, aliases, enum defaults, unions, order and absence of fields.
 * Method: cases made by resolution_cases.py (fastavro), from the file that AVRO_CASES names; what
 * it refuses we refuse, as a plan or as a datum. Numbers are compared as numbers: how a promoted
 * number is spelt in JSON is nobody's contract. */
#include "processors/core/codec/json.h"
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

static bool is_same(json_t *a, json_t *b)
{
    const char *key;
    json_t *value;
    size_t index;
    bool same = true;

    if (json_is_number(a) && json_is_number(b)) {
        /* A long read as float has a float's digits here; fastavro leaves it as it is. */
        return fabs(json_number_value(a) - json_number_value(b)) <=
               1e-7 * fabs(json_number_value(a));
    }
    if (json_is_array(a) && json_is_array(b)) {
        same = json_array_size(a) == json_array_size(b);
        json_array_foreach(a, index, value)
        {
            same = same && is_same(value, json_array_get(b, index));
        }
        return same;
    }
    if (json_is_object(a) && json_is_object(b)) {
        same = json_object_size(a) == json_object_size(b);
        json_object_foreach(a, key, value)
        {
            same = same && is_same(value, json_object_get(b, key));
        }
        return same;
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
    struct mr_error err = {0};
    struct mr_value value;
    struct mr_plan *plan;
    const char *text = NULL;

    (void)mr_layout_slot(layout, &root);
    *why = NULL;
    if (mr_plan_new(writer, layout, &plan, &err) != MR_OK) {
        *why = mr_arena_print(arena, "%s", err.text);
    } else {
        *why = mr_plan_decode(plan, datum, &value, arena);
        text = *why == NULL ? mr_json_value(&value, arena) : NULL;
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
    return text;
}

/* NULL: as expected; else what differs. */
static const char *check_case(const json_t *json, struct mr_arena *arena)
{
    struct mr_schema *writer = parsed(json_object_get(json, "writer"));
    struct mr_schema *reader = parsed(json_object_get(json, "reader"));
    const struct mr_span datum = unhex(json_string_value(json_object_get(json, "datum")), arena);
    json_t *expected = json_object_get(json, "value");
    const char *why, *text = read_by(writer, reader, datum, arena, &why);
    json_t *ours = text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

    mr_schema_free(writer);
    mr_schema_free(reader);
    if (expected == NULL) {
        why = ours == NULL ? NULL : mr_arena_print(arena, "read what was refused: %s", text);
    } else if (ours != NULL) {
        why = is_same(expected, ours) ? NULL : mr_arena_print(arena, "other value: %s", text);
    }
    json_decref(ours);
    return why;
}

static void resolution_is_fastavros(void **state)
{
    const char *path = getenv("AVRO_CASES");
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    char *line = malloc(LINE_SIZE);
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    size_t count = 0, differing = 0, refused = 0;

    (void)state;
    while (file != NULL && fgets(line, (int)LINE_SIZE, file) != NULL) {
        json_t *json = json_loads(line, JSON_ALLOW_NUL, NULL);
        const char *why;

        assert_non_null(json);
        mr_arena_reset(arena);
        why = check_case(json, arena);
        if (why != NULL) {
            print_message("  %s\n    %s", why, line);
            differing++;
        }
        refused += json_object_get(json, "value") == NULL;
        count++;
        json_decref(json);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
    mr_arena_free(arena);
    if (path == NULL) {
        skip();
    }
    print_message("  %zu cases, %zu of them refused\n", count, refused);
    assert_true(count > 0);
    assert_int_equal(0, differing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolution_is_fastavros),
    };
    return cmocka_run_group_tests_name("resolution", tests, NULL, NULL);
}
