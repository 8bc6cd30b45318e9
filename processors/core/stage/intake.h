/* intake.h - the loop of ingest: connector, mapper, topic; the position in the same transaction.
 *
 *     pull rows -> map to the subject -> encode subject and origin -> produce
 *     commit: records, dead letters and the source's positions together
 *
 * There is one per process: the order in which sources are read is the order of
 * the log. A second process with the same pipeline fences the first.
 */
#ifndef MR_STAGE_INTAKE_H
#define MR_STAGE_INTAKE_H

#include "processors/core/stage/phase.h"
#include "processors/core/stage/pipeline.h"

struct mr_intake_worker;

enum mr_code mr_intake_new(const struct mr_pipeline *pipeline, const struct mr_worker_spec *spec,
                           struct mr_report *report, struct mr_intake_worker **intake,
                           struct mr_error *err);
/* Until it is told to stop, or (is_once, or a source that ends) nothing is left. @thread its own */
enum mr_code mr_intake_run(struct mr_intake_worker *intake, struct mr_error *err);
struct mr_counters *mr_intake_counters(struct mr_intake_worker *intake);
void mr_intake_free(struct mr_intake_worker *intake); /* NULL is fine */

#endif
