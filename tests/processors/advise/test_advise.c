/* Goal: an advisory says in words, evidence and lineage why it was made; the same record makes the
 * same advisory again; what would only repeat it is held back and counted; no text can have a gap.
 * Method: the bench, with detect before advise, and tables of templates, good and refused. */
#include "processors/advise/advise.h"
#include "processors/detect/detect.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)

static const struct mr_processor_ops *const processors[] = {&mr_detect_ops, &mr_advise_ops, NULL};

static const char jump[] =
    "- detect:\n"
    "  - {name: price, method: robust_z, value: subject.price, threshold: 4, warmup: 2}\n"
    "- advise:\n"
    "  - name: price_jump\n"
    "    when: detection.price.is_anomaly && detection.price.score > 0.8\n"
    "    severity: high\n"
    "    audience: [analyst, owner]\n"
    "    title: '{{subject.name}}: {{detection.price.change_percent | +.0f | \"?\"}} %'\n"
    "    body: body.md\n"
    "    suppress: {key: record.key, for: 24h}\n"
    "    evidence: {double_price: subject.price * 2.0}\n";

static const char body[] = "{{ subject.name }} costs {{ subject.price }} in place of\n"
                           "{{ detection.price.expected | .2f | \"unknown\" }} since "
                           "{{ origin.event_time | date }}.\n";

static void feed_jumps(struct bench *bench, int from, int to)
{
    static const double prices[] = {5, 5, 5, 50, 50, 5, 5, 5, 5, 0.5};

    for (int i = from; i < to; i++) {
        bench_feed_price(bench, "a", prices[i], i * 6 * HOUR);
    }
}

static void an_advisory_explains_itself(void **state)
{
    struct bench bench = {.stages = jump, .processors = processors};
    const struct bench_output *output;
    const json_t *evidence;

    (void)state;
    bench_write(&bench, "body.md", body);
    bench_open(&bench);
    feed_jumps(&bench, 0, 4);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "advise"));
    output = bench_output(&bench, "advise", 0);
    assert_string_equal("milk: +900 %", bench_text(output, "title"));
    assert_string_equal("milk costs 50 in place of\n5.00 since 1970-01-01.\n",
                        bench_text(output, "body"));
    assert_string_equal("bench", bench_text(output, "pipeline"));
    assert_string_equal("price_jump", bench_text(output, "rule"));
    assert_string_equal("high", bench_text(output, "severity"));
    assert_string_equal("a", bench_text(output, "subject_key"));
    assert_true(mr_span_is(output->key, "a"));
    assert_int_equal(2, json_array_size(bench_get(output, "audience")));
    assert_int_equal(32, strlen(bench_text(output, "id")));
    assert_true(mr_span_is(bench_header(output, "ce_id"), bench_text(output, "id")));
    assert_string_equal("things.csv", bench_text(output, "lineage.source"));
    assert_int_equal(3, json_integer_value(bench_get(output, "lineage.place")));
    assert_int_equal(64, strlen(bench_text(output, "lineage.digest")));
    assert_string_equal("", bench_text(output, "lineage.model"));
    assert_int_equal(3, json_object_size(bench_get(output, "lineage.configs")));
    assert_int_equal(64, strlen(bench_text(output, "lineage.configs.detect")));

    evidence = bench_get(output, "evidence");
    assert_string_equal("true",
                        json_string_value(json_object_get(evidence, "detection.price.is_anomaly")));
    assert_string_equal("\"milk\"", json_string_value(json_object_get(evidence, "subject.name")));
    assert_string_equal("5.0",
                        json_string_value(json_object_get(evidence, "detection.price.expected")));
    assert_string_equal("100.0", json_string_value(json_object_get(evidence, "double_price")));
    assert_int_equal(8, json_object_size(evidence));
    bench_close(&bench);
}

