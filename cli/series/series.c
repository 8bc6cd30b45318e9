#include "cli/series/series.h"

#include "cli/series/rows.h"
#include "processors/detect/detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_SIZE 8192
#define ARENA_SIZE ((size_t)1 << 20)

static enum mr_code take_row(void *context, const struct mr_row *row, struct mr_error *err)
{
    struct mr_series *series = context;
    int64_t time_ms;
    double value;
    enum mr_code code = mr_rows_time(&row->texts[0], row, &time_ms, err);

    if (code == MR_OK) {
        code = mr_rows_number(&row->texts[1], row, &value, err);
    }
    return code == MR_OK ? mr_series_add(series, time_ms, value, err) : code;
}

static bool has_no_value(const struct mr_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        if (!isnan(series->values[i])) {
            return false;
        }
    }
    return true;
}

enum mr_code mr_series_read(const char *path, const struct mr_series_columns *columns,
                            struct mr_series *series, struct mr_error *err)
{
    static const char *const times[] = {"timestamp", "time", "date", "datetime", "ts", "t"};
    static const char *const values[] = {"value", "values", "v", "y"};
    const struct mr_wanted wanted[] = {
        {"time", columns->time ? (struct mr_texts){&columns->time, 1}
                               : (struct mr_texts){times, MR_COUNT(times)}},
        {"value", columns->value ? (struct mr_texts){&columns->value, 1}
                                 : (struct mr_texts){values, MR_COUNT(values)}},
    };
    enum mr_code code;

    *series = (struct mr_series){0};
    code = mr_rows_read(path, wanted, MR_COUNT(wanted), &(struct mr_rows_taker){take_row, series},
                        err);
    /* The reader knows no column that is not there from one that is empty. */
    return code == MR_OK && has_no_value(series)
               ? MR_FAIL(err, MR_BAD_DATA, "%s: no row has a value: is there a column %s?", path,
                         wanted[1].alternates.items[0])
               : code;
}

static bool has_room(struct mr_series *series)
{
    const size_t room = series->room == 0 ? 4096 : 2 * series->room;
    int64_t *times_ms;
    double *values;

    if (series->count < series->room) {
        return true;
    }
    times_ms = realloc(series->times_ms, room * sizeof(*times_ms));
    if (times_ms == NULL) {
        return false;
    }
    series->times_ms = times_ms;
    values = realloc(series->values, room * sizeof(*values));
    if (values == NULL) {
        return false;
    }
    series->values = values;
    series->room = room;
    return true;
}

enum mr_code mr_series_add(struct mr_series *series, int64_t time_ms, double value,
                           struct mr_error *err)
{
    if (!has_room(series)) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for more than %zu rows", series->count);
    }
    series->times_ms[series->count] = time_ms;
    series->values[series->count++] = value;
    return MR_OK;
}

void mr_series_free(struct mr_series *series)
{
    free(series->times_ms);
    free(series->values);
    *series = (struct mr_series){0};
}

/* The words as the YAML that a pipeline would have: detectors: - {name: ..., value: ..., ...} */
static enum mr_code as_yaml(const char *const *words, size_t count, char out[OPTIONS_SIZE],
                            struct mr_error *err)
{
    int size = snprintf(out, OPTIONS_SIZE, "detectors:\n- name: series\n  value: value\n");

    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(words[i], '=');

        if (equals == NULL || strpbrk(words[i], "\n'") != NULL) {
            return MR_FAIL(err, MR_USAGE, "\"%s\" is not name=value", words[i]);
        }
        size += snprintf(out + size, OPTIONS_SIZE - (size_t)size, "  %.*s: '%s'\n",
                         (int)(equals - words[i]), words[i], equals + 1);
        if (size >= OPTIONS_SIZE) {
            return MR_FAIL(err, MR_USAGE, "the options are too long");
        }
    }
    return MR_OK;
}

static void tell_misfit(void *context, const char *option, const char *text)
{
    mr_report_add(context, MR_SEVERITY_ERROR, (struct mr_place){0}, option, NULL, "%s", text);
}

/* The words stand in no file: places would mislead. */
static void forget_places(struct mr_node *map)
{
    for (struct mr_node *option = map->child->child->child; option != NULL; option = option->next) {
        option->place = option->name_place = (struct mr_place){0};
    }
}

static void read_options(const char *yaml, struct mr_arena *arena, struct mr_report *report,
                         struct mr_series_detector *detector)
{
    struct mr_node *node = mr_node_parse(NULL, mr_span_text(yaml), arena, report);
    struct mr_detect_settings settings;

    if (node == NULL) {
        return;
    }
    forget_places(node);
    if (!mr_options_read(mr_detect_options, node, NULL, arena, report, &settings)) {
        return;
    }
    mr_detector_check(settings.detectors.items, &(struct mr_misfits){tell_misfit, report});
    if (mr_report_errors(report) == 0) {
        const struct mr_detector_settings *only = settings.detectors.items;

        detector->method = mr_methods[only->method];
        mr_detector_tune(only, &detector->tuning);
    }
}

enum mr_code mr_series_detector_read(const char *const *words, size_t count,
                                     struct mr_series_detector *detector, struct mr_error *err)
{
    struct mr_arena *arena = mr_arena_new(ARENA_SIZE);
    struct mr_report *report = mr_report_new();
    char yaml[OPTIONS_SIZE];
    enum mr_code code = as_yaml(words, count, yaml, err);

    if (code == MR_OK && (arena == NULL || report == NULL)) {
        code = MR_FAIL(err, MR_NO_ROOM, "no memory for the options");
    } else if (code == MR_OK) {
        read_options(yaml, arena, report, detector);
        if (mr_report_errors(report) > 0) {
            mr_report_print(report, stderr);
            code = MR_FAIL(err, MR_USAGE, "see the options of `detect` in docs/reference.md");
        }
    }
    mr_report_free(report);
    mr_arena_free(arena);
    return code;
}

double mr_series_threshold(const struct mr_series_detector *detector)
{
    return detector->tuning.one_in > 0.0 ? detector->tuning.one_in : detector->tuning.threshold;
}

enum mr_code mr_series_judge(const struct mr_series *series,
                             const struct mr_series_detector *detector,
                             struct mr_judgement *judgements, struct mr_error *err)
{
    void *state = calloc(1, mr_judge_state_size(detector->method, &detector->tuning));

    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a detector's state");
    }
    for (size_t i = 0; i < series->count; i++) {
        const struct mr_observation seen = {.value = series->values[i],
                                            .has_value = !isnan(series->values[i]),
                                            .time_ms = series->times_ms[i]};

        mr_judge(detector->method, &detector->tuning, state, &seen, &judgements[i]);
    }
    free(state);
    return MR_OK;
}
