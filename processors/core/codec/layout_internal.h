/* layout_internal.h - a layout's insides, for those who compile plans. */
#ifndef MR_CODEC_LAYOUT_INTERNAL_H
#define MR_CODEC_LAYOUT_INTERNAL_H

#include "processors/core/codec/layout.h"

struct layout_row {
    struct mr_layout_path path;
    uint32_t slot;
};

struct mr_layout {
    const struct mr_schema *schema; /* borrowed */
    struct layout_row *rows;        /* owned */
    size_t count, room;
    uint32_t slot_count;
    bool is_short_of_memory; /* a path is not in rows */
};

/* The record that a path goes on through, or NULL where it has to end. */
const struct mr_type *mr_layout_through(const struct mr_type *type);

#endif
