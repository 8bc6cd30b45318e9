/* loop.h - the macros' loops over lists and maps, the same for both evaluators.
 *
 * all and exists absorb errors as && and || do; exists_one, map, filter and the
 * transforms do not. Every iteration is counted against MR_CEL_ITERATIONS_MAX.
 */
#ifndef MR_CEL_LOOP_H
#define MR_CEL_LOOP_H

#include "processors/core/cel/run.h"
#include "processors/core/cel/tree.h"

struct cel_loop_plan {
    uint8_t loop;        /* enum cel_loop */
    bool has_two;        /* index and item, or key and value */
    uint32_t body_count; /* 1 or 2: a filter before the body */
    uint32_t local;      /* of the first variable */
    struct mr_value (*evaluate)(const void *context, struct cel_run *run, uint32_t body);
    const void *context; /* body 1.. of it */
};

struct mr_value cel_loop_run(struct cel_run *run, const struct cel_loop_plan *plan,
                             const struct mr_value *range);
/* Appends to a map whose items have room; false: *error says why (no key, or twice). */
bool cel_map_add(struct cel_run *run, struct mr_value *map, struct mr_value *items,
                 struct mr_value key, struct mr_value item, struct mr_value *error);

#endif
