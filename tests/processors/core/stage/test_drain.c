/* Goal: a sink that keeps its positions holds every record once, one that does not holds every
 * record at least once, and no dead letter is lost, whatever happens at whatever moment.
 * Method: the log in memory and a table as sink; a fault at every step, those of the sink too. */
#include "tests/support/steps.h"

#include <stdlib.h>
#include <string.h>

static const char pipeline[] =
    "partitions: 3\ncommit_records: 30\n"
    "stages:\n  - ingest: {}\n  - copy: {}\n"
    "sinks:\n  - memory: {stages: [copy]}\n  - plain: {stages: [copy]}\n";

enum { MEMORY, PLAIN };

static enum mr_code drain_memory(struct rig *rig)
{
    return rig_drain(rig, MEMORY);
}

static enum mr_code drain_plain(struct rig *rig)
{
    return rig_drain(rig, PLAIN);
}

static void fill(struct rig *rig, const char *yaml)
{
    rig_open(rig, yaml);
    assert_int_equal(MR_OK, rig_ingest(rig));
    assert_int_equal(MR_OK, rig_work(rig, 1, 1));
}

static void run(struct rig *rig, struct steps *steps, int sink)
{
    rig_init(rig);
    rig->is_picky = true;
    fill(rig, pipeline);
    sim_log_on_call(rig->log, steps_hook, steps);
    (void)steps_restart(rig, sink == MEMORY ? drain_memory : drain_plain);
    sim_log_on_call(rig->log, NULL, NULL);
}

static size_t refused(const struct rig_table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->committed; i++) {
        count += table->rows[i].is_refused;
    }
    return count;
}

static void every_step_may_fail_once_and_rows_are_there_once(void **state)
{
    struct steps steps = {.at = SIZE_MAX};
    struct rig rig;
    size_t count;

    (void)state;
    run(&rig, &steps, MEMORY);
    rig_close(&rig);
    count = steps.seen;
    assert_true(count > 30);
    for (size_t at = 0; at < count; at++) {
        for (size_t kind = 0; kind < steps_kind_count; kind++) {
            steps = (struct steps){.at = at, .fault = steps_kinds[kind].fault};
            run(&rig, &steps, MEMORY);
            rig_assert_complete(&rig, &rig.memory, "rig.copy");
            assert_true(sim_log_count(rig.log, "rig.memory.dlq") >= refused(&rig.memory.table));
            rig_close(&rig);
        }
    }
    print_message("  %zu steps, %zu kinds of fault\n", count, steps_kind_count);
}

/* How many of the topic's records are in the table. */
struct presence {
    const struct rig_table *table;
    int32_t partition;
    size_t missing;
};

static void look_for(void *context, const struct sim_record *record)
{
    struct presence *presence = context;
    bool is_there = false;

    for (size_t i = 0; i < presence->table->committed; i++) {
        const struct rig_row *row = &presence->table->rows[i];

        is_there =
            is_there || (row->partition == presence->partition && row->offset == record->offset);
    }
    presence->missing += !is_there;
}

static size_t missing(struct rig *rig, const struct rig_table *table, const char *topic)
{
    struct presence presence = {table, 0, 0};

    for (; presence.partition < sim_log_partitions(rig->log, topic); presence.partition++) {
        sim_log_each(rig->log, topic, presence.partition, look_for, &presence);
    }
    return presence.missing;
}

static void without_positions_of_its_own_nothing_is_lost(void **state)
{
    struct steps steps = {.at = SIZE_MAX};
    struct rig rig;
    size_t count;

    (void)state;
    run(&rig, &steps, PLAIN);
    rig_assert_complete(&rig, &rig.plain, "rig.copy");
    rig_close(&rig);
    count = steps.seen;
    for (size_t at = 0; at < count; at++) {
        for (size_t kind = 0; kind < steps_kind_count; kind++) {
            steps = (struct steps){.at = at, .fault = steps_kinds[kind].fault};
            run(&rig, &steps, PLAIN);
            assert_int_equal(0, missing(&rig, &rig.plain.table, "rig.copy"));
            assert_true(sim_log_count(rig.log, "rig.plain.dlq") > 0);
            rig_close(&rig);
        }
    }
}

static void what_cannot_be_read_becomes_a_dead_letter(void **state)
{
    static const struct {
        const char *label, *value;
        size_t size;
    } rows[] = {
        {"nothing", "", 0},
        {"no frame", "\1\2", 2},
        {"of another schema", "\0\0\0\0\1abc", 8},
    };
    struct rig rig;

    (void)state;
    rig_init(&rig);
    fill(&rig, pipeline);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_output output = {
            .key = MR_SPAN("key"),
            .value = {(const uint8_t *)rows[i].value, rows[i].size},
            .timestamp_ms = 1,
        };

        sim_log_put(rig.log, "rig.copy", (int32_t)i, &output);
    }
    assert_int_equal(MR_OK, rig_drain(&rig, MEMORY));
    assert_int_equal(MR_COUNT(rows), sim_log_count(rig.log, "rig.memory.dlq"));
    assert_int_equal(sim_log_count(rig.log, "rig.copy") - MR_COUNT(rows),
                     rig.memory.table.committed);
    rig_close(&rig);
}

static void records_that_do_not_fit_are_written_in_smaller_numbers(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.row_count = 40000;
    rig.chunk = 1000;
    fill(&rig, "memory_max: 4MiB\npartitions: 1\ncommit_interval: 60000ms\n"
               "stages:\n  - ingest: {}\n  - copy: {}\nsinks:\n  - memory: {stages: [copy]}\n");
    assert_int_equal(MR_OK, rig_drain(&rig, MEMORY));
    assert_int_equal(sim_log_count(rig.log, "rig.copy"), rig.memory.table.committed);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_may_fail_once_and_rows_are_there_once),
        cmocka_unit_test(without_positions_of_its_own_nothing_is_lost),
        cmocka_unit_test(what_cannot_be_read_becomes_a_dead_letter),
        cmocka_unit_test(records_that_do_not_fit_are_written_in_smaller_numbers),
    };
    return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
