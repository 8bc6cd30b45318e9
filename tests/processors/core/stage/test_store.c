/* Goal: a store is a function of the log: a key's state is what was left there, new after its ttl
 * of event time, and the same after a snapshot was read back.
 * Method: small tables of operations; a second store that is given what the first one's snapshots
 * said, in order and compacted. */
#include "processors/core/stage/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct state {
    int64_t count;
    double sum;
};

static const struct mr_store_spec plain = {
    .name = "plain", .state_size = sizeof(struct state), .version = 3, .keys_max = 1000000};

static struct mr_span key_of(size_t number, char room[24])
{
    const int size = snprintf(room, 24, "key-%zu", number);

    return (struct mr_span){(const uint8_t *)room, (size_t)size};
}

static struct state *at(struct mr_store *store, int32_t partition, const char *key, int64_t ms)
{
    return mr_store_at(store, partition, mr_span_text(key), ms);
}

/* What a snapshot wrote, as its topic holds it. */
struct written {
    struct {
        char key[32];
        uint8_t state[64];
        size_t key_size, size;
    } items[64];
    size_t count;
    size_t fail_at; /* the visit that fails; 0: none */
};

static enum mr_code write_down(void *context, struct mr_span key, struct mr_span state,
                               struct mr_error *err)
{
    struct written *written = context;

    if (written->fail_at > 0 && written->count + 1 == written->fail_at) {
        return MR_FAIL(err, MR_NO_ROOM, "no more room");
    }
    assert_true(written->count < 64 && key.size < 32 && state.size <= 64);
    memcpy(written->items[written->count].key, key.data, key.size);
    written->items[written->count].key_size = key.size;
    if (state.size > 0) {
        memcpy(written->items[written->count].state, state.data, state.size);
    }
    written->items[written->count++].size = state.size;
    return MR_OK;
}

static void read_back(struct mr_store *store, int32_t partition, const struct written *written)
{
    for (size_t i = 0; i < written->count; i++) {
        const struct mr_span key = {(const uint8_t *)written->items[i].key,
                                    written->items[i].key_size};
        const struct mr_span state = {written->items[i].state, written->items[i].size};

        assert_true(mr_store_restore(store, partition, key, state));
    }
}

static void snapshot(struct mr_store *store, int32_t partition, struct written *written)
{
    struct mr_error err = {0};

    assert_int_equal(MR_OK, mr_store_snapshot(store, partition, write_down, written, &err));
}

static void two_hundred_thousand_keys_keep_their_states(void **state)
{
    struct mr_store *store = mr_store_new(&plain);
    char room[24];

    (void)state;
    for (size_t round = 1; round <= 2; round++) {
        for (size_t i = 0; i < 200000; i++) {
            struct state *here = mr_store_at(store, 5, key_of(i, room), 0);

            assert_non_null(here);
            assert_int_equal(round - 1, here->count);
            here->count++;
            here->sum += (double)i;
        }
    }
    for (size_t i = 0; i < 200000; i += 999) {
        const struct state *here = mr_store_at(store, 5, key_of(i, room), 0);

        assert_int_equal(2, here->count);
        assert_true(here->sum == 2.0 * (double)i);
    }
    assert_int_equal(200000, mr_store_key_count(store));
    mr_store_forget(store, 5);
    assert_int_equal(0, mr_store_key_count(store));
    mr_store_free(store);
}

static void keys_of_partitions_are_apart(void **state)
{
    struct mr_store *store = mr_store_new(&plain);

    (void)state;
    at(store, 0, "a", 0)->count = 7;
    at(store, 4095, "a", 0)->count = 8;
    assert_int_equal(7, at(store, 0, "a", 0)->count);
    mr_store_forget(store, 0);
    assert_int_equal(0, at(store, 0, "a", 0)->count);
    assert_int_equal(8, at(store, 4095, "a", 0)->count);
    assert_int_equal(0, at(store, 4095, "", 0)->count); /* an empty key is a key */
    mr_store_free(store);
}

