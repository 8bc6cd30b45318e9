#include "processors/detect/judge.h"

#include "processors/core/base/error.h"
#include "processors/detect/arith.h"

#include <math.h>

_Static_assert(sizeof(struct mr_judge_head) == 24, "no byte of a state is padding");

size_t mr_judge_state_size(const struct mr_method *method, const struct mr_tuning *tuning)
{
    const size_t size = method->state_size(tuning);

    MR_ASSERT(size <= MR_DETECT_STATE_MAX && size % 8 == 0);
    return sizeof(struct mr_judge_head) + size;
}

void mr_judge_nothing(const char *reason, struct mr_judgement *judgement)
{
    const double none = (double)NAN;

    *judgement = (struct mr_judgement){false, 0.0, none, none, none, none, none, none, 0, reason};
}

static double score_of(double strength, double threshold)
{
    return isinf(strength) ? 1.0 : strength / (strength + threshold);
}

static double finite_or_none(double x)
{
    return isfinite(x) ? x : (double)NAN;
}

/* To one decimal, as people read it; -0.0 becomes 0.0. */
static double percent_of(double ratio)
{
    return round((ratio - 1.0) * 1000.0) / 10.0 + 0.0;
}

static void describe(const struct mr_tuning *tuning, const struct mr_finding *finding,
                     struct mr_judgement *judgement)
{
    judgement->score = score_of(finding->strength, tuning->threshold);
    judgement->expected = finite_or_none(finding->expected);
    judgement->band_low =
        tuning->direction == MR_UP ? (double)NAN : finite_or_none(finding->band_low);
    judgement->band_high =
        tuning->direction == MR_DOWN ? (double)NAN : finite_or_none(finding->band_high);
    if (judgement->expected != 0.0) {
        judgement->ratio = finite_or_none(judgement->observed / judgement->expected);
        judgement->change_percent = finite_or_none(percent_of(judgement->ratio));
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
    const bool is_beyond = finding->strength >= tuning->threshold;

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

void mr_judge(const struct mr_method *method, const struct mr_tuning *tuning, void *state,
              const struct mr_observation *value, struct mr_judgement *judgement)
{
    const double none = (double)NAN;
    struct mr_judge_head *head = state;
    const struct mr_observation seen = {value->value, value->has_value, value->time_ms, head->seen};
    struct mr_finding finding = {0.0, none, none, none, ""};
    const char *refused = refuse(method, value);

    MR_ASSERT(tuning->threshold > 0.0);
    mr_judge_nothing(refused, judgement);
    judgement->seen = head->seen;
    if (refused != NULL) {
        return;
    }
    judgement->observed = value->has_value ? value->value : none;
    method->step(tuning, head + 1, &seen, &finding);
    describe(tuning, &finding, judgement);
    judgement->is_anomaly = decide(tuning, head, value->time_ms, &finding, &judgement->reason);
    head->seen += head->seen != UINT32_MAX;
}
