/* Which overloads a call can mean, and what type it has then. */
#include "processors/core/cel/check.h"

#include <string.h>

const struct cel_library *cel_check_library_at(const struct cel_check *self, size_t index)
{
    static const struct cel_library none = {0};

    switch (index) {
    case 0:
        return &self->dialect->declared;
    case 1:
        return self->dialect->has_full_matches ? &cel_full_matches : &none;
    default:
        return cel_library_at(index - 2);
    }
}

enum nearness { NO_SUCH_NAME, OTHER_STYLE, OTHER_COUNT, FITS };

static enum nearness near(const struct cel_overload *row, const struct cel_node *call)
{
    if (!mr_span_is(call->name, row->name)) {
        return NO_SUCH_NAME;
    }
    if (call->is_member ? !cel_overload_is_member(row) : !cel_overload_is_global(row)) {
        return OTHER_STYLE;
    }
    return cel_overload_arity(row) == call->arg_count ? FITS : OTHER_COUNT;
}

/* Calls visit for every row of every library. */
typedef void (*visit_row)(void *context, const struct cel_overload *row);

static void visit_rows(const struct cel_check *self, visit_row visit, void *context)
{
    const struct cel_library *library;

    for (size_t l = 0; (library = cel_check_library_at(self, l)) != NULL; l++) {
        for (size_t i = 0; i < library->count; i++) {
            visit(context, &library->rows[i]);
        }
    }
}

struct collected {
    const struct cel_node *call;
    const struct cel_overload **rows; /* NULL: counting */
    uint32_t count;
    enum nearness best;
};

static void collect_row(void *context, const struct cel_overload *row)
{
    struct collected *self = context;
    const enum nearness now = near(row, self->call);

    self->best = now > self->best ? now : self->best;
    if (now == FITS && self->rows != NULL) {
        self->rows[self->count] = row;
    }
    self->count += now == FITS ? 1 : 0;
}

/* Gives the call every row of its name, style and number of arguments. */
static enum nearness collect(struct cel_check *self, struct cel_node *call)
{
    struct collected found = {.call = call};

    visit_rows(self, collect_row, &found);
    if (found.best != FITS) {
        return found.best;
    }
    found.rows = cel_source_take(self->source, found.count, sizeof(*found.rows));
    if (found.rows != NULL) {
        found.count = 0;
        visit_rows(self, collect_row, &found);
        call->candidates = found.rows;
        call->candidate_count = found.count;
    }
    return FITS;
}

/* Whether the row takes the arguments; *result is what it then gives. */
static bool try_row(struct cel_check *self, const struct cel_overload *row,
                    const struct cel_node *call, const struct cel_type **result)
{
    const struct cel_type *variables[3] = {NULL, NULL, NULL};
    const char *params = row->params, *letters = row->result;
    const uint32_t mark = cel_infer_mark(&self->infer);

    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct cel_type *param = cel_infer_read(&self->infer, &params, variables);

        if (param == NULL || !cel_infer_assign(&self->infer, param, call->args[i]->type)) {
            cel_infer_undo(&self->infer, mark);
            return false;
        }
    }
    *result = cel_infer_read(&self->infer, &letters, variables);
    if (*result != NULL) {
        *result = cel_infer_resolve(&self->infer, *result, false);
    }
    return *result != NULL;
}

static bool is_same_type(const struct cel_type *a, const struct cel_type *b)
{
    if (a->kind != b->kind || a->item_count != b->item_count || a->record != b->record) {
        return false;
    }
    for (uint8_t i = 0; i < a->item_count; i++) {
        if (!is_same_type(a->items[i], b->items[i])) {
            return false;
        }
    }
    return a->kind != CEL_KIND_VAR || a->variable == b->variable;
}

