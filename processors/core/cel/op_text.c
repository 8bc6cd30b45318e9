/* Closures of text and of comparisons of values: equality, in, size, heads and tails, joining. */
#include "processors/core/cel/branch.h"
#include "processors/core/cel/regex.h"
#include "processors/core/cel/text.h"

#include <string.h>

/* Both arguments, of the kind that op->kinds says; false: the fault is set. */
static bool two_values(const struct cel_op *self, struct cel_run *run, struct mr_value values[2])
{
    values[0] = self->a->value(self->a, run);
    if (values[0].kind != self->kinds[0]) {
        (void)cel_op_fail(run, cel_op_fault_of(&values[0]));
        return false;
    }
    values[1] = self->b->value(self->b, run);
    if (values[1].kind != self->kinds[1]) {
        (void)cel_op_fail(run, cel_op_fault_of(&values[1]));
        return false;
    }
    return true;
}

/* Rules compare with short texts, for which a call of memcmp costs more than the comparison. */
static inline bool are_bytes_same(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint64_t wide[4];
    uint32_t narrow[4];

    if (size > 16) {
        return memcmp(a, b, size) == 0;
    }
    if (size >= 8) {
        memcpy(&wide[0], a, 8);
        memcpy(&wide[1], b, 8);
        memcpy(&wide[2], a + size - 8, 8);
        memcpy(&wide[3], b + size - 8, 8);
        return wide[0] == wide[1] && wide[2] == wide[3];
    }
    if (size >= 4) {
        memcpy(&narrow[0], a, 4);
        memcpy(&narrow[1], b, 4);
        memcpy(&narrow[2], a + size - 4, 4);
        memcpy(&narrow[3], b + size - 4, 4);
        return narrow[0] == narrow[1] && narrow[2] == narrow[3];
    }
    return size == 0 || (a[0] == b[0] && a[size - 1] == b[size - 1] && a[size / 2] == b[size / 2]);
}

static inline bool is_same_text(const struct mr_value *a, const struct mr_value *b)
{
    return a->size == b->size && are_bytes_same(a->data, b->data, a->size);
}

static inline bool is_one_of(const struct mr_value *a, const struct mr_value *list)
{
    for (uint32_t i = 0; i < list->size; i++) {
        if (is_same_text(a, &list->items[i])) {
            return true;
        }
    }
    return false;
}

static inline bool is_number_of(int64_t a, const struct mr_value *list)
{
    for (uint32_t i = 0; i < list->size; i++) {
        if (a == list->items[i].number) {
            return true;
        }
    }
    return false;
}

/* What is of another kind (null, say) is not the same; only errors are errors. */
static int same_text(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value a = self->a->value(self->a, run);
    struct mr_value b;

    if (a.kind == MR_KIND_ERROR) {
        return cel_op_fail_truth(run, cel_op_fault_of(&a));
    }
    b = self->b->value(self->b, run);
    if (b.kind == MR_KIND_ERROR) {
        return cel_op_fail_truth(run, cel_op_fault_of(&b));
    }
    return a.kind == b.kind && (a.kind == MR_KIND_NULL || is_same_text(&a, &b));
}

static int different_text(const struct cel_op *self, struct cel_run *run)
{
    const int answer = same_text(self, run);

    return answer == CEL_TRUTH_FAULT ? answer : !answer;
}

static int same_text_leaf(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value *a = cel_op_leaf(self, run);

    if (a->kind == MR_KIND_ERROR) {
        return cel_op_fail_truth(run, cel_op_fault_of(a));
    }
    return a->kind == self->kinds[0] && is_same_text(a, &self->constant);
}

CEL_TEST(is_text, a->kind == self->op->kinds[0], is_same_text(a, &self->constant))
CEL_TEST(is_other_text, a->kind == self->op->kinds[0], !is_same_text(a, &self->constant))
CEL_TEST(has_head, a->kind == MR_KIND_STRING,
         a->size >= self->constant.size &&
             are_bytes_same(a->data, self->constant.data, self->constant.size))
CEL_TEST(has_tail, a->kind == MR_KIND_STRING,
         a->size >= self->constant.size && are_bytes_same(a->data + a->size - self->constant.size,
                                                          self->constant.data, self->constant.size))
CEL_TEST(is_empty, a->kind == MR_KIND_STRING, a->size == 0)
CEL_TEST(is_not_empty, a->kind == MR_KIND_STRING, a->size > 0)
CEL_TEST(is_null, a->kind != MR_KIND_ERROR, a->kind == MR_KIND_NULL)
CEL_TEST(is_not_null, a->kind != MR_KIND_ERROR, a->kind != MR_KIND_NULL)
CEL_TEST(in_texts, a->kind == MR_KIND_STRING, is_one_of(a, &self->constant))
CEL_TEST(in_numbers, a->kind == MR_KIND_INT, is_number_of(a->number, &self->constant))

