/* Goal: every kind of option is read as its row says, every text that is wrong is refused by its
 * place, its key and the reason, and defaults go the same way as the user's text.
 * Method: one table with a row of every kind; rows of YAML with the whole report that they give;
 * an arena that grows until the settings fit, so that every take fails once. */
#include "processors/core/config/option.h"
#include "tests/processors/core/config/reported.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROOM ((size_t)1024 * 1024)

static const char *const actions[] = {"reject", "warn", "drop", NULL};

struct rule {
    const char *name;
    struct mr_source expr;
    int64_t window;
};

static const struct mr_option rule_options[] = {
    MR_TEXT(struct rule, name, "", "What the reports call it."),
    MR_EXPR(struct rule, expr, NULL, "True of a good record."),
    MR_INT(struct rule, window, "5", 1, 10080, "How far back."),
    MR_OPTIONS_END,
};

struct settings {
    const char *title;
    const char *url;
    const char *model;
    int64_t count;
    double ratio;
    bool is_on;
    int64_t wait;
    int64_t room;
    int action;
    struct mr_source when;
    struct mr_texts topics;
    struct mr_exprs keys;
    struct mr_items rules;
    const struct mr_node *extra;
};

static const struct mr_option options[] = {
    MR_TEXT(struct settings, title, "untitled", "A | B."),
    MR_SECRET(struct settings, url, "", "Where the rows go."),
    MR_PATH(struct settings, model, "", "The model's file."),
    MR_INT(struct settings, count, "3", -5, 10, "How many."),
    MR_REAL(struct settings, ratio, "0.5", 0, 1, "Which share."),
    MR_BOOL(struct settings, is_on, "true", "Whether."),
    MR_DURATION(struct settings, wait, "30s", 100, 604800000, "How long."),
    MR_SIZE(struct settings, room, "64KiB", 1024, 1073741824, "How large."),
    MR_CHOICE(struct settings, action, "warn", actions, "What then."),
    MR_EXPR(struct settings, when, "", "Which records."),
    MR_TEXTS(struct settings, topics, "[a, b]", 0, 3, "Which topics."),
    MR_EXPRS(struct settings, keys, "", 0, 2, "Which keys."),
    MR_LIST(struct settings, rules, struct rule, rule_options, 0, 3, "What holds."),
    MR_NODE(struct settings, extra, "", "For others."),
    MR_OPTIONS_END,
};

struct bench {
    struct mr_arena *arena, *tree;
    struct mr_report *report;
    struct settings settings;
    bool is_good;
    char *problems;
};

static void bench_read_in(struct bench *bench, const char *file, const char *yaml, size_t room)
{
    const struct mr_node *root;

    bench->arena = mr_arena_new(room);
    bench->tree = mr_arena_new(ROOM);
    bench->report = mr_report_new();
    memset(&bench->settings, 0xA5, sizeof(bench->settings));
    root = mr_node_parse(file, mr_span_text(yaml), bench->tree, bench->report);
    bench->is_good =
        mr_options_read(options, root, "stage", bench->arena, bench->report, &bench->settings);
    bench->problems = reported(bench->report);
}

static void bench_read(struct bench *bench, const char *yaml)
{
    bench_read_in(bench, "f.yaml", yaml, ROOM);
}

static void bench_end(struct bench *bench)
{
    free(bench->problems);
    mr_report_free(bench->report);
    mr_arena_free(bench->tree);
    mr_arena_free(bench->arena);
}

static void check_defaults(const struct settings *settings)
{
    assert_string_equal("untitled", settings->title);
    assert_string_equal("", settings->url);
    assert_string_equal("", settings->model);
    assert_int_equal(3, settings->count);
    assert_true(settings->ratio == 0.5);
    assert_true(settings->is_on);
    assert_int_equal(30000, settings->wait);
    assert_int_equal(65536, settings->room);
    assert_int_equal(1, settings->action);
    assert_null(settings->when.text);
    assert_int_equal(2, settings->topics.count);
    assert_string_equal("b", settings->topics.items[1]);
    assert_int_equal(0, settings->keys.count);
    assert_int_equal(0, settings->rules.count);
    assert_null(settings->extra);
}

