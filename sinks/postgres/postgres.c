#include "sinks/postgres/postgres.h"

#include "sinks/postgres/link.h"
#include "sinks/postgres/migrate.h"
#include "sinks/postgres/offsets.h"
#include "sinks/postgres/loader.h"
#include "sinks/postgres/table.h"

#include <stdlib.h>

#define SETUP_ROOM ((size_t)16 << 20) /* columns and SQL; pages that are not used cost nothing */

struct postgres_settings {
    const char *url;
    const struct mr_node *tables;
    int64_t timeout;
};

static const struct mr_option postgres_options[] = {
    MR_SECRET(struct postgres_settings, url, NULL,
              "The database: postgresql://user:password@host:5432/name?sslmode=verify-full, or any "
              "other connection string of libpq."),
    MR_NODE(struct postgres_settings, tables, NULL,
            "Stage to table: {advise: advisories, score: {table: prices, mode: upsert, key: "
            "[store_id, item_code]}}; or a list of such maps, each with its stage. Keys of a "
            "table: mode (append, upsert), key, newest, columns, drop."),
    MR_DURATION(struct postgres_settings, timeout, "60s", 100, 3600000,
                "How long a statement, a lock or a silent server is waited for. Longer than the "
                "largest batch takes."),
    MR_OPTIONS_END,
};

struct postgres_state {
    struct mr_arena *arena; /* owned */
    struct mr_pg_tables tables;
    struct mr_pg_link link;
    struct mr_pg_offsets offsets;
    struct mr_pg_loader *loader; /* owned */
};

static const char *const *postgres_stages(const void *settings, struct mr_arena *arena)
{
    return mr_pg_table_stages(((const struct postgres_settings *)settings)->tables, arena);
}

/* Temporary tables are the session's. Planning a merge finds a key that has no unique index. */
static enum mr_code prepare_session(struct postgres_state *state, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < state->tables.count && code == MR_OK; i++) {
        const struct mr_pg_table *table = &state->tables.items[i];

        if (table->staging == NULL) {
            continue;
        }
        code = mr_pg_run(&state->link, table->staging, err);
        if (code == MR_OK) {
            code = mr_pg_run(&state->link, table->explain, err);
        }
    }
    return code;
}

static enum mr_code ensure_session(struct postgres_state *state, struct mr_error *err)
{
    enum mr_code code;

    if (mr_pg_link_is_up(&state->link)) {
        return MR_OK;
    }
    code = mr_pg_link_connect(&state->link, err);
    if (code == MR_OK) {
        code = prepare_session(state, err);
    }
    if (code != MR_OK) {
        mr_pg_link_close(&state->link); /* half a session is none */
    }
    return code;
}

/* A new log counts from its own beginning. */
static enum mr_code forget_stored(struct mr_sink *self, struct mr_error *err)
{
    struct postgres_state *state = self->state;
    const char *const params[] = {self->pipeline, self->name};
    PGresult *result;
    const enum mr_code code =
        mr_pg_ask(&state->link, "DELETE FROM millrace_offsets WHERE pipeline = $1 AND sink = $2",
                  params, MR_COUNT(params), &result, err);

    PQclear(result);
    return code;
}

static enum mr_code open_store(struct mr_sink *self, struct mr_error *err)
{
    struct postgres_state *state = self->state;
    enum mr_code code = mr_pg_link_connect(&state->link, err);

    if (code == MR_OK) {
        code = mr_pg_migrate(&state->link, &state->tables, err);
    }
    if (code == MR_OK) {
        code = prepare_session(state, err);
    }
    if (code == MR_OK && self->is_transient) {
        code = forget_stored(self, err);
    }
    return code;
}

static enum mr_code allocate(struct mr_sink *self, struct mr_error *err)
{
    struct postgres_state *state = self->state = calloc(1, sizeof(*state));

    if (state != NULL) {
        state->arena = mr_arena_new(SETUP_ROOM);
        state->loader = mr_pg_loader_new();
    }
    if (state == NULL || state->arena == NULL || state->loader == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a sink");
    }
    return MR_OK;
}

static enum mr_code postgres_open(struct mr_sink *self, struct mr_sink_input *inputs,
                                  size_t input_count, bool is_dry, struct mr_error *err)
{
    const struct postgres_settings *settings = self->settings;
    enum mr_code code = allocate(self, err);
    struct postgres_state *state = self->state;

    if (code != MR_OK) {
        return code;
    }
    state->link = (struct mr_pg_link){
        .url = settings->url, .timeout_ms = settings->timeout, .log = self->log};
    state->offsets = (struct mr_pg_offsets){.pipeline = self->pipeline, .sink = self->name};
    state->tables = (struct mr_pg_tables){.report = self->report, .arena = state->arena};
    code = mr_pg_link_check(settings->url, err);
    if (code == MR_OK) {
        code = mr_pg_tables_read(&state->tables, settings->tables, inputs, input_count, err);
    }
    return code == MR_OK && !is_dry ? open_store(self, err) : code;
}

