/* feeds_bench.h - runs the built generator of feeds in a folder of the test's own.
 *
 * feeds_bench_open and _close are a cmocka test's setup and teardown. All paths
 * are names below the bench's folder.
 */
#ifndef MR_TESTS_FEEDS_BENCH_H
#define MR_TESTS_FEEDS_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "processors/core/base/arena.h"

#define FEEDS_FILE_SIZE_MAX ((size_t)4 << 20)
#define FEEDS_OUTPUT_SIZE 4096

struct feeds_bench {
    struct mr_arena *arena; /* owned */
    char folder[64];
};

int feeds_bench_open(void **state);
int feeds_bench_close(void **state);

/* Runs the program by way of the shell and returns its exit code. */
int feeds_bench_run(char out[FEEDS_OUTPUT_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void feeds_bench_make(const struct feeds_bench *bench, const char *name, const char *options);

/* The bytes are in the bench's arena, with a NUL behind them. */
struct mr_span feeds_bench_read(struct feeds_bench *bench, const char *folder, const char *name);
void feeds_bench_write(const struct feeds_bench *bench, const char *name, const char *text);

#endif
