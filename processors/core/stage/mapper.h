/* mapper.h - what turns rows of text into records of the subject: the processor `ingest`.
 *
 *     connector --rows of text--> map() --subject leaves, key, event time--> engine: encode,
 * produce
 *
 * It stands between a connector, which knows where texts come from and not what
 * they mean, and the engine, which knows topics. Like every processor it is a pure
 * function of its rows: one verdict each, at the same index.
 */
#ifndef MR_STAGE_MAPPER_H
#define MR_STAGE_MAPPER_H

#include "processors/core/codec/schema.h"
#include "processors/core/stage/connector.h"

struct mr_mapped {
    struct mr_verdict verdict;     /* PASS or REJECT */
    const struct mr_value *leaves; /* PASS: one per leaf of the subject's schema; arena */
    struct mr_span key;            /* PASS: the message key; arena */
    struct mr_span partition_key;  /* PASS: what places the record; arena */
    int64_t event_time_ms;         /* PASS */
};

struct mr_mapper {
    const struct mr_mapper_ops *ops; /* borrowed, static */
    void *state;                     /* owned by ops: open() makes, close() frees */
};

/* What the pipeline says about ingest, and what there is to build it with. */
struct mr_mapper_spec {
    const struct mr_node *node;      /* the stage's map in YAML, connector's options included */
    const struct mr_schema *subject; /* borrowed */
    const struct mr_connector_ops *const *connectors; /* NULL-terminated */
    struct mr_arena *arena;                           /* lives as long as the mapper */
    struct mr_report *report;
};

struct mr_mapper_ops {
    const char *name;
    const char *summary;
    const struct mr_option *options; /* its own; the connector's are read from the same map */
    size_t settings_size;
    enum mr_code (*open)(struct mr_mapper *self, const struct mr_mapper_spec *spec,
                         struct mr_error *err);
    /* What open() chose: the connector, its settings, what it is to look for. */
    const struct mr_connector_ops *(*connector)(const struct mr_mapper *self);
    const void *(*connector_settings)(const struct mr_mapper *self);
    const struct mr_wanted_rows *(*wanted)(const struct mr_mapper *self);
    /* Texts of files that are part of the configuration (the mapping): they enter the digest. */
    struct mr_span (*configuration)(const struct mr_mapper *self);
    /* The parts of the key and of partition_by, normalised, for the check of stateful keys. */
    size_t (*key_parts)(const struct mr_mapper *self, const char *const **parts);
    size_t (*partition_parts)(const struct mr_mapper *self, const char *const **parts);

    enum mr_code (*map)(struct mr_mapper *self, const struct mr_row *rows, size_t count,
                        struct mr_mapped *mapped, struct mr_arena *arena, struct mr_error *err);
    void (*close)(struct mr_mapper *self);
};

#endif
