/* Goal: score stamps what the model makes of a record's features, says so when the fallback had to
 * answer, and refuses at open whatever would make the model see other features than it was taught.
 * Method: pipelines of this one stage on the bench; the model is trained by libxgboost from a seed
 * and written beside the pipeline, and its own prediction of the same row is what the stamp must
 * hold. */
#include "processors/core/base/digest.h"
#include "processors/core/codec/json.h"
#include "processors/score/score.h"
#include "tests/processors/score/oracle.h"
#include "tests/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 200
#define FEATURES 3

static const struct mr_processor_ops *const processors[] = {&mr_score_ops, NULL};
static const char *names[] = {"price", "amount", "count"};

#define FEATURES_YAML \
    "    features: {price: subject.price, amount: subject.amount, count: subject.count}\n"

/* A trained model with its file, and a pipeline that uses it. */
struct setting {
    BoosterHandle booster;
    struct mr_span file; /* owned */
    char path[64];
    char yaml[1024];
};

static void setting_open(struct setting *setting, const char **feature_names, const char *stage)
{
    static const struct oracle_setting settings[] = {
        {"objective", "binary:logistic"}, {"max_depth", "4"}, {NULL, NULL}};
    struct oracle_table table = oracle_table_new(800, FEATURES, 4, 11);
    FILE *stream;
    int file;

    setting->booster = oracle_train(&table, settings, 20, feature_names);
    setting->file = oracle_save(setting->booster, "ubj");
    (void)snprintf(setting->path, sizeof(setting->path), "/tmp/score-XXXXXX");
    file = mkstemp(setting->path);
    assert_true(file >= 0);
    stream = fdopen(file, "w");
    assert_non_null(stream);
    assert_int_equal(setting->file.size, fwrite(setting->file.data, 1, setting->file.size, stream));
    assert_int_equal(0, fclose(stream));
    (void)snprintf(setting->yaml, sizeof(setting->yaml), "- score:\n    model: %s\n%s",
                   setting->path, stage);
    oracle_table_free(&table);
}

static void setting_close(struct setting *setting)
{
    (void)unlink(setting->path);
    free((void *)(uintptr_t)setting->file.data);
    ORACLE_MUST(XGBoosterFree(setting->booster));
}

/* One thing; NaN of amount: null. */
static void feed(struct bench *bench, const float row[FEATURES])
{
    char subject[256], amount[64];

    (void)snprintf(amount, sizeof(amount), "{\"double\": %.17g}", (double)row[1]);
    (void)snprintf(subject, sizeof(subject),
                   "{\"id\": \"x\", \"name\": \"milk\", \"price\": %.17g, \"amount\": %s, "
                   "\"count\": %d, \"tags\": []}",
                   (double)row[0], isnan(row[1]) ? "null" : amount, (int)row[2]);
    bench_feed(bench, subject, 1000);
}

/* Rows whose price is never missing and whose count is whole. */
static struct oracle_table rows_new(void)
{
    struct oracle_table table = oracle_table_new(ROWS, FEATURES, 3, 12);

    for (size_t i = 0; i < ROWS; i++) {
        float *row = table.cells + i * FEATURES;

        row[0] = isnan(row[0]) ? 1.5F : row[0];
        row[2] = isnan(row[2]) ? 2 : floorf(row[2]);
    }
    return table;
}

static void check_stamps(const char *output, int type)
{
    struct oracle_table table = rows_new();
    struct setting setting;
    struct bench bench = {.processors = processors};
    float wanted[ROWS];
    char stage[256];

    (void)snprintf(stage, sizeof(stage), FEATURES_YAML "    output: %s\n", output);
    setting_open(&setting, names, stage);
    oracle_predict(setting.booster, &table, type, wanted);
    bench.stages = setting.yaml;
    bench_open(&bench);
    for (size_t i = 0; i < ROWS; i++) {
        feed(&bench, table.cells + i * FEATURES);
    }
    bench_run(&bench);
    assert_int_equal(ROWS, bench_count(&bench, "score"));
    for (size_t i = 0; i < ROWS; i++) {
        const struct bench_output *scored = bench_output(&bench, "score", i);

        assert_true((double)wanted[i] == bench_real(scored, "scoring.value"));
        assert_false(json_is_true(bench_get(scored, "scoring.is_fallback")));
        assert_string_equal("", bench_text(scored, "scoring.reason"));
    }
    bench_close(&bench);
    setting_close(&setting);
    oracle_table_free(&table);
}

static void the_stamp_holds_the_prediction_of_libxgboost(void **state)
{
    (void)state;
    check_stamps("probability", 0);
}

static void or_the_margin_where_that_is_wanted(void **state)
{
    (void)state;
    check_stamps("margin", 1);
}

