#include "processors/core/cel/regex_tree.h"

#include "processors/core/base/error.h"

#include <string.h>

#define DEPTH_MAX 40
#define CODE_MAX 0x10FFFFU
#define NONE (-1)

struct parser {
    struct cel_regex_tree *tree;
    struct mr_span in;
    size_t at;
    int depth;
    bool has_failed;
};

static int peek(const struct parser *self, size_t ahead)
{
    return ahead < self->in.size - self->at ? self->in.data[self->at + ahead] : -1;
}

static int fail(struct parser *self)
{
    self->has_failed = true;
    return 0;
}

static int new_node(struct parser *self, enum cel_regex_kind kind, int a, int b)
{
    struct cel_regex_node *node = &self->tree->nodes[self->tree->node_count];

    if (self->tree->node_count == CEL_REGEX_NODES_MAX) {
        return fail(self);
    }
    *node = (struct cel_regex_node){.kind = (uint8_t)kind, .a = (int16_t)a, .b = (int16_t)b};
    return self->tree->node_count++;
}

static void add_range(struct parser *self, uint32_t first, uint32_t last)
{
    if (self->tree->range_count == CEL_REGEX_RANGES_MAX || first > last) {
        (void)fail(self);
        return;
    }
    self->tree->ranges[self->tree->range_count++] = (struct cel_regex_range){first, last};
}

