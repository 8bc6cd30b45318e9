#include "processors/advise/advisory_rule.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
/* A suppression is remembered for some time after it has ended, so that the next advisory can say
 * how many were held back; then the key is forgotten, or memory would only grow. */
#define TTL_PER_SUPPRESSION 4

#define SELF struct mr_advisory_settings

const char *const mr_severities[] = {"info", "low", "medium", "high", "critical", NULL};

static const struct mr_option suppress_options[] = {
    MR_EXPR(struct mr_suppress_settings, key, NULL,
            "One advisory per value of this; must contain what places a record in its partition."),
    {MR_OPTION_DURATION, "for", MR_MEMBER(struct mr_suppress_settings, for_ms, int64_t), NULL, 1000,
     366 * DAY_MS,
     "For so long after an advisory, by event time, further ones are held back and "
     "counted.",
     NULL, NULL, 0},
    MR_INT(struct mr_suppress_settings, keys_max, "1000000", 1, 1000000000,
           "Per partition; one more stops the stage instead of eating the memory."),
    MR_OPTIONS_END,
};

const struct mr_option mr_advisory_options[] = {
    MR_TEXT(SELF, name, NULL, "What the advisory says its rule is; part of its id; each once."),
    MR_EXPR(SELF, when, NULL, "An advisory is made of every record for which this holds."),
    MR_CHOICE(SELF, severity, "medium", mr_severities, "How much it matters."),
    MR_TEXTS(SELF, audience, "", 0, 32, "Who should see it: roles, not people."),
    MR_TEXT(SELF, title, NULL, "One line, with {{ expressions }}."),
    MR_TEXT(SELF, body, "",
            "The text, with {{ expressions }}; or the name of a file that holds it (one word that "
            "ends in .md or .txt), relative to the pipeline file."),
    MR_LIST(SELF, suppress, struct mr_suppress_settings, suppress_options, 0, 1,
            "Holds back what would only repeat the last advisory."),
    MR_EXPRS(SELF, evidence, "", 0, 64,
             "What else to keep with it, beside all that the condition and the texts use."),
    MR_OPTIONS_END,
};

struct opening {
    struct mr_scope *scope;
    const struct mr_advisory_settings *settings;
    struct mr_advisory_rule *rule;
    struct mr_exhibit *exhibits; /* of the rule, while they are gathered */
    enum mr_code first;          /* that was not MR_OK */
};

static void note(struct opening *self, enum mr_code code)
{
    self->first = self->first != MR_OK ? self->first : code;
}

static bool ends_in(const char *text, const char *tail)
{
    const size_t size = strlen(text), tail_size = strlen(tail);

    return size > tail_size && strcmp(text + size - tail_size, tail) == 0;
}

static bool is_file_name(const char *text)
{
    return strpbrk(text, " \t\r\n{}") == NULL && (ends_in(text, ".md") || ends_in(text, ".txt"));
}

static enum mr_code open_text(struct opening *self, const char *member, const char *text,
                              struct mr_template *template, struct mr_error *err)
{
    const struct mr_place place = self->settings->when.place;
    /* Scalars other than expressions do not keep their place: the rule's is near enough. */
    const char *key = mr_arena_print(mr_scope_arena(self->scope), "%s.%s.%s",
                                     mr_scope_stage(self->scope), self->settings->name, member);

    if (key == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a key");
    }
    return mr_template_open(self->scope, text, place, key, template, err);
}

static enum mr_code open_file(struct opening *self, const char *path, struct mr_error *err)
{
    struct mr_span bytes = {NULL, 0};
    struct mr_error inner = {0};
    const enum mr_code code = mr_scope_read(self->scope, path, &bytes, &inner);
    const struct mr_place place = {path, 1, 1};

    if (code != MR_OK || !mr_utf8_is_valid(bytes)) {
        mr_scope_complain(self->scope, MR_SEVERITY_ERROR, self->settings->when.place,
                          self->settings->when.key, NULL, "body: %s",
                          code != MR_OK ? inner.text : "is not UTF-8");
        return MR_FAIL(err, code != MR_OK ? code : MR_BAD_CONFIG, "%s cannot be used", path);
    }
    return mr_template_open(self->scope, mr_arena_text(mr_scope_arena(self->scope), bytes), place,
                            path, &self->rule->body, err);
}

