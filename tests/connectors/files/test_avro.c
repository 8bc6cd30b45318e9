/* Goal: Avro container files are sources as any other: fields are found by path or last part,
 * values become the texts that a person would write, a damaged block is one dead letter with its
 * file and place and costs nothing else, and reading that is broken off gives each row once.
 * Method: the test writes container files and damages them; the bench's rows are compared. */
#include "tests/support/files_bench.h"

#include "processors/core/codec/container.h"
#include "processors/core/codec/json.h"

#include <stdlib.h>
#include <string.h>

static const char price_schema[] =
    "{\"type\":\"record\",\"name\":\"P\",\"fields\":["
    "{\"name\":\"chainid\",\"type\":\"long\"},"
    "{\"name\":\"item\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"I\",\"fields\":["
    "{\"name\":\"ItemCode\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"itemname\",\"type\":\"string\"}]}]},"
    "{\"name\":\"Price\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
    "\"scale\":2}},"
    "{\"name\":\"other\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}";

struct writing {
    struct files_bench *bench;
    struct mr_schema *schema;
    struct mr_container_writer *writer;
};

static struct writing begin(struct files_bench *bench, const char *name, const char *schema,
                            enum mr_container_codec codec)
{
    struct writing writing = {.bench = bench};
    struct mr_error err = {0};

    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(schema), &writing.schema, &err));
    assert_int_equal(MR_OK, mr_container_create(files_bench_path(bench, name), writing.schema,
                                                codec, &writing.writer, &err));
    return writing;
}

