/* publish.h - writes all feeds, publication by publication, and the truth about them.
 *
 *     listing --move--> row --dialect--> text --encode--> --pack--> file
 *
 * Chance is drawn anew for each file from the seed, the feed and the publication.
 */
#ifndef MR_FEEDS_PUBLISH_H
#define MR_FEEDS_PUBLISH_H

#include "deploy/feeds/catalogue.h"
#include "deploy/feeds/truth.h"

/* How much room one file needs. */
size_t mr_publish_size(const struct mr_world *world);
/* arena is reset for each file; the world must not lie in it. */
enum mr_code mr_publish(struct mr_world *world, struct mr_truth *truth, struct mr_arena *arena,
                        struct mr_error *err);

#endif
