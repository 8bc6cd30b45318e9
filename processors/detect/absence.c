#include "processors/detect/absence.h"

#include "processors/core/base/digest.h"
#include "processors/detect/missing.h"
#include "processors/detect/watch.h"

#include <math.h>
#include <stdlib.h>

#define PARTITIONS_MAX 4096

struct group_state {
    int64_t clock;      /* stream time, or whole feeds */
    uint32_t expected;  /* keys that are watched */
    uint32_t has_clock; /* else it is new */
};

_Static_assert(sizeof(struct group_state) == 16, "no byte of a state is padding");

/* The watch of one partition, and of which states it was made. */
struct ward {
    struct mr_watch *watch; /* owned; NULL: not made yet */
    uint64_t epoch;
};

struct mr_absence {
    struct mr_absence_spec spec;
    struct ward wards[PARTITIONS_MAX];
};

/* One arrival on its way. */
struct visit {
    struct mr_absence *self;
    const struct mr_arrival *arrival;
    struct mr_watch *watch;
    struct group_state *group;
    uint64_t group_id;
    struct mr_arena *arena;
    struct mr_judgement *judgement;
    bool has_no_room;
};

size_t mr_absence_group_size(void)
{
    return sizeof(struct group_state);
}

struct mr_absence *mr_absence_new(const struct mr_absence_spec *spec)
{
    struct mr_absence *self = calloc(1, sizeof(*self));

    if (self != NULL) {
        self->spec = *spec;
    }
    return self;
}

void mr_absence_free(struct mr_absence *self)
{
    for (size_t i = 0; self != NULL && i < PARTITIONS_MAX; i++) {
        mr_watch_free(self->wards[i].watch);
    }
    free(self);
}

static bool watch_key(struct visit *visit, struct mr_span key, void *state)
{
    const struct mr_watch_slot slot = {mr_missing_due(visit->self->spec.tuning, state), key, state};

    return slot.due == INT64_MAX || mr_watch_put(visit->watch, *mr_missing_group(state), &slot);
}

static void watch_again(void *context, struct mr_span key, void *state)
{
    struct visit *visit = context;

    visit->has_no_room |= !watch_key(visit, key, state);
}

/* The partition's watch, made anew where states were read back. NULL: no memory. */
static struct mr_watch *watch_of(struct visit *visit)
{
    struct mr_absence *self = visit->self;
    const int32_t partition = visit->arrival->partition;
    struct ward *ward = &self->wards[partition];
    const uint64_t epoch = mr_store_epoch(self->spec.keys, partition);

    if (ward->watch != NULL && ward->epoch == epoch) {
        return ward->watch;
    }
    if (ward->watch == NULL) {
        ward->watch = mr_watch_new();
    } else {
        mr_watch_clear(ward->watch);
    }
    visit->watch = ward->watch;
    if (ward->watch != NULL) {
        mr_store_each(self->spec.keys, partition, watch_again, visit);
    }
    ward->epoch = epoch;
    return visit->has_no_room ? NULL : ward->watch;
}

/* The clock at which the record's key has come. */
static int64_t clock_in(struct visit *visit)
{
    struct group_state *group = visit->group;

    if (visit->self->spec.tuning->is_counted) {
        return group->clock + 1;
    }
    if (!group->has_clock || visit->arrival->time_ms > group->clock) {
        group->clock = visit->arrival->time_ms;
        group->has_clock = 1;
    }
    return group->clock;
}

static void name_absent(struct visit *visit, struct mr_span key)
{
    struct mr_judgement *judgement = visit->judgement;

    if (judgement->absent_count++ == 0) {
        judgement->absent = mr_arena_take(visit->arena, MR_ABSENT_MAX, sizeof(struct mr_value));
    }
    if (judgement->absent == NULL) {
        visit->has_no_room = true;
    } else if (judgement->absent_count <= MR_ABSENT_MAX) {
        const struct mr_span copy = mr_arena_copy(visit->arena, key);

        visit->has_no_room |= copy.data == NULL;
        judgement->absent[judgement->absent_count - 1] = mr_value_string(copy);
    }
}

