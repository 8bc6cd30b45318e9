#include "tests/support/registry_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void say(struct stub_answer *answer, unsigned status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    assert_non_null(text);
    answer->status = status;
    (void)snprintf(answer->body, sizeof(answer->body), "%s", text);
    free(text);
    json_decref(json);
}

static void say_error(struct stub_answer *answer, unsigned status, int error_code)
{
    say(answer, status,
        json_pack("{s:i, s:s}", "error_code", error_code, "message", "as the fake has it"));
}

void registry_fake_guid(int id, uint8_t out[16])
{
    memset(out, 0xab, 16);
    out[15] = (uint8_t)id;
}

static json_t *guid_text(int id)
{
    return json_sprintf("abababab-abab-abab-abab-ababababab%02x", id);
}

static json_t *schema_of(const struct registry_fake *fake, int id)
{
    return json_array_get(fake->schemas, (size_t)id - 1);
}

static int find_text(const struct registry_fake *fake, const char *text)
{
    for (int id = 1; id <= (int)json_array_size(fake->schemas); id++) {
        if (strcmp(json_string_value(json_object_get(schema_of(fake, id), "schema")), text) == 0) {
            return id;
        }
    }
    return 0;
}

/* The version of an id in a subject, from 1; 0: it is not there. */
static int version_of(const struct registry_fake *fake, const char *subject, int id)
{
    const json_t *ids = json_object_get(fake->subjects, subject);

    for (size_t i = 0; i < json_array_size(ids); i++) {
        if (json_integer_value(json_array_get(ids, i)) == id) {
            return (int)i + 1;
        }
    }
    return 0;
}

int registry_fake_add(struct registry_fake *fake, const char *subject, const char *schema,
                      json_t *members)
{
    int id = find_text(fake, schema);

    if (id == 0) {
        json_t *entry = json_pack("{s:s}", "schema", schema);

        if (members != NULL) {
            assert_int_equal(0, json_object_update(entry, members));
            json_decref(members);
        }
        assert_int_equal(0, json_array_append_new(fake->schemas, entry));
        id = (int)json_array_size(fake->schemas);
    }
    if (json_object_get(fake->subjects, subject) == NULL) {
        assert_int_equal(0, json_object_set_new(fake->subjects, subject, json_array()));
    }
    if (version_of(fake, subject, id) == 0) {
        assert_int_equal(
            0, json_array_append_new(json_object_get(fake->subjects, subject), json_integer(id)));
    }
    return id;
}

/* What the flavour adds to an id. */
static json_t *describe(const struct registry_fake *fake, const char *subject, int id)
{
    json_t *out = json_pack("{s:i}", "id", id);

    if (fake->flavour == FLAVOUR_CONFLUENT) {
        (void)json_object_set_new(out, "version", json_integer(version_of(fake, subject, id)));
        (void)json_object_set_new(out, "guid", guid_text(id));
    }
    return out;
}

static const char *schema_in(const struct stub_request *request, json_t **body)
{
    const char *schema;

    *body = json_loads(request->body, 0, NULL);
    schema = json_string_value(json_object_get(*body, "schema"));
    assert_non_null(schema);
    return schema != NULL ? schema : "";
}

static void answer_post(struct registry_fake *fake, const char *subject, bool is_new,
                        const struct stub_request *request, struct stub_answer *answer)
{
    const bool is_known = json_object_get(fake->subjects, subject) != NULL;
    json_t *body;
    const char *schema = schema_in(request, &body);
    const int id = find_text(fake, schema);
    const bool is_there = id > 0 && version_of(fake, subject, id) > 0;

    if (!is_new) {
        if (is_there) {
            say(answer, 200, describe(fake, subject, id));
        } else {
            say_error(answer, 404, is_known ? 40403 : 40401);
        }
    } else if (fake->is_strict && is_known && !is_there && fake->flavour != FLAVOUR_SRFAKE) {
        say_error(answer, 409, fake->flavour == FLAVOUR_CONFLUENT ? 40901 : 409);
    } else {
        say(answer, 200, describe(fake, subject, registry_fake_add(fake, subject, schema, NULL)));
    }
    json_decref(body);
}

static void answer_version(struct registry_fake *fake, const char *subject, const char *version,
                           struct stub_answer *answer)
{
    const json_t *ids = json_object_get(fake->subjects, subject);
    const size_t count = json_array_size(ids);
    const size_t wanted = strcmp(version, "latest") == 0 ? count : strtoul(version, NULL, 10);
    json_t *out;
    int id;

    if (wanted == 0 || wanted > count) {
        say_error(answer, 404, ids == NULL ? 40401 : 40402);
        return;
    }
    id = (int)json_integer_value(json_array_get(ids, wanted - 1));
    out = json_copy(schema_of(fake, id));
    (void)json_object_set_new(out, "subject", json_string(subject));
    (void)json_object_set_new(out, "version", json_integer((json_int_t)wanted));
    (void)json_object_set_new(out, "id", json_integer(id));
    say(answer, 200, out);
}

