/* Goal: a registry client that finds no memory says so, and knows nothing that is not so: neither
 * that there is no such schema nor that the registry is away. Asked again, it answers.
 * Method: in each question of a client's life each allocation fails once, jansson's and libcurl's
 * too. */
#include "processors/core/registry/registry.h"
#include "tests/support/memory.h"
#include "tests/support/registry_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALLOCATIONS_MAX 20000

struct answers {
    struct mr_registry_found found;
    struct mr_registry_verdict verdict;
    struct mr_span document;
    char level[MR_REGISTRY_LEVEL_SIZE];
    int32_t id;
};

typedef enum mr_code question(struct registry_bench *bench, struct answers *answers,
                              struct mr_error *err);

static enum mr_code ask_id(struct registry_bench *bench, struct answers *answers,
                           struct mr_error *err)
{
    return mr_registry_by_id(bench->registry, 1, &answers->found, err);
}

/* The schema refers to another. */
static enum mr_code ask_referring(struct registry_bench *bench, struct answers *answers,
                                  struct mr_error *err)
{
    return mr_registry_by_id(bench->registry, 3, &answers->found, err);
}

static enum mr_code ask_guid(struct registry_bench *bench, struct answers *answers,
                             struct mr_error *err)
{
    uint8_t guid[MR_REGISTRY_GUID_SIZE];

    registry_fake_guid(1, guid);
    return mr_registry_by_guid(bench->registry, guid, &answers->found, err);
}

static enum mr_code ask_latest(struct registry_bench *bench, struct answers *answers,
                               struct mr_error *err)
{
    return mr_registry_by_version(bench->registry, "s-value", 0, &answers->found, err);
}

static enum mr_code ask_document(struct registry_bench *bench, struct answers *answers,
                                 struct mr_error *err)
{
    return mr_registry_document(bench->registry, "s-value", 1, &answers->document, err);
}

static enum mr_code ask_lookup(struct registry_bench *bench, struct answers *answers,
                               struct mr_error *err)
{
    return mr_registry_lookup(bench->registry, "s-value", bench->price, &answers->found, err);
}

static enum mr_code ask_register(struct registry_bench *bench, struct answers *answers,
                                 struct mr_error *err)
{
    return mr_registry_register(bench->registry, "new-value", bench->other, &answers->id, err);
}

static enum mr_code ask_check(struct registry_bench *bench, struct answers *answers,
                              struct mr_error *err)
{
    return mr_registry_check(bench->registry, "s-value", bench->price, &answers->verdict, err);
}

static enum mr_code ask_level(struct registry_bench *bench, struct answers *answers,
                              struct mr_error *err)
{
    return mr_registry_level(bench->registry, "s-value", answers->level, err);
}

static enum mr_code ask_set_level(struct registry_bench *bench, struct answers *answers,
                                  struct mr_error *err)
{
    (void)answers;
    return mr_registry_set_level(bench->registry, "s-value", "FULL", err);
}

static const struct {
    const char *label;
    question *ask;
    bool is_schema, is_id;
} questions[] = {
    {"by id", ask_id, true, false},
    {"by id, with a reference", ask_referring, true, false},
    {"by GUID", ask_guid, true, false},
    {"by version", ask_latest, true, false},
    {"document", ask_document, false, false},
    {"lookup", ask_lookup, false, true},
    {"register", ask_register, false, true},
    {"check", ask_check, false, false},
    {"level", ask_level, false, false},
    {"set level", ask_set_level, false, false},
};

