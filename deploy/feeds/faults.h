/* faults.h - what goes wrong with rows and files (what goes wrong with prices is in market.h).
 *
 * Single events, each at a publication after the third: files cut off, some that are
 * an HTML page, some that are empty, one row with a byte that is no UTF-8. Outages: stores that
 * publish nothing for three publications, and items that are missing from theirs for as long, or
 * for good. The rest is per row, by rate. While a file cannot be read whole, or does not come,
 * prices stand still, and no price fault is planted just before, so that what a reader missed never
 * decides what is right. Each outage is over, or has lasted long enough to be seen, before the last
 * publication.
 */
#ifndef MR_FEEDS_FAULTS_H
#define MR_FEEDS_FAULTS_H

#include "deploy/feeds/catalogue.h"
#include "deploy/feeds/truth.h"

enum mr_flaw {
    MR_FLAW_NONE,
    MR_FLAW_NO_CODE,
    MR_FLAW_LETTER,   /* "1O.90": a letter in the price */
    MR_FLAW_NEGATIVE, /* the price */
    MR_FLAW_ZERO,     /* the price */
    MR_FLAW_BYTE,     /* the name has half a letter */
    MR_FLAW_REPEAT,   /* the same row twice */
    MR_FLAW_CONFLICT  /* the same item twice, the second time with another price */
};

#define MR_EVENT_COUNT 8
#define MR_SILENCE_COUNT 3

struct mr_fault_plan {
    uint32_t row_ppm; /* of each kind of flaw */
    struct {
        enum mr_mark mark;
        uint32_t feed, publication; /* UINT32_MAX: never */
    } events[MR_EVENT_COUNT];
    struct {
        uint32_t feed, from, until; /* publications: silent from, back at; UINT32_MAX: never */
    } silences[MR_SILENCE_COUNT];
};

struct mr_fault_plan mr_fault_plan_of(const struct mr_world *world);
/* Says of listings from which publication on they are gone, and until when. */
void mr_fault_vanish(struct mr_world *world);

/* The mark of what befalls the whole file, or NONE. */
enum mr_mark mr_fault_of_file(const struct mr_fault_plan *plan, uint32_t feed,
                              uint32_t publication);
/* Whether a feed does not come; *until, when it does, is the publication that brings it back. */
bool mr_fault_is_silent(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication,
                        uint32_t *until);
bool mr_fault_breaks_byte(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication);
enum mr_flaw mr_fault_of_row(const struct mr_fault_plan *plan, struct mr_dice *dice);
enum mr_mark mr_flaw_mark(enum mr_flaw flaw);

#endif
