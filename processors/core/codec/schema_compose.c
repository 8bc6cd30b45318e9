#include "processors/core/base/json_text.h"
#include "processors/core/codec/schema_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part's JSON is copied attribute by attribute, so that whatever its author put there (docs,
 * defaults, declarations of personal data) is in the topic's schema too. Only names change: each is
 * written in full, for the text now stands in another namespace. */
struct compose {
    json_t *defined; /* full name -> index of the part that defines it */
    const struct mr_schema_part *parts;
    size_t index; /* of the part in hand */
    struct mr_error *err;
};

static json_t *full_name(const char *space, const char *name)
{
    if (space[0] == '\0' || strchr(name, '.') != NULL) {
        return json_string(name);
    }
    return json_sprintf("%s.%s", space, name);
}

/* A reference: the namespace's own type before the one of no namespace, as the parser has it. */
static json_t *rename_reference(const struct compose *self, const char *space, const char *name)
{
    enum mr_avro kind;
    json_t *full;

    if (mr_primitive_find(name, &kind)) {
        return json_string(name);
    }
    full = full_name(space, name);
    if (full != NULL && json_object_get(self->defined, json_string_value(full)) == NULL) {
        json_decref(full);
        full = json_string(name);
    }
    return full;
}

static json_t *copy_type(struct compose *self, json_t *json, const char *space);