/* The type of a call: of the first row that fits; of several that disagree, dyn. */
static const struct cel_type *match(struct cel_check *self, const struct cel_node *call)
{
    const struct cel_type *type = NULL, *other;

    for (uint32_t i = 0; i < call->candidate_count; i++) {
        const struct cel_overload *row = call->candidates[i];
        const uint32_t mark = cel_infer_mark(&self->infer);

        if (row->style >= CEL_DYNAMIC || !try_row(self, row, call, &other)) {
            continue;
        }
        if (type == NULL) {
            type = other;
            continue;
        }
        cel_infer_undo(&self->infer, mark);
        if (!is_same_type(type, other)) {
            return cel_type_basic(MR_CEL_DYN);
        }
    }
    return type;
}

/* "'+'" of "_+_". */
static const char *display_name(struct cel_check *self, const struct cel_node *call)
{
    struct mr_span name = call->name;

    if (mr_span_is(name, "@in")) {
        return "in";
    }
    if (mr_span_is(name, "_[_]") || mr_span_is(name, "_[?_]")) {
        return "[]";
    }
    while (name.size > 1 && name.data[0] == '_') {
        name.data++;
        name.size--;
    }
    while (name.size > 1 && name.data[name.size - 1] == '_') {
        name.size--;
    }
    name.data = (const uint8_t *)mr_arena_text(self->source->arena, name);
    return name.data == NULL ? "?" : (const char *)name.data;
}

static bool has_kind(const struct cel_node *call, int kind)
{
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (call->args[i]->type->kind == kind) {
            return true;
        }
    }
    return false;
}

static bool is_operator(const struct cel_node *call)
{
    return call->name.data[0] == '_' || call->name.data[0] == '@' ||
           call->name.data[call->name.size - 1] == '_';
}

static void hint_types(struct cel_check *self, const struct cel_node *call)
{
    const bool has_int = has_kind(call, MR_CEL_INT);

    if (has_int && has_kind(call, MR_CEL_DOUBLE)) {
        cel_source_hint(self->source, "int and double do not mix: write 1.0 for 1, or double(x)");
    } else if (has_int && has_kind(call, MR_CEL_UINT)) {
        cel_source_hint(self->source, "int and uint do not mix: write 1u for 1, or uint(x)");
    } else if (mr_span_is(call->name, "_+_") && has_kind(call, MR_CEL_STRING)) {
        cel_source_hint(self->source, "make a string of the other side: string(x)");
    } else if (has_kind(call, MR_CEL_NULL)) {
        cel_source_hint(self->source, "this can never be null");
    } else if (has_kind(call, MR_CEL_TIMESTAMP) && has_kind(call, MR_CEL_STRING)) {
        cel_source_hint(self->source, "make a timestamp of the text: timestamp(x)");
    }
}

static const struct cel_type *refuse_types(struct cel_check *self, const struct cel_node *call)
{
    struct mr_arena *arena = self->source->arena;
    const char *types = "";

    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct cel_type *type = cel_infer_resolve(&self->infer, call->args[i]->type, true);
        const char *joint = i == 0 ? "" : is_operator(call) ? " and " : ", ";

        if (type == NULL || types == NULL) {
            return NULL;
        }
        types = mr_arena_print(arena, "%s%s%s", types, joint, cel_type_print(type, arena));
    }
    cel_source_report(self->source, call->offset,
                      is_operator(call) ? "'%s' does not take %s" : "%s() does not take (%s)",
                      display_name(self, call), types == NULL ? "these" : types);
    hint_types(self, call);
    return NULL;
}

struct closest {
    struct mr_span name;
    const struct cel_overload *row;
    size_t distance;
};

static void compare_row(void *context, const struct cel_overload *row)
{
    struct closest *self = context;
    const size_t now = cel_name_distance(self->name, mr_span_text(row->name), 2);

    if (now < self->distance && now < self->name.size && row->name[0] >= 'a') {
        self->distance = now;
        self->row = row;
    }
}

