/* Goal: every record gets the verdict its rules give it, a rejection says what a person needs to
 * see, a duplicate is dropped and nothing else, and a restart changes none of it. Method: tables
 * over the bench: real bytes in, real bytes and dead letters out. */
#include "processors/validate/validate.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define CLASS "__connect.errors.exception.class.name"
#define MESSAGE "__connect.errors.exception.message"

static const struct mr_processor_ops *const processors[] = {&mr_validate_ops, NULL};

static void feed(struct bench *bench, const char *name, double price, const char *amount, int count)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"id\": \"a\", \"name\": \"%s\", \"price\": %.17g, \"amount\": %s, "
                   "\"count\": %d, \"tags\": []}",
                   name, price, amount, count);
    bench_feed(bench, text, 0);
}

static void assert_header(const struct bench_output *output, const char *name, const char *wanted)
{
    const struct mr_span value = bench_header(output, name);

    if (!mr_span_is(value, wanted)) {
        fail_msg("%s: \"%.*s\", not \"%s\"", name, MR_SPAN_ARGS(value), wanted);
    }
}

static void each_record_gets_the_verdict_of_its_rules(void **state)
{
    static const char stages[] =
        "- validate:\n"
        "    rules:\n"
        "    - {name: test_data, expr: 'subject.name != \"test\"', on_failure: drop}\n"
        "    - {name: price_positive, expr: subject.price > 0.0}\n"
        "    - {name: per_piece, expr: 100 / subject.count > 1}\n"
        "    - {name: name_present, expr: size(subject.name) > 0, on_failure: warn}\n"
        "    - {name: has_amount, expr: subject.amount != null, on_failure: warn}\n";
    static const struct {
        const char *label;
        const char *name;
        double price;
        const char *amount;
        int count;
        const char *reason;   /* of a rejection; "": passes; NULL: dropped */
        const char *message;  /* of a rejection */
        const char *warnings; /* of what passes, as JSON */
    } rows[] = {
        {"good", "milk", 5.0, "{\"double\": 1}", 3, "", NULL, "[]"},
        {"dropped on purpose", "test", 5.0, "null", 3, NULL, NULL, NULL},
        {"dropped although it is bad", "test", -5.0, "null", 3, NULL, NULL, NULL},
        {"a rule is false", "milk", -5.5, "null", 3, "rule_failed",
         "subject.price > 0.0 is false; subject.price is -5.5", NULL},
        {"a rule cannot be evaluated", "milk", 5.0, "null", 0, "rule_error",
         "100 / subject.count > 1 is an error: division_by_zero; subject.count is 0", NULL},
        {"the first that rejects decides", "milk", -1.0, "null", 0, "rule_failed",
         "subject.price > 0.0 is false; subject.price is -1.0", NULL},
        {"one warning", "", 5.0, "{\"double\": 1}", 3, "", NULL, "[\"name_present\"]"},
        {"two warnings, in order", "", 5.0, "null", 3, "", NULL,
         "[\"name_present\",\"has_amount\"]"},
    };
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        feed(&bench, rows[i].name, rows[i].price, rows[i].amount, rows[i].count);
        bench_run(&bench);
        assert_int_equal(rows[i].reason != NULL, bench.output_count);
        if (rows[i].reason == NULL) {
            continue;
        }
        if (rows[i].reason[0] != '\0') {
            const struct bench_output *letter = bench_output(&bench, "validate.dlq", 0);

            assert_header(letter, CLASS, rows[i].reason);
            assert_header(letter, MESSAGE, rows[i].message);
        } else {
            char *warnings =
                json_dumps(bench_get(bench_output(&bench, "validate", 0), "validation.warnings"),
                           JSON_COMPACT);

            assert_string_equal(rows[i].warnings, warnings);
            free(warnings);
        }
    }
    bench_close(&bench);
}

