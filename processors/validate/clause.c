#include "processors/validate/clause.h"

#include "processors/core/cel/dialect.h"

#include <string.h>

#define SLOTS_MAX 64
#define VALUE_TEXT_MAX 200 /* bytes of one field's value in a dead letter */

struct mr_clause_slot {
    const char *name; /* "message.price" */
    uint32_t variable;
    bool is_of_row;
    uint32_t row_slot;
    struct mr_cel_path path;          /* through the boxed record that the variable holds */
    const struct mr_cel_type *opened; /* the record that becomes a map; NULL: as it is */
};

/* One expression while it is compiled. */
struct opening {
    const struct mr_clause_names *names;
    const struct mr_cel_variable *variables;
    struct mr_clause_slot *slots; /* SLOTS_MAX */
    size_t count;
};

/* "message.a.b" of a path below the variable that text begins with. */
static const char *join(const struct opening *self, const char *text,
                        const struct mr_cel_path *path)
{
    const struct mr_cel_type *type = &self->variables[path->variable].type;

    for (uint32_t i = 0; i < path->depth && text != NULL; i++) {
        const struct mr_cel_field *field = &type->record->fields[path->fields[i]];

        text = mr_arena_print(mr_scope_arena(self->names->scope), "%s.%s", text, field->name);
        type = &field->type;
    }
    return text;
}

/* Where a record was declared as a map: what makes one of it. */
static bool keep_record(const struct opening *self, struct mr_clause_slot *slot)
{
    const struct mr_cel_type *type = &self->names->variables[slot->variable].type;
    struct mr_cel_type *kept;

    if (self->variables == self->names->variables || type->kind != MR_CEL_RECORD) {
        return true;
    }
    kept = mr_arena_take(mr_scope_arena(self->names->scope), 1, sizeof(*kept));
    if (kept != NULL) {
        *kept = *type;
    }
    slot->opened = kept;
    return kept != NULL;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct opening *self = context;
    const char *of_row = self->names->paths[path->variable];
    struct mr_clause_slot *made = &self->slots[self->count];

    if (self->count == SLOTS_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "rule %s reads more than %d fields", self->names->rule,
                       SLOTS_MAX);
    }
    *made = (struct mr_clause_slot){.variable = path->variable, .path = *path};
    made->name = join(self, self->variables[path->variable].name, path);
    of_row = of_row != NULL ? join(self, of_row, path) : NULL;
    if (made->name == NULL || (self->names->paths[path->variable] != NULL && of_row == NULL)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the fields of rule %s", self->names->rule);
    }
    if (!keep_record(self, made)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the fields of rule %s", self->names->rule);
    }
    *slot = (uint32_t)self->count++;
    made->is_of_row = of_row != NULL;
    return of_row == NULL ? MR_OK
                          : mr_scope_slot(self->names->scope, of_row, &made->row_slot, NULL, err);
}

static const struct mr_cel_type any_map = {.kind = MR_CEL_MAP,
                                           .key = &mr_cel_string,
                                           .item = &(const struct mr_cel_type){.kind = MR_CEL_DYN}};

/* The variables with records as maps of anything: Confluent's second try. */
static void loosen(const struct mr_clause_names *names, struct mr_cel_variable *variables)
{
    for (size_t i = 0; i < names->count; i++) {
        variables[i] = names->variables[i];
        if (variables[i].type.kind == MR_CEL_RECORD) {
            variables[i].type = any_map;
        }
    }
}

static enum mr_code compile(struct opening *self, const char *text,
                            const struct mr_cel_type *wanted, struct mr_expression *made,
                            struct mr_cel_diagnosis *why, struct mr_error *err)
{
    const struct mr_cel_env env = {self->variables, self->names->count, bind, self};
    const struct mr_cel_dialect dialect = {
        .env = &env, .wanted = wanted, .has_full_matches = self->names->has_pcre};
    const enum mr_code code = mr_cel_compile_dialect(
        &dialect, mr_span_text(text), mr_scope_arena(self->names->scope), &made->program, why, err);

    made->slots = self->slots;
    made->slot_count = self->count;
    return code;
}

static enum mr_code open_expression(const struct mr_clause_names *names, const char *text,
                                    const struct mr_cel_type *wanted, struct mr_expression *made,
                                    struct mr_error *err)
{
    struct opening opening = {names, names->variables, NULL, 0};
    struct mr_cel_variable loose[MR_CLAUSE_VARIABLES_MAX];
    struct mr_cel_diagnosis why = {0}, again = {0};
    struct mr_error inner = {0}, ignored = {0};
    enum mr_code code;

