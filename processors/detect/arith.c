#include "processors/detect/arith.h"

#include <math.h>
#include <string.h>

#define LN2_HIGH 0x1.62e42feep-1 /* so few bits that a multiple up to 2^10 is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33
#define SQRT2 1.4142135623730951
#define TINY 0x1p-1022 /* the least normal double */

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* 2^exponent, exponent in the normal range. */
static double power_of_two(int exponent)
{
    return double_of((uint64_t)(exponent + 1023) << 52);
}

/* ln m = 2 atanh((m - 1) / (m + 1)); for m in [sqrt 1/2, sqrt 2) the argument is at most 0.1716,
 * so that its 25th power no longer counts. */
static double ln_of_mantissa(double m)
{
    const double t = (m - 1.0) / (m + 1.0);
    const double square = t * t;
    double sum = 0.0;

    for (int odd = 23; odd >= 3; odd -= 2) {
        sum = square * (sum + 1.0 / odd);
    }
    return 2.0 * (t + t * sum);
}

double mr_ln(double x)
{
    int exponent = 0;
    double m;

    if (x < TINY) {
        x *= 0x1p54;
        exponent = -54;
    }
    exponent += (int)(bits_of(x) >> 52) - 1023;
    m = double_of((bits_of(x) & 0xfffffffffffffU) | 0x3ff0000000000000U);
    if (m >= SQRT2) {
        m *= 0.5;
        exponent++;
    }
    return exponent * LN2_HIGH + (exponent * LN2_LOW + ln_of_mantissa(m));
}

double mr_exp(double x)
{
    double clamped = x < -700.0 ? -700.0 : x;
    double rest, sum = 1.0;
    int exponent;

    clamped = clamped > 700.0 ? 700.0 : clamped;
    exponent = (int)(clamped * 1.4426950408889634 + (clamped < 0 ? -0.5 : 0.5));
    rest = (clamped - exponent * LN2_HIGH) - exponent * LN2_LOW;
    for (int term = 14; term >= 1; term--) { /* Horner's form of the Taylor series */
        sum = 1.0 + rest / term * sum;
    }
    return sum * power_of_two(exponent);
}

float mr_log2_short(float x)
{
    uint32_t bits;
    float m, t, square;
    int exponent;

    memcpy(&bits, &x, sizeof(bits));
    exponent = (int)(bits >> 23) - 127;
    bits = (bits & 0x7fffffU) | 0x3f800000U;
    memcpy(&m, &bits, sizeof(m));
    t = (m - 1) / (m + 1);
    square = t * t;
    return (float)exponent +
           t * (2.8853900818f +
                square *
                    (0.9617966939f +
                     square * (0.5770780164f + square * (0.4121985831f + square * 0.3205988979f))));
}

int mr_third_octave(float x)
{
    uint32_t bits, mantissa;
    int exponent;

    memcpy(&bits, &x, sizeof(bits));
    exponent = (int)(bits >> 23 & 0xffU);
    if (exponent == 0) {
        return -400;
    }
    mantissa = bits & 0x7fffffU;
    /* The mantissas of 2^(1/3) and 2^(2/3). */
    return 3 * (exponent - 127) + (mantissa >= 0x4b2ff5U) + (mantissa >= 0x214518U);
}

double mr_third_octave_edge(int index)
{
    static const double thirds[] = {1.0, 1.2599210498948732, 1.5874010519681994};
    const int octave = (index + 3000) / 3 - 1000;

    return power_of_two(octave) * thirds[(index + 3000) % 3];
}

double mr_one_in(float rarity)
{
    return mr_exp(2.302585092994046 * (double)rarity);
}

double mr_directed(const struct mr_tuning *tuning, double deviation)
{
    if (tuning->direction == MR_UP) {
        return deviation > 0 ? deviation : 0.0;
    }
    if (tuning->direction == MR_DOWN) {
        return deviation < 0 ? -deviation : 0.0;
    }
    return fabs(deviation);
}

double mr_bounded(const struct mr_tuning *tuning, double scale, double expected)
{
    const double share = tuning->floor_share * fabs(expected);
    const double least = share > tuning->floor ? share : tuning->floor;
    const double most = tuning->ceiling_share * fabs(expected);

    if (tuning->ceiling_share > 0.0 && scale > most) {
        scale = most;
    }
    return scale > least ? scale : least;
}

double mr_in_units(double difference, double scale)
{
    if (difference == 0.0) {
        return 0.0;
    }
    if (scale > 0.0) {
        return difference / scale;
    }
    return difference > 0 ? (double)INFINITY : -(double)INFINITY;
}

void mr_find_deviation(const struct mr_tuning *tuning, double value, double expected, double scale,
                       struct mr_finding *finding)
{
    const double units = mr_in_units(value - expected, scale);

    finding->strength = mr_directed(tuning, units);
    finding->expected = expected;
    finding->band_low = expected - tuning->threshold * scale;
    finding->band_high = expected + tuning->threshold * scale;
    finding->reason = units < 0 ? "below" : "above";
}

uint32_t mr_bin_of(const struct mr_tuning *tuning, int64_t time_ms)
{
    /* Each reduced before they are added: neither sum can overflow then. */
    const int64_t period = tuning->period_ms;
    const int64_t part = time_ms % period + tuning->offset_ms % period;
    const int64_t phase = (part % period + period) % period;

    return (uint32_t)(phase / (period / tuning->bins)) % tuning->bins;
}

bool mr_is_within(int64_t from_ms, int64_t to_ms, int64_t span_ms)
{
    return to_ms < from_ms || (uint64_t)to_ms - (uint64_t)from_ms < (uint64_t)span_ms;
}
