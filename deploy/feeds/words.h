/* words.h - the small word lists from which every name in the feeds is made up.
 *
 * Nouns and flavours are plain Hebrew; brands, makers and chains are syllables
 * thrown together, so they name nobody. All of it fits Windows-1255 and, but
 * for the dash that the writers may put before a size, ISO-8859-8.
 */
#ifndef MR_FEEDS_WORDS_H
#define MR_FEEDS_WORDS_H

#include "deploy/feeds/dice.h"
#include "processors/core/base/arena.h"

#include <stddef.h>

#define MR_UNKNOWN_WORD "לא ידוע"

/* What a unit price is the price of. */
enum mr_measure {
    MR_MEASURE_PIECE,
    MR_MEASURE_100_GRAM,
    MR_MEASURE_KILO,
    MR_MEASURE_100_ML,
    MR_MEASURE_LITRE,
    MR_MEASURE_COUNT
};

struct mr_measure_words {
    const char *per;   /* "100 גרם" */
    const char *units; /* "גרמים" */
    const char *unit;  /* "גרם" */
};
extern const struct mr_measure_words mr_measure_words[MR_MEASURE_COUNT];

enum mr_sold { MR_SOLD_BY_PIECE, MR_SOLD_BY_GRAM, MR_SOLD_BY_ML, MR_SOLD_BY_WEIGHT };

#define MR_WORDS_MAX 8

/* A shelf of the shop. Lists end at NULL or 0. */
struct mr_shelf {
    enum mr_sold sold;
    int32_t median_agorot; /* of one pack, or of one kilo when sold by weight */
    double spread;         /* standard deviation of the price's logarithm */
    const char *nouns[MR_WORDS_MAX];
    const char *flavours[MR_WORDS_MAX];
    uint32_t amounts[MR_WORDS_MAX]; /* pieces, grams or millilitres */
};
extern const struct mr_shelf mr_shelves[];
extern const size_t mr_shelf_count;

struct mr_country {
    const char *name;
    const char *code; /* ISO 3166 */
};

const char *mr_words_pick(struct mr_dice *dice, const char *const list[MR_WORDS_MAX]);
const struct mr_country *mr_words_country(struct mr_dice *dice);
/* Names are in arena; NULL when it has no room. */
const char *mr_words_brand(struct mr_dice *dice, struct mr_arena *arena);
const char *mr_words_maker(struct mr_dice *dice, struct mr_arena *arena, const char *brand);
const char *mr_words_chain(struct mr_dice *dice, struct mr_arena *arena);

#endif
