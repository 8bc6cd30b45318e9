/* Optionals, sets and lists, and base64: the libraries whose arguments are containers. */
#include "processors/core/cel/functions.h"

#include <string.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static struct mr_value no_room(const struct cel_run *run)
{
    return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_ROOM);
}

CALL(optional_of)
{
    (void)count;
    return cel_optional_of(run, args[0]);
}

CALL(optional_none)
{
    (void)run, (void)args, (void)count;
    return cel_optional_none();
}

static bool is_zero(const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_NULL:
        return true;
    case MR_KIND_DOUBLE:
        return value->real == 0;
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
    case MR_KIND_LIST:
    case MR_KIND_MAP:
    case MR_KIND_OPTIONAL:
        return value->size == 0;
    case MR_KIND_TIMESTAMP:
        return value->number == 0 && value->size == 0;
    case MR_KIND_BOOL:
    case MR_KIND_INT:
    case MR_KIND_UINT:
    case MR_KIND_DURATION:
        return value->number == 0;
    default:
        return false;
    }
}

CALL(optional_of_non_zero)
{
    (void)count;
    return is_zero(&args[0]) ? cel_optional_none() : cel_optional_of(run, args[0]);
}

CALL(has_value)
{
    (void)run, (void)count;
    return mr_value_bool(args[0].size > 0);
}

CALL(value_of)
{
    (void)run, (void)count;
    return args[0].size > 0 ? args[0].items[0] : cel_fault(MR_CEL_FAULT_NO_VALUE);
}

CALL(or_other)
{
    (void)run, (void)count;
    return args[0].size > 0 ? args[0] : args[1];
}

CALL(or_value)
{
    (void)run, (void)count;
    return args[0].size > 0 ? args[0].items[0] : args[1];
}

/* Whether item is in list: 1, 0, or -1 out of fuel. */
static int is_in(struct cel_run *run, const struct mr_value *list, const struct mr_value *item,
                 uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        const int answer = cel_equal(run, &list->items[i], item);

        if (answer != 0) {
            return answer;
        }
    }
    return 0;
}

/* Whether every item of b (wanted 1), or any of them (wanted 0), is in a. */
static int compare_sets(struct cel_run *run, const struct mr_value *a, const struct mr_value *b,
                        bool wants_all)
{
    for (uint32_t i = 0; i < b->size; i++) {
        const int answer = is_in(run, a, &b->items[i], a->size);

        if (answer < 0 || answer != (wants_all ? 1 : 0)) {
            return answer;
        }
    }
    return wants_all ? 1 : 0;
}

CALL(set_contains)
{
    (void)count;
    return cel_truth(compare_sets(run, &args[0], &args[1], true));
}

CALL(set_intersects)
{
    (void)count;
    return cel_truth(compare_sets(run, &args[0], &args[1], false));
}

CALL(set_equivalent)
{
    const int answer = compare_sets(run, &args[0], &args[1], true);

    (void)count;
    return cel_truth(answer == 1 ? compare_sets(run, &args[1], &args[0], true) : answer);
}

CALL(range)
{
    struct mr_value *items;

    (void)count;
    if (args[0].number < 0 || args[0].number > MR_CEL_FUEL) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    items = cel_take_items(run, (size_t)args[0].number);
    if (items == NULL) {
        return no_room(run);
    }
    for (int64_t i = 0; i < args[0].number; i++) {
        items[i] = mr_value_int(i);
    }
    return cel_list_of(items, (size_t)args[0].number);
}

CALL(slice)
{
    const int64_t first = args[1].number, end = args[2].number;

    (void)run, (void)count;
    if (first < 0 || end < first || end > args[0].size) {
        return cel_fault(MR_CEL_FAULT_INDEX);
    }
    return cel_list_of(args[0].items + first, (size_t)(end - first));
}

CALL(reverse)
{
    struct mr_value *items = cel_take_items(run, args[0].size);

    (void)count;
    if (items == NULL) {
        return no_room(run);
    }
    for (uint32_t i = 0; i < args[0].size; i++) {
        items[i] = args[0].items[args[0].size - 1 - i];
    }
    return cel_list_of(items, args[0].size);
}

CALL(distinct)
{
    struct mr_value *items = cel_take_items(run, args[0].size);
    struct mr_value list;

    (void)count;
    if (items == NULL) {
        return no_room(run);
    }
    list = cel_list_of(items, 0);
    for (uint32_t i = 0; i < args[0].size; i++) {
        const int answer = is_in(run, &list, &args[0].items[i], list.size);

        if (answer < 0) {
            return cel_fault(MR_CEL_FAULT_FUEL);
        }
        if (answer == 0) {
            items[list.size++] = args[0].items[i];
        }
    }
    return list;
}

