#include "processors/core/stage/counters.h"

#include <inttypes.h>
#include <string.h>

void mr_count_reason(struct mr_counters *counters, const char *reason, uint64_t more)
{
    for (size_t i = 0; i < MR_REASONS_MAX; i++) {
        const char *here = atomic_load_explicit(&counters->reasons[i].reason, memory_order_relaxed);

        if (here == NULL) {
            atomic_store_explicit(&counters->reasons[i].reason, reason, memory_order_release);
            here = reason;
        }
        if (here == reason || strcmp(here, reason) == 0) {
            mr_count(&counters->reasons[i].count, more);
            return;
        }
    }
}

void mr_tally_reason(struct mr_tally *tally, const char *reason)
{
    for (size_t i = 0; i < tally->reason_count; i++) {
        if (tally->reasons[i].reason == reason) {
            tally->reasons[i].count++;
            return;
        }
    }
    if (tally->reason_count < MR_REASONS_MAX) {
        tally->reasons[tally->reason_count].reason = reason;
        tally->reasons[tally->reason_count++].count = 1;
    }
}

void mr_tally_settle(struct mr_tally *tally, struct mr_counters *counters)
{
    MR_ASSERT(tally->in == tally->passed + tally->dropped + tally->rejected);
    mr_count(&counters->in, tally->in);
    mr_count(&counters->passed, tally->passed);
    mr_count(&counters->dropped, tally->dropped);
    mr_count(&counters->rejected, tally->rejected);
    mr_count(&counters->emitted, tally->emitted);
    mr_count(&counters->flagged, tally->flagged);
    for (size_t i = 0; i < tally->reason_count; i++) {
        mr_count_reason(counters, tally->reasons[i].reason, tally->reasons[i].count);
    }
    *tally = (struct mr_tally){0};
}

struct mr_counters_sum mr_counters_sum(const struct mr_counters *first, const char *stage)
{
    struct mr_counters_sum sum = {0};

    for (; first != NULL; first = first->next) {
        if (stage == NULL || strcmp(stage, first->stage) == 0) {
#define MR_METRIC_ADD(member, name, kind, help) sum.member += mr_counted(&first->member);
            MR_METRICS(MR_METRIC_ADD)
#undef MR_METRIC_ADD
        }
    }
    return sum;
}

struct figure {
    const char *name;
    const char *kind;
    const char *help;
    size_t offset;
};

static const struct figure figures[] = {
#define MR_METRIC_ROW(member, name, kind, help) \
    {name, #kind, help, offsetof(struct mr_counters, member)},
    MR_METRICS(MR_METRIC_ROW)
#undef MR_METRIC_ROW
};

static void print_figure(const struct figure *figure, const struct mr_counters *first,
                         const char *pipeline, FILE *stream)
{
    (void)fprintf(stream, "# HELP millrace_%s %s\n# TYPE millrace_%s %s\n", figure->name,
                  figure->help, figure->name, figure->kind);
    for (; first != NULL; first = first->next) {
        const _Atomic uint64_t *value =
            (const _Atomic uint64_t *)(const void *)((const char *)first + figure->offset);

        (void)fprintf(stream,
                      "millrace_%s{pipeline=\"%s\",stage=\"%s\",worker=\"%" PRId32 "\"} %" PRIu64
                      "\n",
                      figure->name, pipeline, first->stage, first->worker, mr_counted(value));
    }
}

static void print_reasons(const struct mr_counters *first, const char *pipeline, FILE *stream)
{
    (void)fputs("# HELP millrace_records_refused_total Records dropped or rejected, by reason.\n"
                "# TYPE millrace_records_refused_total counter\n",
                stream);
    for (; first != NULL; first = first->next) {
        for (size_t i = 0; i < MR_REASONS_MAX; i++) {
            const char *reason =
                atomic_load_explicit(&first->reasons[i].reason, memory_order_acquire);

            if (reason == NULL) {
                break;
            }
            (void)fprintf(
                stream,
                "millrace_records_refused_total{pipeline=\"%s\",stage=\"%s\",worker=\"%" PRId32
                "\",reason=\"%s\"} %" PRIu64 "\n",
                pipeline, first->stage, first->worker, reason,
                mr_counted(&first->reasons[i].count));
        }
    }
}

void mr_counters_print(const struct mr_counters *first, const char *pipeline, FILE *stream)
{
    for (size_t i = 0; i < MR_COUNT(figures); i++) {
        print_figure(&figures[i], first, pipeline, stream);
    }
    print_reasons(first, pipeline, stream);
}

void mr_counters_describe(FILE *stream)
{
    (void)fputs("| metric | kind | meaning |\n|---|---|---|\n", stream);
    for (size_t i = 0; i < MR_COUNT(figures); i++) {
        (void)fprintf(stream, "| `millrace_%s` | %s | %s |\n", figures[i].name, figures[i].kind,
                      figures[i].help);
    }
    (void)fputs("| `millrace_records_refused_total` | counter | Records dropped or rejected, by "
                "reason. |\n",
                stream);
}
