/* Goal: the public conformance suite of CEL is passed by both evaluators, except for what
 * docs/cel-conformance.md lists.
 * Method: each line of the suite's JSON form is compiled in its own environment and run by
 * the reference and by the compiled evaluator. Without an argument the suite is looked for
 * beside the repository and a minimum is asserted; with a file, only that is run; with -v,
 * what fails is named. Cases that need protobuf are counted as skipped. */
#include "processors/core/cel/dialect.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSED_MIN 1649
#define VARIABLES_MAX 16
#define ROOM ((size_t)32 << 20)

struct tally {
    size_t passed, failed, skipped;
};

struct suite {
    struct mr_arena *arena, *scratch;
    struct tally tally;
    bool is_verbose;
    struct mr_cel_variable variables[VARIABLES_MAX];
    struct mr_value slots[VARIABLES_MAX];
    size_t variable_count;
    struct cel_overload functions[VARIABLES_MAX];
    size_t function_count;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* One type of the suite's notation as the letters of functions.h. */
static void put_letters(const char **type, char *out)
{
    static const struct {
        const char *name, *letters;
    } names[] = {{"int", "i"},       {"uint", "u"},  {"double", "d"},   {"string", "s"},
                 {"bool", "b"},      {"bytes", "y"}, {"duration", "D"}, {"timestamp", "t"},
                 {"null_type", "n"}, {"dyn", "?"},   {"list", "L"},     {"map", "M"},
                 {"$T", "A"},        {"$U", "B"},    {"$V", "C"},       {"tuple", "Xtuple;3"}};
    const size_t size = strcspn(*type, "(), ");

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        if (strlen(names[i].name) == size && memcmp(names[i].name, *type, size) == 0) {
            (void)snprintf(out + strlen(out), 64 - strlen(out), "%s", names[i].letters);
        }
    }
    *type += size;
    while (**type == '(' || **type == ',' || **type == ' ') {
        *type += strspn(*type, "(, ");
        put_letters(type, out);
    }
    *type += **type == ')' ? 1 : 0;
}

static const char *letters_of(struct suite *suite, const char *type)
{
    char letters[64] = "";

    put_letters(&type, letters);
    return mr_arena_text(suite->arena, mr_span_text(letters));
}

/* From the same letters, as a public type. */
static struct mr_cel_type type_of(struct suite *suite, const char **letters)
{
    static const char kinds[] = "?nbiudsytDcLM";
    const char *found = strchr(kinds, *(*letters)++);
    struct mr_cel_type type = {.kind = (enum mr_cel_kind)(found - kinds)};
    struct mr_cel_type *items = mr_arena_take(suite->arena, 2, sizeof(*items));

    if (type.kind == MR_CEL_MAP) {
        items[0] = type_of(suite, letters);
        type.key = &items[0];
    }
    if (type.kind == MR_CEL_MAP || type.kind == MR_CEL_LIST) {
        items[1] = type_of(suite, letters);
        type.item = &items[1];
    }
    return type;
}

static void declare_function(struct suite *suite, const char *name, const json_t *overload)
{
    struct cel_overload *row = &suite->functions[suite->function_count++];
    const json_t *params = json_object_get(overload, "params");
    char letters[128] = "";

    for (size_t i = 0; i < json_array_size(params); i++) {
        (void)snprintf(letters + strlen(letters), sizeof(letters) - strlen(letters), "%s",
                       letters_of(suite, json_string_value(json_array_get(params, i))));
    }
    *row = (struct cel_overload){.name = name,
                                 .params = mr_arena_text(suite->arena, mr_span_text(letters)),
                                 .result = letters_of(suite, text_of(overload, "result")),
                                 .style = CEL_GLOBAL};
}

static struct mr_value value_of(struct suite *suite, const json_t *json);

static struct mr_value items_of(struct suite *suite, const json_t *array, bool are_pairs)
{
    const size_t count = json_array_size(array);
    struct mr_value *items = mr_arena_take(suite->arena, 2 * count + 1, sizeof(*items));

    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(array, i);

        if (are_pairs) {
            items[2 * i] = value_of(suite, json_array_get(item, 0));
            items[2 * i + 1] = value_of(suite, json_array_get(item, 1));
        } else {
            items[i] = value_of(suite, item);
        }
    }
    return (struct mr_value){
        .kind = are_pairs ? MR_KIND_MAP : MR_KIND_LIST, .size = (uint32_t)count, .items = items};
}

static struct mr_value bytes_of(struct suite *suite, const char *hex)
{
    const size_t size = strlen(hex) / 2;
    uint8_t *bytes = mr_arena_bytes(suite->arena, size);

    for (size_t i = 0; i < size; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return mr_value_bytes((struct mr_span){bytes, size});
}

static struct mr_value string_of(const json_t *json)
{
    return mr_value_string(
        (struct mr_span){(const uint8_t *)json_string_value(json), json_string_length(json)});
}

static struct mr_value time_of(const json_t *json, bool is_duration)
{
    const int64_t seconds = strtoll(text_of(json, "s"), NULL, 10);
    const int64_t ns = (int64_t)json_integer_value(json_object_get(json, "ns"));

