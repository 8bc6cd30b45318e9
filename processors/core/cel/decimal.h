/* decimal.h - Avro's decimals: exact order, text and approximation.
 *
 * A decimal is an unscaled two's complement number, big-endian, and a scale: 12.30
 * is 1230 with scale 2. Two decimals of different scale are compared by the
 * numbers that they name. Up to 64 bytes, scale up to 1,000; larger ones have no
 * order.
 */
#ifndef MR_CEL_DECIMAL_H
#define MR_CEL_DECIMAL_H

#include "processors/core/cel/run.h"

enum cel_order cel_decimal_compare(const struct mr_value *a, const struct mr_value *b);
double cel_decimal_double(const struct mr_value *decimal);
/* As digits with a point: "-12.30". */
struct mr_value cel_decimal_text(struct cel_run *run, const struct mr_value *decimal);
/* Reads such text; MR_CEL_FAULT_CONVERSION when it is none. */
struct mr_value cel_decimal_read(struct cel_run *run, struct mr_span text);
struct mr_value cel_decimal_of_int(struct cel_run *run, int64_t number);

/* Arithmetic is exact: what has no room in 64 bytes, or a scale above 1,000, is an overflow. */
struct mr_value cel_decimal_sum(struct cel_run *run, const struct mr_value *a,
                                const struct mr_value *b, bool is_difference);
struct mr_value cel_decimal_product(struct cel_run *run, const struct mr_value *a,
                                    const struct mr_value *b);
struct mr_value cel_decimal_sign(const struct mr_value *decimal); /* -1, 0, 1 */

enum cel_rounding { CEL_ROUND_DOWN, CEL_ROUND_FLOOR, CEL_ROUND_CEILING, CEL_ROUND_HALF_UP };
/* To a scale; a negative one rounds left of the point. */
struct mr_value cel_decimal_round(struct cel_run *run, const struct mr_value *decimal,
                                  int64_t scale, enum cel_rounding rounding);

#endif
