/* report.h - everything that is wrong with a configuration, not only the first thing.
 *
 * Loading goes on after a problem where it can, so that `millrace check` shows all
 * of them at once, each as
 *     grocery.yaml:34:15: detect.price.window: 0 is outside 1..10080 (did you mean ...?)
 */
#ifndef MR_CONFIG_REPORT_H
#define MR_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct mr_place {
    const char *file; /* borrowed; NULL: the command line, or nowhere in particular */
    int line, column; /* 1-based; 0: unknown */
};

enum mr_severity { MR_SEVERITY_WARNING, MR_SEVERITY_ERROR };

struct mr_report;

struct mr_report *mr_report_new(void); /* owned; NULL when there is no memory */
void mr_report_free(struct mr_report *report);

/* key: dotted path, "detect.price.window", or NULL. hint: a whole sentence part, or NULL. Problems
 * beyond a bound (200) are counted and not kept. All texts are copied. */
void mr_report_add(struct mr_report *report, enum mr_severity severity, struct mr_place place,
                   const char *key, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

size_t mr_report_errors(const struct mr_report *report);
size_t mr_report_warnings(const struct mr_report *report);
/* Sorted by file, line, column. */
void mr_report_print(const struct mr_report *report, FILE *stream);
/* The first error (in that order) in one line, for an mr_error; "" when there is none. */
void mr_report_first(const struct mr_report *report, char *out, size_t size);

/* The candidate that is nearest to word (Damerau-Levenshtein, at most a third of it, case
 * of ASCII letters aside), or NULL; the first of several. */
const char *mr_nearest(const char *word, const char *const *candidates, size_t count);

#endif
