/* Goal: JSON that is read or written where memory ends is whole or not there, and nothing of it is
 * left.
 * Method: each allocation fails once, over texts with escapes, with tokens longer than jansson's
 * scanner has room for at first, and with a fault at the end. */
#include "processors/core/base/json_text.h"
#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *label, *text;
    bool is_json;
} rows[] = {
    {"escapes",
     "{\"a long name of a member\": \"\\\"\\u00e4\\ud834\\udd1e\\\\\\n and more than that\"}",
     true},
    {"nested", "[{\"a\": [1, 2.5, [true, null, {\"b\": {\"c\": \"0123456789abcdef\"}}]]}, {}]",
     true},
    {"long numbers", "[123456789012345678, 1.2345678901234567890123456789e300]", true},
    {"cut short", "{\"a long name of a member\": [\"0123456789abcdef\", {\"b\": 1}", false},
    {"a wrong escape", "[\"0123456789abcdef\\q\"]", false},
};

static void what_is_read_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        json_t *wanted = json_loads(rows[i].text, 0, NULL);
        bool has_failed = true;
        unsigned at = 0;

        while (has_failed) {
            struct mr_error err = {0};
            json_t *json = NULL;
            enum mr_code code;

            at++;
            memory_fail_at(at);
            code = mr_json_load(mr_span_text(rows[i].text), 0, &json, NULL, &err);
            has_failed = memory_stop();
            assert_int_equal(has_failed ? MR_NO_ROOM : MR_OK, code);
            assert_int_equal(has_failed, err.text[0] != '\0');
            assert_int_equal(!has_failed && rows[i].is_json, json != NULL);
            assert_true(json == NULL || json_equal(wanted, json));
            json_decref(json);
        }
        print_message("  %s: %u allocations failed once\n", rows[i].label, at - 1);
        assert_true(at > 5);
        json_decref(wanted);
    }
}

static void what_is_written_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        json_t *json = json_loads(rows[i].text, 0, NULL);
        char *wanted = json_dumps(json, JSON_COMPACT);
        bool has_failed = json != NULL;

        for (unsigned at = 1; has_failed; at++) {
            char *text;

            memory_fail_at(at);
            text = mr_json_dump(json, JSON_COMPACT);
            has_failed = memory_stop();
            assert_int_equal(has_failed, text == NULL);
            assert_true(text == NULL || strcmp(wanted, text) == 0);
            free(text);
        }
        free(wanted);
        json_decref(json);
    }
}

/* What is no JSON is freed in the time that reading it took. */
static void a_long_list_with_a_fault_at_its_end_is_refused_soon(void **state)
{
    const size_t size = (size_t)4 << 20;
    char *text = malloc(size + 1);
    json_t *json;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = i % 2 == 0 ? ',' : '1';
    }
    text[0] = '[';
    text[size] = '\0';
    assert_int_equal(MR_OK, mr_json_load(mr_span_text(text), 0, &json, NULL, NULL));
    assert_null(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_whole),
        cmocka_unit_test(what_is_written_is_whole),
        cmocka_unit_test(a_long_list_with_a_fault_at_its_end_is_refused_soon),
    };

    memory_open();
    return cmocka_run_group_tests_name("base memory", tests, NULL, NULL);
}
