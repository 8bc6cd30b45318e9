#include "processors/core/cel/check.h"

#include <string.h>

static const struct cel_type *basic(int kind)
{
    return cel_type_basic(kind);
}

static bool fits(struct cel_check *self, const struct cel_type *to, const struct cel_type *from)
{
    return self->dialect->is_unchecked || cel_infer_assign(&self->infer, to, from);
}

static const char *print(struct cel_check *self, const struct cel_type *type)
{
    const struct cel_type *final = cel_infer_resolve(&self->infer, type, true);

    return cel_type_print(final == NULL ? type : final, self->source->arena);
}

static const struct cel_type *check_literal(const struct cel_node *node, struct cel_check *self)
{
    static const uint8_t kinds[] = {
        [MR_KIND_NULL] = MR_CEL_NULL,     [MR_KIND_BOOL] = MR_CEL_BOOL,
        [MR_KIND_INT] = MR_CEL_INT,       [MR_KIND_UINT] = MR_CEL_UINT,
        [MR_KIND_DOUBLE] = MR_CEL_DOUBLE, [MR_KIND_STRING] = MR_CEL_STRING,
        [MR_KIND_BYTES] = MR_CEL_BYTES,
    };

    (void)self;
    MR_ASSERT(node->value.kind < MR_COUNT(kinds));
    return basic(kinds[node->value.kind]);
}

static const struct cel_type *undeclared(struct cel_check *self, struct cel_node *node)
{
    if (self->dialect->is_unchecked) {
        node->kind = CEL_NODE_FAULT;
        node->index = MR_CEL_FAULT_UNDECLARED;
        return basic(MR_CEL_DYN);
    }
    cel_source_report(self->source, node->offset, "there is no variable '%.*s'",
                      MR_SPAN_ARGS(node->name));
    cel_check_hint_name(self, node->name);
    return NULL;
}

/* Where it has been compared with null before, it is not null now. */
static const struct cel_type *surely(struct cel_check *self, const struct cel_node *node,
                                     const struct cel_type *type)
{
    if (type == NULL || node->kind != CEL_NODE_SLOT || !type->is_nullable) {
        return type;
    }
    for (uint32_t i = 0; i < self->sure_count; i++) {
        if (cel_path_equal(self->sure[i], node->path)) {
            return cel_type_nullable(self->source, type, false);
        }
    }
    return type;
}

static const struct cel_type *check_name(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *type = cel_check_name(self, node);

    if (type == NULL && !self->source->has_failed) {
        return undeclared(self, node);
    }
    return surely(self, node, type);
}

static const struct cel_type *no_fields(struct cel_check *self, struct cel_node *node,
                                        const struct cel_type *owner)
{
    static const char *const sizes[] = {"size", "length", "len", "count"};

    if (self->dialect->is_unchecked) {
        return basic(MR_CEL_DYN);
    }
    cel_source_report(self->source, node->offset, "%s has no fields, so no '%.*s'",
                      print(self, owner), MR_SPAN_ARGS(node->name));
    for (size_t i = 0; i < MR_COUNT(sizes); i++) {
        if (mr_span_is(node->name, sizes[i])) {
            cel_source_hint(self->source, "did you mean 'size(%s)'?",
                            cel_check_text(self, node->args[0]));
        }
    }
    return NULL;
}

static const struct cel_type *field_type(struct cel_check *self, struct cel_node *node,
                                         const struct cel_type *owner)
{
    switch (owner->kind) {
    case MR_CEL_MAP:
        return owner->items[1];
    case MR_CEL_RECORD:
        return cel_check_field(self, node, owner);
    case MR_CEL_DYN:
    case CEL_KIND_VAR:
        return basic(MR_CEL_DYN);
    default:
        return no_fields(self, node, owner);
    }
}

