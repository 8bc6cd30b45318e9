#include "processors/core/http/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MAX 8 /* connections kept for the next request */

enum text { USER, PASSWORD, TOKEN, CA_FILE, CERT_FILE, KEY_FILE, TEXT_COUNT };

struct mr_http_client {
    char *texts[TEXT_COUNT]; /* owned; NULL: none */
    size_t answer_size_max;
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX]; /* guarded by lock, as is the count */
    size_t idle_count;
};

/* An answer that grows, and where it has to stop. */
struct inbox {
    struct mr_http_answer *answer;
    size_t room, size_max;
    bool is_too_large, is_short_of_memory;
};

static bool make_room(struct inbox *inbox, size_t wanted)
{
    size_t room = inbox->room == 0 ? 4096 : inbox->room;
    char *body;

    while (room < wanted) {
        room *= 2;
    }
    if (room == inbox->room) {
        return true;
    }
    body = realloc(inbox->answer->body, room);
    if (body == NULL) {
        inbox->is_short_of_memory = true;
        return false;
    }
    inbox->answer->body = body;
    inbox->room = room;
    return true;
}

/* The signature is libcurl's; what is not the size of the piece stops the transfer. */
static size_t on_piece(char *piece, size_t one, size_t size, void *context)
{
    struct inbox *inbox = context;
    struct mr_http_answer *answer = inbox->answer;

    (void)one; /* always 1 */
    if (size > inbox->size_max - answer->size) {
        inbox->is_too_large = true;
        return 0;
    }
    if (!make_room(inbox, answer->size + size + 1)) {
        return 0;
    }
    memcpy(answer->body + answer->size, piece, size);
    answer->size += size;
    answer->body[answer->size] = '\0';
    return size;
}

static CURL *take_handle(struct mr_http_client *client)
{
    CURL *handle = NULL;

    (void)pthread_mutex_lock(&client->lock);
    if (client->idle_count > 0) {
        handle = client->idle[--client->idle_count];
    }
    (void)pthread_mutex_unlock(&client->lock);
    return handle != NULL ? handle : curl_easy_init();
}

/* Keeps its connection, and nothing of its request. */
static void give_back(struct mr_http_client *client, CURL *handle)
{
    curl_easy_reset(handle);
    (void)pthread_mutex_lock(&client->lock);
    if (client->idle_count < IDLE_MAX) {
        client->idle[client->idle_count++] = handle;
        handle = NULL;
    }
    (void)pthread_mutex_unlock(&client->lock);
    curl_easy_cleanup(handle);
}

/* libcurl copies texts. false: it has no memory for it, and would ask without. */
static bool set_text(CURL *handle, CURLoption option, const char *text)
{
    return curl_easy_setopt(handle, option, text) != CURLE_OUT_OF_MEMORY;
}

static bool set_identity(const struct mr_http_client *client, CURL *handle)
{
    char *const *texts = client->texts;
    bool is_set = true;

    if (texts[TOKEN] != NULL) {
        (void)curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        is_set = set_text(handle, CURLOPT_XOAUTH2_BEARER, texts[TOKEN]);
    } else if (texts[USER] != NULL) {
        (void)curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        is_set = set_text(handle, CURLOPT_USERNAME, texts[USER]) &&
                 set_text(handle, CURLOPT_PASSWORD, texts[PASSWORD] ? texts[PASSWORD] : "");
    }
    if (texts[CA_FILE] != NULL) {
        is_set = set_text(handle, CURLOPT_CAINFO, texts[CA_FILE]) && is_set;
    }
    if (texts[CERT_FILE] != NULL) {
        is_set = set_text(handle, CURLOPT_SSLCERT, texts[CERT_FILE]) &&
                 set_text(handle, CURLOPT_SSLKEY, texts[KEY_FILE]) && is_set;
    }
    return is_set;
}

static bool set_request(CURL *handle, const struct mr_http_request *request, struct inbox *inbox)
{
    const long timeout_ms = request->timeout_ms > 0 ? (long)request->timeout_ms : 1;

    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_piece);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, inbox);
    if (request->body.data != NULL) {
        (void)curl_easy_setopt(handle, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.data);
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    return set_text(handle, CURLOPT_USERAGENT, "millrace/" MR_VERSION) &&
           set_text(handle, CURLOPT_URL, request->url) &&
           set_text(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    char line[256];
    struct curl_slist *longer;

    if (value == NULL) {
        return true;
    }
    (void)snprintf(line, sizeof(line), "%s: %s", name, value);
    longer = curl_slist_append(*headers, line);
    *headers = longer != NULL ? longer : *headers;
    return longer != NULL;
}

/* libcurl can do more, and has one code for what it will not do and for a server that speaks
 * something else. */
static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static enum mr_code code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return MR_TIMED_OUT;
    case CURLE_OUT_OF_MEMORY:
        return MR_NO_ROOM;
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
        return MR_BAD_CONFIG;
    default:
        return MR_UNAVAILABLE;
    }
}

