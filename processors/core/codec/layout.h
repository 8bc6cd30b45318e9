/* layout.h - which fields of a record are decoded, and the slot in which each is found.
 *
 * A row is an array of mr_value, one slot per path in use. A layout collects the
 * paths while expressions compile; a plan (plan.h) then decodes exactly these
 * and skips the rest. Slots that no input field fills (a stamp that a stage of
 * this segment makes) are reserved with mr_layout_reserve().
 *
 * A path is field indices from the root record of the topic's schema. It may end
 * at any type: a scalar fills its slot with a scalar, a whole record, array or map
 * with a boxed value in the arena. A path leads through records only, and through
 * unions of null and a record: then the slot is null where the record is.
 */
#ifndef MR_CODEC_LAYOUT_H
#define MR_CODEC_LAYOUT_H

#include "processors/core/base/arena.h"
#include "processors/core/codec/schema.h"

#define MR_LAYOUT_DEPTH_MAX 16

struct mr_layout_path {
    uint32_t depth;
    uint32_t fields[MR_LAYOUT_DEPTH_MAX];
};

struct mr_layout;

struct mr_layout *mr_layout_new(const struct mr_schema *schema); /* owned; schema is borrowed */
void mr_layout_free(struct mr_layout *layout);

/* The slot of a path, the same one each time it is asked for. Without memory for it mr_plan_new()
 * fails. */
uint32_t mr_layout_slot(struct mr_layout *layout, const struct mr_layout_path *path);
/* count consecutive slots that are filled by whoever asked. */
uint32_t mr_layout_reserve(struct mr_layout *layout, uint32_t count);
uint32_t mr_layout_slot_count(const struct mr_layout *layout);
/* Some path found no memory. */
bool mr_layout_is_short(const struct mr_layout *layout);

/* "subject.price" to a path. false: there is no such field; then *bad is the offset in text of the
 * part that is not known. */
bool mr_layout_find(const struct mr_schema *schema, const char *text, struct mr_layout_path *path,
                    const struct mr_type **type, size_t *bad);

/* For plan compilation: the decoded paths, in slot order of their first use. */
size_t mr_layout_path_count(const struct mr_layout *layout);
const struct mr_layout_path *mr_layout_path_at(const struct mr_layout *layout, size_t index,
                                               uint32_t *slot);

#endif