static const struct cel_type *check_select(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *owner = node->is_test ? NULL : cel_check_name(self, node);
    const struct cel_type *type;
    bool is_wrapped;

    if (owner != NULL || self->source->has_failed) {
        return surely(self, node, owner);
    }
    owner = cel_check_node(self, node->args[0]);
    owner = owner == NULL ? NULL : cel_infer_resolve(&self->infer, owner, false);
    if (owner == NULL) {
        return NULL;
    }
    is_wrapped = owner->kind == MR_CEL_OPTIONAL;
    owner = is_wrapped ? owner->items[0] : owner;
    type = field_type(self, node, owner);
    if (type == NULL) {
        return NULL;
    }
    if (node->is_test) {
        return basic(MR_CEL_BOOL);
    }
    type = surely(self, node, type);
    if ((is_wrapped || node->is_optional) && type->kind != MR_CEL_OPTIONAL) {
        return cel_type_new(self->source, MR_CEL_OPTIONAL, type, NULL);
    }
    return type;
}

static bool need_bool(struct cel_check *self, const struct cel_node *node, const char *what)
{
    if (node->type == NULL) {
        return false;
    }
    if (fits(self, basic(MR_CEL_BOOL), node->type)) {
        return true;
    }
    cel_source_report(self->source, node->offset, "%s must be a bool, not %s", what,
                      print(self, node->type));
    return false;
}

/* x != null (wanted: "_!=_") makes x sure in what follows. */
static void learn(struct cel_check *self, const struct cel_node *node, const char *wanted)
{
    const struct cel_node *a, *b;

    if (node->kind != CEL_NODE_CALL || node->arg_count != 2 || !mr_span_is(node->name, wanted) ||
        self->sure_count == MR_CEL_LOCALS_MAX) {
        return;
    }
    a = node->args[0];
    b = node->args[1];
    if (b->kind == CEL_NODE_SLOT) {
        a = node->args[1];
        b = node->args[0];
    }
    if (a->kind == CEL_NODE_SLOT && b->kind == CEL_NODE_LITERAL && b->value.kind == MR_KIND_NULL) {
        self->sure[self->sure_count++] = a->path;
    }
}

/* What holds when node is true (is_true) or false. */
static void learn_from(struct cel_check *self, const struct cel_node *node, bool is_true)
{
    const enum cel_node_kind chain = is_true ? CEL_NODE_AND : CEL_NODE_OR;

    if (node->kind == chain) {
        for (uint32_t i = 0; i < node->arg_count; i++) {
            learn(self, node->args[i], is_true ? "_!=_" : "_==_");
        }
    } else {
        learn(self, node, is_true ? "_!=_" : "_==_");
    }
}

static const struct cel_type *check_chain(struct cel_check *self, struct cel_node *node)
{
    const bool is_and = node->kind == CEL_NODE_AND;
    const uint32_t sure_count = self->sure_count;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (cel_check_node(self, node->args[i]) == NULL ||
            !need_bool(self, node->args[i], is_and ? "a side of &&" : "a side of ||")) {
            return NULL;
        }
        learn_from(self, node->args[i], is_and);
    }
    self->sure_count = sure_count;
    return basic(MR_CEL_BOOL);
}

static bool is_simple(const struct cel_type *type)
{
    return type->kind >= MR_CEL_BOOL && type->kind <= MR_CEL_DECIMAL;
}

static const struct cel_type *join_branches(struct cel_check *self, const struct cel_node *node)
{
    const struct cel_type *a = node->args[1]->type, *b = node->args[2]->type;
    const struct cel_type *variable;

    if (a->kind == MR_CEL_NULL && is_simple(b)) {
        return cel_type_nullable(self->source, b, true);
    }
    if (b->kind == MR_CEL_NULL && is_simple(a)) {
        return cel_type_nullable(self->source, a, true);
    }
    if (is_simple(a) && a->kind == b->kind) {
        return a->is_nullable ? a : b;
    }
    variable = cel_infer_variable(&self->infer);
    if (variable == NULL) {
        return NULL;
    }
    if (cel_infer_assign(&self->infer, variable, a) &&
        cel_infer_assign(&self->infer, variable, b)) {
        return cel_infer_resolve(&self->infer, variable, false);
    }
    if (self->dialect->is_unchecked) {
        return basic(MR_CEL_DYN);
    }
    cel_source_report(self->source, node->offset,
                      "the two results of ?: must have one type, not %s and %s", print(self, a),
                      print(self, b));
    return NULL;
}

