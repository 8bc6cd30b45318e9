/* types.h - types while an expression is checked: the public ones, and type variables.
 *
 * A cel_type is immutable and lies in the compile arena, or is one of the basic
 * ones. Inference (struct cel_infer) binds variables to types, as the
 * specification's checker does: a variable takes the first type it meets and
 * widens to dyn when a dyn comes later. Bindings of an overload that turns out
 * not to fit are undone by their trail.
 */
#ifndef MR_CEL_TYPES_H
#define MR_CEL_TYPES_H

#include "processors/core/cel/source.h"

/* Beyond enum mr_cel_kind. */
enum { CEL_KIND_VAR = 32, CEL_KIND_OPAQUE };

#define CEL_TYPE_ITEMS_MAX 3
#define CEL_TYPE_DEPTH_MAX 32

struct cel_type {
    uint8_t kind; /* enum mr_cel_kind, or one of the above */
    bool is_nullable;
    uint8_t item_count;
    uint32_t variable;                                /* VAR: its number */
    const struct cel_type *items[CEL_TYPE_ITEMS_MAX]; /* LIST 1, MAP 2, OPTIONAL 1, TYPE 1 */
    struct mr_span name;                              /* OPAQUE */
    const struct mr_cel_record *record;               /* RECORD; borrowed */
};

struct cel_binding {
    uint32_t variable;
    const struct cel_type *before;
};

struct cel_infer {
    struct cel_source *source;
    const struct cel_type **bound; /* by variable; NULL: free */
    uint32_t variable_count, variable_room;
    struct cel_binding *trail;
    uint32_t trail_count, trail_room;
};

/* Of a kind without parameters. */
const struct cel_type *cel_type_basic(int kind);
/* NULL: reported. */
const struct cel_type *cel_type_new(struct cel_source *source, int kind, const struct cel_type *a,
                                    const struct cel_type *b);
const struct cel_type *cel_type_nullable(struct cel_source *source, const struct cel_type *type,
                                         bool is_nullable);
const struct cel_type *cel_type_import(struct cel_source *source, const struct mr_cel_type *type);
/* False: no room. */
bool cel_type_export(const struct cel_type *type, struct mr_arena *arena, struct mr_cel_type *out);
const char *cel_type_print(const struct cel_type *type, struct mr_arena *arena);

const struct cel_type *cel_infer_variable(struct cel_infer *self);
/* The type with every bound variable replaced; is_final: free ones become dyn. */
const struct cel_type *cel_infer_resolve(struct cel_infer *self, const struct cel_type *type,
                                         bool is_final);
/* Whether a value of type from may stand where to is asked; binds variables. */
bool cel_infer_assign(struct cel_infer *self, const struct cel_type *to,
                      const struct cel_type *from);
/* The type of a container of both: the more general one, or dyn. */
const struct cel_type *cel_infer_join(struct cel_infer *self, const struct cel_type *a,
                                      const struct cel_type *b);
uint32_t cel_infer_mark(const struct cel_infer *self);
void cel_infer_undo(struct cel_infer *self, uint32_t mark);

/* Reads a type of an overload's signature (see functions.h); variables A, B, C are
 * variables[0..3), made when first met. */
const struct cel_type *cel_infer_read(struct cel_infer *self, const char **signature,
                                      const struct cel_type **variables);

#endif
