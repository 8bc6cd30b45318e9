/* The operators: arithmetic that reports overflow, order, equality, in, indexing. */
#include "processors/core/cel/functions.h"

#include "processors/core/cel/civil.h"

#include <math.h>
#include <string.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static struct mr_value overflow(void)
{
    return cel_fault(MR_CEL_FAULT_OVERFLOW);
}

static struct mr_value int_or_overflow(bool overflows, int64_t number)
{
    return overflows ? overflow() : mr_value_int(number);
}

static struct mr_value uint_or_overflow(bool overflows, uint64_t number)
{
    return overflows ? overflow() : cel_value_uint(number);
}

CALL(add_int)
{
    int64_t sum;
    const bool overflows = __builtin_add_overflow(args[0].number, args[1].number, &sum);

    (void)run, (void)count;
    return int_or_overflow(overflows, sum);
}

CALL(add_uint)
{
    uint64_t sum;
    const bool overflows = __builtin_add_overflow(args[0].positive, args[1].positive, &sum);

    (void)run, (void)count;
    return uint_or_overflow(overflows, sum);
}

CALL(add_double)
{
    (void)run, (void)count;
    return mr_value_double(args[0].real + args[1].real);
}

/* Strings and bytes alike. */
CALL(add_bytes)
{
    const size_t size = (size_t)args[0].size + args[1].size;
    uint8_t *room = cel_take_bytes(run, size);
    struct mr_value value = args[0];

    (void)count;
    if (room == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    if (args[0].size > 0) {
        memcpy(room, args[0].data, args[0].size);
    }
    if (args[1].size > 0) {
        memcpy(room + args[0].size, args[1].data, args[1].size);
    }
    value.flags = 0;
    value.data = room;
    value.size = (uint32_t)size;
    return value;
}

CALL(add_list)
{
    const size_t size = (size_t)args[0].size + args[1].size;
    struct mr_value *items = cel_take_items(run, size);

    (void)count;
    if (items == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    if (args[0].size > 0) {
        memcpy(items, args[0].items, args[0].size * sizeof(*items));
    }
    if (args[1].size > 0) {
        memcpy(items + args[0].size, args[1].items, args[1].size * sizeof(*items));
    }
    return cel_list_of(items, size);
}

CALL(add_time)
{
    (void)run, (void)count;
    return args[0].kind == MR_KIND_TIMESTAMP ? cel_time_add(args[0], args[1].number)
                                             : cel_time_add(args[1], args[0].number);
}

CALL(add_duration)
{
    int64_t sum;
    const bool overflows = __builtin_add_overflow(args[0].number, args[1].number, &sum);

    (void)run, (void)count;
    return overflows ? overflow() : cel_value_duration(sum);
}

CALL(subtract_int)
{
    int64_t rest;
    const bool overflows = __builtin_sub_overflow(args[0].number, args[1].number, &rest);

    (void)run, (void)count;
    return int_or_overflow(overflows, rest);
}

CALL(subtract_uint)
{
    (void)run, (void)count;
    return uint_or_overflow(args[0].positive < args[1].positive,
                            args[0].positive - args[1].positive);
}

CALL(subtract_double)
{
    (void)run, (void)count;
    return mr_value_double(args[0].real - args[1].real);
}

CALL(subtract_duration)
{
    int64_t rest;
    const bool overflows = __builtin_sub_overflow(args[0].number, args[1].number, &rest);

    (void)run, (void)count;
    return overflows ? overflow() : cel_value_duration(rest);
}

CALL(subtract_time_duration)
{
    (void)run, (void)count;
    return args[1].number == INT64_MIN ? overflow() : cel_time_add(args[0], -args[1].number);
}

CALL(subtract_times)
{
    int64_t seconds, ns;

    (void)run, (void)count;
    if (__builtin_sub_overflow(args[0].number, args[1].number, &seconds) ||
        __builtin_mul_overflow(seconds, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)args[0].size - (int64_t)args[1].size, &ns)) {
        return overflow();
    }
    return cel_value_duration(ns);
}

CALL(multiply_int)
{
    int64_t product;
    const bool overflows = __builtin_mul_overflow(args[0].number, args[1].number, &product);

    (void)run, (void)count;
    return int_or_overflow(overflows, product);
}

CALL(multiply_uint)
{
    uint64_t product;
    const bool overflows = __builtin_mul_overflow(args[0].positive, args[1].positive, &product);

    (void)run, (void)count;
    return uint_or_overflow(overflows, product);
}

CALL(multiply_double)
{
    (void)run, (void)count;
    return mr_value_double(args[0].real * args[1].real);
}

CALL(divide_int)
{
    (void)run, (void)count;
    if (args[1].number == 0) {
        return cel_fault(MR_CEL_FAULT_DIVIDE);
    }
    if (args[0].number == INT64_MIN && args[1].number == -1) {
        return overflow();
    }
    return mr_value_int(args[0].number / args[1].number);
}

CALL(divide_uint)
{
    (void)run, (void)count;
    return args[1].positive == 0 ? cel_fault(MR_CEL_FAULT_DIVIDE)
                                 : cel_value_uint(args[0].positive / args[1].positive);
}

/* The language wants IEEE's infinities, which C calls undefined. */
#if defined(__clang__)
__attribute__((no_sanitize("float-divide-by-zero")))
#endif
CALL(divide_double)
{
    (void)run, (void)count;
    return mr_value_double(args[0].real / args[1].real);
}

CALL(modulo_int)
{
    (void)run, (void)count;
    if (args[1].number == 0) {
        return cel_fault(MR_CEL_FAULT_DIVIDE);
    }
    if (args[0].number == INT64_MIN && args[1].number == -1) {
        return overflow();
    }
    return mr_value_int(args[0].number % args[1].number);
}

CALL(modulo_uint)
{
    (void)run, (void)count;
    return args[1].positive == 0 ? cel_fault(MR_CEL_FAULT_DIVIDE)
                                 : cel_value_uint(args[0].positive % args[1].positive);
}

CALL(negate_int)
{
    (void)run, (void)count;
    return int_or_overflow(args[0].number == INT64_MIN, (int64_t)(0U - args[0].positive));
}

CALL(negate_double)
{
    (void)run, (void)count;
    return mr_value_double(-args[0].real);
}

CALL(negate_duration)
{
    (void)run, (void)count;
    return args[0].number == INT64_MIN ? overflow() : cel_value_duration(-args[0].number);
}

CALL(not_bool)
{
    (void)run, (void)count;
    return mr_value_bool(args[0].number == 0);
}

static struct mr_value order_truth(const struct mr_value *args, bool on_less, bool on_same,
                                   bool on_more)
{
    switch (cel_compare(&args[0], &args[1])) {
    case CEL_LESS:
        return mr_value_bool(on_less);
    case CEL_SAME:
        return mr_value_bool(on_same);
    case CEL_MORE:
        return mr_value_bool(on_more);
    case CEL_UNORDERED:
        return mr_value_bool(false);
    default:
        return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
    }
}

CALL(less)
{
    (void)run, (void)count;
    return order_truth(args, true, false, false);
}

CALL(less_or_same)
{
    (void)run, (void)count;
    return order_truth(args, true, true, false);
}

CALL(more)
{
    (void)run, (void)count;
    return order_truth(args, false, false, true);
}

CALL(more_or_same)
{
    (void)run, (void)count;
    return order_truth(args, false, true, true);
}

CALL(same)
{
    (void)count;
    return cel_truth(cel_equal(run, &args[0], &args[1]));
}

CALL(different)
{
    const int answer = cel_equal(run, &args[0], &args[1]);

    (void)count;
    return cel_truth(answer < 0 ? answer : !answer);
}

CALL(in_list)
{
    (void)count;
    for (uint32_t i = 0; i < args[1].size; i++) {
        const int answer = cel_equal(run, &args[0], &args[1].items[i]);

        if (answer != 0) {
            return cel_truth(answer);
        }
    }
    return mr_value_bool(false);
}

CALL(in_map)
{
    const bool is_there = cel_map_find(run, &args[1], &args[0]) != NULL;

    (void)count;
    return cel_truth(run->fuel < 0 ? -1 : is_there);
}

static struct mr_value list_at(const struct mr_value *list, const struct mr_value *index)
{
    const struct mr_value size = mr_value_int(list->size);
    const struct mr_value zero = mr_value_int(0);
    uint64_t at;

    if (cel_compare(index, &zero) == CEL_LESS || cel_compare(index, &size) != CEL_LESS) {
        return cel_fault(MR_CEL_FAULT_INDEX);
    }
    at = index->kind == MR_KIND_DOUBLE ? (uint64_t)index->real : index->positive;
    if (index->kind == MR_KIND_DOUBLE && (double)at != index->real) {
        return cel_fault(MR_CEL_FAULT_INDEX);
    }
    return list->items[at];
}

static struct mr_value at(struct cel_run *run, const struct mr_value *container,
                          const struct mr_value *key)
{
    const struct mr_value *found;

    if (container->kind == MR_KIND_LIST) {
        const bool is_number =
            key->kind == MR_KIND_INT || key->kind == MR_KIND_UINT || key->kind == MR_KIND_DOUBLE;

        return is_number ? list_at(container, key) : cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
    }
    if (container->kind != MR_KIND_MAP) {
        return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
    }
    found = cel_map_find(run, container, key);
    if (found == NULL) {
        return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_KEY);
    }
    return *found;
}

