#include "processors/core/config/option_internal.h"

#include <string.h>

#define SECRET_SUFFIX "_file"
#define HINTED_ERRORS_MAX 200 /* a hostile file of unknown keys costs no more comparisons */

static const struct mr_kind_traits traits[] = {
    [MR_OPTION_TEXT] = {"text", mr_read_text, sizeof(const char *), true},
    [MR_OPTION_SECRET] = {"secret", mr_read_text, sizeof(const char *), true},
    [MR_OPTION_PATH] = {"path", mr_read_path, sizeof(const char *), true},
    [MR_OPTION_INT] = {"whole number", mr_read_int, sizeof(int64_t), true},
    [MR_OPTION_REAL] = {"number", mr_read_real, sizeof(double), true},
    [MR_OPTION_BOOL] = {"true or false", mr_read_bool, sizeof(bool), true},
    [MR_OPTION_DURATION] = {"duration", mr_read_duration, sizeof(int64_t), true},
    [MR_OPTION_SIZE] = {"size", mr_read_size, sizeof(int64_t), true},
    [MR_OPTION_CHOICE] = {"choice", mr_read_choice, sizeof(int), true},
    [MR_OPTION_EXPR] = {"expression", mr_read_expr, sizeof(struct mr_source), true},
    [MR_OPTION_TEXTS] = {"list of texts", mr_read_texts, sizeof(struct mr_texts), false},
    [MR_OPTION_PATHS] = {"list of paths", mr_read_paths, sizeof(struct mr_texts), false},
    [MR_OPTION_EXPRS] = {"list or map of expressions", mr_read_exprs, sizeof(struct mr_exprs),
                         false},
    [MR_OPTION_LIST] = {"list", mr_read_list, sizeof(struct mr_items), false},
    [MR_OPTION_NODE] = {"anything", mr_read_node, sizeof(const struct mr_node *), false},
};

const struct mr_kind_traits *mr_kind_traits(enum mr_option_kind kind)
{
    MR_ASSERT(kind > 0 && kind < MR_COUNT(traits));
    return &traits[kind];
}

bool mr_complain_of_room(const struct mr_reading *self)
{
    return MR_COMPLAIN(self, NULL, "memory budget used up");
}

const char *mr_suggest(const char *word, const char *const *candidates, size_t count,
                       char out[MR_HINT_SIZE])
{
    const char *nearest = mr_nearest(word, candidates, count);

    if (nearest == NULL) {
        return NULL;
    }
    (void)snprintf(out, MR_HINT_SIZE, "did you mean %s?", nearest);
    return out;
}

static bool is_text_kind(enum mr_option_kind kind)
{
    return kind == MR_OPTION_TEXT || kind == MR_OPTION_SECRET || kind == MR_OPTION_PATH;
}

/* Whether name is the row's, or its name as the secret's file. */
static bool is_name_of(const struct mr_option *option, const char *name)
{
    const size_t size = strlen(option->name);

    if (strncmp(option->name, name, size) != 0) {
        return false;
    }
    return name[size] == '\0' ||
           (option->kind == MR_OPTION_SECRET && strcmp(name + size, SECRET_SUFFIX) == 0);
}

static bool is_known(const struct mr_option *table, const char *name)
{
    for (; table->kind != 0; table++) {
        if (is_name_of(table, name)) {
            return true;
        }
    }
    return false;
}

/* Every name that could stand in a map of this table; 0: no room. */
static size_t list_names(const struct mr_option *table, struct mr_arena *arena, const char ***names)
{
    size_t count = 0, row_count = 0;

    while (table[row_count].kind != 0) {
        row_count++;
    }
    *names = mr_arena_take(arena, 2 * row_count, sizeof(**names));
    for (size_t i = 0; *names != NULL && i < row_count; i++) {
        (*names)[count++] = table[i].name;
        if (table[i].kind == MR_OPTION_SECRET) {
            const char *name = mr_arena_print(arena, "%s%s", table[i].name, SECRET_SUFFIX);

            (*names)[count] = name;
            count += name != NULL;
        }
    }
    return count;
}

/* The nearest name in the table, as a hint; what that takes is given back. */
static const char *suggest_name(const struct mr_option *table, const char *word,
                                const struct mr_reading *self, char out[MR_HINT_SIZE])
{
    const size_t mark = mr_arena_mark(self->arena);
    const char **names, *hint = NULL;
    size_t count;

    if (mr_report_errors(self->report) <= HINTED_ERRORS_MAX) {
        count = list_names(table, self->arena, &names);
        hint = mr_suggest(word, names, count, out);
        mr_arena_release(self->arena, mark);
    }
    return hint;
}

static const char *join_key(const struct mr_reading *self, const char *prefix, const char *name)
{
    const bool is_top = prefix == NULL || prefix[0] == '\0';
    const char *key = is_top ? mr_arena_text(self->arena, mr_span_text(name))
                             : mr_arena_print(self->arena, "%s.%s", prefix, name);

    if (key == NULL) {
        (void)mr_complain_of_room(self);
    }
    return key;
}

