/* print.h - a tree as text again, normalised: parse(print(x)) is x.
 *
 * One blank around binary operators and after commas, double quotes, the fewest
 * parentheses. Of a parsed tree: the checker's nodes have no text.
 */
#ifndef MR_CEL_PRINT_H
#define MR_CEL_PRINT_H

#include "processors/core/base/arena.h"
#include "processors/core/cel/tree.h"

/* NULL: no room. */
const char *cel_print(const struct cel_node *node, struct mr_arena *arena);

#endif
