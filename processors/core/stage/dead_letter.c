#include "processors/core/stage/dead_letter.h"

#include <inttypes.h>

#define HEADERS_MAX 16

static bool put_bytes(struct mr_header *headers, size_t *count, const char *name,
                      struct mr_span bytes, struct mr_arena *arena)
{
    const struct mr_span copy = mr_arena_copy(arena, bytes);

    if (copy.data == NULL) {
        return false;
    }
    headers[(*count)++] = (struct mr_header){name, copy};
    return true;
}

static bool put(struct mr_header *headers, size_t *count, const char *name, const char *text,
                struct mr_arena *arena)
{
    return put_bytes(headers, count, name, mr_span_text(text), arena);
}

/* The record's own, of those that we know: with its value they say what it was. */
static bool put_carried(struct mr_header *headers, size_t *count,
                        const struct mr_dead_letter *letter, struct mr_arena *arena)
{
    const struct mr_header carried[] = {
        {"traceparent", letter->traceparent},
        {"__value_schema_id", letter->value_schema},
        {"__key_schema_id", letter->key_schema},
    };
    bool is_done = true;

    for (size_t i = 0; i < MR_COUNT(carried) && is_done; i++) {
        is_done = carried[i].value.size == 0 ||
                  put_bytes(headers, count, carried[i].name, carried[i].value, arena);
    }
    return is_done;
}

const struct mr_header *mr_dead_letter_headers(const struct mr_dead_letter *letter,
                                               struct mr_arena *arena, size_t *count)
{
    struct mr_header *headers = mr_arena_take(arena, HEADERS_MAX, sizeof(*headers));
    const char *partition = mr_arena_print(arena, "%" PRId32, letter->partition);
    const char *offset = mr_arena_print(arena, "%" PRId64, letter->offset);
    const char *line = mr_arena_print(arena, "%" PRId64, letter->line);
    bool is_done;

    *count = 0;
    if (headers == NULL || partition == NULL || offset == NULL || line == NULL) {
        return NULL;
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
    return is_done && put_carried(headers, count, letter, arena) ? headers : NULL;
}
