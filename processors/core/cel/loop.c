#include "processors/core/cel/loop.h"

static bool is_error(struct mr_value value)
{
    return value.kind == MR_KIND_ERROR;
}

static struct mr_value no_overload(void)
{
    return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
}

/* Puts item number i into the locals; false: too many iterations. */
static bool next(struct cel_run *run, const struct cel_loop_plan *plan,
                 const struct mr_value *range, uint32_t i)
{
    struct mr_value *first = &run->locals[plan->local];

    if (run->iterations <= 0) {
        return false;
    }
    run->iterations--;
    if (range->kind == MR_KIND_MAP) {
        first[0] = range->items[2 * (size_t)i];
        if (plan->has_two) {
            first[1] = range->items[2 * (size_t)i + 1];
        }
    } else if (plan->has_two) {
        first[0] = mr_value_int(i);
        first[1] = range->items[i];
    } else {
        first[0] = range->items[i];
    }
    return true;
}

static struct mr_value too_many(void)
{
    return cel_fault(MR_CEL_FAULT_ITERATIONS);
}

static struct mr_value quantify(struct cel_run *run, const struct cel_loop_plan *plan,
                                const struct mr_value *range)
{
    const bool deciding = plan->loop == CEL_LOOP_EXISTS;
    struct mr_value result = mr_value_bool(!deciding);

    for (uint32_t i = 0; i < range->size; i++) {
        struct mr_value truth;

        if (!next(run, plan, range, i)) {
            return too_many();
        }
        truth = plan->evaluate(plan->context, run, 1);
        if (truth.kind == MR_KIND_BOOL) {
            if ((truth.number != 0) == deciding) {
                return truth;
            }
        } else if (!is_error(result)) {
            result = is_error(truth) ? truth : no_overload();
        }
    }
    return result;
}

static struct mr_value exactly_one(struct cel_run *run, const struct cel_loop_plan *plan,
                                   const struct mr_value *range)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < range->size; i++) {
        struct mr_value truth;

        if (!next(run, plan, range, i)) {
            return too_many();
        }
        truth = plan->evaluate(plan->context, run, 1);
        if (truth.kind != MR_KIND_BOOL) {
            return is_error(truth) ? truth : no_overload();
        }
        found += truth.number != 0 ? 1 : 0;
    }
    return mr_value_bool(found == 1);
}

/* The filter before a body: BOOL, or an error. */
static struct mr_value passes(struct cel_run *run, const struct cel_loop_plan *plan)
{
    struct mr_value truth;

    if (plan->body_count == 1 && plan->loop != CEL_LOOP_FILTER) {
        return mr_value_bool(true);
    }
    truth = plan->evaluate(plan->context, run, 1);
    return truth.kind == MR_KIND_BOOL || is_error(truth) ? truth : no_overload();
}

static struct mr_value collect_list(struct cel_run *run, const struct cel_loop_plan *plan,
                                    const struct mr_value *range)
{
    struct mr_value *items = cel_take_items(run, range->size);
    uint32_t count = 0;

    if (items == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    for (uint32_t i = 0; i < range->size; i++) {
        struct mr_value item;

        if (!next(run, plan, range, i)) {
            return too_many();
        }
        item = passes(run, plan);
        if (is_error(item)) {
            return item;
        }
        if (item.number == 0) {
            continue;
        }
        item = plan->loop == CEL_LOOP_FILTER ? run->locals[plan->local]
                                             : plan->evaluate(plan->context, run, plan->body_count);
        if (is_error(item)) {
            return item;
        }
        items[count++] = item;
    }
    return cel_list_of(items, count);
}

/* Rows of a key and its item. */
static struct mr_value sort_by(struct cel_run *run, const struct cel_loop_plan *plan,
                               const struct mr_value *range)
{
    struct mr_value *rows;

    if (range->kind != MR_KIND_LIST) {
        return no_overload();
    }
    rows = cel_take_items(run, 2 * (size_t)range->size);
    if (rows == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    for (uint32_t i = 0; i < range->size; i++) {
        struct mr_value *row = &rows[2 * (size_t)i];

        if (!next(run, plan, range, i)) {
            return too_many();
        }
        row[0] = plan->evaluate(plan->context, run, 1);
        row[1] = range->items[i];
        if (is_error(row[0])) {
            return row[0];
        }
    }
    return cel_sort_rows(run, rows, range->size, 2);
}

bool cel_map_add(struct cel_run *run, struct mr_value *map, struct mr_value *items,
                 struct mr_value key, struct mr_value item, struct mr_value *error)
{
    const bool is_there = cel_is_key(&key) && cel_map_find(run, map, &key) != NULL;

    if (!cel_is_key(&key) || is_there || run->fuel < 0) {
        *error = cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL
                           : is_there    ? MR_CEL_FAULT_REPEATED_KEY
                                         : MR_CEL_FAULT_KEY_TYPE);
        return false;
    }
    items[2 * (size_t)map->size] = key;
    items[2 * (size_t)map->size + 1] = item;
    map->size++;
    return true;
}

/* Appends what a body gave: a value under the loop's own key, or an entry of a map of one. */
static bool add_result(struct cel_run *run, const struct cel_loop_plan *plan, struct mr_value *map,
                       struct mr_value *items, struct mr_value *error)
{
    const struct mr_value key = run->locals[plan->local];
    const struct mr_value item = plan->evaluate(plan->context, run, plan->body_count);

    *error = item;
    if (is_error(item)) {
        return false;
    }
    if (plan->loop == CEL_LOOP_TRANSFORM_MAP) {
        return cel_map_add(run, map, items, key, item, error);
    }
    *error = no_overload();
    return item.kind == MR_KIND_MAP && item.size == 1 &&
           cel_map_add(run, map, items, item.items[0], item.items[1], error);
}

static struct mr_value collect_map(struct cel_run *run, const struct cel_loop_plan *plan,
                                   const struct mr_value *range)
{
    struct mr_value *items = cel_take_items(run, 2 * (size_t)range->size);
    struct mr_value map = {.kind = MR_KIND_MAP}, error;

    if (items == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    map.items = items;
    for (uint32_t i = 0; i < range->size; i++) {
        struct mr_value truth;

        if (!next(run, plan, range, i)) {
            return too_many();
        }
        truth = passes(run, plan);
        if (is_error(truth)) {
            return truth;
        }
        if (truth.number != 0 && !add_result(run, plan, &map, items, &error)) {
            return error;
        }
    }
    return map;
}

struct mr_value cel_loop_run(struct cel_run *run, const struct cel_loop_plan *plan,
                             const struct mr_value *range)
{
    if (range->kind != MR_KIND_LIST && range->kind != MR_KIND_MAP) {
        return no_overload();
    }
    switch ((enum cel_loop)plan->loop) {
    case CEL_LOOP_ALL:
    case CEL_LOOP_EXISTS:
        return quantify(run, plan, range);
    case CEL_LOOP_EXISTS_ONE:
        return exactly_one(run, plan, range);
    case CEL_LOOP_MAP:
    case CEL_LOOP_FILTER:
        return collect_list(run, plan, range);
    case CEL_LOOP_SORT_BY:
        return sort_by(run, plan, range);
    default:
        return collect_map(run, plan, range);
    }
}
