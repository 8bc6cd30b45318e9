#include "processors/core/codec/plan_internal.h"

#include <string.h>

/* A record that nobody asks for is skipped field by field, in the list, as long as the list stays
 * short; else by a walk over its node. */
#define FLAT_OPS_MAX 512
#define FLAT_DEPTH_MAX 8

struct compile {
    struct mr_plan *plan;
    const struct mr_layout *layout;
    struct mr_error *err;
    struct mr_op *ops; /* pool */
    size_t count, room;
    size_t used;  /* up to the last op that fills a slot */
    size_t fence; /* what is skipped before may not be joined with what is skipped after */
};

static enum mr_code no_room(const struct compile *self)
{
    return MR_FAIL(self->err, MR_NO_ROOM, "no memory for a plan");
}

static enum mr_code emit(struct compile *self, struct mr_op op)
{
    if (self->count == self->room) {
        const size_t room = self->room == 0 ? 32 : self->room * 2;
        struct mr_op *ops = mr_pool_take(&self->plan->pool, room, sizeof(*ops));

        if (ops == NULL) {
            return no_room(self);
        }
        if (self->ops != NULL) {
            memcpy(ops, self->ops, self->count * sizeof(*ops));
        }
        self->ops = ops;
        self->room = room;
    }
    MR_ASSERT(self->ops != NULL);
    self->ops[self->count++] = op;
    return MR_OK;
}

static enum mr_code emit_used(struct compile *self, struct mr_op op)
{
    const enum mr_code code = emit(self, op);

    self->used = self->fence = self->count;
    return code;
}

/* Does the row's path go through prefix? */
static bool is_under(const struct layout_row *row, const struct mr_layout_path *prefix)
{
    return row->path.depth >= prefix->depth &&
           memcmp(row->path.fields, prefix->fields, prefix->depth * sizeof(*prefix->fields)) == 0;
}

/* What the layout wants of a place: its own slot, slots of fields inside. */
struct wanted {
    const struct layout_row *whole;
    size_t inside;
};

static struct wanted find_wanted(const struct compile *self, const struct mr_layout_path *prefix)
{
    struct wanted wanted = {NULL, 0};

    for (size_t i = 0; i < self->layout->count; i++) {
        const struct layout_row *row = &self->layout->rows[i];

        if (!is_under(row, prefix)) {
            continue;
        }
        if (row->path.depth == prefix->depth) {
            wanted.whole = row;
        } else {
            wanted.inside++;
        }
    }
    return wanted;
}

/* The one op that skips a node; false: it takes more. */
static bool is_one_skip(const struct mr_node *node)
{
    return node->op.code < MR_OP_RECORD;
}

/* The node that reads a branch, when the union is of null and that branch and both are readable so.
 */
static const struct mr_node *nullable_item(const struct mr_node *node)
{
    const struct mr_node *item;

    if (node->op.code != MR_OP_UNION || node->writer->null_branch < 0 || node->count != 2) {
        return NULL;
    }
    item = node->items[1 - node->writer->null_branch];
    if (node->reader != NULL && node->items[node->writer->null_branch]->op.code != MR_OP_NULL) {
        return NULL;
    }
    return item->op.code == MR_OP_UNREADABLE ? NULL : item;
}

/* Two skips of known size become one, unless a jump lands between them: jumps land only behind an
 * op that fills a slot (see compile_nullable), and skips of optional values are fences too. */
static enum mr_code emit_one_skip(struct compile *self, struct mr_op op)
{
    struct mr_op *last = self->count > self->fence ? &self->ops[self->count - 1] : NULL;

    if (op.code != MR_OP_SKIP_FIXED) {
        return emit(self, op);
    }
    if (op.size > 0 && last != NULL && last->code == MR_OP_SKIP_FIXED) {
        last->size += op.size;
        return MR_OK;
    }
    return op.size == 0 ? MR_OK : emit(self, op);
}

static enum mr_code emit_skip_optional(struct compile *self, const struct mr_node *node,
                                       const struct mr_node *item)
{
    enum mr_code code =
        emit(self, (struct mr_op){.code = MR_OP_SKIP_OPTIONAL,
                                  .null_branch = (uint8_t)node->writer->null_branch});

    code = code != MR_OK ? code : emit(self, item->op);
    self->fence = self->count;
    return code;
}

