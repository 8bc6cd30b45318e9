#include "processors/detect/detect.h"

#include "processors/core/stage/evaluate.h"
#include "processors/detect/detector.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_SIZE 8
#define BLOCK ((size_t)16) /* records that are asked before the first of them is judged */

struct detect {
    const struct mr_scope *scope;  /* borrowed */
    struct mr_detector *detectors; /* arena of the scope */
    size_t detector_count;
    uint32_t time_slot; /* origin.event_time */
    uint32_t stamp_slot;
};

static bool is_field_name(const char *name)
{
    if (!isalpha((unsigned char)name[0])) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name) && *name != '_') {
            return false;
        }
    }
    return true;
}

/* Names are fields of one record, beside `config`: each usable, and once. */
static bool check_names(struct mr_scope *scope, const struct mr_items *items)
{
    const struct mr_detector_settings *detectors = items->items;
    bool is_good = true;

    for (size_t i = 0; i < items->count; i++) {
        const char *fault = NULL;

        if (!is_field_name(detectors[i].name) || strcmp(detectors[i].name, "config") == 0) {
            fault = "cannot be a field of the stamp";
        }
        for (size_t k = 0; k < i; k++) {
            fault = strcmp(detectors[i].name, detectors[k].name) == 0 ? "is there twice" : fault;
        }
        if (fault != NULL) {
            mr_scope_complain(scope, MR_SEVERITY_ERROR, detectors[i].key.place, "detectors",
                              "letters, digits and _, a letter first, and each name once",
                              "\"%s\" %s", detectors[i].name, fault);
            is_good = false;
        }
    }
    return is_good;
}

static enum mr_code open_detectors(struct detect *self, struct mr_scope *scope,
                                   const struct mr_items *items, struct mr_error *err)
{
    const struct mr_detector_settings *settings = items->items;
    enum mr_code first = MR_OK;

    self->detectors = mr_arena_take(mr_scope_arena(scope), items->count, sizeof(*self->detectors));
    if (self->detectors == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu detectors", items->count);
    }
    self->detector_count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        const enum mr_code code = mr_detector_open(scope, &settings[i], &self->detectors[i], err);

        first = first != MR_OK ? first : code;
    }
    return first;
}

static enum mr_code detect_open(struct mr_processor *processor, struct mr_scope *scope,
                                struct mr_error *err)
{
    const struct mr_detect_settings *settings = processor->settings;
    struct detect *self = calloc(1, sizeof(*self));
    const char *schema;
    enum mr_code code;

    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the stage");
    }
    processor->state = self;
    self->scope = scope;
    if (!check_names(scope, &settings->detectors)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "detectors: names that cannot be used");
    }
    code = open_detectors(self, scope, &settings->detectors, err);
    if (code == MR_OK) {
        code = mr_scope_slot(scope, "origin.event_time", &self->time_slot, NULL, err);
    }
    if (code != MR_OK) {
        return code;
    }
    schema = mr_detection_schema(settings, mr_scope_arena(scope));
    return schema ? mr_scope_stamp(scope, "detection", schema, &self->stamp_slot, err)
                  : MR_FAIL(err, MR_NO_ROOM, "no room for the stamp's schema");
}

/* A record, as all detectors see it. */
struct subject {
    struct mr_value *row;
    int64_t time_ms;
    int32_t partition;
};

/* What one detector asks of it. */
struct question {
    struct mr_value key; /* STRING */
    double value;
    bool has_value;
    bool is_frozen;        /* judge it, but do not learn it */
    struct mr_value group; /* STRING */
    bool is_complete;      /* the record ends a whole feed of the group */
    const char *refused;   /* NULL: judge it */
};

static bool to_number(const struct mr_value *value, double *number)
{
    switch (value->kind) {
    case MR_KIND_DOUBLE:
        *number = value->real;
        return true;
    case MR_KIND_INT:
        *number = (double)value->number;
        return true;
    case MR_KIND_UINT:
        *number = (double)value->positive;
        return true;
    default:
        return false;
    }
}

static enum mr_code ask_value(const struct mr_detector *detector, const struct mr_value *row,
                              struct mr_arena *arena, struct question *question,
                              struct mr_error *err)
{
    struct mr_value value;
    enum mr_code code;

