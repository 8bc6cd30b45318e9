/* robust_z: how many robust standard deviations a value lies from the median of the last ones.
 *
 * The median and the median distance from it (times 1.4826: the standard deviation, were
 * the values Gaussian) do not move for one absurd value, nor for three among eight, so
 * the return to normal is never an alarm. A key whose value hardly ever changes has a distance of
 * zero: the floor says what change is too small to matter.
 *
 * A key that has two values, each half of the time, has the distance between them for a scale, and
 * fifteen of those hide anything: the ceiling says what spread is too large to be noise.
 *
 * scale: log judges ratios: ten times as much and a tenth lie equally far; the floor of 5 %
 * becomes ln 1.05. A value <= 0 has no logarithm: it is infinitely far below and not learnt.
 */
#include "processors/detect/arith.h"
#include "processors/detect/sample.h"

#include <math.h>

#define SIGMA_PER_SPREAD 1.4826022185056018

static size_t robust_z_size(const struct mr_tuning *tuning)
{
    return mr_sample_size(tuning->values);
}

static void judge_plain(const struct mr_tuning *tuning, const struct mr_sample *sample,
                        double value, struct mr_finding *finding)
{
    const double median = mr_sample_median(sample, tuning->values);
    const double sigma = SIGMA_PER_SPREAD * mr_sample_spread(sample, tuning->values, median);

    mr_find_deviation(tuning, value, median, mr_bounded(tuning, sigma, median), finding);
}

/* The sample holds logarithms; the finding is told in the value's own unit. */
static void judge_log(const struct mr_tuning *tuning, const struct mr_sample *sample, double value,
                      struct mr_finding *finding)
{
    const double least = mr_ln(1.0 + tuning->floor_share);
    const double median = mr_sample_median(sample, tuning->values);
    const double most = tuning->ceiling_share > 0.0 ? mr_ln(1.0 + tuning->ceiling_share) : INFINITY;
    const double spread = SIGMA_PER_SPREAD * mr_sample_spread(sample, tuning->values, median);
    const double bounded = spread < most ? spread : most;
    const double sigma = bounded > least ? bounded : least;

    if (value > 0.0) {
        mr_find_deviation(tuning, mr_ln(value), median, sigma, finding);
    } else {
        finding->strength = mr_directed(tuning, -(double)INFINITY);
        finding->reason = "below";
    }
    finding->expected = mr_exp(median);
    finding->band_low = mr_exp(median - tuning->threshold * sigma);
    finding->band_high = mr_exp(median + tuning->threshold * sigma);
}

static void robust_z_step(const struct mr_tuning *tuning, void *state,
                          const struct mr_observation *seen, struct mr_finding *finding)
{
    struct mr_sample *sample = state;

    if (sample->count > 0 && tuning->is_log) {
        judge_log(tuning, sample, seen->value, finding);
    } else if (sample->count > 0) {
        judge_plain(tuning, sample, seen->value, finding);
    }
    if (!tuning->is_log) {
        mr_sample_add(sample, tuning->values, seen->value);
    } else if (seen->value > 0.0) {
        mr_sample_add(sample, tuning->values, mr_ln(seen->value));
    }
}

const struct mr_method mr_method_robust_z = {
    .name = "robust_z",
    .summary = "Distance from the median of the last values, in robust standard deviations.",
    .version = 1,
    .knobs = MR_KNOB_VALUES | MR_KNOB_FLOOR | MR_KNOB_CEILING | MR_KNOB_SCALE | MR_KNOB_DIRECTION |
             MR_KNOB_CALIBRATE | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 4.0, [MR_MEDIUM] = 6.0, [MR_LOW] = 10.0},
    .warmup = 3,
    .values = 16,
    .state_size = robust_z_size,
    .step = robust_z_step,
};
