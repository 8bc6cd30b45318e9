#include "processors/core/cel/parse.h"

#include "processors/core/cel/build.h"
#include "processors/core/cel/lex.h"

struct parser {
    struct cel_lexer lexer;
    struct cel_source *source;
    enum cel_macros macros;
    int depth;
};

static struct cel_node *parse_expr(struct parser *self);

static struct cel_node *refuse(struct parser *self, size_t offset, const char *why)
{
    cel_source_report(self->source, offset, "%s", why);
    return NULL;
}

static bool at(const struct parser *self, const char *mark)
{
    return cel_token_is(&self->lexer.token, mark);
}

static bool skip(struct parser *self, const char *mark)
{
    return at(self, mark) && cel_lex_next(&self->lexer);
}

static bool expect(struct parser *self, const char *mark)
{
    if (at(self, mark)) {
        return cel_lex_next(&self->lexer);
    }
    if (!self->source->has_failed) {
        const struct cel_token *token = &self->lexer.token;

        if (token->kind == CEL_TOKEN_END) {
            cel_source_report(self->source, token->offset, "expected '%s' before the end", mark);
        } else {
            cel_source_report(self->source, token->offset, "expected '%s' before '%.*s'", mark,
                              MR_SPAN_ARGS(token->text));
        }
    }
    return false;
}

/* a, b, c and a closing mark; a comma may end a list or a map, not a call. */
static bool parse_items(struct parser *self, struct cel_items *list, const char *closing,
                        bool may_be_optional)
{
    while (!at(self, closing)) {
        const bool is_optional = may_be_optional && skip(self, "?");

        if (!cel_items_add(self->source, list, parse_expr(self), is_optional)) {
            return false;
        }
        if (at(self, closing)) {
            break;
        }
        if (!expect(self, ",")) {
            return false;
        }
        if (!may_be_optional && at(self, closing)) {
            return refuse(self, self->lexer.token.offset, "an argument is missing") != NULL;
        }
    }
    return expect(self, closing);
}

static struct cel_node *parse_list(struct parser *self, size_t offset, bool starts_optional)
{
    struct cel_items list = {0};

    if (starts_optional && (!cel_items_add(self->source, &list, parse_expr(self), true) ||
                            (!at(self, "]") && !expect(self, ",")))) {
        return NULL;
    }
    if (!parse_items(self, &list, "]", true)) {
        return NULL;
    }
    return cel_node_fill(self->source, cel_node_new(self->source, CEL_NODE_LIST, offset), &list);
}

static struct cel_node *parse_map(struct parser *self, size_t offset)
{
    struct cel_items list = {0};
    struct cel_node *node;

    while (!at(self, "}")) {
        const bool is_optional = skip(self, "?");

        if (!cel_items_add(self->source, &list, parse_expr(self), is_optional) ||
            !expect(self, ":") ||
            !cel_items_add(self->source, &list, parse_expr(self), is_optional)) {
            return NULL;
        }
        if (!at(self, "}") && !expect(self, ",")) {
            return NULL;
        }
    }
    node = expect(self, "}") ? cel_node_new(self->source, CEL_NODE_MAP, offset) : NULL;
    return cel_node_fill(self->source, node, &list);
}

static struct cel_node *new_literal(struct parser *self, struct mr_value value, size_t offset)
{
    struct cel_node *node = cel_node_new(self->source, CEL_NODE_LITERAL, offset);

    if (node != NULL) {
        node->value = value;
    }
    return node;
}

static struct cel_node *parse_number(struct parser *self, bool is_negative, size_t offset)
{
    const struct cel_token token = self->lexer.token;
    const uint64_t magnitude = token.value.positive;
    struct mr_value value = token.value;

    if (token.kind == CEL_TOKEN_DOUBLE) {
        value.real = is_negative ? -value.real : value.real;
    } else if (token.kind == CEL_TOKEN_INT) {
        if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1U : 0U)) {
            return refuse(self, offset, "this number does not fit an int");
        }
        value = mr_value_int(is_negative ? (int64_t)(0U - magnitude) : (int64_t)magnitude);
    }
    return cel_lex_next(&self->lexer) ? new_literal(self, value, offset) : NULL;
}

static struct cel_node *parse_call_args(struct parser *self, struct cel_node *call,
                                        struct cel_items *list)
{
    if (!parse_items(self, list, ")", false) || cel_node_fill(self->source, call, list) == NULL) {
        return NULL;
    }
    if (self->macros == CEL_MACROS_ON && !cel_macro_expand(self->source, call)) {
        return NULL;
    }
    return call;
}

