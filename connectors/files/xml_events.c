/* The parser's events as rows on the shelf. */
#include "connectors/files/xml_internal.h"

#include <stdio.h>
#include <string.h>

static struct mr_span span_of(const xmlChar *text)
{
    return mr_span_text((const char *)text);
}

/* The parser interns names, so most are known by their address. */
static const struct mr_term *find_name(struct mr_xml *xml, const xmlChar *text)
{
    struct mr_xml_cached *cached = &xml->cache[((uintptr_t)text >> 3) & (MR_XML_CACHE - 1)];

    if (cached->text != text) {
        cached->text = text;
        cached->name = mr_glossary_find(xml->names, span_of(text));
    }
    return cached->name;
}

static bool is_collecting(const struct mr_xml *xml)
{
    return xml->row.depth > 0 && !xml->row.is_reported;
}

static void drop_leaf(struct mr_xml *xml)
{
    if (xml->leaf != NULL && is_collecting(xml)) {
        mr_shelf_text_drop(xml->shelf);
    }
    xml->leaf = NULL;
}

/* An element with a row's name in a row: the outer one is no row, but what it has said so far goes
 * for all that it holds. */
static void demote_row(struct mr_xml *xml)
{
    if (is_collecting(xml)) {
        for (uint32_t i = 0; i < mr_glossary_field_count(xml->names); i++) {
            struct mr_term_target target = {.field = i};
            struct mr_span text;

            if (mr_shelf_text_of(xml->shelf, i, &text, &target.rank)) {
                mr_xml_scope_keep_field(xml->scope, xml->row.depth, target, text);
            }
        }
        mr_shelf_row_drop(xml->shelf);
    }
    xml->row.depth = 0;
}

/* A start tag's event comes when all of it but its end has been read, and "<" cannot stand in it.
 */
static uint64_t tag_offset(const struct mr_xml *xml)
{
    const struct mr_span text = mr_xml_text(xml, xml->window.at, mr_xml_offset(xml));
    size_t at = text.size;

    while (at > 0 && text.data[at - 1] != '<') {
        at--;
    }
    return xml->window.at + (at > 0 ? at - 1 : 0);
}

static void begin_row(struct mr_xml *xml)
{
    if (xml->row.depth > 0) {
        demote_row(xml);
    }
    xml->rows_depth = mr_xml_scope_depth(xml->scope);
    xml->row = (struct mr_xml_row){.depth = xml->rows_depth + 1, .at = tag_offset(xml)};
    xml->row.line = mr_xml_line(xml, xml->row.at);
    mr_shelf_row_begin(xml->shelf, xml->row.line);
}

static void take_attribute(struct mr_xml *xml, const xmlChar **attribute)
{
    const struct mr_term *name = find_name(xml, attribute[0]);
    const struct mr_span text = {attribute[3], (size_t)(attribute[4] - attribute[3])};

    if (name == NULL || name->targets == NULL) {
        return;
    }
    if (is_collecting(xml)) {
        mr_shelf_text_begin(xml->shelf);
        mr_shelf_text_add(xml->shelf, text);
        mr_shelf_text_end(xml->shelf, name);
    } else if (xml->row.depth == 0 && !mr_glossary_is_missing(xml->names, text)) {
        mr_xml_scope_keep(xml->scope, mr_xml_scope_depth(xml->scope), name, text);
    }
}

static void begin_leaf(struct mr_xml *xml, const struct mr_term *name)
{
    if (name == NULL || name->targets == NULL) {
        return;
    }
    xml->leaf = name;
    xml->aside_size = 0;
    if (is_collecting(xml)) {
        mr_shelf_text_begin(xml->shelf);
    }
}

/* The signature is libxml2's. NOLINTNEXTLINE(readability-*,bugprone-*) */
static void on_start(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int space_count, const xmlChar **spaces, int attribute_count,
                     int default_count, const xmlChar **attributes)
{
    struct mr_xml *xml = context;
    const struct mr_term *name = find_name(xml, local);

    (void)uri, (void)space_count, (void)spaces, (void)default_count;
    if (xml->restored > 0) {
        xml->restored--;
        return;
    }
    drop_leaf(xml);
    if (name != NULL && name->is_row) {
        begin_row(xml);
    }
    if (!mr_xml_scope_enter(xml->scope, (const char *)prefix, (const char *)local)) {
        (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words), "elements nest too deeply");
        xml->has_failed = true;
        xmlStopParser(xml->parser);
        return;
    }
    for (int i = 0; i < attribute_count; i++) {
        take_attribute(xml, attributes + (ptrdiff_t)5 * i);
    }
    begin_leaf(xml, name);
    xml->event_at = mr_xml_offset(xml);
}

