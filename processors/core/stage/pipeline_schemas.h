/* pipeline_schemas.h - what a pipeline file says about schemas: the subject, its older versions,
 * the registry. */
#ifndef MR_STAGE_PIPELINE_SCHEMAS_H
#define MR_STAGE_PIPELINE_SCHEMAS_H

#include "processors/core/stage/pipeline.h"

/* Reads them into the pipeline, whose settings have been read from root; problems go to report. */
void mr_pipeline_read_schemas(struct mr_pipeline *pipeline, const struct mr_node *root,
                              struct mr_report *report);

#endif
