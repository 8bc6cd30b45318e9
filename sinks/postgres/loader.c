#include "sinks/postgres/loader.h"

#include "sinks/postgres/sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)8 << 20)
#define ROWS_MAX ((size_t)16384)
/* A merge reads the staging table from its beginning, what was merged before included. */
#define STAGED_MAX ((size_t)65536)

struct mr_pg_loader {
    struct mr_pg_buffer buffer; /* owned */
    size_t *starts;             /* owned, ROWS_MAX + 1: where a row begins; the last: the end */
    size_t *indexes;            /* owned, ROWS_MAX: in the batch */
    size_t count;
    int64_t ordinal; /* of the next row of this transaction */
    size_t staged;   /* rows that were sent to a staging table since it was empty */
};

struct mr_pg_loader *mr_pg_loader_new(void)
{
    struct mr_pg_loader *loader = calloc(1, sizeof(*loader));

    if (loader == NULL) {
        return NULL;
    }
    loader->buffer.room = BUFFER_SIZE;
    loader->buffer.data = malloc(BUFFER_SIZE);
    loader->starts = calloc(ROWS_MAX + 1, sizeof(*loader->starts));
    loader->indexes = calloc(ROWS_MAX, sizeof(*loader->indexes));
    if (loader->buffer.data == NULL || loader->starts == NULL || loader->indexes == NULL) {
        mr_pg_loader_free(loader);
        return NULL;
    }
    return loader;
}

void mr_pg_loader_free(struct mr_pg_loader *loader)
{
    if (loader != NULL) {
        free(loader->buffer.data);
        free(loader->starts);
        free(loader->indexes);
        free(loader);
    }
}

void mr_pg_loader_begin(struct mr_pg_loader *loader)
{
    loader->ordinal = 0;
    loader->staged = 0;
}

static void clear(struct mr_pg_loader *loader)
{
    loader->buffer.size = 0;
    loader->buffer.is_full = false;
    loader->count = 0;
    loader->starts[0] = 0;
}

static struct mr_value value_of(const struct mr_pg_column *column, const struct mr_record *record,
                                const struct mr_value *row)
{
    switch (column->place) {
    case MR_PG_KEY:
        return record->key.data == NULL ? (struct mr_value){0} : mr_value_string(record->key);
    case MR_PG_STAMP:
        return mr_value_timestamp_ms(record->timestamp_ms);
    case MR_PG_PARTITION:
        return mr_value_int(record->partition);
    case MR_PG_OFFSET:
        return mr_value_int(record->offset);
    default:
        return row[column->slot];
    }
}

/* NULL: it is there, or the buffer is full. Else why not, and which column. */
static const char *encode(struct mr_pg_loader *loader, const struct mr_pg_job *job, size_t index,
                          const char **column_name)
{
    const struct mr_pg_table *table = job->table;
    const bool is_keyed = table->settings.mode == MR_PG_UPSERT;
    struct mr_pg_buffer *out = &loader->buffer;
    const char *fault = NULL;

    mr_pg_put_int16(out, (int16_t)(table->column_count + is_keyed));
    if (is_keyed) {
        mr_pg_put_int32(out, 8);
        mr_pg_put_int64(out, loader->ordinal);
    }
    for (size_t i = 0; i < table->column_count && fault == NULL && !out->is_full; i++) {
        const struct mr_pg_column *column = &table->columns[i];
        const struct mr_value value =
            value_of(column, &job->batch->records[index], job->batch->rows[index]);

        fault = mr_pg_put_column(out, &column->form, &value, job->arena);
        *column_name = column->name;
    }
    return fault;
}

static struct mr_verdict refused(const char *reason, const char *detail)
{
    return (struct mr_verdict){.kind = MR_VERDICT_REJECT, .reason = reason, .detail = detail};
}

static const char *reason_of(const char *state)
{
    if (strncmp(state, "22", 2) == 0) {
        return "value_refused";
    }
    return strncmp(state, "23", 2) == 0 || strncmp(state, "44", 2) == 0 ? "constraint_violated"
                                                                        : "row_refused";
}

static void reject_row(struct mr_pg_loader *loader, const struct mr_pg_job *job, size_t row)
{
    const struct mr_pg_refusal *refusal = &job->link->refusal;

    job->verdicts[loader->indexes[row]] =
        refused(reason_of(refusal->state),
                mr_arena_print(job->arena, "%s: %s", refusal->state, refusal->text));
}

static const char *merge_sql(struct mr_pg_loader *loader, const struct mr_pg_job *job,
                             int64_t first)
{
    const struct mr_pg_table *table = job->table;
    const char *clear_sql = "";

    if (loader->staged > STAGED_MAX) {
        loader->staged = 0;
        clear_sql =
            mr_arena_print(job->arena, "TRUNCATE pg_temp.millrace_staging_%zu; ", table->index);
    }
    return clear_sql == NULL ? NULL
                             : mr_arena_print(job->arena, "%s%s%" PRId64 "%s", clear_sql,
                                              table->try_head, first, table->try_tail);
}

