#include "processors/core/cel/decimal.h"

#include "processors/core/cel/number.h"

#include <math.h>
#include <string.h>

#define BYTES_MAX 64
#define SCALE_MAX 1000
/* 512 bits times 10^1000 (3322 bits), in words of 32. */
#define WORDS_MAX 124

struct big {
    uint32_t words[WORDS_MAX]; /* least first */
    size_t count;
    bool is_negative;
};

static void times_plus(struct big *big, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;

    for (size_t i = 0; i < big->count; i++) {
        carry += (uint64_t)big->words[i] * factor;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        MR_ASSERT(big->count < WORDS_MAX);
        big->words[big->count++] = (uint32_t)carry;
    }
}

static bool load(struct big *big, const struct mr_value *decimal)
{
    const bool is_negative = decimal->size > 0 && (decimal->data[0] & 0x80) != 0;
    uint32_t carry = is_negative ? 1 : 0;

    memset(big, 0, sizeof(*big));
    if (decimal->size > BYTES_MAX || decimal->aux > SCALE_MAX) {
        return false;
    }
    big->is_negative = is_negative;
    for (uint32_t i = 0; i < decimal->size; i++) { /* from the last byte: the least */
        const uint8_t raw = decimal->data[decimal->size - 1 - i];
        const uint32_t byte = (is_negative ? (uint8_t)~raw : raw) + carry;

        carry = byte >> 8;
        big->words[i / 4] |= (byte & 0xFF) << (i % 4 * 8);
    }
    big->count = (decimal->size + 3) / 4;
    if (carry != 0) {
        big->words[big->count++] = 1;
    }
    return true;
}

static void trim(struct big *big)
{
    while (big->count > 0 && big->words[big->count - 1] == 0) {
        big->count--;
    }
    big->is_negative = big->is_negative && big->count > 0;
}

static void scale_up(struct big *big, int powers)
{
    for (; powers >= 9; powers -= 9) {
        times_plus(big, 1000000000U, 0);
    }
    for (; powers > 0; powers--) {
        times_plus(big, 10, 0);
    }
    trim(big);
}

