#include "cli/cat.h"
#include "processors/core/codec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_HELD 100 /* seen before the columns' widths are decided */
#define WIDTH_MAX 40
#define HELD_SIZE ((size_t)16 << 20)

struct row {
    struct mr_span cells[CAT_COLUMNS_MAX]; /* arena; no data: an empty cell */
};

struct cat_out {
    struct cat_form form;
    struct mr_arena *held; /* owned: the first rows of a table */
    struct row *rows;      /* held */
    size_t row_count;
    size_t widths[CAT_COLUMNS_MAX];
    const char *names[CAT_COLUMNS_MAX]; /* held */
    size_t column_count;
    bool is_decided; /* the head was printed */
};

struct cat_out *cat_out_new(const struct cat_form *form)
{
    struct cat_out *out = calloc(1, sizeof(*out));

    if (out == NULL) {
        return NULL;
    }
    out->form = *form;
    if (form->is_table) {
        out->held = mr_arena_new(HELD_SIZE);
        out->rows =
            out->held == NULL ? NULL : mr_arena_take(out->held, ROWS_HELD, sizeof(*out->rows));
        if (out->rows == NULL) {
            cat_out_free(out);
            return NULL;
        }
    }
    return out;
}

void cat_out_free(struct cat_out *out)
{
    if (out != NULL) {
        mr_arena_free(out->held);
        free(out);
    }
}

static bool is_plain_text(struct mr_span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < ' ' && strchr("\t\r\n", bytes.data[i]) == NULL) {
            return false;
        }
    }
    return mr_utf8_is_valid(bytes);
}

/* "name":"text" or, where the bytes are no text, "name_base64":"..." */
static void put_bytes(struct mr_json_out *json, const char *name, struct mr_span bytes)
{
    const bool is_text = is_plain_text(bytes);

    mr_json_put_byte(json, '"');
    mr_json_put_text(json, name);
    mr_json_put_text(json, is_text ? "\":" : "_base64\":");
    if (bytes.data == NULL) {
        mr_json_put_text(json, "null");
    } else if (is_text) {
        mr_json_put_string(json, bytes);
    } else {
        mr_json_put_base64(json, bytes);
    }
}

static void put_place(struct mr_json_out *json, const struct cat_item *item)
{
    const struct mr_value time = mr_value_timestamp_ms(item->timestamp_ms);

    if (item->partition >= 0) {
        mr_json_put_text(json, "\"partition\":");
        mr_json_put_long(json, item->partition);
        mr_json_put_byte(json, ',');
    }
    mr_json_put_text(json, "\"offset\":");
    mr_json_put_long(json, item->offset);
    if (item->timestamp_ms >= 0) {
        mr_json_put_text(json, ",\"time\":");
        mr_json_put_timestamp(json, &time);
    }
    mr_json_put_byte(json, ',');
}

/* As a list, since a name may come twice. */
static void put_headers(struct mr_json_out *json, const struct cat_item *item)
{
    mr_json_put_text(json, "\"headers\":[");
    for (size_t i = 0; i < item->header_count; i++) {
        mr_json_put_text(json, i == 0 ? "{\"name\":" : ",{\"name\":");
        mr_json_put_string(json, mr_span_text(item->headers[i].name));
        mr_json_put_byte(json, ',');
        put_bytes(json, "value", item->headers[i].value);
        mr_json_put_byte(json, '}');
    }
    mr_json_put_text(json, "],");
}

static void put_columns(struct mr_json_out *json, const struct cat_view *view)
{
    mr_json_put_byte(json, '{');
    for (size_t i = 0; i < view->column_count; i++) {
        mr_json_put_text(json, i == 0 ? "" : ",");
        mr_json_put_string(json, mr_span_text(view->columns[i].name));
        mr_json_put_byte(json, ':');
        cat_view_put(view, i, json);
    }
    mr_json_put_byte(json, '}');
}

