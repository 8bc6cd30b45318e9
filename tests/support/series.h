/* series.h - one key's values through a method and its judge, and made-up values to put through. */
#ifndef MR_TESTS_SERIES_H
#define MR_TESTS_SERIES_H

#include "processors/detect/judge.h"

#define SERIES_HOUR INT64_C(3600000)

struct series {
    const struct mr_method *method;
    struct mr_tuning tuning;
    uint8_t *state; /* owned */
    size_t alarm_count;
    size_t first_alarm; /* index; SIZE_MAX: none */
    size_t count;
    struct mr_judgement last;
};

/* Medium sensitivity; the tuning may be changed before the first value. */
struct series series_begin(enum mr_method_index index);
void series_add(struct series *self, double value, int64_t time_ms);
void series_end(struct series *self);

/* Seeded: the same numbers in every run. */
uint64_t series_random(uint64_t *state);
/* Near enough to Gaussian: the sum of twelve uniforms, mean 0, deviation 1. */
double series_noise(uint64_t *random);

#endif
