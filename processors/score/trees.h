/* trees.h - the trees of an XGBoost file, into a forest.
 *
 * Internal to processors/score.
 */
#ifndef MR_SCORE_TREES_H
#define MR_SCORE_TREES_H

#include "processors/score/document.h"
#include "processors/score/model.h"

/* Sets model->forest; model->feature_count is known. scratch is left as it was. */
enum mr_code mr_trees_read(const struct mr_document *trees, struct mr_arena *arena,
                           struct mr_arena *scratch, struct mr_model *model, struct mr_error *err);

#endif