/* true, false, null, name, name(...), each perhaps after a leading dot. */
static struct cel_node *parse_word(struct parser *self, bool is_absolute)
{
    const struct cel_token token = self->lexer.token;
    struct cel_items list = {0};
    struct cel_node *node;

    if (!is_absolute && mr_span_is(token.text, "null")) {
        node = new_literal(self, (struct mr_value){0}, token.offset);
        return cel_lex_next(&self->lexer) ? node : NULL;
    }
    if (!is_absolute && (mr_span_is(token.text, "true") || mr_span_is(token.text, "false"))) {
        node = new_literal(self, mr_value_bool(token.text.size == 4), token.offset);
        return cel_lex_next(&self->lexer) ? node : NULL;
    }
    if (cel_name_is_reserved(token.text)) {
        cel_source_report(self->source, token.offset, "'%.*s' is a reserved word",
                          MR_SPAN_ARGS(token.text));
        return NULL;
    }
    node = cel_node_new(self->source, CEL_NODE_NAME, token.offset);
    if (node == NULL || !cel_lex_next(&self->lexer)) {
        return NULL;
    }
    node->name = token.text;
    node->is_absolute = is_absolute;
    if (skip(self, "(")) {
        node->kind = CEL_NODE_CALL;
        return parse_call_args(self, node, &list);
    }
    return node;
}

static struct cel_node *parse_group(struct parser *self)
{
    struct cel_node *node = parse_expr(self);

    return node != NULL && expect(self, ")") ? node : NULL;
}

static struct cel_node *parse_primary(struct parser *self)
{
    const struct cel_token token = self->lexer.token;

    switch (token.kind) {
    case CEL_TOKEN_INT:
    case CEL_TOKEN_UINT:
    case CEL_TOKEN_DOUBLE:
        return parse_number(self, false, token.offset);
    case CEL_TOKEN_STRING:
    case CEL_TOKEN_BYTES:
        return cel_lex_next(&self->lexer) ? new_literal(self, token.value, token.offset) : NULL;
    case CEL_TOKEN_NAME:
        return parse_word(self, false);
    default:
        break;
    }
    if (skip(self, "(")) {
        return parse_group(self);
    }
    if (skip(self, "[")) {
        return parse_list(self, token.offset, false);
    }
    if (skip(self, "[?")) {
        return parse_list(self, token.offset, true);
    }
    if (skip(self, "{")) {
        return parse_map(self, token.offset);
    }
    if (skip(self, ".") && self->lexer.token.kind == CEL_TOKEN_NAME) {
        return parse_word(self, true);
    }
    if (!self->source->has_failed && token.kind == CEL_TOKEN_END) {
        return refuse(self, token.offset, "the expression ends too early");
    }
    cel_source_report(self->source, token.offset, "unexpected '%.*s'", MR_SPAN_ARGS(token.text));
    return NULL;
}

static struct cel_node *parse_field(struct parser *self, struct cel_node *target, bool is_optional)
{
    const struct cel_token token = self->lexer.token;
    struct cel_items list = {0};
    struct cel_node *node;

    if (token.kind != CEL_TOKEN_NAME && token.kind != CEL_TOKEN_QUOTED_NAME) {
        return refuse(self, token.offset, "a field's name must follow the dot");
    }
    node = cel_node_new(self->source, CEL_NODE_SELECT, token.offset);
    if (node == NULL || !cel_lex_next(&self->lexer) ||
        !cel_items_add(self->source, &list, target, false)) {
        return NULL;
    }
    node->name = token.text;
    node->is_optional = is_optional;
    node->is_quoted = token.kind == CEL_TOKEN_QUOTED_NAME;
    if (!is_optional && token.kind == CEL_TOKEN_NAME && skip(self, "(")) {
        node->kind = CEL_NODE_CALL;
        node->is_member = true;
        return parse_call_args(self, node, &list);
    }
    if (!node->is_quoted && mr_span_is(token.text, "in")) {
        return refuse(self, token.offset, "'in' cannot be a field's name");
    }
    return cel_node_fill(self->source, node, &list);
}

static struct cel_node *parse_index(struct parser *self, struct cel_node *target, bool is_optional,
                                    size_t offset)
{
    struct cel_node *node = cel_node_new(self->source, CEL_NODE_CALL, offset);
    struct cel_items list = {0};

    if (node == NULL || !cel_items_add(self->source, &list, target, false) ||
        !cel_items_add(self->source, &list, parse_expr(self), false) || !expect(self, "]")) {
        return NULL;
    }
    node->name = mr_span_text(is_optional ? "_[?_]" : "_[_]");
    return cel_node_fill(self->source, node, &list);
}

