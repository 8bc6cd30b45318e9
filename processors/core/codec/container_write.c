#include "processors/core/codec/container_internal.h"
#include "processors/core/codec/wire.h"

#include <stdio.h>
#include <stdlib.h>

/* Blocks of about this size: what Apache's implementations write. */
#define BLOCK_SIZE ((size_t)64 << 10)

struct mr_container_writer {
    FILE *file; /* owned */
    char *path; /* owned; for messages */
    enum mr_container_codec codec;
    uint8_t sync[MR_CONTAINER_SYNC_SIZE];
    struct mr_container_room block, packed;
    int64_t count; /* data in the block */
};

static enum mr_code write_failed(const struct mr_container_writer *self, struct mr_error *err)
{
    return MR_FAIL(err, MR_IO, "%s: cannot be written", self->path);
}

static bool put(struct mr_container_writer *self, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, self->file) == size;
}

static bool put_long(struct mr_container_writer *self, int64_t number)
{
    uint8_t bytes[10];

    return put(self, bytes, (size_t)(mr_wire_put_long(bytes, number) - bytes));
}

static bool put_text(struct mr_container_writer *self, const char *text)
{
    return put_long(self, (int64_t)strlen(text)) && put(self, text, strlen(text));
}

static bool put_head(struct mr_container_writer *self, const struct mr_schema *schema)
{
    return put(self, MR_CONTAINER_MAGIC, MR_CONTAINER_MAGIC_SIZE) && put_long(self, 2) &&
           put_text(self, "avro.codec") && put_text(self, mr_container_codecs[self->codec].name) &&
           put_text(self, "avro.schema") && put_text(self, mr_schema_text(schema)) &&
           put_long(self, 0) && put(self, self->sync, sizeof(self->sync));
}

static void discard(struct mr_container_writer *self)
{
    if (self->file != NULL) {
        (void)fclose(self->file);
    }
    free(self->block.data);
    free(self->packed.data);
    free(self->path);
    free(self);
}

enum mr_code mr_container_create(const char *path, const struct mr_schema *schema,
                                 enum mr_container_codec codec, struct mr_container_writer **writer,
                                 struct mr_error *err)
{
    const struct mr_digest digest = mr_digest_of(mr_span_text(mr_schema_text(schema)));
    struct mr_container_writer *self = calloc(1, sizeof(*self));

    *writer = NULL;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a container");
    }
    self->codec = codec;
    memcpy(self->sync, digest.bytes, sizeof(self->sync));
    self->path = strdup(path);
    if (self->path == NULL) {
        discard(self);
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a container");
    }
    self->file = fopen(path, "wb");
    if (self->file == NULL || !put_head(self, schema)) {
        discard(self);
        return MR_FAIL(err, MR_IO, "%s: cannot be written", path);
    }
    *writer = self;
    return MR_OK;
}

static enum mr_code write_block(struct mr_container_writer *self, struct mr_error *err)
{
    mr_container_step *const pack = mr_container_codecs[self->codec].pack;
    const struct mr_container_room *data = &self->block;
    const struct mr_span plain = {self->block.data, self->block.size};

    if (self->count == 0) {
        return MR_OK;
    }
    if (pack != NULL) {
        if (!pack(plain, &self->packed)) {
            return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a block", self->path);
        }
        data = &self->packed;
    }
    if (!put_long(self, self->count) || !put_long(self, (int64_t)data->size) ||
        !put(self, data->data, data->size) || !put(self, self->sync, sizeof(self->sync))) {
        return write_failed(self, err);
    }
    self->count = 0;
    self->block.size = 0;
    return MR_OK;
}

enum mr_code mr_container_append(struct mr_container_writer *writer, struct mr_span datum,
                                 struct mr_error *err)
{
    if (!mr_container_reserve(&writer->block, writer->block.size + datum.size + 1)) {
        return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a datum of %zu bytes", writer->path,
                       datum.size);
    }
    (void)mr_wire_put_raw(writer->block.data + writer->block.size, datum);
    writer->block.size += datum.size;
    writer->count++;
    return writer->block.size >= BLOCK_SIZE ? write_block(writer, err) : MR_OK;
}

enum mr_code mr_container_finish(struct mr_container_writer *writer, struct mr_error *err)
{
    enum mr_code code = write_block(writer, err);

    if (fclose(writer->file) != 0 && code == MR_OK) {
        code = write_failed(writer, err);
    }
    writer->file = NULL;
    discard(writer);
    return code;
}
