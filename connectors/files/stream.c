#include "connectors/files/stream.h"

#include "connectors/files/gunzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE (64 * 1024)

struct mr_stream {
    int fd;                   /* borrowed */
    struct mr_gunzip *gunzip; /* owned; NULL: the file is no gzip */
    struct archive *archive;  /* owned; NULL: closed */
    const uint8_t *block;     /* libarchive's, read up to block_at */
    size_t block_size, block_at;
    bool is_over;
    const char *fault;
    char words[160];
    uint8_t in[BLOCK_SIZE];
};

struct mr_stream *mr_stream_new(void)
{
    struct mr_stream *stream = calloc(1, sizeof(*stream));

    if (stream != NULL) {
        stream->fd = -1;
    }
    return stream;
}

void mr_stream_free(struct mr_stream *stream)
{
    if (stream != NULL) {
        mr_stream_close(stream);
        free(stream);
    }
}

void mr_stream_close(struct mr_stream *stream)
{
    if (stream->archive != NULL) {
        (void)archive_read_free(stream->archive);
        stream->archive = NULL;
    }
    mr_gunzip_free(stream->gunzip);
    stream->gunzip = NULL;
}

static void fail(struct mr_stream *stream, const char *fault, const char *words)
{
    stream->is_over = true;
    if (stream->fault == NULL) {
        stream->fault = fault;
        (void)snprintf(stream->words, sizeof(stream->words), "%s", words);
    }
}

static la_ssize_t on_read(struct archive *archive, void *context, const void **block)
{
    struct mr_stream *stream = context;
    ssize_t got;

    *block = stream->in;
    if (stream->gunzip != NULL) {
        return (la_ssize_t)mr_gunzip_read(stream->gunzip, stream->in, sizeof(stream->in));
    }
    got = read(stream->fd, stream->in, sizeof(stream->in));
    if (got < 0) {
        fail(stream, "source_unreadable", strerror(errno));
        archive_set_error(archive, errno, "%s", stream->words);
        return ARCHIVE_FATAL;
    }
    return got;
}

/* Zip has its directory at the end. */
static la_int64_t on_seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
    const struct mr_stream *stream = context;
    const off_t at = lseek(stream->fd, (off_t)offset, whence);

    (void)archive;
    return at < 0 ? ARCHIVE_FATAL : (la_int64_t)at;
}

/* Only what is named here: a feed must not be taken for an mtree because it begins with "#". */
static bool choose_formats(struct archive *archive)
{
    return archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
           archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
           archive_read_support_filter_lz4(archive) == ARCHIVE_OK &&
           archive_read_support_format_zip(archive) == ARCHIVE_OK &&
           archive_read_support_format_tar(archive) == ARCHIVE_OK &&
           archive_read_support_format_7zip(archive) == ARCHIVE_OK &&
           archive_read_support_format_empty(archive) == ARCHIVE_OK &&
           archive_read_support_format_raw(archive) == ARCHIVE_OK;
}

static bool is_gzip(int fd)
{
    uint8_t magic[3];

    return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) && magic[0] == 0x1F &&
           magic[1] == 0x8B && magic[2] == 8;
}

/* What libarchive says of a file that ends early has one word in common. */
static void take_fault(struct mr_stream *stream)
{
    const char *words = archive_error_string(stream->archive);

    if (words == NULL) {
        words = "cannot be unpacked";
    }
    fail(stream, strstr(words, "runcated") ? "source_truncated" : "source_corrupt", words);
}

bool mr_stream_open(struct mr_stream *stream, int fd)
{
    mr_stream_close(stream);
    stream->fd = fd;
    stream->is_over = false;
    stream->fault = NULL;
    stream->block_size = stream->block_at = 0;
    (void)lseek(fd, 0, SEEK_SET);
    if (is_gzip(fd)) {
        stream->gunzip = mr_gunzip_new(fd);
        if (stream->gunzip == NULL) {
            return false;
        }
    }
    stream->archive = archive_read_new();
    if (stream->archive == NULL || !choose_formats(stream->archive)) {
        mr_stream_close(stream);
        return false;
    }
    (void)archive_read_set_read_callback(stream->archive, on_read);
    (void)archive_read_set_callback_data(stream->archive, stream);
    if (stream->gunzip == NULL) {
        (void)archive_read_set_seek_callback(stream->archive, on_seek);
    }
    if (archive_read_open1(stream->archive) < ARCHIVE_WARN) {
        take_fault(stream);
    }
    return true;
}

/* A gzip that breaks off looks to libarchive like one that ends. */
static void ask_gunzip(struct mr_stream *stream)
{
    static const struct {
        const char *fault, *words;
    } faults[] = {
        [MR_GUNZIP_TRUNCATED] = {"source_truncated", "the gzip file ends early"},
        [MR_GUNZIP_CORRUPT] = {"source_corrupt", "the gzip file is damaged"},
        [MR_GUNZIP_UNREADABLE] = {"source_unreadable", "the file cannot be read"},
    };
    enum mr_gunzip_state state;

    if (stream->gunzip == NULL) {
        return;
    }
    state = mr_gunzip_state(stream->gunzip);
    if (state != MR_GUNZIP_GOOD) {
        stream->fault = NULL; /* what libarchive made of it is only what followed */
        fail(stream, faults[state].fault, faults[state].words);
    }
}

bool mr_stream_next(struct mr_stream *stream, const char **name)
{
    struct archive_entry *entry;
    int answer = ARCHIVE_OK;

    stream->block_size = stream->block_at = 0;
    while (!stream->is_over) {
        answer = archive_read_next_header(stream->archive, &entry);
        if (answer < ARCHIVE_WARN) {
            take_fault(stream);
        } else if (answer == ARCHIVE_EOF) {
            stream->is_over = true;
        } else if (archive_entry_filetype(entry) == AE_IFREG) {
            const bool is_plain =
                (archive_format(stream->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;

            *name = is_plain ? NULL : archive_entry_pathname(entry);
            return true;
        }
    }
    ask_gunzip(stream);
    return false;
}

static bool next_block(struct mr_stream *stream)
{
    const void *block = NULL;
    la_int64_t offset;
    const int answer =
        archive_read_data_block(stream->archive, &block, &stream->block_size, &offset);

    stream->block = block;
    stream->block_at = 0;
    if (answer == ARCHIVE_OK || answer == ARCHIVE_WARN) {
        return true;
    }
    stream->block_size = 0;
    if (answer != ARCHIVE_EOF) {
        take_fault(stream);
    }
    ask_gunzip(stream);
    return false;
}

size_t mr_stream_read(struct mr_stream *stream, uint8_t *out, size_t size)
{
    size_t got = 0;

    while (got < size && !stream->is_over) {
        const size_t left = stream->block_size - stream->block_at;
        const size_t part = left < size - got ? left : size - got;

        if (left == 0) {
            if (!next_block(stream)) {
                break;
            }
            continue;
        }
        memcpy(out + got, stream->block + stream->block_at, part);
        stream->block_at += part;
        got += part;
    }
    return got;
}

const char *mr_stream_fault(const struct mr_stream *stream, const char **words)
{
    *words = stream->words;
    return stream->fault;
}

uint64_t mr_stream_offset(const struct mr_stream *stream)
{
    const off_t at = stream->fd < 0 ? 0 : lseek(stream->fd, 0, SEEK_CUR);

    return at < 0 ? 0 : (uint64_t)at;
}
