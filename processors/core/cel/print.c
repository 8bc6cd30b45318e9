#include "processors/core/cel/print.h"

#include "processors/core/base/error.h"
#include "processors/core/cel/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Written into the arena as one growing run of bytes: nothing else takes from it meanwhile. */
struct printer {
    struct mr_arena *arena;
    bool has_failed;
};

enum level { CHOICE, OR, AND, RELATION, SUM, PRODUCT, UNARY, MEMBER };

static void put_bytes(struct printer *out, const void *bytes, size_t size)
{
    uint8_t *room = mr_arena_bytes(out->arena, size);

    if (room == NULL) {
        out->has_failed = true;
    } else if (size > 0) {
        memcpy(room, bytes, size);
    }
}

static void put(struct printer *out, const char *text)
{
    put_bytes(out, text, strlen(text));
}

static void put_span(struct printer *out, struct mr_span text)
{
    put_bytes(out, text.data, text.size);
}

static const struct {
    const char *name, *mark;
    enum level level;
} operators[] = {
    {"_==_", " == ", RELATION}, {"_!=_", " != ", RELATION}, {"_<_", " < ", RELATION},
    {"_<=_", " <= ", RELATION}, {"_>_", " > ", RELATION},   {"_>=_", " >= ", RELATION},
    {"@in", " in ", RELATION},  {"_+_", " + ", SUM},        {"_-_", " - ", SUM},
    {"_*_", " * ", PRODUCT},    {"_/_", " / ", PRODUCT},    {"_%_", " % ", PRODUCT},
};

static size_t find_operator(const struct cel_node *node)
{
    size_t i = 0;

    while (i < MR_COUNT(operators) && !mr_span_is(node->name, operators[i].name)) {
        i++;
    }
    return i;
}

static bool is_prefix(const struct cel_node *node)
{
    return mr_span_is(node->name, "!_") || mr_span_is(node->name, "-_");
}

static bool is_index(const struct cel_node *node)
{
    return mr_span_is(node->name, "_[_]") || mr_span_is(node->name, "_[?_]");
}

static enum level level_of(const struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_IF:
        return CHOICE;
    case CEL_NODE_OR:
        return OR;
    case CEL_NODE_AND:
        return AND;
    case CEL_NODE_CALL:
        if (find_operator(node) < MR_COUNT(operators)) {
            return operators[find_operator(node)].level;
        }
        return is_prefix(node) ? UNARY : MEMBER;
    default:
        return MEMBER;
    }
}

static void put_node(struct printer *out, const struct cel_node *node);

static void put_at(struct printer *out, const struct cel_node *node, enum level least)
{
    const bool is_wrapped = level_of(node) < least;

    put(out, is_wrapped ? "(" : "");
    put_node(out, node);
    put(out, is_wrapped ? ")" : "");
}

/* One byte of a literal as it is written; escape has room for it. */
static void write_escape(uint8_t c, bool is_bytes, char escape[8])
{
    static const char plain[] = "\n\r\t\"\\";
    static const char letters[] = "nrt\"\\";
    const char *known = c == '\0' ? NULL : strchr(plain, c);

    if (known != NULL) {
        (void)snprintf(escape, 8, "\\%c", letters[known - plain]);
    } else if (c < 0x20 || c == 0x7F || (is_bytes && c >= 0x80)) {
        (void)snprintf(escape, 8, "\\x%02x", c);
    } else {
        escape[0] = (char)c;
    }
}

static void put_quoted(struct printer *out, struct mr_span text, bool is_bytes)
{
    put(out, is_bytes ? "b\"" : "\"");
    for (size_t i = 0; i < text.size; i++) {
        char escape[8] = {0};

        write_escape(text.data[i], is_bytes, escape);
        put(out, escape);
    }
    put(out, "\"");
}

static void put_double(struct printer *out, double number)
{
    char text[CEL_NUMBER_TEXT_MAX];
    size_t size;

    if (isinf(number)) { /* only a literal too large to be finite */
        put(out, number < 0 ? "-1e999" : "1e999");
        return;
    }
    size = cel_double_write(number, text);
    put_bytes(out, text, size);
    if (memchr(text, '.', size) == NULL && memchr(text, 'e', size) == NULL) {
        put(out, ".0");
    }
}

static void put_literal(struct printer *out, const struct mr_value *value)
{
    char text[32] = "";

    switch (value->kind) {
    case MR_KIND_NULL:
        put(out, "null");
        break;
    case MR_KIND_BOOL:
        put(out, value->number != 0 ? "true" : "false");
        break;
    case MR_KIND_DOUBLE:
        put_double(out, value->real);
        break;
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
        put_quoted(out, mr_value_span(value), value->kind == MR_KIND_BYTES);
        break;
    default:
        (void)snprintf(text, sizeof(text), value->kind == MR_KIND_UINT ? "%lluu" : "%lld",
                       (unsigned long long)value->positive);
        put(out, text);
        break;
    }
}

static void put_args(struct printer *out, const struct cel_node *node, uint32_t first)
{
    for (uint32_t i = first; i < node->arg_count; i++) {
        put(out, i > first ? ", " : "");
        put(out, node->optional != NULL && node->optional[i] ? "?" : "");
        put_node(out, node->args[i]);
    }
}

static void put_select(struct printer *out, const struct cel_node *node)
{
    put(out, node->is_test ? "has(" : "");
    put_at(out, node->args[0], MEMBER);
    put(out, node->is_optional ? ".?" : ".");
    put(out, node->is_quoted ? "`" : "");
    put_span(out, node->name);
    put(out, node->is_quoted ? "`" : "");
    put(out, node->is_test ? ")" : "");
}