static void what_is_absent_has_its_default(void **state)
{
    static const char *const files[] = {"{}", "~", "count:\nurl: ~\nurl_file:\nrules:\nextra: ~\n"};
    struct settings settings;
    struct mr_arena *arena = mr_arena_new(ROOM);
    struct mr_report *report = mr_report_new();

    (void)state;
    for (size_t i = 0; i < MR_COUNT(files); i++) {
        struct bench bench;

        bench_read(&bench, files[i]);
        assert_string_equal("", bench.problems);
        assert_true(bench.is_good);
        check_defaults(&bench.settings);
        bench_end(&bench);
    }
    assert_true(mr_options_read(options, NULL, NULL, arena, report, &settings));
    check_defaults(&settings);
    mr_report_free(report);
    mr_arena_free(arena);
}

static void every_kind_is_read(void **state)
{
    struct bench bench;
    const struct settings *settings = &bench.settings;
    const struct rule *rules;

    (void)state;
    bench_read(&bench, "title: T\n"
                       "url: postgres://x\n"
                       "model: /\n"
                       "count: -5\n"
                       "ratio: 2.5e-1\n"
                       "is_on: false\n"
                       "wait: 7d\n"
                       "room: 1GiB\n"
                       "action: drop\n"
                       "when: a > 0\n"
                       "topics: [x]\n"
                       "keys: {k: a + 1, l: b}\n"
                       "rules: [{name: one, expr: x}, {expr: y, window: 7}]\n"
                       "extra: {any: [thing]}\n");
    assert_string_equal("", bench.problems);
    assert_true(bench.is_good);
    assert_string_equal("T", settings->title);
    assert_string_equal("postgres://x", settings->url);
    assert_string_equal("/", settings->model);
    assert_int_equal(-5, settings->count);
    assert_true(settings->ratio == 0.25);
    assert_false(settings->is_on);
    assert_int_equal(604800000, settings->wait);
    assert_int_equal(1073741824, settings->room);
    assert_int_equal(2, settings->action);
    assert_string_equal("a > 0", settings->when.text);
    assert_string_equal("stage.when", settings->when.key);
    assert_int_equal(10, settings->when.place.line);
    assert_int_equal(7, settings->when.place.column);
    assert_null(settings->when.name);
    assert_int_equal(1, settings->topics.count);
    assert_int_equal(2, settings->keys.count);
    assert_string_equal("l", settings->keys.items[1].name);
    assert_string_equal("b", settings->keys.items[1].text);
    assert_string_equal("stage.keys.l", settings->keys.items[1].key);
    assert_int_equal(2, settings->rules.count);
    rules = settings->rules.items;
    assert_string_equal("one", rules[0].name);
    assert_string_equal("stage.rules.one.expr", rules[0].expr.key);
    assert_int_equal(5, rules[0].window);
    assert_string_equal("", rules[1].name);
    assert_string_equal("stage.rules[1].expr", rules[1].expr.key);
    assert_int_equal(7, rules[1].window);
    assert_string_equal("thing", mr_node_get(settings->extra, "any")->child->text);
    bench_end(&bench);
}

static void one_value_is_a_list_of_itself(void **state)
{
    struct bench bench;

    (void)state;
    bench_read(&bench, "topics: x\nkeys: a.b\n");
    assert_string_equal("", bench.problems);
    assert_int_equal(1, bench.settings.topics.count);
    assert_string_equal("x", bench.settings.topics.items[0]);
    assert_int_equal(1, bench.settings.keys.count);
    assert_string_equal("a.b", bench.settings.keys.items[0].text);
    assert_string_equal("stage.keys", bench.settings.keys.items[0].key);
    assert_null(bench.settings.keys.items[0].name);
    bench_end(&bench);
    bench_read(&bench, "keys: [a, b]\n");
    assert_string_equal("stage.keys[1]", bench.settings.keys.items[1].key);
    assert_null(bench.settings.keys.items[1].name);
    bench_end(&bench);
}

