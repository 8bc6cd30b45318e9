#include "tests/support/rig.h"

#include <stdlib.h>
#include <string.h>

static struct rig *rig_of(const struct mr_connector *self)
{
    return ((const struct rig_connector *)(const void *)self->ops)->rig;
}

/* ---- connector ---- */

struct cursor {
    size_t next; /* index of the row */
};

static enum mr_code open_source(struct mr_connector *self, const struct mr_wanted_rows *wanted,
                                struct mr_error *err)
{
    MR_ASSERT(wanted->count == 3);
    self->state = calloc(1, sizeof(struct cursor));
    return self->state != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no memory for a cursor");
}

/* Key: number of the source; value: rows of it that are done. */
static enum mr_code resume(struct mr_connector *self, const struct mr_source_position *position,
                           struct mr_error *err)
{
    struct cursor *cursor = self->state;
    char text[2][32] = {"", ""};
    size_t next;

    (void)err;
    MR_ASSERT(position->key.size < 32 && position->value.size < 32);
    memcpy(text[0], position->key.data, position->key.size);
    memcpy(text[1], position->value.data, position->value.size);
    next = strtoul(text[0], NULL, 10) * RIG_SOURCE_ROWS + strtoul(text[1], NULL, 10);
    cursor->next = next > cursor->next ? next : cursor->next;
    return MR_OK;
}

static enum mr_code rewind_source(struct mr_connector *self, struct mr_error *err)
{
    (void)err;
    ((struct cursor *)self->state)->next = 0;
    return MR_OK;
}

void rig_row_texts(const struct rig *rig, size_t index, struct mr_arena *arena,
                   struct mr_value texts[3])
{
    const char *id = mr_arena_print(arena, "k%zu", index % 7);
    const char *value = index % 50 == 24 ? "x" : mr_arena_print(arena, "%zu", index * 7 % 1000);
    const char *team = mr_arena_print(arena, "t%zu%0*d", index % 3, (int)rig->row_size, 0);

    if (id == NULL || value == NULL || team == NULL) {
        texts[0].kind = MR_KIND_NULL;
        return;
    }
    texts[0] = mr_value_string(mr_span_text(id));
    texts[1] = mr_value_string(mr_span_text(value));
    texts[2] = mr_value_string(mr_span_text(team));
}

static bool fill_row(const struct rig *rig, size_t index, struct mr_arena *arena,
                     struct mr_row *row)
{
    static const struct mr_digest digest = {{1, 2, 3}};
    struct mr_value *texts = mr_arena_take(arena, 3, sizeof(*texts));
    const char *source = mr_arena_print(arena, "rows-%zu", index / RIG_SOURCE_ROWS);
    const char *raw = mr_arena_print(arena, "row %zu", index);

    if (texts == NULL || source == NULL || raw == NULL) {
        return false;
    }
    rig_row_texts(rig, index, arena, texts);
    *row = (struct mr_row){.texts = texts,
                           .place = {source, &digest, (int64_t)(index % RIG_SOURCE_ROWS),
                                     (int64_t)(index % RIG_SOURCE_ROWS) + 2, NULL},
                           .raw = mr_span_text(raw)};
    if (index % 50 == 49 || (rig->is_bad_often && index % 2 == 1)) {
        row->texts = NULL;
        row->reason = "row_malformed";
        row->detail = "not a row";
    }
    return texts[0].kind != MR_KIND_NULL;
}

static bool fill_position(size_t next, struct mr_arena *arena, struct mr_source_position *position)
{
    const size_t source = (next - 1) / RIG_SOURCE_ROWS;
    const char *key = mr_arena_print(arena, "%zu", source);
    const char *value = mr_arena_print(arena, "%zu", next - source * RIG_SOURCE_ROWS);

    if (key == NULL || value == NULL) {
        return false;
    }
    *position = (struct mr_source_position){mr_span_text(key), mr_span_text(value)};
    return true;
}

static enum mr_code pull(struct mr_connector *self, size_t room, struct mr_arena *arena,
                         struct mr_intake *intake, struct mr_error *err)
{
    const struct rig *rig = rig_of(self);
    struct cursor *cursor = self->state;
    const size_t left = rig->row_count - cursor->next;

