/* absence.h - the detector that tells what does not come: `missing`.
 *
 *     record of a group --arrival--> its key's state;  the group's clock moves --> who is overdue?
 *
 * There is no wall clock: a key is found missing by the record that moves its group's clock past
 * what is usual for the key, and that record carries the news. A group (by default all records of
 * the partition) has one of two clocks:
 *
 *     stream time   the latest event time of its records: "this store has gone silent", told by a
 *                   record of another store
 *     whole feeds   with `complete`: how many records there were for which it held; a feed that
 *                   breaks off is not one, so it lacks nothing: "these items used to be in every
 *                   feed", told by the record that ends one
 *
 * An arrival counts at the clock that the group has come to, whatever its own time says. One alarm
 * per outage: a key that was told is forgotten, and learnt anew when it comes again. So the state
 * holds what is expected to come, and nothing else. A key that comes back before anybody told is
 * told by its own record.
 *
 * What is told on one record: how many keys, and the names of the first MR_ABSENT_MAX, those that
 * are overdue the longest first. Which they are depends on the order of the partition's records and
 * on nothing else.
 *
 * Internal to processors/detect.
 */
#ifndef MR_DETECT_ABSENCE_H
#define MR_DETECT_ABSENCE_H

#include "processors/core/base/arena.h"
#include "processors/core/stage/store.h"
#include "processors/detect/judge.h"

struct mr_absence;

struct mr_absence_spec {
    const struct mr_method *method; /* one with MR_KNOB_ABSENCE; borrowed, as all here */
    const struct mr_tuning *tuning;
    struct mr_store *keys;   /* of mr_judge_state_size() */
    struct mr_store *groups; /* of mr_absence_group_size() */
};

struct mr_arrival {
    struct mr_span key, group;
    int64_t time_ms;
    int32_t partition;
    bool is_complete; /* the record ends a whole feed of its group */
};

size_t mr_absence_group_size(void);
/* Owned; spec is copied. NULL: no memory. */
struct mr_absence *mr_absence_new(const struct mr_absence_spec *spec);
void mr_absence_free(struct mr_absence *absence);

/* Counts the arrival and tells who is overdue; names lie in arena. MR_NO_ROOM: keys_max, or arena.
 */
enum mr_code mr_absence_judge(struct mr_absence *absence, const struct mr_arrival *arrival,
                              struct mr_arena *arena, struct mr_judgement *judgement,
                              struct mr_error *err);

#endif
