/* score.h - how well advisories agree with what was planted.
 *
 * An advisory is one JSON object to a line, with subject_key ("chain/store/item",
 * the store's id without leading zeros) and event_time (ISO text or milliseconds;
 * the publication time of the feed), plain or as Avro's JSON writes a union. It is
 * right when the truth has a price fault for that key at that minute. One on a
 * fault's end or on a real change is wrong, and is counted apart so that one
 * can see why. Advisories whose key has not three parts are about something else
 * than a price and are left out.
 */
#ifndef MR_FEEDS_SCORE_H
#define MR_FEEDS_SCORE_H

#include "deploy/feeds/truth.h"

struct mr_score {
    uint64_t advisories; /* about prices */
    uint64_t others;     /* left out */
    uint64_t told;       /* of severity info: they tell of a move and claim no fault; left out */
    uint64_t right;
    uint64_t wrong;
    uint64_t planted[MR_MARK_COUNT];
    uint64_t found[MR_MARK_COUNT];   /* of the planted, at least once */
    uint64_t flagged[MR_MARK_COUNT]; /* advisories by what the truth says; NONE: nothing there */
};

enum mr_code mr_score(const char *truth_path, const char *advisories_path, struct mr_score *score,
                      struct mr_error *err);

/* Of price faults of all kinds. */
uint64_t mr_score_planted(const struct mr_score *score);
uint64_t mr_score_found(const struct mr_score *score);

#endif
