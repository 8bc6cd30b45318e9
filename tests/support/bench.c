#include "tests/support/bench.h"

#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROOM ((size_t)16 << 20)
#define RECORDS_MAX 4096

static const char thing[] =
    "{\"type\": \"record\", \"name\": \"Thing\", \"namespace\": \"bench\", \"fields\": ["
    "{\"name\": \"id\", \"type\": \"string\"}, {\"name\": \"name\", \"type\": \"string\"},"
    "{\"name\": \"price\", \"type\": \"double\"},"
    "{\"name\": \"amount\", \"type\": [\"null\", \"double\"]},"
    "{\"name\": \"count\", \"type\": \"long\"},"
    "{\"name\": \"tags\", \"type\": {\"type\": \"array\", \"items\": \"string\"}}]}";

/* The stand-in for ingest: only what a segment asks of a mapper while it opens. */
static const struct mr_option stand_in_options[] = {MR_OPTIONS_END};
static const char *const stand_in_parts[] = {"subject.id"};

static enum mr_code stand_in_open(struct mr_mapper *self, const struct mr_mapper_spec *spec,
                                  struct mr_error *err)
{
    (void)self;
    (void)spec;
    (void)err;
    return MR_OK;
}

static struct mr_span stand_in_configuration(const struct mr_mapper *self)
{
    (void)self;
    return mr_span_text("stand-in");
}

static size_t stand_in_key(const struct mr_mapper *self, const char *const **parts)
{
    (void)self;
    *parts = stand_in_parts;
    return MR_COUNT(stand_in_parts);
}

static const struct mr_mapper_ops stand_in = {
    .name = "ingest",
    .summary = "Stands in for ingest.",
    .options = stand_in_options,
    .settings_size = 1,
    .open = stand_in_open,
    .configuration = stand_in_configuration,
    .key_parts = stand_in_key,
    .partition_parts = stand_in_key,
};

