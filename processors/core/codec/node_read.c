#include "processors/core/codec/node.h"
#include "processors/core/base/error.h"
#include "processors/core/codec/scalar.h"

#define NANOS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)

/* count units since the epoch, per_second of them in a second; also before it. */
static struct mr_value timestamp(int64_t count, int64_t per_second)
{
    int64_t seconds = count / per_second, rest = count % per_second;

    if (rest < 0) {
        rest += per_second;
        seconds--;
    }
    return (struct mr_value){.kind = MR_KIND_TIMESTAMP,
                             .size = (uint32_t)(rest * (NANOS_PER_SECOND / per_second)),
                             .number = seconds};
}

static const uint8_t *read_time(const struct mr_op *op, const uint8_t *at, struct mr_input *input,
                                struct mr_value *value)
{
    int64_t number = 0;

    at = op->code == MR_OP_DATE || op->code == MR_OP_TIME_MILLIS ? mr_wire_int(at, input, &number)
                                                                 : mr_wire_long(at, input, &number);
    if (at == NULL) {
        return NULL;
    }
    switch (op->code) {
    case MR_OP_TIMESTAMP_MICROS:
        *value = timestamp(number, 1000000);
        return at;
    case MR_OP_TIMESTAMP_NANOS:
        *value = timestamp(number, NANOS_PER_SECOND);
        return at;
    case MR_OP_DATE:
        *value = (struct mr_value){.kind = MR_KIND_TIMESTAMP, .number = number * SECONDS_PER_DAY};
        return at;
    default:
        *value = (struct mr_value){.kind = MR_KIND_DURATION};
        if (__builtin_mul_overflow(number, op->code == MR_OP_TIME_MILLIS ? 1000000 : 1000,
                                   &value->number)) {
            return mr_wire_fault(input, "time_out_of_range");
        }
        return at;
    }
}

const uint8_t *mr_time_read(const struct mr_type *type, const uint8_t *at, struct mr_input *input,
                            struct mr_value *value)
{
    struct mr_op op;
    const char *why;
    const bool is_time = mr_resolve_scalar(NULL, type, type, &op, &why);

    MR_ASSERT(is_time);
    return mr_op_read(&op, at, input, value);
}

static const uint8_t *read_decimal(const struct mr_op *op, const uint8_t *at,
                                   struct mr_input *input, struct mr_value *value)
{
    struct mr_span bytes = {0};

    at = op->code == MR_OP_DECIMAL ? mr_wire_bytes(at, input, &bytes)
                                   : mr_wire_fixed(at, input, op->size, &bytes);
    *value = (struct mr_value){.kind = MR_KIND_DECIMAL,
                               .aux = op->scale,
                               .size = (uint32_t)bytes.size,
                               .data = bytes.data};
    return at;
}

static const uint8_t *read_promoted(const struct mr_op *op, const uint8_t *at,
                                    struct mr_input *input, struct mr_value *value)
{
    int64_t number = 0;

    at = mr_wire_long(at, input, &number);
    *value =
        mr_value_double(op->code == MR_OP_LONG_TO_FLOAT ? (double)(float)number : (double)number);
    return at;
}

/* A record that takes no bytes is not walked: types that double at each level could make of it as
 * many values as they like. */
static const uint8_t *skip_record(const struct mr_node *node, const uint8_t *at,
                                  struct mr_input *input)
{
    if (node->least == 0) {
        return at;
    }
    for (size_t i = 0; i < node->count && at != NULL; i++) {
        at = mr_node_skip(node->items[i], at, input);
    }
    return at;
}

static const uint8_t *skip_entries(const struct mr_node *node, uint64_t count, const uint8_t *at,
                                   struct mr_input *input)
{
    while (count-- > 0 && at != NULL) {
        if (node->op.code == MR_OP_MAP) {
            at = mr_skip_bytes(at, input);
        }
        at = at == NULL ? NULL : mr_node_skip(node->items[0], at, input);
    }
    return at;
}

/* The fewest bytes of an entry: a map's key has at least its size. */
static size_t entry_least(const struct mr_node *node)
{
    return node->items[0]->least + (node->op.code == MR_OP_MAP ? 1 : 0);
}

static const uint8_t *skip_blocks(const struct mr_node *node, const uint8_t *at,
                                  struct mr_input *input)
{
    uint64_t count;
    int64_t size;

    for (;;) {
        at = mr_wire_block(at, input, entry_least(node), &count, &size);
        if (at == NULL || count == 0) {
            return at;
        }
        at = size >= 0 ? mr_wire_skip(at, input, (size_t)size)
                       : skip_entries(node, count, at, input);
        if (at == NULL) {
            return NULL;
        }
    }
}

static const uint8_t *read_branch(const struct mr_node *node, const uint8_t *at,
                                  struct mr_input *input, const struct mr_node **branch)
{
    uint64_t bits;

    at = mr_wire_varint(at, input, &bits);
    if (at == NULL) {
        return NULL;
    }
    if ((bits & 1) != 0 || bits >> 1 >= node->count) {
        return mr_wire_fault(input, "union_branch_unknown");
    }
    *branch = node->items[bits >> 1];
    return at;
}

static const uint8_t *skip_composite(const struct mr_node *node, const uint8_t *at,
                                     struct mr_input *input)
{
    const struct mr_node *branch;

    switch (node->op.code) {
    case MR_OP_RECORD:
        return skip_record(node, at, input);
    case MR_OP_UNION:
        at = read_branch(node, at, input, &branch);
        return at == NULL ? NULL : mr_node_skip(branch, at, input);
    default:
        return skip_blocks(node, at, input);
    }
}

