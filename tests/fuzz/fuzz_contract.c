/* Goal: no document makes the reader of contracts crash, leak or run away; what it takes has all
 * that a contract promises, and what it does not take it refuses with words.
 * Method: libFuzzer over the document; what was read is asked for its tags, parameters and places.
 */
#include "processors/core/contract/contract.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rule(const struct mr_contract *contract, const struct mr_contract_rule *rule)
{
    MR_ASSERT(strncmp(rule->place, "ruleSet.", 8) == 0);
    MR_ASSERT(rule->list != NULL && rule->name != NULL && rule->type != NULL && rule->expr != NULL);
    MR_ASSERT(rule->name[0] != '\0');
    MR_ASSERT(rule->tags == NULL || json_is_array(rule->tags));
    MR_ASSERT(rule->params == NULL || json_is_object(rule->params));
    for (size_t side = 0; side < MR_CONTRACT_SIDES; side++) {
        MR_ASSERT(rule->on_success[side] != NULL && rule->on_failure[side] != NULL);
    }
    (void)mr_contract_param_is(contract, rule, "dlq.topic", "a");
}

/* The schema's text is anybody's JSON here: the reader has not looked into it. */
static void check_schema(const struct mr_contract *contract)
{
    json_t *schema = json_loads(contract->schema, JSON_DECODE_ANY, NULL);
    const json_t *record = mr_contract_entity(schema, "a.R", NULL);

    MR_ASSERT(record == NULL || json_is_object(record));
    MR_ASSERT(record != NULL || mr_contract_entity(schema, "a.R", "f") == NULL);
    json_decref(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_contract *contract = NULL;
    struct mr_error err = {0};
    json_t *tags;

    if (mr_contract_read((struct mr_span){data, size}, &contract, &err) != MR_OK) {
        MR_ASSERT(err.text[0] != '\0');
        return 0;
    }
    MR_ASSERT(contract->enable_at != NULL);
    for (size_t i = 0; i < contract->rule_count; i++) {
        check_rule(contract, &contract->rules[i]);
    }
    tags = json_array();
    mr_contract_tags(contract, "a.R.f", tags);
    mr_contract_tags(contract, "", tags);
    json_decref(tags);
    if (contract->schema != NULL) {
        check_schema(contract);
    }
    mr_contract_free(contract);
    return 0;
}
