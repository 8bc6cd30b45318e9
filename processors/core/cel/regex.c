#define PCRE2_CODE_UNIT_WIDTH 8

#include "processors/core/cel/regex.h"

#include "processors/core/cel/regex_screen.h"
#include "processors/core/cel/regex_sequence.h"
#include "processors/core/cel/regex_table.h"

#include <pcre2.h>

#define MATCH_LIMIT 20000
#define DEPTH_LIMIT 2000
#define HEAP_LIMIT_KIB 512

struct cel_regex {
    pcre2_code *code;
    uint32_t group_count;
    bool is_sequence;
    struct cel_regex_sequence sequence;
    const struct cel_regex_table *table; /* NULL: PCRE2 it is */
};

/* PCRE2 takes its memory from an arena, and gives nothing back. */
static void *take(PCRE2_SIZE size, void *arena)
{
    return mr_arena_take(arena, size == 0 ? 1 : size, 1);
}

static void give_back(void *room, void *arena)
{
    (void)room, (void)arena;
}

#define OPTIONS (PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP)

static pcre2_code *compile(pcre2_general_context *general, struct mr_span pattern, uint32_t options)
{
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    PCRE2_SIZE offset;
    int error;

    if (context == NULL || pcre2_set_newline(context, PCRE2_NEWLINE_LF) != 0 ||
        pcre2_set_parens_nest_limit(context, 100) != 0) {
        return NULL;
    }
    return pcre2_compile(pattern.data, pattern.size, options, &error, &offset, context);
}

static struct cel_regex *open_code(struct mr_arena *arena, struct mr_span pattern, uint32_t options)
{
    struct cel_regex *regex = mr_arena_take(arena, 1, sizeof(*regex));
    pcre2_general_context *general;

    if (regex == NULL || pattern.data == NULL) {
        return NULL;
    }
    general = pcre2_general_context_create(take, give_back, arena);
    regex->code = general == NULL ? NULL : compile(general, pattern, options);
    if (regex->code == NULL ||
        pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count) != 0) {
        return NULL;
    }
    return regex;
}

static struct cel_regex *open_pattern(struct mr_arena *arena, struct mr_span pattern)
{
    return open_code(arena, cel_regex_screen(arena, pattern), OPTIONS | PCRE2_DOLLAR_ENDONLY);
}

const struct cel_regex *cel_regex_open_full(struct mr_arena *arena, struct mr_span pattern)
{
    static const uint8_t empty[1] = {0};
    const struct mr_span whole = {pattern.data == NULL ? empty : pattern.data, pattern.size};

    if (pattern.size > CEL_REGEX_SIZE_MAX || !mr_utf8_is_valid(pattern)) {
        return NULL;
    }
    return open_code(arena, whole, OPTIONS | PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

const struct cel_regex *cel_regex_open(struct mr_arena *arena, struct mr_span pattern)
{
    return open_pattern(arena, pattern);
}

/* Once for a pattern of a rule, before it meets text. */
static void speed_up(struct cel_regex *regex, struct mr_arena *arena, struct mr_span pattern)
{
    struct cel_regex_tree tree;

    if (cel_regex_parse(&tree, pattern)) {
        regex->is_sequence = cel_regex_sequence_make(&regex->sequence, &tree);
        regex->table = regex->is_sequence ? NULL : cel_regex_table_open(arena, &tree);
    }
}

const struct cel_regex *cel_regex_open_fast(struct mr_arena *arena, struct mr_span pattern)
{
    struct cel_regex *regex = open_pattern(arena, pattern);

    if (regex != NULL) {
        speed_up(regex, arena, pattern);
    }
    return regex;
}

uint32_t cel_regex_groups(const struct cel_regex *regex)
{
    return regex->group_count;
}

bool cel_regex_is_sequence(const struct cel_regex *regex)
{
    return regex != NULL && regex->is_sequence;
}

static void copy_spans(pcre2_match_data *data, int found, size_t spans[2 * CEL_REGEX_GROUPS_MAX])
{
    const PCRE2_SIZE *from = pcre2_get_ovector_pointer(data);
    const int count = found == 0 ? CEL_REGEX_GROUPS_MAX : found;

    for (int i = 0; i < 2 * CEL_REGEX_GROUPS_MAX; i++) {
        spans[i] = i < 2 * count ? from[i] : SIZE_MAX;
    }
}

static int search(const struct cel_regex *regex, struct mr_span text, size_t from,
                  size_t spans[2 * CEL_REGEX_GROUPS_MAX], struct mr_arena *scratch)
{
    static const uint8_t empty[1] = {0};
    pcre2_general_context *general = pcre2_general_context_create(take, give_back, scratch);
    pcre2_match_context *context = general ? pcre2_match_context_create(general) : NULL;
    pcre2_match_data *data =
        general ? pcre2_match_data_create(CEL_REGEX_GROUPS_MAX, general) : NULL;
    int found;

    if (context == NULL || data == NULL) {
        return -1;
    }
    (void)pcre2_set_match_limit(context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
    found = pcre2_match(regex->code, text.data == NULL ? empty : text.data, text.size, from,
                        PCRE2_NO_UTF_CHECK, data, context);
    if (found >= 0) {
        copy_spans(data, found, spans);
        return 1;
    }
    return found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

int cel_regex_search(const struct cel_regex *regex, struct mr_span text, size_t from,
                     size_t spans[2 * CEL_REGEX_GROUPS_MAX], struct mr_arena *scratch)
{
    const size_t mark = mr_arena_mark(scratch);
    const int found = search(regex, text, from, spans, scratch);

    mr_arena_release(scratch, mark);
    return found;
}

int cel_regex_matches(const struct cel_regex *regex, struct mr_span text, struct mr_arena *scratch)
{
    size_t spans[2 * CEL_REGEX_GROUPS_MAX];

    if (regex->is_sequence) {
        return cel_regex_sequence_search(&regex->sequence, text);
    }
    if (regex->table != NULL) {
        return cel_regex_table_search(regex->table, text);
    }
    return cel_regex_search(regex, text, 0, spans, scratch);
}
