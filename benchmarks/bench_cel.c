/* How long does a rule take? The rules that the peers were measured with, on decoded records:
 * compiled, by the reference evaluator, and as a C function written by hand over the same slots
 * (1.0). Nanoseconds for one evaluation: the best of several runs over rows that differ.
 * Last line: bench_cel name=value... */
#include "processors/core/cel/cel.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROW_COUNT 1024
#define REPEATS 200
#define RUNS 7

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

static size_t count_code_points(const struct mr_value *text)
{
    size_t count = 0;

    for (uint32_t i = 0; i < text->size; i++) {
        count += (text->data[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

static bool is_text(const struct mr_value *value, const char *text, size_t size)
{
    return value->size == size && memcmp(value->data, text, size) == 0;
}

static int hand_price(const struct mr_value *slots)
{
    return slots[PRICE].real > 0.0 && count_code_points(&slots[NAME]) > 0;
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
    const char *name, *source;
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

static double now_ns(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

typedef int (*evaluate_call)(struct bench *bench, const struct rule *rule,
                             const struct mr_value *slots);

static int by_hand(struct bench *bench, const struct rule *rule, const struct mr_value *slots)
{
    (void)bench;
    return rule->hand(slots);
}

static int compiled(struct bench *bench, const struct rule *rule, const struct mr_value *slots)
{
    return mr_cel_holds(rule->program, slots, bench->scratch);
}

static int reference(struct bench *bench, const struct rule *rule, const struct mr_value *slots)
{
    const struct mr_value value = mr_cel_eval_reference(rule->program, slots, bench->scratch);

    mr_arena_reset(bench->scratch);
    return value.kind == MR_KIND_BOOL ? (int)value.number : -1;
}

static double measure(struct bench *bench, const struct rule *rule, evaluate_call evaluate)
{
    double best = 1e18;

    for (int run = 0; run < RUNS; run++) {
        const double start = now_ns();
        double taken;

        for (int i = 0; i < REPEATS; i++) {
            for (size_t j = 0; j < ROW_COUNT; j++) {
                bench->held += (size_t)(evaluate(bench, rule, bench->rows[j]) == 1);
            }
        }
        taken = (now_ns() - start) / (REPEATS * (double)ROW_COUNT);
        best = taken < best ? taken : best;
    }
    return best;
}

static bool agree(struct bench *bench, const struct rule *rule)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rule->hand(bench->rows[i]) != compiled(bench, rule, bench->rows[i]) ||
            rule->hand(bench->rows[i]) != reference(bench, rule, bench->rows[i])) {
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

int main(void)
{
    static struct rule rules[] = {
        {"price", "price > 0.0 && size(name) > 0", hand_price, NULL},
        {"store", "store in [\"001\", \"002\", \"003\"] || unit == \"kg\"", hand_store, NULL},
        {"item", "item.matches(\"^729[0-9]{10}$\") && price < 1000.0", hand_item, NULL},
        {"ratio",
         "(qty > 0.0 ? price / qty : 0.0) < 100.0 && chain.startsWith(\"729\") && t1 >= 1000",
         hand_ratio, NULL},
        {"nested", "tags.exists(t, t == \"sale\" || (t.startsWith(\"new-\") && qty > 1.0))",
         hand_nested, NULL},
    };
    static struct bench bench;
    char line[1024] = "bench_cel";

    bench.arena = mr_arena_new((size_t)16 << 20);
    bench.scratch = mr_arena_new((size_t)1 << 20);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fill_row(&bench, i);
    }
    printf("%-8s %8s %9s %10s %6s\n", "rule", "hand ns", "compiled", "reference", "x hand");
    for (size_t i = 0; i < MR_COUNT(rules); i++) {
        double hand, fast, slow;

        if (!open_rule(&bench, &rules[i])) {
            return 1;
        }
        hand = measure(&bench, &rules[i], by_hand);
        fast = measure(&bench, &rules[i], compiled);
        slow = measure(&bench, &rules[i], reference);
        printf("%-8s %8.1f %9.1f %10.1f %6.2f\n", rules[i].name, hand, fast, slow, fast / hand);
        (void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
                       " %s_hand_ns=%.1f %s_compiled_ns=%.1f %s_reference_ns=%.1f %s_ratio=%.2f",
                       rules[i].name, hand, rules[i].name, fast, rules[i].name, slow, rules[i].name,
                       fast / hand);
    }
    printf("%s\n", line);
    mr_arena_free(bench.arena);
    mr_arena_free(bench.scratch);
    return bench.held == 0;
}
