/* score.h - how well advisories agree with what was planted.
 *
 * An advisory is one JSON object to a line, with subject_key ("chain/store/item",
 * the store's id without leading zeros) and event_time (ISO text or milliseconds;
 * the publication time of the feed), plain or as Avro's JSON writes a union. What it claims:
 *
 *     evidence has a list "....absent"       each key in it (a store, an item) does not come
 *     evidence has origin.end, not complete  the feed of the record's store breaks off
 *     neither                                the price of that item is wrong
 *
 * A claim is right when the truth has a fault of that kind for that key at that minute, or
 * an outage that goes on; an advisory with several claims counts as so many. One on a
 * fault's end or on a real change is wrong, and is counted apart so that one
 * can see why. Advisories that claim nothing and whose key has not three parts are left out.
 */
#ifndef MR_FEEDS_SCORE_H
#define MR_FEEDS_SCORE_H

#include "deploy/feeds/truth.h"

struct mr_score {
    uint64_t advisories; /* claims */
    uint64_t others;     /* left out */
    uint64_t told;       /* of severity info: they tell of a move and claim no fault; left out */
    uint64_t right;
    uint64_t wrong;
    uint64_t planted[MR_MARK_COUNT];
    uint64_t found[MR_MARK_COUNT];       /* of the planted, at least once */
    uint64_t flagged[MR_MARK_COUNT];     /* claims by what the truth says; NONE: nothing there */
    uint64_t wrong_absences, wrong_cuts; /* of the wrong: no such outage, no such feed broken off */
};

enum mr_code mr_score(const char *truth_path, const char *advisories_path, struct mr_score *score,
                      struct mr_error *err);

/* Whether a mark is a fault that an advisory should tell. */
bool mr_score_is_fault(enum mr_mark mark);
/* Of faults of all kinds. */
uint64_t mr_score_planted(const struct mr_score *score);
uint64_t mr_score_found(const struct mr_score *score);

#endif
