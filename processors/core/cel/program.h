/* program.h - what a compiled program holds; only this folder sees it. */
#ifndef MR_CEL_PROGRAM_H
#define MR_CEL_PROGRAM_H

#include "processors/core/cel/branch.h"
#include "processors/core/cel/cel.h"
#include "processors/core/cel/compile.h"
#include "processors/core/cel/tree.h"

struct mr_cel_program {
    struct mr_cel_head head;         /* first */
    struct cel_node *root;           /* checked */
    const struct cel_op *op;         /* the same, compiled */
    const struct cel_branch *branch; /* the same, of a condition; else unsure at once */
    bool is_condition;               /* its type is bool, never null */
    const struct cel_type *type;
    struct mr_cel_type public_type;
    bool has_macros;
    const char *text;
    const char **parts;
    size_t part_count;
    struct mr_cel_program *next; /* of its group */
};

/* From the checked tree to op and branch; false: no room. */
bool cel_program_compile(struct mr_cel_program *program, struct cel_source *source,
                         uint32_t first_share);

#endif