/* Sorts and merges what was added since first, so that it can be inverted. */
static void normalise(struct parser *self, int first)
{
    struct cel_regex_range *ranges = self->tree->ranges + first;
    const int count = self->tree->range_count - first;
    int kept = 0;

    for (int i = 1; i < count; i++) {
        const struct cel_regex_range range = ranges[i];
        int at = i;

        for (; at > 0 && ranges[at - 1].first > range.first; at--) {
            ranges[at] = ranges[at - 1];
        }
        ranges[at] = range;
    }
    for (int i = 1; i < count; i++) {
        if (ranges[i].first <= ranges[kept].last + 1) {
            ranges[kept].last =
                ranges[i].last > ranges[kept].last ? ranges[i].last : ranges[kept].last;
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    self->tree->range_count = first + (count == 0 ? 0 : kept + 1);
}

static void invert(struct parser *self, int first)
{
    struct cel_regex_range *ranges = self->tree->ranges + first;
    const int count = self->tree->range_count - first;
    uint32_t from = 0;
    int kept = 0;

    for (int i = 0; i < count; i++) {
        const struct cel_regex_range range = ranges[i];

        if (range.first > from) {
            ranges[kept++] = (struct cel_regex_range){from, range.first - 1};
        }
        from = range.last + 1;
    }
    self->tree->range_count = first + kept;
    if (from <= CODE_MAX) {
        add_range(self, from, CODE_MAX);
    }
}

struct named {
    const char *name;
    uint8_t pairs[9]; /* first, last, ... 0 ends */
};

static const struct named classes[] = {
    {"d", "09"},
    {"w", "09AZ__az"},
    {"s", "\t\n\f\r  "},
    {"[:alnum:]", "09AZaz"},
    {"[:alpha:]", "AZaz"},
    {"[:digit:]", "09"},
    {"[:lower:]", "az"},
    {"[:upper:]", "AZ"},
    {"[:punct:]", "!/:@[`{~"},
    {"[:space:]", "\t\r  "},
    {"[:word:]", "09AZ__az"},
    {"[:xdigit:]", "09AFaf"},
};

static bool add_named(struct parser *self, struct mr_span name)
{
    for (size_t i = 0; i < MR_COUNT(classes); i++) {
        if (mr_span_is(name, classes[i].name)) {
            for (const uint8_t *pair = classes[i].pairs; *pair != 0; pair += 2) {
                add_range(self, pair[0], pair[1]);
            }
            return true;
        }
    }
    return false;
}

static int class_node(struct parser *self, int first)
{
    const int node = new_node(self, CEL_REGEX_CLASS, NONE, NONE);

    if (!self->has_failed) {
        self->tree->nodes[node].first = (uint16_t)first;
        self->tree->nodes[node].count = (uint16_t)(self->tree->range_count - first);
    }
    return node;
}

/* The code point of an escape that is one; NONE: it is a class or an anchor. */
static int64_t escaped(struct parser *self)
{
    static const char plain[] = "afnrtv";
    static const char means[] = "\a\f\n\r\t\v";
    const int c = peek(self, 1);
    const char *known = c > 0 ? strchr(plain, c) : NULL;

    if (known != NULL) {
        self->at += 2;
        return means[known - plain];
    }
    if (c > ' ' && c < 0x7F && strchr("0123456789_", c) == NULL &&
        !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        self->at += 2;
        return c;
    }
    return NONE;
}

static uint32_t code_point(struct parser *self)
{
    size_t size;
    const uint32_t code =
        mr_utf8_get((struct mr_span){self->in.data + self->at, self->in.size - self->at}, &size);

    self->at += size;
    return code;
}

/* \d and its like into the open class; an upper-case one inverted. */
static void add_escaped_class(struct parser *self)
{
    const uint8_t letter = (uint8_t)peek(self, 1);
    const uint8_t lower = letter | 0x20;
    const int first = self->tree->range_count;

    self->at += 2;
    if (!add_named(self, (struct mr_span){&lower, 1})) {
        (void)fail(self);
        return;
    }
    if (letter != lower) {
        normalise(self, first);
        invert(self, first);
    }
}

static void add_item(struct parser *self)
{
    const uint8_t *start = self->in.data + self->at;
    int64_t first, last;

    if (peek(self, 0) == '[' && peek(self, 1) == ':') {
        const uint8_t *end = memchr(start, ']', self->in.size - self->at);

        if (end != NULL && add_named(self, (struct mr_span){start, (size_t)(end - start) + 1})) {
            self->at += (size_t)(end - start) + 1;
        } else {
            (void)fail(self);
        }
        return;
    }
    first = peek(self, 0) == '\\' ? escaped(self) : code_point(self);
    if (first == NONE) {
        add_escaped_class(self);
        return;
    }
    last = first;
    if (peek(self, 0) == '-' && peek(self, 1) != ']' && peek(self, 1) >= 0) {
        self->at++;
        last = peek(self, 0) == '\\' ? escaped(self) : code_point(self);
    }
    if (last == NONE) {
        (void)fail(self);
        return;
    }
    add_range(self, (uint32_t)first, (uint32_t)last);
}

static int parse_class(struct parser *self)
{
    const int first = self->tree->range_count;
    const bool is_inverted = peek(self, 1) == '^';
    bool is_first = true;

    self->at += is_inverted ? 2 : 1;
    for (; !self->has_failed && (is_first || peek(self, 0) != ']'); is_first = false) {
        if (peek(self, 0) < 0) {
            return fail(self);
        }
        add_item(self);
    }
    self->at++;
    normalise(self, first);
    if (is_inverted) {
        invert(self, first);
    }
    return class_node(self, first);
}

static int parse_escape(struct parser *self)
{
    const int first = self->tree->range_count;
    const int c = peek(self, 1);
    int64_t code;

    if (c == 'A' || c == 'z') {
        self->at += 2;
        return new_node(self, c == 'A' ? CEL_REGEX_BEGIN : CEL_REGEX_END, NONE, NONE);
    }
    code = escaped(self);
    if (code != NONE) {
        add_range(self, (uint32_t)code, (uint32_t)code);
        return class_node(self, first);
    }
    if (c <= 0 || strchr("dDwWsS", c) == NULL) {
        return fail(self);
    }
    add_escaped_class(self);
    normalise(self, first);
    return class_node(self, first);
}

static int parse_either(struct parser *self);

static int parse_group(struct parser *self)
{
    int node;

    self->at++;
    if (peek(self, 0) == '?') {
        if (peek(self, 1) != ':') {
            return fail(self); /* flags and names: not here */
        }
        self->at += 2;
    }
    node = parse_either(self);
    if (peek(self, 0) != ')') {
        return fail(self);
    }
    self->at++;
    return node;
}

static int parse_atom(struct parser *self)
{
    const int first = self->tree->range_count;
    uint32_t code;

    switch (peek(self, 0)) {
    case '(':
        return parse_group(self);
    case '[':
        return parse_class(self);
    case '\\':
        return parse_escape(self);
    case '^':
    case '$':
        self->at++;
        return new_node(self, self->in.data[self->at - 1] == '^' ? CEL_REGEX_BEGIN : CEL_REGEX_END,
                        NONE, NONE);
    case '.':
        self->at++;
        add_range(self, 0, '\n' - 1);
        add_range(self, '\n' + 1, CODE_MAX);
        return class_node(self, first);
    case '*':
    case '+':
    case '?':
        return fail(self);
    default:
        code = code_point(self);
        add_range(self, code, code);
        return class_node(self, first);
    }
}

static int number(struct parser *self)
{
    int value = 0;

    while (peek(self, 0) >= '0' && peek(self, 0) <= '9' && value <= 1000) {
        value = value * 10 + (peek(self, 0) - '0');
        self->at++;
    }
    return value;
}

/* {n}, {n,} or {n,m}; false: the brace stands for itself. */
static bool parse_counts(struct parser *self, int *least, int *most)
{
    const size_t start = self->at;

    self->at++;
    if (peek(self, 0) >= '0' && peek(self, 0) <= '9') {
        *least = *most = number(self);
        if (peek(self, 0) == ',') {
            self->at++;
            *most = peek(self, 0) == '}' ? -1 : number(self);
        }
        if (peek(self, 0) == '}') {
            self->at++;
            return true;
        }
    }
    self->at = start;
    return false;
}

static int parse_repeat(struct parser *self)
{
    int node = parse_atom(self), least = 0, most = -1;
    const int c = peek(self, 0);

    if (self->has_failed) {
        return 0;
    }
    if (c == '*' || c == '+' || c == '?') {
        self->at++;
        least = c == '+' ? 1 : 0;
        most = c == '?' ? 1 : -1;
    } else if (c != '{' || !parse_counts(self, &least, &most)) {
        return node;
    }
    if (peek(self, 0) == '?') {
        self->at++;
    }
    if (most >= 0 && most < least) {
        return fail(self);
    }
    node = new_node(self, CEL_REGEX_REPEAT, node, NONE);
    self->tree->nodes[node].least = (int16_t)least;
    self->tree->nodes[node].most = (int16_t)most;
    return node;
}

static int parse_concat(struct parser *self)
{
    int node = NONE;

    while (peek(self, 0) >= 0 && peek(self, 0) != '|' && peek(self, 0) != ')' &&
           !self->has_failed) {
        const int next = parse_repeat(self);

        node = node == NONE ? next : new_node(self, CEL_REGEX_CONCAT, node, next);
    }
    return node == NONE ? new_node(self, CEL_REGEX_EMPTY, NONE, NONE) : node;
}

static int parse_either(struct parser *self)
{
    int node;

    if (++self->depth > DEPTH_MAX) {
        return fail(self);
    }
    node = parse_concat(self);
    while (peek(self, 0) == '|' && !self->has_failed) {
        self->at++;
        node = new_node(self, CEL_REGEX_EITHER, node, parse_concat(self));
    }
    self->depth--;
    return node;
}

bool cel_regex_parse(struct cel_regex_tree *tree, struct mr_span pattern)
{
    struct parser self = {.tree = tree, .in = pattern};

    tree->node_count = tree->range_count = 0;
    tree->root = parse_either(&self);
    return !self.has_failed && self.at == pattern.size;
}
