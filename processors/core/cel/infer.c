/* Inference: what type variables stand for. See types.h. */
#include "processors/core/cel/types.h"

#include <string.h>

static bool grow(struct cel_infer *self, void **items, uint32_t count, uint32_t *room,
                 size_t item_size)
{
    const uint32_t wanted = *room == 0 ? 16 : *room * 2;
    void *bigger;

    if (count < *room) {
        return true;
    }
    bigger = cel_source_take(self->source, wanted, item_size);
    if (bigger == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(bigger, *items, count * item_size);
    }
    *items = bigger;
    *room = wanted;
    return true;
}

const struct cel_type *cel_infer_variable(struct cel_infer *self)
{
    void *bound = (void *)self->bound;
    struct cel_type *type;

    if (!grow(self, &bound, self->variable_count, &self->variable_room, sizeof(*self->bound))) {
        return NULL;
    }
    self->bound = bound;
    type = cel_source_take(self->source, 1, sizeof(*type));
    if (type != NULL) {
        type->kind = CEL_KIND_VAR;
        type->variable = self->variable_count;
        self->bound[self->variable_count++] = NULL;
    }
    return type;
}

static bool bind(struct cel_infer *self, uint32_t variable, const struct cel_type *type)
{
    void *trail = self->trail;

    if (!grow(self, &trail, self->trail_count, &self->trail_room, sizeof(*self->trail))) {
        return false;
    }
    self->trail = trail;
    self->trail[self->trail_count++] = (struct cel_binding){variable, self->bound[variable]};
    self->bound[variable] = type;
    return true;
}

uint32_t cel_infer_mark(const struct cel_infer *self)
{
    return self->trail_count;
}

void cel_infer_undo(struct cel_infer *self, uint32_t mark)
{
    while (self->trail_count > mark) {
        const struct cel_binding *last = &self->trail[--self->trail_count];

        self->bound[last->variable] = last->before;
    }
}

/* What a variable stands for, or the last free variable of its chain. */
static const struct cel_type *walk(const struct cel_infer *self, const struct cel_type *type)
{
    while (type->kind == CEL_KIND_VAR && self->bound[type->variable] != NULL) {
        type = self->bound[type->variable];
    }
    return type;
}

static const struct cel_type *resolve(struct cel_infer *self, const struct cel_type *type,
                                      bool is_final, int depth)
{
    struct cel_type made;
    struct cel_type *copy;
    bool is_same = true;

    type = walk(self, type);
    if (type->kind == CEL_KIND_VAR || depth > CEL_TYPE_DEPTH_MAX) {
        return is_final ? cel_type_basic(MR_CEL_DYN) : type;
    }
    made = *type;
    for (uint8_t i = 0; i < type->item_count; i++) {
        made.items[i] = resolve(self, type->items[i], is_final, depth + 1);
        is_same = is_same && made.items[i] == type->items[i];
        if (made.items[i] == NULL) {
            return NULL;
        }
    }
    if (is_same) {
        return type;
    }
    copy = cel_source_take(self->source, 1, sizeof(*copy));
    if (copy != NULL) {
        *copy = made;
    }
    return copy;
}

const struct cel_type *cel_infer_resolve(struct cel_infer *self, const struct cel_type *type,
                                         bool is_final)
{
    return resolve(self, type, is_final, 0);
}

static bool mentions(const struct cel_infer *self, const struct cel_type *type, uint32_t variable,
                     int depth)
{
    type = walk(self, type);
    if (type->kind == CEL_KIND_VAR) {
        return type->variable == variable;
    }
    if (depth > CEL_TYPE_DEPTH_MAX) {
        return true;
    }
    for (uint8_t i = 0; i < type->item_count; i++) {
        if (mentions(self, type->items[i], variable, depth + 1)) {
            return true;
        }
    }
    return false;
}