static enum mr_code emit_skip(struct compile *self, const struct mr_node *node, unsigned depth)
{
    const struct mr_node *item = nullable_item(node);
    enum mr_code code = MR_OK;

    if (is_one_skip(node)) {
        return emit_one_skip(self, node->op);
    }
    if (item != NULL) {
        return emit_skip_optional(self, node, item);
    }
    if (node->op.code != MR_OP_RECORD || depth == FLAT_DEPTH_MAX || self->count > FLAT_OPS_MAX) {
        return emit(self, node->op);
    }
    for (size_t i = 0; i < node->count && code == MR_OK; i++) {
        code = emit_skip(self, node->items[i], depth + 1);
    }
    return code;
}

static enum mr_code emit_read(struct compile *self, const struct mr_node *node, uint32_t slot)
{
    const struct mr_node *item = nullable_item(node);
    struct mr_op op = node->op;
    enum mr_code code = MR_OK;

    if (item != NULL) {
        code = emit_used(self, (struct mr_op){.code = MR_OP_OPTIONAL,
                                              .null_branch = (uint8_t)node->writer->null_branch,
                                              .slot = slot});
        op = item->op;
    }
    op.slot = slot;
    return code != MR_OK ? code : emit_used(self, op);
}

/* Copies of the rows inside prefix: the layout may grow, or go, while the plan lives. */
static const struct layout_row *const *copy_rows(struct compile *self,
                                                 const struct mr_layout_path *prefix, size_t count)
{
    const struct layout_row **rows = mr_pool_take(&self->plan->pool, count, sizeof(*rows));
    struct layout_row *copies = mr_pool_take(&self->plan->pool, count, sizeof(*copies));
    size_t filled = 0;

    if (rows == NULL || copies == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < self->layout->count && filled < count; i++) {
        if (is_under(&self->layout->rows[i], prefix) &&
            self->layout->rows[i].path.depth > prefix->depth) {
            copies[filled] = self->layout->rows[i];
            rows[filled] = &copies[filled];
            filled++;
        }
    }
    MR_ASSERT(filled == count);
    return rows;
}

static enum mr_code emit_extract(struct compile *self, const struct mr_node *node,
                                 const struct mr_layout_path *prefix, size_t count)
{
    struct mr_extract *extract = mr_pool_take(&self->plan->pool, 1, sizeof(*extract));
    const struct layout_row *const *rows = copy_rows(self, prefix, count);

    if (extract == NULL || rows == NULL) {
        return no_room(self);
    }
    *extract = (struct mr_extract){node, rows, count, prefix->depth};
    return emit_used(self, (struct mr_op){.code = MR_OP_EXTRACT, .extract = extract});
}

/* The slots of a place that no bytes fill: from a default, or null. */
static enum mr_code emit_constants(struct compile *self, const struct mr_layout_path *prefix,
                                   const struct mr_value *value)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < self->layout->count && code == MR_OK; i++) {
        const struct layout_row *row = &self->layout->rows[i];
        struct mr_value *part;

        if (!is_under(row, prefix)) {
            continue;
        }
        part = mr_pool_take(&self->plan->pool, 1, sizeof(*part));
        if (part == NULL) {
            return no_room(self);
        }
        *part = mr_extract_part(value, &row->path, prefix->depth);
        code = emit_used(
            self, (struct mr_op){.code = MR_OP_CONSTANT, .slot = row->slot, .constant = part});
    }
    return code;
}

/* A place is walked in two trees at once: node reads it, skip (of the same writer's type) leaves
 * out what is not wanted. */
static enum mr_code compile_record(struct compile *self, const struct mr_node *node,
                                   const struct mr_node *skip, const struct mr_layout_path *prefix);

/*     BRANCH otherwise          null: go there
 *     ...the record's ops...
 *     JUMP end
 *   otherwise: slot = null ...
 *   end: */
