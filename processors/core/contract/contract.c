#include "processors/core/contract/contract.h"

#include "processors/core/base/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE_MAX 256
#define FULL_NAME_SIZE_MAX 1000

/* What is being read, for what is said of it. */
struct at {
    const char *place; /* "ruleSet.domainRules[2]" */
    const json_t *json;
    struct mr_error *err;
};

static enum mr_code refuse(const struct at *at, const char *member, const char *why)
{
    return MR_FAIL(at->err, MR_BAD_CONFIG, "%s.%s: %s", at->place, member, why);
}

static enum mr_code known_members(const struct at *at, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)at->json, key, value)
    {
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0) {
            i++;
        }
        if (names[i] == NULL) {
            return refuse(at, key, "there is no such member");
        }
    }
    return MR_OK;
}

/* A member that is a text; absent or null: fallback. */
static enum mr_code text(const struct at *at, const char *member, const char *fallback,
                         const char **out)
{
    const json_t *value = json_object_get(at->json, member);

    *out = fallback;
    if (value == NULL || json_is_null(value)) {
        return MR_OK;
    }
    if (!json_is_string(value)) {
        return refuse(at, member, "must be a text");
    }
    *out = json_string_value(value);
    return MR_OK;
}

static enum mr_code choice(const struct at *at, const char *member, const char *const *words,
                           int *out)
{
    const char *word;
    const enum mr_code code = text(at, member, words[0], &word);

    if (code != MR_OK) {
        return code;
    }
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            *out = i;
            return MR_OK;
        }
    }
    return MR_FAIL(at->err, MR_BAD_CONFIG, "%s.%s: there is no \"%s\"", at->place, member, word);
}

