/* container_internal.h - what reading and writing container files share. */
#ifndef MR_CODEC_CONTAINER_INTERNAL_H
#define MR_CODEC_CONTAINER_INTERNAL_H

#include "processors/core/codec/container.h"

#define MR_CONTAINER_MAGIC_SIZE 4
#define MR_CONTAINER_SYNC_SIZE 16

extern const uint8_t mr_container_magic[MR_CONTAINER_MAGIC_SIZE];

/* A buffer that is kept from block to block. */
struct mr_container_room {
    uint8_t *data; /* owned */
    size_t size, room;
};

/* Room for size bytes, what is there kept; false: no memory, or more than a block may have. */
bool mr_container_reserve(struct mr_container_room *self, size_t size);

/* Raw deflate, as the specification has it (no header, no checksum). */
bool mr_container_deflate(struct mr_span bytes, struct mr_container_room *out);
bool mr_container_inflate(struct mr_span bytes, struct mr_container_room *out);

#endif
