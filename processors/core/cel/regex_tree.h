/* regex_tree.h - a pattern as a tree: the part of RE2's syntax that a table can match.
 *
 * Literals, classes, groups, alternatives, repetitions, ^ and $. Whether a group
 * captures and a quantifier is lazy does not matter to "does it match?", so the
 * tree does not say. Flags, word boundaries and Unicode's classes are not here:
 * such patterns are left to PCRE2 (regex.h).
 */
#ifndef MR_CEL_REGEX_TREE_H
#define MR_CEL_REGEX_TREE_H

#include "processors/core/base/span.h"

enum cel_regex_kind {
    CEL_REGEX_EMPTY,
    CEL_REGEX_CLASS,  /* one code point out of ranges[first .. first + count) */
    CEL_REGEX_CONCAT, /* a, then b */
    CEL_REGEX_EITHER, /* a or b */
    CEL_REGEX_REPEAT, /* a, least to most times; most < 0: any number */
    CEL_REGEX_BEGIN,
    CEL_REGEX_END
};

struct cel_regex_node {
    uint8_t kind; /* enum cel_regex_kind */
    int16_t a, b; /* indices of nodes */
    int16_t least, most;
    uint16_t first, count;
};

struct cel_regex_range {
    uint32_t first, last; /* code points */
};

#define CEL_REGEX_NODES_MAX 320
#define CEL_REGEX_RANGES_MAX 320

struct cel_regex_tree {
    struct cel_regex_node nodes[CEL_REGEX_NODES_MAX];
    struct cel_regex_range ranges[CEL_REGEX_RANGES_MAX];
    int node_count, range_count;
    int root;
};

/* False: more than the tree can say or hold. The pattern has passed the screen. */
bool cel_regex_parse(struct cel_regex_tree *tree, struct mr_span pattern);

#endif
