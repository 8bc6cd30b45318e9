#include "deploy/feeds/pack.h"

#include "deploy/feeds/deflate.h"
#include "processors/core/base/error.h"

#define ZIP_VERSION 20
#define ZIP_UTF8_NAME 0x800
#define ZIP_DEFLATED 8
#define ZIP_FIRST_DAY 0x21 /* 1 January 1980, the earliest date that the format can say */
#define HEADERS_SIZE_MAX 512

static uint32_t crc32_of(struct mr_span bytes)
{
    uint32_t table[256], crc = UINT32_MAX;

    for (uint32_t i = 0; i < MR_COUNT(table); i++) {
        table[i] = i;
        for (unsigned bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? UINT32_C(0xEDB88320) : 0);
        }
    }
    for (size_t i = 0; i < bytes.size; i++) {
        crc = table[(crc ^ bytes.data[i]) & 0xFF] ^ crc >> 8;
    }
    return ~crc;
}

/* Little-endian, as both formats have it. */
static void put_number(struct mr_ink *out, size_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        mr_ink_byte(out, (uint8_t)(number >> (8 * i) & 0xFF));
    }
}

static struct mr_ink room_for(struct mr_span text, struct mr_arena *arena)
{
    return mr_ink_of(arena, mr_deflate_size_max(text.size) + HEADERS_SIZE_MAX);
}

static struct mr_span pack_gzip(struct mr_span text, enum mr_deflate_end end,
                                struct mr_arena *arena)
{
    static const struct mr_span header = MR_SPAN("\x1F\x8B\x08\0\0\0\0\0\0\xFF");
    struct mr_ink out = room_for(text, arena);

    if (out.data == NULL) {
        return (struct mr_span){NULL, 0};
    }
    mr_ink_put(&out, header);
    if (!mr_deflate(&out, text, end, arena)) {
        return (struct mr_span){NULL, 0};
    }
    if (end == MR_DEFLATE_WHOLE) {
        put_number(&out, crc32_of(text), 4);
        put_number(&out, text.size, 4);
    }
    return mr_ink_span(&out);
}

/* The fields that a zip's local header and its central directory share. */
struct zip_entry {
    struct mr_span name; /* borrowed */
    uint32_t crc;
    size_t packed_size;
    size_t size;
};

static void put_entry(struct mr_ink *out, const struct zip_entry *entry)
{
    put_number(out, ZIP_VERSION, 2);
    put_number(out, ZIP_UTF8_NAME, 2);
    put_number(out, ZIP_DEFLATED, 2);
    put_number(out, 0, 2);
    put_number(out, ZIP_FIRST_DAY, 2);
    put_number(out, entry->crc, 4);
    put_number(out, entry->packed_size, 4);
    put_number(out, entry->size, 4);
    put_number(out, entry->name.size, 2);
    put_number(out, 0, 2); /* no extra field */
}

static void put_directory(struct mr_ink *out, const struct zip_entry *entry)
{
    const size_t start = out->size;
    size_t size;

    mr_ink_text(out, "PK\x01\x02");
    put_number(out, ZIP_VERSION, 2);
    put_entry(out, entry);
    put_number(out, 0, 2 + 2 + 2); /* no comment, first disk, binary */
    put_number(out, 0, 4 + 4);     /* no attributes; the entry is at the file's start */
    mr_ink_put(out, entry->name);
    size = out->size - start;
    mr_ink_text(out, "PK\x05\x06");
    put_number(out, 0, 2 + 2);
    put_number(out, 1, 2);
    put_number(out, 1, 2);
    put_number(out, size, 4);
    put_number(out, start, 4);
    put_number(out, 0, 2);
}

static struct mr_span pack_zip(struct mr_span text, const char *name, struct mr_arena *arena)
{
    struct zip_entry entry = {.name = mr_span_text(name), .size = text.size};
    struct mr_ink out = room_for(text, arena);
    struct mr_ink packed = room_for(text, arena);

    if (out.data == NULL || packed.data == NULL ||
        !mr_deflate(&packed, text, MR_DEFLATE_WHOLE, arena)) {
        return (struct mr_span){NULL, 0};
    }
    MR_ASSERT(2 * entry.name.size + 128 < HEADERS_SIZE_MAX);
    entry.crc = crc32_of(text);
    entry.packed_size = packed.size;
    mr_ink_text(&out, "PK\x03\x04");
    put_entry(&out, &entry);
    mr_ink_put(&out, entry.name);
    mr_ink_put(&out, mr_ink_span(&packed));
    put_directory(&out, &entry);
    return mr_ink_span(&out);
}

struct mr_span mr_pack(enum mr_packing packing, struct mr_span text, const char *name,
                       struct mr_arena *arena)
{
    switch (packing) {
    case MR_PACK_GZIP:
        return pack_gzip(text, MR_DEFLATE_WHOLE, arena);
    case MR_PACK_ZIP:
        return pack_zip(text, name, arena);
    case MR_PACK_NONE:
        break;
    }
    return text;
}

struct mr_span mr_pack_cut(struct mr_span text, struct mr_arena *arena)
{
    return pack_gzip(text, MR_DEFLATE_CUT, arena);
}
