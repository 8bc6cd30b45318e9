/* Goal: the servers of deploy/local are ready when start returns, keep their data and their
 * address through a crash, and leave nothing behind when they are stopped.
 * Method: the scripts are run as a user runs them, in a new folder; what they say is checked with
 * the clients' libraries. Skipped where the servers' packages are not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <libpq-fe.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_WAIT_MS 10000

struct place {
    char folder[64];
    char said[512]; /* the last line that the script printed */
};

/* The exit status of "sh deploy/local/SCRIPT VERB FOLDER"; -1 when it could not be run. */
static int run(struct place *place, const char *script, const char *verb)
{
    char command[256];
    FILE *output;

    (void)snprintf(command, sizeof(command), "sh deploy/local/%s %s %s", script, verb,
                   place->folder);
    print_message("  %s\n", command);
    output = popen(command, "r");
    assert_non_null(output);
    place->said[0] = '\0';
    while (fgets(place->said, sizeof(place->said), output) != NULL) {
    }
    place->said[strcspn(place->said, "\n")] = '\0';
    return pclose(output);
}

/* What every test starts with. */
static struct place *place_or_skip(void **state)
{
    if (*state == NULL) {
        print_message("  the packages of group \"servers\" are not installed\n");
        skip();
    }
    return *state;
}

/* What follows "NAME=" in the last line. */
static const char *value_said(const struct place *place, const char *name)
{
    const size_t size = strlen(name);

    assert_memory_equal(place->said, name, size);
    assert_int_equal('=', place->said[size]);
    return place->said + size + 1;
}

static bool is_env_empty(const struct place *place)
{
    char path[128];
    struct stat status;

    (void)snprintf(path, sizeof(path), "%s/env", place->folder);
    return stat(path, &status) == 0 && status.st_size == 0;
}

/* The broker draws its cluster's id when its data folder is made: same id, same data. NULL: no
 * answer. Owned: free it. */
static char *cluster_id(const char *address)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    char *id;
    char why[256];

    assert_int_equal(RD_KAFKA_CONF_OK,
                     rd_kafka_conf_set(conf, "bootstrap.servers", address, why, sizeof(why)));
    assert_int_equal(RD_KAFKA_CONF_OK, rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why)));
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    assert_non_null(client);
    id = rd_kafka_clusterid(client, ANSWER_WAIT_MS);
    rd_kafka_destroy(client);
    return id;
}

static void kafka_keeps_data_and_address_through_a_crash(void **state)
{
    struct place *place = place_or_skip(state);
    char address[64];
    char *before, *after;

    assert_int_equal(0, run(place, "kafka.sh", "start"));
    (void)snprintf(address, sizeof(address), "%s", value_said(place, "KAFKA"));
    before = cluster_id(address);
    assert_non_null(before);
    assert_int_equal(0, run(place, "kafka.sh", "start"));
    assert_string_equal(address, value_said(place, "KAFKA"));

    assert_int_equal(0, run(place, "kafka.sh", "kill9"));
    assert_int_not_equal(0, run(place, "kafka.sh", "status"));
    assert_int_equal(0, run(place, "kafka.sh", "start"));
    assert_string_equal(address, value_said(place, "KAFKA"));
    after = cluster_id(address);
    assert_non_null(after);
    assert_string_equal(before, after);

    assert_int_equal(0, run(place, "kafka.sh", "stop"));
    assert_int_not_equal(0, run(place, "kafka.sh", "status"));
    assert_true(is_env_empty(place));
    rd_kafka_mem_free(NULL, before);
    rd_kafka_mem_free(NULL, after);
}

/* The first column of the first row, as a number; -1 when the statement gave none. */
static int ask(const char *url, const char *statement)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, statement);
    const int answer =
        PQntuples(result) == 1 ? (int)strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;

    if (PQstatus(connection) != CONNECTION_OK) {
        print_message("  %s", PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
    return answer;
}

static void postgres_keeps_data_and_address_through_a_crash(void **state)
{
    struct place *place = place_or_skip(state);
    char url[256];

    assert_int_equal(0, run(place, "postgres.sh", "start"));
    (void)snprintf(url, sizeof(url), "%s", value_said(place, "PG_URL"));
    assert_int_equal(7, ask(url, "CREATE TABLE kept AS SELECT 7 AS number; TABLE kept"));
    assert_int_equal(0, run(place, "postgres.sh", "start"));
    assert_string_equal(url, value_said(place, "PG_URL"));

    assert_int_equal(0, run(place, "postgres.sh", "kill9"));
    assert_int_not_equal(0, run(place, "postgres.sh", "status"));
    assert_int_equal(-1, ask(url, "TABLE kept"));
    assert_int_equal(0, run(place, "postgres.sh", "start"));
    assert_string_equal(url, value_said(place, "PG_URL"));
    assert_int_equal(7, ask(url, "TABLE kept"));

    assert_int_equal(0, run(place, "postgres.sh", "stop"));
    assert_int_equal(-1, ask(url, "TABLE kept"));
    assert_true(is_env_empty(place));
}

static int open_place(void **state)
{
    static const char template[] = "/tmp/millrace-local.XXXXXX";
    struct place *place;

    if (system("test -z \"$(sh deploy/packages.sh missing servers)\"") != 0) {
        *state = NULL;
        return 0;
    }
    place = calloc(1, sizeof(*place));
    if (place == NULL) {
        return -1;
    }
    memcpy(place->folder, template, sizeof(template));
    *state = place;
    /* Root's Postgres runs as another user, who has to get in. */
    return mkdtemp(place->folder) == NULL ? -1 : chmod(place->folder, 0755);
}

/* Also after a failed test: nothing stays on the machine. */
static int close_place(void **state)
{
    struct place *place = *state;
    char command[128];
    int result;

    if (place == NULL) {
        return 0;
    }
    result = run(place, "down.sh", "");
    (void)snprintf(command, sizeof(command), "rm -rf %s", place->folder);
    result |= system(command);
    free(place);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kafka_keeps_data_and_address_through_a_crash),
        cmocka_unit_test(postgres_keeps_data_and_address_through_a_crash),
    };
    return cmocka_run_group_tests_name("local", tests, open_place, close_place);
}
