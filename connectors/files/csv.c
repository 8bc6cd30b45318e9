#include "connectors/files/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 4096
#define COLUMN_SIZE_MAX 512 /* of a name */

/* Where the scan of a record stands. */
enum place {
    PLACE_START, /* of a field */
    PLACE_PLAIN,
    PLACE_QUOTED,
    PLACE_CLOSED, /* right behind a quote: the end of the field, or the first of two */
    PLACE_BROKEN  /* a field goes on behind its closing quote */
};

struct mr_csv {
    const struct mr_glossary *names; /* borrowed */
    struct mr_shelf *shelf;          /* borrowed */
    const struct mr_csv_form *form;  /* borrowed */
    size_t row_size_max;
    const struct mr_term **columns; /* owned: NULL for one that nobody wants */
    size_t column_count;
    uint8_t delimiter;
    uint8_t *window; /* owned: text that is not a row yet */
    size_t size, room, at;
    size_t scanned_to; /* the record that begins at `at` is known to be open up to here */
    enum place place;  /* there */
    int64_t line;
    bool has_columns, is_skipping; /* the rest of a line that is too large */
    bool is_hungry, is_last, is_over;
};

struct mr_csv *mr_csv_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                          const struct mr_csv_form *form, size_t row_size_max)
{
    struct mr_csv *csv = calloc(1, sizeof(*csv));

    if (csv == NULL) {
        return NULL;
    }
    csv->names = names;
    csv->shelf = shelf;
    csv->form = form;
    csv->row_size_max = row_size_max;
    csv->room = row_size_max + 2 * MR_SHELF_SLICE;
    csv->window = malloc(csv->room);
    csv->columns = calloc(COLUMNS_MAX, sizeof(*csv->columns));
    csv->is_over = true;
    if (csv->window == NULL || csv->columns == NULL) {
        mr_csv_free(csv);
        return NULL;
    }
    return csv;
}

void mr_csv_free(struct mr_csv *csv)
{
    if (csv != NULL) {
        free(csv->window);
        free(csv->columns);
        free(csv);
    }
}

static void add_column(struct mr_csv *csv, struct mr_span name)
{
    if (csv->column_count < COLUMNS_MAX) {
        csv->columns[csv->column_count++] = mr_glossary_find(csv->names, mr_span_trim(name));
    }
}

void mr_csv_begin(struct mr_csv *csv)
{
    csv->size = csv->at = csv->scanned_to = 0;
    csv->place = PLACE_START;
    csv->is_skipping = csv->is_last = csv->is_over = false;
    csv->is_hungry = true;
    csv->line = 1;
    csv->column_count = 0;
    csv->delimiter = csv->form->delimiter;
    csv->has_columns = csv->form->columns.count > 0;
    for (size_t i = 0; i < csv->form->columns.count; i++) {
        add_column(csv, mr_span_text(csv->form->columns.items[i]));
    }
}

bool mr_csv_is_over(const struct mr_csv *csv)
{
    return csv->is_over;
}

bool mr_csv_is_hungry(const struct mr_csv *csv)
{
    return !csv->is_over && !csv->is_last && csv->is_hungry;
}

void mr_csv_add(struct mr_csv *csv, struct mr_span slice)
{
    MR_ASSERT(mr_csv_is_hungry(csv));
    csv->size -= csv->at;
    csv->scanned_to -= csv->at;
    memmove(csv->window, csv->window + csv->at, csv->size);
    csv->at = 0;
    MR_ASSERT(slice.size <= csv->room - csv->size);
    if (slice.size > 0) {
        memcpy(csv->window + csv->size, slice.data, slice.size);
        csv->size += slice.size;
    }
    csv->is_hungry = false;
}

void mr_csv_end(struct mr_csv *csv)
{
    csv->is_last = true;
    csv->is_hungry = false;
}