static int starts_with_leaf(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value *a = cel_op_leaf(self, run);

    if (a->kind != MR_KIND_STRING) {
        return cel_op_fail_truth(run, cel_op_fault_of(a));
    }
    return a->size >= self->constant.size &&
           are_bytes_same(a->data, self->constant.data, self->constant.size);
}

static int starts_with(const struct cel_op *self, struct cel_run *run)
{
    struct mr_value v[2];

    return two_values(self, run, v) ? cel_text_starts(mr_value_span(&v[0]), mr_value_span(&v[1]))
                                    : CEL_TRUTH_FAULT;
}

static int ends_with(const struct cel_op *self, struct cel_run *run)
{
    struct mr_value v[2];

    return two_values(self, run, v) ? cel_text_ends(mr_value_span(&v[0]), mr_value_span(&v[1]))
                                    : CEL_TRUTH_FAULT;
}

/* 1, 0, or -1 with the fault set. */
static inline int search(const struct cel_op *self, struct cel_run *run,
                         const struct mr_value *text)
{
    int found;

    if (text->kind != MR_KIND_STRING) {
        return (int)cel_op_fail(run, cel_op_fault_of(text)) - 1;
    }
    if (!cel_spend(run, 1 + text->size / 8)) {
        return (int)cel_op_fail(run, MR_CEL_FAULT_FUEL) - 1;
    }
    found = cel_regex_matches(self->node->prepared, mr_value_span(text), run->arena);
    return found < 0 ? (int)cel_op_fail(run, MR_CEL_FAULT_REGEX_LIMIT) - 1 : found;
}

static int matches(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value text = self->a->value(self->a, run);
    const int found = search(self, run, &text);

    return found < 0 ? CEL_TRUTH_FAULT : found;
}

static int matches_slot(const struct cel_branch *self, const struct mr_value *slots,
                        struct cel_run *run)
{
    const int found = search(self->op, run, &slots[self->slot]);

    return found < 0 ? CEL_UNSURE : cel_branch_on(self, found == 1, slots, run);
}

static int64_t size_of_text(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value text = self->a->value(self->a, run);

    if (text.kind != MR_KIND_STRING) {
        return cel_op_fail(run, cel_op_fault_of(&text));
    }
    return cel_spend(run, text.size / 16) ? (int64_t)cel_text_count(mr_value_span(&text))
                                          : cel_op_fail(run, MR_CEL_FAULT_FUEL);
}

static int64_t size_of_items(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value items = self->a->value(self->a, run);

    return items.kind == self->kinds[0] ? items.size : cel_op_fail(run, cel_op_fault_of(&items));
}

/* Values of any kind, by the language's equality. */
static int same_value(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value a = self->a->value(self->a, run);
    struct mr_value b;
    int answer;

    if (a.kind == MR_KIND_ERROR) {
        return cel_op_fail_truth(run, cel_op_fault_of(&a));
    }
    b = self->b->value(self->b, run);
    if (b.kind == MR_KIND_ERROR) {
        return cel_op_fail_truth(run, cel_op_fault_of(&b));
    }
    answer = cel_equal(run, &a, &b);
    return answer < 0 ? cel_op_fail_truth(run, MR_CEL_FAULT_FUEL) : answer;
}

static int different_value(const struct cel_op *self, struct cel_run *run)
{
    const int answer = same_value(self, run);

    return answer == CEL_TRUTH_FAULT ? answer : !answer;
}

static int is_null(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value a = self->a->value(self->a, run);

    return a.kind == MR_KIND_ERROR ? cel_op_fail_truth(run, cel_op_fault_of(&a))
                                   : a.kind == MR_KIND_NULL;
}

static int is_not_null(const struct cel_op *self, struct cel_run *run)
{
    const int answer = is_null(self, run);

    return answer == CEL_TRUTH_FAULT ? answer : !answer;
}

/* Timestamps, durations, texts, decimals: two of one kind that has an order. */
static int order(const struct cel_op *self, struct cel_run *run, unsigned wanted)
{
    struct mr_value v[2];
    enum cel_order answer;

    if (!two_values(self, run, v)) {
        return CEL_TRUTH_FAULT;
    }
    answer = cel_compare(&v[0], &v[1]);
    if (answer > CEL_MORE) {
        return answer == CEL_UNORDERED ? 0 : cel_op_fail_truth(run, MR_CEL_FAULT_NO_OVERLOAD);
    }
    return (wanted >> (answer + 1) & 1U) != 0;
}

