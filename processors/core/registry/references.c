#include "processors/core/base/json_text.h"
#include "processors/core/registry/registry_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16       /* of references to references */
#define REFERENCES_MAX 256 /* of one schema, all levels together */
#define NEST_MAX 128       /* of types in types */
#define SPACE_SIZE 1024    /* of a namespace; longer ones are cut, and so not found */

/* Types that are referred to, by full name, until the first place that uses one: there its
 * definition is put, and afterwards the name alone stands for it, as Avro wants it. */
struct gather {
    struct mr_registry *registry;
    int64_t deadline_ms;
    json_t *pending; /* full name -> definition */
    json_t *defined; /* full name -> true */
    size_t count;
    struct mr_error *err;
};

static bool is_text(const json_t *json, const char *text)
{
    return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

static bool is_named_kind(const json_t *kind)
{
    return is_text(kind, "record") || is_text(kind, "error") || is_text(kind, "enum") ||
           is_text(kind, "fixed");
}

/* The full name of a definition that stands in a namespace; *space: the one inside it. Owned. */
static json_t *full_name(const json_t *type, const char *outer, char space[SPACE_SIZE])
{
    const char *name = json_string_value(json_object_get(type, "name"));
    const char *own = json_string_value(json_object_get(type, "namespace"));
    const char *dot = name != NULL ? strrchr(name, '.') : NULL;

    if (name == NULL) {
        return NULL;
    }
    if (dot != NULL) {
        (void)snprintf(space, SPACE_SIZE, "%.*s", (int)(dot - name), name);
        return json_string(name);
    }
    (void)snprintf(space, SPACE_SIZE, "%s", own != NULL ? own : outer);
    return space[0] == '\0' ? json_string(name) : json_sprintf("%s.%s", space, name);
}

static json_t *place(struct gather *self, json_t *type, const char *space, unsigned depth);

/* A name where it is used: of the namespace first, then as it stands. New reference or NULL. */
static json_t *place_name(struct gather *self, const char *name, const char *space, unsigned depth)
{
    char inner[2 * SPACE_SIZE];

    for (int bare = 0; bare < 2; bare++) {
        json_t *definition;

        if (bare || space[0] == '\0' || strchr(name, '.') != NULL) {
            (void)snprintf(inner, sizeof(inner), "%s", name);
        } else {
            (void)snprintf(inner, sizeof(inner), "%s.%s", space, name);
        }
        if (json_object_get(self->defined, inner) != NULL) {
            return json_string(inner);
        }
        definition = json_incref(json_object_get(self->pending, inner));
        if (definition != NULL) {
            json_t *placed;

            (void)json_object_del(self->pending, inner);
            placed = place(self, definition, "", depth + 1);
            json_decref(definition);
            return placed;
        }
    }
    return json_string(name); /* a primitive, or nothing that we know: the parser says so */
}

static bool place_list(struct gather *self, json_t *list, const char *space, unsigned depth)
{
    bool is_good = true;

    for (size_t i = 0; i < json_array_size(list) && is_good; i++) {
        is_good = json_array_set_new(list, i,
                                     place(self, json_array_get(list, i), space, depth + 1)) == 0;
    }
    return is_good;
}

static bool place_member(struct gather *self, json_t *type, const char *member, const char *space,
                         unsigned depth)
{
    json_t *inner = json_object_get(type, member);

    return json_object_set_new(type, member, place(self, inner, space, depth + 1)) == 0;
}

static bool place_fields(struct gather *self, json_t *record, const char *space, unsigned depth)
{
    json_t *field;
    size_t index;

    json_array_foreach(json_object_get(record, "fields"), index, field)
    {
        if (!place_member(self, field, "type", space, depth)) {
            return false;
        }
    }
    return true;
}

static json_t *place_named(struct gather *self, json_t *type, const char *outer, unsigned depth)
{
    char space[SPACE_SIZE] = "";
    json_t *full = full_name(type, outer, space);
    const char *text = json_string_value(full);
    bool is_good;

    if (text != NULL && json_object_get(self->defined, text) != NULL) {
        return full; /* two of those that are referred to define it */
    }
    is_good = text != NULL && json_object_set_new(self->defined, text, json_true()) == 0;
    if (is_good && strchr(json_string_value(json_object_get(type, "name")), '.') == NULL) {
        is_good = json_object_set_new(type, "namespace", json_string(space)) == 0;
    }
    json_decref(full);
    return is_good && place_fields(self, type, space, depth) ? json_incref(type) : NULL;
}

/* The type with the definition of every pending one put where it is first used; it is changed, and
 * what replaces it is returned, owned. NULL: no memory, or a shape that is no schema. */
static json_t *place(struct gather *self, json_t *type, const char *space, unsigned depth)
{
    const json_t *kind = json_object_get(type, "type");
    bool is_good = false;

    if (depth > NEST_MAX) {
        return NULL;
    }
    if (json_is_string(type)) {
        return place_name(self, json_string_value(type), space, depth);
    }
    if (is_named_kind(kind)) {
        return place_named(self, type, space, depth);
    }
    if (json_is_array(type)) {
        is_good = place_list(self, type, space, depth);
    } else if (is_text(kind, "array") || is_text(kind, "map")) {
        is_good = place_member(self, type, is_text(kind, "map") ? "values" : "items", space, depth);
    } else if (json_is_object(type)) {
        is_good = place_member(self, type, "type", space, depth);
    }
    return is_good ? json_incref(type) : NULL;
}

/* The schema of an answer as JSON; NULL: not Avro, or no JSON, and *reason says so. Owned. */
static json_t *schema_of(const json_t *answer, const char **reason)
{
    const json_t *kind = json_object_get(answer, "schemaType");
    const json_t *text = json_object_get(answer, "schema");
    json_t *json = NULL;

    if (kind != NULL && !json_is_null(kind) && !is_text(kind, "AVRO")) {
        *reason = "schema_not_avro";
        return NULL;
    }
    if (json_is_string(text)) {
        json = json_loadb(json_string_value(text), json_string_length(text), JSON_DECODE_ANY, NULL);
    }
    if (json == NULL) {
        *reason = "schema_unreadable";
    }
    return json;
}

static enum mr_code gather_all(struct gather *self, const json_t *answer, const char **reason,
                               unsigned depth);

static enum mr_code keep_reference(struct gather *self, const char *name, json_t *definition)
{
    char space[SPACE_SIZE];
    json_t *full = full_name(definition, "", space);
    const char *key = full != NULL ? json_string_value(full) : name;
    const int result = json_object_set(self->pending, key, definition);

    json_decref(full);
    return result == 0 ? MR_OK : MR_FAIL(self->err, MR_NO_ROOM, "no memory for a reference");
}

static enum mr_code fetch(struct gather *self, const json_t *reference, const char **reason,
                          unsigned depth)
{
    const char *subject = json_string_value(json_object_get(reference, "subject"));
    const char *name = json_string_value(json_object_get(reference, "name"));
    const json_int_t version = json_integer_value(json_object_get(reference, "version"));
    struct mr_question question = {
        .method = "GET", .path = "/subjects/", .deadline_ms = self->deadline_ms};
    char context[MR_REGISTRY_SUBJECT_SIZE];
    struct mr_reply reply;
    json_t *definition;
    enum mr_code code;

    if (subject == NULL || name == NULL || depth == DEPTH_MAX || self->count++ == REFERENCES_MAX) {
        *reason = "schema_reference_unreadable";
        return MR_OK;
    }
    if (subject[0] != ':') { /* in the context of who refers to it */
        mr_question_name(&question, mr_registry_context(self->registry->settings, context));
    }
    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions/%" PRId64, (int64_t)version);
    code = mr_registry_ask(self->registry, &question, &reply, self->err);
    if (code == MR_OK && mr_reply_is_absent(&reply)) {
        *reason = "schema_reference_unknown";
    } else if (code == MR_OK && reply.status != 200) {
        code = mr_reply_refuse(self->registry, &question, &reply, self->err);
    } else if (code == MR_OK) {
        code = gather_all(self, reply.json, reason, depth + 1);
        definition = code == MR_OK && *reason == NULL ? schema_of(reply.json, reason) : NULL;
        if (definition != NULL) {
            code = keep_reference(self, name, definition);
            json_decref(definition);
        }
    }
    mr_reply_free(&reply);
    return code;
}

static enum mr_code gather_all(struct gather *self, const json_t *answer, const char **reason,
                               unsigned depth)
{
    const json_t *references = json_object_get(answer, "references");
    const json_t *reference;
    enum mr_code code = MR_OK;
    size_t index;

    json_array_foreach(references, index, reference)
    {
        if (code == MR_OK && *reason == NULL) {
            code = fetch(self, reference, reason, depth);
        }
    }
    return code;
}

static enum mr_code parse(json_t *json, struct mr_schema **schema, const char **reason,
                          struct mr_error *err)
{
    char *text = mr_json_dump(json, JSON_ENCODE_ANY | JSON_COMPACT);
    struct mr_error why = {0};
    enum mr_code code;

    if (text == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema of the registry");
    }
    code = mr_schema_parse(mr_span_text(text), schema, &why);
    free(text);
    if (code == MR_BAD_CONFIG) {
        *reason = "schema_unreadable";
        return MR_OK;
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "%s", why.text);
}

enum mr_code mr_registry_read(struct mr_registry *self, const json_t *answer, int64_t deadline_ms,
                              struct mr_schema **schema, const char **reason, struct mr_error *err)
{
    const uint64_t shortages = mr_json_shortages();
    struct gather gather = {self, deadline_ms, json_object(), json_object(), 0, err};
    json_t *json;
    json_t *whole = NULL;
    enum mr_code code = MR_OK;

    *schema = NULL;
    *reason = NULL;
    json = schema_of(answer, reason);
    if (json != NULL) {
        code = gather_all(&gather, answer, reason, 0);
    }
    if (json != NULL && code == MR_OK && *reason == NULL) {
        whole = gather.count > 0 ? place(&gather, json, "", 0) : json_incref(json);
        *reason = whole == NULL ? "schema_unreadable" : NULL;
    }
    if (whole != NULL) {
        code = parse(whole, schema, reason, err);
    }
    if (code == MR_OK && mr_json_shortages() != shortages) { /* none of it is sure */
        mr_schema_free(*schema);
        *schema = NULL;
        *reason = NULL;
        code = MR_FAIL(err, MR_NO_ROOM, "no memory for a schema of the registry");
    }
    json_decref(whole);
    json_decref(json);
    json_decref(gather.pending);
    json_decref(gather.defined);
    return code;
}
