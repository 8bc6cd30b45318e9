#include "processors/core/stage/pipeline_schemas.h"

#include "processors/core/codec/compat.h"

#include <string.h>

struct reading {
    struct mr_pipeline *pipeline;
    const struct mr_node *root;
    struct mr_report *report;
};

#define COMPLAIN(self, node, key, hint, ...) \
    mr_report_add((self)->report, MR_SEVERITY_ERROR, (node)->place, key, hint, __VA_ARGS__)

static void read_subject(const struct reading *self)
{
    const struct mr_node *node = mr_node_get(self->root, "subject");
    struct mr_error err = {0};
    struct mr_schema *schema = NULL;

    if (mr_schema_load(self->pipeline->settings->subject, &schema, &err) != MR_OK) {
        COMPLAIN(self, node, "subject", NULL, "%s", err.text);
    } else if (mr_schema_root(schema)->kind != MR_AVRO_RECORD) {
        COMPLAIN(self, node, "subject", NULL, "the subject must be an Avro record");
    }
    self->pipeline->subject = schema;
}

/* What of it the subject cannot read, each with its path. */
static void compare(const struct reading *self, const struct mr_node *node, const char *path,
                    const struct mr_schema *older)
{
    const struct mr_compat_older all = {&older, 1};
    struct mr_compat_break *breaks = NULL;

    if (mr_compat_check(self->pipeline->subject, all, MR_COMPAT_BACKWARD, self->pipeline->arena,
                        &breaks, NULL) != MR_OK) {
        COMPLAIN(self, node, "older_subjects", NULL, "no room to compare %s", path);
    }
    for (; breaks != NULL; breaks = breaks->next) {
        COMPLAIN(self, node, "older_subjects", "give the new field a default, or an alias",
                 "the subject cannot read what %s wrote: %s: %s", path, breaks->path, breaks->text);
    }
}

static void read_older(const struct reading *self)
{
    const struct mr_texts *paths = &self->pipeline->settings->older_subjects;
    const struct mr_node *list = mr_node_get(self->root, "older_subjects");
    const struct mr_node *node = list != NULL && list->child != NULL ? list->child : list;

    for (size_t i = 0; i < paths->count && node != NULL; i++) {
        struct mr_schema **older = &self->pipeline->older[i];
        struct mr_error err = {0};

        if (mr_schema_load(paths->items[i], older, &err) != MR_OK) {
            COMPLAIN(self, node, "older_subjects", NULL, "%s", err.text);
            return;
        }
        self->pipeline->older_count = i + 1;
        if (self->pipeline->subject != NULL) {
            compare(self, node, paths->items[i], *older);
        }
        node = node->next;
    }
}

static bool begins(struct mr_span text, const char *head)
{
    const size_t size = strlen(head);

    return text.size >= size && memcmp(text.data, head, size) == 0;
}

static void check_url(const struct reading *self, const struct mr_node *node, struct mr_span url)
{
    const bool is_http = begins(url, "http://") || begins(url, "https://");
    bool is_plain = url.size <= 512;

    for (size_t i = 0; i < url.size; i++) {
        is_plain = is_plain && strchr(" \t?#", url.data[i]) == NULL;
    }
    if (!is_http || !is_plain) {
        COMPLAIN(self, node, "registry.url", "http://registry:8081",
                 "must be http:// or https://, a host, and perhaps a port and a path");
    }
    if (url.size > 0 && memchr(url.data, '@', url.size) != NULL) {
        COMPLAIN(self, node, "registry.url", "say user and password_file",
                 "a password in a URL ends in logs");
    }
}

/* Each address of each item; whatever else, requests would fail with it. */
static void check_urls(const struct reading *self, const struct mr_node *node,
                       const struct mr_texts *texts)
{
    const struct mr_node *item = node->child != NULL ? node->child : node;

    for (size_t i = 0; i < texts->count; i++) {
        struct mr_span rest = mr_span_text(texts->items[i]);

        do {
            check_url(self, item, mr_registry_next_url(&rest));
        } while (rest.size > 0);
        item = item->next != NULL ? item->next : item;
    }
}

static void check_context(const struct reading *self, const struct mr_node *node,
                          const struct mr_registry_settings *settings)
{
    if (strchr(settings->context, ':') != NULL || strlen(settings->context) > 255) {
        COMPLAIN(self, node, "registry.context", ".team", "is a name without colons");
    }
}

static void check_identity(const struct reading *self, const struct mr_node *node,
                           const struct mr_registry_settings *settings)
{
    if (settings->user[0] != '\0' && settings->token[0] != '\0') {
        COMPLAIN(self, node, "registry.token", NULL, "either user and password, or a token");
    }
    if (settings->user[0] == '\0' && settings->password[0] != '\0') {
        COMPLAIN(self, node, "registry.user", NULL, "there is a password, and no user");
    }
    if ((settings->cert_file[0] == '\0') != (settings->key_file[0] == '\0')) {
        COMPLAIN(self, node, "registry.cert_file", NULL, "cert_file and key_file go together");
    }
}

static void read_registry(const struct reading *self)
{
    const struct mr_node *node = self->pipeline->settings->registry;
    struct mr_arena *arena = self->pipeline->arena;
    struct mr_registry_settings *settings;
    const struct mr_node *url;

    if (node == NULL || (node->kind == MR_NODE_SCALAR && node->text == NULL)) {
        return;
    }
    settings = mr_arena_take(arena, 1, sizeof(*settings));
    if (settings == NULL || node->kind != MR_NODE_MAP) {
        COMPLAIN(self, node, "registry", NULL, "must be a map of settings");
        return;
    }
    if (!mr_options_read(mr_registry_options, node, "registry", arena, self->report, settings)) {
        return;
    }
    url = mr_node_get(node, "url");
    check_urls(self, url != NULL ? url : node, &settings->url);
    check_context(self, node, settings);
    check_identity(self, node, settings);
    if (mr_registry_new(settings, &mr_clock_system, &self->pipeline->registry, NULL) != MR_OK) {
        COMPLAIN(self, node, "registry", NULL, "there is no memory for its client");
    }
}

void mr_pipeline_read_schemas(struct mr_pipeline *pipeline, const struct mr_node *root,
                              struct mr_report *report)
{
    const struct reading self = {pipeline, root, report};

    read_subject(&self);
    read_older(&self);
    read_registry(&self);
}
