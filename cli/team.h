/* team.h - the workers of one `run`: made in the order of flow, each on a thread of its own.
 *
 *     rank 0: ingest    rank 1..: a segment, N workers    last ranks: the sinks
 *
 * All are made (and their transports opened) before any runs.
 */
#ifndef MR_CLI_TEAM_H
#define MR_CLI_TEAM_H

#include "processors/core/stage/drain.h"
#include "processors/core/stage/intake.h"
#include "processors/core/stage/worker.h"

struct team;

struct team_spec {
    struct mr_pipeline *pipeline;
    struct mr_broker *broker;
    const struct mr_log *log;
    struct mr_report *report;
    bool is_chosen[MR_STAGES_MAX]; /* stages to run */
    bool is_sink_chosen[MR_SINKS_MAX];
    bool is_separate; /* each stage a segment of its own */
    bool is_once;
    int32_t worker_count; /* of each segment */
};

enum mr_code team_new(const struct team_spec *spec, struct team **team, struct mr_error *err);
enum mr_code team_start(struct team *team, struct mr_error *err);
/* Asks all to finish what is open and end. */
void team_stop(struct team *team);
/* How many still run. */
int team_live(const struct team *team);
/* Waits for all; MR_OK or the first failure. */
enum mr_code team_join(struct team *team, struct mr_error *err);
void team_free(struct team *team); /* NULL is fine; after team_join */

const struct mr_counters *team_counters(const struct team *team);
/* A worker that has not gone round its loop for stall_ms, or one that failed: its stage; else NULL.
 */
const char *team_stalled(const struct team *team, int64_t stall_ms);
/* Of the topic of a stage, by index. */
const struct mr_schema *team_schema(const struct team *team, size_t stage);

#endif
