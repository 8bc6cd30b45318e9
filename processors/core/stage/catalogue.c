#include "processors/core/stage/catalogue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One id of one schema. What the registry said of a topic's schema is an entry of its own. */
struct entry {
    struct entry *next;
    int32_t id;
    struct mr_schema *schema; /* owned */
    char *topic;              /* owned; of the registry's ids, else NULL */
};

struct mr_catalogue {
    struct mr_registry *registry; /* borrowed; NULL: none */
    pthread_mutex_t lock;         /* guards the list; what is in it does not change */
    struct entry *entries;
};

struct mr_catalogue *mr_catalogue_new(void)
{
    struct mr_catalogue *catalogue = calloc(1, sizeof(*catalogue));

    if (catalogue != NULL) {
        (void)pthread_mutex_init(&catalogue->lock, NULL);
    }
    return catalogue;
}

static void drop(struct entry *entry)
{
    mr_schema_free(entry->schema);
    free(entry->topic);
    free(entry);
}

void mr_catalogue_free(struct mr_catalogue *catalogue)
{
    if (catalogue == NULL) {
        return;
    }
    while (catalogue->entries != NULL) {
        struct entry *entry = catalogue->entries;

        catalogue->entries = entry->next;
        drop(entry);
    }
    (void)pthread_mutex_destroy(&catalogue->lock);
    free(catalogue);
}

void mr_catalogue_connect(struct mr_catalogue *catalogue, struct mr_registry *registry)
{
    catalogue->registry = registry;
}

static struct entry *entry_new(int32_t id, const char *topic, const struct mr_schema *schema)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL) {
        return NULL;
    }
    entry->id = id;
    entry->topic = topic != NULL ? strdup(topic) : NULL;
    if ((topic != NULL && entry->topic == NULL) ||
        mr_schema_parse(mr_span_text(mr_schema_text(schema)), &entry->schema, NULL) != MR_OK) {
        drop(entry);
        return NULL;
    }
    return entry;
}

static const struct entry *find_id(struct mr_catalogue *catalogue, int32_t id)
{
    const struct entry *entry;

    (void)pthread_mutex_lock(&catalogue->lock);
    for (entry = catalogue->entries; entry != NULL && entry->id != id; entry = entry->next) {
    }
    (void)pthread_mutex_unlock(&catalogue->lock);
    return entry;
}

static const struct entry *find_topic(struct mr_catalogue *catalogue, const char *topic,
                                      const char *text)
{
    const struct entry *entry;

    (void)pthread_mutex_lock(&catalogue->lock);
    for (entry = catalogue->entries; entry != NULL; entry = entry->next) {
        if (entry->topic != NULL && strcmp(entry->topic, topic) == 0 &&
            strcmp(mr_schema_text(entry->schema), text) == 0) {
            break;
        }
    }
    (void)pthread_mutex_unlock(&catalogue->lock);
    return entry;
}

static enum mr_code keep(struct mr_catalogue *catalogue, int32_t id, const char *topic,
                         const struct mr_schema *schema, struct mr_error *err)
{
    struct entry *entry = entry_new(id, topic, schema);

    if (entry == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema of the catalogue");
    }
    (void)pthread_mutex_lock(&catalogue->lock);
    entry->next = catalogue->entries;
    catalogue->entries = entry;
    (void)pthread_mutex_unlock(&catalogue->lock);
    return MR_OK;
}

enum mr_code mr_catalogue_add(struct mr_catalogue *catalogue, const struct mr_schema *schema,
                              struct mr_error *err)
{
    const int32_t id = mr_schema_id(schema);

    return find_id(catalogue, id) != NULL ? MR_OK : keep(catalogue, id, NULL, schema, err);
}

enum mr_code mr_catalogue_id(struct mr_catalogue *catalogue, const char *topic,
                             const struct mr_schema *schema, int32_t *id, struct mr_error *err)
{
    const struct entry *entry = find_topic(catalogue, topic, mr_schema_text(schema));
    char subject[MR_REGISTRY_SUBJECT_SIZE];
    enum mr_code code = mr_catalogue_add(catalogue, schema, err);

    *id = entry != NULL ? entry->id : mr_schema_id(schema);
    if (code != MR_OK || entry != NULL || catalogue->registry == NULL) {
        return code;
    }
    code = mr_registry_id(
        catalogue->registry,
        mr_registry_subject(mr_registry_settings_of(catalogue->registry), topic, schema, subject),
        schema, id, err);
    return code == MR_OK ? keep(catalogue, *id, topic, schema, err) : code;
}

enum mr_code mr_catalogue_find(struct mr_catalogue *catalogue, const struct mr_frame *frame,
                               struct mr_registry_found *found, struct mr_error *err)
{
    const struct entry *entry = frame->guid == NULL ? find_id(catalogue, frame->schema_id) : NULL;

    if (entry != NULL) {
        *found = (struct mr_registry_found){.schema = entry->schema, .id = entry->id};
        return MR_OK;
    }
    if (catalogue->registry == NULL) {
        *found = (struct mr_registry_found){.reason = "schema_unknown"};
        return MR_OK;
    }
    return frame->guid != NULL
               ? mr_registry_by_guid(catalogue->registry, frame->guid, found, err)
               : mr_registry_by_id(catalogue->registry, frame->schema_id, found, err);
}

const char *mr_catalogue_text(struct mr_catalogue *catalogue, int32_t id)
{
    const struct entry *entry = find_id(catalogue, id);

    return entry != NULL ? mr_schema_text(entry->schema) : NULL;
}
