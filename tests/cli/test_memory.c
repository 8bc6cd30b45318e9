/* Goal: `cat` that finds no memory ends with a message that says so and a status of its own; what
 * it prints with status 0 is all there is. Method: each allocation of a whole command fails once,
 * over the fuzzer's small container files; and each of reading a topic, on the mock cluster. */
#include "tests/support/kafka_bench.h"
#include "tests/support/memory.h"

#include "cli/cat.h"
#include "processors/core/codec/wire.h"
#include "processors/core/kafka/embedded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ALLOCATIONS_MAX 20000
#define SAID_SIZE 8192
#define FILES "tests/fuzz/corpus/fuzz_avro_container/"
#define WAITS_MAX 300

/* --- a command ----------------------------------------------------------------------------------
 */

/* What a command says, by both of its streams. */
struct said {
    int status;
    char out[SAID_SIZE], err[SAID_SIZE];
};

static void take_back(FILE *file, char out[SAID_SIZE])
{
    rewind(file);
    out[fread(out, 1, SAID_SIZE - 1, file)] = '\0';
    (void)fclose(file);
}

/* Runs `cat` with both streams in files. */
static bool run_cat(char **arguments, unsigned at, struct said *said)
{
    FILE *files[2] = {tmpfile(), tmpfile()};
    const int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    int count = 0;
    bool has_failed;

    assert_true(files[0] != NULL && files[1] != NULL);
    while (arguments[count] != NULL) {
        count++;
    }
    (void)fflush(stdout);
    (void)dup2(fileno(files[0]), STDOUT_FILENO);
    (void)dup2(fileno(files[1]), STDERR_FILENO);
    memory_fail_at(at);
    said->status = verb_cat(count, arguments);
    has_failed = memory_stop();
    (void)fflush(stdout);
    (void)dup2(kept[0], STDOUT_FILENO);
    (void)dup2(kept[1], STDERR_FILENO);
    (void)close(kept[0]);
    (void)close(kept[1]);
    take_back(files[0], said->out);
    take_back(files[1], said->err);
    return has_failed;
}

/* A container whose only block needs more room than a reader begins with. */
static void make_large(char *path, enum mr_container_codec codec)
{
    static uint8_t text[100000];
    struct mr_container_writer *writer;
    struct mr_schema *schema;
    const int file = mkstemp(path);
    uint8_t datum[sizeof(text) + 10];
    size_t size;

    assert_true(file >= 0);
    (void)close(file);
    memset(text, 'x', sizeof(text));
    size = (size_t)(mr_wire_put_long(datum, (int64_t)sizeof(text)) - datum);
    memcpy(datum + size, text, sizeof(text));
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text("\"string\""), &schema, NULL));
    assert_int_equal(MR_OK, mr_container_create(path, schema, codec, &writer, NULL));
    assert_int_equal(
        MR_OK, mr_container_append(writer, (struct mr_span){datum, size + sizeof(text)}, NULL));
    assert_int_equal(MR_OK, mr_container_finish(writer, NULL));
    mr_schema_free(schema);
}

static void every_command_says_that_it_has_no_memory(void **state)
{
    static char out_file[] = "/tmp/millrace-memory.XXXXXX";
    static char deflated[] = "/tmp/millrace-memory.XXXXXX",
                snapped[] = "/tmp/millrace-memory.XXXXXX";
    char *rows[][8] = {
        {FILES "null", "--where", "a > 11 && s != null", "--fields", "s,record.offset", NULL},
        {FILES "deflate", "--table", "--offsets", NULL},
        {FILES "deflate", "--offsets", "--key", "--headers", "--from", "3", NULL},
        {FILES "null", "--out", out_file, "--codec", "snappy", NULL},
        {FILES "null", "--out", out_file, "--codec", "deflate", NULL},
        {deflated, "--count", NULL},
        {snapped, "--count", "--where", "value == ''", NULL},
    };
    const int file = mkstemp(out_file);

    (void)state;
    assert_true(file >= 0);
    (void)close(file);
    make_large(deflated, MR_CONTAINER_DEFLATE);
    make_large(snapped, MR_CONTAINER_SNAPPY);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct said wanted, said;
        unsigned at = 1;

        assert_false(run_cat(rows[i], 0, &wanted));
        assert_int_equal(0, wanted.status);
        assert_true(strlen(wanted.out) > 0);
        for (; run_cat(rows[i], at, &said); at++) {
            assert_true(at < ALLOCATIONS_MAX);
            if (said.status == 0) {
                assert_string_equal(wanted.out, said.out);
            } else if (said.status != mr_code_exit(MR_NO_ROOM) ||
                       strstr(said.err, mr_code_words(MR_NO_ROOM)) == NULL) {
                fail_msg("allocation %u: status %d: %s", at, said.status, said.err);
            }
        }
        print_message("  row %zu: %u allocations failed once\n", i, at - 1);
        assert_int_equal(0, said.status);
        assert_string_equal(wanted.out, said.out);
        assert_true(at > 10);
    }
    (void)unlink(out_file);
    (void)unlink(deflated);
    (void)unlink(snapped);
}

