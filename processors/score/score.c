#include "processors/score/score.h"

#include "processors/core/base/digest.h"
#include "processors/core/stage/evaluate.h"
#include "processors/score/features.h"
#include "schemas/stamps/scoring.h"

#include <math.h>
#include <stdlib.h>

#define CONFIG_SIZE 8
#define BLOCK 64 /* rows that the model scores at once: their floats stay in the cache */
#define SCRATCH_SIZE_MIN ((size_t)1 << 20)

enum output { OUTPUT_MARGIN, OUTPUT_PROBABILITY };

static const char *const outputs[] = {
    [OUTPUT_MARGIN] = "margin", [OUTPUT_PROBABILITY] = "probability", NULL};

struct score_settings {
    const struct mr_node *model;
    struct mr_exprs features;
    struct mr_source fallback;
    int output; /* enum output */
};

static const struct mr_option score_options[] = {
    MR_NODE(struct score_settings, model, "",
            "File of a model: XGBoost's JSON or UBJSON, relative to this file. Absent or empty: "
            "the fallback scores every record."),
    MR_EXPRS(struct score_settings, features, "", 0, 0,
             "The model's features by name: a number or a bool each; null is a missing value."),
    MR_EXPR(struct score_settings, fallback, "",
            "A double: the score where the model cannot answer; marked in the stamp."),
    MR_CHOICE(struct score_settings, output, "probability", outputs,
              "probability: what the objective makes of the margin (of a regression, its "
              "prediction); margin: the sum of the leaves."),
    MR_OPTIONS_END,
};

struct score {
    const struct mr_scope *scope; /* borrowed */
    bool has_model;
    struct mr_model model;
    struct mr_digest digest; /* of its file; zeros without a model */
    struct mr_features features;
    const struct mr_cel_program *fallback; /* NULL: none */
    enum output output;
    uint32_t stamp_slot;
    float *rows;    /* BLOCK rows of features; arena of the scope */
    float *scratch; /* the forest's; arena of the scope */
};

static const char *key_of(struct mr_scope *scope, const char *option)
{
    const char *key = mr_arena_print(mr_scope_arena(scope), "%s.%s", mr_scope_stage(scope), option);

    return key != NULL ? key : option;
}

/* Its path, or NULL where there is no model. */
static const char *path_of(const struct mr_node *node)
{
    return node != NULL && node->kind == MR_NODE_SCALAR && node->text != NULL &&
                   node->text[0] != '\0'
               ? node->text
               : NULL;
}

static enum mr_code read_model(struct score *self, struct mr_scope *scope, const char *path,
                               struct mr_error *err)
{
    struct mr_span bytes;
    struct mr_arena *scratch;
    enum mr_code code = mr_scope_read(scope, path, &bytes, err);

    if (code != MR_OK) {
        return code;
    }
    scratch = mr_arena_new(SCRATCH_SIZE_MIN + 32 * bytes.size); /* of one tree at a time */
    if (scratch == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory to read %s", path);
    }
    self->digest = mr_digest_of(bytes);
    code = mr_model_open(bytes, mr_scope_arena(scope), scratch, &self->model, err);
    mr_arena_free(scratch);
    return code;
}

static enum mr_code open_model(struct score *self, struct mr_scope *scope,
                               const struct mr_node *node, struct mr_error *err)
{
    const char *path = path_of(node);
    struct mr_error inner = {0};
    enum mr_code code;

    if (node != NULL && node->kind != MR_NODE_SCALAR) {
        mr_scope_complain(scope, MR_SEVERITY_ERROR, node->place, key_of(scope, "model"), NULL,
                          "a path is expected");
        return MR_FAIL(err, MR_BAD_CONFIG, "model: a path is expected");
    }
    if (path == NULL) {
        return MR_OK;
    }
    code = read_model(self, scope, path, &inner);
    self->has_model = code == MR_OK;
    if (code == MR_BAD_CONFIG) {
        mr_scope_complain(scope, MR_SEVERITY_ERROR, node->place, key_of(scope, "model"), NULL,
                          "%s: %s", path, inner.text);
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "model: %s: %s", path, inner.text);
}

