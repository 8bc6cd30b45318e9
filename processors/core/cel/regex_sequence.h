/* regex_sequence.h - the commonest pattern of rules: ^ and one class of ASCII after another.
 *
 * ^729[0-9]{10}$ or ^[A-Z]{2}-: every position asks its own question of its own
 * byte, so the processor answers them side by side; a table would wait for each
 * state before the next.
 */
#ifndef MR_CEL_REGEX_SEQUENCE_H
#define MR_CEL_REGEX_SEQUENCE_H

#include "processors/core/cel/regex_tree.h"

#include <string.h>

#define CEL_REGEX_SEQUENCE_MAX 64

struct cel_regex_sequence {
    uint32_t count;                        /* of positions */
    bool has_end;                          /* $: the text ends there */
    uint8_t masks[CEL_REGEX_SEQUENCE_MAX]; /* of a position: the bit of its class */
    uint8_t members[256];                  /* of a byte: the classes that it is in */
    /* Where every class is one range: eight positions in a word, the last word's ending with the
     * last position. Each byte of least is the first of its range, of most the last with bit 7. */
    uint32_t word_count; /* 0: go by masks */
    uint64_t least[CEL_REGEX_SEQUENCE_MAX / 8], most[CEL_REGEX_SEQUENCE_MAX / 8];
};

/* False: the pattern has another form. */
bool cel_regex_sequence_make(struct cel_regex_sequence *sequence,
                             const struct cel_regex_tree *tree);

#define CEL_REGEX_HIGH_BITS UINT64_C(0x8080808080808080)

/* Whether eight bytes are ASCII and each is in its range: no byte borrows from the next. */
static inline bool cel_regex_are_between(const uint8_t *bytes, uint64_t least, uint64_t most)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return ((((word | CEL_REGEX_HIGH_BITS) - least) & (most - word) & ~word) &
            CEL_REGEX_HIGH_BITS) == CEL_REGEX_HIGH_BITS;
}

static inline bool cel_regex_sequence_search(const struct cel_regex_sequence *sequence,
                                             struct mr_span text)
{
    unsigned missing = 0;

    if (sequence->has_end ? text.size != sequence->count : text.size < sequence->count) {
        return false;
    }
    if (sequence->word_count > 0) {
        const uint32_t last = sequence->word_count - 1;

        for (uint32_t i = 0; i < last; i++) {
            if (!cel_regex_are_between(text.data + (size_t)8 * i, sequence->least[i],
                                       sequence->most[i])) {
                return false;
            }
        }
        return cel_regex_are_between(text.data + sequence->count - 8, sequence->least[last],
                                     sequence->most[last]);
    }
    for (uint32_t i = 0; i < sequence->count; i++) {
        missing |= (sequence->members[text.data[i]] & sequence->masks[i]) == 0;
    }
    return missing == 0;
}

#endif