static bool is_line_end(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* The delimiter that a line has most of, outside of quotes. */
static uint8_t guess_delimiter(struct mr_span line)
{
    static const uint8_t candidates[] = {',', ';', '\t', '|'};
    size_t counts[sizeof(candidates)] = {0};
    size_t best = 0;
    bool is_quoted = false;

    for (size_t i = 0; i < line.size; i++) {
        is_quoted ^= line.data[i] == '"';
        for (size_t c = 0; c < sizeof(candidates) && !is_quoted; c++) {
            counts[c] += line.data[i] == candidates[c];
        }
    }
    for (size_t c = 1; c < sizeof(candidates); c++) {
        if (counts[c] > counts[best]) {
            best = c;
        }
    }
    return candidates[best];
}

static enum place next_place(const struct mr_csv *csv, uint8_t byte)
{
    if (csv->place == PLACE_QUOTED) {
        return byte == '"' ? PLACE_CLOSED : PLACE_QUOTED;
    }
    if (csv->place == PLACE_BROKEN) { /* and so is the record */
        return PLACE_BROKEN;
    }
    if (byte == csv->delimiter) {
        return PLACE_START;
    }
    if (byte == '"' && (csv->place == PLACE_START || csv->place == PLACE_CLOSED)) {
        return PLACE_QUOTED;
    }
    return csv->place == PLACE_CLOSED ? PLACE_BROKEN : PLACE_PLAIN;
}

/* Moves scanned_to over the record that begins at `at`, up to its line end. false: the text ends
 * first. */
static bool scan_record(struct mr_csv *csv)
{
    while (csv->scanned_to < csv->size) {
        const uint8_t byte = csv->window[csv->scanned_to];

        if (is_line_end(byte) && csv->place != PLACE_QUOTED) {
            return true;
        }
        csv->place = next_place(csv, byte);
        csv->scanned_to++;
    }
    return false;
}

static void keep(struct mr_csv *csv, const struct mr_term *name, struct mr_span record, size_t from,
                 size_t to)
{
    if (name != NULL) {
        mr_shelf_text_add(csv->shelf, (struct mr_span){record.data + from, to - from});
    }
}

/* From behind the opening quote; returns where the closing one stands. Of two quotes the first is
 * kept. */
static size_t take_quoted(struct mr_csv *csv, struct mr_span record, size_t at,
                          const struct mr_term *name)
{
    size_t from = at;

    for (; at < record.size; at++) {
        if (record.data[at] != '"') {
            continue;
        }
        if (at + 1 == record.size || record.data[at + 1] != '"') {
            break;
        }
        keep(csv, name, record, from, ++at);
        from = at + 1;
    }
    keep(csv, name, record, from, at);
    return at + 1;
}

static size_t take_plain(struct mr_csv *csv, struct mr_span record, size_t at,
                         const struct mr_term *name)
{
    const uint8_t *found =
        at < record.size ? memchr(record.data + at, csv->delimiter, record.size - at) : NULL;
    const size_t end = found == NULL ? record.size : (size_t)(found - record.data);

    keep(csv, name, record, at, end);
    return end;
}

/* One field for whoever wants it; returns where the next one begins. */
static size_t take_field(struct mr_csv *csv, struct mr_span record, size_t at,
                         const struct mr_term *name)
{
    const bool is_quoted = at < record.size && record.data[at] == '"';

    if (name != NULL) {
        mr_shelf_text_begin(csv->shelf);
    }
    at = is_quoted ? take_quoted(csv, record, at + 1, name) : take_plain(csv, record, at, name);
    if (name != NULL) {
        mr_shelf_text_end(csv->shelf, name);
    }
    return at + 1;
}

static void take_row(struct mr_csv *csv, struct mr_span record)
{
    char detail[64];
    size_t count = 0;

    mr_shelf_row_begin(csv->shelf, csv->line);
    for (size_t at = 0; at <= record.size; count++) {
        at = take_field(csv, record, at, count < csv->column_count ? csv->columns[count] : NULL);
    }
    if (count == csv->column_count) {
        mr_shelf_row_end(csv->shelf, record);
        return;
    }
    (void)snprintf(detail, sizeof(detail), "%zu fields where there are %zu columns", count,
                   csv->column_count);
    mr_shelf_row_bad(csv->shelf, csv->line, "row_malformed", detail, record);
}

/* A column's name without quotes around it and without the first of two inside; one that is too
 * large for out is nobody's. Returns where the next one begins. */
static size_t take_column(struct mr_csv *csv, struct mr_span line, size_t at)
{
    uint8_t name[COLUMN_SIZE_MAX];
    bool is_quoted = at < line.size && line.data[at] == '"';
    size_t size = 0;

    for (at += is_quoted; at < line.size && (is_quoted || line.data[at] != csv->delimiter); at++) {
        if (is_quoted && line.data[at] == '"') {
            is_quoted = at + 1 < line.size && line.data[at + 1] == '"';
            at += is_quoted;
            if (!is_quoted) {
                continue;
            }
        }
        if (size < sizeof(name)) {
            name[size++] = line.data[at];
        }
    }
    add_column(csv, (struct mr_span){name, size < sizeof(name) ? size : 0});
    return at + 1;
}

static void take_columns(struct mr_csv *csv, struct mr_span line)
{
    for (size_t at = 0; at <= line.size;) {
        at = take_column(csv, line, at);
    }
    csv->has_columns = true;
}

static bool is_any_wanted(const struct mr_csv *csv)
{
    for (size_t i = 0; i < csv->column_count; i++) {
        if (csv->columns[i] != NULL) {
            return true;
        }
    }
    return false;
}

static void take_record(struct mr_csv *csv, struct mr_span record)
{
    if (!csv->has_columns) {
        take_columns(csv, record);
        if (!is_any_wanted(csv)) {
            mr_shelf_row_bad(csv->shelf, csv->line, "source_unrecognised",
                             "no column has a name that the mapping knows", record);
            csv->is_over = true;
        }
    } else if (mr_span_trim(record).size > 0) {
        take_row(csv, record);
    }
}

static int64_t lines_in(struct mr_span text)
{
    int64_t count = 0;

    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n' ||
                 (text.data[i] == '\r' && (i + 1 == text.size || text.data[i + 1] != '\n'));
    }
    return count;
}

