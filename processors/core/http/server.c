#include "processors/core/http/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 64
#define TIMEOUT_SECONDS 10

struct mr_http_server {
    struct MHD_Daemon *daemon;
    const struct mr_http_route *routes;
    void *context;
};

static bool is_match(const char *path, const char *url, const char **rest)
{
    const size_t size = strlen(path);

    if (path[size - 1] == '/') {
        *rest = url + size;
        return strncmp(path, url, size) == 0;
    }
    *rest = "";
    return strcmp(path, url) == 0;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 const char *type, char *text, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned print_answer(const struct mr_http_server *server, const char *url,
                             const char **type, FILE *body)
{
    const char *rest;

    for (const struct mr_http_route *route = server->routes; route->path != NULL; route++) {
        if (is_match(route->path, url, &rest)) {
            *type = route->type;
            return route->answer(server->context, rest, body);
        }
    }
    (void)fputs("no such page\n", body);
    return MHD_HTTP_NOT_FOUND;
}

/* The signature is libmicrohttpd's. NOLINTNEXTLINE(readability-*,bugprone-*) */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    const struct mr_http_server *server = context;
    const char *type = "text/plain; charset=utf-8";
    char *text = NULL;
    size_t size = 0;
    unsigned status;
    FILE *body;

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    body = open_memstream(&text, &size);
    if (body == NULL) {
        return MHD_NO;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0) {
        status = print_answer(server, url, &type, body);
    } else {
        status = MHD_HTTP_METHOD_NOT_ALLOWED;
        (void)fputs("only GET\n", body);
    }
    if (fclose(body) != 0) {
        free(text);
        return MHD_NO;
    }
    return send_text(connection, status, type, text, size);
}

static enum mr_code parse_address(const char *address, struct sockaddr_in *out,
                                  struct mr_error *err)
{
    const char *colon = strrchr(address, ':');
    char host[64] = "127.0.0.1";
    char *end;
    unsigned long port;

    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (colon == NULL || (size_t)(colon - address) >= sizeof(host)) {
        return MR_FAIL(err, MR_USAGE, "--http: \"%s\" is not address:port", address);
    }
    if (colon > address) {
        memcpy(host, address, (size_t)(colon - address));
        host[colon - address] = '\0';
    }
    port = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end != '\0' || port > 65535 ||
        inet_pton(AF_INET, host, &out->sin_addr) != 1) {
        return MR_FAIL(err, MR_USAGE, "--http: \"%s\" is not an IPv4 address:port", address);
    }
    out->sin_port = htons((uint16_t)port);
    return MR_OK;
}

enum mr_code mr_http_server_new(const char *address, const struct mr_http_route *routes,
                                void *context, struct mr_http_server **out, struct mr_error *err)
{
    struct mr_http_server *server;
    struct sockaddr_in where;
    const enum mr_code code = parse_address(address, &where, err);

    *out = NULL;
    if (code != MR_OK) {
        return code;
    }
    server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the HTTP server");
    }
    server->routes = routes;
    server->context = context;
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&where, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_END);
    if (server->daemon == NULL) {
        free(server);
        return MR_FAIL(err, MR_UNAVAILABLE, "--http: cannot listen on %s", address);
    }
    *out = server;
    return MR_OK;
}

unsigned mr_http_server_port(const struct mr_http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info != NULL ? info->port : 0;
}

void mr_http_server_free(struct mr_http_server *server)
{
    if (server != NULL) {
        MHD_stop_daemon(server->daemon);
        free(server);
    }
}
