#include "processors/core/cel/regex_screen.h"

#include "processors/core/base/error.h"
#include "processors/core/cel/regex.h"

#include <string.h>

#define REPEAT_MAX 1000
/* The longest rewriting of two bytes is that of \S. */
#define GROWTH 12

struct screen {
    struct mr_span in;
    size_t at;
    uint8_t *out;
    size_t size;
    bool has_failed;
};

static int peek(const struct screen *self, size_t ahead)
{
    return ahead < self->in.size - self->at ? self->in.data[self->at + ahead] : -1;
}

static void put(struct screen *self, const char *text)
{
    memcpy(self->out + self->size, text, strlen(text));
    self->size += strlen(text);
}

static void copy(struct screen *self, size_t count)
{
    memcpy(self->out + self->size, self->in.data + self->at, count);
    self->size += count;
    self->at += count;
}

static void refuse(struct screen *self)
{
    self->has_failed = true;
}

/* \p{Greek}, \pL, \x{10FFFF}: the braces belong to the escape. */
static void copy_braced(struct screen *self)
{
    copy(self, 2);
    if (peek(self, 0) != '{') {
        return;
    }
    while (peek(self, 0) >= 0 && peek(self, 0) != '}') {
        copy(self, 1);
    }
    if (peek(self, 0) == '}') {
        copy(self, 1);
    } else {
        refuse(self);
    }
}

/* Literal text up to \E, each byte that is not a letter or digit escaped. */
static void copy_quoted(struct screen *self)
{
    for (self->at += 2; self->at < self->in.size; self->at++) {
        const int c = peek(self, 0);

        if (c == '\\' && peek(self, 1) == 'E') {
            self->at += 2;
            return;
        }
        if (c < 0x80 && c > ' ' && strchr("\\.^$|()[]{}*+?-", c) != NULL) {
            put(self, "\\");
        }
        self->out[self->size++] = (uint8_t)c;
    }
}

