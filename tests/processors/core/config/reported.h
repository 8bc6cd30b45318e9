/* reported.h - what a report says, as text that a test can compare. */
#ifndef MR_TESTS_CONFIG_REPORTED_H
#define MR_TESTS_CONFIG_REPORTED_H

#include "processors/core/config/report.h"

#include <stdlib.h>

/* The whole report as printed; the caller frees it. */
static inline char *reported(const struct mr_report *report)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    mr_report_print(report, stream);
    (void)fclose(stream);
    return text;
}

#endif
