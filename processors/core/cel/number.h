/* number.h - numbers from text and back, with no locale. */
#ifndef MR_CEL_NUMBER_H
#define MR_CEL_NUMBER_H

#include "processors/core/base/span.h"

#define CEL_NUMBER_TEXT_MAX 40

/* The whole text must be the number. */
bool cel_int_read(struct mr_span text, int64_t *number);
bool cel_uint_read(struct mr_span text, uint64_t *number);
bool cel_double_read(struct mr_span text, double *number);
/* The shortest text that reads back as the same double: 1.5, 1e+06, NaN, +Inf. */
size_t cel_double_write(double number, char out[CEL_NUMBER_TEXT_MAX]);
/* Its digits and the power of ten of the first: number = 0.d1d2... * 10^point; returns how
 * many digits. number is finite. */
size_t cel_double_digits(double number, char digits[20], int *point);

#endif
