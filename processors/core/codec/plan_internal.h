/* plan_internal.h - a plan's insides: shared by the compiler (plan_compile.c) and the walk
 * (plan.c). */
#ifndef MR_CODEC_PLAN_INTERNAL_H
#define MR_CODEC_PLAN_INTERNAL_H

#include "processors/core/codec/layout_internal.h"
#include "processors/core/codec/node.h"
#include "processors/core/codec/plan.h"

/* A boxed value is read once, and its parts go to their slots. */
struct mr_extract {
    const struct mr_node *node;
    const struct layout_row *const *rows; /* pool; copies of the layout's */
    size_t count;
    uint32_t depth; /* of the paths, how many fields led here */
};

struct mr_plan {
    struct mr_pool pool;
    const struct mr_op *ops;     /* pool; the last is MR_OP_END */
    const struct mr_node *whole; /* skips the writer's root, for mr_plan_size() */
};

enum mr_code mr_plan_compile(struct mr_plan *plan, const struct mr_node *root,
                             const struct mr_layout *layout, struct mr_error *err);
/* Of a value, what a path says from depth on; null where it leads through null. */
struct mr_value mr_extract_part(const struct mr_value *value, const struct mr_layout_path *path,
                                uint32_t depth);

#endif