static enum mr_code open_fallback(struct score *self, struct mr_scope *scope,
                                  const struct score_settings *settings, struct mr_error *err)
{
    if (settings->fallback.text != NULL) {
        return mr_scope_compile(scope, &settings->fallback, &mr_cel_double, &self->fallback, err);
    }
    if (path_of(settings->model) != NULL) {
        return MR_OK;
    }
    mr_scope_complain(scope, MR_SEVERITY_ERROR,
                      settings->model ? settings->model->place : (struct mr_place){0},
                      mr_scope_stage(scope), "add a model, a fallback, or both",
                      "there is nothing to score with");
    return MR_FAIL(err, MR_BAD_CONFIG, "%s: nothing to score with", mr_scope_stage(scope));
}

static enum mr_code open_room(struct score *self, struct mr_arena *arena, struct mr_error *err)
{
    if (!self->has_model) {
        return MR_OK;
    }
    self->rows = mr_arena_take(arena, BLOCK * self->model.feature_count, sizeof(*self->rows));
    self->scratch =
        mr_arena_take(arena, mr_forest_scratch(self->model.forest), sizeof(*self->scratch));
    return self->rows != NULL && self->scratch != NULL
               ? MR_OK
               : MR_FAIL(err, MR_NO_ROOM, "no room for the rows of the model");
}

static enum mr_code score_open(struct mr_processor *processor, struct mr_scope *scope,
                               struct mr_error *err)
{
    const struct score_settings *settings = processor->settings;
    struct score *self = calloc(1, sizeof(*self));
    enum mr_code model, features, fallback, room;

    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the stage");
    }
    processor->state = self;
    self->scope = scope;
    self->output = (enum output)settings->output;
    model = open_model(self, scope, settings->model, err);
    features = mr_features_open(scope, &settings->features, self->has_model ? &self->model : NULL,
                                settings->model ? settings->model->place : (struct mr_place){0},
                                &self->features, err);
    fallback = open_fallback(self, scope, settings, err);
    room = open_room(self, mr_scope_arena(scope), err);
    if (model != MR_OK || features != MR_OK) {
        return model != MR_OK ? model : features;
    }
    if (fallback != MR_OK || room != MR_OK) {
        return fallback != MR_OK ? fallback : room;
    }
    return mr_scope_stamp(scope, "scoring", MR_SCHEMA_SCORING, &self->stamp_slot, err);
}

/* One batch on its way through the model. */
struct scoring {
    const struct score *self;
    const struct mr_batch *batch;
    struct mr_verdict *verdicts;
    struct mr_arena *arena;
    size_t waiting[BLOCK]; /* records whose rows the model has yet to score */
    size_t waiting_count;
};

/* reason: of the fallback, literal or the scope's; "" where the model scored. */
static void stamp(const struct scoring *scoring, size_t record, double value, const char *reason)
{
    const struct score *self = scoring->self;
    struct mr_value *leaves = scoring->batch->rows[record] + self->stamp_slot;
    const struct mr_digest *config = mr_scope_digest(self->scope);

    leaves[0] = mr_value_bytes((struct mr_span){config->bytes, CONFIG_SIZE});
    leaves[1] = mr_value_bytes((struct mr_span){self->digest.bytes, MR_DIGEST_SIZE});
    leaves[2] = mr_value_double(value);
    leaves[3] = mr_value_bool(reason[0] != '\0');
    leaves[4] = mr_value_string(mr_span_text(reason));
    scoring->verdicts[record].kind = MR_VERDICT_PASS;
}

static enum mr_code reject(const struct scoring *scoring, size_t record, const char *reason,
                           const char *detail, struct mr_error *err)
{
    struct mr_verdict *verdict = &scoring->verdicts[record];

    if (detail == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for what a dead letter says");
    }
    verdict->kind = MR_VERDICT_REJECT;
    verdict->reason = reason;
    verdict->detail = detail;
    return MR_OK;
}

