#include "processors/core/cel/compile.h"

#include "processors/core/cel/loop.h"
#include "processors/core/cel/reference.h"

#include <string.h>

#define FOLD_FUEL 20000

static struct mr_value constant(const struct cel_op *self, struct cel_run *run)
{
    (void)run;
    return self->constant;
}

static int constant_truth(const struct cel_op *self, struct cel_run *run)
{
    (void)run;
    return (int)self->constant.number;
}

static int64_t constant_number(const struct cel_op *self, struct cel_run *run)
{
    (void)run;
    return self->constant.number;
}

static double constant_real(const struct cel_op *self, struct cel_run *run)
{
    (void)run;
    return self->constant.real;
}

static struct mr_value slot(const struct cel_op *self, struct cel_run *run)
{
    return run->slots[self->slot];
}

static struct mr_value local(const struct cel_op *self, struct cel_run *run)
{
    return run->locals[self->slot];
}

static int leaf_truth(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value *value = cel_op_leaf(self, run);

    return value->kind == MR_KIND_BOOL ? value->number != 0
                                       : cel_op_fail_truth(run, cel_op_fault_of(value));
}

static int64_t leaf_number(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value *value = cel_op_leaf(self, run);

    return value->kind == MR_KIND_INT ? value->number : cel_op_fail(run, cel_op_fault_of(value));
}

static double leaf_real(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value *value = cel_op_leaf(self, run);

    return value->kind == MR_KIND_DOUBLE ? value->real
                                         : (double)cel_op_fail(run, cel_op_fault_of(value));
}

static struct mr_value reference(const struct cel_op *self, struct cel_run *run)
{
    return cel_reference(run, self->node);
}

/* The deciding side wins; a fault is remembered until no side decides. */
static int all_sides(const struct cel_op *self, struct cel_run *run)
{
    uint8_t fault = 0;

    for (uint32_t i = 0; i < self->kid_count; i++) {
        const int truth = self->kids[i]->truth(self->kids[i], run);

        if (truth == 0) {
            return 0;
        }
        if (truth == CEL_TRUTH_FAULT) {
            fault = run->fault;
            run->fault = 0;
        }
    }
    run->fault = fault;
    return fault != 0 ? CEL_TRUTH_FAULT : 1;
}

static int any_side(const struct cel_op *self, struct cel_run *run)
{
    uint8_t fault = 0;

    for (uint32_t i = 0; i < self->kid_count; i++) {
        const int truth = self->kids[i]->truth(self->kids[i], run);

        if (truth == 1) {
            return 1;
        }
        if (truth == CEL_TRUTH_FAULT) {
            fault = run->fault;
            run->fault = 0;
        }
    }
    run->fault = fault;
    return fault != 0 ? CEL_TRUTH_FAULT : 0;
}

/* The two-sided chain, which most are, without the loop. */
static int both_sides(const struct cel_op *self, struct cel_run *run)
{
    const int a = self->a->truth(self->a, run);
    uint8_t fault;
    int b;

    if (a == 0) {
        return 0;
    }
    if (a == 1) {
        return self->b->truth(self->b, run);
    }
    fault = run->fault;
    run->fault = 0;
    b = self->b->truth(self->b, run);
    if (b == 0) {
        return 0;
    }
    run->fault = fault;
    return CEL_TRUTH_FAULT;
}

static int either_side(const struct cel_op *self, struct cel_run *run)
{
    const int a = self->a->truth(self->a, run);
    uint8_t fault;
    int b;

    if (a == 1) {
        return 1;
    }
    if (a == 0) {
        return self->b->truth(self->b, run);
    }
    fault = run->fault;
    run->fault = 0;
    b = self->b->truth(self->b, run);
    if (b == 1) {
        return 1;
    }
    run->fault = fault;
    return CEL_TRUTH_FAULT;
}

