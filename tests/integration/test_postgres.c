/* Goal: what is on the topic is in the table: every type, both modes, bad rows among good ones, and
 * the tables as they were found.
 * Method: the sink as the engine drives it, against the Postgres that PG_URL names, each test in a
 * schema of its own. Skipped without PG_URL. */
#include "tests/support/postgres_bench.h"

#include <stdio.h>
#include <string.h>

static const struct mr_verdict *verdict(const struct postgres_bench *place, size_t index)
{
    return &place->bench->verdicts[index];
}

/* ------------------------------------------------------------------------- types */

static const char all_schema[] =
    "{\"type\":\"record\",\"name\":\"All\",\"fields\":["
    "{\"name\":\"b\",\"type\":\"boolean\"},{\"name\":\"i\",\"type\":\"int\"},"
    "{\"name\":\"l\",\"type\":\"long\"},{\"name\":\"f\",\"type\":\"float\"},"
    "{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"s\",\"type\":\"string\"},"
    "{\"name\":\"y\",\"type\":\"bytes\"},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"X\",\"size\":2}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"low\",\"high\"]}},"
    "{\"name\":\"n\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":20,"
    "\"scale\":4}},"
    "{\"name\":\"u\",\"type\":{\"type\":\"string\",\"logicalType\":\"uuid\"}},"
    "{\"name\":\"da\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}},"
    "{\"name\":\"ti\",\"type\":{\"type\":\"long\",\"logicalType\":\"time-micros\"}},"
    "{\"name\":\"ts\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"
    "{\"name\":\"lt\",\"type\":{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}},"
    "{\"name\":\"iv\",\"type\":{\"type\":\"fixed\",\"name\":\"D\",\"size\":12,\"logicalType\":"
    "\"duration\"}},"
    "{\"name\":\"o\",\"type\":[\"null\",\"double\"]},"
    "{\"name\":\"ta\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
    "{\"name\":\"da2\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"long\"]}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"string\"}},"
    "{\"name\":\"r\",\"type\":{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"p\",\"type\":\"int\"},{\"name\":\"q\",\"type\":[\"null\",\"R\"]}]}},"
    "{\"name\":\"ra\",\"type\":{\"type\":\"array\",\"items\":\"R\"}},"
    "{\"name\":\"un\",\"type\":[\"string\",\"long\",\"null\"]}]}";

static const char all_values[] =
    "{\"b\":true,\"i\":-64,\"l\":1234567890123,\"f\":1.5,\"d\":-0.1,"
    "\"s\":\"\xd7\x9c\xd7\x90 \\\"q\\\"\",\"y\":\"\\u0000\\u00ff\",\"x\":\"ab\",\"e\":\"high\","
    "\"n\":\"\\u00ed)y\",\"u\":\"123e4567-e89b-12d3-a456-426614174000\",\"da\":-1,"
    "\"ti\":86399999999,\"ts\":-1,\"lt\":1772361000500,"
    "\"iv\":\"\\u0001\\u0000\\u0000\\u0000\\u0002\\u0000\\u0000\\u0000\\u00dc\\u0005\\u0000"
    "\\u0000\",\"o\":null,\"ta\":[\"a b\",\"\"],\"da2\":[{\"long\":1},null],\"m\":{\"k\":\"v\"},"
    "\"r\":{\"p\":1,\"q\":{\"R\":{\"p\":2,\"q\":null}}},\"ra\":[{\"p\":3,\"q\":null}],"
    "\"un\":{\"long\":7}}";

static const char all_text[] =
    "t|-64|1234567890123|1.5|-0.1|\xd7\x9c\xd7\x90 \"q\"|\\x00ff|\\x6162|high|-123.4567|"
    "123e4567-e89b-12d3-a456-426614174000|1969-12-31|23:59:59.999999|"
    "1969-12-31 23:59:59.999999+00|2026-03-01 10:30:00.5|1 mon 2 days 00:00:01.5|null|"
    "{\"a b\",\"\"}|{1,NULL}|{\"k\": \"v\"}|1|{\"p\": 2, \"q\": null}|"
    "[{\"p\": 3, \"q\": null}]|7";

