#include "processors/core/cel/branch_texts.h"

#include <string.h>

/* The first four bytes, or what there is of them and zeros. */
static inline uint32_t key_of(const struct mr_value *text)
{
    const uint8_t *data = text->data;
    const uint32_t middle = text->size / 2, last = text->size - 1;

    if (text->size >= 4) {
        return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    }
    return text->size == 0
               ? 0
               : data[0] | (uint32_t)data[middle] << 8 * middle | (uint32_t)data[last] << 8 * last;
}

static uint32_t mask_of(const struct mr_value *text, bool is_head)
{
    return is_head && text->size < 4 ? (1U << 8 * text->size) - 1 : UINT32_MAX;
}

struct finder {
    struct cel_grower *grower;
    struct cel_texts *texts;
    const struct cel_branch *loop;
    const struct cel_branch *resume;
};

static bool add(struct finder *self, const struct mr_value *text, bool is_head, bool is_negated)
{
    struct cel_texts *texts = self->texts;

    if (texts->count == CEL_TEXTS_MAX) {
        return false;
    }
    texts->tests[texts->count++] =
        (struct cel_text_test){.key = key_of(text),
                               .mask = is_negated ? 0 : mask_of(text, is_head),
                               .is_head = is_head,
                               .is_negated = is_negated,
                               .size = text->size,
                               .text = text};
    return true;
}

static bool uses(const struct cel_node *node, uint32_t local)
{
    if (node->kind == CEL_NODE_LOCAL && node->index == local) {
        return true;
    }
    for (uint32_t i = 0; i < node->arg_count; i++) {
        if (uses(node->args[i], local)) {
            return true;
        }
    }
    return false;
}

static const struct cel_op *strip(const struct cel_op *op, bool *wanted)
{
    while (op->node->kind == CEL_NODE_CALL && mr_span_is(op->node->name, "!_")) {
        op = op->a;
        *wanted = !*wanted;
    }
    return op;
}

/* A test of the item; several only where any of them will do. */
static bool find_set(struct finder *self, const struct cel_op *op, bool wanted)
{
    struct cel_text_set set;
    bool is_negated;

    op = strip(op, &wanted);
    if (!cel_op_text_set(op, &set) || op->slot != self->loop->other) {
        return false;
    }
    is_negated = set.is_negated == wanted;
    for (uint32_t i = 0; i < set.count; i++) {
        if (!add(self, &set.texts[i], set.is_head, is_negated)) {
            return false;
        }
    }
    return set.count == 1 || !is_negated;
}

/* All that stands beside the test of the item. */
static const struct cel_branch *grow_beside(struct finder *self, const struct cel_op *op,
                                            bool wanted, const struct cel_branch *yes,
                                            const struct cel_branch *no)
{
    const struct cel_branch *next = yes;

    for (uint32_t i = op->kid_count; i-- > 0;) {
        if (!uses(op->kids[i]->node, self->loop->other)) {
            next = cel_branch_grow_op(self->grower, op->kids[i], wanted ? next : no,
                                      wanted ? no : next);
        }
    }
    return next;
}

/* One test of the item, and conditions beside it. */
static bool find_guarded(struct finder *self, const struct cel_op *op, bool wanted)
{
    const uint32_t first = self->texts->count;
    const struct cel_branch *condition, *jump;
    uint32_t set_count = 0;

    for (uint32_t i = 0; i < op->kid_count; i++) {
        const struct cel_op *kid = op->kids[i];

        if (uses(kid->node, self->loop->other) &&
            (set_count++ > 0 || !find_set(self, kid, wanted))) {
            return false;
        }
    }
    condition = grow_beside(self, op, wanted, &cel_branch_yes, &cel_branch_no);
    jump = grow_beside(self, op, wanted, self->loop->yes, self->resume);
    for (uint32_t i = first; i < self->texts->count; i++) {
        self->texts->tests[i].condition = condition;
        self->texts->tests[i].jump = jump;
    }
    return set_count == 1 && condition != NULL && jump != NULL;
}

static bool find(struct finder *self, const struct cel_op *op, bool wanted)
{
    op = strip(op, &wanted);
    if (op->node->kind != CEL_NODE_AND && op->node->kind != CEL_NODE_OR) {
        return find_set(self, op, wanted);
    }
    if ((op->node->kind == CEL_NODE_AND) == wanted) {
        return find_guarded(self, op, wanted);
    }
    for (uint32_t i = 0; i < op->kid_count; i++) {
        if (!find(self, op->kids[i], wanted)) {
            return false;
        }
    }
    return true;
}

static inline bool is_alike(uint32_t key, const struct cel_text_test *test)
{
    return ((key ^ test->key) & test->mask) == 0;
}

