#include "connectors/files/shelf.h"

#include <stdlib.h>
#include <string.h>

/* The least row is "<i/>" in XML and "a\n" in CSV; twice, since a fault may end one row and begin
 * another. */
#define ROWS_MAX (MR_SHELF_SLICE + 16)
#define RANK_INHERITED (UINT32_MAX - 1)
#define RANK_NONE UINT32_MAX

struct slot {
    uint32_t offset, size;
    uint32_t rank; /* of the alternate that filled it */
};

struct shelf_row {
    size_t begin, end; /* its bytes in text: fields, raw, detail */
    size_t fields_end;
    size_t raw_size;    /* from fields_end */
    size_t detail_size; /* with its NUL, from fields_end + raw_size; 0: none */
    int64_t line;
    const char *reason; /* NULL: good */
};

struct mr_shelf {
    const struct mr_glossary *names; /* borrowed */
    uint8_t *text;                   /* owned */
    size_t text_size, text_max;
    struct shelf_row *rows; /* owned */
    struct slot *slots;     /* owned: names' field count for each row */
    size_t width;
    size_t count, taken;
    uint64_t total;
    size_t text_at; /* where the text that is being added begins */
    bool is_open;   /* rows[count] is being built */
    bool is_over;   /* it did not fit */
};

struct mr_shelf *mr_shelf_new(const struct mr_glossary *names, size_t row_size_max)
{
    struct mr_shelf *shelf = calloc(1, sizeof(*shelf));

    if (shelf == NULL) {
        return NULL;
    }
    shelf->names = names;
    shelf->width = mr_glossary_field_count(names);
    shelf->text_max =
        2 * row_size_max + MR_SHELF_SLICE / 4 * MR_SHELF_INHERIT_MAX + ROWS_MAX * 64 + (1 << 20);
    shelf->text = malloc(shelf->text_max);
    shelf->rows = malloc(ROWS_MAX * sizeof(*shelf->rows));
    shelf->slots = malloc((ROWS_MAX * shelf->width + 1) * sizeof(*shelf->slots));
    if (shelf->text == NULL || shelf->rows == NULL || shelf->slots == NULL) {
        mr_shelf_free(shelf);
        return NULL;
    }
    return shelf;
}

void mr_shelf_free(struct mr_shelf *shelf)
{
    if (shelf != NULL) {
        free(shelf->text);
        free(shelf->rows);
        free(shelf->slots);
        free(shelf);
    }
}

void mr_shelf_clear(struct mr_shelf *shelf)
{
    shelf->count = 0;
    shelf->taken = 0;
    shelf->text_size = 0;
    shelf->total = 0;
    shelf->is_open = false;
}

static struct shelf_row *open_row(struct mr_shelf *shelf)
{
    return &shelf->rows[shelf->count];
}

static struct slot *open_slots(struct mr_shelf *shelf)
{
    return shelf->slots + shelf->count * shelf->width;
}

void mr_shelf_row_begin(struct mr_shelf *shelf, int64_t line)
{
    MR_ASSERT(!shelf->is_open && shelf->count < ROWS_MAX);
    *open_row(shelf) =
        (struct shelf_row){.begin = shelf->text_size, .end = shelf->text_size, .line = line};
    for (size_t i = 0; i < shelf->width; i++) {
        open_slots(shelf)[i] = (struct slot){0, 0, RANK_NONE};
    }
    shelf->is_open = true;
    shelf->is_over = false;
    shelf->text_at = shelf->text_size;
}

/* Room is kept for what a bad row needs, so that there is always a way to say what happened. */
static bool has_room(const struct mr_shelf *shelf, size_t size)
{
    return size + 2 * MR_SHELF_RAW_MAX <= shelf->text_max - shelf->text_size;
}

static void add_bytes(struct mr_shelf *shelf, struct mr_span bytes)
{
    if (bytes.size > 0) {
        memcpy(shelf->text + shelf->text_size, bytes.data, bytes.size);
        shelf->text_size += bytes.size;
    }
}

