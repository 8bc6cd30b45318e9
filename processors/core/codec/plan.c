#include "processors/core/codec/plan.h"

#include "processors/core/codec/optional.h"
#include "processors/core/codec/plan_internal.h"
#include "processors/core/codec/scalar.h"
#include "processors/core/codec/schema_internal.h"

#include <stdlib.h>

static enum mr_code fill(struct mr_plan *plan, const struct mr_schema *writer,
                         const struct mr_layout *layout, struct mr_error *err)
{
    struct mr_resolve resolve = {.pool = &plan->pool, .err = err};
    const size_t written = mr_schema_named_count(writer);
    const size_t read = mr_schema_named_count(layout->schema); /* defaults are written by these */
    const struct mr_node *root;
    enum mr_code code;

    resolve.by_writer = mr_pool_take(&plan->pool, (written > read ? written : read) + 1,
                                     sizeof(*resolve.by_writer));
    if (resolve.by_writer == NULL) {
        return mr_resolve_no_room(&resolve);
    }
    code = mr_resolve_node(&resolve, mr_schema_root(writer), mr_schema_root(layout->schema), NULL,
                           &root);
    if (code == MR_OK) {
        code = mr_resolve_node(&resolve, mr_schema_root(writer), NULL, NULL, &plan->whole);
    }
    return code != MR_OK ? code : mr_plan_compile(plan, root, layout, err);
}

enum mr_code mr_plan_new(const struct mr_schema *writer, const struct mr_layout *layout,
                         struct mr_plan **plan, struct mr_error *err)
{
    struct mr_plan *made = calloc(1, sizeof(*made));
    enum mr_code code;

    *plan = NULL;
    if (made == NULL || mr_layout_is_short(layout)) {
        free(made);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a plan");
    }
    code = fill(made, writer, layout, err);
    if (code != MR_OK) {
        mr_plan_free(made);
        return code;
    }
    *plan = made;
    return MR_OK;
}

void mr_plan_free(struct mr_plan *plan)
{
    if (plan != NULL) {
        mr_pool_clear(&plan->pool);
        free(plan);
    }
}

struct mr_value mr_extract_part(const struct mr_value *value, const struct mr_layout_path *path,
                                uint32_t depth)
{
    for (; depth < path->depth; depth++) {
        if (value->kind != MR_KIND_RECORD) {
            return (struct mr_value){0};
        }
        MR_ASSERT(path->fields[depth] < value->size);
        value = &value->items[path->fields[depth]];
    }
    return *value;
}

static const uint8_t *extract(const struct mr_extract *extract, const uint8_t *at,
                              struct mr_input *input, struct mr_value *slots)
{
    struct mr_value value = {0};

    at = mr_node_read(extract->node, at, input, &value);
    for (size_t i = 0; i < extract->count && at != NULL; i++) {
        slots[extract->rows[i]->slot] =
            mr_extract_part(&value, &extract->rows[i]->path, extract->depth);
    }
    return at;
}

/* An index that is written in more bytes than it needs, or none. */
static const uint8_t *read_long_index(const uint8_t *at, struct mr_input *input, uint64_t *bits)
{
    at = mr_wire_varint(at, input, bits);
    return at == NULL || (*bits & ~UINT64_C(2)) == 0 ? at
                                                     : mr_wire_fault(input, "union_branch_unknown");
}

/* Reads the index of a union of null and something; *is_null says which it was. */
MR_WIRE_INLINE const uint8_t *read_nullable(const struct mr_op *op, const uint8_t *at,
                                            struct mr_input *input, bool *is_null)
{
    uint64_t bits;

    if (at == input->end) {
        return mr_wire_fault(input, "datum_truncated");
    }
    bits = *at++;
    /* Indices 0 and 1 are written as 0 and 2: one test and not two, see optional.h. */
    if (!MR_WIRE_LIKELY((bits & ~UINT64_C(2)) == 0)) {
        at = read_long_index(at - 1, input, &bits);
    }
    *is_null = bits >> 1 == op->null_branch;
    return at;
}

static const uint8_t *read_item(const struct mr_op *item, const uint8_t *at, struct mr_input *input,
                                size_t present, struct mr_value *value)
{
    value->kind = MR_KIND_NULL; /* or what comes next makes of it */
    return present != 0 ? mr_op_read(item, at, input, value) : at;
}

