/* Goal: no source makes the lexer, the parser or the printer crash or hang, and what is printed
 * reads back as the same tree. A refusal has a place inside the source, and words.
 * Method: the input is a source; behind a first ! macros are off. */
#include "processors/core/base/error.h"
#include "processors/core/cel/parse.h"
#include "processors/core/cel/print.h"
#include "tests/support/cel_tree.h"

#define ROOM ((size_t)16 << 20)

static struct cel_node *parse(struct mr_arena *arena, struct mr_span text, enum cel_macros macros,
                              struct mr_cel_diagnosis *why)
{
    struct cel_source source = {.text = text, .arena = arena, .why = why};
    struct cel_node *root = cel_parse(&source, macros);

    MR_ASSERT((root == NULL) == source.has_failed);
    return root;
}

static void check_refusal(const struct mr_cel_diagnosis *why, struct mr_span text)
{
    MR_ASSERT(why->text[0] != '\0' && why->line >= 1 && why->column >= 1);
    MR_ASSERT((size_t)why->line <= text.size + 1 && (size_t)why->column <= text.size + 1);
    MR_ASSERT(mr_utf8_is_valid(mr_span_text(why->text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mr_arena *arena; /* one process, one thread: kept between inputs */
    const bool has_mark = size > 0 && data[0] == '!';
    const enum cel_macros macros = has_mark ? CEL_MACROS_OFF : CEL_MACROS_ON;
    const struct mr_span text = {data + has_mark, size - has_mark};
    struct mr_cel_diagnosis why = {0};
    struct cel_node *root, *again;
    const char *printed;

    if (arena == NULL) {
        arena = mr_arena_new(ROOM);
    }
    mr_arena_reset(arena);
    root = parse(arena, text, macros, &why);
    if (root == NULL) {
        check_refusal(&why, text);
        return 0;
    }
    printed = cel_print(root, arena);
    if (printed == NULL) { /* no room: an escaped text is up to four times as long */
        return 0;
    }
    again = parse(arena, mr_span_text(printed), macros, &why);
    if (again == NULL) { /* what grew over a bound when it was written out */
        MR_ASSERT(mr_arena_room(arena) < ROOM / 2 || strlen(printed) > MR_CEL_SOURCE_SIZE_MAX);
        return 0;
    }
    MR_ASSERT(cel_tree_is_same(root, again));
    return 0;
}
