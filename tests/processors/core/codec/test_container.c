/* Goal: container files are read and written as others do, with and without compression; what is
 * cut off or changed is an error, never a crash, and costs no more than the block that it hits.
 * Method: avro-c in both directions; Apache's files where the shared data is present; every
 * truncation of a file, and every byte of it changed. */
#include "processors/core/codec/container.h"
#include "processors/core/codec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <avro.h>
#include <cmocka.h>

#define RECORDS 5000
#define MANY (3L * RECORDS) /* some blocks of 64 KiB, of 2,500 to 3,000 each */
#define ARENA_SIZE ((size_t)1 << 20)

static const char schema_text[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"i\",\"type\":\"long\"},"
    "{\"name\":\"s\",\"type\":\"string\"}]}";

struct bench {
    char path[128];
    struct mr_schema *schema;
    struct mr_arena *arena;
};

static int open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const char *folder = getenv("TMPDIR");
    struct mr_error err = {0};
    int file;

    assert_non_null(bench);
    (void)snprintf(bench->path, sizeof(bench->path), "%s/millrace-XXXXXX",
                   folder == NULL ? "/tmp" : folder);
    file = mkstemp(bench->path);
    assert_true(file >= 0);
    (void)close(file);
    bench->arena = mr_arena_new(ARENA_SIZE);
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(schema_text), &bench->schema, &err));
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *bench = *state;

    (void)unlink(bench->path);
    mr_schema_free(bench->schema);
    mr_arena_free(bench->arena);
    free(bench);
    return 0;
}

static struct mr_span datum_of(const struct bench *bench, int index)
{
    struct mr_error err = {0};
    struct mr_span datum;
    char json[96];

    mr_arena_reset(bench->arena);
    (void)snprintf(json, sizeof(json), "{\"i\":%d,\"s\":\"record number %d\"}", index, index);
    assert_int_equal(MR_OK,
                     mr_json_read(bench->schema, mr_span_text(json), bench->arena, &datum, &err));
    return datum;
}

static void write_file(const struct bench *bench, enum mr_container_codec codec, long count)
{
    struct mr_container_writer *writer;
    struct mr_error err = {0};

    assert_int_equal(MR_OK, mr_container_create(bench->path, bench->schema, codec, &writer, &err));
    for (long i = 0; i < count; i++) {
        assert_int_equal(MR_OK, mr_container_append(writer, datum_of(bench, (int)i), &err));
    }
    assert_int_equal(MR_OK, mr_container_finish(writer, &err));
}

/* Reads to the end or the first fault; -1: a fault. */
static long count_data(const char *path)
{
    struct mr_container_reader *reader;
    struct mr_error err = {0};
    struct mr_span datum;
    long count = 0;

    if (mr_container_open(path, &reader, &err) != MR_OK) {
        return -1;
    }
    while (mr_container_next(reader, &datum, &err) == MR_OK && datum.data != NULL) {
        count++;
    }
    mr_container_close(reader);
    return err.code == MR_OK ? count : -1;
}

static void avro_c_reads_what_we_write(void **state)
{
    const struct bench *bench = *state;

    for (int codec = MR_CONTAINER_NULL; codec < MR_CONTAINER_CODEC_COUNT; codec++) {
        avro_file_reader_t reader;
        avro_value_iface_t *class;
        avro_schema_t schema;
        avro_value_t value = {0}, field = {0};
        int64_t number = 0;
        int count = 0;

        write_file(bench, (enum mr_container_codec)codec, RECORDS);
        assert_int_equal(0, avro_file_reader(bench->path, &reader));
        schema = avro_file_reader_get_writer_schema(reader);
        class = avro_generic_class_from_schema(schema);
        assert_int_equal(0, avro_generic_value_new(class, &value));
        while (avro_file_reader_read_value(reader, &value) == 0) {
            assert_int_equal(0, avro_value_get_by_index(&value, 0, &field, NULL));
            MR_ASSERT(field.iface != NULL);
            assert_int_equal(0, avro_value_get_long(&field, &number));
            assert_int_equal(count++, number);
        }
        assert_int_equal(RECORDS, count);
        avro_value_decref(&value);
        avro_value_iface_decref(class);
        avro_schema_decref(schema);
        avro_file_reader_close(reader);
    }
}

