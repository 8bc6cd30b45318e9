/* span.h - borrowed bytes with a size: how bytes and text travel between units.
 *
 * A span owns nothing and is not NUL-terminated. Whoever keeps it longer than
 * the call copies the bytes (mr_arena_copy).
 */
#ifndef MR_BASE_SPAN_H
#define MR_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mr_span {
    const uint8_t *data;
    size_t size;
};

/* Of a string literal; usable in initialisers. */
#define MR_SPAN(literal) \
    { \
        (const uint8_t *)("" literal ""), sizeof(literal) - 1 \
    }
/* The two arguments of a "%.*s". */
#define MR_SPAN_ARGS(span) (int)(span).size, (const char *)(span).data

struct mr_span mr_span_text(const char *text); /* NULL gives the empty span */
bool mr_span_equal(struct mr_span a, struct mr_span b);
bool mr_span_is(struct mr_span a, const char *text);
/* ASCII letters only: what XML dialects and HTTP headers differ in. */
bool mr_span_is_nocase(struct mr_span a, const char *text);
/* As memcmp, a shorter span before a longer one of which it is the head. */
int mr_span_compare(struct mr_span a, struct mr_span b);
/* Where b begins in a, or a.size when it is not there. */
size_t mr_span_find(struct mr_span a, struct mr_span b);
/* Without white space (ASCII) at both ends. */
struct mr_span mr_span_trim(struct mr_span a);

/* UTF-8 as Unicode 15 has it: no overlong forms, no surrogates, at most U+10FFFF. */
bool mr_utf8_is_valid(struct mr_span text);
/* Writes a code point, returns its size (1 to 4). */
size_t mr_utf8_put(uint8_t out[4], uint32_t code_point);
/* Reads one; *size is how many bytes it took. text is not empty and valid. */
uint32_t mr_utf8_get(struct mr_span text, size_t *size);

#endif
