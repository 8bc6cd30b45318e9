/* run.c - `millrace run`: a pipeline's stages and sinks as workers of this process. */
#include "cli/status.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FLAG_STAGE,
    FLAG_WORKERS,
    FLAG_SEPARATE,
    FLAG_EMBEDDED,
    FLAG_ONCE,
    FLAG_HTTP,
    FLAG_SUMMARY,
    FLAG_LOG,
    FLAG_HELP
};

static const struct flag table[] = {
    [FLAG_STAGE] = {"--stage", "NAME",
                    "Run this stage or sink only, reading the topic before it; may be repeated."},
    [FLAG_WORKERS] = {"--workers", "N", "Workers (threads) of each segment; default 1."},
    [FLAG_SEPARATE] =
        {"--separate", NULL,
         "Each stage a worker of its own, instead of one that takes a record through all."},
    [FLAG_EMBEDDED] = {"--embedded", NULL,
                       "Start a broker in this process: nothing to install, nothing outlives it."},
    [FLAG_ONCE] = {"--once", NULL, "End when the input is used up and every stage has caught up."},
    [FLAG_HTTP] = {"--http", "ADDRESS:PORT",
                   "Serve /metrics, /livez, /readyz and /schemas/ids/; port 0 takes a free one."},
    [FLAG_SUMMARY] = {"--summary", "FILE", "Write the final counts as JSON."},
    [FLAG_LOG] = {"--log", "text|json",
                  "Form of the log on stderr; default: text on a terminal, else json."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

struct run {
    struct flags flags;
    struct mr_pipeline *pipeline;
    struct mr_report *report;
    struct mr_broker *broker;
    struct mr_http_server *server;
    struct mr_log log;
    struct team_spec team_spec;
    struct status status;
};

static enum mr_code choose(struct run *run, const char *name, struct mr_error *err)
{
    const struct mr_pipeline *pipeline = run->pipeline;
    const int stage = mr_pipeline_stage(pipeline, name);

    if (stage >= 0) {
        run->team_spec.is_chosen[stage] = true;
        return MR_OK;
    }
    for (size_t i = 0; i < pipeline->sink_count; i++) {
        if (strcmp(pipeline->sinks[i].name, name) == 0) {
            run->team_spec.is_sink_chosen[i] = true;
            return MR_OK;
        }
    }
    return MR_FAIL(err, MR_USAGE, "--stage: %s has no stage or sink \"%s\"", pipeline->name, name);
}

static enum mr_code choose_all(struct run *run, struct mr_error *err)
{
    enum mr_code code = MR_OK;
    long workers = 1;

    for (size_t i = 0; run->flags.repeated_count == 0 && i < MR_STAGES_MAX; i++) {
        run->team_spec.is_chosen[i] = true;
        run->team_spec.is_sink_chosen[i] = true;
    }
    for (size_t i = 0; code == MR_OK && i < run->flags.repeated_count; i++) {
        code = choose(run, run->flags.repeated[i], err);
    }
    if (code == MR_OK) {
        code = flag_number(&run->flags, FLAG_WORKERS, 64, &workers, err);
    }
    run->team_spec.worker_count = (int32_t)workers;
    run->team_spec.is_separate = run->flags.values[FLAG_SEPARATE] != NULL;
    run->team_spec.is_once = run->flags.values[FLAG_ONCE] != NULL;
    return code;
}

static enum mr_code load(struct run *run, struct mr_error *err)
{
    const enum mr_code code =
        mr_pipeline_load(run->flags.operands[0], &plugins, run->report, &run->pipeline, err);

    if (code == MR_OK && run->flags.values[FLAG_EMBEDDED] != NULL) {
        run->pipeline->settings->delivery = MR_AT_LEAST_ONCE; /* what the mock cluster can do */
        if (run->pipeline->settings->partitions < 8) {
            run->pipeline->settings->partitions = 8;
        }
    }
    return code;
}

static enum mr_code open_broker(struct run *run, struct mr_error *err)
{
    const struct broker_spec spec = {run->pipeline, &run->log, run->report,
                                     run->flags.values[FLAG_EMBEDDED] != NULL};

    return broker_new(&spec, &run->broker, err);
}

/* The input must still hold what is read again after a restart. */
static enum mr_code check_retention(struct run *run, struct mr_error *err)
{
    const struct mr_pipeline *pipeline = run->pipeline;
    enum mr_code code = MR_OK;

    for (size_t i = 0; code == MR_OK && i + 1 < pipeline->stage_count; i++) {
        int64_t retention_ms = -1;

        if (!pipeline->stages[i].is_published || !run->team_spec.is_chosen[i + 1]) {
            continue;
        }
        code =
            run->broker->ops->retention(run->broker, pipeline->stages[i].topic, &retention_ms, err);
        if (code == MR_OK && retention_ms >= 0 &&
            retention_ms <= pipeline->settings->snapshot_interval) {
            return MR_FAIL(err, MR_BAD_CONFIG,
                           "topic %s keeps records for %" PRId64
                           " ms, which does not exceed snapshot_interval (%" PRId64
                           " ms): state could not be restored from it",
                           pipeline->stages[i].topic, retention_ms,
                           pipeline->settings->snapshot_interval);
        }
    }
    return code;
}

static enum mr_code open_topics(struct run *run, struct mr_error *err)
{
    struct mr_topic_spec topics[4 * (MR_STAGES_MAX + MR_SINKS_MAX)];
    const size_t count = mr_pipeline_topics(run->pipeline, topics, MR_COUNT(topics));
    const enum mr_code code = run->broker->ops->ensure(run->broker, topics, count, err);

    return code == MR_OK ? check_retention(run, err) : code;
}

static enum mr_code open_team(struct run *run, struct mr_error *err)
{
    enum mr_code code;

    run->team_spec.pipeline = run->pipeline;
    run->team_spec.broker = run->broker;
    run->team_spec.log = &run->log;
    run->team_spec.report = run->report;
    code = team_new(&run->team_spec, &run->status.team, err);
    run->status.pipeline = run->pipeline;
    for (size_t i = 0; i < run->pipeline->stage_count; i++) {
        if (run->team_spec.is_chosen[i]) {
            run->status.last_stage = run->pipeline->stages[i].name;
        }
    }
    run->status.started_ms = mr_clock_monotonic(&mr_clock_system);
    if (code == MR_OK && run->flags.values[FLAG_HTTP] != NULL) {
        code = mr_http_server_new(run->flags.values[FLAG_HTTP], status_routes, &run->status,
                                  &run->server, err);
    }
    return code;
}

static void banner(const struct run *run)
{
    MR_LOG(&run->log, MR_INFO, "started", "pipeline=%s version=%s broker=%s http_port=%u",
           run->pipeline->name, MR_VERSION, run->broker->bootstrap,
           run->server ? mr_http_server_port(run->server) : 0U);
    if (run->flags.values[FLAG_EMBEDDED] != NULL) {
        MR_LOG(&run->log, MR_WARN, "embedded_broker",
               "note=\"at least once, and nothing in its topics outlives this process; "
               "kcat -b %s reads them while it runs\"",
               run->broker->bootstrap);
    }
}

/* Until all workers have ended; a signal asks them to. A second one does not wait for them. */
static void watch(struct run *run, const sigset_t *signals)
{
    const struct timespec tick = {0, 200000000}, first_tick = {0, 5000000};
    bool is_told = false;

    while (team_live(run->status.team) > 0) {
        const bool has_first = run->status.first_ms > 0 || run->status.last_stage == NULL;
        const int got = sigtimedwait(signals, NULL, has_first ? &tick : &first_tick);

        status_note_first(&run->status);
        status_progress(&run->status);
        if (got <= 0) {
            continue;
        }
        if (is_told) {
            _Exit(128 + got);
        }
        is_told = true;
        MR_LOG(&run->log, MR_INFO, "stopping", "signal=%d", got);
        team_stop(run->status.team);
    }
    status_progress_end();
}

static enum mr_code summarise(const struct run *run, struct mr_error *err)
{
    const char *path = run->flags.values[FLAG_SUMMARY];
    FILE *file;

    if (run->team_spec.is_once) {
        status_summary(&run->status, stderr);
    }
    if (path == NULL) {
        return MR_OK;
    }
    file = fopen(path, "w");
    if (file == NULL) {
        return MR_FAIL(err, MR_IO, "--summary: %s cannot be written", path);
    }
    status_summary_json(&run->status, file);
    return fclose(file) == 0 ? MR_OK : MR_FAIL(err, MR_IO, "--summary: %s cannot be written", path);
}

static enum mr_code work(struct run *run, struct mr_error *err)
{
    sigset_t signals;
    enum mr_code code;

    /* Blocked before there is any thread, so that every thread leaves signals to watch(). */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (run->pipeline->registry != NULL) { /* ids are its own from here on */
        mr_catalogue_connect(run->pipeline->catalogue, run->pipeline->registry);
    }
    code = open_broker(run, err);
    if (code == MR_OK) {
        code = open_topics(run, err);
    }
    if (code == MR_OK) {
        code = open_team(run, err);
    }
    if (code != MR_OK) {
        return code;
    }
    banner(run);
    code = team_start(run->status.team, err);
    watch(run, &signals); /* also after a failed start: for those that did */
    code = code == MR_OK ? team_join(run->status.team, err)
                         : (team_join(run->status.team, NULL), code);
    if (code == MR_OK) {
        code = summarise(run, err);
    }
    MR_LOG(&run->log, MR_INFO, "ended", "pipeline=%s exit=%d", run->pipeline->name,
           mr_code_exit(code));
    return code;
}

static void close_run(struct run *run)
{
    mr_http_server_free(run->server);
    team_free(run->status.team);
    if (run->broker != NULL) {
        run->broker->ops->close(run->broker);
    }
    mr_pipeline_free(run->pipeline);
    mr_report_free(run->report);
}

static enum mr_log_form log_form(const char *wanted)
{
    if (wanted != NULL) {
        return strcmp(wanted, "json") == 0 ? MR_LOG_JSON : MR_LOG_TEXT;
    }
    return isatty(STDERR_FILENO) ? MR_LOG_TEXT : MR_LOG_JSON;
}

int verb_run(int count, char **arguments)
{
    struct run run = {.flags = {.table = table},
                      .status = {.launched_ms = mr_clock_monotonic(&mr_clock_system)}};
    struct mr_error err = {0};
    enum mr_code code = flags_parse(&run.flags, count, arguments, &err);

    if (code == MR_OK && run.flags.values[FLAG_HELP] != NULL) {
        (void)puts("usage: millrace run PIPELINE.yaml [options]\n");
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && run.flags.operand_count != 1) {
        code = MR_FAIL(&err, MR_USAGE, "run takes one pipeline file");
    }
    if (code != MR_OK) {
        return fail_with(&err);
    }
    run.log = (struct mr_log){stderr, "millrace", MR_INFO, log_form(run.flags.values[FLAG_LOG])};
    run.report = mr_report_new();
    code = load(&run, &err);
    if (code == MR_OK) {
        code = choose_all(&run, &err);
    }
    if (code == MR_OK) {
        code = work(&run, &err);
    }
    mr_report_print(run.report, stderr);
    close_run(&run);
    return code == MR_OK ? 0 : fail_with(&err);
}
