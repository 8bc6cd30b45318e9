#include "processors/core/stage/phase.h"

#define RETRY_MAX_MS 120000

bool mr_phase_is_upstream_done(struct mr_phase *phase, int rank)
{
    for (int i = 0; i < rank; i++) {
        if (atomic_load(&phase->live[i]) > 0) {
            return false;
        }
    }
    return true;
}

void mr_phase_back_off(const struct mr_worker_spec *spec, int attempt, uint64_t *seed)
{
    const int64_t most = attempt < 7 ? INT64_C(20) << attempt : 2000;

    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    mr_clock_wait(spec->clock, most / 2 + (int64_t)(*seed >> 33) % (most / 2 + 1));
}

enum mr_code mr_phase_commit(const struct mr_worker_spec *spec, struct mr_transport *transport,
                             const struct mr_position *positions, size_t count,
                             struct mr_counters *counters, struct mr_error *err)
{
    const int64_t deadline = mr_clock_monotonic(spec->clock) + RETRY_MAX_MS;
    uint64_t seed = (uint64_t)spec->worker + 1;

    for (int attempt = 0;; attempt++) {
        struct mr_error inner = {0};
        const enum mr_code code = transport->ops->commit(transport, positions, count, &inner);

        if (code == MR_OK) {
            mr_count(&counters->commits, 1);
            return MR_OK;
        }
        if (mr_code_advice(code) != MR_ADVICE_RETRY || mr_clock_monotonic(spec->clock) > deadline) {
            return MR_FAIL(err, code, "%s", inner.text);
        }
        mr_count(&counters->retries, 1);
        MR_LOG(spec->log, MR_WARN, "commit_retried", "attempt=%d reason=\"%s\"", attempt,
               inner.text);
        mr_phase_back_off(spec, attempt, &seed);
    }
}

void mr_phase_beat(const struct mr_worker_spec *spec, struct mr_transport *transport,
                   struct mr_counters *counters)
{
    struct mr_lag lags[256];
    const size_t count =
        transport->ops->lag != NULL ? transport->ops->lag(transport, lags, MR_COUNT(lags)) : 0;
    uint64_t records = 0;

    for (size_t i = 0; i < count; i++) {
        records += lags[i].records > 0 ? (uint64_t)lags[i].records : 0;
    }
    atomic_store_explicit(&counters->lag, records, memory_order_relaxed);
    atomic_store_explicit(&counters->beat, (uint64_t)mr_clock_monotonic(spec->clock),
                          memory_order_relaxed);
}
