/* score.h - the processor `score`: what a model makes of a record, or the rule beside it.
 *
 *     slots --features (CEL)--> float32 row --model--> margin --objective--> scoring.value
 *                   |                                                            ^
 *                   +-- a feature fails, or there is no model --> fallback (CEL) +  marked
 *
 * The model is a file of XGBoost (model.h: what is supported, and that its bits are libxgboost's).
 * Features are matched with the model's own names while the stage opens; a model without
 * names takes them in their order. A feature is a double, an int, a uint or a bool (1 or 0),
 * rounded to float32 by way of double; null is a missing value, and so is NaN.
 *
 * A feature that fails (a division by zero) is not a missing value: the model was never taught what
 * that means, so it is not asked. The fallback scores then, and the stamp says
 * "feature_error: <name>". Without a model it scores every record, and the stamp says
 * "no_model". The stamp of what the model scored says "".
 *
 * Reasons (they are metric labels):
 *     feature_error    of a PASS: the fallback scored     cause: the feature's name
 *     feature_error    of a REJECT: there is no fallback  cause: the feature's name
 *     fallback_error   of a REJECT: the fallback failed, or its value is not finite
 *
 * Without state; replays give the same bits on machines whose libm gives the same expf.
 */
#ifndef MR_SCORE_SCORE_H
#define MR_SCORE_SCORE_H

#include "processors/core/stage/processor.h"

extern const struct mr_processor_ops mr_score_ops;

#endif
