/* regex_table.h - a pattern as a table: one step a byte, whatever the pattern.
 *
 *     tree -> automaton over the bytes of UTF-8 (Thompson) -> table of states (subsets)
 *
 * The construction is the textbook's (Thompson 1968; Rabin and Scott 1959), done
 * once when a rule is compiled and bounded: a pattern that needs more states than
 * the bound gets no table, and PCRE2 with its limits is used instead. Bytes that
 * no part of the pattern tells apart share a column.
 */
#ifndef MR_CEL_REGEX_TABLE_H
#define MR_CEL_REGEX_TABLE_H

#include "processors/core/base/arena.h"
#include "processors/core/cel/regex_tree.h"

struct cel_regex_table;

/* In the arena; NULL: too large for a table, or no room. */
const struct cel_regex_table *cel_regex_table_open(struct mr_arena *arena,
                                                   const struct cel_regex_tree *tree);
bool cel_regex_table_search(const struct cel_regex_table *table, struct mr_span text);

#endif
