#include "processors/core/cel/compile.h"

#include "processors/core/cel/reference.h"

#include <string.h>

#define FOLD_FUEL 20000

static struct cel_op *new_op(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = cel_source_take(self->source, 1, sizeof(*op));

    if (op != NULL) {
        op->node = node;
        op->cost = 1;
    }
    return op;
}

static const struct cel_op **compile_kids(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = cel_source_take(self->source, node->arg_count + 1U, sizeof(*kids));

    for (uint32_t i = 0; kids != NULL && i < node->arg_count; i++) {
        kids[i] = cel_compile_node(self, node->args[i]);
        if (kids[i] == NULL) {
            return NULL;
        }
    }
    return kids;
}

static uint32_t sum_of_costs(const struct cel_op *const *kids, uint32_t count)
{
    uint32_t cost = 1;

    for (uint32_t i = 0; i < count && cost < MR_CEL_FUEL; i++) {
        cost += kids[i]->cost;
    }
    return cost;
}

static const struct cel_op *finish(struct cel_op *op)
{
    if (op != NULL) {
        cel_op_complete(op);
    }
    return op;
}

static const struct cel_op *compile_constant(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->constant = node->value;
    op->cost = 0;
    cel_op_use_constant(op);
    return finish(op);
}

static const struct cel_op *compile_leaf(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->slot = node->index;
    op->is_local = node->kind == CEL_NODE_LOCAL;
    cel_op_use_leaf(op);
    return finish(op);
}

/* Insertion sort: stable, and chains are short. */
static void sort_by_cost(const struct cel_op **kids, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const struct cel_op *kid = kids[i];
        uint32_t at = i;

        for (; at > 0 && kids[at - 1]->cost > kid->cost; at--) {
            kids[at] = kids[at - 1];
        }
        kids[at] = kid;
    }
}

static bool is_truth(const struct cel_op *op, bool truth)
{
    return op->node->kind == CEL_NODE_LITERAL && op->constant.kind == MR_KIND_BOOL &&
           (op->constant.number != 0) == truth;
}

static const struct cel_op *compile_chain(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = compile_kids(self, node);
    struct cel_op *op = kids == NULL ? NULL : new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    if (node->arg_count <= 64) {
        sort_by_cost(kids, node->arg_count);
    }
    if (is_truth(kids[0], node->kind == CEL_NODE_OR)) {
        return kids[0];
    }
    op->kids = kids;
    op->kid_count = node->arg_count;
    op->cost = sum_of_costs(kids, node->arg_count);
    cel_op_use_chain(op);
    return finish(op);
}

static const struct cel_op *compile_if(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = compile_kids(self, node);
    struct cel_op *op = kids == NULL ? NULL : new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    if (is_truth(kids[0], true) || is_truth(kids[0], false)) {
        return kids[0]->constant.number != 0 ? kids[1] : kids[2];
    }
    op->a = kids[0];
    op->b = kids[1];
    op->c = kids[2];
    op->cost = sum_of_costs(kids, 3);
    cel_op_use_choice(op);
    return finish(op);
}

static const struct cel_op *compile_select(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->a = cel_compile_node(self, node->args[0]);
    if (op->a == NULL) {
        return NULL;
    }
    op->cost = op->a->cost + (node->index > 0 ? 1 : 10);
    cel_op_use_field(op);
    return finish(op);
}

/* The only row whose letters are the kinds of the arguments, which none of them may miss. */
static void choose_row(struct cel_op *op, const struct cel_node *call)
{
    struct mr_value kinds[CEL_OP_ARGS_MAX];

    for (uint32_t i = 0; i < call->arg_count; i++) {
        op->kinds[i] = cel_op_kind(call->args[i]->type);
        kinds[i] = (struct mr_value){.kind = op->kinds[i]};
        if (op->kinds[i] == MR_KIND_ERROR) {
            return;
        }
    }
    for (uint32_t i = 0; i < call->candidate_count && op->row == NULL; i++) {
        if (call->candidates[i]->call != NULL &&
            cel_overload_takes(call->candidates[i], kinds, call->arg_count)) {
            op->row = call->candidates[i];
        }
    }
}

static uint32_t count_parts(const struct cel_node *node, const struct cel_type *type)
{
    if (node->kind == CEL_NODE_CALL && mr_span_is(node->name, "_+_") &&
        cel_op_kind(node->type) == cel_op_kind(type)) {
        return count_parts(node->args[0], type) + count_parts(node->args[1], type);
    }
    return 1;
}

