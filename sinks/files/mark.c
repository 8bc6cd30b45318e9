#include "sinks/files/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 4096

struct mr_mark_next *mr_mark_of(struct mr_mark *mark, int32_t partition)
{
    for (size_t i = 0; i < mark->count; i++) {
        if (mark->items[i].partition == partition) {
            return &mark->items[i];
        }
    }
    if (mark->count == mark->room) {
        const size_t room = mark->room == 0 ? 16 : 2 * mark->room;
        struct mr_mark_next *items = realloc(mark->items, room * sizeof(*items));

        if (items == NULL) {
            return NULL;
        }
        mark->items = items;
        mark->room = room;
    }
    mark->items[mark->count] =
        (struct mr_mark_next){.partition = partition, .next = -1, .pending = -1};
    return &mark->items[mark->count++];
}

void mr_mark_free(struct mr_mark *mark)
{
    free(mark->items);
    *mark = (struct mr_mark){0};
}

static bool load_next(struct mr_mark *mark, const char *name, const json_t *value)
{
    char *end = NULL;
    const long partition = strtol(name, &end, 10);
    struct mr_mark_next *item;

    if (end == name || *end != '\0' || partition < 0 || partition > INT32_MAX ||
        !json_is_integer(value)) {
        return false;
    }
    item = mr_mark_of(mark, (int32_t)partition);
    if (item == NULL) {
        return false;
    }
    item->next = item->pending = json_integer_value(value);
    return true;
}

static bool load_all(struct mr_mark *mark, json_t *json)
{
    const json_t *size = json_object_get(json, "size");
    const json_t *rotated = json_object_get(json, "rotated");
    json_t *next = json_object_get(json, "next");
    const char *name;
    json_t *value;

    if (!json_is_integer(size) || !json_is_integer(rotated) || !json_is_object(next)) {
        return false;
    }
    mark->size = json_integer_value(size);
    mark->rotated = json_integer_value(rotated);
    json_object_foreach(next, name, value)
    {
        if (!load_next(mark, name, value)) {
            return false;
        }
    }
    return mark->size >= 0 && mark->rotated >= 0;
}

enum mr_code mr_mark_load(struct mr_mark *mark, const char *path, bool *is_there,
                          struct mr_error *err)
{
    json_t *json;
    bool is_good;

    *is_there = access(path, F_OK) == 0;
    if (!*is_there) {
        return MR_OK;
    }
    json = json_load_file(path, 0, NULL);
    is_good = json != NULL && load_all(mark, json);
    json_decref(json);
    if (!is_good) {
        return MR_FAIL(err, MR_BAD_DATA,
                       "%s cannot be read: remove it, and its topic is written from the beginning",
                       path);
    }
    return MR_OK;
}

static void print(const struct mr_mark *mark, FILE *stream)
{
    (void)fprintf(stream, "{\"size\": %" PRId64 ", \"rotated\": %" PRId64 ", \"next\": {",
                  mark->size, mark->rotated);
    for (size_t i = 0; i < mark->count; i++) {
        (void)fprintf(stream, "%s\"%" PRId32 "\": %" PRId64, i == 0 ? "" : ", ",
                      mark->items[i].partition, mark->items[i].pending);
    }
    (void)fputs("}}\n", stream);
}

/* A full disk gets room again; nothing else heals by waiting. */
static enum mr_code failed(const char *doing, const char *path, struct mr_error *err)
{
    const enum mr_code code = errno == ENOSPC || errno == EDQUOT ? MR_UNAVAILABLE : MR_IO;

    return MR_FAIL(err, code, "%s %s: %s", doing, path, strerror(errno));
}

enum mr_code mr_mark_save(const struct mr_mark *mark, const char *path, bool is_synced,
                          struct mr_error *err)
{
    char fresh[PATH_ROOM];
    FILE *stream;
    bool is_written;

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    stream = fopen(fresh, "we");
    if (stream == NULL) {
        return failed("making", fresh, err);
    }
    print(mark, stream);
    is_written = fflush(stream) == 0 && (!is_synced || fsync(fileno(stream)) == 0);
    if (fclose(stream) != 0 || !is_written) {
        return failed("writing", fresh, err);
    }
    return rename(fresh, path) == 0 ? MR_OK : failed("renaming", fresh, err);
}
