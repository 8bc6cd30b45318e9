/* Goal: our score of the benchmark is the benchmark's. Method: small series with a sum by hand;
 * then what the benchmark itself wrote: the worth of each row of windowedGaussian's results, the
 * score of each series of every detector whose scores per row are at hand, and, for the others, the
 * normalised sums of what was published per series. Skipped where the data are absent; MILLRACE_NAB
 * names a directory with more results, or a check-out of the whole benchmark. */
#include "cli/series/corpus.h"

#include "cli/series/rows.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 100 /* of which the first 15 are not counted */

/* A score of 1 at the rows given. */
static struct mr_nab_series alarms_at(double scores[ROWS], const size_t *rows, size_t count,
                                      const struct mr_nab_window *windows, size_t window_count)
{
    memset(scores, 0, ROWS * sizeof(*scores));
    for (size_t i = 0; i < count; i++) {
        scores[rows[i]] = 1.0;
    }
    return (struct mr_nab_series){scores, ROWS, windows, window_count};
}

static double sigmoid(double position)
{
    return 2.0 / (1.0 + exp(5.0 * position)) - 1.0;
}

static void alarms_are_worth_what_they_should_be(void **state)
{
    static const struct mr_nab_window window = {40, 49};
    const double most = sigmoid(-1.0);
    const struct {
        const char *label;
        size_t rows[4], count;
        double sums[MR_NAB_PROFILE_COUNT];
        size_t tp, fp, hits;
    } rows[] = {
        {"none", {0}, 0, {-1, -1, -2}, 0, 0, 0},
        {"at the first row", {40}, 1, {1, 1, 1}, 1, 0, 1},
        {"at the last",
         {49},
         1,
         {sigmoid(-.1) / most, sigmoid(-.1) / most, sigmoid(-.1) / most},
         1,
         0,
         1},
        {"the earlier of two", {40, 44}, 2, {1, 1, 1}, 2, 0, 1},
        {"not counted", {14}, 1, {-1, -1, -2}, 0, 0, 0},
        {"before the window", {15}, 1, {-1.11, -1.22, -2.11}, 0, 1, 0},
        {"well behind it", {77}, 1, {-1.11, -1.22, -2.11}, 0, 1, 0},
        {"just behind it",
         {40, 50},
         2,
         {1 + .11 * sigmoid(1 / 9.), 1 + .22 * sigmoid(1 / 9.), 1 + .11 * sigmoid(1 / 9.)},
         1,
         1,
         1},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        double scores[ROWS];
        const struct mr_nab_series series =
            alarms_at(scores, rows[i].rows, rows[i].count, &window, 1);

        print_message("  %s\n", rows[i].label);
        for (int p = 0; p < MR_NAB_PROFILE_COUNT; p++) {
            struct mr_nab_score score;

            assert_int_equal(MR_OK,
                             mr_nab_at(&series, 1, (enum mr_nab_profile)p, 1.0, &score, NULL));
            assert_true(fabs(rows[i].sums[p] - score.sum) < 1e-12);
            assert_int_equal(rows[i].tp, score.tp);
            assert_int_equal(rows[i].fp, score.fp);
            assert_int_equal(rows[i].hits, score.hits);
            assert_int_equal(10, score.tp + score.fn);
            assert_int_equal(75, score.fp + score.tn);
        }
    }
}

static void the_best_threshold_is_the_greatest_of_the_best(void **state)
{
    static const struct mr_nab_window window = {40, 49};
    double scores[ROWS] = {0}, quiet[ROWS] = {0};
    const struct mr_nab_series series[] = {{scores, ROWS, &window, 1}, {quiet, ROWS, NULL, 0}};
    struct mr_nab_score score;

    (void)state;
    scores[40] = 0.7; /* all there is to win */
    scores[45] = 0.6; /* wins nothing more */
    scores[20] = quiet[50] = 0.5;
    assert_int_equal(MR_OK, mr_nab_best(series, 2, MR_NAB_STANDARD, &score, NULL));
    assert_true(score.threshold == 0.7 && score.sum == 1.0);
    assert_int_equal(1, score.tp);
    scores[20] = 0.8; /* costs 0.11 on the way: still worth it */
    assert_int_equal(MR_OK, mr_nab_best(series, 2, MR_NAB_STANDARD, &score, NULL));
    assert_true(score.threshold == 0.7 && fabs(score.sum - 0.89) < 1e-12);
    scores[40] = scores[45] = 0.0; /* nothing to win: no alarm is best */
    assert_int_equal(MR_OK, mr_nab_best(series, 2, MR_NAB_STANDARD, &score, NULL));
    assert_true(score.threshold > 1.0 && score.sum == -1.0);
}

