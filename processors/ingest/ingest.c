#include "processors/ingest/ingest.h"

#include "processors/core/base/civil.h"
#include "processors/core/stage/types.h"
#include "processors/ingest/plan.h"

#include <stdlib.h>
#include <string.h>

#define DETAIL_TEXT_MAX 120 /* bytes of a source's text in a message */

struct ingest_settings {
    const char *connector;
    const char *format;
    struct mr_source key;
    struct mr_source event_time;
    struct mr_exprs partition_by;
};

struct ingest_state {
    struct ingest_settings *settings; /* arena */
    const struct mr_connector_ops *connector;
    const void *connector_settings; /* arena */
    struct mr_mapping mapping;
    struct mr_ingest_plan plan;
    const struct mr_cel_program *key, *event_time;
    const struct mr_cel_program **partition_by; /* arena */
    const char **partition_parts;               /* arena */
    size_t partition_count;
};

/* The row that is being mapped. */
struct mapping_row {
    const struct ingest_state *state;
    const struct mr_row *row;
    struct mr_mapped *mapped;
    struct mr_arena *arena;
    struct mr_value *texts;  /* slots of the fields' expressions */
    struct mr_value *leaves; /* slots of key and the like */
    bool has_no_room;
};

static const struct mr_option ingest_options[] = {
    MR_TEXT(struct ingest_settings, connector, NULL,
            "What reads the source; its own options stand beside this one."),
    MR_TEXT(struct ingest_settings, format, NULL,
            "The mapping from the sources' fields to the subject: a path, or a name without "
            "ending, which is looked for beside the pipeline file and in the folder of its name."),
    MR_EXPR(struct ingest_settings, key, NULL,
            "CEL over subject: the record's key, a string. It says which records are of one "
            "thing."),
    MR_EXPR(struct ingest_settings, event_time, NULL,
            "CEL over subject and file: when it happened. Null is a dead letter."),
    MR_EXPRS(struct ingest_settings, partition_by, "", 0, 8,
             "CEL over subject: what places a record in its partition, if not the whole key. A "
             "stateful key must contain it."),
    MR_OPTIONS_END,
};

static const struct mr_connector_ops *find_connector(const struct mr_mapper_spec *spec)
{
    const struct mr_node *node = mr_node_get(spec->node, "connector");
    const char *names[64];
    size_t count = 0;

    for (; spec->connectors[count] != NULL && count < MR_COUNT(names); count++) {
        names[count] = spec->connectors[count]->name;
        if (node != NULL && node->text != NULL && strcmp(node->text, names[count]) == 0) {
            return spec->connectors[count];
        }
    }
    if (node == NULL || node->text == NULL) {
        mr_report_add(spec->report, MR_SEVERITY_ERROR, spec->node->place, "ingest.connector", NULL,
                      "is required");
    } else {
        const char *nearest = mr_nearest(node->text, names, count);

        mr_report_add(spec->report, MR_SEVERITY_ERROR, node->place, "ingest.connector",
                      nearest ? mr_arena_print(spec->arena, "did you mean %s?", nearest) : NULL,
                      "there is no connector \"%s\"", node->text);
    }
    return NULL;
}

static size_t table_count(const struct mr_option *table)
{
    size_t count = 0;

    while (table[count].kind != 0) {
        count++;
    }
    return count;
}

/* One table for the map that both read, so that a key that neither knows is an error: ours, then
 * the connector's, whose settings stand behind ours. */
static const struct mr_option *join_tables(const struct mr_option *theirs, size_t behind,
                                           struct mr_arena *arena)
{
    const size_t our_count = table_count(ingest_options);
    const size_t their_count = table_count(theirs);
    struct mr_option *table = mr_arena_take(arena, our_count + their_count + 1, sizeof(*table));

    if (table == NULL) {
        return NULL;
    }
    memcpy(table, ingest_options, our_count * sizeof(*table));
    memcpy(table + our_count, theirs, their_count * sizeof(*table));
    for (size_t i = 0; i < their_count; i++) {
        table[our_count + i].offset += behind;
    }
    return table;
}

