/* check.c - `millrace check`: proves a pipeline without a broker or a database. */
#include "cli/verb.h"
#include "processors/core/stage/drain.h"
#include "processors/core/stage/segment.h"

#include <string.h>

enum { FLAG_EXPLAIN, FLAG_HELP };

static const struct flag table[] = {
    [FLAG_EXPLAIN] = {"--explain", NULL,
                      "Print the topics, schemas, keys and state that the pipeline will use."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

static enum mr_code check_sinks(const struct mr_pipeline *pipeline,
                                const struct mr_segment *segment, const struct mr_log *log,
                                struct mr_report *report, struct mr_error *err)
{
    const struct mr_worker_spec spec = {.log = log, .clock = &mr_clock_system, .worker_count = 1};
    const struct mr_schema *schemas[MR_STAGES_MAX];
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < pipeline->stage_count; i++) {
        schemas[i] = mr_segment_schema(segment, i);
    }
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        const struct mr_drain_spec what = {pipeline, &pipeline->sinks[i], schemas, true};
        struct mr_drain *drain;
        const enum mr_code here = mr_drain_new(&what, &spec, report, &drain, err);

        code = code == MR_OK ? here : code;
        mr_drain_free(drain);
    }
    return code;
}

static enum mr_code check_kafka(const struct mr_pipeline *pipeline, const struct mr_log *log,
                                struct mr_report *report, struct mr_error *err)
{
    const struct broker_spec spec = {pipeline, log, report, false};
    struct mr_broker *broker = NULL;
    const enum mr_code code = broker_new(&spec, &broker, err);

    if (code == MR_OK) {
        broker->ops->close(broker);
    }
    return code;
}

static enum mr_code check(const char *path, bool is_explained, struct mr_report *report,
                          struct mr_error *err)
{
    const struct mr_log log = {stderr, "check", MR_ERROR, MR_LOG_TEXT};
    struct mr_pipeline *pipeline;
    struct mr_segment *segment = NULL;
    enum mr_code code = mr_pipeline_load(path, &plugins, report, &pipeline, err);

    if (code != MR_OK) {
        return code;
    }
    code = check_kafka(pipeline, &log, report, err);
    if (pipeline->stage_count > 1) {
        const struct mr_segment_spec whole = {pipeline, 1, pipeline->stage_count - 1, &log, report};
        const enum mr_code here = mr_segment_new(&whole, &segment, err);

        code = code == MR_OK ? here : code;
    }
    if (segment != NULL) {
        const enum mr_code here = check_sinks(pipeline, segment, &log, report, err);

        code = code == MR_OK ? here : code;
    }
    if (segment != NULL && is_explained) {
        mr_segment_explain(segment, stdout);
    }
    mr_segment_free(segment);
    mr_pipeline_free(pipeline);
    return code;
}

int verb_check(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct mr_error err = {0};
    struct mr_report *report;
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts("usage: millrace check PIPELINE.yaml [--explain]\n");
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && flags.operand_count != 1) {
        code = MR_FAIL(&err, MR_USAGE, "check takes one pipeline file");
    }
    report = mr_report_new();
    if (code != MR_OK || report == NULL) {
        return fail_with(&err);
    }
    code = check(flags.operands[0], flags.values[FLAG_EXPLAIN] != NULL, report, &err);
    mr_report_print(report, stderr);
    if (code == MR_OK && mr_report_errors(report) == 0) {
        (void)printf("%s: usable, %zu warnings\n", flags.operands[0], mr_report_warnings(report));
    } else if (mr_report_errors(report) > 0) { /* each has been printed with its place */
        (void)fprintf(stderr, "%s: %zu errors\n", flags.operands[0], mr_report_errors(report));
        code = MR_BAD_CONFIG;
    } else {
        (void)fail_with(&err);
    }
    mr_report_free(report);
    return mr_code_exit(code);
}
