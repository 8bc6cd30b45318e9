/* string.format(list): %s %d %f %e %b %o %x %X, with a precision for %f and %e. */
#include "processors/core/cel/civil.h"
#include "processors/core/cel/decimal.h"
#include "processors/core/cel/functions.h"
#include "processors/core/cel/number.h"
#include "processors/core/cel/value_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PRECISION_MAX 60
#define DEPTH_MAX 32
#define TEXT_MAX 512

struct format {
    struct cel_run *run;
    struct mr_span left;          /* of the pattern */
    const struct mr_value *items; /* not used yet */
    uint32_t item_count;
    uint8_t *out; /* grows in the arena: nothing else takes from it meanwhile */
    size_t size;
    enum mr_cel_fault fault; /* valid when has_failed */
    bool has_failed;
};

static void fail(struct format *self, enum mr_cel_fault fault)
{
    if (!self->has_failed) {
        self->fault = fault;
        self->has_failed = true;
    }
}

static void put(struct format *self, const void *bytes, size_t size)
{
    uint8_t *room = self->has_failed ? NULL : cel_take_bytes(self->run, size);

    if (room == NULL) {
        fail(self, MR_CEL_FAULT_NO_ROOM);
        return;
    }
    if (size > 0) {
        memcpy(room, bytes, size);
    }
    self->size += size;
}

static void put_text(struct format *self, const char *text)
{
    put(self, text, strlen(text));
}

static void put_hex(struct format *self, const struct mr_value *value, bool is_upper)
{
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";

    for (uint32_t i = 0; i < value->size; i++) {
        const char pair[2] = {digits[value->data[i] >> 4], digits[value->data[i] & 15]};

        put(self, pair, 2);
    }
}

static void put_magnitude(struct format *self, uint64_t magnitude, bool is_negative, unsigned base,
                          bool is_upper)
{
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[72];
    size_t at = sizeof(text);

    do {
        text[--at] = digits[magnitude % base];
        magnitude /= base;
    } while (magnitude > 0);
    if (is_negative) {
        text[--at] = '-';
    }
    put(self, text + at, sizeof(text) - at);
}

static void put_integer(struct format *self, const struct mr_value *value, unsigned base,
                        bool is_upper)
{
    const bool is_negative = value->kind == MR_KIND_INT && value->number < 0;

    put_magnitude(self, is_negative ? 0U - value->positive : value->positive, is_negative, base,
                  is_upper);
}

static bool put_special(struct format *self, double number)
{
    if (isnan(number)) {
        put_text(self, "NaN");
        return true;
    }
    if (isinf(number)) {
        put_text(self, number < 0 ? "-Infinity" : "Infinity");
        return true;
    }
    return false;
}

static void put_double(struct format *self, double number)
{
    char text[CEL_NUMBER_TEXT_MAX];

    if (!put_special(self, number)) {
        put(self, text, cel_double_write(number, text));
    }
}

static void put_value(struct format *self, const struct mr_value *value, int depth);

static void put_list(struct format *self, const struct mr_value *value, int depth)
{
    put_text(self, "[");
    for (uint32_t i = 0; i < value->size; i++) {
        put_text(self, i > 0 ? ", " : "");
        put_value(self, &value->items[i], depth + 1);
    }
    put_text(self, "]");
}

/* A key as it is written, into a buffer: entries come in the order of these texts. */
static struct mr_span key_text(const struct mr_value *key, char room[CEL_NUMBER_TEXT_MAX])
{
    int size = 0;

    if (key->kind == MR_KIND_STRING) {
        return mr_value_span(key);
    }
    if (key->kind == MR_KIND_BOOL) {
        return mr_span_text(key->number != 0 ? "true" : "false");
    }
    size = snprintf(room, CEL_NUMBER_TEXT_MAX, key->kind == MR_KIND_UINT ? "%llu" : "%lld",
                    (unsigned long long)key->positive);
    return (struct mr_span){(const uint8_t *)room, (size_t)size};
}

