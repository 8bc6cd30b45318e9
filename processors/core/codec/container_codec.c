#include "processors/core/codec/container_internal.h"

#include <stdlib.h>

#define ROOM_FIRST ((size_t)64 << 10)

bool mr_container_reserve(struct mr_container_room *self, size_t size)
{
    size_t room = self->room == 0 ? ROOM_FIRST : self->room;
    uint8_t *data;

    if (size <= self->room) {
        return true;
    }
    if (size > MR_CONTAINER_BLOCK_SIZE_MAX) {
        return false;
    }
    while (room < size) {
        room *= 2;
    }
    data = realloc(self->data, room);
    self->is_short = data == NULL;
    if (data == NULL) {
        return false;
    }
    self->data = data;
    self->room = room;
    return true;
}

const struct mr_container_codec_ops mr_container_codecs[MR_CONTAINER_CODEC_COUNT] = {
    [MR_CONTAINER_NULL] = {"null", NULL, NULL},
    [MR_CONTAINER_DEFLATE] = {"deflate", mr_container_deflate, mr_container_inflate},
    [MR_CONTAINER_SNAPPY] = {"snappy", mr_container_snap, mr_container_unsnap},
};

bool mr_container_codec_find(struct mr_span name, enum mr_container_codec *codec)
{
    for (int i = 0; i < MR_CONTAINER_CODEC_COUNT; i++) {
        if (mr_span_is(name, mr_container_codecs[i].name)) {
            *codec = (enum mr_container_codec)i;
            return true;
        }
    }
    return false;
}
