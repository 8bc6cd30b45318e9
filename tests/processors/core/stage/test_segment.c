/* Goal: what a stage writes is its input plus its stamp, byte for byte, wherever the chain is cut
 * into segments; rejects, drops, emissions and repartitioning are as the verdicts say.
 * Method: the rig's chain over the log in memory, topics compared as bytes. */
#include "tests/support/steps.h"

#include "processors/core/base/digest.h"
#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"

#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1700000000000) /* of the log's clock, at its start */

static const char chain[] = "partitions: 3\ncommit_records: 30\n" RIG_CHAIN;

/* The records of a topic's partition, as a list. */
struct listed {
    const struct sim_record *records[2000];
    size_t count;
};

static void list_one(void *context, const struct sim_record *record)
{
    struct listed *listed = context;

    assert_true(listed->count < MR_COUNT(listed->records));
    listed->records[listed->count++] = record;
}

static void list(struct rig *rig, const char *topic, int32_t partition, struct listed *listed)
{
    listed->count = 0;
    sim_log_each(rig->log, topic, partition, list_one, listed);
}

static void open_filled(struct rig *rig, const char *yaml)
{
    rig_init(rig);
    rig_open(rig, yaml);
    assert_int_equal(MR_OK, rig_ingest(rig));
}

static void work(struct rig *rig, size_t first, size_t last)
{
    if (rig_work(rig, first, last) != MR_OK) {
        fail_msg("%s", rig->error.text);
    }
}

static bool is_prefix(const struct sim_record *in, const struct sim_record *out)
{
    return out->value.size > in->value.size &&
           memcmp(in->value.data + MR_FRAME_SIZE, out->value.data + MR_FRAME_SIZE,
                  in->value.size - MR_FRAME_SIZE) == 0;
}

static void an_output_is_its_input_and_a_stamp(void **state)
{
    static const struct {
        const char *input, *output;
    } rows[] = {{"rig.ingest", "rig.sieve"}, {"rig.sieve", "rig.count"}};
    struct listed inputs, outputs;
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    work(&rig, 1, 3);
    for (size_t row = 0; row < MR_COUNT(rows); row++) {
        for (int32_t partition = 0; partition < 3; partition++) {
            size_t from = 0;

            list(&rig, rows[row].input, partition, &inputs);
            list(&rig, rows[row].output, partition, &outputs);
            for (size_t i = 0; i < outputs.count; i++, from++) {
                while (from < inputs.count &&
                       !is_prefix(inputs.records[from], outputs.records[i])) {
                    from++; /* was dropped or rejected */
                }
                assert_true(from < inputs.count);
                assert_int_equal(inputs.records[from]->timestamp_ms,
                                 outputs.records[i]->timestamp_ms);
                assert_true(mr_span_equal(inputs.records[from]->key, outputs.records[i]->key));
            }
        }
    }
    rig_close(&rig);
}

static void a_record_carries_the_schema_by_which_it_can_be_read(void **state)
{
    struct mr_arena *arena = mr_arena_new((size_t)1 << 20);
    struct mr_segment *segment;
    struct listed listed;
    struct mr_frame frame;
    struct mr_span text;
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    work(&rig, 1, 3);
    assert_int_equal(MR_OK, rig_segment(&rig, 1, 3, &segment));
    list(&rig, "rig.count", 0, &listed);
    assert_null(mr_frame_read(listed.records[0]->value, &frame));
    assert_int_equal(mr_schema_id(mr_segment_schema(segment, 2)), frame.schema_id);
    assert_null(
        mr_json_print(mr_segment_schema(segment, 2), frame.datum, MR_JSON_PLAIN, arena, &text));
    print_message("  %.*s\n", MR_SPAN_ARGS(text));
    assert_true(mr_span_find(text, mr_span_text("\"count\":{\"count\":1,\"sum\":")) < text.size);
    assert_true(mr_span_find(text, mr_span_text("\"sieve\":{\"mark\":\"")) < text.size);
    mr_segment_free(segment);
    mr_arena_free(arena);
    rig_close(&rig);
}

