#include "sinks/files/lines.h"

#include "sinks/files/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define BUFFER_SIZE ((size_t)256 * 1024)

struct mr_lines {
    struct mr_lines_spec spec;
    char path[PATH_ROOM], mark_path[PATH_ROOM], lock_path[PATH_ROOM];
    int fd, lock, folder; /* -1: not open */
    int64_t size;         /* of the file with what is in the buffer, bytes */
    struct mr_mark mark;
    uint8_t *buffer; /* owned, BUFFER_SIZE */
    size_t buffered;
    bool is_dirty;
};

static enum mr_code failed(const char *doing, const char *path, struct mr_error *err)
{
    const enum mr_code code = errno == ENOSPC || errno == EDQUOT ? MR_UNAVAILABLE : MR_IO;

    return MR_FAIL(err, code, "%s %s: %s", doing, path, strerror(errno));
}

static enum mr_code name_paths(struct mr_lines *lines, struct mr_error *err)
{
    const char *folder = lines->spec.folder, *topic = lines->spec.topic;

    if (strlen(folder) + strlen(topic) + 32 > PATH_ROOM) {
        return MR_FAIL(err, MR_BAD_CONFIG, "path: \"%s\" is too long", folder);
    }
    (void)snprintf(lines->path, PATH_ROOM, "%s/%s.jsonl", folder, topic);
    (void)snprintf(lines->mark_path, PATH_ROOM, "%s/.%s.position", folder, topic);
    (void)snprintf(lines->lock_path, PATH_ROOM, "%s/.%s.lock", folder, topic);
    return MR_OK;
}

static void name_rotated(const struct mr_lines *lines, int64_t index, char out[PATH_ROOM])
{
    (void)snprintf(out, PATH_ROOM, "%s/%s.%06" PRId64 ".jsonl", lines->spec.folder,
                   lines->spec.topic, index);
}

static enum mr_code take_lock(struct mr_lines *lines, struct mr_error *err)
{
    lines->folder = open(lines->spec.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lines->folder < 0) {
        return failed("opening", lines->spec.folder, err);
    }
    lines->lock = open(lines->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lines->lock < 0) {
        return failed("opening", lines->lock_path, err);
    }
    if (flock(lines->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? MR_FAIL(err, MR_FENCED, "%s is being written by another sink", lines->path)
                   : failed("locking", lines->lock_path, err);
    }
    return MR_OK;
}

/* A rotation that the mark does not know of yet is taken back. What the new file holds by then
 * was not committed. */
static enum mr_code undo_rotation(struct mr_lines *lines, struct mr_error *err)
{
    char rotated[PATH_ROOM];

    name_rotated(lines, lines->mark.rotated + 1, rotated);
    if (access(rotated, F_OK) != 0) {
        return MR_OK;
    }
    return rename(rotated, lines->path) == 0 ? MR_OK : failed("renaming", rotated, err);
}

static enum mr_code open_file(struct mr_lines *lines, struct mr_error *err)
{
    struct stat seen;

    lines->fd = open(lines->path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0666);
    if (lines->fd < 0 || fstat(lines->fd, &seen) != 0) {
        return failed("opening", lines->path, err);
    }
    lines->size = seen.st_size;
    return MR_OK;
}

static enum mr_code cut(struct mr_lines *lines, int64_t size, struct mr_error *err)
{
    if (lines->size != size && ftruncate(lines->fd, (off_t)size) != 0) {
        return failed("cutting off", lines->path, err);
    }
    lines->size = size;
    return MR_OK;
}

/* The size up to and with the last newline, read backwards by blocks. */
static enum mr_code whole_size(struct mr_lines *lines, int64_t *size, struct mr_error *err)
{
    for (*size = lines->size; *size > 0;) {
        const size_t block = *size < (int64_t)BUFFER_SIZE ? (size_t)*size : BUFFER_SIZE;
        const ssize_t count =
            pread(lines->fd, lines->buffer, block, (off_t)(*size - (int64_t)block));

        if (count != (ssize_t)block) {
            return failed("reading", lines->path, err);
        }
        for (size_t i = block; i > 0; i--) {
            if (lines->buffer[i - 1] == '\n') {
                *size -= (int64_t)(block - i);
                return MR_OK;
            }
        }
        *size -= (int64_t)block;
    }
    return MR_OK;
}

static enum mr_code resume_foreign(struct mr_lines *lines, struct mr_error *err)
{
    enum mr_code code = whole_size(lines, &lines->mark.size, err);
    char rotated[PATH_ROOM];

