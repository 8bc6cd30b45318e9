#include "tests/support/ingest_bench.h"

#include <stdlib.h>
#include <string.h>

static const struct mr_connector_ops *const connectors[] = {&mr_files_ops, NULL};

void ingest_bench_init(struct ingest_bench *bench)
{
    *bench = (struct ingest_bench){.log = {stderr, "ingest", MR_ERROR, MR_LOG_TEXT}};
    bench->settings = mr_arena_new((size_t)4 << 20);
    bench->arena = mr_arena_new((size_t)64 << 20);
    assert_non_null(bench->settings);
    assert_non_null(bench->arena);
}

void ingest_bench_close(struct ingest_bench *bench)
{
    if (bench->connector.ops != NULL) {
        bench->connector.ops->close(&bench->connector);
        bench->connector.ops = NULL;
    }
    if (bench->mapper.ops != NULL) {
        bench->mapper.ops->close(&bench->mapper);
        bench->mapper.ops = NULL;
    }
    mr_encoder_free(bench->encoder);
    mr_schema_free(bench->subject);
    mr_report_free(bench->report);
    bench->encoder = NULL;
    bench->subject = NULL;
    bench->report = NULL;
    mr_arena_reset(bench->settings);
}

void ingest_bench_free(struct ingest_bench *bench)
{
    ingest_bench_close(bench);
    mr_arena_free(bench->settings);
    mr_arena_free(bench->arena);
}

static void keep_problems(struct ingest_bench *bench)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    mr_report_print(bench->report, out);
    (void)fclose(out);
    bench->problems = mr_arena_text(bench->settings, (struct mr_span){(const uint8_t *)text, size});
    free(text);
}

static enum mr_code open_mapper(struct ingest_bench *bench, const struct mr_node *node)
{
    const struct mr_mapper_spec spec = {node, bench->subject, connectors, bench->settings,
                                        bench->report};

    bench->mapper = (struct mr_mapper){&mr_ingest_ops, NULL};
    return mr_ingest_ops.open(&bench->mapper, &spec, &bench->err);
}

enum mr_code ingest_bench_open(struct ingest_bench *bench, const char *subject, const char *yaml)
{
    const struct mr_node *node;
    enum mr_code code;

    ingest_bench_close(bench);
    bench->err = (struct mr_error){0};
    bench->report = mr_report_new();
    code = subject[0] == '{' ? mr_schema_parse(mr_span_text(subject), &bench->subject, &bench->err)
                             : mr_schema_load(subject, &bench->subject, &bench->err);
    assert_int_equal(MR_OK, code);
    assert_int_equal(MR_OK, mr_encoder_new(bench->subject, &bench->encoder, &bench->err));
    node = mr_node_parse("deploy/pipelines/grocery.yaml", mr_span_text(yaml), bench->settings,
                         bench->report);
    code = node == NULL ? MR_BAD_CONFIG : open_mapper(bench, node);
    keep_problems(bench);
    if (code != MR_OK) {
        return code;
    }
    bench->connector = (struct mr_connector){
        .ops = mr_ingest_ops.connector(&bench->mapper),
        .settings = mr_ingest_ops.connector_settings(&bench->mapper),
        .log = &bench->log,
    };
    return bench->connector.ops->open(&bench->connector, mr_ingest_ops.wanted(&bench->mapper),
                                      &bench->err);
}

bool ingest_bench_pull(struct ingest_bench *bench)
{
    struct mr_connector *connector = &bench->connector;

    if (bench->intake.is_done) {
        bench->intake.is_done = false;
        return false;
    }
    mr_arena_reset(bench->arena);
    if (connector->ops->pull(connector, 1000, bench->arena, &bench->intake, &bench->err) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    bench->mapped = mr_arena_take(bench->arena, bench->intake.count + 1, sizeof(*bench->mapped));
    assert_non_null(bench->mapped);
    if (mr_ingest_ops.map(&bench->mapper, bench->intake.rows, bench->intake.count, bench->mapped,
                          bench->arena, &bench->err) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    return true;
}

size_t ingest_bench_leaf(const struct ingest_bench *bench, const char *name)
{
    for (size_t i = 0; i < mr_encoder_leaf_count(bench->encoder); i++) {
        if (strcmp(mr_encoder_leaf_name(bench->encoder, i), name) == 0) {
            return i;
        }
    }
    fail_msg("no leaf %s", name);
    return 0;
}
