#include "processors/validate/rule_set.h"

#include "processors/core/base/json_text.h"
#include "processors/core/stage/types.h"
#include "processors/validate/walk.h"

#include <stdlib.h>
#include <string.h>

static const char *const sides[] = {
    [MR_CONTRACT_WRITES] = "write", [MR_CONTRACT_READS] = "read", NULL};

const struct mr_option mr_rule_set_options[] = {
    MR_NODE(struct mr_rule_set_settings, file, "",
            "A contract as the Schema Registry gives it (GET /subjects/x/versions/y), or its "
            "ruleSet alone; JSON. Relative to this file."),
    MR_NODE(struct mr_rule_set_settings, subject, "",
            "Instead of file: the subject whose contract the pipeline's registry is asked for."),
    MR_TEXT(struct mr_rule_set_settings, version, "latest",
            "Of the subject: a number, or latest, which holds until the process ends; the "
            "configuration's digest in each stamp tells one contract from another."),
    MR_CHOICE(struct mr_rule_set_settings, mode, "write", sides,
              "write: the rules of WRITE and WRITEREAD, in order, and the schema's "
              "confluent:rules; read: those of READ and WRITEREAD, in reverse."),
    MR_BOOL(struct mr_rule_set_settings, loose, "false",
            "A rule whose types do not fit is tried again with records as maps of anything, as "
            "Confluent does; what then does not fit fails when it runs."),
    MR_TEXTS(struct mr_rule_set_settings, without, "", 0, 0,
             "Names of rules that cannot run here and are left out on purpose."),
    MR_OPTIONS_END,
};

/* A rule of the contract, ready: CEL over the row, or one that walks over fields. */
struct ready {
    const char *name;
    bool is_warning;
    struct mr_clause clause;
    const struct mr_walk *walk; /* NULL: the clause */
};

struct mr_rule_set {
    struct mr_contract *contract; /* owned */
    struct ready *rules;          /* arena of the scope */
    size_t rule_count;
    uint32_t subject_slot; /* the whole record; where something walks */
};

enum { MESSAGE, NOW, VARIABLES };

/* What is needed while a set opens. */
struct opening {
    struct mr_scope *scope;
    const struct mr_rule_set_settings *settings;
    const char *source; /* a path or a subject, and where the pipeline says it */
    struct mr_place place;
    int32_t version; /* of the subject; 0: the latest */
    struct mr_rule_set *set;
    enum mr_contract_side side;
    const struct mr_type *subject;
    json_t *schemas[2]; /* owned: the contract's and the topic's */
};

static enum mr_code refuse(const struct opening *self, const char *place, const char *name,
                           const char *hint, const char *why, struct mr_error *err)
{
    mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, "rule_set", hint,
                      "%s: %s: rule \"%s\" %s", self->source, place, name, why);
    return MR_FAIL(err, MR_BAD_CONFIG, "rule \"%s\" %s", name, why);
}