static bool read_settings(struct ingest_state *state, const struct mr_mapper_spec *spec)
{
    const size_t align = _Alignof(max_align_t);
    const size_t behind = (sizeof(struct ingest_settings) + align - 1) / align * align;
    const struct mr_option *table;
    uint8_t *settings;

    state->connector = find_connector(spec);
    if (state->connector == NULL) {
        return false;
    }
    table = join_tables(state->connector->options, behind, spec->arena);
    settings = mr_arena_take(spec->arena, behind + state->connector->settings_size, 1);
    if (table == NULL || settings == NULL) {
        return false;
    }
    state->settings = (struct ingest_settings *)(void *)settings;
    state->connector_settings = settings + behind;
    return mr_options_read(table, spec->node, "ingest", spec->arena, spec->report, settings);
}

static bool compile_partition(struct ingest_state *state, struct mr_ingest_plan_names *names,
                              const struct mr_mapper_spec *spec)
{
    static const struct mr_cel_type string = {.kind = MR_CEL_STRING};
    const struct mr_exprs *exprs = &state->settings->partition_by;
    bool is_good = true;

    state->partition_by = mr_arena_take(spec->arena, exprs->count + 1, sizeof(state->key));
    state->partition_parts = mr_arena_take(spec->arena, exprs->count + 1, sizeof(const char *));
    if (state->partition_by == NULL || state->partition_parts == NULL) {
        return false;
    }
    for (size_t i = 0; i < exprs->count; i++) {
        state->partition_by[i] =
            mr_ingest_plan_compile(names, &exprs->items[i], &string, spec->arena, spec->report);
        is_good = is_good && state->partition_by[i] != NULL;
        state->partition_parts[i] = is_good ? mr_cel_program_text(state->partition_by[i]) : NULL;
    }
    state->partition_count = exprs->count;
    return is_good;
}

static bool compile(struct ingest_state *state, const struct mr_mapper_spec *spec)
{
    static const struct mr_cel_type string = {.kind = MR_CEL_STRING};
    static const struct mr_cel_type time = {.kind = MR_CEL_TIMESTAMP, .is_nullable = true};
    struct mr_ingest_plan_names names;

    if (!mr_ingest_plan_subject_names(&state->plan, spec->subject, spec->arena, &names)) {
        return false;
    }
    state->key =
        mr_ingest_plan_compile(&names, &state->settings->key, &string, spec->arena, spec->report);
    state->event_time = mr_ingest_plan_compile(&names, &state->settings->event_time, &time,
                                               spec->arena, spec->report);
    return compile_partition(state, &names, spec) && state->key != NULL &&
           state->event_time != NULL;
}

static enum mr_code ingest_open(struct mr_mapper *self, const struct mr_mapper_spec *spec,
                                struct mr_error *err)
{
    struct ingest_state *state = calloc(1, sizeof(*state));
    const struct mr_node *format;

    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for ingest");
    }
    self->state = state;
    if (!read_settings(state, spec)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "ingest: its options are not good");
    }
    format = mr_node_get(spec->node, "format");
    MR_ASSERT(format != NULL);
    if (!mr_mapping_load(state->settings->format, format->place, spec->arena, spec->report,
                         &state->mapping) ||
        !mr_ingest_plan_open(&state->plan, &state->mapping, spec->subject, spec->arena,
                             spec->report)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "ingest.format: the mapping %s is not good",
                       state->settings->format);
    }
    if (!compile(state, spec)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "ingest: its expressions are not good");
    }
    return MR_OK;
}

static const struct mr_connector_ops *ingest_connector(const struct mr_mapper *self)
{
    const struct ingest_state *state = self->state;

    return state->connector;
}

static const void *ingest_connector_settings(const struct mr_mapper *self)
{
    const struct ingest_state *state = self->state;

    return state->connector_settings;
}

static const struct mr_wanted_rows *ingest_wanted(const struct mr_mapper *self)
{
    const struct ingest_state *state = self->state;

    return &state->plan.wanted;
}

static struct mr_span ingest_configuration(const struct mr_mapper *self)
{
    const struct ingest_state *state = self->state;

