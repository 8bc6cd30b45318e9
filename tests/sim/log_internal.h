/* log_internal.h - the parts of the log in memory, for the files that make it up.
 *
 *     log.c        topics, partitions, records, transactions, positions
 *     group.c      which transport holds which partition
 *     transport.c  the table of functions that the engine calls
 */
#ifndef MR_TESTS_SIM_LOG_INTERNAL_H
#define MR_TESTS_SIM_LOG_INTERNAL_H

#include "tests/sim/log.h"

#define SIM_TOPICS_MAX 128
#define SIM_NAME_SIZE 128
#define SIM_TRANSPORTS_MAX 64
#define SIM_TRANSACTION_MS 60000

enum sim_state { SIM_OPEN_STILL, SIM_COMMITTED_NOW, SIM_ABORTED_NOW };

struct sim_txn {
    enum sim_state state;
    int64_t begun_ms;
    struct sim_txn *next;
};

struct sim_entry {
    struct sim_record record; /* bytes owned */
    const struct sim_txn *txn;
    bool is_control;
    bool has_key;
};

struct sim_partition {
    struct sim_entry *entries; /* owned, offsets rising */
    size_t count, room;
    int64_t next;   /* offset of the next record */
    size_t settled; /* index: nothing before it is of an open transaction */
};

struct sim_topic {
    char name[SIM_NAME_SIZE];
    struct sim_partition *partitions; /* owned */
    int32_t partition_count;
    bool is_compacted;
};

/* Of one partition of one topic in one group. */
struct sim_membership {
    char group[SIM_NAME_SIZE];
    const struct sim_topic *topic;
    int32_t partition;
    int64_t committed; /* -1: nothing */
    int32_t worker;    /* -1: partition % worker_count */
    const struct sim_transport *holder;
    struct sim_membership *next;
};

/* The name and epoch of a transactional producer. */
struct sim_producer {
    char name[SIM_NAME_SIZE];
    int epoch;
    struct sim_txn *open; /* or NULL */
    /* What the open transaction reached. */
    struct sim_partition *touched[SIM_TOPICS_MAX * 8];
    size_t touched_count;
    struct sim_producer *next;
};

struct sim_log {
    struct mr_broker base;
    struct sim_world *world;
    sim_hook *hook;
    void *hook_context;
    struct sim_topic topics[SIM_TOPICS_MAX];
    size_t topic_count;
    struct sim_txn *txns;
    struct sim_txn always; /* committed: of records without a transaction */
    struct sim_producer *producers;
    struct sim_membership *memberships;
    int64_t retention_ms;
    bool writers_wait;
};

struct sim_assigned {
    struct sim_membership *membership; /* NULL: without a group */
    struct sim_topic *topic;
    uint32_t input;
    int32_t partition;
    int64_t next;
};

/* Bytes lent out by poll(); one allocation, so that ASan sees a use after they went back. */
struct sim_loan {
    struct sim_loan *next;
    uint8_t bytes[];
};

struct sim_transport {
    struct mr_transport base;
    struct sim_log *log;
    struct mr_transport_spec spec;
    char instance[SIM_NAME_SIZE], group[SIM_NAME_SIZE];
    struct sim_topic *inputs[SIM_TOPICS_MAX], *outputs[SIM_TOPICS_MAX];
    struct sim_producer *producer; /* NULL: not transactional */
    int epoch;
    bool is_dead, is_begun;
    struct sim_assigned *assigned; /* owned */
    size_t assigned_count, assigned_room;
    struct mr_output *produced; /* owned array; what they point to is the engine's */
    size_t produced_count, produced_room;
    uint32_t *sums; /* owned: crc of the bytes of each, as they were produced */
    struct sim_loan *loans;
    struct mr_record *records; /* owned: of the last poll */
    uint32_t *record_inputs;
};

void *sim_more(void *items, size_t *room, size_t count, size_t item_size);
struct sim_topic *sim_topic(struct sim_log *log, const char *name); /* NULL: there is none */
int64_t sim_append(struct sim_log *log, struct sim_partition *partition,
                   const struct mr_output *output, const struct sim_txn *txn);
int64_t sim_stable(struct sim_partition *partition);
/* The first offset that is still there. */
int64_t sim_start(const struct sim_partition *partition);
/* Whether a reader is given it. */
bool sim_is_readable(const struct sim_entry *entry);
/* Index of the first entry whose offset is at least offset. */
size_t sim_find(const struct sim_partition *partition, int64_t offset);

struct sim_producer *sim_producer(struct sim_log *log, const char *name);
void sim_begin(struct sim_log *log, struct sim_producer *producer);
void sim_touch(struct sim_producer *producer, struct sim_partition *partition);
/* Writes the control records. */
void sim_end(struct sim_log *log, struct sim_producer *producer, enum sim_state state);
/* Open transactions that are too old are aborted and their producers fenced. */
void sim_expire(struct sim_log *log);

struct sim_membership *sim_membership(struct sim_log *log, const char *group,
                                      const struct sim_topic *topic, int32_t partition);
/* Hands partitions over, calling the listener. */
enum mr_code sim_group_settle(struct sim_transport *self, struct mr_error *err);
/* Whether it holds all that is meant for it. */
bool sim_group_has_all(const struct sim_transport *self);
void sim_group_leave(struct sim_transport *self);
/* Whether self may commit positions of this partition. */
bool sim_group_holds(const struct sim_transport *self, uint32_t input, int32_t partition);
struct sim_assigned *sim_assigned(const struct sim_transport *self, uint32_t input,
                                  int32_t partition);
enum mr_code sim_group_rewind(struct sim_transport *self, struct mr_error *err);

extern const struct mr_transport_ops sim_transport_ops;
enum mr_code sim_transport_open(struct sim_log *log, const struct mr_transport_spec *spec,
                                struct mr_transport **transport, struct mr_error *err);

#endif
