/* Closures of arithmetic and order on int and double: no boxes, no dispatch. */
#include "processors/core/cel/branch.h"

#include <math.h>
#include <string.h>

/* Order: general; against a constant; and a slot or local against a constant, as in most rules.
 * Then the same as tests: against a constant of what is made, of a slot, of a local; two slots. */
#define ORDER_OF(name, type, form, member, wanted, operator) \
    static int name##_##form(const struct cel_op *self, struct cel_run *run) \
    { \
        const type a = self->a->form(self->a, run); \
        const type b = run->fault != 0 ? 0 : self->b->form(self->b, run); \
\
        return run->fault != 0 ? CEL_TRUTH_FAULT : a operator b; \
    } \
    static int name##_##form##_const(const struct cel_op *self, struct cel_run *run) \
    { \
        const type a = self->a->form(self->a, run); \
\
        return run->fault != 0 ? CEL_TRUTH_FAULT : a operator self->constant.member; \
    } \
    static int name##_##form##_leaf(const struct cel_op *self, struct cel_run *run) \
    { \
        const struct mr_value *a = cel_op_leaf(self, run); \
\
        return a->kind == (wanted) ? a->member operator self->constant.member \
            : cel_op_fail_truth(run, cel_op_fault_of(a)); \
    } \
    static int name##_##form##_made(const struct cel_branch *self, const struct mr_value *slots, \
                                    struct cel_run *run) \
    { \
        const struct cel_op *made = self->op->a; \
        const type a = made->form(made, run); \
\
        return run->fault != 0 \
                   ? CEL_UNSURE \
                   : cel_branch_on(self, a operator self->constant.member, slots, run); \
    } \
    CEL_TEST(name##_##form, a->kind == (wanted), a->member operator self->constant.member) \
    static int name##_##form##_two(const struct cel_branch *self, const struct mr_value *slots, \
                                   struct cel_run *run) \
    { \
        const struct mr_value *a = &slots[self->slot], *b = &slots[self->other]; \
\
        return a->kind == (wanted) && b->kind == (wanted) \
                   ? cel_branch_on(self, a->member operator b->member, slots, run) \
                   : CEL_UNSURE; \
    }
#define ORDERS(name, operator) \
    ORDER_OF(name, int64_t, number, number, MR_KIND_INT, operator) \
    ORDER_OF(name, double, real, real, MR_KIND_DOUBLE, operator)

ORDERS(less, <)
ORDERS(less_or_same, <=)
ORDERS(more, >)
ORDERS(more_or_same, >=)
ORDERS(same, ==)
ORDERS(different, !=)

#define TWO_NUMBERS(self, run, a, b) \
    const int64_t a = (self)->a->number((self)->a, (run)); \
    const int64_t b = (run)->fault != 0 ? 0 : (self)->b->number((self)->b, (run));

#define CHECKED_INT(name, builtin) \
    static int64_t name(const struct cel_op *self, struct cel_run *run) \
    { \
        TWO_NUMBERS(self, run, a, b) \
        int64_t result; \
\
        if (run->fault != 0) { \
            return 0; \
        } \
        return builtin(a, b, &result) ? cel_op_fail(run, MR_CEL_FAULT_OVERFLOW) : result; \
    }

CHECKED_INT(add_int, __builtin_add_overflow)
CHECKED_INT(subtract_int, __builtin_sub_overflow)
CHECKED_INT(multiply_int, __builtin_mul_overflow)

static bool is_divisible(struct cel_run *run, int64_t a, int64_t b)
{
    if (run->fault != 0) {
        return false;
    }
    if (b == 0 || (a == INT64_MIN && b == -1)) {
        (void)cel_op_fail(run, b == 0 ? MR_CEL_FAULT_DIVIDE : MR_CEL_FAULT_OVERFLOW);
        return false;
    }
    return true;
}

static int64_t divide_int(const struct cel_op *self, struct cel_run *run)
{
    TWO_NUMBERS(self, run, a, b)

    return is_divisible(run, a, b) ? a / b : 0;
}