static bool is_texts(const json_t *json)
{
    const char *key;
    json_t *item;
    size_t index;

    json_array_foreach(json, index, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return true;
}

/* A member that is a list or a map of texts; absent or null: NULL. */
static enum mr_code texts(const struct at *at, const char *member, json_type type,
                          const json_t **out)
{
    const json_t *value = json_object_get(at->json, member);

    *out = json_is_null(value) ? NULL : value;
    if (*out != NULL && (json_typeof(value) != type || !is_texts(value))) {
        return refuse(at, member,
                      type == JSON_ARRAY ? "must be a list of texts" : "must be a map of texts");
    }
    return MR_OK;
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const size_t head = strspn(name, letters);
    size_t size = head;

    while (head > 0 && name[size] != '\0' &&
           (strchr(letters, name[size]) != NULL || strchr("0123456789-", name[size]) != NULL)) {
        size++;
    }
    return head > 0 && name[size] == '\0' && size <= NAME_SIZE_MAX;
}

/* "DLQ,NONE": what is done where records are written, and where they are read. */
static enum mr_code read_actions(const struct at *at, const char *member, const char *fallback,
                                 struct mr_contract_rule *rule, json_t *store, const char **out)
{
    const bool has_sides = rule->mode == MR_CONTRACT_WRITEREAD || rule->mode == MR_CONTRACT_UPDOWN;
    const char *word, *comma;
    json_t *first;
    const enum mr_code code = text(at, member, fallback, &word);

    if (code != MR_OK) {
        return code;
    }
    comma = strchr(word, ',');
    out[MR_CONTRACT_WRITES] = out[MR_CONTRACT_READS] = word;
    if (comma == NULL) {
        return MR_OK;
    }
    if (!has_sides) {
        return refuse(at, member, "two actions need mode WRITEREAD or UPDOWN");
    }
    first = json_stringn(word, (size_t)(comma - word));
    if (first == NULL || json_array_append_new(store, first) != 0) {
        return MR_FAIL(at->err, MR_NO_ROOM, "no memory for the contract");
    }
    out[MR_CONTRACT_WRITES] = json_string_value(first);
    out[MR_CONTRACT_READS] = comma + 1;
    return MR_OK;
}

static enum mr_code read_names(const struct at *at, struct mr_contract_rule *rule)
{
    enum mr_code code = text(at, "name", "", &rule->name);

    if (code == MR_OK && !is_name(rule->name)) {
        code = refuse(at, "name",
                      "must begin with a letter or _, then letters, digits, _ and -; at most 256");
    }
    if (code == MR_OK) {
        code = text(at, "type", "", &rule->type);
    }
    if (code == MR_OK && rule->type[0] == '\0') {
        code = refuse(at, "type", "is missing");
    }
    return code == MR_OK ? text(at, "expr", "", &rule->expr) : code;
}

static enum mr_code read_kinds(const struct at *at, struct mr_contract_rule *rule)
{
    static const char *const kinds[] = {"TRANSFORM", "CONDITION", NULL};
    static const char *const domain[] = {"WRITEREAD", "WRITE", "READ", NULL};
    static const char *const migration[] = {"UPDOWN", "UPGRADE", "DOWNGRADE", NULL};
    const bool is_migration = strcmp(rule->list, "migrationRules") == 0;
    int kind = 0, mode = 0;
    enum mr_code code = choice(at, "kind", kinds, &kind);

    if (code == MR_OK) {
        code = choice(at, "mode", is_migration ? migration : domain, &mode);
    }
    rule->kind = (enum mr_contract_kind)kind;
    rule->mode = (enum mr_contract_mode)(mode + (is_migration ? MR_CONTRACT_UPDOWN : 0));
    return code;
}

static enum mr_code read_rest(const struct at *at, struct mr_contract_rule *rule, json_t *store)
{
    const json_t *disabled = json_object_get(at->json, "disabled");
    enum mr_code code = texts(at, "tags", JSON_ARRAY, &rule->tags);

    if (code == MR_OK) {
        code = texts(at, "params", JSON_OBJECT, &rule->params);
    }
    if (code == MR_OK) {
        code = read_actions(at, "onSuccess", "NONE", rule, store, rule->on_success);
    }
    if (code == MR_OK) {
        code = read_actions(at, "onFailure", "ERROR", rule, store, rule->on_failure);
    }
    if (code == MR_OK && disabled != NULL && !json_is_boolean(disabled) &&
        !json_is_null(disabled)) {
        code = refuse(at, "disabled", "must be true or false");
    }
    rule->is_disabled = json_is_true(disabled);
    return code;
}

static enum mr_code read_rule(struct mr_contract *contract, const json_t *json, const char *list,
                              size_t index, json_t *store, struct mr_error *err)
{
    static const char *const members[] = {"name",      "doc",       "kind",     "mode",
                                          "type",      "tags",      "expr",     "params",
                                          "onSuccess", "onFailure", "disabled", NULL};
    struct mr_contract_rule *rule = &contract->rules[contract->rule_count];
    json_t *place = json_sprintf("ruleSet.%s[%zu]", list, index);
    const struct at at = {json_string_value(place), json, err};
    const char *doc;
    enum mr_code code;

    if (place == NULL || json_array_append_new(store, place) != 0) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the contract");
    }
    if (!json_is_object(json)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: must be a map", at.place);
    }
    *rule = (struct mr_contract_rule){.place = at.place, .list = list};
    code = known_members(&at, members);
    code = code == MR_OK ? text(&at, "doc", "", &doc) : code;
    code = code == MR_OK ? read_names(&at, rule) : code;
    code = code == MR_OK ? read_kinds(&at, rule) : code;
    code = code == MR_OK ? read_rest(&at, rule, store) : code;
    for (size_t i = 0; code == MR_OK && i < contract->rule_count; i++) {
        if (strcmp(contract->rules[i].name, rule->name) == 0) {
            code = MR_FAIL(err, MR_BAD_CONFIG, "%s.name: there are two rules named \"%s\"",
                           at.place, rule->name);
        }
    }
    contract->rule_count += code == MR_OK ? 1 : 0;
    return code;
}

static const char *const lists[] = {"domainRules", "migrationRules", "encodingRules"};

static enum mr_code read_lists(struct mr_contract *contract, const json_t *set, json_t *store,
                               struct mr_error *err)
{
    const struct at at = {"ruleSet", set, err};
    size_t room = 1;
    enum mr_code code = MR_OK;

    for (size_t i = 0; i < MR_COUNT(lists); i++) {
        const json_t *list = json_object_get(set, lists[i]);

        if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
            return refuse(&at, lists[i], "must be a list of rules");
        }
        room += json_array_size(list);
    }
    contract->rules = calloc(room, sizeof(*contract->rules));
    if (contract->rules == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for %zu rules", room);
    }
    for (size_t i = 0; i < MR_COUNT(lists); i++) {
        const json_t *list = json_object_get(set, lists[i]);

        for (size_t k = 0; k < json_array_size(list) && code == MR_OK; k++) {
            code = read_rule(contract, json_array_get(list, k), lists[i], k, store, err);
        }
    }
    return code;
}

