#include "processors/core/stage/dead_letter.h"

#include "processors/core/codec/frame.h"

#include <inttypes.h>
#include <string.h>

#define MADE_HEADERS_MAX 16

static bool put(struct mr_header *headers, size_t *count, const char *name, const char *text,
                struct mr_arena *arena)
{
    const struct mr_span copy = mr_arena_copy(arena, mr_span_text(text));

    if (copy.data == NULL) {
        return false;
    }
    headers[(*count)++] = (struct mr_header){name, copy};
    return true;
}

static bool is_schema(const char *name)
{
    return strcmp(name, MR_FRAME_VALUE_HEADER) == 0 || strcmp(name, MR_FRAME_KEY_HEADER) == 0;
}

/* The record's own come first, so that of two with one name a reader takes ours. What named the
 * schema of a value or a key that has been read since, and stands framed now, is left out. */
static void put_own(struct mr_header *headers, size_t *count, const struct mr_record *record)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (!is_schema(record->headers[i].name)) {
            headers[(*count)++] = record->headers[i];
        }
    }
    if (record->value_schema.size > 0) {
        headers[(*count)++] = (struct mr_header){MR_FRAME_VALUE_HEADER, record->value_schema};
    }
    if (record->key_schema.size > 0) {
        headers[(*count)++] = (struct mr_header){MR_FRAME_KEY_HEADER, record->key_schema};
    }
}

const struct mr_header *mr_dead_letter_headers(const struct mr_dead_letter *letter,
                                               struct mr_arena *arena, size_t *count)
{
    const size_t own_count = letter->record != NULL ? letter->record->header_count + 2 : 0;
    struct mr_header *headers =
        mr_arena_take(arena, own_count + MADE_HEADERS_MAX, sizeof(*headers));
    const char *partition = mr_arena_print(arena, "%" PRId32, letter->partition);
    const char *offset = mr_arena_print(arena, "%" PRId64, letter->offset);
    const char *line = mr_arena_print(arena, "%" PRId64, letter->line);
    bool is_done;

    *count = 0;
    if (headers == NULL || partition == NULL || offset == NULL || line == NULL) {
        return NULL;
    }
    if (letter->record != NULL) {
        put_own(headers, count, letter->record);
    }
    is_done = put(headers, count, "__connect.errors.topic", letter->topic, arena) &&
              put(headers, count, "__connect.errors.partition", partition, arena) &&
              put(headers, count, "__connect.errors.offset", offset, arena) &&
              put(headers, count, "__connect.errors.connector.name", letter->pipeline, arena) &&
              put(headers, count, "__connect.errors.stage", letter->stage, arena) &&
              put(headers, count, "__connect.errors.exception.class.name", letter->reason, arena) &&
              put(headers, count, "__connect.errors.exception.message",
                  letter->detail ? letter->detail : letter->reason, arena) &&
              (letter->cause == NULL || put(headers, count, "__rule.name", letter->cause, arena));
    if (is_done && letter->source != NULL) {
        is_done = put(headers, count, "__source.name", letter->source, arena) &&
                  (letter->line == 0 || put(headers, count, "__source.line", line, arena));
    }
    return is_done ? headers : NULL;
}
