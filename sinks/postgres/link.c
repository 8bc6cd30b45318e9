#include "sinks/postgres/link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE ((size_t)64 * 1024)

/* By the longest beginning of the SQLSTATE that is listed first. */
static const struct {
    const char *state;
    enum mr_code code;
} states[] = {
    {"08", MR_UNAVAILABLE},    /* connection */
    {"53", MR_UNAVAILABLE},    /* disk, memory, connections used up */
    {"57P", MR_UNAVAILABLE},   /* shutting down, starting up */
    {"25006", MR_UNAVAILABLE}, /* read only: a standby, until the failover is over */
    {"25P03", MR_UNAVAILABLE}, /* idle in a transaction for too long */
    {"40", MR_ABORTED},        /* serialization, deadlock */
    {"55P03", MR_TIMED_OUT},   /* lock */
    {"57014", MR_TIMED_OUT},   /* statement */
    {"22", MR_BAD_DATA},       {"23", MR_BAD_DATA}, {"44", MR_BAD_DATA},
    {"54", MR_BAD_DATA},       {"P0", MR_BAD_DATA}, /* raised by a trigger */
};

static enum mr_code code_of(const char *state)
{
    for (size_t i = 0; i < MR_COUNT(states); i++) {
        if (strncmp(states[i].state, state, strlen(states[i].state)) == 0) {
            return states[i].code;
        }
    }
    return MR_REFUSED;
}

/* The first line: what follows are hints and places. */
static void copy_line(const char *text, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
}

/* "COPY prices, line 3, column price": worth a guess, not more, for it may be translated. */
static long line_of(const char *context)
{
    const char *at = context == NULL ? NULL : strstr(context, ", line ");

    return at == NULL ? 0 : strtol(at + strlen(", line "), NULL, 10);
}

static enum mr_code lost(const struct mr_pg_link *link, struct mr_error *err)
{
    char text[300];

    copy_line(PQerrorMessage(link->conn), text, sizeof(text));
    return MR_FAIL(err, MR_UNAVAILABLE, "postgres: %s", text[0] != '\0' ? text : "no connection");
}

static enum mr_code failed(struct mr_pg_link *link, const PGresult *result, struct mr_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    enum mr_code code;

    if (state == NULL || text == NULL) {
        return lost(link, err);
    }
    code = PQstatus(link->conn) == CONNECTION_BAD ? MR_UNAVAILABLE : code_of(state);
    (void)snprintf(link->refusal.state, sizeof(link->refusal.state), "%s", state);
    copy_line(text, link->refusal.text, sizeof(link->refusal.text));
    link->refusal.line = line_of(PQresultErrorField(result, PG_DIAG_CONTEXT));
    return MR_FAIL(err, code, "postgres: %s: %s", state, link->refusal.text);
}

static bool is_good(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
}

static void on_notice(void *context, const PGresult *result)
{
    const struct mr_pg_link *link = context;
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    MR_LOG(link->log, MR_DEBUG, "postgres_notice", "text=\"%s\"", text != NULL ? text : "");
}

enum mr_code mr_pg_link_check(const char *url, struct mr_error *err)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);

    if (options == NULL || url[0] == '\0') {
        PQconninfoFree(options);
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "url: not a connection string (postgresql://user:password@host:5432/name)");
    }
    PQconninfoFree(options);
    return MR_OK;
}

bool mr_pg_link_is_up(const struct mr_pg_link *link)
{
    return link->conn != NULL && PQstatus(link->conn) == CONNECTION_OK;
}

void mr_pg_link_close(struct mr_pg_link *link)
{
    PQfinish(link->conn);
    link->conn = NULL;
    link->is_open = false;
}

/* Whatever the server's settings are: a writer that is stopped in the middle does not hold its
 * locks for ever, and nobody waits for them for ever. */
static enum mr_code set_session(struct mr_pg_link *link, struct mr_error *err)
{
    char sql[400];

    (void)snprintf(sql, sizeof(sql),
                   "SET statement_timeout = %" PRId64 "; SET lock_timeout = %" PRId64
                   "; SET idle_in_transaction_session_timeout = %" PRId64,
                   link->timeout_ms, link->timeout_ms, link->timeout_ms);
    return mr_pg_run(link, sql, err);
}

enum mr_code mr_pg_link_connect(struct mr_pg_link *link, struct mr_error *err)
{
    char seconds[24], millis[24];
    /* What stands before dbname are defaults, which the URL may change. */
    const char *const names[] = {"fallback_application_name",
                                 "connect_timeout",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"millrace", seconds, millis, seconds, link->url, "UTF8", NULL};

    (void)snprintf(seconds, sizeof(seconds), "%" PRId64, (link->timeout_ms + 999) / 1000);
    (void)snprintf(millis, sizeof(millis), "%" PRId64, link->timeout_ms);
    mr_pg_link_close(link);
    link->conn = PQconnectdbParams(names, values, 1);
    if (!mr_pg_link_is_up(link)) {
        const enum mr_code code = lost(link, err);

        mr_pg_link_close(link);
        return code;
    }
    (void)PQsetNoticeReceiver(link->conn, on_notice, link);
    return set_session(link, err);
}