/* A nullable value: the op after its own says how it is read, or skipped, when it is there. */
MR_WIRE_INLINE const uint8_t *take_optional(const struct mr_op *op, const uint8_t *at,
                                            struct mr_input *input, bool has_room,
                                            struct mr_value *value)
{
    bool is_null = false;
    size_t present;

    at = read_nullable(op, at, input, &is_null);
    present = !is_null;
    if (!MR_WIRE_LIKELY(at != NULL)) {
        return NULL;
    }
    switch (has_room ? op[1].code : MR_OP_END) {
    case MR_OP_LONG:
        return mr_optional_long(at, input, present, value);
    case MR_OP_DOUBLE:
        return mr_optional_double(at, input, present, value);
    case MR_OP_STRING:
        return mr_optional_string(at, input, present, value);
    case MR_OP_TIMESTAMP_MILLIS:
        return mr_optional_millis(at, input, present, value);
    default:
        return read_item(op + 1, at, input, present, value);
    }
}

MR_WIRE_INLINE const uint8_t *skip_optional(const struct mr_op *op, const uint8_t *at,
                                            struct mr_input *input, bool has_room)
{
    struct mr_span bytes;
    uint64_t bits;
    bool is_null = false;
    size_t present;

    at = read_nullable(op, at, input, &is_null);
    present = !is_null;
    if (!MR_WIRE_LIKELY(at != NULL)) {
        return NULL;
    }
    switch (has_room ? op[1].code : MR_OP_END) {
    case MR_OP_SKIP_FIXED:
        return mr_optional_skip(at, input, present, op[1].size);
    case MR_OP_SKIP_VARINT:
        return mr_optional_varint(at, input, present, &bits);
    case MR_OP_SKIP_BYTES:
        return mr_optional_bytes(at, input, present, &bytes);
    default:
        return read_item(op + 1, at, input, present, &(struct mr_value){0});
    }
}

static const uint8_t *take_flow(const struct mr_op **next, const struct mr_op *ops,
                                const uint8_t *at, struct mr_input *input, struct mr_value *slots)
{
    const struct mr_op *op = *next - 1;
    bool is_null = false;

    switch (op->code) {
    case MR_OP_BRANCH:
        at = read_nullable(op, at, input, &is_null);
        *next = is_null ? ops + op->target : *next;
        return at;
    case MR_OP_JUMP:
        *next = ops + op->target;
        return at;
    case MR_OP_CONSTANT:
        slots[op->slot] = *op->constant;
        return at;
    case MR_OP_PEEK:
        return mr_node_read(op->node, at, input, &slots[op->slot]) == NULL ? NULL : at;
    default:
        MR_ASSERT(op->code == MR_OP_EXTRACT);
        return extract(op->extract, at, input, slots);
    }
}

static const uint8_t no_bytes[1];

const char *mr_plan_decode(const struct mr_plan *plan, struct mr_span datum, struct mr_value *slots,
                           struct mr_arena *arena)
{
    const uint8_t *at = datum.data == NULL ? no_bytes : datum.data;
    struct mr_input input = {.end = at + datum.size, .arena = arena};
    const bool has_room = datum.size >= MR_OPTIONAL_SIZE_MIN;
    const struct mr_op *next = plan->ops;

    if (datum.size > UINT32_MAX) {
        return "datum_too_large";
    }
    while (next->code != MR_OP_END) {
        const struct mr_op *op = next++;

        if (op->code < MR_OP_FLOW) {
            at = mr_op_read(op, at, &input, &slots[op->slot]);
        } else if (op->code == MR_OP_OPTIONAL) {
            at = take_optional(op, at, &input, has_room, &slots[op->slot]);
            next++;
        } else if (op->code == MR_OP_SKIP_OPTIONAL) {
            at = skip_optional(op, at, &input, has_room);
            next++;
        } else {
            const struct mr_op *after = next; /* so that next itself may stay in a register */

            at = take_flow(&after, plan->ops, at, &input, slots);
            next = after;
        }
        if (!MR_WIRE_LIKELY(at != NULL)) {
            return input.fault;
        }
    }
    return NULL;
}

size_t mr_plan_size(const struct mr_plan *plan, struct mr_span bytes, const char **fault)
{
    const uint8_t *const start = bytes.data == NULL ? no_bytes : bytes.data;
    struct mr_input input = {.end = start + bytes.size};
    const uint8_t *at = mr_node_skip(plan->whole, start, &input);

    *fault = input.fault;
    return at == NULL ? 0 : (size_t)(at - start);
}