static void what_is_wrong_is_refused_by_place_key_and_reason(void **state)
{
    static const struct {
        const char *yaml, *problems;
    } rows[] = {
        {"count: -6", "f.yaml:1:8: stage.count: -6 is outside -5..10\n"},
        {"count: 11", "f.yaml:1:8: stage.count: 11 is outside -5..10\n"},
        {"count: 10", ""},
        {"count: +7", ""},
        {"count: \"7\"", ""},
        {"count: 0x10", "f.yaml:1:8: stage.count: \"0x10\" is not a whole number\n"},
        {"count: 1.0", "f.yaml:1:8: stage.count: \"1.0\" is not a whole number\n"},
        {"count: 7 up", "f.yaml:1:8: stage.count: \"7 up\" is not a whole number\n"},
        {"count: \" 7\"", "f.yaml:1:9: stage.count: \" 7\" is not a whole number\n"},
        {"count: \"\"", "f.yaml:1:9: stage.count: \"\" is not a whole number\n"},
        {"count: \"-\"", "f.yaml:1:9: stage.count: \"-\" is not a whole number\n"},
        {"count: 99999999999999999999",
         "f.yaml:1:8: stage.count: 99999999999999999999 is outside -5..10\n"},
        {"count: -9223372036854775808",
         "f.yaml:1:8: stage.count: -9223372036854775808 is outside -5..10\n"},
        {"count: 9223372036854775808",
         "f.yaml:1:8: stage.count: 9223372036854775808 is outside -5..10\n"},
        {"count: [1]", "f.yaml:1:8: stage.count: a single value is expected, not a list\n"},
        {"count: {a: 1}", "f.yaml:1:8: stage.count: a single value is expected, not a map\n"},
        {"ratio: 1", ""},
        {"ratio: 1.5", "f.yaml:1:8: stage.ratio: 1.5 is outside 0..1\n"},
        {"ratio: -0.1", "f.yaml:1:8: stage.ratio: -0.1 is outside 0..1\n"},
        {"ratio: 1e999", "f.yaml:1:8: stage.ratio: 1e999 is outside 0..1\n"},
        {"ratio: 0,5", "f.yaml:1:8: stage.ratio: \"0,5\" is not a number\n"},
        {"ratio: .5", "f.yaml:1:8: stage.ratio: \".5\" is not a number\n"},
        {"ratio: 1.", "f.yaml:1:8: stage.ratio: \"1.\" is not a number\n"},
        {"ratio: 1e", "f.yaml:1:8: stage.ratio: \"1e\" is not a number\n"},
        {"ratio: nan", "f.yaml:1:8: stage.ratio: \"nan\" is not a number\n"},
        {"ratio: 0x1p-1", "f.yaml:1:8: stage.ratio: \"0x1p-1\" is not a number\n"},
        {"is_on: yes", "f.yaml:1:8: stage.is_on: \"yes\" is not true or false\n"},
        {"is_on: True", "f.yaml:1:8: stage.is_on: \"True\" is not true or false (did you mean "
                        "true?)\n"},
        {"wait: 99ms", "f.yaml:1:7: stage.wait: 99ms is outside 100ms..7d\n"},
        {"wait: 100ms", ""},
        {"wait: 8d", "f.yaml:1:7: stage.wait: 8d is outside 100ms..7d\n"},
        {"wait: 99999999999999999999d",
         "f.yaml:1:7: stage.wait: 99999999999999999999d is outside 100ms..7d\n"},
        {"wait: 213503982335d", "f.yaml:1:7: stage.wait: 213503982335d is outside 100ms..7d\n"},
        {"wait: 30", "f.yaml:1:7: stage.wait: \"30\" is not a duration: a whole number and ms, s, "
                     "m, h or d\n"},
        {"wait: 1.5h", "f.yaml:1:7: stage.wait: \"1.5h\" is not a duration: a whole number and ms, "
                       "s, m, h or d\n"},
        {"wait: -1h", "f.yaml:1:7: stage.wait: \"-1h\" is not a duration: a whole number and ms, "
                      "s, m, h or d\n"},
        {"wait: h", "f.yaml:1:7: stage.wait: \"h\" is not a duration: a whole number and ms, s, m, "
                    "h or d\n"},
        {"room: 1023B", "f.yaml:1:7: stage.room: 1023B is outside 1KiB..1GiB\n"},
        {"room: 2GB", "f.yaml:1:7: stage.room: 2GB is outside 1KiB..1GiB\n"},
        {"room: 1KB", "f.yaml:1:7: stage.room: 1KB is outside 1KiB..1GiB\n"},
        {"room: 64k", "f.yaml:1:7: stage.room: \"64k\" is not a size: a whole number and B, KiB, "
                      "MiB, GiB, KB, MB or GB\n"},
        {"action: rejct", "f.yaml:1:9: stage.action: \"rejct\" is none of reject, warn, drop (did "
                          "you mean reject?)\n"},
        {"action: x", "f.yaml:1:9: stage.action: \"x\" is none of reject, warn, drop\n"},
        {"when: \"\"", "f.yaml:1:8: stage.when: an expression is expected, not an empty text\n"},
        {"topics: {a: b}", "f.yaml:1:9: stage.topics: a list is expected, not a map\n"},
        {"topics: [a, b, c, d]", "f.yaml:1:9: stage.topics: 4 items is outside 0..3\n"},
        {"topics: [a, [b], ~]",
         "f.yaml:1:13: stage.topics[1]: a single value is expected, not a list\n"
         "f.yaml:1:18: stage.topics[2]: holds nothing\n"},
        {"keys: {a: \"\", b: {c: d}}",
         "f.yaml:1:12: stage.keys.a: an expression is expected, not an empty text\n"
         "f.yaml:1:18: stage.keys.b: a single value is expected, not a map\n"},
        {"rules: x", "f.yaml:1:8: stage.rules: a list is expected, not a single value\n"},
        {"rules: {a: {expr: x}}", "f.yaml:1:8: stage.rules: a list is expected, not a map\n"},
        {"rules: [x, [y]]", "f.yaml:1:9: stage.rules[0]: a map is expected, not a single value\n"
                            "f.yaml:1:12: stage.rules[1]: a map is expected, not a list\n"},
        {"rules:\n  - {name: price, expr: x, window: 0}\n  - expr: y\n    widow: 1\n  - name: z\n",
         "f.yaml:2:36: stage.rules.price.window: 0 is outside 1..10080\n"
         "f.yaml:4:5: stage.rules[1].widow: is not known here (did you mean window?)\n"
         "f.yaml:5:5: stage.rules.z.expr: must be set\n"},
        {"model: /nowhere/m.ubj", "f.yaml:1:8: stage.model: \"/nowhere/m.ubj\" cannot be read: No "
                                  "such file or directory\n"},
        {"model: \"\"", "f.yaml:1:9: stage.model: a path is expected, not an empty text\n"},
        {"url: a\nurl_file: b", "f.yaml:2:11: stage.url: is set twice: as url and as url_file\n"},
        {"url_file: /nowhere/u",
         "f.yaml:1:11: stage.url: \"/nowhere/u\" cannot be read: No such file or directory\n"},
        {"url_file: /tmp", "f.yaml:1:11: stage.url: \"/tmp\" cannot be read: Is a directory\n"},
        {"url_file: /dev/null", "f.yaml:1:11: stage.url: \"/dev/null\" is empty\n"},
        {"url_file: /dev/zero", "f.yaml:1:11: stage.url: \"/dev/zero\" is larger than 64 KiB\n"},
        {"titel: x\nurl_fil: x\ncolour: red",
         "f.yaml:1:1: stage.titel: is not known here (did you mean title?)\n"
         "f.yaml:2:1: stage.url_fil: is not known here (did you mean url_file?)\n"
         "f.yaml:3:1: stage.colour: is not known here\n"},
        {"title_file: x", "f.yaml:1:1: stage.title_file: is not known here\n"},
        {"[a]", "f.yaml:1:1: stage: a map is expected\n"},
        {"x", "f.yaml:1:1: stage: a map is expected\n"},
        {"count: ${MR_T_NONE}\ntopics: [\"${MR_T_NONE}\"]\nrules: [\"${MR_T_NONE}\"]\n"
         "url: ${MR_T_NONE}\nurl_file: ~",
         "f.yaml:1:8: MR_T_NONE is not set in the environment\n"
         "f.yaml:2:11: MR_T_NONE is not set in the environment\n"
         "f.yaml:3:10: MR_T_NONE is not set in the environment\n"
         "f.yaml:4:6: MR_T_NONE is not set in the environment\n"},
        {"count: x\nwait: y\ncolour: z",
         "f.yaml:1:8: stage.count: \"x\" is not a whole number\n"
         "f.yaml:2:7: stage.wait: \"y\" is not a duration: a whole number and ms, s, m, h or d\n"
         "f.yaml:3:1: stage.colour: is not known here\n"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;

        print_message("  %s\n", rows[i].yaml);
        bench_read(&bench, rows[i].yaml);
        assert_string_equal(rows[i].problems, bench.problems);
        assert_int_equal(rows[i].problems[0] == '\0', bench.is_good);
        bench_end(&bench);
    }
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");

    assert_non_null(stream);
    assert_int_equal(size, fwrite(bytes, 1, size, stream));
    assert_int_equal(0, fclose(stream));
}

static void files_are_found_beside_the_file_that_names_them(void **state)
{
    static const struct {
        const char *label, *bytes;
        size_t size;
        const char *secret; /* NULL: refused */
    } rows[] = {
        {"no newline", "pw", 2, "pw"},
        {"one is cut", "pw\n", 3, "pw"},
        {"only one is cut", "pw\n\n", 4, "pw\n"},
        {"with a return", "pw\r\n", 4, "pw"},
        {"only a newline", "\n", 1, NULL},
        {"a zero byte", "p\0w", 3, NULL},
    };
    char folder[] = "/tmp/mr-option-XXXXXX", file[64], secret[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/f.yaml", folder);
    (void)snprintf(secret, sizeof(secret), "%s/s", folder);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;

        print_message("  %s\n", rows[i].label);
        write_file(secret, rows[i].bytes, rows[i].size);
        bench_read_in(&bench, file, "url_file: s\nmodel: s\n", ROOM);
        assert_string_equal(secret, bench.settings.model);
        assert_int_equal(rows[i].secret != NULL, bench.is_good);
        if (rows[i].secret != NULL) {
            assert_string_equal(rows[i].secret, bench.settings.url);
        }
        bench_end(&bench);
    }
    assert_int_equal(0, unlink(secret));
    assert_int_equal(0, rmdir(folder));
}

struct strict {
    int64_t window;
    const char *password;
    const struct mr_node *shape;
    struct mr_items rules;
};

static void a_default_goes_the_way_of_the_users_text(void **state)
{
    static const struct mr_option strict_options[] = {
        MR_INT(struct strict, window, "0", 1, 10, "Its default is outside."),
        MR_SECRET(struct strict, password, NULL, "Required."),
        MR_NODE(struct strict, shape, "{a: [b]}", "A map by default."),
        MR_LIST(struct strict, rules, struct rule, rule_options, 1, 2, "Required."),
        MR_OPTIONS_END,
    };
    struct mr_arena *arena = mr_arena_new(ROOM);
    struct mr_report *report = mr_report_new();
    struct strict settings;
    char *problems;

    (void)state;
    assert_false(mr_options_read(strict_options, NULL, NULL, arena, report, &settings));
    problems = reported(report);
    assert_string_equal("window: 0 is outside 1..10\n"
                        "password: must be set (or password_file)\n"
                        "rules: must be set\n",
                        problems);
    assert_string_equal("b", mr_node_get(settings.shape, "a")->child->text);
    free(problems);
    mr_report_free(report);
    mr_arena_free(arena);
}

static void the_table_is_printed_as_markdown(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    (void)state;
    mr_options_print(options, stream);
    (void)fclose(stream);
    assert_string_equal("| option | default | value | meaning |\n"
                        "|---|---|---|---|\n"
                        "| `title` | `untitled` | text | A \\| B. |\n"
                        "| `url`, `url_file` |  | secret | Where the rows go. |\n"
                        "| `model` |  | path | The model's file. |\n"
                        "| `count` | `3` | whole number, -5..10 | How many. |\n"
                        "| `ratio` | `0.5` | number, 0..1 | Which share. |\n"
                        "| `is_on` | `true` | true or false | Whether. |\n"
                        "| `wait` | `30s` | duration, 100ms..7d | How long. |\n"
                        "| `room` | `64KiB` | size, 1KiB..1GiB | How large. |\n"
                        "| `action` | `warn` | `reject`, `warn`, `drop` | What then. |\n"
                        "| `when` |  | expression | Which records. |\n"
                        "| `topics` | `[a, b]` | list of texts, 0..3 | Which topics. |\n"
                        "| `keys` |  | list or map of expressions, 0..2 | Which keys. |\n"
                        "| `rules` |  | list, 0..3 | What holds. |\n"
                        "| `extra` |  | anything | For others. |\n"
                        "\nEach item of `rules[]`:\n\n"
                        "| option | default | value | meaning |\n"
                        "|---|---|---|---|\n"
                        "| `name` |  | text | What the reports call it. |\n"
                        "| `expr` | (required) | expression | True of a good record. |\n"
                        "| `window` | `5` | whole number, 1..10080 | How far back. |\n",
                        text);
    free(text);
}

static void every_shortage_of_room_is_reported(void **state)
{
    static const char yaml[] = "url_file: /proc/self/comm\nmodel: /\ntopics: [x, y]\nkeys: {k: a}\n"
                               "rules: [{name: one, expr: x}, {expr: y}]\nextra: {a: b}\n";
    struct bench bench;
    size_t room = 0;

    (void)state;
    for (bench_read_in(&bench, "/d/f.yaml", yaml, room); !bench.is_good;
         bench_read_in(&bench, "/d/f.yaml", yaml, room)) {
        assert_non_null(strstr(bench.problems, "memory budget used up"));
        bench_end(&bench);
        assert_true(++room < 8192);
    }
    assert_true(room > 0);
    assert_string_equal("", bench.problems);
    bench_end(&bench);
}

static void where_there_can_be_but_one_a_map_stands_for_the_list(void **state)
{
    struct lone {
        struct mr_items dedupe;
    };
    static const struct mr_option lone_options[] = {
        MR_LIST(struct lone, dedupe, struct rule, rule_options, 0, 1, "What comes twice."),
        MR_OPTIONS_END,
    };
    static const struct {
        const char *label;
        const char *yaml;
        size_t count;
        const char *problem; /* or NULL */
    } rows[] = {
        {"the map alone", "dedupe: {name: a, expr: 'true'}\n", 1, NULL},
        {"a list of it", "dedupe: [{name: a, expr: 'true'}]\n", 1, NULL},
        {"nothing", "{}\n", 0, NULL},
        {"a key that is not known", "dedupe: {name: a, expr: 'true', exp: b}\n", 1, "dedupe.exp: "},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_arena *arena = mr_arena_new(ROOM);
        struct mr_report *report = mr_report_new();
        const struct mr_node *map =
            mr_node_parse("t.yaml", mr_span_text(rows[i].yaml), arena, report);
        struct lone settings;
        char *problems;

        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].problem == NULL,
                         mr_options_read(lone_options, map, NULL, arena, report, &settings));
        assert_int_equal(rows[i].count, settings.dedupe.count);
        problems = reported(report);
        assert_true(rows[i].problem == NULL || strstr(problems, rows[i].problem) != NULL);
        free(problems);
        mr_report_free(report);
        mr_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_there_can_be_but_one_a_map_stands_for_the_list),
        cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(one_value_is_a_list_of_itself),
        cmocka_unit_test(what_is_wrong_is_refused_by_place_key_and_reason),
        cmocka_unit_test(files_are_found_beside_the_file_that_names_them),
        cmocka_unit_test(a_default_goes_the_way_of_the_users_text),
        cmocka_unit_test(the_table_is_printed_as_markdown),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };

    return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
