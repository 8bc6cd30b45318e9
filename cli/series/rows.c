#include "cli/series/rows.h"

#include "connectors/files/reader.h"
#include "processors/ingest/dates.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_SIZE_MAX ((size_t)256 << 10)
#define ARENA_SIZE ((size_t)1 << 20)
#define NUMBER_SIZE 64
/* 1e11 seconds are in the year 5138, 1e11 milliseconds in 1973. */
#define SECONDS_MAX 1e11
#define MS_MAX 2.5e14 /* the year 9892 */

static const char *const missing[] = {"NA", "null", "None"};

/* The standard input as a file that can be read from its beginning. */
static int spool_input(struct mr_error *err)
{
    FILE *spool = tmpfile();
    char block[65536];
    size_t size;
    int fd;

    while (spool != NULL && (size = fread(block, 1, sizeof(block), stdin)) > 0) {
        if (fwrite(block, 1, size, spool) != size) {
            (void)fclose(spool);
            spool = NULL;
        }
    }
    fd = spool != NULL && ferror(stdin) == 0 && fflush(spool) == 0 ? dup(fileno(spool)) : -1;
    if (spool != NULL) {
        (void)fclose(spool);
    }
    if (fd < 0) {
        (void)MR_FAIL(err, MR_IO, "-: the input cannot be read or kept");
    }
    return fd;
}

static int open_source(const char *path, struct mr_error *err)
{
    int fd;

    if (strcmp(path, "-") == 0) {
        return spool_input(err);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)MR_FAIL(err, MR_USAGE, "%s cannot be opened", path);
    }
    return fd;
}

static enum mr_code fail_bad_row(const char *path, const struct mr_row *row,
                                 const struct mr_wanted *wanted, struct mr_error *err)
{
    if (strcmp(row->reason, "source_unrecognised") == 0) {
        return MR_FAIL(err, MR_BAD_DATA, "%s:%lld: no column is named %s (%s)", path,
                       (long long)row->place.line, wanted->alternates.items[0], wanted->name);
    }
    return MR_FAIL(err, MR_BAD_DATA, "%s:%lld: %s%s%s", path, (long long)row->place.line,
                   row->reason, row->detail ? ": " : "", row->detail ? row->detail : "");
}

static enum mr_code read_all(const char *path, const struct mr_wanted *wanted,
                             struct mr_reader *reader, struct mr_arena *arena,
                             const struct mr_rows_taker *taker, struct mr_error *err)
{
    while (mr_reader_next(reader)) {
        struct mr_row row;
        enum mr_code code;

        mr_arena_reset(arena);
        if (!mr_shelf_peek(mr_reader_shelf(reader), arena, &row)) {
            return MR_FAIL(err, MR_NO_ROOM, "%s: a row is too large", path);
        }
        mr_reader_pop(reader);
        row.place.source = path;
        if (row.texts == NULL) {
            return fail_bad_row(path, &row, wanted, err);
        }
        code = taker->take(taker->context, &row, err);
        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

enum mr_code mr_rows_read(const char *path, const struct mr_wanted *wanted, size_t wanted_count,
                          const struct mr_rows_taker *taker, struct mr_error *err)
{
    const struct mr_wanted_rows rows = {
        .names = wanted, .count = wanted_count, .missing = {missing, MR_COUNT(missing)}};
    const struct mr_reader_form form = {.row_size_max = ROW_SIZE_MAX,
                                        .source_size_max = UINT64_MAX};
    const int fd = open_source(path, err);
    struct mr_reader *reader = fd >= 0 ? mr_reader_new(&rows, &form) : NULL;
    struct mr_arena *arena = fd >= 0 ? mr_arena_new(ARENA_SIZE) : NULL;
    enum mr_code code = fd >= 0 ? MR_OK : err->code;

    if (code == MR_OK && (reader == NULL || arena == NULL || !mr_reader_open(reader, fd))) {
        code = MR_FAIL(err, MR_NO_ROOM, "%s: no memory to read it", path);
    } else if (code == MR_OK) {
        code = read_all(path, wanted, reader, arena, taker, err);
        mr_reader_close(reader);
    }
    mr_reader_free(reader);
    mr_arena_free(arena);
    if (fd >= 0) {
        (void)close(fd);
    }
    return code;
}

/* What is wrong with a text, and where. */
static enum mr_code fail_at(const struct mr_row *row, const struct mr_value *text,
                            const char *wanted, struct mr_error *err)
{
    if (text->kind == MR_KIND_NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "%s:%lld: %s is missing", row->place.source,
                       (long long)row->place.line, wanted);
    }
    return MR_FAIL(err, MR_BAD_DATA, "%s:%lld: \"%.*s\" is not %s", row->place.source,
                   (long long)row->place.line, (int)(text->size < 100 ? text->size : 100),
                   (const char *)text->data, wanted);
}

static bool is_number(const struct mr_value *text, double *number)
{
    const struct mr_span trimmed = mr_span_trim(mr_value_span(text));
    char copy[NUMBER_SIZE];
    char *end;

    if (trimmed.size == 0 || trimmed.size >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, trimmed.data, trimmed.size);
    copy[trimmed.size] = '\0';
    *number = strtod(copy, &end);
    return *end == '\0';
}

enum mr_code mr_rows_number(const struct mr_value *text, const struct mr_row *row, double *number,
                            struct mr_error *err)
{
    *number = (double)NAN;
    return text->kind == MR_KIND_NULL || is_number(text, number)
               ? MR_OK
               : fail_at(row, text, "a number", err);
}

enum mr_code mr_rows_time(const struct mr_value *text, const struct mr_row *row, int64_t *ms,
                          struct mr_error *err)
{
    static const char *const patterns[] = {
        "yyyy-MM-dd HH:mm:ss",   "yyyy-MM-dd HH:mm:ss.S",  "yyyy-MM-ddTHH:mm:ss",
        "yyyy-MM-ddTHH:mm:ssX",  "yyyy-MM-ddTHH:mm:ss.SX", "yyyy-MM-dd HH:mm:ssX",
        "yyyy-MM-ddTHH:mm:ss.S", "yyyy-MM-dd HH:mm:ss.SX", "yyyy-MM-dd HH:mm",
        "yyyy-MM-ddTHH:mm",      "yyyy-MM-ddTHH:mmX",      "yyyy-MM-dd"};
    double number;

    if (text->kind == MR_KIND_NULL) {
        return fail_at(row, text, "the time", err);
    }
    if (is_number(text, &number) && fabs(number) <= MS_MAX) {
        *ms = (int64_t)(fabs(number) < SECONDS_MAX ? number * 1000.0 : number);
        return MR_OK;
    }
    for (size_t i = 0; i < MR_COUNT(patterns); i++) {
        if (mr_date_read(mr_value_span(text), patterns[i], 0, ms)) {
            return MR_OK;
        }
    }
    return fail_at(row, text, "a time (2026-03-01 05:10:00, 2026-03-01T05:10:00Z, 1772341800)",
                   err);
}
