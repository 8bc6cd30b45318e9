/* Goal: whatever of the real registries answers, the client learns the same.
 * Method: a registry in memory in four flavours, each saying what the real one was seen to say. */
#include "processors/core/registry/registry.h"
#include "tests/support/registry_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const flavours[] = {"confluent", "apicurio", "karapace", "srfake"};

/* --- what is asked for is found, whoever answers -------------------------------------------- */

static void a_registered_schema_is_found_by_its_id(void **state)
{
    struct mr_registry_found found, again;
    struct registry_bench bench;
    int32_t id;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(flavours); i++) {
        print_message("  %s\n", flavours[i]);
        registry_bench_open(&bench, (enum registry_flavour)i);
        assert_int_equal(MR_OK,
                         mr_registry_register(bench.registry, "s-value", bench.price, &id, NULL));
        assert_int_equal(1, id);
        assert_int_equal(MR_OK,
                         mr_registry_lookup(bench.registry, "s-value", bench.price, &found, NULL));
        assert_int_equal(1, found.id);
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_null(found.reason);
        assert_string_equal(registry_price, mr_schema_text(found.schema));
        assert_int_equal(MR_OK, mr_registry_by_version(bench.registry, "s-value", 0, &again, NULL));
        assert_int_equal(1, again.version);
        assert_string_equal(registry_price, mr_schema_text(again.schema));
        registry_bench_close(&bench);
    }
}

static void a_guid_is_found_where_the_registry_has_them(void **state)
{
    static const bool has_them[] = {true, false, false, true};
    struct mr_registry_found found;
    struct registry_bench bench;
    uint8_t guid[16];

    (void)state;
    for (size_t i = 0; i < MR_COUNT(flavours); i++) {
        registry_bench_open(&bench, (enum registry_flavour)i);
        registry_fake_guid(registry_fake_add(&bench.fake, "s-value", registry_price, NULL), guid);
        assert_int_equal(MR_OK, mr_registry_by_guid(bench.registry, guid, &found, NULL));
        assert_string_equal("GET /schemas/guids/abababab-abab-abab-abab-ababababab01",
                            bench.fake.seen);
        assert_int_equal(has_them[i], found.schema != NULL);
        assert_int_equal(has_them[i], found.reason == NULL);
        registry_bench_close(&bench);
    }
}

static void what_is_not_there_has_a_reason(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(flavours); i++) {
        registry_bench_open(&bench, (enum registry_flavour)i);
        (void)registry_fake_add(&bench.fake, "s-value", registry_other, NULL);
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, 99, &found, NULL));
        assert_string_equal("schema_unknown", found.reason);
        assert_int_equal(MR_OK, mr_registry_by_version(bench.registry, "no", 0, &found, NULL));
        assert_string_equal("schema_unknown", found.reason);
        assert_int_equal(MR_OK, mr_registry_by_version(bench.registry, "s-value", 7, &found, NULL));
        assert_string_equal("schema_unknown", found.reason);
        assert_int_equal(MR_OK,
                         mr_registry_lookup(bench.registry, "s-value", bench.price, &found, NULL));
        assert_string_equal("schema_unknown", found.reason);
        registry_bench_close(&bench);
    }
}

static void what_is_no_avro_schema_has_a_reason(void **state)
{
    static const struct {
        const char *schema, *kind, *reason;
    } rows[] = {
        {"{\"type\": \"object\"}", "JSON", "schema_not_avro"},
        {"syntax = \"proto3\";", "PROTOBUF", "schema_not_avro"},
        {"{\"type\": \"recor", "AVRO", "schema_unreadable"},
        {"{\"type\": \"nothing\"}", "AVRO", "schema_unreadable"},
    };
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const int id = registry_fake_add(&bench.fake, "s-value", rows[i].schema,
                                         json_pack("{s:s}", "schemaType", rows[i].kind));

        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_null(found.schema);
        assert_string_equal(rows[i].reason, found.reason);
    }
    registry_bench_close(&bench);
}

static void subjects_are_named_by_the_strategy(void **state)
{
    static const char *const names[] = {"t-value", "shop.Price", "t-shop.Price"};
    char out[MR_REGISTRY_SUBJECT_SIZE];
    struct mr_schema *text;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    for (int i = 0; i < (int)MR_COUNT(names); i++) {
        bench.settings.strategy = i;
        assert_string_equal(names[i], mr_registry_subject(&bench.settings, "t", bench.price, out));
    }
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text("\"string\""), &text, NULL));
    assert_string_equal("t-value", mr_registry_subject(&bench.settings, "t", text, out));
    mr_schema_free(text);
    registry_bench_close(&bench);
}