static bool compile_parts(struct cel_compiler *self, const struct cel_node *node,
                          const struct cel_type *type, const struct cel_op ***next)
{
    if (count_parts(node, type) > 1) {
        return compile_parts(self, node->args[0], type, next) &&
               compile_parts(self, node->args[1], type, next);
    }
    **next = cel_compile_node(self, node);
    return *(*next)++ != NULL;
}

/* A chain of + of texts, as one op of all its parts. */
static bool flatten(struct cel_compiler *self, struct cel_op *op, const struct cel_node *call)
{
    const uint8_t kind = cel_op_kind(call->type);
    const bool is_text = kind == MR_KIND_STRING || kind == MR_KIND_BYTES;
    const uint32_t count =
        mr_span_is(call->name, "_+_") && is_text ? count_parts(call, call->type) : 0;
    const struct cel_op **kids, **next;

    if (count == 0 || count > CEL_OP_JOIN_MAX) {
        return false;
    }
    kids = cel_source_take(self->source, count, sizeof(*kids));
    next = kids;
    if (kids == NULL || !compile_parts(self, call, call->type, &next)) {
        return false;
    }
    op->kids = kids;
    op->kid_count = count;
    op->kinds[0] = kind;
    op->cost = 20 + sum_of_costs(kids, count);
    return true;
}

/* Closures where there are some for these types, or else the overload's row. */
static void choose_closures(struct cel_op *op, const struct cel_node *call,
                            const struct cel_op *const *kids)
{
    op->cost = sum_of_costs(kids, call->arg_count);
    choose_row(op, call);
    if (call->arg_count > 0) {
        op->a = kids[0];
        op->b = call->arg_count > 1 ? kids[1] : NULL;
        if (cel_op_scalar(op, call) || cel_op_text(op, call)) {
            return;
        }
    }
    op->truth = NULL;
    op->number = NULL;
    op->kids = kids;
    op->kid_count = call->arg_count;
    op->cost += 10;
    cel_op_use_row(op);
}

static const struct cel_op *compile_rest(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = new_op(self, node);

    if (op != NULL) {
        op->cost = 200;
        cel_op_use_reference(op);
    }
    return finish(op);
}

static struct cel_node *copy_node(struct cel_compiler *self, const struct cel_node *node,
                                  uint32_t arg_count)
{
    struct cel_node *made = cel_source_take(self->source, 1, sizeof(*made));
    struct cel_node **args = cel_source_take(self->source, arg_count, sizeof(*args));

    if (made == NULL || args == NULL) {
        return NULL;
    }
    *made = *node;
    memcpy(args, node->args, arg_count * sizeof(*args));
    made->args = args;
    made->share = 0;
    return made;
}

/* (c ? x : y) < 1.0 as c ? x < 1.0 : y < 1.0: an arm that is constant needs no comparison, and a
 * test goes on from where the arm is. NULL: no such call, or no room. */
static struct cel_node *sink_call(struct cel_compiler *self, const struct cel_node *call)
{
    const struct cel_node *choice = call->arg_count == 2 ? call->args[0] : NULL;
    struct cel_node *made;

    if (choice == NULL || choice->kind != CEL_NODE_IF || choice->share != 0 ||
        call->args[1]->kind != CEL_NODE_LITERAL || cel_op_kind(call->type) != MR_KIND_BOOL) {
        return NULL;
    }
    made = copy_node(self, choice, 3);
    for (int arm = 1; made != NULL && arm <= 2; arm++) {
        struct cel_node *sunk = copy_node(self, call, 2);

        if (sunk == NULL) {
            return NULL;
        }
        sunk->args[0] = choice->args[arm];
        made->args[arm] = sunk;
    }
    if (made != NULL) {
        made->type = call->type;
    }
    return made;
}

static const struct cel_op *compile_call(struct cel_compiler *self, const struct cel_node *call)
{
    struct cel_op *op = new_op(self, call);
    const struct cel_node *sunk = sink_call(self, call);
    const struct cel_op **kids;

    if (op == NULL || call->arg_count > CEL_OP_ARGS_MAX) {
        return op == NULL ? NULL : compile_rest(self, call);
    }
    if (sunk != NULL) {
        return cel_compile_node(self, sunk);
    }
    if (flatten(self, op, call)) {
        cel_op_use_join(op);
        return finish(op);
    }
    kids = self->source->has_failed ? NULL : compile_kids(self, call);
    if (kids == NULL) {
        return NULL;
    }
    choose_closures(op, call, kids);
    return finish(op);
}

/* The nodes of a body; those of a loop in it are that loop's to count. */
static uint32_t count_nodes(const struct cel_node *node)
{
    const uint32_t arg_count = node->kind == CEL_NODE_LOOP ? 1 : node->arg_count;
    uint32_t count = 1;

    for (uint32_t i = 0; i < arg_count; i++) {
        count += count_nodes(node->args[i]);
    }
    return count;
}

