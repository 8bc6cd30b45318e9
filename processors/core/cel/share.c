#include "processors/core/cel/share.h"

#include "processors/core/cel/regex.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 4096
#define WEIGHT_MIN 12 /* less is computed as quickly as it is kept and found */

/* What is known of a node when all below it is. */
struct summary {
    uint32_t hash, weight;
    uint32_t locals; /* bits: variables of loops around it that it reads */
    bool has_slot;
};

struct part {
    struct cel_node *node;
    uint32_t hash;
    uint32_t place; /* in the order in which parts were found */
};

struct finder {
    struct part *parts;
    uint32_t count, room;
};

static uint32_t mix(uint32_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * 16777619U;
    }
    return hash;
}

static uint32_t mix_number(uint32_t hash, uint32_t number)
{
    return mix(hash, &number, sizeof(number));
}

static bool has_bytes(const struct mr_value *value)
{
    return value->kind == MR_KIND_STRING || value->kind == MR_KIND_BYTES;
}

static uint32_t hash_of(const struct cel_node *node)
{
    uint32_t hash = mix_number(2166136261U, node->kind);

    hash = mix_number(mix_number(hash, node->loop), node->index);
    hash = mix(hash, node->name.data, node->name.size);
    if (node->kind != CEL_NODE_LITERAL) {
        return hash;
    }
    return has_bytes(&node->value) ? mix(hash, node->value.data, node->value.size)
                                   : mix(hash, &node->value.number, sizeof(node->value.number));
}

/* About the nanoseconds that the compiled evaluator takes for a node itself. */
static uint32_t weight_of(const struct cel_node *node)
{
    static const struct {
        const char *name;
        uint32_t weight;
    } calls[] = {{"startsWith", 1}, {"endsWith", 1}, {"size", 2}, {"@in", 2}, {"-_", 1}, {"!_", 0}};

    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_AND:
    case CEL_NODE_OR:
    case CEL_NODE_LITERAL:
        return 0;
    case CEL_NODE_LOOP:
        return 6;
    case CEL_NODE_CALL:
        break;
    default:
        return 1;
    }
    for (size_t i = 0; i < MR_COUNT(calls); i++) {
        if (mr_span_is(node->name, calls[i].name)) {
            return calls[i].weight;
        }
    }
    if (mr_span_is(node->name, "matches")) {
        return cel_regex_is_sequence(node->prepared) ? 3 : 12;
    }
    return node->name.size > 0 && node->name.data[0] == '_' ? 1 : 8;
}

/* The variables that a node binds for what is in it. */
static uint32_t bound_by(const struct cel_node *node)
{
    const bool binds = node->kind == CEL_NODE_LOOP || node->kind == CEL_NODE_BIND ||
                       node->kind == CEL_NODE_OPT_MAP;

    return !binds ? 0 : (node->second.size > 0 ? 3U : 1U) << node->index;
}

static bool is_scalar(const struct cel_type *type)
{
    switch (type->kind) {
    case MR_CEL_BOOL:
    case MR_CEL_INT:
    case MR_CEL_UINT:
    case MR_CEL_DOUBLE:
    case MR_CEL_TIMESTAMP:
    case MR_CEL_DURATION:
        return true;
    default:
        return false;
    }
}

static struct summary gather(struct finder *self, struct cel_node *node)
{
    struct summary sum = {.hash = hash_of(node), .weight = weight_of(node)};

    sum.has_slot = node->kind == CEL_NODE_SLOT;
    sum.locals = node->kind == CEL_NODE_LOCAL ? 1U << node->index : 0;
    node->share = 0;
    node->is_covered = false;
    for (uint32_t i = 0; i < node->arg_count; i++) {
        const struct summary inner = gather(self, node->args[i]);

        sum.hash = mix_number(sum.hash, inner.hash);
        sum.weight += inner.weight;
        sum.locals |= inner.locals;
        sum.has_slot = sum.has_slot || inner.has_slot;
    }
    sum.locals &= ~bound_by(node);
    if (sum.weight >= WEIGHT_MIN && sum.locals == 0 && sum.has_slot && is_scalar(node->type) &&
        self->count < self->room) {
        self->parts[self->count] = (struct part){node, sum.hash, self->count};
        self->count++;
    }
    return sum;
}

