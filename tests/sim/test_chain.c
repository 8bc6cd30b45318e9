/* Goal: a whole chain, ingest to sink, with several workers, while processes crash, calls fail and
 * partitions move, leaves exactly what an undisturbed run leaves: nothing lost, nothing doubled,
 * every count of the state right.
 * Method: each seed is a world of its own (world.h): all loops as actors over the log in memory,
 * faults drawn from the seed. Half of the seeds run the stages as one segment, half each on its
 * own; both must write the same bytes. SIM_SEEDS is how many, SIM_SEED the one to run again. */
#include "tests/support/steps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 2
#define PARTITIONS 3
#define FAULTS_MAX 25
#define MOVES_MAX 10
#define RESTARTS_MAX 200

static const char pipeline[] =
    "partitions: 3\ncommit_records: 50\nsnapshot_interval: 100ms\n" RIG_CHAIN
    "sinks:\n  - memory: {stages: [emit]}\n";
static const char *const topics[] = {"rig.ingest", "rig.ingest.dlq", "rig.sieve", "rig.sieve.dlq",
                                     "rig.count",  "rig.emit",       NULL};

struct chain;

struct member {
    struct chain *chain;
    int rank;
    size_t first, last; /* stages; 0: ingest; SIZE_MAX: the sink */
    const char *group;  /* of a worker; else NULL */
    int32_t worker, worker_count;
    int starts;
    enum mr_code code; /* of its last end */
};

struct chain {
    struct rig rig;
    struct member members[16];
    size_t count;
    bool is_disturbed, is_restarted;
    int faults, crashes, moves;
};

static enum mr_code start(struct member *member)
{
    struct rig *rig = &member->chain->rig;
    const struct mr_worker_spec spec =
        rig_spec(rig, member->rank, member->worker, member->worker_count);

    if (member->first == 0) {
        return rig_ingest(rig);
    }
    if (member->first == SIZE_MAX) {
        return rig_drain(rig, 0);
    }
    return rig_work_as(rig, member->first, member->last, &spec);
}

/* A process under a supervisor: whenever it ends badly it is started again. */
static void live(void *context)
{
    struct member *member = context;

    do {
        member->code = start(member);
        member->starts++;
    } while (member->code != MR_OK && member->chain->is_restarted && member->starts < RESTARTS_MAX);
    atomic_fetch_sub(&member->chain->rig.phase.live[member->rank], 1);
}

static struct member *add_member(struct chain *chain, int rank, size_t first, size_t last)
{
    struct member *member = &chain->members[chain->count++];

    MR_ASSERT(chain->count <= MR_COUNT(chain->members));
    *member = (struct member){
        .chain = chain, .rank = rank, .first = first, .last = last, .worker_count = 1};
    atomic_fetch_add(&chain->rig.phase.live[rank], 1);
    return member;
}

static void add_workers(struct chain *chain, int rank, size_t first, size_t last, const char *group)
{
    for (int32_t i = 0; i < WORKERS; i++) {
        struct member *member = add_member(chain, rank, first, last);

        member->group = group;
        member->worker = i;
        member->worker_count = WORKERS;
    }
}

/* A partition goes to another worker, perhaps. Not to one that may be about to end: in a group it
 * would hand it on. */
static void draw_move(struct chain *chain)
{
    struct sim_world *world = chain->rig.world;
    const struct member *target = &chain->members[sim_world_draw(world, chain->count)];
    const int32_t partition = (int32_t)sim_world_draw(world, PARTITIONS);
    const bool is_lost = sim_world_draw(world, 2) == 0;

    if (target->group != NULL && !mr_phase_is_upstream_done(&chain->rig.phase, target->rank) &&
        chain->moves < MOVES_MAX && sim_world_draw(world, 30) == 0) {
        chain->moves++;
        sim_log_move(chain->rig.log, target->group, partition, target->worker, is_lost);
    }
}

static struct sim_fault draw_fault(void *context, const struct sim_call *call)
{
    struct chain *chain = context;
    struct sim_world *world = chain->rig.world;
    const struct steps_kind *kind = &steps_kinds[sim_world_draw(world, steps_kind_count)];
    const struct steps told = {.fault = kind->fault, .hit = *call};

    draw_move(chain);
    if (chain->faults >= FAULTS_MAX || sim_world_draw(world, 25) != 0 || steps_is_a_lie(&told)) {
        return (struct sim_fault){0};
    }
    chain->faults++;
    chain->crashes += kind->fault.is_crash;
    return kind->fault;
}

static void run(struct chain *chain)
{
    sim_actor *actors[MR_COUNT(chain->members)];
    void *contexts[MR_COUNT(chain->members)];

    for (size_t i = 0; i < chain->count; i++) {
        actors[i] = live;
        contexts[i] = &chain->members[i];
    }
    sim_log_on_call(chain->rig.log, chain->is_disturbed ? draw_fault : NULL, chain);
    sim_world_run(chain->rig.world, actors, contexts, chain->count);
    sim_log_on_call(chain->rig.log, NULL, NULL);
}