static const struct cel_type *check_if(struct cel_check *self, struct cel_node *node)
{
    const uint32_t sure_count = self->sure_count;

    if (cel_check_node(self, node->args[0]) == NULL ||
        !need_bool(self, node->args[0], "the condition of ?:")) {
        return NULL;
    }
    for (uint32_t i = 1; i < 3; i++) {
        learn_from(self, node->args[0], i == 1);
        if (cel_check_node(self, node->args[i]) == NULL) {
            return NULL;
        }
        self->sure_count = sure_count;
    }
    return join_branches(self, node);
}

/* The type of an item that is given as ?item. */
static const struct cel_type *unwrap_item(struct cel_check *self, const struct cel_node *node)
{
    const struct cel_type *type = cel_infer_resolve(&self->infer, node->type, false);

    if (type == NULL || type->kind == MR_CEL_OPTIONAL) {
        return type == NULL ? NULL : type->items[0];
    }
    if (type->kind == MR_CEL_DYN || type->kind == CEL_KIND_VAR || self->dialect->is_unchecked) {
        return basic(MR_CEL_DYN);
    }
    cel_source_report(self->source, node->offset, "an item after ? must be an optional, not %s",
                      print(self, type));
    return NULL;
}

static bool join_item(struct cel_check *self, struct cel_node *node, bool is_optional,
                      const struct cel_type **type)
{
    const struct cel_type *item = cel_check_node(self, node);

    if (item != NULL && is_optional) {
        item = unwrap_item(self, node);
    }
    if (item == NULL) {
        return false;
    }
    *type = *type == NULL ? item : cel_infer_join(&self->infer, *type, item);
    return *type != NULL;
}

static const struct cel_type *check_list(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *item = NULL;

    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (!join_item(self, node->args[i], node->optional != NULL && node->optional[i], &item)) {
            return NULL;
        }
    }
    item = item == NULL ? cel_infer_variable(&self->infer) : item;
    return item == NULL ? NULL : cel_type_new(self->source, MR_CEL_LIST, item, NULL);
}

static bool is_key_type(const struct cel_type *type)
{
    return type->kind == MR_CEL_BOOL || type->kind == MR_CEL_INT || type->kind == MR_CEL_UINT ||
           type->kind == MR_CEL_STRING || type->kind == MR_CEL_DYN || type->kind == CEL_KIND_VAR;
}

/* Checks a key, whose type joins the others'. */
static bool join_key(struct cel_check *self, struct cel_node *node, const struct cel_type **key)
{
    const struct cel_type *type = cel_check_node(self, node);

    type = type == NULL ? NULL : cel_infer_resolve(&self->infer, type, false);
    if (type == NULL) {
        return false;
    }
    if (!is_key_type(type) && !self->dialect->is_unchecked) {
        cel_source_report(self->source, node->offset, "a key must be a bool, int, uint or string");
        return false;
    }
    *key = *key == NULL ? type : cel_infer_join(&self->infer, *key, type);
    return *key != NULL;
}

static const struct cel_type *check_map(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *key = NULL, *item = NULL;

    for (uint32_t i = 0; i < node->arg_count; i += 2) {
        const bool is_optional = node->optional != NULL && node->optional[i];

        if (!join_key(self, node->args[i], &key) ||
            !join_item(self, node->args[i + 1], is_optional, &item)) {
            return NULL;
        }
    }
    key = key == NULL ? cel_infer_variable(&self->infer) : key;
    item = item == NULL ? cel_infer_variable(&self->infer) : item;
    return key == NULL || item == NULL ? NULL : cel_type_new(self->source, MR_CEL_MAP, key, item);
}

static bool declare(struct cel_check *self, const struct cel_node *node, struct mr_span name,
                    const struct cel_type *type)
{
    if (self->local_count == MR_CEL_LOCALS_MAX) {
        cel_source_report(self->source, node->offset, "more than %d variables of macros at once",
                          MR_CEL_LOCALS_MAX);
        return false;
    }
    self->locals[self->local_count++] = (struct cel_local){name, type};
    return true;
}

