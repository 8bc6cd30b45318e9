/* Equality, order and lookup: what the specification says of every kind of value. */
#include "processors/core/cel/decimal.h"
#include "processors/core/cel/run.h"

#include <math.h>
#include <string.h>

#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0
#define DEPTH_MAX 64

static enum cel_order order_of(bool is_less, bool is_more)
{
    return is_less ? CEL_LESS : is_more ? CEL_MORE : CEL_SAME;
}

static enum cel_order compare_int_double(int64_t a, double b)
{
    int64_t whole;

    if (isnan(b)) {
        return CEL_UNORDERED;
    }
    if (b >= TWO_63) {
        /* No int is 2^63, but the public suite wants those that would be rounded to it, and only
         * those, to be the same; everywhere else the order is exact. */
        return b == TWO_63 && (double)a == b ? CEL_SAME : CEL_LESS;
    }
    if (b < -TWO_63) {
        return CEL_MORE;
    }
    whole = (int64_t)b;
    if (a != whole) {
        return order_of(a<whole, a> whole);
    }
    return order_of((double)whole<b, (double)whole> b);
}

static enum cel_order compare_uint_double(uint64_t a, double b)
{
    uint64_t whole;

    if (isnan(b)) {
        return CEL_UNORDERED;
    }
    if (b >= TWO_64) {
        return CEL_LESS;
    }
    if (b < 0) {
        return CEL_MORE;
    }
    whole = (uint64_t)b;
    if (a != whole) {
        return order_of(a<whole, a> whole);
    }
    return order_of((double)whole < b, false);
}

static enum cel_order reverse(enum cel_order order)
{
    return order == CEL_LESS ? CEL_MORE : order == CEL_MORE ? CEL_LESS : order;
}

static enum cel_order compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return CEL_UNORDERED;
    }
    return order_of(a<b, a> b);
}

static bool is_number(const struct mr_value *value)
{
    return value->kind == MR_KIND_INT || value->kind == MR_KIND_UINT ||
           value->kind == MR_KIND_DOUBLE;
}

static enum cel_order compare_numbers(const struct mr_value *a, const struct mr_value *b)
{
    if (a->kind == MR_KIND_DOUBLE) {
        if (b->kind == MR_KIND_DOUBLE) {
            return compare_doubles(a->real, b->real);
        }
        return reverse(compare_numbers(b, a));
    }
    if (b->kind == MR_KIND_DOUBLE) {
        return a->kind == MR_KIND_INT ? compare_int_double(a->number, b->real)
                                      : compare_uint_double(a->positive, b->real);
    }
    if (a->kind == MR_KIND_INT && b->kind == MR_KIND_INT) {
        return order_of(a->number<b->number, a->number> b->number);
    }
    if (a->kind == MR_KIND_INT && a->number < 0) {
        return CEL_LESS;
    }
    if (b->kind == MR_KIND_INT && b->number < 0) {
        return CEL_MORE;
    }
    return order_of(a->positive<b->positive, a->positive> b->positive);
}

enum cel_order cel_compare(const struct mr_value *a, const struct mr_value *b)
{
    int order;

    if (is_number(a) && is_number(b)) {
        return compare_numbers(a, b);
    }
    if (a->kind != b->kind) {
        return CEL_NO_ORDER;
    }
    switch (a->kind) {
    case MR_KIND_BOOL:
    case MR_KIND_DURATION:
        return order_of(a->number<b->number, a->number> b->number);
    case MR_KIND_TIMESTAMP:
        if (a->number == b->number) {
            return order_of(a->size<b->size, a->size> b->size);
        }
        return order_of(a->number<b->number, a->number> b->number);
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
        order = mr_span_compare(mr_value_span(a), mr_value_span(b));
        return order_of(order<0, order> 0);
    case MR_KIND_DECIMAL:
        return cel_decimal_compare(a, b);
    default:
        return CEL_NO_ORDER;
    }
}

static int equal(struct cel_run *run, const struct mr_value *a, const struct mr_value *b,
                 int depth);

static int equal_items(struct cel_run *run, const struct mr_value *a, const struct mr_value *b,
                       int depth)
{
    if (a->size != b->size) {
        return 0;
    }
    for (uint32_t i = 0; i < a->size; i++) {
        const int answer = equal(run, &a->items[i], &b->items[i], depth);

        if (answer != 1) {
            return answer;
        }
    }
    return 1;
}

static int equal_maps(struct cel_run *run, const struct mr_value *a, const struct mr_value *b,
                      int depth)
{
    if (a->size != b->size) {
        return 0;
    }
    for (uint32_t i = 0; i < a->size; i++) {
        const struct mr_value *other = cel_map_find(run, b, &a->items[2 * (size_t)i]);
        int answer;

        if (run->fuel < 0) {
            return -1;
        }
        if (other == NULL) {
            return 0;
        }
        answer = equal(run, &a->items[2 * (size_t)i + 1], other, depth);
        if (answer != 1) {
            return answer;
        }
    }
    return 1;
}