/* NULL, or why the datum cannot be printed. */
static const char *put_value(struct mr_json_out *json, const struct cat_item *item,
                             const struct cat_view *view)
{
    struct mr_span text;
    const char *fault;

    if (view == NULL) {
        mr_json_put_text(json, "null"); /* a tombstone */
        return NULL;
    }
    if (view->column_count > 0) {
        put_columns(json, view);
        return NULL;
    }
    fault = mr_json_print(item->schema, item->datum, MR_JSON_PLAIN, json->arena, &text);
    if (fault == NULL) {
        mr_json_put(json, text);
    }
    return fault;
}

static void put_fault(struct mr_json_out *json, const struct cat_item *item, const char *fault)
{
    mr_json_put_text(json, "\"fault\":");
    mr_json_put_string(json, mr_span_text(fault));
    mr_json_put_byte(json, ',');
    put_bytes(json, "value", item->value);
}

/* One line of JSON; a record that cannot be decoded has all that is known of it beside its bytes.
 */
static void print_line(struct mr_json_out *json, const struct cat_form *form,
                       const struct cat_item *item, const struct cat_view *view, const char *fault)
{
    const bool is_bad = fault != NULL;

    mr_json_put_byte(json, '{');
    if (form->has_place || is_bad) {
        put_place(json, item);
    }
    if (form->has_key || is_bad) {
        put_bytes(json, "key", item->key);
        mr_json_put_byte(json, ',');
    }
    if (form->has_headers || is_bad) {
        put_headers(json, item);
    }
    if (is_bad) {
        put_fault(json, item, fault);
    } else {
        mr_json_put_text(json, "\"value\":");
        (void)put_value(json, item, view);
    }
    mr_json_put_byte(json, '}');
}

static enum mr_code put_json(const struct cat_out *out, const struct cat_item *item,
                             const struct cat_view *view, struct mr_arena *arena,
                             struct mr_error *err)
{
    const struct cat_form *form = &out->form;
    const bool is_bare = !form->has_place && !form->has_key && !form->has_headers;
    struct mr_json_out json = {.arena = arena};
    const char *fault = item->fault;

    if (fault == NULL) {
        fault = put_value(&json, item, view);
    }
    if (fault != NULL || !is_bare) {
        json = (struct mr_json_out){.arena = arena};
        print_line(&json, form, item, view, fault);
    }
    if (json.has_failed) {
        return MR_FAIL(err, MR_NO_ROOM, "the record at offset %lld is too large to be printed",
                       (long long)item->offset);
    }
    mr_json_put_byte(&json, '\n');
    (void)fwrite(json.data, 1, json.size, stdout);
    return MR_OK;
}

/* JSON's quotes are for machines. */
static struct mr_span without_quotes(struct mr_span text)
{
    if (text.size >= 2 && text.data[0] == '"' &&
        memchr(text.data + 1, '\\', text.size - 2) == NULL) {
        return (struct mr_span){text.data + 1, text.size - 2};
    }
    return mr_span_is(text, "null") ? (struct mr_span){text.data, 0} : text;
}

static size_t code_points(struct mr_span text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xC0) != 0x80;
    }
    return count;
}

static void print_cell(struct mr_span cell, size_t width, bool is_last)
{
    const size_t count = code_points(cell);
    size_t size = cell.size, shown = count;

    if (count > width && !is_last) {
        for (shown = 0, size = 0; size < cell.size; size++) {
            shown += (cell.data[size] & 0xC0) != 0x80;
            if (shown == width) {
                break;
            }
        }
    }
    (void)fwrite(cell.data == NULL ? (const uint8_t *)"" : cell.data, 1, size, stdout);
    if (size < cell.size) {
        (void)fputs("\xE2\x80\xA6", stdout); /* an ellipsis in the last place */
    }
    for (; !is_last && shown < width; shown++) {
        (void)fputc(' ', stdout);
    }
    (void)fputs(is_last ? "\n" : "  ", stdout);
}

static void print_row(const struct cat_out *out, const struct row *row)
{
    for (size_t i = 0; i < out->column_count; i++) {
        print_cell(row->cells[i], out->widths[i], i + 1 == out->column_count);
    }
}