/* A key that is overdue: told, and no longer expected. */
static void tell(struct visit *visit, const struct mr_watch_slot *slot)
{
    const struct mr_tuning *tuning = visit->self->spec.tuning;
    const double strength = mr_missing_strength(tuning, slot->state, visit->group->clock);
    const double score = strength / (strength + tuning->threshold);
    struct mr_judgement *judgement = visit->judgement;

    judgement->score = judgement->score > score ? judgement->score : score;
    judgement->is_anomaly = true;
    judgement->reason = "missing";
    name_absent(visit, slot->key);
    mr_store_drop(visit->self->spec.keys, visit->arrival->partition, slot->key);
    visit->group->expected--;
}

static void sweep(struct visit *visit)
{
    const struct mr_tuning *tuning = visit->self->spec.tuning;
    struct mr_watch_slot slot;

    while (!visit->has_no_room &&
           mr_watch_take(visit->watch, visit->group_id, visit->group->clock, &slot)) {
        const int64_t due = mr_missing_due(tuning, slot.state);

        if (due > slot.due) {
            slot.due = due;
            visit->has_no_room |= !mr_watch_put(visit->watch, visit->group_id, &slot);
        } else {
            tell(visit, &slot);
        }
    }
}

static enum mr_code arrive(struct visit *visit, struct mr_error *err)
{
    const struct mr_absence_spec *spec = &visit->self->spec;
    const struct mr_arrival *arrival = visit->arrival;
    const struct mr_observation seen = {.time_ms = clock_in(visit)};
    void *state = mr_store_at(spec->keys, arrival->partition, arrival->key, arrival->time_ms);
    bool was_watched;

    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "%s has no room for another key: raise keys_max",
                       mr_store_name(spec->keys));
    }
    *mr_missing_group(state) = visit->group_id;
    was_watched = mr_missing_due(spec->tuning, state) != INT64_MAX;
    mr_judge(spec->method, spec->tuning, state, &seen, visit->judgement);
    if (visit->judgement->is_anomaly) {
        name_absent(visit, arrival->key);
    }
    if (!was_watched && mr_missing_due(spec->tuning, state) != INT64_MAX) {
        visit->group->expected++;
        visit->has_no_room |= !watch_key(visit, mr_store_key(spec->keys), state);
    }
    return MR_OK;
}

/* How many were expected, and how many of them are there: where there is news, or a feed is over.
 */
static void balance(const struct visit *visit, uint32_t expected)
{
    struct mr_judgement *judgement = visit->judgement;

    if (expected > 0 && (judgement->absent_count > 0 || visit->arrival->is_complete)) {
        judgement->expected = expected;
        judgement->observed = visit->group->expected;
        judgement->ratio = judgement->observed / judgement->expected;
        judgement->change_percent = mr_judge_percent(judgement->ratio);
    }
}

enum mr_code mr_absence_judge(struct mr_absence *self, const struct mr_arrival *arrival,
                              struct mr_arena *arena, struct mr_judgement *judgement,
                              struct mr_error *err)
{
    struct visit visit = {.self = self, .arrival = arrival, .arena = arena, .judgement = judgement};
    enum mr_code code = MR_OK;
    uint32_t expected;

    visit.group_id = mr_hash64(arrival->group) | 1;
    visit.group =
        mr_store_at(self->spec.groups, arrival->partition, arrival->group, arrival->time_ms);
    visit.watch = watch_of(&visit);
    if (visit.group == NULL || visit.watch == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room to watch keys");
    }
    code = arrive(&visit, err);
    if (code != MR_OK) {
        return code;
    }
    visit.group->clock += self->spec.tuning->is_counted && arrival->is_complete;
    expected = visit.group->expected;
    sweep(&visit);
    balance(&visit, expected);
    return visit.has_no_room ? MR_FAIL(err, MR_NO_ROOM, "no room to tell what is missing") : MR_OK;
}
