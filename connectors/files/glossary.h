/* glossary.h - from the names that sources use to the fields that are wanted.
 *
 * One lookup for each element or column: a source's name leads to the fields
 * that it may fill, each with its rank among the field's alternates (0 is the most
 * wanted). ASCII letters are compared without regard to case.
 *
 * Everything is copied: the wanted rows need not outlive the call.
 */
#ifndef MR_FILES_GLOSSARY_H
#define MR_FILES_GLOSSARY_H

#include "processors/core/stage/connector.h"

struct mr_term_target {
    uint32_t field;
    uint32_t rank;
    const struct mr_term_target *next;
};

struct mr_term {
    struct mr_span text;
    bool is_row;
    const struct mr_term_target *targets; /* NULL: only the name of a row */
    const struct mr_term *next;           /* in its bucket */
};

struct mr_glossary;

struct mr_glossary *
mr_glossary_new(const struct mr_wanted_rows *wanted); /* owned; NULL: no memory */
void mr_glossary_free(struct mr_glossary *names);

/* NULL: nobody wants it. */
const struct mr_term *mr_glossary_find(const struct mr_glossary *names, struct mr_span text);
/* Whether text, without blanks at its ends, is empty or stands for a missing value. */
bool mr_glossary_is_missing(const struct mr_glossary *names, struct mr_span text);
size_t mr_glossary_field_count(const struct mr_glossary *names);

#endif