    opening.slots = mr_arena_take(mr_scope_arena(names->scope), SLOTS_MAX, sizeof(*opening.slots));
    if (opening.slots == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for rule %s", names->rule);
    }
    code = compile(&opening, text, wanted, made, &why, &inner);
    if (code == MR_BAD_CONFIG && names->is_loose) {
        loosen(names, loose);
        opening.variables = loose;
        opening.count = 0;
        code = compile(&opening, text, NULL, made, &again, &ignored);
    }
    if (code == MR_BAD_CONFIG) {
        made->program = NULL;
        mr_scope_complain(names->scope, MR_SEVERITY_ERROR, names->place, names->rule,
                          why.hint[0] != '\0' ? why.hint : NULL, "%s: %d:%d: %s", text, why.line,
                          why.column, why.text[0] != '\0' ? why.text : inner.text);
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "rule %s: %s", names->rule, inner.text);
}

/* The text before the first ; is the guard, as Confluent splits it: also inside of a literal. */
static const char *split(const char *text, struct mr_arena *arena, const char **body)
{
    const char *mark = strchr(text, ';');
    struct mr_span guard;

    *body = text;
    if (mark == NULL) {
        return "";
    }
    *body = mark + 1;
    guard = mr_span_trim((struct mr_span){(const uint8_t *)text, (size_t)(mark - text)});
    return guard.size == 0 ? "" : mr_arena_text(arena, guard);
}

/* Whether all that an expression reads is known already; values: of the variables. */
static bool is_fixed(const struct mr_clause_names *names, const struct mr_expression *expression,
                     struct mr_value *values)
{
    for (size_t i = 0; i < expression->slot_count; i++) {
        const struct mr_value *fixed = names->fixed[expression->slots[i].variable];

        if (fixed == NULL) {
            return false;
        }
        values[expression->slots[i].variable] = *fixed;
    }
    return true;
}

static enum mr_code apply(const struct mr_expression *expression,
                          const struct mr_clause_input *input, struct mr_value *value,
                          struct mr_error *err);

static enum mr_code open_guard(const struct mr_clause_names *names, const char *text,
                               struct mr_clause *clause, struct mr_error *err)
{
    struct mr_value values[MR_CLAUSE_VARIABLES_MAX] = {0}, value = {0};
    const struct mr_clause_input input = {NULL, values, mr_scope_arena(names->scope)};
    enum mr_code code = open_expression(names, text, &mr_cel_bool, &clause->guard, err);

    if (code != MR_OK || !is_fixed(names, &clause->guard, values)) {
        return code;
    }
    code = apply(&clause->guard, &input, &value, err);
    clause->is_never = value.kind != MR_KIND_BOOL || value.number == 0;
    return code;
}

static enum mr_code check_result(const struct mr_clause_names *names, struct mr_expression *body,
                                 struct mr_error *err)
{
    const struct mr_cel_type type = mr_cel_program_type(body->program);

    if (type.kind == MR_CEL_BOOL || type.kind == MR_CEL_STRING || type.kind == MR_CEL_DYN) {
        return MR_OK;
    }
    mr_scope_complain(names->scope, MR_SEVERITY_ERROR, names->place, names->rule, NULL,
                      "%s: must give a bool or a text, not %s", mr_cel_program_text(body->program),
                      mr_cel_type_text(&type, mr_scope_arena(names->scope)));
    return MR_FAIL(err, MR_BAD_CONFIG, "rule %s: neither a bool nor a text", names->rule);
}

enum mr_code mr_clause_open(const struct mr_clause_names *names, const char *text, bool has_guard,
                            const struct mr_cel_type *wanted, struct mr_clause *clause,
                            struct mr_error *err)
{
    const char *body = text;
    const char *guard = has_guard ? split(text, mr_scope_arena(names->scope), &body) : "";
    enum mr_code code = MR_OK;

    *clause = (struct mr_clause){.takes_text = wanted == NULL};
    if (guard == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for rule %s", names->rule);
    }
    if (guard[0] != '\0') {
        code = open_guard(names, guard, clause, err);
    }
    if (code != MR_OK || clause->is_never) {
        return code;
    }
    code = open_expression(names, body, wanted, &clause->body, err);
    return code == MR_OK && wanted == NULL ? check_result(names, &clause->body, err) : code;
}

/* A boxed record as a map by its fields' names, and so all that it holds. */
static bool open_record(const struct mr_cel_type *type, struct mr_value *value,
                        struct mr_arena *arena);

static bool open_items(const struct mr_cel_type *type, struct mr_value *value,
                       struct mr_arena *arena)
{
    const size_t step = value->kind == MR_KIND_MAP ? 2 : 1;
    struct mr_value *items = mr_arena_take(arena, step * value->size + 1, sizeof(*items));

    for (size_t i = 0; items != NULL && i < step * value->size; i++) {
        items[i] = value->items[i];
        if (i % step == step - 1 && !open_record(type->item, &items[i], arena)) {
            return false;
        }
    }
    value->items = items;
    return items != NULL;
}

