/* lines.h - a topic as lines of a file, each record exactly once.
 *
 *     folder/TOPIC.jsonl            being written
 *     folder/TOPIC.000001.jsonl     full, and not touched again
 *     folder/.TOPIC.position        how far both stand (mark.h)
 *     folder/.TOPIC.lock            held while somebody writes
 *
 * commit(): the lines go to the file and the disk, then the mark is replaced; that is the
 * moment at which they count. Whatever a crash leaves behind the size of the mark
 * is cut off when the file is opened again, so a line is never torn and never
 * doubled. A file grows by at most one commit beyond rotate_size; it is rotated after a commit, and
 * should a crash fall between the two, opening takes the rotation back.
 *
 * A file without a mark is one of somebody else's: it is written on, behind its
 * last whole line.
 */
#ifndef MR_SINKS_FILES_LINES_H
#define MR_SINKS_FILES_LINES_H

#include "processors/core/base/error.h"
#include "processors/core/base/log.h"
#include "processors/core/base/span.h"

struct mr_lines;

struct mr_lines_spec {
    const char *folder; /* must exist */
    const char *topic;
    const struct mr_log *log;
    int64_t rotate_size; /* bytes; 0: never */
    bool is_synced;      /* commit() waits for the disk */
    bool is_transient;   /* offsets of an earlier run are another log's */
};

/* Owned: mr_lines_close(). The spec's pointers are borrowed until then. */
enum mr_code mr_lines_open(const struct mr_lines_spec *spec, struct mr_lines **lines,
                           struct mr_error *err);
void mr_lines_close(struct mr_lines *lines); /* NULL is fine; what is not committed is dropped */

/* The next offset that the file wants of a partition; -1: none came yet. */
enum mr_code mr_lines_position(struct mr_lines *lines, int32_t partition, int64_t *next,
                               struct mr_error *err);
/* Appends text and a newline. text has no newline in it. */
enum mr_code mr_lines_add(struct mr_lines *lines, struct mr_span text, struct mr_error *err);
/* All of the partition below next is added. */
enum mr_code mr_lines_advance(struct mr_lines *lines, int32_t partition, int64_t next,
                              struct mr_error *err);
enum mr_code mr_lines_commit(struct mr_lines *lines, struct mr_error *err);
/* Forgets what came since the last commit. */
enum mr_code mr_lines_abort(struct mr_lines *lines, struct mr_error *err);

#endif
