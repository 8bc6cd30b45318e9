/* How fast the Avro codec is: ours, avro-c's generic values and C written by hand for one schema,
 * on the same bytes in one run.
 *
 * 8,192 distinct records of 12 fields (about 110 bytes): strings, some of them Hebrew, an enum,
 * doubles, longs, a timestamp, two nullable fields. Two sets of them: in the one a nullable value
 * is null one time in eight, in the other every second time, at random, which no branch predictor
 * foresees. Each way runs over all of a set, in turn with the others, and the median of the rounds
 * is taken, in CPU time, since the machine is shared. Allocations are counted at malloc itself. The
 * last line is for scripts: ratios of medians, each from the set where it is the worse. */
#include "benchmarks/price_by_hand.h"
#include "processors/core/base/error.h"
#include "processors/core/codec/encode.h"
#include "processors/core/codec/frame.h"
#include "processors/core/codec/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <avro.h>

#define RECORDS 8192
#define PASSES 12 /* over all records, in a round */
#define RUNS ((double)RECORDS * PASSES)
#define RECORD_SIZE_MAX 512
#define OUT_SIZE ((size_t)4 * RECORD_SIZE_MAX)
#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX 99
#define FIELDS 12

/* glibc's own, so that every call of the process passes here.
 * NOLINTBEGIN(bugprone-reserved-identifier): that is what they are called. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

static size_t allocation_count;

void *malloc(size_t size)
{
    allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocation_count++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocation_count++;
    return __libc_realloc(old, size);
}

static const char price_schema[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"fields\":["
    "{\"name\":\"chain_id\",\"type\":\"string\"},{\"name\":\"store_id\",\"type\":\"string\"},"
    "{\"name\":\"item_code\",\"type\":\"string\"},{\"name\":\"name\",\"type\":\"string\"},"
    "{\"name\":\"unit\",\"type\":{\"type\":\"enum\",\"name\":\"Unit\",\"symbols\":[\"UNIT\",\"KG\","
    "\"LITRE\"]}},"
    "{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"unit_price\",\"type\":\"double\"},"
    "{\"name\":\"quantity\",\"type\":[\"null\",\"double\"]},"
    "{\"name\":\"is_weighted\",\"type\":\"boolean\"},{\"name\":\"line\",\"type\":\"long\"},"
    "{\"name\":\"update_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"maker\",\"type\":[\"null\",\"string\"]}]}";

/* The four that rules on prices use; avro-c's projection is told so by a reader's schema. */
static const char *const used_fields[] = {"item_code", "price", "unit_price", "update_time"};
static const char used_schema[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"fields\":[{\"name\":\"item_code\",\"type\":"
    "\"string\"},"
    "{\"name\":\"price\",\"type\":\"double\"},{\"name\":\"unit_price\",\"type\":\"double\"},"
    "{\"name\":\"update_time\",\"type\":\"long\"}]}";

static const char stamp_schema[] =
    "{\"type\":\"record\",\"name\":\"Stamp\",\"fields\":[{\"name\":\"config\",\"type\":\"string\"},"
    "{\"name\":\"score\",\"type\":\"double\"},{\"name\":\"is_anomaly\",\"type\":\"boolean\"},"
    "{\"name\":\"ratio\",\"type\":[\"null\",\"double\"]}]}";

struct bench {
    uint64_t null_mask; /* a nullable value is null where these random bits are 0 */
    uint8_t *bytes;
    struct mr_span *datums;          /* RECORDS */
    struct mr_value (*rows)[FIELDS]; /* RECORDS */
    struct mr_plan *whole, *part;
    struct mr_encoder *encoder, *stamper;
    struct mr_arena *arena;
    avro_schema_t avro, avro_used;
    avro_value_iface_t *class, *class_used, *resolver;
    avro_value_t value, value_used, resolved;
    uint8_t *out;
    double sum; /* so that nothing is optimised away */
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench_avro: %s\n", what);
    exit(1);
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t bits = *state += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static struct mr_value text_value(struct mr_arena *arena, const char *text)
{
    return mr_value_string(mr_arena_copy(arena, mr_span_text(text)));
}

static void make_row(struct bench *bench, struct mr_value *row, uint64_t *random)
{
    static const char *const units[] = {"UNIT", "KG", "LITRE"};
    static const char *const names[] = {
        "Milk 3% 1 litre", "\xd7\x97\xd7\x9c\xd7\x91 \xd7\x98\xd7\xa8\xd7\x99 3%", "Bread sliced",
        "Olive oil extra virgin 750 ml", "\xd7\xa7\xd7\x9e\xd7\x97 \xd7\x9c\xd7\x91\xd7\x9f"};
    const uint64_t bits = next_random(random);
    char code[32], store[16];

    (void)snprintf(code, sizeof(code), "729%010llu", (unsigned long long)(bits % 10000000000ULL));
    (void)snprintf(store, sizeof(store), "%llu", (unsigned long long)(bits % 400));
    row[0] = text_value(bench->arena, "7290000000017");
    row[1] = text_value(bench->arena, store);
    row[2] = text_value(bench->arena, code);
    row[3] = text_value(bench->arena, names[bits % 5]);
    row[4] = text_value(bench->arena, units[bits >> 8 & 1]);
    row[5] = mr_value_double((double)(bits >> 16 & 0xffff) / 100);
    row[6] = mr_value_double((double)(bits >> 20 & 0xffff) / 10);
    row[7] = (bits >> 10 & bench->null_mask) != 0 ? mr_value_double(1.5) : (struct mr_value){0};
    row[8] = mr_value_bool((bits & 2048) != 0);
    row[9] = mr_value_int((int64_t)(bits >> 32 & 0xffff));
    row[10] = mr_value_timestamp_ms(INT64_C(1772361720000) + (int64_t)(bits >> 40));
    row[11] = (bits >> 13 & bench->null_mask) != 0 ? text_value(bench->arena, "Tnuva")
                                                   : (struct mr_value){0};
}

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        die(err.text);
    }
    return schema;
}

