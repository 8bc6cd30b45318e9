/* detector.h - one detector of a detect stage: its settings, checked and resolved.
 *
 * Internal to processors/detect, and to what judges a series of its own by the same settings.
 */
#ifndef MR_DETECT_DETECTOR_H
#define MR_DETECT_DETECTOR_H

#include "processors/core/stage/scope.h"
#include "processors/detect/absence.h"
#include "processors/detect/judge.h"
#include "processors/detect/window.h"

#define MR_DETECTORS_MAX 64

/* As the user wrote them; 0 where nothing is set and the method's own default holds. */
struct mr_detector_settings {
    const char *name;
    int method;
    struct mr_source key, value, when, learn, group, complete;
    double threshold;
    int sensitivity;
    int direction;
    int64_t warmup;
    int64_t refractory;
    int64_t refractory_records;
    int64_t ttl;
    int64_t keys_max;
    int64_t values;
    int64_t window;
    double span;
    double floor;
    double floor_percent;
    double ceiling_percent;
    int scale;
    int against;
    int64_t per;
    int64_t within;
    int alarm_on;
    int64_t period;
    int64_t bins;
    const char *utc_offset;
    struct mr_texts spans;
    int calibrate;
};

struct mr_detect_settings {
    struct mr_items detectors; /* struct mr_detector_settings */
};

extern const struct mr_option mr_detect_options[];

/* Who is told of an option that does not fit the method. */
struct mr_misfits {
    void (*tell)(void *context, const char *option, const char *text);
    void *context; /* borrowed */
};

/* What a method and its options have against each other; each alone is within its bounds. */
void mr_detector_check(const struct mr_detector_settings *settings,
                       const struct mr_misfits *misfits);
/* What the settings and the method's own defaults come to. */
void mr_detector_tune(const struct mr_detector_settings *settings, struct mr_tuning *tuning);

struct mr_detector {
    const char *name; /* borrowed */
    const struct mr_method *method;
    struct mr_tuning tuning;
    struct mr_window window;
    const struct mr_cel_program *key;
    const struct mr_cel_program *value;    /* NULL: none is judged */
    const struct mr_cel_program *when;     /* NULL: always */
    const struct mr_cel_program *learn;    /* NULL: always */
    const struct mr_cel_program *group;    /* missing; NULL: all of the partition are one */
    const struct mr_cel_program *complete; /* missing; NULL: the clock is stream time */
    struct mr_store *store;                /* owned by the scope */
    struct mr_absence *absence;            /* owned; NULL: not for this method */
};

/* Compiles expressions, checks knobs, declares the store. Problems go to the scope's report. */
enum mr_code mr_detector_open(struct mr_scope *scope, const struct mr_detector_settings *settings,
                              struct mr_detector *detector, struct mr_error *err);

/* Also of one that was opened halfway. */
void mr_detector_close(struct mr_detector *detector);

/* The record schema of the stamp: config and one Detector per detector. NULL: no room. */
const char *mr_detection_schema(const struct mr_detect_settings *settings, struct mr_arena *arena);

/* The leaves of schemas/stamps/detector.avsc, in its order. */
#define MR_DETECTOR_LEAVES 15
void mr_detection_fill(const struct mr_judgement *judgement,
                       struct mr_value leaves[MR_DETECTOR_LEAVES]);

#endif
