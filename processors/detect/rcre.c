/* rcre: an ensemble of five residuals, each told as its rank among those before it.
 *
 *     channel   what it looks at                                            weight
 *     range     how far beyond the least and greatest value so far             1.5
 *     point     distance from what this hour of the day usually brings         1
 *     shift     a fast weighted mean (128) away from a slow one (512)          1
 *     season    the hourly distance, smoothed over 24 records                  1
 *     variance  the recent spread (120) against the spread of all              0.5
 *
 *     strength = sum of weight * r^2,   r = -log10(rank) (rank.h)
 *
 * Ranks make one threshold mean the same for every series; squares let one channel that is
 * sure count more than several that are not. A young key has low ranks, so it stays quiet by
 * itself. The shift and season channels see y = ln(1 + |x| / scale) with x's sign, where scale is
 * the mean size of the first 32 values. Spans are in records.
 *
 * The order of operations is part of the definition: a test compares every bit with the
 * published figures' own program on real series.
 */
#include "processors/detect/arith.h"
#include "processors/detect/rank.h"

#include <math.h>

#define BINS_MAX 24
#define VISITS_MAX 250
#define VISITS_TO_JUDGE 2
#define VARIANCE_FROM 10
#define COUNT_MAX 65535 /* the running mean forgets at this rate in the end */
#define RANGE_OFFSET 61 /* bin of a step outside by the whole width */
#define LN_2 0.69314718f
#define VALUE_MAX 1e18 /* its square fits a float */

enum domain { PLAIN, LOGARITHMIC, DOMAIN_COUNT };
enum channel { RANGE, POINT, SHIFT, SEASON, VARIANCE, CHANNEL_COUNT };

static const float weights[CHANNEL_COUNT] = {1.5f, 1.0f, 1.0f, 1.0f, 0.5f};
static const char *const reasons[CHANNEL_COUNT] = {"range", "point", "shift", "season", "variance"};

struct rcre_state {
    double mean[DOMAIN_COUNT], variance[DOMAIN_COUNT]; /* of all */
    float scale;                                       /* of the logarithmic domain */
    float low, high;
    float season; /* smoothed hourly distance */
    float fast, slow;
    float level, spread; /* recent mean and variance */
    float bin_mean[DOMAIN_COUNT][BINS_MAX], bin_variance[DOMAIN_COUNT][BINS_MAX];
    uint8_t visits[BINS_MAX];
    struct mr_rank range, shift, seasonal, variation;
    struct mr_rank_signed point;
};

_Static_assert(sizeof(struct rcre_state) == 1280, "no byte of a state is padding");

/* One record on its way through the channels. */
struct moment {
    const struct mr_tuning *tuning;
    const struct mr_observation *seen;
    float x[DOMAIN_COUNT];
    float z[DOMAIN_COUNT]; /* hourly distance; 0 on the first visit */
    uint32_t bin;
    float first; /* 1 / (records seen + 1): no mean moves more slowly */
};

static size_t rcre_size(const struct mr_tuning *tuning)
{
    (void)tuning;
    return sizeof(struct rcre_state);
}

static float signed_log(float x)
{
    const float size = LN_2 * mr_log2_short(1 + fabsf(x));

    return x < 0 ? -size : size;
}

static float rate_of(const struct moment *now, enum mr_span_of span)
{
    const float steady = 2.0f / (float)(now->tuning->spans[span] + 1);

    return now->first > steady ? now->first : steady;
}

static void look(struct rcre_state *self, struct moment *now)
{
    const double value = now->seen->value;
    const float x = (float)(value > VALUE_MAX    ? VALUE_MAX
                            : value < -VALUE_MAX ? -VALUE_MAX
                                                 : value);

    now->first = 1.0f / (float)((double)now->seen->seen + 1.0);
    now->bin = mr_bin_of(now->tuning, now->seen->time_ms);
    if (now->seen->seen < MR_RANK_FIRST) {
        self->scale += (fabsf(x) - self->scale) * now->first;
    }
    now->x[PLAIN] = x;
    now->x[LOGARITHMIC] = signed_log(x / (self->scale > 0 ? self->scale : 1));
    for (int k = 0; k < DOMAIN_COUNT; k++) {
        const float sd = sqrtf((float)self->variance[k]);

        now->z[k] = self->visits[now->bin] == 0
                        ? 0
                        : (now->x[k] - self->bin_mean[k][now->bin]) /
                              (sqrtf(self->bin_variance[k][now->bin]) + 0.1f * sd + 1e-12f);
    }
}

static float judge_range(struct rcre_state *self, const struct moment *now)
{
    const float width = self->high - self->low, x = now->x[PLAIN];
    struct mr_rank *rank = &self->range;
    float z = 0, rarity = 0;
    int bin;

    if (now->seen->seen > 1 && width > 0) {
        z = x > self->high ? (x - self->high) / width : x < self->low ? (self->low - x) / width : 0;
    }
    if (now->seen->seen < MR_RANK_FIRST) {
        return 0;
    }
    bin = z > 0 ? mr_rank_clamp(mr_third_octave(z * MR_RANK_PHASE) + RANGE_OFFSET) : 0;
    if (z > 0) {
        rarity = mr_rank_rarity(
            ((float)mr_rank_above(&rank->counts, bin) + 0.5f * rank->counts.bins[bin] + 0.5f) /
            (float)(rank->scale.total + 1));
    }
    rank->counts.bins[bin]++;
    if (++rank->scale.total >= MR_RANK_TOTAL_MAX) {
        rank->scale.total = mr_rank_halve(&rank->counts);
    }
    return rarity;
}

