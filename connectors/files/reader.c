#include "connectors/files/reader.h"

#include "connectors/files/avro.h"
#include "connectors/files/stream.h"
#include "connectors/files/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

enum syntax { SYNTAX_UNKNOWN, SYNTAX_XML, SYNTAX_CSV, SYNTAX_AVRO, SYNTAX_NONE };

struct mr_reader {
    const struct mr_reader_form *form; /* borrowed */
    struct mr_glossary *names;         /* owned, as all that follows */
    struct mr_shelf *shelf;
    struct mr_stream *stream;
    struct mr_xml *xml;
    struct mr_csv *csv;
    struct mr_avro_rows *avro;
    struct mr_decoder decoder;
    uint8_t *block; /* of a container file [block_at, block_size) is not read yet */
    size_t block_size, block_at;
    uint8_t *text; /* decoded, [text_at, text_size) not read yet */
    size_t text_size, text_at;
    enum syntax syntax;
    bool has_member, is_open;
    bool is_first;      /* no block of the member has been read */
    bool has_all_text;  /* the last one has been decoded */
    bool is_told;       /* the parser knows it */
    bool is_fault_told; /* how the stream broke has been reported */
    uint64_t size;      /* of the source so far, unpacked */
    uint64_t replaced;  /* in the members before */
    uint64_t total_before;
    char member[512];
};

struct mr_reader *mr_reader_new(const struct mr_wanted_rows *wanted,
                                const struct mr_reader_form *form)
{
    struct mr_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL) {
        return NULL;
    }
    reader->form = form;
    reader->names = mr_glossary_new(wanted);
    if (reader->names != NULL) {
        reader->shelf = mr_shelf_new(reader->names, form->row_size_max);
        reader->xml = mr_xml_new(reader->names, reader->shelf, form->row_size_max);
        reader->csv = mr_csv_new(reader->names, reader->shelf, &form->csv, form->row_size_max);
        reader->avro = mr_avro_new(reader->names, reader->shelf, form->row_size_max);
    }
    reader->stream = mr_stream_new();
    reader->block = malloc(BLOCK_SIZE);
    reader->text = malloc(mr_decoder_room(BLOCK_SIZE));
    if (reader->names == NULL || reader->shelf == NULL || reader->xml == NULL ||
        reader->csv == NULL || reader->avro == NULL || reader->stream == NULL ||
        reader->block == NULL || reader->text == NULL) {
        mr_reader_free(reader);
        return NULL;
    }
    return reader;
}

void mr_reader_free(struct mr_reader *reader)
{
    if (reader != NULL) {
        mr_stream_free(reader->stream);
        mr_xml_free(reader->xml);
        mr_csv_free(reader->csv);
        mr_avro_free(reader->avro);
        mr_shelf_free(reader->shelf);
        mr_glossary_free(reader->names);
        free(reader->block);
        free(reader->text);
        free(reader);
    }
}

bool mr_reader_open(struct mr_reader *reader, int fd)
{
    mr_shelf_clear(reader->shelf);
    reader->has_member = false;
    reader->size = reader->replaced = reader->total_before = 0;
    reader->is_fault_told = false;
    reader->decoder.replaced = 0;
    reader->member[0] = '\0';
    reader->is_open = mr_stream_open(reader->stream, fd);
    return reader->is_open;
}

void mr_reader_close(struct mr_reader *reader)
{
    mr_stream_close(reader->stream);
    mr_shelf_clear(reader->shelf);
    reader->is_open = false;
}

/* Of the whole source, or what is left of it: not of a row. */
static void report(struct mr_reader *reader, const char *reason, const char *detail)
{
    const struct mr_span text = {reader->text + reader->text_at,
                                 reader->text_size - reader->text_at};

    if (reader->syntax == SYNTAX_XML && !mr_xml_is_over(reader->xml)) {
        mr_xml_abort(reader->xml, reason, detail);
    } else if (reader->syntax == SYNTAX_CSV && !mr_csv_is_over(reader->csv)) {
        mr_csv_abort(reader->csv, reason, detail);
    } else {
        mr_shelf_row_bad(reader->shelf, 1, reason, detail, text);
    }
    reader->syntax = SYNTAX_NONE;
}

/* The file broke off, and nobody has said so yet. */
static bool report_fault(struct mr_reader *reader)
{
    const char *words;
    const char *fault = mr_stream_fault(reader->stream, &words);

    if (fault == NULL || reader->is_fault_told) {
        return false;
    }
    reader->is_fault_told = true;
    report(reader, fault, words);
    return true;
}

