/* shelf.h - the rows that a parser has read and nobody has taken yet.
 *
 *     parser --texts--> [ shelf ] --copy--> arena of the batch
 *
 * A parser is fed a slice of text and puts all rows that end in it on the shelf;
 * they are taken one by one as the batch has room. A shelf is a fixed block that is
 * reserved once: a slice is small enough that what it can hold always fits, and a
 * row that would not is made a bad one.
 *
 * A row is built field by field: text_begin, text_add..., text_end. Which text
 * wins when a field comes twice: the alternate that is named first in the mapping;
 * among equals the first one that is not missing.
 */
#ifndef MR_FILES_SHELF_H
#define MR_FILES_SHELF_H

#include "connectors/files/glossary.h"

struct mr_shelf;

/* row_size_max bounds a row's text; owned; NULL: no memory. names is borrowed. */
struct mr_shelf *mr_shelf_new(const struct mr_glossary *names, size_t row_size_max);
void mr_shelf_free(struct mr_shelf *shelf);
void mr_shelf_clear(struct mr_shelf *shelf);

void mr_shelf_row_begin(struct mr_shelf *shelf, int64_t line);
void mr_shelf_text_begin(struct mr_shelf *shelf);
void mr_shelf_text_add(struct mr_shelf *shelf, struct mr_span bytes);
/* Gives the text to the fields that name leads to, or drops it. */
void mr_shelf_text_end(struct mr_shelf *shelf, const struct mr_term *name);
void mr_shelf_text_drop(struct mr_shelf *shelf);
/* What the row in the making has for a field; false: nothing of its own. */
bool mr_shelf_text_of(const struct mr_shelf *shelf, uint32_t field, struct mr_span *text,
                      uint32_t *rank);
/* A text from around the row: for a field that the row itself does not have. */
void mr_shelf_inherit(struct mr_shelf *shelf, uint32_t field, struct mr_span text);
void mr_shelf_row_end(struct mr_shelf *shelf, struct mr_span raw);
void mr_shelf_row_drop(struct mr_shelf *shelf);
/* A bad row instead of the one that was begun, if any. reason: literal. raw is cut to a bound. */
void mr_shelf_row_bad(struct mr_shelf *shelf, int64_t line, const char *reason, const char *detail,
                      struct mr_span raw);

/* How many rows have ever been put on it since clear: 0 means that a source held none. */
uint64_t mr_shelf_total(const struct mr_shelf *shelf);
bool mr_shelf_is_empty(const struct mr_shelf *shelf);
/* The bytes of the oldest row's own fields, or empty: for what looks at them before they go. */
struct mr_span mr_shelf_texts(const struct mr_shelf *shelf);
/* Why the oldest row is bad: literal; NULL: it is good. */
const char *mr_shelf_reason(const struct mr_shelf *shelf);
/* Copies the oldest row into arena (place: only the line is set) and leaves it there until
 * mr_shelf_pop(). false: arena has no room. */
bool mr_shelf_peek(const struct mr_shelf *shelf, struct mr_arena *arena, struct mr_row *row);
void mr_shelf_pop(struct mr_shelf *shelf);

/* The most text that may be fed to a parser at once. */
#define MR_SHELF_SLICE ((size_t)8192)
/* The most that a row may inherit. */
#define MR_SHELF_INHERIT_MAX ((size_t)4096)
/* How much of a bad row is kept. */
#define MR_SHELF_RAW_MAX ((size_t)4096)

#endif
