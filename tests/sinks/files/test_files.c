/* Goal: every record of a topic stands in exactly one whole line, whatever was cut short when, and
 * a line reads as a person expects.
 * Method: a log in memory is written, committed, aborted and read again; a crash is a sink that is
 * closed in the middle and whose folder is then made to look as the crash would leave it. */
#include "tests/support/sink_bench.h"

#include "sinks/files/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_ROOM 65536

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"A\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"severity\",\"type\":{\"type\":\"enum\",\"name\":\"S\",\"symbols\":[\"low\","
    "\"high\"]}},"
    "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"lineage\",\"type\":{\"type\":\"record\",\"name\":\"L\",\"fields\":["
    "{\"name\":\"source\",\"type\":\"string\"},{\"name\":\"place\",\"type\":\"long\"}]}},"
    "{\"name\":\"record\",\"type\":\"bytes\"}]}";

struct place {
    char folder[64];
    char yaml[512];
    char text[FILE_ROOM];
    struct sink_bench *bench;
};

static void add(struct place *place, int32_t partition, const char *id)
{
    char json[256];

    (void)snprintf(json, sizeof(json),
                   "{\"id\":\"%s\",\"severity\":\"high\",\"at\":1772361000500,\"lineage\":"
                   "{\"source\":\"f\",\"place\":7},\"record\":\"\\u0001\\u00ff\"}",
                   id);
    sink_bench_add(place->bench, partition, "k", json);
}

/* more: further settings, each on a line of its own. */
static enum mr_code try_open(struct place *place, const char *more)
{
    (void)snprintf(place->yaml, sizeof(place->yaml), "stages: [advise]\npath: %s/out\n%s",
                   place->folder, more);
    return sink_bench_open(place->bench, &mr_files_sink_ops, place->yaml);
}

static void open_with(struct place *place, const char *more)
{
    if (try_open(place, more) != MR_OK) {
        fail_msg("%s", place->bench->err.text);
    }
    for (int32_t i = 0; i < SINK_BENCH_PARTITIONS; i++) {
        const int64_t next = sink_bench_position(place->bench, i);

        place->bench->written[i] = next < 0 ? 0 : (size_t)next;
    }
}

static void path_of(const struct place *place, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/out/%s", place->folder, name);
}

static const char *read_file(struct place *place, const char *name)
{
    char path[256];
    FILE *stream;
    size_t size;

    path_of(place, name, path);
    stream = fopen(path, "r");
    if (stream == NULL) {
        return "(none)";
    }
    size = fread(place->text, 1, FILE_ROOM - 1, stream);
    place->text[size] = '\0';
    assert_int_equal(0, fclose(stream));
    return place->text;
}

static void write_file(struct place *place, const char *name, const char *mode, const char *text)
{
    char path[256];
    FILE *stream;

    path_of(place, name, path);
    stream = fopen(path, mode);
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(0, fclose(stream));
}

/* The ids of a file's lines, each of which has to be whole: "a b c". */
static const char *ids(struct place *place, const char *name, char out[1024])
{
    static const char head[] = "{\"id\":\"";
    const char *at = read_file(place, name);
    size_t size = 0;

    out[0] = '\0';
    while (*at != '\0') {
        const char *end = strchr(at, '\n');

        assert_non_null(end);
        assert_memory_equal(head, at, sizeof(head) - 1);
        assert_true(end[-1] == '}');
        at += sizeof(head) - 1;
        size += (size_t)snprintf(out + size, 1024 - size, "%s%.*s", size > 0 ? " " : "",
                                 (int)strcspn(at, "\""), at);
        at = end + 1;
    }
    return out;
}

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/millrace-lines.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->bench = sink_bench_new(schema);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    char path[256];
    DIR *folder;

    sink_bench_free(place->bench);
    path_of(place, "", path);
    folder = opendir(path);
    for (struct dirent *item; folder != NULL && (item = readdir(folder)) != NULL;) {
        char name[600];

        (void)snprintf(name, sizeof(name), "%s%s", path, item->d_name);
        (void)unlink(name);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(path);
    assert_int_equal(0, rmdir(place->folder));
    free(place);
    return 0;
}

