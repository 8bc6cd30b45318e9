/* world.h - a world of its own: chance from one seed, time that only waiting moves, actors that
 * take turns.
 *
 *     actor --step(), wait--> world draws who goes on; when all wait, time jumps to the next waker
 *
 * Actors are threads, but one alone runs at any time, and which one is drawn from
 * the seed: so the same seed gives the same interleaving, every time, and all that
 * the actors share needs no lock. Without actors (a test that calls the loops
 * itself) a step does nothing and waiting moves the time.
 */
#ifndef MR_TESTS_SIM_WORLD_H
#define MR_TESTS_SIM_WORLD_H

#include "processors/core/base/clock.h"

#include <stddef.h>
#include <stdint.h>

struct sim_world;

struct sim_world *sim_world_new(uint64_t seed); /* owned */
void sim_world_free(struct sim_world *world);

const struct mr_clock *sim_world_clock(const struct sim_world *world);
int64_t sim_world_now_ms(const struct sim_world *world);
/* 0 .. bound - 1. */
uint64_t sim_world_draw(struct sim_world *world, uint64_t bound);

/* Runs count actors to their ends. */
typedef void sim_actor(void *context);
void sim_world_run(struct sim_world *world, sim_actor *const *actors, void *const *contexts,
                   size_t count);
/* Lets another actor go on, perhaps. */
void sim_world_step(struct sim_world *world);

#endif
