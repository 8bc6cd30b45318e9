/* Goal: whatever the bytes, what comes out is valid UTF-8, fits the room that was promised, and
 * does not depend on how the bytes were cut into blocks. Method: libFuzzer; the first byte chooses
 * the encoding, the second the size of the blocks. */
#include "connectors/files/charset.h"

#include "processors/core/base/error.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t decode(struct mr_decoder *decoder, struct mr_span bytes, size_t block, uint8_t *out)
{
    size_t total = 0;

    for (size_t at = 0; at < bytes.size; at += block) {
        const size_t part = bytes.size - at < block ? bytes.size - at : block;
        const size_t got =
            mr_decoder_run(decoder, (struct mr_span){bytes.data + at, part}, out + total);

        MR_ASSERT(got <= mr_decoder_room(part));
        total += got;
    }
    return total + mr_decoder_end(decoder, out + total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_decoder whole = {0}, parts = {0};
    struct mr_span bytes;
    uint8_t *a, *b;
    size_t a_size, b_size;

    if (size < 2) {
        return 0;
    }
    bytes = (struct mr_span){data + 2, size - 2};
    a = malloc(4 * size + 64);
    b = malloc(4 * size + 64);
    MR_ASSERT(a != NULL && b != NULL);
    whole.is_xml = parts.is_xml = data[0] & 0x80;
    (void)mr_decoder_begin(&whole, bytes, (enum mr_charset)(data[0] % 7));
    (void)mr_decoder_begin(&parts, bytes, (enum mr_charset)(data[0] % 7));
    a_size = decode(&whole, bytes, size, a);
    MR_ASSERT(mr_utf8_is_valid((struct mr_span){a, a_size}));
    b_size = decode(&parts, bytes, 1 + data[1] % 16U, b);
    MR_ASSERT(mr_utf8_is_valid((struct mr_span){b, b_size}));
    if (data[0] % 7 != MR_CHARSET_AUTO) { /* which is decided by what is in a block */
        MR_ASSERT(a_size == b_size && memcmp(a, b, a_size) == 0);
        MR_ASSERT(whole.replaced == parts.replaced);
    }
    free(a);
    free(b);
    return 0;
}
