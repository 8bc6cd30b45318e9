#include "processors/core/base/json_text.h"
#include "processors/core/registry/registry_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"
#define PAUSE_FIRST_MS INT64_C(100)
#define PAUSE_MAX_MS INT64_C(2000)

int64_t mr_registry_deadline(const struct mr_registry *self)
{
    return mr_clock_monotonic(self->clock) + self->settings->deadline;
}

void mr_question_name(struct mr_question *question, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char *at = question->path + strlen(question->path);
    const char *end = question->path + sizeof(question->path);

    for (; *text != '\0' && end - at > 3; text++) {
        if (strchr(plain, *text) != NULL) {
            *at++ = *text;
        } else {
            (void)snprintf(at, 4, "%%%02X", (unsigned)(unsigned char)*text);
            at += 3;
        }
    }
    *at = '\0';
}

void mr_question_print(struct mr_question *question, const char *format, ...)
{
    const size_t size = strlen(question->path);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(question->path + size, sizeof(question->path) - size, format, args);
    va_end(args);
}

void mr_reply_free(struct mr_reply *reply)
{
    json_decref(reply->json);
    *reply = (struct mr_reply){0};
}

bool mr_reply_is_absent(const struct mr_reply *reply)
{
    return reply->status == 404 && reply->error_code > 40400 && reply->error_code < 40500;
}

/* Of the registry's sentence only the head, on one line: it goes to a log. */
static const char *message_of(const struct mr_reply *reply, char out[240])
{
    const char *message = json_string_value(json_object_get(reply->json, "message"));

    (void)snprintf(out, 240, "%s", message != NULL ? message : "no reason given");
    for (char *at = out; *at != '\0'; at++) {
        *at = (unsigned char)*at < ' ' ? ' ' : *at;
    }
    return out;
}

enum mr_code mr_reply_refuse(const struct mr_registry *self, const struct mr_question *question,
                             const struct mr_reply *reply, struct mr_error *err)
{
    const char *url = mr_registry_name(self);
    char message[240];

    if (reply->status == 401 || reply->status == 403) {
        return MR_FAIL(err, MR_REFUSED,
                       "registry %s: does not let us do %s %s (%u): see user, password, token", url,
                       question->method, question->path, reply->status);
    }
    if (reply->status == 404 || reply->status / 100 == 3) { /* perhaps its proxy, while it starts */
        return MR_FAIL(err, MR_UNAVAILABLE,
                       "registry %s: no registry answers at %s (%u): is the path in `url` right?",
                       url, question->path, reply->status);
    }
    return MR_FAIL(err, MR_REFUSED, "registry %s: %s %s: %u: %s", url, question->method,
                   question->path, reply->status, message_of(reply, message));
}

/* Answers that another instance may better, or this one later. */
static bool is_away(unsigned status)
{
    return status == 408 || status >= 500;
}

/* Answers that another attempt may better. */
static bool is_passing(unsigned status)
{
    return is_away(status) || status == 429;
}

static int64_t left_of(const struct mr_registry *self, const struct mr_question *question)
{
    return question->deadline_ms - mr_clock_monotonic(self->clock);
}

static enum mr_code ask_one(struct mr_registry *self, const char *base,
                            const struct mr_question *question, const char *body,
                            struct mr_http_answer *answer, struct mr_error *err)
{
    const int64_t left_ms = left_of(self, question);
    const int64_t most_ms = self->settings->attempt_deadline;
    char url[MR_REGISTRY_PATH_SIZE + 1024];
    struct mr_http_request request = {.method = question->method,
                                      .url = url,
                                      .accept = MEDIA_TYPE ", application/json",
                                      .timeout_ms = left_ms < most_ms ? left_ms : most_ms};

    (void)snprintf(url, sizeof(url), "%s%s", base, question->path);
    if (body != NULL) {
        request.type = MEDIA_TYPE;
        request.body = mr_span_text(body);
    }
    if (left_ms <= 0) {
        return MR_FAIL(err, MR_TIMED_OUT, "%s: its deadline has passed", url);
    }
    return mr_http_client_ask(self->client, &request, answer, err);
}

