/* Goal: every record is in the table once, whatever is cut short on either side: a session, a
 * server, the answer to a COMMIT, a sink that was replaced and does not know.
 * Method: as test_postgres.c; the second connection ends sessions, and the script of deploy/local
 * kills the server that MR_LOCAL names. Skipped without PG_URL. */
#include "tests/support/postgres_bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the sink's session, as a crash of the server's process or a cut cable would. */
static void kill_sessions(struct postgres_bench *place)
{
    postgres_bench_run(place, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                              "application_name = 'millrace' AND datname = current_database()");
}

static void a_session_killed_before_its_commit_leaves_nothing(void **state)
{
    static const char *const tables[] = {"{score: prices}",
                                         "{score: {table: prices, mode: upsert, key: item}}"};
    struct postgres_bench *place = postgres_bench_or_skip(state);

    for (size_t i = 0; i < MR_COUNT(tables); i++) {
        print_message("  %s\n", tables[i]);
        postgres_bench_open(place, tables[i]);
        place->bench->count[0] = 0;
        postgres_bench_price(place, 0, "a", 1, 1);
        sink_bench_store(place->bench, 0);
        postgres_bench_price(place, 0, "b", 2, 2);
        assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
        kill_sessions(place);
        assert_int_equal(MR_UNAVAILABLE, sink_bench_commit(place->bench));
        sink_bench_abort(place->bench, 0, 1);
        assert_string_equal("a", postgres_bench_ask(place, "SELECT item FROM prices"));

        kill_sessions(place);
        sink_bench_store(place->bench, 0);
        postgres_bench_price(place, 0, "c", 3, 3);
        sink_bench_store(place->bench, 0);
        assert_string_equal("a\nb\nc",
                            postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));
        assert_int_equal(3, sink_bench_position(place->bench, 0));
        sink_bench_close(place->bench);
        postgres_bench_run(place, "DROP TABLE prices; TRUNCATE millrace_offsets");
    }
}

/* Waits until the sink's session has committed and waits for a standby that will never come, then
 * ends it: the rows are there, and nobody told the sink. */
static void *cut_off_the_answer(void *context)
{
    struct postgres_bench *place = context;
    PGconn *conn = PQconnectdb(place->url);
    bool is_cut = false;

    for (int i = 0; i < 500 && !is_cut; i++) {
        PGresult *result =
            PQexec(conn, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
                         "application_name = 'millrace' AND wait_event = 'SyncRep'");

        is_cut = PQntuples(result) > 0;
        PQclear(result);
        if (!is_cut) {
            PQclear(PQexec(conn, "SELECT pg_sleep(0.01)"));
        }
    }
    PQfinish(conn);
    return NULL;
}

static void set_standby(struct postgres_bench *place, const char *name)
{
    char sql[96];

    (void)snprintf(sql, sizeof(sql), "ALTER SYSTEM SET synchronous_standby_names = '%s'", name);
    postgres_bench_run(place, sql);
    postgres_bench_run(place, "SELECT pg_reload_conf()");
    for (int i = 0; i < 500; i++) {
        if (strcmp(name, postgres_bench_ask(place, "SHOW synchronous_standby_names")) == 0) {
            return;
        }
        postgres_bench_run(place, "SELECT pg_sleep(0.01)");
    }
    fail_msg("the server did not reload its settings within 5 s");
}

static void a_commit_whose_answer_was_lost_is_not_done_twice(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);
    pthread_t thread;

    postgres_bench_open(place, "{score: prices}");
    postgres_bench_price(place, 0, "a", 1, 1);
    sink_bench_store(place->bench, 0);
    postgres_bench_price(place, 0, "b", 2, 2);
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    postgres_bench_run(place, "SET synchronous_commit = local");
    set_standby(place, "nobody");
    assert_int_equal(0, pthread_create(&thread, NULL, cut_off_the_answer, place));
    assert_int_equal(MR_UNAVAILABLE, sink_bench_commit(place->bench));
    assert_int_equal(0, pthread_join(thread, NULL));
    set_standby(place, "");
    assert_string_equal("a\nb", postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));

    sink_bench_abort(place->bench, 0, 1);
    postgres_bench_price(place, 0, "c", 3, 3);
    sink_bench_store(place->bench, 0);
    assert_int_equal(2, place->bench->verdict_count);
    assert_string_equal("a\nb\nc",
                        postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));
}

/* The servers' script, for the folder that MR_LOCAL names. */
static void control_server(const char *verb)
{
    char command[256];

    (void)snprintf(command, sizeof(command), "sh deploy/local/postgres.sh %s \"$MR_LOCAL\" >&2",
                   verb);
    assert_int_equal(0, system(command)); /* NOLINT(cert-env33-c): it is what a person would type */
}