static void end_row(struct mr_xml *xml, uint64_t end)
{
    const struct mr_span raw = mr_xml_text(xml, xml->row.at, end);

    if (!is_collecting(xml)) {
        xml->row.depth = 0;
        return;
    }
    if (xml->row.fault != NULL) {
        mr_shelf_row_bad(xml->shelf, xml->row.line, "row_malformed", xml->row.fault, raw);
    } else if (!mr_xml_scope_inherit(xml->scope, xml->shelf)) {
        mr_shelf_row_bad(xml->shelf, xml->row.line, "row_too_large",
                         "the texts around it are too large", raw);
    } else {
        mr_shelf_row_end(xml->shelf, raw);
    }
    xml->row.depth = 0;
}

/* A field outside of rows belongs to the element that holds it. */
static void keep_aside(struct mr_xml *xml, const struct mr_term *leaf)
{
    const struct mr_span text = {xml->aside, xml->aside_size};

    if (!mr_glossary_is_missing(xml->names, text)) {
        mr_xml_scope_keep(xml->scope, mr_xml_scope_depth(xml->scope), leaf, text);
    }
}

static void on_end(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct mr_xml *xml = context;
    const struct mr_term *leaf = xml->leaf;

    (void)local, (void)prefix, (void)uri;
    xml->event_at = mr_xml_offset(xml);
    xml->leaf = NULL;
    if (leaf != NULL && is_collecting(xml)) {
        mr_shelf_text_end(xml->shelf, leaf);
    }
    if (xml->row.depth == mr_xml_scope_depth(xml->scope)) {
        end_row(xml, xml->event_at);
        leaf = NULL;
    }
    mr_xml_scope_leave(xml->scope);
    if (mr_xml_scope_depth(xml->scope) < xml->rows_depth) {
        xml->rows_depth = 0;
    }
    if (leaf != NULL && xml->row.depth == 0) {
        keep_aside(xml, leaf);
    }
}

static void on_text(void *context, const xmlChar *text, int size)
{
    struct mr_xml *xml = context;
    const struct mr_span bytes = {text, (size_t)size};

    if (xml->leaf == NULL) {
        return;
    }
    if (is_collecting(xml)) {
        mr_shelf_text_add(xml->shelf, bytes);
    } else if (bytes.size <= sizeof(xml->aside) - xml->aside_size) {
        memcpy(xml->aside + xml->aside_size, text, bytes.size);
        xml->aside_size += bytes.size;
    } else { /* too large to be kept, and known by that */
        xml->aside_size = sizeof(xml->aside);
    }
}

/* Only what a DTD declares gets here; without one it is an error of the parser's own. */
static void on_reference(void *context, const xmlChar *name)
{
    struct mr_xml *xml = context;

    (void)name;
    if (xml->row.depth > 0) {
        xml->row.fault = "it refers to an entity, and those of a DTD are not read";
    }
}

static xmlEntityPtr on_entity(void *context, const xmlChar *name)
{
    (void)context;
    return xmlGetPredefinedEntity(name);
}

static xmlEntityPtr on_parameter_entity(void *context, const xmlChar *name)
{
    (void)context, (void)name;
    return NULL;
}

static void on_error(void *context, xmlErrorPtr error)
{
    struct mr_xml *xml = context;

    if (error->level != XML_ERR_FATAL || xml->wreck.words[0] != '\0') {
        return;
    }
    /* "Extra content at the end", when something is still open, is a "<" and nothing behind it. */
    xml->wreck.failed_at = error->code == XML_ERR_DOCUMENT_END ? UINT64_MAX : mr_xml_offset(xml);
    (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words), "%s",
                   error->message ? error->message : "not well-formed");
    for (size_t size = strlen(xml->wreck.words);
         size > 0 && (uint8_t)xml->wreck.words[size - 1] <= ' '; size--) {
        xml->wreck.words[size - 1] = '\0';
    }
}

void mr_xml_events(xmlSAXHandler *handler)
{
    *handler = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .reference = on_reference,
        .getEntity = on_entity,
        .getParameterEntity = on_parameter_entity,
        .serror = on_error,
    };
}