static bool is_same_value(const struct mr_value *a, const struct mr_value *b)
{
    return a->kind == b->kind && a->size == b->size && a->aux == b->aux &&
           (has_bytes(a) ? a->size == 0 || memcmp(a->data, b->data, a->size) == 0
                         : a->number == b->number);
}

static bool is_same_head(const struct cel_node *a, const struct cel_node *b)
{
    return a->kind == b->kind && a->loop == b->loop && a->index == b->index &&
           a->is_test == b->is_test && a->is_optional == b->is_optional &&
           a->is_flat == b->is_flat && a->arg_count == b->arg_count &&
           a->type->kind == b->type->kind && a->type->is_nullable == b->type->is_nullable &&
           a->second.size == b->second.size && mr_span_equal(a->name, b->name);
}

static bool is_same(const struct cel_node *a, const struct cel_node *b)
{
    if (!is_same_head(a, b) || a->optional != NULL || b->optional != NULL ||
        (a->kind == CEL_NODE_LITERAL && !is_same_value(&a->value, &b->value))) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!is_same(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

/* Higher ones first, then those that may be the same beside each other. */
static int by_height(const void *left, const void *right)
{
    const struct part *a = left, *b = right;

    if (a->node->height != b->node->height) {
        return a->node->height > b->node->height ? -1 : 1;
    }
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->place < b->place ? -1 : 1;
}

static void cover(struct cel_node *node)
{
    for (uint32_t i = 0; i < node->arg_count; i++) {
        node->args[i]->is_covered = true;
        cover(node->args[i]);
    }
}

/* All that is the same as part number first gets one share; false: it stands alone. */
static bool share_part(const struct finder *self, uint32_t first, uint32_t share)
{
    struct cel_node *node = self->parts[first].node;
    bool is_shared = false;

    for (uint32_t i = first + 1;
         i < self->count && self->parts[i].hash == self->parts[first].hash &&
         self->parts[i].node->height == node->height;
         i++) {
        struct cel_node *other = self->parts[i].node;

        if (!other->is_covered && other->share == 0 && is_same(node, other)) {
            other->share = share;
            cover(other);
            is_shared = true;
        }
    }
    node->share = is_shared ? share : 0;
    return is_shared;
}

void cel_group_add(struct mr_cel_group *group, struct mr_cel_program *program)
{
    program->next = group->first;
    group->first = program;
}

struct mr_cel_group *mr_cel_group_new(const struct mr_cel_env *env, struct mr_arena *arena)
{
    struct mr_cel_group *group = mr_arena_take(arena, 1, sizeof(*group));

    if (group != NULL) {
        *group = (struct mr_cel_group){.env = *env, .arena = arena};
    }
    return group;
}

uint32_t mr_cel_group_find(struct mr_cel_group *group)
{
    const size_t mark = mr_arena_mark(group->arena);
    struct finder finder = {.parts = mr_arena_take(group->arena, PARTS_MAX, sizeof(*finder.parts)),
                            .room = PARTS_MAX};
    uint32_t share_count = 0;

    if (finder.parts == NULL) {
        return 0;
    }
    for (struct mr_cel_program *program = group->first; program != NULL; program = program->next) {
        (void)gather(&finder, program->root);
    }
    qsort(finder.parts, finder.count, sizeof(*finder.parts), by_height);
    for (uint32_t i = 0; i < finder.count; i++) {
        const struct cel_node *node = finder.parts[i].node;

        if (!node->is_covered && node->share == 0 && share_part(&finder, i, share_count + 1)) {
            share_count++;
        }
    }
    mr_arena_release(group->arena, mark);
    return share_count;
}

static bool has_share(const struct cel_node *node)
{
    bool is_found = node->share != 0;

    for (uint32_t i = 0; i < node->arg_count && !is_found; i++) {
        is_found = has_share(node->args[i]);
    }
    return is_found;
}

enum mr_code mr_cel_group_share(struct mr_cel_group *group, uint32_t first_slot,
                                struct mr_error *err)
{
    struct mr_cel_diagnosis why;
    struct cel_source source = {.arena = group->arena, .why = &why};

    for (struct mr_cel_program *program = group->first; program != NULL; program = program->next) {
        if (has_share(program->root) && !cel_program_compile(program, &source, first_slot)) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for what expressions share");
        }
    }
    return MR_OK;
}
