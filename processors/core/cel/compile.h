/* compile.h - the fast evaluator: one closure a node, typed, over slots.
 *
 *     subject.price > 0.0 && size(subject.name) > 0
 *
 *     and --+-- more_slot_double   slots[3].real > 0.0
 *           `-- more_int           size_text(slots[1]) > 0
 *
 * Every op answers in the form it is asked in: truth, number, real or value. One
 * of these is its own, the others adapt it; so scalars are not boxed where both
 * sides know their type, and where they do not, kinds are checked. A scalar that
 * fails says so in run->fault. What is constant is computed when compiling; the
 * sides of && and || are sorted, cheap ones first, which the language allows
 * because errors do not decide. What is rare (maps, optionals, transforms) is
 * left to the reference evaluator, node by node.
 *
 * A condition is also a graph of tests (branch.h), walked first: the ops decide
 * where it is not sure.
 */
#ifndef MR_CEL_COMPILE_H
#define MR_CEL_COMPILE_H

#include "processors/core/cel/functions.h"
#include "processors/core/cel/run.h"
#include "processors/core/cel/tree.h"
#include "processors/core/cel/types.h"

struct cel_op;
struct cel_branch;

#define CEL_TRUTH_FAULT 2 /* the third answer of truth(), with run->fault set */

typedef int (*cel_truth_call)(const struct cel_op *self, struct cel_run *run);
typedef int64_t (*cel_number_call)(const struct cel_op *self, struct cel_run *run);
typedef double (*cel_real_call)(const struct cel_op *self, struct cel_run *run);
typedef struct mr_value (*cel_value_call)(const struct cel_op *self, struct cel_run *run);
typedef int (*cel_branch_call)(const struct cel_branch *self, const struct mr_value *slots,
                               struct cel_run *run); /* branch.h */

#define CEL_OP_ARGS_MAX 4
#define CEL_OP_JOIN_MAX 16 /* parts of a chain of + that are joined at once */

struct cel_op {
    cel_truth_call truth;
    cel_number_call number;
    cel_real_call real;
    cel_value_call value;
    cel_branch_call test; /* the truth as a test of branch.h; NULL: truth is asked */
    const struct cel_op *a, *b, *c;
    struct mr_value constant;
    uint32_t slot;      /* slot or local: the op's own, or that of a when a is one */
    uint32_t other;     /* of a test of two slots: that of b */
    bool is_local;      /* slot is a local's */
    bool is_plain;      /* test looks at slots and constants and at nothing else */
    uint32_t kid_count; /* of chains, joins, calls */
    const struct cel_op *const *kids;
    const struct cel_node *node;
    const struct cel_overload *row; /* of a call whose overload is known */
    uint8_t kinds[CEL_OP_ARGS_MAX]; /* of the arguments that row takes */
    uint32_t weight;                /* of a loop: the nodes of one turn, which cost fuel */
    uint32_t cost;                  /* of one evaluation: orders the sides of && and || */
};

struct cel_compiler {
    struct cel_source *source;
    struct cel_run *fold; /* evaluates what is constant; its fuel bounds all folding together */
    uint32_t first_share; /* slot of the first shared part */
};

/* NULL: no room, reported. */
const struct cel_op *cel_compile_tree(struct cel_source *source, const struct cel_node *root,
                                      uint32_t first_share);
const struct cel_op *cel_compile_node(struct cel_compiler *self, const struct cel_node *node);
/* Gives op the calls that it does not have: adapters around the one that it has. */
void cel_op_complete(struct cel_op *op);

/* The closures of what the language is built of (op_flow.c), given a node and compiled kids. */
void cel_op_use_constant(struct cel_op *op);
void cel_op_use_leaf(struct cel_op *op);
void cel_op_use_chain(struct cel_op *op);
void cel_op_use_choice(struct cel_op *op);
void cel_op_use_field(struct cel_op *op);
void cel_op_use_row(struct cel_op *op);
void cel_op_use_bind(struct cel_op *op);
void cel_op_use_loop(struct cel_op *op);
void cel_op_use_reference(struct cel_op *op);
void cel_op_use_share(struct cel_op *op);
void cel_op_use_join(struct cel_op *op); /* op_text.c; kids are the parts */

/* The closures of a call by its name and the types of its arguments; false: none, use the rows.
 * op->a, op->b are compiled. */
bool cel_op_scalar(struct cel_op *op, const struct cel_node *call); /* op_scalar.c */
bool cel_op_text(struct cel_op *op, const struct cel_node *call);   /* op_text.c */
/* Gives an order of size(text) and a constant its test, if it asks for no more than "is it empty".
 */
void cel_op_test_emptiness(struct cel_op *op, struct mr_span name); /* op_text.c */

/* What op compares a local with, or finds it in, or looks for at its head. */
struct cel_text_set {
    const struct mr_value *texts; /* STRING */
    uint32_t count;
    bool is_head;
    bool is_negated; /* true of what is not the text */
};

/* False: op does nothing of the kind. */
bool cel_op_text_set(const struct cel_op *op, struct cel_text_set *set); /* op_text.c */
int64_t cel_op_fail(struct cel_run *run, enum mr_cel_fault fault);
int cel_op_fail_truth(struct cel_run *run, enum mr_cel_fault fault);
/* An error value of run->fault, which is thereby cleared. */
struct mr_value cel_op_take_fault(struct cel_run *run);
/* The type that a value of this static type surely has, or MR_KIND_ERROR: not one. */
uint8_t cel_op_kind(const struct cel_type *type);

/* Whether op is a slot or a local; of an op whose a is one, the value there. */
static inline bool cel_op_is_leaf(const struct cel_op *op)
{
    return op->node->kind == CEL_NODE_SLOT || op->node->kind == CEL_NODE_LOCAL;
}

static inline const struct mr_value *cel_op_leaf(const struct cel_op *op, const struct cel_run *run)
{
    return (op->is_local ? run->locals : run->slots) + op->slot;
}

static inline enum mr_cel_fault cel_op_fault_of(const struct mr_value *value)
{
    return value->kind == MR_KIND_ERROR ? (enum mr_cel_fault)value->number
                                        : MR_CEL_FAULT_NO_OVERLOAD;
}

#endif
