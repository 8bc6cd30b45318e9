#include "connectors/files/gunzip.h"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define IN_SIZE (64 * 1024)
#define GZIP_ONLY (15 + 16) /* window bits of inflateInit2 */

struct mr_gunzip {
    int fd; /* borrowed */
    enum mr_gunzip_state state;
    bool is_in_member;
    bool is_over;
    z_stream zlib;
    uint8_t in[IN_SIZE];
};

struct mr_gunzip *mr_gunzip_new(int fd)
{
    struct mr_gunzip *gunzip = calloc(1, sizeof(*gunzip));

    if (gunzip == NULL) {
        return NULL;
    }
    gunzip->fd = fd;
    if (inflateInit2(&gunzip->zlib, GZIP_ONLY) != Z_OK) {
        free(gunzip);
        return NULL;
    }
    gunzip->is_in_member = true;
    return gunzip;
}

void mr_gunzip_free(struct mr_gunzip *gunzip)
{
    if (gunzip != NULL) {
        (void)inflateEnd(&gunzip->zlib);
        free(gunzip);
    }
}

static void end(struct mr_gunzip *gunzip, enum mr_gunzip_state state)
{
    gunzip->is_over = true;
    gunzip->state = state;
}

static void refill(struct mr_gunzip *gunzip)
{
    const ssize_t got = read(gunzip->fd, gunzip->in, sizeof(gunzip->in));

    if (got < 0) {
        end(gunzip, MR_GUNZIP_UNREADABLE);
    } else if (got == 0) {
        end(gunzip, gunzip->is_in_member ? MR_GUNZIP_TRUNCATED : MR_GUNZIP_GOOD);
    } else {
        gunzip->zlib.next_in = gunzip->in;
        gunzip->zlib.avail_in = (uInt)got;
    }
}

/* Another member, or something that is none. */
static void begin_member(struct mr_gunzip *gunzip)
{
    if (gunzip->zlib.next_in[0] != 0x1F) {
        end(gunzip, MR_GUNZIP_GOOD);
        return;
    }
    (void)inflateReset(&gunzip->zlib);
    gunzip->is_in_member = true;
}

static void step(struct mr_gunzip *gunzip)
{
    int answer;

    if (gunzip->zlib.avail_in == 0) {
        refill(gunzip);
    } else if (!gunzip->is_in_member) {
        begin_member(gunzip);
    } else {
        answer = inflate(&gunzip->zlib, Z_NO_FLUSH);
        if (answer == Z_STREAM_END) {
            gunzip->is_in_member = false;
        } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
            end(gunzip, MR_GUNZIP_CORRUPT);
        }
    }
}

size_t mr_gunzip_read(struct mr_gunzip *gunzip, uint8_t *out, size_t size)
{
    gunzip->zlib.next_out = out;
    gunzip->zlib.avail_out = (uInt)size;
    while (gunzip->zlib.avail_out > 0 && !gunzip->is_over) {
        step(gunzip);
    }
    return size - gunzip->zlib.avail_out;
}

enum mr_gunzip_state mr_gunzip_state(const struct mr_gunzip *gunzip)
{
    return gunzip->state;
}
