#include "processors/core/cel/regex_table.h"

#include "processors/core/base/error.h"

#include <string.h>

#define PARTS_MAX 768  /* of the automaton */
#define STATES_MAX 120 /* of the table */
#define WORDS (PARTS_MAX / 64)
#define WORK_MAX 1000000
#define DEPTH_MAX 330

enum { DEAD, FOUND, FIRST }; /* states that every table has */

enum part_kind { PART_BYTES, PART_SPLIT, PART_BEGIN, PART_END, PART_MATCH };

struct part {
    uint8_t kind; /* enum part_kind */
    uint8_t first, last;
    int16_t next, other;
};

struct cel_regex_table {
    uint8_t columns[256]; /* of a byte */
    uint32_t column_count;
    bool ends[STATES_MAX]; /* whether the text may end here */
    uint8_t start;
    /* [state * column_count + column], and what it holds is such a product: a step is one load. */
    uint16_t next[];
};

struct set {
    uint64_t words[WORDS];
};

struct builder {
    const struct cel_regex_tree *tree;
    struct part parts[PARTS_MAX];
    int part_count;
    int depth;
    bool has_failed;
    struct set states[STATES_MAX];
    int state_count;
    int start; /* part */
    long work;
    struct set restart; /* what a match may begin with behind the first byte */
};

static int fail(struct builder *self)
{
    self->has_failed = true;
    return 0;
}

static int add_part(struct builder *self, enum part_kind kind, int next, int other)
{
    if (self->part_count == PARTS_MAX) {
        return fail(self);
    }
    self->parts[self->part_count] =
        (struct part){.kind = (uint8_t)kind, .next = (int16_t)next, .other = (int16_t)other};
    return self->part_count++;
}

static int add_bytes(struct builder *self, unsigned first, unsigned last, int next)
{
    const int part = add_part(self, PART_BYTES, next, 0);

    self->parts[part].first = (uint8_t)first;
    self->parts[part].last = (uint8_t)last;
    return part;
}

/* Code points of one encoded size that differ in their last bytes only from first to last. */
static int add_encoded(struct builder *self, uint32_t first, uint32_t last, int next)
{
    uint8_t low[4], high[4];
    const size_t size = mr_utf8_put(low, first);

    (void)mr_utf8_put(high, last);
    for (size_t i = size; i-- > 0;) {
        next = add_bytes(self, low[i], high[i], next);
    }
    return next;
}

/* The largest code point that is encoded in as many bytes as code. */
static uint32_t size_end(uint32_t code)
{
    return code <= 0x7F ? 0x7F : code <= 0x7FF ? 0x7FF : code <= 0xFFFF ? 0xFFFF : 0x10FFFF;
}

/* The end of the run from first that one sequence of byte ranges covers, at most last. */
static uint32_t run_end(uint32_t first, uint32_t last)
{
    const uint32_t end = last < size_end(first) ? last : size_end(first);

    for (uint32_t bits = 6; bits <= 18 && first > 0x7F; bits += 6) {
        const uint32_t mask = (UINT32_C(1) << bits) - 1;

        if ((first & ~mask) == (end & ~mask)) {
            return end; /* they differ in the lower bytes only */
        }
        if ((first & mask) != 0) {
            return first | mask;
        }
        if ((end & mask) != mask) {
            return (end & ~mask) - 1;
        }
    }
    return end;
}

static int build_class(struct builder *self, const struct cel_regex_node *node, int next)
{
    int start = -1;

    for (uint16_t i = 0; i < node->count; i++) {
        const struct cel_regex_range range = self->tree->ranges[node->first + i];
        uint32_t first = range.first;

        while (first <= range.last && !self->has_failed) {
            const uint32_t end = run_end(first, range.last);
            const int part = add_encoded(self, first, end, next);

            start = start < 0 ? part : add_part(self, PART_SPLIT, part, start);
            first = end + 1;
        }
    }
    return start < 0 ? fail(self) : start; /* an empty class */
}

static int build(struct builder *self, int index, int next);

