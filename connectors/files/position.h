/* position.h - how far each source has been read, as it is kept in the log.
 *
 *     key    files/PriceFull7290000000001-001-202603010400.gz
 *     value  {"sha256":"9f86d0...","rows":4666,"is_done":true}
 *
 * The digest names the bytes that were read: a file that has changed under its
 * name is another source and is read from its beginning.
 */
#ifndef MR_FILES_POSITION_H
#define MR_FILES_POSITION_H

#include "processors/core/base/digest.h"
#include "processors/core/stage/connector.h"

struct mr_file_position {
    char *name; /* owned */
    struct mr_digest digest;
    int64_t rows;
    bool is_done;
    size_t order; /* of its being added: the latest of a name counts */
};

struct mr_file_positions;

struct mr_file_positions *mr_file_positions_new(void); /* owned; NULL: no memory */
void mr_file_positions_free(struct mr_file_positions *positions);
void mr_file_positions_clear(struct mr_file_positions *positions);

/* A committed one. Those of other connectors are passed over. */
enum mr_code mr_file_positions_add(struct mr_file_positions *positions,
                                   const struct mr_source_position *stored, struct mr_error *err);
const struct mr_file_position *mr_file_positions_find(struct mr_file_positions *positions,
                                                      const char *name);

/* The other way round; *size_max is enough room for it. false: arena has no room. */
bool mr_file_position_print(const char *name, const struct mr_digest *digest, int64_t rows,
                            bool is_done, struct mr_arena *arena,
                            struct mr_source_position *stored);
size_t mr_file_position_size_max(const char *name);

#endif