static enum mr_code read_set(struct mr_contract *contract, const json_t *set, json_t *store,
                             struct mr_error *err)
{
    static const char *const members[] = {"domainRules", "migrationRules", "encodingRules",
                                          "enableAt", NULL};
    static const char *const places[] = {"ALL", "CLIENT", "GATEWAY", "SERVER", "NONE", NULL};
    const struct at at = {"ruleSet", set, err};
    int enable_at = 0;
    enum mr_code code;

    if (!json_is_object(set)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "ruleSet: must be a map");
    }
    code = known_members(&at, members);
    code = code == MR_OK ? choice(&at, "enableAt", places, &enable_at) : code;
    contract->enable_at = places[enable_at];
    return code == MR_OK ? read_lists(contract, set, store, err) : code;
}

static enum mr_code read_metadata(const json_t *document, struct mr_error *err)
{
    const json_t *metadata = json_object_get(document, "metadata");
    const struct at at = {"metadata", metadata, err};
    const json_t *properties, *tags;
    const char *path;
    json_t *names;

    if (metadata == NULL || json_is_null(metadata)) {
        return MR_OK;
    }
    if (!json_is_object(metadata)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "metadata: must be a map");
    }
    tags = json_object_get(metadata, "tags");
    json_object_foreach((json_t *)(uintptr_t)tags, path, names)
    {
        if (!json_is_array(names) || !is_texts(names)) {
            return MR_FAIL(err, MR_BAD_CONFIG, "metadata.tags.%s: must be a list of texts", path);
        }
    }
    return texts(&at, "properties", JSON_OBJECT, &properties);
}

/* Kept with the document, so that it is freed with it. */
static json_t *new_store(json_t *document)
{
    json_t *store = json_array();

    return json_object_set_new(document, " texts", store) == 0 ? store : NULL;
}

static enum mr_code read_document(struct mr_contract *contract, struct mr_error *err)
{
    json_t *document = contract->document;
    const json_t *set = json_object_get(document, "ruleSet");
    const bool is_bare = set == NULL && json_object_get(document, "schema") == NULL;
    const char *type;
    const struct at at = {"contract", document, err};
    enum mr_code code = text(&at, "schemaType", "AVRO", &type);

    if (code != MR_OK || strcmp(type, "AVRO") != 0) {
        return code != MR_OK ? code : refuse(&at, "schemaType", "only AVRO is read here");
    }
    code = text(&at, "schema", NULL, &contract->schema);
    code = code == MR_OK ? read_metadata(document, err) : code;
    contract->enable_at = "ALL";
    if (code != MR_OK || json_is_null(set) || (set == NULL && !is_bare)) {
        return code;
    }
    if (is_bare) {
        json_t *store = json_array();
        json_t *whole = json_object();

        if (json_object_set_new(whole, " texts", store) != 0 ||
            json_object_set(whole, "ruleSet", document) != 0) {
            json_decref(whole);
            return MR_FAIL(err, MR_NO_ROOM, "no memory for the contract");
        }
        contract->document = whole;
        json_decref(document);
        return read_set(contract, document, store, err);
    }
    {
        json_t *store = new_store(document);

        return store == NULL ? MR_FAIL(err, MR_NO_ROOM, "no memory for the contract")
                             : read_set(contract, set, store, err);
    }
}

enum mr_code mr_contract_read(struct mr_span text_in, struct mr_contract **contract,
                              struct mr_error *err)
{
    struct mr_contract *self = calloc(1, sizeof(*self));
    const uint64_t shortages = mr_json_shortages();
    json_error_t fault;
    enum mr_code code;

    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the contract");
    }
    code = mr_json_load(text_in, JSON_REJECT_DUPLICATES, &self->document, &fault, err);
    if (code == MR_OK && self->document == NULL) {
        code = MR_FAIL(err, MR_BAD_CONFIG, "line %d, column %d: %s", fault.line, fault.column,
                       fault.text);
    } else if (code == MR_OK) {
        code = json_is_object(self->document)
                   ? read_document(self, err)
                   : MR_FAIL(err, MR_BAD_CONFIG, "contract: must be a map");
    }
    if (code == MR_OK && mr_json_shortages() != shortages) {
        code = MR_FAIL(err, MR_NO_ROOM, "no memory for the contract");
    }
    if (code != MR_OK) {
        mr_contract_free(self);
        return code;
    }
    *contract = self;
    return MR_OK;
}

void mr_contract_free(struct mr_contract *contract)
{
    if (contract != NULL) {
        json_decref(contract->document);
        free(contract->rules);
        free(contract);
    }
}

