#include "sinks/postgres/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_name(FILE *out, const char *name)
{
    (void)fputc('"', out);
    for (; *name != '\0'; name++) {
        (void)fputs((const char[]){*name, *name == '"' ? '"' : '\0', '\0'}, out);
    }
    (void)fputc('"', out);
}

/* market.prices is a schema and a table. */
static void put_table(FILE *out, const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot != NULL) {
        char schema[256];

        (void)snprintf(schema, sizeof(schema), "%.*s", (int)(dot - name), name);
        put_name(out, schema);
        (void)fputc('.', out);
        name = dot + 1;
    }
    put_name(out, name);
}

static void put_columns(FILE *out, const struct mr_pg_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        (void)fputs(i == 0 ? "" : ", ", out);
        put_name(out, table->columns[i].name);
    }
}

static void put_key(FILE *out, const struct mr_pg_table *table)
{
    for (size_t i = 0; i < table->settings.key.count; i++) {
        (void)fputs(i == 0 ? "" : ", ", out);
        put_name(out, table->settings.key.items[i]);
    }
}

static void put_staging(FILE *out, const struct mr_pg_table *table)
{
    (void)fprintf(out, "pg_temp.millrace_staging_%zu", table->index);
}

static void put_create(FILE *out, const struct mr_pg_table *table)
{
    char type[64];

    (void)fputs("CREATE TABLE ", out);
    put_table(out, table->settings.table);
    for (size_t i = 0; i < table->column_count; i++) {
        (void)fputs(i == 0 ? " (" : ", ", out);
        put_name(out, table->columns[i].name);
        (void)fprintf(out, " %s", mr_pg_sql_type(table->columns[i].type, type));
    }
    if (table->settings.key.count > 0) {
        (void)fputs(", PRIMARY KEY (", out);
        put_key(out, table);
        (void)fputc(')', out);
    }
    (void)fputc(')', out);
}

static void put_assignments(FILE *out, const struct mr_pg_table *table)
{
    const char *before = " DO UPDATE SET ";

    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].is_key) {
            (void)fputs(before, out);
            put_name(out, table->columns[i].name);
            (void)fputs(" = EXCLUDED.", out);
            put_name(out, table->columns[i].name);
            before = ", ";
        }
    }
    if (before[0] != ',') { /* all of it is key */
        (void)fputs(" DO NOTHING", out);
    } else if (table->newest != NULL) {
        (void)fputs(" WHERE kept.", out);
        put_name(out, table->newest->name);
        (void)fputs(" IS NULL OR EXCLUDED.", out);
        put_name(out, table->newest->name);
        (void)fputs(" >= kept.", out);
        put_name(out, table->newest->name);
    }
}

static void put_merge_head(FILE *out, const struct mr_pg_table *table)
{
    (void)fputs("INSERT INTO ", out);
    put_table(out, table->settings.table);
    (void)fputs(" AS kept (", out);
    put_columns(out, table);
    (void)fputs(") SELECT DISTINCT ON (", out);
    put_key(out, table);
    (void)fputs(") ", out);
    put_columns(out, table);
    (void)fputs(" FROM ", out);
    put_staging(out, table);
    (void)fputs(" WHERE millrace_ordinal >= ", out);
}

static void put_merge_tail(FILE *out, const struct mr_pg_table *table)
{
    (void)fputs(" ORDER BY ", out);
    put_key(out, table);
    if (table->newest != NULL) {
        (void)fputs(", ", out);
        put_name(out, table->newest->name);
        (void)fputs(" DESC NULLS LAST", out);
    }
    (void)fputs(", millrace_ordinal DESC ON CONFLICT (", out);
    put_key(out, table);
    (void)fputc(')', out);
    put_assignments(out, table);
}

static void put_try_head(FILE *out, const struct mr_pg_table *table)
{
    const bool is_keyed = table->settings.mode == MR_PG_UPSERT;

    (void)fputs("SAVEPOINT " MR_PG_SAVEPOINT "; COPY ", out);
    if (is_keyed) {
        put_staging(out, table);
        (void)fputs(" (millrace_ordinal, ", out);
    } else {
        put_table(out, table->settings.table);
        (void)fputs(" (", out);
    }
    put_columns(out, table);
    (void)fputs(") FROM STDIN (FORMAT binary); ", out);
    if (is_keyed) {
        put_merge_head(out, table);
    } else {
        (void)fputs("RELEASE " MR_PG_SAVEPOINT, out);
    }
}

static void put_try_tail(FILE *out, const struct mr_pg_table *table)
{
    put_merge_tail(out, table);
    (void)fputs("; RELEASE " MR_PG_SAVEPOINT, out);
}

/* Its columns have the table's types, lengths and domains, and no other constraint. */
static void put_make_staging(FILE *out, const struct mr_pg_table *table)
{
    (void)fputs("CREATE TEMP TABLE ", out);
    (void)fprintf(out, "millrace_staging_%zu", table->index);
    (void)fputs(" ON COMMIT DELETE ROWS AS SELECT NULL::bigint AS millrace_ordinal, ", out);
    put_columns(out, table);
    (void)fputs(" FROM ", out);
    put_table(out, table->settings.table);
    (void)fputs(" WITH NO DATA", out);
}

static void put_explain(FILE *out, const struct mr_pg_table *table)
{
    (void)fputs("EXPLAIN ", out);
    put_merge_head(out, table);
    (void)fputc('0', out);
    put_merge_tail(out, table);
}

static void put_quoted(FILE *out, const struct mr_pg_table *table)
{
    put_table(out, table->settings.table);
}

/* What put writes, as text in arena; NULL: no room. */
static const char *written(void (*put)(FILE *, const struct mr_pg_table *),
                           const struct mr_pg_table *table, struct mr_arena *arena)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *kept = NULL;

    if (out != NULL) {
        put(out, table);
        if (fclose(out) == 0) {
            kept = mr_arena_text(arena, (struct mr_span){(const uint8_t *)text, size});
        }
    }
    free(text);
    return kept;
}

bool mr_pg_sql_write(struct mr_pg_table *table, struct mr_arena *arena)
{
    table->name = written(put_quoted, table, arena);
    table->try_head = written(put_try_head, table, arena);
    if (table->settings.mode == MR_PG_APPEND) {
        return table->name != NULL && table->try_head != NULL;
    }
    table->try_tail = written(put_try_tail, table, arena);
    table->staging = written(put_make_staging, table, arena);
    table->explain = written(put_explain, table, arena);
    return table->name != NULL && table->try_head != NULL && table->try_tail != NULL &&
           table->staging != NULL && table->explain != NULL;
}

const char *mr_pg_sql_create(const struct mr_pg_table *table, struct mr_arena *arena)
{
    return written(put_create, table, arena);
}

const char *mr_pg_sql_add(const struct mr_pg_table *table, const struct mr_pg_column *column,
                          struct mr_arena *arena)
{
    struct mr_pg_table one = *table;
    char type[64];
    const char *name;

    one.columns = (struct mr_pg_column[]){*column};
    one.column_count = 1;
    name = written(put_columns, &one, arena);
    return name == NULL ? NULL
                        : mr_arena_print(arena, "ALTER TABLE %s ADD COLUMN %s %s", table->name,
                                         name, mr_pg_sql_type(column->type, type));
}