static bool begin_member(struct mr_reader *reader)
{
    const char *name = NULL;

    if (!mr_stream_next(reader->stream, &name)) {
        return false;
    }
    (void)snprintf(reader->member, sizeof(reader->member), "%s", name ? name : "");
    reader->replaced += reader->decoder.replaced;
    reader->decoder = (struct mr_decoder){0};
    reader->text_size = reader->text_at = 0;
    reader->syntax = SYNTAX_UNKNOWN;
    reader->has_member = reader->is_first = true;
    reader->has_all_text = reader->is_told = false;
    reader->total_before = mr_shelf_total(reader->shelf);
    return true;
}

/* The bytes' first look at the declaration wants ASCII, or UTF-16 after its mark. */
static bool looks_like_xml(struct mr_span bytes)
{
    for (size_t i = 0; i < bytes.size && i < 64; i++) {
        if (bytes.data[i] > ' ' && bytes.data[i] < 0x80) {
            return bytes.data[i] == '<';
        }
    }
    return false;
}

/* The rest of a container file: what has been read of it first. */
static size_t read_container(void *context, uint8_t *out, size_t size)
{
    struct mr_reader *reader = context;
    const size_t left = reader->block_size - reader->block_at;
    size_t taken = left < size ? left : size;

    memcpy(out, reader->block + reader->block_at, taken);
    reader->block_at += taken;
    if (taken < size && reader->size <= reader->form->source_size_max) {
        const size_t more = mr_stream_read(reader->stream, out + taken, size - taken);

        reader->size += more;
        taken += more;
    }
    return taken;
}

static void begin_container(struct mr_reader *reader, size_t size)
{
    const struct mr_container_source source = {read_container, reader, "avro"};

    reader->block_size = size;
    reader->block_at = 0;
    reader->syntax = SYNTAX_AVRO;
    mr_avro_begin(reader->avro, &source);
}

/* One datum; at the end what is to be said of how the file itself ended. */
static bool step_container(struct mr_reader *reader)
{
    if (!mr_avro_is_over(reader->avro)) {
        mr_avro_step(reader->avro);
    }
    if (!mr_avro_is_over(reader->avro)) {
        return false;
    }
    if (reader->size > reader->form->source_size_max) {
        report(reader, "source_too_large", "it is larger than source_size_max");
    } else {
        (void)report_fault(reader);
    }
    return true;
}

static void read_block(struct mr_reader *reader)
{
    struct mr_span block = {reader->block,
                            mr_stream_read(reader->stream, reader->block, BLOCK_SIZE)};

    reader->has_all_text = block.size < BLOCK_SIZE;
    reader->size += block.size;
    if (reader->is_first && mr_avro_is_head(block)) {
        reader->is_first = false;
        begin_container(reader, block.size);
        return;
    }
    if (reader->is_first) {
        size_t mark;

        reader->is_first = false;
        reader->decoder.is_xml = looks_like_xml(block);
        mark = mr_decoder_begin(&reader->decoder, block, reader->form->charset);
        block.data += mark;
        block.size -= mark;
    }
    reader->text_at = 0;
    reader->text_size = mr_decoder_run(&reader->decoder, block, reader->text);
    if (reader->has_all_text) {
        reader->text_size += mr_decoder_end(&reader->decoder, reader->text + reader->text_size);
    }
    if (reader->decoder.is_unknown) {
        report(reader, "source_encoding_unknown", reader->decoder.unknown);
    } else if (reader->size > reader->form->source_size_max) {
        report(reader, "source_too_large", "it is larger than source_size_max");
    }
}

static bool is_head(struct mr_span text, const char *head)
{
    const struct mr_span wanted = mr_span_text(head);

    return text.size >= wanted.size &&
           mr_span_is_nocase((struct mr_span){text.data, wanted.size}, head);
}