    if (is_duration) {
        return (struct mr_value){.kind = MR_KIND_DURATION, .number = seconds * 1000000000 + ns};
    }
    return (struct mr_value){.kind = MR_KIND_TIMESTAMP, .size = (uint32_t)ns, .number = seconds};
}

static struct mr_value value_of(struct suite *suite, const json_t *json)
{
    const char *kind = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)json));
    const json_t *inner = json_object_get(json, kind);
    const char *text = json_string_value(inner);
    struct mr_value value = {0};

    if (strcmp(kind, "bool") == 0) {
        return mr_value_bool(json_is_true(inner));
    } else if (strcmp(kind, "int") == 0) {
        return mr_value_int(strtoll(text, NULL, 10));
    } else if (strcmp(kind, "uint") == 0) {
        return (struct mr_value){.kind = MR_KIND_UINT, .positive = strtoull(text, NULL, 10)};
    } else if (strcmp(kind, "double") == 0) {
        return mr_value_double(strtod(text, NULL));
    } else if (strcmp(kind, "string") == 0) {
        return string_of(inner);
    } else if (strcmp(kind, "bytes") == 0) {
        return bytes_of(suite, text);
    } else if (strcmp(kind, "list") == 0 || strcmp(kind, "map") == 0) {
        return items_of(suite, inner, kind[0] == 'm');
    } else if (strcmp(kind, "type") == 0) {
        value = string_of(inner);
        value.kind = MR_KIND_TYPE;
    } else if (strcmp(kind, "timestamp") == 0 || strcmp(kind, "duration") == 0) {
        return time_of(inner, kind[0] == 'd');
    }
    return value;
}

/* Exactly the same: kinds too, NaN like NaN, maps in any order. */
static bool is_same(const struct mr_value *a, const struct mr_value *b);

static bool has_entry(const struct mr_value *map, const struct mr_value *key,
                      const struct mr_value *item)
{
    for (uint32_t i = 0; i < map->size; i++) {
        if (is_same(&map->items[2 * (size_t)i], key)) {
            return is_same(&map->items[2 * (size_t)i + 1], item);
        }
    }
    return false;
}

static bool are_items_same(const struct mr_value *a, const struct mr_value *b)
{
    for (uint32_t i = 0; i < a->size; i++) {
        if (a->kind == MR_KIND_MAP
                ? !has_entry(b, &a->items[2 * (size_t)i], &a->items[2 * (size_t)i + 1])
                : !is_same(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

static bool is_same(const struct mr_value *a, const struct mr_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case MR_KIND_NULL:
        return true;
    case MR_KIND_DOUBLE:
        return a->real == b->real || (isnan(a->real) && isnan(b->real));
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
    case MR_KIND_TYPE:
        return mr_span_equal(mr_value_span(a), mr_value_span(b));
    case MR_KIND_LIST:
    case MR_KIND_MAP:
        return a->size == b->size && are_items_same(a, b);
    case MR_KIND_TIMESTAMP:
        return a->number == b->number && a->size == b->size;
    default:
        return a->number == b->number;
    }
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)err;
    assert_int_equal(0, path->depth);
    *slot = path->variable;
    return MR_OK;
}

static void declare(struct suite *suite, const json_t *row)
{
    const json_t *declared = json_object_get(row, "type_env");
    const json_t *bindings = json_object_get(row, "bindings");

    suite->variable_count = suite->function_count = 0;
    for (size_t i = 0; i < json_array_size(declared); i++) {
        const json_t *item = json_array_get(declared, i);
        const json_t *overloads = json_object_get(item, "overloads");
        const char *letters = letters_of(suite, text_of(item, "type"));
        const size_t at = suite->variable_count;

        if (overloads != NULL) {
            for (size_t j = 0; j < json_array_size(overloads); j++) {
                declare_function(suite, text_of(item, "name"), json_array_get(overloads, j));
            }
            continue;
        }
        suite->variables[at].name = text_of(item, "name");
        suite->variables[at].type = type_of(suite, &letters);
        suite->slots[at] = (struct mr_value){.kind = MR_KIND_ERROR};
        suite->variable_count++;
    }
    for (void *at = json_object_iter((json_t *)(uintptr_t)bindings); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)bindings, at)) {
        const char *name = json_object_iter_key(at);
        size_t i = 0;

        while (i < suite->variable_count && strcmp(suite->variables[i].name, name) != 0) {
            i++;
        }
        if (i == suite->variable_count) {
            suite->variables[i].name = name;
            suite->variables[i].type = (struct mr_cel_type){.kind = MR_CEL_DYN};
            suite->variable_count++;
        }
        suite->slots[i] = value_of(suite, json_object_iter_value(at));
    }
}

static bool is_expected(struct suite *suite, const json_t *row, const struct mr_value *value)
{
    const json_t *expect = json_object_get(row, "expect");
    struct mr_value wanted;

    if (json_object_get(expect, "error") != NULL) {
        return value->kind == MR_KIND_ERROR;
    }
    if (json_object_get(expect, "value") == NULL) { /* no expectation means true */
        return value->kind == MR_KIND_BOOL && value->number == 1;
    }
    wanted = value_of(suite, json_object_get(expect, "value"));
    return is_same(&wanted, value);
}

