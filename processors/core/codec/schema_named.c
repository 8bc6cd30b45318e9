#include "processors/core/codec/schema_internal.h"

#include <limits.h>
#include <string.h>

static enum mr_code keep_named(struct mr_parse *self, const struct mr_type *type)
{
    struct mr_schema *schema = self->schema;

    if (schema->named_count == self->named_room) {
        const size_t room = self->named_room == 0 ? 16 : self->named_room * 2;
        const struct mr_type **named = mr_pool_take(&schema->pool, room, sizeof(*named));

        if (named == NULL) {
            return mr_parse_no_room(self);
        }
        if (schema->named_count > 0) {
            memcpy(named, schema->named, schema->named_count * sizeof(*named));
        }
        schema->named = named;
        self->named_room = room;
    }
    schema->named[schema->named_count++] = type;
    return MR_OK;
}

static enum mr_code check_name(struct mr_parse *self, const char *name, const char *space,
                               const struct mr_place *place)
{
    enum mr_avro primitive;

    if (strlen(name) + strlen(space) > MR_SCHEMA_NAME_SIZE_MAX) {
        return MR_PARSE_FAIL(self, place, "a name is too long");
    }
    if (!mr_name_full_is_valid(name)) {
        return MR_PARSE_FAIL(self, place, "\"%s\" is not a name", name);
    }
    if (space[0] != '\0' && !mr_name_full_is_valid(space)) {
        return MR_PARSE_FAIL(self, place, "\"%s\" is not a namespace", space);
    }
    if (mr_primitive_find(mr_name_tail(name), &primitive)) {
        return MR_PARSE_FAIL(self, place, "\"%s\" is the name of a primitive type", name);
    }
    return MR_OK;
}

/* Reads "name" and "namespace" into type->name. */
static enum mr_code parse_name(struct mr_parse *self, const json_t *json,
                               const struct mr_scope *scope, struct mr_type *type)
{
    const json_t *own = json_object_get(json, "namespace");
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *space = own == NULL ? scope->space : json_string_value(own);
    enum mr_code code;

    if (name == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "%s without a name", mr_avro_word(type->kind));
    }
    if (space == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "\"namespace\" is not text");
    }
    code = check_name(self, name, space, scope->place);
    if (code != MR_OK) {
        return code;
    }
    type->name = mr_name_full(&self->schema->pool, space, name);
    return type->name == NULL ? mr_parse_no_room(self) : MR_OK;
}

/* Takes the name for the type, before its fields are read: they may use it. */
static enum mr_code define(struct mr_parse *self, struct mr_type *type,
                           const struct mr_place *place)
{
    switch (mr_names_add(&self->names, type->name, type)) {
    case MR_NAMES_TAKEN:
        return MR_PARSE_FAIL(self, place, "%s is defined twice", type->name);
    case MR_NAMES_NO_ROOM:
        return mr_parse_no_room(self);
    default:
        break;
    }
    if (self->schema->named_count >= UINT16_MAX) {
        return MR_PARSE_FAIL(self, place, "more than %d named types", UINT16_MAX);
    }
    type->id = (uint16_t)(self->schema->named_count + 1);
    return keep_named(self, type);
}

static const char *space_of(struct mr_pool *pool, const char *full)
{
    const char *dot = strrchr(full, '.');

    return dot == NULL
               ? ""
               : mr_pool_text(pool, (struct mr_span){(const uint8_t *)full, (size_t)(dot - full)});
}

/* A list of names under key; space NULL: as they are (fields have no namespace). */
static enum mr_code parse_aliases(struct mr_parse *self, const json_t *json,
                                  const struct mr_scope *scope, const char ***out, size_t *count)
{
    const json_t *list = json_object_get(json, "aliases");
    const struct mr_place place = mr_place_key(scope->place, "aliases");
    const char **names = mr_pool_take(&self->schema->pool, json_array_size(list), sizeof(*names));

    if (list != NULL && !json_is_array(list)) {
        return MR_PARSE_FAIL(self, &place, "not a list");
    }
    if (names == NULL) {
        return mr_parse_no_room(self);
    }
    *out = names;
    *count = json_array_size(list);
    for (size_t i = 0; i < *count; i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (name == NULL || !mr_name_full_is_valid(name) ||
            strlen(name) > MR_SCHEMA_NAME_SIZE_MAX) {
            return MR_PARSE_FAIL(self, &place, "item %zu is not a name", i);
        }
        names[i] =
            scope->space == NULL ? name : mr_name_full(&self->schema->pool, scope->space, name);
        if (names[i] == NULL) {
            return mr_parse_no_room(self);
        }
    }
    return MR_OK;
}

static enum mr_code check_order(struct mr_parse *self, const json_t *json,
                                const struct mr_place *place)
{
    static const char *const orders[] = {"ascending", "descending", "ignore"};
    const json_t *order = json_object_get(json, "order");

    for (size_t i = 0; i < MR_COUNT(orders) && json_is_string(order); i++) {
        if (strcmp(json_string_value(order), orders[i]) == 0) {
            return MR_OK;
        }
    }
    return order == NULL ? MR_OK : MR_PARSE_FAIL(self, place, "\"order\" is not one of three");
}

