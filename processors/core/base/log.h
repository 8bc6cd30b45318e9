/* log.h - one line per event: a fixed event name, then key=value pairs.
 *
 * The event name is a literal and never carries data, so lines can be counted.
 * Nothing is logged per record above MR_DEBUG: per-record facts are counters.
 * ERROR: someone must act; WARN: it healed by itself, but count it; INFO: start,
 * stop, assignment changed; DEBUG: per batch.
 */
#ifndef MR_BASE_LOG_H
#define MR_BASE_LOG_H

#include <stdio.h>

enum mr_level { MR_DEBUG, MR_INFO, MR_WARN, MR_ERROR };
enum mr_log_form { MR_LOG_TEXT, MR_LOG_JSON };

struct mr_log {
    FILE *stream;          /* borrowed */
    const char *component; /* borrowed; becomes component=... on every line */
    enum mr_level floor;
    enum mr_log_form form;
};

/* The level is tested before the arguments are evaluated. A value with blanks is given as
 * key=\"%s\". The JSON form carries the same pairs as members, numbers and all, as text. */
#define MR_LOG(log, level, event, ...) \
    ((level) < (log)->floor ? (void)0 : mr_log_write((log), (level), (event), __VA_ARGS__))
void mr_log_write(const struct mr_log *log, enum mr_level level, const char *event,
                  const char *pairs, ...) __attribute__((format(printf, 4, 5)));

#endif
