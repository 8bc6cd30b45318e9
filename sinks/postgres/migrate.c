#include "sinks/postgres/migrate.h"

#include "sinks/postgres/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "millrace", as a number: everybody who migrates waits for this one. */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(7883953533868011365)"
#define SCOPE_ROOM 300

static const char *const steps[] = {
    "CREATE TABLE millrace_offsets (pipeline text, sink text, topic text, partition integer, "
    "next bigint NOT NULL, written_at timestamptz NOT NULL DEFAULT now(), "
    "PRIMARY KEY (pipeline, sink, topic, partition)) WITH (fillfactor = 50)",
};

/* A number that a query of one row and column gives. */
static enum mr_code ask_number(struct mr_pg_link *link, const char *sql, const char *param,
                               int64_t *number, struct mr_error *err)
{
    const char *const params[] = {param};
    PGresult *result;
    const enum mr_code code = mr_pg_ask(link, sql, params, param != NULL, &result, err);

    if (code == MR_OK) {
        *number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
    }
    return code;
}

static enum mr_code apply(struct mr_pg_link *link, const char *scope, const char *statement,
                          struct mr_error *err)
{
    const char *const params[] = {scope, statement};
    PGresult *result;
    enum mr_code code = mr_pg_run(link, statement, err);

    if (code == MR_OK) {
        code = mr_pg_ask(link,
                         "INSERT INTO millrace_migrations (scope, version, statement) SELECT $1, "
                         "coalesce(max(version), 0) + 1, $2 FROM millrace_migrations WHERE scope = "
                         "$1",
                         params, MR_COUNT(params), &result, err);
        PQclear(result);
    }
    if (code == MR_OK) {
        MR_LOG(link->log, MR_INFO, "migrated", "scope=\"%s\" statement=\"%s\"", scope, statement);
    }
    return code;
}

/* "IF NOT EXISTS" would ask for the right to create tables even where nothing is to be made. */
static enum mr_code make_log(struct mr_pg_link *link, struct mr_error *err)
{
    int64_t is_there = 0;
    const enum mr_code code = ask_number(
        link, "SELECT (to_regclass('millrace_migrations') IS NOT NULL)::int", NULL, &is_there, err);

    if (code != MR_OK || is_there) {
        return code;
    }
    return mr_pg_run(link,
                     "CREATE TABLE millrace_migrations (scope text, version integer, statement "
                     "text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY "
                     "(scope, version))",
                     err);
}

static enum mr_code make_books(struct mr_pg_link *link, struct mr_error *err)
{
    int64_t version = 0;
    enum mr_code code = make_log(link, err);

    if (code == MR_OK) {
        code = ask_number(link,
                          "SELECT coalesce(max(version), 0) FROM millrace_migrations WHERE scope = "
                          "'millrace'",
                          NULL, &version, err);
    }
    if (code == MR_OK && version > (int64_t)MR_COUNT(steps)) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "the database is at version %" PRId64 " of millrace's tables, this program "
                       "knows %zu: use the newer one",
                       version, MR_COUNT(steps));
    }
    for (; code == MR_OK && version < (int64_t)MR_COUNT(steps); version++) {
        code = apply(link, "millrace", steps[version], err);
    }
    return code;
}

/* The columns of a table: name, type's number, number of its items' type, whether it has to be
 * given, whether it may be null, what it is called. An enum is written as text, a domain as what it
 * is a domain of. */
static const char columns_sql[] =
    "SELECT a.attname, CASE WHEN b.typtype = 'e' THEN 25 ELSE b.oid END, CASE WHEN b.typcategory = "
    "'A' THEN b.typelem ELSE 0 END, (a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')::int,"
    " a.attnotnull::int, format_type(a.atttypid, a.atttypmod), (a.attgenerated <> '')::int "
    "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN "
    "t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE a.attrelid = to_regclass($1) AND "
    "a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
enum {
    COLUMN_NAME,
    COLUMN_OID,
    COLUMN_ITEM,
    COLUMN_WANTED,
    COLUMN_NOT_NULL,
    COLUMN_WORDS,
    COLUMN_GENERATED
};

static bool flag_at(const PGresult *found, int row, int column)
{
    return PQgetvalue(found, row, column)[0] == '1';
}

