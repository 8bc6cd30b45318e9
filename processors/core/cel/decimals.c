/* Decimals under the names that Confluent's rules have for them; ==, < and so on compare them too.
 */
#include "processors/core/cel/decimal.h"
#include "processors/core/cel/functions.h"

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static struct mr_value ordered(const struct mr_value *args, bool is_less, bool is_same,
                               bool is_more)
{
    const enum cel_order order = cel_decimal_compare(&args[0], &args[1]);

    switch (order) {
    case CEL_LESS:
        return mr_value_bool(is_less);
    case CEL_SAME:
        return mr_value_bool(is_same);
    case CEL_MORE:
        return mr_value_bool(is_more);
    default:
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
}

CALL(equal)
{
    (void)run, (void)count;
    return ordered(args, false, true, false);
}

CALL(less)
{
    (void)run, (void)count;
    return ordered(args, true, false, false);
}

CALL(less_or_equal)
{
    (void)run, (void)count;
    return ordered(args, true, true, false);
}

CALL(more)
{
    (void)run, (void)count;
    return ordered(args, false, false, true);
}

CALL(more_or_equal)
{
    (void)run, (void)count;
    return ordered(args, false, true, true);
}

CALL(add)
{
    (void)count;
    return cel_decimal_sum(run, &args[0], &args[1], false);
}

CALL(subtract)
{
    (void)count;
    return cel_decimal_sum(run, &args[0], &args[1], true);
}

CALL(multiply)
{
    (void)count;
    return cel_decimal_product(run, &args[0], &args[1]);
}

CALL(sign)
{
    (void)run, (void)count;
    return cel_decimal_sign(&args[0]);
}

CALL(negate)
{
    const struct mr_value zero = {.kind = MR_KIND_DECIMAL, .aux = args[0].aux};

    (void)count;
    return cel_decimal_sum(run, &zero, &args[0], true);
}

CALL(absolute)
{
    const struct mr_value side = cel_decimal_sign(&args[0]);

    return side.kind == MR_KIND_INT && side.number < 0 ? negate(run, args, count) : args[0];
}

/* To a scale, or to whole numbers. */
static struct mr_value rounded(struct cel_run *run, const struct mr_value *args, uint32_t count,
                               enum cel_rounding rounding)
{
    return cel_decimal_round(run, &args[0], count == 2 ? args[1].number : 0, rounding);
}

CALL(round_half_up)
{
    return rounded(run, args, count, CEL_ROUND_HALF_UP);
}

CALL(truncate)
{
    return rounded(run, args, count, CEL_ROUND_DOWN);
}

CALL(round_floor)
{
    return rounded(run, args, count, CEL_ROUND_FLOOR);
}

CALL(round_ceiling)
{
    return rounded(run, args, count, CEL_ROUND_CEILING);
}

static const struct cel_overload rows[] = {
    {"decimals.eq", "cc", "b", equal, CEL_GLOBAL, NULL},
    {"decimals.lt", "cc", "b", less, CEL_GLOBAL, NULL},
    {"decimals.le", "cc", "b", less_or_equal, CEL_GLOBAL, NULL},
    {"decimals.gt", "cc", "b", more, CEL_GLOBAL, NULL},
    {"decimals.ge", "cc", "b", more_or_equal, CEL_GLOBAL, NULL},
    {"decimals.add", "cc", "c", add, CEL_GLOBAL, NULL},
    {"decimals.sub", "cc", "c", subtract, CEL_GLOBAL, NULL},
    {"decimals.mul", "cc", "c", multiply, CEL_GLOBAL, NULL},
    {"decimals.neg", "c", "c", negate, CEL_GLOBAL, NULL},
    {"decimals.abs", "c", "c", absolute, CEL_GLOBAL, NULL},
    {"decimals.sign", "c", "i", sign, CEL_GLOBAL, NULL},
    {"decimals.round", "c", "c", round_half_up, CEL_GLOBAL, NULL},
    {"decimals.round", "ci", "c", round_half_up, CEL_GLOBAL, NULL},
    {"decimals.trunc", "c", "c", truncate, CEL_GLOBAL, NULL},
    {"decimals.trunc", "ci", "c", truncate, CEL_GLOBAL, NULL},
    {"decimals.floor", "c", "c", round_floor, CEL_GLOBAL, NULL},
    {"decimals.ceil", "c", "c", round_ceiling, CEL_GLOBAL, NULL},
};

const struct cel_library cel_decimals = {rows, MR_COUNT(rows)};