static void a_server_that_crashes_in_the_middle_has_every_record_once_when_it_is_back(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    if (getenv("MR_LOCAL") == NULL) {
        print_message("  skipped: MR_LOCAL names no folder of a server that may be killed\n");
        skip();
    }
    postgres_bench_open(place, "{score: {table: prices, mode: upsert, key: item}}");
    postgres_bench_price(place, 0, "a", 1, 1);
    sink_bench_store(place->bench, 0);
    postgres_bench_price(place, 0, "b", 2, 2);
    assert_int_equal(MR_OK, sink_bench_write(place->bench, 0));
    PQfinish(place->admin);
    control_server("kill9");
    assert_int_equal(MR_UNAVAILABLE, sink_bench_commit(place->bench));
    sink_bench_abort(place->bench, 0, 1);
    assert_int_equal(MR_UNAVAILABLE, sink_bench_write(place->bench, 0));
    sink_bench_abort(place->bench, 0, 1);
    control_server("start");
    postgres_bench_admin(place);
    assert_string_equal("a", postgres_bench_ask(place, "SELECT item FROM prices"));
    sink_bench_store(place->bench, 0);
    assert_string_equal("a\nb", postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));
}

static void records_that_come_again_are_not_written_again(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    postgres_bench_open(place, "{score: prices}");
    for (int i = 0; i < 10; i++) {
        postgres_bench_price(place, 0, "a", i, i);
    }
    sink_bench_store(place->bench, 0);
    postgres_bench_price(place, 0, "a", 10, 10);
    place->bench->written[0] = 4; /* the log's own offset was behind */
    sink_bench_store(place->bench, 0);
    assert_int_equal(7, place->bench->verdict_count);
    assert_int_equal(0, sink_bench_rejected(place->bench));
    assert_string_equal(
        "11|11", postgres_bench_ask(place, "SELECT count(*), count(DISTINCT price) FROM prices"));
    place->bench->written[0] = 0;
    place->bench->count[0] = 5; /* nothing new at all */
    sink_bench_store(place->bench, 0);
    assert_int_equal(11, sink_bench_position(place->bench, 0));
}

static void a_sink_that_was_replaced_is_fenced_and_its_rows_are_not_there(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);
    struct sink_bench *zombie = place->bench;
    struct sink_bench *heir = sink_bench_new(price_schema);

    heir->stage = "score";
    postgres_bench_open(place, "{score: prices}");
    postgres_bench_price(place, 0, "old", 1, 1);
    sink_bench_store(zombie, 0);
    postgres_bench_price(place, 0, "zombie", 2, 2);

    assert_int_equal(MR_OK, sink_bench_open(heir, &mr_postgres_ops, place->yaml));
    assert_int_equal(1, sink_bench_position(heir, 0));
    place->bench = heir;
    postgres_bench_price(place, 0, "old", 1, 1);
    heir->written[0] = 1;
    postgres_bench_price(place, 0, "heir", 2, 2);
    sink_bench_store(heir, 0);
    place->bench = zombie;

    assert_int_equal(MR_OK, sink_bench_write(zombie, 0));
    assert_int_equal(MR_FENCED, sink_bench_commit(zombie));
    zombie->sink.ops->abort(&zombie->sink);
    assert_string_equal("heir\nold",
                        postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));
    sink_bench_free(heir);
}

static void a_log_that_ended_with_its_process_starts_anew(void **state)
{
    struct postgres_bench *place = postgres_bench_or_skip(state);

    place->bench->is_transient = true;
    for (int i = 0; i < 2; i++) {
        postgres_bench_open(place, "{score: {table: prices, mode: upsert, key: item}}");
        assert_int_equal(0, place->bench->written[0]);
        postgres_bench_price(place, 0, i == 0 ? "a" : "b", i, i);
        sink_bench_store(place->bench, 0);
        sink_bench_close(place->bench);
    }
    assert_string_equal("a\nb", postgres_bench_ask(place, "SELECT item FROM prices ORDER BY item"));
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, postgres_bench_setup, postgres_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_session_killed_before_its_commit_leaves_nothing),
        CASE(a_commit_whose_answer_was_lost_is_not_done_twice),
        CASE(a_server_that_crashes_in_the_middle_has_every_record_once_when_it_is_back),
        CASE(records_that_come_again_are_not_written_again),
        CASE(a_sink_that_was_replaced_is_fenced_and_its_rows_are_not_there),
        CASE(a_log_that_ended_with_its_process_starts_anew),
    };
    return cmocka_run_group_tests_name("postgres sink, exactly once", tests, NULL, NULL);
}
