/* drain.h - the loop of a sink: poll, decode, write by partition, commit.
 *
 *     gather up to commit_records -> by (topic, partition): write() -> dead letters flushed ->
 * commit()
 *
 * Where the sink keeps the offsets itself (position()), its commit is the only one
 * that counts; else the offsets are committed to Kafka after it.
 */
#ifndef MR_STAGE_DRAIN_H
#define MR_STAGE_DRAIN_H

#include "processors/core/stage/phase.h"
#include "processors/core/stage/segment.h"

struct mr_drain;

/* schemas: of the topics of the pipeline's stages, by index of the stage (borrowed). With is_dry
 * nothing is contacted: for check. */
struct mr_drain_spec {
    const struct mr_pipeline *pipeline;
    const struct mr_sink_spec *sink;
    const struct mr_schema *const *schemas;
    bool is_dry;
};

enum mr_code mr_drain_new(const struct mr_drain_spec *what, const struct mr_worker_spec *spec,
                          struct mr_report *report, struct mr_drain **drain, struct mr_error *err);
/* @thread its own */
enum mr_code mr_drain_run(struct mr_drain *drain, struct mr_error *err);
struct mr_counters *mr_drain_counters(struct mr_drain *drain);
void mr_drain_free(struct mr_drain *drain); /* NULL is fine */

#endif
