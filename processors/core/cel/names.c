/* What names stand for: locals, variables (dotted ones whole), types, paths into records. */
#include "processors/core/cel/check.h"

#include <string.h>

#define CHAIN_MAX 512

/* A chain a.b.c as text; false: something else stands in it. */
static bool put_chain(const struct cel_node *node, char *out, size_t *size)
{
    if (node->kind == CEL_NODE_SELECT && !node->is_test && !node->is_optional && !node->is_quoted) {
        if (!put_chain(node->args[0], out, size) || *size + 1 >= CHAIN_MAX) {
            return false;
        }
        out[(*size)++] = '.';
    } else if (node->kind != CEL_NODE_NAME) {
        return false;
    }
    if (node->name.size >= CHAIN_MAX - *size) {
        return false;
    }
    memcpy(out + *size, node->name.data, node->name.size);
    *size += node->name.size;
    return true;
}

static const struct cel_node *chain_root(const struct cel_node *node)
{
    while (node->kind == CEL_NODE_SELECT) {
        node = node->args[0];
    }
    return node;
}

static uint32_t find_local(const struct cel_check *self, const struct cel_node *root)
{
    if (root->kind != CEL_NODE_NAME || root->is_absolute) {
        return self->local_count;
    }
    for (uint32_t i = self->local_count; i-- > 0;) {
        if (mr_span_equal(self->locals[i].name, root->name)) {
            return i;
        }
    }
    return self->local_count;
}

struct mr_span cel_check_chain(struct cel_check *self, const struct cel_node *node)
{
    const struct mr_span none = {NULL, 0};
    char text[CHAIN_MAX];
    size_t size = 0;

    if (!put_chain(node, text, &size) || find_local(self, chain_root(node)) < self->local_count) {
        return none;
    }
    return mr_arena_copy(self->source->arena, (struct mr_span){(const uint8_t *)text, size});
}

static const struct cel_type *use_variable(struct cel_check *self, struct cel_node *node,
                                           size_t index)
{
    struct mr_cel_path *path = cel_source_take(self->source, 1, sizeof(*path));
    const struct cel_type *type;

    if (path == NULL) {
        return NULL;
    }
    path->variable = (uint32_t)index;
    type = self->dialect->is_unchecked
               ? cel_type_basic(MR_CEL_DYN)
               : cel_type_import(self->source, &self->env->variables[index].type);
    node->kind = CEL_NODE_SLOT;
    node->path = path;
    node->arg_count = 0;
    node->may_be_null = self->env->variables[index].type.is_nullable;
    return type;
}

static const struct cel_type *type_named(struct cel_check *self, struct mr_span name,
                                         const char **canonical)
{
    static const struct {
        const char *name, *canonical, *letters;
    } types[] = {
        {"bool", "bool", "Tb"},
        {"int", "int", "Ti"},
        {"uint", "uint", "Tu"},
        {"double", "double", "Td"},
        {"string", "string", "Ts"},
        {"bytes", "bytes", "Ty"},
        {"list", "list", "TL?"},
        {"map", "map", "TM??"},
        {"null_type", "null_type", "Tn"},
        {"type", "type", "TT?"},
        {"optional_type", "optional_type", "TO?"},
        {"decimal", "decimal", "Tc"},
        {"google.protobuf.Timestamp", "google.protobuf.Timestamp", "Tt"},
        {"google.protobuf.Duration", "google.protobuf.Duration", "TD"},
    };

    for (size_t i = 0; i < MR_COUNT(types); i++) {
        const char *letters = types[i].letters;

        if (mr_span_is(name, types[i].name)) {
            *canonical = types[i].canonical;
            return cel_infer_read(&self->infer, &letters, NULL);
        }
    }
    return NULL;
}

/* prefix.name, or name alone when there is no prefix. */
static bool is_joined(const char *declared, struct mr_span prefix, struct mr_span name)
{
    const size_t size = strlen(declared), dot = prefix.size > 0 ? 1 : 0;

    return size == prefix.size + dot + name.size &&
           (dot == 0 ||
            (memcmp(declared, prefix.data, prefix.size) == 0 && declared[prefix.size] == '.')) &&
           memcmp(declared + prefix.size + dot, name.data, name.size) == 0;
}

static size_t find_variable(const struct cel_check *self, struct mr_span prefix,
                            struct mr_span name)
{
    for (size_t i = 0; i < self->env->variable_count; i++) {
        if (is_joined(self->env->variables[i].name, prefix, name)) {
            return i;
        }
    }
    return self->env->variable_count;
}

/* The container a.b is a.b, then a, then nothing. */
static bool shorten(struct mr_span *prefix)
{
    if (prefix->size == 0) {
        return false;
    }
    while (prefix->size > 0 && prefix->data[--prefix->size] != '.') {
    }
    return true;
}

static const struct cel_type *use_type(struct cel_check *self, struct cel_node *node,
                                       struct mr_span name)
{
    const char *canonical = NULL;
    const struct cel_type *type = type_named(self, name, &canonical);

    if (type != NULL) {
        node->kind = CEL_NODE_LITERAL;
        node->arg_count = 0;
        node->value = mr_value_string(mr_span_text(canonical));
        node->value.kind = MR_KIND_TYPE;
    }
    return type;
}

const struct cel_type *cel_check_name(struct cel_check *self, struct cel_node *node)
{
    const uint32_t local = find_local(self, chain_root(node));
    const bool is_absolute = chain_root(node)->is_absolute;
    struct mr_span prefix = is_absolute ? (struct mr_span){NULL, 0} : self->dialect->container;
    struct mr_span name;

    if (local < self->local_count) {
        if (node->kind != CEL_NODE_NAME) {
            return NULL;
        }
        node->kind = CEL_NODE_LOCAL;
        node->index = local;
        return self->locals[local].type;
    }
    name = cel_check_chain(self, node);
    if (name.size == 0) {
        return NULL;
    }
    do {
        const size_t variable = find_variable(self, prefix, name);

        if (variable < self->env->variable_count) {
            return use_variable(self, node, variable);
        }
    } while (shorten(&prefix));
    return use_type(self, node, name);
}

