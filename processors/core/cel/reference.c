#include "processors/core/cel/reference.h"

#include "processors/core/cel/functions.h"
#include "processors/core/cel/loop.h"

static bool is_error(struct mr_value value)
{
    return value.kind == MR_KIND_ERROR;
}

static struct mr_value no_overload(void)
{
    return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
}

static struct mr_value no_room(const struct cel_run *run)
{
    return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_ROOM);
}

struct mr_value cel_call_any(struct cel_run *run, const struct cel_node *call,
                             const struct mr_value *args)
{
    for (uint32_t i = 0; i < call->candidate_count; i++) {
        const struct cel_overload *row = call->candidates[i];

        if (row->call != NULL && cel_overload_takes(row, args, call->arg_count)) {
            run->prepared = call->prepared;
            return row->call(run, args, call->arg_count);
        }
    }
    return no_overload();
}

#define FEW_ARGS 4

static struct mr_value call(struct cel_run *run, const struct cel_node *node)
{
    struct mr_value few[FEW_ARGS];
    struct mr_value *args = few;

    if (node->arg_count > FEW_ARGS) {
        args = cel_take_items(run, node->arg_count);
        if (args == NULL) {
            return no_room(run);
        }
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        args[i] = cel_reference(run, node->args[i]);
        if (is_error(args[i])) {
            return args[i];
        }
    }
    return cel_call_any(run, node, args);
}

/* An error or a non-bool does not decide; the deciding side wins wherever it stands. */
static struct mr_value chain(struct cel_run *run, const struct cel_node *node)
{
    const bool deciding = node->kind == CEL_NODE_OR;
    struct mr_value result = mr_value_bool(!deciding);

    for (uint32_t i = 0; i < node->arg_count; i++) {
        const struct mr_value side = cel_reference(run, node->args[i]);

        if (side.kind == MR_KIND_BOOL) {
            if ((side.number != 0) == deciding) {
                return side;
            }
        } else if (!is_error(result)) {
            result = is_error(side) ? side : no_overload();
        }
    }
    return result;
}

static struct mr_value choose(struct cel_run *run, const struct cel_node *node)
{
    const struct mr_value condition = cel_reference(run, node->args[0]);

    if (condition.kind != MR_KIND_BOOL) {
        return is_error(condition) ? condition : no_overload();
    }
    return cel_reference(run, node->args[condition.number != 0 ? 1 : 2]);
}

static struct mr_value select_field(const struct cel_node *node, const struct mr_value *record)
{
    if (node->index == 0 || node->index > record->size) {
        return cel_fault(MR_CEL_FAULT_NO_FIELD);
    }
    return record->items[node->index - 1];
}

static struct mr_value select_plain(struct cel_run *run, const struct cel_node *node,
                                    const struct mr_value *owner)
{
    const struct mr_value key = mr_value_string(node->name);
    const struct mr_value *found;

    if (owner->kind == MR_KIND_RECORD) {
        return select_field(node, owner);
    }
    if (owner->kind != MR_KIND_MAP) {
        return no_overload();
    }
    found = cel_map_find(run, owner, &key);
    if (found == NULL) {
        return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_KEY);
    }
    return *found;
}

static bool is_absence(struct mr_value value)
{
    return is_error(value) &&
           (value.number == MR_CEL_FAULT_NO_KEY || value.number == MR_CEL_FAULT_NO_FIELD);
}

static struct mr_value test_field(struct cel_run *run, const struct cel_node *node,
                                  const struct mr_value *owner)
{
    struct mr_value found;

    if (owner->kind == MR_KIND_NULL && node->index > 0) {
        return mr_value_bool(false); /* a declared record that is null has no fields */
    }
    found = select_plain(run, node, owner);
    if (is_absence(found)) {
        return mr_value_bool(false);
    }
    return is_error(found) ? found : mr_value_bool(true);
}

/* What is not there is none; what is there is an optional of it. */
static struct mr_value select_optional(struct cel_run *run, const struct cel_node *node,
                                       const struct mr_value *owner)
{
    const struct mr_value found = select_plain(run, node, owner);

    if (is_absence(found)) {
        return cel_optional_none();
    }
    return is_error(found) || found.kind == MR_KIND_OPTIONAL ? found : cel_optional_of(run, found);
}

struct mr_value cel_select(struct cel_run *run, const struct cel_node *node, struct mr_value owner)
{
    const bool is_wrapped = owner.kind == MR_KIND_OPTIONAL;
    const struct mr_value *inner = is_wrapped ? owner.items : &owner;

