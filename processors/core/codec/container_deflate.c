#include "processors/core/codec/container_internal.h"

#include <zlib.h>

#define RAW_WINDOW (-15) /* zlib's way to say: no header */
#define MEMORY_LEVEL 8

/* Runs step until the end of the stream; the room doubles when it is full. */
static bool run(z_stream *zlib, int (*step)(z_stream *, int), struct mr_container_room *out)
{
    int code = Z_OK;

    out->size = 0;
    while (code == Z_OK) {
        if (!mr_container_reserve(out, out->size + 1)) {
            return false;
        }
        zlib->next_out = out->data + out->size;
        zlib->avail_out = (uInt)(out->room - out->size);
        code = step(zlib, Z_FINISH);
        out->size = out->room - zlib->avail_out;
        /* Out of room is all that Z_BUF_ERROR may mean here; else the input is cut off. */
        if (code == Z_BUF_ERROR && zlib->avail_out == 0) {
            code = Z_OK;
        }
        if (code == Z_OK && !mr_container_reserve(out, out->room + 1)) {
            return false;
        }
    }
    return code == Z_STREAM_END;
}

bool mr_container_inflate(struct mr_span bytes, struct mr_container_room *out)
{
    z_stream zlib = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.size};
    bool is_whole;

    if (inflateInit2(&zlib, RAW_WINDOW) != Z_OK) {
        return false;
    }
    is_whole = run(&zlib, inflate, out);
    (void)inflateEnd(&zlib);
    return is_whole;
}

bool mr_container_deflate(struct mr_span bytes, struct mr_container_room *out)
{
    z_stream zlib = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.size};
    bool is_whole;

    if (deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    is_whole = run(&zlib, deflate, out);
    (void)deflateEnd(&zlib);
    return is_whole;
}
