#include "cli/status.h"
#include "processors/core/base/json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STALL_MS 60000

static unsigned answer_metrics(void *context, const char *rest, FILE *body)
{
    const struct status *status = context;

    (void)rest;
    (void)fprintf(body,
                  "# HELP millrace_build_info The version that runs.\n# TYPE millrace_build_info "
                  "gauge\nmillrace_build_info{version=\"%s\"} 1\n",
                  MR_VERSION);
    mr_counters_print(team_counters(status->team), status->pipeline->name, body);
    return 200;
}

static unsigned answer_live(void *context, const char *rest, FILE *body)
{
    (void)context;
    (void)rest;
    (void)fputs("live\n", body);
    return 200;
}

static unsigned answer_ready(void *context, const char *rest, FILE *body)
{
    const struct status *status = context;
    const char *stalled = team_stalled(status->team, STALL_MS);

    (void)rest;
    if (stalled != NULL) {
        (void)fprintf(body, "not ready: %s has stopped or stalls\n", stalled);
        return 503;
    }
    (void)fputs("ready\n", body);
    return 200;
}

static unsigned answer_schema(void *context, const char *rest, FILE *body)
{
    const struct status *status = context;
    const long id = strtol(rest, NULL, 10);
    const char *schema = id >= 0 && id <= INT32_MAX
                             ? mr_catalogue_text(status->pipeline->catalogue, (int32_t)id)
                             : NULL;

    if (schema != NULL) {
        json_t *answer = json_pack("{s:s}", "schema", schema);
        char *text = mr_json_dump(answer, JSON_COMPACT);
        const unsigned code = text != NULL ? 200 : 500;

        (void)fputs(text ? text : "{\"error_code\":50001,\"message\":\"No memory\"}", body);
        free(text);
        json_decref(answer);
        return code;
    }
    (void)fputs("{\"error_code\":40403,\"message\":\"Schema not found\"}", body);
    return 404;
}

const struct mr_http_route status_routes[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", answer_metrics},
    {"/livez", "text/plain; charset=utf-8", answer_live},
    {"/readyz", "text/plain; charset=utf-8", answer_ready},
    {"/schemas/ids/", "application/vnd.schemaregistry.v1+json", answer_schema},
    {NULL, NULL, NULL},
};

/* Names of all that count, in flow order, each once. */
static size_t list_stages(const struct status *status, const char **names, size_t room)
{
    size_t count = 0;

    for (const struct mr_counters *at = team_counters(status->team); at != NULL; at = at->next) {
        size_t i = 0;

        while (i < count && strcmp(names[i], at->stage) != 0) {
            i++;
        }
        if (i == count && count < room) {
            names[count++] = at->stage;
        }
    }
    return count;
}

void status_note_first(struct status *status)
{
    if (status->first_ms == 0 && status->last_stage != NULL &&
        mr_counters_sum(team_counters(status->team), status->last_stage).in > 0) {
        status->first_ms = mr_clock_monotonic(&mr_clock_system);
    }
}

void status_progress(const struct status *status)
{
    const struct mr_counters *first = team_counters(status->team);
    const double seconds =
        (double)(mr_clock_monotonic(&mr_clock_system) - status->started_ms) / 1000.0;
    const struct mr_counters_sum all = mr_counters_sum(first, NULL);
    const char *names[MR_STAGES_MAX + MR_SINKS_MAX];
    const size_t count = list_stages(status, names, MR_COUNT(names));

    if (!isatty(STDERR_FILENO)) {
        return;
    }
    (void)fprintf(stderr, "\r\033[K%5.1fs", seconds);
    if (all.source_bytes_expected > 0) {
        (void)fprintf(stderr, " %3.0f%%",
                      100.0 * (double)all.source_bytes / (double)all.source_bytes_expected);
    }
    for (size_t i = 0; i < count; i++) {
        const struct mr_counters_sum sum = mr_counters_sum(first, names[i]);

        (void)fprintf(stderr, " | %s %" PRIu64, names[i], sum.in);
        if (sum.rejected > 0) {
            (void)fprintf(stderr, " (-%" PRIu64 ")", sum.rejected);
        }
        if (sum.emitted > 0) {
            (void)fprintf(stderr, " (+%" PRIu64 ")", sum.emitted);
        }
    }
    (void)fflush(stderr);
}

