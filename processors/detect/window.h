/* window.h - one value for all records of a key in a span of event time: what is judged then.
 *
 *     value: count()  window: 1h       records of a key --pane--> one number an hour --judge-->
 * judgement
 *
 * Windows stand side by side: [n * size, (n + 1) * size), shifted by utc_offset. There is no clock,
 * so a window ends with the first record of the key that lies behind it; that record carries what
 * was found, and the stamp says which window it was. Rules:
 *
 * - a record of a window that has ended is late: not counted, reason `late`;
 * - windows in between without a record: for count and sum, each is judged as 0, the last
 *   MR_EMPTY_MAX of them; the first alarm among them and the window before is told. Other
 * aggregates have no value there, and nothing is learnt;
 * - a record that ends no window is not judged: `window_open`.
 *
 * A quantile is that of the P2 algorithm (Jain and Chlamtac 1985): five heights that move along
 * parabolas; exact for up to sixteen records.
 *
 * Internal to processors/detect.
 */
#ifndef MR_DETECT_WINDOW_H
#define MR_DETECT_WINDOW_H

#include "processors/core/base/span.h"
#include "processors/detect/judge.h"

#define MR_EMPTY_MAX 64

#define MR_AGGREGATES(X) \
    X(count) \
    X(sum) \
    X(mean) \
    X(min) \
    X(max) \
    X(quantile)

#define MR_AGGREGATE_ENUM(name) MR_AGGREGATE_##name,
enum mr_aggregate { MR_AGGREGATES(MR_AGGREGATE_ENUM) MR_AGGREGATE_COUNT };
#undef MR_AGGREGATE_ENUM

struct mr_window {
    int64_t size_ms; /* 0: there is none */
    enum mr_aggregate aggregate;
    double quantile; /* within (0, 1) */
};

/* Reads "count()", "mean(x)", "quantile(0.95, x)": *inner is x, empty for count. false: it is no
 * aggregate. */
bool mr_window_read(const char *text, struct mr_window *window, struct mr_span *inner);

/* What lies in front of the judge's state; a multiple of 16. */
size_t mr_window_state_size(const struct mr_window *window);

/* What is judged, and by what. */
struct mr_windowed {
    const struct mr_window *window;
    const struct mr_method *method;
    const struct mr_tuning *tuning;
    bool is_frozen; /* judged, but not learnt */
};

/* Adds a record to its window, and judges the one that it ends. For count, value->value is not
 * read. */
void mr_window_judge(const struct mr_windowed *self, void *state,
                     const struct mr_observation *value, struct mr_judgement *judgement);

#endif
