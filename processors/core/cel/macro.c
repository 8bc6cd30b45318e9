/* The macros, recognised by name, style and number of arguments. */
#include "processors/core/cel/parse.h"

struct macro {
    const char *name;
    const char *owner; /* cel in cel.bind, or NULL: a receiver of any kind */
    uint32_t arg_count;
    uint32_t variable_count;
    enum cel_node_kind kind;
    enum cel_loop loop;
};

/* has() stands apart: it is the only one that is no loop and names no variable. */
static const struct macro macros[] = {
    {"all", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_ALL},
    {"all", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_ALL},
    {"exists", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_EXISTS},
    {"exists", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_EXISTS},
    {"exists_one", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_EXISTS_ONE},
    {"existsOne", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_EXISTS_ONE},
    {"exists_one", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_EXISTS_ONE},
    {"existsOne", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_EXISTS_ONE},
    {"map", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_MAP},
    {"map", NULL, 3, 1, CEL_NODE_LOOP, CEL_LOOP_MAP},
    {"filter", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_FILTER},
    {"sortBy", NULL, 2, 1, CEL_NODE_LOOP, CEL_LOOP_SORT_BY},
    {"transformList", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_MAP},
    {"transformList", NULL, 4, 2, CEL_NODE_LOOP, CEL_LOOP_MAP},
    {"transformMap", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_TRANSFORM_MAP},
    {"transformMap", NULL, 4, 2, CEL_NODE_LOOP, CEL_LOOP_TRANSFORM_MAP},
    {"transformMapEntry", NULL, 3, 2, CEL_NODE_LOOP, CEL_LOOP_TRANSFORM_MAP_ENTRY},
    {"transformMapEntry", NULL, 4, 2, CEL_NODE_LOOP, CEL_LOOP_TRANSFORM_MAP_ENTRY},
    {"bind", "cel", 3, 1, CEL_NODE_BIND, CEL_LOOP_ALL},
    {"optMap", NULL, 2, 1, CEL_NODE_OPT_MAP, CEL_LOOP_ALL},
    {"optFlatMap", NULL, 2, 1, CEL_NODE_OPT_MAP, CEL_LOOP_MAP},
};

static bool expand_has(struct cel_source *source, struct cel_node *call)
{
    struct cel_node *field = call->args[0];

    if (field->kind != CEL_NODE_SELECT || field->is_test || field->is_optional) {
        cel_source_report(source, call->offset, "has() takes a field: has(x.name)");
        return false;
    }
    field->is_test = true;
    *call = *field;
    return true;
}

static bool is_owner(const struct cel_node *node, const char *owner)
{
    return node->kind == CEL_NODE_NAME && !node->is_absolute && mr_span_is(node->name, owner);
}

static const struct macro *find(const struct cel_node *call)
{
    for (size_t i = 0; i < MR_COUNT(macros); i++) {
        const struct macro *macro = &macros[i];
        const uint32_t given = call->arg_count - 1;

        if (given == macro->arg_count && mr_span_is(call->name, macro->name) &&
            (macro->owner == NULL || is_owner(call->args[0], macro->owner))) {
            return macro;
        }
    }
    return NULL;
}

static bool take_variable(struct cel_source *source, const struct cel_node *node,
                          struct mr_span *name)
{
    if (node->kind != CEL_NODE_NAME || node->is_absolute) {
        cel_source_report(source, node->offset, "a macro's variable must be a simple name");
        return false;
    }
    *name = node->name;
    return true;
}

/* args: [range, variables..., bodies...] becomes [range, bodies...]. */
static bool expand(struct cel_source *source, struct cel_node *call, const struct macro *macro)
{
    const uint32_t skipped = macro->owner == NULL ? macro->variable_count : 2;

    if (!take_variable(source, call->args[1], &call->name)) {
        return false;
    }
    if (macro->variable_count == 2) {
        if (!take_variable(source, call->args[2], &call->second)) {
            return false;
        }
        if (mr_span_equal(call->name, call->second)) {
            cel_source_report(source, call->args[2]->offset,
                              "the two variables of a macro must have different names");
            return false;
        }
    }
    if (macro->owner == NULL) {
        call->args[skipped] = call->args[0];
    }
    call->args += skipped;
    call->arg_count -= skipped;
    call->kind = (uint8_t)macro->kind;
    call->loop = (uint8_t)macro->loop;
    call->is_flat = macro->kind == CEL_NODE_OPT_MAP && macro->loop == CEL_LOOP_MAP;
    return true;
}

bool cel_macro_expand(struct cel_source *source, struct cel_node *call)
{
    const struct macro *macro;

    if (!call->is_member) {
        return !mr_span_is(call->name, "has") || call->arg_count != 1 || expand_has(source, call);
    }
    macro = find(call);
    return macro == NULL || expand(source, call, macro);
}
