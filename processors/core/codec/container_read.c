#include "processors/core/codec/container_internal.h"
#include "processors/core/codec/plan.h"
#include "processors/core/codec/schema_internal.h"
#include "processors/core/codec/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define META_ENTRIES_MAX 1024

struct mr_container_reader {
    FILE *file;               /* owned */
    char *path;               /* owned; for messages */
    struct mr_schema *schema; /* owned */
    struct mr_plan *plan;     /* owned; knows how long a datum is */
    enum mr_container_codec codec;
    uint8_t sync[MR_CONTAINER_SYNC_SIZE];
    struct mr_container_room raw, plain; /* of the block: as it lies there, decompressed */
    const uint8_t *at, *end;             /* in the block */
    uint64_t count;                      /* data left in it */
    uint32_t empty_count;                /* data without bytes in it */
};

static enum mr_code bad(const struct mr_container_reader *self, struct mr_error *err,
                        const char *why)
{
    return MR_FAIL(err, MR_BAD_DATA, "%s: %s", self->path, why);
}

/* A varint at the file's position. *is_end, where it is given: the file ends before it. */
static enum mr_code read_long(struct mr_container_reader *self, int64_t *number, bool *is_end,
                              struct mr_error *err)
{
    uint8_t bytes[10];
    struct mr_input input = {0};
    size_t size = 0;

    do {
        const int byte = size < sizeof(bytes) ? getc(self->file) : EOF;

        if (byte == EOF) {
            if (is_end != NULL && size == 0) {
                *is_end = true;
                return ferror(self->file) ? MR_FAIL(err, MR_IO, "%s: cannot be read", self->path)
                                          : MR_OK;
            }
            return bad(self, err, "ends, or is no number, where a number is due");
        }
        bytes[size++] = (uint8_t)byte;
    } while (bytes[size - 1] >= 0x80);
    input.end = bytes + size;
    return mr_wire_long(bytes, &input, number) == NULL ? bad(self, err, input.fault) : MR_OK;
}

static enum mr_code read_bytes(struct mr_container_reader *self, int64_t size,
                               struct mr_container_room *out, struct mr_error *err)
{
    if (size < 0 || (uint64_t)size > MR_CONTAINER_BLOCK_SIZE_MAX) {
        return bad(self, err, "a block larger than is read here");
    }
    out->size = 0;
    /* By and by: a size that lies must not cost its memory. */
    while (out->size < (size_t)size) {
        const size_t left = (size_t)size - out->size;
        const size_t step = left < (size_t)1 << 20 ? left : (size_t)1 << 20;

        if (!mr_container_reserve(out, out->size + step)) {
            return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a block", self->path);
        }
        if (fread(out->data + out->size, 1, step, self->file) != step) {
            return bad(self, err, "ends in the middle");
        }
        out->size += step;
    }
    return MR_OK;
}

static enum mr_code read_sized(struct mr_container_reader *self, struct mr_container_room *out,
                               struct mr_error *err)
{
    int64_t size = 0;
    const enum mr_code code = read_long(self, &size, NULL, err);

    return code != MR_OK ? code : read_bytes(self, size, out, err);
}

static struct mr_span bytes_of(const struct mr_container_room *room)
{
    return (struct mr_span){room->data, room->size};
}

static enum mr_code take_schema(struct mr_container_reader *self, struct mr_span text,
                                struct mr_error *err)
{
    struct mr_error inner = {0};

    if (self->schema != NULL) {
        return bad(self, err, "two schemas");
    }
    return mr_schema_parse(text, &self->schema, &inner) == MR_OK ? MR_OK
                                                                 : bad(self, err, inner.text);
}

static enum mr_code take_codec(struct mr_container_reader *self, struct mr_span name,
                               struct mr_error *err)
{
    if (mr_span_is(name, "deflate")) {
        self->codec = MR_CONTAINER_DEFLATE;
    } else if (!mr_span_is(name, "null")) {
        return bad(self, err, "its codec is neither null nor deflate");
    }
    return MR_OK;
}

static enum mr_code read_entry(struct mr_container_reader *self, struct mr_error *err)
{
    enum mr_code code = read_sized(self, &self->raw, err);

    code = code != MR_OK ? code : read_sized(self, &self->plain, err);
    if (code != MR_OK) {
        return code;
    }
    if (mr_span_is(bytes_of(&self->raw), "avro.schema")) {
        return take_schema(self, bytes_of(&self->plain), err);
    }
    if (mr_span_is(bytes_of(&self->raw), "avro.codec")) {
        return take_codec(self, bytes_of(&self->plain), err);
    }
    return MR_OK;
}

static enum mr_code read_entries(struct mr_container_reader *self, uint64_t count,
                                 struct mr_error *err)
{
    enum mr_code code = MR_OK;

    if (count > META_ENTRIES_MAX) {
        return bad(self, err, "too much metadata");
    }
    for (uint64_t i = 0; i < count && code == MR_OK; i++) {
        code = read_entry(self, err);
    }
    return code;
}

/* A map, in blocks of which each takes bytes: a file has an end. */
static enum mr_code read_meta(struct mr_container_reader *self, struct mr_error *err)
{
    for (;;) {
        int64_t count = 0, size = 0;
        enum mr_code code = read_long(self, &count, NULL, err);

        if (code == MR_OK && count < 0) {
            code = read_long(self, &size, NULL, err);
        }
        if (code != MR_OK || count == 0) {
            return code;
        }
        code = read_entries(self, count < 0 ? 0 - (uint64_t)count : (uint64_t)count, err);
        if (code != MR_OK) {
            return code;
        }
    }
}