static void avro_c_writes(const char *path, const char *codec)
{
    avro_file_writer_t writer;
    avro_schema_t schema;
    avro_value_iface_t *class;
    avro_value_t value = {0}, field = {0};

    (void)unlink(path); /* it refuses a file that is there */
    assert_int_equal(0, avro_schema_from_json_length(schema_text, strlen(schema_text), &schema));
    assert_int_equal(0, avro_file_writer_create_with_codec(path, schema, &writer, codec, 16384));
    class = avro_generic_class_from_schema(schema);
    assert_int_equal(0, avro_generic_value_new(class, &value));
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(0, avro_value_get_by_index(&value, 0, &field, NULL));
        MR_ASSERT(field.iface != NULL);
        assert_int_equal(0, avro_value_set_long(&field, i));
        assert_int_equal(0, avro_value_get_by_index(&value, 1, &field, NULL));
        assert_int_equal(0, avro_value_set_string(&field, "text"));
        assert_int_equal(0, avro_file_writer_append_value(writer, &value));
    }
    assert_int_equal(0, avro_file_writer_close(writer));
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
}

static void we_read_what_avro_c_writes(void **state)
{
    const struct bench *bench = *state;

    avro_c_writes(bench->path, "null");
    assert_int_equal(RECORDS, count_data(bench->path));
    avro_c_writes(bench->path, "deflate");
    assert_int_equal(RECORDS, count_data(bench->path));
    avro_c_writes(bench->path, "snappy");
    assert_int_equal(RECORDS, count_data(bench->path));
}

static void apaches_files_are_read(void **state)
{
    static const struct {
        const char *name, *first;
        long count;
    } rows[] = {
        {"weather.avro", "{\"station\":\"011990-99999\",\"time\":-619524000000,\"temp\":0}", 5},
        {"weather-deflate.avro", "{\"station\":\"011990-99999\",\"time\":-619524000000,\"temp\":0}",
         5},
        {"weather-sorted.avro",
         "{\"station\":\"012650-99999\",\"time\":-655531200000,\"temp\":111}", 5},
        {"schemas/simple/data.avro", "{\"text\":\"hello\"}", 3},
    };
    const char *data = getenv("MILLRACE_DATA");
    const struct bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_container_reader *reader;
        struct mr_error err = {0};
        struct mr_span datum, text;
        char path[1024];

        (void)snprintf(path, sizeof(path), "%s/avro/apache-avro/share/test/data/%s",
                       data == NULL ? "../shared/data" : data, rows[i].name);
        if (access(path, R_OK) != 0) {
            skip();
        }
        assert_int_equal(MR_OK, mr_container_open(path, &reader, &err));
        assert_int_equal(MR_OK, mr_container_next(reader, &datum, &err));
        assert_null(
            mr_json_print(mr_container_schema(reader), datum, MR_JSON_AVRO, bench->arena, &text));
        if (!mr_span_is(text, rows[i].first)) {
            fail_msg("%s: %.*s", rows[i].name, MR_SPAN_ARGS(text));
        }
        mr_container_close(reader);
        assert_int_equal(rows[i].count, count_data(path));
    }
}

static void save(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(size, fwrite(bytes, 1, size, file));
    assert_int_equal(0, fclose(file));
}

static size_t load(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    assert_non_null(file);
    size = fread(bytes, 1, room, file);
    (void)fclose(file);
    assert_true(size > 0 && size < room);
    return size;
}

