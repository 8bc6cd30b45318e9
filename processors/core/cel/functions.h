/* functions.h - every function and operator, one row for each overload.
 *
 * A signature is a string, one letter a type:
 *   ? dyn   n null   b bool   i int   u uint   d double   s string   y bytes
 *   t timestamp   D duration   c decimal   A B C type variables
 *   Lx list(x)   Mkv map(k, v)   Ox optional(x)   Tx type(x)
 *   Xname;2AB an opaque type with two parameters
 *
 * The checker assigns argument types to these; at run time the same letters
 * decide by the kinds of values, so an implementation sees only what its row
 * promises. Rows of one name lie together in one library.
 */
#ifndef MR_CEL_FUNCTIONS_H
#define MR_CEL_FUNCTIONS_H

#include "processors/core/cel/run.h"

enum cel_style {
    CEL_GLOBAL,  /* size(x), _+_ */
    CEL_MEMBER,  /* x.size() */
    CEL_BOTH,    /* both */
    CEL_DYNAMIC, /* at run time only, global: what a dyn may also be */
    CEL_DYNAMIC_MEMBER
};

struct cel_overload {
    const char *name;
    const char *params;
    const char *result;
    cel_call call; /* NULL: declared, but cannot be evaluated */
    uint8_t style; /* enum cel_style */
    /* Optional. What can be made ready once when the last argument is a literal text (a zone, a
     * pattern): the call finds it in run->prepared. NULL from it: at run time, then. */
    const void *(*prepare)(struct mr_arena *arena, struct mr_span literal);
};

struct cel_library {
    const struct cel_overload *rows;
    size_t count;
};

extern const struct cel_library cel_operators;
extern const struct cel_library cel_conversions;
extern const struct cel_library cel_strings;
extern const struct cel_library cel_strings_ext;
extern const struct cel_library cel_format;
extern const struct cel_library cel_regexes;
extern const struct cel_library cel_full_matches; /* not of cel_library_at(): see dialect.h */
extern const struct cel_library cel_times;
extern const struct cel_library cel_math;
extern const struct cel_library cel_collections;
extern const struct cel_library cel_decimals;
extern const struct cel_library cel_formats;

/* All of them; index from 0; NULL at the end. */
const struct cel_library *cel_library_at(size_t index);

bool cel_overload_is_member(const struct cel_overload *row);
bool cel_overload_is_global(const struct cel_overload *row);
uint32_t cel_overload_arity(const struct cel_overload *row);
/* Whether the kinds of the values are those of the row. */
bool cel_overload_takes(const struct cel_overload *row, const struct mr_value *args,
                        uint32_t count);

#endif
