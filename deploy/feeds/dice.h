/* dice.h - the generator's only source of chance: xoshiro256**, seeded by splitmix64.
 *
 * Ours, so that a seed means the same feeds on every machine. Each part of the
 * world draws from a stream of its own, so a word added to one list does not
 * move every price. Not thread-safe; lives on the caller's stack.
 * Algorithms: Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators" (2021); Steele, Lea and Flood, "Fast splittable pseudorandom
 * number generators" (2014).
 */
#ifndef MR_FEEDS_DICE_H
#define MR_FEEDS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct mr_dice {
    uint64_t state[4];
};

struct mr_dice mr_dice_of(uint64_t seed, uint64_t stream);
uint64_t mr_dice_next(struct mr_dice *self);
uint32_t mr_dice_below(struct mr_dice *self, uint32_t count);             /* 0 .. count-1 */
int64_t mr_dice_between(struct mr_dice *self, int64_t low, int64_t high); /* both inclusive */
bool mr_dice_hits(struct mr_dice *self, uint32_t ppm);                    /* ppm in a million */
/* Mean 0, variance 1, within -6 .. 6: twelve uniform numbers summed, because log and cos may
 * differ in their last bit between machines and a sum of integers does not. */
double mr_dice_normal(struct mr_dice *self);
/* Puts order[0..count) into a random order. */
void mr_dice_shuffle(struct mr_dice *self, uint32_t *order, uint32_t count);

#endif