#define CHOICE(name, type, form) \
    static type name(const struct cel_op *self, struct cel_run *run) \
    { \
        const int truth = self->a->truth(self->a, run); \
        const struct cel_op *chosen = truth == 1 ? self->b : self->c; \
\
        return truth == CEL_TRUTH_FAULT ? (type)truth : chosen->form(chosen, run); \
    }

CHOICE(choose_truth, int, truth)
CHOICE(choose_number, int64_t, number)
CHOICE(choose_real, double, real)

static struct mr_value choose(const struct cel_op *self, struct cel_run *run)
{
    const int truth = self->a->truth(self->a, run);
    const struct cel_op *chosen = truth == 1 ? self->b : self->c;

    return truth == CEL_TRUTH_FAULT ? cel_op_take_fault(run) : chosen->value(chosen, run);
}

static struct mr_value field(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value owner = self->a->value(self->a, run);

    if (owner.kind == MR_KIND_RECORD && self->node->index > 0 && self->node->index <= owner.size &&
        !self->node->is_test && !self->node->is_optional) {
        return owner.items[self->node->index - 1];
    }
    return cel_select(run, self->node, owner);
}

/* The overload is known and the kinds are as expected, or else it is looked for. */
static struct mr_value call_row(const struct cel_op *self, struct cel_run *run)
{
    struct mr_value args[CEL_OP_ARGS_MAX];
    bool fits = self->row != NULL;

    for (uint32_t i = 0; i < self->kid_count; i++) {
        args[i] = self->kids[i]->value(self->kids[i], run);
        if (args[i].kind == MR_KIND_ERROR) {
            return args[i];
        }
        fits = fits && args[i].kind == self->kinds[i];
    }
    if (fits) {
        run->prepared = self->node->prepared;
        return self->row->call(run, args, self->kid_count);
    }
    return cel_call_any(run, self->node, args);
}

static struct mr_value bind(const struct cel_op *self, struct cel_run *run)
{
    run->locals[self->slot] = self->a->value(self->a, run);
    return self->b->value(self->b, run);
}

static struct mr_value evaluate(const void *context, struct cel_run *run, uint32_t body)
{
    const struct cel_op *self = context;

    if (!cel_spend(run, self->cost)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    return self->kids[body]->value(self->kids[body], run);
}

static struct mr_value loop(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value range = self->kids[0]->value(self->kids[0], run);
    const struct cel_loop_plan plan = {
        .loop = self->node->loop,
        .body_count = self->kid_count - 1,
        .local = self->slot,
        .has_two = self->node->second.size > 0,
        .evaluate = evaluate,
        .context = self,
    };

    return range.kind == MR_KIND_ERROR ? range : cel_loop_run(run, &plan, &range);
}

/* One item's turn, counted; false: a bound is met, which is in run->fault. */
static bool spend_turn(const struct cel_op *self, struct cel_run *run)
{
    run->iterations--;
    if (run->iterations < 0 || !cel_spend(run, self->cost)) {
        (void)cel_op_fail(run, run->iterations < 0 ? MR_CEL_FAULT_ITERATIONS : MR_CEL_FAULT_FUEL);
        return false;
    }
    return true;
}

/* exists (deciding 1) and all (deciding 0) over a list, the body asked for its truth. */
static inline int quantify(const struct cel_op *self, struct cel_run *run, int deciding)
{
    const struct cel_op *body = self->b;
    struct mr_value *item = &run->locals[self->slot];
    const struct mr_value range = self->a->value(self->a, run);
    uint8_t fault = 0;

    if (range.kind != MR_KIND_LIST) {
        return cel_op_fail_truth(run, cel_op_fault_of(&range));
    }
    for (uint32_t i = 0; i < range.size; i++) {
        int truth;

        if (!spend_turn(self, run)) {
            return CEL_TRUTH_FAULT;
        }
        *item = range.items[i];
        truth = body->truth(body, run);
        if (truth == deciding) {
            return deciding;
        }
        if (truth == CEL_TRUTH_FAULT) {
            fault = fault == 0 ? run->fault : fault;
            run->fault = 0;
        }
    }
    run->fault = fault;
    return fault != 0 ? CEL_TRUTH_FAULT : !deciding;
}

static int exists(const struct cel_op *self, struct cel_run *run)
{
    return quantify(self, run, 1);
}

static int all(const struct cel_op *self, struct cel_run *run)
{
    return quantify(self, run, 0);
}

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
    op->value = constant;
    op->truth = node->value.kind == MR_KIND_BOOL ? constant_truth : NULL;
    op->number = node->value.kind == MR_KIND_INT ? constant_number : NULL;
    op->real = node->value.kind == MR_KIND_DOUBLE ? constant_real : NULL;
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
    op->value = op->is_local ? local : slot;
    op->truth = leaf_truth;
    op->number = leaf_number;
    op->real = leaf_real;
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
    op->kids = kids;
    op->kid_count = node->arg_count;
    op->cost = sum_of_costs(kids, node->arg_count);
    op->truth = node->kind == CEL_NODE_AND ? all_sides : any_side;
    if (node->arg_count == 2) {
        op->a = kids[0];
        op->b = kids[1];
        op->truth = node->kind == CEL_NODE_AND ? both_sides : either_side;
    }
    return finish(op);
}