static void open_bench(struct registry_bench *bench)
{
    static const char a[] = "{\"type\":\"fixed\",\"name\":\"A\",\"size\":1}";
    static const char holder[] = "{\"type\":\"record\",\"name\":\"Holder\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":\"A\"}]}";
    json_t *references = registry_bench_reference("A", "a");

    registry_bench_open(bench, FLAVOUR_CONFLUENT);
    bench->settings.user = "millrace";
    bench->settings.password = "secret";
    mr_registry_free(bench->registry);
    assert_int_equal(MR_OK,
                     mr_registry_new(&bench->settings, &bench->clock, &bench->registry, NULL));
    assert_int_equal(1, registry_fake_add(&bench->fake, "s-value", registry_price, NULL));
    assert_int_equal(2, registry_fake_add(&bench->fake, "a", a, NULL));
    assert_int_equal(3, registry_fake_add(&bench->fake, "holder", holder,
                                          json_pack("{s:[o]}", "references", references)));
}

static void check_answer(size_t i, const struct answers *answers)
{
    if (questions[i].is_schema) {
        assert_null(answers->found.reason);
        assert_non_null(answers->found.schema);
    }
    if (questions[i].is_id) {
        assert_true(answers->id > 0 || answers->found.id > 0);
    }
    if (questions[i].ask == ask_check) {
        assert_true(answers->verdict.is_compatible);
    }
    if (questions[i].ask == ask_document) {
        assert_true(mr_span_find(answers->document, mr_span_text("\"schema\":")) <
                    answers->document.size);
    }
    if (questions[i].ask == ask_level) {
        assert_string_equal("BACKWARD", answers->level);
    }
}

/* true: the at-th allocation was made, and failed. */
static bool fail_once(size_t i, unsigned at)
{
    struct answers answers = {0};
    struct mr_error err = {0};
    struct registry_bench bench;
    enum mr_code code;
    bool has_failed;

    open_bench(&bench);
    memory_fail_at(at);
    code = questions[i].ask(&bench, &answers, &err);
    has_failed = memory_stop();
    if (code == MR_OK) { /* libcurl does without some of its own */
        check_answer(i, &answers);
    } else {
        if (code != MR_NO_ROOM || err.text[0] == '\0') {
            fail_msg("allocation %u: %s: %s", at, mr_code_words(code), err.text);
        }
        assert_true(has_failed);
        assert_null(answers.found.schema);
        assert_null(answers.found.reason);
        answers = (struct answers){0};
        assert_int_equal(MR_OK, questions[i].ask(&bench, &answers, NULL));
        check_answer(i, &answers);
    }
    registry_bench_close(&bench);
    return has_failed;
}

static void each_allocation_may_fail_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(questions); i++) {
        unsigned at = 1;

        print_message("  %s\n", questions[i].label);
        while (fail_once(i, at)) {
            at++;
            assert_true(at < ALLOCATIONS_MAX);
        }
        print_message("  %s: %u allocations failed once\n", questions[i].label, at - 1);
        assert_true(at > 10);
    }
}

static void a_client_is_made_or_not(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:1", "http://127.0.0.1:2, http://[::1]:3"};
    const struct mr_registry_settings settings = {.url = {urls, 2},
                                                  .context = "",
                                                  .user = "a",
                                                  .password = "b",
                                                  .token = "c",
                                                  .ca_file = "d",
                                                  .cert_file = "e",
                                                  .key_file = "f",
                                                  .deadline = 1000,
                                                  .attempts = 1};
    bool has_failed = true;

    (void)state;
    for (unsigned at = 1; has_failed; at++) {
        struct mr_registry *registry;
        struct mr_error err = {0};
        enum mr_code code;

        memory_fail_at(at);
        code = mr_registry_new(&settings, &mr_clock_system, &registry, &err);
        has_failed = memory_stop();
        assert_int_equal(has_failed ? MR_NO_ROOM : MR_OK, code);
        assert_int_equal(has_failed, registry == NULL);
        assert_int_equal(has_failed, err.text[0] != '\0');
        mr_registry_free(registry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_made_or_not),
        cmocka_unit_test(each_allocation_may_fail_once),
    };

    memory_open();
    return cmocka_run_group_tests_name("registry memory", tests, NULL, NULL);
}
