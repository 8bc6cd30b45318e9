/* check.h - types for a tree, before it runs: names become slots, calls overloads.
 *
 *   names.c     what a name or a chain of names stands for
 *   overload.c  which rows of functions.h a call can mean
 *   check.c     the walk, node by node
 */
#ifndef MR_CEL_CHECK_H
#define MR_CEL_CHECK_H

#include "processors/core/cel/dialect.h"
#include "processors/core/cel/functions.h"
#include "processors/core/cel/tree.h"
#include "processors/core/cel/types.h"

struct cel_local {
    struct mr_span name;
    const struct cel_type *type;
};

struct cel_bound {
    const struct mr_cel_path *path;
    uint32_t slot;
    struct cel_bound *next;
};

struct cel_check {
    struct cel_source *source;
    const struct mr_cel_env *env;
    const struct mr_cel_dialect *dialect;
    struct cel_infer infer;
    struct cel_local locals[MR_CEL_LOCALS_MAX];
    uint32_t local_count;
    struct cel_bound *bound;                           /* paths that already have their slot */
    const struct mr_cel_path *sure[MR_CEL_LOCALS_MAX]; /* known not to be null here */
    uint32_t sure_count;
    struct mr_error *err; /* of bind */
    enum mr_code bind_code;
};

/* Checks the tree and binds what it reads; NULL: reported (or bind_code says so). */
const struct cel_type *cel_check_tree(struct cel_check *self, struct cel_node *root);

/* The type of a node, checked; sets node->type. NULL: reported. */
const struct cel_type *cel_check_node(struct cel_check *self, struct cel_node *node);

/* names.c: NULL without a report: not a name that stands for something. */
const struct cel_type *cel_check_name(struct cel_check *self, struct cel_node *node);
/* "a.b.c" of a chain of names, in room; empty when node is none or begins with a local. */
struct mr_span cel_check_chain(struct cel_check *self, const struct cel_node *node);
const struct cel_type *cel_check_field(struct cel_check *self, struct cel_node *node,
                                       const struct cel_type *owner);
/* "subject.name" of a checked path, "x" of all else: for hints. */
const char *cel_check_text(struct cel_check *self, const struct cel_node *node);
void cel_check_hint_name(struct cel_check *self, struct mr_span name);
bool cel_check_bind(struct cel_check *self, struct cel_node *node);
bool cel_path_equal(const struct mr_cel_path *a, const struct mr_cel_path *b);

/* overload.c */
const struct cel_type *cel_check_call(struct cel_check *self, struct cel_node *node);
const struct cel_library *cel_check_library_at(const struct cel_check *self, size_t index);

#endif
