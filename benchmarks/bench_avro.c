/* How fast the Avro codec is: ours, avro-c's generic values and C written by hand for one schema,
 * on the same bytes in one run.
 *
 * 8,192 distinct records of 12 fields (about 110 bytes): strings, some of them Hebrew, an enum,
 * doubles, longs, a timestamp, two nullable fields of which one in eight is null. Each way runs
 * over all of them, in turn with the others, and the median of the rounds is taken, in CPU time,
 * since the machine is shared. Allocations are counted at malloc itself. The last line is for
 * scripts; ratios are of medians. */
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
#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX 99
#define FIELDS 12

/* glibc's own, so that every call of the process passes here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

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
    row[7] = (bits >> 10 & 7) != 0 ? mr_value_double(1.5) : (struct mr_value){0};
    row[8] = mr_value_bool((bits & 2048) != 0);
    row[9] = mr_value_int((int64_t)(bits >> 32 & 0xffff));
    row[10] = mr_value_timestamp_ms(INT64_C(1772361720000) + (int64_t)(bits >> 40));
    row[11] = (bits >> 13 & 7) != 0 ? text_value(bench->arena, "Tnuva") : (struct mr_value){0};
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
    struct mr_error err = {0};
    struct mr_encoder *encoder;

    if (mr_encoder_new(schema, &encoder, &err) != MR_OK) {
        die(err.text);
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
    bench->out = calloc(1, 4 * RECORD_SIZE_MAX);
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

static void avro_whole(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        avro_reader_t reader =
            avro_reader_memory((const char *)bench->datums[i].data, (int64_t)bench->datums[i].size);
        avro_value_t field;
        const char *text;
        size_t size;
        double real;

        (void)avro_value_reset(&bench->value);
        if (avro_value_read(reader, &bench->value) != 0) {
            die("avro-c's decode");
        }
        avro_reader_free(reader);
        (void)avro_value_get_by_index(&bench->value, 5, &field, NULL);
        (void)avro_value_get_double(&field, &real);
        (void)avro_value_get_by_index(&bench->value, 2, &field, NULL);
        (void)avro_value_get_string(&field, &text, &size);
        bench->sum += real + (double)size - 1;
    }
}

static void avro_part(struct bench *bench)
{
    for (size_t i = 0; i < RECORDS; i++) {
        avro_reader_t reader =
            avro_reader_memory((const char *)bench->datums[i].data, (int64_t)bench->datums[i].size);
        avro_value_t field;
        const char *text;
        size_t size;
        double real;

        if (avro_value_read(reader, &bench->resolved) != 0) {
            die("avro-c's projection");
        }
        avro_reader_free(reader);
        (void)avro_value_get_by_index(&bench->value_used, 1, &field, NULL);
        (void)avro_value_get_double(&field, &real);
        (void)avro_value_get_by_index(&bench->value_used, 0, &field, NULL);
        (void)avro_value_get_string(&field, &text, &size);
        bench->sum += real + (double)size - 1;
    }
}

static void avro_set(avro_value_t *field, const struct mr_value *value, size_t index)
{
    avro_value_t branch;

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
        (void)avro_value_set_branch(field, value->kind == MR_KIND_NULL ? 0 : 1, &branch);
        if (value->kind == MR_KIND_DOUBLE) {
            (void)avro_value_set_double(&branch, value->real);
        } else if (value->kind == MR_KIND_STRING) {
            (void)avro_value_set_string_len(&branch, (const char *)value->data, value->size + 1);
        }
        break;
    case 8:
        (void)avro_value_set_boolean(field, (int)value->number);
        break;
    case 9:
    case 10:
        (void)avro_value_set_long(field, index == 9 ? value->number : mr_value_ms(value));
        break;
    default:
        (void)avro_value_set_string_len(field, (const char *)value->data, value->size + 1);
    }
}

static void avro_encode(struct bench *bench)
{
    avro_writer_t writer = avro_writer_memory((char *)bench->out, 4 * RECORD_SIZE_MAX);

    for (size_t i = 0; i < RECORDS; i++) {
        avro_writer_reset(writer);
        (void)avro_value_reset(&bench->value);
        for (size_t j = 0; j < FIELDS; j++) {
            avro_value_t field;

            (void)avro_value_get_by_index(&bench->value, j, &field, NULL);
            avro_set(&field, &bench->rows[i][j], j);
        }
        if (avro_value_write(writer, &bench->value) != 0) {
            die("avro-c's encode");
        }
        bench->sum += bench->out[1];
    }
    avro_writer_free(writer);
}

/* By hand: what one would write for this one schema, with every bound checked. */
struct price {
    struct mr_span chain_id, store_id, item_code, name, maker;
    double price, unit_price, quantity;
    int64_t unit, line, update_time;
    bool is_weighted, has_quantity, has_maker;
};

