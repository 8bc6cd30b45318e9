#include "processors/validate/walk.h"

#include "processors/core/stage/types.h"

#include <string.h>

#define RECORDS_MAX 256

/* Of a CEL_FIELD rule: value, fullName, name, typeName, tags, message, now. Of an inline one: this,
 * now. */
enum { VALUE, NOW, FULL_NAME, NAME, TYPE_NAME, TAGS, MESSAGE, VARIABLES };

struct judge {
    const char *rule; /* its name */
    struct mr_clause clause;
    struct mr_value fixed[VARIABLES];
    bool is_for_null; /* of the value null alone; else of all others */
};

struct record_plan;

struct step {
    uint32_t field;
    const struct mr_type *type;
    const struct judge *judges;
    size_t judge_count;
    const struct record_plan *inner; /* of the records in it; NULL: none */
};

struct record_plan {
    const struct mr_type *type;
    const struct judge *judges; /* of the record itself */
    size_t judge_count;
    struct step *steps;
    size_t step_count;
};

struct mr_walk {
    struct record_plan *records; /* RECORDS_MAX; the first is the subject's */
    size_t record_count;
    bool is_inline; /* all failures are told */
    size_t judge_count;
};

/* What is being made, and of which field. */
struct planner {
    const struct mr_walk_spec *spec;
    struct mr_walk *walk;
    struct mr_arena *arena;
    const struct mr_type *record;
    const struct mr_field *field; /* NULL: the record itself */
    const char *full_name;
    json_t *tags; /* owned; of the field */
};

static enum mr_code no_room(struct mr_error *err)
{
    return MR_FAIL(err, MR_NO_ROOM, "no room for the rules of fields");
}

/* T of ["null", T]; else the type. */
static const struct mr_type *bare(const struct mr_type *type)
{
    return type->kind == MR_AVRO_UNION && type->null_branch >= 0
               ? type->branches[1 - type->null_branch]
               : type;
}

/* Confluent's typeName of a primitive, or NULL. */
static const char *primitive_name(const struct mr_type *type)
{
    static const char *const names[] = {
        [MR_AVRO_NULL] = "NULL",   [MR_AVRO_BOOLEAN] = "BOOLEAN", [MR_AVRO_INT] = "INT",
        [MR_AVRO_LONG] = "LONG",   [MR_AVRO_FLOAT] = "FLOAT",     [MR_AVRO_DOUBLE] = "DOUBLE",
        [MR_AVRO_BYTES] = "BYTES", [MR_AVRO_STRING] = "STRING",   [MR_AVRO_FIXED] = NULL,
    };

    return type->kind < MR_COUNT(names) ? names[type->kind] : NULL;
}

static enum mr_code collect_tags(struct planner *self, struct mr_error *err)
{
    self->tags = json_array();
    if (self->tags == NULL) {
        return no_room(err);
    }
    for (size_t i = 0; i < MR_COUNT(self->spec->schemas); i++) {
        const json_t *entity =
            mr_contract_entity(self->spec->schemas[i], self->record->name, self->field->name);
        json_t *tags = json_object_get(entity, "confluent:tags");

        if (json_is_array(tags)) {
            (void)json_array_extend(self->tags, tags);
        }
    }
    mr_contract_tags(self->spec->contract, self->full_name, self->tags);
    return MR_OK;
}

static bool has_tag_of_rule(const struct planner *self)
{
    const json_t *wanted = self->spec->rule->tags;

    for (size_t i = 0; i < json_array_size(wanted); i++) {
        for (size_t k = 0; k < json_array_size(self->tags); k++) {
            if (json_equal(json_array_get(wanted, i), json_array_get(self->tags, k))) {
                return true;
            }
        }
    }
    return json_array_size(wanted) == 0;
}

/* The field's tags as a list, each once. */
static struct mr_value tags_value(const struct planner *self)
{
    const size_t count = json_array_size(self->tags);
    struct mr_value *items = mr_arena_take(self->arena, count + 1, sizeof(*items));
    uint32_t size = 0;

    for (size_t i = 0; i < count && items != NULL; i++) {
        const struct mr_span tag = mr_span_text(mr_arena_text(
            self->arena, mr_span_text(json_string_value(json_array_get(self->tags, i)))));
        uint32_t known = 0;

        while (known < size && !mr_span_equal(mr_value_span(&items[known]), tag)) {
            known++;
        }
        items[known] = mr_value_string(tag);
        size += known == size ? 1 : 0;
    }
    return (struct mr_value){
        .kind = MR_KIND_LIST, .size = items == NULL ? 0 : size, .items = items};
}

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static enum mr_code declare(const struct planner *self, struct mr_clause_names *names,
                            const char *name, size_t index, const struct mr_type *type,
                            struct mr_error *err)
{
    names->variables[index].name = name;
    names->variables[index].type = (struct mr_cel_type){.kind = MR_CEL_DYN};
    return type == NULL ? MR_OK
                        : mr_cel_type_of(type, self->arena, &names->variables[index].type, err);
}

