/* corpus.h - a directory as the Numenta Anomaly Benchmark lays it out.
 *
 *     DIR/data/<category>/<series>.csv                          timestamp,value
 *     DIR/labels/combined_windows.json                          which series, and their windows
 *     DIR/results/<detector>/<detector>_<profile>_scores.csv    as published, per series
 *     DIR/results/<detector>/<category>/<detector>_<series>.csv[.gz]    its score of each row
 *
 * Of the results, what is there is used: a detector without scores per row keeps its published
 * figures.
 */
#ifndef MR_SERIES_CORPUS_H
#define MR_SERIES_CORPUS_H

#include "cli/series/nab.h"
#include "cli/series/series.h"

struct mr_corpus_file {
    char *name; /* owned: "realAWSCloudwatch/grok_asg_anomaly.csv" */
    struct mr_series series;
    struct mr_nab_window *windows; /* owned */
    size_t window_count;
};

struct mr_corpus {
    const char *dir;              /* borrowed */
    struct mr_corpus_file *files; /* owned; in the order of the labels */
    size_t count, row_count, window_count;
};

enum mr_code mr_corpus_read(const char *dir, struct mr_corpus *corpus, struct mr_error *err);
void mr_corpus_free(struct mr_corpus *corpus); /* also of {0} */

/* A detector's scores of all rows. */
struct mr_scored {
    struct mr_nab_series *series; /* owned; one per file, windows borrowed from the corpus */
    double *scores;               /* owned */
};

enum mr_code mr_scored_new(const struct mr_corpus *corpus, struct mr_scored *scored,
                           struct mr_error *err);
void mr_scored_free(struct mr_scored *scored); /* also of {0} */

/* Judges all series, each from an empty state: the judgement's score where there is an alarm, 0
 * elsewhere; where is_raw, the score of every row that is not warming up. */
enum mr_code mr_corpus_judge(const struct mr_corpus *corpus,
                             const struct mr_series_detector *detector, bool is_raw,
                             struct mr_scored *scored, struct mr_error *err);

/* A published detector's scores of all rows; *is_there false: they are not in DIR. */
enum mr_code mr_corpus_results(const struct mr_corpus *corpus, const char *detector,
                               struct mr_scored *scored, bool *is_there, struct mr_error *err);

/* The path of a file's scores per row, packed or not; false: there are none. */
#define MR_CORPUS_PATH_SIZE 4096
bool mr_corpus_results_path(const struct mr_corpus *corpus, const char *detector, size_t file,
                            char path[MR_CORPUS_PATH_SIZE]);

/* As published: a sum of the scoring per file, NaN for a file that is not in it, and the
 * threshold. false in *is_there: there is no such file. */
struct mr_published {
    double *sums; /* owned; per file */
    double threshold;
};
enum mr_code mr_corpus_published(const struct mr_corpus *corpus, const char *detector,
                                 enum mr_nab_profile profile, struct mr_published *published,
                                 bool *is_there, struct mr_error *err);

#endif
