/* How long does a rule take? The rules that the peers were measured with, on decoded records:
 * compiled, by the reference evaluator, and as a C function written by hand over the same slots
 * (1.0). One round: nanoseconds of CPU time for one evaluation, a line "way rule ns" each, over
 * rows that differ. benchmarks/cel.sh runs rounds of this and of the peers by turns.
 *     bench_cel            one round; last line: allocs N, of the compiled evaluator
 *     bench_cel DIR        writes what the peers read: DIR/rows.jsonl, DIR/rules.json */
#include "processors/core/cel/cel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROW_COUNT 1024
#define ROUND_NS 2e7 /* at least, of each way and rule */

/* glibc's own, so that every call of the process passes here. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
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

static const struct mr_cel_type string_type = {.kind = MR_CEL_STRING};
static const struct mr_cel_variable variables[] = {
    {"price", {.kind = MR_CEL_DOUBLE}},
    {"name", {.kind = MR_CEL_STRING}},
    {"store", {.kind = MR_CEL_STRING}},
    {"unit", {.kind = MR_CEL_STRING}},
    {"item", {.kind = MR_CEL_STRING}},
    {"qty", {.kind = MR_CEL_DOUBLE}},
    {"chain", {.kind = MR_CEL_STRING}},
    {"t1", {.kind = MR_CEL_INT}},
    {"tags", {.kind = MR_CEL_LIST, .item = &string_type}},
};

enum { PRICE, NAME, STORE, UNIT, ITEM, QTY, CHAIN, T1, TAGS, SLOT_COUNT };

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)err;
    *slot = path->variable;
    return MR_OK;
}

static bool is_text(const struct mr_value *value, const char *text, size_t size)
{
    return value->size == size && memcmp(value->data, text, size) == 0;
}

static int hand_price(const struct mr_value *slots)
{
    return slots[PRICE].real > 0.0 && slots[NAME].size > 0;
}

static int hand_store(const struct mr_value *slots)
{
    return is_text(&slots[STORE], "001", 3) || is_text(&slots[STORE], "002", 3) ||
           is_text(&slots[STORE], "003", 3) || is_text(&slots[UNIT], "kg", 2);
}

static int hand_item(const struct mr_value *slots)
{
    const struct mr_value *item = &slots[ITEM];

    if (item->size != 13 || memcmp(item->data, "729", 3) != 0) {
        return 0;
    }
    for (uint32_t i = 3; i < 13; i++) {
        if (item->data[i] < '0' || item->data[i] > '9') {
            return 0;
        }
    }
    return slots[PRICE].real < 1000.0;
}

static int hand_ratio(const struct mr_value *slots)
{
    const double ratio = slots[QTY].real > 0.0 ? slots[PRICE].real / slots[QTY].real : 0.0;

    return ratio < 100.0 && slots[CHAIN].size >= 3 && memcmp(slots[CHAIN].data, "729", 3) == 0 &&
           slots[T1].number >= 1000;
}

static int hand_nested(const struct mr_value *slots)
{
    for (uint32_t i = 0; i < slots[TAGS].size; i++) {
        const struct mr_value *tag = &slots[TAGS].items[i];

        if (is_text(tag, "sale", 4) ||
            (tag->size >= 4 && memcmp(tag->data, "new-", 4) == 0 && slots[QTY].real > 1.0)) {
            return 1;
        }
    }
    return 0;
}

struct rule {
    const char *name, *source, *jq;
    int (*hand)(const struct mr_value *slots);
    const struct mr_cel_program *program;
};

struct bench {
    struct mr_arena *arena, *scratch;
    struct mr_value rows[ROW_COUNT][SLOT_COUNT];
    size_t held; /* so that nothing is optimised away */
};

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static void fill_row(struct bench *bench, size_t i)
{
    static const char *const stores[] = {"001", "002", "003", "004", "117"};
    static const char *const tags[] = {"food", "fresh", "new-arrival", "sale", "fruit"};
    struct mr_value *row = bench->rows[i];
    struct mr_value *list = mr_arena_take(bench->arena, 3, sizeof(*list));

    for (size_t j = 0; j < 3; j++) {
        list[j] = text_value(tags[(i + j * 3) % 5]);
    }
    row[PRICE] = mr_value_double((double)(i % 97) * 1.25);
    row[NAME] = text_value(i % 3 == 0 ? "Tomatoes on the vine" : "Cottage cheese 5 %");
    row[STORE] = text_value(stores[i * 7 % 5]);
    row[UNIT] = text_value(i % 2 == 0 ? "kg" : "piece");
    row[ITEM] = text_value(i % 8 == 0 ? "7290000A66318" : "7290000066318");
    row[QTY] = mr_value_double((double)(i % 5));
    row[CHAIN] = text_value(i % 9 == 0 ? "1234567890123" : "7290027600007");
    row[T1] = mr_value_int((int64_t)(i % 4096));
    row[TAGS] = (struct mr_value){.kind = MR_KIND_LIST, .size = 3, .items = list};
}

