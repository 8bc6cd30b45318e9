/* Goal: a contract written for Confluent's Schema Registry gives each record the verdict that it
 * has there, and what cannot run here is refused by name. Method: contracts of that form over the
 * bench: real bytes in, real bytes and dead letters out. */
#include "processors/validate/validate.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CLASS "__connect.errors.exception.class.name"
#define MESSAGE "__connect.errors.exception.message"

static const struct mr_processor_ops *const processors[] = {&mr_validate_ops, NULL};

/* Tags in the schema, rules in the schema, records in records, lists and maps. */
static const char subject[] =
    "{\"type\": \"record\", \"name\": \"Reading\", \"namespace\": \"acme\", \"fields\": ["
    "{\"name\": \"id\", \"type\": \"string\"},"
    "{\"name\": \"kind\", \"type\": \"string\"},"
    "{\"name\": \"temp\", \"type\": \"double\"},"
    "{\"name\": \"ssn\", \"type\": [\"null\", \"string\"], \"confluent:tags\": [\"PII\"]},"
    "{\"name\": \"is_new\", \"type\": \"boolean\"},"
    "{\"name\": \"at\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}},"
    "{\"name\": \"site\", \"type\": {\"type\": \"record\", \"name\": \"Site\", \"fields\": ["
    "  {\"name\": \"note\", \"type\": \"string\"}, {\"name\": \"floor\", \"type\": \"int\"}]}},"
    "{\"name\": \"parts\", \"type\": {\"type\": \"array\", \"items\": "
    "  {\"type\": \"record\", \"name\": \"Part\", \"fields\": ["
    "    {\"name\": \"code\", \"type\": \"string\"},"
    "    {\"name\": \"inner\", \"type\": [\"null\", \"Part\"], \"default\": null}]}}}]}";

struct reading {
    const char *id, *kind;
    double temp;
    const char *ssn; /* JSON */
    const char *note, *code;
    const char *code_inside; /* NULL: no part in the part */
};

static const struct reading good = {"a",  "T",  20,  "{\"string\": \"123-45-6789\"}",
                                    "ok", "P1", "P2"};

static void feed(struct bench *bench, const struct reading *reading)
{
    char inner[100] = "null", text[1000];

    if (reading->code_inside != NULL) {
        (void)snprintf(inner, sizeof(inner), "{\"acme.Part\": {\"code\": \"%s\", \"inner\": null}}",
                       reading->code_inside);
    }
    (void)snprintf(
        text, sizeof(text),
        "{\"id\": \"%s\", \"kind\": \"%s\", \"temp\": %g, \"ssn\": %s, \"is_new\": false,"
        " \"at\": 1700000000000, \"site\": {\"note\": \"%s\", \"floor\": 2},"
        " \"parts\": [{\"code\": \"%s\", \"inner\": %s}]}",
        reading->id, reading->kind, reading->temp, reading->ssn, reading->note, reading->code,
        inner);
    bench_feed(bench, text, 0);
}

#define CONTRACT(metadata, rules) \
    "{\"schemaType\": \"AVRO\", \"metadata\": {" metadata \
    "}, \"ruleSet\": {\"domainRules\": [" rules "]}}"
#define CONDITION(name, type, more, expr) \
    "{\"name\": \"" name "\", \"kind\": \"CONDITION\", \"type\": \"" type "\", " more \
    "\"expr\": \"" expr "\"}"

static void set_up(struct bench *bench, const char *contract, const char *options)
{
    static char stages[500];

    (void)snprintf(stages, sizeof(stages), "- validate: {rule_set: {file: contract.json%s}}\n",
                   options);
    *bench = (struct bench){.stages = stages, .subject = subject, .processors = processors};
    bench_write(bench, "contract.json", contract);
}

