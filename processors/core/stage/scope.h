/* scope.h - what a stage may use while it opens: names, slots, a stamp, state, files.
 *
 * The engine makes one scope for each stage of a pipeline. Expressions see
 *     subject       the domain record
 *     origin        the stamps of the stages before this one, by their field's name
 *     validation    ...
 *     record.key    the Kafka message key, text
 * and are typed against the composed schema of the topic that the stage reads.
 * Which fields they use becomes the segment's layout, so a stage decodes nothing
 * that it does not use.
 *
 * Everything that a scope gives lives as long as the stage.
 */
#ifndef MR_STAGE_SCOPE_H
#define MR_STAGE_SCOPE_H

#include "processors/core/cel/cel.h"
#include "processors/core/codec/encode.h"
#include "processors/core/codec/schema.h"
#include "processors/core/config/option.h"
#include "processors/core/stage/store.h"

struct mr_scope;

/* Compiles source against the names of this stage. wanted NULL: any type. A problem goes to the
 * report with its place in the file and gives MR_BAD_CONFIG. */
enum mr_code mr_scope_compile(struct mr_scope *scope, const struct mr_source *source,
                              const struct mr_cel_type *wanted,
                              const struct mr_cel_program **program, struct mr_error *err);
extern const struct mr_cel_type mr_cel_bool, mr_cel_int, mr_cel_double, mr_cel_string,
    mr_cel_timestamp;

/* As mr_scope_compile for a key of keyed state: a string expression that must determine the
 * partition (design: partition_by); else the report says so and proposes `repartition`. */
enum mr_code mr_scope_compile_key(struct mr_scope *scope, const struct mr_source *source,
                                  const struct mr_cel_program **program, struct mr_error *err);

/* The slot of a field by path ("origin.event_time"), for what a processor reads without CEL. */
enum mr_code mr_scope_slot(struct mr_scope *scope, const char *path, uint32_t *slot,
                           const struct mr_type **type, struct mr_error *err);
/* The text of the message key. */
uint32_t mr_scope_key_slot(struct mr_scope *scope);

/* Declares the stamp: field is its name in the topic's record ("validation"; where a stage before
 * has taken that, the stage's own name with _ for -), json its Avro record schema. *first is the
 * slot of its first leaf; the leaves follow in depth-first order. Once. */
enum mr_code mr_scope_stamp(struct mr_scope *scope, const char *field, const char *json,
                            uint32_t *first, struct mr_error *err);
/* Declares that the stage's topic holds emissions of this schema instead (advise). Once. */
enum mr_code mr_scope_emits(struct mr_scope *scope, const char *json, struct mr_error *err);

/* A keyed store of fixed-size states; see store.h. name is unique in the stage. */
enum mr_code mr_scope_store(struct mr_scope *scope, const struct mr_store_spec *spec,
                            struct mr_store **store, struct mr_error *err);

/* Bytes of a file that is part of the configuration (a model, a template, a schema): they enter the
 * stage's digest. path is relative to the pipeline file. */
enum mr_code mr_scope_read(struct mr_scope *scope, const char *path, struct mr_span *bytes,
                           struct mr_error *err);

/* What the pipeline's registry says of a subject's version (0: the latest), as
 * mr_registry_document(): part of the configuration as a file is. MR_BAD_CONFIG: no such version,
 * or the pipeline has no registry. */
enum mr_code mr_scope_registered(struct mr_scope *scope, const char *subject, int32_t version,
                                 struct mr_span *bytes, struct mr_error *err);

/* A problem of the configuration that the processor itself found. */
void mr_scope_complain(struct mr_scope *scope, enum mr_severity severity, struct mr_place place,
                       const char *key, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

struct mr_place mr_scope_place(const struct mr_scope *scope); /* of the stage in the file */
const char *mr_scope_pipeline(const struct mr_scope *scope);  /* its name */
const char *mr_scope_stage(const struct mr_scope *scope);     /* "detect" */
/* What the stage reads: a record whose first field is the subject, then the stamps. */
const struct mr_schema *mr_scope_input_schema(const struct mr_scope *scope);
struct mr_arena *mr_scope_arena(struct mr_scope *scope); /* lives as long as the stage */
/* SHA-256 over this stage's configuration and the files that it read. Its first 8 bytes go into
 * every stamp (`config`), all of it into advisories. Complete once open() has returned: read it in
 * run(), not in open(). */
const struct mr_digest *mr_scope_digest(const struct mr_scope *scope);
/* The digests of all stages up to this one, and their names: an advisory's lineage. */
size_t mr_scope_lineage(const struct mr_scope *scope, const char *const **stages,
                        const struct mr_digest **digests);
/* The schema id of what this stage reads. Known once all stages are open: ask in run(). */
int32_t mr_scope_input_schema_id(const struct mr_scope *scope);

#endif