/* The rules share what they have in common; records share nothing. */
static void rules_with_a_common_part_judge_each_record_by_its_own(void **state)
{
    static const char stages[] =
        "- validate:\n"
        "    rules:\n"
        "    - {name: no_milk, expr: '!subject.name.lowerAscii().contains(\"milk\")', "
        "on_failure: warn}\n"
        "    - {name: cheap_milk, expr: 'subject.name.lowerAscii().contains(\"milk\") ? "
        "subject.price < 9.0 : subject.price < 99.0', on_failure: warn}\n"
        "    - {name: ratio, expr: 'subject.name.upperAscii().indexOf(\"X\") / subject.count > 0', "
        "on_failure: warn}\n"
        "    - {name: same, expr: 'subject.name.upperAscii().indexOf(\"X\") / subject.count < 9', "
        "on_failure: warn}\n";
    static const struct {
        const char *name;
        double price;
        int count;
        const char *warnings;
    } rows[] = {
        {"Milk", 10.0, 1, "[\"no_milk\",\"cheap_milk\",\"ratio\"]"},
        {"Bread X", 10.0, 1, "[]"},
        {"MILK with x", 5.0, 2, "[\"no_milk\"]"},
        {"Bread", 100.0, 0, "[\"cheap_milk\",\"ratio\",\"same\"]"},
    };
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        feed(&bench, rows[i].name, rows[i].price, "null", rows[i].count);
    }
    bench_run(&bench);
    assert_int_equal(MR_COUNT(rows), bench.output_count);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char *warnings = json_dumps(
            bench_get(bench_output(&bench, "validate", i), "validation.warnings"), JSON_COMPACT);

        print_message("  %s\n", rows[i].name);
        assert_string_equal(rows[i].warnings, warnings);
        free(warnings);
    }
    bench_close(&bench);
}

static void a_duplicate_is_dropped_for_so_long_by_event_time(void **state)
{
    static const char stages[] = "- validate:\n"
                                 "    rules: [{name: positive, expr: subject.price > 0.0}]\n"
                                 "    dedupe: {key: 'subject.id + \"/\" + string(subject.price)', "
                                 "within: 48h}\n";
    static const struct {
        const char *label;
        const char *id;
        double price;
        int64_t hours;
        bool is_kept;
    } rows[] = {
        {"the first", "a", 5.0, 0, true},
        {"the same at once", "a", 5.0, 0, false},
        {"the same almost too late", "a", 5.0, 47, false},
        {"another price", "a", 6.0, 47, true},
        {"another key", "b", 5.0, 47, true},
        {"late enough after the first, not after its duplicate", "a", 5.0, 48, true},
        {"from before", "a", 5.0, 1, false},
        {"from long before", "a", 5.0, -1, true},
        {"not remembered when it is rejected", "c", -1.0, 48, false},
        {"so this one is the first", "c", 1.0, 48, true},
    };

    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct bench bench = {.stages = stages, .processors = processors};

        bench_open(&bench);
        for (size_t i = 0; i < MR_COUNT(rows); i++) {
            print_message("  %s%s\n", rows[i].label, restarts ? ", after a restart" : "");
            bench_feed_price(&bench, rows[i].id, rows[i].price, rows[i].hours * HOUR);
            bench_run(&bench);
            assert_int_equal(rows[i].is_kept, bench_count(&bench, "validate"));
            if (restarts) {
                bench_restart(&bench);
            }
        }
        bench_close(&bench);
    }
}

static void the_stamp_follows_the_bytes_that_came_in(void **state)
{
    struct bench bench = {.stages = "- validate: {}\n", .processors = processors};
    uint8_t before[512];
    size_t size;

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "a", 5.0, 7);
    size = bench.records[0].value.size;
    assert_true(size < sizeof(before));
    memcpy(before, bench.records[0].value.data, size);
    bench_run(&bench);
    assert_true(bench_output(&bench, "validate", 0)->value.size > size);
    assert_memory_equal(before + 5, bench_output(&bench, "validate", 0)->value.data + 5, size - 5);
    assert_int_equal(7, bench_output(&bench, "validate", 0)->timestamp_ms);
    bench_close(&bench);
}

