/* rig.h - a pipeline of test plug-ins over the log in memory.
 *
 *     rows --ingest--> rig.ingest --sieve--> --count--> --emit--> rig.emit --> memory
 *
 * Plug-ins, all of them small, that together do what real ones may do:
 *   connector `memory`  row_count rows in sources of RIG_SOURCE_ROWS each, remade from their number
 *   mapper `ingest`     id, value, team; a row whose value is no number is rejected
 *   `sieve`             rejects values that end in 7, drops those in 3, stamps a mark of text
 *   `count`             per key: how many and their sum; keyed state
 *   `emit`              1 or 2 emissions for every fourth or eighth value
 *   `copy`              passes everything on, without a stamp
 *   sink `memory`       keeps positions with the rows; `plain` leaves them to Kafka
 * A test sets members between rig_init() and rig_open(). Everything is freed by
 * rig_close(). One thread, or actors of the rig's world.
 */
#ifndef MR_TESTS_RIG_H
#define MR_TESTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "processors/core/stage/drain.h"
#include "processors/core/stage/intake.h"
#include "processors/core/stage/worker.h"
#include "tests/sim/log.h"

#define RIG_SOURCE_ROWS 40
#define RIG_CHAIN \
    "stages:\n" \
    "  - ingest: {}\n" \
    "  - sieve: {}\n" \
    "  - count: {key: record.key}\n" \
    "  - emit: {}\n"

struct rig;

/* What a sink of the rig wrote and committed. */
struct rig_row {
    uint32_t input;
    int32_t partition;
    int64_t offset;
    uint64_t hash; /* of key and value */
    bool is_refused;
};

struct rig_table {
    struct rig_row *rows; /* owned */
    size_t count, room;
    size_t committed; /* rows[committed..count) are of the open transaction */
    int64_t next[16][16], pending[16][16];
};

struct rig_connector {
    struct mr_connector_ops ops; /* first: self->ops leads back to the rig */
    struct rig *rig;
};

struct rig_sink {
    struct mr_sink_ops ops; /* first */
    struct rig *rig;
    struct rig_table table;
};

struct rig {
    /* Set by the test. */
    uint64_t seed;
    size_t row_count;
    size_t chunk;       /* rows that a pull gives at most */
    size_t row_size;    /* bytes of team, at least */
    bool is_bad_often;  /* every second row is malformed */
    bool is_picky;      /* sinks refuse every fifth record */
    bool is_never_done; /* the source may grow */
    int64_t ahead_ms;   /* row 7 of each source happens so long after the log's clock; 0: before */
    const char *older;  /* schema; NULL: none: older.avsc beside the pipeline file */

    /* Made by rig_open(). */
    struct sim_world *world;
    struct sim_log *log;
    struct mr_report *report;
    struct mr_pipeline *pipeline;
    struct mr_log quiet;
    struct mr_phase phase;
    struct rig_connector connector;
    struct rig_sink memory, plain;
    const struct mr_connector_ops *connectors[2];
    const struct mr_processor_ops *processors[5];
    const struct mr_sink_ops *sinks[3];
    struct mr_plugins plugins;
    struct mr_error error;                      /* of the last run */
    struct mr_counters_sum sums[MR_STAGES_MAX]; /* by first stage of what ran, all runs together */
    char folder[64], path[96];
};

void rig_init(struct rig *rig);
/* Loads what stands below "pipeline: rig" (more options, stages, sinks); fails the test where that
 * is refused. */
void rig_open(struct rig *rig, const char *yaml);
/* The same for a text that may be refused. whole: with its own head. */
enum mr_code rig_load(struct rig *rig, const char *whole);
void rig_close(struct rig *rig);
/* The report as text; free() it. */
char *rig_report(const struct rig *rig);

struct mr_worker_spec rig_spec(struct rig *rig, int rank, int32_t worker, int32_t worker_count);
/* Opens stages first..last, without a broker. */
enum mr_code rig_segment(struct rig *rig, size_t first, size_t last, struct mr_segment **segment);
/* Each makes a loop, runs it to its end and frees it: a process that starts and ends. */
enum mr_code rig_ingest(struct rig *rig);
enum mr_code rig_work(struct rig *rig, size_t first, size_t last);
enum mr_code rig_work_as(struct rig *rig, size_t first, size_t last,
                         const struct mr_worker_spec *spec);
enum mr_code rig_drain(struct rig *rig, size_t sink);

/* What the committed records of a topic are: one line each, in order, partition by partition.
 * with_times: timestamps too. The dead letters' header that names an offset is left out. free() it.
 */
char *rig_dump(struct rig *rig, const char *topic, bool with_times);
/* Fails unless the sink's table holds every committed record of the topic once. */
void rig_assert_complete(struct rig *rig, const struct rig_sink *sink, const char *topic);

/* For the plug-ins. */
extern const struct mr_mapper_ops rig_mapper_ops;
extern const struct mr_processor_ops rig_sieve_ops, rig_count_ops, rig_emit_ops, rig_copy_ops;
extern const struct mr_connector_ops rig_memory_connector_ops;
extern const struct mr_sink_ops rig_memory_sink_ops;
void rig_row_texts(const struct rig *rig, size_t index, struct mr_arena *arena,
                   struct mr_value texts[3]);

#endif