/* The record in an advisory is the datum of the topic before, byte for byte. */
static void an_advisory_carries_its_record(void **state)
{
    struct bench bench = {.stages = jump, .processors = processors};
    const struct bench_output *detected, *advisory;
    char *base64;

    (void)state;
    bench_write(&bench, "body.md", "");
    bench_open(&bench);
    feed_jumps(&bench, 0, 4);
    bench_run(&bench);
    detected = bench_output(&bench, "detect", 3);
    advisory = bench_output(&bench, "advise", 0);
    assert_int_equal(mr_schema_id(mr_segment_schema(bench.segment, 1)),
                     json_integer_value(bench_get(advisory, "record_schema_id")));
    base64 = strdup(bench_text(advisory, "record"));
    assert_non_null(base64);
    assert_int_equal((detected->value.size - 5 + 2) / 3 * 4, strlen(base64));
    /* All of it is in the advisory's own bytes too. */
    assert_true(mr_span_find(advisory->value,
                             (struct mr_span){detected->value.data + 5, detected->value.size - 5}) <
                advisory->value.size);
    free(base64);
    bench_close(&bench);
}

static void what_repeats_is_held_back_and_counted(void **state)
{
    (void)state;
    for (int restarts = 0; restarts < 2; restarts++) {
        struct bench bench = {.stages = jump, .processors = processors};
        size_t count = 0;

        bench_write(&bench, "body.md", body);
        bench_open(&bench);
        for (int i = 0; i < 10; i++) {
            feed_jumps(&bench, i, i + 1);
            bench_run(&bench);
            if (bench_count(&bench, "advise") > 0) {
                const struct bench_output *output = bench_output(&bench, "advise", 0);

                /* 50 at 18 h; 50 again at 24 h is held back; 0.5 at 54 h is news. */
                assert_int_equal(count == 0 ? 3 : 9, i);
                assert_int_equal(count, json_integer_value(bench_get(output, "suppressed_before")));
                count++;
            }
            if (restarts) {
                bench_restart(&bench);
            }
        }
        assert_int_equal(2, count);
        bench_close(&bench);
    }
}

static void the_same_record_makes_the_same_advisory(void **state)
{
    char *ids[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench bench = {.stages = jump, .processors = processors};

        bench_write(&bench, "body.md", body);
        bench_open(&bench);
        feed_jumps(&bench, 0, 4);
        bench_run(&bench);
        ids[i] = strdup(bench_text(bench_output(&bench, "advise", 0), "id"));
        bench_close(&bench);
    }
    assert_string_equal(ids[0], ids[1]);
    /* SHA-256 of "bench" 0 "price_jump" 0 "abcdefghijklmnopqrstuvwxyz012345" and 3 as 8 bytes. */
    assert_string_equal("1600b7615838e025a51af2d120bbff63", ids[0]);
    free(ids[0]);
    free(ids[1]);
}

