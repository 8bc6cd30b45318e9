#include "processors/advise/template.h"

#include <string.h>

#define PARTS_MAX 2 /* behind the expression */

struct parsing {
    struct mr_scope *scope;
    const char *text;
    struct mr_place place; /* of text */
    const char *key;
    struct mr_piece *pieces; /* room for all: at most one more than twice the "{{" */
    size_t count;
    bool is_bad;
};

static struct mr_place place_at(const struct parsing *self, const char *at)
{
    struct mr_place place = self->place;

    if (place.line == 0) {
        return place;
    }
    for (const char *c = self->text; c < at; c++) {
        place.column = *c == '\n' ? 1 : place.column + (((unsigned char)*c & 0xc0) != 0x80);
        place.line += *c == '\n';
    }
    return place;
}

static void complain(struct parsing *self, const char *at, const char *hint, const char *what)
{
    mr_scope_complain(self->scope, MR_SEVERITY_ERROR, place_at(self, at), self->key, hint, "%s",
                      what);
    self->is_bad = true;
}

/* The next '|' that stands alone, or "}}", outside of texts and brackets; NULL: neither comes. */
static const char *find_end(const struct parsing *self, const char *at)
{
    int depth = 0;

    while (*at != '\0') {
        if (*at == '"' || *at == '\'') {
            at = mr_skip_text(self->text, at);
            continue;
        }
        if (depth == 0 && ((at[0] == '}' && at[1] == '}') || (at[0] == '|' && at[1] != '|'))) {
            return at;
        }
        depth += strchr("([{", *at) != NULL;
        depth -= strchr(")]}", *at) != NULL;
        at += at[0] == '|' && at[1] == '|' ? 2 : 1;
    }
    return NULL;
}

static struct mr_span between(const char *from, const char *to)
{
    return mr_span_trim((struct mr_span){(const uint8_t *)from, (size_t)(to - from)});
}

/* ".2f", "+.1f" */
static bool read_decimals(struct mr_span part, struct mr_piece *piece)
{
    const bool is_signed = part.size > 0 && part.data[0] == '+';
    const uint8_t *at = part.data + is_signed;

    if (part.size - is_signed != 3 || at[0] != '.' || at[1] < '0' || at[1] > '9' || at[2] != 'f') {
        return false;
    }
    piece->style = is_signed ? MR_STYLE_SIGNED : MR_STYLE_FIXED;
    piece->decimals = at[1] - '0';
    return true;
}

static bool read_fallback(struct parsing *self, struct mr_span part, struct mr_piece *piece)
{
    if (part.size < 2 || part.data[0] != '"' || part.data[part.size - 1] != '"') {
        return false;
    }
    piece->fallback =
        mr_arena_text(mr_scope_arena(self->scope), (struct mr_span){part.data + 1, part.size - 2});
    return piece->fallback != NULL;
}

static void read_part(struct parsing *self, struct mr_span part, struct mr_piece *piece)
{
    if (mr_span_is(part, "date")) {
        piece->style = MR_STYLE_DATE;
    } else if (!read_decimals(part, piece) && !read_fallback(self, part, piece)) {
        complain(self, (const char *)part.data, "use .2f, +.1f, date or a text in double quotes",
                 "what stands behind the | is no format");
    }
}

static bool is_number(enum mr_cel_kind kind)
{
    return kind == MR_CEL_INT || kind == MR_CEL_UINT || kind == MR_CEL_DOUBLE;
}

static bool is_sayable(enum mr_cel_kind kind)
{
    return is_number(kind) || kind == MR_CEL_BOOL || kind == MR_CEL_STRING ||
           kind == MR_CEL_TIMESTAMP || kind == MR_CEL_DURATION || kind == MR_CEL_DECIMAL;
}

