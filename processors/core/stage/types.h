/* types.h - an Avro type as expressions see it. */
#ifndef MR_STAGE_TYPES_H
#define MR_STAGE_TYPES_H

#include "processors/core/cel/cel.h"
#include "processors/core/codec/schema.h"

/* Types of the fields of an Avro record, as CEL sees them. arena holds what they point to. */
enum mr_code mr_cel_type_of(const struct mr_type *type, struct mr_arena *arena,
                            struct mr_cel_type *out, struct mr_error *err);

#endif
