#include "processors/advise/template.h"

#include "processors/core/codec/json.h"

#include <string.h>

/* "-0.0" reads as if something had gone down: the sign goes where no digit but 0 is left. */
static const char *without_negative_zero(const char *text)
{
    return text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1) ? text + 1 : text;
}

static double to_double(const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_INT:
        return (double)value->number;
    case MR_KIND_UINT:
        return (double)value->positive;
    default:
        return value->real;
    }
}

/* JSON's text of a value, without its quotes and without the ".0" of a whole number. */
static const char *plain(const struct mr_value *value, struct mr_arena *arena)
{
    const char *json = mr_json_value(value, arena);
    size_t size;

    if (json == NULL) {
        return NULL;
    }
    size = strlen(json);
    if (size >= 2 && json[0] == '"') {
        return mr_arena_text(arena, (struct mr_span){(const uint8_t *)json + 1, size - 2});
    }
    if (value->kind == MR_KIND_DOUBLE && size > 2 && strcmp(json + size - 2, ".0") == 0) {
        json = mr_arena_text(arena, (struct mr_span){(const uint8_t *)json, size - 2});
        return json ? without_negative_zero(json) : NULL;
    }
    return json;
}

static const char *styled(const struct mr_piece *piece, const struct mr_value *value,
                          struct mr_arena *arena)
{
    const char *text;

    switch (piece->style) {
    case MR_STYLE_FIXED:
        text = mr_arena_print(arena, "%.*f", piece->decimals, to_double(value));
        return text ? without_negative_zero(text) : NULL;
    case MR_STYLE_SIGNED:
        return mr_arena_print(arena, "%+.*f", piece->decimals, to_double(value));
    case MR_STYLE_DATE:
        text = plain(value, arena);
        return text ? mr_arena_print(arena, "%.*s", (int)strcspn(text, "T"), text) : NULL;
    case MR_STYLE_PLAIN:
        break;
    }
    return plain(value, arena);
}

/* NULL: no room. */
static const char *say(const struct mr_piece *piece, const struct mr_value *value,
                       struct mr_arena *arena)
{
    if (value->kind == MR_KIND_STRING) {
        return mr_arena_text(arena, mr_value_span(value));
    }
    if (value->kind != MR_KIND_NULL && value->kind != MR_KIND_ERROR) {
        return styled(piece, value, arena);
    }
    if (piece->fallback != NULL) {
        return piece->fallback;
    }
    return value->kind == MR_KIND_ERROR
               ? mr_arena_print(arena, "(unknown: %s)", mr_cel_fault_text(*value))
               : "(unknown: null)";
}

static enum mr_code render_piece(const struct mr_piece *piece, const struct mr_value *row,
                                 struct mr_arena *arena, struct mr_span *text, struct mr_error *err)
{
    struct mr_value value;
    enum mr_code code;
    const char *said;

    if (piece->program == NULL) {
        *text = piece->text;
        return MR_OK;
    }
    code = mr_evaluate(piece->program, row, arena, &value, err);
    if (code != MR_OK) {
        return code;
    }
    said = say(piece, &value, arena);
    *text = mr_span_text(said);
    return said != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no room for the text of a value");
}

enum mr_code mr_template_render(const struct mr_template *self, const struct mr_value *row,
                                struct mr_arena *arena, struct mr_span *text, struct mr_error *err)
{
    struct mr_span *parts = mr_arena_take(arena, self->count + 1, sizeof(*parts));
    size_t size = 0;
    uint8_t *room, *at;

    if (parts == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the parts of a text");
    }
    for (size_t i = 0; i < self->count; i++) {
        const enum mr_code code = render_piece(&self->pieces[i], row, arena, &parts[i], err);

        if (code != MR_OK) {
            return code;
        }
        size += parts[i].size;
    }
    room = mr_arena_bytes(arena, size + 1);
    if (room == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a text of %zu bytes", size);
    }
    at = room;
    for (size_t i = 0; i < self->count; i++) {
        if (parts[i].size > 0) {
            memcpy(at, parts[i].data, parts[i].size);
        }
        at += parts[i].size;
    }
    *text = (struct mr_span){room, size};
    return MR_OK;
}