/* --- a topic ------------------------------------------------------------------------------------
 */

static void send_one(struct kafka_bench *bench)
{
    static const char *const topics[] = {"texts"};
    static const struct mr_header header = {MR_FRAME_VALUE_HEADER, MR_SPAN("\0\0\0\0\1")};
    const struct mr_transport_spec spec = {.instance = "source-0",
                                           .outputs = topics,
                                           .output_count = 1,
                                           .delivery = MR_AT_LEAST_ONCE,
                                           .worker_count = 1};
    const struct mr_output output = {.key = MR_SPAN("k"),
                                     .value = MR_SPAN("\4hi"),
                                     .timestamp_ms = 1,
                                     .headers = &header,
                                     .header_count = 1};
    struct bench_worker worker;

    kafka_bench_topic(bench, "texts", 1, false);
    bench_worker_open(&worker, bench, &spec);
    bench_worker_send(&worker, &output, 1);
    bench_worker_close(&worker);
}

/* Reads the topic's only record. */
static enum mr_code read_topic(const struct cat_source_spec *spec, struct mr_error *err)
{
    struct cat_source *source = NULL;
    const struct cat_item *item = NULL;
    bool is_done = false;
    enum mr_code code = cat_source_open(spec, &source, err);

    for (int waits = 0; code == MR_OK && item == NULL && !is_done; waits++) {
        assert_true(waits < WAITS_MAX);
        code = cat_source_next(source, &item, &is_done, err);
    }
    if (code == MR_OK) {
        assert_non_null(item);
        assert_non_null(item->schema);
        assert_true(mr_span_is(item->datum, "\4hi"));
    }
    cat_source_close(source);
    return code;
}

static void a_topic_for_which_there_is_no_memory(void **state)
{
    static const char *const properties[] = {"socket.timeout.ms=30000"};
    char path[] = "/tmp/millrace-schema.XXXXXX";
    struct cat_source_spec spec = {.name = "texts",
                                   .properties = properties,
                                   .property_count = 1,
                                   .schema = path,
                                   .registry = "http://127.0.0.1:1",
                                   .browse = {.partition = -1, .to = {MR_BROWSE_END, 0}}};
    const int file = mkstemp(path);
    struct kafka_bench bench;
    bool has_failed = true;
    unsigned at = 0;

    (void)state;
    assert_int_equal(8, write(file, "\"string\"", 8));
    (void)close(file);
    kafka_bench_open(&bench, NULL, NULL);
    send_one(&bench);
    spec.bootstrap = rd_kafka_mock_cluster_bootstraps(mr_kafka_mock_of(bench.broker));
    spec.log = &bench.log;
    spec.report = mr_report_new();
    while (has_failed) {
        struct mr_error err = {0};
        enum mr_code code;

        at++;
        memory_fail_at(at);
        code = read_topic(&spec, &err);
        has_failed = memory_stop();
        if (code != (has_failed ? MR_NO_ROOM : MR_OK)) {
            fail_msg("allocation %u: %s: %s", at, mr_code_words(code), err.text);
        }
        assert_int_equal(has_failed, err.text[0] != '\0');
    }
    print_message("  a topic: %u allocations failed once\n", at - 1);
    assert_true(at > 10);
    mr_report_free(spec.report);
    kafka_bench_close(&bench);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_says_that_it_has_no_memory),
        cmocka_unit_test(a_topic_for_which_there_is_no_memory),
    };

    memory_open();
    return cmocka_run_group_tests_name("cat memory", tests, NULL, NULL);
}
