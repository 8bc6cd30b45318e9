/* What would a stage gain? Over one batch of records, decoded into rows of slots as the engine
 * does: rows      three rules on numbers, each by its graph of tests, row after row gather    the
 * three fields that they read, copied from the rows into columns kernels   the same rules over
 * these columns, by hand: what column kernels can do at their best apart     rules on texts that
 * have parts in common, each on its own shared    the same, compiled as a group that shares them,
 * the slots cleared for each row and beside them decode, which fills the rows. Nanoseconds of CPU
 * time a record, median of rounds that take turns. Last line: cel_stage name=value... */
#include "processors/core/cel/cel.h"
#include "processors/core/codec/encode.h"
#include "processors/core/codec/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS 8192 /* of a batch: more than the second-level cache holds */
#define ROUNDS 31
#define DATUM_SIZE_MAX 256
#define FIELDS 6

static const char schema_text[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"fields\":["
    "{\"name\":\"item\",\"type\":\"string\"},{\"name\":\"name\",\"type\":\"string\"},"
    "{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"unit_price\",\"type\":\"double\"},"
    "{\"name\":\"line\",\"type\":\"long\"},{\"name\":\"unit\",\"type\":\"string\"}]}";

static const struct mr_cel_variable variables[FIELDS] = {
    {"item", {.kind = MR_CEL_STRING}},  {"name", {.kind = MR_CEL_STRING}},
    {"price", {.kind = MR_CEL_DOUBLE}}, {"unit_price", {.kind = MR_CEL_DOUBLE}},
    {"line", {.kind = MR_CEL_INT}},     {"unit", {.kind = MR_CEL_STRING}},
};

static const char *const number_rules[] = {
    "price > 0.0 && price < 5000.0",
    "unit_price >= 0.0 && unit_price * 4.0 + 1.0 > price",
    "line >= 0 && line < 1000000",
};
static const char *const text_rules[] = {
    "item.matches(\"^(729|871)[0-9]+$\") && price > 0.0",
    "item.matches(\"^(729|871)[0-9]+$\") ? unit != \"\" : line >= 0",
    "name.lowerAscii().contains(\"milk\") ? price < 100.0 : price < 5000.0",
    "!(name.lowerAscii().contains(\"milk\") && unit == \"KG\")",
};

#define NUMBER_RULES MR_COUNT(number_rules)
#define TEXT_RULES MR_COUNT(text_rules)

struct bench {
    struct mr_arena *arena, *scratch;
    struct mr_layout *layout;
    struct mr_plan *plan;
    struct mr_span *datums;
    struct mr_value *rows; /* of slot_count each */
    size_t slot_count;
    uint32_t slots[FIELDS], first_share, share_count;
    const struct mr_cel_program *numbers[NUMBER_RULES], *apart[TEXT_RULES], *shared[TEXT_RULES];
    double prices[RECORDS], unit_prices[RECORDS];
    int64_t lines[RECORDS];
    uint8_t truths[RECORDS];
    size_t held; /* so that nothing is optimised away */
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench_cel_stage: %s\n", what);
    exit(1);
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)err;
    *slot = ((const struct bench *)context)->slots[path->variable];
    return MR_OK;
}

static void find_slots(struct bench *bench, const struct mr_schema *schema)
{
    bench->layout = mr_layout_new(schema);
    for (size_t i = 0; i < FIELDS; i++) {
        struct mr_layout_path path;
        const struct mr_type *type;
        size_t bad;

        if (!mr_layout_find(schema, variables[i].name, &path, &type, &bad)) {
            die(variables[i].name);
        }
        bench->slots[i] = mr_layout_slot(bench->layout, &path);
    }
}

static void compile(struct mr_cel_group *group, const char *const *sources, size_t count,
                    const struct mr_cel_program **programs)
{
    for (size_t i = 0; i < count; i++) {
        struct mr_error error = {0};

        if (mr_cel_group_compile(group, mr_span_text(sources[i]), NULL, &programs[i], NULL,
                                 &error) != MR_OK) {
            die(error.text);
        }
    }
}