/* name.name{field: value}: parsed so that the refusal can name it. */
static struct cel_node *parse_struct(struct parser *self, struct cel_node *target, size_t offset)
{
    struct cel_node *node = cel_node_new(self->source, CEL_NODE_STRUCT, offset);
    struct cel_items list = {0};

    if (node == NULL || !cel_items_add(self->source, &list, target, false)) {
        return NULL;
    }
    while (!at(self, "}")) {
        const bool is_optional = skip(self, "?");
        struct cel_node *field =
            cel_node_new(self->source, CEL_NODE_NAME, self->lexer.token.offset);

        if (self->lexer.token.kind != CEL_TOKEN_NAME &&
            self->lexer.token.kind != CEL_TOKEN_QUOTED_NAME) {
            return refuse(self, self->lexer.token.offset, "expected a field's name");
        }
        if (field != NULL) {
            field->name = self->lexer.token.text;
            field->is_quoted = self->lexer.token.kind == CEL_TOKEN_QUOTED_NAME;
        }
        if (!cel_lex_next(&self->lexer) || !expect(self, ":") ||
            !cel_items_add(self->source, &list, field, is_optional) ||
            !cel_items_add(self->source, &list, parse_expr(self), is_optional) ||
            (!at(self, "}") && !expect(self, ","))) {
            return NULL;
        }
    }
    return expect(self, "}") ? cel_node_fill(self->source, node, &list) : NULL;
}

static bool is_type_name(const struct cel_node *node)
{
    while (node->kind == CEL_NODE_SELECT && !node->is_test && !node->is_optional) {
        node = node->args[0];
    }
    return node->kind == CEL_NODE_NAME;
}

static struct cel_node *parse_suffixes(struct parser *self, struct cel_node *node)
{
    while (node != NULL) {
        const size_t offset = self->lexer.token.offset;

        if (skip(self, ".")) {
            node = parse_field(self, node, false);
        } else if (skip(self, ".?")) {
            node = parse_field(self, node, true);
        } else if (skip(self, "[")) {
            node = parse_index(self, node, false, offset);
        } else if (skip(self, "[?")) {
            node = parse_index(self, node, true, offset);
        } else if (at(self, "{") && is_type_name(node) && skip(self, "{")) {
            node = parse_struct(self, node, offset);
        } else {
            break;
        }
    }
    return self->source->has_failed ? NULL : node;
}

static struct cel_node *new_call(struct parser *self, const char *name, size_t offset,
                                 struct cel_node *a, struct cel_node *b)
{
    struct cel_node *node = cel_node_new(self->source, CEL_NODE_CALL, offset);
    struct cel_items list = {0};

    if (node == NULL || !cel_items_add(self->source, &list, a, false) ||
        (b != NULL && !cel_items_add(self->source, &list, b, false))) {
        return NULL;
    }
    node->name = mr_span_text(name);
    return cel_node_fill(self->source, node, &list);
}

static bool is_number(const struct cel_token *token)
{
    return token->kind == CEL_TOKEN_INT || token->kind == CEL_TOKEN_DOUBLE;
}

static struct cel_node *parse_unary(struct parser *self)
{
    const size_t offset = self->lexer.token.offset;
    const bool is_not = at(self, "!");
    struct cel_node *operand;

    if (!is_not && !at(self, "-")) {
        return parse_suffixes(self, parse_primary(self));
    }
    if (!cel_lex_next(&self->lexer)) {
        return NULL;
    }
    if (!is_not && is_number(&self->lexer.token)) {
        return parse_suffixes(self, parse_number(self, true, offset));
    }
    if (++self->depth > MR_CEL_HEIGHT_MAX) {
        return refuse(self, offset, "the expression is nested too deeply");
    }
    operand = parse_unary(self);
    self->depth--;
    return operand == NULL ? NULL : new_call(self, is_not ? "!_" : "-_", offset, operand, NULL);
}

static const struct {
    const char *mark;
    const char *name;
    int level;
} operators[] = {
    {"==", "_==_", 1}, {"!=", "_!=_", 1}, {"<", "_<_", 1},  {"<=", "_<=_", 1},
    {">", "_>_", 1},   {">=", "_>=_", 1}, {"in", "@in", 1}, {"+", "_+_", 2},
    {"-", "_-_", 2},   {"*", "_*_", 3},   {"/", "_/_", 3},  {"%", "_%_", 3},
};

/* The operator at the current token, if it binds at least as tightly as level. */
static size_t operator_at(const struct parser *self, int level)
{
    const struct cel_token *token = &self->lexer.token;

    for (size_t i = 0; i < MR_COUNT(operators); i++) {
        if (operators[i].level >= level && mr_span_is(token->text, operators[i].mark) &&
            (token->kind == CEL_TOKEN_MARK || token->kind == CEL_TOKEN_NAME)) {
            return i;
        }
    }
    return MR_COUNT(operators);
}