/* One round trip for rows [from, to). */
static enum mr_code try_rows(struct mr_pg_loader *loader, const struct mr_pg_job *job, size_t from,
                             size_t to, struct mr_error *err)
{
    static const uint8_t end[] = {0xFF, 0xFF};
    const struct mr_pg_table *table = job->table;
    const struct mr_span parts[] = {
        {mr_pg_head, MR_PG_HEAD_SIZE},
        {loader->buffer.data + loader->starts[from], loader->starts[to] - loader->starts[from]},
        {end, sizeof(end)},
    };
    const int64_t first = loader->ordinal - (int64_t)(loader->count - from);
    const size_t mark = mr_arena_mark(job->arena);
    const char *sql = table->try_head;
    enum mr_code code;

    if (table->try_tail != NULL) {
        sql = merge_sql(loader, job, first);
        loader->staged += to - from;
    }
    if (sql == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for SQL");
    }
    code = mr_pg_copy(job->link, sql, parts, MR_COUNT(parts), err);
    mr_arena_release(job->arena, mark);
    return code;
}

static enum mr_code take_back(const struct mr_pg_job *job, struct mr_error *err)
{
    return mr_pg_run(
        job->link, "ROLLBACK TO SAVEPOINT " MR_PG_SAVEPOINT "; RELEASE SAVEPOINT " MR_PG_SAVEPOINT,
        err);
}

/* How many rows to try after a piece of size was refused, line of which (from 1) was named. */
static size_t smaller(size_t size, long line)
{
    return line > 1 && (size_t)line <= size ? (size_t)line - 1 : line == 1 ? 1 : (size + 1) / 2;
}

static enum mr_code store_all(struct mr_pg_loader *loader, const struct mr_pg_job *job,
                              struct mr_error *err)
{
    size_t from = 0, size = loader->count;

    while (from < loader->count) {
        struct mr_error why = {0};
        enum mr_code code;

        size = size < loader->count - from ? size : loader->count - from;
        code = try_rows(loader, job, from, from + size, &why);
        if (code == MR_OK) {
            from += size;
            size *= 2;
            continue;
        }
        if (code != MR_BAD_DATA) {
            return MR_FAIL(err, code, "%s", why.text);
        }
        if (size == 1) {
            reject_row(loader, job, from++);
        } else {
            size = smaller(size, job->link->refusal.line);
        }
        code = take_back(job, err);
        if (code != MR_OK) {
            return code;
        }
    }
    clear(loader);
    return MR_OK;
}

/* The row is in the buffer, or rejected, or *is_full and it has to be added again. */
static enum mr_code add_row(struct mr_pg_loader *loader, const struct mr_pg_job *job, size_t index,
                            bool *is_full, struct mr_error *err)
{
    const size_t start = loader->buffer.size;
    const char *column = "";
    const char *fault = encode(loader, job, index, &column);

    *is_full = loader->buffer.is_full;
    if (!*is_full && fault == NULL) {
        job->verdicts[index] = (struct mr_verdict){.kind = MR_VERDICT_PASS};
        loader->indexes[loader->count++] = index;
        loader->starts[loader->count] = loader->buffer.size;
        loader->ordinal++;
        return MR_OK;
    }
    loader->buffer.size = start;
    loader->buffer.is_full = false;
    if (fault != NULL && strcmp(fault, "no_room") == 0) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for column %s", column);
    }
    if (fault != NULL) {
        *is_full = false;
        job->verdicts[index] = refused(fault, mr_arena_print(job->arena, "column %s", column));
    }
    return MR_OK;
}

/* Makes room by storing what is there; what does not fit into an empty buffer never will. */
static enum mr_code make_room(struct mr_pg_loader *loader, const struct mr_pg_job *job,
                              size_t index, struct mr_error *err)
{
    bool is_full;
    enum mr_code code = store_all(loader, job, err);

    if (code == MR_OK) {
        code = add_row(loader, job, index, &is_full, err);
    }
    if (code == MR_OK && is_full) {
        job->verdicts[index] = refused("row_too_large", NULL);
    }
    return code;
}

enum mr_code mr_pg_loader_store(struct mr_pg_loader *loader, const struct mr_pg_job *job,
                                size_t from, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    clear(loader);
    for (size_t i = from; i < job->batch->count && code == MR_OK; i++) {
        bool is_full = loader->count == ROWS_MAX;

        if (!is_full) {
            code = add_row(loader, job, i, &is_full, err);
        }
        if (code == MR_OK && is_full) {
            code = make_room(loader, job, i, err);
        }
    }
    return code == MR_OK ? store_all(loader, job, err) : code;
}