static bool is_without(const struct opening *self, const char *name)
{
    for (size_t i = 0; i < self->settings->without.count; i++) {
        if (strcmp(self->settings->without.items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a rule runs on this side of the topic. Migrations run on neither: they are refused. */
static bool is_of_side(const struct opening *self, const struct mr_contract_rule *rule)
{
    switch (rule->mode) {
    case MR_CONTRACT_WRITE:
        return self->side == MR_CONTRACT_WRITES;
    case MR_CONTRACT_READ:
        return self->side == MR_CONTRACT_READS;
    default:
        return true;
    }
}

/* Why it cannot run here; NULL: it can. */
static const char *obstacle(const struct opening *self, const struct mr_contract_rule *rule)
{
    const char *failure = rule->on_failure[self->side];
    const struct mr_contract *contract = self->set->contract;

    if (strcmp(rule->list, "domainRules") != 0) {
        return strcmp(rule->list, "migrationRules") == 0
                   ? "migrates records between versions of the schema, which is not done here"
                   : "encodes records, which is not done here";
    }
    if (strcmp(rule->type, "CEL") != 0 && strcmp(rule->type, "CEL_FIELD") != 0) {
        return "is of a type that is not run here: only CEL and CEL_FIELD are";
    }
    if (rule->kind == MR_CONTRACT_TRANSFORM) {
        return "would change the record (kind TRANSFORM): a stage does not re-encode its subject";
    }
    if (strcmp(rule->on_success[self->side], "NONE") != 0) {
        return "has an action onSuccess: only NONE is known here";
    }
    if (strcmp(failure, "ERROR") != 0 && strcmp(failure, "DLQ") != 0 &&
        strcmp(failure, "NONE") != 0) {
        return "has an action onFailure that is not known here: ERROR, DLQ and NONE are";
    }
    if (mr_contract_param(contract, rule, "cel.regex.engine") != NULL &&
        !mr_contract_param_is(contract, rule, "cel.regex.engine", "re2") &&
        !mr_contract_param_is(contract, rule, "cel.regex.engine", "pcre")) {
        return "has a cel.regex.engine that is neither pcre nor re2";
    }
    return rule->expr[0] == '\0' ? "has no expr" : NULL;
}

static enum mr_code open_message_rule(struct opening *self, const struct mr_contract_rule *rule,
                                      struct ready *ready, struct mr_error *err)
{
    const struct mr_contract *contract = self->set->contract;
    struct mr_clause_names names = {
        .scope = self->scope,
        .rule = rule->name,
        .place = self->place,
        .variables =
            {[MESSAGE] = {"message", {.kind = MR_CEL_DYN}}, [NOW] = {"now", mr_cel_timestamp}},
        .paths = {[MESSAGE] = "subject"},
        .count = VARIABLES,
        .has_pcre = !mr_contract_param_is(contract, rule, "cel.regex.engine", "re2"),
        .is_loose = self->settings->loose,
    };
    const enum mr_code code = mr_cel_type_of(self->subject, mr_scope_arena(self->scope),
                                             &names.variables[MESSAGE].type, err);

    return code == MR_OK ? mr_clause_open(&names, rule->expr,
                                          !mr_contract_param_is(
                                              contract, rule, "cel.ignore.guard.separator", "true"),
                                          &mr_cel_bool, &ready->clause, err)
                         : code;
}

/* rule NULL: the schema's confluent:rules. */
static enum mr_code open_walk(struct opening *self, const struct mr_contract_rule *rule,
                              struct ready *ready, struct mr_error *err)
{
    const struct mr_walk_spec spec = {.scope = self->scope,
                                      .contract = self->set->contract,
                                      .rule = rule,
                                      .schemas = {self->schemas[0], self->schemas[1]},
                                      .place = self->place,
                                      .is_loose = self->settings->loose};
    struct mr_walk *walk;
    enum mr_code code = mr_walk_open(&spec, self->subject, &walk, err);

    ready->walk = code == MR_OK ? walk : NULL;
    if (code == MR_OK && walk != NULL) {
        code = mr_scope_slot(self->scope, "subject", &self->set->subject_slot, NULL, err);
    }
    return code;
}

static void warn_of_topic(const struct opening *self, const struct mr_contract_rule *rule)
{
    const char *topic = mr_contract_param(self->set->contract, rule, "dlq.topic");

    if (strcmp(rule->on_failure[self->side], "DLQ") == 0 && topic != NULL) {
        mr_scope_complain(self->scope, MR_SEVERITY_WARNING, self->place, "rule_set", NULL,
                          "%s: rule \"%s\" names dlq.topic %s: here dead letters go to the stage's "
                          "own topic, <topic>.dlq",
                          self->source, rule->name, topic);
    }
}

static enum mr_code open_rule(struct opening *self, const struct mr_contract_rule *rule,
                              struct mr_error *err)
{
    struct ready *ready = &self->set->rules[self->set->rule_count];
    const char *why;
    enum mr_code code;

    if (rule->is_disabled || !is_of_side(self, rule) || is_without(self, rule->name)) {
        return MR_OK;
    }
    why = obstacle(self, rule);
    if (why != NULL) {
        return refuse(self, rule->place, rule->name,
                      "name it in rule_set.without to run the others without it", why, err);
    }
    ready->name = rule->name;
    ready->is_warning = strcmp(rule->on_failure[self->side], "NONE") == 0;
    warn_of_topic(self, rule);
    if (strcmp(rule->type, "CEL") == 0) {
        code = open_message_rule(self, rule, ready, err);
        self->set->rule_count++;
    } else {
        code = open_walk(self, rule, ready, err);
        self->set->rule_count += ready->walk != NULL ? 1 : 0; /* no field has its tags */
    }
    return code;
}

static enum mr_code open_rules(struct opening *self, struct mr_error *err)
{
    const struct mr_contract *contract = self->set->contract;
    enum mr_code first = MR_OK;

    for (size_t i = 0; i < contract->rule_count; i++) {
        const size_t index = self->side == MR_CONTRACT_READS ? contract->rule_count - 1 - i : i;
        const enum mr_code code = open_rule(self, &contract->rules[index], err);

        first = first == MR_OK ? code : first;
    }
    if (self->side == MR_CONTRACT_WRITES && !is_without(self, "confluent:rules")) {
        struct ready *ready = &self->set->rules[self->set->rule_count];
        const enum mr_code code = open_walk(self, NULL, ready, err);

        first = first == MR_OK ? code : first;
        ready->name = "confluent:rules";
        self->set->rule_count += ready->walk != NULL ? 1 : 0;
    }
    return first;
}

static enum mr_code check_without(const struct opening *self, struct mr_error *err)
{
    const struct mr_contract *contract = self->set->contract;

    for (size_t i = 0; i < self->settings->without.count; i++) {
        const char *name = self->settings->without.items[i];
        bool is_there = strcmp(name, "confluent:rules") == 0;

        for (size_t k = 0; k < contract->rule_count && !is_there; k++) {
            is_there = strcmp(contract->rules[k].name, name) == 0;
        }
        if (!is_there) {
            mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, "rule_set.without", NULL,
                              "%s has no rule \"%s\"", self->source, name);
            return MR_FAIL(err, MR_BAD_CONFIG, "there is no rule \"%s\"", name);
        }
    }
    return MR_OK;
}

static enum mr_code read_contract(struct opening *self, struct mr_error *err)
{
    struct mr_error inner = {0};
    struct mr_span text;
    enum mr_code code =
        self->settings->file != NULL
            ? mr_scope_read(self->scope, self->source, &text, &inner)
            : mr_scope_registered(self->scope, self->source, self->version, &text, &inner);

    if (code == MR_OK) {
        code = mr_contract_read(text, &self->set->contract, &inner);
    }
    if (code == MR_BAD_CONFIG) {
        mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, "rule_set", NULL, "%s: %s",
                          self->source, inner.text);
    }
    return code == MR_OK ? MR_OK : MR_FAIL(err, code, "%s: %s", self->source, inner.text);
}

/* Tags and inline rules may stand in the contract's schema and in the pipeline's. */
static enum mr_code read_schemas(struct opening *self, struct mr_error *err)
{
    const struct mr_schema *input = mr_scope_input_schema(self->scope);
    const char *own = self->set->contract->schema;
    json_error_t fault;
    enum mr_code code;

    self->subject = mr_schema_root(input)->fields[0].type;
    code = mr_json_load(mr_span_text(mr_schema_text(input)), 0, &self->schemas[1], NULL, err);
    if (code != MR_OK || own == NULL) {
        return code;
    }
    code = mr_json_load(mr_span_text(own), JSON_DECODE_ANY, &self->schemas[0], &fault, err);
    if (code != MR_OK) {
        return code;
    }
    if (self->schemas[0] == NULL) {
        mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, "rule_set", NULL,
                          "%s: schema: %s", self->source, fault.text);
        return MR_FAIL(err, MR_BAD_CONFIG, "the contract's schema is no JSON");
    }
    return MR_OK;
}

static enum mr_code open_set(struct opening *self, struct mr_error *err)
{
    struct mr_rule_set *set = self->set;
    enum mr_code code = read_contract(self, err);

    if (code != MR_OK) {
        return code;
    }
    MR_ASSERT(set->contract != NULL);
    if (strcmp(set->contract->enable_at, "ALL") != 0 &&
        strcmp(set->contract->enable_at, "CLIENT") != 0) {
        mr_scope_complain(self->scope, MR_SEVERITY_WARNING, self->place, "rule_set", NULL,
                          "%s: ruleSet.enableAt is %s: no rule of it runs in a client, and so "
                          "none here",
                          self->source, set->contract->enable_at);
        return MR_OK;
    }
    set->rules = mr_arena_take(mr_scope_arena(self->scope), set->contract->rule_count + 1,
                               sizeof(*set->rules));
    if (set->rules == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the rules of %s", self->source);
    }
    code = read_schemas(self, err);
    code = code == MR_OK ? check_without(self, err) : code;
    return code == MR_OK ? open_rules(self, err) : code;
}

static enum mr_code complain(const struct opening *self, const char *key, const char *why,
                             struct mr_error *err)
{
    mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->place, key, NULL, "%s", why);
    return MR_FAIL(err, MR_BAD_CONFIG, "%s: %s", key, why);
}

