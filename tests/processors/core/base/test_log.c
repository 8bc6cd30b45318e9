/* Goal: a line of the log is one line, and in the JSON form one object that holds the same pairs,
 * whatever the values are.
 * Method: a table of pairs; the stream is memory; the time is cut off, as it is the clock's. */
#include "processors/core/base/error.h"
#include "processors/core/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a write leaves; the caller frees it. */
static char *written(enum mr_log_form form, const char *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    const struct mr_log log = {stream, "detect", MR_INFO, form};

    MR_LOG(&log, MR_WARN, "batch_replayed", "n=%d why=\"%s\" partition=3", 7, value);
    MR_LOG(&log, MR_DEBUG, "below_the_floor", "n=%d", 1);
    (void)fclose(stream);
    return text;
}

static void each_form_keeps_the_pairs(void **state)
{
    static const struct {
        const char *label, *value, *text, *json;
    } rows[] = {
        {"plain", "ok", "ok", "ok"},
        {"blanks", "two words", "two words", "two words"},
        {"nothing", "", "", ""},
        {"quotes", "say \"hi\" now", "say \"hi\" now", "say \\\"hi\\\" now"},
        {"backslash", "a\\b", "a\\b", "a\\\\b"},
        {"a line's end", "a\nlevel=error", "a level=error", "a level=error"},
        {"an escape sequence", "\x1B[2J", "?[2J", "?[2J"},
        {"UTF-8", "caf\xC3\xA9", "caf\xC3\xA9", "caf\xC3\xA9"},
        {"not UTF-8", "caf\xE9", "caf?", "caf?"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char *text = written(MR_LOG_TEXT, rows[i].value);
        char *json = written(MR_LOG_JSON, rows[i].value);
        char wanted[256];

        print_message("  %s\n", rows[i].label);
        (void)snprintf(
            wanted, sizeof(wanted),
            "level=warn component=detect event=batch_replayed n=7 why=\"%s\" partition=3\n",
            rows[i].text);
        assert_string_equal(wanted, text);
        (void)snprintf(wanted, sizeof(wanted),
                       ",\"level\":\"warn\",\"component\":\"detect\",\"event\":\"batch_replayed\","
                       "\"n\":\"7\",\"why\":\"%s\",\"partition\":\"3\"}\n",
                       rows[i].json);
        assert_int_equal(0, strncmp(json, "{\"time_ms\":1", 12));
        assert_string_equal(wanted, strchr(json, ','));
        free(text);
        free(json);
    }
}

/* Two bytes a character: somewhere the cut falls into one, whichever size it has. */
static void a_line_that_is_too_long_is_cut_between_characters(void **state)
{
    char value[4097];

    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        char *json;

        memset(value, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof(value); i += 2) {
            memcpy(value + i, "\xC3\xA9", 3);
        }
        json = written(MR_LOG_JSON, value);
        assert_non_null(strstr(json, "\xC3\xA9\"}\n"));
        assert_null(strchr(json, '?'));
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_keeps_the_pairs),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
