/* deflate.h - RFC 1951, writing side: one block with the fixed codes. See pack.h for why. */
#ifndef MR_FEEDS_DEFLATE_H
#define MR_FEEDS_DEFLATE_H

#include "deploy/feeds/ink.h"

enum mr_deflate_end { MR_DEFLATE_WHOLE, MR_DEFLATE_CUT /* no end of block, last bits lost */ };

/* The most that text of this size can come to. */
size_t mr_deflate_size_max(size_t size);
/* Its tables are taken from arena and given back; false when it has no room for them. */
bool mr_deflate(struct mr_ink *out, struct mr_span text, enum mr_deflate_end end,
                struct mr_arena *arena);

#endif
