/* dead_letter.h - the headers of a dead letter: Kafka Connect's names, so that its tools read ours.
 *
 * The record's key, value and timestamp go along unchanged. topic, partition and
 * offset say where the segment read the record; exception.class.name is the
 * reason (a literal), exception.message what a person needs to see.
 */
#ifndef MR_STAGE_DEAD_LETTER_H
#define MR_STAGE_DEAD_LETTER_H

#include "processors/core/base/arena.h"
#include "processors/core/stage/transport.h"

struct mr_dead_letter {
    const char *topic; /* "" where a source is no topic */
    int32_t partition;
    int64_t offset;
    const char *pipeline;           /* connector.name */
    const char *stage;              /* "validate" */
    const char *reason;             /* literal */
    const char *cause;              /* the rule's or detector's name, or NULL */
    const char *detail;             /* or NULL */
    const struct mr_record *record; /* its own headers go along; or NULL */
    const char *source;             /* file name and line where the record was read, or NULL */
    int64_t line;                   /* 0: unknown */
};

/* Headers in arena; NULL: no room. */
const struct mr_header *mr_dead_letter_headers(const struct mr_dead_letter *letter,
                                               struct mr_arena *arena, size_t *count);

#endif