static void every_type_arrives_as_it_was(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    sink_bench_schema(place->bench, all_schema);
    postgres_bench_open(place, "{score: everything}");
    sink_bench_add(place->bench, 0, "k", all_values);
    sink_bench_store(place->bench, 0);
    assert_int_equal(0, sink_bench_rejected(place->bench));
    assert_string_equal(all_text, postgres_bench_ask(place, "SELECT * FROM everything"));
    assert_string_equal(
        "numeric(20,4)|text[]|jsonb|time without time zone",
        postgres_bench_ask(place, "SELECT format_type(max(atttypid) FILTER (WHERE attname = 'n'),"
                                  " max(atttypmod) FILTER (WHERE attname = 'n')), "
                                  "format_type(max(atttypid) FILTER (WHERE attname = 'ta'), -1), "
                                  "format_type(max(atttypid) FILTER (WHERE attname = 'm'), -1), "
                                  "format_type(max(atttypid) FILTER (WHERE attname = 'ti'), -1) "
                                  "FROM pg_attribute WHERE attrelid = 'everything'::regclass"));
}

static void a_table_of_the_users_keeps_its_own_types(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    postgres_bench_run(
        place, "CREATE DOMAIN positive AS numeric CHECK (value > 0); CREATE TABLE mine (id bigint "
               "GENERATED ALWAYS AS IDENTITY, item varchar(8), price positive, count smallint, "
               "at timestamp, seen date DEFAULT '2026-01-01', k text, o bigint, p int)");
    postgres_bench_open(place,
                        "{score: {table: mine, columns: {item: subject.item, price: subject.price, "
                        "count: subject.count, at: origin.event_time, k: record.key, o: "
                        "record.offset, p: record.partition}}}");
    postgres_bench_price(place, 2, "milk", 12345.6789, 7);
    postgres_bench_price(place, 2, "far too long", 1, 7);
    postgres_bench_price(place, 2, "bread", 1e-7, 40000);
    postgres_bench_price(place, 2, "eggs", -1, 7);
    postgres_bench_price(place, 2, "salt", 1e20, 7);
    sink_bench_store(place->bench, 2);
    assert_string_equal(
        "1|milk|12345.6789|7|1970-01-01 00:00:07|2026-01-01|milk|0|2\n"
        "5|salt|100000000000000000000|7|1970-01-01 00:00:07|2026-01-01|salt|4|2",
        postgres_bench_ask(place, "SELECT CASE WHEN item = 'milk' THEN 1 ELSE 5 END, item, price, "
                                  "count, at, seen, k, o, p FROM mine ORDER BY o"));
    assert_string_equal("value_refused", verdict(place, 1)->reason);
    assert_string_equal("22001: value too long for type character varying(8)",
                        verdict(place, 1)->detail);
    assert_string_equal("number_out_of_range", verdict(place, 2)->reason);
    assert_string_equal("column count", verdict(place, 2)->detail);
    assert_string_equal("constraint_violated", verdict(place, 3)->reason);
}

/* ------------------------------------------------------------------------- modes */

static void append_keeps_every_record_and_upsert_the_last_of_each_key(void **state)
{
    static const struct {
        const char *label, *tables, *rows;
    } cases[] = {
        {"append", "{scored: prices}", "a|1|1\na|2|2\na|5|5\nb|3|3\nb|4|1"},
        {"upsert", "[{stage: score, table: prices, mode: upsert, key: item}]", "a|5|5\nb|4|1"},
        {"upsert, the newest",
         "{score: {table: prices, mode: upsert, key: [item], newest: origin_event_time}}",
         "a|5|5\nb|3|3"},
    };
    struct postgres_bench *place = postgres_bench_or_skip(state);

    postgres_bench_price(place, 0, "a", 1, 1);
    postgres_bench_price(place, 0, "a", 2, 2);
    postgres_bench_price(place, 0, "b", 3, 3);
    for (size_t i = 0; i < MR_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].label);
        postgres_bench_open(place, cases[i].tables);
        place->bench->count[0] = 3;
        sink_bench_store(place->bench, 0);
        postgres_bench_price(place, 0, "b", 4, 1);
        postgres_bench_price(place, 0, "a", 5, 5);
        sink_bench_store(place->bench, 0);
        assert_string_equal(cases[i].rows,
                            postgres_bench_ask(place, "SELECT item, price, count FROM prices "
                                                      "ORDER BY item, price"));
        sink_bench_close(place->bench);
        postgres_bench_run(place, "DROP TABLE prices; TRUNCATE millrace_offsets");
    }
}

