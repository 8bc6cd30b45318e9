#include "deploy/feeds/disk.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static enum mr_code make_folder(const char *path, struct mr_error *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return MR_FAIL(err, MR_IO, "%s: cannot be made: %s", path, strerror(errno));
    }
    return MR_OK;
}

static enum mr_code refuse_filled(const char *folder, struct mr_error *err)
{
    const struct dirent *entry;
    unsigned count = 0;
    DIR *directory = opendir(folder);

    if (directory == NULL) {
        return MR_FAIL(err, MR_IO, "%s: %s", folder, strerror(errno));
    }
    for (entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(directory);
    if (count > 0) {
        return MR_FAIL(err, MR_USAGE, "%s: is not empty", folder);
    }
    return MR_OK;
}

enum mr_code mr_disk_prepare(const char *folder, struct mr_error *err)
{
    char path[PATH_MAX];
    const size_t size = strlen(folder);
    enum mr_code code = MR_OK;

    if (size >= sizeof(path)) {
        return MR_FAIL(err, MR_USAGE, "the folder's name is too long");
    }
    for (size_t i = 0; i <= size && code == MR_OK; i++) {
        if (i > 0 && (folder[i] == '/' || folder[i] == '\0')) {
            path[i] = '\0';
            code = make_folder(path, err);
        }
        path[i] = folder[i];
    }
    return code == MR_OK ? refuse_filled(folder, err) : code;
}

enum mr_code mr_disk_create(const char *folder, const char *name, FILE **stream,
                            struct mr_error *err)
{
    char path[PATH_MAX];
    const int size = snprintf(path, sizeof(path), "%s/%s", folder, name);

    MR_ASSERT(size > 0);
    *stream = (size_t)size < sizeof(path) ? fopen(path, "wb") : NULL;
    if (*stream == NULL) {
        return MR_FAIL(err, MR_IO, "%s/%s: cannot be written: %s", folder, name, strerror(errno));
    }
    return MR_OK;
}

enum mr_code mr_disk_close(const char *folder, const char *name, FILE *stream, struct mr_error *err)
{
    const int had_failed = ferror(stream);

    if (fclose(stream) != 0 || had_failed != 0) {
        return MR_FAIL(err, MR_IO, "%s/%s: cannot be written: %s", folder, name, strerror(errno));
    }
    return MR_OK;
}

enum mr_code mr_disk_write(const char *folder, const char *name, struct mr_span bytes,
                           struct mr_error *err)
{
    FILE *stream;
    const enum mr_code code = mr_disk_create(folder, name, &stream, err);

    if (code != MR_OK) {
        return code;
    }
    (void)fwrite(bytes.data, 1, bytes.size, stream);
    return mr_disk_close(folder, name, stream, err);
}