/* One attempt: each instance in turn, from the one that answered last, until one does. */
static enum mr_code attempt(struct mr_registry *self, const struct mr_question *question,
                            const char *body, struct mr_http_answer *answer, struct mr_error *err)
{
    const struct mr_registry_urls *urls = self->urls;
    const size_t first = atomic_load(&urls->current);
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < urls->count && (i == 0 || left_of(self, question) > 0); i++) {
        const size_t turn = (first + i) % urls->count;

        mr_http_answer_free(answer);
        *err = (struct mr_error){0};
        code = ask_one(self, urls->items[turn], question, body, answer, err);
        if (code == MR_OK ? !is_away(answer->status) : mr_code_advice(code) != MR_ADVICE_RETRY) {
            atomic_store(&self->urls->current, turn);
            break;
        }
    }
    return code;
}

/* The pause before the next attempt: doubled each time, half of it jitter; or what was asked for.
 */
static int64_t pause_ms(struct mr_registry *self, int64_t attempts, int64_t asked_ms)
{
    const int64_t most = attempts < 5 ? PAUSE_FIRST_MS << attempts : PAUSE_MAX_MS;
    uint64_t seed = atomic_fetch_add(&self->seed, UINT64_C(0x9e3779b97f4a7c15));

    seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    seed ^= seed >> 27;
    if (asked_ms > 0) {
        return asked_ms + (int64_t)(seed % (uint64_t)PAUSE_FIRST_MS);
    }
    return most / 2 + (int64_t)(seed % (uint64_t)(most / 2 + 1));
}

static enum mr_code read_reply(const struct mr_registry *self, const struct mr_question *question,
                               const struct mr_http_answer *answer, struct mr_reply *reply,
                               struct mr_error *err)
{
    const struct mr_span body = {(const uint8_t *)answer->body, answer->size};
    json_t *json;
    const enum mr_code code = mr_json_load(body, 0, &json, NULL, err);

    if (code != MR_OK) {
        return code;
    }
    if (json != NULL && !json_is_object(json)) {
        json_decref(json);
        json = NULL;
    }
    if (json == NULL && answer->status / 100 == 2) {
        return MR_FAIL(err, MR_UNAVAILABLE,
                       "registry %s: what it answers to %s is not a registry's",
                       mr_registry_name(self), question->path);
    }
    *reply = (struct mr_reply){.status = answer->status, .json = json};
    reply->error_code = (int)json_integer_value(json_object_get(json, "error_code"));
    return MR_OK;
}

static enum mr_code give_up(const struct mr_question *question, const struct mr_http_answer *answer,
                            const struct mr_error *why, int64_t attempts, struct mr_error *err)
{
    if (why->code != MR_OK) {
        return MR_FAIL(err, MR_UNAVAILABLE, "registry, attempt %" PRId64 ": %s", attempts,
                       why->text);
    }
    return MR_FAIL(err, MR_UNAVAILABLE, "registry, attempt %" PRId64 ": %s: status %u", attempts,
                   question->path, answer->status);
}

static enum mr_code ask_text(struct mr_registry *self, const struct mr_question *question,
                             const char *body, struct mr_reply *reply, struct mr_error *err)
{
    for (int64_t attempts = 1;; attempts++) {
        struct mr_http_answer answer = {0};
        struct mr_error why = {0};
        enum mr_code code = attempt(self, question, body, &answer, &why);
        int64_t wait_ms;

        if (code != MR_OK && mr_code_advice(code) != MR_ADVICE_RETRY) {
            return MR_FAIL(err, code, "registry: %s", why.text);
        }
        if (code == MR_OK && !is_passing(answer.status)) {
            code = read_reply(self, question, &answer, reply, err);
            mr_http_answer_free(&answer);
            return code;
        }
        wait_ms = pause_ms(self, attempts - 1, answer.retry_after_ms);
        if (attempts >= self->settings->attempts || wait_ms >= left_of(self, question)) {
            code = give_up(question, &answer, &why, attempts, err);
            mr_http_answer_free(&answer);
            return code;
        }
        mr_http_answer_free(&answer);
        mr_clock_wait(self->clock, wait_ms);
    }
}

enum mr_code mr_registry_ask(struct mr_registry *self, const struct mr_question *question,
                             struct mr_reply *reply, struct mr_error *err)
{
    char *body = question->body != NULL ? mr_json_dump(question->body, JSON_COMPACT) : NULL;
    enum mr_code code;

    *reply = (struct mr_reply){0};
    if (question->body != NULL && body == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a question to the registry");
    }
    code = ask_text(self, question, body, reply, err);
    free(body);
    return code;
}
