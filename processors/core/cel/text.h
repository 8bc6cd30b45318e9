/* text.h - code points in UTF-8: counting and finding them. Texts are valid. */
#ifndef MR_CEL_TEXT_H
#define MR_CEL_TEXT_H

#include "processors/core/base/span.h"

/* How many code points text has. */
size_t cel_text_count(struct mr_span text);
/* The byte at which the code point index begins; text.size when there is none. */
size_t cel_text_offset(struct mr_span text, size_t index);
bool cel_text_starts(struct mr_span text, struct mr_span head);
bool cel_text_ends(struct mr_span text, struct mr_span tail);

#endif
