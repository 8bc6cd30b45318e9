/* sources.h - which files there are, in the order in which they are read.
 *
 * Feeds are publications: they are read in the order of the time in their names
 * (civil.h), those without one first, and by name where that is the same; numbers
 * in names count as numbers.
 *
 * A source's name is its path below the folder that all of `path` has in common, so
 * it is unique, and stays the same when the folder moves.
 */
#ifndef MR_FILES_SOURCES_H
#define MR_FILES_SOURCES_H

#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"
#include "processors/core/config/option.h"

struct mr_source_file {
    char *path;       /* owned */
    const char *name; /* the end of path */
    int64_t time_ms;  /* INT64_MIN: none in its name */
    uint64_t size;
    int64_t changed_ns;
    bool is_settled; /* was the same in two scans running */
    bool is_gone;    /* was not there any more, or another, before it had settled */
    bool is_known;   /* while scanning: is in the list already */
    size_t number;   /* while scanning: its place in the list */
    bool has_digest;
    struct mr_digest digest;
};

enum mr_sources_order { MR_SOURCES_BY_TIME, MR_SOURCES_BY_NAME };

struct mr_sources_form {
    struct mr_texts path;
    struct mr_texts ignore;
    bool is_recursive;
    enum mr_sources_order order;
};

struct mr_sources;

struct mr_sources *mr_sources_new(const struct mr_sources_form *form); /* form is borrowed */
void mr_sources_free(struct mr_sources *sources);

/* Looks again: files that are new or have changed come behind those that were known, in order
 * among themselves. A path without wildcards that is not there is an error. */
enum mr_code mr_sources_scan(struct mr_sources *sources, struct mr_error *err);

size_t mr_sources_count(const struct mr_sources *sources);
struct mr_source_file *mr_sources_at(struct mr_sources *sources, size_t index);

/* SHA-256 of a file as it is stored, by one pass. false: errno. */
bool mr_source_digest(int fd, struct mr_digest *digest);

#endif