/* Rows of so many values, sorted by the first of each. */
struct sorting {
    struct cel_run *run;
    struct mr_value *from, *to;
    size_t count, width;
};

/* Merges two sorted runs of from into to; false: no order, or no fuel. */
static bool merge(const struct sorting *self, size_t first, size_t middle, size_t end)
{
    const size_t width = self->width;
    size_t a = first, b = middle;

    for (size_t i = first; i < end; i++) {
        const enum cel_order order =
            a < middle && b < end ? cel_compare(&self->from[b * width], &self->from[a * width])
                                  : CEL_SAME;
        const bool is_first = a < middle && (b >= end || order != CEL_LESS);

        if (order > CEL_MORE || !cel_spend(self->run, 1)) {
            return false;
        }
        memcpy(&self->to[i * width], &self->from[(is_first ? a : b) * width],
               width * sizeof(*self->to));
        a += is_first ? 1 : 0;
        b += is_first ? 0 : 1;
    }
    return true;
}

/* Whether all keys are of one kind, and one that has an order. */
static bool has_order(const struct sorting *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct mr_value *key = &self->from[i * self->width];

        if (key->kind != self->from[0].kind || cel_compare(key, key) > CEL_UNORDERED) {
            return false;
        }
    }
    return true;
}

/* Merges all runs of a size; false: no order, or no fuel. */
static bool merge_all(const struct sorting *self, size_t size)
{
    for (size_t i = 0; i < self->count; i += 2 * size) {
        const size_t middle = i + size < self->count ? i + size : self->count;
        const size_t end = middle + size < self->count ? middle + size : self->count;

        if (!merge(self, i, middle, end)) {
            return false;
        }
    }
    return true;
}

struct mr_value cel_sort_rows(struct cel_run *run, struct mr_value *rows, size_t count,
                              size_t width)
{
    struct sorting self = {run, rows, cel_take_items(run, count * width), count, width};

    if (self.to == NULL) {
        return no_room(run);
    }
    if (!has_order(&self)) {
        return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
    }
    for (size_t size = 1; size < count; size *= 2) {
        struct mr_value *swap = self.from;

        if (!merge_all(&self, size)) {
            return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_ARGUMENT);
        }
        self.from = self.to;
        self.to = swap;
    }
    for (size_t i = 0; i < count; i++) {
        self.from[i] = self.from[i * width + width - 1];
    }
    return cel_list_of(self.from, count);
}

CALL(sort)
{
    const size_t size = args[0].size;
    struct mr_value *rows = cel_take_items(run, size);

    (void)count;
    if (rows == NULL) {
        return no_room(run);
    }
    if (size > 0) {
        memcpy(rows, args[0].items, size * sizeof(*rows));
    }
    return cel_sort_rows(run, rows, size, 1);
}

struct flattened {
    struct mr_value *items; /* NULL: counting */
    size_t count;
};

static void flatten_into(struct flattened *out, const struct mr_value *list, int64_t depth)
{
    for (uint32_t i = 0; i < list->size; i++) {
        const struct mr_value *item = &list->items[i];

        if (item->kind == MR_KIND_LIST && depth > 0) {
            flatten_into(out, item, depth - 1);
        } else {
            if (out->items != NULL) {
                out->items[out->count] = *item;
            }
            out->count++;
        }
    }
}

static struct mr_value flatten_to(struct cel_run *run, const struct mr_value *list, int64_t depth)
{
    struct flattened out = {0};

    if (depth < 0 || depth > MR_CEL_HEIGHT_MAX) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    flatten_into(&out, list, depth);
    out.items = cel_take_items(run, out.count);
    if (out.items == NULL) {
        return no_room(run);
    }
    out.count = 0;
    flatten_into(&out, list, depth);
    return cel_list_of(out.items, out.count);
}

CALL(flatten)
{
    return flatten_to(run, &args[0], count == 2 ? args[1].number : 1);
}

CALL(first)
{
    (void)count;
    return args[0].size > 0 ? cel_optional_of(run, args[0].items[0]) : cel_optional_none();
}

CALL(last)
{
    (void)count;
    return args[0].size > 0 ? cel_optional_of(run, args[0].items[args[0].size - 1])
                            : cel_optional_none();
}

