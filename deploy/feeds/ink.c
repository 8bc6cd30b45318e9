#include "deploy/feeds/ink.h"

#include "processors/core/base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct mr_ink mr_ink_of(struct mr_arena *arena, size_t capacity)
{
    return (struct mr_ink){.data = mr_arena_bytes(arena, capacity), .capacity = capacity};
}

void mr_ink_byte(struct mr_ink *ink, uint8_t byte)
{
    MR_ASSERT(ink->size < ink->capacity);
    ink->data[ink->size++] = byte;
}

void mr_ink_put(struct mr_ink *ink, struct mr_span bytes)
{
    MR_ASSERT(bytes.size <= ink->capacity - ink->size);
    if (bytes.size > 0) {
        memcpy(ink->data + ink->size, bytes.data, bytes.size);
        ink->size += bytes.size;
    }
}

void mr_ink_text(struct mr_ink *ink, const char *text)
{
    mr_ink_put(ink, mr_span_text(text));
}

void mr_ink_print(struct mr_ink *ink, const char *format, ...)
{
    const size_t room = ink->capacity - ink->size;
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf((char *)ink->data + ink->size, room, format, args);
    va_end(args);
    MR_ASSERT(size >= 0 && (size_t)size < room);
    ink->size += (size_t)size;
}

void mr_ink_xml(struct mr_ink *ink, struct mr_span text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.data[i]) {
        case '&':
            mr_ink_text(ink, "&amp;");
            break;
        case '<':
            mr_ink_text(ink, "&lt;");
            break;
        case '>':
            mr_ink_text(ink, "&gt;");
            break;
        default:
            mr_ink_byte(ink, text.data[i]);
        }
    }
}

static bool needs_quotes(struct mr_span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(",\"\r\n", text.data[i]) != NULL) {
            return true;
        }
    }
    return false;
}

void mr_ink_csv(struct mr_ink *ink, struct mr_span text)
{
    if (!needs_quotes(text)) {
        mr_ink_put(ink, text);
        return;
    }
    mr_ink_byte(ink, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"') {
            mr_ink_byte(ink, '"');
        }
        mr_ink_byte(ink, text.data[i]);
    }
    mr_ink_byte(ink, '"');
}

void mr_ink_price(struct mr_ink *ink, int64_t agorot)
{
    MR_ASSERT(agorot >= 0);
    mr_ink_print(ink, "%" PRId64 ".%02" PRId64, agorot / 100, agorot % 100);
}
