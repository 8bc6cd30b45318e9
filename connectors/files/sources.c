#include "connectors/files/sources.h"

#include "processors/core/base/civil.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_DEEP_MAX 32
#define PATH_SIZE_MAX 4096
#define DIGEST_BLOCK ((size_t)256 * 1024)

struct mr_sources {
    const struct mr_sources_form *form; /* borrowed */
    struct mr_source_file **files;      /* owned, each */
    size_t count, room;
    size_t known_count; /* files[known_count..] are of this scan */
    size_t base_size;   /* of the folder that all paths have in common, with its "/" */
    bool is_short;      /* of memory */
};

struct mr_sources *mr_sources_new(const struct mr_sources_form *form)
{
    struct mr_sources *sources = calloc(1, sizeof(*sources));

    if (sources != NULL) {
        sources->form = form;
    }
    return sources;
}

static void free_file(struct mr_source_file *file)
{
    if (file != NULL) {
        free(file->path);
        free(file);
    }
}

void mr_sources_free(struct mr_sources *sources)
{
    if (sources != NULL) {
        for (size_t i = 0; i < sources->count; i++) {
            free_file(sources->files[i]);
        }
        free(sources->files);
        free(sources);
    }
}

static bool has_wildcard(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static bool is_folder(const char *path)
{
    struct stat seen;

    return stat(path, &seen) == 0 && S_ISDIR(seen.st_mode);
}

/* The size of the part of a path that is a folder and has no wildcard, with its "/". */
static size_t fixed_size(const char *path)
{
    const size_t plain = strcspn(path, "*?[");
    size_t size = plain;

    if (path[plain] == '\0' && is_folder(path)) {
        return plain + (plain > 0 && path[plain - 1] != '/');
    }
    while (size > 0 && path[size - 1] != '/') {
        size--;
    }
    return size;
}

static size_t common_size(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t common = 0;

    for (size_t i = 0; i < a_size && i < b_size && a[i] == b[i]; i++) {
        if (a[i] == '/') {
            common = i + 1;
        }
    }
    return common;
}

/* A folder's path has no "/" at its end; it stands for one that has. */
static size_t base_size_of(const struct mr_texts *path)
{
    char first[PATH_SIZE_MAX], other[PATH_SIZE_MAX];
    size_t size = fixed_size(path->items[0]);

    (void)snprintf(first, sizeof(first), "%s/", path->items[0]);
    for (size_t i = 1; i < path->count; i++) {
        (void)snprintf(other, sizeof(other), "%s/", path->items[i]);
        size = common_size(first, size, other, fixed_size(path->items[i]));
    }
    return size;
}

static bool is_ignored(const struct mr_sources *sources, const char *name)
{
    for (size_t i = 0; i < sources->form->ignore.count; i++) {
        if (fnmatch(sources->form->ignore.items[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static struct mr_source_file *new_file(const struct mr_sources *sources, const char *path,
                                       const struct stat *seen)
{
    const size_t size = strlen(path) + 1;
    struct mr_source_file *file = calloc(1, sizeof(*file));

    if (file == NULL || (file->path = malloc(size)) == NULL) {
        free(file);
        return NULL;
    }
    memcpy(file->path, path, size);
    file->name = file->path + (sources->base_size < size ? sources->base_size : 0);
    file->size = (uint64_t)seen->st_size;
    file->changed_ns = (int64_t)seen->st_mtim.tv_sec * 1000000000 + seen->st_mtim.tv_nsec;
    if (!mr_civil_in_name(mr_span_text(base_name(path)), &file->time_ms)) {
        file->time_ms = INT64_MIN;
    }
    return file;
}

static bool has_space(struct mr_sources *sources)
{
    const size_t room = sources->room == 0 ? 64 : sources->room * 2;
    struct mr_source_file **files;

    if (sources->count < sources->room) {
        return true;
    }
    files = realloc(sources->files, room * sizeof(struct mr_source_file *));
    if (files == NULL) {
        return false;
    }
    sources->files = files;
    sources->room = room;
    return true;
}

static void add_file(struct mr_sources *sources, const char *path, const struct stat *seen)
{
    struct mr_source_file *file = has_space(sources) ? new_file(sources, path, seen) : NULL;

    if (file == NULL) {
        sources->is_short = true;
    } else {
        sources->files[sources->count++] = file;
    }
}

static void add_folder(struct mr_sources *sources, const char *path, int depth);

static void add_path(struct mr_sources *sources, const char *path, int depth, bool is_asked_for)
{
    struct stat seen;

    if (is_ignored(sources, base_name(path)) || stat(path, &seen) != 0) {
        return;
    }
    if (S_ISREG(seen.st_mode)) {
        add_file(sources, path, &seen);
    } else if (S_ISDIR(seen.st_mode) && (is_asked_for || sources->form->is_recursive)) {
        add_folder(sources, path, depth + 1);
    }
}

static void add_folder(struct mr_sources *sources, const char *path, int depth)
{
    char below[PATH_SIZE_MAX];
    DIR *folder = depth > FOLDERS_DEEP_MAX ? NULL : opendir(path);
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    struct dirent *entry;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        const int size = snprintf(below, sizeof(below), "%s%s%s", path, slash, entry->d_name);

        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            size < (int)sizeof(below)) {
            add_path(sources, below, depth, false);
        }
    }
    (void)closedir(folder);
}

static enum mr_code add_pattern(struct mr_sources *sources, const char *pattern,
                                struct mr_error *err)
{
    glob_t found = {0};
    int answer;

    if (pattern[0] == '\0') {
        return MR_FAIL(err, MR_BAD_CONFIG, "path: is empty");
    }
    if (!has_wildcard(pattern)) {
        if (access(pattern, R_OK) != 0) {
            return MR_FAIL(err, MR_BAD_CONFIG, "path: %s: %s", pattern, strerror(errno));
        }
        add_path(sources, pattern, 0, true);
        return MR_OK;
    }
    answer = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (answer == GLOB_NOSPACE) {
        sources->is_short = true;
    }
    for (size_t i = 0; answer == 0 && i < found.gl_pathc; i++) {
        add_path(sources, found.gl_pathv[i], 0, false);
    }
    globfree(&found);
    return MR_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number after its leading zeros. */
static const char *number_of(const char *text, size_t *size)
{
    while (text[0] == '0' && is_digit(text[1])) {
        text++;
    }
    *size = strspn(text, "0123456789");
    return text;
}

/* The numbers at the heads of both, by their value; both move behind them. */
static int compare_numbers(const char **a, const char **b)
{
    size_t a_size, b_size;
    int order;

    *a = number_of(*a, &a_size);
    *b = number_of(*b, &b_size);
    order = a_size == b_size ? memcmp(*a, *b, a_size) : a_size < b_size ? -1 : 1;
    *a += a_size;
    *b += b_size;
    return order;
}

static int compare_letters(const char **a, const char **b)
{
    const unsigned char first = (unsigned char)*(*a)++, second = (unsigned char)*(*b)++;

    return (first > second) - (first < second);
}

static int compare_names(const char *a, const char *b)
{
    const char *const whole_a = a, *const whole_b = b;
    int order = 0;

    while (order == 0 && *a != '\0' && *b != '\0') {
        order = is_digit(*a) && is_digit(*b) ? compare_numbers(&a, &b) : compare_letters(&a, &b);
    }
    if (order != 0) {
        return order;
    }
    if (*a != *b) {
        return *a == '\0' ? -1 : 1;
    }
    return strcmp(whole_a, whole_b); /* "01" and "1" are two names */
}

static int by_name(const void *left, const void *right)
{
    const struct mr_source_file *const *a = left, *const *b = right;

    return compare_names((*a)->path, (*b)->path);
}

static int by_time(const void *left, const void *right)
{
    const struct mr_source_file *const *a = left, *const *b = right;

    if ((*a)->time_ms != (*b)->time_ms) {
        return (*a)->time_ms < (*b)->time_ms ? -1 : 1;
    }
    return by_name(left, right);
}

static int by_path(const void *left, const void *right)
{
    const struct mr_source_file *const *a = left, *const *b = right;
    const int order = strcmp((*a)->path, (*b)->path);

    return order != 0 ? order : ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

/* Whether the next of two files by path says nothing new: it is as it was known, or there twice. */
static bool is_known(struct mr_source_file *known, const struct mr_source_file *file)
{
    if (strcmp(known->path, file->path) != 0 || known->size != file->size ||
        known->changed_ns != file->changed_ns) {
        return false;
    }
    known->is_settled = true;
    known->is_gone = false;
    return true;
}

/* Of each path the last one known comes right before the one of this scan. */
static bool mark_known(struct mr_sources *sources)
{
    struct mr_source_file **sorted = malloc(sources->count * sizeof(struct mr_source_file *));

    if (sorted == NULL) {
        return false;
    }
    for (size_t i = 0; i < sources->count; i++) {
        sources->files[i]->number = i;
        sources->files[i]->is_gone = i < sources->known_count && !sources->files[i]->is_settled;
        sorted[i] = sources->files[i];
    }
    qsort(sorted, sources->count, sizeof(struct mr_source_file *), by_path);
    for (size_t i = 1; i < sources->count; i++) {
        sorted[i]->is_known =
            sorted[i]->number >= sources->known_count && is_known(sorted[i - 1], sorted[i]);
        if (sorted[i]->is_known) { /* a third one is compared with the one that stays */
            sorted[i]->is_settled = sorted[i - 1]->is_settled;
        }
    }
    free(sorted);
    return true;
}

static void drop_known(struct mr_sources *sources)
{
    size_t kept = sources->known_count;

    for (size_t i = sources->known_count; i < sources->count; i++) {
        if (sources->files[i]->is_known) {
            free_file(sources->files[i]);
        } else {
            sources->files[kept++] = sources->files[i];
        }
    }
    sources->count = kept;
}

enum mr_code mr_sources_scan(struct mr_sources *sources, struct mr_error *err)
{
    const struct mr_sources_form *form = sources->form;
    enum mr_code code = MR_OK;

    sources->known_count = sources->count;
    sources->base_size = base_size_of(&form->path);
    for (size_t i = 0; i < form->path.count && code == MR_OK; i++) {
        code = add_pattern(sources, form->path.items[i], err);
    }
    if (sources->count > sources->known_count) {
        qsort(sources->files + sources->known_count, sources->count - sources->known_count,
              sizeof(struct mr_source_file *),
              form->order == MR_SOURCES_BY_TIME ? by_time : by_name);
        sources->is_short |= !mark_known(sources);
        drop_known(sources);
    }
    if (code == MR_OK && sources->is_short) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a list of %zu files", sources->count);
    }
    return code;
}

size_t mr_sources_count(const struct mr_sources *sources)
{
    return sources->count;
}

struct mr_source_file *mr_sources_at(struct mr_sources *sources, size_t index)
{
    return sources->files[index];
}

bool mr_source_digest(int fd, struct mr_digest *digest)
{
    uint8_t *block = malloc(DIGEST_BLOCK);
    struct mr_digester *digester = mr_digester_new();
    ssize_t got = -1;

    if (block != NULL && digester != NULL) {
        while ((got = read(fd, block, DIGEST_BLOCK)) > 0) {
            mr_digester_add(digester, (struct mr_span){block, (size_t)got});
        }
        *digest = mr_digester_end(digester);
    }
    mr_digester_free(digester);
    free(block);
    return got == 0;
}
