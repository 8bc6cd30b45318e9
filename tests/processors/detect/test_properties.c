/* Goal: what holds for every method, whatever series comes: it can be saved and restored between
 * any two records, it tells nothing that cannot be, it does not care for the sign or the unit of
 * what it judges, and what it refuses leaves no trace.
 * Method: all methods of the table, all series of a table of odd ones (constant, two-valued,
 * denormal, at 2^53, with gaps, with time that stands still, goes backwards or leaps); a state that
 * is moved to fresh memory before each record beside one that is not. */
#include "processors/core/base/error.h"
#include "processors/detect/judge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define ROWS 1200
#define SETTLED 100

struct row {
    double value;
    bool has_value;
    int64_t time_ms;
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* In steps of 2^-10, so that doubling and halving lose nothing. */
static double uniform(uint64_t *random)
{
    return (double)(next_random(random) >> 54) * 0x1p-10;
}

static struct row plain(size_t i, uint64_t *random)
{
    return (struct row){10 + uniform(random) + (i % 300 == 299 ? 40 : 0), true, (int64_t)i * HOUR};
}

static struct row constant(size_t i, uint64_t *random)
{
    (void)random;
    return (struct row){7, true, (int64_t)i * HOUR};
}

static struct row two_valued(size_t i, uint64_t *random)
{
    return (struct row){(double)(next_random(random) % 2), true, (int64_t)i * HOUR};
}

static struct row denormal(size_t i, uint64_t *random)
{
    return (struct row){(double)(next_random(random) % 9) * 4.9e-324, true, (int64_t)i * HOUR};
}

static struct row at_2_53(size_t i, uint64_t *random)
{
    return (struct row){0x1p53 + (double)(next_random(random) % 5), true, (int64_t)i * HOUR};
}

static struct row extremes(size_t i, uint64_t *random)
{
    return (struct row){next_random(random) % 2 ? 1e140 : -1e140, true, (int64_t)i * HOUR};
}

static struct row with_gaps(size_t i, uint64_t *random)
{
    static const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e200};
    const struct row row = plain(i, random);

    return i % 5 == 4   ? (struct row){odd[next_random(random) % 4], true, row.time_ms}
           : i % 7 == 6 ? (struct row){0, false, row.time_ms}
                        : row;
}

static struct row standing_still(size_t i, uint64_t *random)
{
    return (struct row){plain(i, random).value, true, HOUR};
}

static struct row backwards(size_t i, uint64_t *random)
{
    return (struct row){plain(i, random).value, true, -(int64_t)i * HOUR};
}

static struct row leaping(size_t i, uint64_t *random)
{
    const struct row row = plain(i, random);

    return (struct row){row.value, true, (int64_t)next_random(random)};
}

static const struct {
    const char *label;
    struct row (*at)(size_t index, uint64_t *random);
} series[] = {{"plain", plain},
              {"constant", constant},
              {"two-valued", two_valued},
              {"denormal", denormal},
              {"at 2^53", at_2_53},
              {"extremes", extremes},
              {"with gaps", with_gaps},
              {"time stands still", standing_still},
              {"time goes backwards", backwards},
              {"time leaps", leaping}};

/* A detector of a method with default settings, and its state. */
struct subject {
    const struct mr_method *method;
    struct mr_tuning tuning;
    size_t size;
    uint8_t *state; /* owned */
    struct mr_judgement last;
};

static struct subject subject_new(size_t method)
{
    struct subject self = {.method = mr_methods[method]};

    self.tuning = mr_tuning_of(self.method, MR_MEDIUM);
    self.size = mr_judge_state_size(self.method, &self.tuning);
    self.state = calloc(1, self.size);
    assert_non_null(self.state);
    return self;
}

static void subject_free(struct subject *self)
{
    free(self->state);
}

static void judge(struct subject *self, const struct row *row)
{
    mr_judge(self->method, &self->tuning, self->state,
             &(struct mr_observation){row->value, row->has_value, row->time_ms, 0}, &self->last);
}

