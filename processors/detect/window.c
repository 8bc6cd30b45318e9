#include "processors/detect/window.h"

#include "processors/core/base/error.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARKERS 5
#define EXACT 16 /* so many records are kept as they are */

/* The window in the making. Behind it, for a quantile, the markers. */
struct pane {
    int64_t start_ms;
    uint64_t count; /* of records with a value; 0 with is_open: none yet */
    double value;   /* sum, mean, least or greatest so far */
    uint64_t is_open;
};

struct markers {
    double heights[EXACT];  /* the first MARKERS of them, once there are more records */
    double places[MARKERS]; /* ranks, from 1 */
    double reserved;
};

_Static_assert(sizeof(struct pane) == 32 && sizeof(struct markers) == 176, "no byte is padding");

static const char *const names[MR_AGGREGATE_COUNT] = {
#define AGGREGATE_NAME(name) #name,
    MR_AGGREGATES(AGGREGATE_NAME)
#undef AGGREGATE_NAME
};

/* The end of the text that begins with the quote at `at`. */
static const char *skip_text(const char *at)
{
    const char quote = *at++;

    while (*at != '\0' && *at != quote) {
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at == quote ? at + 1 : at;
}

/* The first of `wanted` or of an unmatched closing bracket, outside of texts and brackets; or the
 * end. */
static const char *find_outside(const char *at, char wanted)
{
    int depth = 0;

    while (*at != '\0') {
        if (*at == '"' || *at == '\'') {
            at = skip_text(at);
            continue;
        }
        if (depth == 0 && (*at == wanted || strchr(")]}", *at) != NULL)) {
            return at;
        }
        depth += strchr("([{", *at) != NULL;
        depth -= strchr(")]}", *at) != NULL;
        at++;
    }
    return at;
}

static bool read_quantile(const char **at, double *quantile)
{
    char *end;

    *quantile = strtod(*at, &end);
    if (end == *at || !(*quantile > 0.0 && *quantile < 1.0)) {
        return false;
    }
    end += strspn(end, " ");
    *at = *end == ',' ? end + 1 : end;
    return *end == ',';
}

bool mr_window_read(const char *text, struct mr_window *window, struct mr_span *inner)
{
    const char *open = strchr(text, '('), *close;
    struct mr_span name;

    if (open == NULL) {
        return false;
    }
    name = mr_span_trim((struct mr_span){(const uint8_t *)text, (size_t)(open - text)});
    window->aggregate = MR_AGGREGATE_count;
    while (window->aggregate < MR_AGGREGATE_COUNT && !mr_span_is(name, names[window->aggregate])) {
        window->aggregate++;
    }
    open++;
    if (window->aggregate == MR_AGGREGATE_COUNT ||
        (window->aggregate == MR_AGGREGATE_quantile && !read_quantile(&open, &window->quantile))) {
        return false;
    }
    close = find_outside(open, ')');
    *inner = mr_span_trim((struct mr_span){(const uint8_t *)open, (size_t)(close - open)});
    return *close == ')' && close[1 + strspn(close + 1, " \n")] == '\0' &&
           (inner->size == 0) == (window->aggregate == MR_AGGREGATE_count);
}

size_t mr_window_state_size(const struct mr_window *window)
{
    if (window->size_ms == 0) {
        return 0;
    }
    return sizeof(struct pane) +
           (window->aggregate == MR_AGGREGATE_quantile ? sizeof(struct markers) : 0);
}

static struct markers *markers_of(struct pane *pane)
{
    return (struct markers *)(void *)(pane + 1);
}

/* While they are few: the heights are the values, by size. */
static void add_first(struct markers *self, uint64_t count, double x)
{
    size_t at = (size_t)count;

    for (; at > 0 && self->heights[at - 1] > x; at--) {
        self->heights[at] = self->heights[at - 1];
    }
    self->heights[at] = x;
}

/* Where the markers want to be among so many: least, greatest, the quantile, and half-way to it. */
static double wanted_place(double quantile, int marker, uint64_t count)
{
    const double shares[MARKERS] = {0.0, 0.5 * quantile, quantile, 0.5 * (1.0 + quantile), 1.0};

    return 1.0 + (double)(count - 1) * shares[marker];
}

/* From all values to five of them, each of another rank. */
static void choose_markers(struct markers *self, double quantile)
{
    double heights[MARKERS];

    for (int i = 0; i < MARKERS; i++) {
        self->places[i] = floor(wanted_place(quantile, i, EXACT) + 0.5);
    }
    for (int i = MARKERS - 2; i > 0; i--) {
        self->places[i] = fmin(self->places[i], self->places[i + 1] - 1.0);
    }
    for (int i = 1; i < MARKERS - 1; i++) {
        self->places[i] = fmax(self->places[i], self->places[i - 1] + 1.0);
    }
    for (int i = 0; i < MARKERS; i++) {
        heights[i] = self->heights[(int)self->places[i] - 1];
    }
    memset(self->heights, 0, sizeof(self->heights));
    memcpy(self->heights, heights, sizeof(heights));
}

/* Where marker i would stand if it were moved one rank by `step`, along a parabola through its
 * neighbours; on a straight line where that would pass one of them. */
static double move_height(const struct markers *self, int i, double step)
{
    const double *q = self->heights, *n = self->places;
    const double curve =
        q[i] + step / (n[i + 1] - n[i - 1]) *
                   ((n[i] - n[i - 1] + step) * (q[i + 1] - q[i]) / (n[i + 1] - n[i]) +
                    (n[i + 1] - n[i] - step) * (q[i] - q[i - 1]) / (n[i] - n[i - 1]));
    const int to = step > 0 ? i + 1 : i - 1;

    if (curve > q[i - 1] && curve < q[i + 1]) {
        return curve;
    }
    return q[i] + step * (q[to] - q[i]) / (n[to] - n[i]);
}

/* count: with this one. */
static void add_later(struct markers *self, double quantile, uint64_t count, double x)
{
    int cell = 0;

    self->heights[0] = x < self->heights[0] ? x : self->heights[0];
    self->heights[4] = x > self->heights[4] ? x : self->heights[4];
    while (cell < 3 && x >= self->heights[cell + 1]) {
        cell++;
    }
    for (int i = cell + 1; i < MARKERS; i++) {
        self->places[i] += 1.0;
    }
    for (int i = 1; i < MARKERS - 1; i++) {
        const double away = wanted_place(quantile, i, count) - self->places[i];
        const double step = away > 0 ? 1.0 : -1.0;
        const double gap = step > 0 ? self->places[i + 1] - self->places[i]
                                    : self->places[i] - self->places[i - 1];

        if (fabs(away) >= 1.0 && gap > 1.0) {
            self->heights[i] = move_height(self, i, step);
            self->places[i] += step;
        }
    }
}

/* count: before this one. */
static void add_to_quantile(struct markers *self, double quantile, uint64_t count, double x)
{
    if (count < EXACT) {
        add_first(self, count, x);
        return;
    }
    if (count == EXACT) {
        choose_markers(self, quantile);
    }
    add_later(self, quantile, count + 1, x);
}

static void add(const struct mr_window *window, struct pane *pane, double x)
{
    switch (window->aggregate) {
    case MR_AGGREGATE_sum:
        pane->value += x;
        break;
    case MR_AGGREGATE_mean:
        pane->value += (x - pane->value) / (double)(pane->count + 1);
        break;
    case MR_AGGREGATE_min:
        pane->value = pane->count == 0 || x < pane->value ? x : pane->value;
        break;
    case MR_AGGREGATE_max:
        pane->value = pane->count == 0 || x > pane->value ? x : pane->value;
        break;
    case MR_AGGREGATE_quantile:
        add_to_quantile(markers_of(pane), window->quantile, pane->count, x);
        break;
    default:
        break;
    }
    pane->count++;
}

static double value_of(const struct mr_window *window, struct pane *pane)
{
    if (window->aggregate == MR_AGGREGATE_count) {
        return (double)pane->count;
    }
    if (window->aggregate != MR_AGGREGATE_quantile) {
        return pane->value;
    }
    if (pane->count > EXACT) {
        return markers_of(pane)->heights[2];
    }
    return markers_of(pane)->heights[(int)ceil(window->quantile * (double)pane->count) - 1];
}

static void open_pane(const struct mr_window *window, struct pane *pane, int64_t start_ms)
{
    memset(pane, 0, mr_window_state_size(window));
    pane->start_ms = start_ms;
    pane->is_open = 1;
}

/* Each reduced before they are added: no sum can overflow then. Saturates at the ends of time. */
static int64_t start_of(const struct mr_windowed *self, int64_t time_ms)
{
    const int64_t size = self->window->size_ms;
    const int64_t part = time_ms % size + self->tuning->offset_ms % size;
    const int64_t phase = (part % size + size) % size;

    return time_ms < INT64_MIN + phase ? INT64_MIN : time_ms - phase;
}

static void judge_at(const struct mr_windowed *self, void *state, double value, int64_t start_ms,
                     struct mr_judgement *judgement)
{
    const struct mr_observation seen = {value, true, start_ms, 0};

    (self->is_frozen ? mr_judge_frozen : mr_judge)(self->method, self->tuning, state, &seen,
                                                   judgement);
    judgement->has_window = true;
    judgement->window_start_ms = start_ms;
    judgement->window_end_ms =
        start_ms > INT64_MAX - self->window->size_ms ? INT64_MAX : start_ms + self->window->size_ms;
}

/* The windows without a record up to the one that begins at `until`. */
static void judge_empty(const struct mr_windowed *self, void *state, int64_t from, int64_t until,
                        struct mr_judgement *judgement)
{
    const uint64_t size = (uint64_t)self->window->size_ms;
    const uint64_t count = ((uint64_t)until - (uint64_t)from) / size;

    if (self->window->aggregate != MR_AGGREGATE_count &&
        self->window->aggregate != MR_AGGREGATE_sum) {
        return;
    }
    for (uint64_t left = count < MR_EMPTY_MAX ? count : MR_EMPTY_MAX; left > 0; left--) {
        struct mr_judgement empty;

        judge_at(self, state, 0.0, (int64_t)((uint64_t)until - left * size), &empty);
        if (!judgement->is_anomaly) {
            *judgement = empty;
        }
    }
}

static void close_pane(const struct mr_windowed *self, struct pane *pane, int64_t start_ms,
                       struct mr_judgement *judgement)
{
    void *state = (uint8_t *)pane + mr_window_state_size(self->window);

    if (pane->count > 0) {
        judge_at(self, state, value_of(self->window, pane), pane->start_ms, judgement);
    }
    judge_empty(self, state, pane->start_ms + self->window->size_ms, start_ms, judgement);
    open_pane(self->window, pane, start_ms);
}

/* NULL: the record counts. */
static const char *refuse(const struct mr_windowed *self, const struct mr_observation *value)
{
    if (self->window->aggregate == MR_AGGREGATE_count) {
        return NULL;
    }
    if (!value->has_value) {
        return "no_value";
    }
    if (!isfinite(value->value)) {
        return "not_finite";
    }
    return fabs(value->value) > MR_DETECT_VALUE_MAX ? "out_of_range" : NULL;
}

void mr_window_judge(const struct mr_windowed *self, void *state,
                     const struct mr_observation *value, struct mr_judgement *judgement)
{
    const int64_t start_ms = start_of(self, value->time_ms);
    const char *refused = refuse(self, value);
    struct pane *pane = state;

    mr_judge_nothing(refused ? refused : "window_open", judgement);
    if (refused != NULL) {
        return;
    }
    if (!pane->is_open) {
        open_pane(self->window, pane, start_ms);
    }
    if (start_ms < pane->start_ms) {
        judgement->reason = "late";
        return;
    }
    if (start_ms > pane->start_ms) {
        close_pane(self, pane, start_ms, judgement);
    }
    add(self->window, pane, value->value);
}
