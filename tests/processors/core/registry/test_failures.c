/* Goal: what goes wrong once is made good, what goes on being wrong ends by its deadline and names
 * the place, what was learnt is never asked again, and one asks for all.
 * Method: each request of a client's life fails once in each way; a clock that moves when somebody
 * waits. */
#include "processors/core/registry/registry.h"
#include "tests/support/registry_bench.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- what goes wrong ------------------------------------------------------------------------- */

struct mishap {
    const char *label;
    enum stub_fault fault;
    unsigned status;
    const char *retry_after;
};

static const struct mishap passing[] = {
    {"breaks", STUB_RESET, 0, NULL},
    {"is silent", STUB_SILENT, 0, NULL},
    {"drips", STUB_DRIP, 0, NULL},
    {"stops half-way", STUB_TRUNCATED, 0, NULL},
    {"speaks something else", STUB_NOT_HTTP, 0, NULL},
    {"408", STUB_NONE, 408, NULL},
    {"429", STUB_NONE, 429, "Retry-After: 3\r\n"},
    {"500", STUB_NONE, 500, NULL},
    {"503", STUB_NONE, 503, "Retry-After: 1\r\n"},
};

static void set_mishap(struct registry_bench *bench, const struct mishap *mishap, unsigned at)
{
    bench->fake.requests = 0;
    bench->fake.fail_at = at;
    bench->fake.fault = mishap->fault;
    bench->fake.status = mishap->status;
    bench->fake.retry_after = mishap->retry_after;
    bench->settings.attempt_deadline =
        mishap->fault == STUB_SILENT || mishap->fault == STUB_DRIP ? 200 : 60000;
}

/* All that a client does in its life: every kind of question, one of them with a reference. */
static void live(struct registry_bench *bench, int referring)
{
    struct mr_registry_verdict verdict;
    struct mr_registry_found found;
    char level[MR_REGISTRY_LEVEL_SIZE];
    uint8_t guid[MR_REGISTRY_GUID_SIZE];
    int32_t id;

    assert_int_equal(MR_OK, mr_registry_id(bench->registry, "s-value", bench->price, &id, NULL));
    assert_int_equal(MR_OK, mr_registry_by_id(bench->registry, id, &found, NULL));
    assert_string_equal(registry_price, mr_schema_text(found.schema));
    assert_int_equal(MR_OK, mr_registry_by_id(bench->registry, referring, &found, NULL));
    assert_non_null(found.schema);
    assert_int_equal(MR_OK, mr_registry_by_version(bench->registry, "s-value", 0, &found, NULL));
    assert_non_null(found.schema);
    assert_int_equal(MR_OK,
                     mr_registry_check(bench->registry, "s-value", bench->price, &verdict, NULL));
    assert_true(verdict.is_compatible);
    assert_int_equal(MR_OK, mr_registry_level(bench->registry, "s-value", level, NULL));
    assert_string_equal("BACKWARD", level);
    registry_fake_guid(id, guid);
    assert_int_equal(MR_OK, mr_registry_by_guid(bench->registry, guid, &found, NULL));
    assert_non_null(found.schema);
    assert_int_equal(MR_OK,
                     mr_registry_lookup(bench->registry, "s-value", bench->price, &found, NULL));
    assert_int_equal(id, found.id);
    assert_int_equal(MR_OK, mr_registry_set_level(bench->registry, "s-value", "FULL", NULL));
}

static int add_referring(struct registry_bench *bench)
{
    static const char holder[] = "{\"type\":\"record\",\"name\":\"Holder\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":\"A\"}]}";
    static const char a[] = "{\"type\":\"fixed\",\"name\":\"A\",\"size\":1}";

    (void)registry_fake_add(&bench->fake, "a", a, NULL);
    return registry_fake_add(
        &bench->fake, "holder", holder,
        json_pack("{s:[o]}", "references", registry_bench_reference("A", "a")));
}

static void each_request_may_fail_once_in_each_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_COUNT(passing); i++) {
        unsigned at = 1;
        bool is_over = false;

        for (; !is_over; at++) {
            struct registry_bench bench;
            int referring;

            registry_bench_open(&bench, FLAVOUR_CONFLUENT);
            referring = add_referring(&bench);
            set_mishap(&bench, &passing[i], at);
            live(&bench, referring);
            http_stub_sync(bench.fake.stub);
            is_over = bench.fake.requests < at; /* all were made, and none was the at-th */
            if (!is_over && passing[i].retry_after != NULL) {
                assert_true(atomic_load(&bench.now_ms) >=
                            INT64_C(1000) * (passing[i].retry_after[13] - '0'));
            }
            registry_bench_close(&bench);
        }
        print_message("  %s: %u requests failed once\n", passing[i].label, at - 2);
        assert_int_equal(12, at - 2);
    }
}

