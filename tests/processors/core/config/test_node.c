/* Goal: a YAML file becomes a tree in which everything knows its place; what cannot be read is said
 * with its place, and no file, however hostile, costs more than its bounds.
 * Method: tables of files with their canonical form or their report; hostile files are made; the
 * arena is made larger byte by byte until a file fits, so that every take fails once. */
#include "processors/core/config/node.h"
#include "tests/processors/core/config/reported.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROOM ((size_t)64 * 1024 * 1024)

struct bench {
    struct mr_arena *arena;
    struct mr_report *report;
    struct mr_node *root;
    char *problems;
};

static void bench_parse(struct bench *bench, struct mr_span yaml, size_t room)
{
    bench->arena = mr_arena_new(room);
    bench->report = mr_report_new();
    bench->root = mr_node_parse("f.yaml", yaml, bench->arena, bench->report);
    bench->problems = reported(bench->report);
}

static void bench_end(struct bench *bench)
{
    free(bench->problems);
    mr_report_free(bench->report);
    mr_arena_free(bench->arena);
}

static void a_file_becomes_its_canonical_form(void **state)
{
    static const struct {
        const char *label, *yaml, *canonical;
    } rows[] = {
        {"keys are sorted", "b: 1\na: {d: x, c: y}\n",
         "{\"a\":{\"c\":\"y\",\"d\":\"x\"},\"b\":\"1\"}"},
        {"lists keep their order", "- b\n- [a, 1.0]\n- {}\n- []\n",
         "[\"b\",[\"a\",\"1.0\"],{},[]]"},
        {"absence and the empty text", "a:\nb: ~\nc: null\nd: \"\"\ne: '~'\n",
         "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\",\"e\":\"~\"}"},
        {"escapes", "a: \"q\\\" b\\\\ n\\n \\x07\"", "{\"a\":\"q\\\" b\\\\ n\\u000a \\u0007\"}"},
        {"block text", "a: |\n  x\n  y\nb: >-\n  x\n  y\n",
         "{\"a\":\"x\\u000ay\\u000a\",\"b\":\"x y\"}"},
        {"anchors", "a: &x {k: [1]}\nb: *x\nc: &t one\nd: *t\n",
         "{\"a\":{\"k\":[\"1\"]},\"b\":{\"k\":[\"1\"]},\"c\":\"one\",\"d\":\"one\"}"},
        {"an anchor anew", "- &x 1\n- &x 2\n- *x\n", "[\"1\",\"2\",\"2\"]"},
        {"one scalar", "just this", "\"just this\""},
        {"a mark of byte order",
         "\xEF\xBB\xBF"
         "a: 1",
         "{\"a\":\"1\"}"},
        {"a variable", "a: ${MR_T_SET}\nb: \"x${MR_T_SET}y\"\n", "{\"a\":\"set\",\"b\":\"xsety\"}"},
        {"a default", "a: ${MR_T_NONE:localhost:9092}\nb: ${MR_T_SET:no}\nc: ${MR_T_EMPTY:yes}\n",
         "{\"a\":\"localhost:9092\",\"b\":\"set\",\"c\":\"yes\"}"},
        {"a message that is not needed", "a: ${MR_T_SET:?why}", "{\"a\":\"set\"}"},
        {"nothing left", "a: ${MR_T_EMPTY}\nb: \"${MR_T_NONE:}\"\n", "{\"a\":null,\"b\":\"\"}"},
        {"dollars", "a: $$\nb: $${MR_T_SET}\nc: ^a$\nd: $x\n",
         "{\"a\":\"$\",\"b\":\"${MR_T_SET}\",\"c\":\"^a$\",\"d\":\"$x\"}"},
        {"a variable is not read again", "a: ${MR_T_DOLLAR}", "{\"a\":\"${MR_T_SET}\"}"},
        {"keys are as they stand", "${MR_T_NONE}: 1", "{\"${MR_T_NONE}\":\"1\"}"},
        {"a quoted merge key is a key", "\"<<\": 1", "{\"<<\":\"1\"}"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;

        print_message("  %s\n", rows[i].label);
        bench_parse(&bench, mr_span_text(rows[i].yaml), ROOM);
        assert_string_equal("", bench.problems);
        assert_string_equal(rows[i].canonical, mr_node_canonical(bench.root, bench.arena));
        bench_end(&bench);
    }
}

static void what_cannot_be_read_is_said_with_its_place(void **state)
{
    static const struct {
        const char *label, *yaml, *problems;
        bool has_tree;
    } rows[] = {
        {"nothing", "", "f.yaml: holds nothing\n", false},
        {"comments alone", "# x\n", "f.yaml: holds nothing\n", false},
        {"a list not closed", "a: [1, 2\nb: 3\n",
         "f.yaml:2:2: while parsing a flow sequence: did not find expected ',' or ']'\n", false},
        {"a tab", "a:\n\tb: 1\n",
         "f.yaml:2:1: while scanning for the next token: found character that cannot start any "
         "token\n",
         false},
        {"not UTF-8", "a: \xFF\n", "f.yaml: byte 3: invalid leading UTF-8 octet\n", false},
        {"a control character", "a: \x01\n", "f.yaml: byte 3: control characters are not allowed\n",
         false},
        {"a zero byte by escape", "a: \"x\\0y\"\n", "f.yaml:1:5: a text cannot hold a zero byte\n",
         true},
        {"a zero byte in a key", "\"x\\0y\": 1\n",
         "f.yaml:1:1: a key can have no anchor and no zero byte\n", false},
        {"an empty key", "a: 1\n\"\": 2\n", "f.yaml:2:1: a key must be a text\n", false},
        {"a list as key", "? [a]\n: 1\n", "f.yaml:1:3: a key must be a text\n", false},
        {"an alias as key", "a: &x k\n*x : 1\n", "f.yaml:2:1: a key must be a text\n", false},
        {"a merge", "a: &x {k: 1}\nb:\n  <<: *x\n",
         "f.yaml:3:3: merge keys (<<) are not used here\n", false},
        {"duplicates", "a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\na: 3\n",
         "f.yaml:2:17: c: stands there twice, before at f.yaml:2:5\n"
         "f.yaml:3:1: a: stands there twice, before at f.yaml:1:1\n"
         "f.yaml:4:1: a: stands there twice, before at f.yaml:3:1\n",
         true},
        {"tags", "a: !!int 5\nb: !x {c: !y [1]}\n",
         "f.yaml:1:4: tags are not used here: tag:yaml.org,2002:int\n"
         "f.yaml:2:4: tags are not used here: !x\nf.yaml:2:11: tags are not used here: !y\n",
         true},
        {"two documents", "a: 1\n---\nb: 2\n", "f.yaml:2:1: one document is enough\n", false},
        {"no anchor", "a: *x\n", "f.yaml:1:4: there is no anchor &x before this\n", false},
        {"an alias of itself", "a: &x [1, *x]\n",
         "f.yaml:1:11: an alias cannot stand inside its own anchor\n", false},
        {"unset", "a: 1\nb: [\"${MR_T_NONE}\", \"${MR_T_ALSO}\"]\n",
         "f.yaml:2:6: MR_T_NONE is not set in the environment\n"
         "f.yaml:2:22: MR_T_ALSO is not set in the environment\n",
         true},
        {"unset, with a message", "a: ${MR_T_NONE:?the folder of the feeds}\n",
         "f.yaml:1:4: environment variable MR_T_NONE is not set: the folder of the feeds\n", true},
        {"empty, with a message", "a: ${MR_T_EMPTY:?say it}\n",
         "f.yaml:1:4: environment variable MR_T_EMPTY is not set: say it\n", true},
        {"not closed", "a: x${MR_T_SET\n",
         "f.yaml:1:4: \"${\" without its \"}\" (a dollar is written $$)\n", true},
        {"no name", "a: ${}\nb: ${1A}\nc: ${A-B}\nd: ${ A}\n",
         "f.yaml:1:4: \"${...}\" does not name a variable (a dollar is written $$)\n"
         "f.yaml:2:4: \"${...}\" does not name a variable (a dollar is written $$)\n"
         "f.yaml:3:4: \"${...}\" does not name a variable (a dollar is written $$)\n"
         "f.yaml:4:4: \"${...}\" does not name a variable (a dollar is written $$)\n",
         true},
        {"a variable of bad bytes", "a: ${MR_T_BYTES}\n",
         "f.yaml:1:4: MR_T_BYTES holds bytes that are not UTF-8\n", true},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;

        print_message("  %s\n", rows[i].label);
        bench_parse(&bench, mr_span_text(rows[i].yaml), ROOM);
        assert_string_equal(rows[i].problems, bench.problems);
        assert_int_equal(rows[i].has_tree, bench.root != NULL);
        bench_end(&bench);
    }
}

static void zero_bytes_in_the_file_are_refused(void **state)
{
    const struct mr_span yaml = MR_SPAN("a: 1\0b: 2\n");
    struct bench bench;

    (void)state;
    bench_parse(&bench, yaml, ROOM);
    assert_string_equal("f.yaml: byte 4: control characters are not allowed\n", bench.problems);
    assert_null(bench.root);
    bench_end(&bench);
}

static void every_node_knows_its_place(void **state)
{
    const struct mr_span yaml = MR_SPAN("a:\n  b: \"x\"\n  c:\n    - 1\n    - k: v\n");
    const struct mr_node *a, *c, *item;
    struct bench bench;

    (void)state;
    bench_parse(&bench, yaml, ROOM);
    a = mr_node_get(bench.root, "a");
    assert_int_equal(1, a->name_place.line);
    assert_int_equal(2, a->place.line);
    assert_int_equal(3, a->place.column);
    assert_string_equal("f.yaml", a->place.file);
    assert_int_equal(7, mr_node_get(a, "b")->place.column);
    assert_true(mr_node_get(a, "b")->is_quoted);
    c = mr_node_get(a, "c");
    assert_int_equal(2, mr_node_count(c));
    item = c->child->next;
    assert_null(item->name);
    assert_int_equal(5, mr_node_get(item, "k")->name_place.line);
    assert_int_equal(7, mr_node_get(item, "k")->name_place.column);
    assert_int_equal(10, mr_node_get(item, "k")->place.column);
    assert_null(mr_node_get(a, "none"));
    assert_null(mr_node_get(c, "k"));
    assert_null(mr_node_get(NULL, "k"));
    assert_int_equal(0, mr_node_count(NULL));
    bench_end(&bench);
}

/* head, count times body, tail. */
static struct mr_span make(const char *head, const char *body, size_t count, const char *tail)
{
    const size_t body_size = strlen(body), head_size = strlen(head);
    char *text = malloc(head_size + count * body_size + strlen(tail) + 1);

    memcpy(text, head, head_size);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + head_size + i * body_size, body, body_size);
    }
    memcpy(text + head_size + count * body_size, tail, strlen(tail) + 1);
    return mr_span_text(text);
}

