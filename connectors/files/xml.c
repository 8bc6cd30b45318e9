#include "connectors/files/xml_internal.h"

#include <libxml/parserInternals.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mr_xml *mr_xml_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                          size_t row_size_max)
{
    struct mr_xml *xml = calloc(1, sizeof(*xml));

    if (xml == NULL) {
        return NULL;
    }
    xml->names = names;
    xml->shelf = shelf;
    xml->row_size_max = row_size_max;
    xml->window.room = 2 * row_size_max + 4 * MR_SHELF_SLICE;
    xml->window.text = malloc(xml->window.room);
    xml->scope = mr_xml_scope_new();
    xml->is_over = true;
    if (xml->window.text == NULL || xml->scope == NULL) {
        mr_xml_free(xml);
        return NULL;
    }
    return xml;
}

static void free_parser(struct mr_xml *xml)
{
    if (xml->parser != NULL) {
        xmlFreeDoc(xml->parser->myDoc); /* a DTD makes one even without a builder */
        xml->parser->myDoc = NULL;
        xmlFreeParserCtxt(xml->parser);
        xml->parser = NULL;
    }
}

void mr_xml_free(struct mr_xml *xml)
{
    if (xml != NULL) {
        free_parser(xml);
        mr_xml_scope_free(xml->scope);
        free(xml->window.text);
        free(xml);
    }
}

uint64_t mr_xml_offset(const struct mr_xml *xml)
{
    const int64_t at = xml->parser_base + (int64_t)xmlByteConsumed(xml->parser);

    return at < (int64_t)xml->window.at ? xml->window.at : (uint64_t)at;
}

struct mr_span mr_xml_text(const struct mr_xml *xml, uint64_t from, uint64_t to)
{
    const struct mr_xml_window *window = &xml->window;
    const uint64_t end = window->at + window->size;
    const uint64_t first = from < window->at ? window->at : from;
    const uint64_t last = to > end ? end : to;

    if (first >= last) {
        return (struct mr_span){window->text, 0};
    }
    return (struct mr_span){window->text + (first - window->at), (size_t)(last - first)};
}

int64_t mr_xml_line(struct mr_xml *xml, uint64_t offset)
{
    struct mr_span text = mr_xml_text(xml, xml->window.line_at, offset);
    const uint8_t *found;

    while (text.size > 0 && (found = memchr(text.data, '\n', text.size)) != NULL) {
        text.size -= (size_t)(found + 1 - text.data);
        text.data = found + 1;
        xml->window.line++;
    }
    if (offset > xml->window.line_at) {
        xml->window.line_at = offset;
    }
    return xml->window.line;
}

static bool new_parser(struct mr_xml *xml, int64_t line)
{
    xmlSAXHandler events;

    free_parser(xml);
    memset(xml->cache, 0, sizeof(xml->cache));
    mr_xml_events(&events);
    xml->parser = xmlCreatePushParserCtxt(&events, xml, NULL, 0, NULL);
    if (xml->parser == NULL) {
        (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words), "no memory for a parser");
        xml->is_over = true;
        return false;
    }
    /* The text is UTF-8 by now, whatever its declaration says. */
    (void)xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    (void)xmlSwitchEncoding(xml->parser, XML_CHAR_ENCODING_UTF8);
    xml->parser->input->line = line > INT32_MAX ? 0 : (int)line; /* for its messages */
    xml->wreck.words[0] = '\0';
    xml->wreck.is_at_end = xml->wreck.is_last = false;
    xml->has_failed = false;
    return true;
}

bool mr_xml_begin(struct mr_xml *xml, int64_t line)
{
    mr_xml_scope_clear(xml->scope);
    xml->window.size = 0;
    xml->window.at = xml->window.line_at = 0;
    xml->window.line = line;
    xml->row = (struct mr_xml_row){0};
    xml->wreck.count = 0;
    xml->rows_depth = 0;
    xml->leaf = NULL;
    xml->parser_base = 0;
    xml->fed_to = xml->event_at = xml->parser_at = 0;
    xml->restored = 0;
    xml->is_seeking = xml->is_last = xml->is_over = false;
    return new_parser(xml, line);
}

static void give(struct mr_xml *xml, struct mr_span text)
{
    (void)xmlParseChunk(xml->parser, (const char *)text.data, (int)text.size, 0);
    if (xml->parser->wellFormed == 0) {
        xml->has_failed = true;
    }
}

