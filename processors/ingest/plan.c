#include "processors/ingest/plan.h"

#include "processors/core/stage/types.h"

#include <string.h>

/* How many leaves a type has, and so how far behind it the next one's first is. */
static uint32_t count_leaves(const struct mr_type *type)
{
    uint32_t count = 0;

    if (type->kind != MR_AVRO_RECORD) {
        return 1;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        count += count_leaves(type->fields[i].type);
    }
    return count;
}

static enum mr_code bind_subject(const struct mr_type *type, const struct mr_cel_path *path,
                                 uint32_t *slot, struct mr_error *err)
{
    *slot = 0;
    for (uint32_t level = 0; level < path->depth; level++) {
        for (uint32_t i = 0; i < path->fields[level]; i++) {
            *slot += count_leaves(type->fields[i].type);
        }
        type = type->fields[path->fields[level]].type;
    }
    if (type->kind == MR_AVRO_RECORD) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s is a record: name one of its fields", type->name);
    }
    return MR_OK;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct mr_ingest_plan_names *names = context;

    if (path->variable > 0) {
        names->is_value_used |= names->has_value && path->variable == 1;
        *slot = names->extra_first + path->variable - 1;
        return MR_OK;
    }
    if (names->subject != NULL) {
        return bind_subject(names->subject, path, slot, err);
    }
    if (path->depth == 0) {
        return MR_FAIL(err, MR_BAD_CONFIG, "source is a record: name one of its fields");
    }
    *slot = path->fields[0];
    return MR_OK;
}

/* Exact for an expression that starts on its key's line. */
static struct mr_place place_in(struct mr_place start, const struct mr_cel_diagnosis *why)
{
    const bool is_first = why->line <= 1;

    start.line += is_first ? 0 : why->line - 1;
    start.column = is_first ? start.column + (why->column > 0 ? why->column - 1 : 0) : why->column;
    return start;
}

const struct mr_cel_program *mr_ingest_plan_compile(struct mr_ingest_plan_names *names,
                                                    const struct mr_source *source,
                                                    const struct mr_cel_type *wanted,
                                                    struct mr_arena *arena,
                                                    struct mr_report *report)
{
    const struct mr_cel_env env = {names->variables, names->variable_count, bind, names};
    const struct mr_cel_program *program = NULL;
    struct mr_cel_diagnosis why = {0};
    struct mr_error err = {0};

    names->is_value_used = false;
    if (mr_cel_compile(&env, mr_span_text(source->text), wanted, arena, &program, &why, &err) !=
        MR_OK) {
        mr_report_add(report, MR_SEVERITY_ERROR, place_in(source->place, &why), source->key,
                      why.hint[0] != '\0' ? why.hint : NULL, "%s",
                      why.text[0] != '\0' ? why.text : err.text);
        return NULL;
    }
    return program;
}

static void add_file_names(struct mr_ingest_plan_names *names)
{
    names->variables[names->variable_count++] =
        (struct mr_cel_variable){"file.name", {.kind = MR_CEL_STRING}};
    names->variables[names->variable_count++] =
        (struct mr_cel_variable){"file.time", {.kind = MR_CEL_TIMESTAMP, .is_nullable = true}};
}

bool mr_ingest_plan_subject_names(const struct mr_ingest_plan *plan, const struct mr_schema *schema,
                                  struct mr_arena *arena, struct mr_ingest_plan_names *names)
{
    *names = (struct mr_ingest_plan_names){.variables = {{"subject", {.kind = MR_CEL_DYN}}},
                                           .variable_count = 1,
                                           .subject = mr_schema_root(schema),
                                           .extra_first = (uint32_t)plan->leaf_count};
    add_file_names(names);
    return mr_cel_type_of(names->subject, arena, &names->variables[0].type, NULL) == MR_OK;
}

/* What is wanted of a source: the fields that have a name there, then the extra texts. */
static bool fill_wanted(struct mr_ingest_plan *plan, const struct mr_mapping *mapping,
                        struct mr_arena *arena)
{
    const struct mr_mapping_field *fields = mapping->fields.items;
    const struct mr_mapping_text *texts = mapping->texts.items;
    const size_t most = mapping->fields.count + mapping->texts.count;
    struct mr_wanted *names = mr_arena_take(arena, most + 1, sizeof(*names));
    size_t count = 0;

    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < mapping->fields.count; i++) {
        if (fields[i].from.count > 0) {
            names[count++] = (struct mr_wanted){fields[i].name, fields[i].from};
        }
    }
    for (size_t i = 0; i < mapping->texts.count; i++) {
        names[count++] = (struct mr_wanted){texts[i].name, texts[i].from};
    }
    plan->wanted = (struct mr_wanted_rows){names, count, mapping->rows, mapping->missing};
    return true;
}

