/* The rules of bench_cel as jq filters, by libjq, over the same rows parsed before: a round of
 * "jq rule ns", in CPU time. bench_cel_jq DIR, which bench_cel DIR has written. */
#include "processors/core/base/span.h"

#include <jq.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS_MAX 4096
#define ROUND_NS 5e7 /* at least, of each rule */

struct bench {
    jv rules;
    jv rows[ROWS_MAX];
    size_t row_count;
};

static double cpu_ns(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static jv read_values(const char *folder, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return jv_load_file(path, 0); /* an array of the values in it */
}

static size_t count_held(const struct bench *bench, jq_state *jq)
{
    size_t held = 0;

    for (size_t i = 0; i < bench->row_count; i++) {
        jv answer;

        jq_start(jq, jv_copy(bench->rows[i]), 0);
        answer = jq_next(jq);
        held += jv_get_kind(answer) == JV_KIND_TRUE ? 1 : 0;
        jv_free(answer);
    }
    return held;
}

static double measure(const struct bench *bench, jq_state *jq)
{
    const double start = cpu_ns();
    size_t passes = 0;
    double taken;

    do {
        (void)count_held(bench, jq);
        passes++;
        taken = cpu_ns() - start;
    } while (taken < ROUND_NS);
    return taken / (double)(passes * bench->row_count);
}

/* 1: the filter is none, or holds of other rows than the rule. */
static int run_rule(const struct bench *bench, jv rule)
{
    const jv name = jv_object_get(jv_copy(rule), jv_string("name"));
    const jv filter = jv_object_get(jv_copy(rule), jv_string("jq"));
    const jv held = jv_object_get(rule, jv_string("held"));
    jq_state *jq = jq_init();
    int code = 1;

    if (jq != NULL && jq_compile(jq, jv_string_value(filter)) != 0 &&
        count_held(bench, jq) == (size_t)jv_number_value(held)) {
        printf("jq %s %.1f\n", jv_string_value(name), measure(bench, jq));
        code = 0;
    } else {
        printf("jq: %s: another answer\n", jv_string_value(name));
    }
    jq_teardown(&jq);
    jv_free(name);
    jv_free(filter);
    jv_free(held);
    return code;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    jv rows;
    int code = 0;

    if (argc < 2) {
        return 64;
    }
    rows = read_values(argv[1], "rows.jsonl");
    bench.rules = jv_array_get(read_values(argv[1], "rules.json"), 0);
    if (jv_get_kind(rows) != JV_KIND_ARRAY || jv_get_kind(bench.rules) != JV_KIND_ARRAY) {
        printf("%s: no rows.jsonl and rules.json there\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < jv_array_length(jv_copy(rows)) && i < ROWS_MAX; i++) {
        bench.rows[bench.row_count++] = jv_array_get(jv_copy(rows), i);
    }
    for (int i = 0; i < jv_array_length(jv_copy(bench.rules)); i++) {
        code |= run_rule(&bench, jv_array_get(jv_copy(bench.rules), i));
    }
    return code;
}
