#include "sinks/files/files.h"

#include "processors/core/codec/frame.h"
#include "sinks/files/lines.h"
#include "sinks/files/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct files_settings {
    struct mr_texts stages;
    const char *path;
    int format;
    int64_t rotate_size;
    bool fsync;
    bool envelope;
    struct mr_texts drop;
};

static const char *const formats[] = {"jsonl", NULL};

static const struct mr_option files_options[] = {
    MR_TEXTS(struct files_settings, stages, NULL, 1, 0,
             "Whose topics are kept, each in a file of its own: [advise, score]."),
    MR_TEXT(struct files_settings, path, NULL,
            "The folder of the files, made when it is not there; relative to where the program "
            "was started. A local one: locks and renames have to mean something."),
    MR_CHOICE(struct files_settings, format, "jsonl", formats, "jsonl: one JSON object a line."),
    MR_SIZE(struct files_settings, rotate_size, "0B", 0, INT64_C(1) << 40,
            "A file of at least this size is closed after a commit, as TOPIC.000001.jsonl; 0: one "
            "file for ever."),
    MR_BOOL(struct files_settings, fsync, "true",
            "Waits for the disk before a commit counts. Without it a crash of the machine, not of "
            "the program, can cost the last lines."),
    MR_BOOL(struct files_settings, envelope, "false",
            "Each line tells topic, partition, offset, timestamp and key, and has the record as "
            "value: for whoever has to find it in the log."),
    MR_TEXTS(struct files_settings, drop, "[]", 0, 0,
             "Fields that are left out, by path: [record] spares an advisory's bytes."),
    MR_OPTIONS_END,
};

struct output {
    const struct mr_sink_input *input; /* borrowed */
    struct mr_shape *shape;            /* owned */
    struct mr_lines *lines;            /* owned; NULL: dry */
};

struct files_state {
    struct output *outputs; /* owned, parallel to the inputs */
    size_t count;
};

static const char *const *files_stages(const void *settings, struct mr_arena *arena)
{
    const struct mr_texts *stages = &((const struct files_settings *)settings)->stages;
    const char **names = mr_arena_take(arena, stages->count + 1, sizeof(*names));

    for (size_t i = 0; names != NULL && i < stages->count; i++) {
        names[i] = stages->items[i];
    }
    return names;
}

/* mkdir -p */
static enum mr_code make_folder(const char *path, struct mr_error *err)
{
    char part[4096];
    const size_t size = strlen(path);

    if (size == 0 || size >= sizeof(part)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "path: \"%s\" is no folder", path);
    }
    for (size_t i = 1; i <= size; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return MR_FAIL(err, MR_BAD_CONFIG, "path: cannot make %s: %s", part, strerror(errno));
        }
    }
    return MR_OK;
}

static enum mr_code open_output(struct mr_sink *self, struct output *output, bool is_dry,
                                struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    const struct mr_lines_spec spec = {
        .folder = settings->path,
        .topic = output->input->topic,
        .log = self->log,
        .rotate_size = settings->rotate_size,
        .is_synced = settings->fsync,
        .is_transient = self->is_transient,
    };

    output->shape = mr_shape_new(output->input->schema, output->input->layout, &settings->drop);
    if (output->shape == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the fields of %s", output->input->topic);
    }
    return is_dry ? MR_OK : mr_lines_open(&spec, &output->lines, err);
}

/* A path must be one in at least one topic. */
static enum mr_code check_drop(const struct files_settings *settings,
                               const struct mr_sink_input *inputs, size_t count,
                               struct mr_error *err)
{
    for (size_t i = 0; i < settings->drop.count; i++) {
        bool is_known = false;

        for (size_t k = 0; k < count; k++) {
            is_known |= mr_shape_may_drop(inputs[k].schema, settings->drop.items[i]);
        }
        if (!is_known) {
            return MR_FAIL(err, MR_BAD_CONFIG,
                           "drop: \"%s\" is no field of any of the stages' records",
                           settings->drop.items[i]);
        }
    }
    return MR_OK;
}

static enum mr_code check_stages(const struct mr_sink_input *inputs, size_t count,
                                 struct mr_error *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(inputs[i].topic, inputs[k].topic) == 0) {
                return MR_FAIL(err, MR_BAD_CONFIG, "stages: \"%s\" is named twice",
                               inputs[i].stage);
            }
        }
    }
    return MR_OK;
}

static enum mr_code files_open(struct mr_sink *self, struct mr_sink_input *inputs,
                               size_t input_count, bool is_dry, struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    struct files_state *state = self->state = calloc(1, sizeof(*state));
    enum mr_code code;

    if (state != NULL) {
        state->outputs = calloc(input_count, sizeof(*state->outputs));
    }
    if (state == NULL || state->outputs == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu files", input_count);
    }
    code = check_stages(inputs, input_count, err);
    if (code == MR_OK) {
        code = check_drop(settings, inputs, input_count, err);
    }
    if (code == MR_OK && !is_dry) {
        code = make_folder(settings->path, err);
    }
    for (size_t i = 0; i < input_count && code == MR_OK; i++) {
        state->outputs[state->count].input = &inputs[i];
        code = open_output(self, &state->outputs[state->count++], is_dry, err);
    }
    return code;
}

