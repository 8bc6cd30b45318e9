/* pack.h - gzip and zip files, written here so that a seed gives the same bytes everywhere.
 *
 * Two builds of zlib may compress the same text to different bytes; and a gzip
 * that is to end in the middle must end at a known place of the text. So this is
 * a deflate writer of its own: one block, fixed codes, greedy matches found by a
 * hash of four bytes. It compresses feeds, which repeat their tags, about as well
 * as `gzip -1`. Times in the headers are left out.
 * Formats: RFC 1951 (deflate), RFC 1952 (gzip), PKWARE's APPNOTE 6.3 (zip).
 */
#ifndef MR_FEEDS_PACK_H
#define MR_FEEDS_PACK_H

#include "processors/core/base/arena.h"
#include "processors/core/base/span.h"

enum mr_packing { MR_PACK_NONE, MR_PACK_GZIP, MR_PACK_ZIP };

/* The bytes of a whole file, in arena; data is NULL when it has no room. name is that of
 * the entry in a zip. */
struct mr_span mr_pack(enum mr_packing packing, struct mr_span text, const char *name,
                       struct mr_arena *arena);

/* A gzip file that breaks off: from it can be read all of text but its last few hundred bytes,
 * and then it ends without an end. */
struct mr_span mr_pack_cut(struct mr_span text, struct mr_arena *arena);

#endif