CALL(index_at)
{
    (void)count;
    return at(run, &args[0], &args[1]);
}

static bool is_absence(struct mr_value value)
{
    return value.kind == MR_KIND_ERROR &&
           (value.number == MR_CEL_FAULT_NO_KEY || value.number == MR_CEL_FAULT_INDEX);
}

/* What is not there is none; what is there is an optional of it. */
CALL(optional_at)
{
    const bool is_wrapped = args[0].kind == MR_KIND_OPTIONAL;
    struct mr_value found;

    (void)count;
    if (is_wrapped && args[0].size == 0) {
        return cel_optional_none();
    }
    found = at(run, is_wrapped ? args[0].items : &args[0], &args[1]);
    if (is_absence(found)) {
        return cel_optional_none();
    }
    return found.kind == MR_KIND_ERROR ? found : cel_optional_of(run, found);
}

#define ROW(name, params, result, call) \
    { \
        name, params, result, call, CEL_GLOBAL, NULL \
    }
#define ORDER(name, call) \
    ROW(name, "bb", "b", call), ROW(name, "ii", "b", call), ROW(name, "uu", "b", call), \
        ROW(name, "dd", "b", call), ROW(name, "ss", "b", call), ROW(name, "yy", "b", call), \
        ROW(name, "tt", "b", call), ROW(name, "DD", "b", call), ROW(name, "cc", "b", call), \
        ROW(name, "iu", "b", call), ROW(name, "id", "b", call), ROW(name, "ui", "b", call), \
        ROW(name, "ud", "b", call), ROW(name, "di", "b", call), ROW(name, "du", "b", call)

