/* Closures of constants, slots, chains, choices, fields, calls and loops. See compile.h. */
#include "processors/core/cel/compile.h"

#include "processors/core/cel/loop.h"
#include "processors/core/cel/reference.h"
#include "processors/core/cel/share.h"

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

/* Errors are as good as values, but for those of this evaluation's own bounds. */
static bool is_kept(const struct mr_value *value)
{
    return value->kind != MR_KIND_ERROR ||
           (value->number != MR_CEL_FAULT_FUEL && value->number != MR_CEL_FAULT_ITERATIONS &&
            value->number != MR_CEL_FAULT_NO_ROOM && value->number != MR_CEL_FAULT_REGEX_LIMIT);
}

static struct mr_value shared(const struct cel_op *self, struct cel_run *run)
{
    struct mr_value value = run->slots[self->slot];

    if (value.kind == MR_KIND_NULL) {
        value = self->a->value(self->a, run);
        if (is_kept(&value)) {
            *cel_share_slot(run->slots, self->slot) = value;
        }
    }
    return value;
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

    if (!cel_spend(run, self->weight)) {
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
static inline bool spend_turn(const struct cel_op *self, struct cel_run *run)
{
    run->iterations--;
    run->fuel -= self->weight;
    if ((run->iterations | run->fuel) >= 0) { /* neither is negative */
        return true;
    }
    (void)cel_op_fail(run, run->iterations < 0 ? MR_CEL_FAULT_ITERATIONS : MR_CEL_FAULT_FUEL);
    return false;
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

void cel_op_use_constant(struct cel_op *op)
{
    const uint8_t kind = op->constant.kind;

    op->value = constant;
    op->truth = kind == MR_KIND_BOOL ? constant_truth : NULL;
    op->number = kind == MR_KIND_INT ? constant_number : NULL;
    op->real = kind == MR_KIND_DOUBLE ? constant_real : NULL;
}

void cel_op_use_leaf(struct cel_op *op)
{
    op->value = op->is_local ? local : slot;
    op->truth = leaf_truth;
    op->number = leaf_number;
    op->real = leaf_real;
}

void cel_op_use_chain(struct cel_op *op)
{
    const bool is_and = op->node->kind == CEL_NODE_AND;

    op->truth = is_and ? all_sides : any_side;
    if (op->kid_count == 2) {
        op->a = op->kids[0];
        op->b = op->kids[1];
        op->truth = is_and ? both_sides : either_side;
    }
}

void cel_op_use_choice(struct cel_op *op)
{
    op->value = choose;
    op->truth = choose_truth;
    op->number = choose_number;
    op->real = choose_real;
}

void cel_op_use_field(struct cel_op *op)
{
    op->value = field;
}

void cel_op_use_row(struct cel_op *op)
{
    op->value = call_row;
}

void cel_op_use_bind(struct cel_op *op)
{
    op->value = bind;
}

void cel_op_use_reference(struct cel_op *op)
{
    op->value = reference;
}

void cel_op_use_share(struct cel_op *op)
{
    op->value = shared;
}

void cel_op_use_loop(struct cel_op *op)
{
    const struct cel_node *node = op->node;

    if (node->args[0]->type->kind == MR_CEL_LIST && node->second.size == 0 &&
        (node->loop == CEL_LOOP_ALL || node->loop == CEL_LOOP_EXISTS)) {
        op->a = op->kids[0];
        op->b = op->kids[1];
        op->truth = node->loop == CEL_LOOP_ALL ? all : exists;
    } else {
        op->value = loop;
    }
}
