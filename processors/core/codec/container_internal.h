/* container_internal.h - what reading and writing container files share. */
#ifndef MR_CODEC_CONTAINER_INTERNAL_H
#define MR_CODEC_CONTAINER_INTERNAL_H

#include "processors/core/codec/container.h"

#include <string.h>

#define MR_CONTAINER_MAGIC_SIZE 4
#define MR_CONTAINER_SYNC_SIZE 16

/* A buffer that is kept from block to block. */
struct mr_container_room {
    uint8_t *data; /* owned */
    size_t size, room;
    bool is_short; /* there was no memory for more */
};

/* Room for size bytes, what is there kept; false: no memory, or more than a block may have. */
bool mr_container_reserve(struct mr_container_room *self, size_t size);

/* The bytes of a file, in order; some may be given back to be read again. */
struct mr_container_input {
    struct mr_container_source source;
    uint8_t *buffer; /* owned; read up to at */
    size_t size, at;
    struct mr_container_room again; /* before the buffer; read up to again_at */
    size_t again_at;
};

bool mr_container_input_open(struct mr_container_input *self,
                             const struct mr_container_source *source);
void mr_container_input_close(struct mr_container_input *self);
/* Fills out; less than size only at the end. */
size_t mr_container_input_take(struct mr_container_input *self, uint8_t *out, size_t size);
/* bytes are read again next; its memory is taken in exchange for other. false: no memory. */
bool mr_container_input_again(struct mr_container_input *self, struct mr_container_room *bytes);

/* What a block's bytes become when they are written, and again when they are read; false: no
 * memory, or they are not what was packed. */
typedef bool mr_container_step(struct mr_span bytes, struct mr_container_room *out);

mr_container_step mr_container_deflate, mr_container_inflate; /* raw: no header, no checksum */
mr_container_step mr_container_snap, mr_container_unsnap;

struct mr_container_codec_ops {
    const char *name;
    mr_container_step *pack, *unpack; /* NULL: as it is */
};
extern const struct mr_container_codec_ops mr_container_codecs[MR_CONTAINER_CODEC_COUNT];

#endif
