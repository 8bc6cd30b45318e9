/* rank.h - how rare a value is among those before it, on a scale of thirds of an octave.
 *
 * 64 counters cover a factor of about 2.6 million; an offset says where they begin. A value counts
 * in the bin of its size, and its rank is the share of values so far that were larger (half of
 * those in its own bin), told as r = -log10(share): 3 is one in a thousand, whatever the values'
 * unit or distribution. Score first, learn after.
 *
 * The first 32 values only wait, in the counters' own memory; then their mean places the scale. A
 * value beyond the top slides the counters up, merging the lowest, but never so far that the bulk
 * of what is known falls together. At 20,000 values all counts are halved, so the far past fades.
 *
 * A two-sided rank keeps one set of counters per sign on a common scale.
 */
#ifndef MR_DETECT_RANK_H
#define MR_DETECT_RANK_H

#include <stdint.h>

#define MR_RANK_BINS 64
#define MR_RANK_FIRST 32 /* values that wait */
#define MR_RANK_TOTAL_MAX 20000
/* Bin edges lie a little off the powers of two, where values like to be. */
#define MR_RANK_PHASE 1.04f

union mr_counts {
    uint16_t bins[MR_RANK_BINS];
    float first[MR_RANK_FIRST];
};

struct mr_rank_scale {
    int16_t offset;  /* the third-octave index of bin 0 */
    uint16_t total;  /* of all counters of the scale */
    uint8_t waiting; /* how many of the first values have come */
    uint8_t reserved[3];
};

struct mr_rank {
    union mr_counts counts;
    struct mr_rank_scale scale;
};

struct mr_rank_signed {
    union mr_counts negative, positive;
    struct mr_rank_scale scale;
};

/* r of |z|, 0 while the first values wait; then learns it. */
float mr_rank_step(struct mr_rank *self, float z);
/* r of z among both signs: twice the rarer side. */
float mr_rank_signed_step(struct mr_rank_signed *self, float z);

/* The parts, for a rank whose scale is fixed: how many counts lie in bins above; -log10 of a share
 * that is at most 1; all counts halved and their new sum. */
uint32_t mr_rank_above(const union mr_counts *counts, int bin);
float mr_rank_rarity(float share);
uint16_t mr_rank_halve(union mr_counts *counts);
int mr_rank_clamp(int bin); /* to 0..63 */

#endif