static void scores_are_normalised_between_nothing_and_all(void **state)
{
    (void)state;
    assert_true(mr_nab_normalised(-50, 50, MR_NAB_STANDARD) == 0.0);
    assert_true(mr_nab_normalised(50, 50, MR_NAB_LOW_FP) == 100.0);
    assert_true(mr_nab_normalised(-100, 50, MR_NAB_LOW_FN) == 0.0);
    assert_true(mr_nab_normalised(-25, 50, MR_NAB_LOW_FN) == 50.0);
}

/* The benchmark's directory, or the test is skipped. */
static void open_corpus(struct mr_corpus *corpus, char dir[512])
{
    const char *own = getenv("MILLRACE_NAB"), *data = getenv("MILLRACE_DATA");
    struct mr_error err = {0};

    (void)snprintf(dir, 512, own ? "%s" : "%s/anomaly/nab",
                   own    ? own
                   : data ? data
                          : "../shared/data");
    if (access(dir, R_OK) != 0) {
        print_message("skipped: %s is absent\n", dir);
        skip();
    }
    if (mr_corpus_read(dir, corpus, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
}

/* What the benchmark wrote beside each row: of an alarm outside the windows its worth, at the first
 * row of a window what the window came to, elsewhere 0. */
static void attribute(const struct mr_nab_series *series, enum mr_nab_profile profile,
                      double threshold, double *out)
{
    const double uncounted = floor(0.15 * (double)series->count);
    const size_t first = uncounted < 750.0 ? (size_t)uncounted : 750;

    mr_nab_worth(series, profile, out);
    for (size_t i = 0; i < series->window_count; i++) {
        const struct mr_nab_window *window = &series->windows[i];
        double reached = -mr_nab_weights[profile].miss;

        for (size_t row = window->first; row <= window->last; row++) {
            if (row >= first && series->scores[row] >= threshold && out[row] > reached) {
                reached = out[row];
            }
            out[row] = 0.0;
        }
        out[window->first] = reached;
    }
    for (size_t row = 0; row < series->count; row++) {
        if (row < first || (out[row] < 0.0 && out[row] > -0.5 && series->scores[row] < threshold)) {
            out[row] = 0.0;
        }
    }
}

struct oracle {
    const double *wanted[MR_NAB_PROFILE_COUNT];
    size_t row_count, told_count;
};

static enum mr_code compare_row(void *context, const struct mr_row *row, struct mr_error *err)
{
    struct oracle *oracle = context;

    for (int p = 0; p < MR_NAB_PROFILE_COUNT; p++) {
        double told;

        assert_int_equal(MR_OK, mr_rows_number(&row->texts[p], row, &told, err));
        assert_true(fabs(told - oracle->wanted[p][oracle->row_count]) < 1e-9);
        oracle->told_count += told < 0.0 || told > 0.0;
    }
    oracle->row_count++;
    return MR_OK;
}

static double published_threshold(const struct mr_corpus *corpus, const char *detector,
                                  enum mr_nab_profile profile)
{
    struct mr_published published = {0};
    bool is_there;

    assert_int_equal(MR_OK,
                     mr_corpus_published(corpus, detector, profile, &published, &is_there, NULL));
    assert_true(is_there);
    free(published.sums);
    return published.threshold;
}

/* Returns how many rows had something to tell. */
static size_t compare_file(const struct mr_corpus *corpus, const struct mr_scored *scored,
                           size_t file, const char *detector)
{
    static const char *const names[] = {"S(t)_standard", "S(t)_reward_low_FP_rate",
                                        "S(t)_reward_low_FN_rate"};
    static const struct mr_wanted columns[] = {
        {"a", {&names[0], 1}}, {"b", {&names[1], 1}}, {"c", {&names[2], 1}}};
    const struct mr_nab_series *series = &scored->series[file];
    double *wanted = calloc(MR_NAB_PROFILE_COUNT * series->count, sizeof(*wanted));
    struct oracle oracle = {.row_count = 0};
    struct mr_error err = {0};
    char path[MR_CORPUS_PATH_SIZE];

    assert_non_null(wanted);
    for (int p = 0; p < MR_NAB_PROFILE_COUNT; p++) {
        const enum mr_nab_profile profile = (enum mr_nab_profile)p;

        attribute(series, profile, published_threshold(corpus, detector, profile),
                  wanted + (size_t)p * series->count);
        oracle.wanted[p] = wanted + (size_t)p * series->count;
    }
    assert_true(mr_corpus_results_path(corpus, detector, file, path));
    if (mr_rows_read(path, columns, 3, &(struct mr_rows_taker){compare_row, &oracle}, &err) !=
        MR_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(series->count, oracle.row_count);
    free(wanted);
    return oracle.told_count;
}

static void each_row_is_worth_what_the_benchmark_says(void **state)
{
    static const char detector[] = "windowedGaussian";
    struct mr_corpus corpus;
    struct mr_scored scored = {0};
    size_t told_count = 0;
    bool is_there;
    char dir[512];

    (void)state;
    open_corpus(&corpus, dir);
    assert_int_equal(MR_OK, mr_scored_new(&corpus, &scored, NULL));
    assert_int_equal(MR_OK, mr_corpus_results(&corpus, detector, &scored, &is_there, NULL));
    assert_true(is_there);
    for (size_t i = 0; i < corpus.count; i++) {
        told_count += compare_file(&corpus, &scored, i, detector);
    }
    print_message("  %zu rows in three profiles, %zu that count\n", corpus.row_count, told_count);
    assert_true(told_count > 3 * corpus.window_count);
    mr_scored_free(&scored);
    mr_corpus_free(&corpus);
}

/* A detector's published figures against ours. */
struct agreement {
    size_t detectors, series, differences, sums, incomplete;
    size_t unnamed; /* sums of which the reference says nothing */
};

static void compare_profile(const struct mr_corpus *corpus, const char *detector,
                            const struct mr_scored *scored, enum mr_nab_profile profile,
                            struct agreement *agreement)
{
    struct mr_published published = {0};
    bool is_there;

    assert_int_equal(MR_OK,
                     mr_corpus_published(corpus, detector, profile, &published, &is_there, NULL));
    for (size_t i = 0; is_there && i < corpus->count; i++) {
        struct mr_nab_score score;

        if (isnan(published.sums[i])) {
            continue;
        }
        assert_int_equal(
            MR_OK, mr_nab_at(&scored->series[i], 1, profile, published.threshold, &score, NULL));
        if (fabs(published.sums[i] - score.sum) >= 0.005) {
            print_error("%s, %s, %s: published %.4f, ours %.4f\n", detector,
                        mr_nab_weights[profile].name, corpus->files[i].name, published.sums[i],
                        score.sum);
            agreement->differences++;
        }
        agreement->series++;
    }
    free(published.sums);
}

static void compare_series(const struct mr_corpus *corpus, const char *detector,
                           const struct mr_scored *scored, struct agreement *agreement)
{
    for (int p = 0; p < MR_NAB_PROFILE_COUNT; p++) {
        compare_profile(corpus, detector, scored, (enum mr_nab_profile)p, agreement);
    }
    agreement->detectors++;
}

/* Without scores per row: what was published per series, summed and normalised by us, is what
 * others made of it. */
static void compare_sums(const struct mr_corpus *corpus, const char *detector,
                         const json_t *reference, struct agreement *agreement)
{
    for (int p = 0; p < MR_NAB_PROFILE_COUNT; p++) {
        const json_t *wanted = json_object_get(reference, mr_nab_weights[p].name);
        struct mr_published published = {0};
        double sum = 0.0;
        bool is_there;

        assert_int_equal(MR_OK, mr_corpus_published(corpus, detector, (enum mr_nab_profile)p,
                                                    &published, &is_there, NULL));
        for (size_t i = 0; is_there && i < corpus->count; i++) {
            sum += published.sums[i];
        }
        free(published.sums);
        if (!is_there || isnan(sum)) {
            agreement->incomplete++;
            continue;
        }
        if (wanted == NULL) {
            agreement->unnamed++;
            continue;
        }
        assert_true(json_is_real(wanted));
        assert_true(fabs(json_real_value(wanted) -
                         mr_nab_normalised(sum, corpus->window_count, (enum mr_nab_profile)p)) <
                    0.005);
        agreement->sums++;
    }
}

static void compare_detector(const struct mr_corpus *corpus, const char *detector,
                             const json_t *reference, struct agreement *agreement)
{
    struct mr_scored scored = {0};
    struct mr_error err = {0};
    bool is_there;

    assert_int_equal(MR_OK, mr_scored_new(corpus, &scored, &err));
    if (mr_corpus_results(corpus, detector, &scored, &is_there, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    /* The rows of `random` are another draw than its published scores. */
    if (is_there && strcmp(detector, "random") != 0) {
        compare_series(corpus, detector, &scored, agreement);
    }
    compare_sums(corpus, detector, json_object_get(reference, detector), agreement);
    mr_scored_free(&scored);
}

/* Detector to its normalised scores: of the benchmark itself where all of it is there, else what
 * others made of the part. Owned by the caller. */
static json_t *read_reference(const char *dir)
{
    const char *data = getenv("MILLRACE_DATA");
    char path[1024];
    json_t *whole, *scores;

    (void)snprintf(path, sizeof(path), "%s/results/final_results.json", dir);
    whole = json_load_file(path, 0, NULL);
    if (whole != NULL) {
        return whole;
    }
    (void)snprintf(path, sizeof(path), "%s/anomaly/nab/reference_scores_dev.json",
                   data ? data : "../shared/data");
    whole = json_load_file(path, 0, NULL);
    assert_non_null(whole);
    scores = json_incref(json_object_get(whole, "scores"));
    json_decref(whole);
    return scores;
}

static bool is_folder(const char *dir, const char *name)
{
    char path[1024];
    DIR *folder;

    (void)snprintf(path, sizeof(path), "%s/results/%s", dir, name);
    folder = name[0] != '.' ? opendir(path) : NULL;
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return folder != NULL;
}

static void each_detector_has_the_score_that_was_published(void **state)
{
    struct mr_corpus corpus;
    struct agreement agreement = {0};
    char dir[512], path[1024];
    json_t *reference;
    DIR *folder;

    (void)state;
    open_corpus(&corpus, dir);
    reference = read_reference(dir);
    (void)snprintf(path, sizeof(path), "%s/results", dir);
    folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *item; (item = readdir(folder)) != NULL;) {
        if (is_folder(dir, item->d_name)) {
            compare_detector(&corpus, item->d_name, reference, &agreement);
        }
    }
    (void)closedir(folder);
    json_decref(reference);
    print_message("  by their rows: %zu detectors, %zu scores of series, %zu of them others; as "
                  "sums: %zu, and "
                  "%zu that lack a series, %zu that have no reference\n",
                  agreement.detectors, agreement.series, agreement.differences, agreement.sums,
                  agreement.incomplete, agreement.unnamed);
    assert_int_equal(0, agreement.differences);
    assert_true(agreement.detectors > 0 && agreement.series >= 3 * corpus.count);
    assert_int_equal(16 * MR_NAB_PROFILE_COUNT,
                     agreement.sums + agreement.incomplete + agreement.unnamed);
    assert_int_equal(MR_NAB_PROFILE_COUNT, agreement.incomplete);
    mr_corpus_free(&corpus);
}

static void our_default_beats_the_published_ones_here(void **state)
{
    static const char *const words[] = {"sensitivity=high"};
    struct mr_series_detector detector;
    struct mr_corpus corpus;
    struct mr_scored scored = {0};
    struct mr_nab_score score;
    char dir[512];

    (void)state;
    assert_int_equal(MR_OK, mr_series_detector_read(words, 1, &detector, NULL));
    assert_string_equal("rcre", detector.method->name);
    open_corpus(&corpus, dir);
    assert_int_equal(MR_OK, mr_scored_new(&corpus, &scored, NULL));
    assert_int_equal(MR_OK, mr_corpus_judge(&corpus, &detector, false, &scored, NULL));
    assert_int_equal(MR_OK,
                     mr_nab_best(scored.series, corpus.count, MR_NAB_STANDARD, &score, NULL));
    /* HTM 73.56, ARTime 71.05 on these series. */
    assert_true(mr_nab_normalised(score.sum, corpus.window_count, MR_NAB_STANDARD) > 75.5);
    mr_scored_free(&scored);
    mr_corpus_free(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_are_worth_what_they_should_be),
        cmocka_unit_test(the_best_threshold_is_the_greatest_of_the_best),
        cmocka_unit_test(scores_are_normalised_between_nothing_and_all),
        cmocka_unit_test(each_row_is_worth_what_the_benchmark_says),
        cmocka_unit_test(each_detector_has_the_score_that_was_published),
        cmocka_unit_test(our_default_beats_the_published_ones_here),
    };
    return cmocka_run_group_tests_name("cli.nab", tests, NULL, NULL);
}
