/* The math library: greatest and least of any numbers, rounding, bits. */
#include "processors/core/cel/functions.h"

#include <math.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static bool is_number(const struct mr_value *value)
{
    return value->kind == MR_KIND_INT || value->kind == MR_KIND_UINT ||
           value->kind == MR_KIND_DOUBLE;
}

/* The first of the items that no other one exceeds in the direction of wanted. */
static struct mr_value extreme(const struct mr_value *items, uint32_t count, enum cel_order wanted)
{
    struct mr_value best;

    if (count == 0) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    best = items[0];
    for (uint32_t i = 0; i < count; i++) {
        if (!is_number(&items[i])) {
            return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
        }
        if (cel_compare(&items[i], &best) == wanted) {
            best = items[i];
        }
    }
    return best;
}

CALL(greatest)
{
    (void)run;
    return extreme(args, count, CEL_MORE);
}

CALL(least)
{
    (void)run;
    return extreme(args, count, CEL_LESS);
}

CALL(greatest_item)
{
    (void)count;
    return cel_spend(run, args[0].size) ? extreme(args[0].items, args[0].size, CEL_MORE)
                                        : cel_fault(MR_CEL_FAULT_FUEL);
}

CALL(least_item)
{
    (void)count;
    return cel_spend(run, args[0].size) ? extreme(args[0].items, args[0].size, CEL_LESS)
                                        : cel_fault(MR_CEL_FAULT_FUEL);
}

#define GIVES(name, expression) \
    CALL(name) \
    { \
        (void)run, (void)count; \
        return expression; \
    }

GIVES(ceil_double, mr_value_double(ceil(args[0].real)))
GIVES(floor_double, mr_value_double(floor(args[0].real)))
GIVES(round_double, mr_value_double(round(args[0].real)))
GIVES(trunc_double, mr_value_double(trunc(args[0].real)))
GIVES(sqrt_double, mr_value_double(sqrt(args[0].real)))
GIVES(sqrt_int, mr_value_double(sqrt((double)args[0].number)))
GIVES(sqrt_uint, mr_value_double(sqrt((double)args[0].positive)))
GIVES(abs_int, args[0].number == INT64_MIN
                   ? cel_fault(MR_CEL_FAULT_OVERFLOW)
                   : mr_value_int(args[0].number < 0 ? -args[0].number : args[0].number))
GIVES(same, args[0])
GIVES(abs_double, mr_value_double(fabs(args[0].real)))
GIVES(sign_int, mr_value_int((args[0].number > 0) - (args[0].number < 0)))
GIVES(sign_uint, cel_value_uint(args[0].positive > 0))
GIVES(sign_double, isnan(args[0].real)
                       ? args[0]
                       : mr_value_double((double)((args[0].real > 0) - (args[0].real < 0))))
GIVES(is_nan, mr_value_bool(isnan(args[0].real) != 0))
GIVES(is_inf, mr_value_bool(isinf(args[0].real) != 0))
GIVES(is_finite, mr_value_bool(isfinite(args[0].real) != 0))
GIVES(and_int, mr_value_int(args[0].number &args[1].number))
GIVES(and_uint, cel_value_uint(args[0].positive &args[1].positive))
GIVES(or_int, mr_value_int(args[0].number | args[1].number))
GIVES(or_uint, cel_value_uint(args[0].positive | args[1].positive))
GIVES(xor_int, mr_value_int(args[0].number ^ args[1].number))
GIVES(xor_uint, cel_value_uint(args[0].positive ^ args[1].positive))
GIVES(not_int, mr_value_int(~args[0].number))
GIVES(not_uint, cel_value_uint(~args[0].positive))

/* Bits that leave at one end do not come back at the other: also of an int, by 64 or more. */
CALL(shift_left)
{
    struct mr_value value = args[0];

    (void)run, (void)count;
    if (args[1].number < 0) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    value.positive = args[1].number > 63 ? 0 : args[0].positive << args[1].number;
    return value;
}

