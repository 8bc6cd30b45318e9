/* axis.h - an axis of a picture: from where to where, and which places get a label.
 *
 * Labels stand at round numbers (1, 2 or 5 times a power of ten) or at round times (a second to
 * years, months where they begin), about as many as are wanted.
 */
#ifndef MR_SERIES_AXIS_H
#define MR_SERIES_AXIS_H

#include <stddef.h>

enum mr_axis_kind { MR_AXIS_NUMBER, MR_AXIS_TIME };

struct mr_axis {
    enum mr_axis_kind kind;
    double low, high; /* of TIME: milliseconds since 1970 */
    double step;      /* between labels; of TIME in milliseconds, unless in months */
    int months;       /* > 0: labels stand where months begin, so many apart */
};

#define MR_AXIS_LABEL_SIZE 32

/* begin, add what is to be seen (not NaN, not beyond 1e300), end; then low < high. wanted: about
 * how many labels. */
void mr_axis_begin(struct mr_axis *axis, enum mr_axis_kind kind);
void mr_axis_add(struct mr_axis *axis, double number);
void mr_axis_end(struct mr_axis *axis, size_t wanted);

/* 0 at low, 1 at high. */
double mr_axis_share(const struct mr_axis *axis, double number);
/* Where labels go; how many. */
size_t mr_axis_ticks(const struct mr_axis *axis, double *ticks, size_t room);
void mr_axis_label(const struct mr_axis *axis, double tick, char label[MR_AXIS_LABEL_SIZE]);
/* A time in full: "2026-03-01 05:10:00"; milliseconds where there are any. */
void mr_axis_time(double ms, char label[MR_AXIS_LABEL_SIZE]);

#endif