struct hand {
    const uint8_t *at, *end;
    bool is_bad;
};

static inline int64_t hand_long(struct hand *hand)
{
    uint64_t bits = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (hand->at == hand->end) {
            break;
        }
        byte = *hand->at++;
        bits |= (uint64_t)(byte & 0x7f) << (shift < 63 ? shift : 63);
        if (byte < 0x80) {
            return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
        }
    }
    hand->is_bad = true;
    return 0;
}

static inline struct mr_span hand_text(struct hand *hand)
{
    const int64_t size = hand_long(hand);
    struct mr_span text = {hand->at, (size_t)size};

    if (size < 0 || size > hand->end - hand->at) {
        hand->is_bad = true;
        return (struct mr_span){0};
    }
    hand->at += size;
    hand->is_bad |= !mr_utf8_is_valid(text);
    return text;
}

static inline double hand_double(struct hand *hand)
{
    double real;

    if (hand->end - hand->at < 8) {
        hand->is_bad = true;
        return 0;
    }
    memcpy(&real, hand->at, 8);
    hand->at += 8;
    return real;
}

static bool hand_price(struct mr_span datum, struct price *price)
{
    struct hand hand = {datum.data, datum.data + datum.size, false};

    price->chain_id = hand_text(&hand);
    price->store_id = hand_text(&hand);
    price->item_code = hand_text(&hand);
    price->name = hand_text(&hand);
    price->unit = hand_long(&hand);
    price->price = hand_double(&hand);
    price->unit_price = hand_double(&hand);
    price->has_quantity = hand_long(&hand) == 1;
    price->quantity = price->has_quantity ? hand_double(&hand) : 0;
    price->is_weighted = hand_long(&hand) != 0;
    price->line = hand_long(&hand);
    price->update_time = hand_long(&hand);
    price->has_maker = hand_long(&hand) == 1;
    price->maker = price->has_maker ? hand_text(&hand) : (struct mr_span){0};
    return !hand.is_bad && price->unit >= 0 && price->unit < 3;
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

int main(int argc, char **argv)
{
    static double times[WAYS][ROUNDS_MAX], medians[WAYS];
    static size_t allocations[WAYS];
    static struct bench bench;
    const char *asked = argc > 1 ? argv[1] : NULL;
    int rounds = asked == NULL ? ROUNDS_DEFAULT : (int)strtol(asked, NULL, 10);

    rounds = rounds < 1 || rounds > ROUNDS_MAX ? ROUNDS_DEFAULT : rounds;
    open_bench(&bench);
    for (int round = 0; round < rounds; round++) {
        for (int way = 0; way < WAYS; way++) {
            const size_t before = allocation_count;
            const double start = now_s();

            for (int pass = 0; pass < PASSES; pass++) {
                ways[way].run(&bench);
            }
            times[way][round] = now_s() - start;
            allocations[way] = allocation_count - before;
        }
    }
    for (int way = 0; way < WAYS; way++) {
        qsort(times[way], (size_t)rounds, sizeof(double), by_size);
        medians[way] = times[way][rounds / 2];
        (void)printf("%-26s %8.1f ns/record  best %7.1f  %8.2f M/s  %5.2f allocations/record\n",
                     ways[way].words, medians[way] * 1e9 / RUNS, times[way][0] * 1e9 / RUNS,
                     RUNS / medians[way] / 1e6, (double)allocations[way] / RUNS);
    }
    (void)printf("checksum %.3f\n", bench.sum);
    (void)printf("avro decode_vs_avroc=%.1f project_vs_avroc=%.1f encode_vs_avroc=%.1f "
                 "decode_vs_hand=%.2f allocs=%zu\n",
                 medians[AVRO_WHOLE] / medians[PLAN_WHOLE], medians[AVRO_PART] / medians[PLAN_PART],
                 medians[AVRO_ENCODE] / medians[ENCODE], medians[PLAN_WHOLE] / medians[HAND],
                 allocations[PLAN_WHOLE] + allocations[PLAN_PART] + allocations[ENCODE] +
                     allocations[STAMP]);
    return 0;
}
