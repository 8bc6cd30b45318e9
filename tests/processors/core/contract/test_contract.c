/* Goal: a contract is read as the Schema Registry writes it, and what is not of the format is
 * refused with its place. Method: tables of documents, of patterns, of schemas. */
#include "processors/core/contract/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* As GET /subjects/readings-value/versions/3 answers. */
static const char whole[] =
    "{\"subject\":\"readings-value\",\"version\":3,\"id\":17,\"guid\":\"x\",\"ts\":1,"
    "\"schemaType\":\"AVRO\",\"references\":[],\"schema\":\"\\\"string\\\"\","
    "\"metadata\":{\"tags\":{\"acme.Reading.ssn\":[\"PII\"],\"**.note\":[\"TEXT\"]},"
    "\"properties\":{\"owner\":\"ops\",\"cel.regex.engine\":\"re2\"},\"sensitive\":[]},"
    "\"ruleSet\":{\"migrationRules\":[{\"name\":\"up\",\"kind\":\"TRANSFORM\",\"type\":\"JSONATA\","
    "\"mode\":\"UPGRADE\",\"expr\":\"$\"}],\"encodingRules\":null,\"enableAt\":\"CLIENT\","
    "\"domainRules\":[{\"name\":\"temp-range_1\",\"doc\":\"d\",\"kind\":\"CONDITION\","
    "\"mode\":\"WRITEREAD\",\"type\":\"CEL\",\"tags\":[\"PII\"],"
    "\"params\":{\"dlq.topic\":\"readings.dlq\",\"owner\":\"me\"},"
    "\"expr\":\"message.temp > 0\",\"onSuccess\":\"NONE\",\"onFailure\":\"DLQ,NONE\","
    "\"disabled\":false},"
    "{\"name\":\"plain\",\"type\":\"CEL\",\"expr\":\"true\",\"disabled\":true,\"tags\":null}]}}";

static struct mr_contract *read_good(const char *text)
{
    struct mr_contract *contract = NULL;
    struct mr_error err = {0};

    if (mr_contract_read(mr_span_text(text), &contract, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    return contract;
}

static void a_registered_contract_is_read_whole(void **state)
{
    struct mr_contract *contract = read_good(whole);
    const struct mr_contract_rule *rule = &contract->rules[0];
    json_t *tags = json_array();

    (void)state;
    assert_string_equal("CLIENT", contract->enable_at);
    assert_string_equal("\"string\"", contract->schema);
    assert_int_equal(3, contract->rule_count);
    assert_string_equal("temp-range_1", rule->name);
    assert_string_equal("ruleSet.domainRules[0]", rule->place);
    assert_string_equal("CEL", rule->type);
    assert_int_equal(MR_CONTRACT_CONDITION, rule->kind);
    assert_int_equal(MR_CONTRACT_WRITEREAD, rule->mode);
    assert_string_equal("DLQ", rule->on_failure[MR_CONTRACT_WRITES]);
    assert_string_equal("NONE", rule->on_failure[MR_CONTRACT_READS]);
    assert_string_equal("me", mr_contract_param(contract, rule, "owner"));
    assert_string_equal("re2", mr_contract_param(contract, rule, "cel.regex.engine"));
    assert_null(mr_contract_param(contract, rule, "none"));
    assert_true(mr_contract_param_is(contract, rule, "cel.regex.engine", "RE2"));
    assert_false(mr_contract_param_is(contract, rule, "none", ""));
    assert_true(contract->rules[1].is_disabled);
    assert_int_equal(MR_CONTRACT_TRANSFORM, contract->rules[1].kind);
    assert_string_equal("ERROR", contract->rules[1].on_failure[MR_CONTRACT_READS]);
    assert_string_equal("migrationRules", contract->rules[2].list);
    assert_int_equal(MR_CONTRACT_UPGRADE, contract->rules[2].mode);
    mr_contract_tags(contract, "acme.Reading.ssn", tags);
    mr_contract_tags(contract, "a.b.c.note", tags);
    mr_contract_tags(contract, "acme.Reading.id", tags);
    assert_int_equal(2, json_array_size(tags));
    json_decref(tags);
    mr_contract_free(contract);
}

static void a_rule_set_may_stand_alone(void **state)
{
    struct mr_contract *contract =
        read_good("{\"domainRules\": [{\"name\": \"a\", \"type\": \"CEL\", \"expr\": \"true\"}]}");

    (void)state;
    assert_int_equal(1, contract->rule_count);
    assert_null(contract->schema);
    mr_contract_free(contract);
    contract = read_good("{\"schema\": \"\\\"int\\\"\"}");
    assert_int_equal(0, contract->rule_count);
    mr_contract_free(contract);
}

#define RULE(members) \
    "{\"ruleSet\": {\"domainRules\": [{\"name\": \"a\", \"type\": \"CEL\"}, {" members "}]}}"

static void what_is_not_of_the_format_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{", "line 1, column 1"},
        {"[]", "contract: must be a map"},
        {"{\"schemaType\": \"PROTOBUF\", \"schema\": \"\"}", "only AVRO is read here"},
        {"{\"schema\": 1}", "contract.schema: must be a text"},
        {"{\"ruleSet\": 1}", "ruleSet: must be a map"},
        {"{\"ruleSet\": {\"domainrules\": []}}", "ruleSet.domainrules: there is no such member"},
        {"{\"ruleSet\": {\"domainRules\": {}}}", "ruleSet.domainRules: must be a list of rules"},
        {"{\"ruleSet\": {\"enableAt\": \"BROKER\"}}", "ruleSet.enableAt: there is no \"BROKER\""},
        {"{\"ruleSet\": {\"domainRules\": [1]}}", "ruleSet.domainRules[0]: must be a map"},
        {RULE("\"type\": \"CEL\""), "ruleSet.domainRules[1].name: must begin"},
        {RULE("\"name\": \"1a\", \"type\": \"CEL\""), "name: must begin"},
        {RULE("\"name\": \"a b\", \"type\": \"CEL\""), "name: must begin"},
        {RULE("\"name\": \"a\", \"type\": \"CEL\""), "there are two rules named \"a\""},
        {RULE("\"name\": \"b\""), "type: is missing"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"kind\": \"CHECK\""), "kind: there is no"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"mode\": \"UPGRADE\""), "mode: there is no"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"tags\": \"PII\""), "tags: must be a list"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"params\": {\"a\": 1}"), "params: must be"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"disabled\": \"no\""), "disabled: must be"},
        {RULE("\"name\": \"b\", \"type\": \"CEL\", \"onfailure\": \"DLQ\""), "onfailure: there is"},
        {RULE(
             "\"name\": \"b\", \"type\": \"CEL\", \"mode\": \"READ\", \"onFailure\": \"DLQ,NONE\""),
         "onFailure: two actions need mode"},
        {"{\"schema\": \"\", \"metadata\": {\"tags\": {\"a\": \"PII\"}}}",
         "metadata.tags.a: must be a list of texts"},
        {"{\"schema\": \"\", \"metadata\": {\"properties\": []}}", "properties: must be a map"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_contract *contract = NULL;
        struct mr_error err = {0};

        print_message("  %s\n", rows[i].words);
        assert_int_equal(MR_BAD_CONFIG,
                         mr_contract_read(mr_span_text(rows[i].text), &contract, &err));
        if (strstr(err.text, rows[i].words) == NULL) {
            fail_msg("%s", err.text);
        }
    }
}