static const struct verdict_row {
    const char *label, *contract, *options;
    struct reading reading;
    const char *reason;   /* of the dead letter; "": passes */
    const char *rule;     /* its __rule.name */
    const char *message;  /* part of what it says */
    const char *warnings; /* of what passes */
} verdicts[] = {
    {"a condition that holds",
     CONTRACT("", CONDITION("r", "CEL", "", "message.temp > -80.0")),
     "",
     {.temp = 20},
     "",
     NULL,
     NULL,
     "[]"},
    {"one that does not",
     CONTRACT("", CONDITION("r", "CEL", "", "message.temp > -80.0")),
     "",
     {.temp = -90},
     "rule_failed",
     "r",
     "message.temp > -80.0 is false; message.temp is -90",
     NULL},
    {"a guard that does not let through",
     CONTRACT("", CONDITION("r", "CEL", "", "message.kind == 'X' ; message.temp > 100.0")),
     "",
     {.temp = 20},
     "",
     NULL,
     NULL,
     "[]"},
    {"a guard that does",
     CONTRACT("", CONDITION("r", "CEL", "", "message.kind == 'T' ; message.temp > 100.0")),
     "",
     {.temp = 20},
     "rule_failed",
     "r",
     "message.temp > 100.0 is false",
     NULL},
    {"a guard that is an error skips",
     CONTRACT("", CONDITION("r", "CEL", "", "1 / int(message.temp) > 0; false")),
     "",
     {.temp = 0},
     "",
     NULL,
     NULL,
     "[]"},
    {"no guard by declaration",
     CONTRACT("", CONDITION("r", "CEL", "\"params\": {\"cel.ignore.guard.separator\": \"true\"}, ",
                            "message.site.note != ';'")),
     "",
     {.note = ";"},
     "rule_failed",
     "r",
     "is false",
     NULL},
    {"the same by the metadata",
     CONTRACT("\"properties\": {\"cel.ignore.guard.separator\": \"true\"}",
              CONDITION("r", "CEL", "", "message.site.note != ';'")),
     "",
     {.note = "x"},
     "",
     NULL,
     NULL,
     "[]"},
    {"an error fails",
     CONTRACT("", CONDITION("r", "CEL", "", "1 / int(message.temp) > 0")),
     "",
     {.temp = 0},
     "rule_error",
     "r",
     "division_by_zero",
     NULL},
    {"NONE lets it pass, named",
     CONTRACT("", CONDITION("r", "CEL", "\"onFailure\": \"NONE\", ", "false") "," CONDITION(
                      "s", "CEL", "\"onFailure\": \"NONE\", ", "message.temp > 1.0")),
     "",
     {.temp = 0},
     "",
     NULL,
     NULL,
     "[\"r\",\"s\"]"},
    {"DLQ where written",
     CONTRACT("", CONDITION("r", "CEL", "\"onFailure\": \"DLQ,NONE\", ", "false")),
     "",
     {.temp = 0},
     "rule_failed",
     "r",
     "false is false",
     NULL},
    {"NONE where read",
     CONTRACT("", CONDITION("r", "CEL", "\"onFailure\": \"DLQ,NONE\", ", "false")),
     ", mode: read",
     {.temp = 0},
     "",
     NULL,
     NULL,
     "[\"r\"]"},
    {"a rule of the other side does not run",
     CONTRACT("", CONDITION("r", "CEL", "\"mode\": \"READ\", ", "false")),
     "",
     {.temp = 0},
     "",
     NULL,
     NULL,
     "[]"},
    {"nor a disabled one",
     CONTRACT("", CONDITION("r", "CEL", "\"disabled\": true, ", "nonsense(")),
     "",
     {.temp = 0},
     "",
     NULL,
     NULL,
     "[]"},
    {"in order where written",
     CONTRACT("", CONDITION("r", "CEL", "", "false") "," CONDITION("s", "CEL", "", "false")),
     "",
     {.temp = 0},
     "rule_failed",
     "r",
     "",
     NULL},
    {"in reverse where read",
     CONTRACT("", CONDITION("r", "CEL", "", "false") "," CONDITION("s", "CEL", "", "false")),
     ", mode: read",
     {.temp = 0},
     "rule_failed",
     "s",
     "",
     NULL},
    {"matches is the whole text, with look-around",
     CONTRACT("", CONDITION("r", "CEL", "", "message.kind.matches('(?!X)[A-Z]')")),
     "",
     {.kind = "TT"},
     "rule_failed",
     "r",
     "",
     NULL},
    {"and part of it with re2",
     CONTRACT("", CONDITION("r", "CEL", "\"params\": {\"cel.regex.engine\": \"re2\"}, ",
                            "message.kind.matches('[A-Z]')")),
     "",
     {.kind = "TT"},
     "",
     NULL,
     NULL,
     "[]"},
    {"has() of a declared field that is null",
     CONTRACT("", CONDITION("r", "CEL", "", "has(message.ssn) && message.ssn == null")),
     "",
     {.ssn = "null"},
     "",
     NULL,
     NULL,
     "[]"},
    {"now is when the record was made",
     CONTRACT("", CONDITION("r", "CEL", "", "now == timestamp(0)")),
     "",
     {.temp = 1},
     "",
     NULL,
     NULL,
     "[]"},
    {"what does not type, loosely",
     CONTRACT("", CONDITION("r", "CEL", "", "message.temp > 10 && message['kind'] == 'T'")),
     ", loose: true",
     {.temp = 20},
     "",
     NULL,
     NULL,
     "[]"},
    {"loosely, inside of records in lists",
     CONTRACT("", CONDITION("r", "CEL", "", "message['parts'][0]['code'] == 'P9'")),
     ", loose: true",
     {.temp = 20},
     "rule_failed",
     "r",
     "",
     NULL},
    {"fields of a tag in the schema",
     CONTRACT("", CONDITION("r", "CEL_FIELD", "\"tags\": [\"PII\"], ",
                            "typeName == 'STRING' ; value.matches('[0-9-]+')")),
     "",
     {.ssn = "{\"string\": \"x\"}"},
     "rule_failed",
     "r",
     "value is \"x\"",
     NULL},
    {"of which null is another type",
     CONTRACT("", CONDITION("r", "CEL_FIELD", "\"tags\": [\"PII\"], ",
                            "typeName == 'STRING' ; value.matches('[0-9-]+')")),
     "",
     {.ssn = "null"},
     "",
     NULL,
     NULL,
     "[]"},
    {"and an error where no guard is",
     CONTRACT("", CONDITION("r", "CEL_FIELD", "\"tags\": [\"PII\"], ", "size(value) > 1")),
     "",
     {.ssn = "null"},
     "rule_error",
     "r",
     "no_such_overload",
     NULL},
    {"fields of a tag in the metadata, in a record in the record",
     CONTRACT("\"tags\": {\"acme.Site.*\": [\"TEXT\"]}",
              CONDITION("r", "CEL_FIELD", "\"tags\": [\"TEXT\"], ",
                        "name == 'note' ; message.floor == 2 && fullName == 'acme.Site.note' "
                        "&& 'TEXT' in tags && value == 'ok'")),
     "",
     {.note = "bad"},
     "rule_failed",
     "r",
     "fullName is \"acme.Site.note\"",
     NULL},
    {"every field, in a record in a record in a list",
     CONTRACT("", CONDITION("r", "CEL_FIELD", "", "name == 'code' ; value.startsWith('P')")),
     "",
     {.code_inside = "Q"},
     "rule_failed",
     "r",
     "value is \"Q\"",
     NULL},
    {"a boolean that is false is no failure",
     CONTRACT("", CONDITION("r", "CEL_FIELD", "\"tags\": [\"NONE\"], ", "false")),
     "",
     {.temp = 1},
     "",
     NULL,
     NULL,
     "[]"},
};