static void compile_all(struct bench *bench)
{
    const struct mr_cel_env env = {variables, FIELDS, bind, bench};
    struct mr_cel_group *apart = mr_cel_group_new(&env, bench->arena);
    struct mr_cel_group *shared = mr_cel_group_new(&env, bench->arena);

    compile(apart, number_rules, NUMBER_RULES, bench->numbers);
    compile(apart, text_rules, TEXT_RULES, bench->apart);
    compile(shared, text_rules, TEXT_RULES, bench->shared);
    bench->share_count = mr_cel_group_find(shared);
    bench->first_share = mr_layout_reserve(bench->layout, bench->share_count);
    if (mr_cel_group_share(shared, bench->first_share, NULL) != MR_OK) {
        die("no room");
    }
}

static void make_datums(struct bench *bench, const struct mr_schema *schema)
{
    static const char *const names[] = {"Milk 3% 1 litre", "Bread sliced", "Cottage cheese 5 %"};
    struct mr_encoder *encoder;

    bench->datums = mr_arena_take(bench->arena, RECORDS, sizeof(*bench->datums));
    if (bench->datums == NULL || mr_encoder_new(schema, &encoder, NULL) != MR_OK) {
        die("no room");
    }
    for (size_t i = 0; i < RECORDS; i++) {
        const char *item = mr_arena_print(bench->arena, "%s%010zu", i % 7 == 0 ? "871" : "729", i);
        const struct mr_value row[FIELDS] = {
            mr_value_string(mr_span_text(item)),
            mr_value_string(mr_span_text(names[i % 3])),
            mr_value_double((double)(i % 977) * 1.25 + 0.5),
            mr_value_double((double)(i % 977) * 0.75),
            mr_value_int((int64_t)i),
            mr_value_string(mr_span_text(i % 2 == 0 ? "KG" : "UNIT")),
        };
        uint8_t *bytes = mr_arena_bytes(bench->arena, DATUM_SIZE_MAX);

        if (bytes == NULL) {
            die("no room");
        }
        bench->datums[i] =
            (struct mr_span){bytes, (size_t)(mr_encoder_write(encoder, row, bytes) - bytes)};
    }
    mr_encoder_free(encoder);
}

static struct mr_value *row_at(struct bench *bench, size_t i)
{
    return bench->rows + i * bench->slot_count;
}

static void decode(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        if (mr_plan_decode(bench->plan, bench->datums[i], row_at(bench, i), bench->scratch) !=
            NULL) {
            die("decode");
        }
    }
}

static void hold(struct bench *bench, const struct mr_cel_program *const *programs, size_t count)
{
    for (size_t i = 0; i < RECORDS; i++) {
        const struct mr_value *row = row_at(bench, i);
        const size_t mark = mr_arena_mark(bench->scratch);
        bool is_good = true;

        for (size_t k = 0; k < count; k++) {
            is_good = mr_cel_holds(programs[k], row, bench->scratch) == 1 && is_good;
        }
        mr_arena_release(bench->scratch, mark);
        bench->held += is_good ? 1 : 0;
    }
}

static void rows(struct bench *bench)
{
    hold(bench, bench->numbers, NUMBER_RULES);
}

static void gather(struct bench *bench)
{
    bool is_plain = true;

    for (size_t i = 0; i < RECORDS; i++) {
        const struct mr_value *row = row_at(bench, i);
        const struct mr_value *price = &row[bench->slots[2]], *unit_price = &row[bench->slots[3]];
        const struct mr_value *line = &row[bench->slots[4]];

        is_plain = is_plain && price->kind == MR_KIND_DOUBLE &&
                   unit_price->kind == MR_KIND_DOUBLE && line->kind == MR_KIND_INT;
        bench->prices[i] = price->real;
        bench->unit_prices[i] = unit_price->real;
        bench->lines[i] = line->number;
    }
    bench->held += is_plain ? 1 : 0;
}

