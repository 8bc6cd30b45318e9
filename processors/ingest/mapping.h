/* mapping.h - a family of dialects as a file: what sources call the subject's fields.
 *
 *     rows: [Item, Product, Line]
 *     missing: ["unknown"]
 *     fields:
 *       - { name: item_code, from: [ItemCode] }
 *       - { name: store_id, from: [StoreId], expr: "string(int(value))" }
 *       - { name: feed_time, expr: "file.time" }
 *
 * Names are compared without regard to the case of ASCII letters; of several
 * alternates the first that the source has is taken. Times without an offset are
 * taken as they stand, as if they were UTC, unless utc_offset says how far ahead
 * of UTC the sources' clocks are; that also goes for file.time.
 */
#ifndef MR_INGEST_MAPPING_H
#define MR_INGEST_MAPPING_H

#include "processors/core/config/option.h"

enum mr_mapping_invalid { MR_MAPPING_REJECT, MR_MAPPING_MISSING };

struct mr_mapping_field {
    const char *name;
    struct mr_texts from;
    struct mr_source expr;
    int invalid;
};

struct mr_mapping_text {
    const char *name;
    struct mr_texts from;
};

struct mr_mapping {
    struct mr_texts rows;
    struct mr_texts missing;
    struct mr_texts dates;
    const char *utc_offset;
    struct mr_items fields; /* struct mr_mapping_field */
    struct mr_items texts;  /* struct mr_mapping_text */

    int64_t utc_offset_ms;
    const char *canonical; /* what its digest is of */
};

extern const struct mr_option mr_mapping_options[];

/* Finds the mapping by the name that stands at place in the pipeline file, reads it into arena.
 * false: report says why. */
bool mr_mapping_load(const char *name, struct mr_place place, struct mr_arena *arena,
                     struct mr_report *report, struct mr_mapping *mapping);

#endif
