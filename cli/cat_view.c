#include "cli/cat.h"
#include "processors/core/cel/cel.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"
#include "processors/core/stage/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_SIZE ((size_t)8 << 20)

/* The first slots of every view. */
static const struct {
    const char *name;
    struct mr_cel_type type;
} metadata[] = {
    {"record.key", {.kind = MR_CEL_STRING, .is_nullable = true}},
    {"record.offset", {.kind = MR_CEL_INT}},
    {"record.partition", {.kind = MR_CEL_INT}},
    {"record.time", {.kind = MR_CEL_TIMESTAMP, .is_nullable = true}},
};

struct binding {
    struct cat_view *view;
    size_t field_count; /* variables that are fields of the root; metadata follow */
};

/* Without a record at the root the datum is the variable `value`. */
static const struct mr_type *root_record(const struct mr_schema *schema)
{
    const struct mr_type *root = mr_schema_root(schema);

    return root->kind == MR_AVRO_RECORD ? root : NULL;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    const struct binding *binding = context;
    struct mr_layout_path found = {0};

    if (path->variable >= binding->field_count) {
        *slot = (uint32_t)(path->variable - binding->field_count);
        return MR_OK;
    }
    if (path->depth + 1 > MR_LAYOUT_DEPTH_MAX) {
        return MR_FAIL(err, MR_USAGE, "--where: a path is too deep");
    }
    if (root_record(binding->view->schema) != NULL) {
        found.fields[found.depth++] = path->variable;
    }
    for (uint32_t i = 0; i < path->depth; i++) {
        found.fields[found.depth++] = path->fields[i];
    }
    *slot = mr_layout_slot(binding->view->layout, &found);
    return MR_OK;
}

/* The fields of the root record and the metadata. */
static enum mr_code declare(struct cat_view *view, struct mr_cel_variable *variables,
                            size_t field_count, struct mr_error *err)
{
    const struct mr_type *root = mr_schema_root(view->schema), *record = root_record(view->schema);
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < field_count && code == MR_OK; i++) {
        variables[i].name = record != NULL ? record->fields[i].name : "value";
        code = mr_cel_type_of(record != NULL ? record->fields[i].type : root, view->arena,
                              &variables[i].type, err);
    }
    for (size_t i = 0; i < MR_COUNT(metadata); i++) {
        variables[field_count + i] = (struct mr_cel_variable){metadata[i].name, metadata[i].type};
    }
    return code;
}

static enum mr_code compile_where(struct cat_view *view, const char *where, struct mr_error *err)
{
    static const struct mr_cel_type truth = {.kind = MR_CEL_BOOL};
    const struct mr_type *record = root_record(view->schema);
    struct binding binding = {view, record != NULL ? record->field_count : 1};
    const size_t count = binding.field_count + MR_COUNT(metadata);
    struct mr_cel_variable *variables = mr_arena_take(view->arena, count, sizeof(*variables));
    const struct mr_cel_env env = {variables, count, bind, &binding};
    struct mr_cel_diagnosis why = {0};
    struct mr_error inner = {0};
    enum mr_code code;

    if (variables == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the fields of a schema");
    }
    code = declare(view, variables, binding.field_count, err);
    if (code != MR_OK) {
        return code;
    }
    code =
        mr_cel_compile(&env, mr_span_text(where), &truth, view->arena, &view->where, &why, &inner);
    if (code == MR_BAD_CONFIG) {
        return MR_FAIL(err, MR_USAGE, "--where: column %d: %s%s%s%s", why.column, why.text,
                       why.hint[0] == '\0' ? "" : " (", why.hint, why.hint[0] == '\0' ? "" : ")");
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "--where: %s", inner.text);
}

static bool add_column(struct cat_view *view, const char *name, const struct mr_type *type,
                       uint32_t slot)
{
    if (view->column_count == CAT_COLUMNS_MAX) {
        return false;
    }
    view->columns[view->column_count++] = (struct cat_column){name, type, slot};
    return true;
}

static enum mr_code add_field(struct cat_view *view, const char *name, bool is_first,
                              struct mr_error *err)
{
    struct mr_layout_path path;
    const struct mr_type *type = NULL;
    uint32_t slot = UINT32_MAX;
    size_t bad;

    for (uint32_t i = 0; i < MR_COUNT(metadata); i++) {
        if (strcmp(metadata[i].name, name) == 0) {
            (void)add_column(view, name, NULL, i);
            return MR_OK;
        }
    }
    if (mr_layout_find(view->schema, name, &path, &type, &bad)) {
        slot = mr_layout_slot(view->layout, &path);
    } else if (is_first) {
        char words[128];

        return MR_FAIL(err, MR_USAGE, "--fields: \"%s\": there is no \"%s\" in %s", name,
                       name + bad, mr_type_words(mr_schema_root(view->schema), words));
    }
    (void)add_column(view, name, type, slot);
    return MR_OK;
}