static void open_suppress(struct opening *self, struct mr_error *err)
{
    const struct mr_suppress_settings *settings = self->settings->suppress.items;
    struct mr_advisory_rule *rule = self->rule;
    struct mr_store_spec spec = {
        .name = rule->name, .state_size = sizeof(struct mr_suppression), .version = 1};

    if (self->settings->suppress.count == 0) {
        return;
    }
    note(self, mr_scope_compile_key(self->scope, &settings->key, &rule->suppress_key, err));
    rule->suppress_ms = settings->for_ms;
    spec.ttl_ms = settings->for_ms * TTL_PER_SUPPRESSION;
    spec.keys_max = (size_t)settings->keys_max;
    note(self, mr_scope_store(self->scope, &spec, &rule->store, err));
}

static void open_audience(struct opening *self, struct mr_error *err)
{
    const struct mr_texts *texts = &self->settings->audience;
    struct mr_value *values =
        mr_arena_take(mr_scope_arena(self->scope), texts->count + 1, sizeof(*values));

    if (values == NULL) {
        note(self, MR_FAIL(err, MR_NO_ROOM, "no room for an audience"));
        return;
    }
    for (size_t i = 0; i < texts->count; i++) {
        values[i + 1] = mr_value_string(mr_span_text(texts->items[i]));
    }
    values[0] = (struct mr_value){
        .kind = MR_KIND_LIST, .size = (uint32_t)texts->count, .items = values + 1};
    self->rule->audience = values;
}

static void add_exhibit(struct opening *self, const struct mr_exhibit *exhibit)
{
    for (size_t i = 0; i < self->rule->exhibit_count; i++) {
        if (strcmp(self->exhibits[i].key, exhibit->key) == 0) {
            return;
        }
    }
    self->exhibits[self->rule->exhibit_count++] = *exhibit;
}

static void add_template(struct opening *self, const struct mr_template *template)
{
    for (size_t i = 0; i < template->count; i++) {
        const struct mr_cel_program *program = template->pieces[i].program;

        if (program != NULL) {
            add_exhibit(self, &(struct mr_exhibit){mr_cel_program_text(program), program, 0});
        }
    }
}

static void add_extras(struct opening *self, struct mr_error *err)
{
    const struct mr_exprs *extras = &self->settings->evidence;

    for (size_t i = 0; i < extras->count; i++) {
        const struct mr_cel_program *program = NULL;
        const enum mr_code code =
            mr_scope_compile(self->scope, &extras->items[i], NULL, &program, err);

        note(self, code);
        if (code == MR_OK) {
            const char *name = extras->items[i].name;

            add_exhibit(
                self, &(struct mr_exhibit){name ? name : mr_cel_program_text(program), program, 0});
        }
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct mr_exhibit *)a)->key, ((const struct mr_exhibit *)b)->key);
}

/* The fields that the condition reads, what the texts say, and what else was asked for. */
static void open_evidence(struct opening *self, struct mr_error *err)
{
    struct mr_advisory_rule *rule = self->rule;
    struct mr_reads reads = {NULL, 0};
    const enum mr_code code = mr_reads_find(self->scope, self->settings->when.text, &reads, err);
    const size_t room =
        reads.count + rule->title.count + rule->body.count + self->settings->evidence.count + 1;

    note(self, code);
    self->exhibits = mr_arena_take(mr_scope_arena(self->scope), room, sizeof(*self->exhibits));
    if (self->exhibits == NULL) {
        note(self, MR_FAIL(err, MR_NO_ROOM, "no room for the evidence of %s", rule->name));
        return;
    }
    for (size_t i = 0; i < reads.count; i++) {
        add_exhibit(self, &(struct mr_exhibit){reads.items[i].path, NULL, reads.items[i].slot});
    }
    add_template(self, &rule->title);
    add_template(self, &rule->body);
    add_extras(self, err);
    qsort(self->exhibits, rule->exhibit_count, sizeof(*self->exhibits), by_key);
    rule->exhibits = self->exhibits;
}

enum mr_code mr_advisory_rule_open(struct mr_scope *scope,
                                   const struct mr_advisory_settings *settings,
                                   struct mr_advisory_rule *rule, struct mr_error *err)
{
    struct opening self = {scope, settings, rule, NULL, MR_OK};

    rule->name = settings->name;
    rule->severity = mr_severities[settings->severity];
    note(&self, mr_scope_compile(scope, &settings->when, &mr_cel_bool, &rule->when, err));
    note(&self, open_text(&self, "title", settings->title, &rule->title, err));
    note(&self, is_file_name(settings->body)
                    ? open_file(&self, settings->body, err)
                    : open_text(&self, "body", settings->body, &rule->body, err));
    open_suppress(&self, err);
    open_audience(&self, err);
    if (self.first == MR_OK) { /* it looks into what was compiled */
        open_evidence(&self, err);
    }
    return self.first;
}
