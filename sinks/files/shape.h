/* shape.h - what a line shows of a record: all of it, or all but some fields.
 *
 * A record that is shown whole is printed from its bytes. Where fields are left out, the others
 * are asked of the layout, so that what nobody sees is not decoded either.
 */
#ifndef MR_SINKS_FILES_SHAPE_H
#define MR_SINKS_FILES_SHAPE_H

#include "processors/core/codec/json_out.h"
#include "processors/core/codec/layout.h"
#include "processors/core/config/option.h"

struct mr_shape;

/* Owned: mr_shape_free(). NULL: no memory. layout and schema are borrowed. drop: paths ("record",
 * "subject.name"); of what is no path in this schema nothing is dropped. */
struct mr_shape *mr_shape_new(const struct mr_schema *schema, struct mr_layout *layout,
                              const struct mr_texts *drop);
void mr_shape_free(struct mr_shape *shape);
/* Whether the schema has this path, and it can be left out: it leads through records that are
 * always there. */
bool mr_shape_may_drop(const struct mr_schema *schema, const char *path);

/* NULL: done; else why the datum cannot be read. */
const char *mr_shape_print(const struct mr_shape *shape, struct mr_span datum,
                           const struct mr_value *row, struct mr_json_out *out);

#endif
