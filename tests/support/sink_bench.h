/* sink_bench.h - a sink with one input, as the engine's drain drives it.
 *
 * The test names schema and settings, adds records as JSON (Avro's form) to partitions, and writes
 * and commits them. Offsets are counted for it; a restart (close, open) keeps the log, so a test
 * reads it again from where the sink's position() says.
 */
#ifndef MR_TESTS_SUPPORT_SINK_BENCH_H
#define MR_TESTS_SUPPORT_SINK_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "processors/core/codec/plan.h"
#include "processors/core/stage/sink.h"

#define SINK_BENCH_RECORDS 20000
#define SINK_BENCH_PARTITIONS 4

struct sink_bench {
    const char *stage; /* NULL: "advise" */
    bool is_transient;
    bool is_dry;

    struct mr_arena *keep;  /* owned: schema's data, settings, the log */
    struct mr_arena *arena; /* owned: of one write */
    struct mr_report *report;
    struct mr_schema *schema;
    struct mr_layout *layout;
    struct mr_plan *plan;
    struct mr_sink_input input;
    struct mr_sink sink;
    struct mr_log log;
    struct mr_error err;
    bool is_open;

    struct mr_record *records[SINK_BENCH_PARTITIONS]; /* the log; keep */
    size_t count[SINK_BENCH_PARTITIONS];
    size_t written[SINK_BENCH_PARTITIONS];          /* the next offset to write */
    struct mr_verdict verdicts[SINK_BENCH_RECORDS]; /* of the last write */
    size_t verdict_count;
};

/* The bench is too large for a stack. Owned: sink_bench_free(). */
struct sink_bench *sink_bench_new(const char *schema);
void sink_bench_free(struct sink_bench *bench);

/* Reads settings (YAML) by the sink's options and opens it; asserts that the options are good. */
enum mr_code sink_bench_open(struct sink_bench *bench, const struct mr_sink_ops *ops,
                             const char *yaml);
void sink_bench_close(struct sink_bench *bench);
/* Another schema for the same log's later records. The sink is closed. */
void sink_bench_schema(struct sink_bench *bench, const char *schema);

/* One more record of the log. key NULL: none. */
void sink_bench_add(struct sink_bench *bench, int32_t partition, const char *key, const char *json);
/* Hands all records from written[partition] on to the sink, and counts them as written. */
enum mr_code sink_bench_write(struct sink_bench *bench, int32_t partition);
enum mr_code sink_bench_commit(struct sink_bench *bench);
/* As the loop after a failure: abort(), and the log is read again from `written`. */
void sink_bench_abort(struct sink_bench *bench, int32_t partition, size_t written);
/* What position() says; -1: nothing. */
int64_t sink_bench_position(struct sink_bench *bench, int32_t partition);
/* write and commit, both of which have to work. */
void sink_bench_store(struct sink_bench *bench, int32_t partition);
size_t sink_bench_rejected(const struct sink_bench *bench);

#endif
