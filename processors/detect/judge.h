/* judge.h - what every detector does around its method's step.
 *
 *     value --finite?--> step() --strength--> warm-up, threshold, refractory --> judgement
 *
 * A key's state is this head and, behind it, the method's own. The head counts the
 * records of the key and remembers its last alarm:
 *
 * - warm-up: the first `warmup` values are learnt and never an alarm;
 * - refractory: after an alarm the next `refractory_records` values, and those less
 *   than `refractory` later by event time, are none; their score is told all the same;
 * - calibrated, the strength is replaced by its rank among those of the key so far: "one in
 *   so many", whatever the method's unit; the threshold is such a number too;
 * - score = strength / (strength + threshold): 0 expected, 0.5 at the threshold, 1 never
 *   quite (1 only where any difference is infinitely surprising).
 *
 * A value that is absent, not finite or absurdly large is not judged and not learnt:
 * one NaN would poison means for ever.
 */
#ifndef MR_DETECT_JUDGE_H
#define MR_DETECT_JUDGE_H

#include "processors/core/base/value.h"
#include "processors/detect/method.h"

#define MR_ABSENT_MAX 20 /* keys that are named on one record */

struct mr_judge_head {
    int64_t alarm_ms; /* event time of the last alarm */
    uint32_t seen;    /* values learnt; stays at UINT32_MAX */
    uint32_t quiet;   /* records left of the refractory time */
    uint32_t has_alarmed;
    uint32_t reserved;
};

struct mr_judgement {
    bool is_anomaly;
    double score;
    double observed, expected, band_low, band_high, ratio, change_percent; /* NaN: none */
    double one_in;                                                         /* NaN: not ranked */
    uint32_t seen;
    const char *reason; /* literal; "" where there is nothing to say */
    bool has_window;
    int64_t window_start_ms, window_end_ms; /* of what was judged */
    uint32_t absent_count;                  /* missing: keys that the record tells of */
    struct mr_value *absent;                /* texts: the first MR_ABSENT_MAX of them; arena */
};

/* Bytes of a key's state. */
size_t mr_judge_state_size(const struct mr_method *method, const struct mr_tuning *tuning);

/* Judges one value and learns it. state is aligned as max_align_t is; value->seen is the state's
 * own business. */
void mr_judge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
              const struct mr_observation *value, struct mr_judgement *judgement);

/* As mr_judge, but nothing of the value is learnt: only an alarm is remembered, for the refractory
 * time. */
void mr_judge_frozen(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
                     const struct mr_observation *value, struct mr_judgement *judgement);

/* Adds what another state of the same method and tuning has seen: a key's history on two
 * partitions, or of two spans of time. The later alarm counts. false: the method's states cannot be
 * merged, nor can what is calibrated. */
bool mr_judge_merge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
                    const void *other);

/* How much more than 1 a ratio is, in per cent to one decimal, as people read it. */
double mr_judge_percent(double ratio);

/* The judgement of a record that was not judged, because of reason. */
void mr_judge_nothing(const char *reason, struct mr_judgement *judgement);

#endif
