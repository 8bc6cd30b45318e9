#include "processors/core/cel/lex.h"

#include <stdlib.h>
#include <string.h>

static int peek(const struct cel_lexer *self, size_t ahead)
{
    const struct mr_span text = self->source->text;

    return ahead < text.size - self->at ? text.data[self->at + ahead] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(int c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_blanks(struct cel_lexer *self)
{
    for (;;) {
        const int c = peek(self, 0);

        if (c == ' ' || (c >= '\t' && c <= '\r' && c != '\v')) {
            self->at++;
        } else if (c == '/' && peek(self, 1) == '/') {
            while (peek(self, 0) >= 0 && peek(self, 0) != '\n') {
                self->at++;
            }
        } else {
            return;
        }
    }
}

static bool refuse(struct cel_lexer *self, size_t offset, const char *why)
{
    cel_source_report(self->source, offset, "%s", why);
    return false;
}

static bool end_token(struct cel_lexer *self, enum cel_token_kind kind)
{
    self->token.kind = kind;
    self->token.text = (struct mr_span){self->source->text.data + self->token.offset,
                                        self->at - self->token.offset};
    return true;
}

/* Digits of an integer, decimal or after 0x; false: too large for 64 bits. */
static bool read_magnitude(struct cel_lexer *self, uint64_t base, uint64_t *magnitude)
{
    bool fits = true;

    *magnitude = 0;
    for (int digit = hex_digit(peek(self, 0)); digit >= 0 && (uint64_t)digit < base;
         digit = hex_digit(peek(self, 0))) {
        fits = fits && *magnitude <= (UINT64_MAX - (uint64_t)digit) / base;
        *magnitude = *magnitude * base + (uint64_t)digit;
        self->at++;
    }
    return fits;
}

static bool end_integer(struct cel_lexer *self, uint64_t magnitude, bool fits)
{
    const bool is_uint = peek(self, 0) == 'u' || peek(self, 0) == 'U';

    if (is_uint) {
        self->at++;
    }
    if (!fits) {
        return refuse(self, self->token.offset, "this number does not fit 64 bits");
    }
    if (is_name_start(peek(self, 0))) {
        return refuse(self, self->at, "a name cannot follow a number directly");
    }
    self->token.value = (struct mr_value){.kind = MR_KIND_UINT, .positive = magnitude};
    return end_token(self, is_uint ? CEL_TOKEN_UINT : CEL_TOKEN_INT);
}

static bool skip_exponent(struct cel_lexer *self)
{
    const size_t sign = peek(self, 1) == '+' || peek(self, 1) == '-' ? 1 : 0;

    if ((peek(self, 0) != 'e' && peek(self, 0) != 'E') || !is_digit(peek(self, 1 + sign))) {
        return false;
    }
    self->at += 1 + sign;
    while (is_digit(peek(self, 0))) {
        self->at++;
    }
    return true;
}

static bool end_double(struct cel_lexer *self)
{
    const char *text;

    (void)end_token(self, CEL_TOKEN_DOUBLE);
    text = mr_arena_text(self->source->arena, self->token.text);
    if (text == NULL) {
        return cel_source_take(self->source, SIZE_MAX, 1) != NULL;
    }
    self->token.value = mr_value_double(strtod(text, NULL));
    if (is_name_start(peek(self, 0))) {
        return refuse(self, self->at, "a name cannot follow a number directly");
    }
    return true;
}

static bool lex_number(struct cel_lexer *self)
{
    uint64_t magnitude;
    bool fits, is_double = false;

    if (peek(self, 0) == '0' && (peek(self, 1) == 'x' || peek(self, 1) == 'X') &&
        hex_digit(peek(self, 2)) >= 0) {
        self->at += 2;
        fits = read_magnitude(self, 16, &magnitude);
        return end_integer(self, magnitude, fits);
    }
    fits = read_magnitude(self, 10, &magnitude);
    if (peek(self, 0) == '.' && is_digit(peek(self, 1))) {
        is_double = true;
        for (self->at++; is_digit(peek(self, 0)); self->at++) {
        }
    }
    is_double = skip_exponent(self) || is_double;
    return is_double ? end_double(self) : end_integer(self, magnitude, fits);
}

struct quoted {
    uint8_t *out; /* arena, as large as the literal is written */
    size_t size;
    int quote;
    bool is_triple, is_raw, is_bytes;
};

/* count digits in base; -1: not there. */
static int64_t read_code(struct cel_lexer *self, size_t count, int base)
{
    int64_t code = 0;

    for (size_t i = 0; i < count; i++) {
        const int digit = hex_digit(peek(self, i));

        if (digit < 0 || digit >= base) {
            return -1;
        }
        code = code * base + digit;
    }
    self->at += count;
    return code;
}

static bool put_code(struct cel_lexer *self, struct quoted *q, int64_t code, size_t offset)
{
    if (q->is_bytes) {
        if (code < 0 || code > 255) {
            return refuse(self, offset, "this escape is not an octet");
        }
        q->out[q->size++] = (uint8_t)code;
        return true;
    }
    if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return refuse(self, offset, "this escape is not a code point");
    }
    q->size += mr_utf8_put(q->out + q->size, (uint32_t)code);
    return true;
}

static bool read_escape(struct cel_lexer *self, struct quoted *q)
{
    static const char plain[] = "abfnrtv\\\"'`?";
    static const char means[] = "\a\b\f\n\r\t\v\\\"'`?";
    const size_t offset = self->at - 1;
    const int c = peek(self, 0);
    const char *known = c > 0 ? strchr(plain, c) : NULL;

    if (known != NULL) {
        self->at++;
        q->out[q->size++] = (uint8_t)means[known - plain];
        return true;
    }
    if (c >= '0' && c <= '3') {
        return put_code(self, q, read_code(self, 3, 8), offset);
    }
    self->at += c >= 0 ? 1U : 0U;
    if (c == 'x' || c == 'X') {
        return put_code(self, q, read_code(self, 2, 16), offset);
    }
    if ((c == 'u' || c == 'U') && !q->is_bytes) {
        return put_code(self, q, read_code(self, c == 'u' ? 4 : 8, 16), offset);
    }
    return refuse(self, offset, "there is no such escape");
}

static bool at_closing(const struct cel_lexer *self, const struct quoted *q)
{
    return peek(self, 0) == q->quote &&
           (!q->is_triple || (peek(self, 1) == q->quote && peek(self, 2) == q->quote));
}

static bool read_quoted(struct cel_lexer *self, struct quoted *q)
{
    while (!at_closing(self, q)) {
        const int c = peek(self, 0);

        if (c < 0 || (!q->is_triple && (c == '\n' || c == '\r'))) {
            return refuse(self, self->token.offset, "this literal is not closed");
        }
        self->at++;
        if (c == '\\' && !q->is_raw) {
            if (!read_escape(self, q)) {
                return false;
            }
        } else {
            q->out[q->size++] = (uint8_t)c;
        }
    }
    self->at += q->is_triple ? 3 : 1;
    return true;
}

/* How many of r, R, b, B stand before a quote; 0 also when there is none. */
static size_t prefix_size(const struct cel_lexer *self, struct quoted *q)
{
    size_t size = 0;

    for (; size < 3; size++) {
        const int c = peek(self, size);

        if ((c == 'r' || c == 'R') && !q->is_raw) {
            q->is_raw = true;
        } else if ((c == 'b' || c == 'B') && !q->is_bytes) {
            q->is_bytes = true;
        } else {
            break;
        }
    }
    q->quote = peek(self, size);
    return size;
}

static bool lex_quoted(struct cel_lexer *self, struct quoted *q, size_t prefix)
{
    const size_t mark = mr_arena_mark(self->source->arena);
    struct mr_span content;

    self->at += prefix;
    q->is_triple = peek(self, 1) == q->quote && peek(self, 2) == q->quote;
    self->at += q->is_triple ? 3 : 1;
    /* No escape is longer than it is written; what is not used is given back. */
    q->out = mr_arena_bytes(self->source->arena, self->source->text.size - self->at + 4);
    if (q->out == NULL) {
        return cel_source_take(self->source, SIZE_MAX, 1) != NULL;
    }
    if (!read_quoted(self, q)) {
        return false;
    }
    mr_arena_release(self->source->arena, mark + q->size);
    content = (struct mr_span){q->out, q->size};
    (void)end_token(self, q->is_bytes ? CEL_TOKEN_BYTES : CEL_TOKEN_STRING);
    self->token.value = q->is_bytes ? mr_value_bytes(content) : mr_value_string(content);
    return true;
}

static bool lex_name(struct cel_lexer *self)
{
    while (is_name_start(peek(self, 0)) || is_digit(peek(self, 0))) {
        self->at++;
    }
    return end_token(self, CEL_TOKEN_NAME);
}

static bool lex_quoted_name(struct cel_lexer *self)
{
    const size_t start = ++self->at;

    for (int c = peek(self, 0); c != '`'; c = peek(self, 0)) {
        if (!is_name_start(c) && !is_digit(c) && (c <= 0 || strchr(".-/ ", c) == NULL)) {
            return refuse(self, self->at, "a quoted name holds letters, digits, _ . - / and blank");
        }
        self->at++;
    }
    if (self->at == start) {
        return refuse(self, start, "a quoted name cannot be empty");
    }
    self->token.kind = CEL_TOKEN_QUOTED_NAME;
    self->token.text = (struct mr_span){self->source->text.data + start, self->at - start};
    self->at++;
    return true;
}

static bool lex_mark(struct cel_lexer *self)
{
    static const char *const marks[] = {"&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "<",
                                        ">",  "+",  "-",  "*",  "/",  "%",  "!",  "?",  ":",
                                        ".",  ",",  "(",  ")",  "[",  "]",  "{",  "}"};

    for (size_t i = 0; i < MR_COUNT(marks); i++) {
        if (peek(self, 0) == marks[i][0] && (marks[i][1] == '\0' || peek(self, 1) == marks[i][1])) {
            self->at += strlen(marks[i]);
            return end_token(self, CEL_TOKEN_MARK);
        }
    }
    cel_source_report(self->source, self->at, "unexpected character");
    if (peek(self, 0) == '=') {
        cel_source_hint(self->source, "did you mean '=='?");
    } else if (peek(self, 0) == '&') {
        cel_source_hint(self->source, "did you mean '&&'?");
    } else if (peek(self, 0) == '|') {
        cel_source_hint(self->source, "did you mean '||'?");
    }
    return false;
}

bool cel_lex_next(struct cel_lexer *self)
{
    struct quoted q = {0};
    size_t prefix;
    int c;

    skip_blanks(self);
    self->token = (struct cel_token){.offset = self->at};
    c = peek(self, 0);
    if (c < 0) {
        return end_token(self, CEL_TOKEN_END);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(self, 1)))) {
        return lex_number(self);
    }
    prefix = prefix_size(self, &q);
    if (q.quote == '"' || q.quote == '\'') {
        return lex_quoted(self, &q, prefix);
    }
    if (c == '`') {
        return lex_quoted_name(self);
    }
    return is_name_start(c) ? lex_name(self) : lex_mark(self);
}

bool cel_token_is(const struct cel_token *token, const char *mark)
{
    return token->kind == CEL_TOKEN_MARK && mr_span_is(token->text, mark);
}

bool cel_name_is_reserved(struct mr_span name)
{
    static const char *const words[] = {
        "as",  "break",  "const", "continue", "else",    "for",       "function",
        "if",  "import", "let",   "loop",     "package", "namespace", "return",
        "var", "void",   "while", "in",       "true",    "false",     "null"};

    for (size_t i = 0; i < MR_COUNT(words); i++) {
        if (mr_span_is(name, words[i])) {
            return true;
        }
    }
    return false;
}
