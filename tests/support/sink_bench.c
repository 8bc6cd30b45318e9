#include "tests/support/sink_bench.h"

#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_SIZE ((size_t)256 << 20)
#define ARENA_SIZE ((size_t)64 << 20)

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

struct sink_bench *sink_bench_new(const char *schema)
{
    struct sink_bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    bench->keep = mr_arena_new(KEEP_SIZE);
    bench->arena = mr_arena_new(ARENA_SIZE);
    assert_true(bench->keep != NULL && bench->arena != NULL);
    bench->log = (struct mr_log){.stream = stderr, .component = "sink", .floor = MR_ERROR};
    bench->schema = parsed(schema);
    for (size_t i = 0; i < SINK_BENCH_PARTITIONS; i++) {
        bench->records[i] =
            mr_arena_take(bench->keep, SINK_BENCH_RECORDS, sizeof(*bench->records[i]));
        assert_non_null(bench->records[i]);
    }
    return bench;
}

void sink_bench_free(struct sink_bench *bench)
{
    sink_bench_close(bench);
    mr_schema_free(bench->schema);
    mr_arena_free(bench->keep);
    mr_arena_free(bench->arena);
    free(bench);
}

void sink_bench_schema(struct sink_bench *bench, const char *schema)
{
    assert_false(bench->is_open);
    mr_schema_free(bench->schema);
    bench->schema = parsed(schema);
}

static const void *settings_of(struct sink_bench *bench, const struct mr_sink_ops *ops,
                               const char *yaml)
{
    const struct mr_node *node =
        mr_node_parse("test.yaml", mr_span_text(yaml), bench->keep, bench->report);
    void *settings = mr_arena_take(bench->keep, 1, ops->settings_size);

    assert_non_null(settings);
    if (node == NULL ||
        !mr_options_read(ops->options, node, "sinks.test", bench->keep, bench->report, settings)) {
        mr_report_print(bench->report, stderr);
        fail_msg("%s", yaml);
    }
    return settings;
}

enum mr_code sink_bench_open(struct sink_bench *bench, const struct mr_sink_ops *ops,
                             const char *yaml)
{
    const char *stage = bench->stage != NULL ? bench->stage : "advise";
    enum mr_code code;

    assert_false(bench->is_open);
    bench->err = (struct mr_error){0};
    bench->is_open = true;
    bench->report = mr_report_new();
    bench->layout = mr_layout_new(bench->schema);
    assert_true(bench->report != NULL && bench->layout != NULL);
    bench->input = (struct mr_sink_input){stage, mr_arena_print(bench->keep, "grocery.%s", stage),
                                          bench->schema, bench->layout};
    bench->sink = (struct mr_sink){
        .ops = ops,
        .settings = settings_of(bench, ops, yaml),
        .log = &bench->log,
        .name = ops->name,
        .pipeline = "grocery",
        .is_transient = bench->is_transient,
        .report = bench->report,
    };
    code = ops->open(&bench->sink, &bench->input, 1, bench->is_dry, &bench->err);
    if (code == MR_OK) {
        code = mr_plan_new(bench->schema, bench->layout, &bench->plan, &bench->err);
    }
    return code;
}

void sink_bench_close(struct sink_bench *bench)
{
    if (!bench->is_open) {
        return;
    }
    bench->sink.ops->close(&bench->sink);
    mr_plan_free(bench->plan);
    mr_layout_free(bench->layout);
    mr_report_free(bench->report);
    bench->plan = NULL;
    bench->is_open = false;
}

void sink_bench_add(struct sink_bench *bench, int32_t partition, const char *key, const char *json)
{
    struct mr_error err = {0};
    struct mr_span datum;
    const size_t offset = bench->count[partition];
    struct mr_record *record = &bench->records[partition][offset];
    uint8_t *value;

    assert_true(offset < SINK_BENCH_RECORDS);
    if (mr_json_read(bench->schema, mr_span_text(json), bench->keep, &datum, &err) != MR_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    value = mr_arena_bytes(bench->keep, MR_FRAME_SIZE + datum.size);
    assert_non_null(value);
    mr_frame_write(value, mr_schema_id(bench->schema));
    memcpy(value + MR_FRAME_SIZE, datum.data, datum.size);
    *record = (struct mr_record){
        .key = mr_arena_copy(bench->keep, mr_span_text(key)),
        .value = {value, MR_FRAME_SIZE + datum.size},
        .timestamp_ms = INT64_C(1793000000000) + (int64_t)offset,
        .offset = (int64_t)offset,
        .partition = partition,
    };
    if (key == NULL) {
        record->key.data = NULL;
    }
    bench->count[partition]++;
}

static struct mr_value **rows_of(struct sink_bench *bench, const struct mr_record *records,
                                 size_t count)
{
    const size_t slots = mr_layout_slot_count(bench->layout);
    struct mr_value **rows = mr_arena_take(bench->arena, count + 1, sizeof(*rows));
    struct mr_value *values = mr_arena_take(bench->arena, count * slots + 1, sizeof(*values));

    assert_true(rows != NULL && values != NULL);
    for (size_t i = 0; i < count; i++) {
        struct mr_frame frame;

        rows[i] = values + i * slots;
        assert_null(mr_frame_read(records[i].value, &frame));
        assert_null(mr_plan_decode(bench->plan, frame.datum, rows[i], bench->arena));
    }
    return rows;
}

enum mr_code sink_bench_write(struct sink_bench *bench, int32_t partition)
{
    const size_t from = bench->written[partition], to = bench->count[partition];
    const struct mr_record *records = bench->records[partition] + from;
    struct mr_batch batch = {.records = records, .count = to - from};
    enum mr_code code;

    mr_arena_reset(bench->arena);
    batch.rows = rows_of(bench, records, batch.count);
    memset(bench->verdicts, 0, sizeof(bench->verdicts));
    bench->verdict_count = batch.count;
    bench->err = (struct mr_error){0};
    code = bench->sink.ops->write(&bench->sink, 0, &batch, (int64_t)to, bench->verdicts,
                                  bench->arena, &bench->err);
    bench->written[partition] = to;
    for (size_t i = 0; code == MR_OK && i < batch.count; i++) {
        assert_true(bench->verdicts[i].kind == MR_VERDICT_PASS ||
                    bench->verdicts[i].kind == MR_VERDICT_REJECT);
    }
    return code;
}

enum mr_code sink_bench_commit(struct sink_bench *bench)
{
    bench->err = (struct mr_error){0};
    return bench->sink.ops->commit(&bench->sink, &bench->err);
}

void sink_bench_abort(struct sink_bench *bench, int32_t partition, size_t written)
{
    bench->sink.ops->abort(&bench->sink);
    bench->written[partition] = written;
}

int64_t sink_bench_position(struct sink_bench *bench, int32_t partition)
{
    int64_t next = -2;

    if (bench->sink.ops->position(&bench->sink, 0, partition, &next, &bench->err) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    return next;
}

void sink_bench_store(struct sink_bench *bench, int32_t partition)
{
    if (sink_bench_write(bench, partition) != MR_OK || sink_bench_commit(bench) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
}

size_t sink_bench_rejected(const struct sink_bench *bench)
{
    size_t count = 0;

    for (size_t i = 0; i < bench->verdict_count; i++) {
        count += bench->verdicts[i].kind == MR_VERDICT_REJECT;
    }
    return count;
}
