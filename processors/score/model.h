/* model.h - a gradient-boosted model of XGBoost, as its own files have it.
 *
 *     price-risk.ubj --open--> { forest, base, objective, names } --score--> margin or prediction
 *
 * Reads the JSON and UBJSON that XGBoost writes (save_model, versions 1 to 3): booster gbtree,
 * random forests of it included, one output, numerical splits; the objectives are those of
 * MR_OBJECTIVES. What is not among that is refused by name, so that a model either gives
 * libxgboost's bits or does not start.
 *
 * Bits: leaves are added in float32 in the order of the trees, beginning with the base margin; a
 * row goes left iff x < threshold, a missing value where the split says. Predictions of
 * logistic objectives are 1 / (exp(-margin) + 1 + 1e-16) in float32 with libm's expf.
 *
 * Internal to processors/score. A model lies in the arena that it was opened in and does not
 * change: any number of threads may score with it.
 */
#ifndef MR_SCORE_MODEL_H
#define MR_SCORE_MODEL_H

#include "processors/score/forest.h"

enum mr_link { MR_LINK_IDENTITY, MR_LINK_LOGISTIC, MR_LINK_EXP };

/* name in the file, how the base score becomes a margin, how a margin becomes a prediction */
#define MR_OBJECTIVES(X) \
    X("binary:logistic", MR_LINK_LOGISTIC, MR_LINK_LOGISTIC) \
    X("reg:logistic", MR_LINK_LOGISTIC, MR_LINK_LOGISTIC) \
    X("binary:logitraw", MR_LINK_IDENTITY, MR_LINK_IDENTITY) \
    X("reg:squarederror", MR_LINK_IDENTITY, MR_LINK_IDENTITY) \
    X("reg:linear", MR_LINK_IDENTITY, MR_LINK_IDENTITY) \
    X("reg:absoluteerror", MR_LINK_IDENTITY, MR_LINK_IDENTITY) \
    X("reg:pseudohubererror", MR_LINK_IDENTITY, MR_LINK_IDENTITY) \
    X("count:poisson", MR_LINK_EXP, MR_LINK_EXP) \
    X("reg:gamma", MR_LINK_EXP, MR_LINK_EXP) \
    X("reg:tweedie", MR_LINK_EXP, MR_LINK_EXP)

struct mr_objective {
    const char *name;
    enum mr_link of_base, of_margin;
};

struct mr_model {
    const struct mr_objective *objective; /* static */
    struct mr_forest *forest;             /* arena */
    float base;                           /* margin that every sum begins with */
    size_t feature_count;
    const char *const *names; /* feature_count; NULL: the file names none; arena */
};

/* bytes: borrowed during the call. scratch is left as it was. MR_BAD_CONFIG: damaged or not
 * supported, err says what. */
enum mr_code mr_model_open(struct mr_span bytes, struct mr_arena *arena, struct mr_arena *scratch,
                           struct mr_model *model, struct mr_error *err);

/* rows: count rows of feature_count, NaN: missing. scratch: mr_forest_scratch() floats. */
void mr_model_margins(const struct mr_model *model, const float *rows, size_t count, float *scratch,
                      float *margins);
/* What the objective makes of a margin: a probability for the logistic ones. */
float mr_model_prediction(const struct mr_model *model, float margin);

#endif
