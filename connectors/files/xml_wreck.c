/* What to do when the parser has failed: report, and find the tag at which to go on. */
#include "connectors/files/xml_internal.h"

#include <stdio.h>
#include <string.h>

#define WRECKS_MAX 1000
#define TAG_MAX 300 /* name and all that must be seen of a tag to know it */

static void report(struct mr_xml *xml, const char *reason)
{
    mr_shelf_row_bad(xml->shelf, xml->wreck.line, reason, xml->wreck.words,
                     (struct mr_span){xml->wreck.raw, xml->wreck.raw_size});
}

/* What is passed over belongs to the wreck, up to what a bad row can hold. */
static void pass(struct mr_xml *xml, uint64_t from, uint64_t to)
{
    const struct mr_span text = mr_xml_text(xml, from, to);
    const size_t room = sizeof(xml->wreck.raw) - xml->wreck.raw_size;
    size_t size = text.size;

    if (xml->wreck.is_full) {
        return;
    }
    if (size > room) {
        xml->wreck.is_full = true;
        for (size = room; size > 0 && (text.data[size] & 0xC0) == 0x80;) {
            size--; /* never half a character */
        }
    }
    if (size > 0) {
        memcpy(xml->wreck.raw + xml->wreck.raw_size, text.data, size);
        xml->wreck.raw_size += size;
    }
}

/* Whether the way on is known: a row was open, or the failure stands between rows. Elsewhere
 * something may be lost that the rows to come should inherit. */
static bool can_go_on(const struct mr_xml *xml)
{
    return xml->wreck.count < WRECKS_MAX &&
           (xml->wreck.had_row ||
            (xml->rows_depth > 0 && xml->rows_depth == mr_xml_scope_depth(xml->scope)));
}

static void give_up(struct mr_xml *xml)
{
    const uint32_t depth = mr_xml_scope_depth(xml->scope);

    pass(xml, xml->wreck.at, xml->window.at + xml->window.size);
    report(xml, xml->wreck.is_at_end && depth > 0 ? "source_truncated" : "source_malformed");
    xml->is_over = true;
}

void mr_xml_fail(struct mr_xml *xml)
{
    struct mr_xml_wreck *wreck = &xml->wreck;

    wreck->count++;
    wreck->had_row = xml->row.depth > 0;
    wreck->raw_size = 0;
    wreck->is_full = false;
    wreck->at = wreck->had_row && !xml->row.is_reported ? xml->row.at : xml->event_at;
    if (wreck->at < xml->window.at) {
        wreck->at = xml->window.at;
    }
    wreck->line = wreck->had_row ? xml->row.line : mr_xml_line(xml, wreck->at);
    wreck->seek_at = wreck->had_row ? wreck->at + 1 : wreck->at;
    if (wreck->seek_at <= xml->parser_at) { /* it failed on the very tag at which it began */
        wreck->seek_at = xml->parser_at + 1;
    }
    if (wreck->seek_at > xml->window.at + xml->window.size) {
        wreck->seek_at = xml->window.at + xml->window.size;
    }
    if (wreck->words[0] == '\0') {
        (void)snprintf(wreck->words, sizeof(wreck->words), "not well-formed");
    }
    mr_shelf_row_drop(xml->shelf);
    xml->leaf = NULL;
    xml->has_failed = false;
    if (!can_go_on(xml)) {
        give_up(xml);
        return;
    }
    while (mr_xml_scope_depth(xml->scope) > xml->rows_depth) {
        mr_xml_scope_leave(xml->scope);
    }
    xml->row.depth = 0;
    xml->is_seeking = true;
    pass(xml, wreck->at, wreck->seek_at);
}

static bool ends_name(uint8_t byte)
{
    return byte <= ' ' || byte == '>' || byte == '/';
}

/* The name of the tag in text, from its first byte on. */
static struct mr_span tag_name(struct mr_span text)
{
    size_t size = 0;

    while (size < text.size && !ends_name(text.data[size])) {
        size++;
    }
    return (struct mr_span){text.data, size};
}