const char *mr_contract_param(const struct mr_contract *contract,
                              const struct mr_contract_rule *rule, const char *name)
{
    const json_t *own = json_object_get(rule->params, name);
    const json_t *metadata = json_object_get(contract->document, "metadata");
    const json_t *shared = json_object_get(json_object_get(metadata, "properties"), name);

    return json_string_value(own != NULL ? own : shared);
}

bool mr_contract_param_is(const struct mr_contract *contract, const struct mr_contract_rule *rule,
                          const char *name, const char *wanted)
{
    const char *value = mr_contract_param(contract, rule, name);

    return value != NULL && mr_span_is_nocase(mr_span_text(value), wanted);
}

/* One element of the pattern over all places of the text that are reached: * and ** reach the
 * places behind, any other the next one. */
static const char *advance(const char *pattern, const char *name, size_t size, bool *reached)
{
    const bool is_star = *pattern == '*', is_deep = is_star && pattern[1] == '*';
    const bool is_any = *pattern == '?';
    bool before = reached[0];

    pattern += *pattern == '\\' && pattern[1] != '\0' ? 1 : 0;
    reached[0] = is_star && before;
    for (size_t i = 0; i < size; i++) {
        const bool here = reached[i + 1];
        const bool is_same = is_any ? name[i] != '.' : name[i] == *pattern;

        reached[i + 1] =
            is_star ? here || (reached[i] && (is_deep || name[i] != '.')) : before && is_same;
        before = here;
    }
    return pattern + (is_deep ? 2 : 1);
}

bool mr_contract_matches(const char *pattern, const char *name)
{
    const size_t size = strlen(name);
    bool reached[FULL_NAME_SIZE_MAX + 1] = {true};

    if (size > FULL_NAME_SIZE_MAX) {
        return false;
    }
    while (*pattern != '\0') {
        const bool is_deep = strncmp(pattern, "**.*", 4) == 0;

        pattern = advance(pattern, name, size, reached);
        pattern += is_deep ? 2 : 0; /* "**.*" is "**" */
    }
    return reached[size];
}

void mr_contract_tags(const struct mr_contract *contract, const char *full_name, json_t *out)
{
    const json_t *metadata = json_object_get(contract->document, "metadata");
    json_t *tags = json_object_get(metadata, "tags");
    const char *pattern;
    json_t *names;

    json_object_foreach(tags, pattern, names)
    {
        if (mr_contract_matches(pattern, full_name)) {
            (void)json_array_extend(out, names);
        }
    }
}

static const json_t *find_in(const json_t *schema, const char *space, const char *record);

static const json_t *find_in_fields(const json_t *fields, const char *space, const char *record)
{
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(fields) && found == NULL; i++) {
        found = find_in(json_object_get(json_array_get(fields, i), "type"), space, record);
    }
    return found;
}

static bool is_named(const json_t *schema, const char *space, const char *record)
{
    const char *name = json_string_value(json_object_get(schema, "name"));
    const size_t size = strlen(space);

    if (name == NULL || strcmp(name, record) == 0) {
        return name != NULL;
    }
    return strchr(name, '.') == NULL && size > 0 && strncmp(record, space, size) == 0 &&
           record[size] == '.' && strcmp(record + size + 1, name) == 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): a schema's JSON is as deep as it was parsed */
static const json_t *find_in(const json_t *schema, const char *space, const char *record)
{
    const json_t *own = json_object_get(schema, "namespace"), *found = NULL;

    for (size_t i = 0; i < json_array_size(schema) && found == NULL; i++) {
        found = find_in(json_array_get(schema, i), space, record);
    }
    if (!json_is_object(schema)) {
        return found;
    }
    space = json_is_string(own) ? json_string_value(own) : space;
    if (json_is_array(json_object_get(schema, "fields"))) {
        return is_named(schema, space, record)
                   ? schema
                   : find_in_fields(json_object_get(schema, "fields"), space, record);
    }
    found = find_in(json_object_get(schema, "type"), space, record);
    found = found != NULL ? found : find_in(json_object_get(schema, "items"), space, record);
    return found != NULL ? found : find_in(json_object_get(schema, "values"), space, record);
}

const json_t *mr_contract_entity(const json_t *schema, const char *record, const char *field)
{
    const json_t *found = find_in(schema, "", record);
    const json_t *fields = json_object_get(found, "fields");

    for (size_t i = 0; i < json_array_size(fields) && field != NULL; i++) {
        const json_t *item = json_array_get(fields, i);
        const char *name = json_string_value(json_object_get(item, "name"));

        if (name != NULL && strcmp(name, field) == 0) {
            return item;
        }
    }
    return field == NULL ? found : NULL;
}