static float judge_shift(struct rcre_state *self, const struct moment *now)
{
    const float y = now->x[LOGARITHMIC];

    self->fast += rate_of(now, MR_SPAN_FAST) * (y - self->fast);
    self->slow += rate_of(now, MR_SPAN_SLOW) * (y - self->slow);
    return now->seen->seen >= now->tuning->spans[MR_SPAN_FAST]
               ? mr_rank_step(&self->shift, self->fast - self->slow)
               : 0;
}

static float judge_season(struct rcre_state *self, const struct moment *now)
{
    const bool is_ready = self->visits[now->bin] >= VISITS_TO_JUDGE;
    const float z = now->z[LOGARITHMIC];
    const float clipped = z > 10 ? 10 : z < -10 ? -10 : z;

    self->season += rate_of(now, MR_SPAN_SEASON) * ((is_ready ? clipped : 0) - self->season);
    return is_ready ? mr_rank_step(&self->seasonal, self->season) : 0;
}

static float judge_variance(struct rcre_state *self, const struct moment *now)
{
    const float rate = rate_of(now, MR_SPAN_VARIANCE), all = (float)self->variance[PLAIN];
    const float away = now->x[PLAIN] - self->level;

    self->level += rate * away;
    self->spread = (1 - rate) * (self->spread + rate * away * away);
    if (now->seen->seen <= VARIANCE_FROM) {
        return 0;
    }
    return mr_rank_step(
        &self->variation,
        LN_2 * (mr_log2_short(self->spread + 1e-9f * all + 1e-30f) - mr_log2_short(all + 1e-30f)));
}

static void learn_bin(struct rcre_state *self, const struct moment *now)
{
    const uint8_t visits = self->visits[now->bin];
    const float first = 1.0f / (float)(visits + 1);
    const float rate = first < 0.03f ? 0.03f : first;

    for (int k = 0; k < DOMAIN_COUNT; k++) {
        float *mean = &self->bin_mean[k][now->bin];
        float *variance = &self->bin_variance[k][now->bin];
        const float away = now->x[k] - *mean;

        if (visits == 0) {
            *mean = now->x[k];
        } else {
            *mean += rate * away;
            *variance = (1 - rate) * (*variance + rate * away * away);
        }
    }
    self->visits[now->bin] = (uint8_t)(visits + (visits < VISITS_MAX));
}

static void learn_all(struct rcre_state *self, const struct moment *now)
{
    const uint32_t seen = now->seen->seen;
    const double rate = 1.0 / (double)((seen < COUNT_MAX ? seen : COUNT_MAX) + 1);
    const float x = now->x[PLAIN];

    for (int k = 0; k < DOMAIN_COUNT; k++) {
        const double away = (double)now->x[k] - self->mean[k];

        self->mean[k] += rate * away;
        self->variance[k] = (1 - rate) * (self->variance[k] + rate * away * away);
    }
    self->low = seen == 0 || x < self->low ? x : self->low;
    self->high = seen == 0 || x > self->high ? x : self->high;
}

static void explain(const struct rcre_state *self, const struct moment *now,
                    const float rarity[CHANNEL_COUNT], struct mr_finding *finding)
{
    int loudest = 0;
    float sum = 0;

    for (int i = 0; i < CHANNEL_COUNT; i++) {
        sum += weights[i] * rarity[i] * rarity[i];
        if (weights[i] * rarity[i] * rarity[i] >
            weights[loudest] * rarity[loudest] * rarity[loudest]) {
            loudest = i;
        }
    }
    finding->strength = (double)sum;
    finding->reason = reasons[loudest];
    finding->one_in = mr_one_in(rarity[loudest]);
    if (now->seen->seen > 0) {
        finding->expected = self->visits[now->bin] > 0 ? (double)self->bin_mean[PLAIN][now->bin]
                                                       : self->mean[PLAIN];
    }
}

static void rcre_step(const struct mr_tuning *tuning, void *state,
                      const struct mr_observation *seen, struct mr_finding *finding)
{
    struct rcre_state *self = state;
    struct moment now = {.tuning = tuning, .seen = seen};
    float rarity[CHANNEL_COUNT];

    look(self, &now);
    rarity[RANGE] = judge_range(self, &now);
    rarity[POINT] = self->visits[now.bin] >= VISITS_TO_JUDGE
                        ? mr_rank_signed_step(&self->point, now.z[PLAIN])
                        : 0;
    rarity[SHIFT] = judge_shift(self, &now);
    rarity[SEASON] = judge_season(self, &now);
    rarity[VARIANCE] = judge_variance(self, &now);
    explain(self, &now, rarity, finding);
    learn_bin(self, &now);
    learn_all(self, &now);
}

const struct mr_method mr_method_rcre = {
    .name = "rcre",
    .summary =
        "Five residuals by their ranks: for series with hundreds of records per key and more.",
    .version = 1,
    .knobs = MR_KNOB_PERIOD | MR_KNOB_SPANS | MR_KNOB_LEARN,
    .thresholds = {[MR_HIGH] = 12.5, [MR_MEDIUM] = 15.0, [MR_LOW] = 20.0},
    .refractory_count = 100,
    .bins = 24,
    .bins_max = BINS_MAX,
    .state_size = rcre_size,
    .step = rcre_step,
};