static const struct cel_op *compile_loop(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = compile_kids(self, node);
    struct cel_op *op = kids == NULL ? NULL : new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->kids = kids;
    op->kid_count = node->arg_count;
    op->slot = node->index;
    for (uint32_t i = 1; i < node->arg_count; i++) {
        op->weight += count_nodes(node->args[i]);
    }
    op->cost = 100 + sum_of_costs(kids, node->arg_count);
    cel_op_use_loop(op);
    return finish(op);
}

static const struct cel_op *compile_bind(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = compile_kids(self, node);
    struct cel_op *op = kids == NULL ? NULL : new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->a = kids[0];
    op->b = kids[1];
    op->slot = node->index;
    op->cost = sum_of_costs(kids, 2);
    cel_op_use_bind(op);
    return finish(op);
}

/* Whether a node reads nothing that changes; 0 of what is inside is asked for twice. */
static bool is_constant(const struct cel_node *node)
{
    if (node->kind == CEL_NODE_SLOT || node->kind == CEL_NODE_LOCAL ||
        node->kind == CEL_NODE_FAULT || node->kind == CEL_NODE_LOOP ||
        node->kind == CEL_NODE_BIND || node->kind == CEL_NODE_OPT_MAP) {
        return false;
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (!is_constant(node->args[i])) {
            return false;
        }
    }
    return true;
}

/* The literal that a constant node is worth; NULL: it fails, or costs too much. */
static struct cel_node *fold(struct cel_compiler *self, const struct cel_node *node)
{
    const size_t mark = mr_arena_mark(self->source->arena);
    const struct mr_value value =
        self->fold->fuel > 0 ? cel_reference(self->fold, node) : cel_fault(MR_CEL_FAULT_FUEL);
    struct cel_node *literal;

    if (value.kind == MR_KIND_ERROR) {
        mr_arena_release(self->source->arena, mark);
        return NULL;
    }
    literal = cel_source_take(self->source, 1, sizeof(*literal));
    if (literal != NULL) {
        *literal = *node;
        literal->kind = CEL_NODE_LITERAL;
        literal->arg_count = 0;
        literal->value = value;
    }
    return literal;
}

static const struct cel_op *compile_plain(struct cel_compiler *self, const struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_LITERAL:
        return compile_constant(self, node);
    case CEL_NODE_SLOT:
    case CEL_NODE_LOCAL:
        return compile_leaf(self, node);
    case CEL_NODE_SELECT:
        return compile_select(self, node);
    case CEL_NODE_CALL:
        return compile_call(self, node);
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        return compile_chain(self, node);
    case CEL_NODE_IF:
        return compile_if(self, node);
    case CEL_NODE_LOOP:
        return compile_loop(self, node);
    case CEL_NODE_BIND:
        return compile_bind(self, node);
    default:
        return compile_rest(self, node);
    }
}

/* A node that is shared: its op, and around it the slot that keeps its value. */
static const struct cel_op *compile_shared(struct cel_compiler *self, const struct cel_node *node,
                                           const struct cel_op *inner)
{
    struct cel_node *around = copy_node(self, node, 0);
    struct cel_op *op = around == NULL ? NULL : new_op(self, around);

    if (op == NULL) {
        return NULL;
    }
    around->kind = CEL_NODE_SHARED;
    around->arg_count = 0; /* what is in it depends on no variable around it */
    op->a = inner;
    op->slot = self->first_share + node->share - 1;
    op->cost = inner->cost;
    cel_op_use_share(op);
    return finish(op);
}

static const struct cel_op *compile_folded(struct cel_compiler *self, const struct cel_node *node)
{
    if (node->kind != CEL_NODE_LITERAL && is_constant(node)) {
        const struct cel_node *literal = fold(self, node);

        if (literal != NULL) {
            return compile_constant(self, literal);
        }
        if (self->source->has_failed) {
            return NULL;
        }
    }
    return compile_plain(self, node);
}

const struct cel_op *cel_compile_node(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op *op = compile_folded(self, node);

    return op == NULL || node->share == 0 ? op : compile_shared(self, node, op);
}

const struct cel_op *cel_compile_tree(struct cel_source *source, const struct cel_node *root,
                                      uint32_t first_share)
{
    struct cel_run run = {.arena = source->arena, .fuel = FOLD_FUEL, .iterations = 0};
    struct cel_compiler self = {source, &run, first_share};

    return cel_compile_node(&self, root);
}
