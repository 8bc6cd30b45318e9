#include "processors/core/cel/branch.h"

#include "processors/core/cel/branch_texts.h"
#include "processors/core/cel/share.h"

static int answer_yes(const struct cel_branch *self, const struct mr_value *slots,
                      struct cel_run *run)
{
    (void)self, (void)slots, (void)run;
    return 1;
}

static int answer_no(const struct cel_branch *self, const struct mr_value *slots,
                     struct cel_run *run)
{
    (void)self, (void)slots, (void)run;
    return 0;
}

static int answer_unsure(const struct cel_branch *self, const struct mr_value *slots,
                         struct cel_run *run)
{
    (void)self, (void)slots, (void)run;
    return CEL_UNSURE;
}

const struct cel_branch cel_branch_yes = {.go = answer_yes, .is_end = true, .answer = true};
const struct cel_branch cel_branch_no = {.go = answer_no, .is_end = true};
static const struct cel_branch unsure_end = {.go = answer_unsure};

/* What has no test of its own: the op's truth. */
static int ask(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run)
{
    const int truth = self->op->truth(self->op, run);

    return truth == CEL_TRUTH_FAULT ? CEL_UNSURE : cel_branch_on(self, truth == 1, slots, run);
}

CEL_TEST(is_true, a->kind == MR_KIND_BOOL, a->number != 0)

static int bind(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run)
{
    struct mr_value *local = &run->locals[self->other];

    *local = self->op->a->value(self->op->a, run);
    return local->kind == MR_KIND_ERROR ? CEL_UNSURE : cel_branch_on(self, true, slots, run);
}

/* What is shared is walked by the first that asks. An error in the slot is for the ops. */
static int shared(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run)
{
    const struct mr_value *kept = &slots[self->slot];
    int truth;

    if (kept->kind == MR_KIND_BOOL) {
        return cel_branch_on(self, kept->number != 0, slots, run);
    }
    if (kept->kind != MR_KIND_NULL) {
        return CEL_UNSURE;
    }
    truth = self->body->go(self->body, slots, run);
    if (truth == CEL_UNSURE) {
        return truth;
    }
    *cel_share_slot(slots, self->slot) = mr_value_bool(truth == 1);
    return cel_branch_on(self, truth == 1, slots, run);
}

/* Yes: an item for which the body is. */
static inline int find(const struct cel_branch *self, const struct mr_value *range,
                       const struct mr_value *slots, struct cel_run *run)
{
    const struct cel_branch *body = self->body;
    struct mr_value *local = &run->locals[self->other];
    int truth = 0;

    if (range->kind != MR_KIND_LIST || !cel_branch_spend(self, run, range->size)) {
        return CEL_UNSURE;
    }
    for (uint32_t i = 0; i < range->size && truth == 0; i++) {
        *local = range->items[i];
        truth = body->go(body, slots, run);
    }
    return truth == CEL_UNSURE ? truth : cel_branch_on(self, truth == 1, slots, run);
}

static int find_in_slot(const struct cel_branch *self, const struct mr_value *slots,
                        struct cel_run *run)
{
    return find(self, &slots[self->slot], slots, run);
}

static int find_in_made(const struct cel_branch *self, const struct mr_value *slots,
                        struct cel_run *run)
{
    const struct mr_value range = self->op->a->value(self->op->a, run);

    return find(self, &range, slots, run);
}

static struct cel_branch *add(struct cel_grower *self, const struct cel_op *op,
                              const struct cel_branch *yes, const struct cel_branch *no)
{
    struct cel_branch *made = NULL;

    if (self->count++ < CEL_BRANCHES_MAX && yes != NULL && no != NULL) {
        made = cel_source_take(self->source, 1, sizeof(*made));
    }
    self->has_run = self->has_run || op->test == NULL || !op->is_plain;
    if (made != NULL) {
        *made = (struct cel_branch){.go = op->test != NULL ? op->test : ask,
                                    .yes = yes,
                                    .no = no,
                                    .constant = op->constant,
                                    .op = op,
                                    .slot = op->slot,
                                    .other = op->other};
    }
    return made;
}

