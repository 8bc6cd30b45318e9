#include "processors/core/base/log.h"

#include "processors/core/base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>

static const char *const level_words[] = {"debug", "info", "warn", "error"};

static void put_json_byte(FILE *stream, char byte)
{
    if ((unsigned char)byte < 0x20) {
        (void)fprintf(stream, "\\u%04x", (unsigned)byte);
    } else {
        if (byte == '"' || byte == '\\') {
            (void)fputc('\\', stream);
        }
        (void)fputc(byte, stream);
    }
}

/* a=1 b="two words" becomes ,"a":"1","b":"two words" */
static void put_json_pairs(FILE *stream, const char *pairs)
{
    while (*pairs != '\0') {
        bool is_quoted;

        (void)fputs(",\"", stream);
        for (; *pairs != '\0' && *pairs != '='; pairs++) {
            put_json_byte(stream, *pairs);
        }
        (void)fputs("\":\"", stream);
        pairs += *pairs == '=';
        is_quoted = *pairs == '"';
        pairs += is_quoted;
        for (; *pairs != '\0' && *pairs != (is_quoted ? '"' : ' '); pairs++) {
            put_json_byte(stream, *pairs);
        }
        (void)fputc('"', stream);
        pairs += *pairs == '"';
        while (*pairs == ' ') {
            pairs++;
        }
    }
}

void mr_log_write(const struct mr_log *log, enum mr_level level, const char *event,
                  const char *pairs, ...)
{
    char line[1024];
    va_list args;

    va_start(args, pairs);
    (void)vsnprintf(line, sizeof(line), pairs, args);
    va_end(args);
    flockfile(log->stream);
    if (log->form == MR_LOG_JSON) {
        (void)fprintf(log->stream,
                      "{\"time_ms\":%" PRId64
                      ",\"level\":\"%s\",\"component\":\"%s\",\"event\":\"%s\"",
                      mr_clock_wall(&mr_clock_system), level_words[level], log->component, event);
        put_json_pairs(log->stream, line);
        (void)fputs("}\n", log->stream);
    } else {
        (void)fprintf(log->stream, "level=%s component=%s event=%s %s\n", level_words[level],
                      log->component, event, line);
    }
    funlockfile(log->stream);
}
