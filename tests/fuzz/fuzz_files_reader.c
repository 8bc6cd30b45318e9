/* Goal: whatever a file holds, reading it ends, keeps to its bounds, gives valid UTF-8, and gives
 * the same rows when it is read again. Method: libFuzzer writes the file; small bounds, so that
 * they are met. */
#include "connectors/files/reader.h"

#include "processors/core/base/digest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_MAX 2048
#define ROOM ((size_t)256 << 10)

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: they are megabytes. */
static struct mr_reader *reader;
static struct mr_arena *arena;

static const char *const a_names[] = {"A", "alt"};
static const char *const b_names[] = {"B"};
static const char *const rows[] = {"i", "Item"};
static const char *const missing[] = {"?"};
static const struct mr_wanted names[] = {{"a", {a_names, 2}}, {"b", {b_names, 1}}};
static const struct mr_wanted_rows wanted = {names, 2, {rows, 2}, {missing, 1}};
static const struct mr_reader_form form = {.row_size_max = ROW_MAX, .source_size_max = 1 << 20};

static uint64_t add(uint64_t sum, struct mr_span text)
{
    return (sum ^ mr_hash64(text)) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t add_row(uint64_t sum, const struct mr_row *row)
{
    MR_ASSERT((row->texts == NULL) == (row->reason != NULL));
    MR_ASSERT(mr_utf8_is_valid(row->raw));
    sum = add(sum, row->raw);
    sum = add(sum, mr_span_text(row->reason));
    for (size_t i = 0; row->texts != NULL && i < 2; i++) {
        if (row->texts[i].kind == MR_KIND_STRING) {
            MR_ASSERT(mr_utf8_is_valid(mr_value_span(&row->texts[i])));
            sum = add(sum, mr_value_span(&row->texts[i]));
        }
    }
    return sum + (uint64_t)row->place.line;
}

static uint64_t read_file(int fd)
{
    uint64_t sum = 0;

    MR_ASSERT(mr_reader_open(reader, fd));
    while (mr_reader_next(reader)) {
        struct mr_row row;

        mr_arena_reset(arena);
        MR_ASSERT(mr_shelf_peek(mr_reader_shelf(reader), arena, &row));
        sum = add_row(sum, &row);
        mr_reader_pop(reader);
    }
    MR_ASSERT(sum != 0); /* at least one row, good or bad */
    mr_reader_close(reader);
    return sum;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count, (void)arguments;
    reader = mr_reader_new(&wanted, &form);
    arena = mr_arena_new(ROOM);
    MR_ASSERT(reader != NULL && arena != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/dev/shm/mr_fuzz_XXXXXX";
    const int fd = mkstemp(path);

    MR_ASSERT(fd >= 0);
    (void)unlink(path);
    MR_ASSERT(write(fd, data, size) == (ssize_t)size);
    MR_ASSERT(read_file(fd) == read_file(fd));
    (void)close(fd);
    return 0;
}
