#include "cli/series/axis.h"

#include "processors/core/base/civil.h"
#include "processors/core/base/error.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define SECOND 1000.0
#define MINUTE (60.0 * SECOND)
#define HOUR (60.0 * MINUTE)
#define DAY (24.0 * HOUR)
#define MONTH (30.0 * DAY)
#define SEEN_MAX 1e300 /* so that no difference of two overflows */
#define MARGIN 0.04    /* of the height, above and below */

void mr_axis_begin(struct mr_axis *axis, enum mr_axis_kind kind)
{
    *axis = (struct mr_axis){.kind = kind, .low = (double)INFINITY, .high = -(double)INFINITY};
}

void mr_axis_add(struct mr_axis *axis, double number)
{
    if (fabs(number) <= SEEN_MAX) { /* false for NaN */
        axis->low = number < axis->low ? number : axis->low;
        axis->high = number > axis->high ? number : axis->high;
    }
}

/* The least of 1, 2, 5 times a power of ten that is not less. */
static double round_up(double least)
{
    static const double parts[] = {1.0, 2.0, 5.0, 10.0};
    const double power = pow(10.0, floor(log10(least)));
    size_t i = 0;

    while (i + 1 < MR_COUNT(parts) && parts[i] * power < least) {
        i++;
    }
    return parts[i] * power;
}

static void choose_time_step(struct mr_axis *axis, double least)
{
    static const double steps[] = {SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND,
                                   MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
                                   HOUR,   2 * HOUR,   3 * HOUR,   6 * HOUR,    12 * HOUR,
                                   DAY,    2 * DAY,    4 * DAY,    7 * DAY,     14 * DAY};
    static const int months[] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000};

    for (size_t i = 0; i < MR_COUNT(steps); i++) {
        if (steps[i] >= least) {
            axis->step = steps[i];
            return;
        }
    }
    for (size_t i = 0; i < MR_COUNT(months); i++) {
        axis->months = months[i];
        if (months[i] * MONTH >= least) {
            return;
        }
    }
}

void mr_axis_end(struct mr_axis *axis, size_t wanted)
{
    const bool is_time = axis->kind == MR_AXIS_TIME;
    double margin, least;

    if (!(axis->low <= axis->high)) {
        axis->low = axis->high = 0.0;
    }
    margin = is_time ? 0.0 : (axis->high - axis->low) * MARGIN;
    if (axis->low == axis->high) {
        margin = is_time ? HOUR : axis->low == 0.0 ? 1.0 : fabs(axis->low) * 0.1;
    }
    axis->low -= margin;
    axis->high += margin;
    least = (axis->high - axis->low) / (double)wanted;
    if (is_time) {
        choose_time_step(axis, least);
    } else {
        axis->step = round_up(least);
    }
}

double mr_axis_share(const struct mr_axis *axis, double number)
{
    return (number - axis->low) / (axis->high - axis->low);
}

static struct tm calendar_of(double ms)
{
    const time_t seconds = (time_t)floor(ms / SECOND);
    struct tm calendar = {0};

    (void)gmtime_r(&seconds, &calendar);
    return calendar;
}

static size_t month_ticks(const struct mr_axis *axis, double *ticks, size_t room)
{
    const struct tm first = calendar_of(axis->low);
    int month = (first.tm_year + 1900) * 12 + first.tm_mon;
    size_t count = 0;

    for (month -= month % axis->months; count < room; month += axis->months) {
        const struct mr_civil civil = {.year = month / 12, .month = month % 12 + 1, .day = 1};
        int64_t ms;

        if (!mr_civil_ms(&civil, &ms) || (double)ms > axis->high) {
            break;
        }
        if ((double)ms >= axis->low) {
            ticks[count++] = (double)ms;
        }
    }
    return count;
}

size_t mr_axis_ticks(const struct mr_axis *axis, double *ticks, size_t room)
{
    size_t count = 0;

    if (axis->months > 0) {
        return month_ticks(axis, ticks, room);
    }
    for (double i = ceil(axis->low / axis->step); count < room && i * axis->step <= axis->high;
         i += 1.0) {
        ticks[count++] = i * axis->step + 0.0; /* no -0 */
    }
    return count;
}

void mr_axis_label(const struct mr_axis *axis, double tick, char label[MR_AXIS_LABEL_SIZE])
{
    const struct tm calendar = axis->kind == MR_AXIS_TIME ? calendar_of(tick) : (struct tm){0};

    if (axis->kind == MR_AXIS_NUMBER) {
        (void)snprintf(label, MR_AXIS_LABEL_SIZE, "%.6g", tick);
    } else if (axis->months > 0) {
        (void)strftime(label, MR_AXIS_LABEL_SIZE, axis->months % 12 ? "%Y-%m" : "%Y", &calendar);
    } else if (axis->step >= DAY) {
        (void)strftime(label, MR_AXIS_LABEL_SIZE, "%Y-%m-%d", &calendar);
    } else {
        (void)strftime(label, MR_AXIS_LABEL_SIZE, axis->step >= MINUTE ? "%m-%d %H:%M" : "%H:%M:%S",
                       &calendar);
    }
}

void mr_axis_time(double ms, char label[MR_AXIS_LABEL_SIZE])
{
    const struct tm calendar = calendar_of(ms);
    const int rest = (int)(ms - floor(ms / SECOND) * SECOND);
    const size_t size = strftime(label, MR_AXIS_LABEL_SIZE, "%Y-%m-%d %H:%M:%S", &calendar);

    if (rest != 0) {
        (void)snprintf(label + size, MR_AXIS_LABEL_SIZE - size, ".%03d", rest);
    }
}
