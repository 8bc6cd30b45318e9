/* cel_tree.h - whether two parsed expressions are the same tree: what printing and reading again
 * must keep. */
#ifndef MR_TESTS_CEL_TREE_H
#define MR_TESTS_CEL_TREE_H

#include "processors/core/cel/tree.h"

#include <string.h>

static inline bool cel_tree_has_same_literal(const struct cel_node *a, const struct cel_node *b)
{
    if (a->value.kind != b->value.kind) {
        return false;
    }
    if (a->value.kind == MR_KIND_STRING || a->value.kind == MR_KIND_BYTES) {
        return mr_span_equal(mr_value_span(&a->value), mr_value_span(&b->value));
    }
    return a->value.number == b->value.number; /* of a double: its bits */
}

static inline bool cel_tree_has_same_head(const struct cel_node *a, const struct cel_node *b)
{
    return a->kind == b->kind && a->loop == b->loop && a->is_absolute == b->is_absolute &&
           (a->kind != CEL_NODE_CALL || a->is_member == b->is_member) && a->is_test == b->is_test &&
           a->is_optional == b->is_optional && a->is_flat == b->is_flat &&
           a->is_quoted == b->is_quoted && mr_span_equal(a->name, b->name) &&
           mr_span_equal(a->second, b->second) && a->arg_count == b->arg_count &&
           (a->kind != CEL_NODE_LITERAL || cel_tree_has_same_literal(a, b));
}

/* NOLINTNEXTLINE(misc-no-recursion): a tree's height is bounded */
static inline bool cel_tree_is_same(const struct cel_node *a, const struct cel_node *b)
{
    if (!cel_tree_has_same_head(a, b)) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        const bool is_optional_a = a->optional != NULL && a->optional[i];
        const bool is_optional_b = b->optional != NULL && b->optional[i];

        if (is_optional_a != is_optional_b || !cel_tree_is_same(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

#endif
