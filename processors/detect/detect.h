/* detect.h - the processor `detect`: says of each record how unusual its key's values make it.
 *
 *     record --when, key, value (CEL)--> judge with the key's state --> detection.<name>
 *
 * A detector is a name, a method (method.h), a key whose history is kept, and a value. All
 * records pass; what the detectors say is the stamp `detection`: one millrace.Detector for
 * each, by its name, so that detection.price.score is a typed path for the stages behind.
 *
 * Where a detector does not judge, its reason says why, and there is no alarm:
 *     filtered        `when` is false            when_error, key_error, value_error
 *     no_value        the value is null          an expression failed
 *     not_finite      NaN or infinite            out_of_range   beyond 1e140
 *     warming_up      too few values so far      refractory     too soon after an alarm
 *
 * State: one per detector and key, in the scope's stores; its time is the origin's event time.
 */
#ifndef MR_DETECT_DETECT_H
#define MR_DETECT_DETECT_H

#include "processors/core/stage/processor.h"

extern const struct mr_processor_ops mr_detect_ops;

#endif
