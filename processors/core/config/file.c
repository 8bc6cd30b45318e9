/* Options whose value is a file: by its path, or by what is in it. */
#include "processors/core/config/option_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SECRET_SIZE_MAX ((size_t)64 * 1024)

/* Relative to the folder of the file that says it; NULL: no room, and reported. */
static const char *resolve(const struct mr_reading *self)
{
    const char *text = self->node->text, *file = self->node->place.file;
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    const char *path = text;

    if (text[0] != '/' && slash != NULL) {
        path = mr_arena_print(self->arena, "%.*s/%s", (int)(slash - file), file, text);
    }
    if (path == NULL) {
        (void)mr_complain_of_room(self);
    }
    return path;
}

static bool complain_of_file(const struct mr_reading *self, const char *path)
{
    return MR_COMPLAIN(self, NULL, "\"%s\" cannot be read: %s", path, strerror(errno));
}

bool mr_read_path(const struct mr_reading *self)
{
    const char *path;

    if (self->node->text[0] == '\0') {
        return MR_COMPLAIN(self, NULL, "a path is expected, not an empty text");
    }
    path = resolve(self);
    if (path == NULL) {
        return false;
    }
    if (access(path, R_OK) != 0) {
        return complain_of_file(self, path);
    }
    *(const char **)self->member = path;
    return true;
}

static bool keep_secret(const struct mr_reading *self, struct mr_span bytes, const char *path)
{
    if (bytes.size > SECRET_SIZE_MAX) {
        return MR_COMPLAIN(self, NULL, "\"%s\" is larger than 64 KiB", path);
    }
    if (bytes.size > 0 && bytes.data[bytes.size - 1] == '\n') {
        bytes.size--;
        bytes.size -= bytes.size > 0 && bytes.data[bytes.size - 1] == '\r';
    }
    if (bytes.size == 0) {
        return MR_COMPLAIN(self, NULL, "\"%s\" is empty", path);
    }
    if (memchr(bytes.data, '\0', bytes.size) != NULL) {
        return MR_COMPLAIN(self, NULL, "\"%s\" holds a zero byte", path);
    }
    *(const char **)self->member = mr_arena_text(self->arena, bytes);
    return *(const char **)self->member != NULL || mr_complain_of_room(self);
}

/* The whole file is on the stack once: a secret leaves no second copy in the arena. */
static bool read_secret(const struct mr_reading *self, FILE *stream, const char *path)
{
    uint8_t bytes[SECRET_SIZE_MAX + 1];
    const size_t size = fread(bytes, 1, sizeof(bytes), stream);

    if (ferror(stream)) {
        return complain_of_file(self, path);
    }
    return keep_secret(self, (struct mr_span){bytes, size}, path);
}

bool mr_read_secret_file(const struct mr_reading *self)
{
    const char *path = resolve(self);
    FILE *stream;
    bool is_good;

    if (path == NULL) {
        return false;
    }
    stream = fopen(path, "rb");
    if (stream == NULL) {
        return complain_of_file(self, path);
    }
    is_good = read_secret(self, stream, path);
    (void)fclose(stream);
    return is_good;
}
