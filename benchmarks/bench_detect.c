/* bench_detect: what a record costs each method, and what a key.
 *
 * Two runs per method: one key (hot), and many keys in random order, each state on
 * lines of its own, so that memory and not arithmetic decides. Gaussian-like values
 * with a daily cycle, one per minute of event time. `relative` compares with a plain Welford
 * z-score without a judge around it (= 1.0, hot). Five runs, the median. Usage: bench_detect [KEYS]
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

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

/* CPU time, not wall time: other programs may run beside. */
static double ns_per_record(clock_t ticks)
{
    return (double)ticks * 1e9 / CLOCKS_PER_SEC / RECORDS;
}

/* What the others are compared with. The alarms are counted so that nothing is optimised away. */
static double welford(const struct stream *stream, size_t *alarms)
{
    double times[RUNS];

    for (int run = 0; run < RUNS; run++) {
        const clock_t start = clock();
        double mean = 0.0, squares = 0.0;

        for (size_t i = 0; i < RECORDS; i++) {
            const double away = stream->values[i] - mean;

            *alarms += i > 1 && fabs(away) > 4.0 * sqrt(squares / ((double)i - 1.0));
            mean += away / ((double)i + 1.0);
            squares += away * (stream->values[i] - mean);
        }
        times[run] = ns_per_record(clock() - start);
    }
    return median(times, RUNS);
}

static double run_once(const struct mr_method *method, const struct mr_tuning *tuning,
                       const struct stream *stream, uint32_t key_count, size_t *alarms)
{
    const size_t size = (mr_judge_state_size(method, tuning) + 63) / 64 * 64;
    uint8_t *states = calloc(key_count, size);
    struct mr_judgement judgement;
    clock_t start;

    MR_ASSERT(states != NULL);
    memset(states, 0, key_count * size); /* the pages are there before the clock starts */
    start = clock();
    for (size_t i = 0; i < RECORDS; i++) {
        mr_judge(method, tuning, states + size * (stream->keys[i] % key_count),
                 &(struct mr_observation){stream->values[i], true, (int64_t)i * MINUTE, 0},
                 &judgement);
        *alarms += judgement.is_anomaly;
    }
    start = clock() - start;
    free(states);
    return ns_per_record(start);
}

static double measure(const struct mr_method *method, const struct stream *stream,
                      uint32_t key_count, size_t *alarms)
{
    const struct mr_tuning tuning = mr_tuning_of(method, MR_MEDIUM);
    double times[RUNS];

    for (int run = 0; run < RUNS; run++) {
        times[run] = run_once(method, &tuning, stream, key_count, alarms);
    }
    return median(times, RUNS);
}

int main(int count, char **arguments)
{
    const uint32_t key_count = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 100000;
    const struct stream stream = stream_new(key_count > 0 ? key_count : 1);
    size_t alarms = 0;
    const double plain = welford(&stream, &alarms);

    printf("| method | bytes per key | ns hot | relative | ns, %u keys at random |\n", key_count);
    printf("|---|---|---|---|---|\n| plain Welford | 16 | %.0f | 1.0 | |\n", plain);
    for (size_t i = 0; i < MR_METHOD_COUNT; i++) {
        const struct mr_method *method = mr_methods[i];
        const struct mr_tuning tuning = mr_tuning_of(method, MR_MEDIUM);
        const double hot = measure(method, &stream, 1, &alarms);
        const double cold = measure(method, &stream, key_count, &alarms);

        printf("| %s | %zu | %.0f | %.1f | %.0f |\n", method->name,
               mr_judge_state_size(method, &tuning), hot, hot / plain, cold);
    }
    printf("bench_detect keys=%u records=%d runs=%d alarms=%zu\n", key_count, RECORDS, RUNS,
           alarms);
    free(stream.values);
    free(stream.keys);
    return 0;
}