static enum mr_code tell(const struct mr_http_request *request, const struct inbox *inbox,
                         CURLcode result, const char *text, struct mr_error *err)
{
    if (inbox->is_too_large) {
        return MR_FAIL(err, MR_BAD_DATA, "%s: the answer has more than %zu bytes", request->url,
                       inbox->size_max);
    }
    if (inbox->is_short_of_memory) {
        return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for the answer", request->url);
    }
    return MR_FAIL(err, code_of(result), "%s: %s", request->url,
                   text[0] != '\0' ? text : curl_easy_strerror(result));
}

static enum mr_code perform(CURL *handle, const struct mr_http_request *request,
                            struct inbox *inbox, struct mr_error *err)
{
    char text[CURL_ERROR_SIZE] = "";
    long status = 0;
    curl_off_t after_seconds = 0;
    CURLcode result;

    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, text);
    result = curl_easy_perform(handle);
    if (result != CURLE_OK) {
        return tell(request, inbox, result, text, err);
    }
    if (!make_room(inbox, inbox->answer->size + 1)) {
        return tell(request, inbox, result, text, err);
    }
    inbox->answer->body[inbox->answer->size] = '\0';
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &after_seconds);
    inbox->answer->status = (unsigned)status;
    inbox->answer->retry_after_ms =
        after_seconds < INT32_MAX ? (int64_t)after_seconds * 1000 : INT32_MAX;
    return MR_OK;
}

enum mr_code mr_http_client_ask(struct mr_http_client *client,
                                const struct mr_http_request *request,
                                struct mr_http_answer *answer, struct mr_error *err)
{
    struct inbox inbox = {.answer = answer, .size_max = client->answer_size_max};
    struct curl_slist *headers = NULL;
    CURL *handle;
    enum mr_code code;

    *answer = (struct mr_http_answer){0};
    if (!is_http(request->url)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: neither http:// nor https://", request->url);
    }
    handle = take_handle(client);
    if (handle == NULL || !add_header(&headers, "Accept", request->accept) ||
        !add_header(&headers, "Content-Type", request->type)) {
        curl_slist_free_all(headers);
        curl_easy_cleanup(handle);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a request");
    }
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    code = set_identity(client, handle) && set_request(handle, request, &inbox)
               ? perform(handle, request, &inbox, err)
               : MR_FAIL(err, MR_NO_ROOM, "no memory for a request");
    give_back(client, handle);
    curl_slist_free_all(headers);
    if (code != MR_OK) {
        mr_http_answer_free(answer);
    }
    return code;
}

void mr_http_answer_free(struct mr_http_answer *answer)
{
    free(answer->body);
    *answer = (struct mr_http_answer){0};
}

/* false: no memory. */
static bool copy_texts(struct mr_http_client *client, const struct mr_http_client_spec *spec)
{
    const char *const from[TEXT_COUNT] = {
        [USER] = spec->user,       [PASSWORD] = spec->password,   [TOKEN] = spec->token,
        [CA_FILE] = spec->ca_file, [CERT_FILE] = spec->cert_file, [KEY_FILE] = spec->key_file,
    };

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (from[i] != NULL && from[i][0] != '\0') {
            client->texts[i] = strdup(from[i]);
            if (client->texts[i] == NULL) {
                return false;
            }
        }
    }
    return true;
}

enum mr_code mr_http_client_new(const struct mr_http_client_spec *spec, struct mr_http_client **out,
                                struct mr_error *err)
{
    struct mr_http_client *client;

    *out = NULL;
    /* Counted, like its opposite in free(), and safe in any thread since libcurl 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return MR_FAIL(err, MR_NO_ROOM, "libcurl cannot be started");
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        curl_global_cleanup();
        return MR_FAIL(err, MR_NO_ROOM, "no memory for an HTTP client");
    }
    (void)pthread_mutex_init(&client->lock, NULL);
    client->answer_size_max = spec->answer_size_max;
    if (!copy_texts(client, spec)) {
        mr_http_client_free(client);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for an HTTP client");
    }
    *out = client;
    return MR_OK;
}

void mr_http_client_free(struct mr_http_client *client)
{
    if (client == NULL) {
        return;
    }
    for (size_t i = 0; i < client->idle_count; i++) {
        curl_easy_cleanup(client->idle[i]);
    }
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        free(client->texts[i]);
    }
    (void)pthread_mutex_destroy(&client->lock);
    free(client);
    curl_global_cleanup();
}