static void what_goes_on_failing_ends_and_names_the_place(void **state)
{
    struct mr_registry_found found;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(passing); i++) {
        struct mr_error err = {0};
        struct registry_bench bench;

        registry_bench_open(&bench, FLAVOUR_CONFLUENT);
        set_mishap(&bench, &passing[i], 1);
        bench.fake.fail_until = 1000;
        assert_int_equal(MR_UNAVAILABLE, mr_registry_by_id(bench.registry, 1, &found, &err));
        assert_non_null(strstr(err.text, "/schemas/ids/1"));
        http_stub_sync(bench.fake.stub);
        if (passing[i].fault == STUB_SILENT || passing[i].fault == STUB_DRIP) { /* some unheard */
            assert_true(bench.fake.requests <= bench.settings.attempts);
        } else {
            assert_int_equal(bench.settings.attempts, bench.fake.requests);
        }
        assert_null(found.schema);
        bench.fake.fail_at = 0; /* a failure is not kept */
        (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
        assert_non_null(found.schema);
        registry_bench_close(&bench);
    }
}

static void a_deadline_ends_the_attempts(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    set_mishap(&bench, &passing[6], 1); /* 429, three seconds */
    bench.fake.fail_until = 1000;
    bench.settings.deadline = 5000;
    assert_int_equal(MR_UNAVAILABLE, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_int_equal(2, bench.fake.requests);
    bench.settings.deadline = 2000; /* it would come too late */
    assert_int_equal(MR_UNAVAILABLE, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_int_equal(3, bench.fake.requests);
    registry_bench_close(&bench);
}

/* --- several addresses ------------------------------------------------------------------------ */

/* Where nobody listens, the bench's registry, and another that knows the same two schemas. */
struct several {
    struct registry_bench bench;
    struct registry_fake other;
    const char *urls[2];
    char both[128];
};

static void open_several(struct several *several)
{
    struct registry_bench *bench = &several->bench;

    registry_bench_open(bench, FLAVOUR_CONFLUENT);
    several->other = (struct registry_fake){.flavour = FLAVOUR_CONFLUENT};
    registry_fake_open(&several->other);
    for (int i = 0; i < 2; i++) {
        struct registry_fake *fake = i == 0 ? &bench->fake : &several->other;

        assert_int_equal(1, registry_fake_add(fake, "s-value", registry_price, NULL));
        assert_int_equal(2, registry_fake_add(fake, "s-value", registry_other, NULL));
    }
    (void)snprintf(several->both, sizeof(several->both), " %s/, %s",
                   registry_fake_url(&bench->fake), registry_fake_url(&several->other));
    several->urls[0] = "http://127.0.0.1:1";
    several->urls[1] = several->both;
    bench->settings.url = (struct mr_texts){several->urls, 2};
    mr_registry_free(bench->registry);
    assert_int_equal(MR_OK,
                     mr_registry_new(&bench->settings, &bench->clock, &bench->registry, NULL));
}

static void close_several(struct several *several)
{
    registry_bench_close(&several->bench);
    registry_fake_close(&several->other);
}

static void where_one_is_away_the_next_is_asked_at_once(void **state)
{
    struct mr_registry_found found;
    struct several several;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(passing); i++) {
        struct registry_bench *bench = &several.bench;
        long long begun_ms;

        if (passing[i].status == 429) { /* it is there, and has said when */
            continue;
        }
        print_message("  %s\n", passing[i].label);
        open_several(&several);
        begun_ms = atomic_load(&bench->now_ms);
        set_mishap(bench, &passing[i], 1);
        bench->fake.fail_until = 1000;
        assert_int_equal(MR_OK, mr_registry_by_id(bench->registry, 1, &found, NULL));
        assert_non_null(found.schema);
        assert_int_equal(begun_ms, atomic_load(&bench->now_ms)); /* nobody waited */
        http_stub_sync(bench->fake.stub);
        assert_int_equal(1, several.other.requests);
        assert_true(bench->fake.requests <= 1); /* a silent one may not have heard it yet */
        assert_int_equal(MR_OK, mr_registry_by_id(bench->registry, 2, &found, NULL));
        assert_int_equal(2, several.other.requests); /* it is the first to be asked now */
        http_stub_sync(bench->fake.stub);
        assert_true(bench->fake.requests <= 1);
        bench->fake.fail_at = 0;
        several.other.fail_at = 3; /* and back again */
        several.other.fail_until = 1000;
        several.other.status = 503;
        assert_int_equal(MR_OK, mr_registry_by_id(bench->registry, 3, &found, NULL));
        assert_string_equal("schema_unknown", found.reason);
        assert_int_equal(begun_ms, atomic_load(&bench->now_ms));
        close_several(&several);
    }
}

static void where_all_are_away_each_is_asked_so_often(void **state)
{
    struct mr_registry_found found;
    struct mr_error err = {0};
    struct several several;

    (void)state;
    open_several(&several);
    several.bench.fake.fail_at = several.other.fail_at = 1;
    several.bench.fake.fail_until = several.other.fail_until = 1000;
    several.bench.fake.status = several.other.status = 503;
    assert_int_equal(MR_UNAVAILABLE, mr_registry_by_id(several.bench.registry, 1, &found, &err));
    assert_non_null(strstr(err.text, "/schemas/ids/1"));
    assert_int_equal(several.bench.settings.attempts, several.bench.fake.requests);
    assert_int_equal(several.bench.settings.attempts, several.other.requests);
    close_several(&several);
}

static void what_one_refuses_no_other_is_asked(void **state)
{
    struct mr_registry_found found;
    struct mr_error err = {0};
    struct several several;

    (void)state;
    open_several(&several);
    several.bench.fake.fail_at = 1;
    several.bench.fake.status = 401;
    assert_int_equal(MR_REFUSED, mr_registry_by_id(several.bench.registry, 1, &found, &err));
    assert_non_null(strstr(err.text, registry_fake_url(&several.bench.fake)));
    assert_int_equal(0, several.other.requests);
    close_several(&several);
}

static void an_empty_list_of_addresses_is_refused(void **state)
{
    static const char *const urls[] = {" , /,"};
    const struct mr_registry_settings settings = {.url = {urls, 1}, .context = ""};
    struct mr_registry *registry;
    struct mr_error err = {0};

    (void)state;
    assert_int_equal(MR_BAD_CONFIG, mr_registry_new(&settings, &mr_clock_system, &registry, &err));
    assert_null(registry);
    assert_string_equal("registry.url: names no registry", err.text);
}

static void a_wrong_answer_is_no_knowledge(void **state)
{
    static const struct {
        const char *label;
        unsigned status;
        const char *body;
        enum mr_code code;
    } rows[] = {
        {"no JSON", 200, "<html>Welcome</html>", MR_UNAVAILABLE},
        {"JSON cut short", 200, "{\"schema\": \"\\\"str", MR_UNAVAILABLE},
        {"a list", 200, "[1]", MR_UNAVAILABLE},
        {"without a schema", 200, "{}", MR_UNAVAILABLE},
        {"a schema that is no text", 200, "{\"schema\": 7}", MR_UNAVAILABLE},
        {"a proxy's 404", 404, "404 page not found", MR_UNAVAILABLE},
        {"a servlet's 404", 404, "{\"error_code\": 404, \"message\": \"HTTP 404\"}",
         MR_UNAVAILABLE},
        {"moved", 302, "", MR_UNAVAILABLE},
        {"who are you", 401, "{\"error_code\": 401, \"message\": \"Unauthorized\"}", MR_REFUSED},
        {"not you", 403, "", MR_REFUSED},
        {"a bad request", 400, "{\"error_code\": 400, \"message\": \"bad\\nrequest\"}", MR_REFUSED},
    };
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_error err = {0};

        bench.fake.fail_at = bench.fake.requests + 1;
        bench.fake.status = rows[i].status;
        bench.fake.body = rows[i].body;
        assert_int_equal(rows[i].code, mr_registry_by_id(bench.registry, 1, &found, &err));
        print_message("  %s: %s\n", rows[i].label, err.text);
        assert_non_null(strstr(err.text, registry_fake_url(&bench.fake)));
        assert_null(strchr(err.text, '\n'));
        assert_int_equal(bench.fake.fail_at, bench.fake.requests); /* asked once */
    }
    bench.fake.fail_at = 0;
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_non_null(found.schema);
    bench.fake.fail_at = bench.fake.requests + 1;
    bench.fake.status = 200;
    bench.fake.body = "{\"id\": 4294967296}";
    assert_int_equal(MR_UNAVAILABLE,
                     mr_registry_lookup(bench.registry, "s-value", bench.price, &found, NULL));
    registry_bench_close(&bench);
}

