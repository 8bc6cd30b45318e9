/* How fast the sink `postgres` is: rows a second and the sink's own CPU, append and upsert.
 *
 *     bench_postgres [rows [batch [rounds]]]     the database is the one that PG_URL names
 *
 * Framed Avro records of 10 fields (about 75 bytes), distinct keys in hash order, in batches of one
 * transaction each (10,000 rows), decoded as the engine does. CPU is this thread's: decoding,
 * encoding and libpq; the server's is not in it. Medians of the rounds, each into a new table. The
 * last line is for scripts. */
#include "tests/support/sink_bench.h"

#include "processors/core/base/digest.h"
#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"
#include "sinks/postgres/postgres.h"

#include <libpq-fe.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 15
#define KEEP_SIZE ((size_t)2 << 30)

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"chain_id\",\"type\":\"string\"},"
    "{\"name\":\"store_id\",\"type\":\"string\"},{\"name\":\"item_code\",\"type\":\"string\"},"
    "{\"name\":\"unit\",\"type\":{\"type\":\"enum\",\"name\":\"Unit\",\"symbols\":[\"UNIT\",\"KG\"]"
    "}},{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"unit_price\",\"type\":\"double\"},"
    "{\"name\":\"quantity\",\"type\":[\"null\",\"double\"]},{\"name\":\"line\",\"type\":\"long\"},"
    "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}]}";

struct measured {
    double rows_per_s, cpu_s_per_m;
};

struct run {
    struct sink_bench *bench;
    struct mr_arena *keep;
    struct mr_record *records;
    size_t count, batch;
    const char *url;
};

static double seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_record(struct run *run, size_t index)
{
    const uint64_t id = mr_hash64((struct mr_span){(const uint8_t *)&index, sizeof(index)}) >> 1;
    struct mr_error err = {0};
    struct mr_span datum;
    uint8_t *value;
    char json[400];

    (void)snprintf(json, sizeof(json),
                   "{\"id\":%" PRIu64 ",\"chain_id\":\"7290027600007\",\"store_id\":\"%03u\","
                   "\"item_code\":\"%013" PRIu64 "\",\"unit\":\"KG\",\"price\":%u.9,"
                   "\"unit_price\":1.25,\"quantity\":{\"double\":1.5},\"line\":%zu,"
                   "\"at\":%" PRIu64 "}",
                   id, (unsigned)(index % 300), id % 10000000000000U, (unsigned)(index % 90), index,
                   UINT64_C(1772361000000) + index);
    assert_int_equal(MR_OK,
                     mr_json_read(run->bench->schema, mr_span_text(json), run->keep, &datum, &err));
    value = mr_arena_bytes(run->keep, MR_FRAME_SIZE + datum.size);
    assert_non_null(value);
    mr_frame_write(value, 1);
    memcpy(value + MR_FRAME_SIZE, datum.data, datum.size);
    run->records[index] =
        (struct mr_record){.value = {value, MR_FRAME_SIZE + datum.size}, .offset = (int64_t)index};
}

static void decode_batch(struct run *run, const struct mr_batch *batch, struct mr_value **rows)
{
    struct sink_bench *bench = run->bench;
    const size_t slots = mr_layout_slot_count(bench->layout);
    struct mr_value *values = mr_arena_take(bench->arena, batch->count * slots, sizeof(*values));

    assert_non_null(values);
    for (size_t i = 0; i < batch->count; i++) {
        struct mr_frame frame;

        rows[i] = values + i * slots;
        assert_null(mr_frame_read(batch->records[i].value, &frame));
        assert_null(mr_plan_decode(bench->plan, frame.datum, rows[i], bench->arena));
    }
}

static void store_batch(struct run *run, size_t from)
{
    struct sink_bench *bench = run->bench;
    const size_t left = run->count - from;
    struct mr_batch batch = {.records = run->records + from,
                             .count = left < run->batch ? left : run->batch};
    struct mr_value **rows;
    enum mr_code code;

    mr_arena_reset(bench->arena);
    rows = mr_arena_take(bench->arena, batch.count, sizeof(*rows));
    batch.rows = rows;
    decode_batch(run, &batch, rows);
    code = bench->sink.ops->write(&bench->sink, 0, &batch, (int64_t)(from + batch.count),
                                  bench->verdicts, bench->arena, &bench->err);
    if (code == MR_OK) {
        code = bench->sink.ops->commit(&bench->sink, &bench->err);
    }
    if (code != MR_OK) {
        (void)fprintf(stderr, "%s\n", bench->err.text);
        exit(1);
    }
}

