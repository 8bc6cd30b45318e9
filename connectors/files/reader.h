/* reader.h - one source at a time, from the open file to rows on a shelf.
 *
 *     fd --stream--> bytes --decoder--> UTF-8 --xml or csv--> shelf
 *                      `--container, avro---------------------^
 *
 * Every member of an archive is read as if it were a file. What a text is, its
 * beginning says: "Obj" and a one is Avro, a page of HTML is one bad row, "<" is XML,
 * anything else CSV.
 * Memory is constant: a block of bytes, its text, and a window of at most twice
 * row_size_max. The bytes are cut into blocks in the same way each time, so that a
 * source that is read again gives the same rows.
 *
 * Reasons of its own: source_is_html, source_empty (no row, and nothing else to
 * say of it), source_encoding_unknown, source_too_large; those of stream.h, xml.h, csv.h, avro.h.
 */
#ifndef MR_FILES_READER_H
#define MR_FILES_READER_H

#include "connectors/files/charset.h"
#include "connectors/files/csv.h"
#include "connectors/files/shelf.h"

struct mr_reader;

struct mr_reader_form {
    enum mr_charset charset;
    struct mr_csv_form csv;
    size_t row_size_max;
    uint64_t source_size_max; /* unpacked */
};

/* wanted is copied, form borrowed. Owned; NULL: no memory. */
struct mr_reader *mr_reader_new(const struct mr_wanted_rows *wanted,
                                const struct mr_reader_form *form);
void mr_reader_free(struct mr_reader *reader);

/* fd is borrowed. false: no memory. */
bool mr_reader_open(struct mr_reader *reader, int fd);
void mr_reader_close(struct mr_reader *reader);

/* Reads on until the shelf holds a row: true; false: the source is at its end. */
bool mr_reader_next(struct mr_reader *reader);
const struct mr_shelf *mr_reader_shelf(const struct mr_reader *reader);
void mr_reader_pop(struct mr_reader *reader);
/* The archive's member that the oldest row stands in; NULL: the source is none. */
const char *mr_reader_member(const struct mr_reader *reader);
/* Bytes of the file read; characters replaced because they were none. */
uint64_t mr_reader_offset(const struct mr_reader *reader);
uint64_t mr_reader_replaced(const struct mr_reader *reader);

#endif