static struct mr_pg_offset *offset_of(struct postgres_state *state, size_t input, int32_t partition)
{
    return mr_pg_offset_of(&state->offsets, input, state->tables.items[input].input->topic,
                           partition);
}

static void postgres_abort(struct mr_sink *self)
{
    struct postgres_state *state = self->state;

    if (state != NULL) {
        mr_pg_rollback(&state->link);
        mr_pg_offsets_forget(&state->offsets);
    }
}

static enum mr_code postgres_position(struct mr_sink *self, size_t input, int32_t partition,
                                      int64_t *next, struct mr_error *err)
{
    struct postgres_state *state = self->state;
    struct mr_pg_offset *offset = offset_of(state, input, partition);
    enum mr_code code;

    if (offset == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for positions");
    }
    postgres_abort(self);
    code = ensure_session(state, err);
    if (code == MR_OK) {
        code = mr_pg_offset_read(&state->offsets, offset, &state->link, err);
    }
    *next = offset->known;
    return code;
}

static enum mr_code begin(struct postgres_state *state, struct mr_error *err)
{
    enum mr_code code;

    if (state->link.is_open && mr_pg_link_is_up(&state->link)) {
        return MR_OK;
    }
    if (state->link.is_open) {
        return MR_FAIL(err, MR_UNAVAILABLE, "postgres: the connection was lost");
    }
    code = ensure_session(state, err);
    if (code == MR_OK) {
        code = mr_pg_begin(&state->link, err);
    }
    if (code == MR_OK) {
        mr_pg_loader_begin(state->loader);
        code = mr_pg_offsets_resolve(&state->offsets, &state->link, err);
    }
    return code;
}

/* Records that the table has already: the log was read again from before them. */
static size_t pass_known(const struct mr_batch *batch, int64_t known, struct mr_verdict *verdicts)
{
    size_t count = 0;

    while (count < batch->count && batch->records[count].offset < known) {
        verdicts[count++] = (struct mr_verdict){.kind = MR_VERDICT_PASS};
    }
    return count;
}

/* Seven parameters are the contract's. NOLINTNEXTLINE(readability-function-size) */
static enum mr_code postgres_write(struct mr_sink *self, size_t input, const struct mr_batch *batch,
                                   int64_t next_offset, struct mr_verdict *verdicts,
                                   struct mr_arena *arena, struct mr_error *err)
{
    struct postgres_state *state = self->state;
    struct mr_pg_offset *offset = offset_of(state, input, batch->records[0].partition);
    const struct mr_pg_job job = {
        .link = &state->link,
        .table = &state->tables.items[input],
        .batch = batch,
        .verdicts = verdicts,
        .arena = arena,
    };
    enum mr_code code;

    if (offset == NULL || !offset->is_read) {
        return MR_FAIL(err, MR_INTERNAL, "write() of a partition whose position() nobody asked");
    }
    code = begin(state, err);
    if (code == MR_OK) {
        code = mr_pg_loader_store(state->loader, &job, pass_known(batch, offset->known, verdicts),
                                  err);
    }
    if (code == MR_OK && next_offset > offset->known) {
        offset->next = next_offset;
        offset->is_dirty = true;
    }
    return code;
}

static enum mr_code postgres_commit(struct mr_sink *self, struct mr_error *err)
{
    struct postgres_state *state = self->state;
    bool is_doubtful = false;
    enum mr_code code;

    if (!state->link.is_open) {
        return MR_OK;
    }
    code = mr_pg_offsets_move(&state->offsets, &state->link, err);
    if (code == MR_OK) {
        code = mr_pg_commit(&state->link, &is_doubtful, err);
    }
    if (code == MR_OK) {
        mr_pg_offsets_settle(&state->offsets);
    } else if (is_doubtful) {
        mr_pg_offsets_doubt(&state->offsets);
    }
    return code;
}

static void postgres_close(struct mr_sink *self)
{
    struct postgres_state *state = self->state;

    if (state == NULL) {
        return;
    }
    mr_pg_link_close(&state->link);
    mr_pg_offsets_free(&state->offsets);
    mr_pg_loader_free(state->loader);
    mr_arena_free(state->arena);
    free(state);
    self->state = NULL;
}

const struct mr_sink_ops mr_postgres_ops = {
    .name = "postgres",
    .summary = "Keeps topics as tables of Postgres, every record once.",
    .options = postgres_options,
    .settings_size = sizeof(struct postgres_settings),
    .stages = postgres_stages,
    .open = postgres_open,
    .position = postgres_position,
    .write = postgres_write,
    .commit = postgres_commit,
    .abort = postgres_abort,
    .close = postgres_close,
};
