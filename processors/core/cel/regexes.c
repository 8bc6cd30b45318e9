/* matches, and the regex library: replace, extract, extractAll. */
#include "processors/core/cel/functions.h"
#include "processors/core/cel/regex.h"

#include <string.h>

#define OPEN_FUEL 500 /* a pattern that is not a literal is compiled each time */
#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

struct search {
    struct cel_run *run;
    const struct cel_regex *regex;
    struct mr_span text;
    size_t spans[2 * CEL_REGEX_GROUPS_MAX];
    size_t from;
    struct mr_value error; /* when next_match is negative */
};

/* args: the text, the pattern. */
static bool open_search(struct search *self, struct cel_run *run, const struct mr_value *args,
                        const struct cel_regex *(*open)(struct mr_arena *, struct mr_span))
{
    self->run = run;
    self->regex = run->prepared;
    self->text = mr_value_span(&args[0]);
    self->from = 0;
    if (self->regex == NULL && cel_spend(run, OPEN_FUEL + args[1].size)) {
        self->regex = open(run->arena, mr_value_span(&args[1]));
    }
    self->error = cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_REGEX);
    return self->regex != NULL;
}

/* The next match: 1, 0, or -1 with an error. Does not overlap the last one. */
static int next_match(struct search *self)
{
    int found;

    if (self->from > self->text.size) {
        return 0;
    }
    if (!cel_spend(self->run, 1 + (self->text.size - self->from) / 8)) {
        self->error = cel_fault(MR_CEL_FAULT_FUEL);
        return -1;
    }
    found = cel_regex_search(self->regex, self->text, self->from, self->spans, self->run->arena);
    if (found < 0) {
        self->error = cel_fault(MR_CEL_FAULT_REGEX_LIMIT);
    }
    if (found == 1) {
        self->from = self->spans[1];
        if (self->spans[0] == self->spans[1]) { /* empty: go on behind the next code point */
            do {
                self->from++;
            } while (self->from < self->text.size && (self->text.data[self->from] & 0xC0) == 0x80);
        }
    }
    return found;
}

