/* A snapshot's records, in the compacted topic <pipeline>.<stage>-state, partition by partition:
 *
 *     key  <stage> 0x00 <store> 0x00 <key of the state>     value  image of the state (store.c)
 *     key  0x00 <segment>                                    value  the mark: next offset, stream
 * times
 *
 * The mark is written last, in the transaction that commits the offset it names. */
#include "processors/core/stage/segment_internal.h"

#include <stdio.h>
#include <string.h>

struct snapshot {
    struct mr_segment *segment;
    const struct mr_stage *stage;
    const struct mr_store *store;
    int32_t partition;
    struct mr_arena *arena; /* of the snapshot: bytes live until the commit */
    struct mr_outputs *outputs;
};

static enum mr_code add(struct snapshot *snapshot, struct mr_span key, struct mr_span value,
                        struct mr_error *err)
{
    struct mr_output *output = mr_outputs_add(snapshot->outputs, snapshot->arena);

    if (output == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a snapshot");
    }
    *output = (struct mr_output){
        .topic = (uint32_t)snapshot->segment->topic_count - 1,
        .partition = snapshot->partition,
        .key = key,
        .value = value,
    };
    return MR_OK;
}

static enum mr_code visit(void *context, struct mr_span key, struct mr_span state,
                          struct mr_error *err)
{
    struct snapshot *snapshot = context;
    const char *stage = snapshot->stage->spec->name, *store = mr_store_name(snapshot->store);
    const size_t head = strlen(stage) + 1 + strlen(store) + 1;
    uint8_t *name = mr_arena_bytes(snapshot->arena, head + key.size);
    const struct mr_span copy = mr_arena_copy(snapshot->arena, state);

    if (name == NULL || (state.size > 0 && copy.data == NULL)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a snapshot");
    }
    memcpy(name, stage, strlen(stage) + 1);
    memcpy(name + strlen(stage) + 1, store, strlen(store) + 1);
    if (key.size > 0) {
        memcpy(name + head, key.data, key.size);
    }
    return add(snapshot, (struct mr_span){name, head + key.size},
               state.size > 0 ? copy : (struct mr_span){NULL, 0}, err);
}

/* Calls with every store of the segment, in order. */
static size_t list_stores(struct mr_segment *segment, struct mr_store **stores,
                          const struct mr_stage **stages)
{
    size_t count = 0;

    for (size_t i = segment->first; i <= segment->last; i++) {
        for (size_t k = 0; k < segment->stages[i].scope.store_count; k++) {
            stages[count] = &segment->stages[i];
            stores[count++] = segment->stages[i].scope.stores[k];
        }
    }
    return count;
}

#define STORES_MAX (MR_STAGES_MAX * MR_STORES_MAX)

static enum mr_code add_mark(struct snapshot *snapshot, int64_t next_offset,
                             struct mr_store *const *stores, size_t count, struct mr_error *err)
{
    const char *stage = snapshot->segment->stages[snapshot->segment->first].spec->name;
    const size_t name_size = strlen(stage) + 1;
    uint8_t *name = mr_arena_bytes(snapshot->arena, name_size);
    int64_t *mark = mr_arena_take(snapshot->arena, count + 1, sizeof(*mark));

    if (name == NULL || mark == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a snapshot");
    }
    name[0] = 0;
    memcpy(name + 1, stage, name_size - 1);
    mark[0] = next_offset;
    for (size_t i = 0; i < count; i++) {
        mark[i + 1] = mr_store_stream_time(stores[i], snapshot->partition);
    }
    return add(snapshot, (struct mr_span){name, name_size},
               (struct mr_span){(const uint8_t *)mark, (count + 1) * sizeof(*mark)}, err);
}

enum mr_code mr_segment_snapshot(struct mr_segment *segment, int32_t partition, int64_t next_offset,
                                 struct mr_arena *arena, struct mr_outputs *outputs,
                                 struct mr_error *err)
{
    struct mr_store *stores[STORES_MAX];
    const struct mr_stage *stages[STORES_MAX];
    const size_t count = list_stores(segment, stores, stages);
    struct snapshot snapshot = {
        .segment = segment, .partition = partition, .arena = arena, .outputs = outputs};

    for (size_t i = 0; i < count; i++) {
        enum mr_code code;

        snapshot.stage = stages[i];
        snapshot.store = stores[i];
        code = mr_store_snapshot(stores[i], partition, visit, &snapshot, err);
        if (code != MR_OK) {
            return code;
        }
    }
    return add_mark(&snapshot, next_offset, stores, count, err);
}

void mr_segment_forget(struct mr_segment *segment, int32_t partition)
{
    struct mr_store *stores[STORES_MAX];
    const struct mr_stage *stages[STORES_MAX];
    const size_t count = list_stores(segment, stores, stages);

    for (size_t i = 0; i < count; i++) {
        mr_store_forget(stores[i], partition);
    }
}

static void restore_mark(struct mr_segment *segment, const struct mr_record *record,
                         int64_t *next_offset)
{
    struct mr_store *stores[STORES_MAX];
    const struct mr_stage *stages[STORES_MAX];
    const size_t count = list_stores(segment, stores, stages);
    const char *stage = segment->stages[segment->first].spec->name;
    const struct mr_span name = {record->key.data + 1, record->key.size - 1};
    int64_t value;

    /* A pipeline whose states changed in number starts afresh from the input: what was read of the
     * snapshot must not be counted twice. The mark is the last record of its snapshot. */
    if (!mr_span_is(name, stage) || record->value.size != (count + 1) * sizeof(value)) {
        mr_segment_forget(segment, record->partition);
        *next_offset = 0;
        return;
    }
    memcpy(&value, record->value.data, sizeof(value));
    *next_offset = value;
    for (size_t i = 0; i < count; i++) {
        memcpy(&value, record->value.data + (i + 1) * sizeof(value), sizeof(value));
        mr_store_set_stream_time(stores[i], record->partition, value);
    }
}

/* What follows the first NUL; *head is what stands before it. */
static bool cut(struct mr_span *rest, const char **head)
{
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, 0, rest->size) : NULL;

    if (end == NULL) {
        return false;
    }
    *head = (const char *)rest->data;
    rest->size -= (size_t)(end + 1 - rest->data);
    rest->data = end + 1;
    return true;
}

void mr_segment_restore(struct mr_segment *segment, const struct mr_record *record,
                        int64_t *next_offset)
{
    struct mr_store *stores[STORES_MAX];
    const struct mr_stage *stages[STORES_MAX];
    const size_t count = list_stores(segment, stores, stages);
    struct mr_span key = record->key;
    const char *stage, *store;

    if (key.size > 0 && key.data[0] == 0) {
        restore_mark(segment, record, next_offset);
        return;
    }
    if (!cut(&key, &stage) || !cut(&key, &store)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(stages[i]->spec->name, stage) == 0 &&
            strcmp(mr_store_name(stores[i]), store) == 0) {
            (void)mr_store_restore(stores[i], record->partition, key, record->value);
        }
    }
}