void mr_shelf_text_begin(struct mr_shelf *shelf)
{
    shelf->text_at = shelf->text_size;
}

void mr_shelf_text_add(struct mr_shelf *shelf, struct mr_span bytes)
{
    if (has_room(shelf, bytes.size)) {
        add_bytes(shelf, bytes);
    } else {
        shelf->is_over = true;
    }
}

void mr_shelf_text_drop(struct mr_shelf *shelf)
{
    shelf->text_size = shelf->text_at;
}

void mr_shelf_text_end(struct mr_shelf *shelf, const struct mr_term *name)
{
    const struct mr_span text = {shelf->text + shelf->text_at, shelf->text_size - shelf->text_at};
    const struct mr_term_target *target;
    bool is_taken = false;

    if (!mr_glossary_is_missing(shelf->names, text)) {
        for (target = name->targets; target != NULL; target = target->next) {
            struct slot *slot = open_slots(shelf) + target->field;

            if (target->rank < slot->rank) {
                *slot = (struct slot){(uint32_t)(shelf->text_at - open_row(shelf)->begin),
                                      (uint32_t)text.size, target->rank};
                is_taken = true;
            }
        }
    }
    if (!is_taken) {
        mr_shelf_text_drop(shelf);
    }
    shelf->text_at = shelf->text_size;
}

bool mr_shelf_text_of(const struct mr_shelf *shelf, uint32_t field, struct mr_span *text,
                      uint32_t *rank)
{
    const struct slot *slot = &shelf->slots[shelf->count * shelf->width + field];

    if (!shelf->is_open || slot->rank >= RANK_INHERITED) {
        return false;
    }
    *text =
        (struct mr_span){shelf->text + shelf->rows[shelf->count].begin + slot->offset, slot->size};
    *rank = slot->rank;
    return true;
}

void mr_shelf_inherit(struct mr_shelf *shelf, uint32_t field, struct mr_span text)
{
    struct slot *slot = open_slots(shelf) + field;

    if (slot->rank != RANK_NONE) {
        return;
    }
    if (!has_room(shelf, text.size)) {
        shelf->is_over = true;
        return;
    }
    *slot = (struct slot){(uint32_t)(shelf->text_size - open_row(shelf)->begin),
                          (uint32_t)text.size, RANK_INHERITED};
    add_bytes(shelf, text);
}

static void close_row(struct mr_shelf *shelf)
{
    open_row(shelf)->end = shelf->text_size;
    shelf->is_open = false;
    shelf->count++;
    shelf->total++;
}

void mr_shelf_row_end(struct mr_shelf *shelf, struct mr_span raw)
{
    struct shelf_row *row = open_row(shelf);

    MR_ASSERT(shelf->is_open);
    if (shelf->is_over || !has_room(shelf, raw.size)) {
        mr_shelf_row_bad(shelf, row->line, "row_too_large", "its texts do not fit", raw);
        return;
    }
    row->fields_end = shelf->text_size;
    row->raw_size = raw.size;
    add_bytes(shelf, raw);
    close_row(shelf);
}

void mr_shelf_row_drop(struct mr_shelf *shelf)
{
    if (shelf->is_open) {
        shelf->text_size = open_row(shelf)->begin;
        shelf->is_open = false;
    }
}

/* Never in the middle of a character. */
static struct mr_span cut_to(struct mr_span text, size_t size)
{
    if (text.size <= size) {
        return text;
    }
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) {
        size--;
    }
    return (struct mr_span){text.data, size};
}

void mr_shelf_row_bad(struct mr_shelf *shelf, int64_t line, const char *reason, const char *detail,
                      struct mr_span raw)
{
    const struct mr_span kept = cut_to(raw, MR_SHELF_RAW_MAX);
    const struct mr_span words = cut_to(mr_span_text(detail), MR_SHELF_RAW_MAX / 2);
    struct shelf_row *row;