    /* Nothing is overwritten, whoever wrote it. */
    for (;; lines->mark.rotated++) {
        name_rotated(lines, lines->mark.rotated + 1, rotated);
        if (access(rotated, F_OK) != 0) {
            break;
        }
    }
    return code == MR_OK ? cut(lines, lines->mark.size, err) : code;
}

/* Somebody may have moved the file away to use it; a part of it has no such reason. */
static enum mr_code resume_own(struct mr_lines *lines, struct mr_error *err)
{
    if (lines->size == 0 && lines->mark.size > 0) {
        MR_LOG(lines->spec.log, MR_WARN, "file_gone", "path=\"%s\" size=%" PRId64, lines->path,
               lines->mark.size);
        lines->mark.size = 0;
    }
    if (lines->size < lines->mark.size) {
        return MR_FAIL(err, MR_BAD_DATA,
                       "%s has %" PRId64 " bytes and %s says %" PRId64
                       ": put the file back, or remove both",
                       lines->path, lines->size, lines->mark_path, lines->mark.size);
    }
    return cut(lines, lines->mark.size, err);
}

static void forget_offsets(struct mr_lines *lines)
{
    lines->mark.count = 0;
}

static enum mr_code resume(struct mr_lines *lines, struct mr_error *err)
{
    bool is_there = false;
    enum mr_code code = mr_mark_load(&lines->mark, lines->mark_path, &is_there, err);

    if (code == MR_OK && is_there) {
        code = undo_rotation(lines, err);
    }
    if (code == MR_OK) {
        code = open_file(lines, err);
    }
    if (code == MR_OK) {
        code = is_there ? resume_own(lines, err) : resume_foreign(lines, err);
    }
    if (lines->spec.is_transient) {
        forget_offsets(lines);
    }
    return code;
}

enum mr_code mr_lines_open(const struct mr_lines_spec *spec, struct mr_lines **out,
                           struct mr_error *err)
{
    struct mr_lines *lines = calloc(1, sizeof(*lines));
    enum mr_code code;

    *out = lines;
    if (lines == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a file");
    }
    lines->spec = *spec;
    lines->fd = lines->lock = lines->folder = -1;
    lines->buffer = malloc(BUFFER_SIZE);
    if (lines->buffer == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a file's buffer");
    }
    code = name_paths(lines, err);
    if (code == MR_OK) {
        code = take_lock(lines, err);
    }
    return code == MR_OK ? resume(lines, err) : code;
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void mr_lines_close(struct mr_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->fd >= 0 && lines->is_dirty) {
        (void)mr_lines_abort(lines, NULL);
    }
    close_fd(lines->fd);
    close_fd(lines->lock);
    close_fd(lines->folder);
    mr_mark_free(&lines->mark);
    free(lines->buffer);
    free(lines);
}

enum mr_code mr_lines_position(struct mr_lines *lines, int32_t partition, int64_t *next,
                               struct mr_error *err)
{
    const struct mr_mark_next *item = mr_mark_of(&lines->mark, partition);

    if (item == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the positions of %s", lines->spec.topic);
    }
    *next = item->next;
    return MR_OK;
}

static enum mr_code write_all(struct mr_lines *lines, struct mr_span bytes, struct mr_error *err)
{
    while (bytes.size > 0) {
        const ssize_t count = write(lines->fd, bytes.data, bytes.size);

        if (count < 0 && errno != EINTR) {
            return failed("writing", lines->path, err);
        }
        if (count > 0) {
            bytes.data += count;
            bytes.size -= (size_t)count;
        }
    }
    return MR_OK;
}

static enum mr_code flush(struct mr_lines *lines, struct mr_error *err)
{
    const struct mr_span bytes = {lines->buffer, lines->buffered};