static int64_t modulo_int(const struct cel_op *self, struct cel_run *run)
{
    TWO_NUMBERS(self, run, a, b)

    return is_divisible(run, a, b) ? a % b : 0;
}

static int64_t negate_int(const struct cel_op *self, struct cel_run *run)
{
    const int64_t a = self->a->number(self->a, run);

    return a == INT64_MIN ? cel_op_fail(run, MR_CEL_FAULT_OVERFLOW) : -a;
}

/* A fault of a side makes the result worthless, but no less quick: the asker looks at it. */
#define REAL(name, operator) \
    static double name(const struct cel_op *self, struct cel_run *run) \
    { \
        const double a = self->a->real(self->a, run); \
        const double b = run->fault != 0 ? 1 : self->b->real(self->b, run); \
\
        return a operator b; \
    } \
    static double name##_leaves(const struct cel_op *self, struct cel_run *run) \
    { \
        const struct mr_value *a = cel_op_leaf(self, run); \
        const struct mr_value *b = cel_op_leaf(self->b, run); \
\
        if (a->kind != MR_KIND_DOUBLE || b->kind != MR_KIND_DOUBLE) { \
            return (double)cel_op_fail(run, cel_op_fault_of(a->kind == MR_KIND_DOUBLE ? b : a)); \
        } \
        return a->real operator b->real; \
    }

/* Division by zero is IEEE's: the language wants infinities where C promises nothing. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("float-divide-by-zero"))), \
                             apply_to = function)
#endif
REAL(add_double, +)
REAL(subtract_double, -)
REAL(multiply_double, *)
REAL(divide_double, /)
#if defined(__clang__)
#pragma clang attribute pop
#endif

static double negate_double(const struct cel_op *self, struct cel_run *run)
{
    return -self->a->real(self->a, run);
}

static double double_of_int(const struct cel_op *self, struct cel_run *run)
{
    return (double)self->a->number(self->a, run);
}

#define TWO_63 9223372036854775808.0

static int64_t int_of_double(const struct cel_op *self, struct cel_run *run)
{
    const double a = self->a->real(self->a, run);

    if (run->fault != 0) {
        return 0;
    }
    return a > -TWO_63 && a < TWO_63 ? (int64_t)a : cel_op_fail(run, MR_CEL_FAULT_RANGE);
}

static int not_truth(const struct cel_op *self, struct cel_run *run)
{
    const int truth = self->a->truth(self->a, run);

    return truth == CEL_TRUTH_FAULT ? truth : !truth;
}

struct shape {
    const char *name;
    uint8_t kind; /* of every argument */
    cel_truth_call truth, const_truth, leaf_truth;
    cel_number_call number;
    cel_real_call real, leaf_real;
    cel_branch_call made_test, slot_test, local_test, two_test;
};

#define ORDER_SHAPE(word, type, call) \
    { \
        .name = (word), .kind = (type), .truth = (call), .const_truth = call##_const, \
        .leaf_truth = call##_leaf, .made_test = call##_made, .slot_test = call##_slot, \
        .local_test = call##_local, .two_test = call##_two \
    }
