/* bench_false_alarms: how often a method cries over nothing.
 *
 * Series without a fault, each of 20,000 records five minutes apart from an empty state, fifty of
 * each kind: a million records. What is printed is alarms per 100,000 records, at each sensitivity,
 * the warm-up and the refractory time included, as a user has them. Usage: bench_false_alarms
 * [METHOD ...]
 */
#include "processors/core/base/error.h"
#include "processors/detect/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 20000
#define SERIES 50
#define FIVE_MINUTES 300000
#define PER_DAY 288
#define TURN 6.283185307179586

struct source {
    uint64_t random;
    double level; /* of the walk and of AR */
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* In (0, 1]. */
static double uniform(struct source *source)
{
    return ((double)(next_random(&source->random) >> 11) + 1.0) * 0x1p-53;
}

static double gaussian(struct source *source)
{
    const double radius = sqrt(-2.0 * log(uniform(source)));

    return radius * cos(TURN * uniform(source));
}

static double normal(struct source *source, size_t i)
{
    (void)i;
    return 100.0 + 10.0 * gaussian(source);
}

static double lognormal(struct source *source, size_t i)
{
    (void)i;
    return exp(gaussian(source));
}

static double autoregressive(struct source *source, size_t i)
{
    (void)i;
    source->level = 0.9 * source->level + gaussian(source);
    return 100.0 + source->level;
}

/* Student's t with three degrees of freedom: heavy tails. */
static double heavy(struct source *source, size_t i)
{
    double squares = 0.0;

    (void)i;
    for (int k = 0; k < 3; k++) {
        const double x = gaussian(source);

        squares += x * x;
    }
    return 100.0 + gaussian(source) / sqrt(squares / 3.0);
}

static double walk(struct source *source, size_t i)
{
    (void)i;
    source->level += gaussian(source);
    return 1000.0 + source->level;
}

static double daily(struct source *source, size_t i)
{
    return 100.0 + 30.0 * sin(TURN * (double)(i % PER_DAY) / PER_DAY) + 3.0 * gaussian(source);
}

static double counts(struct source *source, size_t i)
{
    const double limit = exp(-4.0);
    double product = 1.0;
    double count = -1.0;

    (void)i;
    do {
        product *= uniform(source);
        count += 1.0;
    } while (product > limit);
    return count;
}

static const struct {
    const char *name;
    double (*next)(struct source *source, size_t index);
} kinds[] = {{"Gaussian", normal}, {"lognormal", lognormal}, {"AR(.9)", autoregressive},
             {"t3", heavy},        {"random walk", walk},    {"daily sine", daily},
             {"Poisson 4", counts}};

static size_t alarms_of(const struct mr_method *method, const struct mr_tuning *tuning, size_t kind,
                        void *state)
{
    size_t alarms = 0;

    for (uint64_t series = 0; series < SERIES; series++) {
        struct source source = {.random = 1000 * kind + series};

        memset(state, 0, mr_judge_state_size(method, tuning));
        for (size_t i = 0; i < RECORDS; i++) {
            const struct mr_observation seen = {.value = kinds[kind].next(&source, i),
                                                .has_value = true,
                                                .time_ms = (int64_t)i * FIVE_MINUTES};
            struct mr_judgement judgement;

            mr_judge(method, tuning, state, &seen, &judgement);
            alarms += judgement.is_anomaly;
        }
    }
    return alarms;
}

static size_t print_row(const struct mr_method *method, enum mr_sensitivity sensitivity,
                        const char *name)
{
    const struct mr_tuning tuning = mr_tuning_of(method, sensitivity);
    void *state = malloc(mr_judge_state_size(method, &tuning));
    size_t all = 0;

    MR_ASSERT(state != NULL);
    printf("| `%s` | %s %g |", method->name, name, tuning.threshold);
    for (size_t kind = 0; kind < MR_COUNT(kinds); kind++) {
        const size_t alarms = alarms_of(method, &tuning, kind, state);

        printf(" %.0f |", (double)alarms * 100000.0 / (RECORDS * SERIES));
        all += alarms;
    }
    printf("\n");
    free(state);
    return all;
}

static bool is_wanted(const char *name, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(name, arguments[i]) == 0) {
            return true;
        }
    }
    return count < 2;
}

int main(int count, char **arguments)
{
    static const struct {
        enum mr_sensitivity sensitivity;
        const char *name;
    } rows[] = {{MR_HIGH, "high"}, {MR_MEDIUM, "medium"}, {MR_LOW, "low"}};
    size_t methods = 0, alarms = 0;

    printf("| method | sensitivity |");
    for (size_t kind = 0; kind < MR_COUNT(kinds); kind++) {
        printf(" %s |", kinds[kind].name);
    }
    printf("\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < MR_METHOD_COUNT; i++) {
        if (is_wanted(mr_methods[i]->name, count, arguments)) {
            methods++;
            for (size_t k = 0; k < MR_COUNT(rows); k++) {
                alarms += print_row(mr_methods[i], rows[k].sensitivity, rows[k].name);
            }
        }
    }
    printf("bench_false_alarms methods=%zu records=%d series=%d alarms=%zu\n", methods, RECORDS,
           SERIES, alarms);
    return 0;
}
