#include "processors/core/codec/container_internal.h"
#include "processors/core/codec/plan.h"
#include "processors/core/codec/schema_internal.h"
#include "processors/core/codec/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define META_ENTRIES_MAX 1024

struct mr_container_reader {
    FILE *file; /* owned; NULL: the source is the caller's */
    struct mr_container_input input;
    char *path;               /* owned; for messages */
    struct mr_schema *schema; /* owned */
    struct mr_plan *plan;     /* owned; knows how long a datum is */
    enum mr_container_codec codec;
    uint8_t sync[MR_CONTAINER_SYNC_SIZE];
    struct mr_container_room raw, plain; /* of the block: as it lies there, decompressed */
    const uint8_t *at, *end;             /* in the block */
    uint64_t count;                      /* data left in it */
    uint64_t block_count;                /* blocks begun */
    uint32_t empty_count;                /* data without bytes in it */
    bool is_delimited; /* the block was read to its sync marker: the next one begins here */
};

static enum mr_code bad(const struct mr_container_reader *self, struct mr_error *err,
                        const char *why)
{
    return self->block_count == 0 ? MR_FAIL(err, MR_BAD_DATA, "%s: %s", self->path, why)
                                  : MR_FAIL(err, MR_BAD_DATA, "%s: block %" PRIu64 ": %s",
                                            self->path, mr_container_block(self), why);
}

static bool read_failed(const struct mr_container_reader *self)
{
    return self->file != NULL && ferror(self->file) != 0;
}

/* A varint at the file's position. *is_end, where it is given: the file ends before it. */
static enum mr_code read_long(struct mr_container_reader *self, int64_t *number, bool *is_end,
                              struct mr_error *err)
{
    uint8_t bytes[10];
    struct mr_input input = {0};
    size_t size = 0;

    do {
        if (size == sizeof(bytes) || mr_container_input_take(&self->input, bytes + size, 1) == 0) {
            if (is_end != NULL && size == 0) {
                *is_end = true;
                return read_failed(self) ? MR_FAIL(err, MR_IO, "%s: cannot be read", self->path)
                                         : MR_OK;
            }
            return bad(self, err, "ends, or is no number, where a number is due");
        }
        size++;
    } while (bytes[size - 1] >= 0x80);
    input.end = bytes + size;
    return mr_wire_long(bytes, &input, number) == NULL ? bad(self, err, input.fault) : MR_OK;
}

/* size bytes behind those that out holds, by and by: a size that lies must not cost its memory. */
static enum mr_code read_bytes_behind(struct mr_container_reader *self, size_t size,
                                      struct mr_container_room *out, struct mr_error *err)
{
    const size_t end = out->size + size;

    while (out->size < end) {
        const size_t left = end - out->size;
        const size_t step = left < (size_t)1 << 20 ? left : (size_t)1 << 20;
        size_t taken;

        if (!mr_container_reserve(out, out->size + step)) {
            return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a block", self->path);
        }
        taken = mr_container_input_take(&self->input, out->data + out->size, step);
        out->size += taken;
        if (taken < step) {
            return bad(self, err, "ends in the middle");
        }
    }
    return MR_OK;
}

static enum mr_code read_sized(struct mr_container_reader *self, struct mr_container_room *out,
                               struct mr_error *err)
{
    int64_t size = 0;
    const enum mr_code code = read_long(self, &size, NULL, err);

    out->size = 0;
    if (code == MR_OK && (size < 0 || (uint64_t)size > MR_CONTAINER_BLOCK_SIZE_MAX)) {
        return bad(self, err, "larger than is read here");
    }
    return code != MR_OK ? code : read_bytes_behind(self, (size_t)size, out, err);
}

static struct mr_span bytes_of(const struct mr_container_room *room)
{
    return (struct mr_span){room->data, room->size};
}

static enum mr_code take_schema(struct mr_container_reader *self, struct mr_span text,
                                struct mr_error *err)
{
    struct mr_error inner = {0};
    enum mr_code code;

    if (self->schema != NULL) {
        return bad(self, err, "two schemas");
    }
    code = mr_schema_parse(text, &self->schema, &inner);
    if (code == MR_NO_ROOM) {
        return MR_FAIL(err, code, "%s: %s", self->path, inner.text);
    }
    return code == MR_OK ? MR_OK : bad(self, err, inner.text);
}

static enum mr_code take_codec(struct mr_container_reader *self, struct mr_span name,
                               struct mr_error *err)
{
    return mr_container_codec_find(name, &self->codec)
               ? MR_OK
               : bad(self, err, "its codec is none of null, deflate, snappy");
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

    if (mr_container_input_take(&self->input, magic, sizeof(magic)) != sizeof(magic) ||
        memcmp(magic, MR_CONTAINER_MAGIC, sizeof(magic)) != 0) {
        return bad(self, err, "is no Avro container file");
    }
    code = read_meta(self, err);
    if (code != MR_OK) {
        return code;
    }
    if (self->schema == NULL) {
        return bad(self, err, "has no schema");
    }
    if (mr_container_input_take(&self->input, self->sync, sizeof(self->sync)) !=
        sizeof(self->sync)) {
        return bad(self, err, "ends in the middle");
    }
    return make_plan(self, err);
}