static bool source_names(const struct mr_ingest_plan *plan, struct mr_arena *arena,
                         struct mr_ingest_plan_names *names)
{
    const size_t count = plan->wanted.count;
    struct mr_cel_record *record = mr_arena_take(arena, 1, sizeof(*record));
    struct mr_cel_field *fields = mr_arena_take(arena, count + 1, sizeof(*fields));

    if (record == NULL || fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct mr_cel_field){plan->wanted.names[i].name,
                                          {.kind = MR_CEL_STRING, .is_nullable = true}};
    }
    *record = (struct mr_cel_record){"source", count, fields};
    *names = (struct mr_ingest_plan_names){
        .variables = {{"source", {.kind = MR_CEL_RECORD, .record = record}},
                      {"value", {.kind = MR_CEL_STRING}}},
        .variable_count = 2,
        .extra_first = (uint32_t)count,
        .has_value = true};
    add_file_names(names);
    return true;
}

/* The field of a leaf's path; NULL: there is none. */
static const struct mr_field *find_field(const struct mr_type *type, const char *path)
{
    const struct mr_field *field = NULL;

    while (type->kind == MR_AVRO_RECORD) {
        const size_t size = strcspn(path, ".");

        field = NULL;
        for (size_t i = 0; i < type->field_count && field == NULL; i++) {
            if (mr_span_is((struct mr_span){(const uint8_t *)path, size}, type->fields[i].name)) {
                field = &type->fields[i];
            }
        }
        if (field == NULL || path[size] == '\0') {
            return field;
        }
        type = field->type;
        path += size + 1;
    }
    return NULL;
}

/* A default that a slot can hold. */
static bool read_default(const json_t *json, struct mr_value *value)
{
    if (json_is_string(json)) {
        *value = mr_value_string(mr_span_text(json_string_value(json)));
    } else if (json_is_boolean(json)) {
        *value = mr_value_bool(json_is_true(json));
    } else if (json_is_integer(json)) {
        *value = mr_value_int(json_integer_value(json));
    } else if (json_is_real(json)) {
        *value = mr_value_double(json_real_value(json));
    } else {
        *value = (struct mr_value){.kind = MR_KIND_NULL};
        return json_is_null(json);
    }
    return true;
}

static void fill_fallback(struct mr_ingest_plan_leaf *leaf, const struct mr_field *field,
                          const struct mr_type *type)
{
    if (field != NULL && field->fallback != NULL) {
        leaf->has_fallback = read_default(field->fallback, &leaf->fallback);
    } else if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        leaf->has_fallback = true;
    }
}

/* What an expression may give: the leaf's own type, or a text that is converted. */
static bool check_result(const struct mr_ingest_plan_leaf *leaf, const struct mr_type *type,
                         const struct mr_source *source, struct mr_arena *arena,
                         struct mr_report *report)
{
    const struct mr_cel_type given = mr_cel_program_type(leaf->program);
    struct mr_cel_type wanted;

    if (mr_cel_type_of(type, arena, &wanted, NULL) != MR_OK) {
        return false;
    }
    if (given.kind == wanted.kind || given.kind == MR_CEL_NULL ||
        (given.kind == MR_CEL_STRING && leaf->convert.kind != MR_CONVERT_NONE)) {
        return true;
    }
    mr_report_add(report, MR_SEVERITY_ERROR, source->place, source->key, NULL,
                  "gives %s where %s wants %s", mr_cel_type_text(&given, arena), leaf->name,
                  mr_cel_type_text(&wanted, arena));
    return false;
}

static bool fill_leaf(struct mr_ingest_plan_leaf *leaf, const struct mr_mapping_field *field,
                      const struct mr_type *type, struct mr_ingest_plan_names *names,
                      struct mr_arena *arena, struct mr_report *report)
{
    leaf->is_lenient = field->invalid == MR_MAPPING_MISSING;
    if (field->expr.text == NULL) {
        if (leaf->convert.kind != MR_CONVERT_NONE && leaf->text != MR_PLAN_NO_TEXT) {
            return true;
        }
        mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, field->name, NULL,
                      leaf->text == MR_PLAN_NO_TEXT
                          ? "has neither a name in the sources nor an expression"
                          : "no text is of its type: it needs an expression");
        return false;
    }
    leaf->program = mr_ingest_plan_compile(names, &field->expr, NULL, arena, report);
    leaf->uses_value = names->is_value_used;
    return leaf->program != NULL && check_result(leaf, type, &field->expr, arena, report);
}