static void assert_passes(struct bench *bench, const char *wanted)
{
    const struct bench_output *output = bench_output(bench, "validate", 0);
    char *warnings = json_dumps(bench_get(output, "validation.warnings"), JSON_COMPACT);

    assert_string_equal(wanted, warnings);
    free(warnings);
}

static void assert_rejects(struct bench *bench, const struct verdict_row *row)
{
    const struct bench_output *letter = bench_output(bench, "validate.dlq", 0);
    const struct mr_span message = bench_header(letter, MESSAGE);
    const struct mr_span wanted = mr_span_text(row->message);

    assert_true(mr_span_is(bench_header(letter, CLASS), row->reason));
    assert_true(mr_span_is(bench_header(letter, "__rule.name"), row->rule));
    if (wanted.size > 0 && mr_span_find(message, wanted) == message.size) {
        fail_msg("%.*s", MR_SPAN_ARGS(message));
    }
}

/* What a row does not say is as in the good reading. */
static struct reading complete(struct reading reading)
{
    reading.id = good.id;
    reading.code = good.code;
    reading.kind = reading.kind ? reading.kind : good.kind;
    reading.ssn = reading.ssn ? reading.ssn : good.ssn;
    reading.note = reading.note ? reading.note : good.note;
    reading.code_inside = reading.code_inside ? reading.code_inside : good.code_inside;
    return reading;
}