static struct mr_plan *plan_of(const struct mr_schema *schema, const char *const *names,
                               size_t count)
{
    struct mr_layout *layout = mr_layout_new(schema);
    struct mr_error err = {0};
    struct mr_plan *plan;

    for (size_t i = 0; i < count; i++) {
        struct mr_layout_path path;
        const struct mr_type *type;
        size_t bad;

        if (!mr_layout_find(schema, names[i], &path, &type, &bad)) {
            die(names[i]);
        }
        (void)mr_layout_slot(layout, &path);
    }
    if (mr_plan_new(schema, layout, &plan, &err) != MR_OK) {
        die(err.text);
    }
    mr_layout_free(layout);
    return plan;
}

static struct mr_encoder *encoder_of(const struct mr_schema *schema)
{
    struct mr_encoder *encoder;

    if (mr_encoder_new(schema, &encoder, NULL) != MR_OK) {
        die("our encoder");
    }
    return encoder;
}

static void make_records(struct bench *bench)
{
    uint64_t random = 1;
    uint8_t *at;

    bench->bytes = calloc(RECORDS, RECORD_SIZE_MAX);
    bench->datums = calloc(RECORDS, sizeof(*bench->datums));
    bench->rows = calloc(RECORDS, sizeof(*bench->rows));
    if (bench->bytes == NULL || bench->datums == NULL || bench->rows == NULL) {
        die("no memory");
    }
    at = bench->bytes;
    for (size_t i = 0; i < RECORDS; i++) {
        const char *fault;
        size_t leaf, size;

        make_row(bench, bench->rows[i], &random);
        size = mr_encoder_size(bench->encoder, bench->rows[i], &fault, &leaf);
        if (fault != NULL) {
            die(fault);
        }
        bench->datums[i] = (struct mr_span){at, size};
        at = mr_encoder_write(bench->encoder, bench->rows[i], at);
    }
}

