/* reference.h - the reference evaluator: the tree walked, every value boxed.
 *
 * It does what the specification says in the plainest way, passes the public
 * suite and is the oracle for the compiled evaluator (compile.h).
 */
#ifndef MR_CEL_REFERENCE_H
#define MR_CEL_REFERENCE_H

#include "processors/core/cel/run.h"
#include "processors/core/cel/tree.h"

struct mr_value cel_reference(struct cel_run *run, const struct cel_node *node);
/* Calls the overload whose row takes args; the compiled evaluator uses it too. */
struct mr_value cel_call_any(struct cel_run *run, const struct cel_node *call,
                             const struct mr_value *args);
/* A field of a record, a key of a map, either through an optional; has() and .? of them. */
struct mr_value cel_select(struct cel_run *run, const struct cel_node *node, struct mr_value owner);

#endif