static void widen(struct cat_out *out, const struct row *row)
{
    for (size_t i = 0; i < out->column_count; i++) {
        const size_t width = code_points(row->cells[i]);

        if (width > out->widths[i]) {
            out->widths[i] = width < WIDTH_MAX ? width : WIDTH_MAX;
        }
    }
}

void cat_out_flush(struct cat_out *out)
{
    struct row head = {0};

    if (out->form.is_table && !out->is_decided && out->row_count > 0) {
        out->is_decided = true;
        for (size_t i = 0; i < out->column_count; i++) {
            head.cells[i] = mr_span_text(out->names[i]);
        }
        widen(out, &head);
        for (size_t i = 0; i < out->row_count; i++) {
            widen(out, &out->rows[i]);
        }
        print_row(out, &head);
        for (size_t i = 0; i < out->row_count; i++) {
            print_row(out, &out->rows[i]);
        }
    }
    (void)fflush(stdout);
}

/* Columns are those of the first record; of another schema only the names that agree are filled. */
static enum mr_code begin_table(struct cat_out *out, const struct cat_item *item,
                                const struct cat_view *view, struct mr_error *err)
{
    if (out->form.has_place && item->partition >= 0) {
        out->names[out->column_count++] = "record.partition";
    }
    if (out->form.has_place) {
        out->names[out->column_count++] = "record.offset";
    }
    if (out->form.has_key) {
        out->names[out->column_count++] = "record.key";
    }
    for (size_t i = 0; i < view->column_count && out->column_count < CAT_COLUMNS_MAX; i++) {
        out->names[out->column_count] =
            mr_arena_text(out->held, mr_span_text(view->columns[i].name));
        if (out->names[out->column_count++] == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for the head of a table");
        }
    }
    return MR_OK;
}

static struct mr_span cell_of(const struct cat_view *view, const struct cat_item *item,
                              const char *name, struct mr_arena *arena)
{
    struct mr_json_out json = {.arena = arena};

    if (strcmp(name, "record.partition") == 0 || strcmp(name, "record.offset") == 0) {
        mr_json_put_long(&json,
                         strcmp(name, "record.offset") == 0 ? item->offset : item->partition);
        return (struct mr_span){json.data, json.size};
    }
    if (strcmp(name, "record.key") == 0) {
        return is_plain_text(item->key) ? item->key : (struct mr_span)MR_SPAN("?");
    }
    for (size_t i = 0; i < view->column_count; i++) {
        if (strcmp(view->columns[i].name, name) == 0) {
            cat_view_put(view, i, &json);
            return without_quotes((struct mr_span){json.data, json.size});
        }
    }
    return (struct mr_span){0};
}

/* What has no columns goes to standard error: a row of a table has no place for it. */
static void tell_fault(const struct cat_item *item)
{
    (void)fprintf(stderr, "%d:%lld: %s\n", (int)item->partition, (long long)item->offset,
                  item->fault != NULL ? item->fault : "tombstone");
}

static enum mr_code put_row(struct cat_out *out, const struct cat_item *item,
                            const struct cat_view *view, struct mr_arena *arena,
                            struct mr_error *err)
{
    struct mr_arena *room = out->is_decided ? arena : out->held;
    struct row row = {0};
    enum mr_code code = MR_OK;

    if (item->fault != NULL || view == NULL) {
        tell_fault(item);
        return MR_OK;
    }
    if (out->column_count == 0) {
        code = begin_table(out, item, view, err);
    }
    for (size_t i = 0; i < out->column_count && code == MR_OK; i++) {
        row.cells[i] = mr_arena_copy(room, cell_of(view, item, out->names[i], arena));
    }
    if (code != MR_OK || out->is_decided) {
        print_row(out, &row);
        return code;
    }
    out->rows[out->row_count++] = row;
    if (out->row_count == ROWS_HELD) {
        cat_out_flush(out);
    }
    return MR_OK;
}

enum mr_code cat_out_put(struct cat_out *out, const struct cat_item *item,
                         const struct cat_view *view, struct mr_arena *arena, struct mr_error *err)
{
    return out->form.is_table ? put_row(out, item, view, arena, err)
                              : put_json(out, item, view, arena, err);
}
