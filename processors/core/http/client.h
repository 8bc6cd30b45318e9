/* client.h - HTTP requests that end: by their deadline, with a largest answer, without signals.
 *
 * A call blocks its thread until there is an answer, never longer than timeout_ms. Every status is
 * an answer; an error says that there was none. Nothing is tried twice and no redirect is followed
 * (credentials stay where they were meant to go): that is for the caller, who knows what may be
 * repeated.
 *
 * libcurl behind it. Connections are kept and used again. Any thread may use a client.
 */
#ifndef MR_HTTP_CLIENT_H
#define MR_HTTP_CLIENT_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

/* Texts are copied; "" or NULL: none. Without ca_file the system's certificates are trusted. */
struct mr_http_client_spec {
    const char *user, *password;      /* basic */
    const char *token;                /* bearer; instead of the two */
    const char *ca_file;              /* PEM */
    const char *cert_file, *key_file; /* PEM: who we are, where the server asks */
    size_t answer_size_max;           /* bytes */
};

struct mr_http_request {
    const char *method; /* "GET" */
    const char *url;
    const char *accept; /* or NULL */
    const char *type;   /* Content-Type of body; or NULL */
    struct mr_span body;
    int64_t timeout_ms; /* of all of it: connection, request, answer */
};

struct mr_http_answer {
    unsigned status;
    int64_t retry_after_ms; /* 0: it does not say */
    char *body;             /* owned, NUL-terminated after size bytes: mr_http_answer_free() */
    size_t size;
};

struct mr_http_client;

/* Owned: mr_http_client_free(). */
enum mr_code mr_http_client_new(const struct mr_http_client_spec *spec,
                                struct mr_http_client **client, struct mr_error *err);
void mr_http_client_free(struct mr_http_client *client); /* NULL is fine */

/* MR_TIMED_OUT, MR_UNAVAILABLE: no whole answer came. MR_BAD_CONFIG: the URL, a certificate.
 * MR_BAD_DATA: the answer is larger than answer_size_max. */
enum mr_code mr_http_client_ask(struct mr_http_client *client,
                                const struct mr_http_request *request,
                                struct mr_http_answer *answer, struct mr_error *err);
void mr_http_answer_free(struct mr_http_answer *answer);

#endif
