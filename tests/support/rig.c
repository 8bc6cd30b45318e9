#include "tests/support/rig.h"

#include "processors/core/base/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char subject[] =
    "{\"type\":\"record\",\"name\":\"Item\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"value\",\"type\":\"long\"},"
    "{\"name\":\"team\",\"type\":\"string\"}]}";

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    rig->seed = 1;
    rig->row_count = 120;
    rig->chunk = 25;
    rig->row_size = 1;
}

static void plug_in(struct rig *rig)
{
    rig->connector = (struct rig_connector){rig_memory_connector_ops, rig};
    rig->memory = (struct rig_sink){.ops = rig_memory_sink_ops, .rig = rig};
    rig->plain = (struct rig_sink){.ops = rig_memory_sink_ops, .rig = rig};
    rig->plain.ops.name = "plain";
    rig->plain.ops.position = NULL;
    rig->connectors[0] = &rig->connector.ops;
    rig->processors[0] = &rig_sieve_ops;
    rig->processors[1] = &rig_count_ops;
    rig->processors[2] = &rig_emit_ops;
    rig->processors[3] = &rig_copy_ops;
    rig->sinks[0] = &rig->memory.ops;
    rig->sinks[1] = &rig->plain.ops;
    rig->plugins =
        (struct mr_plugins){rig->connectors, &rig_mapper_ops, rig->processors, rig->sinks};
}

static void write_file(const struct rig *rig, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", rig->folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(strlen(text), fwrite(text, 1, strlen(text), file));
    assert_int_equal(0, fclose(file));
}

enum mr_code rig_load(struct rig *rig, const char *whole)
{
    (void)snprintf(rig->folder, sizeof(rig->folder), "/tmp/millrace-rig.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->path, sizeof(rig->path), "%s/rig.yaml", rig->folder);
    write_file(rig, "subject.avsc", subject);
    write_file(rig, "rig.yaml", whole);
    if (rig->older != NULL) {
        write_file(rig, "older.avsc", rig->older);
    }
    plug_in(rig);
    rig->world = sim_world_new(rig->seed);
    rig->log = sim_log_new(rig->world);
    rig->report = mr_report_new();
    rig->quiet = (struct mr_log){stderr, "rig", MR_ERROR, MR_LOG_TEXT};
    if (getenv("RIG_LOG") != NULL) {
        rig->quiet.floor = MR_DEBUG;
    }
    rig->phase.is_once = true;
    return mr_pipeline_load(rig->path, &rig->plugins, rig->report, &rig->pipeline, &rig->error);
}

void rig_open(struct rig *rig, const char *yaml)
{
    static const char head[] = "pipeline: rig\nsubject: subject.avsc\n";
    struct mr_topic_spec topics[4 * (MR_STAGES_MAX + MR_SINKS_MAX)];
    char *whole = malloc(strlen(yaml) + sizeof(head));
    struct mr_broker *broker;

    assert_non_null(whole);
    (void)snprintf(whole, strlen(yaml) + sizeof(head), "%s%s", head, yaml);
    if (rig_load(rig, whole) != MR_OK) {
        fail_msg("%s", rig->error.text);
    }
    free(whole);
    broker = sim_log_broker(rig->log);
    assert_int_equal(
        MR_OK, broker->ops->ensure(broker, topics,
                                   mr_pipeline_topics(rig->pipeline, topics, MR_COUNT(topics)),
                                   &rig->error));
}

void rig_close(struct rig *rig)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/subject.avsc", rig->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/older.avsc", rig->folder);
    (void)unlink(path);
    (void)unlink(rig->path);
    (void)rmdir(rig->folder);
    mr_pipeline_free(rig->pipeline);
    mr_report_free(rig->report);
    sim_log_free(rig->log);
    sim_world_free(rig->world);
    free(rig->memory.table.rows);
    free(rig->plain.table.rows);
}

char *rig_report(const struct rig *rig)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    mr_report_print(rig->report, stream);
    assert_int_equal(0, fclose(stream));
    return text;
}

struct mr_worker_spec rig_spec(struct rig *rig, int rank, int32_t worker, int32_t worker_count)
{
    return (struct mr_worker_spec){.broker = sim_log_broker(rig->log),
                                   .clock = sim_world_clock(rig->world),
                                   .log = &rig->quiet,
                                   .phase = &rig->phase,
                                   .rank = rank,
                                   .worker = worker,
                                   .worker_count = worker_count};
}

/* Adds up what the counters of a run say. */
static void add_sums(struct rig *rig, const struct mr_counters *counters)
{
    for (; counters != NULL; counters = counters->next) {
        const int stage = mr_pipeline_stage(rig->pipeline, counters->stage);

        if (stage >= 0) {
#define ADD(member, name, kind, help) rig->sums[stage].member += mr_counted(&counters->member);
            MR_METRICS(ADD)
#undef ADD
        }
    }
}

enum mr_code rig_ingest(struct rig *rig)
{
    const struct mr_worker_spec spec = rig_spec(rig, 0, 0, 1);
    struct mr_intake_worker *intake;
    enum mr_code code;

