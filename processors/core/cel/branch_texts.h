/* branch_texts.h - a loop that asks each item of a list of texts: is it one of these?
 *
 *     tags.exists(t, t == "sale" || (t.startsWith("new-") && qty > 1.0))
 *
 * is a set of texts and heads, some of which count only when a condition holds beside them. Each
 * item is compared with the whole set by its first four bytes, and closer only where one is alike.
 * all(t, p) is that no item has !p. What has another form is a loop that walks its body for each
 * item (branch.c).
 */
#ifndef MR_CEL_BRANCH_TEXTS_H
#define MR_CEL_BRANCH_TEXTS_H

#include "processors/core/cel/branch.h"

#define CEL_TEXTS_MAX 16

struct cel_text_test {
    uint32_t key, mask; /* the first four bytes, and which of them must be the item's */
    bool is_head;       /* the item starts with text; else it is text */
    bool is_negated;
    bool is_sure;  /* an item that is alike, and of this size if this is no head, is in the set */
    uint32_t size; /* of text */
    const struct mr_value *text;
    const struct cel_branch *condition; /* NULL: none */
    const struct cel_branch *jump; /* the same, which goes on where the loop does, or to resume */
};

struct cel_texts {
    uint32_t count;
    struct cel_text_test tests[CEL_TEXTS_MAX];
};

/* Makes of a loop's branch, complete but for this, a search for the set that decides it: of exists,
 * where the body is true; of all, where it is false. False: it has another form (or no room,
 * reported). */
bool cel_texts_grow(struct cel_grower *grower, struct cel_branch *loop);

#endif