#define WANTS_LESS 1U
#define WANTS_SAME 2U
#define WANTS_MORE 4U
#define ORDER(name, wanted) \
    static int name(const struct cel_op *self, struct cel_run *run) \
    { \
        return order(self, run, wanted); \
    }

ORDER(less, WANTS_LESS)
ORDER(less_or_same, WANTS_LESS | WANTS_SAME)
ORDER(more, WANTS_MORE)
ORDER(more_or_same, WANTS_MORE | WANTS_SAME)

/* In a list of literals that all have the kind of what is looked for. */
static int in_texts(const struct cel_op *self, struct cel_run *run)
{
    const struct mr_value a = self->a->value(self->a, run);

    if (a.kind != self->kinds[0]) {
        return a.kind == MR_KIND_ERROR ? cel_op_fail_truth(run, cel_op_fault_of(&a)) : 0;
    }
    return is_one_of(&a, &self->constant);
}

static int in_numbers(const struct cel_op *self, struct cel_run *run)
{
    const int64_t a = self->a->number(self->a, run);

    return run->fault != 0 ? CEL_TRUTH_FAULT : is_number_of(a, &self->constant);
}

/* a + b + c of texts: one piece of room, each byte copied once. */
static struct mr_value join(const struct cel_op *self, struct cel_run *run)
{
    struct mr_value parts[CEL_OP_JOIN_MAX];
    size_t size = 0, at = 0;
    uint8_t *room;

