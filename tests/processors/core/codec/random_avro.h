/* random_avro.h - a random schema and random data of it, as JSON text, from a seed.
 *
 * Schemas of every type, nested and recursive; data as JSON of the specification's form, with the
 * values at which codecs err: numbers of every size, NaN, control characters, scripts. What avro-c
 * cannot hold (lists of empty records) is not made.
 */
#ifndef MR_TESTS_RANDOM_AVRO_H
#define MR_TESTS_RANDOM_AVRO_H

#include "processors/core/base/error.h"
#include "processors/core/codec/schema.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avro.h>
#include <cmocka.h>

#define TEXT_SIZE ((size_t)1 << 20)

struct text {
    char *data;
    size_t size;
};

struct bench {
    uint64_t random;
    unsigned names;
    struct text schema_text, json;
    char records[8][16]; /* open around the place in hand: references to them */
    unsigned open;
    struct mr_arena *arena;
    struct mr_schema *schema;
    avro_schema_t avro;
    avro_value_iface_t *class;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(text->data + text->size, TEXT_SIZE - text->size, format, args);
    va_end(args);
    assert_true(size >= 0 && (size_t)size < TEXT_SIZE - text->size);
    text->size += (size_t)size;
}

/* splitmix64 */
static uint64_t draw(struct bench *bench)
{
    uint64_t bits = bench->random += UINT64_C(0x9e3779b97f4a7c15);

    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static unsigned below(struct bench *bench, unsigned bound)
{
    return (unsigned)(draw(bench) % bound);
}

/* ---- a random schema ---- */

static void make_type(struct bench *bench, unsigned depth, bool is_branch);

static void make_fields(struct bench *bench, unsigned depth)
{
    const unsigned count = 1 + below(bench, depth == 0 ? 9 : 4);

    for (unsigned i = 0; i < count; i++) {
        put(&bench->schema_text, "%s{\"name\":\"f%u\",\"type\":", i == 0 ? "" : ",", i);
        make_type(bench, depth + 1, false);
        put(&bench->schema_text, "}");
    }
}

static void make_record(struct bench *bench, unsigned depth)
{
    char *name = bench->records[bench->open++];

    (void)snprintf(name, sizeof(bench->records[0]), "R%u", bench->names++);
    put(&bench->schema_text, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", name);
    make_fields(bench, depth);
    put(&bench->schema_text, "]}");
    bench->open--;
}

static void make_enum(struct bench *bench)
{
    const unsigned count = 1 + below(bench, below(bench, 8) == 0 ? 80 : 4);

    put(&bench->schema_text, "{\"type\":\"enum\",\"name\":\"E%u\",\"symbols\":[", bench->names++);
    for (unsigned i = 0; i < count; i++) {
        put(&bench->schema_text, "%s\"S%u\"", i == 0 ? "" : ",", i);
    }
    put(&bench->schema_text, "]}");
}

/* Each kind once at most, null among them or not; a record that is open here is a recursion. */
static void make_union(struct bench *bench, unsigned depth)
{
    static const char *const simple[] = {"boolean", "int",   "long",  "float",
                                         "double",  "bytes", "string"};
    const unsigned with = below(bench, 127) + 1;
    bool is_first = true;

    put(&bench->schema_text, "[");
    if (below(bench, 4) != 0) {
        put(&bench->schema_text, "\"null\"");
        is_first = false;
    }
    for (unsigned i = 0; i < 7; i++) {
        if ((with >> i & 1) != 0 && below(bench, 3) == 0) {
            put(&bench->schema_text, "%s\"%s\"", is_first ? "" : ",", simple[i]);
            is_first = false;
        }
    }
    if (is_first) {
        put(&bench->schema_text, "\"null\"");
    }
    if (is_first || below(bench, 2) == 0) {
        put(&bench->schema_text, ",");
        make_type(bench, depth + 1, true);
    }
    put(&bench->schema_text, "]");
}

static void make_scalar(struct bench *bench)
{
    static const char *const words[] = {"\"null\"",
                                        "\"boolean\"",
                                        "\"int\"",
                                        "\"long\"",
                                        "\"float\"",
                                        "\"double\"",
                                        "\"bytes\"",
                                        "\"string\"",
                                        "\"string\"",
                                        "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
                                        "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
                                        "{\"type\":\"int\",\"logicalType\":\"date\"}",
                                        "{\"type\":\"int\",\"logicalType\":\"time-millis\"}"};

    put(&bench->schema_text, "%s", words[below(bench, MR_COUNT(words))]);
}

/* As a branch: only what no other branch is. */
static void make_type(struct bench *bench, unsigned depth, bool is_branch)
{
    const unsigned least = depth > 4 ? 6 : 0; /* then nothing that holds others */
    const unsigned kind = least + below(bench, (is_branch ? 7 : depth > 4 ? 8 : 14) - least);

    switch (kind) {
    case 0:
    case 1:
        make_record(bench, depth);
        break;
    case 2:
        put(&bench->schema_text, "{\"type\":\"array\",\"items\":");
        make_type(bench, depth + 1, false);
        put(&bench->schema_text, "}");
        break;
    case 3:
        put(&bench->schema_text, "{\"type\":\"map\",\"values\":");
        make_type(bench, depth + 1, false);
        put(&bench->schema_text, "}");
        break;
    case 4:
        make_enum(bench);
        break;
    case 5:
        if (is_branch && bench->open > 0) {
            put(&bench->schema_text, "\"%s\"", bench->records[below(bench, bench->open)]);
            break;
        }
        make_enum(bench);
        break;
    case 6:
        put(&bench->schema_text, "{\"type\":\"fixed\",\"name\":\"F%u\",\"size\":%u}",
            bench->names++, 1 + below(bench, 20));
        break;
    case 8:
    case 9:
        make_union(bench, depth);
        break;
    default:
        make_scalar(bench);
    }
}

/* ---- a random datum, as JSON ---- */

static void make_value(struct bench *bench, const struct mr_type *type, unsigned depth);

/* As many bits as it happens, of either sign. */
static int64_t random_long(struct bench *bench, unsigned bits_max)
{
    const uint64_t bits = draw(bench) >> (64 - 1 - below(bench, bits_max));

    return below(bench, 2) == 0 ? (int64_t)bits : -(int64_t)bits - 1;
}

static void make_real(struct bench *bench, bool is_float)
{
    static const char *const odd[] = {"\"NaN\"", "\"Infinity\"", "\"-Infinity\"",
                                      "0.0",     "-0.0",         "1e-45"};

    if (below(bench, 8) == 0) {
        put(&bench->json, "%s", odd[below(bench, MR_COUNT(odd))]);
    } else if (is_float) {
        put(&bench->json, "%.9g", (double)((float)random_long(bench, 30) / 64));
    } else {
        put(&bench->json, "%.17g", (double)random_long(bench, 62) / 1024);
    }
}

static void make_bytes(struct bench *bench, size_t size)
{
    put(&bench->json, "\"");
    for (size_t i = 0; i < size; i++) {
        put(&bench->json, "\\u00%02x", below(bench, 256));
    }
    put(&bench->json, "\"");
}

static void make_string(struct bench *bench)
{
    static const char *const parts[] = {
        "a",        "Zz",           "7290000000017",    " ",    "\\\"",    "\\\\",    "\\n",
        "\xd7\x90", "\xe2\x82\xaa", "\xf0\x9f\x8d\x9e", "\x7f", "\\u0001", "abcdefgh"};
    const unsigned count = below(bench, below(bench, 10) == 0 ? 40 : 6);

    put(&bench->json, "\"");
    for (unsigned i = 0; i < count; i++) {
        put(&bench->json, "%s", parts[below(bench, MR_COUNT(parts))]);
    }
    put(&bench->json, "\"");
}

static void make_record_value(struct bench *bench, const struct mr_type *type, unsigned depth)
{
    put(&bench->json, "{");
    for (size_t i = 0; i < type->field_count; i++) {
        put(&bench->json, "%s\"%s\":", i == 0 ? "" : ",", type->fields[i].name);
        make_value(bench, type->fields[i].type, depth);
    }
    put(&bench->json, "}");
}

static void make_items(struct bench *bench, const struct mr_type *type, unsigned depth)
{
    const bool is_map = type->kind == MR_AVRO_MAP;
    const unsigned count = depth > 6 ? 0 : below(bench, below(bench, 20) == 0 ? 100 : 4);

    put(&bench->json, is_map ? "{" : "[");
    for (unsigned i = 0; i < count; i++) {
        put(&bench->json, i == 0 ? "" : ",");
        if (is_map) {
            put(&bench->json, "\"k%u\":", i);
        }
        make_value(bench, type->item, depth + (count > 4 ? 3 : 0));
    }
    put(&bench->json, is_map ? "}" : "]");
}

static void make_branch(struct bench *bench, const struct mr_type *type, unsigned depth)
{
    /* The first branch is never a recursion: so the data ends. */
    const unsigned index = depth > 6 ? 0 : below(bench, (unsigned)type->branch_count);
    const struct mr_type *branch = type->branches[index];
    char words[128];

    if (branch->kind == MR_AVRO_NULL) {
        put(&bench->json, "null");
        return;
    }
    (void)mr_type_words(branch, words);
    words[strcspn(words, " ")] = '\0'; /* "array of ...": its kind */
    put(&bench->json, "{\"%s\":", words);
    make_value(bench, branch, depth);
    put(&bench->json, "}");
}

static void make_value(struct bench *bench, const struct mr_type *type, unsigned depth)
{
    switch (type->kind) {
    case MR_AVRO_NULL:
        put(&bench->json, "null");
        break;
    case MR_AVRO_BOOLEAN:
        put(&bench->json, below(bench, 2) == 0 ? "true" : "false");
        break;
    case MR_AVRO_INT:
        put(&bench->json, "%" PRId64, random_long(bench, 31));
        break;
    case MR_AVRO_LONG:
        put(&bench->json, "%" PRId64, random_long(bench, 63));
        break;
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        make_real(bench, type->kind == MR_AVRO_FLOAT);
        break;
    case MR_AVRO_BYTES:
        make_bytes(bench, below(bench, 30));
        break;
    case MR_AVRO_FIXED:
        make_bytes(bench, type->size);
        break;
    case MR_AVRO_STRING:
        make_string(bench);
        break;
    case MR_AVRO_ENUM:
        put(&bench->json, "\"%s\"", type->symbols[below(bench, (unsigned)type->symbol_count)]);
        break;
    case MR_AVRO_RECORD:
        make_record_value(bench, type, depth + 1);
        break;
    case MR_AVRO_UNION:
        make_branch(bench, type, depth + 1);
        break;
    default:
        make_items(bench, type, depth + 1);
    }
}

#endif
