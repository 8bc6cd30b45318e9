/* Goal: a request always ends, with a whole answer or with an error that says why, whatever the
 * server does; and says who we are to the server it was meant for only.
 * Method: a server of ours that misbehaves on demand, one row per way of misbehaving. */
#include "processors/core/http/client.h"
#include "tests/support/http_stub.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ANSWER_SIZE_MAX 4096
#define PATIENCE_MS 60000 /* for answers that come */
#define IMPATIENCE_MS 100 /* for those that do not */

struct fixture {
    struct stub_answer answer; /* what the server says to everything */
    char seen[4096];           /* the last request: method, path, head, body */
    unsigned requests;
    struct http_stub *stub;
    struct mr_http_client *client;
    char url[128];
};

static void script(void *context, const struct stub_request *request, struct stub_answer *answer)
{
    struct fixture *fixture = context;

    fixture->requests++;
    (void)snprintf(fixture->seen, sizeof(fixture->seen), "%s %s\n%s\n%s", request->method,
                   request->path, request->head, request->body);
    *answer = fixture->answer;
}

static void open_fixture(struct fixture *fixture, const struct mr_http_client_spec *how)
{
    static const struct mr_http_client_spec plain = {0};
    struct mr_http_client_spec spec = how != NULL ? *how : plain;

    *fixture = (struct fixture){.answer = {.status = 200, .type = "text/plain", .body = "hello"}};
    fixture->stub = http_stub_new(script, fixture);
    (void)snprintf(fixture->url, sizeof(fixture->url), "%s/a/b?c=d", http_stub_url(fixture->stub));
    spec.answer_size_max = ANSWER_SIZE_MAX;
    assert_int_equal(MR_OK, mr_http_client_new(&spec, &fixture->client, NULL));
}

static void close_fixture(struct fixture *fixture)
{
    mr_http_client_free(fixture->client);
    http_stub_free(fixture->stub);
}

static enum mr_code get(struct fixture *fixture, int64_t timeout_ms, struct mr_http_answer *answer,
                        struct mr_error *err)
{
    const struct mr_http_request request = {
        .method = "GET", .url = fixture->url, .timeout_ms = timeout_ms};

    return mr_http_client_ask(fixture->client, &request, answer, err);
}

static void every_status_is_an_answer(void **state)
{
    static const unsigned statuses[] = {200, 204, 301, 404, 409, 429, 500, 503};
    struct mr_http_answer answer;
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, NULL);
    fixture.answer.headers = "Location: /elsewhere\r\nRetry-After: 7\r\n";
    for (size_t i = 0; i < MR_COUNT(statuses); i++) {
        fixture.answer.status = statuses[i];
        fixture.answer.body[0] = statuses[i] == 204 ? '\0' : 'h';
        assert_int_equal(MR_OK, get(&fixture, PATIENCE_MS, &answer, NULL));
        assert_int_equal(statuses[i], answer.status);
        assert_string_equal(fixture.answer.body, answer.body);
        assert_int_equal(strlen(fixture.answer.body), answer.size);
        assert_int_equal(7000, answer.retry_after_ms);
        mr_http_answer_free(&answer);
    }
    assert_int_equal(MR_COUNT(statuses), fixture.requests); /* no redirect was followed */
    close_fixture(&fixture);
}

static void a_request_carries_its_body_and_who_we_are(void **state)
{
    static const struct {
        const char *label, *user, *password, *token, *header;
    } rows[] = {
        {"nobody", "", "", "", NULL},
        {"basic", "alice", "secret", "", "Authorization: Basic YWxpY2U6c2VjcmV0\r\n"},
        {"bearer", "", "", "abc.def", "Authorization: Bearer abc.def\r\n"},
    };
    struct mr_http_answer answer;
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_http_client_spec spec = {
            .user = rows[i].user, .password = rows[i].password, .token = rows[i].token};
        struct mr_http_request request = {.method = "PUT",
                                          .accept = "application/a",
                                          .type = "application/b",
                                          .body = MR_SPAN("{\"body\": 1}"),
                                          .timeout_ms = PATIENCE_MS};

        print_message("  %s\n", rows[i].label);
        open_fixture(&fixture, &spec);
        request.url = fixture.url;
        assert_int_equal(MR_OK, mr_http_client_ask(fixture.client, &request, &answer, NULL));
        assert_ptr_equal(fixture.seen, strstr(fixture.seen, "PUT /a/b?c=d\n"));
        assert_non_null(strstr(fixture.seen, "Accept: application/a\r\n"));
        assert_non_null(strstr(fixture.seen, "Content-Type: application/b\r\n"));
        assert_non_null(strstr(fixture.seen, "\n{\"body\": 1}"));
        if (rows[i].header != NULL) {
            assert_non_null(strstr(fixture.seen, rows[i].header));
        } else {
            assert_null(strstr(fixture.seen, "Authorization"));
        }
        mr_http_answer_free(&answer);
        close_fixture(&fixture);
    }
}