static void each_record_gets_the_verdict_of_its_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(verdicts); i++) {
        const struct reading reading = complete(verdicts[i].reading);
        struct bench bench;

        print_message("  %s\n", verdicts[i].label);
        set_up(&bench, verdicts[i].contract, verdicts[i].options);
        bench_open(&bench);
        feed(&bench, &reading);
        bench_run(&bench);
        if (verdicts[i].reason[0] == '\0') {
            assert_passes(&bench, verdicts[i].warnings);
        } else {
            assert_rejects(&bench, &verdicts[i]);
        }
        bench_close(&bench);
    }
}

/* confluent:rules stand in the schema that the contract brings along. */
static void rules_in_the_schema_tell_all_that_is_wrong(void **state)
{
    static const char contract[] =
        "{\"schema\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": \\\"Reading\\\", "
        "\\\"namespace\\\": \\\"acme\\\", \\\"confluent:rules\\\": [{\\\"name\\\": \\\"whole\\\", "
        "\\\"expr\\\": \\\"this.temp < 100.0 ? '' : 'too hot'\\\"}], \\\"fields\\\": ["
        "{\\\"name\\\": \\\"kind\\\", \\\"type\\\": \\\"string\\\", \\\"confluent:rules\\\": ["
        "{\\\"name\\\": \\\"kind\\\", \\\"expr\\\": \\\"this in ['T', 'P']\\\"}]},"
        "{\\\"name\\\": \\\"ssn\\\", \\\"type\\\": \\\"string\\\", \\\"confluent:rules\\\": ["
        "{\\\"expr\\\": \\\"size(this) > 3\\\"}]}]}\"}";
    struct reading bad = good, null = good;
    struct bench bench;
    struct mr_span message;

    (void)state;
    set_up(&bench, contract, "");
    bench_open(&bench);
    bad.kind = "X";
    bad.temp = 200;
    null.ssn = "null";
    feed(&bench, &bad);
    feed(&bench, &null);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "validate"));
    message = bench_header(bench_output(&bench, "validate.dlq", 0), MESSAGE);
    assert_true(mr_span_find(message, mr_span_text("whole: too hot")) == 0);
    assert_true(mr_span_find(message, mr_span_text(" | kind: this in [")) < message.size);
    bench_close(&bench);
    set_up(&bench, contract, ", mode: read");
    bench_open(&bench);
    feed(&bench, &bad);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "validate"));
    bench_close(&bench);
}

