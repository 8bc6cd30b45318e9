#include "processors/core/cel/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void place(struct mr_cel_diagnosis *why, struct mr_span text, size_t offset)
{
    why->line = 1;
    why->column = 1;
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            why->line++;
            why->column = 1;
        } else if ((text.data[i] & 0xC0) != 0x80) {
            why->column++;
        }
    }
}

/* A text that did not fit ends before a character that was cut. */
static void end_text(char *out, size_t size, int wanted)
{
    size_t end = size - 1;

    if (wanted < 0 || (size_t)wanted < size) {
        return;
    }
    while (end > 0 && ((uint8_t)out[end - 1] & 0xC0) == 0x80) {
        end--;
    }
    out[end > 0 && ((uint8_t)out[end - 1] & 0x80) != 0 ? end - 1 : end] = '\0';
}

void cel_source_report(struct cel_source *self, size_t offset, const char *format, ...)
{
    va_list args;

    if (self->has_failed) {
        return;
    }
    self->has_failed = true;
    place(self->why, self->text, offset);
    va_start(args, format);
    end_text(self->why->text, sizeof(self->why->text),
             vsnprintf(self->why->text, sizeof(self->why->text), format, args));
    va_end(args);
}

void cel_source_hint(struct cel_source *self, const char *format, ...)
{
    va_list args;

    if (self->why->hint[0] != '\0') {
        return;
    }
    va_start(args, format);
    end_text(self->why->hint, sizeof(self->why->hint),
             vsnprintf(self->why->hint, sizeof(self->why->hint), format, args));
    va_end(args);
}

void *cel_source_take(struct cel_source *self, size_t count, size_t item_size)
{
    void *room = mr_arena_take(self->arena, count, item_size);

    if (room == NULL) {
        cel_source_report(self, 0, "no room left to compile the expression");
        self->has_no_room = true;
    }
    return room;
}

#define NAME_MAX_COMPARED 64

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

size_t cel_name_distance(struct mr_span a, struct mr_span b, size_t limit)
{
    size_t row[NAME_MAX_COMPARED + 1];

    if (a.size > NAME_MAX_COMPARED || b.size > NAME_MAX_COMPARED) {
        return limit + 1;
    }
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            const size_t above = row[j];

            row[j] = least(above + 1, row[j - 1] + 1,
                           diagonal + (a.data[i - 1] != b.data[j - 1] ? 1U : 0U));
            diagonal = above;
        }
    }
    return row[b.size] > limit ? limit + 1 : row[b.size];
}

/* The line of a source, without its end. */
static struct mr_span line_of(struct mr_span source, int line)
{
    const uint8_t *feed;

    for (; line > 1 && (feed = memchr(source.data, '\n', source.size)) != NULL; line--) {
        source.size -= (size_t)(feed + 1 - source.data);
        source.data = feed + 1;
    }
    feed = source.size == 0 ? NULL : memchr(source.data, '\n', source.size);
    source.size = feed == NULL ? source.size : (size_t)(feed - source.data);
    return source;
}

/* As wide as the line before a column: a tab stays one, any other character is a blank. */
static const char *indent(struct mr_span line, int column, struct mr_arena *arena)
{
    char *blanks = (char *)mr_arena_bytes(arena, line.size + 1);
    size_t size = 0;

    for (size_t i = 0; blanks != NULL && i < line.size; i++) {
        if ((line.data[i] & 0xC0) == 0x80) {
            continue;
        }
        if (--column < 1) {
            break;
        }
        blanks[size++] = line.data[i] == '\t' ? '\t' : ' ';
    }
    if (blanks != NULL) {
        blanks[size] = '\0';
    }
    return blanks;
}

const char *mr_cel_diagnosis_text(const struct mr_cel_diagnosis *why, struct mr_span source,
                                  struct mr_arena *arena)
{
    const struct mr_span line = line_of(source, why->line);
    const char *blanks = indent(line, why->column, arena);

    return blanks == NULL ? NULL
                          : mr_arena_print(arena, "%d:%d: %s\n  %.*s\n  %s^%s%s", why->line,
                                           why->column, why->text, MR_SPAN_ARGS(line), blanks,
                                           why->hint[0] != '\0' ? " " : "", why->hint);
}
