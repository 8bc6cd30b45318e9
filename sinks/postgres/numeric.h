/* numeric.h - decimal text as Postgres' numeric: digits to the base of 10,000.
 *
 *     int16 count, int16 weight, int16 sign, int16 scale, then int16 digits
 *
 * The value is the sum of digit[i] * 10000^(weight - i); scale is how many decimals
 * are shown. Sign 0x4000 is minus, 0xC000 NaN, 0xD000 and 0xF000 the infinities.
 */
#ifndef MR_SINKS_POSTGRES_NUMERIC_H
#define MR_SINKS_POSTGRES_NUMERIC_H

#include "sinks/postgres/binary.h"

/* text: -12.340, 1e+20, NaN, Infinity, -Infinity. false: it is none of these, or too long. */
bool mr_pg_put_numeric(struct mr_pg_buffer *out, struct mr_span text);

#endif