static int compare_magnitudes(const struct big *a, const struct big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (size_t i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

enum cel_order cel_decimal_compare(const struct mr_value *a, const struct mr_value *b)
{
    struct big x, y;
    int order;

    if (!load(&x, a) || !load(&y, b)) {
        return CEL_NO_ORDER;
    }
    scale_up(&x, a->aux < b->aux ? b->aux - a->aux : 0);
    scale_up(&y, b->aux < a->aux ? a->aux - b->aux : 0);
    if (x.is_negative != y.is_negative) {
        return x.is_negative ? CEL_LESS : CEL_MORE;
    }
    order = compare_magnitudes(&x, &y) * (x.is_negative ? -1 : 1);
    return order < 0 ? CEL_LESS : order > 0 ? CEL_MORE : CEL_SAME;
}

static uint32_t divide(struct big *big, uint32_t divisor)
{
    uint64_t rest = 0;

    for (size_t i = big->count; i-- > 0;) {
        rest = rest << 32 | big->words[i];
        big->words[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    trim(big);
    return (uint32_t)rest;
}

#define DIGITS_MAX (SCALE_MAX + 200)

/* The digits of a decimal, at least scale + 1 of them, from the end of out; returns the start. */
static size_t write_digits(struct big *big, uint16_t scale, char out[DIGITS_MAX])
{
    size_t at = DIGITS_MAX;

    trim(big);
    while (big->count > 0) {
        out[--at] = (char)('0' + divide(big, 10));
    }
    while (DIGITS_MAX - at < (size_t)scale + 1) {
        out[--at] = '0';
    }
    return at;
}

static size_t write_text(const struct mr_value *decimal, char out[DIGITS_MAX])
{
    char digits[DIGITS_MAX];
    struct big big;
    size_t start, whole, size = 0;
    bool is_negative;

    if (!load(&big, decimal)) {
        return 0;
    }
    is_negative = big.is_negative;
    start = write_digits(&big, decimal->aux, digits);
    whole = DIGITS_MAX - start - decimal->aux;
    if (is_negative) {
        out[size++] = '-';
    }
    memcpy(out + size, digits + start, whole);
    size += whole;
    if (decimal->aux > 0) {
        out[size++] = '.';
        memcpy(out + size, digits + start + whole, decimal->aux);
        size += decimal->aux;
    }
    return size;
}

struct mr_value cel_decimal_text(struct cel_run *run, const struct mr_value *decimal)
{
    char text[DIGITS_MAX + 2];
    const size_t size = write_text(decimal, text);

    if (size == 0) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    return cel_string_of(run, (struct mr_span){(const uint8_t *)text, size});
}

double cel_decimal_double(const struct mr_value *decimal)
{
    struct big big;
    double number = 0;

    if (!load(&big, decimal)) {
        return (double)NAN;
    }
    if (decimal->size <= 8) { /* one rounding when both parts are exact */
        for (size_t i = big.count; i-- > 0;) {
            number = number * 4294967296.0 + big.words[i];
        }
        if (number <= 9007199254740992.0 && decimal->aux <= 22) {
            number /= pow(10, decimal->aux);
            return big.is_negative ? -number : number;
        }
    }
    {
        char text[DIGITS_MAX + 2];
        const size_t size = write_text(decimal, text);

        if (!cel_double_read((struct mr_span){(const uint8_t *)text, size}, &number)) {
            return (double)NAN;
        }
    }
    return number;
}

/* Two's complement, big-endian, as short as it can be. */
static size_t store(const struct big *big, uint8_t out[BYTES_MAX + 1])
{
    uint8_t bytes[BYTES_MAX + 1] = {0};
    size_t first = 0;
    uint32_t carry = big->is_negative ? 1 : 0;

    for (size_t i = 0; i <= BYTES_MAX; i++) {
        const uint32_t word = i / 4 < big->count ? big->words[i / 4] : 0;
        const uint8_t raw = (uint8_t)(word >> (i % 4 * 8));
        const uint32_t byte = (big->is_negative ? (uint8_t)~raw : raw) + carry;

        carry = byte >> 8;
        bytes[BYTES_MAX - i] = (uint8_t)byte;
    }
    while (first < BYTES_MAX && bytes[first] == (big->is_negative ? 0xFF : 0) &&
           (bytes[first + 1] & 0x80) == (big->is_negative ? 0x80 : 0)) {
        first++;
    }
    memcpy(out, bytes + first, BYTES_MAX + 1 - first);
    return BYTES_MAX + 1 - first;
}

/* The digits of text, without its sign; false: something else is in it. */
static bool read_digits(struct mr_span text, struct big *big, uint16_t *scale)
{
    const uint8_t *point = text.size == 0 ? NULL : memchr(text.data, '.', text.size);
    const size_t digits = text.size - (point != NULL ? 1 : 0);

    *scale = point == NULL ? 0 : (uint16_t)(text.data + text.size - point - 1);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data + i == point) {
            continue;
        }
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        times_plus(big, 10, (uint32_t)(text.data[i] - '0'));
    }
    trim(big);
    return digits > 0;
}

/* What a computation came to. */
static struct mr_value make(struct cel_run *run, struct big *big, int64_t scale)
{
    uint8_t bytes[BYTES_MAX + 1], *room;
    size_t size;

    trim(big);
    if (big->count > BYTES_MAX / 4 || scale > SCALE_MAX) {
        return cel_fault(MR_CEL_FAULT_OVERFLOW);
    }
    size = store(big, bytes);
    if (size > BYTES_MAX) {
        return cel_fault(MR_CEL_FAULT_OVERFLOW);
    }
    room = cel_take_bytes(run, size);
    if (room == NULL) {
        return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_ROOM);
    }
    memcpy(room, bytes, size);
    return (struct mr_value){
        .kind = MR_KIND_DECIMAL, .aux = (uint16_t)scale, .size = (uint32_t)size, .data = room};
}

#define DIGITS_READ_MAX 150

struct mr_value cel_decimal_read(struct cel_run *run, struct mr_span text)
{
    struct big big = {.count = 0};
    uint16_t scale;

    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        big.is_negative = text.data[0] == '-';
        text.data++;
        text.size--;
    }
    if (text.size > DIGITS_READ_MAX || !read_digits(text, &big, &scale)) {
        return cel_fault(MR_CEL_FAULT_CONVERSION);
    }
    return make(run, &big, scale);
}