/* Without --fields a table has a column for every leaf. */
static void add_leaves(struct cat_view *view, const struct mr_type *record, const char *head,
                       struct mr_layout_path *path)
{
    path->depth++;
    for (uint32_t i = 0; i < record->field_count; i++) {
        const struct mr_field *field = &record->fields[i];
        const char *name = mr_arena_print(view->arena, "%s%s", head, field->name);

        path->fields[path->depth - 1] = i;
        if (name != NULL && field->type->kind == MR_AVRO_RECORD && path->depth < 4) {
            add_leaves(view, field->type, mr_arena_print(view->arena, "%s.", name), path);
        } else if (name == NULL ||
                   !add_column(view, name, field->type, mr_layout_slot(view->layout, path))) {
            break;
        }
    }
    path->depth--;
}

static enum mr_code choose_columns(struct cat_view *view, const struct cat_form *form,
                                   bool is_first, struct mr_error *err)
{
    struct mr_layout_path path = {0};
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < form->field_count && code == MR_OK; i++) {
        code = add_field(view, form->fields[i], is_first, err);
    }
    if (form->field_count > 0 || !form->is_table) {
        return code;
    }
    if (root_record(view->schema) != NULL) {
        add_leaves(view, root_record(view->schema), "", &path);
    } else {
        (void)add_column(view, "value", mr_schema_root(view->schema),
                         mr_layout_slot(view->layout, &path));
    }
    return code;
}

static enum mr_code open_view(struct cat_view *view, const struct cat_form *form, bool is_first,
                              struct mr_error *err)
{
    enum mr_code code;

    view->arena = mr_arena_new(VIEW_SIZE);
    view->layout = mr_layout_new(view->schema);
    if (view->arena == NULL || view->layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a view of a schema");
    }
    (void)mr_layout_reserve(view->layout, MR_COUNT(metadata));
    code = form->where == NULL ? MR_OK : compile_where(view, form->where, err);
    if (code == MR_OK) {
        code = choose_columns(view, form, is_first, err);
    }
    if (code == MR_OK) {
        code = mr_plan_new(view->schema, view->layout, &view->plan, err);
    }
    if (code != MR_OK) {
        return code;
    }
    view->slots = calloc(mr_layout_slot_count(view->layout), sizeof(*view->slots));
    return view->slots != NULL ? MR_OK : MR_FAIL(err, MR_NO_ROOM, "no memory for slots");
}

enum mr_code cat_view_of(struct cat_view **views, const struct cat_form *form,
                         const struct mr_schema *schema, struct cat_view **view,
                         struct mr_error *err)
{
    const bool is_first = *views == NULL;

    for (*view = *views; *view != NULL; *view = (*view)->next) {
        if ((*view)->schema == schema) {
            return MR_OK;
        }
    }
    *view = calloc(1, sizeof(**view));
    if (*view == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a view of a schema");
    }
    (*view)->schema = schema;
    (*view)->next = *views;
    *views = *view;
    return open_view(*view, form, is_first, err);
}

const char *cat_view_decode(struct cat_view *view, const struct cat_item *item,
                            struct mr_arena *arena)
{
    const bool has_key = item->key.data != NULL && mr_utf8_is_valid(item->key);

    view->slots[0] = has_key ? mr_value_string(item->key) : (struct mr_value){0};
    view->slots[1] = mr_value_int(item->offset);
    view->slots[2] = mr_value_int(item->partition);
    view->slots[3] =
        item->timestamp_ms < 0 ? (struct mr_value){0} : mr_value_timestamp_ms(item->timestamp_ms);
    return mr_plan_decode(view->plan, item->datum, view->slots, arena);
}

int cat_view_holds(const struct cat_view *view, struct mr_arena *arena)
{
    return view->where == NULL ? 1 : mr_cel_holds(view->where, view->slots, arena);
}

void cat_view_put(const struct cat_view *view, size_t column, struct mr_json_out *out)
{
    const struct cat_column *what = &view->columns[column];

    if (what->type != NULL) {
        mr_json_put_typed(out, what->type, &view->slots[what->slot]);
    } else if (what->slot == UINT32_MAX) {
        mr_json_put_text(out, "null");
    } else {
        const char *text = mr_json_value(&view->slots[what->slot], out->arena);

        out->has_failed = out->has_failed || text == NULL;
        mr_json_put_text(out, text == NULL ? "" : text);
    }
}

void cat_views_free(struct cat_view *views)
{
    while (views != NULL) {
        struct cat_view *next = views->next;

        mr_plan_free(views->plan);
        mr_layout_free(views->layout);
        mr_arena_free(views->arena);
        free(views->slots);
        free(views);
        views = next;
    }
}