    rig->error = (struct mr_error){0};
    code = mr_intake_new(rig->pipeline, &spec, rig->report, &intake, &rig->error);
    if (code == MR_OK) {
        code = mr_intake_run(intake, &rig->error);
        add_sums(rig, mr_intake_counters(intake));
        mr_intake_free(intake);
    }
    return code;
}

enum mr_code rig_segment(struct rig *rig, size_t first, size_t last, struct mr_segment **segment)
{
    const struct mr_segment_spec part = {rig->pipeline, first, last, &rig->quiet, rig->report};

    return mr_segment_new(&part, segment, &rig->error);
}

enum mr_code rig_work_as(struct rig *rig, size_t first, size_t last,
                         const struct mr_worker_spec *spec)
{
    struct mr_segment *segment;
    struct mr_worker *worker;
    enum mr_code code = rig_segment(rig, first, last, &segment);

    if (code != MR_OK) {
        return code;
    }
    code = mr_worker_new(rig->pipeline, segment, spec, &worker, &rig->error);
    if (code == MR_OK) {
        code = mr_worker_run(worker, &rig->error);
        add_sums(rig, mr_segment_counters(segment));
        mr_worker_free(worker);
    }
    mr_segment_free(segment);
    return code;
}

enum mr_code rig_work(struct rig *rig, size_t first, size_t last)
{
    const struct mr_worker_spec spec = rig_spec(rig, 1, 0, 1);

    rig->error = (struct mr_error){0};
    return rig_work_as(rig, first, last, &spec);
}

enum mr_code rig_drain(struct rig *rig, size_t sink)
{
    const struct mr_worker_spec spec = rig_spec(rig, 20, 0, 1);
    const struct mr_schema *schemas[MR_STAGES_MAX];
    const size_t count = rig->pipeline->stage_count;
    struct mr_drain_spec what = {rig->pipeline, &rig->pipeline->sinks[sink], schemas, false};
    struct mr_segment *segment;
    struct mr_drain *drain;
    enum mr_code code;

    rig->error = (struct mr_error){0};
    code = rig_segment(rig, 1, count - 1, &segment);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        schemas[i] = mr_segment_schema(segment, i);
    }
    if (code == MR_OK) {
        code = mr_drain_new(&what, &spec, rig->report, &drain, &rig->error);
    }
    if (code == MR_OK) {
        code = mr_drain_run(drain, &rig->error);
        mr_drain_free(drain);
    }
    mr_segment_free(segment);
    return code;
}

struct dump {
    FILE *stream;
    int32_t partition;
    bool with_times;
};

static void print_bytes(struct mr_span bytes, FILE *stream)
{
    for (size_t i = 0; bytes.data != NULL && i < bytes.size; i++) {
        const uint8_t byte = bytes.data[i];

        if (byte > ' ' && byte < 127) {
            (void)fputc(byte, stream);
        } else {
            (void)fprintf(stream, "\\%02x", byte);
        }
    }
}

static void dump_record(void *context, const struct sim_record *record)
{
    const struct dump *dump = context;

    (void)fprintf(dump->stream, "%" PRId32 " ", dump->partition);
    if (dump->with_times) {
        (void)fprintf(dump->stream, "%" PRId64 " ", record->timestamp_ms);
    }
    print_bytes(record->key, dump->stream);
    (void)fputs(record->value.data ? " " : " tombstone", dump->stream);
    print_bytes(record->value, dump->stream);
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, "__connect.errors.offset") != 0) {
            (void)fprintf(dump->stream, " %s=", record->headers[i].name);
            print_bytes(record->headers[i].value, dump->stream);
        }
    }
    (void)fputc('\n', dump->stream);
}

char *rig_dump(struct rig *rig, const char *topic, bool with_times)
{
    char *text = NULL;
    size_t size = 0;
    struct dump dump = {open_memstream(&text, &size), 0, with_times};

    assert_non_null(dump.stream);
    for (; dump.partition < sim_log_partitions(rig->log, topic); dump.partition++) {
        sim_log_each(rig->log, topic, dump.partition, dump_record, &dump);
    }
    assert_int_equal(0, fclose(dump.stream));
    return text;
}

struct lookup {
    const struct rig_table *table;
    int32_t partition;
};

static void find_once(void *context, const struct sim_record *record)
{
    const struct lookup *lookup = context;
    const uint64_t hash = mr_hash64(record->key) * 31 + mr_hash64(record->value);
    size_t found = 0;

    for (size_t i = 0; i < lookup->table->committed; i++) {
        const struct rig_row *row = &lookup->table->rows[i];

        found += row->input == 0 && row->partition == lookup->partition &&
                 row->offset == record->offset && row->hash == hash;
    }
    if (found != 1) {
        fail_msg("offset %" PRId64 " of partition %" PRId32 " is %zu times at the sink",
                 record->offset, lookup->partition, found);
    }
}

void rig_assert_complete(struct rig *rig, const struct rig_sink *sink, const char *topic)
{
    struct lookup lookup = {&sink->table, 0};

    assert_int_equal(sim_log_count(rig->log, topic), sink->table.committed);
    for (; lookup.partition < sim_log_partitions(rig->log, topic); lookup.partition++) {
        sim_log_each(rig->log, topic, lookup.partition, find_once, &lookup);
    }
}
