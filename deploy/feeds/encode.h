/* encode.h - the feeds' encodings. A feed is composed in UTF-8 and encoded as a whole.
 *
 * A code point that an encoding lacks becomes its nearest plain sign: the dash
 * in ISO-8859-8 is a hyphen. Anything else that does not fit is a bug of ours.
 */
#ifndef MR_FEEDS_ENCODE_H
#define MR_FEEDS_ENCODE_H

#include "processors/core/base/arena.h"
#include "processors/core/base/span.h"

enum mr_encoding { MR_UTF_8, MR_UTF_16LE, MR_WINDOWS_1255, MR_ISO_8859_8 };

const char *mr_encoding_name(enum mr_encoding encoding); /* as iconv and XML know it */

/* The bytes are text itself for UTF-8 (which so may be broken on purpose), else in arena;
 * data is NULL when it has no room. A byte-order mark is a code point like any other. */
struct mr_span mr_encode(enum mr_encoding encoding, struct mr_span text, struct mr_arena *arena);

#endif
