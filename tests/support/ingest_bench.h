/* ingest_bench.h - connector `files` and processor `ingest` as the engine uses them, without one.
 *
 * Opened with the ingest stage's map in YAML, as if it stood in deploy/pipelines/grocery.yaml.
 */
#ifndef MR_TESTS_INGEST_BENCH_H
#define MR_TESTS_INGEST_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "connectors/files/files.h"
#include "processors/core/codec/encode.h"
#include "processors/ingest/ingest.h"

struct ingest_bench {
    struct mr_arena *settings;  /* owned */
    struct mr_arena *arena;     /* owned: of one pull */
    struct mr_report *report;   /* owned */
    struct mr_schema *subject;  /* owned */
    struct mr_encoder *encoder; /* owned: knows the leaves' names */
    struct mr_mapper mapper;
    struct mr_connector connector;
    struct mr_log log;
    struct mr_error err;
    struct mr_intake intake;  /* of the last pull */
    struct mr_mapped *mapped; /* its rows; arena */
    const char *problems;     /* the report, in settings */
};

void ingest_bench_init(struct ingest_bench *bench);
void ingest_bench_free(struct ingest_bench *bench);
/* subject: a path of a schema, or its JSON. */
enum mr_code ingest_bench_open(struct ingest_bench *bench, const char *subject, const char *yaml);
void ingest_bench_close(struct ingest_bench *bench);
/* false: nothing is left. Fails the test on an error. */
bool ingest_bench_pull(struct ingest_bench *bench);
/* Index of a leaf by name; fails the test when there is none. */
size_t ingest_bench_leaf(const struct ingest_bench *bench, const char *name);

#endif