/* Whether a says no more than b: dyn, a free variable, or the same shape of such. */
static bool is_as_general(const struct cel_infer *self, const struct cel_type *a,
                          const struct cel_type *b, int depth)
{
    a = walk(self, a);
    b = walk(self, b);
    if (a->kind == MR_CEL_DYN || a->kind == CEL_KIND_VAR) {
        return true;
    }
    if (b->kind == MR_CEL_DYN || b->kind == CEL_KIND_VAR || depth > CEL_TYPE_DEPTH_MAX) {
        return false;
    }
    if (b->kind == MR_CEL_NULL) {
        return true;
    }
    if (a->kind != b->kind || a->item_count != b->item_count || a->record != b->record ||
        (!a->is_nullable && b->is_nullable)) {
        return false;
    }
    for (uint8_t i = 0; i < a->item_count; i++) {
        if (!is_as_general(self, a->items[i], b->items[i], depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool assign(struct cel_infer *self, const struct cel_type *to, const struct cel_type *from,
                   int depth);

/* type meets the bound or free variable: binds it, or widens what it is bound to. */
static bool assign_variable(struct cel_infer *self, const struct cel_type *variable,
                            const struct cel_type *type, bool is_target, int depth)
{
    const struct cel_type *now = self->bound[variable->variable];
    bool fits;

    while (now != NULL && now->kind == CEL_KIND_VAR) { /* the last of the chain holds the type */
        variable = now;
        now = self->bound[variable->variable];
    }
    type = type->kind == CEL_KIND_VAR ? walk(self, type) : type;
    if (type == variable || (type->kind == CEL_KIND_VAR && type->variable == variable->variable)) {
        return true;
    }
    if (now == NULL) {
        return !mentions(self, type, variable->variable, 0) && bind(self, variable->variable, type);
    }
    fits = is_target ? assign(self, now, type, depth + 1) : assign(self, type, now, depth + 1);
    fits = fits || (is_target ? assign(self, type, now, depth + 1) : false);
    if (!fits) {
        return false;
    }
    if (!is_as_general(self, now, type, 0) && is_as_general(self, type, now, 0) &&
        !mentions(self, type, variable->variable, 0)) {
        return bind(self, variable->variable, type);
    }
    return true;
}

static bool takes_null(const struct cel_type *type)
{
    switch (type->kind) {
    case MR_CEL_NULL:
    case MR_CEL_TIMESTAMP:
    case MR_CEL_DURATION:
    case MR_CEL_RECORD:
    case MR_CEL_OPTIONAL:
    case CEL_KIND_OPAQUE:
        return true;
    default:
        return type->is_nullable;
    }
}

static bool assign_items(struct cel_infer *self, const struct cel_type *to,
                         const struct cel_type *from, int depth)
{
    if (to->kind != from->kind || to->item_count != from->item_count ||
        to->record != from->record ||
        (to->kind == CEL_KIND_OPAQUE && !mr_span_equal(to->name, from->name))) {
        return false;
    }
    for (uint8_t i = 0; i < to->item_count; i++) {
        if (!assign(self, to->items[i], from->items[i], depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool assign(struct cel_infer *self, const struct cel_type *to, const struct cel_type *from,
                   int depth)
{
    if (depth > CEL_TYPE_DEPTH_MAX) {
        return true;
    }
    if (to == from) {
        return true;
    }
    if (from->kind == CEL_KIND_VAR && (to->kind != CEL_KIND_VAR || walk(self, to) == to)) {
        return assign_variable(self, from, to, false, depth);
    }
    if (to->kind == CEL_KIND_VAR) {
        return assign_variable(self, to, from, true, depth);
    }
    if (to->kind == MR_CEL_DYN || from->kind == MR_CEL_DYN) {
        return true;
    }
    if (to->kind == MR_CEL_TYPE && from->kind == MR_CEL_TYPE) {
        return true; /* any two types may be compared */
    }
    if (to->kind == MR_CEL_NULL || from->kind == MR_CEL_NULL) {
        return takes_null(to->kind == MR_CEL_NULL ? from : to);
    }
    return assign_items(self, to, from, depth);
}

bool cel_infer_assign(struct cel_infer *self, const struct cel_type *to,
                      const struct cel_type *from)
{
    return assign(self, to, from, 0);
}

const struct cel_type *cel_infer_join(struct cel_infer *self, const struct cel_type *a,
                                      const struct cel_type *b)
{
    const uint32_t mark = cel_infer_mark(self);

    if (is_as_general(self, a, b, 0) && assign(self, a, b, 0)) {
        return a;
    }
    cel_infer_undo(self, mark);
    if (assign(self, b, a, 0)) {
        return is_as_general(self, a, b, 0) ? a : b;
    }
    cel_infer_undo(self, mark);
    if (assign(self, a, b, 0)) {
        return a;
    }
    cel_infer_undo(self, mark);
    return cel_type_basic(MR_CEL_DYN);
}

/* One letter, one type: see functions.h. */
static int letter_kind(char letter)
{
    static const char letters[] = "?nbiudsytDc";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    return found == NULL ? -1 : (int)(found - letters);
}

/* Xname;2AB: an opaque type and its parameters. */
static const struct cel_type *read_opaque(struct cel_infer *self, const char **signature,
                                          const struct cel_type **variables)
{
    const char *end = strchr(*signature, ';');
    struct cel_type *type = cel_source_take(self->source, 1, sizeof(*type));

    if (type == NULL) {
        return NULL;
    }
    type->kind = CEL_KIND_OPAQUE;
    type->name = (struct mr_span){(const uint8_t *)*signature, (size_t)(end - *signature)};
    type->item_count = (uint8_t)(end[1] - '0');
    *signature = end + 2;
    MR_ASSERT(type->item_count <= CEL_TYPE_ITEMS_MAX);
    for (uint8_t i = 0; i < type->item_count; i++) {
        type->items[i] = cel_infer_read(self, signature, variables);
        if (type->items[i] == NULL) {
            return NULL;
        }
    }
    return type;
}

const struct cel_type *cel_infer_read(struct cel_infer *self, const char **signature,
                                      const struct cel_type **variables)
{
    const char letter = *(*signature)++;
    const struct cel_type *a, *b;

    if (letter_kind(letter) >= 0) {
        return cel_type_basic(letter_kind(letter));
    }
    if (letter >= 'A' && letter <= 'C') {
        if (variables[letter - 'A'] == NULL) {
            variables[letter - 'A'] = cel_infer_variable(self);
        }
        return variables[letter - 'A'];
    }
    if (letter == 'X') {
        return read_opaque(self, signature, variables);
    }
    a = cel_infer_read(self, signature, variables);
    if (a == NULL) {
        return NULL;
    }
    switch (letter) {
    case 'L':
        return cel_type_new(self->source, MR_CEL_LIST, a, NULL);
    case 'O':
        return cel_type_new(self->source, MR_CEL_OPTIONAL, a, NULL);
    case 'T':
        return cel_type_new(self->source, MR_CEL_TYPE, a, NULL);
    default:
        MR_ASSERT(letter == 'M');
        b = cel_infer_read(self, signature, variables);
        return b == NULL ? NULL : cel_type_new(self->source, MR_CEL_MAP, a, b);
    }
}
