/* loader.h - rows on their way into a table: encoded once, stored in as few pieces as it takes.
 *
 *     records --encode--> [ rows in COPY's format | where each begins ] --store--> table
 *
 * A piece that the server refuses is rolled back to its savepoint and tried in parts: up to the
 * row that the server names, else by halves, until a row fails alone. That one is rejected with
 * the server's words, the others are in the table. After a rejection pieces begin small and
 * double, so that k bad rows in n cost about k * log(n) pieces and each row is sent some three
 * times at most.
 *
 * Reasons of rejected records:
 *     value_refused         SQLSTATE 22: out of the column's range, not its syntax
 *     constraint_violated   23, 44
 *     row_refused           54, P0: too large for an index, refused by a trigger
 *     text_has_nul, number_out_of_range, timestamp_out_of_range, uuid_malformed: seen by us
 *     row_too_large         more than 8 MiB
 */
#ifndef MR_SINKS_POSTGRES_LOADER_H
#define MR_SINKS_POSTGRES_LOADER_H

#include "sinks/postgres/link.h"
#include "sinks/postgres/table.h"

struct mr_pg_loader;

/* Owned; NULL: no memory. */
struct mr_pg_loader *mr_pg_loader_new(void);
void mr_pg_loader_free(struct mr_pg_loader *loader);
/* A transaction begins: its staging tables are empty. */
void mr_pg_loader_begin(struct mr_pg_loader *loader);

/* Where records of one batch go. */
struct mr_pg_job {
    struct mr_pg_link *link;
    const struct mr_pg_table *table;
    const struct mr_batch *batch;
    struct mr_verdict *verdicts;
    struct mr_arena *arena;
};

/* Stores records [from, batch->count), inside a transaction, and fills their verdicts. */
enum mr_code mr_pg_loader_store(struct mr_pg_loader *loader, const struct mr_pg_job *job,
                                size_t from, struct mr_error *err);

#endif
