/* plan.h - a mapping, compiled against the subject's schema: what to do for each leaf.
 *
 * Slots of a field's expression: the row's texts in the order of the wanted names,
 * then value, file.name, file.time. Slots of key, event_time and partition_by: the
 * subject's leaves, then file.name, file.time.
 */
#ifndef MR_INGEST_PLAN_H
#define MR_INGEST_PLAN_H

#include "processors/core/cel/cel.h"
#include "processors/core/codec/encode.h"
#include "processors/core/stage/connector.h"
#include "processors/ingest/convert.h"
#include "processors/ingest/mapping.h"

#define MR_PLAN_NO_TEXT UINT32_MAX

enum { MR_PLAN_VALUE, MR_PLAN_FILE_NAME, MR_PLAN_FILE_TIME, MR_PLAN_EXTRA_COUNT };

struct mr_ingest_plan_leaf {
    const char *name;
    uint32_t text;                        /* among the wanted; MR_PLAN_NO_TEXT: none */
    const struct mr_cel_program *program; /* NULL: the text is converted */
    bool uses_value;                      /* the program does */
    bool is_lenient;                      /* what cannot be read is missing */
    bool has_fallback;                    /* for what is missing: null, or the schema's default */
    struct mr_value fallback;
    struct mr_convert convert;
};

struct mr_ingest_plan {
    struct mr_encoder *encoder; /* owned: it knows the leaves */
    struct mr_ingest_plan_leaf *leaves;
    size_t leaf_count;
    struct mr_wanted_rows wanted;
};

/* What the expressions of one kind may name, and where. */
struct mr_ingest_plan_names {
    struct mr_cel_variable variables[4];
    size_t variable_count;
    const struct mr_type *subject; /* NULL: variable 0 is source */
    uint32_t extra_first;          /* slot of the first of what is not variable 0 */
    bool has_value;                /* the first of the others is value */
    bool is_value_used;            /* by what has been compiled last */
};

/* mapping and schema are borrowed and outlive the plan; the rest lies in arena. false: report says
 * why. mr_ingest_plan_close() is called in any case. */
bool mr_ingest_plan_open(struct mr_ingest_plan *plan, const struct mr_mapping *mapping,
                         const struct mr_schema *schema, struct mr_arena *arena,
                         struct mr_report *report);
void mr_ingest_plan_close(struct mr_ingest_plan *plan);

/* The names of key, event_time and partition_by. */
bool mr_ingest_plan_subject_names(const struct mr_ingest_plan *plan, const struct mr_schema *schema,
                                  struct mr_arena *arena, struct mr_ingest_plan_names *names);
/* NULL: report says why. */
const struct mr_cel_program *mr_ingest_plan_compile(struct mr_ingest_plan_names *names,
                                                    const struct mr_source *source,
                                                    const struct mr_cel_type *wanted,
                                                    struct mr_arena *arena,
                                                    struct mr_report *report);

#endif
