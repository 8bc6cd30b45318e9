/* Goal: `cat` finds the schema of a record wherever the record names it, and reads values and keys
 * as the pipeline's decoder does; what it cannot read it shows as it came, with the reason.
 * Method: the mock cluster and a registry in memory; one record of each kind, all in one topic. */
#include "tests/support/kafka_bench.h"
#include "tests/support/registry_bench.h"

#include "cli/cat.h"
#include "processors/core/kafka/embedded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAITS_MAX 300

/* Schemas of the registry, in this order; the fake counts from 1. */
#define TEXT_ID "\0\0\0\0\1"
#define NUMBER_ID "\0\0\0\0\2"
#define GUID "\1\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab"
#define TEXT_GUID GUID "\1"
#define NUMBER_GUID GUID "\2"

struct row {
    const char *label;
    struct mr_span key, value;
    struct mr_header headers[2];
    /* What cat makes of it. */
    const char *root; /* of the schema; NULL: none */
    const char *fault;
    struct mr_span read_key, datum;
};

#define VALUE(bytes) \
    { \
        MR_FRAME_VALUE_HEADER, MR_SPAN(bytes) \
    }
#define KEY(bytes) \
    { \
        MR_FRAME_KEY_HEADER, MR_SPAN(bytes) \
    }
#define NONE \
    { \
        NULL, \
        { \
            NULL, 0 \
        } \
    }

static const struct row rows[] = {
    {"an id in front",
     MR_SPAN("k"),
     MR_SPAN(NUMBER_ID "\6"),
     {NONE, NONE},
     "long",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"a GUID in front",
     MR_SPAN("k"),
     MR_SPAN(NUMBER_GUID "\6"),
     {NONE, NONE},
     "long",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"an id in a header",
     MR_SPAN("k"),
     MR_SPAN("\6"),
     {VALUE(NUMBER_ID), NONE},
     "long",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"a GUID in a header",
     MR_SPAN("k"),
     MR_SPAN("\6"),
     {VALUE(NUMBER_GUID), NONE},
     "long",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"the last header holds",
     MR_SPAN("k"),
     MR_SPAN("\4hi"),
     {VALUE(NUMBER_ID), VALUE(TEXT_GUID)},
     "string",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\4hi")},
    {"a key of Avro by its id",
     MR_SPAN("\4hi"),
     MR_SPAN(NUMBER_ID "\6"),
     {KEY(TEXT_ID), NONE},
     "long",
     NULL,
     MR_SPAN("hi"),
     MR_SPAN("\6")},
    {"both by GUIDs in headers",
     MR_SPAN("\4hi"),
     MR_SPAN("\6"),
     {KEY(TEXT_GUID), VALUE(NUMBER_GUID)},
     "long",
     NULL,
     MR_SPAN("hi"),
     MR_SPAN("\6")},
    {"a key that is no text",
     MR_SPAN("\6"),
     MR_SPAN("\6"),
     {KEY(NUMBER_ID), VALUE(NUMBER_ID)},
     "long",
     NULL,
     MR_SPAN("\6"),
     MR_SPAN("\6")},
    {"a key of nobody's schema",
     MR_SPAN("\6"),
     MR_SPAN("\6"),
     {KEY("\0\0\0\0\x63"), VALUE(NUMBER_ID)},
     "long",
     NULL,
     MR_SPAN("\6"),
     MR_SPAN("\6")},
    {"a key's header that is none",
     MR_SPAN("k"),
     MR_SPAN(NUMBER_ID "\6"),
     {KEY("1"), NONE},
     "long",
     NULL,
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"a value's header that is none",
     MR_SPAN("k"),
     MR_SPAN(NUMBER_ID "\6"),
     {VALUE("2"), NONE},
     NULL,
     "frame_header_unreadable",
     MR_SPAN("k"),
     MR_SPAN(NUMBER_ID "\6")},
    {"a GUID that is nowhere",
     MR_SPAN("k"),
     MR_SPAN("\6"),
     {VALUE(GUID "\x63"), NONE},
     NULL,
     "schema_unknown",
     MR_SPAN("k"),
     MR_SPAN("\6")},
    {"a tombstone with a header",
     MR_SPAN("k"),
     {NULL, 0},
     {VALUE(NUMBER_ID), NONE},
     NULL,
     NULL,
     MR_SPAN("k"),
     {NULL, 0}},
};

struct bench {
    struct kafka_bench kafka;
    struct registry_bench registry;
    struct mr_report *report;
    struct cat_source *source;
};

static void send_rows(struct bench *bench)
{
    static const char *const topics[] = {"strangers"};
    const struct mr_transport_spec spec = {.instance = "source-0",
                                           .outputs = topics,
                                           .output_count = 1,
                                           .delivery = MR_AT_LEAST_ONCE,
                                           .worker_count = 1};
    struct bench_worker worker;

    bench_worker_open(&worker, &bench->kafka, &spec);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_output output = {.key = rows[i].key,
                                         .value = rows[i].value,
                                         .timestamp_ms = 1,
                                         .headers = rows[i].headers,
                                         .header_count = rows[i].headers[1].name != NULL   ? 2
                                                         : rows[i].headers[0].name != NULL ? 1
                                                                                           : 0};

        bench_worker_send(&worker, &output, 1);
    }
    bench_worker_close(&worker);
}

