/* rows.h - the rows of a table in a file, one after another.
 *
 * Whatever the product's own files are read with reads this one: CSV with any of the usual
 * delimiters and encodings, packed or not. The first line names the columns. "-" is the standard
 * input, which is taken whole before the first row is given.
 *
 * Nothing is skipped: a row that cannot be read, a wanted column that is not there, ends the
 * reading with an error that names file and line.
 */
#ifndef MR_SERIES_ROWS_H
#define MR_SERIES_ROWS_H

#include "processors/core/base/error.h"
#include "processors/core/stage/connector.h"

/* What is done with a row: texts[i] belongs to the i-th wanted name, null where it is missing. */
struct mr_rows_taker {
    enum mr_code (*take)(void *context, const struct mr_row *row, struct mr_error *err);
    void *context; /* borrowed */
};

enum mr_code mr_rows_read(const char *path, const struct mr_wanted *wanted, size_t wanted_count,
                          const struct mr_rows_taker *taker, struct mr_error *err);

/* A number, NaN where there is none. */
enum mr_code mr_rows_number(const struct mr_value *text, const struct mr_row *row, double *number,
                            struct mr_error *err);
/* ISO 8601 with or without a zone (then UTC), or seconds or milliseconds since 1970 by size. */
enum mr_code mr_rows_time(const struct mr_value *text, const struct mr_row *row, int64_t *ms,
                          struct mr_error *err);

#endif
