/* plugins.c - what the program is built of, in flow order. */
#include "cli/verb.h"
#include "connectors/files/files.h"
#include "processors/advise/advise.h"
#include "processors/detect/detect.h"
#include "processors/ingest/ingest.h"
#include "processors/score/score.h"
#include "processors/validate/validate.h"
#include "sinks/files/files.h"
#include "sinks/postgres/postgres.h"

static const struct mr_connector_ops *const connectors[] = {&mr_files_ops, NULL};

static const struct mr_processor_ops *const processors[] = {
    &mr_validate_ops, &mr_detect_ops, &mr_score_ops, &mr_advise_ops, NULL,
};

static const struct mr_sink_ops *const sinks[] = {&mr_files_sink_ops, &mr_postgres_ops, NULL};

const struct mr_plugins plugins = {connectors, &mr_ingest_ops, processors, sinks};