static struct mr_value match(struct cel_run *run, const struct mr_value *args,
                             const struct cel_regex *(*open)(struct mr_arena *, struct mr_span))
{
    struct search search;
    int found;

    if (!open_search(&search, run, args, open)) {
        return search.error;
    }
    if (!cel_spend(run, 1 + search.text.size / 8)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    found = cel_regex_matches(search.regex, search.text, run->arena);
    return found < 0 ? cel_fault(MR_CEL_FAULT_REGEX_LIMIT) : mr_value_bool(found == 1);
}

CALL(matches)
{
    (void)count;
    return match(run, args, cel_regex_open);
}

CALL(full_matches)
{
    (void)count;
    return match(run, args, cel_regex_open_full);
}

static struct mr_span span_of(const struct search *search, size_t group)
{
    const size_t first = search->spans[2 * group], end = search->spans[2 * group + 1];

    return first == SIZE_MAX ? (struct mr_span){search->text.data, 0}
                             : (struct mr_span){search->text.data + first, end - first};
}

/* The match, or its one group; more than one group is an error. */
static bool take_match(struct search *search, struct mr_value *found)
{
    const uint32_t groups = cel_regex_groups(search->regex);

    if (groups > 1) {
        *found = cel_fault(MR_CEL_FAULT_ARGUMENT);
        return false;
    }
    *found = mr_value_string(span_of(search, groups));
    return groups == 0 || search->spans[2] != SIZE_MAX;
}

CALL(extract)
{
    struct search search;
    struct mr_value found;
    int answer;

    (void)count;
    if (!open_search(&search, run, args, cel_regex_open)) {
        return search.error;
    }
    answer = next_match(&search);
    if (answer <= 0) {
        return answer < 0 ? search.error : cel_optional_none();
    }
    if (!take_match(&search, &found)) {
        return found.kind == MR_KIND_ERROR ? found : cel_optional_none();
    }
    return cel_optional_of(run, found);
}

CALL(extract_all)
{
    const size_t room = (size_t)args[0].size + 1;
    struct search search;
    struct mr_value *items, found;
    size_t size = 0;
    int answer;

    (void)count;
    if (!open_search(&search, run, args, cel_regex_open)) {
        return search.error;
    }
    items = cel_take_items(run, room);
    if (items == NULL) {
        return cel_fault(MR_CEL_FAULT_NO_ROOM);
    }
    for (answer = next_match(&search); answer == 1; answer = next_match(&search)) {
        if (take_match(&search, &found)) {
            items[size++] = found;
        } else if (found.kind == MR_KIND_ERROR) {
            return found;
        }
    }
    return answer < 0 ? search.error : cel_list_of(items, size);
}

struct writer {
    struct cel_run *run;
    uint8_t *start; /* grows in the arena: nothing else keeps any of it meanwhile */
    size_t size;
    bool has_failed;
};

static void put(struct writer *out, struct mr_span bytes)
{
    uint8_t *room = out->has_failed ? NULL : cel_take_bytes(out->run, bytes.size);

    if (room == NULL) {
        out->has_failed = true;
        return;
    }
    if (bytes.size > 0) {
        memcpy(room, bytes.data, bytes.size);
    }
    out->size += bytes.size;
}

/* \1 is a group, \\ a backslash; false: neither. */
static bool put_replacement(struct writer *out, const struct search *search, struct mr_span by)
{
    for (size_t i = 0; i < by.size; i++) {
        if (by.data[i] != '\\') {
            put(out, (struct mr_span){by.data + i, 1});
            continue;
        }
        i++;
        if (i < by.size && by.data[i] == '\\') {
            put(out, (struct mr_span){by.data + i, 1});
        } else if (i < by.size && by.data[i] >= '0' && by.data[i] <= '9' &&
                   (uint32_t)(by.data[i] - '0') <= cel_regex_groups(search->regex)) {
            put(out, span_of(search, (size_t)(by.data[i] - '0')));
        } else {
            return false;
        }
    }
    return true;
}

static struct mr_value replace_all(struct search *search, struct mr_span by, int64_t limit)
{
    struct writer out = {.run = search->run, .start = mr_arena_bytes(search->run->arena, 0)};
    size_t copied = 0;
    int answer = 0;

    while (limit != 0 && !out.has_failed && (answer = next_match(search)) == 1) {
        put(&out, (struct mr_span){search->text.data + copied, search->spans[0] - copied});
        if (!put_replacement(&out, search, by)) {
            return cel_fault(MR_CEL_FAULT_ARGUMENT);
        }
        copied = search->spans[1];
        limit -= limit > 0 ? 1 : 0;
    }
    if (answer < 0) {
        return search->error;
    }
    put(&out, (struct mr_span){search->text.data + copied, search->text.size - copied});
    return out.has_failed ? cel_fault(MR_CEL_FAULT_NO_ROOM)
                          : mr_value_string((struct mr_span){out.start, out.size});
}

CALL(replace)
{
    struct search search;

    /* Only matches() and extract() end with their pattern, so none is ready here. */
    run->prepared = NULL;
    if (!open_search(&search, run, args, cel_regex_open)) {
        return search.error;
    }
    return replace_all(&search, mr_value_span(&args[2]), count == 4 ? args[3].number : -1);
}

static const void *prepare(struct mr_arena *arena, struct mr_span literal)
{
    return cel_regex_open_fast(arena, literal);
}

static const void *prepare_full(struct mr_arena *arena, struct mr_span literal)
{
    return cel_regex_open_full(arena, literal);
}

static const struct cel_overload rows[] = {
    {"matches", "ss", "b", matches, CEL_BOTH, prepare},
    {"regex.extract", "ss", "Os", extract, CEL_GLOBAL, prepare},
    {"regex.extractAll", "ss", "Ls", extract_all, CEL_GLOBAL, prepare},
    {"regex.replace", "sss", "s", replace, CEL_GLOBAL, NULL},
    {"regex.replace", "sssi", "s", replace, CEL_GLOBAL, NULL},
};

static const struct cel_overload full_rows[] = {
    {"matches", "ss", "b", full_matches, CEL_BOTH, prepare_full},
};

const struct cel_library cel_regexes = {rows, MR_COUNT(rows)};
const struct cel_library cel_full_matches = {full_rows, MR_COUNT(full_rows)};
