/* faults.h - what goes wrong with rows and files (what goes wrong with prices is in market.h).
 *
 * Four single events, each at a publication after the second: one file cut off,
 * one that is an HTML page, one that is empty, one row with a byte that is no
 * UTF-8. The rest is per row, by rate. A file that cannot be read whole shows
 * the prices of the publication before, and no price fault is planted just
 * before it, so that what a reader missed never decides what is right.
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

#define MR_EVENT_COUNT 4

struct mr_fault_plan {
    uint32_t row_ppm; /* of each kind of flaw */
    struct {
        enum mr_mark mark;
        uint32_t feed, publication; /* UINT32_MAX: never */
    } events[MR_EVENT_COUNT];
};

struct mr_fault_plan mr_fault_plan_of(const struct mr_world *world);

/* The mark of what befalls the whole file, or NONE. */
enum mr_mark mr_fault_of_file(const struct mr_fault_plan *plan, uint32_t feed,
                              uint32_t publication);
bool mr_fault_breaks_byte(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication);
enum mr_flaw mr_fault_of_row(const struct mr_fault_plan *plan, struct mr_dice *dice);
enum mr_mark mr_flaw_mark(enum mr_flaw flaw);

#endif
