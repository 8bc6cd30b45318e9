/* arith.h - the arithmetic that libm does not promise bit for bit, and the pieces that methods
 * share.
 *
 * IEEE 754 fixes +, -, *, / and sqrt; exp and log differ between libraries and
 * releases. A detector's state and stamp must hold the same bits everywhere, so
 * these are made of the former, in a fixed order (-ffp-contract=off).
 */
#ifndef MR_DETECT_ARITH_H
#define MR_DETECT_ARITH_H

#include "processors/detect/method.h"

/* Natural logarithm of a finite x > 0; relative error below 1e-15. */
double mr_ln(double x);
/* e to the x, x clamped to [-700, 700]; relative error below 1e-15. */
double mr_exp(double x);

/* log2 of a finite x >= 2^-126 as float: an atanh series of five terms, error below 2e-6. */
float mr_log2_short(float x);
/* The index of |x| on a scale of thirds of an octave, from the bits: 3 * floor(log2 x) + {0, 1, 2};
 * -400 for zero and denormals. */
int mr_third_octave(float x);

/* The least x > 0 of an index; index in -3000..3000. */
double mr_third_octave_edge(int index);
/* Of how many values one is as rare: 10^rarity, of a rarity as mr_rank_step() tells it. */
double mr_one_in(float rarity);

/* The part of a signed deviation that lies in the wanted direction, >= 0. */
double mr_directed(const struct mr_tuning *tuning, double deviation);
/* The scale that a deviation from expected is measured by: at most the ceiling, at least the floor.
 */
double mr_bounded(const struct mr_tuning *tuning, double scale, double expected);
/* |difference| / scale with its sign; a scale of 0 makes any difference infinite. */
double mr_in_units(double difference, double scale);
/* A finding on a plain scale: deviation from expected in units of scale. */
void mr_find_deviation(const struct mr_tuning *tuning, double value, double expected, double scale,
                       struct mr_finding *finding);

/* Which of bins parts of the period event time falls in; also before 1970. */
uint32_t mr_bin_of(const struct mr_tuning *tuning, int64_t time_ms);
/* Whether `to` lies less than span_ms after `from`, or before it. No difference of two times is
 * formed as signed: they are whatever stood in the records. */
bool mr_is_within(int64_t from_ms, int64_t to_ms, int64_t span_ms);

#endif
