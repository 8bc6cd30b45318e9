#include "processors/core/registry/registry.h"

#include "processors/core/registry/registry_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_SIZE_MAX ((size_t)8 << 20)

/* What a thread that fills the cache wants to know. */
struct wish {
    struct mr_registry *self;
    struct mr_question *question;
    bool is_id;   /* the answer tells an id and not a schema */
    bool is_guid; /* servers that have no GUIDs have no such page either */
};

enum mr_code mr_registry_new(const struct mr_registry_settings *settings,
                             const struct mr_clock *clock, struct mr_registry **out,
                             struct mr_error *err)
{
    const struct mr_http_client_spec spec = {
        .user = settings->user,
        .password = settings->password,
        .token = settings->token,
        .ca_file = settings->ca_file,
        .cert_file = settings->cert_file,
        .key_file = settings->key_file,
        .answer_size_max = ANSWER_SIZE_MAX,
    };
    struct mr_registry *self = calloc(1, sizeof(*self));
    enum mr_code code;

    *out = NULL;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a registry client");
    }
    self->settings = settings;
    self->clock = clock;
    self->cache = mr_registry_cache_new(clock, settings->absent_for);
    /* Processes that lost the same registry at the same time come back at different ones. */
    atomic_init(&self->seed, (uint64_t)mr_clock_wall(clock) ^ (uintptr_t)self);
    self->documents = mr_registry_documents_new();
    code = self->cache != NULL && self->documents != NULL
               ? mr_http_client_new(&spec, &self->client, err)
               : MR_FAIL(err, MR_NO_ROOM, "no memory for a registry client");
    if (code == MR_OK) {
        code = mr_registry_urls_new(&settings->url, &self->urls, err);
    }
    if (code != MR_OK) {
        mr_registry_free(self);
        return code;
    }
    *out = self;
    return MR_OK;
}

void mr_registry_free(struct mr_registry *registry)
{
    if (registry != NULL) {
        mr_registry_cache_free(registry->cache);
        mr_registry_documents_free(registry->documents);
        mr_http_client_free(registry->client);
        mr_registry_urls_free(registry->urls);
        free(registry);
    }
}

const struct mr_registry_settings *mr_registry_settings_of(const struct mr_registry *registry)
{
    return registry->settings;
}

const char *mr_registry_context(const struct mr_registry_settings *settings,
                                char out[MR_REGISTRY_SUBJECT_SIZE])
{
    const char *context = settings->context;

    out[0] = '\0';
    if (context[0] != '\0') {
        (void)snprintf(out, MR_REGISTRY_SUBJECT_SIZE, ":%s%s:", context[0] == '.' ? "" : ".",
                       context);
    }
    return out;
}

const char *mr_registry_subject(const struct mr_registry_settings *settings, const char *topic,
                                const struct mr_schema *schema, char out[MR_REGISTRY_SUBJECT_SIZE])
{
    const char *name = mr_schema_root(schema)->name;
    const int strategy = name != NULL ? settings->strategy : MR_SUBJECT_TOPIC;
    const size_t size = strlen(mr_registry_context(settings, out));

    (void)snprintf(out + size, MR_REGISTRY_SUBJECT_SIZE - size, "%s%s%s",
                   strategy == MR_SUBJECT_RECORD ? "" : topic,
                   strategy == MR_SUBJECT_RECORD ? "" : "-",
                   strategy == MR_SUBJECT_TOPIC ? "value" : name);
    return out;
}

static enum mr_code wrong_answer(const struct wish *wish, const char *what, struct mr_error *err)
{
    return MR_FAIL(err, MR_UNAVAILABLE, "registry %s: its answer to %s has no %s",
                   mr_registry_name(wish->self), wish->question->path, what);
}

static enum mr_code read_id(const struct wish *wish, const json_t *answer,
                            struct mr_registry_found *found, struct mr_error *err)
{
    const json_t *id = json_object_get(answer, "id");
    const json_int_t number = json_integer_value(id);

    if (!json_is_integer(id) || number < 0 || number > INT32_MAX) {
        return wrong_answer(wish, "id", err);
    }
    found->id = (int32_t)number;
    found->version = (int32_t)json_integer_value(json_object_get(answer, "version"));
    return MR_OK;
}

