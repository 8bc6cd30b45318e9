#include "processors/core/codec/node.h"

#include "processors/core/codec/schema_internal.h"

enum mr_code mr_resolve_no_room(const struct mr_resolve *self)
{
    return MR_FAIL(self->err, MR_NO_ROOM, "no memory for a plan");
}

static enum mr_code fail(const struct mr_resolve *self, const struct mr_type *writer,
                         const struct mr_type *reader, const struct mr_place *place,
                         const char *why)
{
    char where[MR_PLACE_WORDS_SIZE], written[128], wanted[128];

    return MR_FAIL(self->err, MR_BAD_CONFIG, "%s: written as %s, read as %s: %s",
                   mr_place_words(place, where), mr_type_words(writer, written),
                   mr_type_words(reader, wanted), why);
}

static bool is_composite(const struct mr_type *type)
{
    return type->kind == MR_AVRO_RECORD || type->kind == MR_AVRO_ARRAY ||
           type->kind == MR_AVRO_MAP || type->kind == MR_AVRO_UNION;
}

static size_t scalar_least(const struct mr_type *writer)
{
    const struct mr_op skip = mr_skip_scalar(writer);

    return skip.code == MR_OP_SKIP_FIXED ? skip.size : 1;
}

static struct mr_node *node_new(struct mr_resolve *self, const struct mr_type *writer,
                                const struct mr_type *reader, size_t count)
{
    struct mr_node *node = mr_pool_take(self->pool, 1, sizeof(*node));

    if (node == NULL) {
        return NULL;
    }
    *node = (struct mr_node){.writer = writer, .reader = reader, .count = count};
    node->items = mr_pool_take(self->pool, count, sizeof(*node->items));
    return node->items == NULL ? NULL : node;
}

static enum mr_code scalar_node(struct mr_resolve *self, const struct mr_type *writer,
                                const struct mr_type *reader, const struct mr_place *place,
                                const struct mr_node **out)
{
    struct mr_node *node = node_new(self, writer, reader, 0);
    const char *why;

    if (node == NULL) {
        return mr_resolve_no_room(self);
    }
    node->least = scalar_least(writer);
    *out = node;
    if (reader == NULL) {
        node->op = mr_skip_scalar(writer);
        return MR_OK;
    }
    return mr_resolve_scalar(self, writer, reader, &node->op, &why)
               ? MR_OK
               : fail(self, writer, reader, place, why);
}

