/* steps.h - one fault at one step: what a test walks through, step by step.
 *
 * A step is the moment before or after one call of the log (or of a test's sink).
 * steps_hook counts them and lets the fault happen at step `at`, once.
 */
#ifndef MR_TESTS_STEPS_H
#define MR_TESTS_STEPS_H

#include "tests/support/rig.h"

struct steps {
    size_t at; /* SIZE_MAX: only counts */
    struct sim_fault fault;
    size_t seen;
    struct sim_call hit; /* the call where it happened */
};

struct sim_fault steps_hook(void *context, const struct sim_call *call);

/* The kinds of fault that a step is made to have; label for messages. */
struct steps_kind {
    const char *label;
    struct sim_fault fault;
};
extern const struct steps_kind steps_kinds[];
extern const size_t steps_kind_count;
/* Whether such a fault cannot be: a commit that was done is not said to be aborted. */
bool steps_is_a_lie(const struct steps *steps);
const char *steps_op_name(enum sim_op op);

/* One process after the other, until one ends well. How many it took. */
typedef enum mr_code steps_process(struct rig *rig);
int steps_restart(struct rig *rig, steps_process *process);

/* Topics as they are, for comparison. */
struct steps_picture {
    const char *const *topics; /* NULL-terminated */
    char *texts[8];
};
void steps_take(struct steps_picture *picture, struct rig *rig, const char *const *topics,
                bool with_times);
void steps_compare(const struct steps_picture *expected, const struct steps_picture *actual,
                   const char *label);
void steps_drop(struct steps_picture *picture);

#endif