static int equal_bytes(struct cel_run *run, const struct mr_value *a, const struct mr_value *b)
{
    if (a->size != b->size) {
        return 0;
    }
    return cel_spend(run, a->size / 16) ? mr_span_equal(mr_value_span(a), mr_value_span(b)) : -1;
}

static int equal(struct cel_run *run, const struct mr_value *a, const struct mr_value *b, int depth)
{
    if (depth > DEPTH_MAX || !cel_spend(run, 1)) {
        run->fuel = -1;
        return -1;
    }
    if (is_number(a) && is_number(b)) {
        return compare_numbers(a, b) == CEL_SAME;
    }
    if (a->kind != b->kind) {
        return 0;
    }
    switch (a->kind) {
    case MR_KIND_NULL:
        return 1;
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
    case MR_KIND_TYPE:
        return equal_bytes(run, a, b);
    case MR_KIND_LIST:
    case MR_KIND_OPTIONAL:
        return equal_items(run, a, b, depth + 1);
    case MR_KIND_RECORD:
        return a->aux == b->aux ? equal_items(run, a, b, depth + 1) : 0;
    case MR_KIND_MAP:
        return equal_maps(run, a, b, depth + 1);
    default:
        return cel_compare(a, b) == CEL_SAME;
    }
}

int cel_equal(struct cel_run *run, const struct mr_value *a, const struct mr_value *b)
{
    return equal(run, a, b, 0);
}

struct mr_value cel_truth(int answer)
{
    return answer < 0 ? cel_fault(MR_CEL_FAULT_FUEL) : mr_value_bool(answer != 0);
}

bool cel_is_key(const struct mr_value *value)
{
    return value->kind == MR_KIND_BOOL || value->kind == MR_KIND_INT ||
           value->kind == MR_KIND_UINT || value->kind == MR_KIND_STRING;
}

const struct mr_value *cel_map_find(struct cel_run *run, const struct mr_value *map,
                                    const struct mr_value *key)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const int answer = cel_equal(run, &map->items[2 * (size_t)i], key);

        if (answer != 0) {
            return answer < 0 ? NULL : &map->items[2 * (size_t)i + 1];
        }
    }
    return NULL;
}

struct mr_value *cel_take_items(struct cel_run *run, size_t count)
{
    if (!cel_spend(run, count)) {
        return NULL;
    }
    return mr_arena_take(run->arena, count == 0 ? 1 : count, sizeof(struct mr_value));
}

struct mr_value cel_list_of(const struct mr_value *items, size_t count)
{
    return (struct mr_value){.kind = MR_KIND_LIST, .size = (uint32_t)count, .items = items};
}

struct mr_value cel_optional_none(void)
{
    return (struct mr_value){.kind = MR_KIND_OPTIONAL};
}

struct mr_value cel_optional_of(struct cel_run *run, struct mr_value value)
{
    struct mr_value *item = cel_take_items(run, 1);

    if (item == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    *item = value;
    return (struct mr_value){.kind = MR_KIND_OPTIONAL, .size = 1, .items = item};
}

uint8_t *cel_take_bytes(struct cel_run *run, size_t size)
{
    if (size > UINT32_MAX || !cel_spend(run, size / 16)) {
        return NULL;
    }
    return mr_arena_bytes(run->arena, size);
}

struct mr_value cel_string_of(struct cel_run *run, struct mr_span text)
{
    uint8_t *room = cel_take_bytes(run, text.size);

    if (room == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    if (text.size > 0) {
        memcpy(room, text.data, text.size);
    }
    return mr_value_string((struct mr_span){room, text.size});
}

const char *cel_kind_name(const struct mr_value *value)
{
    static const char *const names[] = {
        [MR_KIND_NULL] = "null_type",
        [MR_KIND_BOOL] = "bool",
        [MR_KIND_INT] = "int",
        [MR_KIND_UINT] = "uint",
        [MR_KIND_DOUBLE] = "double",
        [MR_KIND_STRING] = "string",
        [MR_KIND_BYTES] = "bytes",
        [MR_KIND_TIMESTAMP] = "google.protobuf.Timestamp",
        [MR_KIND_DURATION] = "google.protobuf.Duration",
        [MR_KIND_DECIMAL] = "decimal",
        [MR_KIND_LIST] = "list",
        [MR_KIND_MAP] = "map",
        [MR_KIND_RECORD] = "record",
        [MR_KIND_TYPE] = "type",
        [MR_KIND_OPTIONAL] = "optional_type",
        [MR_KIND_ERROR] = "error",
    };

    return value->kind < MR_COUNT(names) ? names[value->kind] : "error";
}