/* The next record begins at `to`. */
static void move_to(struct mr_csv *csv, size_t to)
{
    csv->line += lines_in((struct mr_span){csv->window + csv->at, to - csv->at});
    csv->at = csv->scanned_to = to;
    csv->place = PLACE_START;
}

/* Behind the line end at a place, which may be the end of the text. */
static size_t after_line_end(const struct mr_csv *csv, size_t at)
{
    if (at + 1 < csv->size && csv->window[at] == '\r' && csv->window[at + 1] == '\n') {
        return at + 2;
    }
    return at < csv->size ? at + 1 : at;
}

static size_t first_line_end(const struct mr_csv *csv)
{
    size_t at = csv->at;

    while (at < csv->size && !is_line_end(csv->window[at])) {
        at++;
    }
    return at;
}

/* Of what was taken for one record only the first line is given up. */
static void reject_line(struct mr_csv *csv, const char *reason, const char *detail)
{
    const size_t end = first_line_end(csv);

    mr_shelf_row_bad(csv->shelf, csv->line, reason, detail,
                     (struct mr_span){csv->window + csv->at, end - csv->at});
    csv->is_skipping = end == csv->size;
    move_to(csv, after_line_end(csv, end));
}

static void skip_line(struct mr_csv *csv)
{
    const size_t end = first_line_end(csv);

    csv->is_skipping = end == csv->size;
    move_to(csv, after_line_end(csv, end));
    csv->is_hungry = csv->is_skipping && !csv->is_last;
}

/* The text ends before the record does. */
static void wait_or_end(struct mr_csv *csv)
{
    if (csv->is_last && csv->place == PLACE_QUOTED) {
        reject_line(csv, "row_malformed", "a quote is not closed");
    } else if (csv->scanned_to - csv->at > csv->row_size_max) {
        reject_line(csv, csv->place == PLACE_QUOTED ? "row_malformed" : "row_too_large",
                    csv->place == PLACE_QUOTED ? "a quote is not closed"
                                               : "it is larger than row_size_max");
    } else {
        csv->is_hungry = true;
    }
}

static void finish_record(struct mr_csv *csv)
{
    const struct mr_span record = {csv->window + csv->at, csv->scanned_to - csv->at};

    if (csv->place == PLACE_BROKEN) {
        reject_line(csv, "row_malformed", "a field goes on behind its closing quote");
    } else {
        take_record(csv, record);
        move_to(csv, after_line_end(csv, csv->scanned_to));
    }
}

/* Whether the window ends in a CR that may be half of a line end. */
static bool is_cut(const struct mr_csv *csv)
{
    return csv->scanned_to + 1 == csv->size && csv->window[csv->scanned_to] == '\r' &&
           !csv->is_last;
}

static void step_record(struct mr_csv *csv)
{
    if (csv->is_skipping) {
        skip_line(csv);
    } else if (scan_record(csv)) {
        if (is_cut(csv)) {
            csv->is_hungry = true;
        } else {
            finish_record(csv);
        }
    } else if (csv->is_last && csv->place != PLACE_QUOTED) {
        finish_record(csv);
    } else {
        wait_or_end(csv);
    }
}

/* The delimiter has to be known before the first line can be scanned, and wants a whole line. */
static bool know_delimiter(struct mr_csv *csv)
{
    const size_t end = first_line_end(csv);

    if (csv->delimiter != 0) {
        return true;
    }
    if (end == csv->size && !csv->is_last && csv->size < csv->row_size_max) {
        csv->is_hungry = true;
        return false;
    }
    csv->delimiter = guess_delimiter((struct mr_span){csv->window, end});
    return true;
}

void mr_csv_step(struct mr_csv *csv)
{
    const size_t start = csv->at;

    if (csv->is_over || !know_delimiter(csv)) {
        return;
    }
    while (!csv->is_over && !csv->is_hungry && csv->at - start < MR_SHELF_SLICE) {
        if (csv->is_last && csv->at == csv->size) {
            csv->is_over = true;
        } else {
            step_record(csv);
        }
    }
}

void mr_csv_abort(struct mr_csv *csv, const char *reason, const char *detail)
{
    mr_shelf_row_bad(csv->shelf, csv->line, reason, detail,
                     (struct mr_span){csv->window + csv->at, csv->size - csv->at});
    csv->is_over = true;
}