    mr_shelf_row_drop(shelf);
    mr_shelf_row_begin(shelf, line);
    MR_ASSERT(kept.size + words.size + 1 <= shelf->text_max - shelf->text_size);
    row = open_row(shelf);
    row->reason = reason;
    row->fields_end = shelf->text_size;
    row->raw_size = kept.size;
    add_bytes(shelf, kept);
    if (words.size > 0) {
        row->detail_size = words.size + 1;
        add_bytes(shelf, words);
        add_bytes(shelf, (struct mr_span)MR_SPAN("\0"));
    }
    close_row(shelf);
}

uint64_t mr_shelf_total(const struct mr_shelf *shelf)
{
    return shelf->total;
}

bool mr_shelf_is_empty(const struct mr_shelf *shelf)
{
    return shelf->taken == shelf->count;
}

struct mr_span mr_shelf_texts(const struct mr_shelf *shelf)
{
    const struct shelf_row *row = &shelf->rows[shelf->taken];

    return (struct mr_span){shelf->text + row->begin, row->fields_end - row->begin};
}

static bool copy_texts(const struct mr_shelf *shelf, const uint8_t *bytes, struct mr_arena *arena,
                       struct mr_row *out)
{
    const struct slot *slots = shelf->slots + shelf->taken * shelf->width;
    struct mr_value *texts = mr_arena_take(arena, shelf->width + 1, sizeof(*texts));

    if (texts == NULL) {
        return false;
    }
    for (size_t i = 0; i < shelf->width; i++) {
        if (slots[i].rank != RANK_NONE) {
            texts[i] = mr_value_string((struct mr_span){bytes + slots[i].offset, slots[i].size});
        }
    }
    out->texts = texts;
    return true;
}

const char *mr_shelf_reason(const struct mr_shelf *shelf)
{
    MR_ASSERT(!mr_shelf_is_empty(shelf));
    return shelf->rows[shelf->taken].reason;
}

bool mr_shelf_peek(const struct mr_shelf *shelf, struct mr_arena *arena, struct mr_row *out)
{
    const struct shelf_row *row = &shelf->rows[shelf->taken];
    const struct mr_span bytes =
        mr_arena_copy(arena, (struct mr_span){shelf->text + row->begin, row->end - row->begin});
    const size_t raw_at = row->fields_end - row->begin;

    MR_ASSERT(!mr_shelf_is_empty(shelf));
    if (bytes.data == NULL) {
        return false;
    }
    *out = (struct mr_row){.reason = row->reason,
                           .raw = {bytes.data + raw_at, row->raw_size},
                           .place.line = row->line};
    if (row->detail_size > 0) {
        out->detail = (const char *)bytes.data + raw_at + row->raw_size;
    }
    return row->reason != NULL || copy_texts(shelf, bytes.data, arena, out);
}

/* An empty shelf begins again at its front; a row in the making moves along. */
static void compact(struct mr_shelf *shelf)
{
    size_t keep = 0;

    if (shelf->is_open) {
        const size_t begin = shelf->rows[shelf->count].begin;

        keep = shelf->text_size - begin;
        memmove(shelf->text, shelf->text + begin, keep);
        shelf->text_at -= begin;
        shelf->rows[0] = shelf->rows[shelf->count];
        shelf->rows[0].begin = 0;
        memmove(shelf->slots, shelf->slots + shelf->count * shelf->width,
                shelf->width * sizeof(*shelf->slots));
    }
    shelf->text_size = keep;
    shelf->count = 0;
    shelf->taken = 0;
}

void mr_shelf_pop(struct mr_shelf *shelf)
{
    MR_ASSERT(!mr_shelf_is_empty(shelf));
    shelf->taken++;
    if (mr_shelf_is_empty(shelf)) {
        compact(shelf);
    }
}
