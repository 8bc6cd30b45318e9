/* Goal: of all positions that a file ever had, the one that was written last counts.
 * Method: a topic that is not compacted yet holds every one of them; many files, three positions
 * each, interleaved, so that sorting by name alone would leave their order to chance. */
#include "connectors/files/position.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FILES 100
#define ROUNDS 3

static void the_last_position_of_a_file_counts(void **state)
{
    static const struct mr_digest digest;
    struct mr_file_positions *positions = mr_file_positions_new();
    struct mr_arena *arena = mr_arena_new((size_t)1 << 20);
    struct mr_source_position stored;
    char name[32];

    (void)state;
    assert_non_null(positions);
    assert_non_null(arena);
    for (int64_t round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < FILES; i++) {
            (void)snprintf(name, sizeof(name), "feed-%d", i * 37 % FILES);
            assert_true(
                mr_file_position_print(name, &digest, round * 10, round == ROUNDS, arena, &stored));
            assert_int_equal(MR_OK, mr_file_positions_add(positions, &stored, NULL));
        }
    }
    for (int i = 0; i < FILES; i++) {
        const struct mr_file_position *found;

        (void)snprintf(name, sizeof(name), "feed-%d", i);
        found = mr_file_positions_find(positions, name);
        assert_non_null(found);
        assert_int_equal(ROUNDS * 10, found->rows);
        assert_true(found->is_done);
    }
    assert_null(mr_file_positions_find(positions, "feed-"));
    mr_file_positions_free(positions);
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_position_of_a_file_counts),
    };
    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