static void the_bytes_are_the_same_however_the_chain_is_cut(void **state)
{
    static const struct {
        const char *label;
        size_t cuts[4]; /* first stages; 0 ends */
    } rows[] = {
        {"each on its own", {1, 2, 3, 0}},
        {"two and one", {1, 3, 0}},
        {"one and two", {1, 2, 0}},
    };
    static const char *const topics[] = {"rig.sieve", "rig.sieve.dlq", "rig.count", "rig.emit",
                                         NULL};
    struct steps_picture expected, actual;
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    work(&rig, 1, 3);
    steps_take(&expected, &rig, topics, true);
    rig_close(&rig);
    for (size_t row = 0; row < MR_COUNT(rows); row++) {
        open_filled(&rig, chain);
        for (const size_t *cut = rows[row].cuts; *cut != 0; cut++) {
            work(&rig, *cut, cut[1] != 0 ? cut[1] - 1 : 3);
        }
        steps_take(&actual, &rig, topics, true);
        steps_compare(&expected, &actual, rows[row].label);
        steps_drop(&actual);
        rig_close(&rig);
    }
    steps_drop(&expected);
}

static void a_stage_without_a_topic_changes_no_byte_after_it(void **state)
{
    static const char *const topics[] = {"rig.count", "rig.emit", NULL};
    struct steps_picture expected, actual;
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    work(&rig, 1, 3);
    steps_take(&expected, &rig, topics, true);
    rig_close(&rig);
    open_filled(&rig, "partitions: 3\nstages:\n  - ingest: {}\n  - sieve: {}\n    publish: false\n"
                      "  - count: {key: record.key}\n  - emit: {}\n");
    work(&rig, 1, 3);
    assert_int_equal(0, sim_log_partitions(rig.log, "rig.sieve"));
    assert_true(sim_log_count(rig.log, "rig.sieve.dlq") > 0);
    steps_take(&actual, &rig, topics, true);
    steps_compare(&expected, &actual, "publish: false");
    steps_drop(&expected);
    steps_drop(&actual);
    rig_close(&rig);
}

static void counters_obey_the_law_and_agree_with_the_topics(void **state)
{
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    work(&rig, 1, 3);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(rig.sums[i].in,
                         rig.sums[i].passed + rig.sums[i].dropped + rig.sums[i].rejected);
        assert_int_equal(rig.sums[i].in, rig.sums[i - 1].passed);
    }
    assert_true(rig.sums[1].dropped > 0 && rig.sums[1].rejected > 0);
    assert_int_equal(sim_log_count(rig.log, "rig.sieve"), rig.sums[1].passed);
    assert_int_equal(sim_log_count(rig.log, "rig.sieve.dlq"), rig.sums[1].rejected);
    assert_int_equal(sim_log_count(rig.log, "rig.emit"), rig.sums[3].emitted);
    rig_close(&rig);
}

static void what_cannot_be_decoded_is_rejected_by_the_first_stage(void **state)
{
    static const struct {
        const char *label, *key, *value;
        size_t size;
    } rows[] = {
        {"tombstone", "k", NULL, 0},
        {"empty", "k", "", 0},
        {"too short for a frame", "k", "\0\0\0", 3},
        {"unknown schema", "k", "\0\0\0\0\1xxxxxx", 11},
    };
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, chain);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_output output = {
            .key = mr_span_text(rows[i].key),
            .value = {(const uint8_t *)rows[i].value, rows[i].size},
            .timestamp_ms = NOW_MS,
        };

        sim_log_put(rig.log, "rig.ingest", 0, &output);
    }
    work(&rig, 1, 3);
    assert_int_equal(MR_COUNT(rows), rig.sums[1].rejected);
    assert_int_equal(MR_COUNT(rows), sim_log_count(rig.log, "rig.sieve.dlq"));
    assert_int_equal(0, sim_log_count(rig.log, "rig.count"));
    rig_close(&rig);
}