static enum mr_code read_schema(const struct wish *wish, const json_t *answer,
                                struct mr_registry_found *found, struct mr_schema **schema,
                                struct mr_error *err)
{
    if (!json_is_string(json_object_get(answer, "schema"))) {
        return wrong_answer(wish, "schema", err);
    }
    found->id = (int32_t)json_integer_value(json_object_get(answer, "id"));
    found->version = (int32_t)json_integer_value(json_object_get(answer, "version"));
    return mr_registry_read(wish->self, answer, wish->question->deadline_ms, schema, &found->reason,
                            err);
}

/* A schema that is not taken: 409 where it does not fit those before it, 422 where it is not Avro
 * to the server. */
static enum mr_code refuse(const struct wish *wish, const struct mr_reply *reply,
                           struct mr_error *err)
{
    struct mr_error why = {0};
    const enum mr_code code = mr_reply_refuse(wish->self, wish->question, reply, &why);

    return MR_FAIL(err, reply->status == 409 || reply->status == 422 ? MR_BAD_CONFIG : code, "%s",
                   why.text);
}

static enum mr_code find(void *context, struct mr_registry_found *found, struct mr_schema **schema,
                         struct mr_error *err)
{
    const struct wish *wish = context;
    struct mr_reply reply;
    enum mr_code code;

    wish->question->deadline_ms = mr_registry_deadline(wish->self);
    code = mr_registry_ask(wish->self, wish->question, &reply, err);
    if (code != MR_OK) {
        return code;
    }
    if (reply.status / 100 == 2) {
        code = wish->is_id ? read_id(wish, reply.json, found, err)
                           : read_schema(wish, reply.json, found, schema, err);
    } else if (mr_reply_is_absent(&reply) || (wish->is_guid && reply.status == 404)) {
        found->reason = "schema_unknown";
    } else {
        code = refuse(wish, &reply, err);
    }
    mr_reply_free(&reply);
    return code;
}

enum mr_code mr_registry_by_id(struct mr_registry *registry, int32_t id,
                               struct mr_registry_found *found, struct mr_error *err)
{
    struct mr_question question = {.method = "GET"};
    struct wish wish = {.self = registry, .question = &question};
    char context[MR_REGISTRY_SUBJECT_SIZE];

    mr_question_print(&question, "/schemas/ids/%" PRId32, id);
    if (registry->settings->context[0] != '\0') { /* each context counts its own ids */
        mr_question_print(&question, "?subject=");
        mr_question_name(&question, mr_registry_context(registry->settings, context));
    }
    return mr_registry_cache_get(registry->cache, question.path, find, &wish, found, err);
}

enum mr_code mr_registry_by_guid(struct mr_registry *registry,
                                 const uint8_t guid[MR_REGISTRY_GUID_SIZE],
                                 struct mr_registry_found *found, struct mr_error *err)
{
    struct mr_question question = {.method = "GET", .path = "/schemas/guids/"};
    struct wish wish = {.self = registry, .question = &question, .is_guid = true};

    for (size_t i = 0; i < MR_REGISTRY_GUID_SIZE; i++) {
        mr_question_print(&question, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                          guid[i]);
    }
    return mr_registry_cache_get(registry->cache, question.path, find, &wish, found, err);
}

/* The number of a subject's newest version; 0: it has none. */
static enum mr_code ask_latest(struct mr_registry *registry, const char *subject, int32_t *version,
                               struct mr_error *err)
{
    struct mr_question question = {
        .method = "GET", .path = "/subjects/", .deadline_ms = mr_registry_deadline(registry)};
    const struct wish wish = {.self = registry, .question = &question};
    struct mr_reply reply;
    enum mr_code code;

    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions/latest");
    code = mr_registry_ask(registry, &question, &reply, err);
    if (code == MR_OK && reply.status == 200) {
        *version = (int32_t)json_integer_value(json_object_get(reply.json, "version"));
        code = *version > 0 ? MR_OK : wrong_answer(&wish, "version", err);
    } else if (code == MR_OK) {
        *version = 0;
        code =
            mr_reply_is_absent(&reply) ? MR_OK : mr_reply_refuse(registry, &question, &reply, err);
    }
    mr_reply_free(&reply);
    return code;
}

enum mr_code mr_registry_by_version(struct mr_registry *registry, const char *subject,
                                    int32_t version, struct mr_registry_found *found,
                                    struct mr_error *err)
{
    struct mr_question question = {.method = "GET", .path = "/subjects/"};
    struct wish wish = {.self = registry, .question = &question};
    enum mr_code code = MR_OK;

