/* nab.c - `millrace nab`: scores a detector on a directory of the Numenta Anomaly Benchmark, beside
 * the detectors whose results lie there. */
#include "cli/flags_detector.h"
#include "cli/series/corpus.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DETECTORS_MAX 64
#define NAME_SIZE 64

enum { FLAG_METHOD, FLAG_THRESHOLD, FLAG_SENSITIVITY, FLAG_RAW, FLAG_PER_FILE, FLAG_HELP };

static const struct flag table[] = {
    [FLAG_METHOD] = {"--method", "NAME", "How it judges; default rcre."},
    [FLAG_THRESHOLD] = {"--threshold", "X", "In the unit of the method."},
    [FLAG_SENSITIVITY] = {"--sensitivity", "NAME", "high, medium, low; default high here."},
    [FLAG_RAW] = {"--raw", NULL, "Score every row, not only the detector's alarms."},
    [FLAG_PER_FILE] = {"--per-file", NULL, "The standard score of each series, per detector."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

static const char usage[] =
    "usage: millrace nab DIR [options] [NAME=VALUE ...]\n\n"
    "DIR has data/, labels/combined_windows.json and, for the leaderboard, results/. Per profile "
    "the\nthreshold is the best one on these very series, as the benchmark has it. NAME=VALUE is\n"
    "an option of a detector as in a pipeline (docs/reference.md).\n";

/* One line of the leaderboard. */
struct entry {
    char name[NAME_SIZE];
    bool is_ours, has_rows;
    struct mr_nab_score scores[MR_NAB_PROFILE_COUNT]; /* ours, or from scores per row */
    double here[MR_NAB_PROFILE_COUNT];                /* normalised; NaN: no scores per row */
    double published[MR_NAB_PROFILE_COUNT];           /* normalised; NaN: none */
    double *per_file; /* owned: standard, as far as it is known; not normalised */
};

struct board {
    const struct mr_corpus *corpus;
    struct entry entries[DETECTORS_MAX];
    size_t count;
};

static enum mr_code score_file(const struct mr_scored *scored, size_t file, double threshold,
                               double *sum, struct mr_error *err)
{
    struct mr_nab_score score;
    const enum mr_code code =
        mr_nab_at(&scored->series[file], 1, MR_NAB_STANDARD, threshold, &score, err);

    *sum = code == MR_OK ? score.sum : (double)NAN;
    return code;
}

/* All profiles, each at its best threshold. */
static enum mr_code score_here(const struct board *board, const struct mr_scored *scored,
                               struct entry *entry, struct mr_error *err)
{
    const struct mr_corpus *corpus = board->corpus;
    enum mr_code code = MR_OK;

    for (int i = 0; code == MR_OK && i < MR_NAB_PROFILE_COUNT; i++) {
        const enum mr_nab_profile profile = (enum mr_nab_profile)i;

        code = mr_nab_best(scored->series, corpus->count, profile, &entry->scores[i], err);
        entry->here[i] = mr_nab_normalised(entry->scores[i].sum, corpus->window_count, profile);
    }
    for (size_t i = 0; code == MR_OK && i < corpus->count; i++) {
        code = score_file(scored, i, entry->scores[MR_NAB_STANDARD].threshold, &entry->per_file[i],
                          err);
    }
    return code;
}

static enum mr_code score_published(const struct board *board, struct entry *entry,
                                    struct mr_error *err)
{
    const struct mr_corpus *corpus = board->corpus;
    enum mr_code code = MR_OK;

    for (int i = 0; code == MR_OK && i < MR_NAB_PROFILE_COUNT; i++) {
        const enum mr_nab_profile profile = (enum mr_nab_profile)i;
        struct mr_published published = {0};
        bool is_there;
        double sum = 0.0;

        code = mr_corpus_published(corpus, entry->name, profile, &published, &is_there, err);
        for (size_t file = 0; code == MR_OK && is_there && file < corpus->count; file++) {
            sum += published.sums[file]; /* NaN: not for every series */
            if (profile == MR_NAB_STANDARD) {
                entry->per_file[file] = published.sums[file];
            }
        }
        if (code == MR_OK && is_there) {
            entry->published[i] = mr_nab_normalised(sum, corpus->window_count, profile);
        }
        free(published.sums);
    }
    return code;
}

/* NULL: there is no room for one more. */
static struct entry *add_entry(struct board *board, const char *name, struct mr_error *err)
{
    struct entry *entry = board->count < DETECTORS_MAX ? &board->entries[board->count] : NULL;
    double *per_file = entry ? malloc((board->corpus->count + 1) * sizeof(*per_file)) : NULL;

    if (per_file == NULL) {
        (void)MR_FAIL(err, MR_NO_ROOM, "more than %d detectors", DETECTORS_MAX);
        return NULL;
    }
    board->count++;
    (void)snprintf(entry->name, NAME_SIZE, "%s", name);
    entry->per_file = per_file;
    for (size_t i = 0; i < board->corpus->count; i++) {
        per_file[i] = (double)NAN;
    }
    for (int i = 0; i < MR_NAB_PROFILE_COUNT; i++) {
        entry->here[i] = entry->published[i] = (double)NAN;
    }
    return entry;
}

/* Last where there is nothing to rank by. */
static double rank_of(const struct entry *entry)
{
    const double rank = isnan(entry->here[MR_NAB_STANDARD]) ? entry->published[MR_NAB_STANDARD]
                                                            : entry->here[MR_NAB_STANDARD];

    return isnan(rank) ? -(double)INFINITY : rank;
}

/* The latest entry, where it turned out to be no detector: a README beside them, say. */
static void drop_unknown(struct board *board)
{
    const struct entry *entry = &board->entries[board->count - 1];
    bool is_known = entry->has_rows;

    for (int i = 0; i < MR_NAB_PROFILE_COUNT; i++) {
        is_known = is_known || !isnan(entry->published[i]);
    }
    for (size_t i = 0; i < board->corpus->count; i++) {
        is_known = is_known || !isnan(entry->per_file[i]);
    }
    if (!is_known) {
        free(entry->per_file);
        board->count--;
    }
}

static enum mr_code add_results(struct board *board, const char *name, struct mr_error *err)
{
    struct mr_scored scored = {0};
    struct entry *entry = add_entry(board, name, err);
    enum mr_code code = mr_scored_new(board->corpus, &scored, err);

    if (entry == NULL) {
        mr_scored_free(&scored);
        return MR_NO_ROOM;
    }
    if (code == MR_OK) {
        code = mr_corpus_results(board->corpus, name, &scored, &entry->has_rows, err);
    }
    if (code == MR_OK && entry->has_rows) {
        code = score_here(board, &scored, entry, err);
    }
    if (code == MR_OK) {
        code = score_published(board, entry, err);
    }
    drop_unknown(board);
    mr_scored_free(&scored);
    return code;
}

static enum mr_code add_all_results(struct board *board, struct mr_error *err)
{
    char path[4096];
    DIR *folder;
    enum mr_code code = MR_OK;

    (void)snprintf(path, sizeof(path), "%s/results", board->corpus->dir);
    folder = opendir(path);
    for (const struct dirent *item; folder != NULL && (item = readdir(folder)) != NULL;) {
        if (item->d_name[0] != '.' && code == MR_OK) {
            code = add_results(board, item->d_name, err);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return code;
}

static enum mr_code add_ours(struct board *board, const struct mr_series_detector *detector,
                             bool is_raw, struct mr_error *err)
{
    struct mr_scored scored = {0};
    struct entry *entry = add_entry(board, detector->method->name, err);
    enum mr_code code = mr_scored_new(board->corpus, &scored, err);

    if (entry == NULL) {
        mr_scored_free(&scored);
        return MR_NO_ROOM;
    }
    entry->is_ours = entry->has_rows = true;
    if (code == MR_OK) {
        code = mr_corpus_judge(board->corpus, detector, is_raw, &scored, err);
    }
    if (code == MR_OK) {
        code = score_here(board, &scored, entry, err);
    }
    mr_scored_free(&scored);
    return code;
}

static int by_rank(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const double rank_x = rank_of(x), rank_y = rank_of(y);

    return rank_x != rank_y ? (rank_x < rank_y) - (rank_x > rank_y) : strcmp(x->name, y->name);
}

static void print_figures(const double figures[MR_NAB_PROFILE_COUNT])
{
    for (int i = 0; i < MR_NAB_PROFILE_COUNT; i++) {
        if (isnan(figures[i])) {
            (void)printf("  %8s", "-");
        } else {
            (void)printf("  %8.2f", figures[i]);
        }
    }
}

static void print_board(const struct board *board)
{
    (void)printf("%-24s  %-28s    %-28s    %s\n", "", "scored here, best threshold", "as published",
                 "at the standard threshold");
    (void)printf("    %-20s", "detector");
    for (int i = 0; i < 2; i++) {
        (void)printf("  %8s  %8s  %8s%s", "standard", "low FP", "low FN", i ? "" : "  ");
    }
    (void)printf("    %-9s  %s\n", "windows", "false alarms");
    for (size_t i = 0; i < board->count; i++) {
        const struct entry *entry = &board->entries[i];

        (void)printf("%2zu %c%-20s", i + 1, entry->is_ours ? '*' : ' ', entry->name);
        print_figures(entry->here);
        (void)printf("  ");
        print_figures(entry->published);
        if (entry->has_rows) {
            (void)printf("    %3zu of %zu  %zu", entry->scores[MR_NAB_STANDARD].hits,
                         board->corpus->window_count, entry->scores[MR_NAB_STANDARD].fp);
        }
        (void)printf("\n");
    }
}

/* Not normalised: a window is at most 1, each missed one -1. The numbers of the columns are those
 * of the leaderboard. */
static void print_files(const struct board *board)
{
    (void)printf("\n%-50s  windows", "standard, not normalised");
    for (size_t i = 0; i < board->count; i++) {
        (void)printf("  %5zu%c", i + 1, board->entries[i].is_ours ? '*' : ' ');
    }
    (void)printf("\n");
    for (size_t file = 0; file < board->corpus->count; file++) {
        (void)printf("%-50s  %7zu", board->corpus->files[file].name,
                     board->corpus->files[file].window_count);
        for (size_t i = 0; i < board->count; i++) {
            if (isnan(board->entries[i].per_file[file])) {
                (void)printf("  %6s", "-");
            } else {
                (void)printf("  %6.2f", board->entries[i].per_file[file]);
            }
        }
        (void)printf("\n");
    }
}

static enum mr_code show_board(const struct flags *flags, struct board *board,
                               const struct mr_series_detector *detector, struct mr_error *err)
{
    double ours[MR_NAB_PROFILE_COUNT];
    enum mr_code code = add_ours(board, detector, flags->values[FLAG_RAW] != NULL, err);

    if (code == MR_OK) {
        memcpy(ours, board->entries[0].here, sizeof(ours));
        code = add_all_results(board, err);
    }
    if (code == MR_OK) {
        qsort(board->entries, board->count, sizeof(board->entries[0]), by_rank);
        print_board(board);
        if (flags->values[FLAG_PER_FILE] != NULL) {
            print_files(board);
        }
        (void)printf("nab files=%zu windows=%zu method=%s threshold=%g standard=%.2f low_fp=%.2f "
                     "low_fn=%.2f\n",
                     board->corpus->count, board->corpus->window_count, detector->method->name,
                     mr_series_threshold(detector), ours[MR_NAB_STANDARD], ours[MR_NAB_LOW_FP],
                     ours[MR_NAB_LOW_FN]);
    }
    for (size_t i = 0; i < board->count; i++) {
        free(board->entries[i].per_file);
    }
    return code;
}

static enum mr_code nab(const struct flags *flags, const struct mr_series_detector *detector,
                        struct mr_error *err)
{
    struct mr_corpus corpus;
    struct board *board = calloc(1, sizeof(*board));
    enum mr_code code;

    if (board == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the leaderboard");
    }
    board->corpus = &corpus;
    code = mr_corpus_read(flags->operands[0], &corpus, err);
    if (code == MR_OK) {
        code = show_board(flags, board, detector, err);
    }
    free(board);
    mr_corpus_free(&corpus);
    return code;
}

int verb_nab(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct mr_error err = {0};
    struct mr_series_detector detector;
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts(usage);
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && flags.operand_count == 0) {
        code = MR_FAIL(&err, MR_USAGE, "nab takes a directory");
    }
    if (code == MR_OK) {
        code = flags_detector(&flags, "sensitivity=high", &detector, &err);
    }
    if (code == MR_OK) {
        code = nab(&flags, &detector, &err);
    }
    return code == MR_OK ? 0 : fail_with(&err);
}