uint32_t mr_resolve_field(const struct mr_type *reader, const char *name)
{
    for (size_t i = 0; i < reader->field_count; i++) {
        if (strcmp(reader->fields[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    for (size_t i = 0; i < reader->field_count; i++) {
        for (size_t j = 0; j < reader->fields[i].alias_count; j++) {
            if (strcmp(reader->fields[i].aliases[j], name) == 0) {
                return (uint32_t)i;
            }
        }
    }
    return MR_NODE_NO_TARGET;
}

/* The defaults of what the writer does not write; taken marks the fields that it does. */
static enum mr_code fill_fallbacks(struct mr_resolve *self, struct mr_node *node, const bool *taken,
                                   const struct mr_place *place)
{
    for (size_t i = 0; i < node->width; i++) {
        const struct mr_field *field = &node->reader->fields[i];
        const struct mr_place at = mr_place_key(place, field->name);
        char where[MR_PLACE_WORDS_SIZE];
        enum mr_code code;

        if (taken[i]) {
            continue;
        }
        if (field->fallback == NULL) {
            return MR_FAIL(self->err, MR_BAD_CONFIG, "%s: not written, and has no default",
                           mr_place_words(&at, where));
        }
        if (node->fallbacks == NULL) {
            node->fallbacks = mr_pool_take(self->pool, node->width, sizeof(*node->fallbacks));
        }
        if (node->fallbacks == NULL) {
            return mr_resolve_no_room(self);
        }
        code = mr_resolve_fallback(self, field, &at, &node->fallbacks[i]);
        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

static enum mr_code resolve_fields(struct mr_resolve *self, struct mr_node *node, bool *taken,
                                   const struct mr_place *place)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct mr_field *field = &node->writer->fields[i];
        const struct mr_place at = mr_place_key(place, field->name);
        const uint32_t target = node->writer == node->reader
                                    ? (uint32_t)i
                                    : mr_resolve_field(node->reader, field->name);
        const bool is_taken = target != MR_NODE_NO_TARGET && !taken[target];
        const struct mr_type *wanted = is_taken ? node->reader->fields[target].type : NULL;
        const enum mr_code code = mr_resolve_node(self, field->type, wanted, &at, &node->items[i]);

        if (code != MR_OK) {
            return code;
        }
        node->targets[i] = is_taken ? target : MR_NODE_NO_TARGET;
        if (is_taken) {
            taken[target] = true;
        }
        node->least += node->items[i]->least;
    }
    return MR_OK;
}

static enum mr_code skip_fields(struct mr_resolve *self, struct mr_node *node,
                                const struct mr_place *place)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < node->count && code == MR_OK; i++) {
        code = mr_resolve_node(self, node->writer->fields[i].type, NULL, place, &node->items[i]);
        node->least += code == MR_OK ? node->items[i]->least : 0;
    }
    return code;
}

static const struct mr_node *find_pair(const struct mr_resolve *self, const struct mr_type *writer,
                                       const struct mr_type *reader)
{
    const struct mr_node *node = self->by_writer[writer->id];

    while (node != NULL && (node->writer != writer || node->reader != reader)) {
        node = node->next;
    }
    return node;
}

/* A record that is under way already is found again: a recursive type becomes a cycle. Its least is
 * not known then; 0 is never wrong. */
static enum mr_code record_node(struct mr_resolve *self, const struct mr_type *writer,
                                const struct mr_type *reader, const struct mr_place *place,
                                const struct mr_node **out)
{
    struct mr_node *node;
    enum mr_code code;
    bool *taken;

    *out = find_pair(self, writer, reader);
    if (*out != NULL) {
        return (*out)->op.code == MR_OP_RECORD
                   ? MR_OK
                   : fail(self, writer, reader, place, "does not resolve, as said before");
    }
    node = node_new(self, writer, reader, writer->field_count);
    taken = mr_pool_take(self->pool, reader == NULL ? 0 : reader->field_count, sizeof(*taken));
    if (node == NULL || taken == NULL) {
        return mr_resolve_no_room(self);
    }
    *out = node;
    node->op = (struct mr_op){.code = MR_OP_RECORD, .node = node};
    node->next = self->by_writer[writer->id];
    self->by_writer[writer->id] = node;
    if (reader == NULL) {
        return skip_fields(self, node, place);
    }
    node->width = reader->field_count;
    node->targets = mr_pool_take(self->pool, node->count, sizeof(*node->targets));
    if (node->targets == NULL) {
        return mr_resolve_no_room(self);
    }
    code = resolve_fields(self, node, taken, place);
    code = code != MR_OK ? code : fill_fallbacks(self, node, taken, place);
    if (code != MR_OK) { /* what refers to it already must not walk it */
        node->op.code = MR_OP_UNREADABLE;
    }
    return code;
}

static enum mr_code items_node(struct mr_resolve *self, const struct mr_type *writer,
                               const struct mr_type *reader, const struct mr_place *place,
                               const struct mr_node **out)
{
    struct mr_node *node = node_new(self, writer, reader, 1);
    const struct mr_place at = mr_place_key(place, "[]");

    if (node == NULL) {
        return mr_resolve_no_room(self);
    }
    node->op = (struct mr_op){.code = writer->kind == MR_AVRO_ARRAY ? MR_OP_ARRAY : MR_OP_MAP,
                              .node = node};
    node->least = 1;
    *out = node;
    return mr_resolve_node(self, writer->item, reader == NULL ? NULL : reader->item, &at,
                           &node->items[0]);
}

static enum mr_code unreadable_node(struct mr_resolve *self, const struct mr_type *writer,
                                    const struct mr_type *reader, const struct mr_node **out)
{
    struct mr_node *node = node_new(self, writer, reader, 0);

    if (node == NULL) {
        return mr_resolve_no_room(self);
    }
    node->op = (struct mr_op){.code = MR_OP_UNREADABLE, .node = node};
    *out = node;
    return MR_OK;
}

/* A written union resolves when one of its branches does; the others are a fault of the datum that
 * has them. */
static enum mr_code union_node(struct mr_resolve *self, const struct mr_type *writer,
                               const struct mr_type *reader, const struct mr_place *place,
                               const struct mr_node **out)
{
    struct mr_node *node = node_new(self, writer, reader, writer->branch_count);
    struct mr_error *const err = self->err;
    struct mr_error first = {0};
    bool is_readable = writer->branch_count == 0;

    if (node == NULL) {
        return mr_resolve_no_room(self);
    }
    node->op = (struct mr_op){.code = MR_OP_UNION, .node = node};
    node->least = 1;
    *out = node;
    for (size_t i = 0; i < node->count; i++) {
        enum mr_code code;

        self->err = &first;
        code = mr_resolve_node(self, writer->branches[i], reader, place, &node->items[i]);
        self->err = err;
        is_readable = is_readable || code == MR_OK;
        if (code == MR_BAD_CONFIG) {
            code = unreadable_node(self, writer->branches[i], reader, &node->items[i]);
        }
        if (code != MR_OK) {
            return mr_resolve_no_room(self);
        }
    }
    return is_readable ? MR_OK : MR_FAIL(err, MR_BAD_CONFIG, "%s", first.text);
}

/* Kind and name agree: preferred over a branch that needs a promotion. */
static bool is_close(const struct mr_type *writer, const struct mr_type *branch)
{
    return writer->kind == branch->kind && mr_resolve_names(writer, branch);
}

/* What is not a union, read as a union: the first branch that fits. */
static enum mr_code choose_branch(struct mr_resolve *self, const struct mr_type *writer,
                                  const struct mr_type *reader, const struct mr_place *place,
                                  const struct mr_node **out)
{
    struct mr_error *const err = self->err;

    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < reader->branch_count; i++) {
            struct mr_error ignored = {0};
            enum mr_code code = MR_BAD_CONFIG;

            self->err = &ignored;
            if (is_close(writer, reader->branches[i]) == (pass == 0)) {
                code = mr_resolve_node(self, writer, reader->branches[i], place, out);
            }
            self->err = err;
            if (code != MR_BAD_CONFIG) {
                return code == MR_OK ? MR_OK : mr_resolve_no_room(self);
            }
        }
    }
    return fail(self, writer, reader, place, "no branch fits");
}

enum mr_code mr_resolve_node(struct mr_resolve *self, const struct mr_type *writer,
                             const struct mr_type *reader, const struct mr_place *place,
                             const struct mr_node **node)
{
    if (writer->kind == MR_AVRO_UNION) {
        return union_node(self, writer, reader, place, node);
    }
    if (reader != NULL && reader->kind == MR_AVRO_UNION) {
        return choose_branch(self, writer, reader, place, node);
    }
    if (!is_composite(writer)) {
        return scalar_node(self, writer, reader, place, node);
    }
    if (reader != NULL && writer->kind != reader->kind) {
        return fail(self, writer, reader, place, "written as another type");
    }
    if (writer->kind != MR_AVRO_RECORD) {
        return items_node(self, writer, reader, place, node);
    }
    /* A topic's root is named after its stage; any stage's reader may read any stage's topic. */
    if (reader != NULL && place != NULL && !mr_resolve_names(writer, reader)) {
        return fail(self, writer, reader, place,
                    "the names differ, and no alias says that they are one");
    }
    return record_node(self, writer, reader, place, node);
}