static void the_traceparent_goes_along_to_every_topic(void **state)
{
    static const struct mr_header header = {"traceparent", MR_SPAN("00-abc-def-01")};
    struct listed listed;
    struct mr_output output;
    struct rig rig;

    (void)state;
    open_filled(&rig, chain);
    list(&rig, "rig.ingest", 0, &listed);
    output = (struct mr_output){.key = listed.records[0]->key,
                                .value = listed.records[0]->value,
                                .timestamp_ms = NOW_MS,
                                .headers = &header,
                                .header_count = 1};
    sim_log_put(rig.log, "rig.ingest", 2, &output);
    work(&rig, 1, 3);
    list(&rig, "rig.count", 2, &listed);
    assert_true(listed.count > 0);
    assert_int_equal(1, listed.records[listed.count - 1]->header_count);
    assert_true(mr_span_is(listed.records[listed.count - 1]->headers[0].value, "00-abc-def-01"));
    rig_close(&rig);
}

static bool has_header(const struct sim_record *record, const char *name, const char *value)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0) {
            return mr_span_is(record->headers[i].value, value);
        }
    }
    return false;
}

/* The same records once more, now with headers. */
static void put_again_with_headers(struct rig *rig, const struct mr_header *headers, size_t count)
{
    struct listed listed;

    list(rig, "rig.ingest", 0, &listed);
    for (size_t i = 0, last = listed.count; i < last; i++) {
        const struct mr_output output = {.key = listed.records[i]->key,
                                         .value = listed.records[i]->value,
                                         .timestamp_ms = NOW_MS,
                                         .headers = headers,
                                         .header_count = count};

        sim_log_put(rig->log, "rig.ingest", 0, &output);
        list(rig, "rig.ingest", 0, &listed);
    }
}

static void a_dead_letter_keeps_the_headers_of_what_its_stage_read(void **state)
{
    static const struct mr_header headers[] = {{"x-source", MR_SPAN("scanner")},
                                               {"traceparent", MR_SPAN("00-abc-def-01")},
                                               {"x-source", MR_SPAN("again")}};
    static const struct {
        const char *label, *yaml;
        bool is_first;
    } rows[] = {
        {"the first stage reads the topic", chain, true},
        {"the second reads what the first wrote",
         "partitions: 3\nstages:\n  - ingest: {}\n  - count: { key: record.key }\n  - sieve: {}\n",
         false},
    };
    struct listed listed;
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        size_t with_trace = 0, with_own = 0;

        print_message("  %s\n", rows[i].label);
        open_filled(&rig, rows[i].yaml);
        put_again_with_headers(&rig, headers, MR_COUNT(headers));
        work(&rig, 1, 2);
        list(&rig, "rig.sieve.dlq", 0, &listed);
        for (size_t k = 0; k < listed.count; k++) {
            assert_true(has_header(listed.records[k], "__connect.errors.stage", "sieve"));
            with_trace += has_header(listed.records[k], "traceparent", "00-abc-def-01");
            with_own += has_header(listed.records[k], "x-source", "scanner");
        }
        assert_true(with_trace > 0 && 2 * with_trace == listed.count);
        assert_int_equal(rows[i].is_first ? with_trace : 0, with_own);
        rig_close(&rig);
    }
}

static size_t new_key_is_its_mark(const struct listed *listed, int32_t partition)
{
    for (size_t i = 0; i < listed->count; i++) {
        const struct mr_span key = listed->records[i]->key;

        assert_int_equal(partition, (mr_murmur2(key) & 0x7fffffff) % 4);
        assert_true(mr_span_find(listed->records[i]->value, key) < listed->records[i]->value.size);
    }
    return listed->count;
}

