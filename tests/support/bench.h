/* bench.h - a pipeline on the bench: real stages over real bytes, without a broker.
 *
 *     bench_open(yaml of the stages) ; bench_feed(record) .. ; bench_run() ; bench_get(path) ..
 *
 * Records are fed as JSON of the subject and go through the engine's segment as they would in
 * production: encoded, decoded, judged, stamped, encoded. What came out is read back
 * as JSON, by path. ingest is a stand-in: its key is subject.id, which also
 * places a record in its partition. Failing asserts are cmocka's.
 */
#ifndef MR_TESTS_BENCH_H
#define MR_TESTS_BENCH_H

#include "processors/core/stage/segment.h"

#include <jansson.h>

struct bench_output {
    const char *topic;    /* "bench.detect" */
    struct mr_span key;   /* borrowed until the next run */
    struct mr_span value; /* framed; likewise */
    json_t *json;         /* owned; NULL in dead letters and snapshots */
    const struct mr_header *headers;
    size_t header_count;
    int64_t timestamp_ms;
};

struct bench {
    const char *stages; /* items of the list: "- validate: {...}\n"; set it, then bench_open() */
    const char
        *subject; /* JSON schema; NULL: bench.Thing {id, name, price, amount?, count, tags} */
    const struct mr_processor_ops *const *processors;
    const char *end; /* JSON: origin.end of what is fed next; NULL: null */

    struct mr_pipeline *pipeline;
    struct mr_segment *segment;
    struct mr_report *report;
    struct mr_arena *inputs, *batch, *txn, *log;
    struct mr_record *records;
    struct mr_record *states; /* all snapshots so far */
    size_t state_count;
    size_t record_count, fed_count;
    struct bench_output *outputs;
    size_t output_count;
    struct mr_error error;
    char folder[64];
    char *problems; /* owned: what the report says; "" when nothing */
};

/* true: open. false: the configuration was refused, and problems says why. */
bool bench_try(struct bench *bench);
/* Asserts that it opens. */
void bench_open(struct bench *bench);
/* Ends the segment, keeps nothing. */
void bench_close(struct bench *bench);
/* Writes a file beside the pipeline file; before bench_open(). */
void bench_write(struct bench *bench, const char *name, const char *text);

/* One more record for the next run. subject: JSON, AVRO form. Key is subject.id; place counts up.
 */
void bench_feed(struct bench *bench, const char *subject, int64_t event_time_ms);
/* bench.Thing: everything but id and price at rest. */
void bench_feed_price(struct bench *bench, const char *id, double price, int64_t event_time_ms);
/* Runs what was fed as one batch. On MR_OK the outputs are there, in order; else the state is
 * forgotten and the same records can be run again. */
enum mr_code bench_try_run(struct bench *bench);
void bench_run(struct bench *bench); /* asserts MR_OK */
/* Runs what was fed with a little more room each time until it fits: each take from the arena on
 * the way is the first to fail once, and must say MR_NO_ROOM. Returns how many times it failed. */
size_t bench_starve(struct bench *bench);
/* A new segment with the state of the old one, by way of a snapshot. */
void bench_restart(struct bench *bench);

/* Outputs of topic "bench.<name>"; the index-th of them asserts that it is there. */
size_t bench_count(const struct bench *bench, const char *name);
const struct bench_output *bench_output(const struct bench *bench, const char *name, size_t index);
/* A value in an output by path: "detection.price.score". Asserts that it is there; may be null. */
const json_t *bench_get(const struct bench_output *output, const char *path);
double bench_real(const struct bench_output *output, const char *path);
const char *bench_text(const struct bench_output *output, const char *path);
/* The value of a header; data NULL: there is none. */
struct mr_span bench_header(const struct bench_output *output, const char *name);

#endif