static void a_hostile_file_meets_its_bounds(void **state)
{
    static const char bomb[] =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
        "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
        "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    static const struct {
        const char *label, *head, *body;
        size_t count;
        const char *tail, *problem; /* NULL: none */
    } rows[] = {
        {"as deep as allowed", "", "[", 64,
         "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
         "]]]]]]]]]]]]]]]]",
         NULL},
        {"one too deep", "", "[", 65, "", "f.yaml:1:65: nested deeper than 64\n"},
        {"very deep", "", "[", 100000, "", "f.yaml:1:65: nested deeper than 64\n"},
        {"deep by alias", "a: &a [[[[1]]]]\nb: ", "[", 60, "*a",
         "f.yaml:2:64: nested deeper than 64\n"},
        {"an alias bomb", bomb, "", 0, "", "more than 100000 values"},
        {"as many values as allowed", "", "- 1\n", 99999, "", NULL},
        {"one value too many", "", "- 1\n", 100000, "", "more than 100000 values"},
        {"a file too large", "", "# twelve byte\n", 300000, "", "f.yaml: is larger than 4 MiB\n"},
        {"many anchors", "", "- &aaaaa 1\n- *aaaaa\n", 40000, "", NULL},
        {"one key, many times", "", "k: 1\n", 60000, "", "and 59799 more problems\n"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_span yaml = make(rows[i].head, rows[i].body, rows[i].count, rows[i].tail);
        struct bench bench;

        print_message("  %s\n", rows[i].label);
        bench_parse(&bench, yaml, ROOM);
        if (rows[i].problem == NULL) {
            assert_string_equal("", bench.problems);
            assert_non_null(bench.root);
        } else {
            assert_non_null(strstr(bench.problems, rows[i].problem));
        }
        bench_end(&bench);
        free((void *)(uintptr_t)yaml.data);
    }
}

