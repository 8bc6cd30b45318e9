/* Goal: an arena gives zeroed, aligned room up to its size and not a byte more, and takes all of it
 * back by reset or release.
 * Method: arenas of a few bytes, filled to the border. */
#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void takes_are_aligned_and_zeroed_also_after_a_reset(void **state)
{
    struct mr_arena *arena = mr_arena_new(256);

    (void)state;
    for (int round = 0; round < 2; round++) {
        unsigned char *bytes;

        assert_non_null(mr_arena_bytes(arena, 1));
        bytes = mr_arena_take(arena, 3, 7);
        assert_int_equal(0, (uintptr_t)bytes % _Alignof(max_align_t));
        for (size_t i = 0; i < 21; i++) {
            assert_int_equal(0, bytes[i]);
        }
        memset(bytes, 0xFF, 21);
        mr_arena_reset(arena);
        assert_int_equal(0, mr_arena_used(arena));
        assert_int_equal(256, mr_arena_room(arena));
    }
    mr_arena_free(arena);
    mr_arena_free(NULL);
}

static void the_last_byte_can_be_had_and_none_after_it(void **state)
{
    struct mr_arena *arena = mr_arena_new(32);

    (void)state;
    assert_null(mr_arena_take(arena, 1, 33));
    assert_null(mr_arena_bytes(arena, 33));
    assert_non_null(mr_arena_take(arena, 32, 1));
    assert_int_equal(0, mr_arena_room(arena));
    assert_null(mr_arena_take(arena, 1, 1));
    assert_null(mr_arena_bytes(arena, 1));
    assert_non_null(mr_arena_bytes(arena, 0));
    mr_arena_free(arena);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    struct mr_arena *arena = mr_arena_new(64);

    (void)state;
    assert_null(mr_arena_new(SIZE_MAX));
    assert_null(mr_arena_take(arena, SIZE_MAX / 2, 3));
    assert_null(mr_arena_take(arena, SIZE_MAX, 1));
    assert_null(mr_arena_bytes(arena, SIZE_MAX));
    assert_int_equal(0, mr_arena_used(arena));
    mr_arena_free(arena);
}

static void copies_are_whole_or_nothing(void **state)
{
    const struct mr_span text = MR_SPAN("twelve bytes");
    struct mr_arena *arena = mr_arena_new(25);
    struct mr_span copy;

    (void)state;
    copy = mr_arena_copy(arena, text);
    assert_true(mr_span_equal(text, copy));
    assert_ptr_not_equal(text.data, copy.data);
    assert_string_equal("twelve bytes", mr_arena_text(arena, text));
    assert_null(mr_arena_text(arena, text));
    assert_null(mr_arena_copy(arena, text).data);
    assert_null(mr_arena_print(arena, "%d", 1));
    mr_arena_reset(arena);
    assert_string_equal("a 12", mr_arena_print(arena, "%s %d", "a", 12));
    assert_int_equal(5, mr_arena_used(arena));
    assert_string_equal("", mr_arena_text(arena, (struct mr_span){NULL, 0}));
    mr_arena_free(arena);
}

static void a_release_goes_back_to_its_mark(void **state)
{
    struct mr_arena *arena = mr_arena_new(64);
    size_t mark;

    (void)state;
    assert_non_null(mr_arena_bytes(arena, 3));
    mark = mr_arena_mark(arena);
    assert_non_null(mr_arena_take(arena, 1, 16));
    mr_arena_release(arena, mark);
    assert_int_equal(3, mr_arena_used(arena));
    mr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_are_aligned_and_zeroed_also_after_a_reset),
        cmocka_unit_test(the_last_byte_can_be_had_and_none_after_it),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(copies_are_whole_or_nothing),
        cmocka_unit_test(a_release_goes_back_to_its_mark),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
