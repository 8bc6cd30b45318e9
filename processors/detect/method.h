/* method.h - what a method of detection is: one step over one key's history.
 *
 *     detect --value, time--> judge (judge.h) --observation--> step(state) --finding--> judgement
 *
 * A method is a file of its own with one row of the table below. It owns a state
 * of fixed size per key: plain old data, zeroed when new (zero is a valid empty
 * state), without pointers and without bytes that it does not write, so that a
 * state can be copied, stored and compared as bytes. step() scores first and learns
 * after: a value never votes for itself.
 *
 * What the methods have in common (warm-up, refractory time, direction, the score
 * in [0,1)) is the judge's; a method only says how far a value lies from what the
 * history says, in the unit of its own threshold.
 *
 * Promises of a step, held by tests: for any finite value up to MR_DETECT_VALUE_MAX the
 * state stays finite; the arithmetic is +, -, *, / and sqrt in a fixed order, so the
 * state holds the same bits whatever compiled it (arith.h has the rest).
 * Any thread; a state belongs to its store's.
 */
#ifndef MR_DETECT_METHOD_H
#define MR_DETECT_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger values are not judged: their squares, summed over 2^32 records, would not be finite. */
#define MR_DETECT_VALUE_MAX 1e140

enum mr_direction { MR_BOTH, MR_UP, MR_DOWN };
enum mr_against { MR_AGAINST_CALM, MR_AGAINST_LAST, MR_AGAINST_MEDIAN };
enum mr_alarm_on { MR_ALARM_ON_ANY, MR_ALARM_ON_REPEAT, MR_ALARM_ON_CONFLICT };

/* rcre: what each of its spans smooths. */
enum mr_span_of { MR_SPAN_SEASON, MR_SPAN_VARIANCE, MR_SPAN_FAST, MR_SPAN_SLOW, MR_SPAN_COUNT };

/* One detector's settings, resolved and checked when the stage opens. */
struct mr_tuning {
    double threshold;   /* in the method's unit; > 0 */
    double one_in;      /* calibrated: the threshold as a rate, one in so many; 0: not calibrated */
    double span;        /* EWMAs: alpha = 2 / (span + 1) */
    double floor;       /* least scale, in the value's unit */
    double floor_share; /* least scale, as a share of what is expected */
    double ceiling_share; /* greatest scale, likewise; 0: none */
    int64_t refractory_ms;
    int64_t within_ms; /* duplicate */
    int64_t per_ms;    /* rate_of_change: 0: per record */
    int64_t period_ms; /* seasonal, rcre */
    int64_t offset_ms; /* added to event time before the period is taken */
    uint32_t refractory_count;
    uint32_t warmup;
    uint32_t values; /* robust_z, rate_of_change: how many of the last ones are kept */
    uint32_t bins;   /* of a period */
    uint32_t spans[MR_SPAN_COUNT]; /* rcre, in records */
    enum mr_direction direction;
    enum mr_against against;
    enum mr_alarm_on alarm_on;
    bool is_log;     /* robust_z: judge ratios, not differences */
    bool is_counted; /* missing: the clock counts whole feeds */
};

struct mr_observation {
    double value;   /* finite; meaningless when there is none */
    bool has_value; /* always true for a method that needs one */
    int64_t time_ms;
    uint32_t seen; /* of this key before this one; stays at its maximum */
};

/* Absent doubles are NaN. */
struct mr_finding {
    double strength; /* >= 0, what the threshold is compared with; may be infinite */
    double expected;
    double band_low, band_high; /* beyond them strength >= threshold */
    double one_in;              /* of so many values, one was as unusual in what reason names */
    const char *reason;         /* literal: what an alarm is called */
};

/* The knobs that not every method has: setting one that a method does not read is a mistake. */
enum mr_knob {
    MR_KNOB_VALUES = 1 << 0,
    MR_KNOB_SPAN = 1 << 1,
    MR_KNOB_FLOOR = 1 << 2,
    MR_KNOB_SCALE = 1 << 3,
    MR_KNOB_WITHIN = 1 << 4,
    MR_KNOB_PER = 1 << 5,
    MR_KNOB_PERIOD = 1 << 6,
    MR_KNOB_AGAINST = 1 << 7,
    MR_KNOB_ALARM_ON = 1 << 8,
    MR_KNOB_DIRECTION = 1 << 9,
    MR_KNOB_CALIBRATE = 1 << 10, /* its strength grows with how unusual a value is */
    MR_KNOB_LEARN = 1 << 11,     /* what it learns is about many values, not about the last */
    MR_KNOB_SPANS = 1 << 12,
    MR_KNOB_ABSENCE = 1 << 13, /* is asked for keys that do not come, too: absence.h */
    MR_KNOB_CEILING = 1 << 14
};

/* How many records each of two states has seen; neither is 0. */
struct mr_merged {
    double own, other;
};

struct mr_method {
    const char *name;
    const char *summary;
    uint16_t version;     /* of the state's layout and arithmetic */
    unsigned knobs;       /* enum mr_knob */
    bool takes_null;      /* judges that a record came, with or without a value */
    double thresholds[3]; /* by enum mr_sensitivity */
    /* What is used where the user sets nothing. */
    uint32_t warmup;
    uint32_t refractory_count;
    uint32_t values;
    uint32_t bins, bins_max;
    double span;
    /* Required. Bytes per key, beside the judge's own; at most MR_DETECT_STATE_MAX. */
    size_t (*state_size)(const struct mr_tuning *tuning);
    /* Required. Fills *finding, which comes as {0, NaN, NaN, NaN, NaN, ""}. */
    void (*step)(const struct mr_tuning *tuning, void *state, const struct mr_observation *seen,
                 struct mr_finding *finding);
    /* Optional: state becomes what one that had seen the records of both would be, but for
     * rounding; where order matters to a method, there is none. */
    void (*merge)(const struct mr_tuning *tuning, void *state, const void *other,
                  const struct mr_merged *seen);
};

#define MR_DETECT_STATE_MAX 4096

enum mr_sensitivity { MR_MEDIUM, MR_HIGH, MR_LOW };

/* What a detector of this method does where the user sets nothing. */
struct mr_tuning mr_tuning_of(const struct mr_method *method, enum mr_sensitivity sensitivity);

/* The only list of methods, the default first. */
#define MR_METHODS(X) \
    X(rcre) \
    X(robust_z) \
    X(mad) \
    X(ewma) \
    X(zscore) \
    X(rate_of_change) \
    X(duplicate) \
    X(range) \
    X(seasonal) \
    X(change_point) \
    X(evt) \
    X(stuck) \
    X(missing)

#define MR_METHOD_ENUM(name) MR_METHOD_##name,
enum mr_method_index { MR_METHODS(MR_METHOD_ENUM) MR_METHOD_COUNT };
#undef MR_METHOD_ENUM

#define MR_METHOD_EXTERN(name) extern const struct mr_method mr_method_##name;
MR_METHODS(MR_METHOD_EXTERN)
#undef MR_METHOD_EXTERN

extern const struct mr_method *const mr_methods[MR_METHOD_COUNT];
extern const char *const mr_method_names[MR_METHOD_COUNT + 1]; /* NULL-terminated */

#endif