static void an_endless_answer_is_cut(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    bench.fake.fail_at = 1;
    bench.fake.fault = STUB_ENDLESS;
    assert_int_equal(MR_BAD_DATA, mr_registry_by_id(bench.registry, 1, &found, NULL));
    registry_bench_close(&bench);
}

/* --- what is known ---------------------------------------------------------------------------- */

static void a_dead_registry_stops_nobody_who_knows(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;
    int32_t id;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    assert_int_equal(MR_OK, mr_registry_id(bench.registry, "s-value", bench.price, &id, NULL));
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
    set_mishap(&bench, &passing[0], 1);
    bench.fake.fail_until = 1000;
    registry_bench_wait(&bench, INT64_C(1000) * 86400 * 365);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_string_equal(registry_price, mr_schema_text(found.schema));
        assert_int_equal(MR_OK, mr_registry_id(bench.registry, "s-value", bench.price, &id, NULL));
    }
    assert_int_equal(0, bench.fake.requests);
    registry_bench_close(&bench);
}

static void absence_is_believed_for_a_while(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
        assert_non_null(found.reason);
    }
    assert_int_equal(1, bench.fake.requests);
    (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
    registry_bench_wait(&bench, bench.settings.absent_for - 1);
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_non_null(found.reason);
    registry_bench_wait(&bench, 1);
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_null(found.reason);
    assert_int_equal(2, bench.fake.requests);
    registry_bench_close(&bench);
}