const uint8_t *mr_node_skip(const struct mr_node *node, const uint8_t *at, struct mr_input *input)
{
    struct mr_value nothing;

    if (node->op.code < MR_OP_RECORD) {
        return mr_op_read(&node->op, at, input, &nothing);
    }
    if (input->depth == MR_WIRE_DEPTH_MAX) {
        return mr_wire_fault(input, "nested_too_deep");
    }
    input->depth++;
    at = skip_composite(node, at, input);
    input->depth--;
    return at;
}

static const uint8_t *read_record(const struct mr_node *node, const uint8_t *at,
                                  struct mr_input *input, struct mr_value *value)
{
    struct mr_value *fields;

    if (node->least == 0 && !mr_wire_may_be_empty(input, 1)) { /* see skip_record */
        return NULL;
    }
    fields = mr_arena_take(input->arena, node->width, sizeof(*fields));
    if (fields == NULL) {
        return mr_wire_fault(input, "no_room");
    }
    if (node->fallbacks != NULL) {
        memcpy(fields, node->fallbacks, node->width * sizeof(*fields));
    }
    for (size_t i = 0; i < node->count && at != NULL; i++) {
        at = node->targets[i] == MR_NODE_NO_TARGET
                 ? mr_node_skip(node->items[i], at, input)
                 : mr_node_read(node->items[i], at, input, &fields[node->targets[i]]);
    }
    *value = (struct mr_value){.kind = MR_KIND_RECORD,
                               .aux = node->reader->id,
                               .size = (uint32_t)node->width,
                               .items = fields};
    return at;
}

/* The items so far, and room for more. */
struct growing {
    struct mr_value *items;
    size_t count, room;
};

/* Room for more items; doubles, so that the arena holds at most three times what is needed. */
static bool grow(struct growing *list, uint64_t more, struct mr_arena *arena)
{
    const size_t room = list->count + more > list->room * 2 ? list->count + more : list->room * 2;
    struct mr_value *items;

    if (list->count + more <= list->room) {
        return true;
    }
    items = mr_arena_take(arena, room, sizeof(*items));
    if (items == NULL) {
        return false;
    }
    if (list->count > 0) {
        memcpy(items, list->items, list->count * sizeof(*items));
    }
    list->items = items;
    list->room = room;
    return true;
}

static const uint8_t *read_entries(const struct mr_node *node, uint64_t count, const uint8_t *at,
                                   struct mr_input *input, struct growing *list)
{
    const bool is_map = node->op.code == MR_OP_MAP;

    if (!grow(list, is_map ? count * 2 : count, input->arena)) {
        return mr_wire_fault(input, "no_room");
    }
    MR_ASSERT(list->items != NULL);
    while (count-- > 0 && at != NULL) {
        if (is_map) {
            at = mr_read_string(at, input, &list->items[list->count++]);
        }
        at = at == NULL ? NULL
                        : mr_node_read(node->items[0], at, input, &list->items[list->count++]);
    }
    return at;
}

static const uint8_t *read_blocks(const struct mr_node *node, const uint8_t *at,
                                  struct mr_input *input, struct mr_value *value)
{
    const bool is_map = node->op.code == MR_OP_MAP;
    struct growing list = {0};
    uint64_t count;
    int64_t size;

    for (;;) {
        const uint8_t *start = at = mr_wire_block(at, input, entry_least(node), &count, &size);

        if (at == NULL || count == 0) {
            break;
        }
        at = read_entries(node, count, at, input, &list);
        if (at == NULL) {
            return NULL;
        }
        if (size >= 0 && at - start != size) {
            return mr_wire_fault(input, "block_size_wrong");
        }
    }
    *value = (struct mr_value){.kind = is_map ? MR_KIND_MAP : MR_KIND_LIST,
                               .size = (uint32_t)(is_map ? list.count / 2 : list.count),
                               .items = list.items};
    return at;
}

static const uint8_t *read_composite(const struct mr_node *node, const uint8_t *at,
                                     struct mr_input *input, struct mr_value *value)
{
    const struct mr_node *branch;

    switch (node->op.code) {
    case MR_OP_RECORD:
        return read_record(node, at, input, value);
    case MR_OP_UNION:
        at = read_branch(node, at, input, &branch);
        return at == NULL ? NULL : mr_node_read(branch, at, input, value);
    case MR_OP_ARRAY:
    case MR_OP_MAP:
        return read_blocks(node, at, input, value);
    default:
        return mr_wire_fault(input, "union_branch_unreadable");
    }
}

const uint8_t *mr_node_read(const struct mr_node *node, const uint8_t *at, struct mr_input *input,
                            struct mr_value *value)
{
    if (node->op.code < MR_OP_RECORD) {
        return mr_op_read(&node->op, at, input, value);
    }
    if (input->depth == MR_WIRE_DEPTH_MAX) {
        return mr_wire_fault(input, "nested_too_deep");
    }
    input->depth++;
    at = read_composite(node, at, input, value);
    input->depth--;
    return at;
}

const uint8_t *mr_op_read_rare(const struct mr_op *op, const uint8_t *at, struct mr_input *input,
                               struct mr_value *value)
{
    switch (op->code) {
    case MR_OP_TIMESTAMP_MICROS:
    case MR_OP_TIMESTAMP_NANOS:
    case MR_OP_DATE:
    case MR_OP_TIME_MILLIS:
    case MR_OP_TIME_MICROS:
        return read_time(op, at, input, value);
    case MR_OP_DECIMAL:
    case MR_OP_DECIMAL_FIXED:
        return read_decimal(op, at, input, value);
    case MR_OP_LONG_TO_FLOAT:
    case MR_OP_LONG_TO_DOUBLE:
        return read_promoted(op, at, input, value);
    default:
        return op->node->reader == NULL ? mr_node_skip(op->node, at, input)
                                        : mr_node_read(op->node, at, input, value);
    }
}
