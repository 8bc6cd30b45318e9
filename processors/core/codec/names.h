/* names.h - names to things, while a schema is parsed: types by full name, fields, symbols.
 *
 * Open addressing in a pool. So a schema of a megabyte with as many names as it
 * holds is still parsed in linear time.
 */
#ifndef MR_CODEC_NAMES_H
#define MR_CODEC_NAMES_H

#include "processors/core/codec/pool.h"

struct mr_names_row {
    const char *name;
    const void *thing;
};

struct mr_names {
    struct mr_pool *pool; /* borrowed */
    struct mr_names_row *rows;
    size_t size; /* a power of two */
    size_t count;
};

const void *mr_names_find(const struct mr_names *self, const char *name); /* NULL: not there */

enum mr_names_added { MR_NAMES_NEW, MR_NAMES_TAKEN, MR_NAMES_NO_ROOM };
/* name is borrowed and thing is not NULL. A name that is taken keeps its thing. */
enum mr_names_added mr_names_add(struct mr_names *self, const char *name, const void *thing);

#endif