static json_t *copy_list(struct compose *self, json_t *list, const char *space,
                         json_t *(*copy)(struct compose *, json_t *, const char *))
{
    json_t *out = json_array();
    json_t *item;
    size_t index;

    json_array_foreach(list, index, item)
    {
        if (json_array_append_new(out, copy(self, item, space)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *copy_field(struct compose *self, json_t *field, const char *space)
{
    json_t *out = json_copy(field);

    if (json_object_set_new(out, "type", copy_type(self, json_object_get(field, "type"), space)) !=
        0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static json_t *full_aliases(struct compose *self, json_t *alias, const char *space)
{
    (void)self;
    return full_name(space, json_string_value(alias));
}

static void set_names(struct compose *self, json_t *out, const char *full)
{
    const char *dot = strrchr(full, '.');
    json_t *space = dot == NULL ? json_string("") : json_stringn(full, (size_t)(dot - full));
    json_t *aliases = json_object_get(out, "aliases");

    if (aliases != NULL) {
        (void)json_object_set_new(out, "aliases",
                                  copy_list(self, aliases, json_string_value(space), full_aliases));
    }
    (void)json_object_set_new(out, "name", json_string(dot == NULL ? full : dot + 1));
    (void)json_object_set_new(out, "namespace", space);
}

/* Is it the same type to whoever reads or writes a datum, logical types included? A named type is
 * compared once (seen, by a's id): types may be recursive. */
static bool is_same_type(const struct mr_type *a, const struct mr_type *b, bool *seen);

static bool is_same_record(const struct mr_type *a, const struct mr_type *b, bool *seen)
{
    bool same = a->field_count == b->field_count;

    for (size_t i = 0; i < a->field_count && same; i++) {
        same = strcmp(a->fields[i].name, b->fields[i].name) == 0 &&
               is_same_type(a->fields[i].type, b->fields[i].type, seen);
    }
    return same;
}

static bool has_same_symbols(const struct mr_type *a, const struct mr_type *b)
{
    bool same = a->symbol_count == b->symbol_count;

    for (size_t i = 0; i < a->symbol_count && same; i++) {
        same = strcmp(a->symbols[i], b->symbols[i]) == 0;
    }
    return same;
}

static bool has_same_branches(const struct mr_type *a, const struct mr_type *b, bool *seen)
{
    bool same = a->branch_count == b->branch_count;

    for (size_t i = 0; i < a->branch_count && same; i++) {
        same = is_same_type(a->branches[i], b->branches[i], seen);
    }
    return same;
}

static bool is_same_type(const struct mr_type *a, const struct mr_type *b, bool *seen)
{
    if (a->kind != b->kind || a->logical != b->logical || a->size != b->size ||
        a->precision != b->precision || a->scale != b->scale ||
        (a->name != NULL && strcmp(a->name, b->name) != 0)) {
        return false;
    }
    if (seen[a->id]) {
        return true;
    }
    seen[a->id] = a->id != 0;
    if (a->item != NULL) {
        return is_same_type(a->item, b->item, seen);
    }
    return is_same_record(a, b, seen) && has_same_symbols(a, b) && has_same_branches(a, b, seen);
}

static const struct mr_type *find_type(const struct mr_schema *schema, const char *full)
{
    for (size_t i = 0; i < schema->named_count; i++) {
        if (strcmp(schema->named[i]->name, full) == 0) {
            return schema->named[i];
        }
    }
    return NULL;
}

/* The same name in two parts must mean the same type. */
static json_t *refer_again(struct compose *self, const char *full)
{
    const json_int_t first = json_integer_value(json_object_get(self->defined, full));
    const struct mr_schema *schema = self->parts[first].schema;
    const struct mr_type *before = find_type(schema, full);
    const struct mr_type *again = find_type(self->parts[self->index].schema, full);
    bool *seen = calloc(schema->named_count + 1, sizeof(*seen));
    bool same;

    MR_ASSERT(before != NULL && again != NULL);
    same = seen != NULL && is_same_type(before, again, seen);
    free(seen);
    if (!same) {
        (void)MR_FAIL(self->err, MR_BAD_CONFIG, "%s: %s is another type than in %s",
                      self->parts[self->index].field, full, self->parts[first].field);
        return NULL;
    }
    return json_string(full);
}

static json_t *copy_definition(struct compose *self, json_t *json, const char *full)
{
    json_t *out = json_copy(json);
    json_t *fields = json_object_get(json, "fields");

    set_names(self, out, full);
    /* Before its fields are copied: they may refer to it. */
    (void)json_object_set_new(self->defined, full, json_integer((json_int_t)self->index));
    if (fields != NULL) {
        const char *inner = json_string_value(json_object_get(out, "namespace"));

        (void)json_object_set_new(out, "fields", copy_list(self, fields, inner, copy_field));
    }
    return out;
}

static json_t *copy_named(struct compose *self, json_t *json, const char *space)
{
    const char *own = json_string_value(json_object_get(json, "namespace"));
    json_t *full =
        full_name(own == NULL ? space : own, json_string_value(json_object_get(json, "name")));
    const char *name = json_string_value(full);
    json_t *out = json_object_get(self->defined, name) == NULL ? copy_definition(self, json, name)
                                                               : refer_again(self, name);

    json_decref(full);
    return out;
}

static bool is_word(const json_t *json, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count && json_is_string(json); i++) {
        if (strcmp(json_string_value(json), words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *copy_object(struct compose *self, json_t *json, const char *space)
{
    static const char *const named[] = {"record", "enum", "fixed"};
    static const char *const held[] = {"items", "values", "type"};
    static const char *const holders[] = {"array", "map"};
    json_t *type = json_object_get(json, "type");
    json_t *out;

    if (is_word(type, named, MR_COUNT(named))) {
        return copy_named(self, json, space);
    }
    out = json_copy(json);
    for (size_t i = 0; i < MR_COUNT(held); i++) {
        json_t *inner = json_object_get(json, held[i]);
        const bool is_type = i == 2 ? !is_word(type, holders, 2) : is_word(type, holders, 2);

        if (inner != NULL && is_type &&
            json_object_set_new(out, held[i], copy_type(self, inner, space)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *copy_type(struct compose *self, json_t *json, const char *space)
{
    if (json_is_string(json)) {
        return rename_reference(self, space, json_string_value(json));
    }
    return json_is_array(json) ? copy_list(self, json, space, copy_type)
                               : copy_object(self, json, space);
}

static json_t *compose_fields(struct compose *self, const struct mr_schema_part *parts,
                              size_t part_count)
{
    json_t *fields = json_array();

    for (size_t i = 0; i < part_count; i++) {
        json_t *type;

        self->index = i;
        type = copy_type(self, parts[i].schema->json, "");
        if (type == NULL ||
            json_array_append_new(
                fields, json_pack("{s:s, s:o}", "name", parts[i].field, "type", type)) != 0) {
            (void)MR_FAIL(self->err, MR_NO_ROOM, "no memory for a schema");
            json_decref(fields);
            return NULL;
        }
    }
    return fields;
}

static enum mr_code parse_composed(json_t *tree, struct mr_schema **schema, struct mr_error *err)
{
    char *text = mr_json_dump(tree, JSON_COMPACT);
    enum mr_code code;

    if (text == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema");
    }
    code = mr_schema_parse(mr_span_text(text), schema, err);
    free(text);
    return code;
}

enum mr_code mr_schema_compose(const char *name, const char *space,
                               const struct mr_schema_part *parts, size_t part_count,
                               struct mr_schema **schema, struct mr_error *err)
{
    struct mr_error first = {0}; /* so that its code says whether something failed */
    struct compose compose = {.defined = json_object(), .parts = parts, .err = &first};
    json_t *fields = compose_fields(&compose, parts, part_count);
    enum mr_code code = first.code;

    *schema = NULL;
    if (fields != NULL) {
        json_t *tree = json_pack("{s:s, s:s, s:s, s:o}", "type", "record", "name", name,
                                 "namespace", space == NULL ? "" : space, "fields", fields);

        code = tree == NULL ? MR_FAIL(err, MR_NO_ROOM, "no memory for a schema")
                            : parse_composed(tree, schema, err);
        json_decref(tree);
    } else {
        (void)MR_FAIL(err, code, "%s", first.text);
    }
    json_decref(compose.defined);
    return code;
}
