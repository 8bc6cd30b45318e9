#include "processors/core/codec/container_internal.h"

#include <stdlib.h>

#define BUFFER_SIZE ((size_t)64 << 10)

bool mr_container_input_open(struct mr_container_input *self,
                             const struct mr_container_source *source)
{
    self->source = *source;
    self->buffer = malloc(BUFFER_SIZE);
    return self->buffer != NULL;
}

void mr_container_input_close(struct mr_container_input *self)
{
    free(self->buffer);
    free(self->again.data);
}

static size_t take_again(struct mr_container_input *self, uint8_t *out, size_t size)
{
    const size_t left = self->again.size - self->again_at;
    const size_t taken = left < size ? left : size;

    if (taken > 0) {
        memcpy(out, self->again.data + self->again_at, taken);
        self->again_at += taken;
    }
    return taken;
}

size_t mr_container_input_take(struct mr_container_input *self, uint8_t *out, size_t size)
{
    size_t taken = take_again(self, out, size);

    while (taken < size) {
        const size_t left = self->size - self->at;
        const size_t part = left < size - taken ? left : size - taken;

        if (left == 0) {
            self->at = 0;
            self->size = self->source.read(self->source.context, self->buffer, BUFFER_SIZE);
            if (self->size == 0) {
                break;
            }
            continue;
        }
        memcpy(out + taken, self->buffer + self->at, part);
        self->at += part;
        taken += part;
    }
    return taken;
}

bool mr_container_input_again(struct mr_container_input *self, struct mr_container_room *bytes)
{
    const size_t left = self->again.size - self->again_at;
    const struct mr_container_room used = self->again;

    if (left > 0) {
        if (!mr_container_reserve(bytes, bytes->size + left)) {
            return false;
        }
        memcpy(bytes->data + bytes->size, used.data + self->again_at, left);
        bytes->size += left;
    }
    self->again = *bytes;
    self->again_at = 0;
    *bytes = used;
    bytes->size = 0;
    return true;
}
