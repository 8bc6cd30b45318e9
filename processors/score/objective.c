/* What an objective does to the numbers at both ends of a model. */
#include "processors/score/objective.h"

#include <math.h>
#include <string.h>

#define OBJECTIVE_ROW(name, of_base, of_margin) {name, of_base, of_margin},
static const struct mr_objective objectives[] = {MR_OBJECTIVES(OBJECTIVE_ROW)};

const struct mr_objective *mr_objective_find(const char *name)
{
    for (size_t i = 0; i < MR_COUNT(objectives); i++) {
        if (strcmp(objectives[i].name, name) == 0) {
            return &objectives[i];
        }
    }
    return NULL;
}

bool mr_objective_base(const struct mr_objective *self, float score, float *margin)
{
    *margin = score;
    if (self->of_base == MR_LINK_LOGISTIC) {
        *margin = -logf(1.0F / score - 1.0F);
    } else if (self->of_base == MR_LINK_EXP) {
        *margin = logf(score);
    }
    return isfinite(*margin);
}

float mr_objective_prediction(const struct mr_objective *self, float margin)
{
    switch (self->of_margin) {
    case MR_LINK_LOGISTIC:
        /* libxgboost's own form: the bound keeps expf finite, the last term is its guard. */
        return 1.0F / (expf(fminf(-margin, 88.7F)) + 1.0F + 1e-16F);
    case MR_LINK_EXP:
        return expf(margin);
    case MR_LINK_IDENTITY:
        break;
    }
    return margin;
}