static size_t read_file(void *context, uint8_t *out, size_t size)
{
    return fread(out, 1, size, context);
}

/* file is taken over; NULL: the source is the caller's. */
static enum mr_code open_own(const struct mr_container_source *source, FILE *file,
                             struct mr_container_reader **reader, struct mr_error *err)
{
    struct mr_container_reader *self = calloc(1, sizeof(*self));
    enum mr_code code;

    *reader = NULL;
    if (self == NULL) {
        if (file != NULL) {
            (void)fclose(file);
        }
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a container");
    }
    self->file = file;
    self->path = strdup(source->name);
    if (self->path == NULL || !mr_container_input_open(&self->input, source)) {
        code = MR_FAIL(err, MR_NO_ROOM, "no memory for a container");
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

enum mr_code mr_container_open_source(const struct mr_container_source *source,
                                      struct mr_container_reader **reader, struct mr_error *err)
{
    return open_own(source, NULL, reader, err);
}

enum mr_code mr_container_open(const char *path, struct mr_container_reader **reader,
                               struct mr_error *err)
{
    FILE *file = fopen(path, "rb");
    const struct mr_container_source source = {read_file, file, path};

    *reader = NULL;
    return file != NULL ? open_own(&source, file, reader, err)
                        : MR_FAIL(err, MR_IO, "%s: cannot be opened", path);
}

const struct mr_schema *mr_container_schema(const struct mr_container_reader *reader)
{
    return reader->schema;
}

uint64_t mr_container_block(const struct mr_container_reader *reader)
{
    return reader->block_count == 0 ? 0 : reader->block_count - 1;
}

/* The marker stays behind the block's bytes, out of its size, for resync(). */
static enum mr_code check_sync(struct mr_container_reader *self, struct mr_error *err)
{
    struct mr_container_room *raw = &self->raw;
    const size_t size = raw->size;
    enum mr_code code = read_bytes_behind(self, MR_CONTAINER_SYNC_SIZE, raw, err);

    if (code == MR_OK && memcmp(raw->data + size, self->sync, MR_CONTAINER_SYNC_SIZE) != 0) {
        return bad(self, err, "does not end where it says");
    }
    if (code == MR_OK) {
        raw->size = size;
        self->is_delimited = true;
    }
    return code;
}

static enum mr_code enter_block(struct mr_container_reader *self, struct mr_error *err)
{
    mr_container_step *const unpack = mr_container_codecs[self->codec].unpack;
    const struct mr_container_room *data = &self->raw;
    const enum mr_code code = check_sync(self, err);

    if (code != MR_OK) {
        return code;
    }
    if (unpack != NULL) {
        if (!unpack(bytes_of(&self->raw), &self->plain)) {
            if (self->plain.is_short) {
                return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a block", self->path);
            }
            return bad(self, err, "cannot be decompressed");
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
    enum mr_code code;

    self->raw.size = 0;
    self->is_delimited = false;
    self->block_count++;
    code = read_long(self, &count, is_end, err);
    if (code != MR_OK || *is_end) {
        return code;
    }
    if (count < 0) {
        return bad(self, err, "holds less than nothing");
    }
    code = read_sized(self, &self->raw, err);
    code = code != MR_OK ? code : enter_block(self, err);
    self->count = code != MR_OK ? 0 : (uint64_t)count;
    return code;
}

/* Reads on until behind a sync marker, or the end. */
static void seek_marker(struct mr_container_reader *self)
{
    uint8_t last[MR_CONTAINER_SYNC_SIZE];
    size_t size = mr_container_input_take(&self->input, last, sizeof(last));

    while (size == sizeof(last) && memcmp(last, self->sync, sizeof(last)) != 0) {
        memmove(last, last + 1, sizeof(last) - 1);
        size = sizeof(last) - 1 + mr_container_input_take(&self->input, last + sizeof(last) - 1, 1);
    }
}

enum mr_code mr_container_resync(struct mr_container_reader *reader, struct mr_error *err)
{
    reader->count = 0;
    reader->at = reader->end;
    if (reader->is_delimited) {
        return MR_OK;
    }
    /* The size may have lied, and the marker lie within what was taken for the block. */
    if (!mr_container_input_again(&reader->input, &reader->raw)) {
        return MR_FAIL(err, MR_NO_ROOM, "%s: no memory for a block", reader->path);
    }
    seek_marker(reader);
    return MR_OK;
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
            return bad(reader, err, "holds more than it says");
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
    mr_container_input_close(&reader->input);
    mr_plan_free(reader->plan);
    mr_schema_free(reader->schema);
    free(reader->raw.data);
    free(reader->plain.data);
    free(reader->path);
    free(reader);
}
