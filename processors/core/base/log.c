#include "processors/core/base/log.h"

#include "processors/core/base/clock.h"
#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

static const char *const level_words[] = {"debug", "info", "warn", "error"};

static void put_json_byte(FILE *stream, char byte)
{
    if (byte == '"' || byte == '\\') {
        (void)fputc('\\', stream);
    }
    (void)fputc(byte, stream);
}

static void put_json_text(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        put_json_byte(stream, *text);
    }
}

/* Whether a quote before this ends its value: what follows is nothing, or the next pair. A value
 * may hold quotes of its own. */
static bool is_after_value(const char *rest)
{
    const char *start = rest + 1;

    if (*rest != ' ') {
        return *rest == '\0';
    }
    rest = start;
    while ((*rest >= 'a' && *rest <= 'z') || (*rest >= '0' && *rest <= '9') || *rest == '_') {
        rest++;
    }
    return rest > start && *rest == '=';
}

/* Returns what follows the value. */
static const char *put_json_value(FILE *stream, const char *value)
{
    const bool is_quoted = *value == '"';

    for (value += is_quoted; *value != '\0'; value++) {
        if (is_quoted ? *value == '"' && is_after_value(value + 1) : *value == ' ') {
            break;
        }
        put_json_byte(stream, *value);
    }
    return value + (*value == '"');
}

/* a=1 b="two words" becomes ,"a":"1","b":"two words" */
static void put_json_pairs(FILE *stream, const char *pairs)
{
    while (*pairs != '\0') {
        (void)fputs(",\"", stream);
        for (; *pairs != '\0' && *pairs != '='; pairs++) {
            put_json_byte(stream, *pairs);
        }
        (void)fputs("\":\"", stream);
        pairs = put_json_value(stream, pairs + (*pairs == '='));
        (void)fputc('"', stream);
        while (*pairs == ' ') {
            pairs++;
        }
    }
}

/* Values are anybody's: they can neither start a line, nor steer a terminal, nor break the
 * encoding. A line that was too long ends between two characters. */
static void flatten(char *line, size_t size, size_t wanted)
{
    size_t end = size - 2; /* the last byte that is not the NUL */
    bool is_valid;

    if (wanted >= size) {
        while (end > 0 && ((unsigned char)line[end] & 0xC0) == 0x80) {
            end--;
        }
        line[end] = '\0';
    }
    is_valid = mr_utf8_is_valid(mr_span_text(line));
    for (; *line != '\0'; line++) {
        if (*line == '\n' || *line == '\t') {
            *line = ' ';
        } else if ((unsigned char)*line < 0x20 || *line == 0x7F ||
                   (!is_valid && (unsigned char)*line >= 0x80)) {
            *line = '?';
        }
    }
}

static void write_json(const struct mr_log *log, enum mr_level level, const char *event,
                       const char *pairs)
{
    (void)fprintf(log->stream, "{\"time_ms\":%" PRId64 ",\"level\":\"%s\",\"component\":\"",
                  mr_clock_wall(&mr_clock_system), level_words[level]);
    put_json_text(log->stream, log->component);
    (void)fprintf(log->stream, "\",\"event\":\"%s\"", event);
    put_json_pairs(log->stream, pairs);
    (void)fputs("}\n", log->stream);
}

void mr_log_write(const struct mr_log *log, enum mr_level level, const char *event,
                  const char *pairs, ...)
{
    char line[1024];
    va_list args;
    int size;

    va_start(args, pairs);
    size = vsnprintf(line, sizeof(line), pairs, args);
    va_end(args);
    MR_ASSERT(size >= 0);
    flatten(line, sizeof(line), (size_t)size);
    flockfile(log->stream);
    if (log->form == MR_LOG_JSON) {
        write_json(log, level, event, line);
    } else {
        /* A line of progress may stand on the terminal: it gives way. */
        (void)fprintf(log->stream, "%slevel=%s component=%s event=%s %s\n",
                      isatty(fileno(log->stream)) ? "\r\033[K" : "", level_words[level],
                      log->component, event, line);
    }
    funlockfile(log->stream);
}