static void too_many_anchors_are_refused(void **state)
{
    char yaml[257 * 16];
    struct bench bench;
    int size = 0;

    (void)state;
    for (int i = 0; i < 257; i++) {
        size += snprintf(yaml + size, sizeof(yaml) - (size_t)size, "- &a%d x\n", i);
    }
    bench_parse(&bench, mr_span_text(yaml), ROOM);
    assert_string_equal("f.yaml:257:3: more than 256 anchors\n", bench.problems);
    bench_end(&bench);
}

static void a_file_is_loaded_by_its_path(void **state)
{
    char path[] = "/tmp/mr-node-XXXXXX";
    FILE *stream = fdopen(mkstemp(path), "w");
    struct mr_arena *arena = mr_arena_new(4096);
    struct mr_report *report = mr_report_new();
    const struct mr_node *root;
    char *problems;

    (void)state;
    (void)fputs("a: 1\n", stream);
    (void)fclose(stream);
    root = mr_node_load(path, arena, report);
    assert_string_equal("1", mr_node_get(root, "a")->text);
    assert_string_equal(path, root->place.file);
    assert_null(mr_node_load("/nowhere/f.yaml", arena, report));
    assert_null(mr_node_load("/tmp", arena, report));
    problems = reported(report);
    assert_string_equal("/nowhere/f.yaml: cannot be read: No such file or directory\n"
                        "/tmp: cannot be read: Is a directory\n",
                        problems);
    (void)unlink(path);
    free(problems);
    mr_report_free(report);
    mr_arena_free(arena);
}

