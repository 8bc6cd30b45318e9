/* document.h - JSON and UBJSON read in place: a value is a view of the file's bytes.
 *
 *     { "learner": { "gradient_booster": ... } }      {L<size>learner{L<size>gradient_booster...
 *
 * XGBoost writes its models in both forms with the same names, so their reader sees only
 * this. Nothing is built: a container is the bytes between its brackets and is walked
 * when asked for, so that no claim of a hostile file (a count, a depth) costs more than the bytes
 * it has. A walk over N bytes is O(N); a container inside is skipped once for each level
 * above it.
 *
 * UBJSON as XGBoost writes it: big-endian, with optimised arrays ("[$d#L<count>"); no no-ops, no
 * high-precision numbers, no typed objects. Nesting in UBJSON is bounded by MR_DOCUMENT_DEPTH_MAX.
 *
 * Internal to processors/score. Views are borrowed from the bytes given to mr_document_open().
 */
#ifndef MR_SCORE_DOCUMENT_H
#define MR_SCORE_DOCUMENT_H

#include "processors/core/base/arena.h"

#define MR_DOCUMENT_DEPTH_MAX 32

enum mr_document_kind {
    MR_DOCUMENT_NONE = 0, /* absent */
    MR_DOCUMENT_NULL,
    MR_DOCUMENT_BOOL,
    MR_DOCUMENT_NUMBER,
    MR_DOCUMENT_TEXT,
    MR_DOCUMENT_ARRAY,
    MR_DOCUMENT_OBJECT
};

struct mr_document {
    enum mr_document_kind kind;
    bool is_binary;
    uint8_t marker;     /* UBJSON's type; JSON: the first byte of a BOOL */
    struct mr_span raw; /* JSON: the token, of a text what is between its quotes; UBJSON: the
                           payload; of a container what is between its brackets */
};

struct mr_document_walk {
    const uint8_t *at, *end;
    uint64_t left; /* UBJSON with a count: items to come */
    bool is_binary;
    bool is_object;
    bool is_counted;
    bool is_begun;
    bool is_broken; /* ended because the bytes are no document */
    uint8_t marker; /* UBJSON's optimised arrays: the type of all items; else 0 */
};

/* A member that is wanted of an object. */
struct mr_document_pick {
    const char *name;
    struct mr_document *into; /* NONE when the object has no such member */
};

/* Looks at the first bytes for which of the two it is. false: neither, or cut off. */
bool mr_document_open(struct mr_span bytes, struct mr_document *root);

/* of: an ARRAY or an OBJECT; any other kind is walked as if it were empty and broken. */
struct mr_document_walk mr_document_enter(const struct mr_document *of);
/* name: of a member, as it is written; of an item, empty. false: the end, see is_broken. */
bool mr_document_next(struct mr_document_walk *walk, struct mr_span *name,
                      struct mr_document *item);

/* One pass over the object; of several members of a name the last counts. false: no object, or
 * broken. */
bool mr_document_members(const struct mr_document *object, const struct mr_document_pick *picks,
                         size_t count);

bool mr_document_is(const struct mr_document *text, const char *wanted);
/* A NUMBER or BOOL, or the digits of a TEXT; false: no whole number that fits. */
bool mr_document_whole(const struct mr_document *value, int64_t *out);
/* A NUMBER rounded once, to the nearest float; false: none, or not finite. */
bool mr_document_real(const struct mr_document *value, float *out);
/* A copy with its escapes resolved. NULL: no text, not UTF-8, has a NUL, or no room. */
const char *mr_document_text(const struct mr_document *value, struct mr_arena *arena);

/* How many items; 0 with *is_broken set where the array cannot be read to its end. */
size_t mr_document_count(const struct mr_document *array, bool *is_broken);

#endif
