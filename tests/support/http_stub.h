/* http_stub.h - an HTTP server that misbehaves on demand.
 *
 *     request --script()--> answer: a status and a body, or a fault on the way
 *
 * One thread accepts, one more serves each connection; one request a connection. The script is
 * called under a lock, so it may count. A fault ends when the client has had enough: nothing here
 * waits for time to pass, except the drip, whose pieces are a moment apart.
 */
#ifndef MR_TESTS_HTTP_STUB_H
#define MR_TESTS_HTTP_STUB_H

#include "processors/core/base/span.h"

enum stub_fault {
    STUB_NONE,
    STUB_RESET,     /* the connection breaks before a byte is sent */
    STUB_SILENT,    /* no answer, until the client goes */
    STUB_DRIP,      /* the answer one byte at a time, for ever slower than anybody waits */
    STUB_TRUNCATED, /* ends in the middle of what Content-Length announced */
    STUB_ENDLESS,   /* a body without an end, until the client goes */
    STUB_NOT_HTTP,  /* bytes that are no answer */
    STUB_FAULT_COUNT
};

struct stub_request {
    const char *method, *path; /* path with its query */
    const char *head;          /* all header lines */
    const char *body;
};

struct stub_answer {
    unsigned status;
    const char *type;    /* Content-Type */
    const char *headers; /* further lines, each ending in \r\n; or NULL */
    char body[16384];    /* text */
    enum stub_fault fault;
};

typedef void stub_script(void *context, const struct stub_request *request,
                         struct stub_answer *answer);

struct http_stub;

struct http_stub *http_stub_new(stub_script *script, void *context); /* asserts; owned */
void http_stub_free(struct http_stub *stub);                         /* all clients are gone */
const char *http_stub_url(const struct http_stub *stub);             /* "http://127.0.0.1:1234" */
/* What scripts of clients that have given up did is seen by this thread, and the other way round.
 */
void http_stub_sync(struct http_stub *stub);

#endif
