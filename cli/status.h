/* status.h - what a run tells while it runs (pages, a progress line) and at its end (a summary). */
#ifndef MR_CLI_STATUS_H
#define MR_CLI_STATUS_H

#include "cli/team.h"
#include "processors/core/http/server.h"

struct status {
    const struct mr_pipeline *pipeline;
    struct team *team;
    const char *last_stage; /* of those that run here; NULL: only sinks do */
    int64_t launched_ms;    /* the process; monotonic, as the next two */
    int64_t started_ms;     /* the workers */
    int64_t first_ms;       /* the last stage had committed a record; 0: none yet */
};

/* /metrics, /livez, /readyz, /schemas/ids/ (as a schema registry answers, so that registry clients
 * read our topics). Context: a struct status. */
extern const struct mr_http_route status_routes[];

/* To be called often until first_ms is set: that is how exact it is. */
void status_note_first(struct status *status);

/* One line that replaces itself, when stderr is a terminal. */
void status_progress(const struct status *status);
void status_progress_end(void);
/* A table of the stages for people; and one JSON object for programs. */
void status_summary(const struct status *status, FILE *stream);
void status_summary_json(const struct status *status, FILE *stream);

#endif
