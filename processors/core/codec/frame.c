#include "processors/core/codec/frame.h"

#define FRAME_MAGIC_ID 0x00
#define FRAME_MAGIC_GUID 0x01
#define FRAME_GUID_SIZE 16

static struct mr_span rest_of(struct mr_span message, size_t size)
{
    return (struct mr_span){message.data + size, message.size - size};
}

const char *mr_frame_read(struct mr_span message, struct mr_frame *frame)
{
    uint32_t id = 0;

    *frame = (struct mr_frame){.schema_id = -1};
    if (message.size == 0) {
        return "frame_too_short";
    }
    if (message.data[0] == FRAME_MAGIC_GUID) {
        if (message.size < 1 + FRAME_GUID_SIZE) {
            return "frame_too_short";
        }
        frame->guid = message.data + 1;
        frame->datum = rest_of(message, 1 + FRAME_GUID_SIZE);
        return NULL;
    }
    if (message.data[0] != FRAME_MAGIC_ID) {
        return "frame_magic_unknown";
    }
    if (message.size < MR_FRAME_SIZE) {
        return "frame_too_short";
    }
    for (size_t i = 1; i < MR_FRAME_SIZE; i++) {
        id = id << 8 | message.data[i];
    }
    if (id > INT32_MAX) {
        return "frame_schema_id_unknown";
    }
    frame->schema_id = (int32_t)id;
    frame->datum = rest_of(message, MR_FRAME_SIZE);
    return NULL;
}

const char *mr_frame_read_with(struct mr_span header, struct mr_span message,
                               struct mr_frame *frame)
{
    const char *fault;
    bool is_alone;

    if (header.size == 0) {
        return mr_frame_read(message, frame);
    }
    fault = mr_frame_read(header, frame);
    is_alone = frame->datum.size == 0;
    frame->datum = message;
    return fault == NULL && is_alone ? NULL : "frame_header_unreadable";
}

void mr_frame_write(uint8_t out[MR_FRAME_SIZE], int32_t schema_id)
{
    const uint32_t id = (uint32_t)schema_id;

    out[0] = FRAME_MAGIC_ID;
    out[1] = (uint8_t)(id >> 24);
    out[2] = (uint8_t)(id >> 16);
    out[3] = (uint8_t)(id >> 8);
    out[4] = (uint8_t)id;
}