/* Twice as many as are kept, and what is known stays. */
static void made_up_ids_use_up_no_memory(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
    for (int32_t id = 2; id < 2050; id++) {
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_non_null(found.reason);
    }
    assert_int_equal(2049, bench.fake.requests);
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 1, &found, NULL));
    assert_non_null(found.schema);
    assert_int_equal(2049, bench.fake.requests);
    for (int32_t id = 2; id < 2050; id++) {
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
    }
    assert_true(bench.fake.requests >= 2049 + 1024); /* forgotten, so asked again */
    registry_bench_close(&bench);
}

struct asker {
    struct registry_bench *bench;
    pthread_barrier_t *start;
    enum mr_code code;
    const struct mr_schema *schema;
    pthread_t thread;
};

static void *ask_one(void *context)
{
    struct asker *asker = context;
    struct mr_registry_found found;

    (void)pthread_barrier_wait(asker->start);
    asker->code = mr_registry_by_id(asker->bench->registry, 1, &found, NULL);
    asker->schema = found.schema;
    return NULL;
}

/* Starts 16 threads that want the same id at once. */
static void ask_together(struct registry_bench *bench, struct asker *askers)
{
    pthread_barrier_t start;

    assert_int_equal(0, pthread_barrier_init(&start, NULL, 16));
    for (size_t i = 0; i < 16; i++) {
        askers[i] = (struct asker){.bench = bench, .start = &start};
        assert_int_equal(0, pthread_create(&askers[i].thread, NULL, ask_one, &askers[i]));
    }
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(0, pthread_join(askers[i].thread, NULL));
    }
    (void)pthread_barrier_destroy(&start);
}

static void one_asks_and_all_hear(void **state)
{
    struct asker askers[16];
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
    ask_together(&bench, askers);
    for (size_t i = 0; i < MR_COUNT(askers); i++) {
        assert_int_equal(MR_OK, askers[i].code);
        assert_non_null(askers[i].schema);
        assert_ptr_equal(askers[0].schema, askers[i].schema);
    }
    assert_int_equal(1, bench.fake.requests);
    registry_bench_close(&bench);
}

/* The first attempt is silent until its time is up, so that the others surely wait for it. */
static void a_failure_is_heard_by_all_too(void **state)
{
    struct asker askers[16];
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    set_mishap(&bench, &passing[1], 1);
    bench.settings.attempts = 1;
    bench.fake.fail_until = 1000;
    ask_together(&bench, askers);
    for (size_t i = 0; i < MR_COUNT(askers); i++) {
        assert_int_equal(MR_UNAVAILABLE, askers[i].code);
    }
    http_stub_sync(bench.fake.stub);
    assert_true(bench.fake.requests < MR_COUNT(askers));
    registry_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_may_fail_once_in_each_way),
        cmocka_unit_test(what_goes_on_failing_ends_and_names_the_place),
        cmocka_unit_test(a_deadline_ends_the_attempts),
        cmocka_unit_test(where_one_is_away_the_next_is_asked_at_once),
        cmocka_unit_test(where_all_are_away_each_is_asked_so_often),
        cmocka_unit_test(what_one_refuses_no_other_is_asked),
        cmocka_unit_test(an_empty_list_of_addresses_is_refused),
        cmocka_unit_test(a_wrong_answer_is_no_knowledge),
        cmocka_unit_test(an_endless_answer_is_cut),
        cmocka_unit_test(a_dead_registry_stops_nobody_who_knows),
        cmocka_unit_test(absence_is_believed_for_a_while),
        cmocka_unit_test(made_up_ids_use_up_no_memory),
        cmocka_unit_test(one_asks_and_all_hear),
        cmocka_unit_test(a_failure_is_heard_by_all_too),
    };

    return cmocka_run_group_tests_name("registry failures", tests, NULL, NULL);
}
