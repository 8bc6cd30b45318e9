/* plan.h - decoding: a schema and a layout compiled to a flat walk over the bytes.
 *
 * A plan reads a datum once, front to back: fields in the layout go to their slots
 * (strings and bytes as views into the datum), the others are skipped, and what
 * follows the last field in use is not looked at when nothing asks for it
 * (mr_plan_size() walks to the end: the engine needs that only where it is told
 * that the producer is not us). Every read is checked against the end of the
 * datum, every count against the bytes that are left, every recursion against a
 * bound; nothing is allocated but boxed lists, maps and records, in the arena.
 *
 * Resolution: a plan is compiled from the WRITER's schema; where the reader's
 * differs, promotion, defaults, aliases and enum maps are compiled in, and cost
 * nothing where the two agree.
 *
 * A plan is immutable; any thread may use it.
 */
#ifndef MR_CODEC_PLAN_H
#define MR_CODEC_PLAN_H

#include "processors/core/base/arena.h"
#include "processors/core/base/value.h"
#include "processors/core/codec/layout.h"
#include "processors/core/codec/schema.h"

struct mr_plan;

/* layout says what the reader wants, in terms of its own schema. MR_BAD_CONFIG: the schemas do not
 * resolve, with path and reason. Owned: mr_plan_free(). writer and layout are borrowed. */
enum mr_code mr_plan_new(const struct mr_schema *writer, const struct mr_layout *layout,
                         struct mr_plan **plan, struct mr_error *err);
void mr_plan_free(struct mr_plan *plan);

/* Fills slots[] of the layout. NULL: done. Else why the datum cannot be read: a literal
 * ("datum_truncated", "union_branch_unknown", "string_not_utf8", "no_room" ...). */
const char *mr_plan_decode(const struct mr_plan *plan, struct mr_span datum, struct mr_value *slots,
                           struct mr_arena *arena);

/* The size of the datum at the head of bytes, or 0 when it is not whole; *fault says why. */
size_t mr_plan_size(const struct mr_plan *plan, struct mr_span bytes, const char **fault);

#endif
