/* Goal: what the printer writes, the parser reads back as the same tree: for any tree that can be,
 * and for every source of the public suite.
 * Method: trees are drawn node by node with a seed (MILLRACE_SEED, or a fixed one), printed, read
 * and compared. The suite's sources, where they are, are read, printed, read again and compared. */
#include "processors/core/cel/build.h"
#include "processors/core/cel/parse.h"
#include "processors/core/cel/print.h"
#include "tests/support/cel_tree.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TREES 50000
#define DEPTH_MAX 6
#define ROOM ((size_t)16 << 20)

struct draw {
    uint64_t state;
    struct cel_source source;
    struct mr_cel_diagnosis why;
};

static size_t below(struct draw *self, size_t count)
{
    self->state ^= self->state << 13;
    self->state ^= self->state >> 7;
    self->state ^= self->state << 17;
    return (size_t)(self->state >> 11) % count;
}

#define PICK(self, ...) \
    ((const char *const[]){__VA_ARGS__}[below(self, sizeof((const char *const[]){__VA_ARGS__}) / \
                                                        sizeof(const char *))])

static struct mr_span name(struct draw *self)
{
    return mr_span_text(PICK(self, "a", "b_1", "subject", "size", "cel", "optional", "e5", "u"));
}

static struct cel_node *draw_node(struct draw *self, int depth);

/* A node of kind over count drawn ones, behind first where there is one. */
static struct cel_node *over(struct draw *self, enum cel_node_kind kind, struct cel_node *first,
                             size_t count, int depth)
{
    struct cel_node *node = cel_node_new(&self->source, kind, 0);
    struct cel_items items = {0};

    if (first != NULL) {
        assert_true(cel_items_add(&self->source, &items, first, false));
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(cel_items_add(&self->source, &items, draw_node(self, depth - 1), false));
    }
    assert_non_null(cel_node_fill(&self->source, node, &items));
    return node;
}

static struct mr_value draw_value(struct draw *self)
{
    static const int64_t ints[] = {0, 1, -1, 42, INT64_MAX, INT64_MIN};
    const double doubles[] = {0.0, -0.0, 1.5, -2.25, 0.1, 1e300, 5e-324, 1e21, -(double)INFINITY};

    switch (below(self, 7)) {
    case 0:
        return (struct mr_value){0};
    case 1:
        return mr_value_bool(below(self, 2) == 0);
    case 2:
        return (struct mr_value){.kind = MR_KIND_UINT, .positive = UINT64_MAX >> below(self, 64)};
    case 3:
        return mr_value_double(doubles[below(self, MR_COUNT(doubles))]);
    case 4:
        return mr_value_string(mr_span_text(
            PICK(self, "", "a\"b'c`", "\\d\n\r\t\x01\x7f", "\xC3\xBC\xF0\x9F\x98\x80")));
    case 5:
        return mr_value_bytes(mr_span_text(PICK(self, "", "\xff\x80\x01\"", "plain\\")));
    default:
        return mr_value_int(ints[below(self, MR_COUNT(ints))]);
    }
}

static struct cel_node *draw_leaf(struct draw *self)
{
    const bool is_name = below(self, 3) == 0;
    struct cel_node *node =
        cel_node_new(&self->source, is_name ? CEL_NODE_NAME : CEL_NODE_LITERAL, 0);

    if (is_name) {
        node->name = name(self);
        node->is_absolute = below(self, 4) == 0;
    } else {
        node->value = draw_value(self);
    }
    return node;
}

static struct cel_node *draw_select(struct draw *self, int depth)
{
    struct cel_node *node = over(self, CEL_NODE_SELECT, NULL, 1, depth);

    node->is_quoted = below(self, 5) == 0;
    node->name = node->is_quoted ? mr_span_text(PICK(self, "a-b", "x.y z", "in")) : name(self);
    node->is_test = below(self, 4) == 0;
    node->is_optional = !node->is_test && below(self, 4) == 0;
    return node;
}

/* - or ! of anything but a number that the minus would belong to. */
static struct cel_node *draw_prefix(struct draw *self, int depth)
{
    struct cel_node *node = over(self, CEL_NODE_CALL, NULL, 1, depth);