static struct mr_span local_name(struct mr_span name)
{
    const size_t colon = mr_span_find(name, (struct mr_span)MR_SPAN(":"));

    if (colon < name.size) {
        name.data += colon + 1;
        name.size -= colon + 1;
    }
    return name;
}

/* text begins after "<". */
static bool is_way_on(const struct mr_xml *xml, struct mr_span text)
{
    const struct mr_term *name;

    if (text.size > 0 && text.data[0] == '/') {
        const struct mr_span end = {text.data + 1, text.size - 1};

        return mr_span_equal(tag_name(end), mr_xml_scope_element(xml->scope));
    }
    name = mr_glossary_find(xml->names, local_name(tag_name(text)));
    return name != NULL && name->is_row;
}

/* Whether a tag ends, or still may. */
static bool is_whole(const struct mr_xml *xml, uint64_t tag, uint64_t end)
{
    const struct mr_span text = mr_xml_text(xml, tag, end);

    return !xml->is_last || memchr(text.data, '>', text.size) != NULL;
}

/* The offset of the next "<" from seek_at on, or the end of the window. */
static uint64_t next_tag(const struct mr_xml *xml)
{
    const uint64_t end = xml->window.at + xml->window.size;
    const struct mr_span text = mr_xml_text(xml, xml->wreck.seek_at, end);
    const uint8_t *found = text.size == 0 ? NULL : memchr(text.data, '<', text.size);

    return found == NULL ? end : xml->wreck.seek_at + (uint64_t)(found - text.data);
}

static const char *reason_of(const struct mr_xml *xml)
{
    return xml->wreck.had_row ? "row_malformed" : "source_malformed";
}

/* A document that has no end is truncated; that is one fault when it was what the parser failed
 * on, and a second one when it had failed before. */
static void end_of_search(struct mr_xml *xml)
{
    if (!xml->wreck.is_last) {
        report(xml, reason_of(xml));
        xml->is_over = true;
        if (xml->rows_depth == 0) { /* nothing held the row */
            return;
        }
        (void)snprintf(xml->wreck.words, sizeof(xml->wreck.words),
                       "the end of what holds the rows is missing");
        xml->wreck.raw_size = 0;
    }
    report(xml, "source_truncated");
    xml->is_over = true;
}

/* At most a slice further: whoever waits for rows must not wait for a whole window. */
void mr_xml_seek(struct mr_xml *xml)
{
    const uint64_t end = xml->window.at + xml->window.size;
    const uint64_t limit = xml->wreck.seek_at + MR_SHELF_SLICE;

    while (xml->wreck.seek_at < end && xml->wreck.seek_at < limit) {
        const uint64_t tag = next_tag(xml);

        pass(xml, xml->wreck.seek_at, tag);
        xml->wreck.seek_at = tag;
        if (end - tag < TAG_MAX && !xml->is_last) {
            return;
        }
        if (tag == end) {
            break;
        }
        if (is_whole(xml, tag, end) && is_way_on(xml, mr_xml_text(xml, tag + 1, end))) {
            report(xml, reason_of(xml));
            xml->is_seeking = false;
            (void)mr_xml_restart(xml, tag);
            return;
        }
        pass(xml, tag, tag + 1);
        xml->wreck.seek_at = tag + 1;
    }
    if (xml->is_last && xml->wreck.seek_at >= end) {
        end_of_search(xml);
    }
}

void mr_xml_abort(struct mr_xml *xml, const char *reason, const char *detail)
{
    const uint64_t end = xml->window.at + xml->window.size;
    const bool has_row = xml->row.depth > 0 && !xml->row.is_reported;
    uint64_t from = has_row ? xml->row.at : end;

    if (xml->is_seeking) {
        report(xml, reason_of(xml));
        from = xml->wreck.seek_at;
    }
    mr_shelf_row_bad(xml->shelf, has_row ? xml->row.line : mr_xml_line(xml, from), reason, detail,
                     mr_xml_text(xml, from, end));
    xml->is_over = true;
}
