/* xml_internal.h - what the halves of the XML reader share: xml.c feeds the parser, xml_events.c
 * turns its events into rows, xml_wreck.c finds the way on when it has failed.
 *
 * Offsets count the bytes of the document's UTF-8 text. The window holds the text from the open
 * row's tag on, or from where the parser stands: what may still be needed.
 */
#ifndef MR_FILES_XML_INTERNAL_H
#define MR_FILES_XML_INTERNAL_H

#include "connectors/files/xml.h"
#include "connectors/files/xml_scope.h"

#include <libxml/parser.h>

#define MR_XML_CACHE 128 /* a power of two */

struct mr_xml_cached {
    const xmlChar *text; /* interned by the parser; NULL: free */
    const struct mr_term *name;
};

struct mr_xml_window {
    uint8_t *text; /* owned */
    size_t size, room;
    uint64_t at;      /* offset of text[0] */
    uint64_t line_at; /* lines are counted up to here */
    int64_t line;
};

/* The row that is open. */
struct mr_xml_row {
    uint32_t depth; /* of its element; 0: none is open */
    uint64_t at;    /* offset of its "<" */
    int64_t line;
    bool is_reported;  /* as a bad one, before its end */
    const char *fault; /* it is bad: words, literal */
};

/* What the parser failed on. */
struct mr_xml_wreck {
    char words[240];
    uint64_t failed_at; /* where the parser stood */
    uint64_t at, seek_at;
    int64_t line;
    bool had_row;
    bool is_last;   /* there was no more text to come */
    bool is_at_end; /* it is the end itself that was wrong */
    uint32_t count; /* of all wrecks in this document */
    size_t raw_size;
    bool is_full;
    uint8_t raw[MR_SHELF_RAW_MAX];
};

struct mr_xml {
    const struct mr_glossary *names; /* borrowed */
    struct mr_shelf *shelf;          /* borrowed */
    struct mr_xml_scope *scope;      /* owned */
    xmlParserCtxtPtr parser;         /* owned; NULL: none */
    size_t row_size_max;
    struct mr_xml_window window;
    struct mr_xml_row row;
    struct mr_xml_wreck wreck;
    struct mr_xml_cached cache[MR_XML_CACHE];
    uint32_t rows_depth;        /* depth of the element that held the last row; 0: left, or none */
    const struct mr_term *leaf; /* wanted element that has held no element so far */
    uint8_t aside[MR_SHELF_INHERIT_MAX + 1]; /* its text when it stands outside of rows */
    size_t aside_size;

    int64_t parser_base; /* offset of the parser's first byte; it may have been told more */
    uint64_t fed_to;     /* offset up to which the parser has been given the text */
    uint64_t event_at;   /* offset of the end of its last event */
    uint64_t parser_at;  /* offset at which it began */
    uint32_t restored;   /* tags of the path that a new parser is still being told */
    bool has_failed, is_seeking, is_last, is_over;
};

/* xml.c */
uint64_t mr_xml_offset(const struct mr_xml *xml); /* where the parser stands */
int64_t mr_xml_line(struct mr_xml *xml, uint64_t offset);
struct mr_span mr_xml_text(const struct mr_xml *xml, uint64_t from, uint64_t to);
/* A parser that takes over at offset. false: no memory, and the document is over. */
bool mr_xml_restart(struct mr_xml *xml, uint64_t offset);

/* xml_events.c */
void mr_xml_events(xmlSAXHandler *handler);

/* xml_wreck.c */
void mr_xml_fail(struct mr_xml *xml);
void mr_xml_seek(struct mr_xml *xml);

#endif
