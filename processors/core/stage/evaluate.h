/* evaluate.h - expressions inside run(), and what a person is told of them.
 *
 * An expression that fails is a fact about the record, unless it failed for want of
 * room: then the result would depend on how batches are cut, so it is the batch's
 * error. And a verdict that says which expression was decisive should also say
 * what the fields that it read were: mr_reads_find() finds these while opening.
 */
#ifndef MR_STAGE_EVALUATE_H
#define MR_STAGE_EVALUATE_H

#include "processors/core/stage/scope.h"

/* *value may be MR_KIND_ERROR. MR_NO_ROOM: scratch is used up. */
enum mr_code mr_evaluate(const struct mr_cel_program *program, const struct mr_value *row,
                         struct mr_arena *scratch, struct mr_value *value, struct mr_error *err);

/* A condition: *value is BOOL, or ERROR where it is neither true nor false. */
enum mr_code mr_evaluate_condition(const struct mr_cel_program *program, const struct mr_value *row,
                                   struct mr_arena *scratch, struct mr_value *value,
                                   struct mr_error *err);

struct mr_read {
    const char *path; /* "subject.price" */
    uint32_t slot;
};

struct mr_reads {
    const struct mr_read *items; /* in order of first mention, each once; the scope's arena */
    size_t count;
};

/* The fields that source mentions: names and dots outside of texts that lead to a field which is no
 * record. Locals of macros are none. */
enum mr_code mr_reads_find(struct mr_scope *scope, const char *source, struct mr_reads *reads,
                           struct mr_error *err);

/* The end of the text in CEL's quotes that begins at `at`, somewhere in source; of one that does
 * not end, the end of source. */
const char *mr_skip_text(const char *source, const char *at);

/* A value as JSON text for a person; of an ERROR, its words in quotes. NULL: no room. */
const char *mr_value_print(const struct mr_value *value, struct mr_arena *arena);

/* text, or the most of it that fits size_max bytes without cutting a character, and "...". arena;
 * NULL: no room. */
const char *mr_value_cut(const char *text, size_t size_max, struct mr_arena *arena);

/* Bytes in lower-case hex. NULL: no room. */
const char *mr_hex_print(struct mr_span bytes, struct mr_arena *arena);

#endif
