/* oracle.h - models that libxgboost trains, writes and scores, for tests and benchmarks of ours.
 *
 * Everything follows from a seed. Failing calls end the program.
 */
#ifndef MR_TESTS_PROCESSORS_SCORE_ORACLE_H
#define MR_TESTS_PROCESSORS_SCORE_ORACLE_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xgboost/c_api.h>

#define ORACLE_MUST(call) \
    do { \
        if ((call) != 0) { \
            oracle_die(#call, XGBGetLastError()); \
        } \
    } while (0)

/* A table of random numbers, with a label that depends on some of them. */
struct oracle_table {
    size_t rows, features;
    float *cells;  /* owned; rows * features, NaN: missing */
    float *labels; /* owned */
};

struct oracle_setting {
    const char *name, *value;
};

static inline _Noreturn void oracle_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "oracle: %s: %s\n", what, why);
    exit(1);
}

/* splitmix64 */
static inline uint64_t oracle_random(uint64_t *state)
{
    uint64_t bits = *state += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static inline double oracle_uniform(uint64_t *state)
{
    return (double)(oracle_random(state) >> 11) * 0x1p-53;
}

/* About one cell in missing_every is NaN (0: none); one in eight is a whole number, so that
 * thresholds are met exactly. Labels are 0 or 1. */
static inline struct oracle_table oracle_table_new(size_t rows, size_t features,
                                                   unsigned missing_every, uint64_t seed)
{
    struct oracle_table table = {rows, features, calloc(rows * features, sizeof(float)),
                                 calloc(rows, sizeof(float))};

    if (table.cells == NULL || table.labels == NULL) {
        oracle_die("table", "no memory");
    }
    for (size_t i = 0; i < rows * features; i++) {
        const uint64_t dice = oracle_random(&seed);
        const double x = 8 * oracle_uniform(&seed) - 4;

        table.cells[i] = (float)(dice % 8 == 0 ? floor(x) : x);
        if (missing_every > 0 && (dice >> 8) % missing_every == 0) {
            table.cells[i] = NAN;
        }
    }
    for (size_t i = 0; i < rows; i++) {
        const float *row = table.cells + i * features;
        double sum = 0;

        for (size_t f = 0; f < features && f < 5; f++) {
            sum += isnan(row[f]) ? 0.5 : sin((double)(f + 1) * (double)row[f]);
        }
        table.labels[i] = sum + oracle_uniform(&seed) > 0.5F;
    }
    return table;
}

static inline void oracle_table_free(struct oracle_table *table)
{
    free(table->cells);
    free(table->labels);
}

static inline DMatrixHandle oracle_matrix(const struct oracle_table *table)
{
    DMatrixHandle matrix;

    ORACLE_MUST(XGDMatrixCreateFromMat(table->cells, table->rows, table->features, NAN, &matrix));
    ORACLE_MUST(XGDMatrixSetFloatInfo(matrix, "label", table->labels, table->rows));
    return matrix;
}

/* settings end with a NULL name. names: one per feature, or NULL. */
static inline BoosterHandle oracle_train(const struct oracle_table *table,
                                         const struct oracle_setting *settings, int rounds,
                                         const char **names)
{
    DMatrixHandle matrix = oracle_matrix(table);
    bst_ulong feature_count;
    BoosterHandle booster;

    ORACLE_MUST(XGBoosterCreate(&matrix, 1, &booster));
    ORACLE_MUST(XGBoosterSetParam(booster, "nthread", "1"));
    ORACLE_MUST(XGBoosterSetParam(booster, "verbosity", "0"));
    for (; settings->name != NULL; settings++) {
        ORACLE_MUST(XGBoosterSetParam(booster, settings->name, settings->value));
    }
    for (int i = 0; i < rounds; i++) {
        ORACLE_MUST(XGBoosterUpdateOneIter(booster, i, matrix));
    }
    /* Configures it while the matrix is there, also when there were no rounds. */
    ORACLE_MUST(XGBoosterGetNumFeature(booster, &feature_count));
    if (names != NULL) {
        ORACLE_MUST(XGBoosterSetStrFeatureInfo(booster, "feature_name", names, table->features));
    }
    ORACLE_MUST(XGDMatrixFree(matrix));
    return booster;
}

/* A copy of the model's file; format "json" or "ubj". Owned: free(data). */
static inline struct mr_span oracle_save(BoosterHandle booster, const char *format)
{
    char config[64];
    bst_ulong size;
    const char *bytes;
    uint8_t *copy;

    (void)snprintf(config, sizeof(config), "{\"format\": \"%s\"}", format);
    ORACLE_MUST(XGBoosterSaveModelToBuffer(booster, config, &size, &bytes));
    copy = malloc(size + 1);
    if (copy == NULL) {
        oracle_die("save", "no memory");
    }
    memcpy(copy, bytes, size);
    return (struct mr_span){copy, size};
}

/* type 0: predictions, 1: margins. out has room for the table's rows. */
static inline void oracle_predict(BoosterHandle booster, const struct oracle_table *table, int type,
                                  float *out)
{
    DMatrixHandle matrix = oracle_matrix(table);
    char config[128];
    const bst_ulong *shape;
    bst_ulong dimensions;
    const float *result;

    (void)snprintf(config, sizeof(config),
                   "{\"type\": %d, \"training\": false, \"iteration_begin\": 0, "
                   "\"iteration_end\": 0, \"strict_shape\": false}",
                   type);
    ORACLE_MUST(XGBoosterPredictFromDMatrix(booster, matrix, config, &shape, &dimensions, &result));
    memcpy(out, result, table->rows * sizeof(float));
    ORACLE_MUST(XGDMatrixFree(matrix));
}

#endif