static void every_shortage_of_room_is_reported(void **state)
{
    const struct mr_span yaml =
        MR_SPAN("a: &x {k: [1, \"${MR_T_SET}\"], j: 2}\nb: *x\nc: ${MR_T_SET}\n");
    size_t room = 0;
    struct bench bench;

    (void)state;
    for (bench_parse(&bench, yaml, room); bench.root == NULL; bench_parse(&bench, yaml, room)) {
        assert_non_null(strstr(bench.problems, "memory budget used up"));
        bench_end(&bench);
        assert_true(++room < 8192);
    }
    assert_true(room > 0);
    assert_string_equal("", bench.problems);
    bench_end(&bench);
}

static void a_canonical_form_without_room_is_none(void **state)
{
    const struct mr_span yaml = MR_SPAN("{b: [x, {d: 1, c: 2}], a: 1}");
    struct mr_arena *small;
    struct bench bench;
    const char *form = NULL;

    (void)state;
    bench_parse(&bench, yaml, ROOM);
    for (size_t room = 0; form == NULL; room++) {
        assert_true(room < 4096);
        small = mr_arena_new(room);
        form = mr_node_canonical(bench.root, small);
        if (form != NULL) {
            assert_true(room > 0);
            assert_string_equal("{\"a\":\"1\",\"b\":[\"x\",{\"c\":\"2\",\"d\":\"1\"}]}", form);
        }
        mr_arena_free(small);
    }
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_its_canonical_form),
        cmocka_unit_test(what_cannot_be_read_is_said_with_its_place),
        cmocka_unit_test(zero_bytes_in_the_file_are_refused),
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(a_hostile_file_meets_its_bounds),
        cmocka_unit_test(too_many_anchors_are_refused),
        cmocka_unit_test(a_file_is_loaded_by_its_path),
        cmocka_unit_test(every_shortage_of_room_is_reported),
        cmocka_unit_test(a_canonical_form_without_room_is_none),
    };

    (void)setenv("MR_T_SET", "set", 1);
    (void)setenv("MR_T_EMPTY", "", 1);
    (void)setenv("MR_T_DOLLAR", "${MR_T_SET}", 1);
    (void)setenv("MR_T_BYTES", "\xFF", 1);
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