/* A batch of one goes another way through the forest than a batch of many. */
static void how_batches_are_cut_does_not_show(void **state)
{
    struct oracle_table table = rows_new();
    struct setting setting;
    struct bench bench = {.processors = processors};
    struct mr_span whole[ROWS];
    struct mr_arena *arena = mr_arena_new((size_t)1 << 20);

    (void)state;
    setting_open(&setting, names, FEATURES_YAML);
    bench.stages = setting.yaml;
    bench_open(&bench);
    for (size_t i = 0; i < ROWS; i++) {
        feed(&bench, table.cells + i * FEATURES);
        bench_run(&bench);
        whole[i] = mr_arena_copy(arena, bench_output(&bench, "score", 0)->value);
    }
    bench.fed_count = 0; /* the place is part of the bytes */
    for (size_t i = 0; i < ROWS; i++) {
        feed(&bench, table.cells + i * FEATURES);
    }
    bench_run(&bench);
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(mr_span_equal(whole[i], bench_output(&bench, "score", i)->value));
    }
    mr_arena_free(arena);
    bench_close(&bench);
    setting_close(&setting);
    oracle_table_free(&table);
}

static void the_stamp_names_the_models_bytes(void **state)
{
    static const float row[FEATURES] = {1, 2, 3};
    struct setting setting;
    struct bench bench = {.processors = processors};
    struct mr_digest digest;
    struct mr_value wanted;
    char text[64];

    (void)state;
    setting_open(&setting, names, FEATURES_YAML);
    digest = mr_digest_of(setting.file);
    bench.stages = setting.yaml;
    bench_open(&bench);
    feed(&bench, row);
    bench_run(&bench);
    wanted = mr_value_bytes((struct mr_span){digest.bytes, MR_DIGEST_SIZE});
    (void)snprintf(text, sizeof(text), "\"%s\"",
                   bench_text(bench_output(&bench, "score", 0), "scoring.model"));
    assert_string_equal(mr_json_value(&wanted, bench.inputs), text);
    bench_close(&bench);
    setting_close(&setting);
}

static void features_of_a_model_without_names_go_by_their_order(void **state)
{
    struct oracle_table table = rows_new();
    struct setting setting;
    struct bench bench = {.processors = processors};
    float wanted[ROWS];

    (void)state;
    setting_open(&setting, NULL,
                 "    features: [subject.price, subject.amount, double(subject.count)]\n");
    oracle_predict(setting.booster, &table, 0, wanted);
    bench.stages = setting.yaml;
    bench_open(&bench);
    feed(&bench, table.cells);
    bench_run(&bench);
    assert_true((double)wanted[0] == bench_real(bench_output(&bench, "score", 0), "scoring.value"));
    bench_close(&bench);
    setting_close(&setting);
    oracle_table_free(&table);
}

static void without_a_model_the_fallback_scores_and_is_marked(void **state)
{
    static const float row[FEATURES] = {3, 2, 1};
    struct bench bench = {.processors = processors,
                          .stages = "- score: {fallback: subject.price / 4.0}\n"};
    const struct bench_output *scored;

    (void)state;
    bench_open(&bench);
    feed(&bench, row);
    bench_run(&bench);
    scored = bench_output(&bench, "score", 0);
    assert_true(bench_real(scored, "scoring.value") == 0.75);
    assert_true(json_is_true(bench_get(scored, "scoring.is_fallback")));
    assert_string_equal("no_model", bench_text(scored, "scoring.reason"));
    bench_close(&bench);
}

#define FRAGILE \
    "    features: {price: subject.price, amount: subject.amount, count: 7 / subject.count}\n"

static void a_feature_that_fails_gives_the_word_to_the_fallback(void **state)
{
    static const float good[FEATURES] = {3, 2, 1}, bad[FEATURES] = {3, 2, 0};
    struct setting setting;
    struct bench bench = {.processors = processors};

    (void)state;
    setting_open(&setting, names, FRAGILE "    fallback: \"0.25\"\n");
    bench.stages = setting.yaml;
    bench_open(&bench);
    feed(&bench, good);
    feed(&bench, bad);
    feed(&bench, good);
    bench_run(&bench);
    assert_int_equal(3, bench_count(&bench, "score"));
    for (size_t i = 0; i < 3; i++) {
        const struct bench_output *scored = bench_output(&bench, "score", i);

        assert_int_equal(i == 1, json_is_true(bench_get(scored, "scoring.is_fallback")));
        assert_string_equal(i == 1 ? "feature_error: count" : "",
                            bench_text(scored, "scoring.reason"));
        assert_int_equal(i == 1, bench_real(scored, "scoring.value") == 0.25);
    }
    bench_close(&bench);
    setting_close(&setting);
}

static bool header_has(const struct bench_output *output, const char *words)
{
    for (size_t i = 0; i < output->header_count; i++) {
        if (mr_span_find(output->headers[i].value, mr_span_text(words)) <
            output->headers[i].value.size) {
            return true;
        }
    }
    return false;
}