static enum mr_code parse_field(struct mr_parse *self, const json_t *json,
                                const struct mr_scope *scope, struct mr_field *field)
{
    const struct mr_place place = mr_place_key(scope->place, "type");
    const struct mr_scope below = {&place, scope->space}, plain = {scope->place, NULL};
    const json_t *type = json_object_get(json, "type");
    enum mr_code code;

    field->name = json_string_value(json_object_get(json, "name"));
    if (field->name == NULL || !mr_name_is_valid(field->name)) {
        return MR_PARSE_FAIL(self, scope->place, "a field without a good name");
    }
    if (type == NULL) {
        return MR_PARSE_FAIL(self, scope->place, "field \"%s\" without a type", field->name);
    }
    field->doc = json_string_value(json_object_get(json, "doc"));
    field->fallback = json_object_get(json, "default");
    code = check_order(self, json, scope->place);
    if (code == MR_OK) {
        code = parse_aliases(self, json, &plain, &field->aliases, &field->alias_count);
    }
    return code != MR_OK ? code : mr_parse_type(self, type, &below, &field->type);
}

static enum mr_code parse_fields(struct mr_parse *self, const json_t *json,
                                 const struct mr_scope *scope, struct mr_type *type)
{
    const json_t *list = json_object_get(json, "fields");
    const size_t count = json_array_size(list);
    struct mr_field *fields = mr_pool_take(&self->schema->pool, count, sizeof(*fields));
    struct mr_names seen = {.pool = &self->schema->pool};
    enum mr_code code = MR_OK;

    if (fields == NULL) {
        return mr_parse_no_room(self);
    }
    if (!json_is_array(list)) {
        return MR_PARSE_FAIL(self, scope->place, "record without a list of \"fields\"");
    }
    for (size_t i = 0; i < count && code == MR_OK; i++) {
        const struct mr_place place = mr_place_item(scope->place, "fields", i);
        const struct mr_scope below = {&place, scope->space};

        code = parse_field(self, json_array_get(list, i), &below, &fields[i]);
        if (code == MR_OK && mr_names_add(&seen, fields[i].name, &fields[i]) != MR_NAMES_NEW) {
            code = MR_PARSE_FAIL(self, &place, "a second field \"%s\"", fields[i].name);
        }
    }
    type->fields = fields;
    type->field_count = count;
    return code;
}

static enum mr_code check_symbol_default(struct mr_parse *self, const json_t *json,
                                         const struct mr_scope *scope, struct mr_type *type)
{
    const json_t *fallback = json_object_get(json, "default");

    type->symbol_fallback = json_string_value(fallback);
    if (fallback == NULL) {
        return MR_OK;
    }
    for (size_t i = 0; i < type->symbol_count && type->symbol_fallback != NULL; i++) {
        if (strcmp(type->symbols[i], type->symbol_fallback) == 0) {
            return MR_OK;
        }
    }
    return MR_PARSE_FAIL(self, scope->place, "the enum's default is not one of its symbols");
}

static enum mr_code parse_symbols(struct mr_parse *self, const json_t *json,
                                  const struct mr_scope *scope, struct mr_type *type)
{
    const json_t *list = json_object_get(json, "symbols");
    const size_t count = json_array_size(list);
    const char **symbols = mr_pool_take(&self->schema->pool, count, sizeof(*symbols));
    struct mr_names seen = {.pool = &self->schema->pool};

    if (symbols == NULL) {
        return mr_parse_no_room(self);
    }
    if (!json_is_array(list)) {
        return MR_PARSE_FAIL(self, scope->place, "enum without a list of \"symbols\"");
    }
    for (size_t i = 0; i < count; i++) {
        const struct mr_place place = mr_place_item(scope->place, "symbols", i);

        symbols[i] = json_string_value(json_array_get(list, i));
        if (symbols[i] == NULL || !mr_name_is_valid(symbols[i])) {
            return MR_PARSE_FAIL(self, &place, "not a name");
        }
        if (mr_names_add(&seen, symbols[i], symbols[i]) != MR_NAMES_NEW) {
            return MR_PARSE_FAIL(self, &place, "a second symbol \"%s\"", symbols[i]);
        }
    }
    type->symbols = symbols;
    type->symbol_count = count;
    return check_symbol_default(self, json, scope, type);
}

static enum mr_code parse_size(struct mr_parse *self, const json_t *json,
                               const struct mr_scope *scope, struct mr_type *type)
{
    const json_t *size = json_object_get(json, "size");

    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        json_integer_value(size) > MR_SCHEMA_FIXED_SIZE_MAX) {
        return MR_PARSE_FAIL(self, scope->place,
                             "fixed without a \"size\" in 0..%" JSON_INTEGER_FORMAT,
                             MR_SCHEMA_FIXED_SIZE_MAX);
    }
    type->size = (size_t)json_integer_value(size);
    mr_parse_logical(json, type);
    return MR_OK;
}

enum mr_code mr_parse_named(struct mr_parse *self, const json_t *json, enum mr_avro kind,
                            const struct mr_scope *scope, const struct mr_type **out)
{
    struct mr_type *type = mr_pool_take(&self->schema->pool, 1, sizeof(*type));
    struct mr_scope inner = {scope->place, ""};
    enum mr_code code;

    if (type == NULL) {
        return mr_parse_no_room(self);
    }
    *out = type;
    type->kind = kind;
    type->null_branch = -1;
    code = parse_name(self, json, scope, type);
    code = code != MR_OK ? code : define(self, type, scope->place);
    if (code != MR_OK) {
        return code;
    }
    inner.space = space_of(&self->schema->pool, type->name);
    if (inner.space == NULL) {
        return mr_parse_no_room(self);
    }
    code = parse_aliases(self, json, &inner, &type->aliases, &type->alias_count);
    if (code != MR_OK) {
        return code;
    }
    if (kind == MR_AVRO_RECORD) {
        return parse_fields(self, json, &inner, type);
    }
    return kind == MR_AVRO_ENUM ? parse_symbols(self, json, &inner, type)
                                : parse_size(self, json, &inner, type);
}