/* The values of a list of optionals that are not none. */
CALL(unwrap)
{
    struct mr_value *items = cel_take_items(run, args[0].size);
    size_t size = 0;

    (void)count;
    if (items == NULL) {
        return no_room(run);
    }
    for (uint32_t i = 0; i < args[0].size; i++) {
        const struct mr_value *item = &args[0].items[i];

        if (item->kind != MR_KIND_OPTIONAL) {
            return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
        }
        if (item->size > 0) {
            items[size++] = item->items[0];
        }
    }
    return cel_list_of(items, size);
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

CALL(base64_encode)
{
    const size_t size = ((size_t)args[0].size + 2) / 3 * 4;
    uint8_t *out = cel_take_bytes(run, size);

    (void)count;
    if (out == NULL) {
        return no_room(run);
    }
    for (size_t i = 0, o = 0; i < args[0].size; i += 3, o += 4) {
        const size_t rest = args[0].size - i;
        const uint32_t word = (uint32_t)args[0].data[i] << 16 |
                              (uint32_t)(rest > 1 ? args[0].data[i + 1] : 0) << 8 |
                              (uint32_t)(rest > 2 ? args[0].data[i + 2] : 0);

        out[o] = (uint8_t)base64_digits[word >> 18];
        out[o + 1] = (uint8_t)base64_digits[word >> 12 & 63];
        out[o + 2] = rest > 1 ? (uint8_t)base64_digits[word >> 6 & 63] : '=';
        out[o + 3] = rest > 2 ? (uint8_t)base64_digits[word & 63] : '=';
    }
    return mr_value_string((struct mr_span){out, size});
}

/* With or without padding. */
CALL(base64_decode)
{
    size_t size = args[0].size, o = 0;
    uint8_t *out = cel_take_bytes(run, size);
    uint32_t word = 0;

    (void)count;
    if (out == NULL) {
        return no_room(run);
    }
    for (int pads = 0; pads < 2 && size > 0 && args[0].size % 4 == 0; pads++) {
        size -= args[0].data[size - 1] == '=' ? 1 : 0;
    }
    if (size % 4 == 1) {
        return cel_fault(MR_CEL_FAULT_ARGUMENT);
    }
    for (size_t i = 0; i < size; i++) {
        const char *digit = args[0].data[i] == '\0' ? NULL : strchr(base64_digits, args[0].data[i]);

        if (digit == NULL) {
            return cel_fault(MR_CEL_FAULT_ARGUMENT);
        }
        word = word << 6 | (uint32_t)(digit - base64_digits);
        if (i % 4 != 0) {
            out[o++] = (uint8_t)(word >> (6 - i % 4 * 2));
        }
    }
    return mr_value_bytes((struct mr_span){out, o});
}

static const struct cel_overload rows[] = {
    {"optional.of", "A", "OA", optional_of, CEL_GLOBAL, NULL},
    {"optional.ofNonZeroValue", "A", "OA", optional_of_non_zero, CEL_GLOBAL, NULL},
    {"optional.none", "", "OA", optional_none, CEL_GLOBAL, NULL},
    {"optional.unwrap", "LOA", "LA", unwrap, CEL_GLOBAL, NULL},
    {"unwrapOpt", "LOA", "LA", unwrap, CEL_MEMBER, NULL},
    {"hasValue", "OA", "b", has_value, CEL_MEMBER, NULL},
    {"value", "OA", "A", value_of, CEL_MEMBER, NULL},
    {"or", "OAOA", "OA", or_other, CEL_MEMBER, NULL},
    {"orValue", "OAA", "A", or_value, CEL_MEMBER, NULL},
    {"sets.contains", "LALA", "b", set_contains, CEL_GLOBAL, NULL},
    {"sets.intersects", "LALA", "b", set_intersects, CEL_GLOBAL, NULL},
    {"sets.equivalent", "LALA", "b", set_equivalent, CEL_GLOBAL, NULL},
    {"lists.range", "i", "Li", range, CEL_GLOBAL, NULL},
    {"slice", "LAii", "LA", slice, CEL_MEMBER, NULL},
    {"reverse", "LA", "LA", reverse, CEL_MEMBER, NULL},
    {"distinct", "LA", "LA", distinct, CEL_MEMBER, NULL},
    {"sort", "LA", "LA", sort, CEL_MEMBER, NULL},
    {"flatten", "LLA", "LA", flatten, CEL_MEMBER, NULL},
    {"flatten", "L?", "L?", flatten, CEL_MEMBER, NULL},
    {"flatten", "L?i", "L?", flatten, CEL_MEMBER, NULL},
    {"first", "LA", "OA", first, CEL_MEMBER, NULL},
    {"last", "LA", "OA", last, CEL_MEMBER, NULL},
    {"base64.encode", "y", "s", base64_encode, CEL_GLOBAL, NULL},
    {"base64.decode", "s", "y", base64_decode, CEL_GLOBAL, NULL},
};

const struct cel_library cel_collections = {rows, MR_COUNT(rows)};
