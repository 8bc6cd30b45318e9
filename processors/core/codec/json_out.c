#include "processors/core/codec/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_SIZE_FIRST 256

static bool has_room(struct mr_json_out *out, size_t more)
{
    size_t room = out->room == 0 ? OUT_SIZE_FIRST : out->room;
    uint8_t *data;

    if (out->has_failed || more <= out->room - out->size) {
        return !out->has_failed;
    }
    while (room - out->size < more && room <= SIZE_MAX / 2) {
        room *= 2;
    }
    data = mr_arena_bytes(out->arena, room);
    if (data == NULL || room - out->size < more) {
        out->has_failed = true;
        return false;
    }
    if (out->size > 0) {
        memcpy(data, out->data, out->size);
    }
    out->data = data;
    out->room = room;
    return true;
}

void mr_json_put(struct mr_json_out *out, struct mr_span bytes)
{
    if (has_room(out, bytes.size) && bytes.size > 0) {
        memcpy(out->data + out->size, bytes.data, bytes.size);
        out->size += bytes.size;
    }
}

void mr_json_put_text(struct mr_json_out *out, const char *text)
{
    mr_json_put(out, mr_span_text(text));
}

void mr_json_put_byte(struct mr_json_out *out, char byte)
{
    if (has_room(out, 1)) {
        out->data[out->size++] = (uint8_t)byte;
    }
}

static void put_escape(struct mr_json_out *out, uint8_t byte)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte == 0 ? NULL : strchr(plain, byte);
    char text[8];

    if (found != NULL) {
        mr_json_put_byte(out, '\\');
        mr_json_put_byte(out, letters[found - plain]);
    } else {
        (void)snprintf(text, sizeof(text), "\\u%04x", byte);
        mr_json_put_text(out, text);
    }
}

void mr_json_put_string(struct mr_json_out *out, struct mr_span text)
{
    size_t from = 0;

    mr_json_put_byte(out, '"');
    for (size_t at = 0; at < text.size; at++) {
        const uint8_t byte = text.data[at];

        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        mr_json_put(out, (struct mr_span){text.data + from, at - from});
        put_escape(out, byte);
        from = at + 1;
    }
    if (from < text.size) {
        mr_json_put(out, (struct mr_span){text.data + from, text.size - from});
    }
    mr_json_put_byte(out, '"');
}

void mr_json_put_code_points(struct mr_json_out *out, struct mr_span bytes)
{
    uint8_t code[4];

    mr_json_put_byte(out, '"');
    for (size_t i = 0; i < bytes.size; i++) {
        const uint8_t byte = bytes.data[i];

        if (byte < 0x20 || byte == '"' || byte == '\\') {
            put_escape(out, byte);
        } else {
            mr_json_put(out, (struct mr_span){code, mr_utf8_put(code, byte)});
        }
    }
    mr_json_put_byte(out, '"');
}

void mr_json_put_base64(struct mr_json_out *out, struct mr_span bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    mr_json_put_byte(out, '"');
    for (size_t at = 0; at < bytes.size; at += 3) {
        const size_t count = bytes.size - at < 3 ? bytes.size - at : 3;
        uint32_t group = (uint32_t)bytes.data[at] << 16;

        group |= count > 1 ? (uint32_t)bytes.data[at + 1] << 8 : 0;
        group |= count > 2 ? (uint32_t)bytes.data[at + 2] : 0;
        mr_json_put_byte(out, digits[group >> 18]);
        mr_json_put_byte(out, digits[group >> 12 & 63]);
        mr_json_put_byte(out, count > 1 ? digits[group >> 6 & 63] : '=');
        mr_json_put_byte(out, count > 2 ? digits[group & 63] : '=');
    }
    mr_json_put_byte(out, '"');
}

void mr_json_put_long(struct mr_json_out *out, int64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    mr_json_put_text(out, text);
}

/* False: it was no finite number, and is written. */
static bool is_finite(struct mr_json_out *out, double real)
{
    if (isnan(real)) {
        mr_json_put_text(out, "\"NaN\"");
    } else if (isinf(real)) {
        mr_json_put_text(out, real > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    }
    return isfinite(real);
}

static void put_real(struct mr_json_out *out, const char *text)
{
    mr_json_put_text(out, text);
    if (strpbrk(text, ".e") == NULL) { /* so that a reader takes it for a double too */
        mr_json_put_text(out, ".0");
    }
}

void mr_json_put_double(struct mr_json_out *out, double real)
{
    char text[40];

    if (!is_finite(out, real)) {
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, real);
        if (strtod(text, NULL) == real) {
            break;
        }
    }
    put_real(out, text);
}

void mr_json_put_float(struct mr_json_out *out, float real)
{
    char text[40];

    if (!is_finite(out, (double)real)) {
        return;
    }
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, (double)real);
        if (strtof(text, NULL) == real) {
            break;
        }
    }
    put_real(out, text);
}
