/* bench_detect_store: what it is worth to fetch the states of a block of keys before they are
 * judged.
 *
 * As detect does it: a store of keys, records of them in random order, blocks of 16 whose keys
 * are asked for first. Once straight through, once with hints. CPU time, the median of five runs.
 * Usage: bench_detect_store [KEYS]
 */
#include "processors/core/base/error.h"
#include "processors/core/stage/store.h"
#include "processors/detect/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RECORDS 1000000
#define RUNS 5
#define BLOCK 16

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct run {
    const struct mr_method *method;
    struct mr_tuning tuning;
    struct mr_store *store;
    uint64_t key_count;
    uint64_t random;
    size_t alarms; /* so that nothing is optimised away */
};

static struct mr_span span_of(const uint64_t *key)
{
    return (struct mr_span){(const uint8_t *)key, sizeof(*key)};
}

static void judge_block(struct run *run, bool has_hints, int64_t time_ms)
{
    uint64_t keys[BLOCK], hints[BLOCK];

    for (int i = 0; i < BLOCK; i++) {
        keys[i] = next_random(&run->random) % run->key_count;
        if (has_hints) {
            hints[i] = mr_store_hint(run->store, 0, span_of(&keys[i]));
        }
    }
    for (int i = 0; has_hints && i < BLOCK; i++) {
        mr_store_fetch(run->store, 0, hints[i]);
    }
    for (int i = 0; i < BLOCK; i++) {
        const struct mr_observation value = {
            100.0 + (double)(next_random(&run->random) >> 11) * 0x1p-53, true, time_ms, 0};
        void *state = mr_store_at(run->store, 0, span_of(&keys[i]), time_ms);
        struct mr_judgement judgement;

        MR_ASSERT(state != NULL);
        mr_judge(run->method, &run->tuning, state, &value, &judgement);
        run->alarms += judgement.is_anomaly;
    }
}

static double measure(struct run *run, bool has_hints)
{
    double times[RUNS];

    for (int i = 0; i < RUNS; i++) {
        const clock_t start = clock();

        for (int64_t k = 0; k < RECORDS / BLOCK; k++) {
            judge_block(run, has_hints, (i * RECORDS / BLOCK + k) * 60000);
        }
        times[i] = (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / RECORDS;
    }
    qsort(times, RUNS, sizeof(*times), by_value);
    return times[RUNS / 2];
}

static void run_method(enum mr_method_index index, uint64_t key_count, size_t *alarms)
{
    struct run run = {.method = mr_methods[index],
                      .tuning = mr_tuning_of(mr_methods[index], MR_MEDIUM),
                      .key_count = key_count,
                      .random = 1};
    const struct mr_store_spec spec = {.name = "bench",
                                       .state_size =
                                           (uint32_t)mr_judge_state_size(run.method, &run.tuning),
                                       .version = 1,
                                       .keys_max = 100000000};
    double plain, hinted;

    run.store = mr_store_new(&spec);
    MR_ASSERT(run.store != NULL);
    for (uint64_t key = 0; key < key_count; key++) {
        MR_ASSERT(mr_store_at(run.store, 0, span_of(&key), 0) != NULL);
    }
    plain = measure(&run, false);
    hinted = measure(&run, true);
    printf("| %s | %u | %.0f | %.0f |\n", run.method->name, spec.state_size, plain, hinted);
    mr_store_free(run.store);
    *alarms += run.alarms;
}

int main(int count, char **arguments)
{
    const uint64_t key_count = count > 1 ? strtoul(arguments[1], NULL, 10) : 1000000;
    size_t alarms = 0;

    printf("| method | bytes per key | ns straight | ns with hints |\n|---|---|---|---|\n");
    run_method(MR_METHOD_rcre, key_count, &alarms);
    run_method(MR_METHOD_robust_z, key_count, &alarms);
    run_method(MR_METHOD_zscore, key_count, &alarms);
    printf("bench_detect_store keys=%lu records=%d runs=%d alarms=%zu\n", (unsigned long)key_count,
           RECORDS, RUNS, alarms);
    return 0;
}