static const char *path_of(struct bench *bench, const char *name, char out[256])
{
    if (bench->folder[0] == '\0') {
        (void)snprintf(bench->folder, sizeof(bench->folder), "/tmp/bench-XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
    }
    (void)snprintf(out, 256, "%s/%s", bench->folder, name);
    return out;
}

void bench_write(struct bench *bench, const char *name, const char *text)
{
    char path[256];
    FILE *file = fopen(path_of(bench, name, path), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(0, fclose(file));
}

static void write_pipeline(struct bench *bench)
{
    const size_t size = strlen(bench->stages) + 256;
    char *text = malloc(size);

    assert_non_null(text);
    (void)snprintf(text, size, "pipeline: bench\nsubject: thing.avsc\nstages:\n- ingest: {}\n%s",
                   bench->stages);
    bench_write(bench, "bench.yaml", text);
    bench_write(bench, "thing.avsc", bench->subject ? bench->subject : thing);
    free(text);
}

static void keep_problems(struct bench *bench)
{
    size_t size = 0;
    FILE *stream;

    free(bench->problems);
    bench->problems = NULL;
    stream = open_memstream(&bench->problems, &size);
    assert_non_null(stream);
    mr_report_print(bench->report, stream);
    assert_int_equal(0, fclose(stream));
}

static enum mr_code open_segment(struct bench *bench)
{
    static const struct mr_log log = {.floor = MR_ERROR};
    const struct mr_segment_spec spec = {.pipeline = bench->pipeline,
                                         .first = 1,
                                         .last = bench->pipeline->stage_count - 1,
                                         .log = &log,
                                         .report = bench->report};

    return mr_segment_new(&spec, &bench->segment, &bench->error);
}

bool bench_try(struct bench *bench)
{
    static const struct mr_connector_ops *const connectors[] = {NULL};
    static const struct mr_sink_ops *const sinks[] = {NULL};
    const struct mr_plugins plugins = {connectors, &stand_in, bench->processors, sinks};
    char path[256];
    enum mr_code code;

    write_pipeline(bench);
    bench->report = mr_report_new();
    bench->inputs = mr_arena_new(ROOM);
    bench->batch = mr_arena_new(ROOM);
    bench->txn = mr_arena_new(ROOM);
    bench->log = mr_arena_new(ROOM);
    bench->records = calloc(RECORDS_MAX, sizeof(*bench->records));
    bench->states = calloc(RECORDS_MAX, sizeof(*bench->states));
    assert_true(bench->report && bench->inputs && bench->batch && bench->txn && bench->log);
    assert_true(bench->records && bench->states);
    code = mr_pipeline_load(path_of(bench, "bench.yaml", path), &plugins, bench->report,
                            &bench->pipeline, &bench->error);
    if (code == MR_OK) {
        code = open_segment(bench);
    }
    keep_problems(bench);
    assert_int_equal(code == MR_BAD_CONFIG, mr_report_errors(bench->report) > 0);
    return code == MR_OK;
}

void bench_open(struct bench *bench)
{
    if (!bench_try(bench)) {
        fail_msg("%s%s", bench->problems, bench->error.text);
    }
}

static void drop_outputs(struct bench *bench)
{
    for (size_t i = 0; i < bench->output_count; i++) {
        json_decref(bench->outputs[i].json);
    }
    free(bench->outputs);
    bench->outputs = NULL;
    bench->output_count = 0;
}

static void remove_folder(struct bench *bench)
{
    static const char *const names[] = {"bench.yaml", "thing.avsc", "body.md"};
    char path[256];

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        (void)unlink(path_of(bench, names[i], path));
    }
    (void)rmdir(bench->folder);
    bench->folder[0] = '\0';
}

void bench_close(struct bench *bench)
{
    drop_outputs(bench);
    mr_segment_free(bench->segment);
    mr_pipeline_free(bench->pipeline);
    mr_report_free(bench->report);
    mr_arena_free(bench->inputs);
    mr_arena_free(bench->batch);
    mr_arena_free(bench->txn);
    mr_arena_free(bench->log);
    free(bench->records);
    free(bench->states);
    free(bench->problems);
    remove_folder(bench);
}

/* The AVRO form of an origin: bytes as code points. */
static const char *record_json(struct bench *bench, const char *subject, int64_t event_time_ms)
{
    return mr_arena_print(bench->inputs,
                          "{\"subject\": %s, \"origin\": {\"config\": \"01234567\", \"source\": "
                          "\"things.csv\", \"digest\": \"abcdefghijklmnopqrstuvwxyz012345\", "
                          "\"place\": %zu, \"event_time\": %" PRId64 ", \"end\": %s}}",
                          subject, bench->fed_count, event_time_ms,
                          bench->end ? bench->end : "null");
}

static struct mr_span key_of(struct bench *bench, const char *subject)
{
    json_t *json = json_loads(subject, 0, NULL);
    const char *id = json_string_value(json_object_get(json, "id"));
    struct mr_span key;

    assert_non_null(id);
    key = mr_arena_copy(bench->inputs, mr_span_text(id));
    json_decref(json);
    return key;
}

void bench_feed(struct bench *bench, const char *subject, int64_t event_time_ms)
{
    const struct mr_schema *schema = mr_segment_schema(bench->segment, 0);
    const char *json = record_json(bench, subject, event_time_ms);
    struct mr_record *record = &bench->records[bench->record_count++];
    struct mr_span datum;
    uint8_t *bytes;

    assert_true(bench->record_count <= RECORDS_MAX);
    if (mr_json_read(schema, mr_span_text(json), bench->inputs, &datum, &bench->error) != MR_OK) {
        fail_msg("%s: %s", json, bench->error.text);
    }
    bytes = mr_arena_bytes(bench->inputs, MR_FRAME_SIZE + datum.size);
    assert_non_null(bytes);
    mr_frame_write(bytes, mr_schema_id(schema));
    memcpy(bytes + MR_FRAME_SIZE, datum.data, datum.size);
    *record = (struct mr_record){.key = key_of(bench, subject),
                                 .value = {bytes, MR_FRAME_SIZE + datum.size},
                                 .timestamp_ms = event_time_ms,
                                 .offset = (int64_t)bench->fed_count++};
}

void bench_feed_price(struct bench *bench, const char *id, double price, int64_t event_time_ms)
{
    char subject[256];

    (void)snprintf(subject, sizeof(subject),
                   "{\"id\": \"%s\", \"name\": \"milk\", \"price\": %.17g, \"amount\": null, "
                   "\"count\": 1, \"tags\": []}",
                   id, price);
    bench_feed(bench, subject, event_time_ms);
}

/* The schema of a topic by its stage; NULL: dead letters or snapshots. */
static const struct mr_schema *schema_of(const struct bench *bench, const char *topic)
{
    for (size_t i = 1; i < bench->pipeline->stage_count; i++) {
        if (strcmp(bench->pipeline->stages[i].topic, topic) == 0) {
            return mr_segment_schema(bench->segment, i);
        }
    }
    return NULL;
}

static json_t *read_json(const struct mr_schema *schema, struct mr_span value)
{
    struct mr_arena *arena = mr_arena_new((size_t)4 << 20);
    struct mr_frame frame;
    struct mr_span text = {NULL, 0};
    json_t *json;

    assert_non_null(arena);
    assert_null(mr_frame_read(value, &frame));
    assert_int_equal(mr_schema_id(schema), frame.schema_id);
    assert_null(mr_json_print(schema, frame.datum, MR_JSON_PLAIN, arena, &text));
    json = json_loadb((const char *)text.data, text.size, 0, NULL);
    assert_non_null(json);
    mr_arena_free(arena);
    return json;
}

static void keep_outputs(struct bench *bench, const struct mr_outputs *outputs)
{
    const char *const *topics;

    (void)mr_segment_topics(bench->segment, &topics);
    bench->outputs = calloc(outputs->count + 1, sizeof(*bench->outputs));
    assert_non_null(bench->outputs);
    bench->output_count = outputs->count;
    for (size_t i = 0; i < outputs->count; i++) {
        const struct mr_output *from = &outputs->items[i];
        struct bench_output *to = &bench->outputs[i];
        const struct mr_schema *schema = schema_of(bench, topics[from->topic]);

        *to = (struct bench_output){.topic = topics[from->topic],
                                    .key = from->key,
                                    .value = from->value,
                                    .headers = from->headers,
                                    .header_count = from->header_count,
                                    .timestamp_ms = from->timestamp_ms};
        to->json = schema ? read_json(schema, from->value) : NULL;
    }
}

enum mr_code bench_try_run(struct bench *bench)
{
    const struct mr_room room = {.batch = bench->batch, .txn = bench->txn};
    struct mr_outputs outputs = {0};
    enum mr_code code;

    drop_outputs(bench);
    mr_arena_reset(bench->batch);
    mr_arena_reset(bench->txn);
    bench->error = (struct mr_error){0};
    code = mr_segment_run(bench->segment, bench->records, bench->record_count, &room, &outputs,
                          &bench->error);
    if (code == MR_OK) {
        keep_outputs(bench, &outputs);
        mr_segment_settle(bench->segment);
        bench->record_count = 0;
        mr_arena_reset(bench->inputs);
    } else {
        mr_segment_unsettle(bench->segment);
        mr_segment_forget(bench->segment, 0);
    }
    return code;
}

size_t bench_starve(struct bench *bench)
{
    const size_t most = (size_t)1 << 20;
    struct mr_arena *plenty = bench->batch;
    enum mr_code code = MR_NO_ROOM;
    size_t failure_count = 0;

    for (size_t room = 0; code != MR_OK; room += 16) {
        bench->batch = mr_arena_new(room);
        assert_non_null(bench->batch);
        code = bench_try_run(bench);
        if (code != MR_OK) {
            assert_int_equal(MR_NO_ROOM, code);
            assert_true(bench->error.text[0] != '\0');
            failure_count++;
        }
        drop_outputs(bench);
        mr_arena_free(bench->batch);
        assert_true(room < most);
    }
    bench->batch = plenty;
    return failure_count;
}

void bench_run(struct bench *bench)
{
    if (bench_try_run(bench) != MR_OK) {
        fail_msg("%s", bench->error.text);
    }
}

/* What the compacted topic of snapshots would hold, without the compaction: the last of a key wins.
 */
static void keep_states(struct bench *bench, const struct mr_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        assert_true(bench->state_count < RECORDS_MAX);
        bench->states[bench->state_count++] = (struct mr_record){
            .key = mr_arena_copy(bench->log, outputs->items[i].key),
            .value = mr_arena_copy(bench->log, outputs->items[i].value),
        };
    }
}

