/* csv.h - a table of comma-separated values, fed slice by slice, as rows.
 *
 * RFC 4180 as it is met: lines end in LF, CRLF or CR; a field in quotes may hold
 * delimiters, line ends and doubled quotes; a quote inside of a field that does not
 * begin with one is a character. The first line names the columns, unless
 * `columns` does. The delimiter is the one of , ; tab | that the first line has
 * most of, unless `delimiter` says.
 *
 * A line that is not right is a bad row, and reading goes on with the next one: too
 * few or too many fields, something after a closing quote. A quote that is never
 * closed would swallow everything behind it: it is closed by the bound of a row, or
 * the end of the file; then its first line is the bad row, and reading goes on with the second.
 *
 * Reasons: row_malformed, row_too_large, source_unrecognised (no column that is wanted).
 */
#ifndef MR_FILES_CSV_H
#define MR_FILES_CSV_H

#include "connectors/files/shelf.h"

struct mr_csv;

struct mr_csv_form {
    uint8_t delimiter;       /* 0: find out */
    struct mr_texts columns; /* their names; none: the first line has them */
};

/* All are borrowed. Owned; NULL: no memory. */
struct mr_csv *mr_csv_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                          const struct mr_csv_form *form, size_t row_size_max);
void mr_csv_free(struct mr_csv *csv);

/* As in xml.h. */
void mr_csv_begin(struct mr_csv *csv);
bool mr_csv_is_hungry(const struct mr_csv *csv);
void mr_csv_add(struct mr_csv *csv, struct mr_span slice);
void mr_csv_end(struct mr_csv *csv);
void mr_csv_step(struct mr_csv *csv);
bool mr_csv_is_over(const struct mr_csv *csv);
void mr_csv_abort(struct mr_csv *csv, const char *reason, const char *detail);

#endif
