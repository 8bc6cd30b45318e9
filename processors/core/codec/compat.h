/* compat.h - may this schema follow those? Every break, with its path and reason.
 *
 * BACKWARD: a reader of the new schema reads what was written by the old one.
 * FORWARD: a reader of the old schema reads what is written by the new one.
 * FULL: both. Transitive: against every version, not only the latest.
 *
 * The rules are resolution's (plan.h), told for schemas and not for data: where a
 * datum might not resolve, the pair is a break. So a writer's union branch, or an
 * enum's symbol, that the reader has no place for is a break although many data
 * never have it.
 */
#ifndef MR_CODEC_COMPAT_H
#define MR_CODEC_COMPAT_H

#include "processors/core/base/arena.h"
#include "processors/core/codec/schema.h"

enum mr_compat_mode {
    MR_COMPAT_NONE,
    MR_COMPAT_BACKWARD,
    MR_COMPAT_FORWARD,
    MR_COMPAT_FULL,
    MR_COMPAT_BACKWARD_TRANSITIVE,
    MR_COMPAT_FORWARD_TRANSITIVE,
    MR_COMPAT_FULL_TRANSITIVE
};

/* "BACKWARD_TRANSITIVE", as registries write it. NULL, false: no such mode. */
const char *mr_compat_word(enum mr_compat_mode mode);
bool mr_compat_find(const char *word, enum mr_compat_mode *mode);

enum mr_compat_kind {
    MR_BREAK_TYPE,          /* written as one type, read as another */
    MR_BREAK_NAME,          /* names differ, no alias */
    MR_BREAK_SIZE,          /* fixed */
    MR_BREAK_DECIMAL,       /* precision or scale */
    MR_BREAK_FIELD_MISSING, /* the reader's field is not written and has no default */
    MR_BREAK_SYMBOL,        /* the reader's enum lacks a symbol and has no default */
    MR_BREAK_BRANCH         /* the reader's union lacks a branch */
};

struct mr_compat_break {
    enum mr_compat_kind kind;
    size_t version;               /* index in the older schemas */
    bool is_forward;              /* the reader is the older schema */
    const char *path;             /* "subject.price"; arena */
    const char *text;             /* a sentence; arena */
    struct mr_compat_break *next; /* arena */
};

/* The versions so far, oldest first; borrowed. */
struct mr_compat_older {
    const struct mr_schema *const *schemas;
    size_t count;
};

/* *breaks: NULL when the schema may follow, else all that stands against it, in arena, newest
 * version first. MR_NO_ROOM: the arena is used up. */
enum mr_code mr_compat_check(const struct mr_schema *schema, struct mr_compat_older older,
                             enum mr_compat_mode mode, struct mr_arena *arena,
                             struct mr_compat_break **breaks, struct mr_error *err);

#endif
