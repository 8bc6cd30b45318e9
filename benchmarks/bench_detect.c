/* bench_detect: what a record costs each method, and what a key.
 *
 * Two runs per method: one key (hot), and many keys in random order, each state on
 * lines of its own, so that memory and not arithmetic decides. All keys begin with a history of
 * three days, of sixteen lengths: some methods do more at every so many-th record. Gaussian-like
 * values with a daily cycle, one per minute of event time. A plain Welford z-score without a judge
 * around it, on the same keys, is 1.0. CPU time, the fastest of five runs: a neighbour on the same
 * machine can make a run slower and not faster. The rounds go over all methods, so that a slow
 * minute is not one method's. Usage: bench_detect [KEYS [METHOD ...]]
 */
#include "processors/core/base/error.h"
#include "processors/detect/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORDS 1000000
#define RUNS 5
#define MINUTE 60000
#define HISTORY ((size_t)3 * 24 * 60)
#define HISTORIES 16

struct stream {
    double *values;
    uint32_t *keys;
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static struct stream stream_new(uint32_t key_count)
{
    struct stream stream = {calloc(RECORDS, sizeof(double)), calloc(RECORDS, sizeof(uint32_t))};
    uint64_t random = 1;

    MR_ASSERT(stream.values != NULL && stream.keys != NULL);
    for (size_t i = 0; i < RECORDS; i++) {
        double sum = i / 60 % 24 < 12 ? 100.0 : 120.0;

        for (int k = 0; k < 12; k++) {
            sum += (double)(next_random(&random) >> 11) * 0x1p-53;
        }
        stream.values[i] = sum;
        stream.keys[i] = (uint32_t)(next_random(&random) % key_count);
    }
    return stream;
}

/* CPU time, not wall time: other programs may run beside. */
static double ns_per_record(clock_t ticks)
{
    return (double)ticks * 1e9 / CLOCKS_PER_SEC / (double)(RECORDS - HISTORY);
}

struct welford {
    double mean, squares, count;
};

static void welford_step(struct welford *self, double value, size_t *alarms)
{
    const double away = value - self->mean;

    *alarms += self->count > 1.0 && fabs(away) > 4.0 * sqrt(self->squares / (self->count - 1.0));
    self->count += 1.0;
    self->mean += away / self->count;
    self->squares += away * (value - self->mean);
}

/* What the others are compared with. The alarms are counted so that nothing is optimised away. */
static double measure_welford(const struct stream *stream, uint32_t key_count, size_t *alarms)
{
    struct welford *states = calloc(key_count, sizeof(*states));
    clock_t start;

    MR_ASSERT(states != NULL);
    for (size_t i = 0; i < HISTORY; i++) {
        welford_step(states, stream->values[i], alarms);
    }
    for (size_t key = 1; key < key_count; key++) {
        states[key] = states[0];
    }
    start = clock();
    for (size_t i = HISTORY; i < RECORDS; i++) {
        welford_step(&states[stream->keys[i] % key_count], stream->values[i], alarms);
    }
    start = clock() - start;
    free(states);
    return ns_per_record(start);
}

static void judge(const struct mr_method *method, const struct mr_tuning *tuning,
                  const struct stream *stream, size_t i, void *state, size_t *alarms)
{
    const struct mr_observation seen = {
        .value = stream->values[i], .has_value = true, .time_ms = (int64_t)i * MINUTE};
    struct mr_judgement judgement;

    mr_judge(method, tuning, state, &seen, &judgement);
    *alarms += judgement.is_anomaly;
}

static double measure(const struct mr_method *method, const struct stream *stream,
                      uint32_t key_count, size_t *alarms)
{
    const struct mr_tuning tuning = mr_tuning_of(method, MR_MEDIUM);
    const size_t size = (mr_judge_state_size(method, &tuning) + 63) / 64 * 64;
    uint8_t *states = calloc(key_count, size);
    clock_t start;

    MR_ASSERT(states != NULL);
    for (size_t key = 0; key < key_count; key++) {
        if (key >= HISTORIES) {
            memcpy(states + key * size, states + key % HISTORIES * size, size);
            continue;
        }
        for (size_t i = 0; i < HISTORY + key; i++) {
            judge(method, &tuning, stream, i, states + key * size, alarms);
        }
    }
    start = clock();
    for (size_t i = HISTORY; i < RECORDS; i++) {
        judge(method, &tuning, stream, i, states + size * (stream->keys[i] % key_count), alarms);
    }
    start = clock() - start;
    free(states);
    return ns_per_record(start);
}

/* One key, many keys. */
struct cost {
    double ns[2]; /* the least so far; 0: none yet */
};

static void keep_least(struct cost *cost, int column, double ns)
{
    if (cost->ns[column] <= 0.0 || ns < cost->ns[column]) {
        cost->ns[column] = ns;
    }
}

static void print_row(const char *name, size_t size, const struct cost *cost,
                      const struct cost *plain)
{
    printf("| `%s` | %zu | %.0f | %.1f | %.0f | %.1f |\n", name, size, cost->ns[0],
           cost->ns[0] / plain->ns[0], cost->ns[1], cost->ns[1] / plain->ns[1]);
}

static bool is_wanted(const char *name, int count, char **arguments)
{
    for (int i = 2; i < count; i++) {
        if (strcmp(name, arguments[i]) == 0) {
            return true;
        }
    }
    return count < 3;
}

int main(int count, char **arguments)
{
    const uint32_t keys = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 100000;
    const uint32_t key_counts[] = {1, keys > 0 ? keys : 1};
    const struct stream stream = stream_new(key_counts[1]);
    struct cost costs[MR_METHOD_COUNT] = {0}, plain = {0};
    size_t alarms = 0, wanted = 0;

    for (int round = 0; round < 2 * RUNS; round++) {
        const int column = round % 2;

        keep_least(&plain, column, measure_welford(&stream, key_counts[column], &alarms));
        for (size_t i = 0; i < MR_METHOD_COUNT; i++) {
            if (is_wanted(mr_methods[i]->name, count, arguments)) {
                keep_least(&costs[i], column,
                           measure(mr_methods[i], &stream, key_counts[column], &alarms));
            }
        }
    }
    printf("| method | bytes per key | ns, one key | relative | ns, %u keys at random | relative "
           "|\n|---|---|---|---|---|---|\n",
           key_counts[1]);
    print_row("plain Welford", sizeof(struct welford), &plain, &plain);
    for (size_t i = 0; i < MR_METHOD_COUNT; i++) {
        const struct mr_tuning tuning = mr_tuning_of(mr_methods[i], MR_MEDIUM);

        if (costs[i].ns[0] > 0.0) {
            print_row(mr_methods[i]->name, mr_judge_state_size(mr_methods[i], &tuning), &costs[i],
                      &plain);
            wanted++;
        }
    }
    printf("bench_detect keys=%u records=%d runs=%d methods=%zu alarms=%zu plain_hot_ns=%.1f "
           "plain_cold_ns=%.1f\n",
           key_counts[1], RECORDS, RUNS, wanted, alarms, plain.ns[0], plain.ns[1]);
    free(stream.values);
    free(stream.keys);
    return 0;
}