static void kernels(struct bench *bench)
{
    size_t held = 0;

    for (size_t i = 0; i < RECORDS; i++) {
        bench->truths[i] = (bench->prices[i] > 0.0) & (bench->prices[i] < 5000.0);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        bench->truths[i] &=
            (bench->unit_prices[i] >= 0.0) & (bench->unit_prices[i] * 4.0 + 1.0 > bench->prices[i]);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        bench->truths[i] &= (bench->lines[i] >= 0) & (bench->lines[i] < 1000000);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        held += bench->truths[i];
    }
    bench->held += held;
}

static void apart(struct bench *bench)
{
    hold(bench, bench->apart, TEXT_RULES);
}

static void shared(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        memset(row_at(bench, i) + bench->first_share, 0,
               bench->share_count * sizeof(struct mr_value));
    }
    hold(bench, bench->shared, TEXT_RULES);
}

enum { DECODE, ROWS, GATHER, KERNELS, APART, SHARED, WAYS };

static const struct {
    const char *name;
    void (*run)(struct bench *bench);
} ways[WAYS] = {{"decode", decode},   {"rows", rows},   {"gather", gather},
                {"kernels", kernels}, {"apart", apart}, {"shared", shared}};

static double cpu_ns(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b ? 1 : 0;
}

/* Each way holds of the same records as its peer. */
static void check(struct bench *bench)
{
    size_t held[WAYS];

    for (int way = 0; way < WAYS; way++) {
        bench->held = 0;
        ways[way].run(bench);
        held[way] = bench->held;
    }
    if (held[ROWS] != held[KERNELS] || held[APART] != held[SHARED] || held[GATHER] != 1) {
        die("the ways differ");
    }
}

static void open_bench(struct bench *bench)
{
    struct mr_schema *schema;

    bench->arena = mr_arena_new((size_t)64 << 20);
    bench->scratch = mr_arena_new((size_t)1 << 20);
    if (bench->arena == NULL || bench->scratch == NULL ||
        mr_schema_parse(mr_span_text(schema_text), &schema, NULL) != MR_OK) {
        die("no room");
    }
    find_slots(bench, schema);
    compile_all(bench);
    make_datums(bench, schema);
    bench->slot_count = mr_layout_slot_count(bench->layout);
    bench->rows = mr_arena_take(bench->arena, RECORDS * bench->slot_count, sizeof(*bench->rows));
    if (bench->rows == NULL || mr_plan_new(schema, bench->layout, &bench->plan, NULL) != MR_OK) {
        die("no room");
    }
    check(bench);
}

int main(void)
{
    static double times[WAYS][ROUNDS];
    static struct bench bench;
    double medians[WAYS];

    open_bench(&bench);
    for (int round = 0; round < ROUNDS; round++) {
        for (int way = 0; way < WAYS; way++) {
            const double start = cpu_ns();

            ways[way].run(&bench);
            times[way][round] = (cpu_ns() - start) / RECORDS;
        }
    }
    for (int way = 0; way < WAYS; way++) {
        qsort(times[way], ROUNDS, sizeof(double), by_size);
        medians[way] = times[way][ROUNDS / 2];
        printf("%-8s %6.1f ns a record (%.1f-%.1f)\n", ways[way].name, medians[way], times[way][0],
               times[way][ROUNDS - 1]);
    }
    printf("cel_stage rows_ns=%.1f columns_ns=%.1f gained_ns=%.1f apart_ns=%.1f shared_ns=%.1f "
           "shares=%u\n",
           medians[ROWS], medians[GATHER] + medians[KERNELS],
           medians[ROWS] - medians[GATHER] - medians[KERNELS], medians[APART], medians[SHARED],
           bench.share_count);
    return bench.held == 0;
}
