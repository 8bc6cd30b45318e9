/* Goal: rcre computes what the detector does whose benchmark figures are published, to the last
 * bit. Method: every record of the 34 series of the Numenta Anomaly Benchmark at hand, in the order
 * of their paths; the SHA-256 over all strengths, and over the scores of alarms (0 elsewhere), as
 * little-endian floats, against those of the program that produced the figures. Skipped where the
 * series are absent. */
#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"
#include "processors/detect/judge.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STRENGTHS "92c381289af3c4c04b94d74c1a874defcc6b5398b85524db516836c4da0aa281"
#define ALARMS "6228c56ce493ca05ef5b0f5e66e9ac46bfcc1c428790f38ed2506c6a1f687075"

struct tally {
    struct mr_digester *strengths, *alarms;
    size_t row_count, alarm_count;
};

static const struct mr_tuning tuning = {
    .threshold = 12.5,
    .refractory_count = 100,
    .period_ms = 86400000,
    .bins = 24,
    .spans = {24, 120, 128, 512},
};

static void add_float(struct mr_digester *digester, float x)
{
    mr_digester_add(digester, (struct mr_span){(const uint8_t *)&x, sizeof(x)});
}

/* The score is s / (s + T): the strength comes back exactly only from the step itself, so the step
 * is asked for it on a copy of the state that the judge has not moved yet. */
static float strength_of(const uint8_t *state, size_t size, const struct mr_observation *seen)
{
    struct mr_finding finding = {0};
    uint8_t *copy = malloc(size);

    assert_non_null(copy);
    memcpy(copy, state, size);
    mr_method_rcre.step(&tuning, copy + sizeof(struct mr_judge_head), seen, &finding);
    free(copy);
    return (float)finding.strength;
}

static void add_row(struct tally *tally, uint8_t *state, size_t size, const char *line)
{
    const char *comma = strchr(line, ',');
    const int64_t time_ms = strtol(line + 11, NULL, 10) * INT64_C(3600000);
    struct mr_observation seen = {0.0, true, time_ms, ((struct mr_judge_head *)state)->seen};
    struct mr_judgement judgement;
    float strength;

    assert_non_null(comma);
    seen.value = strtod(comma + 1, NULL);
    strength = strength_of(state, size, &seen);
    mr_judge(&mr_method_rcre, &tuning, state, &seen, &judgement);
    add_float(tally->strengths, strength);
    add_float(tally->alarms, judgement.is_anomaly ? strength / (strength + 12.5f) : 0);
    tally->row_count++;
    tally->alarm_count += judgement.is_anomaly;
}

static void add_series(struct tally *tally, const char *path)
{
    const size_t size = mr_judge_state_size(&mr_method_rcre, &tuning);
    uint8_t *state = calloc(1, size);
    FILE *file = fopen(path, "r");
    char line[256];

    assert_non_null(file);
    assert_non_null(state);
    assert_non_null(fgets(line, sizeof(line), file));
    while (fgets(line, sizeof(line), file) != NULL) {
        add_row(tally, state, size, line);
    }
    (void)fclose(file);
    free(state);
}

static void assert_digest(const char *wanted, struct mr_digester *digester)
{
    const struct mr_digest digest = mr_digester_end(digester);
    char hex[MR_DIGEST_HEX_SIZE];

    mr_digest_hex(&digest, hex);
    assert_string_equal(wanted, hex);
}

static void every_bit_agrees_with_the_published_detector(void **state)
{
    const char *data = getenv("MILLRACE_DATA");
    struct tally tally = {mr_digester_new(), mr_digester_new(), 0, 0};
    char pattern[512];
    glob_t found;

    (void)state;
    (void)snprintf(pattern, sizeof(pattern), "%s/anomaly/nab/data/*/*.csv",
                   data ? data : "../shared/data");
    if (glob(pattern, 0, NULL, &found) != 0) {
        mr_digester_free(tally.strengths);
        mr_digester_free(tally.alarms);
        print_message("skipped: %s is absent\n", pattern);
        skip();
    }
    assert_int_equal(34, found.gl_pathc);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        add_series(&tally, found.gl_pathv[i]);
    }
    globfree(&found);
    assert_int_equal(121702, tally.row_count);
    assert_int_equal(126, tally.alarm_count);
    assert_digest(STRENGTHS, tally.strengths);
    assert_digest(ALARMS, tally.alarms);
    mr_digester_free(tally.strengths);
    mr_digester_free(tally.alarms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_agrees_with_the_published_detector),
    };
    return cmocka_run_group_tests_name("detect.rcre", tests, NULL, NULL);
}
