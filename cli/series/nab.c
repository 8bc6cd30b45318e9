#include "cli/series/nab.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define UNCOUNTED_SHARE 0.15
#define UNCOUNTED_OF 5000 /* rows at most that the share is taken of */
#define ABOVE_ALL 1.1     /* a threshold that nothing reaches */
#define OUTSIDE SIZE_MAX

const struct mr_nab_weights mr_nab_weights[MR_NAB_PROFILE_COUNT] = {
    [MR_NAB_STANDARD] = {"standard", 1.0, 0.11, 1.0},
    [MR_NAB_LOW_FP] = {"reward_low_FP_rate", 1.0, 0.22, 1.0},
    [MR_NAB_LOW_FN] = {"reward_low_FN_rate", 1.0, 0.11, 2.0},
};

/* A counted row of any series. */
struct point {
    double score;
    double worth;
    size_t window; /* counted over all series; OUTSIDE */
};

static double value_at(double position)
{
    return position > 3.0 ? -1.0 : 2.0 / (1.0 + exp(5.0 * position)) - 1.0;
}

static size_t uncounted(size_t count)
{
    const double share = floor(UNCOUNTED_SHARE * (double)count);
    const double most = UNCOUNTED_SHARE * UNCOUNTED_OF;

    return (size_t)(share < most ? share : most);
}

static double worth_in(const struct mr_nab_window *window, size_t row)
{
    const double width = (double)(window->last - window->first + 1);

    return value_at(-(double)(window->last - row + 1) / width) / value_at(-1.0);
}

/* last: the window before the row; NULL: none. */
static double worth_behind(const struct mr_nab_window *last, size_t row)
{
    return last == NULL ? -1.0
                        : value_at((double)(row - last->last) / (double)(last->last - last->first));
}

/* The window that the row lies in, or NULL. Rows are asked for in order: *next is the first window
 * that does not end before the row, from 0. */
static const struct mr_nab_window *window_at(const struct mr_nab_series *series, size_t row,
                                             size_t *next)
{
    while (*next < series->window_count && series->windows[*next].last < row) {
        ++*next;
    }
    return *next < series->window_count && series->windows[*next].first <= row
               ? &series->windows[*next]
               : NULL;
}

void mr_nab_worth(const struct mr_nab_series *series, enum mr_nab_profile profile, double *worth)
{
    const struct mr_nab_weights *weights = &mr_nab_weights[profile];
    size_t next = 0;

    for (size_t row = 0; row < series->count; row++) {
        const struct mr_nab_window *window = window_at(series, row, &next);
        const struct mr_nab_window *last = next > 0 ? &series->windows[next - 1] : NULL;

        worth[row] = window != NULL ? worth_in(window, row) * weights->hit
                                    : worth_behind(last, row) * weights->false_alarm;
    }
}

/* The counted rows of all series, and what of each window is reached so far. */
struct sweep {
    struct point *points; /* owned */
    size_t point_count;
    double *reached; /* owned: per window; a window without a counted row is 0 */
    size_t window_count;
    double outside; /* the sum of false alarms */
    struct mr_nab_score score;
};

static void sweep_free(struct sweep *sweep)
{
    free(sweep->points);
    free(sweep->reached);
}

static void add_series(struct sweep *sweep, const struct mr_nab_series *series, double miss,
                       const double *worth)
{
    size_t next = 0;

    for (size_t row = uncounted(series->count); row < series->count; row++) {
        const bool is_inside = window_at(series, row, &next) != NULL;
        const size_t window = is_inside ? sweep->window_count + next : OUTSIDE;

        sweep->points[sweep->point_count++] =
            (struct point){series->scores[row], worth[row], window};
        if (is_inside) {
            sweep->reached[window] = -miss;
        }
        sweep->score.fn += is_inside;
        sweep->score.tn += !is_inside;
    }
    sweep->window_count += series->window_count;
}