static int build_repeat(struct builder *self, const struct cel_regex_node *node, int next)
{
    int start = next;

    if (node->most < 0) {
        start = add_part(self, PART_SPLIT, 0, next);
        if (!self->has_failed) {
            const int body = build(self, node->a, start);

            self->parts[start].next = (int16_t)body;
        }
    }
    for (int i = node->least; i < node->most && !self->has_failed; i++) {
        start = add_part(self, PART_SPLIT, build(self, node->a, start), next);
    }
    for (int i = 0; i < node->least && !self->has_failed; i++) {
        start = build(self, node->a, start);
    }
    return start;
}

/* The part at which the node begins, when next follows it. */
static int build(struct builder *self, int index, int next)
{
    const struct cel_regex_node *node = &self->tree->nodes[index];
    int start = next;

    if (self->has_failed || ++self->depth > DEPTH_MAX || ++self->work > WORK_MAX) {
        return fail(self);
    }
    switch ((enum cel_regex_kind)node->kind) {
    case CEL_REGEX_EMPTY:
        break;
    case CEL_REGEX_CLASS:
        start = build_class(self, node, next);
        break;
    case CEL_REGEX_CONCAT:
        start = build(self, node->a, build(self, node->b, next));
        break;
    case CEL_REGEX_EITHER:
        start = build(self, node->b, next);
        start = add_part(self, PART_SPLIT, build(self, node->a, next), start);
        break;
    case CEL_REGEX_REPEAT:
        start = build_repeat(self, node, next);
        break;
    case CEL_REGEX_BEGIN:
        start = add_part(self, PART_BEGIN, next, 0);
        break;
    case CEL_REGEX_END:
        start = add_part(self, PART_END, next, 0);
        break;
    }
    self->depth--;
    return start;
}

static bool has(const struct set *set, int part)
{
    return (set->words[part / 64] >> (part % 64) & 1) != 0;
}

static void put(struct set *set, int part)
{
    set->words[part / 64] |= UINT64_C(1) << (part % 64);
}

/* part and all that is reached from it without a byte. An END stays, unless at_end. */
static void reach(struct builder *self, struct set *set, int part, bool at_begin, bool at_end)
{
    int16_t stack[PARTS_MAX];
    int count = 0;

    stack[count++] = (int16_t)part;
    while (count > 0 && !self->has_failed) {
        const int at = stack[--count];
        const struct part *p = &self->parts[at];

        if (has(set, at)) {
            continue;
        }
        put(set, at);
        if (++self->work > WORK_MAX || count + 2 > PARTS_MAX) {
            (void)fail(self);
        } else if (p->kind == PART_SPLIT) {
            stack[count++] = p->next;
            stack[count++] = p->other;
        } else if ((p->kind == PART_BEGIN && at_begin) || (p->kind == PART_END && at_end)) {
            stack[count++] = p->next;
        }
    }
}

static bool holds_match(const struct builder *self, const struct set *set)
{
    for (int i = 0; i < self->part_count; i++) {
        if (self->parts[i].kind == PART_MATCH && has(set, i)) {
            return true;
        }
    }
    return false;
}