/* Of an item that is alike: four bytes are known to be the same, if there is a mask. */
static bool is_in(const struct cel_text_test *test, const struct mr_value *item)
{
    const uint32_t size = test->size;

    return (test->is_head ? item->size >= size : item->size == size) &&
           (size <= (test->mask == 0 ? 0 : sizeof(test->key)) ||
            memcmp(item->data, test->text->data, size) == 0);
}

/* Whether an item that is alike is in the set by this test: 1, 0 or CEL_UNSURE. */
static inline int decide(const struct cel_text_test *test, const struct mr_value *item,
                         const struct mr_value *slots, struct cel_run *run)
{
    const struct cel_branch *condition = test->condition;

    if (is_in(test, item) == test->is_negated) {
        return 0;
    }
    return condition == NULL ? 1 : condition->go(condition, slots, run);
}

/* Where a search stands: the next item, and the next test of it. */
struct place {
    const struct mr_value *item, *end;
    uint32_t test;
};

/* Goes on to the next test that an item is alike, or past the end; false: an item is no text. The
 * first two tests, which most sets have at most, without a loop. */
static inline bool seek(const struct cel_texts *texts, struct place *at)
{
    for (; at->item < at->end; at->item++, at->test = 0) {
        uint32_t key;

        if (at->item->kind != MR_KIND_STRING) {
            return false;
        }
        key = key_of(at->item);
        if (at->test == 0 && is_alike(key, &texts->tests[0])) {
            return true;
        }
        for (at->test += at->test == 0; at->test < texts->count; at->test++) {
            if (is_alike(key, &texts->tests[at->test])) {
                return true;
            }
        }
    }
    return true;
}

/* From a test that an item is alike on. Apart, so that a search without one saves no registers. */
__attribute__((noinline)) static int settle(const struct cel_branch *self,
                                            const struct mr_value *slots, struct cel_run *run,
                                            const struct mr_value *item, const struct mr_value *end,
                                            uint32_t test)
{
    struct place at = {item, end, test};

    do {
        const int truth = decide(&self->texts->tests[at.test], at.item, slots, run);

        if (truth != 0) {
            return truth == CEL_UNSURE ? truth : cel_branch_on(self, true, slots, run);
        }
        at.test++;
        if (!seek(self->texts, &at)) {
            return CEL_UNSURE;
        }
    } while (at.item < at.end);
    return cel_branch_on(self, false, slots, run);
}

static int go_on(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run,
                 struct place at)
{
    if (!seek(self->texts, &at)) {
        return CEL_UNSURE;
    }
    return at.item == at.end ? cel_branch_on(self, false, slots, run)
                             : settle(self, slots, run, at.item, at.end, at.test);
}

/* Behind the item of the local, which the condition has let pass. */
static int resume(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run)
{
    const struct mr_value *range = &slots[self->slot], *local = &run->locals[self->other];

    return go_on(self, slots, run,
                 (struct place){local->items, range->items + range->size, local->size + 1});
}

/* Goes on to yes when an item of the slot's list is in the set, to no when none is. */
static int search(const struct cel_branch *self, const struct mr_value *slots, struct cel_run *run)
{
    const struct mr_value *range = &slots[self->slot];
    struct place at = {range->items, range->items + range->size, 0};
    const struct cel_text_test *test;

    if (range->kind != MR_KIND_LIST || !cel_branch_spend(self, run, range->size) ||
        !seek(self->texts, &at)) {
        return CEL_UNSURE;
    }
    if (at.item == at.end) {
        return cel_branch_on(self, false, slots, run);
    }
    test = &self->texts->tests[at.test];
    if (!test->is_sure || (!test->is_head && test->size != at.item->size)) {
        return settle(self, slots, run, at.item, at.end, at.test);
    }
    if (test->condition == NULL) {
        return cel_branch_on(self, true, slots, run);
    }
    run->locals[self->other].items = at.item;
    run->locals[self->other].size = at.test;
    return test->jump->go(test->jump, slots, run);
}

/* Whether the key holds all of a text: a 0 byte in it would be as if it ended there. */
static bool is_in_key(const struct mr_value *text)
{
    return text->size == 0 ||
           (text->size <= sizeof(uint32_t) && memchr(text->data, 0, text->size) == NULL);
}

bool cel_texts_grow(struct cel_grower *grower, struct cel_branch *loop)
{
    struct cel_texts *texts = cel_source_take(grower->source, 1, sizeof(*texts));
    struct cel_branch *behind = cel_source_take(grower->source, 1, sizeof(*behind));
    struct finder self = {grower, texts, loop, behind};

    if (texts == NULL || behind == NULL ||
        !find(&self, loop->op->b, loop->op->node->loop == CEL_LOOP_EXISTS) || texts->count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < texts->count; i++) {
        texts->tests[i].is_sure = !texts->tests[i].is_negated && is_in_key(texts->tests[i].text);
    }
    loop->texts = texts;
    loop->go = search;
    *behind = *loop;
    behind->go = resume;
    return true;
}
