/* server.h - a small HTTP server for people and scrapers: GET of what a table of routes prints.
 *
 * libmicrohttpd on a thread of its own; connections, request size and time are bounded. A handler
 * runs on that thread: it may read atomics and immutable things, and must not wait.
 */
#ifndef MR_HTTP_SERVER_H
#define MR_HTTP_SERVER_H

#include "processors/core/base/error.h"

#include <stdio.h>

struct mr_http_route {
    const char *path; /* "/metrics"; one that ends in "/" also stands for what follows it */
    const char *type; /* Content-Type */
    /* Prints the body; returns the status. rest: what follows a path that ends in "/". */
    unsigned (*answer)(void *context, const char *rest, FILE *body);
};

struct mr_http_server;

/* address: "127.0.0.1:9090", ":9090" (loopback), "0.0.0.0:9090"; port 0 takes a free one. Routes
 * and context are borrowed; the table ends with path NULL. Owned: mr_http_server_free(). */
enum mr_code mr_http_server_new(const char *address, const struct mr_http_route *routes,
                                void *context, struct mr_http_server **server,
                                struct mr_error *err);
unsigned mr_http_server_port(const struct mr_http_server *server);
void mr_http_server_free(struct mr_http_server *server); /* NULL is fine */

#endif