void bench_restart(struct bench *bench)
{
    struct mr_segment *old = bench->segment;
    struct mr_outputs outputs = {0};
    int64_t next = -1;

    drop_outputs(bench);
    mr_arena_reset(bench->txn);
    assert_int_equal(MR_OK, mr_segment_snapshot(old, 0, (int64_t)bench->fed_count, bench->txn,
                                                &outputs, &bench->error));
    keep_states(bench, &outputs);
    assert_int_equal(MR_OK, open_segment(bench));
    for (size_t i = 0; i < bench->state_count; i++) {
        mr_segment_restore(bench->segment, &bench->states[i], &next);
    }
    assert_int_equal(bench->fed_count, next);
    mr_segment_free(old);
}

size_t bench_count(const struct bench *bench, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < bench->output_count; i++) {
        count += strcmp(bench->outputs[i].topic + strlen("bench."), name) == 0;
    }
    return count;
}

const struct bench_output *bench_output(const struct bench *bench, const char *name, size_t index)
{
    for (size_t i = 0; i < bench->output_count; i++) {
        if (strcmp(bench->outputs[i].topic + strlen("bench."), name) == 0 && index-- == 0) {
            return &bench->outputs[i];
        }
    }
    fail_msg("there is no such record in bench.%s", name);
    return NULL;
}

const json_t *bench_get(const struct bench_output *output, const char *path)
{
    const json_t *at = output->json;
    char name[128];

    while (at != NULL && *path != '\0') {
        const size_t size = strcspn(path, ".");

        (void)snprintf(name, sizeof(name), "%.*s", (int)size, path);
        at = json_object_get(at, name);
        path += size + (path[size] == '.');
    }
    assert_non_null(at);
    return at;
}

double bench_real(const struct bench_output *output, const char *path)
{
    const json_t *value = bench_get(output, path);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

const char *bench_text(const struct bench_output *output, const char *path)
{
    const json_t *value = bench_get(output, path);

    assert_true(json_is_string(value));
    return json_string_value(value);
}

struct mr_span bench_header(const struct bench_output *output, const char *name)
{
    for (size_t i = 0; i < output->header_count; i++) {
        if (strcmp(output->headers[i].name, name) == 0) {
            return output->headers[i].value;
        }
    }
    return (struct mr_span){NULL, 0};
}
