/* chain.h - what the two chain benchmarks share: five stages from topic 0 to topic 5.
 *
 * Shapes: separate (five threads, each reads a topic and writes the next), segment (one thread
 * reads topic 0 and writes each record to all five), last (one thread, topic 5 only). Topics are
 * new for each run; topic 0 is filled before anything is measured.
 */
#ifndef MR_BENCHMARKS_CHAIN_H
#define MR_BENCHMARKS_CHAIN_H

#include "processors/core/base/clock.h"
#include "processors/core/kafka/kafka.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CHAIN_STAGES 5
#define CHAIN_SIZE_MAX 1024 /* bytes of a value; 95 unless told */
#define CHAIN_GATHER_MS 100
#define CHAIN_GATHER_RECORDS 20000
#define CHAIN_SEED_BATCH 10000

enum chain_shape { CHAIN_SEPARATE, CHAIN_SEGMENT, CHAIN_LAST, CHAIN_SHAPES };
static const char *const chain_shape_names[CHAIN_SHAPES] = {"separate", "segment", "last"};

struct chain {
    const char *brokers; /* or "embedded": at least once, transport only */
    size_t records;
    size_t size; /* of a value */
    int32_t partitions;
    bool is_embedded;
    bool has_shape[CHAIN_SHAPES];
    struct mr_log log;
    struct mr_broker *broker; /* makes and fills the topics */
    char topics[CHAIN_STAGES + 1][64];
    char names[CHAIN_STAGES][64]; /* of the stages: groups and transactional ids */
};

/* One thread's work: reads topic `from`, writes topics first..last. */
struct chain_worker {
    const struct chain *chain;
    int from, first, last;
    pthread_t thread;
};

static inline void chain_must(enum mr_code code, const struct mr_error *err)
{
    if (code != MR_OK) {
        (void)fprintf(stderr, "%s: %s\n", mr_code_words(code), err->text);
        exit(mr_code_exit(code));
    }
}

static inline void chain_usage(const char *program)
{
    (void)fprintf(stderr,
                  "usage: %s --brokers HOST:PORT|embedded [--records N] [--size BYTES] "
                  "[--partitions N] [--shape separate|segment|last|all]\n",
                  program);
    exit(64);
}

static inline bool chain_set_shape(struct chain *chain, const char *name)
{
    bool is_known = false;

    for (int i = 0; i < CHAIN_SHAPES; i++) {
        chain->has_shape[i] = strcmp(name, chain_shape_names[i]) == 0 || strcmp(name, "all") == 0;
        is_known = is_known || chain->has_shape[i];
    }
    return is_known;
}

static inline void chain_options(struct chain *chain, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            chain_usage(argv[0]);
        } else if (strcmp(argv[i], "--brokers") == 0) {
            chain->brokers = argv[i + 1];
        } else if (strcmp(argv[i], "--records") == 0) {
            chain->records = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--size") == 0) {
            chain->size = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--partitions") == 0) {
            chain->partitions = (int32_t)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--shape") != 0 || !chain_set_shape(chain, argv[i + 1])) {
            chain_usage(argv[0]);
        }
    }
    if (chain->brokers == NULL || chain->records == 0 || chain->partitions <= 0 ||
        chain->size == 0 || chain->size > CHAIN_SIZE_MAX) {
        chain_usage(argv[0]);
    }
}

static inline void chain_open(struct chain *chain, int argc, char **argv)
{
    struct mr_kafka_config config = {.log = &chain->log};
    struct mr_error err = {0};

    *chain = (struct chain){.records = 1000000, .size = 95, .partitions = 4};
    (void)chain_set_shape(chain, "all");
    chain_options(chain, argc, argv);
    chain->log = (struct mr_log){stderr, "bench", MR_ERROR, MR_LOG_TEXT};
    config.bootstrap = chain->brokers;
    chain->is_embedded = strcmp(chain->brokers, "embedded") == 0;
    chain_must(chain->is_embedded ? mr_kafka_embedded_new(&config, &chain->broker, &err)
                                  : mr_kafka_new(&config, &chain->broker, &err),
               &err);
}

static inline void chain_make_topics(struct chain *chain, const char *client,
                                     enum chain_shape shape)
{
    struct mr_topic_spec specs[CHAIN_STAGES + 1];
    struct mr_error err = {0};