    return mr_span_text(state->mapping.canonical);
}

static size_t ingest_key_parts(const struct mr_mapper *self, const char *const **parts)
{
    const struct ingest_state *state = self->state;

    return mr_cel_program_parts(state->key, parts);
}

/* Without partition_by the whole key places the record. */
static size_t ingest_partition_parts(const struct mr_mapper *self, const char *const **parts)
{
    const struct ingest_state *state = self->state;

    if (state->partition_count == 0) {
        return ingest_key_parts(self, parts);
    }
    *parts = state->partition_parts;
    return state->partition_count;
}

static struct mr_span cut(struct mr_span text)
{
    if (text.size > DETAIL_TEXT_MAX) {
        text.size = DETAIL_TEXT_MAX;
        while (text.size > 0 && (text.data[text.size] & 0xC0) == 0x80) {
            text.size--;
        }
    }
    return text;
}

/* Says why, and gives false, so that a failing path is one statement. */
static bool reject(struct mapping_row *row, const char *reason, const char *cause,
                   struct mr_span text, const char *words)
{
    const struct mr_span shown = cut(text);
    const char *gap = text.size > 0 ? " " : "";
    const char *detail = text.size > 0 ? mr_arena_print(row->arena, "%s: \"%.*s\"%s%s", cause,
                                                        MR_SPAN_ARGS(shown), gap, words)
                                       : mr_arena_print(row->arena, "%s: %s", cause, words);

    row->mapped->verdict = (struct mr_verdict){
        .kind = MR_VERDICT_REJECT, .reason = reason, .detail = detail, .cause = cause};
    row->has_no_room |= detail == NULL;
    return false;
}

static bool fill_missing(struct mapping_row *row, const struct mr_ingest_plan_leaf *leaf,
                         struct mr_value *value)
{
    if (!leaf->has_fallback) {
        return reject(row, "field_missing", leaf->name, (struct mr_span){NULL, 0}, "is missing");
    }
    *value = leaf->fallback;
    return true;
}

static bool fill_converted(struct mapping_row *row, const struct mr_ingest_plan_leaf *leaf,
                           struct mr_span text, struct mr_value *value)
{
    const char *fault = mr_convert_text(&leaf->convert, text, value);

    if (fault == NULL) {
        return true;
    }
    return leaf->is_lenient ? fill_missing(row, leaf, value)
                            : reject(row, "field_unreadable", leaf->name, text, fault);
}

static bool fill_computed(struct mapping_row *row, const struct mr_ingest_plan_leaf *leaf,
                          struct mr_span text, struct mr_value *value)
{
    *value = mr_cel_eval(leaf->program, row->texts, row->arena);
    if (value->kind == MR_KIND_STRING && leaf->convert.kind != MR_CONVERT_STRING) {
        return fill_converted(row, leaf, mr_value_span(value), value);
    }
    if (value->kind == MR_KIND_ERROR && !leaf->is_lenient) {
        return reject(row, "expression_failed", leaf->name, text, mr_cel_fault_text(*value));
    }
    return value->kind == MR_KIND_NULL || value->kind == MR_KIND_ERROR
               ? fill_missing(row, leaf, value)
               : true;
}

static bool fill_leaf(struct mapping_row *row, const struct mr_ingest_plan_leaf *leaf,
                      struct mr_value *value)
{
    struct mr_value *slot = &row->texts[row->state->plan.wanted.count + MR_PLAN_VALUE];

    *slot = (struct mr_value){.kind = MR_KIND_NULL};
    if (leaf->text != MR_PLAN_NO_TEXT) {
        *slot = row->texts[leaf->text];
    }
    if (leaf->program != NULL && !(leaf->uses_value && slot->kind == MR_KIND_NULL)) {
        return fill_computed(row, leaf, mr_value_span(slot), value);
    }
    return slot->kind == MR_KIND_NULL ? fill_missing(row, leaf, value)
                                      : fill_converted(row, leaf, mr_value_span(slot), value);
}

/* The size of a blank at the beginning or end of a text that is no ASCII: a no-break space, a mark
 * of direction, a byte-order mark. People do not see them, and sources put them anywhere. */