    node->name = mr_span_text(PICK(self, "!_", "-_"));
    return node;
}

static struct cel_node *draw_call(struct draw *self, int depth)
{
    struct cel_node *node;

    switch (below(self, 4)) {
    case 0:
        return draw_prefix(self, depth);
    case 1:
        node = over(self, CEL_NODE_CALL, NULL, 2, depth);
        node->name = mr_span_text(PICK(self, "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in",
                                       "_+_", "_-_", "_*_", "_/_", "_%_", "_[_]", "_[?_]"));
        return node;
    case 2:
        node = over(self, CEL_NODE_CALL, NULL, 1 + below(self, 3), depth);
        node->is_member = true;
        node->name = name(self);
        return node;
    default:
        node = over(self, CEL_NODE_CALL, NULL, below(self, 3), depth);
        node->name = name(self);
        node->is_absolute = below(self, 4) == 0;
        return node;
    }
}

/* A chain's parts are no chains of the same kind: those would have joined it. */
static struct cel_node *draw_chain(struct draw *self, int depth)
{
    const enum cel_node_kind kind = below(self, 2) == 0 ? CEL_NODE_AND : CEL_NODE_OR;
    struct cel_node *node = over(self, kind, NULL, 2 + below(self, 3), depth);

    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (node->args[i]->kind == kind) {
            node->args[i] = draw_leaf(self);
        }
    }
    return node;
}

static struct cel_node *draw_collection(struct draw *self, int depth)
{
    const bool is_map = below(self, 2) == 0;
    const size_t count = below(self, 4) * (is_map ? 2 : 1);
    struct cel_node *node = over(self, is_map ? CEL_NODE_MAP : CEL_NODE_LIST, NULL, count, depth);

    node->optional = cel_source_take(&self->source, count + 1, sizeof(bool));
    for (size_t i = 0; i < count; i++) {
        const bool is_value = is_map && i % 2 == 1;

        node->optional[i] = is_value ? node->optional[i - 1] : below(self, 4) == 0;
    }
    return node;
}

static struct cel_node *draw_struct(struct draw *self, int depth)
{
    struct cel_node *head = cel_node_new(&self->source, CEL_NODE_NAME, 0);
    struct cel_node *node;

    head->name = name(self);
    node = over(self, CEL_NODE_STRUCT, head, 2 * below(self, 3), depth);
    for (uint32_t i = 1; i < node->arg_count; i += 2) {
        node->args[i] = cel_node_new(&self->source, CEL_NODE_NAME, 0);
        node->args[i]->is_quoted = below(self, 4) == 0;
        node->args[i]->name = node->args[i]->is_quoted ? mr_span_text("a b") : name(self);
    }
    return node;
}

static struct cel_node *draw_loop(struct draw *self, int depth)
{
    const enum cel_loop loop = (enum cel_loop)below(self, CEL_LOOP_TRANSFORM_MAP_ENTRY + 1);
    const bool is_transform = loop >= CEL_LOOP_TRANSFORM_MAP;
    const bool may_filter = is_transform || loop == CEL_LOOP_MAP;
    const bool has_one = loop == CEL_LOOP_FILTER || loop == CEL_LOOP_SORT_BY; /* variable */
    struct cel_node *node =
        over(self, CEL_NODE_LOOP, NULL, may_filter ? 2 + below(self, 2) : 2, depth);

    node->loop = (uint8_t)loop;
    node->name = mr_span_text("v");
    if (is_transform || (!has_one && below(self, 2) == 0)) {
        node->second = mr_span_text("w");
    }
    return node;
}

static struct cel_node *draw_macro(struct draw *self, int depth)
{
    const size_t which = below(self, 3);
    struct cel_node *node;

    if (which == 0) {
        return draw_loop(self, depth);
    }
    node = over(self, which == 1 ? CEL_NODE_BIND : CEL_NODE_OPT_MAP, NULL, 2, depth);
    node->name = mr_span_text("v");
    node->is_flat = which == 2 && below(self, 2) == 0;
    node->loop = node->is_flat ? CEL_LOOP_MAP : CEL_LOOP_ALL; /* as the table of macros has it */
    return node;
}