static void put(struct writing *writing, const char *json)
{
    struct mr_error err = {0};
    struct mr_span datum;

    if (mr_json_read(writing->schema, mr_span_text(json), writing->bench->texts, &datum, &err) !=
        MR_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    assert_int_equal(MR_OK, mr_container_append(writing->writer, datum, &err));
}

static void end(struct writing *writing)
{
    struct mr_error err = {0};

    assert_int_equal(MR_OK, mr_container_finish(writing->writer, &err));
    mr_schema_free(writing->schema);
}

static void write_prices(struct files_bench *bench, const char *name, enum mr_container_codec codec)
{
    struct writing writing = begin(bench, name, price_schema, codec);

    put(&writing, "{\"chainid\":7290,\"item\":{\"I\":{\"ItemCode\":{\"string\":\"1\"},"
                  "\"itemname\":\"\xd7\x97\xd7\x9c\xd7\x91 \\\"3%\\\"\"}},\"Price\":\"\\u0004"
                  "\xc3\x92\",\"other\":[\"x\"]}");
    put(&writing, "{\"chainid\":7290,\"item\":null,\"Price\":\"\xc3\xbf\",\"other\":[]}");
    put(&writing, "{\"chainid\":7290,\"item\":{\"I\":{\"ItemCode\":null,\"itemname\":\"unknown\"}},"
                  "\"Price\":\"\\u0000\",\"other\":[]}");
    end(&writing);
}

#define PRICES \
    "chain=7290|code=1|name=\xd7\x97\xd7\x9c\xd7\x91 \"3%\"|price=12.34\n" \
    "chain=7290|price=-0.01\n" \
    "chain=7290|price=0.00\n"

static const char *read_all(struct files_bench *bench, const char *options)
{
    if (files_bench_open(bench, options) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    return files_bench_all(bench);
}

static void fields_are_found_by_path_or_last_part_with_every_codec(void **state)
{
    struct files_bench *bench = *state;

    for (int codec = 0; codec < MR_CONTAINER_CODEC_COUNT; codec++) {
        write_prices(bench, "prices.avro", (enum mr_container_codec)codec);
        assert_string_equal(PRICES, read_all(bench, "path: ${dir}/prices.avro"));
        assert_int_equal(2, bench->intake.rows[2].place.index);
    }
}

static void a_packed_one_and_a_member_of_an_archive_are_read_too(void **state)
{
    static const char *const names[] = {"a.avro", "b.csv"};
    struct files_bench *bench = *state;
    struct mr_span members[2] = {{NULL, 0}, mr_span_text("ItemCode\n7\n")};

    write_prices(bench, "prices", MR_CONTAINER_NULL);
    members[0] = files_bench_load(bench, files_bench_path(bench, "prices"));
    files_bench_write(bench, "prices.gz", files_bench_gzip(bench, members[0]));
    assert_string_equal(PRICES, read_all(bench, "path: ${dir}/prices.gz"));
    files_bench_write(bench, "prices.zip",
                      files_bench_pack(bench, "none", "zip", names, members, 2));
    assert_string_equal(PRICES "code=7\n", read_all(bench, "path: ${dir}/prices.zip"));
    assert_string_equal("prices.zip/a.avro", bench->intake.rows[0].place.source);
}

static void a_path_is_more_than_a_last_part(void **state)
{
    static const char *const names[] = {"b.code"};
    static const struct mr_wanted wanted[] = {{"code", {names, 1}}};
    static const struct mr_wanted_rows rows = {.names = wanted, .count = 1};
    struct files_bench *bench = *state;
    struct writing writing =
        begin(bench, "two.avro",
              "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":"
              "\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"code\",\"type\":\"int\"}]}},"
              "{\"name\":\"b\",\"type\":\"R\"}]}",
              MR_CONTAINER_NULL);

    put(&writing, "{\"a\":{\"code\":1},\"b\":{\"code\":2}}");
    end(&writing);
    bench->wanted = &rows;
    assert_string_equal("code=2\n", read_all(bench, "path: ${dir}/two.avro"));
}

static void what_is_no_use_says_why(void **state)
{
    static const struct {
        const char *label, *bytes, *row;
        size_t size;
    } rows[] = {
        {"no schema",
         "Obj\1\0"
         "0123456789abcdef",
         "!source_malformed 0: avro: has no schema\n", 21},
        {"cut off in the head", "Obj\1\2",
         "!source_malformed 0: avro: ends, or is no number, where "
         "a number is due\n",
         5},
        {"an unknown codec",
         "Obj\1\2\x14"
         "avro.codec\4zz",
         "!source_malformed 0: avro: its codec is none of null, deflate, snappy\n", 19},
        {"no record",
         "Obj\1\2\x16"
         "avro.schema\x0a\"int\"\0"
         "0123456789abcdef",
         "!source_unrecognised 0: no field that the mapping knows\n", 40},
    };
    struct files_bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        files_bench_write(bench, "bad.avro",
                          (struct mr_span){(const uint8_t *)rows[i].bytes, rows[i].size});
        assert_string_equal(rows[i].row, read_all(bench, "path: ${dir}/bad.avro"));
    }
}

#define MANY 20000 /* in some blocks of 64 KiB */

static void write_many(struct files_bench *bench)
{
    struct writing writing =
        begin(bench, "many.avro",
              "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"ItemCode\",\"type\":"
              "\"string\"}]}",
              MR_CONTAINER_DEFLATE);

    for (int i = 0; i < MANY; i++) {
        put(&writing, mr_arena_print(bench->texts, "{\"ItemCode\":\"number %d\"}", i));
    }
    end(&writing);
}

static void a_damaged_block_is_one_dead_letter_with_its_place(void **state)
{
    struct files_bench *bench = *state;
    struct mr_span file;
    uint8_t *bytes;
    const char *all;

    write_many(bench);
    file = files_bench_load(bench, files_bench_path(bench, "many.avro"));
    bytes = mr_arena_bytes(bench->texts, file.size);
    memcpy(bytes, file.data, file.size);
    bytes[file.size / 2] ^= 0x55;
    files_bench_write(bench, "many.avro", (struct mr_span){bytes, file.size});
    all = read_all(bench, "path: ${dir}/many.avro");
    assert_int_equal(1, bench->bad);
    assert_true(bench->good > MANY / 2 && bench->good < MANY);
    assert_non_null(strstr(all, "!block_damaged 0: avro: block "));
    assert_non_null(strstr(all, "code=number 0\n"));
    assert_non_null(strstr(all, "code=number 19999\n"));
    files_bench_write(bench, "many.avro", (struct mr_span){file.data, file.size - 3});
    all = read_all(bench, "path: ${dir}/many.avro");
    assert_int_equal(1, bench->bad);
    assert_non_null(strstr(all, ": ends in the middle\n"));
}

static void reading_that_is_broken_off_gives_each_row_once(void **state)
{
    struct files_bench *bench = *state;
    size_t good = 0;

    write_many(bench);
    bench->room = 777;
    if (files_bench_open(bench, "path: ${dir}/many.avro") != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    do {
        assert_int_equal(MR_OK, files_bench_pull(bench));
        good += bench->intake.count;
        for (size_t i = 0; i < bench->intake.count; i++) {
            char wanted[32];

            (void)snprintf(wanted, sizeof(wanted), "number %d",
                           (int)bench->intake.rows[i].place.index);
            assert_true(mr_span_is(mr_value_span(&bench->intake.rows[i].texts[2]), wanted));
        }
        if (!bench->intake.is_done && good % 3 == 0) {
            assert_int_equal(MR_OK, bench->connector.ops->rewind(&bench->connector, &bench->err));
            files_bench_resume(bench);
        }
    } while (!bench->intake.is_done);
    assert_int_equal(MANY, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_found_by_path_or_last_part_with_every_codec,
                                        files_bench_setup, files_bench_teardown),
        cmocka_unit_test_setup_teardown(a_packed_one_and_a_member_of_an_archive_are_read_too,
                                        files_bench_setup, files_bench_teardown),
        cmocka_unit_test_setup_teardown(a_path_is_more_than_a_last_part, files_bench_setup,
                                        files_bench_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_use_says_why, files_bench_setup,
                                        files_bench_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_block_is_one_dead_letter_with_its_place,
                                        files_bench_setup, files_bench_teardown),
        cmocka_unit_test_setup_teardown(reading_that_is_broken_off_gives_each_row_once,
                                        files_bench_setup, files_bench_teardown),
    };
    return cmocka_run_group_tests_name("files avro", tests, NULL, NULL);
}
