#include "processors/score/trees.h"

/* One tree's arrays, as they stand in the file. */
struct columns {
    struct mr_document left, right, feature, value, default_left, split_type, param;
    struct mr_document leaf_size;
};

static enum mr_code find_columns(const struct mr_document *tree, struct columns *columns,
                                 struct mr_error *err)
{
    const struct mr_document_pick of_tree[] = {
        {"left_children", &columns->left},        {"right_children", &columns->right},
        {"split_indices", &columns->feature},     {"split_conditions", &columns->value},
        {"default_left", &columns->default_left}, {"split_type", &columns->split_type},
        {"tree_param", &columns->param},
    };
    const struct mr_document_pick of_param[] = {{"size_leaf_vector", &columns->leaf_size}};
    int64_t leaf_size = 0;

    columns->leaf_size = (struct mr_document){.kind = MR_DOCUMENT_NONE};
    if (!mr_document_members(tree, of_tree, MR_COUNT(of_tree))) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is damaged in a tree");
    }
    if (columns->param.kind != MR_DOCUMENT_NONE &&
        !mr_document_members(&columns->param, of_param, MR_COUNT(of_param))) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is damaged in a tree_param");
    }
    if (columns->leaf_size.kind != MR_DOCUMENT_NONE &&
        (!mr_document_whole(&columns->leaf_size, &leaf_size) || leaf_size > 1)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "trees with vectors as leaves are not supported");
    }
    return MR_OK;
}

/* The array as count whole numbers of 32 bits. NULL: it is not, or no room. */
static const int32_t *read_wholes(const struct mr_document *array, size_t count,
                                  struct mr_arena *scratch)
{
    struct mr_document_walk walk = mr_document_enter(array);
    int32_t *out = mr_arena_take(scratch, count + 1, sizeof(*out));
    struct mr_document item;
    struct mr_span name;
    size_t at = 0;

    while (out != NULL && mr_document_next(&walk, &name, &item)) {
        int64_t whole;

        if (at == count || !mr_document_whole(&item, &whole) || whole < INT32_MIN ||
            whole > INT32_MAX) {
            return NULL;
        }
        out[at++] = (int32_t)whole;
    }
    return walk.is_broken || at != count ? NULL : out;
}

static const float *read_reals(const struct mr_document *array, size_t count,
                               struct mr_arena *scratch)
{
    struct mr_document_walk walk = mr_document_enter(array);
    float *out = mr_arena_take(scratch, count + 1, sizeof(*out));
    struct mr_document item;
    struct mr_span name;
    size_t at = 0;

    while (out != NULL && mr_document_next(&walk, &name, &item)) {
        if (at == count || !mr_document_real(&item, &out[at])) {
            return NULL;
        }
        at++;
    }
    return walk.is_broken || at != count ? NULL : out;
}

static enum mr_code check_types(const struct mr_document *types, struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(types);
    struct mr_document item;
    struct mr_span name;

    if (types->kind == MR_DOCUMENT_NONE) { /* before 1.5 there was nothing to say */
        return MR_OK;
    }
    while (mr_document_next(&walk, &name, &item)) {
        int64_t type = -1;

        if (!mr_document_whole(&item, &type) || type != 0) {
            return MR_FAIL(err, MR_BAD_CONFIG, "categorical splits are not supported");
        }
    }
    return walk.is_broken ? MR_FAIL(err, MR_BAD_CONFIG, "is damaged in a split_type") : MR_OK;
}

static enum mr_code read_tree(const struct mr_document *item, struct mr_forest *forest,
                              struct mr_arena *scratch, struct mr_error *err)
{
    struct mr_tree tree = {0};
    struct columns columns;
    bool is_broken = false;
    enum mr_code code = find_columns(item, &columns, err);

    code = code != MR_OK ? code : check_types(&columns.split_type, err);
    if (code != MR_OK) {
        return code;
    }
    tree.count = mr_document_count(&columns.left, &is_broken);
    tree.left = read_wholes(&columns.left, tree.count, scratch);
    tree.right = read_wholes(&columns.right, tree.count, scratch);
    tree.feature = read_wholes(&columns.feature, tree.count, scratch);
    tree.default_left = read_wholes(&columns.default_left, tree.count, scratch);
    tree.value = read_reals(&columns.value, tree.count, scratch);
    if (is_broken || tree.left == NULL || tree.right == NULL || tree.feature == NULL ||
        tree.default_left == NULL || tree.value == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "a tree's arrays differ in size, hold what is no number, or are too large");
    }
    return mr_forest_add(forest, &tree, scratch, err);
}

static enum mr_code measure(const struct mr_document *trees, struct mr_forest_size *size,
                            struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(trees);
    struct mr_document item;
    struct mr_span name;

    while (mr_document_next(&walk, &name, &item)) {
        struct mr_document left;
        const struct mr_document_pick picks[] = {{"left_children", &left}};
        bool is_broken = false;

        if (!mr_document_members(&item, picks, MR_COUNT(picks))) {
            return MR_FAIL(err, MR_BAD_CONFIG, "is damaged in tree %zu", size->trees);
        }
        size->nodes += mr_document_count(&left, &is_broken);
        if (is_broken) {
            return MR_FAIL(err, MR_BAD_CONFIG, "is damaged in tree %zu", size->trees);
        }
        size->trees++;
    }
    return walk.is_broken || walk.is_object ? MR_FAIL(err, MR_BAD_CONFIG, "is damaged in its trees")
                                            : MR_OK;
}

enum mr_code mr_trees_read(const struct mr_document *trees, struct mr_arena *arena,
                           struct mr_arena *scratch, struct mr_model *model, struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(trees);
    struct mr_document item;
    struct mr_span name;
    struct mr_forest_size size = {.features = model->feature_count};
    enum mr_code code = measure(trees, &size, err);

    if (code == MR_OK) {
        code = mr_forest_new(&size, arena, &model->forest, err);
    }
    while (code == MR_OK && mr_document_next(&walk, &name, &item)) {
        const size_t mark = mr_arena_mark(scratch);

        code = read_tree(&item, model->forest, scratch, err);
        mr_arena_release(scratch, mark);
    }
    return code;
}