static enum mr_code compile_nullable(struct compile *self, const struct mr_node *node,
                                     const struct mr_node *skip,
                                     const struct mr_layout_path *prefix)
{
    static const struct mr_value null_value;
    const size_t index = (size_t)(1 - node->writer->null_branch);
    const size_t branch = self->count;
    size_t jump;
    enum mr_code code =
        emit_used(self, (struct mr_op){.code = MR_OP_BRANCH,
                                       .null_branch = (uint8_t)node->writer->null_branch});

    code =
        code != MR_OK ? code : compile_record(self, node->items[index], skip->items[index], prefix);
    jump = self->count;
    code = code != MR_OK ? code : emit_used(self, (struct mr_op){.code = MR_OP_JUMP});
    if (code != MR_OK) {
        return code;
    }
    self->ops[branch].target = self->count;
    code = emit_constants(self, prefix, &null_value);
    self->ops[jump].target = self->count;
    return code;
}

static enum mr_code compile_inside(struct compile *self, const struct mr_node *node,
                                   const struct mr_node *skip, const struct mr_layout_path *prefix,
                                   size_t count)
{
    const struct mr_node *item = nullable_item(node);

    if (node->op.code == MR_OP_RECORD) {
        return compile_record(self, node, skip, prefix);
    }
    if (item != NULL && item->op.code == MR_OP_RECORD) {
        return compile_nullable(self, node, skip, prefix);
    }
    return emit_extract(self, node, prefix, count);
}

static enum mr_code compile_place(struct compile *self, const struct mr_node *node,
                                  const struct mr_node *skip, const struct mr_layout_path *prefix)
{
    const struct wanted wanted = find_wanted(self, prefix);
    enum mr_code code = MR_OK;

    if (wanted.whole != NULL && wanted.inside == 0) {
        return emit_read(self, node, wanted.whole->slot);
    }
    if (wanted.whole != NULL) {
        code = emit_used(
            self, (struct mr_op){.code = MR_OP_PEEK, .slot = wanted.whole->slot, .node = node});
    }
    return code != MR_OK ? code : compile_inside(self, node, skip, prefix, wanted.inside);
}

static enum mr_code compile_missing(struct compile *self, const struct mr_node *node,
                                    struct mr_layout_path *prefix)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < node->width && code == MR_OK && node->fallbacks != NULL; i++) {
        bool is_written = false;

        for (size_t j = 0; j < node->count && !is_written; j++) {
            is_written = node->targets[j] == i;
        }
        prefix->fields[prefix->depth - 1] = (uint32_t)i;
        code = is_written ? MR_OK : emit_constants(self, prefix, &node->fallbacks[i]);
    }
    return code;
}

static enum mr_code compile_record(struct compile *self, const struct mr_node *node,
                                   const struct mr_node *skip, const struct mr_layout_path *prefix)
{
    struct mr_layout_path inner = *prefix;
    enum mr_code code = MR_OK;

    if (inner.depth == MR_LAYOUT_DEPTH_MAX) {
        return MR_OK; /* no path leads further */
    }
    inner.depth++;
    for (size_t i = 0; i < node->count && code == MR_OK; i++) {
        struct wanted wanted = {NULL, 0};

        if (node->targets[i] != MR_NODE_NO_TARGET) {
            inner.fields[inner.depth - 1] = node->targets[i];
            wanted = find_wanted(self, &inner);
        }
        code = wanted.whole == NULL && wanted.inside == 0
                   ? emit_skip(self, skip->items[i], 0)
                   : compile_place(self, node->items[i], skip->items[i], &inner);
    }
    return code != MR_OK ? code : compile_missing(self, node, &inner);
}

enum mr_code mr_plan_compile(struct mr_plan *plan, const struct mr_node *root,
                             const struct mr_layout *layout, struct mr_error *err)
{
    struct compile compile = {.plan = plan, .layout = layout, .err = err};
    const struct mr_layout_path prefix = {0};
    enum mr_code code =
        layout->count == 0 ? MR_OK : compile_place(&compile, root, plan->whole, &prefix);

    if (code != MR_OK) {
        return code;
    }
    compile.count = compile.used;
    code = emit(&compile, (struct mr_op){.code = MR_OP_END});
    plan->ops = compile.ops;
    return code;
}
