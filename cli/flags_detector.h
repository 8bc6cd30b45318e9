/* flags_detector.h - a detector as the command line says it: --method, --threshold, --sensitivity
 * and NAME=VALUE for every other option.
 */
#ifndef MR_CLI_FLAGS_DETECTOR_H
#define MR_CLI_FLAGS_DETECTOR_H

#include "cli/series/series.h"
#include "cli/verb.h"

/* NAME=VALUE are the operands after the first. fallback: one more, for when neither it nor a
 * threshold is given; or NULL. */
enum mr_code flags_detector(const struct flags *flags, const char *fallback,
                            struct mr_series_detector *detector, struct mr_error *err);

#endif