static void a_key_expires_by_the_event_time_of_its_partition(void **state)
{
    static const struct {
        const char *label, *key;
        int64_t ms;
        int64_t expected; /* count before this use */
    } rows[] = {
        {"new", "a", 1000, 0},
        {"at once again", "a", 1000, 1},
        {"as late as allowed", "a", 1100, 2},
        {"one too late", "a", 1201, 0},
        {"another key moves the time", "b", 2000, 0},
        {"so the first is new", "a", 1950, 0},
        {"late, but within the ttl of the latest time", "a", 1901, 1},
        {"far in the past: the stream's time decides", "c", 5, 0},
        {"and it is new each time", "c", 5, 0},
        {"as far ahead as a number can be", "d", INT64_MAX, 0},
        {"everything else is old", "b", 2000, 0},
        {"as far back", "e", INT64_MIN, 0},
    };
    struct mr_store_spec spec = plain;
    struct mr_store *store, *tidy;

    (void)state;
    spec.ttl_ms = 100;
    store = mr_store_new(&spec);
    tidy = mr_store_new(&spec); /* is tidied after every use: that must not matter */
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct written written = {0};
        struct state *here = at(store, 0, rows[i].key, rows[i].ms);
        struct state *there = at(tidy, 0, rows[i].key, rows[i].ms);

        print_message("  %s\n", rows[i].label);
        assert_int_equal(rows[i].expected, here->count);
        assert_int_equal(rows[i].expected, there->count);
        here->count++;
        there->count++;
        snapshot(tidy, 0, &written);
    }
    mr_store_free(store);
    mr_store_free(tidy);
}

static void a_snapshot_has_what_changed_since_the_last_one(void **state)
{
    struct mr_store *store = mr_store_new(&plain);
    struct written first = {0}, second = {0}, third = {0};

    (void)state;
    at(store, 1, "a", 10)->count = 1;
    at(store, 1, "b", 10)->count = 2;
    (void)at(store, 1, "a", 11);
    snapshot(store, 1, &first);
    assert_int_equal(2, first.count);
    assert_memory_equal("a", first.items[0].key, 1); /* in order of first use */
    snapshot(store, 1, &second);
    assert_int_equal(0, second.count);
    at(store, 1, "b", 12)->count = 3;
    snapshot(store, 1, &third);
    assert_int_equal(1, third.count);
    snapshot(store, 2, &third); /* a partition that has nothing */
    assert_int_equal(1, third.count);
    mr_store_free(store);
}

static void what_is_read_back_goes_on_as_if_nothing_had_happened(void **state)
{
    struct mr_store_spec spec = plain;
    struct mr_store *store, *copy;
    struct written log = {0};

    (void)state;
    spec.ttl_ms = 50;
    store = mr_store_new(&spec);
    at(store, 3, "stays", 100)->count = 5;
    at(store, 3, "goes", 20)->count = 6;
    snapshot(store, 3, &log);
    at(store, 3, "late", 101)->count = 7;
    snapshot(store, 3, &log);
    assert_int_equal(4, log.count); /* three states, and the end of "goes" */
    copy = mr_store_new(&spec);
    read_back(copy, 3, &log);
    mr_store_set_stream_time(copy, 3, mr_store_stream_time(store, 3));
    assert_int_equal(mr_store_key_count(store), mr_store_key_count(copy));
    assert_int_equal(5, at(copy, 3, "stays", 140)->count);
    assert_int_equal(0, at(copy, 3, "goes", 140)->count);
    assert_int_equal(7, at(copy, 3, "late", 140)->count);
    assert_int_equal(0, at(copy, 3, "stays", 300)->count); /* its time of use came back, too */
    mr_store_free(store);
    mr_store_free(copy);
}