static bool need_range(struct cel_check *self, const struct cel_node *node,
                       const struct cel_type *range)
{
    const bool is_sorted = node->loop == CEL_LOOP_SORT_BY;

    if (range->kind == MR_CEL_LIST || (range->kind == MR_CEL_MAP && !is_sorted) ||
        range->kind == MR_CEL_DYN || range->kind == CEL_KIND_VAR || self->dialect->is_unchecked) {
        return true;
    }
    cel_source_report(self->source, node->offset,
                      is_sorted ? "only lists can be sorted, not %s"
                                : "only lists and maps have items, not %s",
                      print(self, range));
    return false;
}

/* The variables of a loop over range: item; or index and item; or key and value. */
static bool declare_loop(struct cel_check *self, struct cel_node *node,
                         const struct cel_type *range)
{
    const struct cel_type *first = basic(MR_CEL_DYN), *second = basic(MR_CEL_DYN);

    if (range->kind == MR_CEL_LIST) {
        first = node->second.size > 0 ? basic(MR_CEL_INT) : range->items[0];
        second = range->items[0];
    } else if (range->kind == MR_CEL_MAP) {
        first = range->items[0];
        second = range->items[1];
    }
    node->index = self->local_count;
    return need_range(self, node, range) && declare(self, node, node->name, first) &&
           (node->second.size == 0 || declare(self, node, node->second, second));
}

static const struct cel_type *entry_type(struct cel_check *self, const struct cel_type *type)
{
    const struct cel_type *final = cel_infer_resolve(&self->infer, type, false);

    if (final == NULL || final->kind == MR_CEL_MAP) {
        return final;
    }
    return cel_type_new(self->source, MR_CEL_MAP, basic(MR_CEL_DYN), basic(MR_CEL_DYN));
}

static const struct cel_type *loop_type(struct cel_check *self, const struct cel_node *node,
                                        const struct cel_type *range)
{
    const struct cel_type *body = node->args[node->arg_count - 1]->type;
    const struct cel_type *first = self->locals[node->index].type;

    switch ((enum cel_loop)node->loop) {
    case CEL_LOOP_MAP:
        return cel_type_new(self->source, MR_CEL_LIST, body, NULL);
    case CEL_LOOP_FILTER:
    case CEL_LOOP_SORT_BY:
        return cel_type_new(self->source, MR_CEL_LIST, first, NULL);
    case CEL_LOOP_TRANSFORM_MAP:
        return cel_type_new(self->source, MR_CEL_MAP,
                            range->kind == MR_CEL_LIST ? basic(MR_CEL_INT) : first, body);
    case CEL_LOOP_TRANSFORM_MAP_ENTRY:
        return entry_type(self, body);
    default:
        return basic(MR_CEL_BOOL);
    }
}

static bool has_predicate_first(const struct cel_node *node)
{
    return node->arg_count == 3 || node->loop == CEL_LOOP_ALL || node->loop == CEL_LOOP_EXISTS ||
           node->loop == CEL_LOOP_EXISTS_ONE || node->loop == CEL_LOOP_FILTER;
}

static const struct cel_type *check_loop(struct cel_check *self, struct cel_node *node)
{
    const uint32_t local_count = self->local_count;
    const struct cel_type *range = cel_check_node(self, node->args[0]), *type;

    range = range == NULL ? NULL : cel_infer_resolve(&self->infer, range, false);
    if (range == NULL || !declare_loop(self, node, range)) {
        return NULL;
    }
    for (uint32_t i = 1; i < node->arg_count; i++) {
        if (cel_check_node(self, node->args[i]) == NULL ||
            (i == 1 && has_predicate_first(node) &&
             !need_bool(self, node->args[1], "the predicate"))) {
            return NULL;
        }
    }
    type = loop_type(self, node, range);
    self->local_count = local_count;
    return type;
}

static const struct cel_type *check_bind(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *type = cel_check_node(self, node->args[0]);

    if (type == NULL || !declare(self, node, node->name, type)) {
        return NULL;
    }
    node->index = self->local_count - 1;
    type = cel_check_node(self, node->args[1]);
    self->local_count--;
    return type;
}

