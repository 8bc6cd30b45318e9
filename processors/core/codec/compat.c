#include "processors/core/codec/compat.h"

#include "processors/core/codec/node.h"
#include "processors/core/codec/schema_internal.h"

#include <string.h>

static const char *const mode_words[] = {
    [MR_COMPAT_NONE] = "NONE",
    [MR_COMPAT_BACKWARD] = "BACKWARD",
    [MR_COMPAT_FORWARD] = "FORWARD",
    [MR_COMPAT_FULL] = "FULL",
    [MR_COMPAT_BACKWARD_TRANSITIVE] = "BACKWARD_TRANSITIVE",
    [MR_COMPAT_FORWARD_TRANSITIVE] = "FORWARD_TRANSITIVE",
    [MR_COMPAT_FULL_TRANSITIVE] = "FULL_TRANSITIVE",
};

/* One pair of schemas, walked. */
struct check {
    struct mr_arena *arena;
    struct mr_compat_break **last; /* where the next break is linked */
    struct pair **pairs;           /* arena; records that were walked, by the writer's id */
    size_t version;
    bool is_forward;
    bool has_failed; /* no room */
};

struct pair {
    const struct mr_type *reader;
    struct pair *next;
};

const char *mr_compat_word(enum mr_compat_mode mode)
{
    return (size_t)mode < MR_COUNT(mode_words) ? mode_words[mode] : NULL;
}

bool mr_compat_find(const char *word, enum mr_compat_mode *mode)
{
    for (size_t i = 0; i < MR_COUNT(mode_words); i++) {
        if (strcmp(word, mode_words[i]) == 0) {
            *mode = (enum mr_compat_mode)i;
            return true;
        }
    }
    return false;
}

static void add_break(struct check *self, enum mr_compat_kind kind, const struct mr_place *place,
                      const char *text)
{
    struct mr_compat_break *found = mr_arena_take(self->arena, 1, sizeof(*found));
    char where[MR_PLACE_WORDS_SIZE];
    const char *path = mr_arena_print(self->arena, "%s", mr_place_words(place, where));

    if (found == NULL || path == NULL || text == NULL) {
        self->has_failed = true;
        return;
    }
    *found = (struct mr_compat_break){.kind = kind,
                                      .version = self->version,
                                      .is_forward = self->is_forward,
                                      .path = path,
                                      .text = text};
    *self->last = found;
    self->last = &found->next;
}

static void add_type_break(struct check *self, enum mr_compat_kind kind,
                           const struct mr_type *writer, const struct mr_type *reader,
                           const struct mr_place *place)
{
    char written[128], wanted[128];

    add_break(self, kind, place,
              mr_arena_print(self->arena, "written as %s, read as %s",
                             mr_type_words(writer, written), mr_type_words(reader, wanted)));
}

static void check_symbols(struct check *self, const struct mr_type *writer,
                          const struct mr_type *reader, const struct mr_place *place)
{
    for (size_t i = 0; i < writer->symbol_count && reader->symbol_fallback == NULL; i++) {
        bool is_known = false;

        for (size_t j = 0; j < reader->symbol_count && !is_known; j++) {
            is_known = strcmp(writer->symbols[i], reader->symbols[j]) == 0;
        }
        if (!is_known) {
            add_break(self, MR_BREAK_SYMBOL, place,
                      mr_arena_print(self->arena, "the reader has no symbol %s, and no default",
                                     writer->symbols[i]));
        }
    }
}

static void check_scalar(struct check *self, const struct mr_type *writer,
                         const struct mr_type *reader, const struct mr_place *place)
{
    if (!mr_resolve_kinds(writer->kind, reader->kind)) {
        add_type_break(self, MR_BREAK_TYPE, writer, reader, place);
    } else if (!mr_resolve_names(writer, reader)) {
        add_type_break(self, MR_BREAK_NAME, writer, reader, place);
    } else if (writer->kind == MR_AVRO_FIXED && writer->size != reader->size) {
        add_break(self, MR_BREAK_SIZE, place,
                  mr_arena_print(self->arena, "written in %zu bytes, read from %zu", writer->size,
                                 reader->size));
    } else if (writer->kind == MR_AVRO_ENUM) {
        check_symbols(self, writer, reader, place);
    } else if (writer->logical == MR_LOGICAL_DECIMAL && reader->logical == MR_LOGICAL_DECIMAL &&
               (writer->scale != reader->scale || writer->precision != reader->precision)) {
        add_break(self, MR_BREAK_DECIMAL, place,
                  mr_arena_print(self->arena, "decimal(%d, %d) read as decimal(%d, %d)",
                                 writer->precision, writer->scale, reader->precision,
                                 reader->scale));
    }
}

static void check_type(struct check *self, const struct mr_type *writer,
                       const struct mr_type *reader, const struct mr_place *place);

/* True the first time. Types are recursive; and a break in a shared type is told once. */
static bool is_new_pair(struct check *self, const struct mr_type *writer,
                        const struct mr_type *reader)
{
    struct pair *pair = self->pairs[writer->id];

    while (pair != NULL && pair->reader != reader) {
        pair = pair->next;
    }
    if (pair != NULL) {
        return false;
    }
    pair = mr_arena_take(self->arena, 1, sizeof(*pair));
    if (pair == NULL) {
        self->has_failed = true;
        return false;
    }
    *pair = (struct pair){reader, self->pairs[writer->id]};
    self->pairs[writer->id] = pair;
    return true;
}

