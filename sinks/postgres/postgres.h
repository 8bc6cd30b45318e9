/* postgres.h - the sink that keeps topics as tables of Postgres, every record once.
 *
 *     write()    BEGIN; SAVEPOINT, COPY, [merge,] RELEASE      for each group of records
 *     commit()   UPDATE millrace_offsets .. WHERE next = what we know; COMMIT
 *
 * Rows and the next offset of their partition are one SQL transaction. So after any
 * crash, on either side and at any moment, reading goes on exactly behind the rows
 * that are there; and a process that was believed dead and writes on changes no
 * offset row, and is fenced.
 *
 * table.h: what becomes a column. loader.h: what becomes of rows that the server
 * refuses. migrate.h: which tables are made and changed. link.h: what errors mean.
 * The server is 12 or newer; a connection pool in front of it has to keep sessions.
 */
#ifndef MR_SINKS_POSTGRES_POSTGRES_H
#define MR_SINKS_POSTGRES_POSTGRES_H

#include "processors/core/stage/sink.h"

extern const struct mr_sink_ops mr_postgres_ops;

#endif