static bool is_given(const struct mr_node *node)
{
    return node != NULL && (node->kind != MR_NODE_SCALAR || node->text != NULL);
}

/* Where the contract is. */
static enum mr_code find_source(struct opening *self, struct mr_error *err)
{
    const bool has_file = is_given(self->settings->file);
    const struct mr_node *node = has_file ? self->settings->file : self->settings->subject;
    const char *version = self->settings->version;
    char *end;
    long number;

    if (is_given(self->settings->file) == is_given(self->settings->subject)) {
        return complain(self, "rule_set", "either file or subject says where the contract is", err);
    }
    self->place = node->place;
    self->source = node->text;
    if (node->kind != MR_NODE_SCALAR) {
        return has_file ? complain(self, "rule_set.file", "a path is expected", err)
                        : complain(self, "rule_set.subject", "a name is expected", err);
    }
    if (strcmp(version, "latest") == 0) {
        return MR_OK;
    }
    number = strtol(version, &end, 10);
    if (end == version || *end != '\0' || number < 1 || number > INT32_MAX) {
        return complain(self, "rule_set.version", "a number from 1, or latest, is expected", err);
    }
    self->version = (int32_t)number;
    return has_file ? complain(self, "rule_set.version", "a file has none", err) : MR_OK;
}

enum mr_code mr_rule_set_open(struct mr_scope *scope, const struct mr_rule_set_settings *settings,
                              struct mr_rule_set **set, struct mr_error *err)
{
    struct opening opening = {.scope = scope,
                              .settings = settings,
                              .place = mr_scope_place(scope),
                              .side = (enum mr_contract_side)settings->mode};
    enum mr_code code = find_source(&opening, err);