static void each_cut_and_change(const struct bench *bench, enum mr_container_codec codec)
{
    static uint8_t bytes[4096];
    size_t size;

    write_file(bench, codec, 30);
    size = load(bench->path, bytes, sizeof(bytes));
    for (size_t cut = 0; cut < size; cut++) {
        const long count = (save(bench->path, bytes, cut), count_data(bench->path));

        assert_true(count <= 0); /* 0: the head alone is a whole file */
    }
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1U << bit);
            save(bench->path, bytes, size);
            assert_true(count_data(bench->path) <= 30);
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
}

static void what_is_cut_off_or_changed_is_an_error_or_harmless(void **state)
{
    each_cut_and_change(*state, MR_CONTAINER_DEFLATE);
    each_cut_and_change(*state, MR_CONTAINER_SNAPPY);
}

/* Reads to the end whatever is met on the way; *bad: how often resync() was needed. */
static long count_whole(const char *path, long *bad)
{
    struct mr_container_reader *reader;
    struct mr_error err = {0};
    struct mr_span datum;
    long count = 0;

    *bad = 0;
    if (mr_container_open(path, &reader, &err) != MR_OK) {
        return -1;
    }
    for (;;) {
        const enum mr_code code = mr_container_next(reader, &datum, &err);

        if (code == MR_BAD_DATA) {
            assert_true(++*bad < 100);
            assert_int_equal(MR_OK, mr_container_resync(reader, &err));
        } else if (datum.data == NULL) {
            break;
        } else {
            count++;
        }
    }
    mr_container_close(reader);
    return count;
}

/* Every byte of the middle block, its head and its marker, set to ff: what is lost is that block,
 * and the one behind it where the marker between them is gone. */
static void a_damaged_block_costs_no_more_than_its_neighbour(void **state)
{
    static uint8_t bytes[1 << 20];
    const struct bench *bench = *state;

    for (int codec = 0; codec < MR_CONTAINER_CODEC_COUNT; codec++) {
        size_t size, first;
        uint8_t sync[16];
        long bad;

        write_file(bench, (enum mr_container_codec)codec, MANY);
        size = load(bench->path, bytes, sizeof(bytes));
        memcpy(sync, bytes + size - sizeof(sync), sizeof(sync));
        assert_int_equal(MANY, count_whole(bench->path, &bad));
        assert_int_equal(0, bad);
        first = mr_span_find((struct mr_span){bytes, size}, (struct mr_span){sync, sizeof(sync)});
        first += sizeof(sync); /* behind the head's: the first block */
        for (size_t at = first; at < first + 200; at += 7) {
            const uint8_t kept = bytes[at];
            long count;

            bytes[at] = 0xff;
            save(bench->path, bytes, size);
            count = count_whole(bench->path, &bad);
            assert_true(count > MANY - RECORDS);
            assert_true(count == MANY || bad > 0 || codec == MR_CONTAINER_NULL);
            bytes[at] = kept;
        }
    }
}

static void the_same_data_give_the_same_file(void **state)
{
    const struct bench *bench = *state;
    static uint8_t first[1 << 20], second[1 << 20];
    size_t size[2];

    for (int i = 0; i < 2; i++) {
        FILE *file;

        write_file(bench, MR_CONTAINER_NULL, RECORDS);
        file = fopen(bench->path, "rb");
        assert_non_null(file);
        size[i] = fread(i == 0 ? first : second, 1, sizeof(first), file);
        (void)fclose(file);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(first, second, size[0]);
    assert_int_equal(RECORDS, count_data(bench->path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(avro_c_reads_what_we_write, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(we_read_what_avro_c_writes, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(apaches_files_are_read, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_is_cut_off_or_changed_is_an_error_or_harmless,
                                        open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_damaged_block_costs_no_more_than_its_neighbour,
                                        open_bench, close_bench),
        cmocka_unit_test_setup_teardown(the_same_data_give_the_same_file, open_bench, close_bench),
    };
    return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