static struct cel_node *draw_node(struct draw *self, int depth)
{
    if (depth <= 0) {
        return draw_leaf(self);
    }
    switch (below(self, 8)) {
    case 0:
        return draw_select(self, depth);
    case 1:
    case 2:
        return draw_call(self, depth);
    case 3:
        return draw_chain(self, depth);
    case 4:
        return draw_collection(self, depth);
    case 5:
        return below(self, 3) == 0 ? draw_struct(self, depth)
                                   : over(self, CEL_NODE_IF, NULL, 3, depth);
    case 6:
        return draw_macro(self, depth);
    default:
        return draw_leaf(self);
    }
}

static struct cel_node *parse(struct draw *self, const char *text, enum cel_macros macros)
{
    struct cel_source source = {
        .text = mr_span_text(text), .arena = self->source.arena, .why = &self->why};

    return cel_parse(&source, macros);
}

/* Draws one; returns how long its text was. */
static size_t check_drawn(struct draw *draw)
{
    struct cel_node *tree, *again;
    const char *text;

    mr_arena_reset(draw->source.arena);
    tree = draw_node(draw, (int)below(draw, DEPTH_MAX + 1));
    text = cel_print(tree, draw->source.arena);
    assert_non_null(text);
    again = parse(draw, text, CEL_MACROS_ON);
    if (again == NULL) {
        fail_msg("%s\n%s", text, draw->why.text);
    } else if (!cel_tree_is_same(tree, again)) {
        fail_msg("%s\nis read as\n%s", text, cel_print(again, draw->source.arena));
    }
    return strlen(text);
}

static void drawn_trees_are_read_back(void **state)
{
    const char *seed = getenv("MILLRACE_SEED");
    struct draw draw = {.state = seed == NULL ? 20260611 : strtoull(seed, NULL, 10) * 2 + 1};
    size_t longest = 0;

    (void)state;
    draw.source = (struct cel_source){.arena = mr_arena_new(ROOM), .why = &draw.why};
    for (int i = 0; i < TREES; i++) {
        const size_t size = check_drawn(&draw);

        longest = size > longest ? size : longest;
    }
    print_message("  trees=%d longest=%zu\n", TREES, longest);
    assert_true(longest > 1000);
    mr_arena_free(draw.source.arena);
}

static void check_line(struct draw *draw, const char *line, size_t *count)
{
    json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
    const char *expr = json_string_value(json_object_get(row, "expr"));
    const enum cel_macros macros =
        json_is_true(json_object_get(row, "disable_macros")) ? CEL_MACROS_OFF : CEL_MACROS_ON;
    struct cel_node *tree;

    mr_arena_reset(draw->source.arena);
    tree = expr == NULL ? NULL : parse(draw, expr, macros);
    if (tree != NULL) {
        const char *text = cel_print(tree, draw->source.arena);
        struct cel_node *again = parse(draw, text, macros);

        if (again == NULL || !cel_tree_is_same(tree, again)) {
            fail_msg("%s\n%s", expr, text);
        }
        ++*count;
    }
    json_decref(row);
}

static void the_public_sources_are_read_back(void **state)
{
    const char *data = getenv("MILLRACE_DATA");
    struct draw draw = {0};
    char path[512], *line = NULL;
    size_t room = 0, count = 0;
    FILE *file;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/cel/cel-conformance.jsonl",
                   data == NULL ? "../shared/data" : data);
    file = fopen(path, "r");
    if (file == NULL) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    draw.source.arena = mr_arena_new(ROOM);
    while (getline(&line, &room, file) > 0) {
        check_line(&draw, line, &count);
    }
    print_message("  sources=%zu\n", count);
    assert_true(count > 2000);
    mr_arena_free(draw.source.arena);
    (void)fclose(file);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_trees_are_read_back),
        cmocka_unit_test(the_public_sources_are_read_back),
    };

    return cmocka_run_group_tests_name("cel_print", tests, NULL, NULL);
}