static void check_type(struct parsing *self, const char *at, const struct mr_piece *piece)
{
    const struct mr_cel_type type = mr_cel_program_type(piece->program);
    const char *words = mr_cel_type_text(&type, mr_scope_arena(self->scope));
    const char *fault = NULL, *hint = NULL;

    if (!is_sayable(type.kind)) {
        fault = "cannot be put into a text";
        hint = "choose a field of it, or convert it with string(...)";
    } else if (type.is_nullable && piece->fallback == NULL) {
        fault = "may be null, which would leave a gap";
        hint = "say what to write then: {{ ... | \"unknown\" }}";
    } else if ((piece->style == MR_STYLE_FIXED || piece->style == MR_STYLE_SIGNED) &&
               !is_number(type.kind)) {
        fault = "has no decimals";
    } else if (piece->style == MR_STYLE_DATE && type.kind != MR_CEL_TIMESTAMP) {
        fault = "is no timestamp";
    }
    if (fault != NULL) {
        mr_scope_complain(self->scope, MR_SEVERITY_ERROR, place_at(self, at), self->key, hint,
                          "%s is %s, which %s", mr_cel_program_text(piece->program),
                          words ? words : "a value", fault);
        self->is_bad = true;
    }
}

static enum mr_code compile(struct parsing *self, struct mr_span expression, struct mr_piece *piece,
                            struct mr_error *err)
{
    const char *at = (const char *)expression.data;
    const struct mr_source source = {
        .text = mr_arena_text(mr_scope_arena(self->scope), expression),
        .place = place_at(self, at),
        .key = self->key,
    };
    enum mr_code code;

    if (source.text == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a placeholder");
    }
    code = mr_scope_compile(self->scope, &source, NULL, &piece->program, err);
    if (code == MR_OK) {
        check_type(self, at, piece);
    }
    self->is_bad = self->is_bad || code == MR_BAD_CONFIG;
    return code == MR_BAD_CONFIG ? MR_OK : code; /* the report has it: go on with the others */
}

/* at stands behind "{{"; *next behind the "}}". */
static enum mr_code take_placeholder(struct parsing *self, const char *at, const char **next,
                                     struct mr_error *err)
{
    struct mr_piece *piece = &self->pieces[self->count++];
    const char *end = find_end(self, at);
    struct mr_span expression;

    *next = at + strlen(at);
    if (end == NULL) {
        complain(self, at, NULL, "a placeholder has no }}");
        return MR_OK;
    }
    expression = between(at, end);
    for (int parts = 0; *end == '|' && parts < PARTS_MAX; parts++) {
        const char *from = end + 1;

        end = find_end(self, from);
        if (end == NULL) {
            complain(self, at, NULL, "a placeholder has no }}");
            return MR_OK;
        }
        read_part(self, between(from, end), piece);
    }
    if (*end == '|') {
        complain(self, end, NULL, "a placeholder has at most a format and a text");
        return MR_OK;
    }
    *next = end + 2;
    return compile(self, expression, piece, err);
}

static size_t count_placeholders(const char *text)
{
    size_t count = 0;

    for (const char *at = strstr(text, "{{"); at != NULL; at = strstr(at + 2, "{{")) {
        count++;
    }
    return count;
}

enum mr_code mr_template_open(struct mr_scope *scope, const char *text, struct mr_place place,
                              const char *key, struct mr_template *self, struct mr_error *err)
{
    struct parsing parsing = {.scope = scope, .text = text, .place = place, .key = key};
    const char *at = text;
    enum mr_code code = MR_OK;

    parsing.pieces = mr_arena_take(mr_scope_arena(scope), 2 * count_placeholders(text) + 1,
                                   sizeof(*parsing.pieces));
    if (parsing.pieces == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the placeholders of %s", key);
    }
    while (code == MR_OK && *at != '\0') {
        const char *brace = strstr(at, "{{");
        const char *end = brace != NULL ? brace : at + strlen(at);

        if (end > at) {
            parsing.pieces[parsing.count++].text =
                (struct mr_span){(const uint8_t *)at, (size_t)(end - at)};
        }
        at = end;
        if (brace != NULL) {
            code = take_placeholder(&parsing, brace + 2, &at, err);
        }
    }
    *self = (struct mr_template){parsing.pieces, parsing.count};
    if (code == MR_OK && parsing.is_bad) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: see the report", key);
    }
    return code;
}