static void a_line_is_the_record_as_people_read_it(void **state)
{
    static const struct {
        const char *label, *more, *line;
    } rows[] = {
        {"plain", "",
         "{\"id\":\"a\",\"severity\":\"high\",\"at\":\"2026-03-01T10:30:00.5Z\",\"lineage\":"
         "{\"source\":\"f\",\"place\":7},\"record\":\"Af8=\"}\n"},
        {"without a field", "drop: [record]\n",
         "{\"id\":\"a\",\"severity\":\"high\",\"at\":\"2026-03-01T10:30:00.5Z\",\"lineage\":"
         "{\"source\":\"f\",\"place\":7}}\n"},
        {"without an inner field and the first", "drop: [lineage.source, record, id]\n",
         "{\"severity\":\"high\",\"at\":\"2026-03-01T10:30:00.5Z\",\"lineage\":{\"place\":7}}\n"},
        {"in an envelope", "envelope: true\ndrop: [lineage, record]\n",
         "{\"topic\":\"grocery.advise\",\"partition\":1,\"offset\":0,\"timestamp\":"
         "\"2026-10-26T07:33:20Z\",\"key\":\"k\",\"value\":{\"id\":\"a\",\"severity\":\"high\","
         "\"at\":\"2026-03-01T10:30:00.5Z\"}}\n"},
    };
    struct place *place = *state;

    add(place, 1, "a");
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char path[256];

        print_message("  %s\n", rows[i].label);
        open_with(place, rows[i].more);
        place->bench->written[1] = 0;
        sink_bench_store(place->bench, 1);
        sink_bench_close(place->bench);
        assert_string_equal(rows[i].line, read_file(place, "grocery.advise.jsonl"));
        path_of(place, "grocery.advise.jsonl", path);
        assert_int_equal(0, unlink(path));
        path_of(place, ".grocery.advise.position", path);
        assert_int_equal(0, unlink(path));
    }
}

static void what_was_not_committed_is_written_once_after_a_crash(void **state)
{
    struct place *place = *state;
    char out[1024];

    open_with(place, "");
    add(place, 0, "a");
    add(place, 1, "b");
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    sink_bench_store(place->bench, 1);
    add(place, 0, "c");
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    sink_bench_close(place->bench);
    write_file(place, "grocery.advise.jsonl", "a", "{\"id\":\"c\"}\n{\"id\":\"to");

    open_with(place, "");
    assert_int_equal(1, place->bench->written[0]);
    assert_int_equal(1, place->bench->written[1]);
    assert_int_equal(-1, sink_bench_position(place->bench, 2));
    sink_bench_store(place->bench, 0);
    assert_string_equal("a b c", ids(place, "grocery.advise.jsonl", out));
}

static void an_aborted_batch_leaves_nothing_and_comes_once_when_it_is_replayed(void **state)
{
    struct place *place = *state;
    char out[1024];

    open_with(place, "");
    add(place, 0, "a");
    sink_bench_store(place->bench, 0);
    add(place, 0, "b");
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    sink_bench_abort(place->bench, 0, 0); /* from before what is committed */
    assert_string_equal("a", ids(place, "grocery.advise.jsonl", out));
    add(place, 0, "c");
    sink_bench_store(place->bench, 0);
    assert_int_equal(0, sink_bench_rejected(place->bench));
    assert_string_equal("a b c", ids(place, "grocery.advise.jsonl", out));
    assert_int_equal(3, sink_bench_position(place->bench, 0));
}

static void a_batch_larger_than_the_buffer_is_cut_off_when_it_is_aborted(void **state)
{
    struct place *place = *state;
    char out[1024];

    open_with(place, "fsync: false\n");
    add(place, 0, "a");
    sink_bench_store(place->bench, 0);
    for (int i = 0; i < 4000; i++) {
        add(place, 0, "b");
    }
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    assert_int_equal(FILE_ROOM - 1, strlen(read_file(place, "grocery.advise.jsonl")));
    sink_bench_abort(place->bench, 0, 1);
    assert_string_equal("a", ids(place, "grocery.advise.jsonl", out));
}

static void full_files_are_numbered_and_hold_whole_lines(void **state)
{
    static const char *const files[] = {"grocery.advise.000001.jsonl",
                                        "grocery.advise.000002.jsonl", "grocery.advise.jsonl"};
    static const char *const expected[] = {"a b", "c d", "e"};
    static const char names[] = "abcde";
    struct place *place = *state;
    char out[1024];

    open_with(place, "rotate_size: 150B\n"); /* a line has 127 bytes */
    for (size_t i = 0; i < 5; i++) {
        add(place, 0, (const char[]){names[i], '\0'});
        sink_bench_store(place->bench, 0);
        sink_bench_close(place->bench);
        open_with(place, "rotate_size: 150B\n");
        assert_int_equal(i + 1, place->bench->written[0]);
    }
    for (size_t i = 0; i < MR_COUNT(files); i++) {
        assert_string_equal(expected[i], ids(place, files[i], out));
    }
}