    for (int i = 0; i <= CHAIN_STAGES; i++) {
        (void)snprintf(chain->topics[i], sizeof(chain->topics[i]), "bench-%" PRId64 "-%s-%s.%d",
                       mr_clock_wall(&mr_clock_system) % 100000000, client,
                       chain_shape_names[shape], i);
        specs[i] = (struct mr_topic_spec){chain->topics[i], chain->partitions, false};
    }
    for (int i = 0; i < CHAIN_STAGES; i++) {
        (void)snprintf(chain->names[i], sizeof(chain->names[i]), "%.50s-stage", chain->topics[i]);
    }
    chain_must(chain->broker->ops->ensure(chain->broker, specs, CHAIN_STAGES + 1, &err), &err);
}

/* One transaction's worth of records done.. into batch; answers how many. */
static inline size_t chain_fill(const struct chain *chain, size_t done,
                                uint8_t values[][CHAIN_SIZE_MAX], struct mr_output *batch)
{
    /* Of today: what is older than a topic's retention is deleted while it is being read. */
    const int64_t now_ms = mr_clock_wall(&mr_clock_system);
    size_t count = 0;

    for (; count < CHAIN_SEED_BATCH && done < chain->records; count++, done++) {
        (void)snprintf((char *)values[count], chain->size,
                       "%zu,store-%zu,item-%zu,some text that fills the record up to its size",
                       done, done % 331, (done * 7919) % 10007);
        batch[count] = (struct mr_output){.partition = (int32_t)(done % (size_t)chain->partitions),
                                          .value = {values[count], chain->size},
                                          .timestamp_ms = now_ms};
    }
    return count;
}

static inline void chain_seed(struct chain *chain)
{
    const char *const outputs[] = {chain->topics[0]};
    const struct mr_transport_spec spec = {.instance = "bench-source-0",
                                           .outputs = outputs,
                                           .output_count = 1,
                                           .delivery = MR_AT_LEAST_ONCE,
                                           .worker_count = 1};
    uint8_t(*values)[CHAIN_SIZE_MAX] = calloc(CHAIN_SEED_BATCH, sizeof(*values));
    struct mr_output *batch = calloc(CHAIN_SEED_BATCH, sizeof(*batch));
    struct mr_transport *source;
    struct mr_error err = {0};

    chain_must(chain->broker->ops->open(chain->broker, &spec, &source, &err), &err);
    for (size_t done = 0; done < chain->records;) {
        const size_t count = chain_fill(chain, done, values, batch);

        chain_must(source->ops->begin(source, &err), &err);
        chain_must(source->ops->produce(source, batch, count, &err), &err);
        chain_must(source->ops->commit(source, NULL, 0, &err), &err);
        done += count;
    }
    source->ops->close(source);
    free(values);
    free(batch);
}

static inline long chain_peak_mib(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static inline double chain_cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void chain_run_workers(struct chain *chain, enum chain_shape shape,
                                     void *(*run)(void *))
{
    struct chain_worker workers[CHAIN_STAGES];
    const int count = shape == CHAIN_SEPARATE ? CHAIN_STAGES : 1;

    for (int i = 0; i < count; i++) {
        workers[i] = (struct chain_worker){.chain = chain, .from = i};
        workers[i].first = shape == CHAIN_LAST ? CHAIN_STAGES : i + 1;
        workers[i].last = shape == CHAIN_SEPARATE ? i + 1 : CHAIN_STAGES;
        if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) {
            exit(70);
        }
    }
    for (int i = 0; i < count; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
}

static inline void chain_measure(struct chain *chain, const char *client, enum chain_shape shape,
                                 void *(*run)(void *))
{
    double cpu, seconds;
    int64_t start_ms;

    chain_make_topics(chain, client, shape);
    chain_seed(chain);
    cpu = chain_cpu_seconds();
    start_ms = mr_clock_monotonic(&mr_clock_system);
    chain_run_workers(chain, shape, run);
    seconds = (double)(mr_clock_monotonic(&mr_clock_system) - start_ms) / 1000.0;
    cpu = chain_cpu_seconds() - cpu;
    (void)printf("bench_%s_chain shape=%s records=%zu size=%zu cpu_us_per_record=%.2f seconds=%.1f "
                 "peak_rss_mib=%ld\n",
                 client, chain_shape_names[shape], chain->records, chain->size,
                 cpu * 1e6 / (double)chain->records, seconds, chain_peak_mib());
    (void)fflush(stdout);
}

static inline int chain_main(int argc, char **argv, const char *client, void *(*run)(void *))
{
    struct chain chain;

    chain_open(&chain, argc, argv);
    for (int i = 0; i < CHAIN_SHAPES; i++) {
        if (chain.has_shape[i]) {
            chain_measure(&chain, client, (enum chain_shape)i, run);
        }
    }
    chain.broker->ops->close(chain.broker);
    return 0;
}

#endif
