/* Goal: a contract for which there is no memory is told to be that, and never read as another one.
 * Method: each allocation of reading one fails once. */
#include "processors/core/contract/contract.h"
#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char whole[] =
    "{\"subject\":\"readings-value\",\"schemaType\":\"AVRO\",\"schema\":\"\\\"string\\\"\","
    "\"metadata\":{\"tags\":{\"acme.Reading.ssn\":[\"PII\"],\"**.note\":[\"TEXT\"]},"
    "\"properties\":{\"owner\":\"the operators of this and that\"}},"
    "\"ruleSet\":{\"enableAt\":\"CLIENT\",\"domainRules\":[{\"name\":\"temp-range_1\",\"doc\":"
    "\"d\","
    "\"kind\":\"CONDITION\",\"mode\":\"WRITEREAD\",\"type\":\"CEL\",\"tags\":[\"PII\"],"
    "\"params\":{\"dlq.topic\":\"readings.dlq\"},\"expr\":\"message.temp > 0 && message.temp < 9\","
    "\"onFailure\":\"DLQ,NONE\"},{\"name\":\"b\",\"type\":\"CEL\",\"expr\":\"true\"}]}}";
static const char alone[] = "{\"domainRules\": [{\"name\": \"temp-range_1\", \"type\": \"CEL\","
                            "\"expr\": \"message.temp > 0 && message.temp < 9\"}]}";

static void check(const struct mr_contract *contract, size_t rules)
{
    assert_int_equal(rules, contract->rule_count);
    assert_string_equal("temp-range_1", contract->rules[0].name);
    assert_string_equal("message.temp > 0 && message.temp < 9", contract->rules[0].expr);
    assert_string_equal("ruleSet.domainRules[0]", contract->rules[0].place);
}

static unsigned fail_each(const char *text, size_t rules)
{
    bool has_failed = true;
    unsigned at = 0;

    while (has_failed) {
        struct mr_contract *contract = NULL;
        struct mr_error err = {0};
        enum mr_code code;

        at++;
        memory_fail_at(at);
        code = mr_contract_read(mr_span_text(text), &contract, &err);
        has_failed = memory_stop();
        if ((code == MR_OK) == has_failed || (has_failed && code != MR_NO_ROOM)) {
            fail_msg("allocation %u: %s: %s", at, mr_code_words(code), err.text);
        }
        assert_int_equal(has_failed, err.text[0] != '\0');
        if (code != MR_OK) {
            assert_null(contract);
            assert_int_equal(MR_OK, mr_contract_read(mr_span_text(text), &contract, NULL));
        }
        check(contract, rules);
        mr_contract_free(contract);
    }
    return at - 1;
}

static void each_allocation_may_fail_once(void **state)
{
    (void)state;
    print_message("  a whole contract: %u allocations failed once\n", fail_each(whole, 2));
    print_message("  a rule set alone: %u allocations failed once\n", fail_each(alone, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail_once),
    };

    memory_open();
    return cmocka_run_group_tests_name("contract memory", tests, NULL, NULL);
}
