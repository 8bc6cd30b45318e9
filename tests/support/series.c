#include "tests/support/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct series series_begin(enum mr_method_index index)
{
    struct series self = {.method = mr_methods[index], .first_alarm = SIZE_MAX};

    self.tuning = mr_tuning_of(self.method, MR_MEDIUM);
    return self;
}

void series_add(struct series *self, double value, int64_t time_ms)
{
    if (self->state == NULL) {
        self->state = calloc(1, mr_judge_state_size(self->method, &self->tuning));
        assert_non_null(self->state);
    }
    mr_judge(self->method, &self->tuning, self->state,
             &(struct mr_observation){value, true, time_ms, 0}, &self->last);
    if (self->last.is_anomaly && self->alarm_count++ == 0) {
        self->first_alarm = self->count;
    }
    self->count++;
}

void series_end(struct series *self)
{
    free(self->state);
}

uint64_t series_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double series_noise(uint64_t *random)
{
    double sum = -6.0;

    for (int i = 0; i < 12; i++) {
        sum += (double)(series_random(random) >> 11) * 0x1p-53;
    }
    return sum;
}