static bool is_before(const struct mr_value *a, const struct mr_value *b)
{
    char x[CEL_NUMBER_TEXT_MAX], y[CEL_NUMBER_TEXT_MAX];

    return mr_span_compare(key_text(a, x), key_text(b, y)) < 0;
}

/* The entry after the one at last (NULL: the first) in the order of the keys' texts. */
static const struct mr_value *next_entry(const struct mr_value *map, const struct mr_value *last)
{
    const struct mr_value *best = NULL;

    for (uint32_t i = 0; i < map->size; i++) {
        const struct mr_value *entry = &map->items[2 * (size_t)i];

        if ((last == NULL || is_before(last, entry)) && (best == NULL || is_before(entry, best))) {
            best = entry;
        }
    }
    return best;
}

static void put_map(struct format *self, const struct mr_value *value, int depth)
{
    const struct mr_value *entry = NULL;

    if (!cel_spend(self->run, (size_t)value->size * value->size)) {
        fail(self, MR_CEL_FAULT_FUEL);
        return;
    }
    put_text(self, "{");
    for (entry = next_entry(value, NULL); entry != NULL && !self->has_failed;) {
        char room[CEL_NUMBER_TEXT_MAX];
        const struct mr_span key = key_text(entry, room);

        put(self, key.data, key.size);
        put_text(self, ": ");
        put_value(self, entry + 1, depth + 1);
        entry = next_entry(value, entry);
        put_text(self, entry != NULL ? ", " : "");
    }
    put_text(self, "}");
}

static void put_time(struct format *self, const struct mr_value *value)
{
    char text[CEL_TIME_TEXT_MAX];

    put(self, text,
        value->kind == MR_KIND_TIMESTAMP ? cel_time_write(*value, text)
                                         : cel_duration_write(value->number, text));
}

/* Its text is made where the output ends, and so is the output. */
static void put_decimal(struct format *self, const struct mr_value *value)
{
    const struct mr_value text =
        self->has_failed ? cel_fault(MR_CEL_FAULT_FORMAT) : cel_decimal_text(self->run, value);

    if (text.kind == MR_KIND_STRING) {
        self->size += text.size;
    } else {
        fail(self, MR_CEL_FAULT_FORMAT);
    }
}

static void put_value(struct format *self, const struct mr_value *value, int depth)
{
    if (depth > DEPTH_MAX || self->has_failed) {
        fail(self, MR_CEL_FAULT_FUEL);
        return;
    }
    switch (value->kind) {
    case MR_KIND_NULL:
        put_text(self, "null");
        break;
    case MR_KIND_BOOL:
        put_text(self, value->number != 0 ? "true" : "false");
        break;
    case MR_KIND_INT:
    case MR_KIND_UINT:
        put_integer(self, value, 10, false);
        break;
    case MR_KIND_DOUBLE:
        put_double(self, value->real);
        break;
    case MR_KIND_STRING:
    case MR_KIND_TYPE:
    case MR_KIND_BYTES:
        put(self, value->data, value->size);
        break;
    case MR_KIND_LIST:
        put_list(self, value, depth);
        break;
    case MR_KIND_MAP:
        put_map(self, value, depth);
        break;
    case MR_KIND_TIMESTAMP:
    case MR_KIND_DURATION:
        put_time(self, value);
        break;
    case MR_KIND_DECIMAL:
        put_decimal(self, value);
        break;
    case MR_KIND_RECORD:
    case MR_KIND_OPTIONAL:
        put_list(self, value, depth);
        break;
    default:
        fail(self, MR_CEL_FAULT_FORMAT);
        break;
    }
}

struct mr_value cel_value_text(struct cel_run *run, const struct mr_value *value)
{
    struct format self = {.run = run, .out = mr_arena_bytes(run->arena, 0)};

    put_value(&self, value, 0);
    return self.has_failed ? cel_fault(self.fault)
                           : mr_value_string((struct mr_span){self.out, self.size});
}