static void partitions_of_one_transaction_are_merged_one_after_the_other(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    postgres_bench_open(place, "{score: {table: prices, mode: upsert, key: item}}");
    for (int32_t i = 0; i < 3; i++) {
        postgres_bench_price(place, i, "a", i, i);
        postgres_bench_price(place, i, (const char[]){(char)('x' + i), '\0'}, i, i);
        assert_int_equal(MR_OK, sink_bench_write(place->bench, i));
    }
    assert_string_equal("0", postgres_bench_ask(place, "SELECT count(*) FROM prices"));
    assert_int_equal(MR_OK, sink_bench_commit(place->bench));
    assert_string_equal("a|2\nx|0\ny|1\nz|2",
                        postgres_bench_ask(place, "SELECT item, price FROM prices ORDER BY "
                                                  "item"));
    assert_string_equal(
        "0|2\n1|2\n2|2\n3|-1",
        postgres_bench_ask(place, "SELECT partition, next FROM millrace_offsets ORDER BY 1"));
}

/* ------------------------------------------------------------------------- bad rows */

/* Every seventh and three in a row; and they are told by a constraint, a deferred one, a trigger
 * or a type, in both modes. */
static bool is_bad(long index)
{
    return index % 7 == 3 || (index >= 100 && index < 103) || index == 499;
}

static void bad_rows_are_rejected_one_by_one_and_the_others_are_stored(void **state)
{
    static const char columns[] = "item text PRIMARY KEY, price double precision, count bigint, "
                                  "origin_event_time timestamptz";
    static const struct {
        const char *label, *mode, *more, *reason, *detail;
    } cases[] = {
        {"check, append", "append", "ALTER TABLE prices ADD CHECK (price < 1000)",
         "constraint_violated",
         "23514: new row for relation \"prices\" violates check constraint \"prices_price_check\""},
        {"check, upsert", "upsert, key: item", "ALTER TABLE prices ADD CHECK (price < 1000)",
         "constraint_violated",
         "23514: new row for relation \"prices\" violates check constraint \"prices_price_check\""},
        {"deferred key", "append",
         "CREATE TABLE good (price double precision PRIMARY KEY); INSERT INTO good SELECT "
         "generate_series(0, 999); ALTER TABLE prices ADD FOREIGN KEY (price) REFERENCES good "
         "DEFERRABLE INITIALLY DEFERRED",
         "constraint_violated",
         "23503: insert or update on table \"prices\" violates foreign key constraint "
         "\"prices_price_fkey\""},
        {"trigger", "upsert, key: item",
         "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.price > "
         "1000 THEN RAISE 'too dear'; END IF; RETURN new; END $$; CREATE TRIGGER refuse BEFORE "
         "INSERT ON prices FOR EACH ROW EXECUTE FUNCTION refuse()",
         "row_refused", "P0001: too dear"},
        {"type", "append", "ALTER TABLE prices ALTER price TYPE numeric(5,1)", "value_refused",
         "22003: numeric field overflow"},
    };
    struct postgres_bench *place = postgres_bench_or_skip(state);

    for (long i = 0; i < 500; i++) {
        char item[24];

        (void)snprintf(item, sizeof(item), "i%ld", i);
        postgres_bench_price(place, 0, item, is_bad(i) ? 1e6 : (double)i, i);
    }
    for (size_t i = 0; i < MR_COUNT(cases); i++) {
        char text[256];

        print_message("  %s\n", cases[i].label);
        (void)snprintf(text, sizeof(text), "CREATE TABLE prices (%s)", columns);
        postgres_bench_run(place, text);
        postgres_bench_run(place, cases[i].more);
        (void)snprintf(text, sizeof(text), "{score: {table: prices, mode: %s}}", cases[i].mode);
        postgres_bench_open(place, text);
        sink_bench_store(place->bench, 0);
        for (size_t k = 0; k < 500; k++) {
            if (is_bad((long)k)) {
                assert_int_equal(MR_VERDICT_REJECT, verdict(place, k)->kind);
                assert_string_equal(cases[i].reason, verdict(place, k)->reason);
                assert_string_equal(cases[i].detail, verdict(place, k)->detail);
            } else {
                assert_int_equal(MR_VERDICT_PASS, verdict(place, k)->kind);
            }
        }
        (void)snprintf(text, sizeof(text), "%zu|0", 500 - sink_bench_rejected(place->bench));
        assert_string_equal(
            text, postgres_bench_ask(place, "SELECT count(*), count(*) FILTER (WHERE price <> "
                                            "count) FROM prices"));
        assert_string_equal(
            "500", postgres_bench_ask(place, "SELECT next FROM millrace_offsets WHERE partition "
                                             "= 0"));
        sink_bench_close(place->bench);
        postgres_bench_run(place, "DROP TABLE prices; TRUNCATE millrace_offsets");
    }
}

