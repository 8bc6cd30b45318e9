/* regex_screen.h - RE2's syntax told from PCRE2's; see regex.h. */
#ifndef MR_CEL_REGEX_SCREEN_H
#define MR_CEL_REGEX_SCREEN_H

#include "processors/core/base/arena.h"

/* The pattern rewritten for PCRE2, in the arena; data is NULL where RE2 would refuse it. */
struct mr_span cel_regex_screen(struct mr_arena *arena, struct mr_span pattern);

#endif
