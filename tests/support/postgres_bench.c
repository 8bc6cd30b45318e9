#include "tests/support/postgres_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char price_schema[] =
    "{\"type\":\"record\",\"name\":\"Scored\",\"fields\":["
    "{\"name\":\"subject\",\"type\":{\"type\":\"record\",\"name\":\"Price\",\"fields\":["
    "{\"name\":\"item\",\"type\":\"string\"},{\"name\":\"price\",\"type\":\"double\"},"
    "{\"name\":\"count\",\"type\":\"long\"}]}},"
    "{\"name\":\"origin\",\"type\":{\"type\":\"record\",\"name\":\"Origin\",\"fields\":["
    "{\"name\":\"event_time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}"
    "]}}]}";

void postgres_bench_run(struct postgres_bench *place, const char *sql)
{
    PGresult *result = PQexec(place->admin, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(place->admin));
    }
    PQclear(result);
}

const char *postgres_bench_ask(struct postgres_bench *place, const char *sql)
{
    PGresult *result = PQexec(place->admin, sql);
    size_t size = 0;

    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(place->admin));
    }
    place->answer[0] = '\0';
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < PQnfields(result); column++) {
            size += (size_t)snprintf(
                place->answer + size, ANSWER_ROOM - size, "%s%s",
                column > 0 ? "|"
                : row > 0  ? "\n"
                           : "",
                PQgetisnull(result, row, column) ? "null" : PQgetvalue(result, row, column));
            assert_true(size < ANSWER_ROOM);
        }
    }
    PQclear(result);
    return place->answer;
}

void postgres_bench_admin(struct postgres_bench *place)
{
    place->admin = PQconnectdb(place->url);
    if (PQstatus(place->admin) != CONNECTION_OK) {
        fail_msg("%s", PQerrorMessage(place->admin));
    }
    postgres_bench_run(place, "SET timezone TO 'UTC'; SET client_min_messages TO warning");
}

int postgres_bench_setup(void **state)
{
    const char *url = getenv("PG_URL");
    struct postgres_bench *place;
    struct sink_bench *bench;
    char sql[200];

    if (url == NULL || url[0] == '\0') {
        return 0;
    }
    place = calloc(1, sizeof(*place));
    bench = sink_bench_new(price_schema);
    assert_non_null(place);
    place->bench = bench;
    (void)snprintf(place->schema, sizeof(place->schema), "millrace_test_%p", (void *)place);
    (void)snprintf(place->url, sizeof(place->url), "%s%coptions=-csearch_path%%3D%s", url,
                   strchr(url, '?') != NULL ? '&' : '?', place->schema);
    postgres_bench_admin(place);
    (void)snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS \"%s\" CASCADE; CREATE SCHEMA \"%s\"",
                   place->schema, place->schema);
    postgres_bench_run(place, sql);
    bench->stage = "score";
    *state = place;
    return 0;
}

int postgres_bench_teardown(void **state)
{
    struct postgres_bench *place = *state;
    char sql[128];

    if (place == NULL) {
        return 0;
    }
    sink_bench_free(place->bench);
    (void)snprintf(sql, sizeof(sql), "DROP SCHEMA \"%s\" CASCADE", place->schema);
    postgres_bench_run(place, sql);
    PQfinish(place->admin);
    free(place);
    *state = NULL;
    return 0;
}

struct postgres_bench *postgres_bench_or_skip(void **state)
{
    if (*state == NULL) {
        print_message("  skipped: PG_URL names no server\n");
        skip();
    }
    return *state;
}

enum mr_code postgres_bench_try(struct postgres_bench *place, const char *tables)
{
    (void)snprintf(place->yaml, sizeof(place->yaml), "url: \"%s\"\ntimeout: 10s\ntables: %s\n",
                   place->url, tables);
    return sink_bench_open(place->bench, &mr_postgres_ops, place->yaml);
}

void postgres_bench_open(struct postgres_bench *place, const char *tables)
{
    if (postgres_bench_try(place, tables) != MR_OK) {
        fail_msg("%s", place->bench->err.text);
    }
    for (int32_t i = 0; i < SINK_BENCH_PARTITIONS; i++) {
        const int64_t next = sink_bench_position(place->bench, i);

        place->bench->written[i] = next < 0 ? 0 : (size_t)next;
    }
}

void postgres_bench_price(struct postgres_bench *place, int32_t partition, const char *item,
                          double price, long count)
{
    char json[256];

    (void)snprintf(json, sizeof(json),
                   "{\"subject\":{\"item\":\"%s\",\"price\":%.17g,\"count\":%ld},"
                   "\"origin\":{\"event_time\":%ld}}",
                   item, price, count, 1000 * count);
    sink_bench_add(place->bench, partition, item, json);
}
