/* log.h - Kafka in memory: what the engine asks of a broker, with the real thing's semantics.
 *
 * A partition is an array of records with offsets. A transaction's records stand in
 * it at once and are read when their control record (which takes an offset of
 * its own) says so: nobody reads past the first record of an open transaction
 * (the last stable offset), and those of aborted ones are skipped. Positions of
 * a group are stored by the same commit. A transactional producer has a name and
 * an epoch: opening the same name again fences the older one and aborts what it
 * had open; a dead one's transaction stays open until then, or until it times out.
 * With at_least_once a record is read as soon as it is produced, and abort()
 * takes nothing back. A commit by one who no longer holds the partition is refused.
 *
 * Partitions of a group go to worker p % worker_count until a test moves them. As
 * with Kafka's eager assignors, a change revokes all partitions of a worker and
 * assigns anew.
 *
 * What engine and log lend each other is checked: bytes of polled records are
 * freed by the call after which they may not be used; bytes of outputs must be
 * unchanged when they are committed.
 *
 * Faults: a hook is asked before and after each call of the engine. All calls are
 * made by one thread, or by actors of one world (world.h).
 */
#ifndef MR_TESTS_SIM_LOG_H
#define MR_TESTS_SIM_LOG_H

#include "processors/core/stage/transport.h"
#include "tests/sim/world.h"

enum sim_op {
    SIM_OPEN,
    SIM_POLL,
    SIM_BEGIN,
    SIM_PRODUCE,
    SIM_COMMIT,
    SIM_ABORT,
    SIM_COMMITTED,
    SIM_READ,
    SIM_DRAINED,
    SIM_SINK_WRITE, /* asked by a test's sink, not by the log */
    SIM_SINK_COMMIT,
    SIM_OP_COUNT
};

/* AFTER: the call took effect, and its caller is not told so. */
enum sim_when { SIM_BEFORE, SIM_AFTER };

struct sim_call {
    const char *instance;
    enum sim_op op;
    enum sim_when when;
};

struct sim_fault {
    bool is_crash;     /* the transport is dead from now on: every call says MR_FENCED */
    enum mr_code code; /* MR_OK: none */
};

typedef struct sim_fault sim_hook(void *context, const struct sim_call *call);

/* A committed record, as a reader sees it. Borrowed from the log until it is changed. */
struct sim_record {
    int64_t offset, timestamp_ms;
    struct mr_span key, value;
    struct mr_header *headers;
    size_t header_count;
};

struct sim_log;

struct sim_log *sim_log_new(struct sim_world *world); /* owned; world is borrowed */
void sim_log_free(struct sim_log *log);               /* all transports are closed by then */
struct mr_broker *sim_log_broker(struct sim_log *log);
void sim_log_on_call(struct sim_log *log, sim_hook *hook, void *context);
/* Asks the hook, for what is no transport: a sink. */
struct sim_fault sim_log_ask(struct sim_log *log, const char *instance, enum sim_op op,
                             enum sim_when when);

/* A test's own records: committed at once. */
void sim_log_put(struct sim_log *log, const char *topic, int32_t partition,
                 const struct mr_output *output);
/* Calls with each committed record, in order of offsets. */
typedef void sim_visit(void *context, const struct sim_record *record);
void sim_log_each(struct sim_log *log, const char *topic, int32_t partition, sim_visit *visit,
                  void *context);
size_t sim_log_count(struct sim_log *log, const char *topic); /* committed, of all partitions */
int32_t sim_log_partitions(struct sim_log *log, const char *topic);
/* The offset after the last record, control records included; and up to where readers get. */
int64_t sim_log_end(struct sim_log *log, const char *topic, int32_t partition);
int64_t sim_log_stable(struct sim_log *log, const char *topic, int32_t partition);
/* What a group committed; -1: nothing. */
int64_t sim_log_position(struct sim_log *log, const char *group, const char *topic,
                         int32_t partition);

/* Of each key only the latest stays (below the last stable offset). Offsets do not change. */
void sim_log_compact(struct sim_log *log, const char *topic);
/* Retention: what is before an offset goes. */
void sim_log_trim(struct sim_log *log, const char *topic, int32_t partition, int64_t before);
void sim_log_set_retention(struct sim_log *log, int64_t retention_ms);
/* What transports opened from now on say of themselves; nobody really waits. */
void sim_log_set_writers_wait(struct sim_log *log, bool writers_wait);

/* From its next poll on the partition belongs to another worker of the group. With is_lost its
 * holder hears of it only afterwards: what it has open cannot be committed. */
void sim_log_move(struct sim_log *log, const char *group, int32_t partition, int32_t worker,
                  bool is_lost);

#endif