/* The key is a view of a stamp that this segment makes: gone with the slice, needed until the
 * commit. The log compares what it was lent. */
static void a_new_key_may_be_a_stamp_of_the_same_segment(void **state)
{
    struct listed listed;
    struct rig rig;
    size_t count = 0;

    (void)state;
    rig_init(&rig);
    rig.row_count = 3000; /* several slices in one transaction */
    rig_open(&rig, "partitions: 4\ncommit_interval: 60s\nstages:\n  - ingest: {}\n"
                   "  - sieve: {}\n  - repartition: {key: sieve.mark}\n");
    assert_int_equal(MR_OK, rig_ingest(&rig));
    work(&rig, 1, 2);
    for (int32_t partition = 0; partition < 4; partition++) {
        list(&rig, "rig.repartition", partition, &listed);
        count += new_key_is_its_mark(&listed, partition);
    }
    assert_int_equal(sim_log_count(rig.log, "rig.sieve"), count);
    rig_close(&rig);
}

static void repartition_places_each_key_in_one_partition(void **state)
{
    static const char yaml[] =
        "partitions: 4\nstages:\n  - ingest: {}\n  - sieve: {}\n"
        "  - repartition: {key: 'sieve.mark + \"/\" + subject.team', partition_by: [sieve.mark]}\n"
        "  - count: {key: 'sieve.mark'}\n";
    static const char *const topics[] = {"rig.repartition", "rig.count", NULL};
    struct listed listed;
    struct rig rig;
    size_t count = 0;

    (void)state;
    open_filled(&rig, yaml);
    work(&rig, 1, 2);
    work(&rig, 3, 3);
    for (int32_t partition = 0; partition < 4; partition++) {
        list(&rig, topics[0], partition, &listed);
        count += listed.count;
        for (size_t i = 0; i < listed.count; i++) {
            const struct mr_span key = listed.records[i]->key;
            const struct mr_span mark = {key.data, mr_span_find(key, mr_span_text("/"))};

            assert_int_equal(partition, (mr_murmur2(mark) & 0x7fffffff) % 4);
        }
    }
    assert_int_equal(sim_log_count(rig.log, "rig.sieve"), count);
    assert_int_equal(count, sim_log_count(rig.log, topics[1]));
    rig_close(&rig);
}

static void too_many_rejects_stop_the_stage(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.row_count = 3000;
    rig.chunk = 1000;
    rig_open(&rig, "partitions: 1\nreject_ratio_max: 0.05\n" RIG_CHAIN);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    assert_int_equal(MR_TOO_MANY_REJECTS, rig_work(&rig, 1, 3));
    assert_non_null(strstr(rig.error.text, "rig.sieve.dlq"));
    assert_true(rig.sums[1].in >= 1000);
    rig_close(&rig);
}

static void records_that_do_not_fit_are_taken_in_smaller_numbers(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.row_count = 500;
    rig.row_size = 20000; /* 10 MB, and each stage copies */
    rig.chunk = 50;
    rig_open(&rig, "partitions: 2\nmemory_max: 4MiB\nsnapshot_interval: 60s\n" RIG_CHAIN);
    assert_int_equal(MR_OK, rig_ingest(&rig));
    work(&rig, 1, 3);
    assert_true(rig.sums[1].aborts > 0);
    assert_true(rig.sums[1].aborts < 12); /* it does not grow into the next failure at once */
    assert_int_equal(sim_log_count(rig.log, "rig.ingest"), rig.sums[1].in);
    assert_int_equal(sim_log_count(rig.log, "rig.sieve"), sim_log_count(rig.log, "rig.count"));
    rig_close(&rig);
}

/* The first records of a partition, as if they had been polled. */
static void poll_some(struct rig *rig, struct mr_record records[8])
{
    struct listed listed;

    list(rig, "rig.ingest", 1, &listed);
    for (size_t i = 0; i < 8; i++) {
        records[i] = (struct mr_record){
            .key = listed.records[i]->key, .value = listed.records[i]->value, .partition = 1};
    }
}

