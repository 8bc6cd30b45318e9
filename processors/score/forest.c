#include "processors/score/forest.h"

#include <math.h>

#define LANES MR_FOREST_LANES

struct node {
    float value;
    uint16_t slot;
    uint16_t skip;
};

struct root {
    uint32_t node;
    uint32_t depth;
};

struct mr_forest {
    size_t feature_count;
    size_t tree_count, tree_room;
    size_t node_count, node_room;
    struct root *roots; /* arena */
    struct node *nodes; /* arena */
};

enum mr_code mr_forest_new(const struct mr_forest_size *size, struct mr_arena *arena,
                           struct mr_forest **forest, struct mr_error *err)
{
    struct mr_forest *self = mr_arena_take(arena, 1, sizeof(*self));

    if (size->features > MR_FOREST_FEATURES_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%zu features are more than %d", size->features,
                       MR_FOREST_FEATURES_MAX);
    }
    if (size->nodes >= UINT32_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%zu nodes are too many", size->nodes);
    }
    if (self != NULL) {
        self->feature_count = size->features;
        self->tree_room = size->trees;
        self->node_room = size->nodes;
        self->roots = mr_arena_take(arena, size->trees + 1, sizeof(*self->roots));
        self->nodes = mr_arena_take(arena, size->nodes + 1, sizeof(*self->nodes));
    }
    if (self == NULL || self->roots == NULL || self->nodes == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu nodes", size->nodes);
    }
    *forest = self;
    return MR_OK;
}

/* Nodes in the order of their levels, so that siblings are neighbours. */
struct planting {
    const struct mr_tree *tree;
    uint32_t *order; /* place in the new layout -> node of the tree */
    bool *is_placed; /* by node of the tree */
    size_t count;
};

static bool place(struct planting *self, int32_t node)
{
    if (node < 0 || (size_t)node >= self->tree->count || self->is_placed[node]) {
        return false;
    }
    self->is_placed[node] = true;
    self->order[self->count++] = (uint32_t)node;
    return true;
}

static bool is_split_good(const struct mr_forest *self, const struct mr_tree *tree, uint32_t from)
{
    return tree->feature[from] >= 0 && (size_t)tree->feature[from] < self->feature_count;
}

/* The new node at `at`, its children placed behind all that are placed. NULL, or what is wrong. */
static const char *plant(const struct mr_forest *self, struct planting *planting, size_t at,
                         struct node *out)
{
    const struct mr_tree *tree = planting->tree;
    const uint32_t from = planting->order[at];
    const size_t left = planting->count;

    out->value = tree->value[from];
    out->slot = (uint16_t)(2 * self->feature_count);
    if (!isfinite(out->value)) {
        return "has a value that is not finite";
    }
    if (tree->left[from] < 0) {
        return NULL;
    }
    if (!is_split_good(self, tree, from)) {
        return "splits by a feature that there is not";
    }
    if (!place(planting, tree->left[from]) || !place(planting, tree->right[from])) {
        return "has a child that is out of range or has a parent already";
    }
    if (left - at > UINT16_MAX) {
        return "has its children too far away: the tree is too wide";
    }
    out->slot = (uint16_t)(2 * tree->feature[from] + (tree->default_left[from] != 0));
    out->skip = (uint16_t)(left - at);
    return NULL;
}

/* Steps from the root to the deepest leaf: levels follow one another. */
static uint32_t depth_of(const struct node *nodes, size_t count)
{
    uint32_t depth = 0;
    size_t level_end = 1, next_end = 1;

    for (size_t i = 0; i < count; i++) {
        if (i == level_end) {
            depth++;
            level_end = next_end;
        }
        if (nodes[i].skip > 0) {
            next_end = i + nodes[i].skip + 2;
        }
    }
    return depth;
}

static enum mr_code grow(struct mr_forest *self, struct planting *planting, struct mr_error *err)
{
    struct node *nodes = self->nodes + self->node_count;
    struct root *root = &self->roots[self->tree_count];

    for (size_t i = 0; i < planting->count; i++) {
        const char *fault = plant(self, planting, i, &nodes[i]);

        if (fault != NULL) {
            return MR_FAIL(err, MR_BAD_CONFIG, "node %u of tree %zu %s", planting->order[i],
                           self->tree_count, fault);
        }
    }
    *root = (struct root){(uint32_t)self->node_count, depth_of(nodes, planting->count)};
    if (root->depth > MR_FOREST_DEPTH_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "tree %zu is deeper than %d", self->tree_count,
                       MR_FOREST_DEPTH_MAX);
    }
    self->node_count += planting->count;
    self->tree_count++;
    return MR_OK;
}

