#include "processors/core/codec/names.h"

#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"

#include <string.h>

#define NAMES_SIZE_FIRST 16

/* The row of a name, or the free one where it belongs. There always is a free one. */
static struct mr_names_row *row_of(const struct mr_names *self, const char *name)
{
    size_t at = (size_t)mr_hash64(mr_span_text(name)) & (self->size - 1);

    while (self->rows[at].name != NULL && strcmp(self->rows[at].name, name) != 0) {
        at = (at + 1) & (self->size - 1);
    }
    return &self->rows[at];
}

const void *mr_names_find(const struct mr_names *self, const char *name)
{
    return self->size == 0 ? NULL : row_of(self, name)->thing;
}

static bool grow(struct mr_names *self)
{
    struct mr_names larger = *self;

    larger.size = self->size == 0 ? NAMES_SIZE_FIRST : self->size * 2;
    larger.rows = mr_pool_take(self->pool, larger.size, sizeof(*larger.rows));
    if (larger.rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < self->size; i++) {
        if (self->rows[i].name != NULL) {
            *row_of(&larger, self->rows[i].name) = self->rows[i];
        }
    }
    *self = larger;
    return true;
}

enum mr_names_added mr_names_add(struct mr_names *self, const char *name, const void *thing)
{
    struct mr_names_row *row;

    MR_ASSERT(thing != NULL);
    if (self->count * 2 >= self->size && !grow(self)) {
        return MR_NAMES_NO_ROOM;
    }
    row = row_of(self, name);
    if (row->name != NULL) {
        return MR_NAMES_TAKEN;
    }
    *row = (struct mr_names_row){name, thing};
    self->count++;
    return MR_NAMES_NEW;
}