static struct cel_node *parse_binary(struct parser *self, int level)
{
    struct cel_node *left = parse_unary(self);
    size_t found = operator_at(self, level);

    while (left != NULL && found < MR_COUNT(operators)) {
        const size_t offset = self->lexer.token.offset;
        struct cel_node *right;

        if (!cel_lex_next(&self->lexer)) {
            return NULL;
        }
        right = parse_binary(self, operators[found].level + 1);
        left = right == NULL ? NULL : new_call(self, operators[found].name, offset, left, right);
        found = operator_at(self, level);
    }
    return self->source->has_failed ? NULL : left;
}

static struct cel_node *parse_and(struct parser *self)
{
    return parse_binary(self, 1);
}

/* A part of a chain; a chain in parentheses joins the one around it. */
static bool add_part(struct parser *self, struct cel_items *list, enum cel_node_kind kind,
                     struct cel_node *part)
{
    if (part == NULL || part->kind != kind) {
        return cel_items_add(self->source, list, part, false);
    }
    for (uint32_t i = 0; i < part->arg_count; i++) {
        if (!cel_items_add(self->source, list, part->args[i], false)) {
            return false;
        }
    }
    return true;
}

/* One node for a whole chain. */
static struct cel_node *parse_chain(struct parser *self, const char *mark, enum cel_node_kind kind,
                                    struct cel_node *(*parse_part)(struct parser *))
{
    const size_t offset = self->lexer.token.offset;
    struct cel_node *part = parse_part(self);
    struct cel_items list = {0};

    if (part == NULL || !at(self, mark)) {
        return part;
    }
    while (add_part(self, &list, kind, part)) {
        if (!at(self, mark)) {
            return cel_node_fill(self->source, cel_node_new(self->source, kind, offset), &list);
        }
        part = skip(self, mark) ? parse_part(self) : NULL;
    }
    return NULL;
}

static struct cel_node *parse_conjunction(struct parser *self)
{
    return parse_chain(self, "&&", CEL_NODE_AND, parse_and);
}

static struct cel_node *parse_or(struct parser *self)
{
    return parse_chain(self, "||", CEL_NODE_OR, parse_conjunction);
}

static struct cel_node *parse_choice(struct parser *self)
{
    struct cel_node *condition = parse_or(self);
    const size_t offset = self->lexer.token.offset;
    struct cel_items list = {0};

    if (condition == NULL || !skip(self, "?")) {
        return self->source->has_failed ? NULL : condition;
    }
    if (!cel_items_add(self->source, &list, condition, false) ||
        !cel_items_add(self->source, &list, parse_or(self), false) || !expect(self, ":") ||
        !cel_items_add(self->source, &list, parse_expr(self), false)) {
        return NULL;
    }
    return cel_node_fill(self->source, cel_node_new(self->source, CEL_NODE_IF, offset), &list);
}

static struct cel_node *parse_expr(struct parser *self)
{
    struct cel_node *node;

    if (self->source->has_failed) {
        return NULL;
    }
    if (++self->depth > MR_CEL_HEIGHT_MAX) {
        return refuse(self, self->lexer.token.offset, "the expression is nested too deeply");
    }
    node = parse_choice(self);
    self->depth--;
    return node;
}

static bool has_usable_size(struct cel_source *source)
{
    size_t count = 0;

    if (!mr_utf8_is_valid(source->text)) {
        cel_source_report(source, 0, "the expression is not valid UTF-8");
        return false;
    }
    for (size_t i = 0; i < source->text.size; i++) {
        count += (source->text.data[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    if (count > MR_CEL_SOURCE_SIZE_MAX) {
        cel_source_report(source, 0, "the expression is longer than %d characters",
                          MR_CEL_SOURCE_SIZE_MAX);
        return false;
    }
    return true;
}

struct cel_node *cel_parse(struct cel_source *source, enum cel_macros macros)
{
    struct parser self = {.lexer.source = source, .source = source, .macros = macros};
    struct cel_node *node;

    if (!has_usable_size(source) || !cel_lex_next(&self.lexer)) {
        return NULL;
    }
    node = parse_expr(&self);
    if (node == NULL) {
        MR_ASSERT(source->has_failed);
        return NULL;
    }
    if (self.lexer.token.kind != CEL_TOKEN_END) {
        cel_source_report(source, self.lexer.token.offset, "unexpected '%.*s'",
                          MR_SPAN_ARGS(self.lexer.token.text));
        return NULL;
    }
    return node;
}
