/* registry_bench.h - a registry client on the bench: a registry in memory, a clock that moves only
 * when somebody waits, two schemas that do not fit each other. Failing asserts are cmocka's. */
#ifndef MR_TESTS_REGISTRY_BENCH_H
#define MR_TESTS_REGISTRY_BENCH_H

#include "processors/core/registry/registry.h"
#include "tests/support/registry_fake.h"

#include <stdatomic.h>

extern const char registry_price[], registry_other[]; /* schemas of shop.Price */

struct registry_bench {
    struct registry_fake fake;
    struct mr_registry_settings settings; /* may be changed at any time, but for the URL */
    const char *url;
    atomic_llong now_ms;
    struct mr_clock clock;
    struct mr_registry *registry;
    struct mr_schema *price, *other;
};

void registry_bench_open(struct registry_bench *bench, enum registry_flavour flavour);
void registry_bench_close(struct registry_bench *bench);
void registry_bench_wait(struct registry_bench *bench, int64_t ms);
/* An item of "references": version 1 of a subject. */
json_t *registry_bench_reference(const char *name, const char *subject);

#endif
