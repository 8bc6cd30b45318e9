#include "processors/core/base/digest.h"

#include "processors/core/base/error.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

struct mr_digester *mr_digester_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return (struct mr_digester *)context;
}

void mr_digester_add(struct mr_digester *self, struct mr_span bytes)
{
    MR_ASSERT(EVP_DigestUpdate((EVP_MD_CTX *)self, bytes.data, bytes.size) == 1);
}

struct mr_digest mr_digester_end(struct mr_digester *self)
{
    struct mr_digest digest;

    MR_ASSERT(EVP_DigestFinal_ex((EVP_MD_CTX *)self, digest.bytes, NULL) == 1);
    MR_ASSERT(EVP_DigestInit_ex((EVP_MD_CTX *)self, EVP_sha256(), NULL) == 1);
    return digest;
}

void mr_digester_free(struct mr_digester *self)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)self);
}

struct mr_digest mr_digest_of(struct mr_span bytes)
{
    struct mr_digest digest;

    MR_ASSERT(EVP_Digest(bytes.data, bytes.size, digest.bytes, NULL, EVP_sha256(), NULL) == 1);
    return digest;
}

void mr_digest_hex(const struct mr_digest *digest, char out[MR_DIGEST_HEX_SIZE])
{
    for (size_t i = 0; i < MR_DIGEST_SIZE; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", digest->bytes[i]);
    }
}

/* Multiply-fold over eight bytes at a time (the core of wyhash, public domain). */
static uint64_t fold(uint64_t a, uint64_t b)
{
    const uint64_t high = (a >> 32) * (b >> 32);
    const uint64_t mid1 = (a >> 32) * (uint32_t)b;
    const uint64_t mid2 = (uint32_t)a * (b >> 32);
    const uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)b;
    const uint64_t carry = (low >> 32) + (uint32_t)mid1 + (uint32_t)mid2;

    return ((carry << 32) | (uint32_t)low) ^ (high + (mid1 >> 32) + (mid2 >> 32) + (carry >> 32));
}

uint64_t mr_hash64(struct mr_span bytes)
{
    uint64_t hash = UINT64_C(0xa0761d6478bd642f) ^ bytes.size;
    uint64_t word = 0;
    size_t at = 0;

    for (; bytes.size - at >= 8; at += 8) {
        memcpy(&word, bytes.data + at, 8);
        hash = fold(hash ^ word, UINT64_C(0xe7037ed1a0b428db));
    }
    word = 0;
    if (bytes.size > at) {
        memcpy(&word, bytes.data + at, bytes.size - at);
    }
    return fold(hash ^ word, UINT64_C(0x8ebc6af09c88c6e3)) ^ hash >> 32;
}

uint32_t mr_murmur2(struct mr_span bytes)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t hash = 0x9747b28c ^ (uint32_t)bytes.size;
    size_t at = 0;

    for (; bytes.size - at >= 4; at += 4) {
        uint32_t k = (uint32_t)bytes.data[at] | (uint32_t)bytes.data[at + 1] << 8 |
                     (uint32_t)bytes.data[at + 2] << 16 | (uint32_t)bytes.data[at + 3] << 24;

        k *= m;
        k ^= k >> 24;
        k *= m;
        hash = hash * m ^ k;
    }
    for (size_t i = bytes.size - at; i-- > 0;) {
        hash ^= (uint32_t)bytes.data[at + i] << (8 * i);
        if (i == 0) {
            hash *= m;
        }
    }
    hash ^= hash >> 13;
    hash *= m;
    return hash ^ hash >> 15;
}

uint32_t mr_crc32c(struct mr_span bytes)
{
    /* The remainders of the sixteen nibbles: half the table of the usual byte-wise form. */
    static const uint32_t nibbles[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                         0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                         0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                         0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    uint32_t crc = ~UINT32_C(0);

    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= bytes.data[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return ~crc;
}