/* A context counts its own ids, and a reference without one is in that of who refers. */
static void a_context_is_part_of_subjects_and_ids(void **state)
{
    static const char holder[] = "{\"type\":\"record\",\"name\":\"Holder\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":\"A\"}]}";
    static const char a[] = "{\"type\":\"fixed\",\"name\":\"A\",\"size\":1}";
    static const char *const contexts[] = {".team", "team"};
    char out[MR_REGISTRY_SUBJECT_SIZE];
    struct mr_registry_found found;
    struct registry_bench bench;
    int id;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(contexts); i++) {
        registry_bench_open(&bench, FLAVOUR_CONFLUENT);
        bench.settings.context = contexts[i];
        assert_string_equal(":.team:t-value",
                            mr_registry_subject(&bench.settings, "t", bench.price, out));
        id = registry_fake_add(&bench.fake, "x", registry_price, NULL);
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_non_null(found.schema);
        assert_string_equal("GET /schemas/ids/1?subject=%3A.team%3A", bench.fake.seen);
        (void)registry_fake_add(&bench.fake, "%3A.team%3Aa", a, NULL);
        id = registry_fake_add(
            &bench.fake, "holder", holder,
            json_pack("{s:[o]}", "references", registry_bench_reference("A", "a")));
        assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
        assert_non_null(found.schema);
        assert_string_equal("GET /subjects/%3A.team%3Aa/versions/1", bench.fake.seen);
        registry_bench_close(&bench);
    }
}

static void a_subject_is_escaped_in_a_path(void **state)
{
    struct mr_registry_found found;
    struct registry_bench bench;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    assert_int_equal(MR_OK,
                     mr_registry_by_version(bench.registry, ":.a:x y/\xc3\xa9?", 2, &found, NULL));
    assert_string_equal("GET /subjects/%3A.a%3Ax%20y%2F%C3%A9%3F/versions/2", bench.fake.seen);
    registry_bench_close(&bench);
}

/* --- references ------------------------------------------------------------------------------ */

static void references_are_put_where_they_are_first_used(void **state)
{
    static const char currency[] = "{\"type\":\"enum\",\"name\":\"shop.Currency\","
                                   "\"symbols\":[\"ILS\",\"EUR\"]}";
    static const char money[] =
        "{\"type\":\"record\",\"name\":\"Money\",\"namespace\":\"shop\",\"fields\":["
        "{\"name\":\"currency\",\"type\":\"Currency\"}]}";
    static const char bare[] = "{\"type\":\"fixed\",\"name\":\"Bare\",\"size\":2}";
    static const char order[] =
        "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":["
        "{\"name\":\"prices\",\"type\":{\"type\":\"array\",\"items\":\"Money\"}},"
        "{\"name\":\"more\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"shop.Money\"]}},"
        "{\"name\":\"bare\",\"type\":\"Bare\"},"
        "{\"name\":\"currency\",\"type\":\"shop.Currency\"}]}";
    static const char expected[] =
        "{\"name\":\"shop.Order\",\"type\":\"record\",\"fields\":["
        "{\"name\":\"prices\",\"type\":{\"type\":\"array\",\"items\":"
        "{\"name\":\"shop.Money\",\"type\":\"record\",\"fields\":[{\"name\":\"currency\",\"type\":"
        "{\"name\":\"shop.Currency\",\"type\":\"enum\",\"symbols\":[\"ILS\",\"EUR\"]}}]}}},"
        "{\"name\":\"more\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"shop.Money\"]}},"
        "{\"name\":\"bare\",\"type\":{\"name\":\"Bare\",\"type\":\"fixed\",\"size\":2}},"
        "{\"name\":\"currency\",\"type\":\"shop.Currency\"}]}";
    struct mr_registry_found found;
    struct registry_bench bench;
    int id;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    (void)registry_fake_add(&bench.fake, "currency", currency, NULL);
    (void)registry_fake_add(
        &bench.fake, "money", money,
        json_pack("{s:[o]}", "references", registry_bench_reference("shop.Currency", "currency")));
    (void)registry_fake_add(&bench.fake, "bare", bare, NULL);
    id = registry_fake_add(&bench.fake, "order", order,
                           json_pack("{s:[o, o, o]}", "references",
                                     registry_bench_reference("shop.Money", "money"),
                                     registry_bench_reference("Bare", "bare"),
                                     registry_bench_reference("shop.Currency", "currency")));
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
    assert_null(found.reason);
    assert_string_equal(expected, mr_schema_canonical(found.schema));
    registry_bench_close(&bench);
}

static void references_that_lead_nowhere_have_a_reason(void **state)
{
    static const char holder[] = "{\"type\":\"record\",\"name\":\"Holder\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":\"A\"}]}";
    static const char a[] = "{\"type\":\"record\",\"name\":\"A\",\"fields\":["
                            "{\"name\":\"b\",\"type\":\"Holder\"}]}";
    struct mr_registry_found found;
    struct registry_bench bench;
    int id;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    id = registry_fake_add(
        &bench.fake, "holder", holder,
        json_pack("{s:[o]}", "references", registry_bench_reference("A", "nowhere")));
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
    assert_string_equal("schema_reference_unknown", found.reason);
    registry_bench_close(&bench);

    registry_bench_open(&bench, FLAVOUR_CONFLUENT); /* in a circle, which no registry should have */
    (void)registry_fake_add(
        &bench.fake, "a", a,
        json_pack("{s:[o]}", "references", registry_bench_reference("Holder", "holder")));
    id = registry_fake_add(&bench.fake, "holder", holder,
                           json_pack("{s:[o]}", "references", registry_bench_reference("A", "a")));
    assert_int_equal(MR_OK, mr_registry_by_id(bench.registry, id, &found, NULL));
    assert_string_equal("schema_reference_unreadable", found.reason);
    assert_true(bench.fake.requests < 30);
    registry_bench_close(&bench);
}

/* --- compatibility --------------------------------------------------------------------------- */

static void a_schema_that_is_not_taken_is_told_with_the_reason(void **state)
{
    static const char *const said[] = {"BACKWARD: first; second", "NONE: no reason given",
                                       "BACKWARD: first; second", NULL};
    struct registry_bench bench;
    int32_t id;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(flavours); i++) {
        struct mr_registry_verdict verdict;
        struct mr_error err = {0};
        enum mr_code code;

        registry_bench_open(&bench, (enum registry_flavour)i);
        bench.fake.is_strict = true;
        assert_int_equal(MR_OK, mr_registry_id(bench.registry, "s-value", bench.price, &id, NULL));
        assert_int_equal(MR_OK,
                         mr_registry_check(bench.registry, "s-value", bench.other, &verdict, NULL));
        assert_int_equal(said[i] == NULL, verdict.is_compatible);
        code = mr_registry_id(bench.registry, "s-value", bench.other, &id, &err);
        if (said[i] == NULL) {
            assert_int_equal(MR_OK, code);
        } else {
            print_message("  %s\n", err.text);
            assert_int_equal(MR_BAD_CONFIG, code);
            assert_non_null(strstr(err.text, said[i]));
        }
        registry_bench_close(&bench);
    }
}

