#include "processors/core/codec/schema_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum mr_code mr_parse_fail(const struct mr_parse *self, const struct mr_place *place, int line,
                           const char *format, ...)
{
    char where[MR_PLACE_WORDS_SIZE], what[192];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return mr_fail(self->err, MR_BAD_CONFIG, __FILE__, line, "%s: %s", mr_place_words(place, where),
                   what);
}

enum mr_code mr_parse_no_room(const struct mr_parse *self)
{
    return MR_FAIL(self->err, MR_NO_ROOM, "no memory for a schema");
}

/* By name: a primitive, else what was defined before, in the namespace here, else in none. */
static enum mr_code find_named(struct mr_parse *self, const char *name,
                               const struct mr_scope *scope, const struct mr_type **type)
{
    enum mr_avro kind;
    const char *full;

    if (mr_primitive_find(name, &kind)) {
        *type = mr_primitive_type(kind);
        return MR_OK;
    }
    if (strlen(name) > MR_SCHEMA_NAME_SIZE_MAX) {
        return MR_PARSE_FAIL(self, scope->place, "a name is too long");
    }
    full = mr_name_full(&self->schema->pool, scope->space, name);
    if (full == NULL) {
        return mr_parse_no_room(self);
    }
    *type = mr_names_find(&self->names, full);
    if (*type == NULL) {
        *type = mr_names_find(&self->names, name);
    }
    if (*type == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "no type is called \"%s\" here", full);
    }
    return MR_OK;
}

/* Two branches that a reader could not tell apart have the same key. */
static const char *branch_key(const struct mr_type *type)
{
    return type->name != NULL ? type->name : mr_avro_word(type->kind);
}

static enum mr_code parse_branch(struct mr_parse *self, const json_t *json,
                                 const struct mr_scope *scope, struct mr_names *seen,
                                 const struct mr_type **type)
{
    const enum mr_code code = mr_parse_type(self, json, scope, type);

    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(*type != NULL);
    if ((*type)->kind == MR_AVRO_UNION) {
        return MR_PARSE_FAIL(self, scope->place, "a union directly inside a union");
    }
    switch (mr_names_add(seen, branch_key(*type), *type)) {
    case MR_NAMES_TAKEN:
        return MR_PARSE_FAIL(self, scope->place, "%s twice in one union", branch_key(*type));
    case MR_NAMES_NO_ROOM:
        return mr_parse_no_room(self);
    default:
        return MR_OK;
    }
}

static int null_branch(const struct mr_type *type)
{
    if (type->branch_count != 2) {
        return -1;
    }
    if (type->branches[0]->kind == MR_AVRO_NULL) {
        return 0;
    }
    return type->branches[1]->kind == MR_AVRO_NULL ? 1 : -1;
}

static enum mr_code parse_union(struct mr_parse *self, const json_t *json,
                                const struct mr_scope *scope, const struct mr_type **out)
{
    const size_t count = json_array_size(json);
    struct mr_type *type = mr_pool_take(&self->schema->pool, 1, sizeof(*type));
    const struct mr_type **branches = mr_pool_take(&self->schema->pool, count, sizeof(*branches));
    struct mr_names seen = {.pool = &self->schema->pool};

    if (type == NULL || branches == NULL) {
        return mr_parse_no_room(self);
    }
    for (size_t i = 0; i < count; i++) {
        const struct mr_place place = mr_place_item(scope->place, NULL, i);
        const struct mr_scope inner = {&place, scope->space};
        const enum mr_code code =
            parse_branch(self, json_array_get(json, i), &inner, &seen, &branches[i]);

        if (code != MR_OK) {
            return code;
        }
    }
    *type = (struct mr_type){.kind = MR_AVRO_UNION, .branches = branches, .branch_count = count};
    type->null_branch = null_branch(type);
    *out = type;
    return MR_OK;
}

/* An array's "items", a map's "values". */
static enum mr_code parse_items(struct mr_parse *self, const json_t *json, enum mr_avro kind,
                                const struct mr_scope *scope, const struct mr_type **out)
{
    const char *key = kind == MR_AVRO_ARRAY ? "items" : "values";
    const struct mr_place place = mr_place_key(scope->place, key);
    const struct mr_scope inner = {&place, scope->space};
    const json_t *items = json_object_get(json, key);
    struct mr_type *type = mr_pool_take(&self->schema->pool, 1, sizeof(*type));

    if (type == NULL) {
        return mr_parse_no_room(self);
    }
    if (items == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "%s without \"%s\"", mr_avro_word(kind), key);
    }
    type->kind = kind;
    type->null_branch = -1;
    *out = type;
    return mr_parse_type(self, items, &inner, &type->item);
}

static enum mr_code parse_primitive(struct mr_parse *self, const json_t *json, enum mr_avro kind,
                                    const struct mr_type **out)
{
    struct mr_type *type;

    *out = mr_primitive_type(kind);
    if (json_object_get(json, "logicalType") == NULL) {
        return MR_OK;
    }
    type = mr_pool_take(&self->schema->pool, 1, sizeof(*type));
    if (type == NULL) {
        return mr_parse_no_room(self);
    }
    *type = **out;
    mr_parse_logical(json, type);
    *out = type;
    return MR_OK;
}

static enum mr_code parse_word(struct mr_parse *self, const json_t *json, const char *word,
                               const struct mr_scope *scope, const struct mr_type **type)
{
    static const struct {
        const char *word;
        enum mr_avro kind;
    } named[] = {{"record", MR_AVRO_RECORD}, {"enum", MR_AVRO_ENUM}, {"fixed", MR_AVRO_FIXED}},
      holders[] = {{"array", MR_AVRO_ARRAY}, {"map", MR_AVRO_MAP}};
    enum mr_avro kind;

    if (mr_primitive_find(word, &kind)) {
        return parse_primitive(self, json, kind, type);
    }
    for (size_t i = 0; i < MR_COUNT(named); i++) {
        if (strcmp(word, named[i].word) == 0) {
            return mr_parse_named(self, json, named[i].kind, scope, type);
        }
    }
    for (size_t i = 0; i < MR_COUNT(holders); i++) {
        if (strcmp(word, holders[i].word) == 0) {
            return parse_items(self, json, holders[i].kind, scope, type);
        }
    }
    return find_named(self, word, scope, type);
}

static enum mr_code parse_object(struct mr_parse *self, const json_t *json,
                                 const struct mr_scope *scope, const struct mr_type **type)
{
    const json_t *inner = json_object_get(json, "type");
    const struct mr_place place = mr_place_key(scope->place, "type");
    const struct mr_scope below = {&place, scope->space};

    if (inner == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "an object without \"type\"");
    }
    if (json_is_string(inner)) {
        return parse_word(self, json, json_string_value(inner), scope, type);
    }
    return mr_parse_type(self, inner, &below, type);
}

enum mr_code mr_parse_type(struct mr_parse *self, const json_t *json, const struct mr_scope *scope,
                           const struct mr_type **type)
{
    if (scope->place != NULL && scope->place->depth > MR_SCHEMA_DEPTH_MAX) {
        return MR_PARSE_FAIL(self, scope->place, "nested too deep");
    }
    switch (json_typeof(json)) {
    case JSON_STRING:
        return find_named(self, json_string_value(json), scope, type);
    case JSON_ARRAY:
        return parse_union(self, json, scope, type);
    case JSON_OBJECT:
        return parse_object(self, json, scope, type);
    default:
        return MR_PARSE_FAIL(self, scope->place, "a type is a name, an object or a list");
    }
}
