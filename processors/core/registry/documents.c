#include "processors/core/registry/registry_internal.h"

#include "processors/core/base/json_text.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct document {
    struct document *next;
    char *path; /* owned: what was asked for */
    char *text; /* owned */
};

struct mr_registry_documents {
    pthread_mutex_t lock; /* held while one asks: few ask, at the start */
    struct document *first;
};

struct mr_registry_documents *mr_registry_documents_new(void)
{
    struct mr_registry_documents *documents = calloc(1, sizeof(*documents));

    if (documents != NULL && pthread_mutex_init(&documents->lock, NULL) != 0) {
        free(documents);
        documents = NULL;
    }
    return documents;
}

static void drop(struct document *document)
{
    free(document->path);
    free(document->text);
    free(document);
}

void mr_registry_documents_free(struct mr_registry_documents *documents)
{
    if (documents == NULL) {
        return;
    }
    while (documents->first != NULL) {
        struct document *document = documents->first;

        documents->first = document->next;
        drop(document);
    }
    (void)pthread_mutex_destroy(&documents->lock);
    free(documents);
}

static enum mr_code keep(struct mr_registry_documents *documents, const char *path,
                         const json_t *json, const struct document **out, struct mr_error *err)
{
    struct document *document = calloc(1, sizeof(*document));

    if (document != NULL) {
        document->path = strdup(path);
        document->text = mr_json_dump(json, JSON_COMPACT);
    }
    if (document == NULL || document->path == NULL || document->text == NULL) {
        if (document != NULL) {
            drop(document);
        }
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the answer to %s", path);
    }
    document->next = documents->first;
    documents->first = document;
    *out = document;
    return MR_OK;
}

static enum mr_code ask(struct mr_registry *self, struct mr_question *question,
                        const struct document **out, struct mr_error *err)
{
    struct mr_reply reply;
    enum mr_code code;

    question->deadline_ms = mr_registry_deadline(self);
    code = mr_registry_ask(self, question, &reply, err);
    if (code != MR_OK) {
        return code;
    }
    if (reply.status / 100 == 2) {
        code = keep(self->documents, question->path, reply.json, out, err);
    } else if (mr_reply_is_absent(&reply)) {
        code = MR_FAIL(err, MR_BAD_CONFIG, "registry %s has no %s", mr_registry_name(self),
                       question->path);
    } else {
        code = mr_reply_refuse(self, question, &reply, err);
    }
    mr_reply_free(&reply);
    return code;
}

enum mr_code mr_registry_document(struct mr_registry *registry, const char *subject,
                                  int32_t version, struct mr_span *text, struct mr_error *err)
{
    struct mr_question question = {.method = "GET", .path = "/subjects/"};
    struct mr_registry_documents *documents = registry->documents;
    const struct document *document;
    enum mr_code code = MR_OK;

    mr_question_name(&question, subject);
    mr_question_print(&question, "/versions/");
    if (version > 0) {
        mr_question_print(&question, "%" PRId32, version);
    } else {
        mr_question_print(&question, "latest");
    }
    (void)pthread_mutex_lock(&documents->lock);
    document = documents->first;
    while (document != NULL && strcmp(document->path, question.path) != 0) {
        document = document->next;
    }
    if (document == NULL) {
        code = ask(registry, &question, &document, err);
    }
    (void)pthread_mutex_unlock(&documents->lock);
    *text = (struct mr_span){NULL, 0};
    if (code == MR_OK) {
        MR_ASSERT(document != NULL);
        *text = mr_span_text(document->text);
    }
    return code;
}
