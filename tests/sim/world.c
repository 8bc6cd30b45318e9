#include "tests/sim/world.h"

#include "processors/core/base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define ACTORS_MAX 32
#define NOBODY ACTORS_MAX
#define START_MS INT64_C(1700000000000)

struct actor {
    struct sim_world *world;
    sim_actor *run;
    void *context;
    pthread_t thread;
    pthread_cond_t turn;
    size_t index;
    int64_t wake_ms;
    bool is_over;
};

struct sim_world {
    struct mr_clock clock;
    uint64_t state;
    int64_t now_ms;
    pthread_mutex_t lock; /* guards whose turn it is; all else belongs to whoever has the turn */
    struct actor actors[ACTORS_MAX];
    size_t count;
    size_t current; /* NOBODY: no actors run */
};

static int64_t now_ms(void *context)
{
    const struct sim_world *world = context;

    return world->now_ms;
}

uint64_t sim_world_draw(struct sim_world *world, uint64_t bound)
{
    uint64_t mixed = world->state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (mixed ^ (mixed >> 31)) % bound;
}

/* One of those that are awake; where all sleep, time moves to the first who wakes. */
static size_t choose(struct sim_world *world)
{
    size_t awake[ACTORS_MAX], count = 0;
    int64_t first_ms = INT64_MAX;

    for (size_t i = 0; i < world->count; i++) {
        if (!world->actors[i].is_over && world->actors[i].wake_ms < first_ms) {
            first_ms = world->actors[i].wake_ms;
        }
    }
    if (first_ms == INT64_MAX) {
        return NOBODY;
    }
    world->now_ms = first_ms > world->now_ms ? first_ms : world->now_ms;
    for (size_t i = 0; i < world->count; i++) {
        if (!world->actors[i].is_over && world->actors[i].wake_ms <= world->now_ms) {
            awake[count++] = i;
        }
    }
    return awake[sim_world_draw(world, count)];
}

static void await_turn(struct actor *actor)
{
    while (actor->world->current != actor->index) {
        (void)pthread_cond_wait(&actor->turn, &actor->world->lock);
    }
}

/* The lock is held. */
static void hand_on(struct sim_world *world)
{
    world->current = choose(world);
    if (world->current != NOBODY) {
        (void)pthread_cond_signal(&world->actors[world->current].turn);
    }
}

static void pause_ms(struct sim_world *world, int64_t ms)
{
    struct actor *actor;

    if (world->current == NOBODY) {
        world->now_ms += ms;
        return;
    }
    actor = &world->actors[world->current];
    (void)pthread_mutex_lock(&world->lock);
    actor->wake_ms = world->now_ms + ms;
    hand_on(world);
    await_turn(actor);
    (void)pthread_mutex_unlock(&world->lock);
}

static void wait_ms(void *context, int64_t ms)
{
    pause_ms(context, ms > 0 ? ms : 0);
}

void sim_world_step(struct sim_world *world)
{
    if (world->current != NOBODY) {
        pause_ms(world, 0);
    }
}

static void *live(void *context)
{
    struct actor *actor = context;
    struct sim_world *world = actor->world;

    (void)pthread_mutex_lock(&world->lock);
    await_turn(actor);
    (void)pthread_mutex_unlock(&world->lock);
    actor->run(actor->context);
    (void)pthread_mutex_lock(&world->lock);
    actor->is_over = true;
    hand_on(world);
    (void)pthread_mutex_unlock(&world->lock);
    return NULL;
}

void sim_world_run(struct sim_world *world, sim_actor *const *actors, void *const *contexts,
                   size_t count)
{
    MR_ASSERT(count <= ACTORS_MAX && world->current == NOBODY);
    (void)pthread_mutex_lock(&world->lock);
    world->count = count;
    for (size_t i = 0; i < count; i++) {
        struct actor *actor = &world->actors[i];

        *actor = (struct actor){.world = world,
                                .run = actors[i],
                                .context = contexts[i],
                                .index = i,
                                .wake_ms = world->now_ms};
        MR_ASSERT(pthread_cond_init(&actor->turn, NULL) == 0);
        MR_ASSERT(pthread_create(&actor->thread, NULL, live, actor) == 0);
    }
    hand_on(world);
    (void)pthread_mutex_unlock(&world->lock);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(world->actors[i].thread, NULL);
        (void)pthread_cond_destroy(&world->actors[i].turn);
    }
    world->current = NOBODY;
}

struct sim_world *sim_world_new(uint64_t seed)
{
    struct sim_world *world = calloc(1, sizeof(*world));

    MR_ASSERT(world != NULL);
    world->clock = (struct mr_clock){now_ms, now_ms, wait_ms, world};
    world->state = seed;
    world->now_ms = START_MS;
    world->current = NOBODY;
    MR_ASSERT(pthread_mutex_init(&world->lock, NULL) == 0);
    return world;
}

void sim_world_free(struct sim_world *world)
{
    if (world != NULL) {
        (void)pthread_mutex_destroy(&world->lock);
        free(world);
    }
}

const struct mr_clock *sim_world_clock(const struct sim_world *world)
{
    return &world->clock;
}

int64_t sim_world_now_ms(const struct sim_world *world)
{
    return world->now_ms;
}