static void put_real(struct format *self, const struct mr_value *value, char form, int precision)
{
    const double number = value->kind == MR_KIND_DOUBLE ? value->real
                          : value->kind == MR_KIND_INT  ? (double)value->number
                                                        : (double)value->positive;
    char text[TEXT_MAX];
    int size;

    if (value->kind != MR_KIND_DOUBLE && value->kind != MR_KIND_INT &&
        value->kind != MR_KIND_UINT) {
        fail(self, MR_CEL_FAULT_FORMAT);
        return;
    }
    if (!put_special(self, number)) {
        size = form == 'f' ? snprintf(text, sizeof(text), "%.*f", precision, number)
                           : snprintf(text, sizeof(text), "%.*e", precision, number);
        put(self, text, (size_t)size);
    }
}

static unsigned base_of(char form)
{
    switch (form) {
    case 'd':
        return 10;
    case 'b':
        return 2;
    case 'o':
        return 8;
    default:
        return 16;
    }
}

static void put_number(struct format *self, const struct mr_value *value, char form)
{
    const bool is_integer = value->kind == MR_KIND_INT || value->kind == MR_KIND_UINT ||
                            (form == 'b' && value->kind == MR_KIND_BOOL);
    const bool is_text = value->kind == MR_KIND_STRING || value->kind == MR_KIND_BYTES;

    if (form == 'd' && value->kind == MR_KIND_DOUBLE) {
        put_double(self, value->real);
    } else if (is_integer) {
        put_integer(self, value, base_of(form), form == 'X');
    } else if (is_text && base_of(form) == 16) {
        put_hex(self, value, form == 'X');
    } else {
        fail(self, MR_CEL_FAULT_FORMAT);
    }
}

static int take_byte(struct format *self)
{
    if (self->left.size == 0) {
        return -1;
    }
    self->left.size--;
    return *self->left.data++;
}

/* ".3" before a clause; 6 when there is none. */
static int take_precision(struct format *self)
{
    int precision = 0;

    if (self->left.size == 0 || self->left.data[0] != '.') {
        return 6;
    }
    (void)take_byte(self);
    while (self->left.size > 0 && self->left.data[0] >= '0' && self->left.data[0] <= '9') {
        precision = precision * 10 + (take_byte(self) - '0');
        if (precision > PRECISION_MAX) {
            fail(self, MR_CEL_FAULT_FORMAT);
            return 0;
        }
    }
    return precision;
}

static void put_clause(struct format *self)
{
    const int precision = take_precision(self);
    const int form = take_byte(self);
    const struct mr_value *item;

    if (form == '%') {
        put_text(self, "%");
        return;
    }
    if (form <= 0 || strchr("sdfeboxX", form) == NULL) {
        fail(self, MR_CEL_FAULT_FORMAT);
        return;
    }
    if (self->item_count == 0) {
        fail(self, MR_CEL_FAULT_INDEX);
        return;
    }
    item = self->items++;
    self->item_count--;
    if (form == 's') {
        put_value(self, item, 0);
    } else if (form == 'f' || form == 'e') {
        put_real(self, item, (char)form, precision);
    } else {
        put_number(self, item, (char)form);
    }
}

static struct mr_value format(struct cel_run *run, const struct mr_value *args, uint32_t count)
{
    struct format self = {.run = run,
                          .left = mr_value_span(&args[0]),
                          .items = args[1].items,
                          .item_count = args[1].size,
                          .out = mr_arena_bytes(run->arena, 0)};

    (void)count;
    while (self.left.size > 0 && !self.has_failed) {
        const uint8_t *percent = memchr(self.left.data, '%', self.left.size);
        const size_t size = percent == NULL ? self.left.size : (size_t)(percent - self.left.data);

        put(&self, self.left.data, size);
        self.left.data += size;
        self.left.size -= size;
        if (take_byte(&self) == '%') {
            put_clause(&self);
        }
    }
    return self.has_failed ? cel_fault(self.fault)
                           : mr_value_string((struct mr_span){self.out, self.size});
}

static const struct cel_overload rows[] = {
    {"format", "sL?", "s", format, CEL_MEMBER, NULL},
};

const struct cel_library cel_format = {rows, MR_COUNT(rows)};
