/* Goal: flow control lets a writer as far ahead as the capacity and no further, waits for the
 * slowest group and only for those that read, and wakes when they commit or leave.
 * Method: one writer thread against the functions themselves; what it has reserved is read after
 * the other side has made exactly so much room. Runs under the thread sanitizer. */
#include "processors/core/kafka/flow.h"

#include "processors/core/base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 20000

struct writer {
    struct mr_flow_topic *topic;
    pthread_t thread;
    int wanted;
    atomic_int done;
    enum mr_code code;
};

static void *write_hundreds(void *context)
{
    struct writer *writer = context;
    struct mr_error err = {0};

    for (int i = 0; i < writer->wanted && writer->code == MR_OK; i++) {
        writer->code = mr_flow_reserve(writer->topic, 0, 100, writer, &err);
        atomic_fetch_add(&writer->done, writer->code == MR_OK);
    }
    return NULL;
}

static void start(struct writer *writer, struct mr_flow_topic *topic, int wanted)
{
    writer->topic = topic;
    writer->wanted = wanted;
    writer->code = MR_OK;
    atomic_init(&writer->done, 0);
    assert_int_equal(0, pthread_create(&writer->thread, NULL, write_hundreds, writer));
}

/* Until the writer has done so many; and, as far as a moment can tell, no more. */
static void assert_stands_at(struct writer *writer, int done)
{
    const int64_t end_ms = mr_clock_monotonic(&mr_clock_system) + DEADLINE_MS;

    while (atomic_load(&writer->done) < done && mr_clock_monotonic(&mr_clock_system) < end_ms) {
        mr_clock_wait(&mr_clock_system, 1);
    }
    mr_clock_wait(&mr_clock_system, 20);
    assert_int_equal(done, atomic_load(&writer->done));
}

static void a_writer_gets_as_far_as_the_slowest_group_lets_it(void **state)
{
    struct mr_flow *flow = mr_flow_new(1000);
    struct mr_flow_topic *topic = mr_flow_topic_add(flow, "t", 2);
    struct writer writer;
    struct mr_error err = {0};
    int fast, slow;

    (void)state;
    assert_int_equal(MR_OK, mr_flow_join(topic, "fast", &fast, &err));
    assert_int_equal(MR_OK, mr_flow_join(topic, "slow", &slow, &err));
    start(&writer, topic, 30);
    assert_stands_at(&writer, 10);
    mr_flow_commit(topic, "fast", 0, 1000, 10);
    assert_stands_at(&writer, 10);
    mr_flow_commit(topic, "slow", 1, 1000, 10); /* another partition */
    assert_stands_at(&writer, 10);
    mr_flow_commit(topic, "slow", 0, 250, 2);
    assert_stands_at(&writer, 12);
    mr_flow_return(topic, 0, 100); /* was not delivered */
    assert_stands_at(&writer, 13);
    mr_flow_leave(topic, "slow", &slow);
    assert_stands_at(&writer, 21);
    mr_flow_leave(topic, "fast", &fast);
    assert_int_equal(0, pthread_join(writer.thread, NULL));
    assert_int_equal(30, atomic_load(&writer.done));
    mr_flow_free(flow);
}

static void nobody_waits_for_who_does_not_read_or_for_himself(void **state)
{
    struct mr_flow *flow = mr_flow_new(1000);
    struct mr_flow_topic *topic = mr_flow_topic_add(flow, "t", 1);
    struct mr_error err = {0};
    int self;

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(MR_OK, mr_flow_reserve(topic, 0, 100, &self, &err));
    }
    assert_int_equal(MR_OK, mr_flow_join(topic, "g", &self, &err));
    assert_int_equal(MR_OK, mr_flow_reserve(topic, 0, 100, &self, &err));
    mr_flow_free(flow);
}

static void positions_outlive_their_readers(void **state)
{
    struct mr_flow *flow = mr_flow_new(1000);
    struct mr_flow_topic *topic = mr_flow_topic_add(flow, "t", 2);
    struct mr_error err = {0};
    int reader;

    (void)state;
    assert_ptr_equal(topic, mr_flow_topic(flow, "t"));
    assert_null(mr_flow_topic(flow, "u"));
    assert_int_equal(-1, mr_flow_committed(topic, "g", 0));
    assert_int_equal(MR_OK, mr_flow_join(topic, "g", &reader, &err));
    assert_int_equal(-1, mr_flow_committed(topic, "g", 0));
    mr_flow_commit(topic, "g", 0, 10, 7);
    mr_flow_leave(topic, "g", &reader);
    assert_int_equal(7, mr_flow_committed(topic, "g", 0));
    assert_int_equal(-1, mr_flow_committed(topic, "g", 1));
    mr_flow_free(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_gets_as_far_as_the_slowest_group_lets_it),
        cmocka_unit_test(nobody_waits_for_who_does_not_read_or_for_himself),
        cmocka_unit_test(positions_outlive_their_readers),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