static void open_avro(struct bench *bench)
{
    if (avro_schema_from_json_length(price_schema, strlen(price_schema), &bench->avro) != 0 ||
        avro_schema_from_json_length(used_schema, strlen(used_schema), &bench->avro_used) != 0) {
        die(avro_strerror());
    }
    bench->class = avro_generic_class_from_schema(bench->avro);
    bench->class_used = avro_generic_class_from_schema(bench->avro_used);
    bench->resolver = avro_resolved_writer_new(bench->avro, bench->avro_used);
    if (bench->resolver == NULL) {
        die(avro_strerror());
    }
    (void)avro_generic_value_new(bench->class, &bench->value);
    (void)avro_generic_value_new(bench->class_used, &bench->value_used);
    (void)avro_resolved_writer_new_value(bench->resolver, &bench->resolved);
    avro_resolved_writer_set_dest(&bench->resolved, &bench->value_used);
}

static void open_bench(struct bench *bench)
{
    static const char *const all[] = {"chain_id",    "store_id", "item_code",   "name",
                                      "unit",        "price",    "unit_price",  "quantity",
                                      "is_weighted", "line",     "update_time", "maker"};
    struct mr_schema *schema = parsed(price_schema);

    bench->arena = mr_arena_new((size_t)256 << 20);
    bench->out = calloc(1, OUT_SIZE);
    if (bench->arena == NULL || bench->out == NULL) {
        die("no memory");
    }
    bench->encoder = encoder_of(schema);
    bench->stamper = encoder_of(parsed(stamp_schema));
    bench->whole = plan_of(schema, all, MR_COUNT(all));
    bench->part = plan_of(schema, used_fields, MR_COUNT(used_fields));
    make_records(bench);
    open_avro(bench);
}

static void plan_whole(struct bench *bench)
{
    struct mr_value slots[FIELDS];

    for (size_t i = 0; i < RECORDS; i++) {
        if (mr_plan_decode(bench->whole, bench->datums[i], slots, bench->arena) != NULL) {
            die("our decode");
        }
        bench->sum += slots[5].real + (double)slots[2].size;
    }
}

static void plan_part(struct bench *bench)
{
    struct mr_value slots[FIELDS];

    for (size_t i = 0; i < RECORDS; i++) {
        if (mr_plan_decode(bench->part, bench->datums[i], slots, bench->arena) != NULL) {
            die("our projection");
        }
        bench->sum += slots[1].real + (double)slots[0].size;
    }
}

static void our_encode(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        const char *fault;
        size_t leaf;

        if (mr_encoder_size(bench->encoder, bench->rows[i], &fault, &leaf) !=
            bench->datums[i].size) {
            die("our encode");
        }
        (void)mr_encoder_write(bench->encoder, bench->rows[i], bench->out);
        bench->sum += bench->out[1];
    }
}

/* What a stage does to a record that passes: frame, copy the datum, append the stamp. */
static void stamp_append(struct bench *bench)
{
    const struct mr_value stamp[] = {mr_value_string((struct mr_span)MR_SPAN("0123456789abcdef")),
                                     mr_value_double(0.5), mr_value_bool(false),
                                     mr_value_double(1.25)};

    for (size_t i = 0; i < RECORDS; i++) {
        const struct mr_span datum = bench->datums[i];
        const char *fault;
        size_t leaf;

        bench->sum += (double)mr_encoder_size(bench->stamper, stamp, &fault, &leaf);
        mr_frame_write(bench->out, 77);
        memcpy(bench->out + MR_FRAME_SIZE, datum.data, datum.size);
        (void)mr_encoder_write(bench->stamper, stamp, bench->out + MR_FRAME_SIZE + datum.size);
    }
}

