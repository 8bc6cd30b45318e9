/* place.h - where in a tree a walk stands, for messages: "fields[3].type", "subject.price".
 *
 * One link per level, on the stack of the walk itself; written out only when
 * something is wrong.
 */
#ifndef MR_CODEC_PLACE_H
#define MR_CODEC_PLACE_H

#include <stddef.h>

#define MR_PLACE_NO_INDEX ((size_t)-1)
#define MR_PLACE_WORDS_SIZE 256

struct mr_place {
    const struct mr_place *up; /* NULL: the root */
    const char *key;           /* borrowed; NULL: an index only */
    size_t index;              /* or MR_PLACE_NO_INDEX */
    unsigned depth;
};

static inline struct mr_place mr_place_key(const struct mr_place *up, const char *key)
{
    return (struct mr_place){up, key, MR_PLACE_NO_INDEX, up == NULL ? 0 : up->depth + 1};
}

static inline struct mr_place mr_place_item(const struct mr_place *up, const char *key,
                                            size_t index)
{
    return (struct mr_place){up, key, index, up == NULL ? 0 : up->depth + 1};
}

/* Returns out. The root is "schema" when nothing else is to be said; a path that is too long keeps
 * its head. */
const char *mr_place_words(const struct mr_place *place, char out[MR_PLACE_WORDS_SIZE]);

#endif