static const struct cel_op *compile_if(struct cel_compiler *self, const struct cel_node *node)
{
    const struct cel_op **kids = compile_kids(self, node);
    struct cel_op *op = kids == NULL ? NULL : new_op(self, node);

    if (op == NULL) {
        return NULL;
    }
    op->a = kids[0];
    op->b = kids[1];
    op->c = kids[2];
    op->cost = sum_of_costs(kids, 3);
    op->value = choose;
    op->truth = choose_truth;
    op->number = choose_number;
    op->real = choose_real;
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
    op->value = field;
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

static const struct cel_op *compile_call(struct cel_compiler *self, const struct cel_node *call)
{
    struct cel_op *op = new_op(self, call);
    const struct cel_op **kids;

    if (op == NULL || call->arg_count > CEL_OP_ARGS_MAX) {
        if (op != NULL) {
            op->value = reference;
            op->cost = 100;
        }
        return finish(op);
    }
    if (flatten(self, op, call)) {
        return cel_op_text(op, call) ? finish(op) : NULL;
    }
    kids = self->source->has_failed ? NULL : compile_kids(self, call);
    if (kids == NULL) {
        return NULL;
    }
    op->a = call->arg_count > 0 ? kids[0] : NULL;
    op->b = call->arg_count > 1 ? kids[1] : NULL;
    op->cost = sum_of_costs(kids, call->arg_count);
    choose_row(op, call);
    if (!cel_op_scalar(op, call) && !cel_op_text(op, call)) {
        op->truth = NULL;
        op->number = NULL;
        op->kids = kids;
        op->kid_count = call->arg_count;
        op->value = call_row;
        op->cost += 10;
    }
    return finish(op);
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
    op->cost = 100 + sum_of_costs(kids, node->arg_count);
    if (node->args[0]->type->kind == MR_CEL_LIST && node->second.size == 0 &&
        (node->loop == CEL_LOOP_ALL || node->loop == CEL_LOOP_EXISTS)) {
        op->a = kids[0];
        op->b = kids[1];
        op->truth = node->loop == CEL_LOOP_ALL ? all : exists;
    } else {
        op->value = loop;
    }
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
    op->value = bind;
    return finish(op);
}

static const struct cel_op *compile_rest(struct cel_compiler *self, const struct cel_node *node)
{
    struct cel_op *op = new_op(self, node);

    if (op != NULL) {
        op->value = reference;
        op->cost = 200;
    }
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

const struct cel_op *cel_compile_node(struct cel_compiler *self, const struct cel_node *node)
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

const struct cel_op *cel_compile_tree(struct cel_source *source, const struct cel_node *root)
{
    struct cel_run run = {.arena = source->arena, .fuel = FOLD_FUEL, .iterations = 0};
    struct cel_compiler self = {source, &run};

    return cel_compile_node(&self, root);
}