static void open_bench(struct bench *bench)
{
    static const char *const schemas[] = {"\"string\"", "\"long\""};
    struct cat_source_spec spec = {.name = "strangers",
                                   .browse = {.partition = -1, .to = {MR_BROWSE_END, 0}}};
    struct mr_error err = {0};

    registry_bench_open(&bench->registry, FLAVOUR_CONFLUENT);
    for (int i = 0; i < (int)MR_COUNT(schemas); i++) {
        assert_int_equal(i + 1, registry_fake_add(&bench->registry.fake, "x", schemas[i], NULL));
    }
    kafka_bench_open(&bench->kafka, NULL, NULL);
    kafka_bench_topic(&bench->kafka, "strangers", 1, false);
    send_rows(bench);
    bench->report = mr_report_new();
    spec.bootstrap = rd_kafka_mock_cluster_bootstraps(mr_kafka_mock_of(bench->kafka.broker));
    spec.registry = registry_fake_url(&bench->registry.fake);
    spec.log = &bench->kafka.log;
    spec.report = bench->report;
    if (cat_source_open(&spec, &bench->source, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
}

static void close_bench(struct bench *bench)
{
    cat_source_close(bench->source);
    mr_report_free(bench->report);
    kafka_bench_close(&bench->kafka);
    registry_bench_close(&bench->registry);
}

static const struct cat_item *next(struct bench *bench)
{
    const struct cat_item *item = NULL;
    struct mr_error err = {0};
    bool is_done = false;

    for (int waits = 0; item == NULL && !is_done; waits++) {
        assert_true(waits < WAITS_MAX);
        if (cat_source_next(bench->source, &item, &is_done, &err) != MR_OK) {
            fail_msg("%s", err.text);
        }
    }
    return item;
}

static void a_record_is_read_by_whatever_names_its_schema(void **state)
{
    struct bench bench;

    (void)state;
    open_bench(&bench);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct cat_item *item = next(&bench);
        char words[128] = "";

        print_message("  %s\n", rows[i].label);
        assert_non_null(item);
        assert_string_equal(rows[i].fault != NULL ? rows[i].fault : "",
                            item->fault != NULL ? item->fault : "");
        assert_int_equal(rows[i].root != NULL, item->schema != NULL);
        if (rows[i].root != NULL) {
            (void)mr_type_words(mr_schema_root(item->schema), words);
            assert_string_equal(rows[i].root, words);
        }
        assert_true(mr_span_equal(rows[i].read_key, item->key));
        assert_true(mr_span_equal(rows[i].datum, item->datum));
    }
    assert_null(next(&bench));
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_by_whatever_names_its_schema),
    };

    return cmocka_run_group_tests_name("cat source", tests, NULL, NULL);
}