    if (detector->value == NULL) {
        return MR_OK;
    }
    code = mr_evaluate(detector->value, row, arena, &value, err);
    question->has_value = code == MR_OK && to_number(&value, &question->value);
    if (value.kind == MR_KIND_ERROR) {
        question->refused = "value_error";
    }
    return code;
}

/* TRUE where there is no condition. */
static enum mr_code ask_condition(const struct mr_cel_program *condition,
                                  const struct mr_value *row, struct mr_arena *arena,
                                  struct mr_value *answer, struct mr_error *err)
{
    *answer = mr_value_bool(true);
    return condition != NULL ? mr_evaluate_condition(condition, row, arena, answer, err) : MR_OK;
}

/* What cannot be decided is not learnt: a poisoned history is worse than a late one. */
static enum mr_code ask_learn(const struct mr_detector *detector, const struct mr_value *row,
                              struct mr_arena *arena, struct question *question,
                              struct mr_error *err)
{
    struct mr_value learn;
    const enum mr_code code = ask_condition(detector->learn, row, arena, &learn, err);

    question->is_frozen = learn.kind == MR_KIND_ERROR || learn.number == 0;
    return code;
}

/* What cannot be decided is no whole feed. */
static enum mr_code ask_group(const struct mr_detector *detector, const struct mr_value *row,
                              struct mr_arena *arena, struct question *question,
                              struct mr_error *err)
{
    struct mr_value complete = mr_value_bool(false);
    enum mr_code code = MR_OK;

    question->group = mr_value_string((struct mr_span){NULL, 0});
    if (detector->group != NULL) {
        code = mr_evaluate(detector->group, row, arena, &question->group, err);
    }
    if (code == MR_OK && detector->complete != NULL) {
        code = mr_evaluate_condition(detector->complete, row, arena, &complete, err);
    }
    question->is_complete = complete.kind == MR_KIND_BOOL && complete.number != 0;
    if (question->group.kind != MR_KIND_STRING) {
        question->refused = "key_error";
    }
    return code;
}

static enum mr_code ask(const struct mr_detector *detector, const struct mr_value *row,
                        struct mr_arena *arena, struct question *question, struct mr_error *err)
{
    struct mr_value when;
    enum mr_code code = ask_condition(detector->when, row, arena, &when, err);

    if (code != MR_OK || when.kind == MR_KIND_ERROR || when.number == 0) {
        question->refused = when.kind == MR_KIND_ERROR ? "when_error" : "filtered";
        return code;
    }
    code = mr_evaluate(detector->key, row, arena, &question->key, err);
    if (code != MR_OK || question->key.kind != MR_KIND_STRING) {
        question->refused = "key_error";
        return code;
    }
    if (detector->absence != NULL) {
        return ask_group(detector, row, arena, question, err);
    }
    code = ask_learn(detector, row, arena, question, err);
    return code == MR_OK ? ask_value(detector, row, arena, question, err) : code;
}

static void judge_value(const struct mr_detector *detector, const struct question *question,
                        int64_t time_ms, void *state, struct mr_judgement *judgement)
{
    const struct mr_observation value = {question->value, question->has_value, time_ms, 0};
    const struct mr_windowed windowed = {&detector->window, detector->method, &detector->tuning,
                                         question->is_frozen};

    if (detector->window.size_ms > 0) {
        mr_window_judge(&windowed, state, &value, judgement);
    } else {
        (question->is_frozen ? mr_judge_frozen : mr_judge)(detector->method, &detector->tuning,
                                                           state, &value, judgement);
    }
}

static enum mr_code judge_one(const struct mr_detector *detector, const struct subject *subject,
                              const struct question *question, struct mr_arena *arena,
                              struct mr_judgement *judgement, struct mr_error *err)
{
    void *state;

    mr_judge_nothing(question->refused ? question->refused : "", judgement);
    if (question->refused != NULL) {
        return MR_OK;
    }
    if (detector->absence != NULL) {
        const struct mr_arrival arrival = {mr_value_span(&question->key),
                                           mr_value_span(&question->group), subject->time_ms,
                                           subject->partition, question->is_complete};

        return mr_absence_judge(detector->absence, &arrival, arena, judgement, err);
    }
    state = mr_store_at(detector->store, subject->partition, mr_value_span(&question->key),
                        subject->time_ms);
    if (state == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "detector %s has no room for another key: raise keys_max",
                       detector->name);
    }
    judge_value(detector, question, subject->time_ms, state, judgement);
    return MR_OK;
}

