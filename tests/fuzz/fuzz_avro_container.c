/* Goal: no file makes the container reader crash, leak or take memory that it does not hold.
 * Method: libFuzzer over the file's bytes. */
#include "processors/core/base/error.h"
#include "processors/core/codec/container.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reader wants a name; the file is made anew in the folder where the fuzzer runs. */
static void read_all(const char *path)
{
    struct mr_container_reader *reader;
    struct mr_error err = {0};
    struct mr_span datum;

    if (mr_container_open(path, &reader, &err) != MR_OK) {
        return;
    }
    while (mr_container_next(reader, &datum, &err) == MR_OK && datum.data != NULL) {
    }
    mr_container_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "fuzz-container-XXXXXX";
    const int file = mkstemp(path);

    MR_ASSERT(file >= 0);
    MR_ASSERT(write(file, data, size) == (ssize_t)size);
    (void)close(file);
    read_all(path);
    (void)unlink(path);
    return 0;
}
