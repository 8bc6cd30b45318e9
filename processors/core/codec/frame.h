/* frame.h - the wire format around a datum: which schema wrote it.
 *
 * Written: 0x00, the schema id as 4 bytes big-endian, the datum (Confluent's
 * format). Read: that, and 0x01 with a 16-byte GUID; either of them in front of
 * the datum or in a header of the record, and then the datum stands bare.
 */
#ifndef MR_CODEC_FRAME_H
#define MR_CODEC_FRAME_H

#include "processors/core/base/span.h"

#define MR_FRAME_SIZE 5

/* Of several headers of a name the last one holds. */
#define MR_FRAME_VALUE_HEADER "__value_schema_id"
#define MR_FRAME_KEY_HEADER "__key_schema_id"

struct mr_frame {
    int32_t schema_id;    /* -1: named by guid */
    const uint8_t *guid;  /* 16 bytes, view into the message, or NULL */
    struct mr_span datum; /* view into the message */
};

/* NULL: read. Else a literal reason ("frame_too_short", "frame_magic_unknown"). */
const char *mr_frame_read(struct mr_span message, struct mr_frame *frame);
/* Of a value or key with its header, which may be empty: there is none. A header that is no frame
 * alone is "frame_header_unreadable". */
const char *mr_frame_read_with(struct mr_span header, struct mr_span message,
                               struct mr_frame *frame);
void mr_frame_write(uint8_t out[MR_FRAME_SIZE], int32_t schema_id);

#endif
