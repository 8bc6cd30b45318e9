/* sample.h - the last values of a key, with their exact median and spread.
 *
 *     values:  ring of `window` doubles      order:  their indices, by rising value
 *
 * A new value replaces the oldest; its index moves to its place in the order, so the
 * median is a look-up and the median distance from it one merge. Exact where a
 * streaming estimate would still be wandering: most keys are seen a few times a day.
 *
 * Lies behind the head in a method's state: mr_sample_size(window) bytes, zero is empty.
 */
#ifndef MR_DETECT_SAMPLE_H
#define MR_DETECT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define MR_SAMPLE_WINDOW_MAX 64

struct mr_sample {
    uint8_t count;
    uint8_t next; /* of the ring: where the next value goes */
    uint8_t reserved[6];
    double values[]; /* window of them, then as many bytes: the order */
};

size_t mr_sample_size(uint32_t window); /* a multiple of 8 */
void mr_sample_add(struct mr_sample *sample, uint32_t window, double value);
/* Of at least one value; of an even count, the mean of the middle two. */
double mr_sample_median(const struct mr_sample *sample, uint32_t window);
/* The median of the distances from centre. */
double mr_sample_spread(const struct mr_sample *sample, uint32_t window, double centre);

#endif