static void a_pattern_is_for_the_names_that_it_describes(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } rows[] = {
        {"eve", "eve", true},
        {"eve*", "eve", true},
        {"a*.bob.eve", "alice.bob.eve", true},
        {"a*.bob.e*", "alice.bob.eve", true},
        {"a*", "alice.bob.eve", false},
        {"a**", "alice.bob.eve", true},
        {"alice.bob*", "alice.bob.eve", false},
        {"alice.bob**", "alice.bob.eve", true},
        {"**.eve", "alice.bob.eve", true},
        {"**.*", "alice.bob.eve", true},
        {"alice.???.eve", "alice.bob.eve", true},
        {"alice?bob.eve", "alice.bob.eve", false},
        {"alice\\*", "alice*", true},
        {"alice\\*", "alicex", false},
        {"", "", true},
        {"", "a", false},
        {"*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s %s\n", rows[i].pattern, rows[i].name);
        assert_int_equal(rows[i].matches, mr_contract_matches(rows[i].pattern, rows[i].name));
    }
}

static void what_is_said_of_a_field_is_found_in_the_schema(void **state)
{
    json_t *schema = json_loads(
        "{\"type\": \"record\", \"name\": \"A\", \"namespace\": \"x\", \"fields\": ["
        "{\"name\": \"b\", \"type\": [\"null\", {\"type\": \"array\", \"items\": "
        "{\"type\": \"record\", \"name\": \"B\", \"mark\": 1, \"fields\": ["
        "{\"name\": \"c\", \"type\": \"int\", \"mark\": 2}]}}]},"
        "{\"name\": \"m\", \"type\": {\"type\": \"map\", \"values\": {\"type\": \"record\", "
        "\"name\": \"y.M\", \"fields\": [{\"name\": \"n\", \"type\": \"int\", \"mark\": 3}]}}}]}",
        0, NULL);

    (void)state;
    assert_int_equal(
        1, json_integer_value(json_object_get(mr_contract_entity(schema, "x.B", NULL), "mark")));
    assert_int_equal(
        2, json_integer_value(json_object_get(mr_contract_entity(schema, "x.B", "c"), "mark")));
    assert_int_equal(
        3, json_integer_value(json_object_get(mr_contract_entity(schema, "y.M", "n"), "mark")));
    assert_null(mr_contract_entity(schema, "x.B", "d"));
    assert_null(mr_contract_entity(schema, "z.B", NULL));
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_contract_is_read_whole),
        cmocka_unit_test(a_rule_set_may_stand_alone),
        cmocka_unit_test(what_is_not_of_the_format_is_refused),
        cmocka_unit_test(a_pattern_is_for_the_names_that_it_describes),
        cmocka_unit_test(what_is_said_of_a_field_is_found_in_the_schema),
    };

    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
