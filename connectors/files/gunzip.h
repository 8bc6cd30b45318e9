/* gunzip.h - a gzip file's bytes, down to the last one that can be had.
 *
 * libarchive reads gzip too, but when a file ends early it withholds what it had
 * already unpacked, up to 64 KiB: a hundred rows of a feed. So gzip is read here.
 * Several members one after another are one file; what follows the last member and
 * is no gzip is ignored, as gzip(1) does.
 */
#ifndef MR_FILES_GUNZIP_H
#define MR_FILES_GUNZIP_H

#include "processors/core/base/span.h"

enum mr_gunzip_state {
    MR_GUNZIP_GOOD,      /* so far */
    MR_GUNZIP_TRUNCATED, /* the file ends inside of a member */
    MR_GUNZIP_CORRUPT,   /* or is not what was packed */
    MR_GUNZIP_UNREADABLE /* read(2) failed: errno */
};

struct mr_gunzip;

/* Reads fd (borrowed) from where it stands. Owned; NULL: no memory. */
struct mr_gunzip *mr_gunzip_new(int fd);
void mr_gunzip_free(struct mr_gunzip *gunzip);

/* Fills out as far as it can; less than size only at the end, whatever the end is. */
size_t mr_gunzip_read(struct mr_gunzip *gunzip, uint8_t *out, size_t size);
enum mr_gunzip_state mr_gunzip_state(const struct mr_gunzip *gunzip);

#endif
