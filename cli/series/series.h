/* series.h - a series of values by time, read from a file and judged by a detector.
 *
 *     timestamp,value --read--> times, values --judge--> a judgement per row
 */
#ifndef MR_SERIES_SERIES_H
#define MR_SERIES_SERIES_H

#include "processors/core/base/error.h"
#include "processors/detect/judge.h"

struct mr_series {
    int64_t *times_ms; /* owned */
    double *values;    /* owned; NaN: none */
    size_t count, room;
};

/* A detector as the command line says it. */
struct mr_series_detector {
    const struct mr_method *method;
    struct mr_tuning tuning;
};

/* The names of the two columns; NULL: the usual ones. */
struct mr_series_columns {
    const char *time;
    const char *value;
};

enum mr_code mr_series_read(const char *path, const struct mr_series_columns *columns,
                            struct mr_series *series, struct mr_error *err);
enum mr_code mr_series_add(struct mr_series *series, int64_t time_ms, double value,
                           struct mr_error *err);
void mr_series_free(struct mr_series *series); /* also of {0} */

/* The options of a detector of a pipeline as words, name=value, those that a key or a value need
 * aside. All that is wrong with them goes to stderr. */
enum mr_code mr_series_detector_read(const char *const *words, size_t count,
                                     struct mr_series_detector *detector, struct mr_error *err);

/* What its score is 0.5 at: in the unit of the method, or, calibrated, one in so many. */
double mr_series_threshold(const struct mr_series_detector *detector);

/* One judgement per row, in order, from an empty state. */
enum mr_code mr_series_judge(const struct mr_series *series,
                             const struct mr_series_detector *detector,
                             struct mr_judgement *judgements, struct mr_error *err);

#endif