static void a_batch_of_bad_rows_only_moves_the_offset(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    postgres_bench_run(place,
                       "CREATE TABLE prices (item text, price float8 CHECK (false), count bigint, "
                       "origin_event_time timestamptz)");
    postgres_bench_open(place, "{score: prices}");
    for (int i = 0; i < 50; i++) {
        postgres_bench_price(place, 0, "a", 1, 1);
    }
    sink_bench_store(place->bench, 0);
    assert_int_equal(50, sink_bench_rejected(place->bench));
    assert_int_equal(50, sink_bench_position(place->bench, 0));
    assert_string_equal("0", postgres_bench_ask(place, "SELECT count(*) FROM prices"));
}

static void what_postgres_cannot_hold_is_rejected_by_name_before_it_is_sent(void **state)
{
    static const struct {
        const char *label, *value, *reason, *detail;
    } cases[] = {
        {"a NUL", "{\"s\":\"a\\u0000b\",\"at\":0,\"d\":0}", "text_has_nul", "column s"},
        {"not a number", "{\"s\":\"a\",\"at\":0,\"d\":\"NaN\"}", NULL, NULL},
        {"the last microsecond", "{\"s\":\"a\",\"at\":9224318015999999,\"d\":0}", NULL, NULL},
        {"after the end of time", "{\"s\":\"a\",\"at\":9224318016000000,\"d\":0}",
         "timestamp_out_of_range", "column at"},
        {"before its beginning", "{\"s\":\"a\",\"at\":-9223372036854775808,\"d\":0}",
         "timestamp_out_of_range", "column at"},
    };
    struct postgres_bench *place = postgres_bench_or_skip(state);

    sink_bench_schema(place->bench,
                      "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"s\",\"type\":"
                      "\"string\"},{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":"
                      "\"timestamp-millis\"}},{\"name\":\"d\",\"type\":\"double\"}]}");
    postgres_bench_open(place, "{score: times}");
    for (size_t i = 0; i < MR_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].label);
        sink_bench_add(place->bench, 0, "k", cases[i].value);
        sink_bench_store(place->bench, 0);
        if (cases[i].reason == NULL) {
            assert_int_equal(MR_VERDICT_PASS, verdict(place, 0)->kind);
        } else {
            assert_string_equal(cases[i].reason, verdict(place, 0)->reason);
            assert_string_equal(cases[i].detail, verdict(place, 0)->detail);
        }
    }
    assert_string_equal("1970-01-01 00:00:00+00|NaN\n294276-12-31 23:59:59.999+00|0",
                        postgres_bench_ask(place, "SELECT at, d FROM times ORDER BY at"));
}

/* ------------------------------------------------------------------------- migrations */