static bool is_empty(const struct set *set)
{
    for (int i = 0; i < WORDS; i++) {
        if (set->words[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Only parts that take a byte, end or match tell states apart. */
static struct set stripped(const struct builder *self, struct set set)
{
    for (int i = 0; i < self->part_count; i++) {
        if (self->parts[i].kind == PART_SPLIT || self->parts[i].kind == PART_BEGIN) {
            set.words[i / 64] &= ~(UINT64_C(1) << (i % 64));
        }
    }
    return set;
}

/* The state of a stripped set, new or known. */
static int state_of(struct builder *self, const struct set *set)
{
    if (is_empty(set)) {
        return DEAD;
    }
    if (holds_match(self, set)) {
        return FOUND;
    }
    for (int i = FIRST; i < self->state_count; i++) {
        if (memcmp(&self->states[i], set, sizeof(*set)) == 0) {
            return i;
        }
    }
    if (self->state_count == STATES_MAX) {
        return fail(self);
    }
    self->states[self->state_count] = *set;
    return self->state_count++;
}

static int step(struct builder *self, const struct set *from, uint8_t byte)
{
    struct set to = self->restart;

    for (int i = 0; i < self->part_count && !self->has_failed; i++) {
        const struct part *part = &self->parts[i];

        if (part->kind == PART_BYTES && byte >= part->first && byte <= part->last && has(from, i)) {
            reach(self, &to, part->next, false, false);
        }
    }
    self->work += WORDS + self->part_count / 8;
    to = stripped(self, to);
    return self->has_failed || self->work > WORK_MAX ? fail(self) : state_of(self, &to);
}

static bool may_end(struct builder *self, const struct set *set)
{
    struct set closed = {{0}};

    for (int i = 0; i < self->part_count; i++) {
        if (has(set, i)) {
            reach(self, &closed, i, false, true);
        }
    }
    for (int i = 0; i < self->part_count; i++) {
        if (self->parts[i].kind == PART_BEGIN && has(&closed, i)) {
            (void)fail(self); /* $ before ^: whether both hold is more than a state knows */
        }
    }
    return holds_match(self, &closed);
}

/* Columns: a byte begins a new one where some part begins or has ended. */
static uint32_t set_columns(const struct builder *self, uint8_t columns[256])
{
    bool begins[257] = {false};
    uint32_t count = 0;

    for (int i = 0; i < self->part_count; i++) {
        if (self->parts[i].kind == PART_BYTES) {
            begins[self->parts[i].first] = true;
            begins[self->parts[i].last + 1] = true;
        }
    }
    for (int byte = 0; byte < 256; byte++) {
        count += byte > 0 && begins[byte] ? 1 : 0;
        columns[byte] = (uint8_t)count;
    }
    return count + 1;
}

static void fill_row(struct builder *self, struct cel_regex_table *table, int state)
{
    const struct set from = self->states[state];
    int last = -1;

    table->ends[state] = may_end(self, &from);
    for (int byte = 0; byte < 256 && !self->has_failed; byte++) {
        if (table->columns[byte] != last) {
            last = table->columns[byte];
            table->next[(uint32_t)state * table->column_count + (uint32_t)last] =
                (uint16_t)((uint32_t)step(self, &from, (uint8_t)byte) * table->column_count);
        }
    }
}

/* The state before the first byte, where ^ holds. */
static int start_state(struct builder *self)
{
    struct set set = {{0}};

    reach(self, &set, self->start, true, false);
    set = stripped(self, set);
    return state_of(self, &set);
}

/* False: the pattern needs more than a table may have. */
static bool fill(struct builder *self, struct cel_regex_table *table)
{
    table->column_count = set_columns(self, table->columns);
    for (uint32_t i = 0; i < table->column_count; i++) {
        table->next[FOUND * table->column_count + i] = (uint16_t)(FOUND * table->column_count);
    }
    table->ends[FOUND] = true;
    reach(self, &self->restart, self->start, false, false);
    self->state_count = FIRST;
    table->start = (uint8_t)start_state(self);
    for (int state = FIRST; state < self->state_count && !self->has_failed; state++) {
        fill_row(self, table, state);
    }
    return !self->has_failed;
}

#define NEXT_MAX ((size_t)256 * STATES_MAX)

const struct cel_regex_table *cel_regex_table_open(struct mr_arena *arena,
                                                   const struct cel_regex_tree *tree)
{
    const size_t before = mr_arena_mark(arena);
    struct cel_regex_table *table =
        mr_arena_take(arena, 1, sizeof(*table) + NEXT_MAX * sizeof(table->next[0]));
    const size_t after = mr_arena_mark(arena);
    struct builder *self = mr_arena_take(arena, 1, sizeof(*self));
    size_t used;

    if (table == NULL || self == NULL) {
        mr_arena_release(arena, before);
        return NULL;
    }
    self->tree = tree;
    self->start = build(self, tree->root, add_part(self, PART_MATCH, 0, 0));
    if (self->has_failed || !fill(self, table)) {
        mr_arena_release(arena, before);
        return NULL;
    }
    used = (size_t)table->column_count * (size_t)self->state_count;
    mr_arena_release(arena, after - (NEXT_MAX - used) * sizeof(table->next[0]));
    return table;
}

bool cel_regex_table_search(const struct cel_regex_table *table, struct mr_span text)
{
    const uint32_t found = FOUND * table->column_count;
    uint32_t state = table->start * table->column_count;

    for (size_t i = 0; i < text.size && state > found; i++) {
        state = table->next[state + table->columns[text.data[i]]];
    }
    return table->ends[state / table->column_count];
}