/* Saved, the memory overwritten and given back, restored elsewhere. */
static void move(struct subject *self)
{
    uint8_t *fresh = malloc(self->size);

    assert_non_null(fresh);
    memcpy(fresh, self->state, self->size);
    memset(self->state, 0xa5, self->size);
    free(self->state);
    self->state = fresh;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static bool same(double a, double b)
{
    return bits_of(a) == bits_of(b) || (isnan(a) && isnan(b));
}

static void assert_same(const struct mr_judgement *a, const struct mr_judgement *b)
{
    assert_int_equal(a->is_anomaly, b->is_anomaly);
    assert_int_equal(a->seen, b->seen);
    assert_string_equal(a->reason, b->reason);
    assert_true(same(a->score, b->score));
    assert_true(same(a->observed, b->observed));
    assert_true(same(a->expected, b->expected));
    assert_true(same(a->band_low, b->band_low));
    assert_true(same(a->band_high, b->band_high));
    assert_true(same(a->ratio, b->ratio));
    assert_true(same(a->change_percent, b->change_percent));
}

static void assert_possible(const struct mr_judgement *judgement)
{
    assert_true(judgement->score >= 0.0 && judgement->score <= 1.0);
    assert_true(!judgement->is_anomaly || judgement->score >= 0.5);
    assert_true(!judgement->is_anomaly || judgement->reason[0] != '\0');
    assert_false(isinf(judgement->expected) || isinf(judgement->band_low) ||
                 isinf(judgement->band_high));
    assert_false(judgement->band_low > judgement->band_high);
}

/* for_each(check): every method with every series; random is seeded anew. */
static void for_each(void (*check)(size_t method, size_t kind, uint64_t *random))
{
    for (size_t method = 0; method < MR_METHOD_COUNT; method++) {
        for (size_t kind = 0; kind < MR_COUNT(series); kind++) {
            uint64_t random = 1000 * method + kind;

            check(method, kind, &random);
        }
    }
}

static void check_restore(size_t method, size_t kind, uint64_t *random)
{
    struct subject straight = subject_new(method), moved = subject_new(method);

    for (size_t i = 0; i < ROWS; i++) {
        const struct row row = series[kind].at(i, random);

        move(&moved);
        judge(&straight, &row);
        judge(&moved, &row);
        assert_same(&straight.last, &moved.last);
        assert_memory_equal(straight.state, moved.state, straight.size);
        assert_possible(&straight.last);
    }
    subject_free(&straight);
    subject_free(&moved);
}

static void a_restart_between_any_two_records_changes_no_bit(void **state)
{
    (void)state;
    for_each(check_restore);
}

static void check_refusal(size_t method, size_t kind, uint64_t *random)
{
    static const struct row refused[] = {
        {(double)NAN, true, 5}, {-(double)INFINITY, true, 5}, {1e141, true, 5}};
    struct subject clean = subject_new(method), disturbed = subject_new(method);

    for (size_t i = 0; i < ROWS / 4; i++) {
        const struct row row = series[kind].at(i, random);

        judge(&disturbed, &refused[i % MR_COUNT(refused)]);
        assert_false(disturbed.last.is_anomaly);
        judge(&clean, &row);
        judge(&disturbed, &row);
        assert_same(&clean.last, &disturbed.last);
    }
    assert_memory_equal(clean.state, disturbed.state, clean.size);
    subject_free(&clean);
    subject_free(&disturbed);
}

static void what_is_refused_leaves_no_trace(void **state)
{
    (void)state;
    for_each(check_refusal);
}

/* The same series times factor: the same alarms, and, once a method has some values, scores that
 * differ by less than tolerance. */
static void check_factor(size_t method, double factor, double tolerance)
{
    struct subject one = subject_new(method), other = subject_new(method);
    uint64_t random = method;

    for (size_t i = 0; i < ROWS; i++) {
        const struct row row = plain(i, &random);
        const struct row scaled = {row.value * factor, true, row.time_ms};

        judge(&one, &row);
        judge(&other, &scaled);
        assert_int_equal(one.last.is_anomaly, other.last.is_anomaly);
        if (i < SETTLED) {
            continue;
        }
        assert_true(fabs(one.last.score - other.last.score) <= tolerance);
        assert_true(isnan(one.last.expected) ||
                    fabs(one.last.expected * factor / other.last.expected - 1.0) <= tolerance);
    }
    subject_free(&one);
    subject_free(&other);
}

/* Not to the bit: a median that is read out of counts is rounded from one side. */
static void a_mirrored_series_is_judged_alike(void **state)
{
    (void)state;
    for (size_t method = 0; method < MR_METHOD_COUNT; method++) {
        print_message("  %s\n", mr_method_names[method]);
        check_factor(method, -1.0, 1e-6);
    }
}

/* Powers of two lose nothing. */
static void the_unit_of_the_values_does_not_matter(void **state)
{
    (void)state;
    for (size_t method = 0; method < MR_METHOD_COUNT; method++) {
        print_message("  %s\n", mr_method_names[method]);
        check_factor(method, 0x1p10, 0.0);
        check_factor(method, 0x1p-7, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_between_any_two_records_changes_no_bit),
        cmocka_unit_test(what_is_refused_leaves_no_trace),
        cmocka_unit_test(a_mirrored_series_is_judged_alike),
        cmocka_unit_test(the_unit_of_the_values_does_not_matter),
    };
    return cmocka_run_group_tests_name("detect.properties", tests, NULL, NULL);
}