/* Escapes that RE2 and PCRE2 read alike. */
static bool is_common_escape(int c, bool is_in_class)
{
    if (c <= ' ' || c >= 0x7F) {
        return false;
    }
    if (strchr("0dDwWafnrt", c) != NULL) {
        return true;
    }
    if (strchr("bBAz", c) != NULL) {
        return !is_in_class;
    }
    return strchr("123456789_", c) == NULL && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* \s, \S and \v, which they do not; false: none of these. */
static bool rewrite_escape(struct screen *self, bool is_in_class)
{
    const int c = peek(self, 1);

    if (c == 's') {
        put(self, is_in_class ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]");
    } else if (c == 'S' && !is_in_class) {
        put(self, "[^\\t\\n\\f\\r ]");
    } else if (c == 'v') {
        put(self, "\\x0b");
    } else {
        return false;
    }
    self->at += 2;
    return true;
}

static void copy_escape(struct screen *self, bool is_in_class)
{
    const int c = peek(self, 1);

    if (rewrite_escape(self, is_in_class)) {
        return;
    }
    if (c == 'p' || c == 'P' || c == 'x') {
        copy_braced(self);
    } else if (c == 'Q' && !is_in_class) {
        copy_quoted(self);
    } else if (is_common_escape(c, is_in_class)) {
        copy(self, 2);
    } else {
        refuse(self);
    }
}

/* [:alpha:], or a bracket that stands for itself; [.x.], [=x=] and [:<:] are not RE2's. */
static void copy_bracket(struct screen *self)
{
    const uint8_t *start = self->in.data + self->at;
    const uint8_t *end = memchr(start, ']', self->in.size - self->at);
    const int c = peek(self, 1);

    if (c == '.' || c == '=' || (c == ':' && (peek(self, 2) == '<' || peek(self, 2) == '>'))) {
        refuse(self);
    } else if (c == ':' && end != NULL && end[-1] == ':') {
        copy(self, (size_t)(end - start) + 1);
    } else {
        put(self, "\\");
        copy(self, 1);
    }
}

static void copy_class_item(struct screen *self)
{
    if (peek(self, 0) == '\\') {
        copy_escape(self, true);
    } else if (peek(self, 0) == '[') {
        copy_bracket(self);
    } else {
        copy(self, 1);
    }
}

static void copy_class(struct screen *self)
{
    copy(self, 1);
    if (peek(self, 0) == '^') {
        copy(self, 1);
    }
    if (peek(self, 0) == ']') {
        put(self, "\\");
        copy(self, 1);
    }
    while (peek(self, 0) >= 0 && peek(self, 0) != ']' && !self->has_failed) {
        copy_class_item(self);
    }
    if (peek(self, 0) == ']') {
        copy(self, 1);
    } else {
        refuse(self);
    }
}

/* ( or (?:, (?P<name>, (?<name>, (?ims-U), (?ims-U: */
static void copy_group(struct screen *self)
{
    size_t size = 2;

    if (peek(self, 1) == '*') {
        refuse(self);
        return;
    }
    if (peek(self, 1) != '?') {
        copy(self, 1);
        return;
    }
    if (peek(self, 2) == 'P' && peek(self, 3) == '<') {
        copy(self, 4);
        return;
    }
    if (peek(self, 2) == '<' && peek(self, 3) != '=' && peek(self, 3) != '!') {
        copy(self, 3);
        return;
    }
    while (peek(self, size) > 0 && strchr("imsU-", peek(self, size)) != NULL) {
        size++;
    }
    if ((peek(self, size) != ':' && peek(self, size) != ')') ||
        (peek(self, size) == ')' && size == 2)) {
        refuse(self);
        return;
    }
    copy(self, size + 1);
}

/* The size of {n}, {n,} or {n,m}; 0: the brace stands for itself. */
static size_t repeat_size(const struct screen *self)
{
    size_t size = 1, digits = 0;

    for (; peek(self, size) >= '0' && peek(self, size) <= '9'; size++) {
        digits++;
    }
    if (digits == 0) {
        return 0;
    }
    if (peek(self, size) == ',') {
        for (size++; peek(self, size) >= '0' && peek(self, size) <= '9'; size++) {
        }
    }
    return peek(self, size) == '}' ? size + 1 : 0;
}

static bool is_repeat_small(const struct screen *self, size_t size)
{
    size_t number = 0;

    for (size_t i = 1; i < size; i++) {
        const int c = peek(self, i);

        number = c >= '0' && c <= '9' ? number * 10 + (size_t)(c - '0') : 0;
        if (number > REPEAT_MAX) {
            return false;
        }
    }
    return true;
}

/* A quantifier, perhaps lazy; RE2 takes none after another. */
static void copy_quantifier(struct screen *self, size_t size)
{
    if (size > 1 && !is_repeat_small(self, size)) {
        refuse(self);
        return;
    }
    copy(self, size);
    if (peek(self, 0) == '?') {
        copy(self, 1);
    }
    if (peek(self, 0) == '+' || peek(self, 0) == '*' || peek(self, 0) == '?' ||
        (peek(self, 0) == '{' && repeat_size(self) > 0)) {
        refuse(self);
    }
}

static void step(struct screen *self)
{
    const int c = peek(self, 0);

    switch (c) {
    case '\\':
        copy_escape(self, false);
        break;
    case '[':
        copy_class(self);
        break;
    case '(':
        copy_group(self);
        break;
    case '*':
    case '+':
    case '?':
        copy_quantifier(self, 1);
        break;
    case '{':
        if (repeat_size(self) > 0) {
            copy_quantifier(self, repeat_size(self));
        } else {
            put(self, "\\");
            copy(self, 1);
        }
        break;
    default:
        copy(self, 1);
        break;
    }
}

struct mr_span cel_regex_screen(struct mr_arena *arena, struct mr_span pattern)
{
    const struct mr_span none = {NULL, 0};
    struct screen self = {.in = pattern};

    if (pattern.size > CEL_REGEX_SIZE_MAX || !mr_utf8_is_valid(pattern)) {
        return none;
    }
    self.out = mr_arena_bytes(arena, pattern.size * GROWTH / 2 + GROWTH);
    if (self.out == NULL) {
        return none;
    }
    while (self.at < pattern.size && !self.has_failed) {
        step(&self);
        MR_ASSERT(self.size <= pattern.size * GROWTH / 2 + GROWTH);
    }
    return self.has_failed ? none : (struct mr_span){self.out, self.size};
}