    for (uint32_t i = 0; i < self->kid_count; i++) {
        parts[i] = self->kids[i]->value(self->kids[i], run);
        if (parts[i].kind != self->kinds[0]) {
            return cel_fault(cel_op_fault_of(&parts[i]));
        }
        size += parts[i].size;
    }
    room = cel_take_bytes(run, size);
    if (room == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    for (uint32_t i = 0; i < self->kid_count; i++) {
        if (parts[i].size > 0) {
            memcpy(room + at, parts[i].data, parts[i].size);
        }
        at += parts[i].size;
    }
    return (struct mr_value){.kind = self->kinds[0], .size = (uint32_t)size, .data = room};
}

static bool is_literal(const struct cel_op *op)
{
    return op->node->kind == CEL_NODE_LITERAL;
}

static void use_test(struct cel_op *op, cel_branch_call of_slot, cel_branch_call of_local)
{
    if (cel_op_is_leaf(op->a)) {
        op->test = op->is_local ? of_local : of_slot;
        op->is_plain = !op->is_local;
    }
}

#define USE_TEST(op, name) use_test((op), name##_slot, name##_local)

static bool use_matches(struct cel_op *op, const struct cel_node *call)
{
    if (call->prepared == NULL || op->kinds[0] != MR_KIND_STRING) {
        return false;
    }
    op->truth = matches;
    op->test = op->a->node->kind == CEL_NODE_SLOT ? matches_slot : NULL;
    op->cost += 10;
    return true;
}

static bool use_size(struct cel_op *op)
{
    const uint8_t kind = op->kinds[0];

    op->number = kind == MR_KIND_STRING ? size_of_text : size_of_items;
    op->cost += kind == MR_KIND_STRING ? 4 : 0;
    return kind == MR_KIND_STRING || kind == MR_KIND_BYTES || kind == MR_KIND_LIST ||
           kind == MR_KIND_MAP;
}

static bool use_in(struct cel_op *op)
{
    const struct mr_value *list = &op->b->constant;

    if (!is_literal(op->b) || list->kind != MR_KIND_LIST ||
        (op->kinds[0] == MR_KIND_INT && op->a->node->type->is_nullable) ||
        (op->kinds[0] != MR_KIND_STRING && op->kinds[0] != MR_KIND_INT)) {
        return false;
    }
    for (uint32_t i = 0; i < list->size; i++) {
        if (list->items[i].kind != op->kinds[0]) {
            return false;
        }
    }
    op->constant = *list;
    op->cost += list->size;
    op->truth = op->kinds[0] == MR_KIND_STRING ? in_texts : in_numbers;
    if (op->kinds[0] == MR_KIND_STRING) {
        USE_TEST(op, in_texts);
    } else {
        USE_TEST(op, in_numbers);
    }
    return true;
}

static void use_text_constant(struct cel_op *op, bool is_same)
{
    if (!cel_op_is_leaf(op->a) || !is_literal(op->b)) {
        return;
    }
    op->constant = op->b->constant;
    if (is_same) {
        op->truth = same_text_leaf;
        USE_TEST(op, is_text);
    } else {
        USE_TEST(op, is_other_text);
    }
}

static void use_null(struct cel_op *op, bool is_same)
{
    op->truth = is_same ? is_null : is_not_null;
    if (is_same) {
        USE_TEST(op, is_null);
    } else {
        USE_TEST(op, is_not_null);
    }
}

static bool use_equality(struct cel_op *op, bool is_same)
{
    const bool are_texts = op->kinds[0] == op->kinds[1] &&
                           (op->kinds[0] == MR_KIND_STRING || op->kinds[0] == MR_KIND_BYTES);

    if (is_literal(op->b) && op->b->constant.kind == MR_KIND_NULL) {
        use_null(op, is_same);
    } else if (are_texts) {
        op->cost += 1;
        op->truth = is_same ? same_text : different_text;
        use_text_constant(op, is_same);
    } else {
        op->cost += 2;
        op->truth = is_same ? same_value : different_value;
    }
    return true;
}

static bool use_order(struct cel_op *op, struct mr_span name)
{
    static const struct {
        const char *name;
        cel_truth_call truth;
    } orders[] = {{"_<_", less}, {"_<=_", less_or_same}, {"_>_", more}, {"_>=_", more_or_same}};

    if (op->kinds[0] != op->kinds[1] || op->kinds[0] == MR_KIND_ERROR) {
        return false;
    }
    for (size_t i = 0; i < MR_COUNT(orders); i++) {
        if (mr_span_is(name, orders[i].name)) {
            op->truth = orders[i].truth;
            op->cost += 2;
            return true;
        }
    }
    return false;
}

static bool use_two(struct cel_op *op, const struct cel_node *call)
{
    const bool are_strings = op->kinds[0] == MR_KIND_STRING && op->kinds[1] == MR_KIND_STRING;

    if (mr_span_is(call->name, "_==_") || mr_span_is(call->name, "_!=_")) {
        return use_equality(op, mr_span_is(call->name, "_==_"));
    }
    if (mr_span_is(call->name, "@in")) {
        return use_in(op);
    }
    if (are_strings && mr_span_is(call->name, "startsWith")) {
        op->truth = starts_with;
        if (cel_op_is_leaf(op->a) && is_literal(op->b)) {
            op->truth = starts_with_leaf;
            op->constant = op->b->constant;
            USE_TEST(op, has_head);
        }
        return true;
    }
    if (are_strings && mr_span_is(call->name, "endsWith")) {
        op->truth = ends_with;
        if (cel_op_is_leaf(op->a) && is_literal(op->b)) {
            op->constant = op->b->constant;
            USE_TEST(op, has_tail);
        }
        return true;
    }
    if (mr_span_is(call->name, "matches")) {
        return use_matches(op, call);
    }
    return use_order(op, call->name);
}

void cel_op_use_join(struct cel_op *op)
{
    op->value = join;
}

bool cel_op_text(struct cel_op *op, const struct cel_node *call)
{
    MR_ASSERT(op->a != NULL && (call->arg_count < 2 || op->b != NULL));
    op->slot = op->a->slot;
    op->is_local = op->a->is_local;
    if (call->arg_count == 1 && mr_span_is(call->name, "size")) {
        return use_size(op);
    }
    return call->arg_count == 2 && use_two(op, call);
}

/* size(a) > 0, >= 1, != 0; == 0, <= 0, < 1. */
void cel_op_test_emptiness(struct cel_op *op, struct mr_span name)
{
    static const struct {
        const char *name;
        int64_t constant;
        cel_branch_call of_slot, of_local;
    } rows[] = {
        {"_>_", 0, is_not_empty_slot, is_not_empty_local},
        {"_>=_", 1, is_not_empty_slot, is_not_empty_local},
        {"_!=_", 0, is_not_empty_slot, is_not_empty_local},
        {"_==_", 0, is_empty_slot, is_empty_local},
        {"_<=_", 0, is_empty_slot, is_empty_local},
        {"_<_", 1, is_empty_slot, is_empty_local},
    };
    const struct cel_op *size = op->a;

    if (op->b == NULL || !is_literal(op->b) || size->number != size_of_text ||
        !cel_op_is_leaf(size->a)) {
        return;
    }
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        if (mr_span_is(name, rows[i].name) && op->constant.number == rows[i].constant) {
            op->test = size->is_local ? rows[i].of_local : rows[i].of_slot;
            op->is_plain = !size->is_local;
        }
    }
}

bool cel_op_text_set(const struct cel_op *op, struct cel_text_set *set)
{
    const bool is_list = op->test == in_texts_local;

    if (op->kinds[0] != MR_KIND_STRING ||
        (op->test != is_text_local && op->test != is_other_text_local &&
         op->test != has_head_local && !is_list)) {
        return false;
    }
    *set = (struct cel_text_set){.texts = is_list ? op->constant.items : &op->constant,
                                 .count = is_list ? op->constant.size : 1,
                                 .is_head = op->test == has_head_local,
                                 .is_negated = op->test == is_other_text_local};
    return true;
}