    room = room < rig->chunk ? room : rig->chunk;
    room = room < left ? room : left;
    intake->rows = mr_arena_take(arena, room + 1, sizeof(*intake->rows));
    intake->positions = mr_arena_take(arena, 1, sizeof(*intake->positions));
    if (intake->rows == NULL || intake->positions == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for rows");
    }
    for (; intake->count < room; intake->count++, cursor->next++) {
        if (!fill_row(rig, cursor->next, arena, &intake->rows[intake->count])) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for a row");
        }
    }
    intake->position_count = room > 0;
    intake->is_done = cursor->next == rig->row_count && !rig->is_never_done;
    return room == 0 || fill_position(cursor->next, arena, intake->positions)
               ? MR_OK
               : MR_FAIL(err, MR_NO_ROOM, "no room for a position");
}

static void close_source(struct mr_connector *self)
{
    free(self->state);
    self->state = NULL;
}

const struct mr_connector_ops rig_memory_connector_ops = {
    .name = "memory",
    .summary = "Rows that the test made.",
    .options = (const struct mr_option[]){MR_OPTIONS_END},
    .open = open_source,
    .resume = resume,
    .pull = pull,
    .rewind = rewind_source,
    .close = close_source,
};

/* ---- mapper ---- */

static enum mr_code open_mapper(struct mr_mapper *self, const struct mr_mapper_spec *spec,
                                struct mr_error *err)
{
    const struct mr_connector_ops **connector =
        mr_arena_take(spec->arena, 1, sizeof(const struct mr_connector_ops *));

    if (connector == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the mapper");
    }
    *connector = spec->connectors[0];
    self->state = connector;
    return MR_OK;
}

static const struct mr_connector_ops *connector_of(const struct mr_mapper *self)
{
    return *(const struct mr_connector_ops *const *)self->state;
}

static const void *connector_settings(const struct mr_mapper *self)
{
    (void)self;
    return NULL;
}

static const struct mr_wanted_rows *wanted(const struct mr_mapper *self)
{
    static const struct mr_wanted names[] = {{"id", {0}}, {"value", {0}}, {"team", {0}}};
    static const struct mr_wanted_rows rows = {.names = names, .count = 3};

    (void)self;
    return &rows;
}

static struct mr_span configuration(const struct mr_mapper *self)
{
    (void)self;
    return mr_span_text("rig");
}

static size_t parts_of(const struct mr_mapper *self, const char *const **parts)
{
    static const char *const names[] = {"subject.id"};

    (void)self;
    *parts = names;
    return 1;
}

static int64_t event_time_of(const struct rig *rig, const struct mr_row *row)
{
    return rig->ahead_ms != 0 && row->place.index == 7
               ? sim_world_now_ms(rig->world) + rig->ahead_ms
               : 1600000000000 + 1000 * row->place.index;
}

static bool map_row(const struct rig *rig, const struct mr_row *row, struct mr_mapped *mapped,
                    struct mr_arena *arena)
{
    struct mr_value *leaves = mr_arena_take(arena, 3, sizeof(*leaves));
    char number[24] = "";
    char *end = number;

    if (leaves == NULL) {
        return false;
    }
    mapped->verdict.kind = MR_VERDICT_REJECT;
    mapped->verdict.reason = row->texts ? "not_a_number" : row->reason;
    mapped->verdict.detail = row->detail;
    if (row->texts == NULL) {
        return true;
    }
    MR_ASSERT(row->texts[1].size < sizeof(number));
    memcpy(number, row->texts[1].data, row->texts[1].size);
    leaves[0] = row->texts[0];
    leaves[1] = mr_value_int(strtoll(number, &end, 10));
    leaves[2] = row->texts[2];
    mapped->verdict.kind = end != number ? MR_VERDICT_PASS : MR_VERDICT_REJECT;
    mapped->leaves = leaves;
    mapped->key = mr_value_span(&row->texts[0]);
    mapped->partition_key = mapped->key;
    mapped->event_time_ms = event_time_of(rig, row);
    return true;
}

static enum mr_code map(struct mr_mapper *self, const struct mr_row *rows, size_t count,
                        struct mr_mapped *mapped, struct mr_arena *arena, struct mr_error *err)
{
    const struct rig *rig = ((const struct rig_connector *)(const void *)connector_of(self))->rig;

    for (size_t i = 0; i < count; i++) {
        if (!map_row(rig, &rows[i], &mapped[i], arena)) {
            return MR_FAIL(err, MR_NO_ROOM, "no room for leaves");
        }
    }
    return MR_OK;
}

const struct mr_mapper_ops rig_mapper_ops = {
    .name = "ingest",
    .summary = "Rows to items.",
    .options = (const struct mr_option[]){MR_OPTIONS_END},
    .open = open_mapper,
    .connector = connector_of,
    .connector_settings = connector_settings,
    .wanted = wanted,
    .configuration = configuration,
    .key_parts = parts_of,
    .partition_parts = parts_of,
    .map = map,
};
