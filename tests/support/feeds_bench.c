#include "tests/support/feeds_bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int feeds_bench_open(void **state)
{
    struct feeds_bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    bench->arena = mr_arena_new((size_t)256 << 20);
    assert_non_null(bench->arena);
    (void)snprintf(bench->folder, sizeof(bench->folder), "/tmp/millrace-feeds-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    *state = bench;
    return 0;
}

static void remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);

    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && remove(path) != 0) {
            remove_folder(path);
        }
    }
    (void)closedir(directory);
    (void)rmdir(folder);
}

int feeds_bench_close(void **state)
{
    struct feeds_bench *bench = *state;

    remove_folder(bench->folder);
    mr_arena_free(bench->arena);
    free(bench);
    return 0;
}

int feeds_bench_run(char out[FEEDS_OUTPUT_SIZE], const char *format, ...)
{
    const char *build = getenv("MILLRACE_BUILD");
    char command[1024];
    va_list args;
    size_t size;
    FILE *pipe;
    int start;

    assert_non_null(build);
    start = snprintf(command, sizeof(command), "%s/millrace-feeds ", build);
    va_start(args, format);
    (void)vsnprintf(command + start, sizeof(command) - (size_t)start, format, args);
    va_end(args);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    size = fread(out, 1, FEEDS_OUTPUT_SIZE - 1, pipe);
    out[size] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

void feeds_bench_make(const struct feeds_bench *bench, const char *name, const char *options)
{
    char out[FEEDS_OUTPUT_SIZE];

    assert_int_equal(0, feeds_bench_run(out, "--out %s/%s %s", bench->folder, name, options));
    assert_non_null(strstr(out, "feeds files="));
}

struct mr_span feeds_bench_read(struct feeds_bench *bench, const char *folder, const char *name)
{
    uint8_t *bytes = mr_arena_bytes(bench->arena, FEEDS_FILE_SIZE_MAX);
    char path[512];
    FILE *stream;
    size_t size;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", bench->folder, folder, name);
    stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_non_null(bytes);
    size = fread(bytes, 1, FEEDS_FILE_SIZE_MAX - 1, stream);
    bytes[size] = '\0';
    assert_true(size < FEEDS_FILE_SIZE_MAX - 1);
    (void)fclose(stream);
    return (struct mr_span){bytes, size};
}

void feeds_bench_write(const struct feeds_bench *bench, const char *name, const char *text)
{
    char path[512];
    FILE *stream;

    (void)snprintf(path, sizeof(path), "%s/%s", bench->folder, name);
    stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(strlen(text), fwrite(text, 1, strlen(text), stream));
    assert_int_equal(0, fclose(stream));
}
