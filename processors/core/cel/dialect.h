/* dialect.h - what a conformance suite or an importer of foreign rules asks beyond cel.h.
 *
 * The environment of cel.h is strict: checked, macros on, no container. The
 * public suite also runs expressions unchecked, with names resolved inside a
 * container, with declared functions that nobody implements. Confluent's rules
 * mean something else by matches().
 */
#ifndef MR_CEL_DIALECT_H
#define MR_CEL_DIALECT_H

#include "processors/core/cel/cel.h"
#include "processors/core/cel/functions.h"

struct mr_cel_dialect {
    const struct mr_cel_env *env;     /* borrowed */
    struct mr_span container;         /* "com.example": names are looked up inside it first */
    struct mr_cel_group *group;       /* that the program joins; NULL: none */
    const struct mr_cel_type *wanted; /* of the result, as in mr_cel_compile */
    bool is_unchecked;                /* types and undeclared names fail at run time only */
    bool has_no_macros;
    bool has_full_matches; /* matches() as Confluent's rules have it: PCRE, and the whole text */
    struct cel_library declared; /* functions known to the checker only */
};

enum mr_code mr_cel_compile_dialect(const struct mr_cel_dialect *dialect, struct mr_span source,
                                    struct mr_arena *arena, const struct mr_cel_program **program,
                                    struct mr_cel_diagnosis *why, struct mr_error *err);
/* The checker's type, with the parameters of opaque types. */
const char *mr_cel_program_type_text(const struct mr_cel_program *program, struct mr_arena *arena);

#endif