/* /subjects/NAME, /subjects/NAME/versions, /subjects/NAME/versions/V */
static void answer_subject(struct registry_fake *fake, const struct stub_request *request,
                           struct stub_answer *answer)
{
    const bool is_post = strcmp(request->method, "POST") == 0;
    char subject[512];
    char *rest;

    (void)snprintf(subject, sizeof(subject), "%s", request->path + strlen("/subjects/"));
    rest = strchr(subject, '/');
    if (rest != NULL) {
        *rest++ = '\0';
    }
    if (is_post) {
        answer_post(fake, subject, rest != NULL, request, answer);
    } else if (rest != NULL) {
        answer_version(fake, subject, rest + strlen("versions/"), answer);
    }
}

static void answer_schema(struct registry_fake *fake, const char *path, struct stub_answer *answer)
{
    const bool has_guids = fake->flavour == FLAVOUR_CONFLUENT || fake->flavour == FLAVOUR_SRFAKE;
    const char *last = strrchr(path, '/') + 1;
    const bool is_guid = strncmp(path, "/schemas/guids/", 15) == 0;
    const size_t size = strlen(last);
    long id = strtol(last, NULL, 10);

    if (is_guid && !has_guids) {
        say_error(answer, 404, 404);
        return;
    }
    if (is_guid) {
        id = size == 36 ? strtol(last + size - 2, NULL, 16) : 0;
    }
    if (id < 1 || id > (long)json_array_size(fake->schemas)) {
        say_error(answer, 404, 40403);
        return;
    }
    say(answer, 200, json_incref(schema_of(fake, (int)id)));
}

static void answer_check(struct registry_fake *fake, struct stub_answer *answer)
{
    const bool is_good = !fake->is_strict || fake->flavour == FLAVOUR_SRFAKE;
    json_t *out = json_pack("{s:b}", "is_compatible", is_good);

    if (!is_good && fake->flavour != FLAVOUR_APICURIO) {
        (void)json_object_set_new(out, "messages", json_pack("[s, s]", "first", "second"));
    }
    say(answer, 200, out);
}

static void answer_level(struct registry_fake *fake, const struct stub_request *request,
                         struct stub_answer *answer)
{
    const char *subject = request->path[7] == '/' ? request->path + 8 : "";
    const bool is_global =
        fake->flavour == FLAVOUR_APICURIO || fake->flavour == FLAVOUR_SRFAKE || subject[0] == '\0';
    const json_t *own = json_object_get(fake->levels, subject);
    const char *level = fake->flavour == FLAVOUR_APICURIO ? "NONE" : "BACKWARD";
    json_t *body;

    if (strcmp(request->method, "PUT") == 0) {
        body = json_loads(request->body, 0, NULL);
        (void)json_object_set(fake->levels, subject, json_object_get(body, "compatibility"));
        say(answer, 200, body);
    } else if (own == NULL && !is_global) {
        say_error(answer, 404, 40408);
    } else {
        say(answer, 200,
            json_pack("{s:s}", "compatibilityLevel", own ? json_string_value(own) : level));
    }
}

static bool goes_wrong(struct registry_fake *fake, struct stub_answer *answer)
{
    fake->requests++;
    if (fake->fail_at == 0 || fake->requests < fake->fail_at ||
        fake->requests > (fake->fail_until > 0 ? fake->fail_until : fake->fail_at)) {
        return false;
    }
    answer->fault = fake->fault;
    answer->status = fake->status != 0 ? fake->status : 200;
    answer->headers = fake->retry_after;
    (void)snprintf(answer->body, sizeof(answer->body), "%s",
                   fake->body != NULL ? fake->body : "{\"schema\": \"\\\"string\\\"\", \"id\": 1}");
    return true;
}

static void script(void *context, const struct stub_request *request, struct stub_answer *answer)
{
    struct registry_fake *fake = context;
    const char *path = request->path;

    (void)snprintf(fake->seen, sizeof(fake->seen), "%s %s", request->method, path);
    (void)snprintf(fake->head, sizeof(fake->head), "%s", request->head);
    answer->type = fake->flavour == FLAVOUR_APICURIO ? "application/json"
                                                     : "application/vnd.schemaregistry.v1+json";
    if (goes_wrong(fake, answer)) {
        return;
    }
    if (strncmp(path, "/schemas/", 9) == 0) {
        answer_schema(fake, path, answer);
    } else if (strncmp(path, "/subjects/", 10) == 0) {
        answer_subject(fake, request, answer);
    } else if (strncmp(path, "/compatibility/", 15) == 0) {
        answer_check(fake, answer);
    } else if (strncmp(path, "/config", 7) == 0) {
        answer_level(fake, request, answer);
    } else {
        say_error(answer, 404, 404);
    }
}

void registry_fake_open(struct registry_fake *fake)
{
    fake->schemas = json_array();
    fake->subjects = json_object();
    fake->levels = json_object();
    fake->stub = http_stub_new(script, fake);
}

void registry_fake_close(struct registry_fake *fake)
{
    http_stub_free(fake->stub);
    json_decref(fake->schemas);
    json_decref(fake->subjects);
    json_decref(fake->levels);
}

const char *registry_fake_url(const struct registry_fake *fake)
{
    return http_stub_url(fake->stub);
}
