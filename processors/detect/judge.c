#include "processors/detect/judge.h"

#include "processors/core/base/error.h"
#include "processors/detect/arith.h"
#include "processors/detect/rank.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define HEADS_MAX (sizeof(struct mr_judge_head) + sizeof(struct mr_rank))

_Static_assert(sizeof(struct mr_judge_head) == 24, "no byte of a state is padding");

size_t mr_judge_state_size(const struct mr_method *method, const struct mr_tuning *tuning)
{
    const size_t size = method->state_size(tuning);

    MR_ASSERT(size <= MR_DETECT_STATE_MAX && size % 8 == 0);
    return sizeof(struct mr_judge_head) + (tuning->one_in > 0 ? sizeof(struct mr_rank) : 0) + size;
}

void mr_judge_nothing(const char *reason, struct mr_judgement *judgement)
{
    const double none = (double)NAN;

    *judgement = (struct mr_judgement){.observed = none,
                                       .expected = none,
                                       .band_low = none,
                                       .band_high = none,
                                       .ratio = none,
                                       .change_percent = none,
                                       .one_in = none,
                                       .reason = reason};
}

/* What a strength is compared with. */
static double limit_of(const struct mr_tuning *tuning)
{
    return tuning->one_in > 0 ? tuning->one_in : tuning->threshold;
}

static double score_of(double strength, double limit)
{
    return isinf(strength) ? 1.0 : strength / (strength + limit);
}

static double finite_or_none(double x)
{
    return isfinite(x) ? x : (double)NAN;
}

double mr_judge_percent(double ratio)
{
    /* -0.0 becomes 0.0. */
    return round((ratio - 1.0) * 1000.0) / 10.0 + 0.0;
}

static void describe(const struct mr_tuning *tuning, const struct mr_finding *finding,
                     struct mr_judgement *judgement)
{
    judgement->score = score_of(finding->strength, limit_of(tuning));
    judgement->one_in = finite_or_none(finding->one_in);
    judgement->expected = finite_or_none(finding->expected);
    judgement->band_low =
        tuning->direction == MR_UP ? (double)NAN : finite_or_none(finding->band_low);
    judgement->band_high =
        tuning->direction == MR_DOWN ? (double)NAN : finite_or_none(finding->band_high);
    if (judgement->expected != 0.0) {
        judgement->ratio = finite_or_none(judgement->observed / judgement->expected);
        judgement->change_percent = finite_or_none(mr_judge_percent(judgement->ratio));
    }
}

static bool is_quiet(const struct mr_tuning *tuning, const struct mr_judge_head *head,
                     int64_t time_ms)
{
    if (head->quiet > 0) {
        return true;
    }
    return head->has_alarmed && tuning->refractory_ms > 0 &&
           mr_is_within(head->alarm_ms, time_ms, tuning->refractory_ms);
}

/* Whether the strength becomes an alarm, and if it does not although it could, why. */
static bool decide(const struct mr_tuning *tuning, struct mr_judge_head *head, int64_t time_ms,
                   const struct mr_finding *finding, const char **reason)
{
    const bool is_beyond = finding->strength >= limit_of(tuning);

    *reason = "";
    if (head->seen < tuning->warmup) {
        *reason = "warming_up";
        return false;
    }
    if (is_quiet(tuning, head, time_ms)) {
        head->quiet -= head->quiet > 0;
        *reason = is_beyond ? "refractory" : "";
        return false;
    }
    if (!is_beyond) {
        return false;
    }
    head->alarm_ms = time_ms;
    head->has_alarmed = 1;
    head->quiet = tuning->refractory_count;
    *reason = finding->reason;
    return true;
}

static const char *refuse(const struct mr_method *method, const struct mr_observation *value)
{
    if (!value->has_value) {
        return method->takes_null ? NULL : "no_value";
    }
    if (!isfinite(value->value)) {
        return "not_finite";
    }
    return fabs(value->value) > MR_DETECT_VALUE_MAX ? "out_of_range" : NULL;
}

/* One in how many strengths of the key was as large; what is learnt too early says nothing. The
 * method's band is about its own threshold, which is none here. */
static void calibrate(const struct mr_tuning *tuning, struct mr_rank *rank, uint32_t seen,
                      struct mr_finding *finding)
{
    const double none = (double)NAN, most = 1e30;
    const double strength = finding->strength < most ? finding->strength : most;

    finding->strength =
        seen < tuning->warmup ? 0.0 : mr_one_in(mr_rank_step(rank, (float)strength));
    finding->one_in = seen < tuning->warmup ? none : finding->strength;
    finding->band_low = finding->band_high = none;
}

static void judge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
                  const struct mr_observation *value, struct mr_judgement *judgement)
{
    const double none = (double)NAN;
    struct mr_judge_head *head = state;
    struct mr_rank *rank = (struct mr_rank *)(void *)(head + 1);
    const bool is_calibrated = tuning->one_in > 0;
    struct mr_finding finding = {0.0, none, none, none, none, ""};
    const struct mr_observation seen = {value->value, value->has_value, value->time_ms, head->seen};

    judgement->observed = value->has_value ? value->value : none;
    method->step(tuning, is_calibrated ? (void *)(rank + 1) : (void *)rank, &seen, &finding);
    if (is_calibrated) {
        calibrate(tuning, rank, head->seen, &finding);
    }
    describe(tuning, &finding, judgement);
    judgement->is_anomaly = decide(tuning, head, value->time_ms, &finding, &judgement->reason);
    head->seen += head->seen != UINT32_MAX;
}

/* Whether the value can be judged; *judgement is that of one which cannot. */
static bool begin(const struct mr_method *method, const struct mr_tuning *tuning,
                  const struct mr_judge_head *head, const struct mr_observation *value,
                  struct mr_judgement *judgement)
{
    const char *refused = refuse(method, value);

    MR_ASSERT(tuning->threshold > 0.0);
    mr_judge_nothing(refused, judgement);
    judgement->seen = head->seen;
    return refused == NULL;
}

void mr_judge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
              const struct mr_observation *value, struct mr_judgement *judgement)
{
    if (begin(method, tuning, state, value, judgement)) {
        judge(method, tuning, state, value, judgement);
    }
}

void mr_judge_frozen(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
                     const struct mr_observation *value, struct mr_judgement *judgement)
{
    _Alignas(max_align_t) uint8_t copy[HEADS_MAX + MR_DETECT_STATE_MAX];
    struct mr_judge_head *head = state;
    const uint32_t seen = head->seen;

    if (!begin(method, tuning, state, value, judgement)) {
        return;
    }
    memcpy(copy, state, mr_judge_state_size(method, tuning));
    judge(method, tuning, copy, value, judgement);
    memcpy(head, copy, sizeof(*head));
    head->seen = seen;
}

bool mr_judge_merge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
                    const void *other)
{
    struct mr_judge_head *head = state;
    const struct mr_judge_head *from = other;
    const struct mr_merged seen = {head->seen, from->seen};

    if (method->merge == NULL || tuning->one_in > 0) {
        return false;
    }
    if (from->seen == 0) {
        return true;
    }
    if (head->seen == 0) {
        memcpy(state, other, mr_judge_state_size(method, tuning));
        return true;
    }
    method->merge(tuning, head + 1, from + 1, &seen);
    head->seen = from->seen > UINT32_MAX - head->seen ? UINT32_MAX : head->seen + from->seen;
    if (from->has_alarmed && (!head->has_alarmed || from->alarm_ms > head->alarm_ms)) {
        head->alarm_ms = from->alarm_ms;
        head->quiet = from->quiet;
        head->has_alarmed = 1;
    }
    return true;
}