static double cpu_ns(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/* Of how many rows a rule holds. A loop for each way, with nothing between it and what it calls. */
typedef size_t (*count_call)(struct bench *bench, const struct rule *rule);

static size_t by_hand(struct bench *bench, const struct rule *rule)
{
    size_t held = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        held += rule->hand(bench->rows[i]) == 1 ? 1 : 0;
    }
    return held;
}

static size_t compiled(struct bench *bench, const struct rule *rule)
{
    size_t held = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        held += mr_cel_holds(rule->program, bench->rows[i], bench->scratch) == 1 ? 1 : 0;
    }
    return held;
}

static bool holds_by_reference(struct bench *bench, const struct rule *rule, size_t row)
{
    const struct mr_value value =
        mr_cel_eval_reference(rule->program, bench->rows[row], bench->scratch);

    mr_arena_reset(bench->scratch);
    return value.kind == MR_KIND_BOOL && value.number == 1;
}

static size_t reference(struct bench *bench, const struct rule *rule)
{
    size_t held = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        held += holds_by_reference(bench, rule, i) ? 1 : 0;
    }
    return held;
}

static double measure(struct bench *bench, const struct rule *rule, count_call count)
{
    size_t passes = 0;
    double start, taken;

    bench->held += count(bench, rule);
    start = cpu_ns();
    do {
        for (int i = 0; i < 50; i++, passes++) {
            bench->held += count(bench, rule);
        }
        taken = cpu_ns() - start;
    } while (taken < ROUND_NS);
    return taken / ((double)passes * ROW_COUNT);
}

static bool agree(struct bench *bench, const struct rule *rule)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const bool is_held = rule->hand(bench->rows[i]) == 1;

        if (is_held != (mr_cel_holds(rule->program, bench->rows[i], bench->scratch) == 1) ||
            is_held != holds_by_reference(bench, rule, i)) {
            printf("%s: row %zu differs\n", rule->name, i);
            return false;
        }
    }
    return true;
}

static bool open_rule(struct bench *bench, struct rule *rule)
{
    const struct mr_cel_env env = {variables, MR_COUNT(variables), bind, NULL};
    struct mr_error error = {0};

    if (mr_cel_compile(&env, mr_span_text(rule->source), NULL, bench->arena, &rule->program, NULL,
                       &error) != MR_OK) {
        printf("%s: %s\n", rule->name, error.text);
        return false;
    }
    return agree(bench, rule);
}

static void print_text(FILE *file, const char *text)
{
    (void)fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', file);
        }
        (void)fputc(*text, file);
    }
    (void)fputc('"', file);
}

static void print_value(FILE *file, const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_DOUBLE:
        (void)fprintf(file, "%.17g", value->real);
        return;
    case MR_KIND_INT:
        (void)fprintf(file, "%lld", (long long)value->number);
        return;
    case MR_KIND_STRING:
        print_text(file, (const char *)value->data);
        return;
    default: /* a list */
        for (uint32_t i = 0; i < value->size; i++) {
            (void)fputc(i == 0 ? '[' : ',', file);
            print_value(file, &value->items[i]);
        }
        (void)fputc(']', file);
    }
}

