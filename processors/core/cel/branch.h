/* branch.h - a condition as a graph of tests, each of which goes on to one of two others.
 *
 *     a && (b || c)        a --yes--> b --yes--> true
 *                          |no        |no
 *                          v          v
 *                        false        c --yes--> true
 *                                     |no
 *                                     v
 *                                   false
 *
 * Nothing comes back on the way (tests end in calls that the compiler makes jumps) and
 * nothing remembers faults: a test that meets what it is not made for, an error, a
 * null, a bound, ends the walk with CEL_UNSURE. Then the ops are asked for the whole
 * condition (compile.h), who know what absorbs an error; so a walk decides nothing
 * but what is plain, which nearly all of it is.
 */
#ifndef MR_CEL_BRANCH_H
#define MR_CEL_BRANCH_H

#include "processors/core/cel/compile.h"
#include "processors/core/cel/source.h"

struct cel_texts;

#define CEL_UNSURE 2 /* the third answer of a walk: ask the ops */
/* Tests of one program; a build whose compiler makes no jumps of them needs a stack for each. */
#define CEL_BRANCHES_MAX 512

struct cel_branch {
    cel_branch_call go;
    const struct cel_branch *yes, *no;
    bool is_end, answer; /* an end, and what it says: nobody need go there */
    struct mr_value constant;
    const struct cel_op *op;
    const struct cel_branch *body; /* of a loop: walked once for each item, or */
    const struct cel_texts *texts; /* what its items are compared with */
    uint32_t slot;                 /* slot or local that is tested, or holds a loop's list */
    uint32_t other;                /* of a test of two slots: the second; of a loop: its local */
};

/* The graph of a condition. Of what is none, or too large: one that is never sure. NULL: no room,
 * reported. *is_plain: its walk needs no run. */
const struct cel_branch *cel_branch_grow(struct cel_source *source, const struct cel_op *op,
                                         bool is_condition, bool *is_plain);

static inline int cel_branch_on(const struct cel_branch *self, bool truth,
                                const struct mr_value *slots, struct cel_run *run)
{
    const struct cel_branch *next = truth ? self->yes : self->no;

    return next->is_end ? next->answer : next->go(next, slots, run);
}

struct cel_grower {
    struct cel_source *source;
    uint32_t count; /* of branches; more than CEL_BRANCHES_MAX: there will be no graph */
    bool has_run;   /* some branch looks at the run */
};

/* Both ends of a walk. */
extern const struct cel_branch cel_branch_yes, cel_branch_no;

/* The graph of op that goes on to yes or to no. NULL: no room, too large, or yes or no is NULL. */
const struct cel_branch *cel_branch_grow_op(struct cel_grower *self, const struct cel_op *op,
                                            const struct cel_branch *yes,
                                            const struct cel_branch *no);

/* All turns are paid for at once: where that is more than there is, the ops count exactly. */
static inline bool cel_branch_spend(const struct cel_branch *self, struct cel_run *run,
                                    uint32_t count)
{
    const int64_t fuel = (int64_t)count * self->op->weight;

    if (count > run->iterations || fuel > run->fuel) {
        return false;
    }
    run->iterations -= count;
    run->fuel -= fuel;
    return true;
}

/* name_slot and name_local: a test of the value a, where it fits. */
#define CEL_TEST(name, fits, truth) \
    static int name##_slot(const struct cel_branch *self, const struct mr_value *slots, \
                           struct cel_run *run) \
    { \
        const struct mr_value *a = &slots[self->slot]; \
\
        return (fits) ? cel_branch_on(self, (truth), slots, run) : CEL_UNSURE; \
    } \
    static int name##_local(const struct cel_branch *self, const struct mr_value *slots, \
                            struct cel_run *run) \
    { \
        const struct mr_value *a = &run->locals[self->slot]; \
\
        return (fits) ? cel_branch_on(self, (truth), slots, run) : CEL_UNSURE; \
    }

#endif
