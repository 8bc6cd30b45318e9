#include "connectors/files/position.h"

#include "processors/core/base/json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "files/"
#define VALUE_SIZE_MAX 160

struct mr_file_positions {
    struct mr_file_position *items; /* owned */
    size_t count, room;
    bool is_sorted;
};

struct mr_file_positions *mr_file_positions_new(void)
{
    return calloc(1, sizeof(struct mr_file_positions));
}

void mr_file_positions_clear(struct mr_file_positions *positions)
{
    for (size_t i = 0; i < positions->count; i++) {
        free(positions->items[i].name);
    }
    positions->count = 0;
}

void mr_file_positions_free(struct mr_file_positions *positions)
{
    if (positions != NULL) {
        mr_file_positions_clear(positions);
        free(positions->items);
        free(positions);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_digest(const char *hex, struct mr_digest *digest)
{
    if (hex == NULL || strlen(hex) != MR_DIGEST_HEX_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < MR_DIGEST_SIZE; i++) {
        const int high = hex_digit(hex[2 * i]);
        const int low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        digest->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_value(const json_t *json, struct mr_file_position *position)
{
    const json_t *rows = json_object_get(json, "rows");
    const json_t *is_done = json_object_get(json, "is_done");
    const bool is_good =
        read_digest(json_string_value(json_object_get(json, "sha256")), &position->digest) &&
        json_is_integer(rows) && json_integer_value(rows) >= 0 && json_is_boolean(is_done);

    position->rows = json_integer_value(rows);
    position->is_done = json_is_true(is_done);
    return is_good;
}

static bool has_space(struct mr_file_positions *positions)
{
    const size_t room = positions->room == 0 ? 64 : positions->room * 2;
    struct mr_file_position *items;

    if (positions->count < positions->room) {
        return true;
    }
    items = realloc(positions->items, room * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    positions->items = items;
    positions->room = room;
    return true;
}

enum mr_code mr_file_positions_add(struct mr_file_positions *positions,
                                   const struct mr_source_position *stored, struct mr_error *err)
{
    const size_t prefix = sizeof(PREFIX) - 1;
    struct mr_file_position position = {0};
    enum mr_code code;
    json_t *json;
    bool is_good;

    if (stored->key.size <= prefix || memcmp(stored->key.data, PREFIX, prefix) != 0) {
        return MR_OK;
    }
    code = mr_json_load(stored->value, 0, &json, NULL, err);
    if (code != MR_OK) {
        return code;
    }
    is_good = read_value(json, &position);
    json_decref(json);
    if (!is_good) {
        return MR_FAIL(err, MR_BAD_DATA, "the stored position of %.*s cannot be read: %.*s",
                       MR_SPAN_ARGS(stored->key), MR_SPAN_ARGS(stored->value));
    }
    position.name = calloc(stored->key.size - prefix + 1, 1);
    if (position.name == NULL || !has_space(positions)) {
        free(position.name);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu positions", positions->count + 1);
    }
    memcpy(position.name, stored->key.data + prefix, stored->key.size - prefix);
    position.order = positions->count;
    positions->items[positions->count++] = position;
    positions->is_sorted = false;
    return MR_OK;
}

static int by_name(const void *left, const void *right)
{
    const struct mr_file_position *a = left, *b = right;

    const int order = strcmp(a->name, b->name);

    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

const struct mr_file_position *mr_file_positions_find(struct mr_file_positions *positions,
                                                      const char *name)
{
    size_t low = 0;
    size_t high = positions->count;

    if (!positions->is_sorted && positions->count > 0) {
        qsort(positions->items, positions->count, sizeof(*positions->items), by_name);
        positions->is_sorted = true;
    }
    /* A topic that is not compacted yet holds every position that a file ever had: the last counts.
     */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(positions->items[middle].name, name) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && strcmp(positions->items[low - 1].name, name) == 0 ? &positions->items[low - 1]
                                                                        : NULL;
}

size_t mr_file_position_size_max(const char *name)
{
    return sizeof(PREFIX) + strlen(name) + VALUE_SIZE_MAX;
}

bool mr_file_position_print(const char *name, const struct mr_digest *digest, int64_t rows,
                            bool is_done, struct mr_arena *arena, struct mr_source_position *stored)
{
    char hex[MR_DIGEST_HEX_SIZE];
    const char *key, *value;

    mr_digest_hex(digest, hex);
    key = mr_arena_print(arena, PREFIX "%s", name);
    value = mr_arena_print(arena, "{\"sha256\":\"%s\",\"rows\":%" PRId64 ",\"is_done\":%s}", hex,
                           rows, is_done ? "true" : "false");
    *stored = (struct mr_source_position){mr_span_text(key), mr_span_text(value)};
    return key != NULL && value != NULL;
}