/* Takes all results of a string of statements; the first error is the one that counts. */
static enum mr_code take_results(struct mr_pg_link *link, struct mr_error *err)
{
    enum mr_code code = MR_OK;
    PGresult *result;

    while ((result = PQgetResult(link->conn)) != NULL) {
        if (code == MR_OK && !is_good(result)) {
            code = failed(link, result, err);
        }
        PQclear(result);
        if (PQstatus(link->conn) == CONNECTION_BAD) {
            break;
        }
    }
    return code == MR_OK && !mr_pg_link_is_up(link) ? lost(link, err) : code;
}

static enum mr_code send(struct mr_pg_link *link, const char *sql, struct mr_error *err)
{
    if (!mr_pg_link_is_up(link)) {
        return MR_FAIL(err, MR_UNAVAILABLE, "postgres: not connected");
    }
    return PQsendQuery(link->conn, sql) == 1 ? MR_OK : lost(link, err);
}

enum mr_code mr_pg_run(struct mr_pg_link *link, const char *sql, struct mr_error *err)
{
    const enum mr_code code = send(link, sql, err);

    return code == MR_OK ? take_results(link, err) : code;
}

enum mr_code mr_pg_ask(struct mr_pg_link *link, const char *sql, const char *const *params,
                       size_t param_count, PGresult **out, struct mr_error *err)
{
    PGresult *result;
    enum mr_code code;

    *out = NULL;
    if (!mr_pg_link_is_up(link)) {
        return MR_FAIL(err, MR_UNAVAILABLE, "postgres: not connected");
    }
    result = PQexecParams(link->conn, sql, (int)param_count, NULL, params, NULL, NULL, 0);
    if (is_good(result)) {
        *out = result;
        return MR_OK;
    }
    code = failed(link, result, err);
    PQclear(result);
    return code;
}

static bool put_part(struct mr_pg_link *link, struct mr_span part)
{
    while (part.size > 0) {
        const size_t size = part.size < PIECE_SIZE ? part.size : PIECE_SIZE;

        if (PQputCopyData(link->conn, (const char *)part.data, (int)size) != 1) {
            return false;
        }
        part = (struct mr_span){part.data + size, part.size - size};
    }
    return true;
}

/* Results up to the one that asks for the data. */
static enum mr_code await_copy(struct mr_pg_link *link, struct mr_error *err)
{
    PGresult *result;

    while ((result = PQgetResult(link->conn)) != NULL) {
        const ExecStatusType status = PQresultStatus(result);
        enum mr_code code = MR_OK;

        if (!is_good(result)) {
            code = failed(link, result, err);
        }
        PQclear(result);
        if (code != MR_OK) {
            (void)take_results(link, NULL);
            return code;
        }
        if (status == PGRES_COPY_IN) {
            return MR_OK;
        }
    }
    return mr_pg_link_is_up(link) ? MR_FAIL(err, MR_INTERNAL, "postgres: a COPY asked for nothing")
                                  : lost(link, err);
}

/* What the server says when it stops reading comes with the results, not from sending. */
enum mr_code mr_pg_copy(struct mr_pg_link *link, const char *sql, const struct mr_span *parts,
                        size_t part_count, struct mr_error *err)
{
    enum mr_code code = send(link, sql, err);
    bool is_sent = true;

    if (code == MR_OK) {
        code = await_copy(link, err);
    }
    if (code != MR_OK) {
        return code;
    }
    for (size_t i = 0; i < part_count && is_sent; i++) {
        is_sent = put_part(link, parts[i]);
    }
    is_sent = is_sent && PQputCopyEnd(link->conn, NULL) == 1;
    code = take_results(link, err);
    return code == MR_OK && !is_sent ? lost(link, err) : code;
}

/* Deferred constraints are checked where a row can still be told from another. */
enum mr_code mr_pg_begin(struct mr_pg_link *link, struct mr_error *err)
{
    const enum mr_code code = mr_pg_run(link, "BEGIN; SET CONSTRAINTS ALL IMMEDIATE", err);

    link->is_open = code == MR_OK;
    return code;
}

enum mr_code mr_pg_commit(struct mr_pg_link *link, bool *is_doubtful, struct mr_error *err)
{
    PGresult *result;
    enum mr_code code;

    *is_doubtful = true;
    code = mr_pg_ask(link, "COMMIT", NULL, 0, &result, err);
    if (code == MR_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        code = MR_FAIL(err, MR_ABORTED, "postgres: the transaction had failed before its COMMIT");
    }
    PQclear(result);
    *is_doubtful = code != MR_OK && !mr_pg_link_is_up(link);
    link->is_open = false;
    return code;
}

void mr_pg_rollback(struct mr_pg_link *link)
{
    if (mr_pg_link_is_up(link) && PQtransactionStatus(link->conn) != PQTRANS_IDLE &&
        mr_pg_run(link, "ROLLBACK", NULL) != MR_OK) {
        mr_pg_link_close(link);
    }
    if (!mr_pg_link_is_up(link)) {
        mr_pg_link_close(link);
    }
    link->is_open = false;
}
