/* stream.h - the bytes of a file, unpacked.
 *
 *     file --gunzip--> --libarchive: xz, zstd, bzip2, lz4; zip, tar, 7zip--> members --> bytes
 *
 * What a file is, its first bytes say and never its name. A plain file is an
 * archive of one member without a name. Filters stack (a gzip of a tar of zips' gzips
 * does not: members are not opened again). Memory is constant.
 *
 * A file that breaks off gives all that could be read; how it ended is asked
 * afterwards. Of gzip not a byte is lost (gunzip.h), of the others up to the
 * unpacker's block.
 */
#ifndef MR_FILES_STREAM_H
#define MR_FILES_STREAM_H

#include "processors/core/base/span.h"

struct mr_stream;

struct mr_stream *mr_stream_new(void); /* owned; NULL: no memory */
void mr_stream_free(struct mr_stream *stream);

/* fd is borrowed and read from its beginning. false: no memory. */
bool mr_stream_open(struct mr_stream *stream, int fd);
void mr_stream_close(struct mr_stream *stream);

/* The next member; *name is its path in the archive, NULL for a plain file; borrowed until the
 * next call. false: there is none, or the file is broken. */
bool mr_stream_next(struct mr_stream *stream, const char **name);
/* Fills out; less than size only at the end of the member, whatever the end is. */
size_t mr_stream_read(struct mr_stream *stream, uint8_t *out, size_t size);

/* How the file broke: "source_truncated", "source_corrupt", "source_unreadable", with words; NULL:
 * it did not. */
const char *mr_stream_fault(const struct mr_stream *stream, const char **words);
/* How many bytes of the file itself have been read. */
uint64_t mr_stream_offset(const struct mr_stream *stream);

#endif
