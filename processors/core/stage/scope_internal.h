/* scope_internal.h - how the engine makes the scopes that stages open with. Only core/stage
 * includes it. */
#ifndef MR_STAGE_SCOPE_INTERNAL_H
#define MR_STAGE_SCOPE_INTERNAL_H

#include "processors/core/codec/layout.h"
#include "processors/core/stage/pipeline.h"
#include "processors/core/stage/scope.h"
#include "processors/core/stage/types.h"

#define MR_STORES_MAX 64

/* The names that a stage's expressions may use: subject, the stamps before it, record.key. */
struct mr_names {
    struct mr_cel_variable variables[MR_STAGES_MAX + 3];
    size_t variable_count;
    size_t key_variable; /* index of record.key */
};

/* A stamp of a stage before, as a variable: read from the input, or made in this segment. */
struct mr_stamp {
    const char *field;          /* "detection" */
    struct mr_schema *schema;   /* owned by the segment */
    struct mr_encoder *encoder; /* owned by the segment */
    uint32_t first_slot;        /* where this segment makes it; only with is_made */
    bool is_made;
};

struct mr_scope {
    const struct mr_pipeline *pipeline;
    const struct mr_stage_spec *spec;
    struct mr_report *report;      /* borrowed */
    struct mr_arena *arena;        /* borrowed: the segment's */
    struct mr_layout *layout;      /* borrowed: the segment's */
    const struct mr_schema *input; /* borrowed: composed schema of what the stage reads */
    struct mr_names names;
    struct mr_cel_group *group;    /* arena; the programs compiled so far */
    const struct mr_stamp *stamps; /* borrowed: those of the stages before, in order */
    size_t stamp_count;            /* fields of input after subject: stamps[i] is field i + 1 */
    uint32_t key_slot;

    /* What the stage declared. */
    struct mr_stamp made;    /* field NULL: none */
    struct mr_schema *emits; /* owned by the segment; NULL: it stamps */
    struct mr_encoder *emits_encoder;
    struct mr_store *stores[MR_STORES_MAX]; /* owned by the segment */
    size_t store_count;
    struct mr_digester *digester; /* owned by the segment */
    struct mr_digest digest;
    int32_t input_schema_id;

    /* For the check of stateful keys. */
    const char *const *key_parts;
    size_t key_part_count;
    const char *const *partition_parts;
    size_t partition_part_count;

    /* The stages up to this one. */
    const char *const *lineage_stages;
    const struct mr_digest *lineage_digests;
    size_t lineage_count;
};

/* Fills scope->names from scope->input. */
enum mr_code mr_scope_name(struct mr_scope *scope, struct mr_error *err);
struct mr_cel_env mr_scope_env(struct mr_scope *scope);
/* When the stage is open: what its programs have in common is computed once a record. */
enum mr_code mr_scope_share(struct mr_scope *scope, struct mr_error *err);

#endif
