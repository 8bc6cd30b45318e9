/* container.h - Avro container files: a schema, and blocks of data written by it.
 *
 *     "Obj" 0x01 | metadata map (avro.schema, avro.codec) | sync marker, 16 bytes
 *     then blocks: count | size | data, perhaps compressed | sync marker
 *
 * Codecs null, deflate and snappy, read and written here and not by avro-c: a file
 * may come from anybody, and avro-c takes its sizes at their word. A block is at
 * most MR_CONTAINER_BLOCK_SIZE_MAX bytes, before and after decompression; a data
 * file larger than memory is read block by block.
 *
 * A block that is damaged does not end the file: mr_container_resync() goes on
 * behind the next sync marker, which is what the markers are for.
 *
 * The sync marker is derived from the schema: the same data give the same file.
 * One thread at a time.
 */
#ifndef MR_CODEC_CONTAINER_H
#define MR_CODEC_CONTAINER_H

#include "processors/core/codec/schema.h"

#define MR_CONTAINER_BLOCK_SIZE_MAX ((size_t)64 << 20)

#define MR_CONTAINER_MAGIC "Obj\1" /* how a file begins */

struct mr_container_reader;

/* Where bytes come from that are no file of their own: a member of an archive. read() fills out;
 * less than size only at the end. */
struct mr_container_source {
    size_t (*read)(void *context, uint8_t *out, size_t size);
    void *context;    /* borrowed */
    const char *name; /* for messages; copied */
};

/* MR_IO: no such file. MR_BAD_DATA: no container, or a codec that is not read here. */
enum mr_code mr_container_open(const char *path, struct mr_container_reader **reader,
                               struct mr_error *err);
enum mr_code mr_container_open_source(const struct mr_container_source *source,
                                      struct mr_container_reader **reader, struct mr_error *err);
/* The writer's schema; owned by the reader. */
const struct mr_schema *mr_container_schema(const struct mr_container_reader *reader);
/* The next datum, a view that lasts until the next call; its data is NULL at the end of the file.
 * Its bounds are those of the schema; its strings are not yet checked. */
enum mr_code mr_container_next(struct mr_container_reader *reader, struct mr_span *datum,
                               struct mr_error *err);
/* After MR_BAD_DATA: the rest of the block is given up, and next() goes on behind the next sync
 * marker, or finds the end. */
enum mr_code mr_container_resync(struct mr_container_reader *reader, struct mr_error *err);
/* The number of the block, from 0, that next() was in last. */
uint64_t mr_container_block(const struct mr_container_reader *reader);
void mr_container_close(struct mr_container_reader *reader); /* NULL is fine */

enum mr_container_codec {
    MR_CONTAINER_NULL,
    MR_CONTAINER_DEFLATE,
    MR_CONTAINER_SNAPPY,
    MR_CONTAINER_CODEC_COUNT
};
/* By the name that files have it by; false: no such codec. */
bool mr_container_codec_find(struct mr_span name, enum mr_container_codec *codec);

struct mr_container_writer;

/* Makes the file, or empties it. */
enum mr_code mr_container_create(const char *path, const struct mr_schema *schema,
                                 enum mr_container_codec codec, struct mr_container_writer **writer,
                                 struct mr_error *err);
enum mr_code mr_container_append(struct mr_container_writer *writer, struct mr_span datum,
                                 struct mr_error *err);
/* Writes what is left; the file is whole only after this. Closes and frees in any case. */
enum mr_code mr_container_finish(struct mr_container_writer *writer, struct mr_error *err);

#endif