/* A mark that names another number of states, as after a change of the pipeline: its offset does
 * not hold, so the input is read from its start, on states that must be empty then. */
static void a_snapshot_of_other_states_is_not_counted_twice(void **state)
{
    const struct mr_room room = {mr_arena_new((size_t)1 << 20), mr_arena_new((size_t)1 << 20)};
    struct mr_outputs first = {0}, second = {0}, snapshot = {0};
    struct mr_record records[8];
    struct mr_segment *segment;
    struct rig rig;
    int64_t next = 5;

    (void)state;
    open_filled(&rig, chain);
    poll_some(&rig, records);
    assert_int_equal(MR_OK, rig_segment(&rig, 1, 2, &segment));
    assert_int_equal(MR_OK, mr_segment_run(segment, records, 8, &room, &first, &rig.error));
    assert_int_equal(MR_OK, mr_segment_snapshot(segment, 1, 8, room.txn, &snapshot, &rig.error));
    assert_true(snapshot.count > 1);
    for (size_t i = 0; i < snapshot.count; i++) {
        struct mr_record record = {
            .key = snapshot.items[i].key, .value = snapshot.items[i].value, .partition = 1};

        record.value.size -= i + 1 == snapshot.count ? sizeof(int64_t) : 0;
        mr_segment_restore(segment, &record, &next);
    }
    assert_int_equal(0, next);
    assert_int_equal(MR_OK, mr_segment_run(segment, records, 8, &room, &second, &rig.error));
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++) {
        assert_true(mr_span_equal(first.items[i].value, second.items[i].value));
    }
    mr_segment_unsettle(segment);
    mr_segment_free(segment);
    mr_arena_free(room.batch);
    mr_arena_free(room.txn);
    rig_close(&rig);
}

/* One run of the whole chain over a few records with so much room and no more. */
static enum mr_code run_in(struct rig *rig, size_t batch_room, size_t txn_room)
{
    const struct mr_room room = {mr_arena_new(batch_room), mr_arena_new(txn_room)};
    struct mr_outputs outputs = {0};
    struct mr_record records[8];
    struct mr_segment *segment;
    enum mr_code code;

    poll_some(rig, records);
    rig->error = (struct mr_error){0};
    assert_int_equal(MR_OK, rig_segment(rig, 1, 3, &segment));
    code = mr_segment_run(segment, records, MR_COUNT(records), &room, &outputs, &rig->error);
    mr_segment_unsettle(segment);
    mr_segment_free(segment);
    mr_arena_free(room.batch);
    mr_arena_free(room.txn);
    return code;
}

/* A little more room each time until it fits: each take on the way is the first to fail once. */
static void every_shortage_of_room_is_reported(void **state)
{
    const size_t plenty = (size_t)1 << 20;
    struct rig rig;
    size_t room;

    (void)state;
    open_filled(&rig, chain);
    assert_int_equal(MR_OK, run_in(&rig, plenty, plenty));
    for (room = 0; run_in(&rig, room, plenty) != MR_OK; room += 64) {
        assert_int_equal(MR_NO_ROOM, rig.error.code);
        assert_true(rig.error.text[0] != '\0' && room < plenty);
    }
    assert_true(room > 1000);
    for (room = 0; run_in(&rig, plenty, room) != MR_OK; room += 64) {
        assert_int_equal(MR_NO_ROOM, rig.error.code);
        assert_true(rig.error.text[0] != '\0' && room < plenty);
    }
    assert_true(room > 1000);
    rig_close(&rig);
}

static void more_keys_than_allowed_stop_with_a_reason(void **state)
{
    struct rig rig;

    (void)state;
    open_filled(&rig, "partitions: 1\nstages:\n  - ingest: {}\n"
                      "  - count: {key: record.key, keys_max: 3}\n");
    assert_int_equal(MR_NO_ROOM, rig_work(&rig, 1, 1));
    assert_string_equal("more keys than keys_max", rig.error.text);
    rig_close(&rig);
}