/* A crash between the rename and the mark: the mark still stands for the file that was renamed. */
static void a_rotation_that_a_crash_cut_short_is_taken_back(void **state)
{
    struct place *place = *state;
    char out[1024], from[256], to[256];

    open_with(place, "");
    add(place, 0, "a");
    sink_bench_store(place->bench, 0);
    sink_bench_close(place->bench);
    path_of(place, "grocery.advise.jsonl", from);
    path_of(place, "grocery.advise.000001.jsonl", to);
    assert_int_equal(0, rename(from, to));
    write_file(place, "grocery.advise.jsonl", "w", "{\"id\":\"not committed\"}\n");

    open_with(place, "rotate_size: 150B\n");
    add(place, 0, "b");
    sink_bench_store(place->bench, 0);
    assert_string_equal("a b", ids(place, "grocery.advise.000001.jsonl", out));
    assert_string_equal("", ids(place, "grocery.advise.jsonl", out));
}

static void a_file_of_somebody_elses_is_written_on_behind_its_last_whole_line(void **state)
{
    struct place *place = *state;
    char out[1024];

    open_with(place, "");
    sink_bench_close(place->bench);
    write_file(place, "grocery.advise.jsonl", "w", "{\"id\":\"x\"}\n{\"id\":\"to");
    open_with(place, "");
    add(place, 0, "a");
    sink_bench_store(place->bench, 0);
    assert_string_equal("x a", ids(place, "grocery.advise.jsonl", out));
}

static void a_log_that_ended_with_its_process_is_read_from_its_beginning(void **state)
{
    struct place *place = *state;
    char out[1024];

    place->bench->is_transient = true;
    for (int i = 0; i < 2; i++) {
        open_with(place, "");
        assert_int_equal(0, place->bench->written[0]);
        add(place, 0, i == 0 ? "a" : "b");
        sink_bench_store(place->bench, 0);
        sink_bench_close(place->bench);
    }
    assert_string_equal("a a b", ids(place, "grocery.advise.jsonl", out));
}

static void two_sinks_never_write_one_file(void **state)
{
    struct place *place = *state;
    struct sink_bench *other = sink_bench_new(schema);

    open_with(place, "");
    assert_int_equal(MR_FENCED, sink_bench_open(other, &mr_files_sink_ops, place->yaml));
    assert_non_null(strstr(other->err.text, "is being written by another sink"));
    sink_bench_free(other);
}

static void what_cannot_be_right_is_said_when_opening(void **state)
{
    struct place *place = *state;

    assert_int_equal(MR_BAD_CONFIG, try_open(place, "drop: [recrod]\n"));
    assert_string_equal("drop: \"recrod\" is no field of any of the stages' records",
                        place->bench->err.text);
    sink_bench_close(place->bench);

    open_with(place, "");
    add(place, 0, "a");
    sink_bench_store(place->bench, 0);
    sink_bench_close(place->bench);
    write_file(place, "grocery.advise.jsonl", "w", "{}\n");
    assert_int_equal(MR_BAD_DATA, try_open(place, ""));
    sink_bench_close(place->bench);
    write_file(place, ".grocery.advise.position", "w", "{");
    assert_int_equal(MR_BAD_DATA, try_open(place, ""));
}

static void a_dry_run_touches_nothing(void **state)
{
    struct place *place = *state;
    char path[256];

    place->bench->is_dry = true;
    assert_int_equal(MR_OK, try_open(place, "drop: [record]\n"));
    path_of(place, "", path);
    assert_int_not_equal(0, access(path, F_OK));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_line_is_the_record_as_people_read_it),
        CASE(what_was_not_committed_is_written_once_after_a_crash),
        CASE(an_aborted_batch_leaves_nothing_and_comes_once_when_it_is_replayed),
        CASE(a_batch_larger_than_the_buffer_is_cut_off_when_it_is_aborted),
        CASE(full_files_are_numbered_and_hold_whole_lines),
        CASE(a_rotation_that_a_crash_cut_short_is_taken_back),
        CASE(a_file_of_somebody_elses_is_written_on_behind_its_last_whole_line),
        CASE(a_log_that_ended_with_its_process_is_read_from_its_beginning),
        CASE(two_sinks_never_write_one_file),
        CASE(what_cannot_be_right_is_said_when_opening),
        CASE(a_dry_run_touches_nothing),
    };
    return cmocka_run_group_tests_name("files sink", tests, NULL, NULL);
}