static void what_cannot_run_here_is_refused_by_name(void **state)
{
    static const struct {
        const char *contract, *options, *words;
    } rows[] = {
        {CONTRACT("", "{\"name\": \"t\", \"type\": \"CEL\", \"expr\": \"message\"}"), "",
         "rule \"t\" would change the record (kind TRANSFORM)"},
        {CONTRACT("", "{\"name\": \"e\", \"type\": \"ENCRYPT\", \"kind\": \"TRANSFORM\"}"), "",
         "ruleSet.domainRules[0]: rule \"e\" is of a type"},
        {"{\"migrationRules\": [{\"name\": \"m\", \"type\": \"JSONATA\"}]}", "",
         "rule \"m\" migrates records"},
        {"{\"encodingRules\": [{\"name\": \"n\", \"type\": \"ENCRYPT_PAYLOAD\"}]}", "",
         "rule \"n\" encodes records"},
        {CONTRACT("", CONDITION("a", "CEL", "\"onFailure\": \"EMAIL\", ", "true")), "",
         "rule \"a\" has an action onFailure"},
        {CONTRACT("", CONDITION("a", "CEL", "\"onSuccess\": \"EMAIL\", ", "true")), "",
         "rule \"a\" has an action onSuccess"},
        {CONTRACT("",
                  CONDITION("a", "CEL", "\"params\": {\"cel.regex.engine\": \"perl\"}, ", "true")),
         "", "neither pcre nor re2"},
        {CONTRACT("", CONDITION("a", "CEL", "", "message.tmp > 1.0")), "", "did you mean 'temp'?"},
        {CONTRACT("", CONDITION("a", "CEL", "", "message.temp")), "", "must be bool, not double"},
        {CONTRACT("", CONDITION("a", "CEL", "", "message.temp > 10")), "", NULL},
        {CONTRACT("", CONDITION("a", "CEL_FIELD", "", "value > 1")), "", "'>' does not take"},
        {CONTRACT("", ""), ", without: [x]", "has no rule \"x\""},
        {"{\"ruleSet\": {\"domainRules\": [{}]}}", "", "ruleSet.domainRules[0].name"},
        {"{\"schema\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": \\\"acme.Reading\\\", "
         "\\\"fields\\\": [], \\\"confluent:rules\\\": [{\\\"name\\\": \\\"q\\\", \\\"sql\\\": "
         "\\\"x\\\"}]}\"}",
         "", "rule q has no expr, and sql is not read here"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;
        bool is_open;

        print_message("  %s\n", rows[i].words ? rows[i].words : "int and double compare");
        set_up(&bench, rows[i].contract, rows[i].options);
        is_open = bench_try(&bench);
        assert_int_equal(rows[i].words == NULL, is_open);
        if (!is_open && strstr(bench.problems, rows[i].words) == NULL) {
            fail_msg("%s", bench.problems);
        }
        bench_close(&bench);
    }
}

static void a_pipeline_may_do_without_a_rule(void **state)
{
    static const char contract[] =
        CONTRACT("", "{\"name\": \"t\", \"type\": \"CEL\", \"expr\": \"message\"}," CONDITION(
                         "r", "CEL",
                         "\"onFailure\": \"DLQ\", \"params\": {\"dlq.topic\": "
                         "\"other\"}, ",
                         "message.temp > 0.0"));
    struct reading cold = good;
    struct bench bench;

    (void)state;
    set_up(&bench, contract, ", without: [t]");
    bench_open(&bench);
    cold.temp = -1;
    feed(&bench, &good);
    feed(&bench, &cold);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "validate"));
    assert_int_equal(1, bench_count(&bench, "validate.dlq"));
    bench_close(&bench);
}

static void a_set_that_is_for_a_server_does_not_run(void **state)
{
    struct bench bench;

    (void)state;
    set_up(&bench,
           "{\"enableAt\": \"SERVER\", \"domainRules\": [" CONDITION("r", "CEL", "", "false") "]}",
           "");
    bench_open(&bench);
    feed(&bench, &good);
    bench_run(&bench);
    assert_int_equal(1, bench_count(&bench, "validate"));
    bench_close(&bench);
}

static void every_shortage_of_room_is_reported(void **state)
{
    static const char contract[] = CONTRACT(
        "",
        CONDITION("a", "CEL", "\"onFailure\": \"NONE\", ", "message.temp > 100.0") "," CONDITION(
            "b", "CEL_FIELD", "", "name == 'code' ; value == 'P1'"));
    struct bench bench;

    (void)state;
    set_up(&bench, contract, "");
    bench_open(&bench);
    feed(&bench, &good);
    assert_true(bench_starve(&bench) > 10);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_gets_the_verdict_of_its_contract),
        cmocka_unit_test(rules_in_the_schema_tell_all_that_is_wrong),
        cmocka_unit_test(what_cannot_run_here_is_refused_by_name),
        cmocka_unit_test(a_pipeline_may_do_without_a_rule),
        cmocka_unit_test(a_set_that_is_for_a_server_does_not_run),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };

    return cmocka_run_group_tests_name("rule_set", tests, NULL, NULL);
}
