/* Goal: a model scores to the bits of libxgboost, or is refused by name.
 * Method: libxgboost trains models of many shapes from seeds, writes them in both forms and
 * predicts; every margin and prediction of ours is compared bit by bit, row by row and in batches.
 * Refusals: models that it trains beyond our bounds, and files that are cut, bent or lie. */
#include "processors/score/model.h"
#include "tests/processors/score/oracle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROWS 3000
#define ROOM ((size_t)64 << 20)

struct shape {
    const char *label;
    size_t features;
    unsigned missing_every;
    int rounds;
    struct oracle_setting settings[8];
};

static const struct shape shapes[] = {
    {"a stump", 1, 0, 1, {{"max_depth", "1"}}},
    {"the usual", 20, 20, 60, {{"objective", "binary:logistic"}}},
    {"mostly missing", 12, 2, 40, {{"objective", "binary:logistic"}}},
    {"deep", 6, 10, 20, {{"objective", "reg:logistic"}, {"max_depth", "14"}}},
    {"lossguide: unbalanced",
     8,
     10,
     25,
     {{"tree_method", "hist"},
      {"grow_policy", "lossguide"},
      {"max_depth", "0"},
      {"max_leaves", "40"}}},
    {"exact and pruned", 5, 8, 30, {{"tree_method", "exact"}, {"gamma", "2"}}},
    {"regression", 10, 10, 50, {{"objective", "reg:squarederror"}}},
    {"regression with a base", 10, 10, 9, {{"base_score", "17.3"}}},
    {"a base of many digits",
     4,
     0,
     7,
     {{"objective", "binary:logistic"}, {"base_score", "0.123456789"}}},
    {"absolute error", 4, 0, 12, {{"objective", "reg:absoluteerror"}}},
    {"raw logits", 4, 0, 12, {{"objective", "binary:logitraw"}, {"base_score", "0.3"}}},
    {"counts", 6, 10, 30, {{"objective", "count:poisson"}, {"base_score", "0.7"}}},
    {"tweedie", 6, 10, 30, {{"objective", "reg:tweedie"}}},
    {"random forest",
     9,
     10,
     4,
     {{"num_parallel_tree", "7"},
      {"subsample", "0.6"},
      {"colsample_bynode", "0.5"},
      {"objective", "binary:logistic"}}},
    {"no trees at all", 3, 0, 0, {{"objective", "binary:logistic"}}},
};

