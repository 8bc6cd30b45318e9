/* market.h - how prices move from one publication to the next, and how they go wrong.
 *
 * Between publications half a per cent to one and a half of a store's listings
 * really change: most by a few per cent up, some down, some into a promotion
 * (-10 to -35 %, rarely -50 %) that ends a few publications later. A planted fault
 * takes the place of a change. It lasts one publication, or, one time in seven,
 * stays for good. PriceUpdateDate moves only with the price.
 */
#ifndef MR_FEEDS_MARKET_H
#define MR_FEEDS_MARKET_H

#include "deploy/feeds/catalogue.h"
#include "deploy/feeds/truth.h"

struct mr_turn {
    struct mr_dice *dice; /* borrowed */
    int64_t time_s;       /* of the publication */
    int64_t slot_s;
    uint32_t publication;
    uint32_t change_ppm;
    uint32_t fault_ppm; /* of price faults, for each kind; 0 where none may be planted */
};

/* What happened to a listing. mark: a price fault, the end of one, a natural change of at least
 * a fifth, or NONE. */
struct mr_move {
    enum mr_mark mark;
    bool is_changed;
    int64_t before; /* the price shown before */
};

struct mr_move mr_market_move(struct mr_listing *listing, const struct mr_turn *turn);

#endif
