/* Closures of arithmetic and order on int and double: no boxes, no dispatch. */
#include "processors/core/cel/compile.h"

#include <math.h>
#include <string.h>

#define LEAF(self, run) (&(run)->slots[(self)->a->slot])

/* Order: general; and a slot against a constant, the shape of most rules. */
#define ORDER_INT(name, operator) \
    static int name##_int(const struct cel_op *self, struct cel_run *run) \
    { \
        const int64_t a = self->a->number(self->a, run); \
        const int64_t b = run->fault != 0 ? 0 : self->b->number(self->b, run); \
\
        return run->fault != 0 ? CEL_TRUTH_FAULT : a operator b; \
    } \
    static int name##_int_slot(const struct cel_op *self, struct cel_run *run) \
    { \
        const struct mr_value *a = LEAF(self, run); \
\
        return a->kind == MR_KIND_INT ? a->number operator self->constant.number \
            : cel_op_fail_truth(run, MR_CEL_FAULT_NO_OVERLOAD); \
    }
#define ORDER_DOUBLE(name, operator) \
    static int name##_double(const struct cel_op *self, struct cel_run *run) \
    { \
        const double a = self->a->real(self->a, run); \
        const double b = run->fault != 0 ? 0 : self->b->real(self->b, run); \
\
        return run->fault != 0 ? CEL_TRUTH_FAULT : a operator b; \
    } \
    static int name##_double_slot(const struct cel_op *self, struct cel_run *run) \
    { \
        const struct mr_value *a = LEAF(self, run); \
\
        return a->kind == MR_KIND_DOUBLE ? a->real operator self->constant.real \
            : cel_op_fail_truth(run, MR_CEL_FAULT_NO_OVERLOAD); \
    }
#define ORDERS(name, operator) \
    ORDER_INT(name, operator) \
    ORDER_DOUBLE(name, operator)

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
#define REAL(name, expression) \
    static double name(const struct cel_op *self, struct cel_run *run) \
    { \
        const double a = self->a->real(self->a, run); \
        const double b = run->fault != 0 ? 1 : self->b->real(self->b, run); \
\
        return expression; \
    }

REAL(add_double, a + b)
REAL(subtract_double, a - b)
REAL(multiply_double, a *b)
#if defined(__clang__)
__attribute__((no_sanitize("float-divide-by-zero")))
#endif
REAL(divide_double, a / b)

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
    cel_truth_call truth, slot_truth;
    cel_number_call number;
    cel_real_call real;
};

#define ORDER_SHAPES(name, call) \
    {name, MR_KIND_INT, call##_int, call##_int_slot, NULL, NULL}, \
    { \
        name, MR_KIND_DOUBLE, call##_double, call##_double_slot, NULL, NULL \
    }

static const struct shape shapes[] = {
    ORDER_SHAPES("_<_", less),
    ORDER_SHAPES("_<=_", less_or_same),
    ORDER_SHAPES("_>_", more),
    ORDER_SHAPES("_>=_", more_or_same),
    ORDER_SHAPES("_==_", same),
    ORDER_SHAPES("_!=_", different),
    {"_+_", MR_KIND_INT, NULL, NULL, add_int, NULL},
    {"_-_", MR_KIND_INT, NULL, NULL, subtract_int, NULL},
    {"_*_", MR_KIND_INT, NULL, NULL, multiply_int, NULL},
    {"_/_", MR_KIND_INT, NULL, NULL, divide_int, NULL},
    {"_%_", MR_KIND_INT, NULL, NULL, modulo_int, NULL},
    {"-_", MR_KIND_INT, NULL, NULL, negate_int, NULL},
    {"_+_", MR_KIND_DOUBLE, NULL, NULL, NULL, add_double},
    {"_-_", MR_KIND_DOUBLE, NULL, NULL, NULL, subtract_double},
    {"_*_", MR_KIND_DOUBLE, NULL, NULL, NULL, multiply_double},
    {"_/_", MR_KIND_DOUBLE, NULL, NULL, NULL, divide_double},
    {"-_", MR_KIND_DOUBLE, NULL, NULL, NULL, negate_double},
    {"double", MR_KIND_INT, NULL, NULL, NULL, double_of_int},
    {"int", MR_KIND_DOUBLE, NULL, NULL, int_of_double, NULL},
    {"!_", MR_KIND_BOOL, not_truth, NULL, NULL, NULL},
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

bool cel_op_scalar(struct cel_op *op, const struct cel_node *call)
{
    const uint8_t kind = common_kind(call);
    struct mr_span name = call->name;

    if ((kind != MR_KIND_INT && kind != MR_KIND_DOUBLE && kind != MR_KIND_BOOL) ||
        call->arg_count == 0 || call->arg_count > 2) {
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
            op->truth = shapes[i].truth;
            op->number = shapes[i].number;
            op->real = shapes[i].real;
            if (shapes[i].slot_truth != NULL && op->a->node->kind == CEL_NODE_SLOT &&
                is_constant(op->b)) {
                op->truth = shapes[i].slot_truth;
                op->constant = op->b->constant;
            }
            return true;
        }
    }
    return false;
}