static void hint_function(struct cel_check *self, struct mr_span name)
{
    static const struct {
        const char *wrong, *right;
    } known[] = {{"length", "size"},
                 {"len", "size"},
                 {"count", "size"},
                 {"substr", "substring"},
                 {"toString", "string"},
                 {"str", "string"},
                 {"float", "double"},
                 {"upper", "upperAscii"},
                 {"lower", "lowerAscii"},
                 {"regex", "matches"},
                 {"starts_with", "startsWith"},
                 {"ends_with", "endsWith"},
                 {"any", "exists"},
                 {"toLowerCase", "lowerAscii"}};
    struct closest best = {.name = name, .distance = 3};

    for (size_t i = 0; i < MR_COUNT(known); i++) {
        if (mr_span_is(name, known[i].wrong)) {
            cel_source_hint(self->source, "did you mean '%s'?", known[i].right);
            return;
        }
    }
    visit_rows(self, compare_row, &best);
    if (best.row != NULL) {
        cel_source_hint(self->source, "did you mean '%s'?", best.row->name);
    }
}

static const struct cel_type *refuse_name(struct cel_check *self, struct cel_node *call,
                                          enum nearness nearness)
{
    const char *name = display_name(self, call);

    if (self->dialect->is_unchecked) {
        call->kind = CEL_NODE_FAULT;
        call->index = nearness == NO_SUCH_NAME ? MR_CEL_FAULT_UNDECLARED : MR_CEL_FAULT_NO_OVERLOAD;
        call->arg_count = 0;
        return cel_type_basic(MR_CEL_DYN);
    }
    switch (nearness) {
    case OTHER_STYLE:
        cel_source_report(self->source, call->offset, "%s() is not called like this", name);
        cel_source_hint(self->source,
                        call->is_member ? "did you mean '%s(x)'?" : "did you mean 'x.%s(...)'?",
                        name);
        break;
    case OTHER_COUNT:
        cel_source_report(self->source, call->offset, "%s() does not take %u arguments", name,
                          call->arg_count - (call->is_member ? 1U : 0U));
        break;
    default:
        cel_source_report(self->source, call->offset, "there is no function '%s'", name);
        hint_function(self, call->name);
        break;
    }
    return NULL;
}

struct named {
    struct mr_span name;
    bool is_there;
};

static void find_row(void *context, const struct cel_overload *row)
{
    struct named *self = context;

    self->is_there = self->is_there || mr_span_is(self->name, row->name);
}

static bool names_function(const struct cel_check *self, struct mr_span name)
{
    struct named wanted = {.name = name};

    visit_rows(self, find_row, &wanted);
    return wanted.is_there;
}

/* math.abs(x) is no member of math, but a function whose name has a dot. */
static bool resolve_namespace(struct cel_check *self, struct cel_node *call)
{
    const struct mr_span owner =
        call->is_member ? cel_check_chain(self, call->args[0]) : (struct mr_span){NULL, 0};
    struct mr_span full;

    if (owner.size == 0) {
        return true;
    }
    full.size = owner.size + 1 + call->name.size;
    full.data = (const uint8_t *)mr_arena_print(self->source->arena, "%.*s.%.*s",
                                                MR_SPAN_ARGS(owner), MR_SPAN_ARGS(call->name));
    if (full.data == NULL) {
        return cel_source_take(self->source, SIZE_MAX, 1) != NULL;
    }
    if (names_function(self, full)) {
        call->name = full;
        call->is_member = false;
        call->args++;
        call->arg_count--;
    }
    return true;
}

const struct cel_type *cel_check_call(struct cel_check *self, struct cel_node *call)
{
    const struct cel_type *type;
    enum nearness nearness;

    if (!resolve_namespace(self, call)) {
        return NULL;
    }
    nearness = collect(self, call);
    if (self->source->has_failed) {
        return NULL;
    }
    if (nearness != FITS) {
        return refuse_name(self, call, nearness);
    }
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (cel_check_node(self, call->args[i]) == NULL) {
            return NULL;
        }
    }
    type = match(self, call);
    if (self->source->has_failed) {
        return NULL;
    }
    if (type == NULL && self->dialect->is_unchecked) {
        return cel_type_basic(MR_CEL_DYN);
    }
    return type == NULL ? refuse_types(self, call) : type;
}
