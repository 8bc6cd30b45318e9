/* registry_internal.h - the parts of the registry client, for the files that make it up.
 *
 *     registry.c    what can be asked, and what the answers mean
 *     ask.c         one question, until it is answered or its deadline has passed
 *     urls.c        where the registry answers
 *     cache.c       what is known, and who is asking for it
 *     references.c  a schema and those that it refers to, made one
 *     documents.c   whole answers
 *     settings.c    the option table
 */
#ifndef MR_REGISTRY_REGISTRY_INTERNAL_H
#define MR_REGISTRY_REGISTRY_INTERNAL_H

#include "processors/core/http/client.h"
#include "processors/core/registry/registry.h"

#include <stdatomic.h>

#define MR_REGISTRY_PATH_SIZE 2048 /* a subject may be percent-encoded three times its size */

struct mr_registry {
    const struct mr_registry_settings *settings; /* borrowed */
    const struct mr_clock *clock;                /* borrowed */
    struct mr_http_client *client;               /* owned */
    struct mr_registry_urls *urls;               /* owned */
    struct mr_registry_cache *cache;             /* owned */
    struct mr_registry_documents *documents;     /* owned */
    atomic_uint_fast64_t seed;                   /* of the jitter */
};

/* --- urls.c --- */

/* Instances of one registry; any of them knows all. */
struct mr_registry_urls {
    size_t count;          /* at least 1 */
    atomic_size_t current; /* the one that answered last */
    char *items[];         /* owned */
};

enum mr_code mr_registry_urls_new(const struct mr_texts *texts, struct mr_registry_urls **urls,
                                  struct mr_error *err);
void mr_registry_urls_free(struct mr_registry_urls *urls); /* NULL is fine */
/* For messages: the instance that answered last. */
const char *mr_registry_name(const struct mr_registry *registry);

/* --- ask.c --- */

struct mr_question {
    const char *method;
    char path[MR_REGISTRY_PATH_SIZE]; /* "/schemas/ids/7" */
    const json_t *body;               /* borrowed; NULL: none */
    int64_t deadline_ms;              /* by the registry's clock */
};

struct mr_reply {
    unsigned status;
    int error_code; /* the registry's own; 0: none */
    json_t *json;   /* owned: an object; NULL: the answer (not a 2xx) is none */
};

/* MR_OK: a whole answer that is not worth asking again; of a 2xx, a JSON object. */
enum mr_code mr_registry_ask(struct mr_registry *self, const struct mr_question *question,
                             struct mr_reply *reply, struct mr_error *err);
void mr_reply_free(struct mr_reply *reply);
/* "there is no such subject, version or schema", in a registry's own words. */
bool mr_reply_is_absent(const struct mr_reply *reply);
/* The error of a reply that is neither a 2xx nor expected. */
enum mr_code mr_reply_refuse(const struct mr_registry *self, const struct mr_question *question,
                             const struct mr_reply *reply, struct mr_error *err);
int64_t mr_registry_deadline(const struct mr_registry *self);
/* Append to a path: a subject or another name, percent-encoded; and text as it is. */
void mr_question_name(struct mr_question *question, const char *subject);
void mr_question_print(struct mr_question *question, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- registry.c --- */

/* ":.team:", or "" without a context. */
const char *mr_registry_context(const struct mr_registry_settings *settings,
                                char out[MR_REGISTRY_SUBJECT_SIZE]);

/* --- cache.c --- */

struct mr_registry_cache;

/* *schema, if any, becomes the cache's, and found->schema. */
typedef enum mr_code mr_registry_find(void *context, struct mr_registry_found *found,
                                      struct mr_schema **schema, struct mr_error *err);

struct mr_registry_cache *mr_registry_cache_new(const struct mr_clock *clock,
                                                int64_t absent_for_ms);
void mr_registry_cache_free(struct mr_registry_cache *cache); /* NULL is fine */
/* What is known by key; else one of those who ask calls find, and all hear what it says, also that
 * it failed. A failure is not kept. */
enum mr_code mr_registry_cache_get(struct mr_registry_cache *cache, const char *key,
                                   mr_registry_find *find, void *context,
                                   struct mr_registry_found *found, struct mr_error *err);

/* --- documents.c --- */

struct mr_registry_documents *mr_registry_documents_new(void);            /* NULL: no memory */
void mr_registry_documents_free(struct mr_registry_documents *documents); /* NULL is fine */

/* --- references.c --- */

/* The schema that answer (an object with "schema", perhaps "references") describes, with all that
 * it refers to inside. MR_OK and *reason: there is none that can be used. *schema is owned. */
enum mr_code mr_registry_read(struct mr_registry *self, const json_t *answer, int64_t deadline_ms,
                              struct mr_schema **schema, const char **reason, struct mr_error *err);

#endif
