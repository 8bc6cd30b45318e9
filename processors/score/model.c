#include "processors/score/model.h"

#include "processors/score/document.h"
#include "processors/score/objective.h"
#include "processors/score/trees.h"

#define VERSION_MIN 1
#define VERSION_MAX 3

/* What is read of a file before its trees. */
struct parts {
    struct mr_document learner, version;
    struct mr_document names, booster, params, objective;
    struct mr_document booster_name, booster_model;
    struct mr_document objective_name;
    struct mr_document base_score, num_class, num_feature, num_target;
    struct mr_document tree_info, trees;
};

static enum mr_code members(const struct mr_document *object, const char *name,
                            const struct mr_document_pick *picks, size_t count,
                            struct mr_error *err)
{
    if (object->kind == MR_DOCUMENT_NONE) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is no model of XGBoost: it has no %s", name);
    }
    if (!mr_document_members(object, picks, count)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is damaged in %s", name);
    }
    return MR_OK;
}

#define MEMBERS(object, name, picks, err) members(object, name, picks, MR_COUNT(picks), err)

static enum mr_code find_parts(const struct mr_document *root, struct parts *parts,
                               struct mr_error *err)
{
    const struct mr_document_pick of_root[] = {{"learner", &parts->learner},
                                               {"version", &parts->version}};
    const struct mr_document_pick of_learner[] = {{"feature_names", &parts->names},
                                                  {"gradient_booster", &parts->booster},
                                                  {"learner_model_param", &parts->params},
                                                  {"objective", &parts->objective}};
    const struct mr_document_pick of_booster[] = {{"name", &parts->booster_name},
                                                  {"model", &parts->booster_model}};
    const struct mr_document_pick of_params[] = {{"base_score", &parts->base_score},
                                                 {"num_class", &parts->num_class},
                                                 {"num_feature", &parts->num_feature},
                                                 {"num_target", &parts->num_target}};
    const struct mr_document_pick of_objective[] = {{"name", &parts->objective_name}};
    enum mr_code code = MEMBERS(root, "root", of_root, err);

    code = code != MR_OK ? code : MEMBERS(&parts->learner, "learner", of_learner, err);
    code = code != MR_OK ? code : MEMBERS(&parts->booster, "gradient_booster", of_booster, err);
    code = code != MR_OK ? code : MEMBERS(&parts->params, "learner_model_param", of_params, err);
    return code != MR_OK ? code : MEMBERS(&parts->objective, "objective", of_objective, err);
}

/* A text for a message; never NULL. */
static const char *text_of(const struct mr_document *value, struct mr_arena *arena)
{
    const char *text = mr_document_text(value, arena);

    return text != NULL ? text : "(none)";
}

static enum mr_code check_version(const struct parts *parts, struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(&parts->version);
    struct mr_document item;
    struct mr_span name;
    int64_t major = 0;

    if (!mr_document_next(&walk, &name, &item) || !mr_document_whole(&item, &major)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is no model of XGBoost: it has no version");
    }
    if (major < VERSION_MIN || major > VERSION_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "was written by XGBoost %lld: only %d to %d are known",
                       (long long)major, VERSION_MIN, VERSION_MAX);
    }
    return MR_OK;
}

/* Whether a count that may be absent is at most max. */
static bool is_at_most(const struct mr_document *value, int64_t max)
{
    int64_t count = 0;

    return value->kind == MR_DOCUMENT_NONE || (mr_document_whole(value, &count) && count <= max);
}

static enum mr_code check_kind(const struct parts *parts, struct mr_arena *scratch,
                               struct mr_error *err)
{
    if (!mr_document_is(&parts->booster_name, "gbtree")) {
        return MR_FAIL(err, MR_BAD_CONFIG, "booster %s is not supported, only gbtree is",
                       text_of(&parts->booster_name, scratch));
    }
    if (!is_at_most(&parts->num_class, 1)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "multi-class models are not supported");
    }
    if (!is_at_most(&parts->num_target, 1)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "models of several targets are not supported");
    }
    return MR_OK;
}

/* The base score is a number in a text; XGBoost 3 writes a list of one. */
static struct mr_document number_in(const struct mr_document *text)
{
    struct mr_document number = {.kind = MR_DOCUMENT_NUMBER, .raw = text->raw};

    if (text->kind != MR_DOCUMENT_TEXT) {
        return *text;
    }
    if (number.raw.size >= 2 && number.raw.data[0] == '[' &&
        number.raw.data[number.raw.size - 1] == ']') {
        number.raw = (struct mr_span){number.raw.data + 1, number.raw.size - 2};
    }
    return number;
}

static enum mr_code read_objective(const struct parts *parts, struct mr_arena *scratch,
                                   struct mr_model *model, struct mr_error *err)
{
    const char *name = text_of(&parts->objective_name, scratch);
    const struct mr_document base = number_in(&parts->base_score);
    float score;