struct mr_value cel_decimal_of_int(struct cel_run *run, int64_t number)
{
    const uint64_t magnitude = number < 0 ? 0U - (uint64_t)number : (uint64_t)number;
    struct big big = {.words = {(uint32_t)magnitude, (uint32_t)(magnitude >> 32)},
                      .count = 2,
                      .is_negative = number < 0};

    return make(run, &big, 0);
}

static void add_magnitude(struct big *big, const struct big *other)
{
    const size_t count = big->count > other->count ? big->count : other->count;
    uint64_t carry = 0;

    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)big->words[i] + other->words[i];
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    big->count = count;
    if (carry != 0) {
        MR_ASSERT(big->count < WORDS_MAX);
        big->words[big->count++] = 1;
    }
}

/* other is not larger. */
static void take_magnitude(struct big *big, const struct big *other)
{
    int64_t borrow = 0;

    for (size_t i = 0; i < big->count; i++) {
        const int64_t word = (int64_t)big->words[i] - other->words[i] + borrow;

        big->words[i] = (uint32_t)word;
        borrow = word < 0 ? -1 : 0;
    }
    trim(big);
}

struct mr_value cel_decimal_sum(struct cel_run *run, const struct mr_value *a,
                                const struct mr_value *b, bool is_difference)
{
    const uint16_t scale = a->aux > b->aux ? a->aux : b->aux;
    struct big x, y;

    if (!load(&x, a) || !load(&y, b)) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    y.is_negative = y.is_negative != is_difference;
    scale_up(&x, scale - a->aux);
    scale_up(&y, scale - b->aux);
    if (x.is_negative == y.is_negative) {
        add_magnitude(&x, &y);
        return make(run, &x, scale);
    }
    if (compare_magnitudes(&x, &y) < 0) {
        take_magnitude(&y, &x);
        return make(run, &y, scale);
    }
    take_magnitude(&x, &y);
    return make(run, &x, scale);
}

struct mr_value cel_decimal_product(struct cel_run *run, const struct mr_value *a,
                                    const struct mr_value *b)
{
    struct big x, y, product = {.count = 0};

    if (!load(&x, a) || !load(&y, b)) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    for (size_t i = 0; i < x.count; i++) {
        uint64_t carry = 0;

        for (size_t k = 0; k < y.count || carry != 0; k++) {
            carry += product.words[i + k] + (uint64_t)x.words[i] * (k < y.count ? y.words[k] : 0);
            product.words[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    product.count = x.count + y.count;
    product.is_negative = x.is_negative != y.is_negative;
    return make(run, &product, (int64_t)a->aux + b->aux);
}

struct mr_value cel_decimal_sign(const struct mr_value *decimal)
{
    struct big big;

    if (!load(&big, decimal)) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    trim(&big);
    return mr_value_int(big.count == 0 ? 0 : big.is_negative ? -1 : 1);
}

/* Takes digits off; whether the rest makes the magnitude one more. */
static bool take_digits(struct big *big, int64_t count, enum cel_rounding rounding)
{
    const bool is_negative = big->is_negative;
    uint32_t digit = 0;
    bool is_exact = true;

    for (int64_t i = 0; i < count && (big->count > 0 || i == 0); i++) {
        digit = divide(big, 10);
        is_exact = is_exact && digit == 0;
        digit = i < count - 1 && big->count == 0 ? 0 : digit;
    }
    big->is_negative = is_negative;
    switch (rounding) {
    case CEL_ROUND_FLOOR:
        return is_negative && !is_exact;
    case CEL_ROUND_CEILING:
        return !is_negative && !is_exact;
    case CEL_ROUND_HALF_UP:
        return digit >= 5;
    default:
        return false;
    }
}

struct mr_value cel_decimal_round(struct cel_run *run, const struct mr_value *decimal,
                                  int64_t scale, enum cel_rounding rounding)
{
    static const struct big one = {.words = {1}, .count = 1};
    struct big big;

    if (scale < -SCALE_MAX || scale > SCALE_MAX || !load(&big, decimal)) {
        return cel_fault(MR_CEL_FAULT_RANGE);
    }
    if (scale >= decimal->aux) {
        scale_up(&big, (int)scale - decimal->aux);
        return make(run, &big, scale);
    }
    if (take_digits(&big, decimal->aux - scale, rounding)) {
        add_magnitude(&big, &one);
    }
    scale_up(&big, scale < 0 ? (int)-scale : 0);
    return make(run, &big, scale < 0 ? 0 : scale);
}