static bool has_deduced_type(struct suite *suite, const json_t *row,
                             const struct mr_cel_program *program)
{
    const char *wanted = json_string_value(json_object_get(row, "deduced_type"));
    const char *text = mr_cel_program_type_text(program, suite->arena);

    return wanted == NULL || strcmp(wanted, strcmp(text, "null") == 0 ? "null_type" : text) == 0;
}

/* NULL: passed; else why not. */
static const char *run_case(struct suite *suite, const json_t *row, struct mr_error *error)
{
    const struct mr_cel_env env = {suite->variables, suite->variable_count, bind, suite};
    const json_t *expr = json_object_get(row, "expr");
    const struct mr_span source = {(const uint8_t *)json_string_value(expr),
                                   json_string_length(expr)};
    const struct mr_cel_dialect dialect = {
        .env = &env,
        .container = mr_span_text(text_of(row, "container")),
        .is_unchecked = json_is_true(json_object_get(row, "disable_check")),
        .has_no_macros = json_is_true(json_object_get(row, "disable_macros")),
        .declared = {suite->functions, suite->function_count}};
    const struct mr_cel_program *program;
    struct mr_value value;

    if (mr_cel_compile_dialect(&dialect, source, suite->arena, &program, NULL, error) != MR_OK) {
        return error->text;
    }
    if (!has_deduced_type(suite, row, program)) {
        return mr_cel_program_type_text(program, suite->arena);
    }
    if (json_is_true(json_object_get(row, "check_only"))) {
        return NULL;
    }
    value = mr_cel_eval_reference(program, suite->slots, suite->scratch);
    if (!is_expected(suite, row, &value)) {
        return value.kind == MR_KIND_ERROR ? mr_cel_fault_text(value) : "reference: other value";
    }
    value = mr_cel_eval(program, suite->slots, suite->scratch);
    return is_expected(suite, row, &value) ? NULL : "compiled: other value";
}

/* Whether a case is of the form that is run here. */
static bool is_case(const json_t *row)
{
    return json_is_string(json_object_get(row, "expr")) &&
           json_array_size(json_object_get(row, "type_env")) +
                   json_object_size(json_object_get(row, "bindings")) <=
               VARIABLES_MAX;
}

static void run_line(struct suite *suite, const char *line, size_t number)
{
    struct mr_error error = {0};
    const char *why;
    json_error_t fault;
    json_t *row = json_loads(line, JSON_ALLOW_NUL, &fault);

    if (!is_case(row)) {
        printf("failed: line %zu: %s\n", number, row == NULL ? fault.text : "is no case");
        suite->tally.failed++;
        json_decref(row);
        return;
    }
    if (json_is_true(json_object_get(row, "needs_proto"))) {
        suite->tally.skipped++;
        json_decref(row);
        return;
    }
    mr_arena_reset(suite->arena);
    mr_arena_reset(suite->scratch);
    declare(suite, row);
    why = run_case(suite, row, &error);
    if (why == NULL) {
        suite->tally.passed++;
    } else {
        suite->tally.failed++;
        if (suite->is_verbose) {
            printf("failed: %s/%s/%s: %s: %s\n", text_of(row, "file"), text_of(row, "section"),
                   text_of(row, "name"), text_of(row, "expr"), why);
        }
    }
    json_decref(row);
}

static bool run_file(struct suite *suite, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, number = 0;

    if (file == NULL) {
        return false;
    }
    suite->arena = mr_arena_new(ROOM);
    suite->scratch = mr_arena_new(ROOM);
    while (getline(&line, &room, file) > 0) {
        number++;
        if (strspn(line, " \t\r\n") < strlen(line)) {
            run_line(suite, line, number);
        }
    }
    free(line);
    (void)fclose(file);
    mr_arena_free(suite->arena);
    mr_arena_free(suite->scratch);
    printf("cel passed=%zu failed=%zu skipped=%zu\n", suite->tally.passed, suite->tally.failed,
           suite->tally.skipped);
    return true;
}

static void the_public_suite_is_passed(void **state)
{
    const char *data = getenv("MILLRACE_DATA");
    struct suite suite = {.is_verbose = true};
    char path[512];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/cel/cel-conformance.jsonl",
                   data == NULL ? "../shared/data" : data);
    if (!run_file(&suite, path)) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    assert_true(suite.tally.passed >= PASSED_MIN);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_public_suite_is_passed)};
    struct suite suite = {.is_verbose = argc == 3 && strcmp(argv[1], "-v") == 0};

    if (argc == 1) {
        return cmocka_run_group_tests_name("cel_conformance", tests, NULL, NULL);
    }
    if (!run_file(&suite, argv[argc - 1])) {
        (void)fprintf(stderr, "cannot read %s\n", argv[argc - 1]);
        return 1;
    }
    return suite.tally.failed == 0 ? 0 : 1;
}