static void check_written(struct check *self, const struct mr_type *writer,
                          const struct mr_type *reader, bool *taken, const struct mr_place *place)
{
    for (size_t i = 0; i < writer->field_count && !self->has_failed; i++) {
        const struct mr_field *field = &writer->fields[i];
        const struct mr_place at = mr_place_key(place, field->name);
        const uint32_t target = mr_resolve_field(reader, field->name);

        if (target != MR_NODE_NO_TARGET && !taken[target]) {
            taken[target] = true;
            check_type(self, field->type, reader->fields[target].type, &at);
        }
    }
}

static void check_record(struct check *self, const struct mr_type *writer,
                         const struct mr_type *reader, const struct mr_place *place)
{
    bool *taken;

    if (!is_new_pair(self, writer, reader)) {
        return;
    }
    taken = mr_arena_take(self->arena, reader->field_count, sizeof(*taken));
    if (taken == NULL) {
        self->has_failed = true;
        return;
    }
    check_written(self, writer, reader, taken, place);
    for (size_t i = 0; i < reader->field_count && !self->has_failed; i++) {
        const struct mr_place at = mr_place_key(place, reader->fields[i].name);

        if (!taken[i] && reader->fields[i].fallback == NULL) {
            add_break(self, MR_BREAK_FIELD_MISSING, &at, "not written, and has no default");
        }
    }
}

/* How well a branch fits what is written: 0 not at all, then by a promotion, by name, by full
 * name. */
static unsigned fit_of(const struct mr_type *writer, const struct mr_type *branch)
{
    if (writer->kind != branch->kind) {
        return mr_resolve_kinds(writer->kind, branch->kind) ? 1 : 0;
    }
    if (!mr_resolve_names(writer, branch)) {
        return 0;
    }
    return writer->name == NULL || strcmp(writer->name, branch->name) == 0 ? 3 : 2;
}

/* The branch that a type is read as: the first of those that fit best; NULL: none. */
static const struct mr_type *find_branch(const struct mr_type *writer, const struct mr_type *reader)
{
    const struct mr_type *found = NULL;
    unsigned best = 0;

    for (size_t i = 0; i < reader->branch_count; i++) {
        const unsigned fit = fit_of(writer, reader->branches[i]);

        if (fit > best) {
            best = fit;
            found = reader->branches[i];
        }
    }
    return found;
}

static void check_union(struct check *self, const struct mr_type *writer,
                        const struct mr_type *reader, const struct mr_place *place)
{
    const struct mr_type *branch;

    for (size_t i = 0; i < writer->branch_count && !self->has_failed; i++) {
        check_type(self, writer->branches[i], reader, place);
    }
    if (writer->kind == MR_AVRO_UNION) {
        return;
    }
    branch = find_branch(writer, reader);
    if (branch == NULL) {
        add_type_break(self, MR_BREAK_BRANCH, writer, reader, place);
    } else {
        check_type(self, writer, branch, place);
    }
}

/* Recursion ends: types are nested as deep as the parser allows, and pairs of records come once. */
static void check_type(struct check *self, const struct mr_type *writer,
                       const struct mr_type *reader, const struct mr_place *place)
{
    const struct mr_place items = mr_place_key(place, "[]");

    if (writer->kind == MR_AVRO_UNION || reader->kind == MR_AVRO_UNION) {
        check_union(self, writer, reader, place);
    } else if (writer->item != NULL && writer->kind == reader->kind) {
        check_type(self, writer->item, reader->item, &items);
    } else if (writer->kind != MR_AVRO_RECORD || reader->kind != MR_AVRO_RECORD) {
        check_scalar(self, writer, reader, place);
    } else if (place != NULL && !mr_resolve_names(writer, reader)) {
        add_type_break(self, MR_BREAK_NAME, writer, reader, place);
    } else {
        check_record(self, writer, reader, place);
    }
}

static bool is_asked(enum mr_compat_mode mode, bool is_forward)
{
    switch (mode) {
    case MR_COMPAT_FULL:
    case MR_COMPAT_FULL_TRANSITIVE:
        return true;
    case MR_COMPAT_FORWARD:
    case MR_COMPAT_FORWARD_TRANSITIVE:
        return is_forward;
    case MR_COMPAT_BACKWARD:
    case MR_COMPAT_BACKWARD_TRANSITIVE:
        return !is_forward;
    default:
        return false;
    }
}

static bool is_transitive(enum mr_compat_mode mode)
{
    return mode >= MR_COMPAT_BACKWARD_TRANSITIVE;
}

static void check_pair(struct check *self, const struct mr_schema *writer,
                       const struct mr_schema *reader)
{
    self->pairs =
        mr_arena_take(self->arena, mr_schema_named_count(writer) + 1, sizeof(struct pair *));
    if (self->pairs == NULL) {
        self->has_failed = true;
        return;
    }
    check_type(self, mr_schema_root(writer), mr_schema_root(reader), NULL);
}

enum mr_code mr_compat_check(const struct mr_schema *schema, struct mr_compat_older older,
                             enum mr_compat_mode mode, struct mr_arena *arena,
                             struct mr_compat_break **breaks, struct mr_error *err)
{
    struct check check = {.arena = arena, .last = breaks};

    *breaks = NULL;
    for (size_t i = older.count; i-- > 0 && !check.has_failed;) {
        check.version = i;
        check.is_forward = false;
        if (is_asked(mode, false)) {
            check_pair(&check, older.schemas[i], schema);
        }
        check.is_forward = true;
        if (is_asked(mode, true) && !check.has_failed) {
            check_pair(&check, schema, older.schemas[i]);
        }
        if (!is_transitive(mode)) {
            break;
        }
    }
    return check.has_failed ? MR_FAIL(err, MR_NO_ROOM, "no room for the breaks of a schema")
                            : MR_OK;
}