static const struct cel_type *check_opt_map(struct cel_check *self, struct cel_node *node)
{
    const struct cel_type *type = cel_check_node(self, node->args[0]);

    type = type == NULL ? NULL : cel_infer_resolve(&self->infer, type, false);
    if (type == NULL) {
        return NULL;
    }
    if (type->kind != MR_CEL_OPTIONAL && type->kind != MR_CEL_DYN && !self->dialect->is_unchecked) {
        cel_source_report(self->source, node->offset, "only an optional can be mapped, not %s",
                          print(self, type));
        return NULL;
    }
    if (!declare(self, node, node->name,
                 type->kind == MR_CEL_OPTIONAL ? type->items[0] : basic(MR_CEL_DYN))) {
        return NULL;
    }
    node->index = self->local_count - 1;
    type = cel_check_node(self, node->args[1]);
    self->local_count--;
    if (type == NULL || node->is_flat) {
        return type;
    }
    return cel_type_new(self->source, MR_CEL_OPTIONAL, type, NULL);
}

static const struct cel_type *check_struct(struct cel_check *self, struct cel_node *node)
{
    if (self->dialect->is_unchecked) {
        node->kind = CEL_NODE_FAULT;
        node->index = MR_CEL_FAULT_UNDECLARED;
        node->arg_count = 0;
        return basic(MR_CEL_DYN);
    }
    cel_source_report(self->source, node->offset, "there are no messages to be made here");
    cel_source_hint(self->source, "a map is written {\"name\": value}");
    return NULL;
}

static const struct cel_type *check(struct cel_check *self, struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_LITERAL:
        return check_literal(node, self);
    case CEL_NODE_NAME:
        return check_name(self, node);
    case CEL_NODE_SELECT:
        return check_select(self, node);
    case CEL_NODE_CALL:
        return cel_check_call(self, node);
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        return check_chain(self, node);
    case CEL_NODE_IF:
        return check_if(self, node);
    case CEL_NODE_LIST:
        return check_list(self, node);
    case CEL_NODE_MAP:
        return check_map(self, node);
    case CEL_NODE_LOOP:
        return check_loop(self, node);
    case CEL_NODE_BIND:
        return check_bind(self, node);
    case CEL_NODE_OPT_MAP:
        return check_opt_map(self, node);
    default:
        return check_struct(self, node);
    }
}

const struct cel_type *cel_check_node(struct cel_check *self, struct cel_node *node)
{
    node->type = check(self, node);
    MR_ASSERT(node->type != NULL || self->source->has_failed);
    return node->type;
}

/* A literal zone or pattern is opened once, here; one that cannot be opened is a mistake. */
static bool prepare(struct cel_check *self, struct cel_node *call)
{
    const struct cel_node *last = call->arg_count > 0 ? call->args[call->arg_count - 1] : NULL;

    if (last == NULL || last->kind != CEL_NODE_LITERAL || last->value.kind != MR_KIND_STRING) {
        return true;
    }
    for (uint32_t i = 0; i < call->candidate_count && call->prepared == NULL; i++) {
        if (call->candidates[i]->prepare == NULL) {
            continue;
        }
        call->prepared =
            call->candidates[i]->prepare(self->source->arena, mr_value_span(&last->value));
        if (call->prepared == NULL && !self->dialect->is_unchecked) {
            cel_source_report(self->source, last->offset, "%.*s() cannot use this literal",
                              MR_SPAN_ARGS(call->name));
            return false;
        }
    }
    return true;
}

/* Final types for all, slots for what is read. */
static bool finish(struct cel_check *self, struct cel_node *node)
{
    node->type = cel_infer_resolve(&self->infer, node->type, true);
    if (node->type == NULL) {
        return false;
    }
    if (node->kind == CEL_NODE_SLOT) {
        return cel_check_bind(self, node);
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (!finish(self, node->args[i])) {
            return false;
        }
    }
    return node->kind != CEL_NODE_CALL || prepare(self, node);
}

const struct cel_type *cel_check_tree(struct cel_check *self, struct cel_node *root)
{
    if (cel_check_node(self, root) == NULL || !finish(self, root)) {
        return NULL;
    }
    return root->type;
}
