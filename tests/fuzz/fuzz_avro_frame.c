/* Goal: no message makes the framing point outside of it.
 * Method: libFuzzer over the message; what is read is written and read again. */
#include "processors/core/base/error.h"
#include "processors/core/codec/frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_frame frame;
    uint8_t again[MR_FRAME_SIZE];

    if (mr_frame_read((struct mr_span){data, size}, &frame) != NULL) {
        return 0;
    }
    MR_ASSERT(frame.datum.data + frame.datum.size == data + size);
    if (frame.schema_id >= 0) {
        mr_frame_write(again, frame.schema_id);
        MR_ASSERT(memcmp(again, data, MR_FRAME_SIZE) == 0);
    }
    return 0;
}