/* What the first text is; blanks before a document are skipped, since XML forbids them. */
static void begin_syntax(struct mr_reader *reader)
{
    const struct mr_span whole = {reader->text, reader->text_size};
    const struct mr_span text = mr_span_trim(whole);
    int64_t line = 1;

    if (text.size == 0) {
        reader->syntax = reader->has_all_text ? SYNTAX_NONE : SYNTAX_UNKNOWN;
        reader->text_at = reader->text_size;
    } else if (is_head(text, "<!doctype html") || is_head(text, "<html")) {
        report(reader, "source_is_html", "a page of HTML stands where a feed should");
    } else if (text.data[0] == '<') {
        for (reader->text_at = 0; reader->text + reader->text_at < text.data; reader->text_at++) {
            line += reader->text[reader->text_at] == '\n';
        }
        reader->syntax = SYNTAX_XML;
        (void)mr_xml_begin(reader->xml, line);
    } else {
        reader->syntax = SYNTAX_CSV;
        mr_csv_begin(reader->csv);
    }
}

/* The next slice of text, whole characters. */
static struct mr_span take_slice(struct mr_reader *reader)
{
    struct mr_span slice = {reader->text + reader->text_at, reader->text_size - reader->text_at};

    if (slice.size > MR_SHELF_SLICE) {
        slice.size = MR_SHELF_SLICE;
        while ((slice.data[slice.size] & 0xC0) == 0x80) {
            slice.size--;
        }
    }
    reader->text_at += slice.size;
    return slice;
}

static bool is_hungry(const struct mr_reader *reader)
{
    return reader->syntax == SYNTAX_XML ? mr_xml_is_hungry(reader->xml)
                                        : mr_csv_is_hungry(reader->csv);
}

static void feed(struct mr_reader *reader)
{
    const bool is_xml = reader->syntax == SYNTAX_XML;

    if (reader->text_at < reader->text_size) {
        const struct mr_span slice = take_slice(reader);

        is_xml ? mr_xml_add(reader->xml, slice) : mr_csv_add(reader->csv, slice);
    } else if (!reader->has_all_text) {
        read_block(reader);
    } else if (!reader->is_told) {
        reader->is_told = true;
        if (!report_fault(reader)) {
            is_xml ? mr_xml_end(reader->xml) : mr_csv_end(reader->csv);
        }
    }
}

/* Whether the member is done with. */
static bool step_member(struct mr_reader *reader)
{
    if (reader->syntax == SYNTAX_UNKNOWN) {
        if (reader->text_at == reader->text_size) {
            read_block(reader);
        }
        if (reader->syntax == SYNTAX_UNKNOWN) {
            begin_syntax(reader);
        }
        return false;
    }
    if (reader->syntax == SYNTAX_NONE) {
        return true;
    }
    if (reader->syntax == SYNTAX_AVRO) {
        return step_container(reader);
    }
    if (is_hungry(reader)) {
        feed(reader);
        return false;
    }
    if (reader->syntax == SYNTAX_XML) {
        mr_xml_step(reader->xml);
        return mr_xml_is_over(reader->xml);
    }
    mr_csv_step(reader->csv);
    return mr_csv_is_over(reader->csv);
}

static void end_member(struct mr_reader *reader)
{
    reader->has_member = false;
    reader->syntax = SYNTAX_NONE;
    if (mr_shelf_total(reader->shelf) == reader->total_before && !report_fault(reader)) {
        report(reader, "source_empty", "it holds no row");
    }
}

/* No member, or none any more: what is left to say of the source itself. */
static void end_source(struct mr_reader *reader)
{
    reader->is_open = false;
    reader->text_size = reader->text_at = 0;
    reader->syntax = SYNTAX_NONE;
    if (!report_fault(reader) && mr_shelf_total(reader->shelf) == 0) {
        report(reader, "source_empty", "it holds no row");
    }
}

bool mr_reader_next(struct mr_reader *reader)
{
    while (mr_shelf_is_empty(reader->shelf)) {
        if (!reader->is_open) {
            return false;
        }
        if (!reader->has_member && !begin_member(reader)) {
            end_source(reader);
        } else if (step_member(reader)) {
            end_member(reader);
        }
    }
    return true;
}

const struct mr_shelf *mr_reader_shelf(const struct mr_reader *reader)
{
    return reader->shelf;
}

void mr_reader_pop(struct mr_reader *reader)
{
    mr_shelf_pop(reader->shelf);
}

const char *mr_reader_member(const struct mr_reader *reader)
{
    return reader->member[0] == '\0' ? NULL : reader->member;
}

uint64_t mr_reader_offset(const struct mr_reader *reader)
{
    return mr_stream_offset(reader->stream);
}

uint64_t mr_reader_replaced(const struct mr_reader *reader)
{
    return reader->replaced + reader->decoder.replaced;
}
