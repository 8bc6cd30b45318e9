/* Goal: the hashes are those that the rest of the world computes: SHA-256 of FIPS 180-4, murmur2 of
 * Kafka's Java client, CRC-32C of RFC 3720; hash64 tells what it should apart.
 * Method: published vectors; pieces against the whole. */
#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void sha256_gives_the_published_vectors(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_digest digest = mr_digest_of(mr_span_text(rows[i].text));
        char hex[MR_DIGEST_HEX_SIZE];

        mr_digest_hex(&digest, hex);
        assert_string_equal(rows[i].hex, hex);
    }
}

static void pieces_give_the_digest_of_the_whole_and_the_end_starts_afresh(void **state)
{
    struct mr_digester *digester = mr_digester_new();
    const struct mr_digest whole = mr_digest_of(mr_span_text("abc"));

    (void)state;
    assert_non_null(digester);
    for (int round = 0; round < 2; round++) {
        struct mr_digest digest;

        mr_digester_add(digester, mr_span_text("a"));
        mr_digester_add(digester, mr_span_text(NULL));
        mr_digester_add(digester, mr_span_text("bc"));
        digest = mr_digester_end(digester);
        assert_memory_equal(whole.bytes, digest.bytes, MR_DIGEST_SIZE);
    }
    mr_digester_free(digester);
    mr_digester_free(NULL);
}

static void murmur2_is_that_of_kafkas_java_client(void **state)
{
    static const struct {
        const char *text;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].text);
        assert_int_equal((uint32_t)rows[i].hash, mr_murmur2(mr_span_text(rows[i].text)));
    }
}

static void crc32c_gives_the_published_vectors(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(0xE3069283U, mr_crc32c(mr_span_text("123456789")));
    assert_int_equal(0, mr_crc32c(mr_span_text("")));
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(0x8A9136AAU, mr_crc32c((struct mr_span){bytes, sizeof(bytes)}));
    memset(bytes, 0xFF, sizeof(bytes));
    assert_int_equal(0x62A8AB43U, mr_crc32c((struct mr_span){bytes, sizeof(bytes)}));
}

static void hash64_tells_sizes_and_every_bit_apart(void **state)
{
    uint8_t bytes[24] = {0};
    uint64_t seen[MR_COUNT(bytes) * 9 + 1];
    size_t count = 0;

    (void)state;
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        seen[count++] = mr_hash64((struct mr_span){bytes, size});
    }
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        seen[count++] = mr_hash64((struct mr_span){bytes, sizeof(bytes)});
        bytes[bit / 8] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            assert_true(seen[i] != seen[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_vectors),
        cmocka_unit_test(pieces_give_the_digest_of_the_whole_and_the_end_starts_afresh),
        cmocka_unit_test(murmur2_is_that_of_kafkas_java_client),
        cmocka_unit_test(crc32c_gives_the_published_vectors),
        cmocka_unit_test(hash64_tells_sizes_and_every_bit_apart),
    };

    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