static void a_level_is_set_when_it_is_asked_for(void **state)
{
    struct registry_bench bench;
    char level[MR_REGISTRY_LEVEL_SIZE];
    int32_t id;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(flavours); i++) {
        registry_bench_open(&bench, (enum registry_flavour)i);
        bench.settings.compatibility = 7;
        assert_int_equal(MR_OK, mr_registry_id(bench.registry, "s-value", bench.price, &id, NULL));
        assert_int_equal(MR_OK, mr_registry_level(bench.registry, "s-value", level, NULL));
        assert_string_equal(mr_registry_levels[7], level);
        registry_bench_close(&bench);
    }
}

static void nothing_is_registered_where_that_is_not_wanted(void **state)
{
    struct mr_error err = {0};
    struct registry_bench bench;
    int32_t id;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_CONFLUENT);
    bench.settings.auto_register = false;
    assert_int_equal(MR_BAD_CONFIG,
                     mr_registry_id(bench.registry, "s-value", bench.price, &id, &err));
    assert_non_null(strstr(err.text, "s-value does not have our schema"));
    assert_int_equal(0, json_array_size(bench.fake.schemas));
    (void)registry_fake_add(&bench.fake, "s-value", registry_price, NULL);
    registry_bench_wait(&bench, bench.settings.absent_for);
    assert_int_equal(MR_OK, mr_registry_id(bench.registry, "s-value", bench.price, &id, NULL));
    assert_int_equal(1, id);
    registry_bench_close(&bench);
}

static void who_we_are_is_said_each_time(void **state)
{
    struct mr_registry_settings settings;
    struct mr_registry *registry;
    struct registry_bench bench;
    int32_t id;

    (void)state;
    registry_bench_open(&bench, FLAVOUR_APICURIO);
    settings = bench.settings;
    settings.token = "t0ken";
    assert_int_equal(MR_OK, mr_registry_new(&settings, &bench.clock, &registry, NULL));
    assert_int_equal(MR_OK, mr_registry_id(registry, "s-value", bench.price, &id, NULL));
    assert_non_null(strstr(bench.fake.head, "Authorization: Bearer t0ken\r\n"));
    assert_non_null(
        strstr(bench.fake.head, "Content-Type: application/vnd.schemaregistry.v1+json\r\n"));
    mr_registry_free(registry);
    registry_bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_schema_is_found_by_its_id),
        cmocka_unit_test(a_guid_is_found_where_the_registry_has_them),
        cmocka_unit_test(what_is_not_there_has_a_reason),
        cmocka_unit_test(what_is_no_avro_schema_has_a_reason),
        cmocka_unit_test(subjects_are_named_by_the_strategy),
        cmocka_unit_test(a_context_is_part_of_subjects_and_ids),
        cmocka_unit_test(a_subject_is_escaped_in_a_path),
        cmocka_unit_test(references_are_put_where_they_are_first_used),
        cmocka_unit_test(references_that_lead_nowhere_have_a_reason),
        cmocka_unit_test(a_schema_that_is_not_taken_is_told_with_the_reason),
        cmocka_unit_test(a_level_is_set_when_it_is_asked_for),
        cmocka_unit_test(nothing_is_registered_where_that_is_not_wanted),
        cmocka_unit_test(who_we_are_is_said_each_time),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
