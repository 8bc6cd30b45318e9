/* template.h - texts with placeholders that cannot come out empty.
 *
 *     {{subject.name}}: {{detection.price.change_percent | +.1f}} % since {{origin.event_time |
 * date}}
 *     {{detection.price.expected | .2f | "unknown"}}
 *
 * Between {{ and }} stands a CEL expression, then up to two parts behind a | each:
 *
 *     .2f  +.1f   a number with so many decimals (0 to 9), with its sign
 *     date        of a timestamp only the day, in UTC
 *     "text"      what stands there where the value is null or cannot be computed
 *
 * All of it is compiled when the stage opens. A value that may be null, is a list, a map or of
 * unknown type is refused there unless the placeholder says what to write instead; so what an
 * advisory says is known to be sayable before the first record. Without a format, numbers
 * are written in the fewest digits that read back as the same number. Should an
 * expression fail at run time and have no text of its own, its place says so:
 * "(unknown: division_by_zero)".
 *
 * Internal to processors/advise.
 */
#ifndef MR_ADVISE_TEMPLATE_H
#define MR_ADVISE_TEMPLATE_H

#include "processors/core/stage/evaluate.h"

enum mr_style { MR_STYLE_PLAIN, MR_STYLE_FIXED, MR_STYLE_SIGNED, MR_STYLE_DATE };

struct mr_piece {
    struct mr_span text;                  /* as it stands; empty with a program */
    const struct mr_cel_program *program; /* NULL: text */
    const char *fallback;                 /* NULL: none */
    enum mr_style style;
    int decimals;
};

struct mr_template {
    const struct mr_piece *pieces; /* the scope's arena */
    size_t count;
};

/* place is where text begins; key what the report calls it ("advise.price_jump.title"). All
 * problems go to the report, then MR_BAD_CONFIG. text lives as long as the stage. */
enum mr_code mr_template_open(struct mr_scope *scope, const char *text, struct mr_place place,
                              const char *key, struct mr_template *self, struct mr_error *err);

/* MR_NO_ROOM: arena is used up. */
enum mr_code mr_template_render(const struct mr_template *self, const struct mr_value *row,
                                struct mr_arena *arena, struct mr_span *text, struct mr_error *err);

#endif
