/* golden.h - two sides of one feed as tables of text: ours by ingest, theirs from a CSV file.
 *
 * A cell is NULL where the value is missing. Numbers are compared as numbers. The golden files are
 * read by our own reader of CSV, which has tests of its own.
 */
#ifndef MR_TESTS_GOLDEN_H
#define MR_TESTS_GOLDEN_H

#include "tests/support/files_bench.h"
#include "tests/support/ingest_bench.h"

#define GOLDEN_CELLS 18
#define GOLDEN_ROWS_MAX 8192

struct golden_table {
    const char *cells[GOLDEN_ROWS_MAX][GOLDEN_CELLS];
    size_t count;
};

struct golden {
    struct files_bench *files;
    struct ingest_bench ingest;
    struct golden_table *ours, *theirs; /* owned */
    size_t cells;
    const char *const *columns; /* theirs */
    const char *const *leaves;  /* ours, in the same order */
    const char *subject, *format, *event_time;
};

/* Setup and teardown of a cmocka test. */
int golden_setup(void **state);
int golden_teardown(void **state);

/* Skips the test when path, below the shared data, is not there. */
const char *golden_data(struct golden *golden, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void golden_read_theirs(struct golden *golden, const char *path);
/* Fails the test when a row does not pass. */
void golden_read_ours(struct golden *golden, const char *path);
bool golden_is_same(const char *ours, const char *theirs);

#endif
