/* clock.h - the only place that asks what time it is.
 *
 * Processors never do: they see batch->now_ms, which comes from the log. The
 * loop, the transports and the command use a struct mr_clock, so that a test
 * brings one whose time moves when the test says so.
 */
#ifndef MR_BASE_CLOCK_H
#define MR_BASE_CLOCK_H

#include <stdint.h>

struct mr_clock {
    int64_t (*wall_ms)(void *context);      /* since the epoch */
    int64_t (*monotonic_ms)(void *context); /* never goes back */
    void (*wait_ms)(void *context, int64_t ms);
    void *context; /* borrowed */
};

extern const struct mr_clock mr_clock_system;

static inline int64_t mr_clock_wall(const struct mr_clock *clock)
{
    return clock->wall_ms(clock->context);
}

static inline int64_t mr_clock_monotonic(const struct mr_clock *clock)
{
    return clock->monotonic_ms(clock->context);
}

static inline void mr_clock_wait(const struct mr_clock *clock, int64_t ms)
{
    clock->wait_ms(clock->context, ms);
}

#endif
