#include "cli/series/corpus.h"

#include "cli/series/rows.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum mr_code time_of(const json_t *text, const char *file, int64_t *ms, struct mr_error *err)
{
    const struct mr_value value = mr_value_string(mr_span_text(json_string_value(text)));
    const struct mr_row row = {.place = {.source = file}};

    return json_is_string(text) ? mr_rows_time(&value, &row, ms, err)
                                : MR_FAIL(err, MR_BAD_DATA, "%s: a window is two times", file);
}

static enum mr_code row_of(const struct mr_corpus_file *file, int64_t time_ms, size_t *row,
                           struct mr_error *err)
{
    for (*row = 0; *row < file->series.count; ++*row) {
        if (file->series.times_ms[*row] == time_ms) {
            return MR_OK;
        }
    }
    return MR_FAIL(err, MR_BAD_DATA, "%s: a window begins or ends at a time that no row has",
                   file->name);
}

static enum mr_code read_window(struct mr_corpus_file *file, const json_t *bounds,
                                struct mr_error *err)
{
    struct mr_nab_window *window = &file->windows[file->window_count];
    int64_t first_ms = 0, last_ms = 0;
    enum mr_code code = time_of(json_array_get(bounds, 0), file->name, &first_ms, err);

    if (code == MR_OK) {
        code = time_of(json_array_get(bounds, 1), file->name, &last_ms, err);
    }
    if (code == MR_OK) {
        code = row_of(file, first_ms, &window->first, err);
    }
    if (code == MR_OK) {
        code = row_of(file, last_ms, &window->last, err);
    }
    if (code == MR_OK && (window->last <= window->first ||
                          (file->window_count > 0 && window->first <= window[-1].last))) {
        code = MR_FAIL(err, MR_BAD_DATA, "%s: windows overlap or are of one row", file->name);
    }
    file->window_count++;
    return code;
}

static enum mr_code read_file(struct mr_corpus *corpus, const char *name, const json_t *windows,
                              struct mr_error *err)
{
    struct mr_corpus_file *file = &corpus->files[corpus->count++];
    char path[MR_CORPUS_PATH_SIZE];
    enum mr_code code;

    file->name = strdup(name);
    file->windows = calloc(json_array_size(windows) + 1, sizeof(*file->windows));
    if (file->name == NULL || file->windows == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %s", name);
    }
    (void)snprintf(path, sizeof(path), "%s/data/%s", corpus->dir, name);
    code = mr_series_read(path, &(struct mr_series_columns){NULL, NULL}, &file->series, err);
    for (size_t i = 0; code == MR_OK && i < json_array_size(windows); i++) {
        code = read_window(file, json_array_get(windows, i), err);
    }
    corpus->row_count += file->series.count;
    corpus->window_count += file->window_count;
    return code;
}

enum mr_code mr_corpus_read(const char *dir, struct mr_corpus *corpus, struct mr_error *err)
{
    char path[MR_CORPUS_PATH_SIZE];
    json_error_t why;
    json_t *labels, *windows;
    const char *name;
    enum mr_code code = MR_OK;

    *corpus = (struct mr_corpus){.dir = dir};
    (void)snprintf(path, sizeof(path), "%s/labels/combined_windows.json", dir);
    labels = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(labels)) {
        code = MR_FAIL(err, MR_USAGE, "%s:%d: %s", path, why.line,
                       labels ? "not a map of series" : why.text);
        json_decref(labels);
        return code;
    }
    corpus->files = calloc(json_object_size(labels) + 1, sizeof(*corpus->files));
    if (corpus->files == NULL) {
        json_decref(labels);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %s", path);
    }
    json_object_foreach(labels, name, windows)
    {
        code = code == MR_OK ? read_file(corpus, name, windows, err) : code;
    }
    json_decref(labels);
    return code;
}

void mr_corpus_free(struct mr_corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++) {
        free(corpus->files[i].name);
        free(corpus->files[i].windows);
        mr_series_free(&corpus->files[i].series);
    }
    free(corpus->files);
    *corpus = (struct mr_corpus){0};
}

enum mr_code mr_scored_new(const struct mr_corpus *corpus, struct mr_scored *scored,
                           struct mr_error *err)
{
    double *at;

    scored->series = calloc(corpus->count + 1, sizeof(*scored->series));
    scored->scores = at = calloc(corpus->row_count + 1, sizeof(*scored->scores));
    if (scored->series == NULL || scored->scores == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu scores", corpus->row_count);
    }
    for (size_t i = 0; i < corpus->count; i++) {
        const struct mr_corpus_file *file = &corpus->files[i];

        scored->series[i] =
            (struct mr_nab_series){at, file->series.count, file->windows, file->window_count};
        at += file->series.count;
    }
    return MR_OK;
}

void mr_scored_free(struct mr_scored *scored)
{
    free(scored->series);
    free(scored->scores);
    *scored = (struct mr_scored){0};
}

static double score_of(const struct mr_judgement *judgement, bool is_raw)
{
    const bool is_told = is_raw && strcmp(judgement->reason, "warming_up") != 0;

    return judgement->is_anomaly || is_told ? judgement->score : 0.0;
}