static void open_chain(struct chain *chain, uint64_t seed, bool is_separate)
{
    memset(chain, 0, sizeof(*chain));
    rig_init(&chain->rig);
    chain->rig.seed = seed;
    chain->rig.row_count = 200;
    chain->is_restarted = true;
    rig_open(&chain->rig, pipeline);
    (void)add_member(chain, 0, 0, 0);
    if (is_separate) {
        add_workers(chain, 1, 1, 1, "rig-sieve");
        add_workers(chain, 2, 2, 2, "rig-count");
        add_workers(chain, 3, 3, 3, "rig-emit");
    } else {
        add_workers(chain, 1, 1, 3, "rig-sieve");
    }
    (void)add_member(chain, 20, SIZE_MAX, SIZE_MAX);
}

static void check_law(const struct chain *chain)
{
    struct sim_log *log = chain->rig.log;
    const size_t in = sim_log_count(log, "rig.ingest");

    assert_int_equal(200, in + sim_log_count(log, "rig.ingest.dlq"));
    assert_true(sim_log_count(log, "rig.sieve") + sim_log_count(log, "rig.sieve.dlq") < in);
    assert_int_equal(sim_log_count(log, "rig.sieve"), sim_log_count(log, "rig.count"));
}

static void picture_of(uint64_t seed, bool is_separate, bool is_disturbed,
                       struct steps_picture *picture, struct chain *chain)
{
    open_chain(chain, seed, is_separate);
    chain->is_disturbed = is_disturbed;
    run(chain);
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->members[i].code != MR_OK) {
            fail_msg("seed %" PRIu64 ": stage %zu did not end: %s", seed, chain->members[i].first,
                     mr_code_words(chain->members[i].code));
        }
    }
    steps_take(picture, &chain->rig, topics, false);
}

static void try_seed(uint64_t seed, const struct steps_picture *expected, int *faults, int *crashes,
                     int *moves)
{
    struct steps_picture actual;
    struct chain chain;
    char label[64];

    (void)snprintf(label, sizeof(label), "SIM_SEED=%" PRIu64, seed);
    picture_of(seed, seed % 2 == 1, true, &actual, &chain);
    steps_compare(expected, &actual, label);
    steps_drop(&actual);
    check_law(&chain);
    rig_assert_complete(&chain.rig, &chain.rig.memory, "rig.emit");
    *faults += chain.faults;
    *crashes += chain.crashes;
    *moves += chain.moves;
    rig_close(&chain.rig);
}

static uint64_t number_of(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : fallback;
}

static void whatever_happens_the_topics_and_the_sink_are_as_undisturbed(void **state)
{
    const uint64_t first = number_of("SIM_SEED", 1);
    const uint64_t count = getenv("SIM_SEED") ? 1 : number_of("SIM_SEEDS", 200);
    struct steps_picture expected, again;
    struct chain chain;
    int faults = 0, crashes = 0, moves = 0;

    (void)state;
    picture_of(first, false, false, &expected, &chain);
    check_law(&chain);
    rig_assert_complete(&chain.rig, &chain.rig.memory, "rig.emit");
    rig_close(&chain.rig);
    picture_of(first, true, false, &again, &chain);
    steps_compare(&expected, &again, "each stage on its own");
    steps_drop(&again);
    rig_close(&chain.rig);
    for (uint64_t seed = first; seed < first + count; seed++) {
        try_seed(seed, &expected, &faults, &crashes, &moves);
    }
    steps_drop(&expected);
    print_message("  %" PRIu64 " seeds, %d faults, %d of them crashes, %d moves of partitions\n",
                  count, faults, crashes, moves);
    assert_true(faults > 0 && moves > 0);
}

static void the_same_seed_is_the_same_world(void **state)
{
    struct chain chains[2];
    char *states[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct steps_picture picture;

        picture_of(42, false, true, &picture, &chains[i]);
        steps_drop(&picture);
        states[i] = rig_dump(&chains[i].rig, "rig.emit", true);
    }
    assert_string_equal(states[0], states[1]); /* timestamps, too */
    assert_int_equal(chains[0].faults, chains[1].faults);
    assert_int_equal(sim_world_now_ms(chains[0].rig.world), sim_world_now_ms(chains[1].rig.world));
    for (size_t i = 0; i < 2; i++) {
        free(states[i]);
        rig_close(&chains[i].rig);
    }
}

/* Two processes with one name, as when a supervisor starts a second one too early. */
static void a_second_worker_of_the_same_name_fences_the_first(void **state)
{
    int fenced = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct chain chain;

        memset(&chain, 0, sizeof(chain));
        rig_init(&chain.rig);
        chain.rig.seed = seed;
        chain.rig.row_count = 400;
        rig_open(&chain.rig, pipeline);
        assert_int_equal(MR_OK, rig_ingest(&chain.rig));
        (void)add_member(&chain, 1, 1, 3);
        (void)add_member(&chain, 1, 1, 3);
        run(&chain);
        for (size_t i = 0; i < 2; i++) {
            fenced += chain.members[i].code == MR_FENCED;
            assert_true(chain.members[i].code == MR_OK || chain.members[i].code == MR_FENCED);
        }
        assert_int_equal(sim_log_count(chain.rig.log, "rig.sieve"),
                         sim_log_count(chain.rig.log, "rig.count"));
        assert_int_equal(chain.rig.sums[1].in, sim_log_count(chain.rig.log, "rig.ingest"));
        rig_close(&chain.rig);
    }
    print_message("  %d of 20 fenced\n", fenced);
    assert_true(fenced > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_is_the_same_world),
        cmocka_unit_test(a_second_worker_of_the_same_name_fences_the_first),
        cmocka_unit_test(whatever_happens_the_topics_and_the_sink_are_as_undisturbed),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