/* Some consecutive records of a batch. */
struct block {
    struct subject subjects[BLOCK];
    struct mr_verdict *verdicts; /* borrowed; theirs */
    size_t count;
};

/* Asks all of a block, so that the states of its keys can be on their way from memory when the
 * first is judged. */
static enum mr_code ask_block(const struct mr_detector *detector, const struct block *block,
                              struct mr_arena *arena, struct question questions[BLOCK],
                              struct mr_error *err)
{
    uint64_t hints[BLOCK];

    for (size_t i = 0; i < block->count; i++) {
        const struct subject *subject = &block->subjects[i];
        enum mr_code code;

        questions[i] = (struct question){0};
        code = ask(detector, subject->row, arena, &questions[i], err);
        if (code != MR_OK) {
            return code;
        }
        if (questions[i].refused == NULL) {
            hints[i] = mr_store_hint(detector->store, subject->partition,
                                     mr_value_span(&questions[i].key));
        }
    }
    for (size_t i = 0; i < block->count; i++) {
        if (questions[i].refused == NULL) {
            mr_store_fetch(detector->store, block->subjects[i].partition, hints[i]);
        }
    }
    return MR_OK;
}

/* leaves: where the detector's stand in a row. */
static enum mr_code judge_block(const struct mr_detector *detector, const struct block *block,
                                size_t leaves, struct mr_arena *arena, struct mr_error *err)
{
    const size_t mark = mr_arena_mark(arena);
    struct question questions[BLOCK];
    enum mr_code code = ask_block(detector, block, arena, questions, err);
    bool has_names = false;

    for (size_t i = 0; i < block->count && code == MR_OK; i++) {
        struct mr_judgement judgement;

        code = judge_one(detector, &block->subjects[i], &questions[i], arena, &judgement, err);
        mr_detection_fill(&judgement, block->subjects[i].row + leaves);
        block->verdicts[i].is_flagged = block->verdicts[i].is_flagged || judgement.is_anomaly;
        has_names = has_names || judgement.absent_count > 0;
    }
    if (!has_names) { /* a judgement holds nothing else of what was evaluated */
        mr_arena_release(arena, mark);
    }
    return code;
}

static void begin_block(const struct detect *self, const struct mr_batch *batch, size_t first,
                        struct block *block)
{
    const struct mr_span config = {mr_scope_digest(self->scope)->bytes, CONFIG_SIZE};
    const size_t left = batch->count - first;

    block->count = left < BLOCK ? left : BLOCK;
    for (size_t i = 0; i < block->count; i++) {
        struct mr_value *row = batch->rows[first + i];

        block->subjects[i] = (struct subject){row, mr_value_ms(&row[self->time_slot]),
                                              batch->records[first + i].partition};
        block->verdicts[i] = (struct mr_verdict){.kind = MR_VERDICT_PASS};
        row[self->stamp_slot] = mr_value_bytes(config);
    }
}

static enum mr_code detect_run(struct mr_processor *processor, const struct mr_batch *batch,
                               struct mr_verdict *verdicts, struct mr_arena *arena,
                               struct mr_error *err)
{
    const struct detect *self = processor->state;
    enum mr_code code = MR_OK;

    for (size_t first = 0; first < batch->count && code == MR_OK; first += BLOCK) {
        struct block block = {.verdicts = verdicts + first};

        begin_block(self, batch, first, &block);
        for (size_t i = 0; i < self->detector_count && code == MR_OK; i++) {
            code = judge_block(&self->detectors[i], &block,
                               self->stamp_slot + 1 + i * MR_DETECTOR_LEAVES, arena, err);
        }
    }
    return code;
}

static void detect_close(struct mr_processor *processor)
{
    struct detect *self = processor->state;

    for (size_t i = 0; self != NULL && i < self->detector_count; i++) {
        mr_detector_close(&self->detectors[i]);
    }
    free(processor->state);
    processor->state = NULL;
}

const struct mr_processor_ops mr_detect_ops = {
    .name = "detect",
    .summary = "Says how unusual a record is for its key, by one detector or several.",
    .options = mr_detect_options,
    .settings_size = sizeof(struct mr_detect_settings),
    .list_option = "detectors",
    .open = detect_open,
    .run = detect_run,
    .close = detect_close,
};
