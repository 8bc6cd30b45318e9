/* Goal: whatever a registry answers, the client ends within its deadline, learns a schema or one
 * reason why there is none, never both, and what it learnt it knows without asking again.
 * Method: libFuzzer writes the answers, those to questions for references too; in place of the HTTP
 * client stands this file, so that no socket is between. The input: a byte that chooses the
 * question, then the answers, each a byte for the status and a body up to a zero byte. Who asks
 * for more hears that there is no such schema. */
#include "processors/core/http/client.h"
#include "processors/core/registry/registry.h"

#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 4096 /* far more than references may lead to */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the HTTP client ----------------------------------------------------------------------------
 */

/* What is left of the input, and how often it was asked for. */
static struct mr_span rest;
static size_t asked;

enum mr_code mr_http_client_new(const struct mr_http_client_spec *spec, struct mr_http_client **out,
                                struct mr_error *err)
{
    (void)spec;
    (void)err;
    *out = NULL;
    return MR_OK;
}

void mr_http_client_free(struct mr_http_client *client)
{
    (void)client;
}

void mr_http_answer_free(struct mr_http_answer *answer)
{
    free(answer->body);
    *answer = (struct mr_http_answer){0};
}

/* In a block of its size, so that reading behind its end is seen. */
static void give(struct mr_http_answer *answer, unsigned status, struct mr_span body)
{
    answer->status = status;
    answer->size = body.size;
    answer->body = malloc(body.size + 1);
    MR_ASSERT(answer->body != NULL);
    if (body.size > 0) {
        memcpy(answer->body, body.data, body.size);
    }
    answer->body[body.size] = '\0';
}

enum mr_code mr_http_client_ask(struct mr_http_client *client,
                                const struct mr_http_request *request,
                                struct mr_http_answer *answer, struct mr_error *err)
{
    static const unsigned statuses[] = {200, 404, 409, 422, 503, 302, 401, 201};
    struct mr_span body;
    uint8_t choice;

    (void)client;
    MR_ASSERT(++asked < ASKED_MAX);
    MR_ASSERT(strncmp(request->url, "http://registry/", 16) == 0);
    *answer = (struct mr_http_answer){0};
    if (rest.size == 0) {
        give(answer, 404, mr_span_text("{\"error_code\": 40403}"));
        return MR_OK;
    }
    choice = *rest.data;
    rest = (struct mr_span){rest.data + 1, rest.size - 1};
    if (choice == 'x') {
        return MR_FAIL(err, MR_UNAVAILABLE, "%s: broken", request->url);
    }
    body = rest;
    for (body.size = 0; body.size < rest.size && rest.data[body.size] != 0;) {
        body.size++;
    }
    rest.data += body.size + (body.size < rest.size);
    rest.size -= body.size + (body.size < rest.size);
    give(answer, statuses[choice % MR_COUNT(statuses)], body);
    return MR_OK;
}

/* --- the questions ------------------------------------------------------------------------------
 */

/* A clock that moves when somebody waits. */
static int64_t now_ms;

static int64_t tell(void *context)
{
    (void)context;
    return now_ms;
}

static void wait(void *context, int64_t ms)
{
    (void)context;
    now_ms += ms;
}

static void check(enum mr_code code, const struct mr_registry_found *found,
                  const struct mr_error *err)
{
    struct mr_schema *again;

    if (code != MR_OK) {
        MR_ASSERT(err->text[0] != '\0');
        MR_ASSERT(found->schema == NULL);
        return;
    }
    MR_ASSERT((found->schema != NULL) != (found->reason != NULL));
    if (found->schema != NULL) { /* stands alone */
        MR_ASSERT(mr_schema_parse(mr_span_text(mr_schema_text(found->schema)), &again, NULL) ==
                  MR_OK);
        mr_schema_free(again);
    }
}

static void find(struct mr_registry *registry, uint8_t question)
{
    static const uint8_t guid[MR_REGISTRY_GUID_SIZE] = {1};
    struct mr_registry_found found, again;
    struct mr_error err = {0};
    enum mr_code code;

    code = question == 0   ? mr_registry_by_id(registry, 7, &found, &err)
           : question == 1 ? mr_registry_by_guid(registry, guid, &found, &err)
                           : mr_registry_by_version(registry, ":.c:s", 0, &found, &err);
    check(code, &found, &err);
    if (code == MR_OK && question < 2) {
        const size_t before = asked;

        code = question == 0 ? mr_registry_by_id(registry, 7, &again, &err)
                             : mr_registry_by_guid(registry, guid, &again, &err);
        MR_ASSERT(code == MR_OK && asked == before);
        MR_ASSERT(again.schema == found.schema && again.reason == found.reason);
    }
}

static void post(struct mr_registry *registry, uint8_t question)
{
    char level[MR_REGISTRY_LEVEL_SIZE];
    struct mr_registry_verdict verdict;
    struct mr_registry_found found = {0};
    struct mr_error err = {0};
    struct mr_schema *schema;
    enum mr_code code;
    int32_t id = -1;

    MR_ASSERT(mr_schema_parse(mr_span_text("\"string\""), &schema, NULL) == MR_OK);
    switch (question) {
    case 3:
        code = mr_registry_lookup(registry, "s", schema, &found, &err);
        break;
    case 4:
        code = mr_registry_check(registry, "s", schema, &verdict, &err);
        break;
    case 5:
        code = mr_registry_level(registry, "s", level, &err);
        MR_ASSERT(code != MR_OK || strlen(level) < sizeof(level));
        break;
    default:
        code = mr_registry_id(registry, "s", schema, &id, &err);
        MR_ASSERT(code != MR_OK || id >= 0);
        break;
    }
    MR_ASSERT(code == MR_OK || err.text[0] != '\0');
    mr_schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const urls[] = {"http://registry/"};
    static const struct mr_registry_settings settings = {.url = {urls, 1},
                                                         .context = ".c",
                                                         .auto_register = true,
                                                         .compatibility = 1,
                                                         .deadline = 10000,
                                                         .attempt_deadline = 5000,
                                                         .attempts = 3,
                                                         .absent_for = 10000};
    static const struct mr_clock clock = {tell, tell, wait, NULL};
    struct mr_registry *registry;

    if (size == 0) {
        return 0;
    }
    now_ms = 1;
    asked = 0;
    rest = (struct mr_span){data + 1, size - 1};
    MR_ASSERT(mr_registry_new(&settings, &clock, &registry, NULL) == MR_OK);
    if (data[0] % 7 < 3) {
        find(registry, data[0] % 7);
    } else {
        post(registry, data[0] % 7);
    }
    MR_ASSERT(now_ms <= 1 + 4 * settings.deadline); /* no question asks more than four times */
    mr_registry_free(registry);
    return 0;
}