/* Ours, of the same rows: cut into batches of `cut` rows. */
static void score(struct mr_span file, const struct oracle_table *table, size_t cut, float *margins,
                  float *predictions)
{
    struct mr_arena *arena = mr_arena_new(ROOM), *scratch = mr_arena_new(ROOM);
    struct mr_error err = {0};
    struct mr_model model;
    float *room;

    assert_non_null(arena);
    assert_non_null(scratch);
    if (mr_model_open(file, arena, scratch, &model, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(0, mr_arena_used(scratch));
    assert_int_equal(table->features, model.feature_count);
    room = calloc(mr_forest_scratch(model.forest), sizeof(*room));
    assert_non_null(room);
    for (size_t at = 0; at < table->rows; at += cut) {
        const size_t count = table->rows - at < cut ? table->rows - at : cut;

        mr_model_margins(&model, table->cells + at * table->features, count, room, margins + at);
    }
    for (size_t i = 0; i < table->rows; i++) {
        predictions[i] = mr_model_prediction(&model, margins[i]);
    }
    free(room);
    mr_arena_free(arena);
    mr_arena_free(scratch);
}

static size_t differing(const float *a, const float *b, size_t count)
{
    size_t differences = 0;

    for (size_t i = 0; i < count; i++) {
        differences += memcmp(&a[i], &b[i], sizeof(float)) != 0;
    }
    return differences;
}

static void compare(BoosterHandle booster, const struct oracle_table *table)
{
    static const char *const formats[] = {"json", "ubj"};
    static const size_t cuts[] = {1, 7, 8, 50, ROWS};
    float *wanted = calloc(4 * table->rows, sizeof(float)), *margins = wanted + 2 * table->rows;

    assert_non_null(wanted);
    oracle_predict(booster, table, 1, wanted);
    oracle_predict(booster, table, 0, wanted + table->rows);
    for (size_t i = 0; i < MR_COUNT(formats); i++) {
        const struct mr_span file = oracle_save(booster, formats[i]);

        for (size_t k = 0; k < MR_COUNT(cuts); k++) {
            score(file, table, cuts[k], margins, margins + table->rows);
            assert_int_equal(0, differing(wanted, margins, 2 * table->rows));
        }
        free((void *)(uintptr_t)file.data);
    }
    free(wanted);
}

static void every_margin_has_the_bits_of_libxgboost(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(shapes); i++) {
        const struct shape *shape = &shapes[i];
        struct oracle_table train =
            oracle_table_new(1500, shape->features, shape->missing_every, 1000 + i);
        struct oracle_table rows =
            oracle_table_new(ROWS, shape->features, shape->missing_every, 2000 + i);
        BoosterHandle booster = oracle_train(&train, shape->settings, shape->rounds, NULL);

        print_message("  %s\n", shape->label);
        compare(booster, &rows);
        ORACLE_MUST(XGBoosterFree(booster));
        oracle_table_free(&train);
        oracle_table_free(&rows);
    }
}

/* The file is loaded by libxgboost itself, since only then does it read the text. */
static void a_base_score_is_read_as_libxgboost_reads_it(void **state)
{
    struct oracle_table table = oracle_table_new(50, 2, 0, 5);
    uint64_t seed = 77;

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        const bool is_logistic = i % 2 == 0;
        const struct oracle_setting settings[] = {
            {"objective", is_logistic ? "binary:logistic" : "reg:squarederror"},
            {"max_depth", "1"},
            {NULL, NULL}};
        BoosterHandle booster = oracle_train(&table, settings, 1, NULL), loaded;
        char text[32];
        struct mr_span file;

        (void)snprintf(text, sizeof(text), "%.*g", 1 + (int)(i % 12),
                       is_logistic ? 0.05 + 0.85 * oracle_uniform(&seed)
                                   : ldexp(oracle_uniform(&seed) - 0.5, (int)(i % 40)));
        ORACLE_MUST(XGBoosterSetParam(booster, "base_score", text));
        file = oracle_save(booster, "json");
        ORACLE_MUST(XGBoosterCreate(NULL, 0, &loaded));
        ORACLE_MUST(XGBoosterSetParam(loaded, "nthread", "1"));
        ORACLE_MUST(XGBoosterLoadModelFromBuffer(loaded, file.data, file.size));
        compare(loaded, &table);
        free((void *)(uintptr_t)file.data);
        ORACLE_MUST(XGBoosterFree(booster));
        ORACLE_MUST(XGBoosterFree(loaded));
    }
    oracle_table_free(&table);
}

/* Opens bytes in a copy of their exact size, so that ASan sees a read past their end. */
static enum mr_code try_bytes(struct mr_span bytes, struct mr_error *err)
{
    struct mr_arena *arena = mr_arena_new(ROOM), *scratch = mr_arena_new(ROOM);
    uint8_t *copy = malloc(bytes.size + (bytes.size == 0));
    struct mr_model model;
    enum mr_code code;

    assert_true(arena != NULL && scratch != NULL && copy != NULL);
    memcpy(copy, bytes.data, bytes.size);
    *err = (struct mr_error){0};
    code = mr_model_open((struct mr_span){copy, bytes.size}, arena, scratch, &model, err);
    assert_true((code == MR_OK) == (err->text[0] == '\0'));
    free(copy);
    mr_arena_free(arena);
    mr_arena_free(scratch);
    return code;
}

static void what_is_not_supported_is_refused_by_name(void **state)
{
    static const struct {
        const char *words;
        struct oracle_setting settings[4];
    } rows[] = {
        {"booster dart is not supported", {{"booster", "dart"}}},
        {"booster gblinear is not supported", {{"booster", "gblinear"}}},
        {"multi-class", {{"objective", "multi:softprob"}, {"num_class", "3"}}},
        {"objective rank:pairwise is not supported", {{"objective", "rank:pairwise"}}},
        {"objective binary:hinge is not supported", {{"objective", "binary:hinge"}}},
    };
    static const char *const formats[] = {"json", "ubj"};
    struct oracle_table table = oracle_table_new(100, 3, 0, 9);

    (void)state;
    for (size_t i = 0; i < 2 * MR_COUNT(rows); i++) {
        BoosterHandle booster = oracle_train(&table, rows[i / 2].settings, 2, NULL);
        struct mr_span file = oracle_save(booster, formats[i % 2]);
        struct mr_error err;

        assert_int_equal(MR_BAD_CONFIG, try_bytes(file, &err));
        if (strstr(err.text, rows[i / 2].words) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i / 2].words);
        }
        free((void *)(uintptr_t)file.data);
        ORACLE_MUST(XGBoosterFree(booster));
    }
    oracle_table_free(&table);
}

