#include "processors/score/features.h"

#include "processors/core/stage/evaluate.h"

#include <math.h>
#include <string.h>

static bool is_number(enum mr_cel_kind kind)
{
    return kind == MR_CEL_DOUBLE || kind == MR_CEL_INT || kind == MR_CEL_UINT ||
           kind == MR_CEL_BOOL;
}

static enum mr_code compile(struct mr_scope *scope, const struct mr_source *source,
                            struct mr_feature *feature, struct mr_error *err)
{
    struct mr_arena *arena = mr_scope_arena(scope);
    const enum mr_code code = mr_scope_compile(scope, source, NULL, &feature->program, err);
    struct mr_cel_type type;

    if (code != MR_OK) {
        return code;
    }
    type = mr_cel_program_type(feature->program);
    if (!is_number(type.kind)) {
        mr_scope_complain(scope, MR_SEVERITY_ERROR, source->place, source->key,
                          "double(...) makes one of a text or an int",
                          "a feature is a number or a bool, not %s",
                          mr_cel_type_text(&type, arena));
        return MR_FAIL(err, MR_BAD_CONFIG, "%s is no number", source->key);
    }
    feature->name = source->name ? source->name : source->text;
    feature->reason = mr_arena_print(arena, "feature_error: %s", feature->name);
    return feature->reason ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no room for a feature");
}

/* Matching names with names. */
struct matching {
    struct mr_scope *scope;
    const struct mr_exprs *exprs;
    const struct mr_model *model;
    struct mr_place place;
    const char *key;
};

static const struct mr_source *find_source(const struct mr_exprs *exprs, const char *name)
{
    for (size_t i = 0; i < exprs->count; i++) {
        if (exprs->items[i].name != NULL && strcmp(exprs->items[i].name, name) == 0) {
            return &exprs->items[i];
        }
    }
    return NULL;
}

static bool is_of_model(const struct mr_model *model, const char *name)
{
    for (size_t i = 0; i < model->feature_count; i++) {
        if (strcmp(model->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *hint_of(const struct matching *self, const char *name)
{
    const char *nearest = mr_nearest(name, self->model->names, self->model->feature_count);

    return nearest ? mr_arena_print(mr_scope_arena(self->scope), "did you mean \"%s\"?", nearest)
                   : NULL;
}

/* What is given and not wanted; of a list, that it has no names. */
static bool check_given(const struct matching *self)
{
    bool is_good = true;

    for (size_t i = 0; i < self->exprs->count; i++) {
        const struct mr_source *source = &self->exprs->items[i];

        if (source->name == NULL) {
            mr_scope_complain(self->scope, MR_SEVERITY_ERROR, source->place, source->key,
                              "write a map, name: expression",
                              "the model names its features, so they are matched by name");
            return false;
        }
        if (!is_of_model(self->model, source->name)) {
            mr_scope_complain(self->scope, MR_SEVERITY_ERROR, source->place, source->key,
                              hint_of(self, source->name), "the model has no feature \"%s\"",
                              source->name);
            is_good = false;
        }
    }
    return is_good;
}

static bool check_wanted(const struct matching *self)
{
    bool is_good = true;

    for (size_t i = 0; i < self->model->feature_count; i++) {
        if (find_source(self->exprs, self->model->names[i]) == NULL) {
            mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, self->key, NULL,
                              "the model's feature \"%s\" is missing", self->model->names[i]);
            is_good = false;
        }
    }
    return is_good;
}

static bool check_count(const struct matching *self)
{
    if (self->exprs->count == self->model->feature_count) {
        return true;
    }
    mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, self->key, NULL,
                      "%zu features for a model of %zu", self->exprs->count,
                      self->model->feature_count);
    return false;
}

static bool check_match(const struct matching *self)
{
    bool is_good;

    if (self->model == NULL) {
        return true;
    }
    if (self->model->names == NULL) {
        return check_count(self);
    }
    is_good = check_given(self);
    return check_wanted(self) && is_good;
}

enum mr_code mr_features_open(struct mr_scope *scope, const struct mr_exprs *exprs,
                              const struct mr_model *model, struct mr_place place,
                              struct mr_features *features, struct mr_error *err)
{
    const char *key = mr_arena_print(mr_scope_arena(scope), "%s.features", mr_scope_stage(scope));
    const struct matching matching = {scope, exprs, model, place, key ? key : "features"};
    const bool is_matched = check_match(&matching);
    const bool is_by_name = is_matched && model != NULL && model->names != NULL;
    struct mr_feature *items =
        mr_arena_take(mr_scope_arena(scope), exprs->count + 1, sizeof(*items));
    enum mr_code first = is_matched ? MR_OK : MR_BAD_CONFIG;

    if (items == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu features", exprs->count);
    }
    for (size_t i = 0; i < exprs->count; i++) {
        const struct mr_source *source =
            is_by_name ? find_source(exprs, model->names[i]) : &exprs->items[i];
        const enum mr_code code = compile(scope, source, &items[i], err);

        first = first != MR_OK ? first : code;
    }
    *features = (struct mr_features){items, exprs->count};
    return is_matched ? first : MR_FAIL(err, first, "features do not match the model's");
}

/* false: the value is an error. */
static bool convert(const struct mr_value *value, float *out)
{
    switch (value->kind) {
    case MR_KIND_NULL:
        *out = NAN;
        return true;
    case MR_KIND_BOOL:
    case MR_KIND_INT:
        *out = (float)(double)value->number;
        return true;
    case MR_KIND_UINT:
        *out = (float)(double)value->positive;
        return true;
    case MR_KIND_DOUBLE:
        *out = (float)value->real;
        return true;
    default:
        return false;
    }
}

enum mr_code mr_features_read(const struct mr_features *features, const struct mr_value *slots,
                              struct mr_arena *scratch, float *row, struct mr_feature_fault *fault,
                              struct mr_error *err)
{
    *fault = (struct mr_feature_fault){0};
    for (size_t i = 0; i < features->count; i++) {
        const size_t mark = mr_arena_mark(scratch);
        struct mr_value value;
        const enum mr_code code =
            mr_evaluate(features->items[i].program, slots, scratch, &value, err);

        if (code != MR_OK) {
            return code;
        }
        mr_arena_release(scratch, mark); /* a number is no view */
        if (!convert(&value, &row[i])) {
            *fault = (struct mr_feature_fault){&features->items[i], mr_cel_fault_text(value)};
            return MR_OK;
        }
    }
    return MR_OK;
}
