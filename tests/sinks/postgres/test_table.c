/* Goal: a topic's record becomes the columns that a person would name, `check` finds what cannot
 * work without a database, and the statements are the ones that the tables need.
 * Method: settings as YAML over a schema with a subject and two stamps; dry opening only. */
#include "tests/support/sink_bench.h"

#include "sinks/postgres/postgres.h"
#include "sinks/postgres/sql.h"

#include <stdio.h>
#include <string.h>

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
    "{\"name\":\"subject\",\"type\":{\"type\":\"record\",\"name\":\"S\",\"fields\":["
    "{\"name\":\"item\",\"type\":\"string\"},{\"name\":\"price\",\"type\":[\"null\",\"double\"]},"
    "{\"name\":\"maker\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"M\",\"fields\":["
    "{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"part_of\",\"type\":[\"null\",\"M\"]}]}]}"
    "]}},"
    "{\"name\":\"origin\",\"type\":{\"type\":\"record\",\"name\":\"O\",\"fields\":["
    "{\"name\":\"event_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"nothing\",\"type\":\"null\"},"
    "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}}]}";

struct bench {
    struct mr_arena *arena;
    struct mr_report *report;
    struct mr_schema *schema;
    struct mr_layout *layout;
    struct mr_sink_input input;
    struct mr_pg_tables tables;
    struct mr_error err;
};

static int setup(void **state)
{
    struct bench *bench = test_calloc(1, sizeof(*bench));

    bench->arena = mr_arena_new((size_t)8 << 20);
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(schema), &bench->schema, &bench->err));
    *state = bench;
    return 0;
}

static void forget(struct bench *bench)
{
    mr_report_free(bench->report);
    mr_layout_free(bench->layout);
    bench->report = NULL;
    bench->layout = NULL;
    bench->err = (struct mr_error){0};
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    forget(bench);
    mr_schema_free(bench->schema);
    mr_arena_free(bench->arena);
    test_free(bench);
    return 0;
}

static enum mr_code read_tables(struct bench *bench, const char *yaml)
{
    const struct mr_node *node;

    forget(bench);
    bench->report = mr_report_new();
    bench->layout = mr_layout_new(bench->schema);
    bench->input = (struct mr_sink_input){"score", "g.score", bench->schema, bench->layout};
    node = mr_node_parse("t.yaml", mr_span_text(yaml), bench->arena, bench->report);
    assert_non_null(node);
    bench->tables = (struct mr_pg_tables){.report = bench->report, .arena = bench->arena};
    return mr_pg_tables_read(&bench->tables, node, &bench->input, 1, &bench->err);
}

static const char *create(struct bench *bench, const char *yaml)
{
    if (read_tables(bench, yaml) != MR_OK) {
        fail_msg("%s: %s", yaml, bench->err.text);
    }
    return mr_pg_sql_create(&bench->tables.items[0], bench->arena);
}

static void a_table_has_the_columns_that_a_person_would_name(void **state)
{
    static const struct {
        const char *label, *yaml, *sql;
    } rows[] = {
        {"each leaf, the subject's without a prefix", "{score: prices}",
         "CREATE TABLE \"prices\" (\"item\" text, \"price\" double precision, \"maker_name\" text, "
         "\"maker_part_of\" jsonb, \"origin_event_time\" timestamptz, \"origin_tags\" text[])"},
        {"a schema, a key, dropped fields",
         "[{stage: scored, table: market.prices, mode: upsert, key: [item], drop: [subject.maker, "
         "origin.tags]}]",
         "CREATE TABLE \"market\".\"prices\" (\"item\" text, \"price\" double precision, "
         "\"origin_event_time\" timestamptz, PRIMARY KEY (\"item\"))"},
        {"columns by name, a quote in one",
         "{score: {table: t, columns: {'a\"b': subject.maker, k: record.key, at: "
         "record.timestamp, p: record.partition, o: record.offset}}}",
         "CREATE TABLE \"t\" (\"a\"\"b\" jsonb, \"k\" text, \"at\" timestamptz, \"p\" integer, "
         "\"o\" bigint)"},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_string_equal(rows[i].sql, create(bench, rows[i].yaml));
    }
}

static void rows_are_stored_by_one_string_of_statements(void **state)
{
    struct bench *bench = *state;
    const struct mr_pg_table *table;

    (void)create(bench, "{score: {table: t, columns: {i: subject.item, p: subject.price}}}");
    table = &bench->tables.items[0];
    assert_string_equal("SAVEPOINT millrace; COPY \"t\" (\"i\", \"p\") FROM STDIN (FORMAT binary); "
                        "RELEASE millrace",
                        table->try_head);
    assert_null(table->try_tail);

    (void)create(bench, "{score: {table: t, mode: upsert, key: i, newest: p, columns: {i: "
                        "subject.item, p: subject.price}}}");
    table = &bench->tables.items[0];
    assert_string_equal(
        "SAVEPOINT millrace; COPY pg_temp.millrace_staging_0 (millrace_ordinal, \"i\", \"p\") FROM "
        "STDIN (FORMAT binary); INSERT INTO \"t\" AS kept (\"i\", \"p\") SELECT DISTINCT ON "
        "(\"i\") \"i\", \"p\" FROM pg_temp.millrace_staging_0 WHERE millrace_ordinal >= ",
        table->try_head);
    assert_string_equal(
        " ORDER BY \"i\", \"p\" DESC NULLS LAST, millrace_ordinal DESC ON CONFLICT (\"i\") DO "
        "UPDATE SET \"p\" = EXCLUDED.\"p\" WHERE kept.\"p\" IS NULL OR EXCLUDED.\"p\" >= "
        "kept.\"p\"; RELEASE millrace",
        table->try_tail);

    (void)create(bench, "{score: {table: t, mode: upsert, key: i, columns: {i: subject.item}}}");
    assert_string_equal(" ORDER BY \"i\", millrace_ordinal DESC ON CONFLICT (\"i\") DO NOTHING; "
                        "RELEASE millrace",
                        bench->tables.items[0].try_tail);
}