static FILE *open_file(const char *folder, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return fopen(path, "w");
}

static int write_files(struct bench *bench, const struct rule *rules, size_t count,
                       const char *folder)
{
    FILE *rows = open_file(folder, "rows.jsonl"), *list = open_file(folder, "rules.json");

    if (rows == NULL || list == NULL) {
        printf("%s: cannot be written to\n", folder);
        return 1;
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        for (size_t k = 0; k < SLOT_COUNT; k++) {
            (void)fprintf(rows, "%s\"%s\":", k == 0 ? "{" : ",", variables[k].name);
            print_value(rows, &bench->rows[i][k]);
        }
        (void)fprintf(rows, "}\n");
    }
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(list, "%s{\"name\":\"%s\",\"cel\":", i == 0 ? "[" : ",\n", rules[i].name);
        print_text(list, rules[i].source);
        (void)fprintf(list, ",\"jq\":");
        print_text(list, rules[i].jq);
        (void)fprintf(list, ",\"held\":%zu}", by_hand(bench, &rules[i]));
    }
    (void)fprintf(list, "]\n");
    return fclose(rows) == 0 && fclose(list) == 0 ? 0 : 1;
}

static const struct rule all_rules[] = {
    {"price", "price > 0.0 && size(name) > 0", ".price > 0 and (.name | length) > 0", hand_price,
     NULL},
    {"store", "store in [\"001\", \"002\", \"003\"] || unit == \"kg\"",
     "(.store | IN(\"001\", \"002\", \"003\")) or .unit == \"kg\"", hand_store, NULL},
    {"item", "item.matches(\"^729[0-9]{10}$\") && price < 1000.0",
     "(.item | test(\"^729[0-9]{10}$\")) and .price < 1000", hand_item, NULL},
    {"ratio", "(qty > 0.0 ? price / qty : 0.0) < 100.0 && chain.startsWith(\"729\") && t1 >= 1000",
     "(if .qty > 0 then .price / .qty else 0 end) < 100 and (.chain | startswith(\"729\")) and "
     ".t1 >= 1000",
     hand_ratio, NULL},
    {"nested", "tags.exists(t, t == \"sale\" || (t.startsWith(\"new-\") && qty > 1.0))",
     ".qty as $qty | any(.tags[]; . == \"sale\" or (startswith(\"new-\") and $qty > 1))",
     hand_nested, NULL},
};

static void run_round(struct bench *bench, const struct rule *rules, size_t count)
{
    static const struct {
        const char *name;
        count_call count;
    } ways[] = {{"hand", by_hand}, {"compiled", compiled}, {"reference", reference}};
    size_t allocations = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < MR_COUNT(ways); k++) {
            const size_t before = allocation_count;
            const double taken = measure(bench, &rules[i], ways[k].count);

            allocations += ways[k].count == compiled ? allocation_count - before : 0;
            printf("%s %s %.2f\n", ways[k].name, rules[i].name, taken);
        }
    }
    printf("allocs %zu\n", allocations);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct rule rules[MR_COUNT(all_rules)];
    int code = 0;

    bench.arena = mr_arena_new((size_t)16 << 20);
    bench.scratch = mr_arena_new((size_t)1 << 20);
    memcpy(rules, all_rules, sizeof(rules));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fill_row(&bench, i);
    }
    for (size_t i = 0; i < MR_COUNT(rules) && code == 0; i++) {
        code = open_rule(&bench, &rules[i]) ? 0 : 1;
    }
    if (code == 0 && argc > 1) {
        code = write_files(&bench, rules, MR_COUNT(rules), argv[1]);
    } else if (code == 0) {
        run_round(&bench, rules, MR_COUNT(rules));
    }
    mr_arena_free(bench.arena);
    mr_arena_free(bench.scratch);
    return code;
}