static enum mr_code files_position(struct mr_sink *self, size_t input, int32_t partition,
                                   int64_t *next, struct mr_error *err)
{
    struct files_state *state = self->state;

    return mr_lines_position(state->outputs[input].lines, partition, next, err);
}

static void put_key(struct mr_json_out *out, struct mr_span key)
{
    if (key.data == NULL) {
        mr_json_put_text(out, "null");
    } else if (mr_utf8_is_valid(key)) {
        mr_json_put_string(out, key);
    } else {
        mr_json_put_base64(out, key);
    }
}

static void put_head(struct mr_json_out *out, const char *topic, const struct mr_record *record)
{
    const struct mr_value timestamp = mr_value_timestamp_ms(record->timestamp_ms);

    mr_json_put_text(out, "{\"topic\":");
    mr_json_put_string(out, mr_span_text(topic));
    mr_json_put_text(out, ",\"partition\":");
    mr_json_put_long(out, record->partition);
    mr_json_put_text(out, ",\"offset\":");
    mr_json_put_long(out, record->offset);
    mr_json_put_text(out, ",\"timestamp\":");
    mr_json_put_timestamp(out, &timestamp);
    mr_json_put_text(out, ",\"key\":");
    put_key(out, record->key);
    mr_json_put_text(out, ",\"value\":");
}

static const char *print(const struct output *output, bool has_envelope,
                         const struct mr_record *record, const struct mr_value *row,
                         struct mr_json_out *out)
{
    struct mr_frame frame;
    const char *fault = mr_frame_read(record->value, &frame);

    if (fault != NULL) {
        return fault;
    }
    if (has_envelope) {
        put_head(out, output->input->topic, record);
    }
    fault = mr_shape_print(output->shape, frame.datum, row, out);
    if (has_envelope) {
        mr_json_put_byte(out, '}');
    }
    return fault;
}

static enum mr_code add_line(const struct output *output, struct mr_json_out *out,
                             const char *fault, struct mr_verdict *verdict, struct mr_error *err)
{
    if (out->has_failed || (fault != NULL && strcmp(fault, "no_room") == 0)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a line of %s", output->input->topic);
    }
    if (fault != NULL) {
        *verdict = (struct mr_verdict){.kind = MR_VERDICT_REJECT, .reason = fault};
        return MR_OK;
    }
    *verdict = (struct mr_verdict){.kind = MR_VERDICT_PASS};
    return mr_lines_add(output->lines, (struct mr_span){out->data, out->size}, err);
}

/* Seven parameters are the contract's. NOLINTNEXTLINE(readability-function-size) */
static enum mr_code files_write(struct mr_sink *self, size_t input, const struct mr_batch *batch,
                                int64_t next_offset, struct mr_verdict *verdicts,
                                struct mr_arena *arena, struct mr_error *err)
{
    const struct files_settings *settings = self->settings;
    struct output *output = &((struct files_state *)self->state)->outputs[input];
    int64_t known = -1;
    enum mr_code code = mr_lines_position(output->lines, batch->records[0].partition, &known, err);

    for (size_t i = 0; i < batch->count && code == MR_OK; i++) {
        const struct mr_record *record = &batch->records[i];
        const size_t mark = mr_arena_mark(arena);
        struct mr_json_out out = {.arena = arena};
        const char *fault;

        if (record->offset < known) { /* the file has it: the log was read again from before */
            verdicts[i] = (struct mr_verdict){.kind = MR_VERDICT_PASS};
            continue;
        }
        fault = print(output, settings->envelope, record, batch->rows[i], &out);
        code = add_line(output, &out, fault, &verdicts[i], err);
        mr_arena_release(arena, mark);
    }
    if (code == MR_OK && next_offset > known) {
        code = mr_lines_advance(output->lines, batch->records[0].partition, next_offset, err);
    }
    return code;
}

static enum mr_code files_commit(struct mr_sink *self, struct mr_error *err)
{
    struct files_state *state = self->state;
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < state->count && code == MR_OK; i++) {
        code = mr_lines_commit(state->outputs[i].lines, err);
    }
    return code;
}

static void files_abort(struct mr_sink *self)
{
    struct files_state *state = self->state;

    for (size_t i = 0; state != NULL && i < state->count; i++) {
        struct mr_error err = {0};

        if (state->outputs[i].lines != NULL &&
            mr_lines_abort(state->outputs[i].lines, &err) != MR_OK) {
            MR_LOG(self->log, MR_ERROR, "abort_failed", "reason=\"%s\"", err.text);
        }
    }
}

static void files_close(struct mr_sink *self)
{
    struct files_state *state = self->state;

    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < state->count; i++) {
        mr_lines_close(state->outputs[i].lines);
        mr_shape_free(state->outputs[i].shape);
    }
    free(state->outputs);
    free(state);
    self->state = NULL;
}

const struct mr_sink_ops mr_files_sink_ops = {
    .name = "files",
    .summary = "Keeps topics as files of JSON lines, every record once.",
    .options = files_options,
    .settings_size = sizeof(struct files_settings),
    .stages = files_stages,
    .open = files_open,
    .position = files_position,
    .write = files_write,
    .commit = files_commit,
    .abort = files_abort,
    .close = files_close,
};
