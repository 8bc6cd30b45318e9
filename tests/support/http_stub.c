#include "tests/support/http_stub.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUEST_MAX ((size_t)1 << 20)
#define DRIP_MS 20

struct serving {
    struct http_stub *stub;
    pthread_t thread;
    int connection;
    struct serving *next;
};

struct http_stub {
    stub_script *script;
    void *context;
    pthread_mutex_t lock; /* held while the script runs */
    pthread_t acceptor;
    struct serving *servings; /* owned by the acceptor until it has ended */
    int listener;
    char url[64];
};

/* false: the client has gone. */
static bool send_all(int connection, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(connection, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Whether the client goes within wait_ms (-1: it is waited for). */
static bool has_gone(int connection, int wait_ms)
{
    struct pollfd poller = {.fd = connection, .events = POLLIN};
    char byte;

    return poll(&poller, 1, wait_ms) > 0 && recv(connection, &byte, 1, 0) <= 0;
}

static size_t body_size(const char *head)
{
    const char *name = strstr(head, "\r\nContent-Length:");

    return name != NULL ? strtoul(name + 17, NULL, 10) : 0;
}

/* The whole request, or NULL when the client went before. Owned. */
static char *receive(int connection, char **body)
{
    char *text = calloc(1, REQUEST_MAX);
    size_t size = 0;

    assert_non_null(text);
    *body = NULL;
    while (*body == NULL || strlen(*body) < body_size(text)) {
        const ssize_t got = recv(connection, text + size, REQUEST_MAX - 1 - size, 0);
        char *end;

        if (got <= 0) {
            free(text);
            return NULL;
        }
        size += (size_t)got;
        end = strstr(text, "\r\n\r\n");
        *body = end != NULL ? end + 4 : NULL;
    }
    return text;
}

/* "GET /path HTTP/1.1\r\nheaders" to its parts, in place. */
static struct stub_request parse(char *text, char *body)
{
    char *path = strchr(text, ' ');
    char *end = strchr(path + 1, ' ');

    *path = '\0';
    *end = '\0';
    return (struct stub_request){text, path + 1, end + 1, body};
}

static void send_answer(int connection, const struct stub_answer *answer)
{
    const size_t size = strlen(answer->body);
    char head[1024];
    size_t head_size;

    head_size = (size_t)snprintf(head, sizeof(head),
                                 "HTTP/1.1 %u Stub\r\nContent-Type: %s\r\nContent-Length: "
                                 "%zu\r\nConnection: close\r\n%s\r\n",
                                 answer->status, answer->type,
                                 answer->fault == STUB_TRUNCATED ? size + 10 : size,
                                 answer->headers ? answer->headers : "");
    if (answer->fault != STUB_DRIP) {
        (void)(send_all(connection, head, head_size) && send_all(connection, answer->body, size));
        return;
    }
    for (size_t i = 0; i < head_size && !has_gone(connection, DRIP_MS); i++) {
        if (!send_all(connection, head + i, 1)) {
            return;
        }
    }
}

static void send_for_ever(int connection)
{
    static const char head[] = "HTTP/1.1 200 Stub\r\nConnection: close\r\n\r\n{\"schema\":\"";
    static const char piece[] = "endless endless endless endless endless endless endless endless ";
    bool is_there = send_all(connection, head, sizeof(head) - 1);

    while (is_there) {
        is_there = send_all(connection, piece, sizeof(piece) - 1);
    }
}

static void misbehave(int connection, const struct stub_answer *answer)
{
    static const struct linger at_once = {1, 0};

    switch (answer->fault) {
    case STUB_RESET:
        (void)setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        break;
    case STUB_SILENT:
        (void)has_gone(connection, -1);
        break;
    case STUB_ENDLESS:
        send_for_ever(connection);
        break;
    case STUB_NOT_HTTP:
        (void)send_all(connection, "220 mail.example ESMTP\r\n", 24);
        break;
    default:
        send_answer(connection, answer);
        break;
    }
}

static void *serve(void *context)
{
    struct serving *serving = context;
    struct http_stub *stub = serving->stub;
    struct stub_answer *answer = calloc(1, sizeof(*answer));
    char *body;
    char *text = receive(serving->connection, &body);

    assert_non_null(answer);
    if (text != NULL) {
        const struct stub_request request = parse(text, body);

        *answer = (struct stub_answer){.status = 200, .type = "application/json"};
        (void)pthread_mutex_lock(&stub->lock);
        stub->script(stub->context, &request, answer);
        (void)pthread_mutex_unlock(&stub->lock);
        misbehave(serving->connection, answer);
    }
    (void)close(serving->connection);
    free(text);
    free(answer);
    return NULL;
}

static void *accept_all(void *context)
{
    struct http_stub *stub = context;

    for (;;) {
        const int connection = accept(stub->listener, NULL, NULL);
        struct serving *serving;

        if (connection < 0) {
            return NULL; /* the listener was shut down */
        }
        serving = calloc(1, sizeof(*serving));
        assert_non_null(serving);
        *serving = (struct serving){.stub = stub, .connection = connection, .next = stub->servings};
        assert_int_equal(0, pthread_create(&serving->thread, NULL, serve, serving));
        stub->servings = serving;
    }
}

struct http_stub *http_stub_new(stub_script *script, void *context)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(where);
    struct http_stub *stub = calloc(1, sizeof(*stub));

    assert_non_null(stub);
    stub->script = script;
    stub->context = context;
    assert_int_equal(0, pthread_mutex_init(&stub->lock, NULL));
    stub->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(stub->listener >= 0);
    assert_int_equal(0, bind(stub->listener, (struct sockaddr *)&where, size));
    assert_int_equal(0, listen(stub->listener, 64));
    assert_int_equal(0, getsockname(stub->listener, (struct sockaddr *)&where, &size));
    (void)snprintf(stub->url, sizeof(stub->url), "http://127.0.0.1:%u", ntohs(where.sin_port));
    assert_int_equal(0, pthread_create(&stub->acceptor, NULL, accept_all, stub));
    return stub;
}

const char *http_stub_url(const struct http_stub *stub)
{
    return stub->url;
}

void http_stub_sync(struct http_stub *stub)
{
    (void)pthread_mutex_lock(&stub->lock);
    (void)pthread_mutex_unlock(&stub->lock);
}

void http_stub_free(struct http_stub *stub)
{
    (void)shutdown(stub->listener, SHUT_RDWR);
    (void)pthread_join(stub->acceptor, NULL);
    (void)close(stub->listener);
    while (stub->servings != NULL) {
        struct serving *serving = stub->servings;

        stub->servings = serving->next;
        (void)pthread_join(serving->thread, NULL);
        free(serving);
    }
    (void)pthread_mutex_destroy(&stub->lock);
    free(stub);
}