/* An empty layout: the plan is for the sizes of data only. */
static enum mr_code make_plan(struct mr_container_reader *self, struct mr_error *err)
{
    struct mr_layout *layout = mr_layout_new(self->schema);
    enum mr_code code;

    if (layout == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a layout");
    }
    code = mr_plan_new(self->schema, layout, &self->plan, err);
    mr_layout_free(layout);
    return code;
}

static enum mr_code read_head(struct mr_container_reader *self, struct mr_error *err)
{
    uint8_t magic[MR_CONTAINER_MAGIC_SIZE];
    enum mr_code code;

    if (fread(magic, 1, sizeof(magic), self->file) != sizeof(magic) ||
        memcmp(magic, mr_container_magic, sizeof(magic)) != 0) {
        return bad(self, err, "is no Avro container file");
    }
    code = read_meta(self, err);
    if (code != MR_OK) {
        return code;
    }
    if (self->schema == NULL) {
        return bad(self, err, "has no schema");
    }
    if (fread(self->sync, 1, sizeof(self->sync), self->file) != sizeof(self->sync)) {
        return bad(self, err, "ends in the middle");
    }
    return make_plan(self, err);
}

enum mr_code mr_container_open(const char *path, struct mr_container_reader **reader,
                               struct mr_error *err)
{
    struct mr_container_reader *self = calloc(1, sizeof(*self));
    enum mr_code code;

    *reader = NULL;
    if (self == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a container");
    }
    self->path = strdup(path);
    self->file = fopen(path, "rb");
    if (self->path == NULL || self->file == NULL) {
        code = MR_FAIL(err, MR_IO, "%s: cannot be opened", path);
    } else {
        code = read_head(self, err);
    }
    if (code != MR_OK) {
        mr_container_close(self);
        return code;
    }
    *reader = self;
    return MR_OK;
}

const struct mr_schema *mr_container_schema(const struct mr_container_reader *reader)
{
    return reader->schema;
}

static enum mr_code check_sync(struct mr_container_reader *self, struct mr_error *err)
{
    uint8_t sync[MR_CONTAINER_SYNC_SIZE];

    if (fread(sync, 1, sizeof(sync), self->file) != sizeof(sync)) {
        return bad(self, err, "ends in the middle");
    }
    return memcmp(sync, self->sync, sizeof(sync)) == 0
               ? MR_OK
               : bad(self, err, "a block does not end where it says");
}

static enum mr_code enter_block(struct mr_container_reader *self, struct mr_error *err)
{
    const struct mr_container_room *data = &self->raw;
    const enum mr_code code = check_sync(self, err);

    if (code != MR_OK) {
        return code;
    }
    if (self->codec == MR_CONTAINER_DEFLATE) {
        if (!mr_container_inflate(bytes_of(&self->raw), &self->plain)) {
            return bad(self, err, "a block cannot be decompressed");
        }
        data = &self->plain;
    }
    /* An empty block still has a place, so that a datum without bytes is not taken for the end. */
    self->at = data->data == NULL ? self->sync : data->data;
    self->end = self->at + data->size;
    self->empty_count = 0;
    return MR_OK;
}

static enum mr_code read_block(struct mr_container_reader *self, bool *is_end, struct mr_error *err)
{
    int64_t count = 0;
    enum mr_code code = read_long(self, &count, is_end, err);

    if (code != MR_OK || *is_end) {
        return code;
    }
    if (count < 0) {
        return bad(self, err, "a block of less than nothing");
    }
    code = read_sized(self, &self->raw, err);
    self->count = (uint64_t)count;
    return code != MR_OK ? code : enter_block(self, err);
}

static enum mr_code take_datum(struct mr_container_reader *self, struct mr_span *datum,
                               struct mr_error *err)
{
    const struct mr_span rest = {self->at, (size_t)(self->end - self->at)};
    const char *fault;
    const size_t size = mr_plan_size(self->plan, rest, &fault);

    if (fault != NULL) {
        return bad(self, err, fault);
    }
    if (size == 0 && self->empty_count++ == MR_WIRE_EMPTY_MAX) {
        return bad(self, err, "too_many_empty_items");
    }
    *datum = (struct mr_span){self->at, size};
    self->at += size;
    self->count--;
    return MR_OK;
}

enum mr_code mr_container_next(struct mr_container_reader *reader, struct mr_span *datum,
                               struct mr_error *err)
{
    *datum = (struct mr_span){NULL, 0};
    while (reader->count == 0) {
        bool is_end = false;
        enum mr_code code;

        if (reader->at != reader->end) {
            return bad(reader, err, "a block holds more than it says");
        }
        code = read_block(reader, &is_end, err);
        if (code != MR_OK || is_end) {
            return code;
        }
    }
    return take_datum(reader, datum, err);
}

void mr_container_close(struct mr_container_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->file != NULL) {
        (void)fclose(reader->file);
    }
    mr_plan_free(reader->plan);
    mr_schema_free(reader->schema);
    free(reader->raw.data);
    free(reader->plain.data);
    free(reader->path);
    free(reader);
}