static void whatever_the_server_does_the_request_ends(void **state)
{
    static const struct {
        const char *label;
        enum stub_fault fault;
        enum mr_code code;
    } rows[] = {
        {"breaks", STUB_RESET, MR_UNAVAILABLE},
        {"says nothing", STUB_SILENT, MR_TIMED_OUT},
        {"drips", STUB_DRIP, MR_TIMED_OUT},
        {"stops half-way", STUB_TRUNCATED, MR_UNAVAILABLE},
        {"does not stop", STUB_ENDLESS, MR_BAD_DATA},
        {"speaks something else", STUB_NOT_HTTP, MR_UNAVAILABLE},
    };
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, NULL);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const bool is_late = rows[i].code == MR_TIMED_OUT;
        struct mr_error err = {0};
        struct mr_http_answer answer;

        print_message("  %s\n", rows[i].label);
        fixture.answer.fault = rows[i].fault;
        assert_int_equal(rows[i].code,
                         get(&fixture, is_late ? IMPATIENCE_MS : PATIENCE_MS, &answer, &err));
        assert_non_null(strstr(err.text, fixture.url));
        assert_null(answer.body);
        http_stub_sync(fixture.stub);
        fixture.answer.fault = STUB_NONE; /* and the client can still be used */
        assert_int_equal(MR_OK, get(&fixture, PATIENCE_MS, &answer, NULL));
        assert_string_equal("hello", answer.body);
        mr_http_answer_free(&answer);
    }
    close_fixture(&fixture);
}

static void an_answer_may_be_as_large_as_allowed(void **state)
{
    struct mr_http_answer answer;
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, NULL);
    memset(fixture.answer.body, 'x', ANSWER_SIZE_MAX);
    assert_int_equal(MR_OK, get(&fixture, PATIENCE_MS, &answer, NULL));
    assert_int_equal(ANSWER_SIZE_MAX, answer.size);
    mr_http_answer_free(&answer);
    fixture.answer.body[ANSWER_SIZE_MAX] = 'x';
    assert_int_equal(MR_BAD_DATA, get(&fixture, PATIENCE_MS, &answer, NULL));
    close_fixture(&fixture);
}

static void what_nobody_can_reach_is_an_error_of_its_kind(void **state)
{
    static const struct {
        const char *label, *url, *ca_file;
        enum mr_code code;
    } rows[] = {
        {"nobody listens", "http://127.0.0.1:1/", "", MR_UNAVAILABLE},
        {"no such scheme", "gopher://127.0.0.1/", "", MR_BAD_CONFIG},
        {"a file of this machine", "file:///etc/passwd", "", MR_BAD_CONFIG},
        {"no URL", "http://", "", MR_BAD_CONFIG},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_http_client_spec spec = {.ca_file = rows[i].ca_file,
                                                 .answer_size_max = ANSWER_SIZE_MAX};
        const struct mr_http_request request = {
            .method = "GET", .url = rows[i].url, .timeout_ms = PATIENCE_MS};
        struct mr_http_answer answer;
        struct mr_http_client *client;

        print_message("  %s\n", rows[i].label);
        assert_int_equal(MR_OK, mr_http_client_new(&spec, &client, NULL));
        assert_int_equal(rows[i].code, mr_http_client_ask(client, &request, &answer, NULL));
        mr_http_client_free(client);
    }
}

static void *ask_often(void *context)
{
    struct fixture *fixture = context;

    for (int i = 0; i < 50; i++) {
        struct mr_http_answer answer;

        assert_int_equal(MR_OK, get(fixture, PATIENCE_MS, &answer, NULL));
        assert_string_equal("hello", answer.body);
        mr_http_answer_free(&answer);
    }
    return NULL;
}

static void many_threads_may_ask_at_once(void **state)
{
    pthread_t threads[12]; /* more than connections are kept */
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, NULL);
    for (size_t i = 0; i < MR_COUNT(threads); i++) {
        assert_int_equal(0, pthread_create(&threads[i], NULL, ask_often, &fixture));
    }
    for (size_t i = 0; i < MR_COUNT(threads); i++) {
        assert_int_equal(0, pthread_join(threads[i], NULL));
    }
    assert_int_equal(50 * MR_COUNT(threads), fixture.requests);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_is_an_answer),
        cmocka_unit_test(a_request_carries_its_body_and_who_we_are),
        cmocka_unit_test(whatever_the_server_does_the_request_ends),
        cmocka_unit_test(an_answer_may_be_as_large_as_allowed),
        cmocka_unit_test(what_nobody_can_reach_is_an_error_of_its_kind),
        cmocka_unit_test(many_threads_may_ask_at_once),
    };

    return cmocka_run_group_tests_name("http client", tests, NULL, NULL);
}
