/* migrate.h - the tables as they have to be, before the first row.
 *
 * millrace_migrations(scope, version, statement, applied_at) is the log of all that was ever
 * done to the database by us, in order:
 *     scope "millrace"        the tables of bookkeeping; a version above ours is refused, since
 *                             then a newer program has been here
 *     scope "table NAME"      one data table: its CREATE, then a column each time one was missing
 *
 * A table that has such a scope is ours: a field that the schema has gained becomes a column (null
 * in the rows of before). Any other is the user's and is not touched: a missing column is an error
 * that says the statement which would add it.
 *
 * All of it is one transaction under an advisory lock, so several processes may start at once.
 */
#ifndef MR_SINKS_POSTGRES_MIGRATE_H
#define MR_SINKS_POSTGRES_MIGRATE_H

#include "sinks/postgres/link.h"
#include "sinks/postgres/table.h"

/* Makes and widens tables, then chooses every column's form by the type that the table has. */
enum mr_code mr_pg_migrate(struct mr_pg_link *link, const struct mr_pg_tables *tables,
                           struct mr_error *err);

#endif