const char *cel_check_text(struct cel_check *self, const struct cel_node *node)
{
    const struct mr_cel_variable *variable;
    const struct mr_cel_type *type;
    const char *text;

    if (node->kind != CEL_NODE_SLOT) {
        return "x";
    }
    variable = &self->env->variables[node->path->variable];
    type = &variable->type;
    text = variable->name;
    for (uint32_t i = 0; i < node->path->depth && text != NULL; i++) {
        const struct mr_cel_field *field = &type->record->fields[node->path->fields[i]];

        text = mr_arena_print(self->source->arena, "%s.%s", text, field->name);
        type = &field->type;
    }
    return text == NULL ? "x" : text;
}

struct nearest {
    struct mr_span wanted;
    const char *name;
    size_t distance;
};

static void consider(struct nearest *best, const char *name)
{
    const size_t limit = best->wanted.size <= 3 ? 1 : 2;
    const size_t distance = cel_name_distance(best->wanted, mr_span_text(name), limit);

    if (distance <= limit && (best->name == NULL || distance < best->distance)) {
        best->name = name;
        best->distance = distance;
    }
}

void cel_check_hint_name(struct cel_check *self, struct mr_span name)
{
    struct nearest best = {.wanted = name};

    for (size_t i = 0; i < self->env->variable_count; i++) {
        consider(&best, self->env->variables[i].name);
    }
    if (best.name != NULL) {
        cel_source_hint(self->source, "did you mean '%s'?", best.name);
        return;
    }
    for (size_t i = 0; i < self->env->variable_count; i++) { /* a field without its record? */
        const struct mr_cel_variable *variable = &self->env->variables[i];
        const struct mr_cel_record *record =
            variable->type.kind == MR_CEL_RECORD ? variable->type.record : NULL;

        for (size_t j = 0; record != NULL && j < record->field_count; j++) {
            if (mr_span_is(name, record->fields[j].name)) {
                cel_source_hint(self->source, "did you mean '%s.%s'?", variable->name,
                                record->fields[j].name);
            }
        }
    }
}

static const struct cel_type *unknown_field(struct cel_check *self, const struct cel_node *node,
                                            const struct mr_cel_record *record)
{
    struct nearest best = {.wanted = node->name};

    cel_source_report(self->source, node->offset, "no field '%.*s' in %s", MR_SPAN_ARGS(node->name),
                      record->name);
    for (size_t i = 0; i < record->field_count; i++) {
        consider(&best, record->fields[i].name);
    }
    if (best.name != NULL) {
        cel_source_hint(self->source, "did you mean '%s'?", best.name);
    }
    return NULL;
}

/* subject.price: one slot, not a record and a lookup; but no path leads through what may be null.
 */
static bool extend_path(struct cel_check *self, struct cel_node *node, size_t field,
                        bool may_be_null)
{
    const struct cel_node *owner = node->args[0];
    struct mr_cel_path *path;

    if (owner->kind != CEL_NODE_SLOT || owner->may_be_null ||
        owner->path->depth == MR_CEL_PATH_MAX) {
        return true;
    }
    path = cel_source_take(self->source, 1, sizeof(*path));
    if (path == NULL) {
        return false;
    }
    *path = *owner->path;
    path->fields[path->depth++] = (uint32_t)field;
    node->kind = CEL_NODE_SLOT;
    node->path = path;
    node->arg_count = 0;
    node->may_be_null = may_be_null;
    return true;
}

const struct cel_type *cel_check_field(struct cel_check *self, struct cel_node *node,
                                       const struct cel_type *owner)
{
    const struct mr_cel_record *record = owner->record;

    for (size_t i = 0; record != NULL && i < record->field_count; i++) {
        if (!mr_span_is(node->name, record->fields[i].name)) {
            continue;
        }
        node->index = (uint32_t)i + 1;
        if (!owner->is_nullable && node->is_test) {
            node->kind = CEL_NODE_LITERAL;
            node->value = mr_value_bool(true);
            node->arg_count = 0;
        } else if (!owner->is_nullable && !node->is_optional &&
                   !extend_path(self, node, i, record->fields[i].type.is_nullable)) {
            return NULL;
        }
        return cel_type_import(self->source, &record->fields[i].type);
    }
    return record == NULL ? cel_type_basic(MR_CEL_DYN) : unknown_field(self, node, record);
}

bool cel_path_equal(const struct mr_cel_path *a, const struct mr_cel_path *b)
{
    return a->variable == b->variable && a->depth == b->depth &&
           memcmp(a->fields, b->fields, a->depth * sizeof(a->fields[0])) == 0;
}

bool cel_check_bind(struct cel_check *self, struct cel_node *node)
{
    struct cel_bound *bound = self->bound;

    while (bound != NULL && !cel_path_equal(bound->path, node->path)) {
        bound = bound->next;
    }
    if (bound == NULL) {
        bound = cel_source_take(self->source, 1, sizeof(*bound));
        if (bound == NULL) {
            return false;
        }
        bound->path = node->path;
        self->bind_code = self->env->bind(self->env->context, node->path, &bound->slot, self->err);
        if (self->bind_code != MR_OK) {
            return false;
        }
        bound->next = self->bound;
        self->bound = bound;
    }
    node->index = bound->slot;
    return true;
}
