/* How fast our evaluator is beside libxgboost: the same model, the same rows, one thread, in one
 * run, in turn.
 *
 * binary:logistic, 100 trees of depth 6 over 20 features of which one in twenty is missing. A row
 * alone is what a stream at rest sends; a batch of 1,024 is a stream under load. libxgboost's part
 * is its quickest call, XGBoosterPredictFromDense, margins on both sides. The median of the rounds
 * is taken, in CPU time, since the machine is shared. Every margin is compared: a difference ends
 * the run. The last line is for scripts. */
#include "processors/score/model.h"
#include "tests/processors/score/oracle.h"

#include <time.h>

#define ROWS 16384
#define BATCH 1024
#define FEATURES 20
#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX 99
#define ROOM ((size_t)64 << 20)

struct bench {
    struct oracle_table rows;
    BoosterHandle booster;
    DMatrixHandle proxy;
    struct mr_arena *arena, *scratch;
    struct mr_model model;
    float *room, *margins, *wanted;
};

static void open_bench(struct bench *bench)
{
    static const struct oracle_setting settings[] = {
        {"objective", "binary:logistic"}, {"max_depth", "6"}, {NULL, NULL}};
    struct oracle_table train = oracle_table_new(20000, FEATURES, 20, 1);
    struct mr_error err = {0};
    struct mr_span file;

    bench->booster = oracle_train(&train, settings, 100, NULL);
    oracle_table_free(&train);
    bench->rows = oracle_table_new(ROWS, FEATURES, 20, 2);
    ORACLE_MUST(XGProxyDMatrixCreate(&bench->proxy));
    bench->arena = mr_arena_new(ROOM);
    bench->scratch = mr_arena_new(ROOM);
    bench->margins = calloc(ROWS, sizeof(float));
    bench->wanted = calloc(ROWS, sizeof(float));
    file = oracle_save(bench->booster, "ubj");
    if (mr_model_open(file, bench->arena, bench->scratch, &bench->model, &err) != MR_OK) {
        oracle_die("model", err.text);
    }
    free((void *)(uintptr_t)file.data);
    bench->room = calloc(mr_forest_scratch(bench->model.forest), sizeof(float));
    (void)printf("model: %zu bytes of memory for 100 trees\n", mr_arena_used(bench->arena));
}

static void close_bench(struct bench *bench)
{
    ORACLE_MUST(XGDMatrixFree(bench->proxy));
    ORACLE_MUST(XGBoosterFree(bench->booster));
    oracle_table_free(&bench->rows);
    mr_arena_free(bench->arena);
    mr_arena_free(bench->scratch);
    free(bench->room);
    free(bench->margins);
    free(bench->wanted);
}

static void ours(struct bench *bench, size_t batch, size_t rows)
{
    for (size_t at = 0; at < rows; at += batch) {
        mr_model_margins(&bench->model, bench->rows.cells + at * FEATURES, batch, bench->room,
                         bench->margins + at);
    }
}

static void theirs(struct bench *bench, size_t batch, size_t rows)
{
    static const char config[] = "{\"type\": 1, \"training\": false, \"iteration_begin\": 0, "
                                 "\"iteration_end\": 0, \"missing\": NaN, "
                                 "\"strict_shape\": false, \"cache_id\": 0}";

    for (size_t at = 0; at < rows; at += batch) {
        const bst_ulong *shape;
        bst_ulong dimensions;
        const float *result;
        char array[160];

        (void)snprintf(array, sizeof(array),
                       "{\"data\": [%llu, true], \"shape\": [%zu, %d], \"typestr\": \"<f4\", "
                       "\"version\": 3}",
                       (unsigned long long)(uintptr_t)(bench->rows.cells + at * FEATURES), batch,
                       FEATURES);
        ORACLE_MUST(XGBoosterPredictFromDense(bench->booster, array, config, bench->proxy, &shape,
                                              &dimensions, &result));
        memcpy(bench->wanted + at, result, batch * sizeof(float));
    }
}

static double cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One way to score: who, how many at once, how many in all. */
struct way {
    const char *name;
    void (*score)(struct bench *bench, size_t batch, size_t rows);
    size_t batch, rows;
    double ns[ROUNDS_MAX]; /* a row */
};

static double median(struct way *way, size_t rounds)
{
    qsort(way->ns, rounds, sizeof(way->ns[0]), compare);
    (void)printf("%-22s batch %5zu: median %8.0f ns a row (best %.0f, worst %.0f)\n", way->name,
                 way->batch, way->ns[rounds / 2], way->ns[0], way->ns[rounds - 1]);
    return way->ns[rounds / 2];
}

int main(int count, char **arguments)
{
    struct way ways[] = {
        {.name = "ours", .score = ours, .batch = 1, .rows = ROWS},
        {.name = "libxgboost", .score = theirs, .batch = 1, .rows = 2048},
        {.name = "ours", .score = ours, .batch = BATCH, .rows = ROWS},
        {.name = "libxgboost", .score = theirs, .batch = BATCH, .rows = ROWS},
    };
    const long wanted = count > 1 ? strtol(arguments[1], NULL, 10) : ROUNDS_DEFAULT;
    const size_t rounds = wanted > 0 && wanted < ROUNDS_MAX ? (size_t)wanted : ROUNDS_DEFAULT;
    struct bench bench = {0};
    double ns[MR_COUNT(ways)];

    open_bench(&bench);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < MR_COUNT(ways); i++) {
            const double start = cpu_ns();

            ways[i].score(&bench, ways[i].batch, ways[i].rows);
            ways[i].ns[round] = (cpu_ns() - start) / (double)ways[i].rows;
            if (ways[i].score == theirs &&
                memcmp(bench.margins, bench.wanted, ways[i].rows * sizeof(float)) != 0) {
                oracle_die("margins", "differ");
            }
        }
    }
    for (size_t i = 0; i < MR_COUNT(ways); i++) {
        ns[i] = median(&ways[i], rounds);
    }
    (void)printf("bench_score ns_row=%.0f ns_batch=%.0f vs_libxgboost_row=%.1f "
                 "vs_libxgboost_batch=%.1f\n",
                 ns[0], ns[2], ns[1] / ns[0], ns[3] / ns[2]);
    close_bench(&bench);
    return 0;
}