    if (is_error(owner)) {
        return owner;
    }
    if (is_wrapped && owner.size == 0) {
        return node->is_test ? mr_value_bool(false) : cel_optional_none();
    }
    if (node->is_test) {
        return test_field(run, node, inner);
    }
    return is_wrapped || node->is_optional ? select_optional(run, node, inner)
                                           : select_plain(run, node, inner);
}

static struct mr_value make_list(struct cel_run *run, const struct cel_node *node)
{
    struct mr_value *items = cel_take_items(run, node->arg_count);
    size_t count = 0;

    if (items == NULL) {
        return no_room(run);
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        struct mr_value item = cel_reference(run, node->args[i]);

        if (is_error(item)) {
            return item;
        }
        if (node->optional != NULL && node->optional[i]) {
            if (item.kind != MR_KIND_OPTIONAL) {
                return no_overload();
            }
            if (item.size == 0) {
                continue;
            }
            item = item.items[0];
        }
        items[count++] = item;
    }
    return cel_list_of(items, count);
}

/* One entry; NULL kind in *error: added or, ?key with none, left out. */
static bool add_entry(struct cel_run *run, const struct cel_node *node, uint32_t i,
                      struct mr_value *map, struct mr_value *items, struct mr_value *error)
{
    const struct mr_value key = cel_reference(run, node->args[i]);
    struct mr_value item;

    *error = key;
    if (is_error(key)) {
        return false;
    }
    item = cel_reference(run, node->args[i + 1]);
    *error = item;
    if (is_error(item)) {
        return false;
    }
    if (node->optional != NULL && node->optional[i]) {
        *error = no_overload();
        if (item.kind != MR_KIND_OPTIONAL) {
            return false;
        }
        if (item.size == 0) {
            return true;
        }
        item = item.items[0];
    }
    return cel_map_add(run, map, items, key, item, error);
}

static struct mr_value make_map(struct cel_run *run, const struct cel_node *node)
{
    struct mr_value *items = cel_take_items(run, node->arg_count);
    struct mr_value map = {.kind = MR_KIND_MAP}, error;

    if (items == NULL) {
        return no_room(run);
    }
    map.items = items;
    for (uint32_t i = 0; i < node->arg_count; i += 2) {
        if (!add_entry(run, node, i, &map, items, &error)) {
            return error;
        }
    }
    return map;
}

static struct mr_value evaluate(const void *context, struct cel_run *run, uint32_t body)
{
    const struct cel_node *node = context;

    return cel_reference(run, node->args[body]);
}

static struct mr_value loop(struct cel_run *run, const struct cel_node *node)
{
    const struct mr_value range = cel_reference(run, node->args[0]);
    const struct cel_loop_plan plan = {
        .loop = node->loop,
        .body_count = node->arg_count - 1,
        .local = node->index,
        .has_two = node->second.size > 0,
        .evaluate = evaluate,
        .context = node,
    };

    return is_error(range) ? range : cel_loop_run(run, &plan, &range);
}

static struct mr_value bind(struct cel_run *run, const struct cel_node *node)
{
    run->locals[node->index] = cel_reference(run, node->args[0]);
    return cel_reference(run, node->args[1]);
}

static struct mr_value opt_map(struct cel_run *run, const struct cel_node *node)
{
    const struct mr_value target = cel_reference(run, node->args[0]);
    struct mr_value result;

    if (target.kind != MR_KIND_OPTIONAL) {
        return is_error(target) ? target : no_overload();
    }
    if (target.size == 0) {
        return target;
    }
    run->locals[node->index] = target.items[0];
    result = cel_reference(run, node->args[1]);
    if (is_error(result)) {
        return result;
    }
    if (node->is_flat) {
        return result.kind == MR_KIND_OPTIONAL ? result : no_overload();
    }
    return cel_optional_of(run, result);
}

struct mr_value cel_reference(struct cel_run *run, const struct cel_node *node)
{
    if (!cel_spend(run, 1)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_LITERAL:
        return node->value;
    case CEL_NODE_SLOT:
        return run->slots[node->index];
    case CEL_NODE_LOCAL:
        return run->locals[node->index];
    case CEL_NODE_FAULT:
        return cel_fault((enum mr_cel_fault)node->index);
    case CEL_NODE_SELECT:
        return cel_select(run, node, cel_reference(run, node->args[0]));
    case CEL_NODE_CALL:
        return call(run, node);
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        return chain(run, node);
    case CEL_NODE_IF:
        return choose(run, node);
    case CEL_NODE_LIST:
        return make_list(run, node);
    case CEL_NODE_MAP:
        return make_map(run, node);
    case CEL_NODE_LOOP:
        return loop(run, node);
    case CEL_NODE_BIND:
        return bind(run, node);
    case CEL_NODE_OPT_MAP:
        return opt_map(run, node);
    default:
        return no_overload();
    }
}