static enum mr_code fall_back(const struct scoring *scoring, size_t record, const char *reason,
                              struct mr_error *err)
{
    const struct mr_cel_program *fallback = scoring->self->fallback;
    const size_t mark = mr_arena_mark(scoring->arena);
    struct mr_value value;
    const enum mr_code code =
        mr_evaluate(fallback, scoring->batch->rows[record], scoring->arena, &value, err);
    const char *fault;

    if (code != MR_OK) {
        return code;
    }
    mr_arena_release(scoring->arena, mark); /* a number is no view */
    if (value.kind == MR_KIND_DOUBLE && isfinite(value.real)) {
        stamp(scoring, record, value.real, reason);
        return MR_OK;
    }
    fault = value.kind == MR_KIND_ERROR ? mr_cel_fault_text(value) : "not a finite number";
    return reject(
        scoring, record, "fallback_error",
        mr_arena_print(scoring->arena, "fallback %s: %s", mr_cel_program_text(fallback), fault),
        err);
}

static enum mr_code forgo(const struct scoring *scoring, size_t record,
                          const struct mr_feature_fault *fault, struct mr_error *err)
{
    struct mr_verdict *verdict = &scoring->verdicts[record];

    verdict->reason = "feature_error";
    verdict->cause = fault->feature->name;
    if (scoring->self->fallback != NULL) {
        return fall_back(scoring, record, fault->feature->reason, err);
    }
    return reject(scoring, record, "feature_error",
                  mr_arena_print(scoring->arena, "feature %s: %s is an error: %s",
                                 fault->feature->name, mr_cel_program_text(fault->feature->program),
                                 fault->words),
                  err);
}

/* Reads the features into the next free row, or lets the fallback score. */
static enum mr_code prepare(struct scoring *scoring, size_t record, struct mr_error *err)
{
    const struct score *self = scoring->self;
    struct mr_feature_fault fault;
    enum mr_code code;

    scoring->verdicts[record] = (struct mr_verdict){.kind = MR_VERDICT_NONE};
    if (!self->has_model) {
        return fall_back(scoring, record, "no_model", err);
    }
    code = mr_features_read(&self->features, scoring->batch->rows[record], scoring->arena,
                            self->rows + scoring->waiting_count * self->model.feature_count, &fault,
                            err);
    if (code != MR_OK || fault.feature != NULL) {
        return code != MR_OK ? code : forgo(scoring, record, &fault, err);
    }
    scoring->waiting[scoring->waiting_count++] = record;
    return MR_OK;
}

static void score_waiting(struct scoring *scoring)
{
    const struct score *self = scoring->self;
    float margins[BLOCK];

    if (scoring->waiting_count == 0) {
        return;
    }
    mr_model_margins(&self->model, self->rows, scoring->waiting_count, self->scratch, margins);
    for (size_t i = 0; i < scoring->waiting_count; i++) {
        const float value = self->output == OUTPUT_MARGIN
                                ? margins[i]
                                : mr_model_prediction(&self->model, margins[i]);

        stamp(scoring, scoring->waiting[i], (double)value, "");
    }
    scoring->waiting_count = 0;
}

static enum mr_code score_run(struct mr_processor *processor, const struct mr_batch *batch,
                              struct mr_verdict *verdicts, struct mr_arena *arena,
                              struct mr_error *err)
{
    struct scoring scoring = {
        .self = processor->state, .batch = batch, .verdicts = verdicts, .arena = arena};
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < batch->count && code == MR_OK; i++) {
        code = prepare(&scoring, i, err);
        if (scoring.waiting_count == BLOCK) {
            score_waiting(&scoring);
        }
    }
    score_waiting(&scoring);
    return code;
}

static void score_close(struct mr_processor *processor)
{
    free(processor->state);
    processor->state = NULL;
}

const struct mr_processor_ops mr_score_ops = {
    .name = "score",
    .summary = "Scores records by a gradient-boosted model, or by a rule where it cannot answer.",
    .options = score_options,
    .settings_size = sizeof(struct score_settings),
    .open = score_open,
    .run = score_run,
    .close = score_close,
};
