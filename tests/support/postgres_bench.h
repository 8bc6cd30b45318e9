/* postgres_bench.h - the sink `postgres` over a schema of the test's own, and a second connection.
 *
 * The server is the one that PG_URL names; without it there is no bench and a test skips. The
 * second connection (admin) looks at the tables, and does the damage.
 */
#ifndef MR_TESTS_SUPPORT_POSTGRES_BENCH_H
#define MR_TESTS_SUPPORT_POSTGRES_BENCH_H

#include "tests/support/sink_bench.h"

#include "sinks/postgres/postgres.h"

#include <libpq-fe.h>

#define ANSWER_ROOM 8192

/* subject {item, price, count}, origin {event_time} */
extern const char price_schema[];

struct postgres_bench {
    struct sink_bench *bench;
    PGconn *admin; /* looks, and does the damage */
    char schema[64];
    char url[512];
    char yaml[1024];
    char answer[ANSWER_ROOM];
};

/* Setup and teardown of a cmocka test; *state is the bench, or NULL: no server. */
int postgres_bench_setup(void **state);
int postgres_bench_teardown(void **state);
/* What a test starts with. */
struct postgres_bench *postgres_bench_or_skip(void **state);

/* Anew, after the server was away. */
void postgres_bench_admin(struct postgres_bench *place);
/* Statements, and a question, by the second connection: rows as lines, columns between bars. */
void postgres_bench_run(struct postgres_bench *place, const char *sql);
const char *postgres_bench_ask(struct postgres_bench *place, const char *sql);

/* tables: YAML in one line. The second asserts that it works, and reads on where the sink is. */
enum mr_code postgres_bench_try(struct postgres_bench *place, const char *tables);
void postgres_bench_open(struct postgres_bench *place, const char *tables);
/* A record of price_schema; event_time is count seconds. */
void postgres_bench_price(struct postgres_bench *place, int32_t partition, const char *item,
                          double price, long count);

#endif
