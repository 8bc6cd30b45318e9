/* disk.h - the files that the generator makes, all in one folder. */
#ifndef MR_FEEDS_DISK_H
#define MR_FEEDS_DISK_H

#include "processors/core/base/error.h"
#include "processors/core/base/span.h"

#include <stdio.h>

/* Makes the folder and those above it. One that has anything in it is refused: feeds of two
 * seeds side by side would agree with neither truth. */
enum mr_code mr_disk_prepare(const char *folder, struct mr_error *err);
enum mr_code mr_disk_create(const char *folder, const char *name, FILE **stream,
                            struct mr_error *err);
/* Also says whether any write before it failed. */
enum mr_code mr_disk_close(const char *folder, const char *name, FILE *stream,
                           struct mr_error *err);
enum mr_code mr_disk_write(const char *folder, const char *name, struct mr_span bytes,
                           struct mr_error *err);

#endif