static bool refuse_unknown(const struct mr_option *table, const char *prefix,
                           const struct mr_reading *self)
{
    const size_t mark = mr_arena_mark(self->arena);
    bool is_good = true;

    for (const struct mr_node *child = self->node->child; child != NULL; child = child->next) {
        char hint[MR_HINT_SIZE];
        const char *key;

        if (is_known(table, child->name)) {
            continue;
        }
        is_good = false;
        key = join_key(self, prefix, child->name);
        mr_report_add(self->report, MR_SEVERITY_ERROR, child->name_place, key,
                      suggest_name(table, child->name, self, hint), "is not known here");
        mr_arena_release(self->arena, mark);
    }
    return is_good;
}

static bool is_absent(const struct mr_node *node)
{
    return node == NULL || (node->kind == MR_NODE_SCALAR && node->text == NULL && !node->is_broken);
}

static bool read_node(const struct mr_reading *self, mr_reader *read)
{
    if (self->node->is_broken) {
        return false;
    }
    if (mr_kind_traits(self->option->kind)->is_scalar && self->node->kind != MR_NODE_SCALAR) {
        return MR_COMPLAIN(self, NULL, "a single value is expected, not a %s",
                           self->node->kind == MR_NODE_LIST ? "list" : "map");
    }
    return read(self);
}

/* A default of several values is written as YAML: "[a, b]". */
static bool is_yaml(const struct mr_option *option)
{
    return option->kind == MR_OPTION_NODE ||
           (!mr_kind_traits(option->kind)->is_scalar &&
            (option->fallback[0] == '[' || option->fallback[0] == '{'));
}

static bool complain_of_absence(const struct mr_reading *self)
{
    if (self->option->kind == MR_OPTION_SECRET) {
        return MR_COMPLAIN(self, NULL, "must be set (or %s%s)", self->option->name, SECRET_SUFFIX);
    }
    return MR_COMPLAIN(self, NULL, "must be set");
}

static bool read_fallback(struct mr_reading *self)
{
    const struct mr_kind_traits *kind = mr_kind_traits(self->option->kind);
    const char *text = self->option->fallback;
    struct mr_node node = {.is_quoted = true, .text = text, .place = self->node->place};

    if (text == NULL) {
        return complain_of_absence(self);
    }
    if (text[0] == '\0') {
        if (is_text_kind(self->option->kind)) {
            *(const char **)self->member = "";
        }
        return true;
    }
    self->node = &node;
    if (is_yaml(self->option)) {
        self->node = mr_node_parse(self->key, mr_span_text(text), self->arena, self->report);
    }
    return self->node != NULL && read_node(self, kind->read);
}

/* A secret may stand in a file of its own; in both places would be a question of which. */
static const struct mr_node *secret_file(struct mr_reading *self, const struct mr_node *map)
{
    const char *name = mr_arena_print(self->arena, "%s%s", self->option->name, SECRET_SUFFIX);
    const struct mr_node *node = name != NULL ? mr_node_get(map, name) : NULL;

    return is_absent(node) ? NULL : node;
}

static bool read_secret(struct mr_reading *self, const struct mr_node *map,
                        const struct mr_node *node)
{
    const struct mr_node *file = secret_file(self, map);

    if (file == NULL && is_absent(node)) {
        return read_fallback(self);
    }
    if (file == NULL) {
        self->node = node;
        return read_node(self, mr_read_text);
    }
    self->node = file;
    if (!is_absent(node)) {
        return MR_COMPLAIN(self, NULL, "is set twice: as %s and as %s%s", self->option->name,
                           self->option->name, SECRET_SUFFIX);
    }
    return read_node(self, mr_read_secret_file);
}

/* self->node is the map, for places. */
static bool read_one(struct mr_reading *self, const char *prefix)
{
    const struct mr_kind_traits *kind = mr_kind_traits(self->option->kind);
    const struct mr_node *map = self->node, *node = mr_node_get(map, self->option->name);

    memset(self->member, 0, kind->size);
    self->key = join_key(self, prefix, self->option->name);
    if (self->key == NULL) {
        return false;
    }
    if (self->option->kind == MR_OPTION_SECRET) {
        return read_secret(self, map, node);
    }
    if (is_absent(node)) {
        return read_fallback(self);
    }
    self->node = node;
    return read_node(self, kind->read);
}

bool mr_options_read(const struct mr_option *table, const struct mr_node *map, const char *prefix,
                     struct mr_arena *arena, struct mr_report *report, void *settings)
{
    static const struct mr_node nothing = {.kind = MR_NODE_MAP};
    struct mr_reading self = {
        .node = is_absent(map) ? &nothing : map, .key = prefix, .arena = arena, .report = report};
    bool is_good;

    if (self.node->kind != MR_NODE_MAP) {
        return self.node->is_broken ? false : MR_COMPLAIN(&self, NULL, "a map is expected");
    }
    is_good = refuse_unknown(table, prefix, &self);
    for (const struct mr_option *option = table; option->kind != 0; option++) {
        struct mr_reading one = self;

        one.option = option;
        one.member = (char *)settings + option->offset;
        is_good = read_one(&one, prefix) && is_good;
    }
    return is_good;
}