/* type NULL: the value null, as Confluent declares it: anything. */
static enum mr_code name_field(const struct planner *self, const struct mr_type *type,
                               struct mr_clause_names *names, struct judge *judge,
                               struct mr_error *err)
{
    static const struct mr_cel_type tags = {.kind = MR_CEL_LIST, .item = &mr_cel_string};
    static const char *const texts[] = {
        [FULL_NAME] = "fullName", [NAME] = "name", [TYPE_NAME] = "typeName"};
    enum mr_code code = declare(self, names, "value", VALUE, type, err);

    if (code == MR_OK) {
        code = declare(self, names, "message", MESSAGE, self->record, err);
    }
    for (size_t i = FULL_NAME; i <= TYPE_NAME; i++) {
        names->variables[i] = (struct mr_cel_variable){texts[i], mr_cel_string};
        names->fixed[i] = &judge->fixed[i];
    }
    names->variables[TAGS] = (struct mr_cel_variable){"tags", tags};
    names->fixed[TAGS] = &judge->fixed[TAGS];
    names->count = VARIABLES;
    judge->fixed[FULL_NAME] = text_value(self->full_name);
    judge->fixed[NAME] = text_value(self->field->name);
    judge->fixed[TYPE_NAME] = text_value(type == NULL ? "NULL" : primitive_name(type));
    judge->fixed[TAGS] = tags_value(self);
    return code;
}

static void start_names(const struct planner *self, const char *rule, struct mr_clause_names *names)
{
    *names = (struct mr_clause_names){.scope = self->spec->scope,
                                      .rule = rule,
                                      .place = self->spec->place,
                                      .is_loose = self->spec->is_loose};
    names->variables[NOW] = (struct mr_cel_variable){"now", mr_cel_timestamp};
}

static enum mr_code open_judge(struct planner *self, const struct mr_type *type,
                               struct judge *judge, struct mr_error *err)
{
    const struct mr_contract *contract = self->spec->contract;
    const struct mr_contract_rule *rule = self->spec->rule;
    struct mr_clause_names names;
    enum mr_code code;

    start_names(self, rule->name, &names);
    names.has_pcre = !mr_contract_param_is(contract, rule, "cel.regex.engine", "re2");
    *judge = (struct judge){.rule = rule->name, .is_for_null = type == NULL};
    code = name_field(self, type, &names, judge, err);
    return code == MR_OK ? mr_clause_open(&names, rule->expr,
                                          !mr_contract_param_is(
                                              contract, rule, "cel.ignore.guard.separator", "true"),
                                          &mr_cel_bool, &judge->clause, err)
                         : code;
}

/* CEL_FIELD: one judge of the values, one of null where the field may be null. */
static enum mr_code judge_field(struct planner *self, struct step *step, struct mr_error *err)
{
    const struct mr_type *type = bare(self->field->type);
    struct judge *judges = mr_arena_take(self->arena, 2, sizeof(*judges));
    enum mr_code code;

    if (judges == NULL) {
        return no_room(err);
    }
    step->judges = judges;
    code = collect_tags(self, err);
    if (code != MR_OK || !has_tag_of_rule(self)) {
        return code;
    }
    if (type->kind == MR_AVRO_UNION) {
        mr_scope_complain(self->spec->scope, MR_SEVERITY_ERROR, self->spec->place,
                          self->spec->rule->name, "give the rule tags that this field has not",
                          "CEL_FIELD does not judge a union of several types: %s", self->full_name);
        return MR_FAIL(err, MR_BAD_CONFIG, "rule %s: a union", self->spec->rule->name);
    }
    if (primitive_name(type) != NULL && type->kind != MR_AVRO_NULL) {
        code = open_judge(self, type, &judges[step->judge_count++], err);
    }
    if (code == MR_OK && (type != self->field->type || type->kind == MR_AVRO_NULL)) {
        code = open_judge(self, NULL, &judges[step->judge_count++], err);
    }
    return code;
}

static enum mr_code open_inline(struct planner *self, const json_t *rule, size_t index,
                                const struct mr_type *type, struct judge *judge,
                                struct mr_error *err)
{
    const char *name = json_string_value(json_object_get(rule, "name"));
    const char *expr = json_string_value(json_object_get(rule, "expr"));
    struct mr_clause_names names;
    enum mr_code code;

