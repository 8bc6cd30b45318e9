/* share.h - what several programs over the same rows have in common is computed once a row.
 *
 *     rule 1: name.matches("^[0-9]+$") && price > 0.0
 *     rule 2: name.matches("^[0-9]+$") || store == "001"
 *             `--------- one slot of the row: null until one of the two has asked
 *
 * Shared is what costs more than looking into a slot, stands in two places and is a scalar: it
 * needs no memory that may be gone when the next program asks. Of two parts of which one contains
 * the other, the larger is shared. Errors are kept too, but for those that say that a bound was
 * met.
 */
#ifndef MR_CEL_SHARE_H
#define MR_CEL_SHARE_H

#include "processors/core/cel/program.h"

struct mr_cel_group {
    struct mr_cel_env env;
    struct mr_arena *arena;       /* borrowed */
    struct mr_cel_program *first; /* the last one compiled; the others by `next` */
};

void cel_group_add(struct mr_cel_group *group, struct mr_cel_program *program);

/* The slot of a shared part, which the row's owner has lent to its programs (cel.h). */
static inline struct mr_value *cel_share_slot(const struct mr_value *slots, uint32_t slot)
{
    return (struct mr_value *)(uintptr_t)&slots[slot];
}

#endif
