/* catalogue.h - which schema an id names, and which id a schema has.
 *
 * Without a registry an id is computed from the schema's text (codec/schema.h), and the catalogue
 * knows the schemas that this pipeline's records have or had: each topic's own, and the same over
 * the pipeline file's `older_subjects`. With a registry ids are the registry's. The computed ones
 * are still understood then, so that a pipeline can move to a registry with its topics.
 *
 * One per pipeline; any thread may use it.
 */
#ifndef MR_STAGE_CATALOGUE_H
#define MR_STAGE_CATALOGUE_H

#include "processors/core/codec/frame.h"
#include "processors/core/registry/registry.h"

struct mr_catalogue;

struct mr_catalogue *mr_catalogue_new(void);            /* owned; NULL: no memory */
void mr_catalogue_free(struct mr_catalogue *catalogue); /* NULL is fine */
/* From now on ids are the registry's (borrowed). Before the first schema is given an id. */
void mr_catalogue_connect(struct mr_catalogue *catalogue, struct mr_registry *registry);

/* The id under which records of a topic are written; with a registry it is asked, once. */
enum mr_code mr_catalogue_id(struct mr_catalogue *catalogue, const char *topic,
                             const struct mr_schema *schema, int32_t *id, struct mr_error *err);
/* A schema that records may have been written with, known by its computed id. */
enum mr_code mr_catalogue_add(struct mr_catalogue *catalogue, const struct mr_schema *schema,
                              struct mr_error *err);

/* Which schema wrote what is framed so. MR_OK and found->reason: there is none that can be used.
 * found->schema is borrowed for as long as catalogue and registry live. */
enum mr_code mr_catalogue_find(struct mr_catalogue *catalogue, const struct mr_frame *frame,
                               struct mr_registry_found *found, struct mr_error *err);
/* The text of a schema that has an id here; NULL: none has. The registry is not asked. */
const char *mr_catalogue_text(struct mr_catalogue *catalogue, int32_t id);

#endif
