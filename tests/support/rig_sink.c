#include "tests/support/rig.h"

#include "processors/core/base/digest.h"
#include "processors/core/codec/layout.h"

#include <stdlib.h>
#include <string.h>

struct sink_settings {
    struct mr_texts stages;
};

static const struct mr_option options[] = {
    MR_TEXTS(struct sink_settings, stages, NULL, 1, 8, "Whose topics it reads."),
    MR_OPTIONS_END,
};

static struct rig_sink *sink_of(const struct mr_sink *self)
{
    union {
        const struct mr_sink_ops *ops;
        struct rig_sink *sink;
    } pointer = {.ops = self->ops};

    return pointer.sink;
}

static const char *const *stages(const void *settings, struct mr_arena *arena)
{
    const struct sink_settings *chosen = settings;
    const char **names = mr_arena_take(arena, chosen->stages.count + 1, sizeof(*names));

    for (size_t i = 0; names != NULL && i < chosen->stages.count; i++) {
        names[i] = chosen->stages.items[i];
    }
    return names;
}

static enum mr_code open_sink(struct mr_sink *self, struct mr_sink_input *inputs,
                              size_t input_count, bool is_dry, struct mr_error *err)
{
    struct rig_table *table = &sink_of(self)->table;
    struct mr_layout_path path;
    const struct mr_type *type;
    size_t bad;

    for (size_t i = 0; i < input_count; i++) {
        if (!mr_layout_find(inputs[i].schema, "subject.value", &path, &type, &bad) &&
            !mr_layout_find(inputs[i].schema, "value", &path, &type, &bad)) {
            return MR_FAIL(err, MR_BAD_CONFIG, "%s has no value", inputs[i].topic);
        }
        (void)mr_layout_slot(inputs[i].layout, &path);
    }
    table->count = table->committed; /* what a process that is gone had open */
    memcpy(table->pending, table->next, sizeof(table->next));
    (void)is_dry;
    return MR_OK;
}

static enum mr_code position(struct mr_sink *self, size_t input, int32_t partition, int64_t *next,
                             struct mr_error *err)
{
    const int64_t here = sink_of(self)->table.next[input][partition];

    (void)err;
    *next = here > 0 ? here : -1;
    return MR_OK;
}

static enum mr_code ask(const struct mr_sink *self, enum sim_op op, enum sim_when when,
                        struct mr_error *err)
{
    const struct sim_fault fault = sim_log_ask(sink_of(self)->rig->log, self->name, op, when);

    if (fault.is_crash) {
        return MR_FAIL(err, MR_FENCED, "%s crashed", self->name);
    }
    return fault.code == MR_OK ? MR_OK : MR_FAIL(err, fault.code, "%s: injected", self->name);
}

static void keep(struct rig_sink *sink, size_t input, const struct mr_record *record,
                 bool is_refused)
{
    struct rig_table *table = &sink->table;

    if (table->count == table->room) {
        table->room = table->room == 0 ? 256 : 2 * table->room;
        table->rows = realloc(table->rows, table->room * sizeof(*table->rows));
        MR_ASSERT(table->rows != NULL);
    }
    table->rows[table->count++] = (struct rig_row){
        .input = (uint32_t)input,
        .partition = record->partition,
        .offset = record->offset,
        .hash = mr_hash64(record->key) * 31 + mr_hash64(record->value),
        .is_refused = is_refused,
    };
}

static enum mr_code write_rows(struct mr_sink *self, size_t input, const struct mr_batch *batch,
                               int64_t next_offset, struct mr_verdict *verdicts,
                               struct mr_arena *arena, struct mr_error *err)
{
    struct rig_sink *sink = sink_of(self);
    const enum mr_code code = ask(self, SIM_SINK_WRITE, SIM_BEFORE, err);

    (void)arena;
    if (code != MR_OK) {
        return code;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const bool is_refused = sink->rig->is_picky && batch->rows[i][0].number % 5 == 0;

        keep(sink, input, &batch->records[i], is_refused);
        verdicts[i].kind = is_refused ? MR_VERDICT_REJECT : MR_VERDICT_PASS;
        verdicts[i].reason = is_refused ? "refused" : NULL;
        sink->table.pending[input][batch->records[i].partition] = next_offset;
    }
    return ask(self, SIM_SINK_WRITE, SIM_AFTER, err);
}

static enum mr_code commit(struct mr_sink *self, struct mr_error *err)
{
    struct rig_table *table = &sink_of(self)->table;
    const enum mr_code code = ask(self, SIM_SINK_COMMIT, SIM_BEFORE, err);

    if (code != MR_OK) {
        return code;
    }
    table->committed = table->count;
    memcpy(table->next, table->pending, sizeof(table->next));
    return ask(self, SIM_SINK_COMMIT, SIM_AFTER, err);
}

static void abort_sink(struct mr_sink *self)
{
    struct rig_table *table = &sink_of(self)->table;

    table->count = table->committed;
    memcpy(table->pending, table->next, sizeof(table->next));
}

static void close_sink(struct mr_sink *self)
{
    (void)self;
}

const struct mr_sink_ops rig_memory_sink_ops = {
    .name = "memory",
    .summary = "Keeps rows and positions.",
    .options = options,
    .settings_size = sizeof(struct sink_settings),
    .stages = stages,
    .open = open_sink,
    .position = position,
    .write = write_rows,
    .commit = commit,
    .abort = abort_sink,
    .close = close_sink,
};