/* Whether the text of an operand begins with the digits of a number: -(1).f() is not -1.f(). */
static bool starts_with_number(const struct cel_node *node)
{
    while (node->kind == CEL_NODE_LOOP || node->kind == CEL_NODE_OPT_MAP ||
           (node->kind == CEL_NODE_SELECT && !node->is_test) ||
           (node->kind == CEL_NODE_CALL && (node->is_member || is_index(node)))) {
        node = node->args[0];
    }
    return node->kind == CEL_NODE_LITERAL &&
           (node->value.kind == MR_KIND_INT || node->value.kind == MR_KIND_DOUBLE);
}

static void put_prefix(struct printer *out, const struct cel_node *node)
{
    const bool is_wrapped = starts_with_number(node->args[0]);

    put(out, mr_span_is(node->name, "!_") ? "!" : "-");
    put(out, is_wrapped ? "(" : "");
    put_at(out, node->args[0], UNARY);
    put(out, is_wrapped ? ")" : "");
}

static void put_named(struct printer *out, const struct cel_node *node)
{
    if (node->is_member) {
        put_at(out, node->args[0], MEMBER);
        put(out, ".");
    }
    put(out, node->is_absolute ? "." : "");
    put_span(out, node->name);
    put(out, "(");
    put_args(out, node, node->is_member ? 1 : 0);
    put(out, ")");
}

static void put_call(struct printer *out, const struct cel_node *node)
{
    const size_t found = find_operator(node);

    if (found < MR_COUNT(operators)) {
        put_at(out, node->args[0], operators[found].level);
        put(out, operators[found].mark);
        put_at(out, node->args[1], (enum level)(operators[found].level + 1));
    } else if (is_prefix(node)) {
        put_prefix(out, node);
    } else if (is_index(node)) {
        put_at(out, node->args[0], MEMBER);
        put(out, mr_span_is(node->name, "_[_]") ? "[" : "[?");
        put_node(out, node->args[1]);
        put(out, "]");
    } else {
        put_named(out, node);
    }
}

static void put_chain(struct printer *out, const struct cel_node *node)
{
    const bool is_or = node->kind == CEL_NODE_OR;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        put(out, i == 0 ? "" : is_or ? " || " : " && ");
        put_at(out, node->args[i], is_or ? AND : RELATION);
    }
}

/* Entries from an argument on, so that a struct's come behind its name. */
static void put_map(struct printer *out, const struct cel_node *node, uint32_t first)
{
    put(out, "{");
    for (uint32_t i = first; i < node->arg_count; i += 2) {
        put(out, i > first ? ", " : "");
        put(out, node->optional != NULL && node->optional[i] ? "?" : "");
        put_node(out, node->args[i]);
        put(out, ": ");
        put_node(out, node->args[i + 1]);
    }
    put(out, "}");
}

static void put_macro(struct printer *out, const struct cel_node *node)
{
    static const char *const loops[] = {
        [CEL_LOOP_ALL] = "all",
        [CEL_LOOP_EXISTS] = "exists",
        [CEL_LOOP_EXISTS_ONE] = "exists_one",
        [CEL_LOOP_MAP] = "map",
        [CEL_LOOP_FILTER] = "filter",
        [CEL_LOOP_SORT_BY] = "sortBy",
        [CEL_LOOP_TRANSFORM_MAP] = "transformMap",
        [CEL_LOOP_TRANSFORM_MAP_ENTRY] = "transformMapEntry",
    };
    const bool is_bind = node->kind == CEL_NODE_BIND;

    if (is_bind) {
        put(out, "cel.bind(");
    } else {
        put_at(out, node->args[0], MEMBER);
        put(out, ".");
        put(out, node->kind == CEL_NODE_OPT_MAP ? (node->is_flat ? "optFlatMap" : "optMap")
                 : node->loop == CEL_LOOP_MAP && node->second.size > 0 ? "transformList"
                                                                       : loops[node->loop]);
        put(out, "(");
    }
    put_span(out, node->name);
    if (node->second.size > 0) {
        put(out, ", ");
        put_span(out, node->second);
    }
    put(out, ", ");
    put_args(out, node, is_bind ? 0 : 1);
    put(out, ")");
}

static void put_node(struct printer *out, const struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_LITERAL:
        put_literal(out, &node->value);
        break;
    case CEL_NODE_NAME:
        put(out, node->is_absolute ? "." : node->is_quoted ? "`" : "");
        put_span(out, node->name);
        put(out, node->is_quoted ? "`" : "");
        break;
    case CEL_NODE_SELECT:
        put_select(out, node);
        break;
    case CEL_NODE_CALL:
        put_call(out, node);
        break;
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        put_chain(out, node);
        break;
    case CEL_NODE_IF:
        put_at(out, node->args[0], OR);
        put(out, " ? ");
        put_at(out, node->args[1], OR);
        put(out, " : ");
        put_node(out, node->args[2]);
        break;
    case CEL_NODE_LIST:
        put(out, "[");
        put_args(out, node, 0);
        put(out, "]");
        break;
    case CEL_NODE_MAP:
        put_map(out, node, 0);
        break;
    case CEL_NODE_STRUCT:
        put_node(out, node->args[0]);
        put_map(out, node, 1);
        break;
    default:
        put_macro(out, node);
        break;
    }
}

const char *cel_print(const struct cel_node *node, struct mr_arena *arena)
{
    struct printer out = {arena, false};
    const char *start = (const char *)mr_arena_bytes(arena, 0);

    put_node(&out, node);
    put_bytes(&out, "", 1);
    return out.has_failed ? NULL : start;
}
