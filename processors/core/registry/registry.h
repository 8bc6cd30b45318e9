/* registry.h - a client of the Schema Registry REST API, as Confluent's, Apicurio and Karapace
 * speak it.
 *
 *     id, GUID, subject --cache--known--> schema, for ever
 *                         \--not yet--> one thread asks, the others wait for what it hears
 *
 * What was learnt is kept for ever: an id never changes its meaning. That there is no such schema
 * is kept briefly. So a registry that is away stops nobody who has met his schemas; who has not is
 * told MR_UNAVAILABLE and may ask again. A question is asked again within its deadline, with
 * jitter, after 408, 429, 5xx and broken connections, and not otherwise; Retry-After is obeyed.
 * Where a registry has several addresses, the next is asked before anybody waits.
 *
 * Servers differ in codes, fields and media types; docs/registry.md says in what. Only what all of
 * them say is believed: that a schema is not there, by a registry's own error code and not by a
 * proxy's 404.
 *
 * Any thread may use a registry. Schemas that it found are borrowed from it.
 */
#ifndef MR_REGISTRY_REGISTRY_H
#define MR_REGISTRY_REGISTRY_H

#include "processors/core/base/clock.h"
#include "processors/core/codec/schema.h"
#include "processors/core/config/option.h"

#define MR_REGISTRY_SUBJECT_SIZE 512
#define MR_REGISTRY_GUID_SIZE 16
#define MR_REGISTRY_LEVEL_SIZE 32

enum mr_registry_strategy { MR_SUBJECT_TOPIC, MR_SUBJECT_RECORD, MR_SUBJECT_TOPIC_RECORD };

/* `registry:` of the pipeline file. */
struct mr_registry_settings {
    struct mr_texts url; /* instances of one registry; with commas an item is several */
    const char *context; /* of subjects and ids: ".team"; "": the registry's default */
    const char *user, *password, *token;
    const char *ca_file, *cert_file, *key_file;
    int strategy; /* enum mr_registry_strategy */
    bool auto_register;
    int compatibility; /* index into mr_registry_levels; 0: left as it is */
    int64_t deadline, attempt_deadline, attempts, absent_for;
};
extern const struct mr_option mr_registry_options[];
extern const char *const mr_registry_levels[]; /* "keep", "NONE", "BACKWARD", ...; NULL ends it */

struct mr_registry_found {
    const struct mr_schema
        *schema;         /* borrowed; NULL: none that can be used, or none was asked for */
    const char *reason;  /* literal; not NULL: why there is none ("schema_unknown", ...) */
    int32_t id, version; /* 0: not said */
};

struct mr_registry;

/* settings are borrowed, texts and all. Asks nothing yet. Owned: mr_registry_free(). */
enum mr_code mr_registry_new(const struct mr_registry_settings *settings,
                             const struct mr_clock *clock, struct mr_registry **registry,
                             struct mr_error *err);
void mr_registry_free(struct mr_registry *registry); /* NULL is fine */

/* The next address of a list ("http://a, http://b/"), without blanks and slashes at its ends; *rest
 * is moved behind it. Empty: there is none any more. */
struct mr_span mr_registry_next_url(struct mr_span *rest);

/* "topic-value", "name.space.Record" or "topic-name.space.Record"; in a context
 * ":.team:topic-value".
 */
const char *mr_registry_subject(const struct mr_registry_settings *settings, const char *topic,
                                const struct mr_schema *schema, char out[MR_REGISTRY_SUBJECT_SIZE]);
const struct mr_registry_settings *mr_registry_settings_of(const struct mr_registry *registry);

/* Which schema is it? MR_OK also where there is none; then found->reason says why. References are
 * resolved: a found schema stands alone. */
enum mr_code mr_registry_by_id(struct mr_registry *registry, int32_t id,
                               struct mr_registry_found *found, struct mr_error *err);
enum mr_code mr_registry_by_guid(struct mr_registry *registry,
                                 const uint8_t guid[MR_REGISTRY_GUID_SIZE],
                                 struct mr_registry_found *found, struct mr_error *err);
/* version 0: the latest, which is asked for each time. */
enum mr_code mr_registry_by_version(struct mr_registry *registry, const char *subject,
                                    int32_t version, struct mr_registry_found *found,
                                    struct mr_error *err);

/* All that the registry says of a subject's version, JSON: for what stands beside the schema
 * (metadata, rules). version 0: the latest, which is asked for once, so that all who ask this
 * registry read the same. MR_BAD_CONFIG: there is none. Borrowed from the registry. */
enum mr_code mr_registry_document(struct mr_registry *registry, const char *subject,
                                  int32_t version, struct mr_span *text, struct mr_error *err);

/* The id of a schema under a subject, if it has been registered there; found->schema stays NULL. */
enum mr_code mr_registry_lookup(struct mr_registry *registry, const char *subject,
                                const struct mr_schema *schema, struct mr_registry_found *found,
                                struct mr_error *err);
/* Registers it if need be. MR_BAD_CONFIG: the registry does not take it, with what it says. */
enum mr_code mr_registry_register(struct mr_registry *registry, const char *subject,
                                  const struct mr_schema *schema, int32_t *id,
                                  struct mr_error *err);
/* What the settings ask for: the one or the other. */
enum mr_code mr_registry_id(struct mr_registry *registry, const char *subject,
                            const struct mr_schema *schema, int32_t *id, struct mr_error *err);

/* Would it fit the subject's latest version? A subject without versions takes anything. */
struct mr_registry_verdict {
    bool is_compatible;
    char messages[400]; /* what the registry says against it; servers may say nothing */
};
enum mr_code mr_registry_check(struct mr_registry *registry, const char *subject,
                               const struct mr_schema *schema, struct mr_registry_verdict *verdict,
                               struct mr_error *err);
/* The compatibility level that holds for a subject ("BACKWARD"), its own or the registry's. */
enum mr_code mr_registry_level(struct mr_registry *registry, const char *subject,
                               char out[MR_REGISTRY_LEVEL_SIZE], struct mr_error *err);
enum mr_code mr_registry_set_level(struct mr_registry *registry, const char *subject,
                                   const char *level, struct mr_error *err);

#endif
