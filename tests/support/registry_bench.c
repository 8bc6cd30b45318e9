#include "tests/support/registry_bench.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const char registry_price[] = "{\"type\":\"record\",\"name\":\"Price\",\"namespace\":\"shop\","
                              "\"fields\":[{\"name\":\"amount\",\"type\":\"long\"}]}";
const char registry_other[] = "{\"type\":\"record\",\"name\":\"Price\",\"namespace\":\"shop\","
                              "\"fields\":[{\"name\":\"amount\",\"type\":\"string\"}]}";

static int64_t fake_ms(void *context)
{
    return (int64_t)atomic_load((atomic_llong *)context);
}

static void fake_wait(void *context, int64_t ms)
{
    (void)atomic_fetch_add((atomic_llong *)context, ms);
}

void registry_bench_open(struct registry_bench *bench, enum registry_flavour flavour)
{
    *bench = (struct registry_bench){.fake = {.flavour = flavour}};
    registry_fake_open(&bench->fake);
    bench->url = registry_fake_url(&bench->fake);
    bench->settings = (struct mr_registry_settings){.url = {&bench->url, 1},
                                                    .context = "",
                                                    .user = "",
                                                    .password = "",
                                                    .token = "",
                                                    .ca_file = "",
                                                    .cert_file = "",
                                                    .key_file = "",
                                                    .auto_register = true,
                                                    .deadline = 60000,
                                                    .attempt_deadline = 60000,
                                                    .attempts = 4,
                                                    .absent_for = 10000};
    bench->clock = (struct mr_clock){fake_ms, fake_ms, fake_wait, &bench->now_ms};
    assert_int_equal(MR_OK,
                     mr_registry_new(&bench->settings, &bench->clock, &bench->registry, NULL));
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(registry_price), &bench->price, NULL));
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(registry_other), &bench->other, NULL));
}

void registry_bench_close(struct registry_bench *bench)
{
    mr_schema_free(bench->price);
    mr_schema_free(bench->other);
    mr_registry_free(bench->registry);
    registry_fake_close(&bench->fake);
}

void registry_bench_wait(struct registry_bench *bench, int64_t ms)
{
    fake_wait(&bench->now_ms, ms);
}

json_t *registry_bench_reference(const char *name, const char *subject)
{
    return json_pack("{s:s, s:s, s:i}", "name", name, "subject", subject, "version", 1);
}
