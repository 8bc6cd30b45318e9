#include "processors/core/codec/container_internal.h"

#include <snappy-c.h>
#include <zlib.h>

/* Snappy's own format, then the CRC-32 of the plain bytes, big-endian. */
#define CHECK_SIZE ((size_t)4)

/* Three bytes of Snappy stand for 64 at most: a size that needs more is a lie, and costs nothing.
 */
#define EXPANSION_MAX 22

static void put_check(uint8_t *out, struct mr_span plain)
{
    const uLong check = crc32(0, plain.data, (uInt)plain.size);

    for (size_t i = 0; i < CHECK_SIZE; i++) {
        out[i] = (uint8_t)(check >> 8 * (CHECK_SIZE - 1 - i));
    }
}

bool mr_container_snap(struct mr_span bytes, struct mr_container_room *out)
{
    size_t size = snappy_max_compressed_length(bytes.size);

    if (!mr_container_reserve(out, size + CHECK_SIZE) ||
        snappy_compress((const char *)bytes.data, bytes.size, (char *)out->data, &size) !=
            SNAPPY_OK) {
        return false;
    }
    put_check(out->data + size, bytes);
    out->size = size + CHECK_SIZE;
    return true;
}

bool mr_container_unsnap(struct mr_span bytes, struct mr_container_room *out)
{
    uint8_t check[CHECK_SIZE];
    const char *packed = (const char *)bytes.data;
    size_t packed_size, size;

    if (bytes.size < CHECK_SIZE) {
        return false;
    }
    packed_size = bytes.size - CHECK_SIZE;
    if (snappy_uncompressed_length(packed, packed_size, &size) != SNAPPY_OK ||
        size > packed_size * EXPANSION_MAX || !mr_container_reserve(out, size + 1) ||
        snappy_uncompress(packed, packed_size, (char *)out->data, &size) != SNAPPY_OK) {
        return false;
    }
    out->size = size;
    put_check(check, (struct mr_span){out->data, size});
    return memcmp(check, packed + packed_size, CHECK_SIZE) == 0;
}
