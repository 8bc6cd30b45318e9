#include "deploy/feeds/deflate.h"

#include "processors/core/base/error.h"

#include <string.h>

#define HASH_BITS 15
#define MATCH_MIN 4U
#define MATCH_MAX 258U
#define WINDOW_SIZE 32768U
#define END_OF_BLOCK 256U

struct deflater {
    struct mr_ink *out;  /* borrowed */
    struct mr_span text; /* borrowed */
    uint32_t *heads;     /* arena; last place of each hash, plus one; 0: none */
    uint64_t bits;       /* not yet written, the oldest lowest */
    unsigned bit_count;
};

/* What follows a symbol of a length or a distance: base + extra bits. RFC 1951, 3.2.5. */
struct reach {
    uint16_t base;
    uint8_t extra;
};

static const struct reach lengths[] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}};

static const struct reach distances[] = {
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
    {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
    {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
    {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}};

static void put_bits(struct deflater *self, uint32_t bits, unsigned count)
{
    self->bits |= (uint64_t)bits << self->bit_count;
    for (self->bit_count += count; self->bit_count >= 8; self->bit_count -= 8) {
        mr_ink_byte(self->out, (uint8_t)(self->bits & 0xFF));
        self->bits >>= 8;
    }
}

/* Huffman codes go with their highest bit first. */
static void put_code(struct deflater *self, uint32_t code, unsigned count)
{
    uint32_t reversed = 0;

    for (unsigned i = 0; i < count; i++) {
        reversed |= (code >> i & 1U) << (count - 1 - i);
    }
    put_bits(self, reversed, count);
}

/* The fixed code of a literal or length symbol. RFC 1951, 3.2.6. */
static void put_symbol(struct deflater *self, uint32_t symbol)
{
    if (symbol < 144) {
        put_code(self, 0x30 + symbol, 8);
    } else if (symbol < 256) {
        put_code(self, 0x190 + symbol - 144, 9);
    } else if (symbol < 280) {
        put_code(self, symbol - 256, 7);
    } else {
        put_code(self, 0xC0 + symbol - 280, 8);
    }
}

static uint32_t find_reach(const struct reach *table, uint32_t count, uint32_t value)
{
    uint32_t low = 0, high = count;

    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;

        if (table[middle].base <= value) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void put_match(struct deflater *self, uint32_t size, uint32_t distance)
{
    const uint32_t length_index = find_reach(lengths, MR_COUNT(lengths), size);
    const uint32_t distance_index = find_reach(distances, MR_COUNT(distances), distance);

    put_symbol(self, 257 + length_index);
    put_bits(self, size - lengths[length_index].base, lengths[length_index].extra);
    put_code(self, distance_index, 5);
    put_bits(self, distance - distances[distance_index].base, distances[distance_index].extra);
}

/* Remembers this place and returns the last one with the same hash, or SIZE_MAX. */
static size_t swap_head(struct deflater *self, size_t place)
{
    uint32_t bytes, previous, *head;

    memcpy(&bytes, self->text.data + place, sizeof(bytes));
    head = &self->heads[bytes * UINT32_C(2654435761) >> (32 - HASH_BITS)];
    previous = *head;
    *head = (uint32_t)place + 1;
    return previous == 0 ? SIZE_MAX : previous - 1;
}

static uint32_t match_size(const struct deflater *self, size_t earlier, size_t place)
{
    const size_t rest = self->text.size - place;
    const uint32_t size_max = rest < MATCH_MAX ? (uint32_t)rest : MATCH_MAX;
    uint32_t size = 0;

    while (size < size_max && self->text.data[earlier + size] == self->text.data[place + size]) {
        size++;
    }
    return size;
}

/* Where text like that at place began before, and how much of it is the same; 0: not enough. */
static uint32_t find_match(struct deflater *self, size_t place, size_t *earlier)
{
    uint32_t size;

    if (self->text.size - place < MATCH_MIN) {
        return 0;
    }
    *earlier = swap_head(self, place);
    if (*earlier == SIZE_MAX || place - *earlier > WINDOW_SIZE) {
        return 0;
    }
    size = match_size(self, *earlier, place);
    return size < MATCH_MIN ? 0 : size;
}

/* Writes the literal or the match that begins at place; returns how much of the text it was. */
static size_t put_next(struct deflater *self, size_t place)
{
    size_t earlier;
    const uint32_t size = find_match(self, place, &earlier);

    if (size == 0) {
        put_symbol(self, self->text.data[place]);
        return 1;
    }
    put_match(self, size, (uint32_t)(place - earlier));
    return size;
}

size_t mr_deflate_size_max(size_t size)
{
    return size + size / 8 + 16; /* no literal has more than nine bits */
}

bool mr_deflate(struct mr_ink *out, struct mr_span text, enum mr_deflate_end end,
                struct mr_arena *arena)
{
    const size_t mark = mr_arena_mark(arena);
    struct deflater self = {.out = out, .text = text};

    MR_ASSERT(text.size < UINT32_MAX);
    self.heads = mr_arena_take(arena, (size_t)1 << HASH_BITS, sizeof(*self.heads));
    if (self.heads == NULL) {
        return false;
    }
    put_bits(&self, 1, 1); /* the last block */
    put_bits(&self, 1, 2); /* with the fixed codes */
    for (size_t place = 0; place < text.size;) {
        place += put_next(&self, place);
    }
    if (end == MR_DEFLATE_WHOLE) {
        put_symbol(&self, END_OF_BLOCK);
        put_bits(&self, 0, 7); /* what does not fill a byte */
    }
    mr_arena_release(arena, mark);
    return true;
}
