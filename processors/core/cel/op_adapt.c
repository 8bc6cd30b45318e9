/* Adapters between the four forms of an answer. See compile.h. */
#include "processors/core/cel/compile.h"

int64_t cel_op_fail(struct cel_run *run, enum mr_cel_fault fault)
{
    run->fault = (uint8_t)(fault + 1);
    return 0;
}

int cel_op_fail_truth(struct cel_run *run, enum mr_cel_fault fault)
{
    run->fault = (uint8_t)(fault + 1);
    return CEL_TRUTH_FAULT;
}

struct mr_value cel_op_take_fault(struct cel_run *run)
{
    const enum mr_cel_fault fault = (enum mr_cel_fault)(run->fault - 1);

    run->fault = 0;
    return cel_fault(fault);
}

static enum mr_cel_fault fault_of(struct mr_value value)
{
    return value.kind == MR_KIND_ERROR ? (enum mr_cel_fault)value.number : MR_CEL_FAULT_NO_OVERLOAD;
}

static int truth_of_value(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value value = self->value(self, run);

    return value.kind == MR_KIND_BOOL ? value.number != 0 : cel_op_fail_truth(run, fault_of(value));
}

static int64_t number_of_value(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value value = self->value(self, run);

    return value.kind == MR_KIND_INT ? value.number : cel_op_fail(run, fault_of(value));
}

static double real_of_value(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value value = self->value(self, run);

    return value.kind == MR_KIND_DOUBLE ? value.real : (double)cel_op_fail(run, fault_of(value));
}

static struct mr_value value_of_truth(const struct cel_op *self, struct cel_run *run)
{
    const int truth = self->truth(self, run);

    return truth == CEL_TRUTH_FAULT ? cel_op_take_fault(run) : mr_value_bool(truth == 1);
}

static struct mr_value value_of_number(const struct cel_op *self, struct cel_run *run)
{
    const int64_t number = self->number(self, run);

    return run->fault != 0 ? cel_op_take_fault(run) : mr_value_int(number);
}

static struct mr_value value_of_real(const struct cel_op *self, struct cel_run *run)
{
    const double real = self->real(self, run);

    return run->fault != 0 ? cel_op_take_fault(run) : mr_value_double(real);
}

void cel_op_complete(struct cel_op *op)
{
    if (op->value == NULL) {
        op->value = op->truth != NULL    ? value_of_truth
                    : op->number != NULL ? value_of_number
                                         : value_of_real;
    }
    op->truth = op->truth != NULL ? op->truth : truth_of_value;
    op->number = op->number != NULL ? op->number : number_of_value;
    op->real = op->real != NULL ? op->real : real_of_value;
}

uint8_t cel_op_kind(const struct cel_type *type)
{
    static const uint8_t kinds[] = {
        [MR_CEL_DYN] = MR_KIND_ERROR,
        [MR_CEL_NULL] = MR_KIND_NULL,
        [MR_CEL_BOOL] = MR_KIND_BOOL,
        [MR_CEL_INT] = MR_KIND_INT,
        [MR_CEL_UINT] = MR_KIND_UINT,
        [MR_CEL_DOUBLE] = MR_KIND_DOUBLE,
        [MR_CEL_STRING] = MR_KIND_STRING,
        [MR_CEL_BYTES] = MR_KIND_BYTES,
        [MR_CEL_TIMESTAMP] = MR_KIND_TIMESTAMP,
        [MR_CEL_DURATION] = MR_KIND_DURATION,
        [MR_CEL_DECIMAL] = MR_KIND_DECIMAL,
        [MR_CEL_LIST] = MR_KIND_LIST,
        [MR_CEL_MAP] = MR_KIND_MAP,
        [MR_CEL_RECORD] = MR_KIND_RECORD,
        [MR_CEL_OPTIONAL] = MR_KIND_OPTIONAL,
        [MR_CEL_TYPE] = MR_KIND_TYPE,
    };

    return type->kind < MR_COUNT(kinds) ? kinds[type->kind] : MR_KIND_ERROR;
}