static void bytes_that_do_not_verify_are_left_out(void **state)
{
    struct mr_store *store = mr_store_new(&plain);
    struct mr_store_spec newer = plain;
    struct mr_store *other;
    struct written log = {0};

    (void)state;
    newer.version++;
    other = mr_store_new(&newer);
    at(store, 0, "a", 1)->count = 9;
    snapshot(store, 0, &log);
    assert_false(mr_store_restore(other, 0, mr_span_text("a"),
                                  (struct mr_span){log.items[0].state, log.items[0].size}));
    for (size_t i = 4; i < log.items[0].size; i++) {
        log.items[0].state[i] ^= 0x10;
        assert_false(mr_store_restore(store, 1, mr_span_text("a"),
                                      (struct mr_span){log.items[0].state, log.items[0].size}));
        log.items[0].state[i] ^= 0x10;
        assert_false(
            mr_store_restore(store, 1, mr_span_text("a"), (struct mr_span){log.items[0].state, i}));
    }
    assert_int_equal(0, at(store, 1, "a", 1)->count);
    assert_true(mr_store_restore(store, 2, mr_span_text("a"),
                                 (struct mr_span){log.items[0].state, log.items[0].size}));
    assert_int_equal(9, at(store, 2, "a", 1)->count);
    mr_store_free(store);
    mr_store_free(other);
}

static void more_keys_than_allowed_are_refused_and_tidied_ones_make_room(void **state)
{
    struct mr_store_spec spec = plain;
    struct mr_store *store;
    struct written log = {0};

    (void)state;
    spec.keys_max = 2;
    spec.ttl_ms = 10;
    store = mr_store_new(&spec);
    assert_non_null(at(store, 0, "a", 0));
    assert_non_null(at(store, 0, "b", 5));
    assert_null(at(store, 0, "c", 5));
    assert_non_null(at(store, 0, "a", 5));
    snapshot(store, 0, &log);
    assert_non_null(at(store, 0, "b", 14));
    assert_non_null(at(store, 0, "b", 20)); /* moves the time: "a" is old */
    snapshot(store, 0, &log);
    assert_non_null(at(store, 0, "c", 20));
    mr_store_free(store);
}

static void what_is_read_back_is_kept_also_where_fewer_keys_are_allowed_now(void **state)
{
    struct mr_store_spec smaller = plain;
    struct mr_store *store = mr_store_new(&plain), *copy;
    struct written log = {0};

    (void)state;
    smaller.keys_max = 1;
    copy = mr_store_new(&smaller);
    at(store, 0, "a", 1)->count = 1;
    at(store, 0, "b", 1)->count = 2;
    snapshot(store, 0, &log);
    read_back(copy, 0, &log);
    assert_int_equal(2, at(copy, 0, "b", 1)->count);
    assert_null(at(copy, 0, "c", 1));
    mr_store_free(store);
    mr_store_free(copy);
}

static void many_keys_come_and_go_in_bounded_room(void **state)
{
    struct mr_store_spec spec = plain;
    struct mr_store *store;
    char room[24];

    (void)state;
    spec.ttl_ms = 10;
    spec.keys_max = 100;
    store = mr_store_new(&spec);
    for (size_t i = 0; i < 20000; i++) {
        struct written written = {0};

        assert_non_null(mr_store_at(store, 0, key_of(i, room), (int64_t)i));
        snapshot(store, 0, &written);
        assert_true(mr_store_key_count(store) <= 12);
    }
    mr_store_free(store);
}

static void a_snapshot_that_fails_says_so(void **state)
{
    struct mr_store *store = mr_store_new(&plain);
    struct written log = {.fail_at = 2};
    struct mr_error err = {0};

    (void)state;
    (void)at(store, 0, "a", 0);
    (void)at(store, 0, "b", 0);
    assert_int_equal(MR_NO_ROOM, mr_store_snapshot(store, 0, write_down, &log, &err));
    assert_string_equal("no more room", err.text);
    mr_store_free(store);
}

static void count_one(void *context, struct mr_span key, void *state)
{
    size_t *count = context;

    assert_true(key.size > 0);
    assert_non_null(state);
    (*count)++;
}

/* A dropped key is new when it comes again, also where both happen between two snapshots and the
 * table grows in the meantime; and it stays dropped for who reads the snapshots back. */