enum mr_code mr_corpus_judge(const struct mr_corpus *corpus,
                             const struct mr_series_detector *detector, bool is_raw,
                             struct mr_scored *scored, struct mr_error *err)
{
    struct mr_judgement *judgements = calloc(corpus->row_count + 1, sizeof(*judgements));
    double *at = scored->scores;
    enum mr_code code = MR_OK;

    if (judgements == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu rows", corpus->row_count);
    }
    for (size_t i = 0; code == MR_OK && i < corpus->count; i++) {
        const struct mr_series *series = &corpus->files[i].series;

        code = mr_series_judge(series, detector, judgements, err);
        for (size_t row = 0; code == MR_OK && row < series->count; row++) {
            *at++ = score_of(&judgements[row], is_raw);
        }
    }
    free(judgements);
    return code;
}

/* Where the scores of one file go. */
struct results {
    double *scores; /* borrowed */
    size_t count, room;
};

static enum mr_code take_score(void *context, const struct mr_row *row, struct mr_error *err)
{
    struct results *results = context;
    double score;
    enum mr_code code = mr_rows_number(&row->texts[0], row, &score, err);

    if (code == MR_OK && (results->count == results->room || isnan(score))) {
        code = MR_FAIL(err, MR_BAD_DATA, "%s:%lld: not a score for each row of the series",
                       row->place.source, (long long)row->place.line);
    }
    if (code == MR_OK) {
        results->scores[results->count++] = score;
    }
    return code;
}

bool mr_corpus_results_path(const struct mr_corpus *corpus, const char *detector, size_t file,
                            char path[MR_CORPUS_PATH_SIZE])
{
    const char *name = corpus->files[file].name;
    const char *slash = strrchr(name, '/');
    const int folder_size = slash ? (int)(slash - name) + 1 : 0;
    const int size = snprintf(path, MR_CORPUS_PATH_SIZE, "%s/results/%s/%.*s%s_%s", corpus->dir,
                              detector, folder_size, name, detector, name + folder_size);

    if (size >= MR_CORPUS_PATH_SIZE - 4) {
        return false;
    }
    if (access(path, R_OK) == 0) {
        return true;
    }
    memcpy(path + size, ".gz", sizeof(".gz"));
    return access(path, R_OK) == 0;
}

enum mr_code mr_corpus_results(const struct mr_corpus *corpus, const char *detector,
                               struct mr_scored *scored, bool *is_there, struct mr_error *err)
{
    static const char *const names[] = {"anomaly_score"};
    static const struct mr_wanted wanted = {"score", {names, 1}};
    double *at = scored->scores;
    char path[MR_CORPUS_PATH_SIZE];

    *is_there = true;
    for (size_t i = 0; i < corpus->count; i++) {
        struct results results = {at, 0, corpus->files[i].series.count};
        enum mr_code code;

        *is_there = mr_corpus_results_path(corpus, detector, i, path);
        if (!*is_there) {
            return MR_OK;
        }
        code = mr_rows_read(path, &wanted, 1, &(struct mr_rows_taker){take_score, &results}, err);
        if (code == MR_OK && results.count != results.room) {
            code = MR_FAIL(err, MR_BAD_DATA, "%s: %zu scores for %zu rows", path, results.count,
                           results.room);
        }
        if (code != MR_OK) {
            return code;
        }
        at += results.room;
    }
    return MR_OK;
}

struct publishing {
    const struct mr_corpus *corpus;
    struct mr_published *published;
};

static enum mr_code take_published(void *context, const struct mr_row *row, struct mr_error *err)
{
    const struct publishing *self = context;
    double sum;
    enum mr_code code = mr_rows_number(&row->texts[1], row, &sum, err);

    for (size_t i = 0; code == MR_OK && i < self->corpus->count; i++) {
        if (mr_span_is(mr_value_span(&row->texts[0]), self->corpus->files[i].name)) {
            self->published->sums[i] = sum;
            code = mr_rows_number(&row->texts[2], row, &self->published->threshold, err);
        }
    }
    return code;
}

enum mr_code mr_corpus_published(const struct mr_corpus *corpus, const char *detector,
                                 enum mr_nab_profile profile, struct mr_published *published,
                                 bool *is_there, struct mr_error *err)
{
    static const char *const names[] = {"File", "Score", "Threshold"};
    static const struct mr_wanted wanted[] = {
        {"file", {&names[0], 1}}, {"score", {&names[1], 1}}, {"threshold", {&names[2], 1}}};
    struct publishing self = {corpus, published};
    char path[MR_CORPUS_PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/results/%s/%s_%s_scores.csv", corpus->dir, detector,
                   detector, mr_nab_weights[profile].name);
    *is_there = access(path, R_OK) == 0;
    if (!*is_there) {
        return MR_OK;
    }
    published->sums = calloc(corpus->count + 1, sizeof(*published->sums));
    if (published->sums == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %s", path);
    }
    for (size_t i = 0; i < corpus->count; i++) {
        published->sums[i] = (double)NAN;
    }
    return mr_rows_read(path, wanted, MR_COUNT(wanted),
                        &(struct mr_rows_taker){take_published, &self}, err);
}