static void what_cannot_work_is_reported_with_its_place(void **state)
{
    static const struct {
        const char *label, *yaml, *text;
    } rows[] = {
        {"no such field", "{score: {table: t,\n columns: {a: subject.prise}}}",
         "t.yaml:2:15: tables.columns: there is no field \"subject.prise\""},
        {"upsert without a key", "{score: {table: t, mode: upsert}}",
         "mode upsert and a key go together"},
        {"a key without upsert", "{score: {table: t, key: item}}",
         "mode upsert and a key go together"},
        {"no such key", "{score: {table: t, mode: upsert, key: itme}}",
         "key: table \"t\" has no column \"itme\"; did you mean item"},
        {"no such newest", "{score: {table: t, mode: upsert, key: item, newest: at}}",
         "newest: table \"t\" has no column \"at\""},
        {"no such field to drop", "{score: {table: t, drop: [maker]}}",
         "drop: there is no field \"maker\""},
        {"an unknown setting", "{score: {table: t, mod: upsert}}", "mod"},
        {"no table", "{score: }", "the table has no name"},
        {"two tables of a stage", "[{stage: score, table: a}, {stage: score, table: b}]",
         "stage score has two tables"},
        {"a name that the server would cut",
         "{score: {table: t, columns: "
         "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: subject.item}}}",
         "has a name of more than 63 bytes"},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_int_equal(MR_BAD_CONFIG, read_tables(bench, rows[i].yaml));
        assert_true(mr_report_errors(bench->report) > 0);
        if (strstr(bench->err.text, rows[i].text) == NULL) {
            fail_msg("%s", bench->err.text);
        }
    }
}

static void two_fields_that_would_be_one_column_are_told(void **state)
{
    static const char clash[] =
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
        "{\"name\":\"subject\",\"type\":{\"type\":\"record\",\"name\":\"S\",\"fields\":["
        "{\"name\":\"origin_place\",\"type\":\"string\"}]}},"
        "{\"name\":\"origin\",\"type\":{\"type\":\"record\",\"name\":\"O\",\"fields\":["
        "{\"name\":\"place\",\"type\":\"long\"}]}}]}";
    struct bench *bench = *state;

    mr_schema_free(bench->schema);
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(clash), &bench->schema, &bench->err));
    assert_int_equal(MR_BAD_CONFIG, read_tables(bench, "{score: t}"));
    assert_non_null(strstr(bench->err.text, "subject.origin_place and origin.place would both be "
                                            "column \"origin_place\""));
}

static void the_stages_are_those_that_tables_names(void **state)
{
    static const struct {
        const char *yaml;
        const char *stages[4];
    } rows[] = {
        {"{advisories: a, scored: b}", {"advise", "score", NULL}},
        {"[{stage: validate, table: a}, {table: b}, {stage: detect}]",
         {"validate", "detect", NULL}},
        {"text", {NULL}},
    };
    struct bench *bench = *state;

    bench->report = mr_report_new();
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_node *node =
            mr_node_parse("t.yaml", mr_span_text(rows[i].yaml), bench->arena, bench->report);
        const char *const *stages = mr_pg_table_stages(node, bench->arena);
        size_t count = 0;

        for (; rows[i].stages[count] != NULL; count++) {
            assert_string_equal(rows[i].stages[count], stages[count]);
        }
        assert_null(stages[count]);
    }
}

static void a_dry_run_asks_no_server(void **state)
{
    struct sink_bench *bench = sink_bench_new(schema);

    (void)state;
    bench->stage = "score";
    bench->is_dry = true;
    assert_int_equal(MR_OK, sink_bench_open(bench, &mr_postgres_ops,
                                            "{url: \"postgresql://u:p@nowhere.invalid/x\", tables: "
                                            "{score: t}}"));
    sink_bench_close(bench);
    assert_int_equal(MR_BAD_CONFIG,
                     sink_bench_open(bench, &mr_postgres_ops,
                                     "{url: \"postgres:/u:hush@x\", tables: {score: t}}"));
    assert_null(strstr(bench->err.text, "hush"));
    sink_bench_free(bench);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_table_has_the_columns_that_a_person_would_name),
        CASE(rows_are_stored_by_one_string_of_statements),
        CASE(what_cannot_work_is_reported_with_its_place),
        CASE(two_fields_that_would_be_one_column_are_told),
        CASE(the_stages_are_those_that_tables_names),
        cmocka_unit_test(a_dry_run_asks_no_server),
    };
    return cmocka_run_group_tests_name("postgres tables", tests, NULL, NULL);
}
