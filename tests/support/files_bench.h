/* files_bench.h - the connector `files` over a folder of the test's own.
 *
 * The test writes files, opens the connector with options in YAML, and reads all rows as lines of
 * text: "name=value|name=value" for a good row, "!reason line: detail" for a bad one. Fields are
 * those of the wanted names; the folder stands for ${dir} in the options.
 */
#ifndef MR_TESTS_FILES_BENCH_H
#define MR_TESTS_FILES_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "connectors/files/files.h"

#define FILES_BENCH_POSITIONS 64

struct files_bench {
    char folder[64];
    const struct mr_wanted_rows *wanted; /* NULL: those of a price feed */
    size_t room;                         /* rows of a pull; 0: 100 */
    struct mr_connector connector;
    struct mr_report *report;  /* owned */
    struct mr_arena *settings; /* owned */
    struct mr_arena *arena;    /* owned: of one pull */
    struct mr_arena *texts;    /* owned: what the test keeps */
    struct mr_intake intake;   /* of the last pull */
    struct mr_error err;
    struct mr_log log;
    struct mr_source_position stored[FILES_BENCH_POSITIONS]; /* latest by key; in texts */
    size_t stored_count;
    size_t good, bad;
};

/* Setup and teardown of a cmocka test; *state is the bench. */
int files_bench_setup(void **state);
int files_bench_teardown(void **state);

void files_bench_write(struct files_bench *bench, const char *name, struct mr_span bytes);
void files_bench_text(struct files_bench *bench, const char *name, const char *text);
const char *files_bench_path(struct files_bench *bench, const char *name);
/* A packed file of the given members; filter and format as libarchive calls them: "gzip", "raw". */
struct mr_span files_bench_pack(struct files_bench *bench, const char *filter, const char *format,
                                const char *const *names, const struct mr_span *members,
                                size_t count);
struct mr_span files_bench_gzip(struct files_bench *bench, struct mr_span bytes);
/* By iconv. */
struct mr_span files_bench_encode(struct files_bench *bench, const char *charset, const char *text);
struct mr_span files_bench_load(struct files_bench *bench, const char *path);

/* ${dir} is replaced. Fails the test unless the options are good. */
enum mr_code files_bench_open(struct files_bench *bench, const char *yaml);
void files_bench_close(struct files_bench *bench);
/* One pull; keeps the positions as a commit would. */
enum mr_code files_bench_pull(struct files_bench *bench);
void files_bench_resume(struct files_bench *bench);
/* Every row until the end, one line each. */
const char *files_bench_all(struct files_bench *bench);
/* The rows of the last pull. */
const char *files_bench_rows(struct files_bench *bench);

/* Where the shared data are, or NULL: then the test skips. */
const char *files_bench_data(struct files_bench *bench, const char *below);

#endif