static void texts_say_values_as_people_write_them(void **state)
{
    static const struct {
        const char *title;
        const char *said;
    } rows[] = {
        {"no placeholder } } { {", "no placeholder } } { {"},
        {"{{subject.price}}", "12.5"},
        {"{{subject.price | .2f}}", "12.50"},
        {"{{subject.price | +.1f}}", "+12.5"},
        {"{{-subject.price | .0f}}", "-12"},
        {"{{subject.price * 0.0 - 0.001 | .1f}}", "0.0"},
        {"{{2.0}}, {{0.1 + 0.2}}, {{1e300}}", "2, 0.30000000000000004, 1e+300"},
        {"{{subject.count}} of {{subject.count > 1}}", "3 of true"},
        {"{{subject.amount | \"unknown\"}}", "unknown"},
        {"{{subject.amount | .2f | \"un|known }}\"}}", "un|known }}"},
        {"{{ 100 / (subject.count - 3) }}", "(unknown: division_by_zero)"},
        {"{{ 100 / (subject.count - 3) | \"none\" }}", "none"},
        {"{{origin.event_time}}", "1970-01-01T00:00:01Z"},
        {"{{origin.event_time | date}}", "1970-01-01"},
        {"{{subject.name + \"}}\" + \"|\"}}", "milk}}|"},
        {"{{ {\"a\": {\"b\": 1}}.a.b }}", "1"},
        {"{{subject.price > 1.0 || false ? \"yes\" : \"no\"}}", "yes"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char stages[512];
        struct bench bench = {.stages = stages, .processors = processors};

        print_message("  %s\n", rows[i].title);
        (void)snprintf(stages, sizeof(stages),
                       "- advise:\n  - {name: a, when: 'true', title: '%s'}\n", rows[i].title);
        bench_open(&bench);
        bench_feed(&bench,
                   "{\"id\": \"a\", \"name\": \"milk\", \"price\": 12.5, \"amount\": null, "
                   "\"count\": 3, \"tags\": []}",
                   1000);
        bench_run(&bench);
        assert_string_equal(rows[i].said, bench_text(bench_output(&bench, "advise", 0), "title"));
        bench_close(&bench);
    }
}

static void what_cannot_be_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *label;
        const char *rule;
        const char *problem;
    } rows[] = {
        {"no such field", "when: 'true', title: '{{subject.nam}}'", "did you mean"},
        {"a value that may be null", "when: 'true', title: '{{subject.amount}}'",
         "which may be null"},
        {"a list", "when: 'true', title: '{{subject.tags}}'", "which cannot be put into a text"},
        {"decimals of a text", "when: 'true', title: '{{subject.name | .2f}}'", "has no decimals"},
        {"the date of a number", "when: 'true', title: '{{subject.price | date}}'",
         "is no timestamp"},
        {"a format that is none", "when: 'true', title: '{{subject.price | %f}}'", "is no format"},
        {"a placeholder without end", "when: 'true', title: 'a {{subject.price'", "has no }}"},
        {"too many parts", "when: 'true', title: '{{subject.price | .1f | \"a\" | \"b\"}}'",
         "at most a format and a text"},
        {"a body that is not there", "when: 'true', title: a, body: none.md", "cannot be opened"},
        {"a condition that is none", "when: subject.price, title: a", "must be bool"},
        {"a key that does not place a record",
         "when: 'true', title: a, suppress: {key: subject.name, for: 1h}",
         "does not determine the partition"},
        {"no such severity", "when: 'true', title: a, severity: hi", "is none of info, low"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char stages[512];
        struct bench bench = {.stages = stages, .processors = processors};

        (void)snprintf(stages, sizeof(stages), "- advise:\n  - {name: a, %s}\n", rows[i].rule);
        print_message("  %s\n", rows[i].label);
        assert_false(bench_try(&bench));
        if (strstr(bench.problems, rows[i].problem) == NULL) {
            fail_msg("%s", bench.problems);
        }
        bench_close(&bench);
    }
}

static void a_condition_that_fails_does_not_hold_and_is_counted(void **state)
{
    struct bench bench = {.stages = "- advise:\n"
                                    "  - {name: a, when: 100 / subject.count > 1, title: a}\n"
                                    "  - {name: b, when: 'true', title: b}\n",
                          .processors = processors};
    struct mr_counters *counters;

    (void)state;
    bench_open(&bench);
    bench_feed(&bench,
               "{\"id\": \"a\", \"name\": \"\", \"price\": 5, \"amount\": null, \"count\": 0, "
               "\"tags\": []}",
               0);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "advise"));
    assert_string_equal("b", bench_text(bench_output(&bench, "advise", 0), "rule"));
    counters = mr_segment_counters(bench.segment);
    assert_string_equal("rule_error", counters->reasons[0].reason);
    assert_int_equal(1, counters->reasons[0].count);
    assert_int_equal(1, mr_counted(&counters->passed));
    bench_close(&bench);
}

static void every_shortage_of_room_is_reported(void **state)
{
    struct bench bench = {.stages = jump, .processors = processors};

    (void)state;
    bench_write(&bench, "body.md", body);
    bench_open(&bench);
    feed_jumps(&bench, 0, 5);
    assert_true(bench_starve(&bench) > 10);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_advisory_explains_itself),
        cmocka_unit_test(an_advisory_carries_its_record),
        cmocka_unit_test(what_repeats_is_held_back_and_counted),
        cmocka_unit_test(the_same_record_makes_the_same_advisory),
        cmocka_unit_test(texts_say_values_as_people_write_them),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(a_condition_that_fails_does_not_hold_and_is_counted),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };
    return cmocka_run_group_tests_name("advise", tests, NULL, NULL);
}
