/* sql.h - the statements of a table, written once when the sink opens.
 *
 * Storing rows is one round trip, whatever the mode: a savepoint, COPY, for keyed tables the merge
 * from the staging table, and the savepoint's release are one string of statements.
 *
 *     append   COPY table
 *     upsert   COPY staging; INSERT .. SELECT DISTINCT ON (key) .. ON CONFLICT (key) DO UPDATE
 *
 * The staging table is temporary and numbers its rows (millrace_ordinal), so that a merge takes
 * what its own COPY brought, and of the rows of one key the last. Rows are merged in the order of
 * their keys: two sinks on one table cannot wait for each other in a circle.
 */
#ifndef MR_SINKS_POSTGRES_SQL_H
#define MR_SINKS_POSTGRES_SQL_H

#include "sinks/postgres/table.h"

#define MR_PG_SAVEPOINT "millrace"

/* Fills name, try_head, try_tail, staging and explain. false: no room. */
bool mr_pg_sql_write(struct mr_pg_table *table, struct mr_arena *arena);
/* CREATE TABLE, and ALTER TABLE .. ADD COLUMN; NULL: no room. */
const char *mr_pg_sql_create(const struct mr_pg_table *table, struct mr_arena *arena);
const char *mr_pg_sql_add(const struct mr_pg_table *table, const struct mr_pg_column *column,
                          struct mr_arena *arena);

#endif
