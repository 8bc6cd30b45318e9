/* Goal: a contract that is registered holds as one in a file does, and is the same for all workers
 * of a process; one that cannot be had is refused with the reason. Method: a registry in memory. */
#include "processors/validate/validate.h"
#include "tests/support/bench.h"
#include "tests/support/registry_fake.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct mr_processor_ops *const processors[] = {&mr_validate_ops, NULL};

static const char subject[] =
    "{\"type\": \"record\", \"name\": \"Reading\", \"fields\": ["
    "{\"name\": \"id\", \"type\": \"string\"}, {\"name\": \"temp\", \"type\": \"double\"}]}";

/* A contract whose first version is kinder than its second. */
static void add_versions(struct registry_fake *fake)
{
    static const struct {
        const char *floor, *schema;
    } versions[] = {{"-80.0", subject}, {"0.0", "{\"type\": \"string\"}"}};

    for (size_t i = 0; i < MR_COUNT(versions); i++) {
        char text[300];
        json_t *members;

        (void)snprintf(text, sizeof(text),
                       "{\"schemaType\": \"AVRO\", \"metadata\": {\"properties\": {\"owner\": "
                       "\"ops\"}}, \"ruleSet\": {\"domainRules\": [{\"name\": \"floor\", \"kind\": "
                       "\"CONDITION\", \"type\": \"CEL\", \"expr\": \"message.temp > %s\"}]}}",
                       versions[i].floor);
        members = json_loads(text, 0, NULL);
        assert_non_null(members);
        (void)registry_fake_add(fake, "readings-value", versions[i].schema, members);
    }
}

static void set_up_registered(struct bench *bench, const struct registry_fake *fake,
                              const char *rule_set)
{
    static char stages[400];

    (void)snprintf(stages, sizeof(stages), "- validate: {rule_set: {%s}}\n", rule_set);
    if (fake != NULL) {
        (void)snprintf(stages + strlen(stages), sizeof(stages) - strlen(stages),
                       "registry: {url: \"%s\", attempts: 1}\n", registry_fake_url(fake));
    }
    *bench = (struct bench){.stages = stages, .subject = subject, .processors = processors};
}

static void a_registered_contract_is_asked_for_once(void **state)
{
    static const struct {
        const char *rule_set;
        size_t passed; /* of -10 and 10 degrees */
    } rows[] = {
        {"subject: readings-value", 1},
        {"subject: readings-value, version: latest", 1},
        {"subject: readings-value, version: 1", 2},
        {"subject: readings-value, version: 2", 1},
    };
    struct registry_fake fake = {.flavour = FLAVOUR_CONFLUENT};

    (void)state;
    registry_fake_open(&fake);
    add_versions(&fake);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;
        unsigned asked;

        print_message("  %s\n", rows[i].rule_set);
        set_up_registered(&bench, &fake, rows[i].rule_set);
        bench_open(&bench);
        asked = fake.requests;
        bench_restart(&bench); /* another worker of the process */
        assert_int_equal(asked, fake.requests);
        bench_feed(&bench, "{\"id\": \"a\", \"temp\": 10}", 0);
        bench_feed(&bench, "{\"id\": \"b\", \"temp\": -10}", 0);
        bench_run(&bench);
        assert_int_equal(rows[i].passed, bench_count(&bench, "validate"));
        assert_int_equal(2 - rows[i].passed, bench_count(&bench, "validate.dlq"));
        bench_close(&bench);
    }
    registry_fake_close(&fake);
}

static void a_contract_that_is_nowhere_is_refused(void **state)
{
    static const struct {
        const char *rule_set;
        bool has_registry;
        unsigned status; /* of every answer; 0: as it is */
        enum mr_code code;
        const char *words;
    } rows[] = {
        {"mode: write", true, 0, MR_BAD_CONFIG, "either file or subject says where"},
        {"file: a.json, subject: x", true, 0, MR_BAD_CONFIG, "either file or subject says where"},
        {"subject: [x]", true, 0, MR_BAD_CONFIG, "a name is expected"},
        {"subject: x, version: newest", true, 0, MR_BAD_CONFIG, "a number from 1, or latest"},
        {"subject: x, version: 0", true, 0, MR_BAD_CONFIG, "a number from 1, or latest"},
        {"subject: x, version: 99999999999", true, 0, MR_BAD_CONFIG, "a number from 1, or latest"},
        {"file: a.json, version: 2", true, 0, MR_BAD_CONFIG, "a file has none"},
        {"subject: readings-value", false, 0, MR_BAD_CONFIG, "names no registry to ask"},
        {"subject: other-value", true, 0, MR_BAD_CONFIG, "has no /subjects/other-value/versions"},
        {"subject: readings-value, version: 3", true, 0, MR_BAD_CONFIG, "versions/3"},
        {"subject: readings-value", true, 503, MR_UNAVAILABLE, "503"},
        {"subject: readings-value", true, 401, MR_REFUSED, "does not let us"},
    };
    struct registry_fake fake = {.flavour = FLAVOUR_CONFLUENT};

    (void)state;
    registry_fake_open(&fake);
    add_versions(&fake);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench;

        print_message("  %s: %s\n", rows[i].rule_set, rows[i].words);
        fake.status = rows[i].status;
        fake.fail_at = rows[i].status > 0 ? fake.requests + 1 : 0;
        fake.fail_until = rows[i].status > 0 ? UINT_MAX : 0;
        set_up_registered(&bench, rows[i].has_registry ? &fake : NULL, rows[i].rule_set);
        assert_false(bench_try(&bench));
        assert_int_equal(rows[i].code, bench.error.code);
        if (strstr(bench.problems, rows[i].words) == NULL &&
            strstr(bench.error.text, rows[i].words) == NULL) {
            fail_msg("%s%s", bench.problems, bench.error.text);
        }
        bench_close(&bench);
    }
    registry_fake_close(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_contract_is_asked_for_once),
        cmocka_unit_test(a_contract_that_is_nowhere_is_refused),
    };

    return cmocka_run_group_tests_name("registered", tests, NULL, NULL);
}
