#include "cli/team.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define MEMBERS_MAX 256

struct member {
    struct team *team;
    int rank;
    struct mr_intake_worker *intake; /* one of the three */
    struct mr_worker *worker;
    struct mr_drain *drain;
    struct mr_segment *segment; /* owned, of worker */
    struct mr_counters *counters;
    pthread_t thread;
    bool is_started;
    atomic_bool is_over;
    enum mr_code code;
    struct mr_error error;
};

struct team {
    struct team_spec spec;
    struct mr_phase phase;
    struct mr_segment *whole; /* owned: all stages, for their schemas */
    struct member members[MEMBERS_MAX];
    size_t count;
    int ranks;
};

static struct member *add_member(struct team *team, int rank)
{
    struct member *member;

    if (team->count == MEMBERS_MAX) {
        return NULL;
    }
    member = &team->members[team->count++];
    member->team = team;
    member->rank = rank;
    return member;
}

static struct mr_worker_spec worker_spec(struct team *team, int rank, int32_t worker, int32_t count)
{
    return (struct mr_worker_spec){.broker = team->spec.broker,
                                   .clock = &mr_clock_system,
                                   .log = team->spec.log,
                                   .phase = &team->phase,
                                   .rank = rank,
                                   .worker = worker,
                                   .worker_count = count};
}

static enum mr_code too_many(struct mr_error *err)
{
    return MR_FAIL(err, MR_USAGE, "more than %d workers in one process", MEMBERS_MAX);
}

static enum mr_code add_intake(struct team *team, struct mr_error *err)
{
    struct member *member = add_member(team, team->ranks);
    const struct mr_worker_spec spec = worker_spec(team, team->ranks++, 0, 1);
    enum mr_code code;

    if (member == NULL) {
        return too_many(err);
    }
    code = mr_intake_new(team->spec.pipeline, &spec, team->spec.report, &member->intake, err);
    if (code == MR_OK) {
        member->counters = mr_intake_counters(member->intake);
    }
    return code;
}

static enum mr_code add_workers(struct team *team, size_t first, size_t last, struct mr_error *err)
{
    const int32_t count = team->spec.worker_count;
    const int rank = team->ranks++;
    enum mr_code code = MR_OK;

    for (int32_t i = 0; code == MR_OK && i < count; i++) {
        struct member *member = add_member(team, rank);
        const struct mr_worker_spec spec = worker_spec(team, rank, i, count);
        const struct mr_segment_spec part = {team->spec.pipeline, first, last, team->spec.log,
                                             team->spec.report};

        if (member == NULL) {
            return too_many(err);
        }
        code = mr_segment_new(&part, &member->segment, err);
        if (code == MR_OK) {
            member->counters = mr_segment_counters(member->segment);
            code = mr_worker_new(team->spec.pipeline, member->segment, &spec, &member->worker, err);
        }
    }
    return code;
}

static enum mr_code add_sinks(struct team *team, struct mr_error *err)
{
    const struct mr_pipeline *pipeline = team->spec.pipeline;
    const struct mr_schema *schemas[MR_STAGES_MAX];
    const int rank = team->ranks++;
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < pipeline->stage_count; i++) {
        schemas[i] = team_schema(team, i);
    }
    for (size_t i = 0; code == MR_OK && i < pipeline->sink_count; i++) {
        const struct mr_drain_spec what = {pipeline, &pipeline->sinks[i], schemas, false};
        const struct mr_worker_spec spec = worker_spec(team, rank, 0, 1);
        struct member *member;

        if (!team->spec.is_sink_chosen[i]) {
            continue;
        }
        member = add_member(team, rank);
        if (member == NULL) {
            return too_many(err);
        }
        code = mr_drain_new(&what, &spec, team->spec.report, &member->drain, err);
        if (code == MR_OK) {
            member->counters = mr_drain_counters(member->drain);
        }
    }
    return code;
}

/* The last stage of the segment that starts at first: up to a gap, or a stage that ends it. */
static size_t segment_end(const struct team *team, size_t first)
{
    const struct mr_pipeline *pipeline = team->spec.pipeline;
    size_t last = first;

    while (!team->spec.is_separate && last + 1 < pipeline->stage_count &&
           team->spec.is_chosen[last + 1] && pipeline->stages[last].kind != MR_STAGE_REPARTITION) {
        last++;
    }
    return last;
}

static enum mr_code add_segments(struct team *team, struct mr_error *err)
{
    const struct mr_pipeline *pipeline = team->spec.pipeline;
    enum mr_code code = MR_OK;

    for (size_t first = 1; code == MR_OK && first < pipeline->stage_count; first++) {
        const struct mr_stage_spec *before = &pipeline->stages[first - 1];
        size_t last;

        if (!team->spec.is_chosen[first]) {
            continue;
        }
        if (!before->is_published) {
            return MR_FAIL(err, MR_BAD_CONFIG,
                           "%s cannot start a segment: %s before it has publish: false, so there "
                           "is no topic to read",
                           pipeline->stages[first].name, before->name);
        }
        last = segment_end(team, first);
        code = add_workers(team, first, last, err);
        first = last;
    }
    return code;
}