static void a_dropped_key_is_gone_for_good(void **state)
{
    struct mr_store *store = mr_store_new(&plain), *other = mr_store_new(&plain);
    struct written written = {0};
    size_t count = 0;
    char room[24];

    (void)state;
    at(store, 0, "stays", 1)->count = 7;
    at(store, 0, "goes", 1)->count = 8;
    assert_memory_equal("goes", mr_store_key(store).data, 4);
    snapshot(store, 0, &written);
    mr_store_drop(store, 0, mr_span_text("goes"));
    mr_store_drop(store, 0, mr_span_text("never was"));
    at(store, 0, "comes and goes", 1)->count = 9;
    mr_store_drop(store, 0, mr_span_text("comes and goes"));
    assert_int_equal(1, mr_store_key_count(store));
    snapshot(store, 0, &written);
    assert_int_equal(0, at(store, 0, "goes", 2)->count);
    at(store, 0, "goes", 2)->count = 10;
    mr_store_drop(store, 0, mr_span_text("goes"));
    at(store, 0, "goes", 3)->count = 11;
    snapshot(store, 0, &written);
    read_back(other, 0, &written);
    assert_int_equal(7, at(other, 0, "stays", 3)->count);
    assert_int_equal(11, at(other, 0, "goes", 3)->count);
    assert_int_equal(0, at(other, 0, "comes and goes", 3)->count);

    mr_store_drop(store, 0, mr_span_text("stays"));
    for (size_t i = 0; i < 1000; i++) {
        (void)mr_store_at(store, 0, key_of(i, room), 4);
    }
    mr_store_each(store, 0, count_one, &count);
    assert_int_equal(1001, count);
    assert_int_equal(1001, mr_store_key_count(store));
    mr_store_free(store);
    mr_store_free(other);
}

static void an_epoch_ends_when_states_come_or_go_unasked(void **state)
{
    const struct mr_store_spec mortal = {.name = "mortal",
                                         .state_size = sizeof(struct state),
                                         .version = 3,
                                         .ttl_ms = 10,
                                         .keys_max = 1000};
    struct mr_store *store = mr_store_new(&mortal);
    struct written written = {0};
    uint64_t epoch;

    (void)state;
    (void)at(store, 0, "a", 0);
    (void)at(store, 0, "b", 5);
    mr_store_drop(store, 0, mr_span_text("b"));
    assert_int_equal(0, mr_store_epoch(store, 0));
    snapshot(store, 0, &written);
    assert_int_equal(0, mr_store_epoch(store, 0));
    (void)at(store, 0, "c", 50); /* a has expired */
    snapshot(store, 0, &written);
    epoch = mr_store_epoch(store, 0);
    assert_true(epoch > 0);
    mr_store_forget(store, 0);
    assert_true(mr_store_epoch(store, 0) > epoch);
    epoch = mr_store_epoch(store, 0);
    read_back(store, 0, &written);
    assert_true(mr_store_epoch(store, 0) > epoch);
    assert_int_equal(0, mr_store_epoch(store, 1));
    mr_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dropped_key_is_gone_for_good),
        cmocka_unit_test(an_epoch_ends_when_states_come_or_go_unasked),
        cmocka_unit_test(two_hundred_thousand_keys_keep_their_states),
        cmocka_unit_test(keys_of_partitions_are_apart),
        cmocka_unit_test(a_key_expires_by_the_event_time_of_its_partition),
        cmocka_unit_test(a_snapshot_has_what_changed_since_the_last_one),
        cmocka_unit_test(what_is_read_back_goes_on_as_if_nothing_had_happened),
        cmocka_unit_test(bytes_that_do_not_verify_are_left_out),
        cmocka_unit_test(more_keys_than_allowed_are_refused_and_tidied_ones_make_room),
        cmocka_unit_test(what_is_read_back_is_kept_also_where_fewer_keys_are_allowed_now),
        cmocka_unit_test(many_keys_come_and_go_in_bounded_room),
        cmocka_unit_test(a_snapshot_that_fails_says_so),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