/* What reaches the dead letters: the only output, of another topic. */
static void check_reject(struct bench *bench, const float row[FEATURES], const char *reason,
                         const char *detail)
{
    bench_open(bench);
    feed(bench, row);
    bench_run(bench);
    assert_int_equal(0, bench_count(bench, "score"));
    assert_int_equal(1, bench->output_count);
    assert_true(header_has(&bench->outputs[0], reason));
    assert_true(header_has(&bench->outputs[0], detail));
    bench_close(bench);
}

static void without_a_fallback_it_goes_to_the_dead_letters(void **state)
{
    static const float bad[FEATURES] = {3, 2, 0};
    struct setting setting;
    struct bench bench = {.processors = processors};

    (void)state;
    setting_open(&setting, names, FRAGILE);
    bench.stages = setting.yaml;
    check_reject(&bench, bad, "feature_error", "division_by_zero");
    setting_close(&setting);
}

static void a_fallback_that_fails_or_is_no_number_goes_there_too(void **state)
{
    static const float row[FEATURES] = {0, 2, 0};
    struct bench failing = {.processors = processors,
                            .stages = "- score: {fallback: double(1 / subject.count)}\n"};
    struct bench infinite = {.processors = processors,
                             .stages = "- score: {fallback: 1.0 / subject.price}\n"};

    (void)state;
    check_reject(&failing, row, "fallback_error", "division_by_zero");
    check_reject(&infinite, row, "fallback_error", "not a finite number");
}

static void check_refusal(const char **feature_names, const char *stage, const char *words)
{
    struct setting setting;
    struct bench bench = {.processors = processors};

    print_message("  %s\n", words);
    setting_open(&setting, feature_names, stage);
    bench.stages = setting.yaml;
    assert_false(bench_try(&bench));
    if (strstr(bench.problems, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", bench.problems, words);
    }
    bench_close(&bench);
    setting_close(&setting);
}

static void features_that_are_not_the_models_are_refused(void **state)
{
    static const struct {
        bool is_named;
        const char *stage, *words;
    } rows[] = {
        {true, "    features: {price: subject.price, amuont: subject.amount, count: 1.0}\n",
         "the model has no feature \"amuont\" (did you mean \"amount\"?)"},
        {true, "    features: {price: subject.price, count: 1.0}\n",
         "the model's feature \"amount\" is missing"},
        {true, "", "the model's feature \"price\" is missing"},
        {true, "    features: [subject.price, subject.amount, 1.0]\n",
         "the model names its features"},
        {false, "    features: [subject.price]\n", "1 features for a model of 3"},
        {true, "    features: {price: subject.name, amount: 1.0, count: 1.0}\n",
         "a feature is a number or a bool, not string"},
        {true, "    features: {price: subject.prise, amount: 1.0, count: 1.0}\n", "prise"},
        {true, FEATURES_YAML "    fallback: subject.amount\n", "fallback"},
        {true, FEATURES_YAML "    output: odds\n", "odds"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        check_refusal(rows[i].is_named ? names : NULL, rows[i].stage, rows[i].words);
    }
}

static void a_stage_that_cannot_score_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *stages, *words;
    } rows[] = {
        {"- score: {}\n", "there is nothing to score with"},
        {"- score: {model: \"\"}\n", "there is nothing to score with"},
        {"- score: {model: nowhere.ubj}\n", "bench.yaml:5:18: score.model: nowhere.ubj: "},
        {"- score: {model: thing.avsc}\n", "score.model: thing.avsc: is no model of XGBoost"},
        {"- score: {model: [a, b]}\n", "score.model: a path is expected"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct bench bench = {.processors = processors, .stages = rows[i].stages};

        print_message("  %s\n", rows[i].words);
        assert_false(bench_try(&bench));
        if (strstr(bench.problems, rows[i].words) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", bench.problems, rows[i].words);
        }
        bench_close(&bench);
    }
}

static void every_shortage_of_room_is_reported(void **state)
{
    static const float bad[FEATURES] = {3, 2, 0};
    struct setting setting;
    struct bench bench = {.processors = processors};

    (void)state;
    setting_open(&setting, names, FRAGILE);
    bench.stages = setting.yaml;
    bench_open(&bench);
    feed(&bench, bad);
    assert_true(bench_starve(&bench) > 0);
    bench_close(&bench);
    setting_close(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stamp_holds_the_prediction_of_libxgboost),
        cmocka_unit_test(or_the_margin_where_that_is_wanted),
        cmocka_unit_test(how_batches_are_cut_does_not_show),
        cmocka_unit_test(the_stamp_names_the_models_bytes),
        cmocka_unit_test(features_of_a_model_without_names_go_by_their_order),
        cmocka_unit_test(without_a_model_the_fallback_scores_and_is_marked),
        cmocka_unit_test(a_feature_that_fails_gives_the_word_to_the_fallback),
        cmocka_unit_test(without_a_fallback_it_goes_to_the_dead_letters),
        cmocka_unit_test(a_fallback_that_fails_or_is_no_number_goes_there_too),
        cmocka_unit_test(features_that_are_not_the_models_are_refused),
        cmocka_unit_test(a_stage_that_cannot_score_is_refused_where_it_stands),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };

    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