/* The field's place among the wanted, which are in the order of the mapping. */
static uint32_t text_of(const struct mr_ingest_plan *plan, const struct mr_mapping_field *field)
{
    for (size_t i = 0; field->from.count > 0 && i < plan->wanted.count; i++) {
        if (strcmp(plan->wanted.names[i].name, field->name) == 0) {
            return (uint32_t)i;
        }
    }
    return MR_PLAN_NO_TEXT;
}

static const struct mr_mapping_field *field_of(const struct mr_mapping *mapping, const char *name)
{
    const struct mr_mapping_field *fields = mapping->fields.items;

    for (size_t i = 0; i < mapping->fields.count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

static bool fill_leaves(struct mr_ingest_plan *plan, const struct mr_mapping *mapping,
                        const struct mr_schema *schema, struct mr_arena *arena,
                        struct mr_report *report)
{
    struct mr_ingest_plan_names names;
    bool is_good = source_names(plan, arena, &names);

    for (size_t i = 0; is_good && i < plan->leaf_count; i++) {
        struct mr_ingest_plan_leaf *leaf = &plan->leaves[i];
        const struct mr_type *type = mr_encoder_leaf_type(plan->encoder, i);
        const struct mr_mapping_field *field;

        leaf->name = mr_encoder_leaf_name(plan->encoder, i);
        leaf->convert = mr_convert_of(type, &mapping->dates, mapping->utc_offset_ms);
        fill_fallback(leaf, find_field(mr_schema_root(schema), leaf->name), type);
        field = field_of(mapping, leaf->name);
        leaf->text = field == NULL ? MR_PLAN_NO_TEXT : text_of(plan, field);
        if (field != NULL) {
            (void)fill_leaf(leaf, field, type, &names, arena, report);
        } else if (!leaf->has_fallback) {
            mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, leaf->name, NULL,
                          "the mapping does not say where it comes from, and it cannot be null");
        }
    }
    return is_good;
}

/* Every name of the mapping is a field of the subject, once. */
static void check_names(const struct mr_ingest_plan *plan, const struct mr_mapping *mapping,
                        struct mr_arena *arena, struct mr_report *report)
{
    const struct mr_mapping_field *fields = mapping->fields.items;
    const char **names = mr_arena_take(arena, plan->leaf_count + 1, sizeof(const char *));

    for (size_t i = 0; names != NULL && i < plan->leaf_count; i++) {
        names[i] = plan->leaves[i].name;
    }
    for (size_t i = 0; names != NULL && i < mapping->fields.count; i++) {
        size_t at = 0;

        while (at < plan->leaf_count && strcmp(names[at], fields[i].name) != 0) {
            at++;
        }
        if (at == plan->leaf_count) {
            const char *nearest = mr_nearest(fields[i].name, names, plan->leaf_count);

            mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, fields[i].name,
                          nearest ? mr_arena_print(arena, "did you mean %s?", nearest) : NULL,
                          "the mapping names it, and the subject has no such field");
        } else if (field_of(mapping, fields[i].name) != &fields[i]) {
            mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, fields[i].name, NULL,
                          "the mapping names it twice");
        }
    }
}

bool mr_ingest_plan_open(struct mr_ingest_plan *plan, const struct mr_mapping *mapping,
                         const struct mr_schema *schema, struct mr_arena *arena,
                         struct mr_report *report)
{
    const size_t errors = mr_report_errors(report);
    struct mr_error err = {0};

    *plan = (struct mr_ingest_plan){0};
    if (mr_encoder_new(schema, &plan->encoder, &err) != MR_OK) {
        mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, "subject", NULL, "%s",
                      err.text);
        return false;
    }
    plan->leaf_count = mr_encoder_leaf_count(plan->encoder);
    plan->leaves = mr_arena_take(arena, plan->leaf_count + 1, sizeof(*plan->leaves));
    if (plan->leaves == NULL || !fill_wanted(plan, mapping, arena) ||
        !fill_leaves(plan, mapping, schema, arena, report)) {
        mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){0}, "ingest", NULL,
                      "no room for the mapping");
        return false;
    }
    check_names(plan, mapping, arena, report);
    return mr_report_errors(report) == errors;
}

void mr_ingest_plan_close(struct mr_ingest_plan *plan)
{
    mr_encoder_free(plan->encoder);
    plan->encoder = NULL;
}