static void link_counters(struct team *team)
{
    struct mr_counters *last = NULL;

    for (size_t i = 0; i < team->count; i++) {
        if (last != NULL) {
            last->next = team->members[i].counters;
        }
        last = team->members[i].counters;
        while (last->next != NULL) {
            last = last->next;
        }
    }
}

enum mr_code team_new(const struct team_spec *spec, struct team **out, struct mr_error *err)
{
    struct team *team = calloc(1, sizeof(*team));
    enum mr_code code = MR_OK;

    *out = NULL;
    if (team == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the workers");
    }
    team->spec = *spec;
    team->phase.is_once = spec->is_once;
    if (spec->pipeline->stage_count > 1) {
        const struct mr_segment_spec whole = {spec->pipeline, 1, spec->pipeline->stage_count - 1,
                                              spec->log, spec->report};

        code = mr_segment_new(&whole, &team->whole, err);
    }
    if (code == MR_OK && spec->is_chosen[0]) {
        code = add_intake(team, err);
    }
    if (code == MR_OK) {
        code = add_segments(team, err);
    }
    if (code == MR_OK) {
        code = add_sinks(team, err);
    }
    if (code != MR_OK) {
        team_free(team);
        return code;
    }
    link_counters(team);
    *out = team;
    return MR_OK;
}

static void *run_member(void *context)
{
    struct member *member = context;
    struct team *team = member->team;

    if (member->intake != NULL) {
        member->code = mr_intake_run(member->intake, &member->error);
    } else if (member->worker != NULL) {
        member->code = mr_worker_run(member->worker, &member->error);
    } else {
        member->code = mr_drain_run(member->drain, &member->error);
    }
    if (member->code != MR_OK) {
        MR_LOG(team->spec.log, MR_ERROR, "worker_stopped",
               "stage=%s worker=%" PRId32 " reason=\"%s\"", member->counters->stage,
               member->counters->worker, member->error.text);
        atomic_store(&team->phase.is_stopping, true);
    }
    atomic_fetch_sub(&team->phase.live[member->rank], 1);
    atomic_store(&member->is_over, true);
    return NULL;
}

enum mr_code team_start(struct team *team, struct mr_error *err)
{
    for (size_t i = 0; i < team->count; i++) {
        atomic_fetch_add(&team->phase.live[team->members[i].rank], 1);
    }
    for (size_t i = 0; i < team->count; i++) {
        struct member *member = &team->members[i];

        atomic_store(&member->counters->beat, (uint64_t)mr_clock_monotonic(&mr_clock_system));
        if (pthread_create(&member->thread, NULL, run_member, member) != 0) {
            atomic_store(&team->phase.is_stopping, true);
            return MR_FAIL(err, MR_NO_ROOM, "no thread for %s", member->counters->stage);
        }
        member->is_started = true;
    }
    return MR_OK;
}

void team_stop(struct team *team)
{
    atomic_store(&team->phase.is_stopping, true);
}

int team_live(const struct team *team)
{
    int count = 0;

    for (size_t i = 0; i < team->count; i++) {
        count += team->members[i].is_started && !atomic_load(&team->members[i].is_over);
    }
    return count;
}

enum mr_code team_join(struct team *team, struct mr_error *err)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < team->count; i++) {
        struct member *member = &team->members[i];

        if (!member->is_started) {
            continue;
        }
        (void)pthread_join(member->thread, NULL);
        member->is_started = false;
        if (code == MR_OK && member->code != MR_OK) {
            code =
                MR_FAIL(err, member->code, "%s: %s", member->counters->stage, member->error.text);
        }
    }
    return code;
}

void team_free(struct team *team)
{
    if (team == NULL) {
        return;
    }
    for (size_t i = 0; i < team->count; i++) {
        mr_intake_free(team->members[i].intake);
        mr_worker_free(team->members[i].worker);
        mr_drain_free(team->members[i].drain);
        mr_segment_free(team->members[i].segment);
    }
    mr_segment_free(team->whole);
    free(team);
}

const struct mr_counters *team_counters(const struct team *team)
{
    return team->count > 0 ? team->members[0].counters : NULL;
}

const char *team_stalled(const struct team *team, int64_t stall_ms)
{
    const int64_t now = mr_clock_monotonic(&mr_clock_system);

    for (size_t i = 0; i < team->count; i++) {
        const struct member *member = &team->members[i];
        const bool is_over = atomic_load(&member->is_over);

        if ((is_over && member->code != MR_OK) ||
            (!is_over && now - (int64_t)mr_counted(&member->counters->beat) > stall_ms)) {
            return member->counters->stage;
        }
    }
    return NULL;
}

const struct mr_schema *team_schema(const struct team *team, size_t stage)
{
    return mr_segment_schema(team->whole, stage);
}
