/* Goal: no bytes, read as a model, crash, hang, leak or use more than their arenas; what was opened
 * scores any row without leaving its nodes, and to the same bits alone and in a batch.
 * Method: libFuzzer; rows of zeros, missing values and infinities are scored with what opens. */
#include "processors/score/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)4 << 20)
#define ROWS 9
#define FEATURES_MAX 64

static void score(const struct mr_model *model, float *scratch)
{
    static const float cells[] = {0, NAN, INFINITY, -INFINITY, 1e-3F, -1};
    float rows[ROWS * FEATURES_MAX], alone[ROWS], together[ROWS];
    const size_t features = model->feature_count;

    for (size_t i = 0; i < ROWS * features; i++) {
        rows[i] = cells[(i + i / features) % MR_COUNT(cells)];
    }
    mr_model_margins(model, rows, ROWS, scratch, together);
    for (size_t i = 0; i < ROWS; i++) {
        mr_model_margins(model, rows + i * features, 1, scratch, &alone[i]);
    }
    MR_ASSERT(memcmp(alone, together, sizeof(alone)) == 0);
}

static void try_model(struct mr_span bytes, struct mr_arena *arena, struct mr_arena *scratch)
{
    struct mr_error err = {0};
    struct mr_model model;
    float *room;

    if (mr_model_open(bytes, arena, scratch, &model, &err) != MR_OK) {
        MR_ASSERT(err.text[0] != '\0');
        return;
    }
    MR_ASSERT(mr_arena_used(scratch) == 0);
    room = calloc(mr_forest_scratch(model.forest), sizeof(*room));
    if (room != NULL && model.feature_count <= FEATURES_MAX) {
        score(&model, room);
    }
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_arena *arena = mr_arena_new(ROOM), *scratch = mr_arena_new(ROOM);

    if (arena != NULL && scratch != NULL) {
        try_model((struct mr_span){data, size}, arena, scratch);
    }
    mr_arena_free(arena);
    mr_arena_free(scratch);
    return 0;
}