static size_t wide_blank(struct mr_span text, bool is_at_end)
{
    static const struct mr_span blanks[] = {MR_SPAN("\xC2\xA0"), MR_SPAN("\xE2\x80\x8E"),
                                            MR_SPAN("\xE2\x80\x8F"), MR_SPAN("\xEF\xBB\xBF")};

    for (size_t i = 0; i < MR_COUNT(blanks); i++) {
        const size_t size = blanks[i].size;

        if (text.size >= size &&
            memcmp(text.data + (is_at_end ? text.size - size : 0), blanks[i].data, size) == 0) {
            return size;
        }
    }
    return 0;
}

static struct mr_span trim(struct mr_span text)
{
    size_t size;

    text = mr_span_trim(text);
    while (text.size > 0 && text.data[text.size - 1] >= 0x80 &&
           (size = wide_blank(text, true)) > 0) {
        text = mr_span_trim((struct mr_span){text.data, text.size - size});
    }
    while (text.size > 0 && text.data[0] >= 0x80 && (size = wide_blank(text, false)) > 0) {
        text = mr_span_trim((struct mr_span){text.data + size, text.size - size});
    }
    return text;
}

/* Texts come as they stood; what is mapped has no blanks at its ends. */
static void fill_texts(struct mapping_row *row)
{
    for (size_t i = 0; i < row->state->plan.wanted.count; i++) {
        row->texts[i] = row->row->texts[i];
        if (row->texts[i].kind == MR_KIND_STRING) {
            const struct mr_span text = trim(mr_value_span(&row->texts[i]));

            row->texts[i] =
                text.size > 0 ? mr_value_string(text) : (struct mr_value){.kind = MR_KIND_NULL};
        }
    }
}

/* The parts of a text that places the record are kept apart by a byte that no text has. */
static bool fill_partition(struct mapping_row *row)
{
    const struct ingest_state *state = row->state;
    struct mr_span joint = row->mapped->key;

    for (size_t i = 0; i < state->partition_count; i++) {
        const struct mr_value part = mr_cel_eval(state->partition_by[i], row->leaves, row->arena);
        const struct mr_span text = mr_value_span(&part);
        const char *print;

        if (part.kind != MR_KIND_STRING) {
            return reject(row, "key_failed", "partition_by", (struct mr_span){NULL, 0},
                          part.kind == MR_KIND_ERROR ? mr_cel_fault_text(part) : "is null");
        }
        if (i == 0) {
            joint = text;
            continue;
        }
        print = mr_arena_print(row->arena, "%.*s\x1F%.*s", MR_SPAN_ARGS(joint), MR_SPAN_ARGS(text));
        row->has_no_room |= print == NULL;
        joint = mr_span_text(print);
    }
    row->mapped->partition_key = joint;
    return true;
}

static bool fill_key(struct mapping_row *row)
{
    const struct mr_value key = mr_cel_eval(row->state->key, row->leaves, row->arena);

    if (key.kind != MR_KIND_STRING) {
        return reject(row, "key_failed", "key", (struct mr_span){NULL, 0},
                      key.kind == MR_KIND_ERROR ? mr_cel_fault_text(key) : "is null");
    }
    row->mapped->key = mr_value_span(&key);
    return fill_partition(row);
}

static bool fill_event_time(struct mapping_row *row)
{
    const struct mr_value time = mr_cel_eval(row->state->event_time, row->leaves, row->arena);

    if (time.kind != MR_KIND_TIMESTAMP) {
        return reject(row, "event_time_missing", "event_time", (struct mr_span){NULL, 0},
                      time.kind == MR_KIND_ERROR ? mr_cel_fault_text(time) : "is null");
    }
    row->mapped->event_time_ms = mr_value_ms(&time);
    return true;
}

static bool map_row(struct mapping_row *row)
{
    const struct mr_ingest_plan *plan = &row->state->plan;

    fill_texts(row);
    for (size_t i = 0; i < plan->leaf_count; i++) {
        if (!fill_leaf(row, &plan->leaves[i], &row->leaves[i])) {
            return false;
        }
    }
    row->mapped->leaves = row->leaves;
    return fill_event_time(row) && fill_key(row);
}

