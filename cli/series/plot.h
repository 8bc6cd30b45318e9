/* plot.h - a judged series as a picture: SVG, one file, no script, no font of its own.
 *
 *     +--------------------------------+
 *     |  value, what was expected, the |   band: a shade where the method has one
 *     |  band, alarms as dots          |
 *     +--------------------------------+
 *     |  score, with its threshold 0.5 |
 *     +--------------------------------+
 *        time
 *
 * A series of any length gives a picture of bounded size: of the rows that fall on one column
 * of pixels the lowest and highest are drawn, so no spike is lost. Alarms are all drawn.
 */
#ifndef MR_SERIES_PLOT_H
#define MR_SERIES_PLOT_H

#include "cli/series/series.h"

#include <stdio.h>

struct mr_plot {
    const char *title; /* borrowed, as is all of it */
    const struct mr_series *series;
    const struct mr_judgement *judgements;
};

/* Row times may go backwards: they are drawn where they belong. */
void mr_plot_write(const struct mr_plot *plot, FILE *stream);

#endif