/* All happens in a schema of its own; nothing else in the database is touched. */
static void clear_schema(const char *url, const char *sql)
{
    PGconn *conn = PQconnectdb(url);

    PQclear(PQexec(conn, "SET client_min_messages TO warning"));
    PQclear(PQexec(conn, "DROP SCHEMA IF EXISTS millrace_bench CASCADE"));
    PQclear(PQexec(conn, sql));
    PQfinish(conn);
}

static struct measured measure(struct run *run, const char *settings)
{
    struct sink_bench *bench = run->bench;
    double wall, cpu;
    char yaml[1024];

    (void)snprintf(yaml, sizeof(yaml),
                   "{url: \"%s%coptions=-csearch_path%%3Dmillrace_bench\", tables: {score: {table: "
                   "prices%s}}}",
                   run->url, strchr(run->url, '?') != NULL ? '&' : '?', settings);
    clear_schema(run->url, "CREATE SCHEMA millrace_bench");
    if (sink_bench_open(bench, &mr_postgres_ops, yaml) != MR_OK) {
        (void)fprintf(stderr, "%s\n", bench->err.text);
        exit(1);
    }
    (void)sink_bench_position(bench, 0);
    wall = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (size_t from = 0; from < run->count; from += run->batch) {
        store_batch(run, from);
    }
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    sink_bench_close(bench);
    clear_schema(run->url, "CHECKPOINT");
    return (struct measured){(double)run->count / wall, cpu * 1e6 / (double)run->count};
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static struct measured median(struct run *run, const char *label, const char *settings,
                              size_t rounds)
{
    double rates[ROUNDS_MAX], cpus[ROUNDS_MAX];

    for (size_t i = 0; i < rounds; i++) {
        const struct measured measured = measure(run, settings);

        rates[i] = measured.rows_per_s;
        cpus[i] = measured.cpu_s_per_m;
    }
    qsort(rates, rounds, sizeof(*rates), by_size);
    qsort(cpus, rounds, sizeof(*cpus), by_size);
    printf("%-8s %8.0f rows/s (%.0f to %.0f)  %.3f s of CPU per million rows\n", label,
           rates[rounds / 2], rates[0], rates[rounds - 1], cpus[rounds / 2]);
    return (struct measured){rates[rounds / 2], cpus[rounds / 2]};
}

static size_t argument(int count, char **words, int index, size_t fallback)
{
    const long given = count > index ? strtol(words[index], NULL, 10) : 0;

    return given > 0 ? (size_t)given : fallback;
}

int main(int argc, char **argv)
{
    struct run run = {.url = getenv("PG_URL"),
                      .count = argument(argc, argv, 1, 300000),
                      .batch = argument(argc, argv, 2, 10000)};
    const size_t rounds = argument(argc, argv, 3, 3);
    struct measured append, upsert;

    if (run.url == NULL || rounds > ROUNDS_MAX || run.batch > SINK_BENCH_RECORDS) {
        (void)fprintf(stderr,
                      "PG_URL=postgresql://.. bench_postgres [rows [batch up to %d "
                      "[rounds up to %d]]]\n",
                      SINK_BENCH_RECORDS, ROUNDS_MAX);
        return 64;
    }
    run.bench = sink_bench_new(schema);
    run.bench->stage = "score";
    run.keep = mr_arena_new(KEEP_SIZE);
    run.records = mr_arena_take(run.keep, run.count, sizeof(*run.records));
    assert_non_null(run.records);
    for (size_t i = 0; i < run.count; i++) {
        make_record(&run, i);
    }
    append = median(&run, "append", "", rounds);
    upsert = median(&run, "upsert", ", mode: upsert, key: id", rounds);
    printf("bench_postgres append_rows_per_s=%.0f upsert_rows_per_s=%.0f cpu_s_per_m=%.3f\n",
           append.rows_per_s, upsert.rows_per_s, append.cpu_s_per_m);
    mr_arena_free(run.keep);
    sink_bench_free(run.bench);
    return 0;
}
