/* link.h - the connection: statements, COPY, and what an error means.
 *
 * Every error of the server becomes one code, by its SQLSTATE:
 *
 *     08 53 57P 25006, a lost connection   MR_UNAVAILABLE  connect again
 *     40                                   MR_ABORTED      run the batch again
 *     55P03 57014                          MR_TIMED_OUT
 *     22 23 44 54 P0                       MR_BAD_DATA     a row's fault: link->refusal says what
 *     all others                           MR_REFUSED      a person must look
 *
 * A text of the server never has the connection's URL in it. One thread's.
 */
#ifndef MR_SINKS_POSTGRES_LINK_H
#define MR_SINKS_POSTGRES_LINK_H

#include "processors/core/base/error.h"
#include "processors/core/base/log.h"
#include "processors/core/base/span.h"

#include <libpq-fe.h>

/* Why the server refused a row. */
struct mr_pg_refusal {
    char state[6];  /* SQLSTATE */
    char text[300]; /* its primary message */
    long line;      /* of the COPY, from 1; 0: not known */
};

struct mr_pg_link {
    const char *url;          /* borrowed */
    int64_t timeout_ms;       /* of any one statement, and of connecting */
    const struct mr_log *log; /* borrowed */
    PGconn *conn;             /* owned; NULL: not connected */
    bool is_open;             /* a transaction was begun */
    struct mr_pg_refusal refusal;
};

/* Whether the URL can be one; nobody is asked. Its text is not shown: it may hold a password. */
enum mr_code mr_pg_link_check(const char *url, struct mr_error *err);

bool mr_pg_link_is_up(const struct mr_pg_link *link);
/* Connects anew. */
enum mr_code mr_pg_link_connect(struct mr_pg_link *link, struct mr_error *err);
void mr_pg_link_close(struct mr_pg_link *link);

/* Statements without parameters; rows that they return are dropped. */
enum mr_code mr_pg_run(struct mr_pg_link *link, const char *sql, struct mr_error *err);
/* One statement with text parameters. *result is owned by the caller when MR_OK (PQclear). */
enum mr_code mr_pg_ask(struct mr_pg_link *link, const char *sql, const char *const *params,
                       size_t param_count, PGresult **result, struct mr_error *err);
/* Statements, the first or second of which is a COPY FROM STDIN that gets these bytes. */
enum mr_code mr_pg_copy(struct mr_pg_link *link, const char *sql, const struct mr_span *parts,
                        size_t part_count, struct mr_error *err);

enum mr_code mr_pg_begin(struct mr_pg_link *link, struct mr_error *err);
/* *is_doubtful: the connection was lost before the answer came, so it may have been committed. */
enum mr_code mr_pg_commit(struct mr_pg_link *link, bool *is_doubtful, struct mr_error *err);
/* Ends an open transaction; where that is not possible, the connection. */
void mr_pg_rollback(struct mr_pg_link *link);

#endif
