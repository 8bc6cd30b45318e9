/* pipeline.h - a pipeline file, read: its stages in order, their settings, its sinks.
 *
 * Loading proves what can be known from the file alone; opening a segment
 * (segment.h) proves expressions, schemas and models. `millrace check` does
 * both without a broker. A loaded pipeline is immutable and shared by all workers.
 */
#ifndef MR_STAGE_PIPELINE_H
#define MR_STAGE_PIPELINE_H

#include "processors/core/base/digest.h"
#include "processors/core/stage/catalogue.h"
#include "processors/core/stage/mapper.h"
#include "processors/core/stage/processor.h"
#include "processors/core/stage/sink.h"
#include "processors/core/stage/transport.h"

/* What the program was built with: the composition root's lists, each NULL-terminated. */
struct mr_plugins {
    const struct mr_connector_ops *const *connectors;
    const struct mr_mapper_ops *mapper;
    const struct mr_processor_ops *const *processors;
    const struct mr_sink_ops *const *sinks;
};

#define MR_STAGES_MAX 16
#define MR_SINKS_MAX 16
#define MR_OLDER_MAX 32

struct mr_pipeline_settings {
    const char *pipeline;
    const char *subject;
    struct mr_texts older_subjects;
    const struct mr_node *registry;
    const struct mr_node *kafka;
    int delivery; /* enum mr_delivery */
    int64_t partitions;
    int64_t commit_interval;
    int64_t commit_records;
    int64_t snapshot_interval;
    double reject_ratio_max;
    int64_t event_time_ahead_max;
    int64_t memory_max;
    const struct mr_node *stages;
    const struct mr_node *sinks;
};
extern const struct mr_option mr_pipeline_options[];

/* `repartition`: what it changes for the stages after it. */
struct mr_repartition_settings {
    struct mr_source key;
    struct mr_exprs partition_by;
};
extern const struct mr_option mr_repartition_options[];

enum mr_stage_kind { MR_STAGE_INGEST, MR_STAGE_PROCESSOR, MR_STAGE_REPARTITION };

struct mr_stage_spec {
    enum mr_stage_kind kind;
    const char *name;                   /* "detect" */
    const struct mr_processor_ops *ops; /* PROCESSOR */
    const void *settings;               /* PROCESSOR, REPARTITION */
    const struct mr_node *node;         /* its value in YAML */
    struct mr_place place;
    bool is_published;
    const char *topic;        /* "grocery.detect" */
    const char *dead_letters; /* "grocery.detect.dlq" */
    const char *states;       /* "grocery.detect-state"; of ingest: its positions */
};

struct mr_sink_spec {
    const char *name; /* "postgres"; unique in the pipeline */
    const struct mr_sink_ops *ops;
    const void *settings;
    const struct mr_node *node;
    struct mr_place place;
    const char *const *stages; /* whose topics it reads; NULL-terminated */
    const char *dead_letters;  /* "grocery.postgres.dlq" */
};

struct mr_pipeline {
    const char *path;
    const char *name;
    struct mr_pipeline_settings
        *settings;             /* changed by the command line before any worker is made */
    struct mr_schema *subject; /* owned */
    struct mr_schema *older[MR_OLDER_MAX]; /* owned: what subjects were before */
    size_t older_count;
    struct mr_registry *registry;   /* owned; NULL: none. Loading asks it nothing */
    struct mr_catalogue *catalogue; /* owned: of its schemas and their ids */
    const struct mr_mapper_ops *mapper;
    const struct mr_connector_ops *const *connectors;
    struct mr_stage_spec stages[MR_STAGES_MAX];
    size_t stage_count;
    struct mr_sink_spec sinks[MR_SINKS_MAX];
    size_t sink_count;
    struct mr_arena *arena; /* owned: all of the above lies in it */
};

/* Owned: mr_pipeline_free(). All problems go to report; MR_BAD_CONFIG when there was one. */
enum mr_code mr_pipeline_load(const char *path, const struct mr_plugins *plugins,
                              struct mr_report *report, struct mr_pipeline **pipeline,
                              struct mr_error *err);
void mr_pipeline_free(struct mr_pipeline *pipeline); /* NULL is fine */

/* The reason of a dead letter whose event time lies too far ahead. */
#define MR_EVENT_TIME_AHEAD "event_time_ahead"
/* Whether an event time is later than can be believed of a record with this Kafka timestamp, which
 * says when ingest wrote it. A function of the log, so the answer is the same at any replay. A
 * record without a timestamp (0 or less) is believed. */
bool mr_pipeline_is_ahead(const struct mr_pipeline *pipeline, int64_t event_time_ms,
                          int64_t timestamp_ms);

/* Index of the stage of this name, or -1. */
int mr_pipeline_stage(const struct mr_pipeline *pipeline, const char *name);
/* Every topic that the pipeline writes, in flow order; returns how many. room >= 4 * (stages +
 * sinks). */
size_t mr_pipeline_topics(const struct mr_pipeline *pipeline, struct mr_topic_spec *topics,
                          size_t room);

#endif