bool mr_xml_restart(struct mr_xml *xml, uint64_t offset)
{
    uint8_t tags[MR_XML_PATH_MAX + 2 * MR_XML_DEPTH_MAX];
    const struct mr_span path = {tags, mr_xml_scope_tags(xml->scope, tags)};

    if (!new_parser(xml, mr_xml_line(xml, offset))) {
        return false;
    }
    xml->parser_at = xml->event_at = xml->fed_to = offset;
    xml->parser_base = (int64_t)offset - (int64_t)path.size;
    xml->restored = mr_xml_scope_depth(xml->scope);
    give(xml, path);
    return true;
}

bool mr_xml_is_hungry(const struct mr_xml *xml)
{
    const uint64_t end = xml->window.at + xml->window.size;

    if (xml->is_over || xml->is_last) {
        return false;
    }
    return xml->is_seeking ? end - xml->wreck.seek_at < MR_SHELF_SLICE : xml->fed_to == end;
}

/* Lets go of what is not needed any more. */
static void slide(struct mr_xml *xml)
{
    struct mr_xml_window *window = &xml->window;
    uint64_t keep = mr_xml_offset(xml);
    size_t gone;

    if (xml->is_seeking) {
        keep = xml->wreck.seek_at;
    } else if (xml->row.depth > 0 && !xml->row.is_reported) {
        keep = xml->row.at;
    }
    if (keep <= window->at) {
        return;
    }
    gone = (size_t)(keep - window->at);
    MR_ASSERT(gone <= window->size);
    (void)mr_xml_line(xml, keep);
    window->size -= gone;
    window->at = keep;
    memmove(window->text, window->text + gone, window->size);
}

void mr_xml_add(struct mr_xml *xml, struct mr_span slice)
{
    MR_ASSERT(mr_xml_is_hungry(xml) && slice.size <= MR_SHELF_SLICE);
    slide(xml);
    MR_ASSERT(slice.size <= xml->window.room - xml->window.size);
    if (slice.size > 0) {
        memcpy(xml->window.text + xml->window.size, slice.data, slice.size);
        xml->window.size += slice.size;
    }
}

void mr_xml_end(struct mr_xml *xml)
{
    xml->is_last = true;
}

/* A row that outgrows its bound is reported now and read to its end without keeping anything. A
 * tag, comment or section that does is a failure: it may well be that it never ends. */
static void check_bounds(struct mr_xml *xml)
{
    const uint64_t stands_at = mr_xml_offset(xml);

    if (xml->fed_to > stands_at + xml->row_size_max) {
        (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words),
                       "a tag, comment or section has no end within %zu bytes", xml->row_size_max);
        xml->has_failed = true;
    } else if (xml->row.depth > 0 && !xml->row.is_reported &&
               stands_at > xml->row.at + xml->row_size_max) {
        mr_shelf_row_bad(xml->shelf, xml->row.line, "row_too_large",
                         "it is larger than row_size_max",
                         mr_xml_text(xml, xml->row.at, stands_at));
        xml->row.is_reported = true;
        xml->leaf = NULL;
    }
}

static void give_last(struct mr_xml *xml)
{
    (void)xmlParseChunk(xml->parser, NULL, 0, 1);
    if (xml->parser->wellFormed == 0 || xml->has_failed) {
        xml->wreck.is_last = true;
        xml->wreck.is_at_end = !xml->has_failed && xml->wreck.failed_at >= xml->fed_to;
        if (xml->wreck.is_at_end && mr_xml_scope_depth(xml->scope) > 0) {
            (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words), "the document ends early");
        }
        mr_xml_fail(xml);
    } else {
        xml->is_over = true;
    }
}

static void give_slice(struct mr_xml *xml, uint64_t end)
{
    struct mr_span text = mr_xml_text(xml, xml->fed_to, end);

    if (text.size > MR_SHELF_SLICE) {
        text.size = MR_SHELF_SLICE;
        while ((text.data[text.size] & 0xC0) == 0x80) { /* whole characters */
            text.size--;
        }
    }
    give(xml, text);
    xml->fed_to += text.size;
    if (!xml->has_failed) {
        check_bounds(xml);
    }
    if (xml->has_failed) {
        mr_xml_fail(xml);
    }
}

void mr_xml_step(struct mr_xml *xml)
{
    const uint64_t end = xml->window.at + xml->window.size;

    if (xml->is_over) {
        return;
    }
    if (xml->is_seeking) {
        mr_xml_seek(xml);
    } else if (xml->has_failed) {
        mr_xml_fail(xml);
    } else if (xml->fed_to < end) {
        give_slice(xml, end);
    } else if (xml->is_last) {
        give_last(xml);
    }
}

bool mr_xml_is_over(const struct mr_xml *xml)
{
    return xml->is_over;
}
