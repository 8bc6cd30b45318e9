/* Goal: no pattern and no text make a matcher crash, hang or disagree with the other.
 * Method: the input is a pattern, a line feed, and the text; PCRE2 and the table are asked, and
 * PCRE2 with all of its syntax over the whole text. */
#include "processors/core/base/error.h"
#include "processors/core/cel/regex.h"

#include <string.h>

#define ROOM ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mr_arena *arena; /* one process, one thread: kept between inputs */
    const uint8_t *feed = size == 0 ? NULL : memchr(data, '\n', size);
    const size_t pattern_size = feed == NULL ? size : (size_t)(feed - data);
    const struct mr_span pattern = {data, pattern_size};
    const struct mr_span text = {feed == NULL ? NULL : feed + 1,
                                 feed == NULL ? 0 : size - pattern_size - 1};
    const struct cel_regex *plain, *fast, *full;

    if (arena == NULL) {
        arena = mr_arena_new(ROOM);
    }
    mr_arena_reset(arena);
    plain = cel_regex_open(arena, pattern);
    fast = cel_regex_open_fast(arena, pattern);
    MR_ASSERT((plain == NULL) == (fast == NULL));
    if (plain != NULL && mr_utf8_is_valid(text)) {
        const int wanted = cel_regex_matches(plain, text, arena);
        const int got = cel_regex_matches(fast, text, arena);

        MR_ASSERT(wanted < 0 || got < 0 || wanted == got);
    }
    mr_arena_reset(arena);
    full = cel_regex_open_full(arena, pattern);
    if (full != NULL && mr_utf8_is_valid(text)) {
        (void)cel_regex_matches(full, text, arena);
    }
    return 0;
}
