/* digest.h - SHA-256 (libcrypto's) and the two quick hashes that have to be stable for ever.
 *
 * SHA-256 names things to people: a file, a configuration, a model, an advisory.
 * mr_hash64 places keys in tables and may change with a release; murmur2 places
 * records in partitions, as Kafka's own clients do, and may not.
 */
#ifndef MR_BASE_DIGEST_H
#define MR_BASE_DIGEST_H

#include "processors/core/base/span.h"

#define MR_DIGEST_SIZE 32
#define MR_DIGEST_HEX_SIZE 65 /* with its NUL */

struct mr_digest {
    uint8_t bytes[MR_DIGEST_SIZE];
};

struct mr_digester;                        /* SHA-256 of bytes that come in pieces */
struct mr_digester *mr_digester_new(void); /* owned; NULL when there is no memory */
void mr_digester_add(struct mr_digester *self, struct mr_span bytes);
struct mr_digest mr_digester_end(struct mr_digester *self); /* and starts afresh */
void mr_digester_free(struct mr_digester *self);

struct mr_digest mr_digest_of(struct mr_span bytes);
void mr_digest_hex(const struct mr_digest *digest, char out[MR_DIGEST_HEX_SIZE]);

uint64_t mr_hash64(struct mr_span bytes);
uint32_t mr_murmur2(struct mr_span bytes); /* Kafka's default partitioner: seed 0x9747b28c */
uint32_t mr_crc32c(struct mr_span bytes);  /* guards state that was written to a topic */

#endif