static int find_row(const PGresult *found, const char *name)
{
    for (int i = 0; i < PQntuples(found); i++) {
        if (strcmp(PQgetvalue(found, i, COLUMN_NAME), name) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_ours(const struct mr_pg_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t oid_at(const PGresult *found, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(found, row, column), NULL, 10);
}

static enum mr_code bind_column(const struct mr_pg_table *table, struct mr_pg_column *column,
                                const PGresult *found, struct mr_error *err)
{
    const int row = find_row(found, column->name);
    char wanted[64];

    MR_ASSERT(row >= 0);
    if (flag_at(found, row, COLUMN_GENERATED)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "column %s of table %s is generated: leave it out",
                       column->name, table->name);
    }
    if (column->is_key && !flag_at(found, row, COLUMN_NOT_NULL)) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "column %s of table %s is in the key and may be null: two nulls are not one "
                       "row; ALTER TABLE %s ALTER COLUMN \"%s\" SET NOT NULL",
                       column->name, table->name, table->name, column->name);
    }
    if (!mr_pg_form_of(column->type, oid_at(found, row, COLUMN_OID),
                       oid_at(found, row, COLUMN_ITEM), &column->form)) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "column %s of table %s is %s and cannot hold %s, which wants %s",
                       column->name, table->name, PQgetvalue(found, row, COLUMN_WORDS),
                       column->path, mr_pg_sql_type(column->type, wanted));
    }
    return MR_OK;
}

static enum mr_code bind(const struct mr_pg_table *table, const PGresult *found,
                         struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < table->column_count && code == MR_OK; i++) {
        code = bind_column(table, &table->columns[i], found, err);
    }
    for (int i = 0; i < PQntuples(found) && code == MR_OK; i++) {
        const char *name = PQgetvalue(found, i, COLUMN_NAME);

        if (flag_at(found, i, COLUMN_WANTED) && !is_ours(table, name)) {
            code = MR_FAIL(err, MR_BAD_CONFIG,
                           "column %s of table %s has to be given, and nothing gives it: name it "
                           "in `columns`, or give it a default",
                           name, table->name);
        }
    }
    return code;
}

/* Columns that the table lacks: added to our own, told of otherwise. */
static enum mr_code widen(struct mr_pg_link *link, const struct mr_pg_tables *tables,
                          const struct mr_pg_table *table, const char *scope, const PGresult *found,
                          struct mr_error *err)
{
    int64_t version = 0;
    enum mr_code code = ask_number(
        link, "SELECT coalesce(max(version), 0) FROM millrace_migrations WHERE scope = $1", scope,
        &version, err);

    for (size_t i = 0; i < table->column_count && code == MR_OK; i++) {
        const char *add;

        if (find_row(found, table->columns[i].name) >= 0) {
            continue;
        }
        add = mr_pg_sql_add(table, &table->columns[i], tables->arena);
        if (add == NULL) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for SQL");
        }
        if (version == 0) {
            return MR_FAIL(err, MR_BAD_CONFIG,
                           "table %s is not ours and has no column %s for %s: %s, or name the "
                           "columns that it has in `columns`",
                           table->name, table->columns[i].name, table->columns[i].path, add);
        }
        code = apply(link, scope, add, err);
    }
    return code;
}

static enum mr_code look(struct mr_pg_link *link, const struct mr_pg_table *table, PGresult **found,
                         struct mr_error *err)
{
    const char *const params[] = {table->name};

    return mr_pg_ask(link, columns_sql, params, MR_COUNT(params), found, err);
}

static enum mr_code make_table(struct mr_pg_link *link, const struct mr_pg_tables *tables,
                               const struct mr_pg_table *table, const char *scope,
                               struct mr_error *err)
{
    const char *create = mr_pg_sql_create(table, tables->arena);

    return create == NULL ? MR_FAIL(err, MR_NO_ROOM, "no room for SQL")
                          : apply(link, scope, create, err);
}

static enum mr_code migrate_table(struct mr_pg_link *link, const struct mr_pg_tables *tables,
                                  struct mr_pg_table *table, struct mr_error *err)
{
    char scope[SCOPE_ROOM];
    PGresult *found;
    enum mr_code code = look(link, table, &found, err);

    if (code != MR_OK) {
        return code;
    }
    (void)snprintf(scope, sizeof(scope), "table %s", table->name);
    code = PQntuples(found) == 0 ? make_table(link, tables, table, scope, err)
                                 : widen(link, tables, table, scope, found, err);
    PQclear(found);
    found = NULL;
    if (code == MR_OK) {
        code = look(link, table, &found, err);
    }
    if (code == MR_OK) {
        code = bind(table, found, err);
    }
    PQclear(found);
    return code;
}

enum mr_code mr_pg_migrate(struct mr_pg_link *link, const struct mr_pg_tables *tables,
                           struct mr_error *err)
{
    bool is_doubtful;
    enum mr_code code = mr_pg_begin(link, err);

    if (code == MR_OK) {
        code = mr_pg_run(link, LOCK_SQL, err);
    }
    if (code == MR_OK) {
        code = make_books(link, err);
    }
    for (size_t i = 0; i < tables->count && code == MR_OK; i++) {
        code = migrate_table(link, tables, &tables->items[i], err);
    }
    if (code == MR_OK) {
        code = mr_pg_commit(link, &is_doubtful, err);
    }
    if (code != MR_OK) {
        mr_pg_rollback(link);
    }
    return code;
}
