/* Goal: an event time that cannot be is a dead letter and moves no clock, by the log alone: on both
 * sides of the bound, whoever wrote the record.
 * Method: tables; the rig, with a row in each source that happens ahead of the log's clock. */
#include "tests/support/rig.h"

#include <string.h>

static void count_letter(void *context, const struct sim_record *record)
{
    size_t *count = context;

    for (size_t i = 0; i < record->header_count; i++) {
        *count += strcmp(record->headers[i].name, "__connect.errors.exception.class.name") == 0 &&
                  mr_span_is(record->headers[i].value, "event_time_ahead");
    }
}

static size_t count_letters(struct rig *rig, const char *topic)
{
    size_t count = 0;

    for (int32_t i = 0; i < sim_log_partitions(rig->log, topic); i++) {
        sim_log_each(rig->log, topic, i, count_letter, &count);
    }
    return count;
}

static void an_event_time_is_believed_up_to_a_bound_past_its_timestamp(void **state)
{
    static const struct {
        const char *label;
        int64_t event_time_ms, timestamp_ms;
        bool is_ahead;
    } rows[] = {
        {"before", 999, 1000, false},
        {"long before", INT64_MIN, 1000, false},
        {"at once", 1000, 1000, false},
        {"at the bound", 61000, 1000, false},
        {"past it", 61001, 1000, true},
        {"as far as a number goes", INT64_MAX, 1, true},
        {"both as far", INT64_MAX, INT64_MAX - 60000, false},
        {"both nearly as far", INT64_MAX, INT64_MAX - 60001, true},
        {"no timestamp", 61001, 0, false},
        {"no timestamp, as librdkafka has it", 61001, -1, false},
    };
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_open(&rig, "event_time_ahead_max: 60s\n" RIG_CHAIN);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].is_ahead, mr_pipeline_is_ahead(rig.pipeline, rows[i].event_time_ms,
                                                                rows[i].timestamp_ms));
    }
    rig_close(&rig);
}

static void an_event_time_too_far_ahead_is_a_dead_letter(void **state)
{
    static const struct {
        const char *label, *yaml;
        int64_t ahead_ms;
        size_t refused;
    } rows[] = {
        {"a day, as allowed", RIG_CHAIN, 86400000, 0},
        {"a day and a millisecond", RIG_CHAIN, 86400001, 3},
        {"a century", RIG_CHAIN, INT64_C(36525) * 86400000, 3},
        {"none is allowed", "event_time_ahead_max: 0ms\n" RIG_CHAIN, 1, 3},
        {"a year is allowed", "event_time_ahead_max: 366d\n" RIG_CHAIN, INT64_C(31536000000), 0},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct rig rig;

        print_message("  %s\n", rows[i].label);
        rig_init(&rig);
        rig.ahead_ms = rows[i].ahead_ms;
        rig_open(&rig, rows[i].yaml);
        assert_int_equal(MR_OK, rig_ingest(&rig));
        assert_int_equal(rows[i].refused, count_letters(&rig, "rig.ingest.dlq"));
        assert_int_equal(116 - rows[i].refused, sim_log_count(rig.log, "rig.ingest"));
        assert_int_equal(4 + rows[i].refused, sim_log_count(rig.log, "rig.ingest.dlq"));
        rig_close(&rig);
    }
}

struct search {
    size_t left;
    const struct sim_record *record;
};

static void find_record(void *context, const struct sim_record *record)
{
    struct search *search = context;

    if (search->left > 0) {
        search->record = record;
        search->left--;
    }
}

/* A record of the partition once more, as somebody else would write it. */
static void put_again(struct rig *rig, size_t index, int64_t timestamp_ms)
{
    struct search search = {index + 1, NULL};
    struct mr_output output = {.timestamp_ms = timestamp_ms};

    sim_log_each(rig->log, "rig.ingest", 0, find_record, &search);
    output.key = search.record->key;
    output.value = search.record->value;
    sim_log_put(rig->log, "rig.ingest", 0, &output);
}

/* What others write into our topics does not pass through ingest. The rig's event times are the
 * forty seconds from 1.6e12 ms: how far ahead they lie is said by the timestamp here. */
static void what_happens_too_far_ahead_is_rejected_by_the_first_stage(void **state)
{
    static const struct {
        const char *label;
        int64_t timestamp_ms;
        size_t refused;
    } rows[] = {
        {"less than a day after their timestamp", INT64_C(1600000039000) - 86400000, 0},
        {"more than a day", INT64_C(1599999999999) - 86400000, 2},
        {"half a century", 5, 2},
        {"no timestamp", -1, 0},
    };
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        rig_init(&rig);
        rig_open(&rig, "partitions: 3\n" RIG_CHAIN);
        assert_int_equal(MR_OK, rig_ingest(&rig));
        for (size_t k = 0; k < 2; k++) {
            put_again(&rig, k, rows[i].timestamp_ms);
        }
        assert_int_equal(MR_OK, rig_work(&rig, 1, 3));
        assert_int_equal(rows[i].refused, count_letters(&rig, "rig.sieve.dlq"));
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_time_is_believed_up_to_a_bound_past_its_timestamp),
        cmocka_unit_test(an_event_time_too_far_ahead_is_a_dead_letter),
        cmocka_unit_test(what_happens_too_far_ahead_is_rejected_by_the_first_stage),
    };
    return cmocka_run_group_tests_name("event_time", tests, NULL, NULL);
}