static avro_value_t avro_field(avro_value_t *record, size_t index)
{
    avro_value_t field = {0};

    if (avro_value_get_by_index(record, index, &field, NULL) != 0) {
        die("avro-c's field");
    }
    MR_ASSERT(field.iface != NULL);
    return field;
}

/* What our ways add up too: a double and the size of a string. */
static double avro_sum(avro_value_t *record, size_t real_index, size_t text_index)
{
    avro_value_t field = avro_field(record, real_index);
    const char *text = NULL;
    size_t size = 0;
    double real = 0;

    (void)avro_value_get_double(&field, &real);
    field = avro_field(record, text_index);
    (void)avro_value_get_string(&field, &text, &size);
    return real + (double)size - 1;
}

static void read_generic(struct mr_span datum, avro_value_t *value)
{
    avro_reader_t reader = avro_reader_memory((const char *)datum.data, (int64_t)datum.size);

    if (avro_value_read(reader, value) != 0) {
        die("avro-c's decode");
    }
    avro_reader_free(reader);
}

static void avro_whole(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        (void)avro_value_reset(&bench->value);
        read_generic(bench->datums[i], &bench->value);
        bench->sum += avro_sum(&bench->value, 5, 2);
    }
}

static void avro_part(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        read_generic(bench->datums[i], &bench->resolved);
        bench->sum += avro_sum(&bench->value_used, 1, 0);
    }
}

static void avro_set_text(avro_value_t *field, const struct mr_value *value)
{
    (void)avro_value_set_string_len(field, (const char *)value->data, (size_t)value->size + 1);
}

static void avro_set_nullable(avro_value_t *field, const struct mr_value *value)
{
    avro_value_t branch = {0};

    if (avro_value_set_branch(field, value->kind == MR_KIND_NULL ? 0 : 1, &branch) != 0) {
        die("avro-c's branch");
    }
    MR_ASSERT(branch.iface != NULL);
    if (value->kind == MR_KIND_DOUBLE) {
        (void)avro_value_set_double(&branch, value->real);
    } else if (value->kind == MR_KIND_STRING) {
        avro_set_text(&branch, value);
    }
}

static void avro_set(avro_value_t *field, const struct mr_value *value, size_t index)
{
    switch (index) {
    case 4:
        (void)avro_value_set_enum(field, value->data[0] == 'K');
        break;
    case 5:
    case 6:
        (void)avro_value_set_double(field, value->real);
        break;
    case 7:
    case 11:
        avro_set_nullable(field, value);
        break;
    case 8:
        (void)avro_value_set_boolean(field, (int)value->number);
        break;
    case 9:
    case 10:
        (void)avro_value_set_long(field, index == 9 ? value->number : mr_value_ms(value));
        break;
    default:
        avro_set_text(field, value);
    }
}

static void avro_encode(struct bench *bench)
{
    avro_writer_t writer = avro_writer_memory((char *)bench->out, OUT_SIZE);

    for (size_t i = 0; i < RECORDS; i++) {
        avro_writer_reset(writer);
        (void)avro_value_reset(&bench->value);
        for (size_t j = 0; j < FIELDS; j++) {
            avro_value_t field = avro_field(&bench->value, j);

            avro_set(&field, &bench->rows[i][j], j);
        }
        if (avro_value_write(writer, &bench->value) != 0) {
            die("avro-c's encode");
        }
        bench->sum += bench->out[1];
    }
    avro_writer_free(writer);
}

static void hand_whole(struct bench *bench)
{
    struct price price;

    for (size_t i = 0; i < RECORDS; i++) {
        if (!hand_price(bench->datums[i], &price)) {
            die("decode by hand");
        }
        /* The compiler must not see that the rest is not used: ours cannot either. */
        __asm__ volatile("" : : "r"(&price) : "memory");
        bench->sum += price.price + (double)price.item_code.size;
    }
}

enum { PLAN_WHOLE, PLAN_PART, ENCODE, STAMP, AVRO_WHOLE, AVRO_PART, AVRO_ENCODE, HAND, WAYS };

