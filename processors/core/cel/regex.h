/* regex.h - regular expressions with RE2's syntax and meaning, bounded.
 *
 * "Does it match?" is answered by a table of states (regex_table.h) in one step a
 * byte, or side by side where the pattern is a plain sequence (regex_sequence.h).
 * Patterns that are not for a table, and groups, are PCRE2's:
 *
 * What RE2 does not have (back-references, look-around, possessive quantifiers,
 * recursion, verbs) is refused by a screen before PCRE2 sees the pattern; what the two
 * read differently (\s, \v, \z) is rewritten; $ means the end of the text. Matching is
 * bounded by steps, so that a hostile pattern is an error and not a hang.
 *
 * A pattern lies in the arena in which it was compiled, all its memory with it.
 */
#ifndef MR_CEL_REGEX_H
#define MR_CEL_REGEX_H

#include "processors/core/base/arena.h"

#define CEL_REGEX_SIZE_MAX 1000
#define CEL_REGEX_GROUPS_MAX 16

struct cel_regex;

/* NULL: not a pattern of RE2's (or no room). */
const struct cel_regex *cel_regex_open(struct mr_arena *arena, struct mr_span pattern);
/* The same, and made ready for many texts. */
const struct cel_regex *cel_regex_open_fast(struct mr_arena *arena, struct mr_span pattern);
/* PCRE's syntax with all that it has, bounded all the same; cel_regex_matches() then asks for the
 * whole text. */
const struct cel_regex *cel_regex_open_full(struct mr_arena *arena, struct mr_span pattern);
uint32_t cel_regex_groups(const struct cel_regex *regex);
/* Of the quickest form (regex_sequence.h); NULL is not. */
bool cel_regex_is_sequence(const struct cel_regex *regex);

/* Whether it matches somewhere: 1, 0, or -1 when a limit was met. */
int cel_regex_matches(const struct cel_regex *regex, struct mr_span text, struct mr_arena *scratch);
/* Searches text from a byte on. 1: found, spans[2*i], spans[2*i+1] are where group i begins and
 * ends (SIZE_MAX: it took no part), for up to CEL_REGEX_GROUPS_MAX groups; 0: not found; -1: a
 * limit was met. scratch is given back. */
int cel_regex_search(const struct cel_regex *regex, struct mr_span text, size_t from,
                     size_t spans[2 * CEL_REGEX_GROUPS_MAX], struct mr_arena *scratch);

#endif