static void what_cannot_be_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *label;
        const char *stages;
        const char *problem; /* part of what is said */
    } rows[] = {
        {"no such field", "- validate: {rules: [{name: a, expr: subject.prise > 0.0}]}\n",
         "did you mean"},
        {"no condition", "- validate: {rules: [{name: a, expr: subject.price}]}\n",
         "validate.rules.a.expr"},
        {"two rules of one name",
         "- validate: {rules: [{name: a, expr: 'true'}, {name: a, expr: 'true'}]}\n",
         "there are two rules named \"a\""},
        {"a key that does not place a record",
         "- validate: {dedupe: {key: subject.name, within: 1h}}\n",
         "the key does not determine the partition: it lacks subject.id"},
        {"no time", "- validate: {dedupe: {key: subject.id}}\n", "validate.dedupe.within"},
        {"an option that is not there", "- validate: {rule: []}\n", "did you mean rules"},
        {"two problems at once",
         "- validate: {rules: [{name: a, expr: subject.prise > 0.0}, {name: b, expr: '1 +'}]}\n",
         "validate.rules.b.expr"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench = {.stages = rows[i].stages, .processors = processors};

        print_message("  %s\n", rows[i].label);
        assert_false(bench_try(&bench));
        if (strstr(bench.problems, rows[i].problem) == NULL) {
            fail_msg("%s", bench.problems);
        }
        bench_close(&bench);
    }
}

static void every_shortage_of_room_is_reported(void **state)
{
    static const char stages[] =
        "- validate:\n"
        "    rules:\n"
        "    - {name: long_name, expr: size(subject.name + subject.name) > 100, on_failure: warn}\n"
        "    - {name: positive, expr: subject.price > 0.0}\n"
        "    dedupe: {key: subject.id + subject.name, within: 1h}\n";
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "a", 5.0, 0);
    bench_feed_price(&bench, "b", -5.0, 0);
    assert_true(bench_starve(&bench) > 10);
    bench_close(&bench);
}

static void a_second_validate_stamps_under_its_own_name(void **state)
{
    static const char stages[] =
        "- validate:\n"
        "    rules: [{name: price_positive, expr: subject.price > 0.0, on_failure: warn}]\n"
        "- name: second-look\n"
        "  validate:\n"
        "    rules: [{name: was_clean, expr: size(validation.warnings) == 0, on_failure: warn}]\n"
        "- name: third\n"
        "  validate:\n"
        "    rules: [{name: looked_twice, expr: size(second_look.warnings) == 0}]\n";
    struct bench bench = {.stages = stages, .processors = processors};

    (void)state;
    bench_open(&bench);
    bench_feed_price(&bench, "good", 1.0, 0);
    bench_feed_price(&bench, "bad", -1.0, 0);
    bench_run(&bench);
    assert_int_equal(2, bench_count(&bench, "second-look"));
    for (size_t i = 0; i < 2; i++) {
        const struct bench_output *output = bench_output(&bench, "second-look", i);

        assert_int_equal(i, json_array_size(bench_get(output, "validation.warnings")));
        assert_int_equal(i, json_array_size(bench_get(output, "second_look.warnings")));
    }
    assert_int_equal(1, bench_count(&bench, "third"));
    assert_int_equal(1, bench_count(&bench, "third.dlq"));
    bench_close(&bench);
}

static void a_stamp_that_can_have_no_name_is_refused(void **state)
{
    static const struct {
        const char *label;
        const char *name;
    } rows[] = {{"the subject's", "subject"},
                {"record, which has the key", "record"},
                {"a digit first", "2nd"},
                {"another stamp's", "origin"}};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench = {.processors = processors};
        char stages[200];

        print_message("  %s\n", rows[i].label);
        (void)snprintf(stages, sizeof(stages),
                       "- validate: {rules: []}\n- name: %s\n  validate: {rules: []}\n",
                       rows[i].name);
        bench.stages = stages;
        assert_false(bench_try(&bench));
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_gets_the_verdict_of_its_rules),
        cmocka_unit_test(rules_with_a_common_part_judge_each_record_by_its_own),
        cmocka_unit_test(a_duplicate_is_dropped_for_so_long_by_event_time),
        cmocka_unit_test(the_stamp_follows_the_bytes_that_came_in),
        cmocka_unit_test(a_second_validate_stamps_under_its_own_name),
        cmocka_unit_test(a_stamp_that_can_have_no_name_is_refused),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };
    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