    *set = NULL;
    if (code != MR_OK) {
        return code;
    }
    *set = opening.set = calloc(1, sizeof(**set));
    if (*set == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a rule set");
    }
    code = open_set(&opening, err);
    json_decref(opening.schemas[0]);
    json_decref(opening.schemas[1]);
    return code;
}

void mr_rule_set_free(struct mr_rule_set *set)
{
    if (set != NULL) {
        mr_contract_free(set->contract);
        free(set);
    }
}

size_t mr_rule_set_count(const struct mr_rule_set *set)
{
    return set == NULL ? 0 : set->rule_count;
}

static void rule(struct mr_ruling *ruling, const struct ready *ready, bool is_error,
                 const char *name, const char *detail)
{
    *ruling = (struct mr_ruling){.is_warning = ready->is_warning,
                                 .reason = is_error ? "rule_error" : "rule_failed",
                                 .rule = name,
                                 .detail = detail};
}

static enum mr_code apply_walk(const struct mr_rule_set *set, const struct ready *ready,
                               const struct mr_clause_input *input, struct mr_ruling *ruling,
                               struct mr_error *err)
{
    struct mr_walk_failure failure;
    const enum mr_code code = mr_walk_apply(ready->walk, &input->row[set->subject_slot],
                                            &input->values[NOW], input->arena, &failure, err);

    if (code == MR_OK && failure.rule != NULL) {
        rule(ruling, ready, failure.is_error, failure.rule, failure.detail);
    }
    return code;
}

static enum mr_code apply_clause(const struct ready *ready, const struct mr_clause_input *input,
                                 struct mr_ruling *ruling, struct mr_error *err)
{
    enum mr_clause_outcome outcome;
    struct mr_value value;
    const char *detail;
    const enum mr_code code = mr_clause_apply(&ready->clause, input, &outcome, &value, err);

    if (code != MR_OK || outcome != MR_CLAUSE_FAILS) {
        return code;
    }
    detail = mr_clause_explain(&ready->clause, input, &value);
    if (detail == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for what rule %s has to say", ready->name);
    }
    rule(ruling, ready, value.kind == MR_KIND_ERROR, ready->name, detail);
    return MR_OK;
}

enum mr_code mr_rule_set_apply(const struct mr_rule_set *set, size_t index,
                               const struct mr_rule_case *the_case, struct mr_ruling *ruling,
                               struct mr_error *err)
{
    const struct ready *ready = &set->rules[index];
    const struct mr_value values[VARIABLES] = {[NOW] = mr_value_timestamp_ms(the_case->time_ms)};
    const struct mr_clause_input input = {the_case->row, values, the_case->arena};

    *ruling = (struct mr_ruling){.is_good = true};
    return ready->walk != NULL ? apply_walk(set, ready, &input, ruling, err)
                               : apply_clause(ready, &input, ruling, err);
}
