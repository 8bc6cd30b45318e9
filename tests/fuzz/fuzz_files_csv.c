/* Goal: the rows of a table do not depend on how its text was cut into slices. Method: libFuzzer;
 * the first byte is the size of the slices. */
#include "connectors/files/csv.h"

#include "processors/core/base/digest.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: they are megabytes. */
static struct mr_shelf *shelf;
static struct mr_csv *csv;
static struct mr_arena *arena;

static const char *const a_names[] = {"A"};
static const char *const b_names[] = {"B"};
static const struct mr_wanted names[] = {{"a", {a_names, 1}}, {"b", {b_names, 1}}};
static const struct mr_wanted_rows wanted = {names, 2, {0}, {0}};
static const struct mr_csv_form form = {.delimiter = ','};

static uint64_t take(uint64_t sum)
{
    while (!mr_shelf_is_empty(shelf)) {
        struct mr_row row;

        mr_arena_reset(arena);
        MR_ASSERT(mr_shelf_peek(shelf, arena, &row));
        sum = (sum ^ mr_hash64(row.raw) ^ (uint64_t)row.place.line) * UINT64_C(0x9E3779B97F4A7C15);
        sum ^= mr_hash64(mr_span_text(row.reason));
        mr_shelf_pop(shelf);
    }
    return sum;
}

static uint64_t read_table(struct mr_span text, size_t slice)
{
    uint64_t sum = 0;
    size_t at = 0;

    mr_shelf_clear(shelf);
    mr_csv_begin(csv);
    while (!mr_csv_is_over(csv)) {
        const size_t part = text.size - at < slice ? text.size - at : slice;

        if (mr_csv_is_hungry(csv) && part > 0) {
            mr_csv_add(csv, (struct mr_span){text.data + at, part});
            at += part;
        } else if (mr_csv_is_hungry(csv)) {
            mr_csv_end(csv);
        }
        mr_csv_step(csv);
        sum = take(sum);
    }
    return sum;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    struct mr_glossary *glossary = mr_glossary_new(&wanted);

    (void)count, (void)arguments;
    shelf = mr_shelf_new(glossary, 1 << 16);
    csv = mr_csv_new(glossary, shelf, &form, 1 << 16);
    arena = mr_arena_new(1 << 20);
    MR_ASSERT(shelf != NULL && csv != NULL && arena != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 && size < 4096) {
        const struct mr_span text = {data + 1, size - 1};

        MR_ASSERT(read_table(text, 4096) == read_table(text, 1 + data[0] % 32U));
    }
    return 0;
}