CALL(shift_right)
{
    struct mr_value value = args[0];

    (void)run, (void)count;
    if (args[1].number < 0) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    value.positive = args[1].number > 63 ? 0 : args[0].positive >> args[1].number;
    return value;
}

#define BOTH(name, call, item_call) \
    {name, "i", "i", call, CEL_GLOBAL, NULL}, {name, "u", "u", call, CEL_GLOBAL, NULL}, \
        {name, "d", "d", call, CEL_GLOBAL, NULL}, {name, "ii", "i", call, CEL_GLOBAL, NULL}, \
        {name, "uu", "u", call, CEL_GLOBAL, NULL}, {name, "dd", "d", call, CEL_GLOBAL, NULL}, \
        {name, "iu", "?", call, CEL_GLOBAL, NULL}, {name, "id", "?", call, CEL_GLOBAL, NULL}, \
        {name, "ui", "?", call, CEL_GLOBAL, NULL}, {name, "ud", "?", call, CEL_GLOBAL, NULL}, \
        {name, "di", "?", call, CEL_GLOBAL, NULL}, {name, "du", "?", call, CEL_GLOBAL, NULL}, \
        {name, "Li", "i", item_call, CEL_GLOBAL, NULL}, \
        {name, "Lu", "u", item_call, CEL_GLOBAL, NULL}, \
        {name, "Ld", "d", item_call, CEL_GLOBAL, NULL}, \
        {name, "L?", "?", item_call, CEL_GLOBAL, NULL}, \
        {name, "???", "?", call, CEL_GLOBAL, NULL}, {name, "????", "?", call, CEL_GLOBAL, NULL}, \
        {name, "?????", "?", call, CEL_GLOBAL, NULL}, \
    { \
        name, "??????", "?", call, CEL_GLOBAL, NULL \
    }
#define ONE(name, letter, call) \
    { \
        name, letter, letter, call, CEL_GLOBAL, NULL \
    }
#define TWO(name, letter, call) \
    { \
        name, letter letter, letter, call, CEL_GLOBAL, NULL \
    }

static const struct cel_overload rows[] = {
    BOTH("math.greatest", greatest, greatest_item),
    BOTH("math.least", least, least_item),
    ONE("math.ceil", "d", ceil_double),
    ONE("math.floor", "d", floor_double),
    ONE("math.round", "d", round_double),
    ONE("math.trunc", "d", trunc_double),
    {"math.sqrt", "d", "d", sqrt_double, CEL_GLOBAL, NULL},
    {"math.sqrt", "i", "d", sqrt_int, CEL_GLOBAL, NULL},
    {"math.sqrt", "u", "d", sqrt_uint, CEL_GLOBAL, NULL},
    ONE("math.abs", "i", abs_int),
    ONE("math.abs", "u", same),
    ONE("math.abs", "d", abs_double),
    ONE("math.sign", "i", sign_int),
    ONE("math.sign", "u", sign_uint),
    ONE("math.sign", "d", sign_double),
    {"math.isNaN", "d", "b", is_nan, CEL_GLOBAL, NULL},
    {"math.isInf", "d", "b", is_inf, CEL_GLOBAL, NULL},
    {"math.isFinite", "d", "b", is_finite, CEL_GLOBAL, NULL},
    TWO("math.bitAnd", "i", and_int),
    TWO("math.bitAnd", "u", and_uint),
    TWO("math.bitOr", "i", or_int),
    TWO("math.bitOr", "u", or_uint),
    TWO("math.bitXor", "i", xor_int),
    TWO("math.bitXor", "u", xor_uint),
    ONE("math.bitNot", "i", not_int),
    ONE("math.bitNot", "u", not_uint),
    {"math.bitShiftLeft", "ii", "i", shift_left, CEL_GLOBAL, NULL},
    {"math.bitShiftLeft", "ui", "u", shift_left, CEL_GLOBAL, NULL},
    {"math.bitShiftRight", "ii", "i", shift_right, CEL_GLOBAL, NULL},
    {"math.bitShiftRight", "ui", "u", shift_right, CEL_GLOBAL, NULL},
};

const struct cel_library cel_math = {rows, MR_COUNT(rows)};