    *found = (struct mr_registry_found){0};
    if (version == 0) {
        code = ask_latest(registry, subject, &version, err);
        found->reason = code == MR_OK && version == 0 ? "schema_unknown" : NULL;
    }
    if (code != MR_OK || version == 0) {
        return code;
    }
    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions/%" PRId32, version);
    return mr_registry_cache_get(registry->cache, question.path, find, &wish, found, err);
}

/* Posts a schema; what comes back is kept under the path and the schema's digest. */
static enum mr_code post(struct mr_registry *registry, struct mr_question *question,
                         const struct mr_schema *schema, struct mr_registry_found *found,
                         struct mr_error *err)
{
    const char *text = mr_schema_text(schema);
    const struct mr_digest digest = mr_digest_of(mr_span_text(text));
    struct wish wish = {.self = registry, .question = question, .is_id = true};
    json_t *body = json_pack("{s:s}", "schema", text);
    char hex[MR_DIGEST_HEX_SIZE], key[MR_REGISTRY_PATH_SIZE + MR_DIGEST_HEX_SIZE];
    enum mr_code code;

    if (body == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema to post");
    }
    mr_digest_hex(&digest, hex);
    (void)snprintf(key, sizeof(key), "%s %s", question->path, hex);
    question->body = body;
    code = mr_registry_cache_get(registry->cache, key, find, &wish, found, err);
    json_decref(body);
    return code;
}

enum mr_code mr_registry_lookup(struct mr_registry *registry, const char *subject,
                                const struct mr_schema *schema, struct mr_registry_found *found,
                                struct mr_error *err)
{
    struct mr_question question = {.method = "POST", .path = "/subjects/"};

    mr_question_name(&question, subject);
    return post(registry, &question, schema, found, err);
}

enum mr_code mr_registry_register(struct mr_registry *registry, const char *subject,
                                  const struct mr_schema *schema, int32_t *id, struct mr_error *err)
{
    struct mr_question question = {.method = "POST", .path = "/subjects/"};
    struct mr_registry_found found = {0};
    enum mr_code code;

    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions");
    code = post(registry, &question, schema, &found, err);
    *id = found.id;
    return code == MR_OK && found.reason != NULL
               ? MR_FAIL(err, MR_REFUSED, "registry %s: does not know where to register %s",
                         mr_registry_name(registry), subject)
               : code;
}

/* A question whose answer is read by the caller: a 2xx, or *is_absent, or an error. */
static enum mr_code ask_plainly(struct mr_registry *registry, struct mr_question *question,
                                struct mr_reply *reply, bool *is_absent, struct mr_error *err)
{
    enum mr_code code;

    question->deadline_ms = mr_registry_deadline(registry);
    code = mr_registry_ask(registry, question, reply, err);
    *is_absent = code == MR_OK && mr_reply_is_absent(reply);
    if (code == MR_OK && !*is_absent && reply->status / 100 != 2) {
        code = mr_reply_refuse(registry, question, reply, err);
        mr_reply_free(reply);
    }
    return code;
}

static void join_messages(const json_t *messages, struct mr_registry_verdict *verdict)
{
    const json_t *message;
    size_t index, size = 0;

    json_array_foreach(messages, index, message)
    {
        const char *text = json_string_value(message);

        if (text != NULL && size < sizeof(verdict->messages)) {
            size += (size_t)snprintf(verdict->messages + size, sizeof(verdict->messages) - size,
                                     "%s%s", size > 0 ? "; " : "", text);
        }
    }
}

enum mr_code mr_registry_check(struct mr_registry *registry, const char *subject,
                               const struct mr_schema *schema, struct mr_registry_verdict *verdict,
                               struct mr_error *err)
{
    json_t *body = json_pack("{s:s}", "schema", mr_schema_text(schema));
    struct mr_question question = {
        .method = "POST", .path = "/compatibility/subjects/", .body = body};
    struct mr_reply reply;
    bool is_absent;
    enum mr_code code;

    *verdict = (struct mr_registry_verdict){0};
    if (body == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema to post");
    }
    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions/latest?verbose=true");
    code = ask_plainly(registry, &question, &reply, &is_absent, err);
    if (code == MR_OK) {
        verdict->is_compatible =
            is_absent || json_is_true(json_object_get(reply.json, "is_compatible"));
        join_messages(json_object_get(reply.json, "messages"), verdict);
        mr_reply_free(&reply);
    }
    json_decref(body);
    return code;
}