static const struct cel_overload rows[] = {
    {"_+_", "ii", "i", add_int, CEL_GLOBAL, NULL},
    {"_+_", "uu", "u", add_uint, CEL_GLOBAL, NULL},
    {"_+_", "dd", "d", add_double, CEL_GLOBAL, NULL},
    {"_+_", "ss", "s", add_bytes, CEL_GLOBAL, NULL},
    {"_+_", "yy", "y", add_bytes, CEL_GLOBAL, NULL},
    {"_+_", "LALA", "LA", add_list, CEL_GLOBAL, NULL},
    {"_+_", "tD", "t", add_time, CEL_GLOBAL, NULL},
    {"_+_", "Dt", "t", add_time, CEL_GLOBAL, NULL},
    {"_+_", "DD", "D", add_duration, CEL_GLOBAL, NULL},
    {"_-_", "ii", "i", subtract_int, CEL_GLOBAL, NULL},
    {"_-_", "uu", "u", subtract_uint, CEL_GLOBAL, NULL},
    {"_-_", "dd", "d", subtract_double, CEL_GLOBAL, NULL},
    {"_-_", "tt", "D", subtract_times, CEL_GLOBAL, NULL},
    {"_-_", "tD", "t", subtract_time_duration, CEL_GLOBAL, NULL},
    {"_-_", "DD", "D", subtract_duration, CEL_GLOBAL, NULL},
    {"_*_", "ii", "i", multiply_int, CEL_GLOBAL, NULL},
    {"_*_", "uu", "u", multiply_uint, CEL_GLOBAL, NULL},
    {"_*_", "dd", "d", multiply_double, CEL_GLOBAL, NULL},
    {"_/_", "ii", "i", divide_int, CEL_GLOBAL, NULL},
    {"_/_", "uu", "u", divide_uint, CEL_GLOBAL, NULL},
    {"_/_", "dd", "d", divide_double, CEL_GLOBAL, NULL},
    {"_%_", "ii", "i", modulo_int, CEL_GLOBAL, NULL},
    {"_%_", "uu", "u", modulo_uint, CEL_GLOBAL, NULL},
    {"-_", "i", "i", negate_int, CEL_GLOBAL, NULL},
    {"-_", "d", "d", negate_double, CEL_GLOBAL, NULL},
    {"-_", "D", "D", negate_duration, CEL_GLOBAL, NULL},
    {"!_", "b", "b", not_bool, CEL_GLOBAL, NULL},
    ORDER("_<_", less),
    ORDER("_<=_", less_or_same),
    ORDER("_>_", more),
    ORDER("_>=_", more_or_same),
    {"_==_", "AA", "b", same, CEL_GLOBAL, NULL},
    {"_!=_", "AA", "b", different, CEL_GLOBAL, NULL},
    {"@in", "ALA", "b", in_list, CEL_GLOBAL, NULL},
    {"@in", "AMAB", "b", in_map, CEL_GLOBAL, NULL},
    {"_[_]", "LAi", "A", index_at, CEL_GLOBAL, NULL},
    {"_[_]", "LAu", "A", index_at, CEL_DYNAMIC, NULL},
    {"_[_]", "LAd", "A", index_at, CEL_DYNAMIC, NULL},
    {"_[_]", "MABA", "B", index_at, CEL_GLOBAL, NULL},
    {"_[_]", "OLAi", "OA", optional_at, CEL_GLOBAL, NULL},
    {"_[_]", "OMABA", "OB", optional_at, CEL_GLOBAL, NULL},
    {"_[_]", "OA?", "O?", optional_at, CEL_DYNAMIC, NULL},
    {"_[?_]", "LAi", "OA", optional_at, CEL_GLOBAL, NULL},
    {"_[?_]", "MABA", "OB", optional_at, CEL_GLOBAL, NULL},
    {"_[?_]", "OLAi", "OA", optional_at, CEL_GLOBAL, NULL},
    {"_[?_]", "OMABA", "OB", optional_at, CEL_GLOBAL, NULL},
    {"_[?_]", "??", "O?", optional_at, CEL_DYNAMIC, NULL},
};

const struct cel_library cel_operators = {rows, MR_COUNT(rows)};