static void a_field_that_a_schema_gains_becomes_a_column(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    sink_bench_schema(place->bench, "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                                    "{\"name\":\"a\",\"type\":\"long\"}]}");
    postgres_bench_open(place, "{score: grows}");
    sink_bench_add(place->bench, 0, "k", "{\"a\":1}");
    sink_bench_store(place->bench, 0);
    sink_bench_close(place->bench);

    sink_bench_schema(place->bench, "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
                                    "{\"name\":\"z\",\"type\":[\"null\",\"string\"]},"
                                    "{\"name\":\"a\",\"type\":\"long\"}]}");
    postgres_bench_open(place, "{score: grows}");
    sink_bench_add(place->bench, 0, "k", "{\"z\":{\"string\":\"new\"},\"a\":2}");
    sink_bench_store(place->bench, 0);
    sink_bench_close(place->bench);
    postgres_bench_open(place, "{score: grows}");
    assert_string_equal("1|null\n2|new",
                        postgres_bench_ask(place, "SELECT * FROM grows ORDER BY a"));
    assert_string_equal(
        "millrace|1\ntable \"grows\"|1\ntable \"grows\"|2",
        postgres_bench_ask(place, "SELECT scope, version FROM millrace_migrations ORDER BY 1, 2"));
}

static void what_cannot_be_right_is_said_when_opening(void **state)
{
    static const struct {
        const char *label, *before, *tables;
        const char *text; /* in the error's */
    } cases[] = {
        {"a column is missing", "CREATE TABLE t (item text, price float8, count bigint)",
         "{score: t}",
         "table \"t\" is not ours and has no column origin_event_time for origin.event_time: ALTER "
         "TABLE \"t\" ADD COLUMN \"origin_event_time\" timestamptz"},
        {"a column has another type", "CREATE TABLE t (i int)",
         "{score: {table: t, columns: {i: subject.item}}}",
         "column i of table \"t\" is integer and cannot hold subject.item, which wants text"},
        {"a column has to be given", "CREATE TABLE t (i text, z int NOT NULL)",
         "{score: {table: t, columns: {i: subject.item}}}",
         "column z of table \"t\" has to be given"},
        {"a generated column", "CREATE TABLE t (a int, i text GENERATED ALWAYS AS ('x') STORED)",
         "{score: {table: t, columns: {i: subject.item}}}", "is generated"},
        {"no unique index", "CREATE TABLE t (i text NOT NULL)",
         "{score: {table: t, mode: upsert, key: i, columns: {i: subject.item}}}", "42P10"},
        {"a key that may be null", "CREATE TABLE t (i text UNIQUE)",
         "{score: {table: t, mode: upsert, key: i, columns: {i: subject.item}}}",
         "is in the key and may be null"},
        {"a newer program was here",
         "CREATE TABLE millrace_migrations (scope text, version integer, statement text); INSERT "
         "INTO millrace_migrations VALUES ('millrace', 99, '')",
         "{score: t}", "the database is at version 99"},
    };
    struct postgres_bench *place = postgres_bench_or_skip(state);

    for (size_t i = 0; i < MR_COUNT(cases); i++) {
        enum mr_code code;

        print_message("  %s\n", cases[i].label);
        postgres_bench_run(place, cases[i].before);
        code = postgres_bench_try(place, cases[i].tables);
        assert_int_not_equal(MR_OK, code);
        assert_int_equal(MR_ADVICE_STOP, mr_code_advice(code));
        if (strstr(place->bench->err.text, cases[i].text) == NULL) {
            fail_msg("%s", place->bench->err.text);
        }
        sink_bench_close(place->bench);
        postgres_bench_run(place, "DROP TABLE IF EXISTS t, millrace_migrations, millrace_offsets");
    }
}

static void a_server_that_is_away_is_unavailable_and_its_password_is_not_shown(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    (void)snprintf(place->url, sizeof(place->url), "postgresql://u:hush@127.0.0.1:1/x?a=b");
    assert_int_equal(MR_BAD_CONFIG, postgres_bench_try(place, "{score: t}"));
    assert_null(strstr(place->bench->err.text, "hush"));
    sink_bench_close(place->bench);
    (void)snprintf(place->url, sizeof(place->url), "postgresql://u:hush@127.0.0.1:1/x");
    assert_int_equal(MR_UNAVAILABLE, postgres_bench_try(place, "{score: t}"));
    assert_null(strstr(place->bench->err.text, "hush"));
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, postgres_bench_setup, postgres_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_type_arrives_as_it_was),
        CASE(a_table_of_the_users_keeps_its_own_types),
        CASE(append_keeps_every_record_and_upsert_the_last_of_each_key),
        CASE(partitions_of_one_transaction_are_merged_one_after_the_other),
        CASE(bad_rows_are_rejected_one_by_one_and_the_others_are_stored),
        CASE(a_batch_of_bad_rows_only_moves_the_offset),
        CASE(what_postgres_cannot_hold_is_rejected_by_name_before_it_is_sent),
        CASE(a_field_that_a_schema_gains_becomes_a_column),
        CASE(what_cannot_be_right_is_said_when_opening),
        CASE(a_server_that_is_away_is_unavailable_and_its_password_is_not_shown),
    };
    return cmocka_run_group_tests_name("postgres sink", tests, NULL, NULL);
}