enum mr_code mr_forest_add(struct mr_forest *self, const struct mr_tree *tree,
                           struct mr_arena *scratch, struct mr_error *err)
{
    const size_t mark = mr_arena_mark(scratch);
    struct planting planting = {
        .tree = tree,
        .order = mr_arena_take(scratch, tree->count + 1, sizeof(*planting.order)),
        .is_placed = mr_arena_take(scratch, tree->count + 1, sizeof(*planting.is_placed)),
    };
    enum mr_code code;

    MR_ASSERT(self->tree_count < self->tree_room);
    MR_ASSERT(tree->count <= self->node_room - self->node_count);
    if (planting.order == NULL || planting.is_placed == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a tree of %zu nodes", tree->count);
    }
    code = place(&planting, 0)
               ? grow(self, &planting, err)
               : MR_FAIL(err, MR_BAD_CONFIG, "tree %zu has no nodes", self->tree_count);
    mr_arena_release(scratch, mark);
    return code;
}

static size_t slot_count(const struct mr_forest *self)
{
    return 2 * self->feature_count + 1;
}

size_t mr_forest_scratch(const struct mr_forest *self)
{
    return LANES * slot_count(self);
}

/* A row into its slots, of which a neighbour is stride floats away. */
static void spread(const struct mr_forest *self, const float *row, float *slots, size_t stride)
{
    for (size_t i = 0; i < self->feature_count; i++) {
        slots[2 * i * stride] = row[i];
        slots[(2 * i + 1) * stride] = isnan(row[i]) ? -INFINITY : row[i];
    }
    slots[2 * self->feature_count * stride] = -INFINITY;
}

static inline uint32_t step(const struct node *nodes, uint32_t at, const float *slots,
                            size_t stride)
{
    const struct node node = nodes[at];

    return at + node.skip + !(slots[node.slot * stride] < node.value);
}

/* Eight walks side by side, by hand, since no compiler unrolls this at -O2. Walk i reads the slots
 * from slots + i * lane on. */
static inline void walk(const struct node *nodes, uint32_t at[LANES], const float *slots,
                        size_t stride, size_t lane, uint32_t depth)
{
    uint32_t a = at[0], b = at[1], c = at[2], d = at[3], e = at[4], f = at[5], g = at[6], h = at[7];

    for (; depth > 0; depth--) {
        a = step(nodes, a, slots, stride);
        b = step(nodes, b, slots + lane, stride);
        c = step(nodes, c, slots + 2 * lane, stride);
        d = step(nodes, d, slots + 3 * lane, stride);
        e = step(nodes, e, slots + 4 * lane, stride);
        f = step(nodes, f, slots + 5 * lane, stride);
        g = step(nodes, g, slots + 6 * lane, stride);
        h = step(nodes, h, slots + 7 * lane, stride);
    }
    at[0] = a, at[1] = b, at[2] = c, at[3] = d, at[4] = e, at[5] = f, at[6] = g, at[7] = h;
}

/* Eight trees at a time; the last group may be short, its free lanes walk its first tree again. */
static float sum_row(const struct mr_forest *self, float sum, const float *slots)
{
    for (size_t first = 0; first < self->tree_count; first += LANES) {
        const size_t rest = self->tree_count - first;
        const size_t count = rest < LANES ? rest : LANES;
        uint32_t at[LANES], depth = 0;

        for (size_t i = 0; i < LANES; i++) {
            const struct root *root = &self->roots[first + (i < count ? i : 0)];

            at[i] = root->node;
            depth = root->depth > depth ? root->depth : depth;
        }
        walk(self->nodes, at, slots, 1, 0, depth);
        for (size_t i = 0; i < count; i++) {
            sum += self->nodes[at[i]].value;
        }
    }
    return sum;
}

static void sum_lanes(const struct mr_forest *self, const float *slots, float sums[LANES])
{
    for (size_t tree = 0; tree < self->tree_count; tree++) {
        const struct root root = self->roots[tree];
        uint32_t at[LANES];

        for (size_t i = 0; i < LANES; i++) {
            at[i] = root.node;
        }
        walk(self->nodes, at, slots, LANES, 1, root.depth);
        for (size_t i = 0; i < LANES; i++) {
            sums[i] += self->nodes[at[i]].value;
        }
    }
}

void mr_forest_sum(const struct mr_forest *self, float base, const float *rows, size_t count,
                   float *scratch, float *sums)
{
    size_t row = 0;

    for (size_t i = 0; i < count; i++) {
        sums[i] = base;
    }
    for (; count - row >= LANES; row += LANES) {
        for (size_t i = 0; i < LANES; i++) {
            spread(self, rows + (row + i) * self->feature_count, scratch + i, LANES);
        }
        sum_lanes(self, scratch, sums + row);
    }
    for (; row < count; row++) {
        spread(self, rows + row * self->feature_count, scratch, 1);
        sums[row] = sum_row(self, sums[row], scratch);
    }
}
