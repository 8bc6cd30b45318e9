/* container.h - Avro container files: a schema, and blocks of data written by it.
 *
 *     "Obj" 0x01 | metadata map (avro.schema, avro.codec) | sync marker, 16 bytes
 *     then blocks: count | size | data, perhaps compressed | sync marker
 *
 * Codecs null and deflate, read and written here and not by avro-c: a file may come
 * from anybody, and avro-c takes its sizes at their word. A block is at most
 * MR_CONTAINER_BLOCK_SIZE_MAX bytes, before and after decompression; a data file
 * larger than memory is read block by block.
 *
 * The sync marker is derived from the schema: the same data give the same file.
 * One thread at a time.
 */
#ifndef MR_CODEC_CONTAINER_H
#define MR_CODEC_CONTAINER_H

#include "processors/core/codec/schema.h"

#define MR_CONTAINER_BLOCK_SIZE_MAX ((size_t)64 << 20)

struct mr_container_reader;

/* MR_IO: no such file. MR_BAD_DATA: no container, or a codec that is not read here. */
enum mr_code mr_container_open(const char *path, struct mr_container_reader **reader,
                               struct mr_error *err);
/* The writer's schema; owned by the reader. */
const struct mr_schema *mr_container_schema(const struct mr_container_reader *reader);
/* The next datum, a view that lasts until the next call; its data is NULL at the end of the file.
 * Its bounds are those of the schema; its strings are not yet checked. */
enum mr_code mr_container_next(struct mr_container_reader *reader, struct mr_span *datum,
                               struct mr_error *err);
void mr_container_close(struct mr_container_reader *reader); /* NULL is fine */

enum mr_container_codec { MR_CONTAINER_NULL, MR_CONTAINER_DEFLATE };

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