static const struct cel_branch *grow_chain(struct cel_grower *self, const struct cel_op *op,
                                           const struct cel_branch *yes,
                                           const struct cel_branch *no)
{
    const bool is_and = op->node->kind == CEL_NODE_AND;
    const struct cel_branch *next = is_and ? yes : no;

    for (uint32_t i = op->kid_count; i-- > 0;) {
        next = cel_branch_grow_op(self, op->kids[i], is_and ? next : yes, is_and ? no : next);
    }
    return next;
}

/* all(x, p) finds no item that has !p. */
static const struct cel_branch *grow_loop(struct cel_grower *self, const struct cel_op *op,
                                          const struct cel_branch *yes, const struct cel_branch *no)
{
    const bool is_all = op->node->loop == CEL_LOOP_ALL;
    const bool is_slot = op->a->node->kind == CEL_NODE_SLOT;
    struct cel_branch *made = add(self, op, is_all ? no : yes, is_all ? yes : no);

    if (made == NULL) {
        return NULL;
    }
    made->slot = op->a->slot;
    made->other = op->slot;
    if (is_slot && cel_texts_grow(self, made)) {
        return made;
    }
    made->go = is_slot ? find_in_slot : find_in_made;
    made->body = cel_branch_grow_op(self, op->b, is_all ? &cel_branch_no : &cel_branch_yes,
                                    is_all ? &cel_branch_yes : &cel_branch_no);
    return made->body == NULL ? NULL : made;
}

static const struct cel_branch *grow_shared(struct cel_grower *self, const struct cel_op *op,
                                            const struct cel_branch *yes,
                                            const struct cel_branch *no)
{
    struct cel_branch *made = add(self, op, yes, no);

    if (made == NULL) {
        return NULL;
    }
    made->go = shared;
    made->body = cel_branch_grow_op(self, op->a, &cel_branch_yes, &cel_branch_no);
    return made->body == NULL ? NULL : made;
}

static const struct cel_branch *grow_leaf(struct cel_grower *self, const struct cel_op *op,
                                          const struct cel_branch *yes, const struct cel_branch *no)
{
    struct cel_branch *made = add(self, op, yes, no);

    if (made != NULL) {
        made->go = op->is_local ? is_true_local : is_true_slot;
    }
    return made;
}

static const struct cel_branch *grow_bind(struct cel_grower *self, const struct cel_op *op,
                                          const struct cel_branch *yes, const struct cel_branch *no)
{
    const struct cel_branch *body = cel_branch_grow_op(self, op->b, yes, no);
    struct cel_branch *made = add(self, op, body, body);

    if (made != NULL) {
        made->go = bind;
        made->other = op->slot;
    }
    return made;
}

const struct cel_branch *cel_branch_grow_op(struct cel_grower *self, const struct cel_op *op,
                                            const struct cel_branch *yes,
                                            const struct cel_branch *no)
{
    const struct cel_node *node = op->node;

    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_LITERAL:
        return node->value.kind != MR_KIND_BOOL ? add(self, op, yes, no)
               : node->value.number != 0        ? yes
                                                : no;
    case CEL_NODE_SLOT:
    case CEL_NODE_LOCAL:
        return grow_leaf(self, op, yes, no);
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        return grow_chain(self, op, yes, no);
    case CEL_NODE_IF:
        return cel_branch_grow_op(self, op->a, cel_branch_grow_op(self, op->b, yes, no),
                                  cel_branch_grow_op(self, op->c, yes, no));
    case CEL_NODE_SHARED:
        return grow_shared(self, op, yes, no);
    case CEL_NODE_BIND:
        return grow_bind(self, op, yes, no);
    case CEL_NODE_LOOP:
        return op->b != NULL ? grow_loop(self, op, yes, no) : add(self, op, yes, no);
    case CEL_NODE_CALL:
        return mr_span_is(node->name, "!_") ? cel_branch_grow_op(self, op->a, no, yes)
                                            : add(self, op, yes, no);
    default:
        return add(self, op, yes, no);
    }
}

const struct cel_branch *cel_branch_grow(struct cel_source *source, const struct cel_op *op,
                                         bool is_condition, bool *is_plain)
{
    struct cel_grower self = {.source = source};
    const struct cel_branch *root =
        is_condition ? cel_branch_grow_op(&self, op, &cel_branch_yes, &cel_branch_no) : NULL;

    *is_plain = root != NULL && !self.has_run;
    return root == NULL && !source->has_failed ? &unsure_end : root;
}