static void nothing_can_follow_a_stage_that_emits(void **state)
{
    struct mr_segment *segment;
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, "stages:\n  - ingest: {}\n  - emit: {}\n  - copy: {}\n");
    assert_int_equal(MR_BAD_CONFIG, rig_segment(&rig, 1, 2, &segment));
    assert_int_equal(1, mr_report_errors(rig.report));
    rig_close(&rig);
}

static void a_key_that_does_not_determine_the_partition_is_refused(void **state)
{
    static const struct {
        const char *label, *yaml, *complaint; /* NULL: fine */
    } rows[] = {
        {"the message key", "  - count: {key: record.key}\n", NULL},
        {"what partitions", "  - count: {key: subject.id}\n", NULL},
        {"that and more", "  - count: {key: 'subject.id + subject.team'}\n", NULL},
        {"another field", "  - count: {key: subject.team}\n",
         "the key does not determine the partition: it lacks subject.id"},
        {"another field, after repartition",
         "  - repartition: {key: subject.team}\n  - count: {key: subject.team}\n", NULL},
        {"the old one, after repartition",
         "  - repartition: {key: subject.team}\n  - count: {key: subject.id}\n",
         "it lacks subject.team"},
        {"no text", "  - count: {key: subject.value}\n", ":5:18: "},
        {"no such field", "  - count: {key: subject.tem}\n", "did you mean"},
        {"no expression", "  - count: {key: 'subject.'}\n", "rig.yaml:5:"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        char yaml[400];
        struct mr_segment *segment = NULL;
        struct rig rig;
        enum mr_code code;
        char *text;

        print_message("  %s\n", rows[i].label);
        (void)snprintf(yaml, sizeof(yaml), "stages:\n  - ingest: {}\n%s", rows[i].yaml);
        rig_init(&rig);
        rig_open(&rig, yaml);
        code = rig_segment(&rig, 1, rig.pipeline->stage_count - 1, &segment);
        text = rig_report(&rig);
        assert_int_equal(rows[i].complaint == NULL ? MR_OK : MR_BAD_CONFIG, code);
        if (rows[i].complaint != NULL && strstr(text, rows[i].complaint) == NULL) {
            fail_msg("not in the report: \"%s\", but: %s", rows[i].complaint, text);
        }
        free(text);
        mr_segment_free(segment);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_output_is_its_input_and_a_stamp),
        cmocka_unit_test(a_record_carries_the_schema_by_which_it_can_be_read),
        cmocka_unit_test(the_bytes_are_the_same_however_the_chain_is_cut),
        cmocka_unit_test(a_stage_without_a_topic_changes_no_byte_after_it),
        cmocka_unit_test(counters_obey_the_law_and_agree_with_the_topics),
        cmocka_unit_test(what_cannot_be_decoded_is_rejected_by_the_first_stage),
        cmocka_unit_test(the_traceparent_goes_along_to_every_topic),
        cmocka_unit_test(a_dead_letter_keeps_the_headers_of_what_its_stage_read),
        cmocka_unit_test(a_new_key_may_be_a_stamp_of_the_same_segment),
        cmocka_unit_test(repartition_places_each_key_in_one_partition),
        cmocka_unit_test(a_snapshot_of_other_states_is_not_counted_twice),
        cmocka_unit_test(too_many_rejects_stop_the_stage),
        cmocka_unit_test(records_that_do_not_fit_are_taken_in_smaller_numbers),
        cmocka_unit_test(every_shortage_of_room_is_reported),
        cmocka_unit_test(more_keys_than_allowed_stop_with_a_reason),
        cmocka_unit_test(nothing_can_follow_a_stage_that_emits),
        cmocka_unit_test(a_key_that_does_not_determine_the_partition_is_refused),
    };
    return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
