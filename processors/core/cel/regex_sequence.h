/* regex_sequence.h - the commonest pattern of rules: ^ and one class of ASCII after another.
 *
 * ^729[0-9]{10}$ or ^[A-Z]{2}-: every position asks its own question of its own
 * byte, so the processor answers them side by side; a table would wait for each
 * state before the next.
 */
#ifndef MR_CEL_REGEX_SEQUENCE_H
#define MR_CEL_REGEX_SEQUENCE_H

#include "processors/core/cel/regex_tree.h"

#define CEL_REGEX_SEQUENCE_MAX 64

struct cel_regex_sequence {
    uint32_t count;                        /* of positions */
    bool has_end;                          /* $: the text ends there */
    uint8_t masks[CEL_REGEX_SEQUENCE_MAX]; /* of a position: the bit of its class */
    uint8_t members[256];                  /* of a byte: the classes that it is in */
};

/* False: the pattern has another form. */
bool cel_regex_sequence_make(struct cel_regex_sequence *sequence,
                             const struct cel_regex_tree *tree);

static inline bool cel_regex_sequence_search(const struct cel_regex_sequence *sequence,
                                             struct mr_span text)
{
    unsigned missing = 0;

    if (sequence->has_end ? text.size != sequence->count : text.size < sequence->count) {
        return false;
    }
    for (uint32_t i = 0; i < sequence->count; i++) {
        missing |= (sequence->members[text.data[i]] & sequence->masks[i]) == 0;
    }
    return missing == 0;
}

#endif
