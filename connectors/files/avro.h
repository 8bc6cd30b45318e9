/* avro.h - rows out of an Avro container file, named by its own schema.
 *
 *     bytes --container--> data --plan of the wanted fields--> texts --> shelf
 *
 * A wanted name is a field's path ("subject.price") or, where no path is called
 * so, its last part ("price"). Only wanted fields are decoded. Texts are those of
 * our plain JSON: a timestamp as RFC 3339, a decimal with its point, bytes as base64,
 * a list or map as JSON; a null is no text.
 *
 * A damaged block is one bad row, with its number, and reading goes on behind it.
 *
 * Reasons: block_damaged; row_malformed (a datum that its schema does not fit);
 * source_malformed (no schema, or an unknown codec); source_unrecognised (no field
 * that the mapping knows).
 */
#ifndef MR_FILES_AVRO_H
#define MR_FILES_AVRO_H

#include "connectors/files/shelf.h"
#include "processors/core/codec/container.h"

struct mr_avro_rows;

/* Owned; NULL: no memory. names and shelf are borrowed. */
struct mr_avro_rows *mr_avro_new(const struct mr_glossary *names, struct mr_shelf *shelf,
                                 size_t row_size_max);
void mr_avro_free(struct mr_avro_rows *avro);

/* Is this how a container file begins? */
bool mr_avro_is_head(struct mr_span bytes);
/* source is read until the file is over, or the next begin. */
void mr_avro_begin(struct mr_avro_rows *avro, const struct mr_container_source *source);
/* One datum: one row more, or over. */
void mr_avro_step(struct mr_avro_rows *avro);
bool mr_avro_is_over(const struct mr_avro_rows *avro);

#endif
