/* frame.h - the wire format around a datum: which schema wrote it.
 *
 * Written: 0x00, the schema id as 4 bytes big-endian, the datum (Confluent's
 * format). Read: that, and 0x01 with a 16-byte GUID.
 */
#ifndef MR_CODEC_FRAME_H
#define MR_CODEC_FRAME_H

#include "processors/core/base/span.h"

#define MR_FRAME_SIZE 5

struct mr_frame {
    int32_t schema_id;    /* -1: named by guid */
    const uint8_t *guid;  /* 16 bytes, view into the message, or NULL */
    struct mr_span datum; /* view into the message */
};

/* NULL: read. Else a literal reason ("frame_too_short", "frame_magic_unknown"). */
const char *mr_frame_read(struct mr_span message, struct mr_frame *frame);
void mr_frame_write(uint8_t out[MR_FRAME_SIZE], int32_t schema_id);

#endif