    lines->buffered = 0;
    return write_all(lines, bytes, err);
}

static enum mr_code put(struct mr_lines *lines, struct mr_span bytes, struct mr_error *err)
{
    /* Should an abort() have failed to cut the file, nothing goes behind what it left. */
    enum mr_code code = lines->is_dirty ? MR_OK : cut(lines, lines->mark.size, err);

    if (code != MR_OK) {
        return code;
    }
    lines->is_dirty = true;
    lines->size += (int64_t)bytes.size;
    if (bytes.size > BUFFER_SIZE - lines->buffered) {
        code = flush(lines, err);
    }
    if (code == MR_OK && bytes.size > BUFFER_SIZE) {
        return write_all(lines, bytes, err);
    }
    if (code == MR_OK && bytes.size > 0) {
        memcpy(lines->buffer + lines->buffered, bytes.data, bytes.size);
        lines->buffered += bytes.size;
    }
    return code;
}

enum mr_code mr_lines_add(struct mr_lines *lines, struct mr_span text, struct mr_error *err)
{
    static const struct mr_span newline = MR_SPAN("\n");
    const enum mr_code code = put(lines, text, err);

    return code == MR_OK ? put(lines, newline, err) : code;
}

enum mr_code mr_lines_advance(struct mr_lines *lines, int32_t partition, int64_t next,
                              struct mr_error *err)
{
    struct mr_mark_next *item = mr_mark_of(&lines->mark, partition);

    if (item == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the positions of %s", lines->spec.topic);
    }
    item->pending = next;
    lines->is_dirty = true;
    return MR_OK;
}

static enum mr_code save_mark(struct mr_lines *lines, struct mr_error *err)
{
    struct mr_mark mark = lines->mark;
    enum mr_code code;

    mark.size = lines->size;
    code = mr_mark_save(&mark, lines->mark_path, lines->spec.is_synced, err);
    if (code == MR_OK && lines->spec.is_synced && fsync(lines->folder) != 0) {
        code = failed("syncing", lines->spec.folder, err);
    }
    return code;
}

static void settle(struct mr_lines *lines)
{
    lines->mark.size = lines->size;
    for (size_t i = 0; i < lines->mark.count; i++) {
        lines->mark.items[i].next = lines->mark.items[i].pending;
    }
    lines->is_dirty = false;
}

/* The lines are safe already: that a rotation failed stops the sink and loses nothing. */
static enum mr_code rotate(struct mr_lines *lines, struct mr_error *err)
{
    char rotated[PATH_ROOM];
    enum mr_code code;

    name_rotated(lines, lines->mark.rotated + 1, rotated);
    if (rename(lines->path, rotated) != 0) {
        return failed("renaming", lines->path, err);
    }
    close_fd(lines->fd);
    lines->fd = -1;
    lines->mark.rotated++;
    lines->mark.size = 0;
    code = open_file(lines, err);
    return code == MR_OK ? save_mark(lines, err) : code;
}

enum mr_code mr_lines_commit(struct mr_lines *lines, struct mr_error *err)
{
    enum mr_code code;

    if (!lines->is_dirty) {
        return MR_OK;
    }
    code = flush(lines, err);
    if (code == MR_OK && lines->spec.is_synced && fdatasync(lines->fd) != 0) {
        code = failed("syncing", lines->path, err);
    }
    if (code == MR_OK) {
        code = save_mark(lines, err);
    }
    if (code != MR_OK) {
        return code;
    }
    settle(lines);
    return lines->spec.rotate_size > 0 && lines->size >= lines->spec.rotate_size
               ? rotate(lines, err)
               : MR_OK;
}

enum mr_code mr_lines_abort(struct mr_lines *lines, struct mr_error *err)
{
    lines->buffered = 0;
    lines->is_dirty = false;
    for (size_t i = 0; i < lines->mark.count; i++) {
        lines->mark.items[i].pending = lines->mark.items[i].next;
    }
    return lines->fd < 0 ? MR_OK : cut(lines, lines->mark.size, err);
}
