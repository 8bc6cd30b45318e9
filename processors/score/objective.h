/* objective.h - what an objective does to the numbers at both ends of a model.
 *
 * Internal to processors/score.
 */
#ifndef MR_SCORE_OBJECTIVE_H
#define MR_SCORE_OBJECTIVE_H

#include "processors/score/model.h"

const struct mr_objective *mr_objective_find(const char *name); /* NULL: not supported */

/* The margin of a base score. false: it has none (a probability of 0 or 1, say). */
bool mr_objective_base(const struct mr_objective *self, float score, float *margin);
float mr_objective_prediction(const struct mr_objective *self, float margin);

#endif