#define ORDER_SHAPES(name, call) \
    ORDER_SHAPE(name, MR_KIND_INT, call##_number), ORDER_SHAPE(name, MR_KIND_DOUBLE, call##_real)
#define INT_SHAPE(word, call) \
    { \
        .name = (word), .kind = MR_KIND_INT, .number = (call) \
    }
#define DOUBLE_SHAPE(word, call) \
    { \
        .name = (word), .kind = MR_KIND_DOUBLE, .real = (call), .leaf_real = call##_leaves \
    }

static const struct shape shapes[] = {
    ORDER_SHAPES("_<_", less),
    ORDER_SHAPES("_<=_", less_or_same),
    ORDER_SHAPES("_>_", more),
    ORDER_SHAPES("_>=_", more_or_same),
    ORDER_SHAPES("_==_", same),
    ORDER_SHAPES("_!=_", different),
    INT_SHAPE("_+_", add_int),
    INT_SHAPE("_-_", subtract_int),
    INT_SHAPE("_*_", multiply_int),
    INT_SHAPE("_/_", divide_int),
    INT_SHAPE("_%_", modulo_int),
    INT_SHAPE("-_", negate_int),
    DOUBLE_SHAPE("_+_", add_double),
    DOUBLE_SHAPE("_-_", subtract_double),
    DOUBLE_SHAPE("_*_", multiply_double),
    DOUBLE_SHAPE("_/_", divide_double),
    {.name = "-_", .kind = MR_KIND_DOUBLE, .real = negate_double},
    {.name = "double", .kind = MR_KIND_INT, .real = double_of_int},
    {.name = "int", .kind = MR_KIND_DOUBLE, .number = int_of_double},
    {.name = "!_", .kind = MR_KIND_BOOL, .truth = not_truth},
};

/* Whether all arguments have one kind that cannot be null or dyn. */
static uint8_t common_kind(const struct cel_node *call)
{
    uint8_t kind = MR_KIND_ERROR;

    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct cel_type *type = call->args[i]->type;

        if (type->is_nullable || (i > 0 && cel_op_kind(type) != kind)) {
            return MR_KIND_ERROR;
        }
        kind = cel_op_kind(type);
    }
    return kind;
}

/* 0 < x is x > 0. */
static const char *mirrored(struct mr_span name)
{
    static const char *const pairs[][2] = {{"_<_", "_>_"},   {"_>_", "_<_"},   {"_<=_", "_>=_"},
                                           {"_>=_", "_<=_"}, {"_==_", "_==_"}, {"_!=_", "_!=_"}};

    for (size_t i = 0; i < MR_COUNT(pairs); i++) {
        if (mr_span_is(name, pairs[i][0])) {
            return pairs[i][1];
        }
    }
    return NULL;
}

static bool is_constant(const struct cel_op *op)
{
    return op->node->kind == CEL_NODE_LITERAL;
}

static bool is_slot(const struct cel_op *op)
{
    return op->node->kind == CEL_NODE_SLOT;
}

/* The form of a shape that fits what the arguments are. */
static void use_shape(struct cel_op *op, const struct shape *shape)
{
    const bool is_leaf = cel_op_is_leaf(op->a);

    op->slot = op->a->slot;
    op->is_local = op->a->is_local;
    op->truth = shape->truth;
    op->number = shape->number;
    op->real = shape->real;
    if (shape->leaf_real != NULL && is_leaf && cel_op_is_leaf(op->b)) {
        op->real = shape->leaf_real;
    }
    if (shape->const_truth != NULL && is_constant(op->b)) {
        op->truth = is_leaf ? shape->leaf_truth : shape->const_truth;
        op->test = !is_leaf       ? shape->made_test
                   : op->is_local ? shape->local_test
                                  : shape->slot_test;
        op->is_plain = is_slot(op->a);
        op->constant = op->b->constant;
    } else if (op->b != NULL && is_slot(op->a) && is_slot(op->b)) {
        op->test = shape->two_test;
        op->is_plain = true;
        op->other = op->b->slot;
    }
}

bool cel_op_scalar(struct cel_op *op, const struct cel_node *call)
{
    const uint8_t kind = common_kind(call);
    struct mr_span name = call->name;

    MR_ASSERT(op->a != NULL && (call->arg_count < 2 || op->b != NULL));
    if ((kind != MR_KIND_INT && kind != MR_KIND_DOUBLE && kind != MR_KIND_BOOL) ||
        call->arg_count > 2) {
        return false;
    }
    if (call->arg_count == 2 && kind != MR_KIND_BOOL && is_constant(op->a) &&
        mirrored(name) != NULL) {
        const struct cel_op *swap = op->a;

        op->a = op->b;
        op->b = swap;
        name = mr_span_text(mirrored(name));
    }
    for (size_t i = 0; i < MR_COUNT(shapes); i++) {
        if (shapes[i].kind == kind && mr_span_is(name, shapes[i].name)) {
            use_shape(op, &shapes[i]);
            cel_op_test_emptiness(op, name);
            return true;
        }
    }
    return false;
}
