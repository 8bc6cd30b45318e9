/* xml.h - a document of XML, fed slice by slice, as rows.
 *
 * libxml2's push parser; nothing is built, nothing is loaded: no entities but the
 * five of XML and numbers, no DTD, no network. So a billion laughs stay one.
 *
 * A row is an element with one of the mapping's names, in whatever case and name
 * space. Its attributes and the elements below it that hold text and no elements
 * are its fields, by local name. An element with a row's name that holds another
 * one is no row: it only surrounds them (<Store Date=".."><Branches><Branch>).
 * What rows inherit from around them: xml_scope.h.
 *
 * A fault in a row costs that row and no more: it becomes a bad row with its
 * text, and a new parser takes over at the next row's tag, or at the end of what
 * holds the rows, whichever comes first, so that no row can inherit from a wrong
 * store. libxml2's own recovery mode is not used: it drops data without a word.
 * A fault outside of where rows are ends the document, with a bad row that says so.
 *
 * Reasons: row_malformed, row_too_large, source_malformed, source_truncated.
 */
#ifndef MR_FILES_XML_H
#define MR_FILES_XML_H

#include "connectors/files/shelf.h"

struct mr_xml;

/* names and shelf are borrowed. Owned; NULL: no memory. */
struct mr_xml *mr_xml_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                          size_t row_size_max);
void mr_xml_free(struct mr_xml *xml);

/* A new document, of which line - 1 lines have been skipped. false: no memory. */
bool mr_xml_begin(struct mr_xml *xml, int64_t line);
/* While it is hungry it is given text, at most MR_SHELF_SLICE bytes of whole characters, or told
 * that there is no more. */
bool mr_xml_is_hungry(const struct mr_xml *xml);
void mr_xml_add(struct mr_xml *xml, struct mr_span slice);
void mr_xml_end(struct mr_xml *xml);
/* Reads on, a slice at most. The shelf must be empty but for the row in the making. */
void mr_xml_step(struct mr_xml *xml);
/* Nothing more will come; the rest of the document, if there is one, is of no use. */
bool mr_xml_is_over(const struct mr_xml *xml);
/* The text breaks off here, for a reason of the source's; the row that is open is lost with it. */
void mr_xml_abort(struct mr_xml *xml, const char *reason, const char *detail);

#endif