static const struct {
    const char *words;
    void (*run)(struct bench *bench);
} ways[WAYS] = {
    [PLAN_WHOLE] = {"decode, 12 fields", plan_whole},
    [PLAN_PART] = {"decode, 4 of 12", plan_part},
    [ENCODE] = {"encode, 12 fields", our_encode},
    [STAMP] = {"stamp append", stamp_append},
    [AVRO_WHOLE] = {"avro-c decode, 12 fields", avro_whole},
    [AVRO_PART] = {"avro-c decode, 4 of 12", avro_part},
    [AVRO_ENCODE] = {"avro-c encode, 12 fields", avro_encode},
    [HAND] = {"by hand decode, 12 fields", hand_whole},
};

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct measured {
    double medians[WAYS]; /* seconds a round */
    size_t allocations[WAYS];
};

static void measure(struct bench *bench, int rounds, struct measured *measured)
{
    static double times[WAYS][ROUNDS_MAX];

    for (int round = 0; round < rounds; round++) {
        for (int way = 0; way < WAYS; way++) {
            const size_t before = allocation_count;
            const double start = now_s();

            for (int pass = 0; pass < PASSES; pass++) {
                ways[way].run(bench);
            }
            times[way][round] = now_s() - start;
            measured->allocations[way] = allocation_count - before;
        }
    }
    for (int way = 0; way < WAYS; way++) {
        qsort(times[way], (size_t)rounds, sizeof(double), by_size);
        measured->medians[way] = times[way][rounds / 2];
        (void)printf("%-26s %8.1f ns/record  best %7.1f  %8.2f M/s  %5.2f allocations/record\n",
                     ways[way].words, measured->medians[way] * 1e9 / RUNS,
                     times[way][0] * 1e9 / RUNS, RUNS / measured->medians[way] / 1e6,
                     (double)measured->allocations[way] / RUNS);
    }
}

/* How many times as long a way takes as another, in the set where it is the least, or the most. */
static double ratio(const struct measured *sets, int slow, int fast, bool is_most)
{
    const double one = sets[0].medians[slow] / sets[0].medians[fast];
    const double other = sets[1].medians[slow] / sets[1].medians[fast];

    return (one < other) == is_most ? other : one;
}

int main(int argc, char **argv)
{
    static struct bench benches[] = {{.null_mask = 7}, {.null_mask = 1}};
    static struct measured sets[MR_COUNT(benches)];
    const char *asked = argc > 1 ? argv[1] : NULL;
    int rounds = asked == NULL ? ROUNDS_DEFAULT : (int)strtol(asked, NULL, 10);
    size_t allocations = 0;
    double sum = 0;

    rounds = rounds < 1 || rounds > ROUNDS_MAX ? ROUNDS_DEFAULT : rounds;
    for (size_t i = 0; i < MR_COUNT(benches); i++) {
        (void)printf("a nullable value is null one time in %d\n", (int)benches[i].null_mask + 1);
        open_bench(&benches[i]);
        measure(&benches[i], rounds, &sets[i]);
        sum += benches[i].sum;
        allocations += sets[i].allocations[PLAN_WHOLE] + sets[i].allocations[PLAN_PART] +
                       sets[i].allocations[ENCODE] + sets[i].allocations[STAMP];
    }
    (void)printf("checksum %.3f\n", sum);
    (void)printf("avro decode_vs_avroc=%.1f project_vs_avroc=%.1f encode_vs_avroc=%.1f "
                 "decode_vs_hand=%.2f allocs=%zu\n",
                 ratio(sets, AVRO_WHOLE, PLAN_WHOLE, false),
                 ratio(sets, AVRO_PART, PLAN_PART, false), ratio(sets, AVRO_ENCODE, ENCODE, false),
                 ratio(sets, PLAN_WHOLE, HAND, true), allocations);
    return 0;
}