static enum mr_code sweep_fill(struct sweep *sweep, const struct mr_nab_series *series,
                               size_t count, enum mr_nab_profile profile, struct mr_error *err)
{
    size_t rows = 0, windows = 0, longest = 0;
    double *worth;

    for (size_t i = 0; i < count; i++) {
        rows += series[i].count;
        windows += series[i].window_count;
        longest = series[i].count > longest ? series[i].count : longest;
    }
    worth = malloc((longest + 1) * sizeof(*worth));
    sweep->points = malloc((rows + 1) * sizeof(*sweep->points));
    sweep->reached = calloc(windows + 1, sizeof(*sweep->reached));
    if (worth == NULL || sweep->points == NULL || sweep->reached == NULL) {
        free(worth);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu rows", rows);
    }
    for (size_t i = 0; i < count; i++) {
        mr_nab_worth(&series[i], profile, worth);
        add_series(sweep, &series[i], mr_nab_weights[profile].miss, worth);
    }
    free(worth);
    return MR_OK;
}

static void raise_alarm(struct sweep *sweep, const struct point *point)
{
    if (point->window == OUTSIDE) {
        sweep->outside += point->worth;
        sweep->score.fp++;
        sweep->score.tn--;
        return;
    }
    sweep->score.tp++;
    sweep->score.fn--;
    sweep->score.hits += sweep->reached[point->window] < 0.0;
    if (point->worth > sweep->reached[point->window]) {
        sweep->reached[point->window] = point->worth;
    }
}

static void sum_up(struct sweep *sweep)
{
    sweep->score.sum = sweep->outside;
    for (size_t i = 0; i < sweep->window_count; i++) {
        sweep->score.sum += sweep->reached[i];
    }
}

enum mr_code mr_nab_at(const struct mr_nab_series *series, size_t count,
                       enum mr_nab_profile profile, double threshold, struct mr_nab_score *score,
                       struct mr_error *err)
{
    struct sweep sweep = {.score.threshold = threshold};
    const enum mr_code code = sweep_fill(&sweep, series, count, profile, err);

    for (size_t i = 0; code == MR_OK && i < sweep.point_count; i++) {
        if (sweep.points[i].score >= threshold) {
            raise_alarm(&sweep, &sweep.points[i]);
        }
    }
    if (code == MR_OK) {
        sum_up(&sweep);
        *score = sweep.score;
    }
    sweep_free(&sweep);
    return code;
}

static int by_falling_score(const void *a, const void *b)
{
    const double x = ((const struct point *)a)->score, y = ((const struct point *)b)->score;

    return (x < y) - (x > y);
}

enum mr_code mr_nab_best(const struct mr_nab_series *series, size_t count,
                         enum mr_nab_profile profile, struct mr_nab_score *score,
                         struct mr_error *err)
{
    struct sweep sweep = {.score.threshold = ABOVE_ALL};
    const enum mr_code code = sweep_fill(&sweep, series, count, profile, err);

    if (code != MR_OK) {
        sweep_free(&sweep);
        return code;
    }
    qsort(sweep.points, sweep.point_count, sizeof(*sweep.points), by_falling_score);
    sum_up(&sweep);
    *score = sweep.score;
    for (size_t i = 0; i < sweep.point_count; i++) {
        const struct point *point = &sweep.points[i];

        raise_alarm(&sweep, point);
        if (i + 1 < sweep.point_count && sweep.points[i + 1].score == point->score) {
            continue;
        }
        sum_up(&sweep);
        if (sweep.score.sum > score->sum) {
            *score = sweep.score;
            score->threshold = point->score;
        }
    }
    sweep_free(&sweep);
    return MR_OK;
}

double mr_nab_normalised(double sum, size_t window_count, enum mr_nab_profile profile)
{
    const struct mr_nab_weights *weights = &mr_nab_weights[profile];
    const double nothing = -weights->miss * (double)window_count;

    return 100.0 * (sum - nothing) / (weights->hit * (double)window_count - nothing);
}
