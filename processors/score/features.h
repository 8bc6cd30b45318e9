/* features.h - the expressions that make a model's row, in the model's order.
 *
 * Internal to processors/score.
 */
#ifndef MR_SCORE_FEATURES_H
#define MR_SCORE_FEATURES_H

#include "processors/core/stage/scope.h"
#include "processors/score/model.h"

struct mr_feature {
    const struct mr_cel_program *program; /* borrowed */
    const char *name;                     /* borrowed; in a list without names: its expression */
    const char *reason;                   /* "feature_error: <name>", for the stamp; arena */
};

struct mr_features {
    const struct mr_feature *items; /* the scope's arena */
    size_t count;
};

/* Why there is no row. */
struct mr_feature_fault {
    const struct mr_feature *feature; /* the first that failed; NULL: none did */
    const char *words;                /* literal: "division_by_zero" */
};

/* Compiles them all and puts them in the model's order; model NULL: in their own. place: of the
 * model, for what is missing. All problems are reported. */
enum mr_code mr_features_open(struct mr_scope *scope, const struct mr_exprs *exprs,
                              const struct mr_model *model, struct mr_place place,
                              struct mr_features *features, struct mr_error *err);

/* One row of features->count floats, where there is no fault. scratch is left as it was. */
enum mr_code mr_features_read(const struct mr_features *features, const struct mr_value *slots,
                              struct mr_arena *scratch, float *row, struct mr_feature_fault *fault,
                              struct mr_error *err);

#endif