static bool open_record(const struct mr_cel_type *type, struct mr_value *value,
                        struct mr_arena *arena)
{
    struct mr_value *pairs;

    if (value->kind == MR_KIND_LIST || value->kind == MR_KIND_MAP) {
        return type->item == NULL || open_items(type, value, arena);
    }
    if (value->kind != MR_KIND_RECORD || type->record == NULL) {
        return true;
    }
    pairs = mr_arena_take(arena, 2 * (size_t)value->size + 1, sizeof(*pairs));
    for (uint32_t i = 0; pairs != NULL && i < value->size; i++) {
        const struct mr_cel_field *field = &type->record->fields[i];

        pairs[2 * (size_t)i] = mr_value_string(mr_span_text(field->name));
        pairs[2 * (size_t)i + 1] = value->items[i];
        if (!open_record(&field->type, &pairs[2 * (size_t)i + 1], arena)) {
            return false;
        }
    }
    *value = (struct mr_value){.kind = MR_KIND_MAP, .size = value->size, .items = pairs};
    return pairs != NULL;
}

static struct mr_value follow(struct mr_value value, const struct mr_cel_path *path)
{
    for (uint32_t i = 0; i < path->depth && value.kind == MR_KIND_RECORD; i++) {
        value = path->fields[i] < value.size ? value.items[path->fields[i]] : (struct mr_value){0};
    }
    return value;
}

static bool fill(const struct mr_expression *expression, const struct mr_clause_input *input,
                 struct mr_value *slots)
{
    for (size_t i = 0; i < expression->slot_count; i++) {
        const struct mr_clause_slot *slot = &expression->slots[i];

        slots[i] = slot->is_of_row ? input->row[slot->row_slot]
                                   : follow(input->values[slot->variable], &slot->path);
        if (slot->opened != NULL && !open_record(slot->opened, &slots[i], input->arena)) {
            return false;
        }
    }
    return true;
}

static enum mr_code apply(const struct mr_expression *expression,
                          const struct mr_clause_input *input, struct mr_value *value,
                          struct mr_error *err)
{
    struct mr_value slots[SLOTS_MAX];

    if (!fill(expression, input, slots)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room to evaluate %s",
                       mr_cel_program_text(expression->program));
    }
    return mr_evaluate(expression->program, slots, input->arena, value, err);
}

/* As Confluent has it: a guard that is false or an error skips the body; a condition fails by
 * exactly false, by an error, or, of an inline rule, by a text that is not empty. */
enum mr_code mr_clause_apply(const struct mr_clause *clause, const struct mr_clause_input *input,
                             enum mr_clause_outcome *outcome, struct mr_value *value,
                             struct mr_error *err)
{
    enum mr_code code = MR_OK;

    *outcome = MR_CLAUSE_SKIPPED;
    *value = mr_value_bool(true);
    if (clause->is_never) {
        return MR_OK;
    }
    if (clause->guard.program != NULL) {
        code = apply(&clause->guard, input, value, err);
        if (code != MR_OK || value->kind == MR_KIND_ERROR ||
            (value->kind == MR_KIND_BOOL && value->number == 0)) {
            return code;
        }
    }
    code = apply(&clause->body, input, value, err);
    *outcome = value->kind == MR_KIND_ERROR ||
                       (value->kind == MR_KIND_BOOL && value->number == 0) ||
                       (clause->takes_text && value->kind == MR_KIND_STRING && value->size > 0)
                   ? MR_CLAUSE_FAILS
                   : MR_CLAUSE_HOLDS;
    return code;
}

static const char *say(const struct mr_clause *clause, const struct mr_value *value,
                       struct mr_arena *arena)
{
    const char *text = mr_cel_program_text(clause->body.program);

    if (value->kind == MR_KIND_STRING) {
        return mr_arena_print(arena, "%.*s", MR_SPAN_ARGS(mr_value_span(value)));
    }
    return mr_arena_print(arena, "%s is %s%s", text,
                          value->kind == MR_KIND_ERROR ? "an error: " : "false",
                          value->kind == MR_KIND_ERROR ? mr_cel_fault_text(*value) : "");
}

const char *mr_clause_explain(const struct mr_clause *clause, const struct mr_clause_input *input,
                              const struct mr_value *value)
{
    const struct mr_expression *body = &clause->body;
    struct mr_arena *arena = input->arena;
    const char *text = say(clause, value, arena);
    struct mr_value slots[SLOTS_MAX];

    if (text == NULL || !fill(body, input, slots)) {
        return NULL;
    }
    for (size_t i = 0; i < body->slot_count && text != NULL; i++) {
        const char *shown = mr_value_print(&slots[i], arena);

        shown = shown ? mr_value_cut(shown, VALUE_TEXT_MAX, arena) : NULL;
        text =
            shown ? mr_arena_print(arena, "%s; %s is %s", text, body->slots[i].name, shown) : NULL;
    }
    return text;
}
