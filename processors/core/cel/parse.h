/* parse.h - CEL's grammar, and its macros, made into a tree.
 *
 * Precedence climbing: ?: || && (== != < <= > >= in) (+ -) (* / %) unary, member.
 * A height of 250 bounds every recursion over the tree; see MR_CEL_HEIGHT_MAX.
 */
#ifndef MR_CEL_PARSE_H
#define MR_CEL_PARSE_H

#include "processors/core/cel/source.h"
#include "processors/core/cel/tree.h"

enum cel_macros { CEL_MACROS_ON, CEL_MACROS_OFF };

/* NULL: reported in source. */
struct cel_node *cel_parse(struct cel_source *source, enum cel_macros macros);

/* Turns a call that names a macro into its node; leaves any other. False: reported. */
bool cel_macro_expand(struct cel_source *source, struct cel_node *call);

#endif