/* The part of a source's name behind its last slash; *rest is what stands before that. */
static struct mr_span last_part(struct mr_span source, struct mr_span *rest)
{
    size_t at = source.size;

    while (at > 0 && source.data[at - 1] != '/') {
        at--;
    }
    *rest = (struct mr_span){source.data, at > 0 ? at - 1 : 0};
    return (struct mr_span){source.data + at, source.size - at};
}

/* What the source's name says goes for all its rows: it is asked once for each run of them. A
 * member of an archive may have a name that says nothing; then the archive's has the time. */
static void fill_file(const struct ingest_state *state, const char *source,
                      struct mr_value extra[2])
{
    struct mr_span rest;
    const struct mr_span name = last_part(mr_span_text(source), &rest);
    const struct mr_span archive = last_part(rest, &rest);
    int64_t ms;

    extra[0] = mr_value_string(name);
    extra[1] = mr_civil_in_name(name, &ms) || mr_civil_in_name(archive, &ms)
                   ? mr_value_timestamp_ms(ms - state->mapping.utc_offset_ms)
                   : (struct mr_value){.kind = MR_KIND_NULL};
}

static bool begin_row(struct mapping_row *row, const struct mr_value extra[2])
{
    const size_t leaf_count = row->state->plan.leaf_count;

    row->leaves = mr_arena_take(row->arena, leaf_count + MR_PLAN_EXTRA_COUNT, sizeof(*row->leaves));
    if (row->leaves == NULL) {
        return false;
    }
    memcpy(row->leaves + leaf_count, extra, 2 * sizeof(*extra));
    return true;
}

static enum mr_code ingest_map(struct mr_mapper *self, const struct mr_row *rows, size_t count,
                               struct mr_mapped *mapped, struct mr_arena *arena,
                               struct mr_error *err)
{
    const struct ingest_state *state = self->state;
    const size_t wanted = state->plan.wanted.count;
    struct mapping_row row = {.state = state, .arena = arena};
    const char *source = NULL;
    struct mr_value extra[2];

    row.texts = mr_arena_take(arena, wanted + MR_PLAN_EXTRA_COUNT, sizeof(*row.texts));
    for (size_t i = 0; row.texts != NULL && i < count; i++) {
        mapped[i] = (struct mr_mapped){.verdict.kind = MR_VERDICT_PASS};
        if (rows[i].texts == NULL) {
            mapped[i].verdict = (struct mr_verdict){
                .kind = MR_VERDICT_REJECT, .reason = rows[i].reason, .detail = rows[i].detail};
            continue;
        }
        if (source != rows[i].place.source) {
            source = rows[i].place.source;
            fill_file(state, source, extra);
            memcpy(row.texts + wanted + MR_PLAN_FILE_NAME, extra, sizeof(extra));
        }
        row.row = &rows[i];
        row.mapped = &mapped[i];
        if (!begin_row(&row, extra)) {
            row.texts = NULL;
            break;
        }
        (void)map_row(&row);
        if (row.has_no_room) {
            row.texts = NULL;
        }
    }
    return row.texts != NULL
               ? MR_OK
               : MR_FAIL(err, MR_NO_ROOM, "the arena has no room to map %zu rows", count);
}

static void ingest_close(struct mr_mapper *self)
{
    struct ingest_state *state = self->state;

    if (state != NULL) {
        mr_ingest_plan_close(&state->plan);
        free(state);
        self->state = NULL;
    }
}

const struct mr_mapper_ops mr_ingest_ops = {
    .name = "ingest",
    .summary = "Reads a source and maps its rows to records of the subject.",
    .options = ingest_options,
    .settings_size = sizeof(struct ingest_settings),
    .open = ingest_open,
    .connector = ingest_connector,
    .connector_settings = ingest_connector_settings,
    .wanted = ingest_wanted,
    .configuration = ingest_configuration,
    .key_parts = ingest_key_parts,
    .partition_parts = ingest_partition_parts,
    .map = ingest_map,
    .close = ingest_close,
};