#define MODEL(version, name, params, objective, trees) \
    "{\"learner\": {\"feature_names\": [\"a\", \"\\u05d7\\\"b\"], \"gradient_booster\": {" \
    "\"model\": {\"tree_info\": [0], \"trees\": [" trees "]}, \"name\": \"" name "\"}," \
    "\"learner_model_param\": {" params "}, \"objective\": {\"name\": \"" objective "\"}}," \
    "\"version\": [" version ", 7, 4]}"
#define PARAMS "\"base_score\": \"5E-1\", \"num_class\": \"0\", \"num_feature\": \"2\""
#define TREE(left, right, indices, conditions, more) \
    "{\"left_children\": [" left "], \"right_children\": [" right \
    "], \"split_indices\": [" indices "], \"split_conditions\": [" conditions \
    "], \"default_left\": [0, true, false]" more "}"
#define GOOD TREE("1, -1, -1", "2, -1, -1", "1, 0, 0", "0.5, -1E0, 1", "")
#define OF(tree) MODEL("1", "gbtree", PARAMS, "binary:logistic", tree)

/* words NULL: the model is fine. */
static const struct {
    const char *label, *words, *json;
} files[] = {
    {"good", NULL, OF(GOOD)},
    {"base score of XGBoost 3", NULL,
     MODEL("3", "gbtree", "\"base_score\": \"[5E-1]\", \"num_feature\": \"2\"", "reg:squarederror",
           GOOD)},
    {"empty", "neither JSON nor UBJSON", ""},
    {"a number", "neither JSON nor UBJSON", "7"},
    {"binary of old", "neither JSON nor UBJSON", "binf\1\2\3"},
    {"unclosed", "neither JSON nor UBJSON", "{\"learner\": {"},
    {"crossed brackets", "neither JSON nor UBJSON", "{\"learner\": {]"},
    {"another JSON", "it has no learner", "{\"version\": [1, 7, 4]}"},
    {"learner is a list", "damaged in learner", "{\"learner\": [], \"version\": [1, 7, 4]}"},
    {"from the future", "written by XGBoost 4",
     MODEL("4", "gbtree", PARAMS, "binary:logistic", GOOD)},
    {"of no version", "it has no version", MODEL("null", "gbtree", PARAMS, "reg:gamma", GOOD)},
    {"two targets", "several targets",
     MODEL("2", "gbtree", PARAMS ", \"num_target\": \"2\"", "reg:squarederror", GOOD)},
    {"vectors as leaves", "vectors as leaves",
     OF(TREE("1, -1, -1", "2, -1, -1", "1, 0, 0", "0.5, 1, 1",
             ", \"tree_param\": {\"size_leaf_vector\": \"2\"}"))},
    {"categories", "categorical splits",
     OF(TREE("1, -1, -1", "2, -1, -1", "1, 0, 0", "0.5, 1, 1", ", \"split_type\": [1, 0, 0]"))},
    {"base score 0", "base_score 0 is not one of",
     MODEL("1", "gbtree", "\"base_score\": \"0\", \"num_feature\": \"2\"", "binary:logistic",
           GOOD)},
    {"base score is no number", "base_score x is not one of",
     MODEL("1", "gbtree", "\"base_score\": \"x\", \"num_feature\": \"2\"", "binary:logistic",
           GOOD)},
    {"two base scores", "base_score [1,2] is not one of",
     MODEL("3", "gbtree", "\"base_score\": \"[1,2]\", \"num_feature\": \"2\"", "reg:gamma", GOOD)},
    {"too many features", "num_feature is not",
     MODEL("1", "gbtree", "\"base_score\": \"1\", \"num_feature\": \"99999999\"", "reg:gamma", "")},
    {"a name that is no text", "a name of a feature is no text",
     "{\"learner\": {\"feature_names\": [\"\\u00\x11g\"], \"gradient_booster\": {\"model\": {}, "
     "\"name\": \"gbtree\"}, \"learner_model_param\": {" PARAMS "}, \"objective\": {\"name\": "
     "\"reg:gamma\"}}, \"version\": [2]}"},
    {"names for other features", "has 2 names for 3 features",
     MODEL("1", "gbtree", "\"base_score\": \"1\", \"num_feature\": \"3\"", "reg:gamma", GOOD)},
    {"its own child", "has a parent already",
     OF(TREE("0, -1, -1", "2, -1, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"a cycle", "has a parent already",
     OF(TREE("1, 0, -1", "2, 2, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"twins", "has a parent already",
     OF(TREE("1, -1, -1", "1, -1, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"a child beyond the end", "out of range",
     OF(TREE("1, -1, -1", "3, -1, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"half a split", "out of range",
     OF(TREE("1, -1, -1", "-1, -1, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"a feature beyond the end", "feature that there is not",
     OF(TREE("1, -1, -1", "2, -1, -1", "2, 0, 0", "0.5, 1, 1", ""))},
    {"a feature below 0", "feature that there is not",
     OF(TREE("1, -1, -1", "2, -1, -1", "-1, 0, 0", "0.5, 1, 1", ""))},
    {"arrays of different sizes", "arrays differ",
     OF(TREE("1, -1, -1", "2, -1", "1, 0, 0", "0.5, 1, 1", ""))},
    {"infinite", "arrays differ", OF(TREE("1, -1, -1", "2, -1, -1", "1, 0, 0", "1E99, 1, 1", ""))},
    {"not a number", "arrays differ",
     OF(TREE("1, -1, -1", "2, -1, -1", "1, 0, 0", "NaN, 1, 1", ""))},
    {"no nodes", "no nodes",
     OF("{\"left_children\": [], \"right_children\": [], \"split_indices\": [], "
        "\"split_conditions\": [], \"default_left\": []}")},
};

static void a_file_that_is_bent_is_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(files); i++) {
        struct mr_error err;
        const enum mr_code code = try_bytes(mr_span_text(files[i].json), &err);

        print_message("  %s\n", files[i].label);
        if (files[i].words == NULL) {
            assert_string_equal("", err.text);
            continue;
        }
        assert_int_equal(MR_BAD_CONFIG, code);
        if (strstr(err.text, files[i].words) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, files[i].words);
        }
    }
}

/* A claim of 2^60 items, of a kind with and without bytes, where the trees should be. */
static void a_count_without_bytes_behind_it_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{L\0\0\0\0\0\0\0\7learner[#L\x10\0\0\0\0\0\0\0}",
        "{L\0\0\0\0\0\0\0\7learner[$d#L\x10\0\0\0\0\0\0\0}",
        "{L\0\0\0\0\0\0\0\7learner[$Z#L\x10\0\0\0\0\0\0\0}",
        "{L\xff\0\0\0\0\0\0\7learner[$U#L\0\0\0\0\0\0\0\0}",
    };
    static const size_t sizes[] = {29, 31, 31, 31};

    (void)state;
    for (size_t i = 0; i < MR_COUNT(bodies); i++) {
        struct mr_error err;

        assert_int_equal(MR_BAD_CONFIG,
                         try_bytes((struct mr_span){(const uint8_t *)bodies[i], sizes[i]}, &err));
        assert_string_equal("is neither JSON nor UBJSON, or cut off", err.text);
    }
}

static void a_file_that_is_cut_anywhere_is_refused(void **state)
{
    static const char *const formats[] = {"json", "ubj"};
    const struct oracle_setting settings[] = {{"max_depth", "2"}, {NULL, NULL}};
    struct oracle_table table = oracle_table_new(100, 3, 0, 9);
    BoosterHandle booster = oracle_train(&table, settings, 2, NULL);

    (void)state;
    for (size_t i = 0; i < MR_COUNT(formats); i++) {
        const struct mr_span file = oracle_save(booster, formats[i]);
        struct mr_error err;

        assert_int_equal(MR_OK, try_bytes(file, &err));
        for (size_t size = 0; size < file.size; size++) {
            assert_int_equal(MR_BAD_CONFIG, try_bytes((struct mr_span){file.data, size}, &err));
        }
        free((void *)(uintptr_t)file.data);
    }
    ORACLE_MUST(XGBoosterFree(booster));
    oracle_table_free(&table);
}

static void names_of_features_are_read_with_their_escapes(void **state)
{
    struct mr_arena *arena = mr_arena_new(ROOM), *scratch = mr_arena_new(ROOM);
    struct mr_error err = {0};
    struct mr_model model;

    (void)state;
    assert_int_equal(MR_OK,
                     mr_model_open(mr_span_text(files[0].json), arena, scratch, &model, &err));
    assert_string_equal("a", model.names[0]);
    assert_string_equal("\xd7\x97\"b", model.names[1]);
    mr_arena_free(arena);
    mr_arena_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_margin_has_the_bits_of_libxgboost),
        cmocka_unit_test(a_base_score_is_read_as_libxgboost_reads_it),
        cmocka_unit_test(what_is_not_supported_is_refused_by_name),
        cmocka_unit_test(a_file_that_is_bent_is_refused_with_the_reason),
        cmocka_unit_test(a_count_without_bytes_behind_it_is_refused),
        cmocka_unit_test(a_file_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(names_of_features_are_read_with_their_escapes),
    };

    return cmocka_run_group_tests_name("score model", tests, NULL, NULL);
}