    if (name == NULL) {
        name = mr_arena_print(self->arena, "%s[%zu]", self->full_name, index);
    } else {
        name = mr_arena_text(self->arena, mr_span_text(name));
    }
    if (name == NULL) {
        return no_room(err);
    }
    start_names(self, name, &names);
    if (expr == NULL) {
        mr_scope_complain(self->spec->scope, MR_SEVERITY_ERROR, self->spec->place, name, NULL,
                          "confluent:rules of %s: rule %s has no expr%s", self->full_name, name,
                          json_object_get(rule, "sql") != NULL ? ", and sql is not read here" : "");
        return MR_FAIL(err, MR_BAD_CONFIG, "rule %s has no expr", name);
    }
    *judge = (struct judge){.rule = name};
    names.count = NOW + 1;
    code = declare(self, &names, "this", VALUE, type, err);
    return code == MR_OK ? mr_clause_open(&names, expr, false, NULL, &judge->clause, err) : code;
}

/* confluent:rules of the planner's record or field, of whichever schema has them. */
static enum mr_code judge_inline(struct planner *self, const struct mr_type *type,
                                 const struct judge **judges, size_t *count, struct mr_error *err)
{
    const json_t *rules = NULL;
    struct judge *made;
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < MR_COUNT(self->spec->schemas) && rules == NULL; i++) {
        rules = json_object_get(mr_contract_entity(self->spec->schemas[i], self->record->name,
                                                   self->field ? self->field->name : NULL),
                                "confluent:rules");
    }
    made = mr_arena_take(self->arena, json_array_size(rules) + 1, sizeof(*made));
    if (made == NULL) {
        return no_room(err);
    }
    for (size_t i = 0; i < json_array_size(rules) && code == MR_OK; i++) {
        code = open_inline(self, json_array_get(rules, i), i, type, &made[i], err);
        *count += code == MR_OK ? 1 : 0;
    }
    *judges = made;
    return code;
}

static enum mr_code plan_record(struct planner *outer, const struct mr_type *type,
                                const struct record_plan **plan, struct mr_error *err);

/* The record that values of a type are, or hold; NULL: none. */
static const struct mr_type *record_in(const struct mr_type *type)
{
    type = bare(type);
    while (type->kind == MR_AVRO_ARRAY || type->kind == MR_AVRO_MAP) {
        type = bare(type->item);
    }
    return type->kind == MR_AVRO_RECORD ? type : NULL;
}

static enum mr_code plan_field(struct planner *outer, uint32_t index, struct record_plan *plan,
                               struct mr_error *err)
{
    struct planner self = *outer;
    struct step *step = &plan->steps[plan->step_count];
    const struct mr_type *inner;
    enum mr_code code;

    self.field = &plan->type->fields[index];
    self.record = plan->type;
    self.full_name = mr_arena_print(self.arena, "%s.%s", plan->type->name, self.field->name);
    if (self.full_name == NULL) {
        return no_room(err);
    }
    *step = (struct step){.field = index, .type = self.field->type};
    code = self.walk->is_inline
               ? judge_inline(&self, bare(step->type), &step->judges, &step->judge_count, err)
               : judge_field(&self, step, err);
    json_decref(self.tags);
    inner = record_in(step->type);
    self.walk->judge_count += step->judge_count;
    if (code == MR_OK && inner != NULL) {
        code = plan_record(outer, inner, &step->inner, err);
    }
    plan->step_count += code == MR_OK && (step->judge_count > 0 || inner != NULL) ? 1 : 0;
    return code;
}

static enum mr_code plan_record(struct planner *outer, const struct mr_type *type,
                                const struct record_plan **plan, struct mr_error *err)
{
    struct mr_walk *walk = outer->walk;
    struct planner self = *outer;
    struct record_plan *made = &walk->records[walk->record_count];
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < walk->record_count; i++) {
        if (walk->records[i].type == type) {
            *plan = &walk->records[i];
            return MR_OK;
        }
    }
    made->steps = mr_arena_take(self.arena, type->field_count + 1, sizeof(*made->steps));
    if (made->steps == NULL || walk->record_count == RECORDS_MAX) {
        return no_room(err);
    }
    walk->record_count++;
    made->type = self.record = type;
    self.full_name = type->name;
    *plan = made;
    if (walk->is_inline) {
        code = judge_inline(&self, type, &made->judges, &made->judge_count, err);
        walk->judge_count += made->judge_count;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const enum mr_code here = plan_field(&self, i, made, err);

        code = code == MR_OK ? here : code;
    }
    return code;
}