/* Some servers answer for a subject without a level of its own, some say 404 and have to be asked
 * for their own. */
enum mr_code mr_registry_level(struct mr_registry *registry, const char *subject,
                               char out[MR_REGISTRY_LEVEL_SIZE], struct mr_error *err)
{
    struct mr_question question = {.method = "GET", .path = "/config/"};
    struct mr_reply reply;
    bool is_absent;
    enum mr_code code;

    mr_question_name(&question, subject);
    code = ask_plainly(registry, &question, &reply, &is_absent, err);
    if (code == MR_OK && is_absent) {
        mr_reply_free(&reply);
        (void)snprintf(question.path, sizeof(question.path), "/config");
        code = ask_plainly(registry, &question, &reply, &is_absent, err);
    }
    if (code == MR_OK) {
        const char *level = json_string_value(json_object_get(reply.json, "compatibilityLevel"));

        (void)snprintf(out, MR_REGISTRY_LEVEL_SIZE, "%s", level != NULL ? level : "");
        mr_reply_free(&reply);
        code = level != NULL ? MR_OK
                             : MR_FAIL(err, MR_UNAVAILABLE, "registry %s: %s tells no level",
                                       mr_registry_name(registry), question.path);
    }
    return code;
}

enum mr_code mr_registry_set_level(struct mr_registry *registry, const char *subject,
                                   const char *level, struct mr_error *err)
{
    json_t *body = json_pack("{s:s}", "compatibility", level);
    struct mr_question question = {.method = "PUT", .path = "/config/", .body = body};
    struct mr_reply reply;
    bool is_absent;
    enum mr_code code;

    if (body == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a compatibility level");
    }
    mr_question_name(&question, subject);
    code = ask_plainly(registry, &question, &reply, &is_absent, err);
    json_decref(body);
    if (code == MR_OK) {
        mr_reply_free(&reply);
    }
    return code == MR_OK && is_absent
               ? MR_FAIL(err, MR_REFUSED, "registry %s: has no subject %s to make %s",
                         mr_registry_name(registry), subject, level)
               : code;
}

/* Why a schema was not taken, as far as the registry can be made to say. */
static void add_why(struct mr_registry *registry, const char *subject,
                    const struct mr_schema *schema, char out[480])
{
    struct mr_registry_verdict verdict = {0};
    char level[MR_REGISTRY_LEVEL_SIZE] = "";

    out[0] = '\0';
    if (mr_registry_level(registry, subject, level, NULL) == MR_OK &&
        mr_registry_check(registry, subject, schema, &verdict, NULL) == MR_OK &&
        !verdict.is_compatible) {
        (void)snprintf(out, 480, "; the subject is %s: %s", level,
                       verdict.messages[0] != '\0' ? verdict.messages : "no reason given");
    }
}

static enum mr_code look_up(struct mr_registry *registry, const char *subject,
                            const struct mr_schema *schema, int32_t *id, struct mr_error *err)
{
    struct mr_registry_found found = {0};
    const enum mr_code code = mr_registry_lookup(registry, subject, schema, &found, err);

    *id = found.id;
    return code == MR_OK && found.reason != NULL
               ? MR_FAIL(err, MR_BAD_CONFIG,
                         "registry %s: %s does not have our schema: register what `check "
                         "--explain` prints, or say auto_register: true",
                         mr_registry_name(registry), subject)
               : code;
}

enum mr_code mr_registry_id(struct mr_registry *registry, const char *subject,
                            const struct mr_schema *schema, int32_t *id, struct mr_error *err)
{
    const int level = registry->settings->compatibility;
    struct mr_error why = {0};
    enum mr_code code;
    char more[480];

    if (!registry->settings->auto_register) {
        return look_up(registry, subject, schema, id, err);
    }
    code = mr_registry_register(registry, subject, schema, id, &why);
    if (code == MR_BAD_CONFIG) {
        add_why(registry, subject, schema, more);
        return MR_FAIL(err, code, "%s%s", why.text, more);
    }
    if (code == MR_OK && level != 0) {
        code = mr_registry_set_level(registry, subject, mr_registry_levels[level], &why);
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "%s", why.text);
}