void status_progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        (void)fputc('\n', stderr);
    }
}

struct reason {
    const char *name;
    uint64_t count;
};

/* Reasons of a stage, summed over its workers. */
static size_t list_reasons(const struct mr_counters *first, const char *stage,
                           struct reason *reasons)
{
    size_t count = 0;

    for (; first != NULL; first = first->next) {
        for (size_t i = 0; strcmp(first->stage, stage) == 0 && i < MR_REASONS_MAX; i++) {
            const char *name = atomic_load(&first->reasons[i].reason);
            size_t at = 0;

            if (name == NULL) {
                break;
            }
            while (at < count && strcmp(reasons[at].name, name) != 0) {
                at++;
            }
            if (at == count && count < MR_REASONS_MAX) {
                reasons[count++] = (struct reason){name, 0};
            }
            reasons[at].count += mr_counted(&first->reasons[i].count);
        }
    }
    return count;
}

void status_summary(const struct status *status, FILE *stream)
{
    const struct mr_counters *first = team_counters(status->team);
    const char *names[MR_STAGES_MAX + MR_SINKS_MAX];
    const size_t count = list_stages(status, names, MR_COUNT(names));
    struct reason reasons[MR_REASONS_MAX];

    (void)fprintf(stream, "%-14s %12s %12s %10s %10s %10s\n", "stage", "in", "passed", "dropped",
                  "rejected", "emitted");
    for (size_t i = 0; i < count; i++) {
        const struct mr_counters_sum sum = mr_counters_sum(first, names[i]);
        const size_t reason_count = list_reasons(first, names[i], reasons);

        (void)fprintf(
            stream, "%-14s %12" PRIu64 " %12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
            names[i], sum.in, sum.passed, sum.dropped, sum.rejected, sum.emitted);
        for (size_t k = 0; k < reason_count; k++) {
            (void)fprintf(stream, "  %-50s %10" PRIu64 "\n", reasons[k].name, reasons[k].count);
        }
    }
}

void status_summary_json(const struct status *status, FILE *stream)
{
    const struct mr_counters *first = team_counters(status->team);
    const char *names[MR_STAGES_MAX + MR_SINKS_MAX];
    const size_t count = list_stages(status, names, MR_COUNT(names));
    struct reason reasons[MR_REASONS_MAX];

    (void)fprintf(stream, "{\"pipeline\":\"%s\",\"milliseconds\":%" PRId64 ",",
                  status->pipeline->name,
                  mr_clock_monotonic(&mr_clock_system) - status->started_ms);
    if (status->first_ms > 0) { /* from the start of the process to a commit of the last stage */
        (void)fprintf(stream, "\"first_record_ms\":%" PRId64 ",",
                      status->first_ms - status->launched_ms);
    }
    (void)fputs("\"stages\":{", stream);
    for (size_t i = 0; i < count; i++) {
        const struct mr_counters_sum sum = mr_counters_sum(first, names[i]);
        const size_t reason_count = list_reasons(first, names[i], reasons);

        (void)fprintf(stream, "%s\"%s\":{", i > 0 ? "," : "", names[i]);
#define PRINT_FIGURE(member, name, kind, help) \
    (void)fprintf(stream, "\"%s\":%" PRIu64 ",", #member, sum.member);
        MR_METRICS(PRINT_FIGURE)
#undef PRINT_FIGURE
        (void)fputs("\"reasons\":{", stream);
        for (size_t k = 0; k < reason_count; k++) {
            (void)fprintf(stream, "%s\"%s\":%" PRIu64, k > 0 ? "," : "", reasons[k].name,
                          reasons[k].count);
        }
        (void)fputs("}}", stream);
    }
    (void)fputs("}}\n", stream);
}