enum mr_code mr_walk_open(const struct mr_walk_spec *spec, const struct mr_type *subject,
                          struct mr_walk **walk, struct mr_error *err)
{
    struct mr_arena *arena = mr_scope_arena(spec->scope);
    struct mr_walk *made = mr_arena_take(arena, 1, sizeof(*made));
    struct planner planner = {.spec = spec, .walk = made, .arena = arena};
    const struct record_plan *plan;
    enum mr_code code;

    *walk = NULL;
    if (made == NULL) {
        return no_room(err);
    }
    made->is_inline = spec->rule == NULL;
    made->records = mr_arena_take(arena, RECORDS_MAX, sizeof(*made->records));
    code = made->records == NULL ? no_room(err) : plan_record(&planner, subject, &plan, err);
    *walk = code == MR_OK && made->judge_count > 0 ? made : NULL;
    return code;
}

/* One record on its way through the walk. */
struct visit {
    const struct mr_walk *walk;
    const struct mr_value *now;
    struct mr_arena *arena;
    struct mr_walk_failure *failure;
    struct mr_error *err;
};

static bool is_done(const struct visit *self)
{
    return self->failure->rule != NULL && !self->walk->is_inline;
}

static enum mr_code note(struct visit *self, const struct judge *judge,
                         const struct mr_clause_input *input, const struct mr_value *value)
{
    struct mr_walk_failure *failure = self->failure;
    const char *text = mr_clause_explain(&judge->clause, input, value);

    if (text != NULL && self->walk->is_inline) {
        text = mr_arena_print(self->arena, "%s%s%s: %s", failure->rule ? failure->detail : "",
                              failure->rule ? " | " : "", judge->rule, text);
    }
    if (text == NULL) {
        return MR_FAIL(self->err, MR_NO_ROOM, "no room for what rule %s has to say", judge->rule);
    }
    failure->detail = text;
    failure->is_error = failure->rule == NULL ? value->kind == MR_KIND_ERROR : failure->is_error;
    failure->rule = failure->rule == NULL ? judge->rule : failure->rule;
    return MR_OK;
}

static enum mr_code hear(struct visit *self, const struct judge *judges, size_t count,
                         const struct mr_value *value, const struct mr_value *message)
{
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < count && code == MR_OK && !is_done(self); i++) {
        const struct judge *judge = &judges[i];
        struct mr_value values[VARIABLES], result;
        const struct mr_clause_input input = {NULL, values, self->arena};
        enum mr_clause_outcome outcome;

        if ((value->kind == MR_KIND_NULL) != judge->is_for_null) {
            continue;
        }
        memcpy(values, judge->fixed, sizeof(values));
        values[VALUE] = *value;
        values[MESSAGE] = *message;
        values[NOW] = *self->now;
        code = mr_clause_apply(&judge->clause, &input, &outcome, &result, self->err);
        if (code == MR_OK && outcome == MR_CLAUSE_FAILS) {
            code = note(self, judge, &input, &result);
        }
    }
    return code;
}

static enum mr_code visit_records(struct visit *self, const struct record_plan *plan,
                                  const struct mr_value *value);

static enum mr_code visit_record(struct visit *self, const struct record_plan *plan,
                                 const struct mr_value *record)
{
    enum mr_code code = hear(self, plan->judges, plan->judge_count, record, record);

    for (size_t i = 0; i < plan->step_count && code == MR_OK && !is_done(self); i++) {
        const struct step *step = &plan->steps[i];
        const struct mr_value *value = &record->items[step->field];

        code = hear(self, step->judges, step->judge_count, value, record);
        if (code == MR_OK && step->inner != NULL) {
            code = visit_records(self, step->inner, value);
        }
    }
    return code;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the decoder lets a datum be */
static enum mr_code visit_records(struct visit *self, const struct record_plan *plan,
                                  const struct mr_value *value)
{
    const size_t step = value->kind == MR_KIND_MAP ? 2 : 1;
    enum mr_code code = MR_OK;

    if (value->kind == MR_KIND_RECORD) {
        return visit_record(self, plan, value);
    }
    if (value->kind != MR_KIND_LIST && value->kind != MR_KIND_MAP) {
        return MR_OK;
    }
    for (size_t i = step - 1; i < step * value->size && code == MR_OK && !is_done(self);
         i += step) {
        code = visit_records(self, plan, &value->items[i]);
    }
    return code;
}

enum mr_code mr_walk_apply(const struct mr_walk *walk, const struct mr_value *subject,
                           const struct mr_value *now, struct mr_arena *arena,
                           struct mr_walk_failure *failure, struct mr_error *err)
{
    struct visit visit = {walk, now, arena, failure, err};

    *failure = (struct mr_walk_failure){0};
    return visit_records(&visit, &walk->records[0], subject);
}
