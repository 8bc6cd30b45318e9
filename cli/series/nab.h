/* nab.h - the score of the Numenta Anomaly Benchmark, computed by ourselves.
 *
 * A row is an alarm when its score reaches a threshold, the same for all series. The first part of
 * a series (15 %, at most 750 rows) is not counted. Each labelled window is worth, for the earliest
 * alarm in it, nearly 1 at its first row and nearly 0 at its last, and -1 without one; each
 * alarm outside costs, little just after a window and the whole weight elsewhere:
 *
 *     S(p) = 2 / (1 + e^(5p)) - 1     p: position, -1..0 in a window, > 0 behind the last one
 *
 * The threshold is the one with the greatest sum, found on the same series: that is how the
 * benchmark has it, and why its figures flatter all detectors alike. Scores are normalised: 0 is no
 * alarm at all, 100 all windows at their first row.
 */
#ifndef MR_SERIES_NAB_H
#define MR_SERIES_NAB_H

#include "processors/core/base/error.h"

#include <stddef.h>

enum mr_nab_profile { MR_NAB_STANDARD, MR_NAB_LOW_FP, MR_NAB_LOW_FN, MR_NAB_PROFILE_COUNT };

struct mr_nab_weights {
    const char *name; /* in the names of the benchmark's own files */
    double hit, false_alarm, miss;
};
extern const struct mr_nab_weights mr_nab_weights[MR_NAB_PROFILE_COUNT];

struct mr_nab_window {
    size_t first, last; /* rows */
};

/* One series with a detector's scores. All borrowed. */
struct mr_nab_series {
    const double *scores;
    size_t count;
    const struct mr_nab_window *windows; /* in order, apart from each other */
    size_t window_count;
};

struct mr_nab_score {
    double threshold;
    double sum;            /* not normalised */
    size_t tp, tn, fp, fn; /* rows, without the uncounted ones */
    size_t hits;           /* windows */
};

/* What an alarm at each row is worth. */
void mr_nab_worth(const struct mr_nab_series *series, enum mr_nab_profile profile, double *worth);

/* All series together, at a threshold. */
enum mr_code mr_nab_at(const struct mr_nab_series *series, size_t count,
                       enum mr_nab_profile profile, double threshold, struct mr_nab_score *score,
                       struct mr_error *err);
/* At the best of all thresholds; of several, the greatest. */
enum mr_code mr_nab_best(const struct mr_nab_series *series, size_t count,
                         enum mr_nab_profile profile, struct mr_nab_score *score,
                         struct mr_error *err);

double mr_nab_normalised(double sum, size_t window_count, enum mr_nab_profile profile);

#endif
