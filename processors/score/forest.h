/* forest.h - decision trees laid out flat, and the walk through them.
 *
 * A node is 8 bytes:
 *
 *     value  float    a row goes left iff its slot < value; of a leaf: what it adds
 *     slot   uint16   which of the row's slots is compared
 *     skip   uint16   distance to the left child; the right one is behind it; of a leaf: 0
 *
 * so a step has no branch:  at += skip + !(slots[slot] < value).
 *
 * Missing values cost nothing either: a row of F features is spread over 2F + 1 slots. Slot 2f
 * holds feature f as it is, and a NaN there compares false: right. Slot 2f + 1 holds
 * -infinity in place of NaN: left. A node that sends missing values to the left compares the
 * second. The last slot is always -infinity, and leaves compare with it, so a row that has
 * arrived stays where it is and all trees of a group may be walked to the depth of the deepest.
 * This needs every value of a node to be finite.
 *
 * Walks are latency (a load depends on the load before it), so eight go side by side: eight trees
 * of one row, or eight rows in one tree. Leaves are added in float32, in the order of the trees,
 * which makes both the same bits, and those of libxgboost.
 *
 * Internal to processors/score. A forest lies in the arena that it was made in and does not change
 * once it is full; any number of threads may walk it, each with its own scratch.
 */
#ifndef MR_SCORE_FOREST_H
#define MR_SCORE_FOREST_H

#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"

#define MR_FOREST_FEATURES_MAX 32767
#define MR_FOREST_DEPTH_MAX 512
#define MR_FOREST_LANES 8

struct mr_forest;

/* One tree as files have it: arrays over its nodes, the root first. left[i] < 0: a leaf. */
struct mr_tree {
    size_t count;
    const int32_t *left, *right, *feature;
    const float *value; /* threshold of a split, value of a leaf */
    const int32_t *default_left;
};

struct mr_forest_size {
    size_t features, trees;
    size_t nodes; /* of all trees together, at most */
};

enum mr_code mr_forest_new(const struct mr_forest_size *size, struct mr_arena *arena,
                           struct mr_forest **forest, struct mr_error *err);
/* Checks everything that a walk relies on: each node is reached at most once, each index is in
 * range, each value finite. scratch is left as it was. MR_BAD_CONFIG, err says which node. */
enum mr_code mr_forest_add(struct mr_forest *forest, const struct mr_tree *tree,
                           struct mr_arena *scratch, struct mr_error *err);

/* Floats of scratch that mr_forest_sum needs, whatever the count. */
size_t mr_forest_scratch(const struct mr_forest *forest);
/* sums[i] = base + the leaves of rows[i * features ..]; NaN: missing. */
void mr_forest_sum(const struct mr_forest *forest, float base, const float *rows, size_t count,
                   float *scratch, float *sums);

#endif