    model->objective = mr_objective_find(name);
    if (model->objective == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "objective %s is not supported", name);
    }
    if (!mr_document_real(&base, &score) ||
        !mr_objective_base(model->objective, score, &model->base)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "base_score %s is not one of %s",
                       text_of(&parts->base_score, scratch), name);
    }
    return MR_OK;
}

static enum mr_code read_name(const struct mr_document *item, struct mr_arena *arena,
                              const char **name, struct mr_error *err)
{
    *name = mr_document_text(item, arena);
    return *name != NULL ? MR_OK : MR_FAIL(err, MR_BAD_CONFIG, "a name of a feature is no text");
}

static enum mr_code read_names(const struct mr_document *array, struct mr_arena *arena,
                               struct mr_model *model, struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(array);
    const char **names = mr_arena_take(arena, model->feature_count + 1, sizeof(*names));
    struct mr_document item;
    struct mr_span none;
    size_t count = 0;

    if (names == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu names", model->feature_count);
    }
    while (mr_document_next(&walk, &none, &item)) {
        const enum mr_code code = count < model->feature_count
                                      ? read_name(&item, arena, &names[count], err)
                                      : MR_FAIL(err, MR_BAD_CONFIG, "has more names than features");

        if (code != MR_OK) {
            return code;
        }
        count++;
    }
    if (walk.is_broken || (count != 0 && count != model->feature_count)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "has %zu names for %zu features", count,
                       model->feature_count);
    }
    model->names = count > 0 ? names : NULL;
    return MR_OK;
}

static enum mr_code read_features(const struct parts *parts, struct mr_arena *arena,
                                  struct mr_model *model, struct mr_error *err)
{
    int64_t count = -1;

    if (!mr_document_whole(&parts->num_feature, &count) || count < 1 ||
        count > MR_FOREST_FEATURES_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "num_feature is not 1 to %d", MR_FOREST_FEATURES_MAX);
    }
    model->feature_count = (size_t)count;
    return parts->names.kind == MR_DOCUMENT_NONE ? MR_OK
                                                 : read_names(&parts->names, arena, model, err);
}

/* All trees belong to output 0. */
static enum mr_code check_outputs(const struct mr_document *tree_info, struct mr_error *err)
{
    struct mr_document_walk walk = mr_document_enter(tree_info);
    struct mr_document item;
    struct mr_span name;

    while (mr_document_next(&walk, &name, &item)) {
        int64_t output = -1;

        if (!mr_document_whole(&item, &output) || output != 0) {
            return MR_FAIL(err, MR_BAD_CONFIG, "models of several outputs are not supported");
        }
    }
    return walk.is_broken ? MR_FAIL(err, MR_BAD_CONFIG, "is damaged in tree_info") : MR_OK;
}

static enum mr_code read_trees(struct parts *parts, struct mr_arena *arena,
                               struct mr_arena *scratch, struct mr_model *model,
                               struct mr_error *err)
{
    const struct mr_document_pick of_model[] = {{"tree_info", &parts->tree_info},
                                                {"trees", &parts->trees}};
    enum mr_code code = MEMBERS(&parts->booster_model, "gradient_booster.model", of_model, err);

    code = code != MR_OK ? code : check_outputs(&parts->tree_info, err);
    return code != MR_OK ? code : mr_trees_read(&parts->trees, arena, scratch, model, err);
}

enum mr_code mr_model_open(struct mr_span bytes, struct mr_arena *arena, struct mr_arena *scratch,
                           struct mr_model *model, struct mr_error *err)
{
    const size_t mark = mr_arena_mark(scratch);
    struct mr_document root;
    struct parts parts = {0};
    enum mr_code code;

    *model = (struct mr_model){0};
    if (!mr_document_open(bytes, &root)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "is neither JSON nor UBJSON, or cut off");
    }
    code = find_parts(&root, &parts, err);
    code = code != MR_OK ? code : check_version(&parts, err);
    code = code != MR_OK ? code : check_kind(&parts, scratch, err);
    code = code != MR_OK ? code : read_objective(&parts, scratch, model, err);
    code = code != MR_OK ? code : read_features(&parts, arena, model, err);
    code = code != MR_OK ? code : read_trees(&parts, arena, scratch, model, err);
    mr_arena_release(scratch, mark);
    return code;
}

void mr_model_margins(const struct mr_model *model, const float *rows, size_t count, float *scratch,
                      float *margins)
{
    mr_forest_sum(model->forest, model->base, rows, count, scratch, margins);
}

float mr_model_prediction(const struct mr_model *model, float margin)
{
    return mr_objective_prediction(model->objective, margin);
}
