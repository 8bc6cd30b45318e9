/* Goal: no file makes the container reader crash, leak, run away or take memory that it does not
 * hold, whatever is damaged in it and however often.
 * Method: libFuzzer over the file's bytes; after each damaged block reading goes on. */
#include "processors/core/base/error.h"
#include "processors/core/codec/container.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static size_t read_input(void *context, uint8_t *out, size_t size)
{
    struct input *input = context;
    const size_t taken = input->size < size ? input->size : size;

    if (taken > 0) {
        memcpy(out, input->data, taken);
        input->data += taken;
        input->size -= taken;
    }
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const struct mr_container_source source = {read_input, &input, "input"};
    struct mr_container_reader *reader;
    struct mr_error err = {0};
    struct mr_span datum;
    enum mr_code code;

    if (mr_container_open_source(&source, &reader, &err) != MR_OK) {
        return 0;
    }
    for (;;) {
        code = mr_container_next(reader, &datum, &err);
        if (code == MR_BAD_DATA) {
            code = mr_container_resync(reader, &err);
        } else if (datum.data == NULL) {
            break;
        }
        MR_ASSERT(code == MR_OK || code == MR_NO_ROOM);
    }
    mr_container_close(reader);
    return 0;
}
