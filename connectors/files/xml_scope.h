/* xml_scope.h - where in a document the parser stands, and what the rows there inherit.
 *
 *     <Root>                       path: Root
 *       <ChainId>729..</ChainId>   inherited by all rows in Root that follow
 *       <Store><StoreId>1</StoreId>  ... by the rows in this Store
 *
 * A wanted field that stands outside of any row belongs to the element in which it
 * stands and ends with it. The nearest one wins; in the same element the last one
 * does. Attributes belong to their own element. The path is kept as text, so that
 * a parser that had to be thrown away can be replaced by one that stands there.
 */
#ifndef MR_FILES_XML_SCOPE_H
#define MR_FILES_XML_SCOPE_H

#include "connectors/files/shelf.h"

#define MR_XML_DEPTH_MAX 256 /* as libxml2 has it */
#define MR_XML_PATH_MAX 8192

struct mr_xml_scope;

struct mr_xml_scope *mr_xml_scope_new(void); /* owned; NULL: no memory */
void mr_xml_scope_free(struct mr_xml_scope *scope);
void mr_xml_scope_clear(struct mr_xml_scope *scope);

/* An element begins outside of rows. prefix may be NULL. false: too deep. */
bool mr_xml_scope_enter(struct mr_xml_scope *scope, const char *prefix, const char *name);
void mr_xml_scope_leave(struct mr_xml_scope *scope);
uint32_t mr_xml_scope_depth(const struct mr_xml_scope *scope);
/* The innermost element, "prefix:name". */
struct mr_span mr_xml_scope_element(const struct mr_xml_scope *scope);
/* "<Root><Store><Items>": returns its size, at most MR_XML_PATH_MAX + 2 * MR_XML_DEPTH_MAX. */
size_t mr_xml_scope_tags(const struct mr_xml_scope *scope, uint8_t *out);

/* The text that follows belongs to the element at depth. */
void mr_xml_scope_keep(struct mr_xml_scope *scope, uint32_t depth, const struct mr_term *name,
                       struct mr_span text);
/* The same for one field, of what was a row and turns out to surround others. */
void mr_xml_scope_keep_field(struct mr_xml_scope *scope, uint32_t depth,
                             struct mr_term_target target, struct mr_span text);
/* Gives the open row what it inherits. false: there was more than is kept. */
bool mr_xml_scope_inherit(const struct mr_xml_scope *scope, struct mr_shelf *shelf);

#endif
