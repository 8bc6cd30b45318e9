/* The strings library: positions are code points, cases are ASCII's, nothing is normalised. */
#include "processors/core/cel/functions.h"
#include "processors/core/cel/text.h"

#include <string.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

static struct mr_value no_room(const struct cel_run *run)
{
    return cel_fault(run->fuel < 0 ? MR_CEL_FAULT_FUEL : MR_CEL_FAULT_NO_ROOM);
}

static struct mr_value bad_index(void)
{
    return cel_fault(MR_CEL_FAULT_INDEX);
}

static struct mr_span part(struct mr_span text, size_t first, size_t end)
{
    return (struct mr_span){text.data + first, end - first};
}

/* The byte at a code point index 0..count; false: outside, or no fuel. */
static bool offset_of(struct cel_run *run, struct mr_span text, int64_t index, size_t *offset)
{
    if (index < 0 || index > (int64_t)text.size || !cel_spend(run, text.size / 16)) {
        return false;
    }
    if ((size_t)index > cel_text_count(text)) {
        return false;
    }
    *offset = cel_text_offset(text, (size_t)index);
    return true;
}

CALL(char_at)
{
    const struct mr_span text = mr_value_span(&args[0]);
    size_t first, size;

    (void)count;
    if (!offset_of(run, text, args[1].number, &first)) {
        return bad_index();
    }
    if (first == text.size) {
        return mr_value_string((struct mr_span){text.data, 0});
    }
    (void)mr_utf8_get(part(text, first, text.size), &size);
    return mr_value_string(part(text, first, first + size));
}

static bool spend_find(struct cel_run *run, struct mr_span text, struct mr_span wanted)
{
    return cel_spend(run, 1 + text.size / 16 * (1 + wanted.size / 64));
}

CALL(index_of)
{
    const struct mr_span text = mr_value_span(&args[0]), wanted = mr_value_span(&args[1]);
    size_t first = 0, found;

    if (count == 3 && !offset_of(run, text, args[2].number, &first)) {
        return bad_index();
    }
    if (!spend_find(run, text, wanted)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    found = first + mr_span_find(part(text, first, text.size), wanted);
    if (found == text.size && wanted.size > 0) {
        return mr_value_int(-1);
    }
    return mr_value_int((int64_t)cel_text_count(part(text, 0, found)));
}

CALL(last_index_of)
{
    const struct mr_span text = mr_value_span(&args[0]), wanted = mr_value_span(&args[1]);
    size_t last = text.size;

    if (count == 3 && !offset_of(run, text, args[2].number, &last)) {
        return bad_index();
    }
    if (!spend_find(run, text, wanted)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    for (size_t at = last + 1; at-- > 0;) {
        if (cel_text_starts(part(text, at, text.size), wanted)) {
            return mr_value_int((int64_t)cel_text_count(part(text, 0, at)));
        }
    }
    return mr_value_int(-1);
}

static struct mr_value map_bytes(struct cel_run *run, const struct mr_value *value, uint8_t first,
                                 uint8_t last)
{
    uint8_t *out = cel_take_bytes(run, value->size);

    if (out == NULL) {
        return no_room(run);
    }
    for (uint32_t i = 0; i < value->size; i++) {
        const uint8_t c = value->data[i];

        out[i] = c >= first && c <= last ? (uint8_t)(c ^ 0x20) : c;
    }
    return mr_value_string((struct mr_span){out, value->size});
}

CALL(lower_ascii)
{
    (void)count;
    return map_bytes(run, &args[0], 'A', 'Z');
}

CALL(upper_ascii)
{
    (void)count;
    return map_bytes(run, &args[0], 'a', 'z');
}

/* Where from occurs in text, up to limit times; an empty one before every code point and after. */
static size_t next_match(struct mr_span text, struct mr_span from, size_t at)
{
    if (from.size > 0) {
        return at + mr_span_find(part(text, at, text.size), from);
    }
    return at;
}

struct writer {
    uint8_t *out; /* NULL: measuring */
    size_t size;
};

static void put(struct writer *out, struct mr_span bytes)
{
    if (out->out != NULL && bytes.size > 0) {
        memcpy(out->out + out->size, bytes.data, bytes.size);
    }
    out->size += bytes.size;
}

static void replace_into(struct writer *out, struct mr_span text, struct mr_span from,
                         struct mr_span to, int64_t limit)
{
    size_t at = 0;

    while (limit != 0 && at <= text.size) {
        const size_t found = next_match(text, from, at);
        size_t step = from.size;

        if (from.size > 0 && found == text.size) {
            break;
        }
        put(out, part(text, at, found));
        put(out, to);
        limit -= limit > 0 ? 1 : 0;
        at = found + from.size;
        if (from.size == 0) {
            if (at == text.size) {
                return;
            }
            (void)mr_utf8_get(part(text, at, text.size), &step);
            put(out, part(text, at, at + step));
            at += step;
        }
    }
    put(out, part(text, at, text.size));
}

CALL(replace)
{
    const struct mr_span text = mr_value_span(&args[0]);
    const int64_t limit = count == 4 ? args[3].number : -1;
    struct writer out = {0};

    if (!spend_find(run, text, mr_value_span(&args[1]))) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    replace_into(&out, text, mr_value_span(&args[1]), mr_value_span(&args[2]), limit);
    out.out = cel_take_bytes(run, out.size);
    if (out.out == NULL) {
        return no_room(run);
    }
    out.size = 0;
    replace_into(&out, text, mr_value_span(&args[1]), mr_value_span(&args[2]), limit);
    return mr_value_string((struct mr_span){out.out, out.size});
}

/* The parts between separators; items NULL: counting only. */
static size_t split_into(struct mr_value *items, struct mr_span text, struct mr_span separator,
                         int64_t limit)
{
    size_t at = 0, count = 0;

    while (limit < 0 || (int64_t)count + 1 < limit) {
        size_t found = next_match(text, separator, at), step = separator.size;

        if (separator.size == 0) {
            if (at >= text.size) {
                break;
            }
            (void)mr_utf8_get(part(text, at, text.size), &found);
            found += at;
            step = 0;
        }
        if (found == text.size) {
            break;
        }
        if (items != NULL) {
            items[count] = mr_value_string(part(text, at, found));
        }
        count++;
        at = found + step;
    }
    if (items != NULL) {
        items[count] = mr_value_string(part(text, at, text.size));
    }
    return count + 1;
}

CALL(split)
{
    const struct mr_span text = mr_value_span(&args[0]), separator = mr_value_span(&args[1]);
    const int64_t limit = count == 3 ? args[2].number : -1;
    struct mr_value *items;
    size_t size;

    if (limit == 0 || (text.size == 0 && separator.size == 0)) {
        return cel_list_of(NULL, 0);
    }
    if (!spend_find(run, text, separator)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    size = split_into(NULL, text, separator, limit);
    items = cel_take_items(run, size);
    if (items == NULL) {
        return no_room(run);
    }
    (void)split_into(items, text, separator, limit);
    return cel_list_of(items, size);
}

CALL(substring)
{
    const struct mr_span text = mr_value_span(&args[0]);
    size_t first, end = text.size;

    if (!offset_of(run, text, args[1].number, &first) ||
        (count == 3 && !offset_of(run, text, args[2].number, &end)) || end < first) {
        return bad_index();
    }
    return mr_value_string(part(text, first, end));
}

static bool is_blank(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

CALL(trim)
{
    const struct mr_span text = mr_value_span(&args[0]);
    size_t first = text.size, end = text.size;

    (void)count;
    if (!cel_spend(run, text.size / 16)) {
        return cel_fault(MR_CEL_FAULT_FUEL);
    }
    for (size_t at = 0, size; at < text.size; at += size) {
        if (!is_blank(mr_utf8_get(part(text, at, text.size), &size))) {
            first = first == text.size ? at : first;
            end = at + size;
        }
    }
    return mr_value_string(part(text, first, end));
}

static size_t join_into(struct writer *out, const struct mr_value *list, struct mr_span separator)
{
    for (uint32_t i = 0; i < list->size; i++) {
        if (i > 0) {
            put(out, separator);
        }
        put(out, mr_value_span(&list->items[i]));
    }
    return out->size;
}

CALL(join)
{
    const struct mr_span separator =
        count == 2 ? mr_value_span(&args[1]) : (struct mr_span){NULL, 0};
    struct writer out = {0};

    for (uint32_t i = 0; i < args[0].size; i++) {
        if (args[0].items[i].kind != MR_KIND_STRING) {
            return cel_fault(MR_CEL_FAULT_NO_OVERLOAD);
        }
    }
    out.out = cel_take_bytes(run, join_into(&out, &args[0], separator));
    if (out.out == NULL || !cel_spend(run, args[0].size)) {
        return no_room(run);
    }
    out.size = 0;
    (void)join_into(&out, &args[0], separator);
    return mr_value_string((struct mr_span){out.out, out.size});
}

CALL(reverse)
{
    const struct mr_span text = mr_value_span(&args[0]);
    uint8_t *out = cel_take_bytes(run, text.size);

    (void)count;
    if (out == NULL) {
        return no_room(run);
    }
    for (size_t at = 0, size; at < text.size; at += size) {
        (void)mr_utf8_get(part(text, at, text.size), &size);
        memcpy(out + text.size - at - size, text.data + at, size);
    }
    return mr_value_string((struct mr_span){out, text.size});
}

CALL(quote)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\\"";
    static const char means[] = "abfnrtv\\\"";
    uint8_t *out = cel_take_bytes(run, 2 * (size_t)args[0].size + 2);
    size_t size = 0;

    (void)count;
    if (out == NULL) {
        return no_room(run);
    }
    out[size++] = '"';
    for (uint32_t i = 0; i < args[0].size; i++) {
        const uint8_t c = args[0].data[i];
        const char *escape = c == '\0' ? NULL : strchr(plain, c);

        if (escape != NULL) {
            out[size++] = '\\';
        }
        out[size++] = escape == NULL ? c : (uint8_t)means[escape - plain];
    }
    out[size++] = '"';
    return mr_value_string((struct mr_span){out, size});
}

static const struct cel_overload rows[] = {
    {"charAt", "si", "s", char_at, CEL_MEMBER, NULL},
    {"indexOf", "ss", "i", index_of, CEL_MEMBER, NULL},
    {"indexOf", "ssi", "i", index_of, CEL_MEMBER, NULL},
    {"lastIndexOf", "ss", "i", last_index_of, CEL_MEMBER, NULL},
    {"lastIndexOf", "ssi", "i", last_index_of, CEL_MEMBER, NULL},
    {"lowerAscii", "s", "s", lower_ascii, CEL_MEMBER, NULL},
    {"upperAscii", "s", "s", upper_ascii, CEL_MEMBER, NULL},
    {"replace", "sss", "s", replace, CEL_MEMBER, NULL},
    {"replace", "sssi", "s", replace, CEL_MEMBER, NULL},
    {"split", "ss", "Ls", split, CEL_MEMBER, NULL},
    {"split", "ssi", "Ls", split, CEL_MEMBER, NULL},
    {"substring", "si", "s", substring, CEL_MEMBER, NULL},
    {"substring", "sii", "s", substring, CEL_MEMBER, NULL},
    {"trim", "s", "s", trim, CEL_MEMBER, NULL},
    {"join", "Ls", "s", join, CEL_MEMBER, NULL},
    {"join", "Lss", "s", join, CEL_MEMBER, NULL},
    {"reverse", "s", "s", reverse, CEL_MEMBER, NULL},
    {"strings.quote", "s", "s", quote, CEL_GLOBAL, NULL},
};

const struct cel_library cel_strings_ext = {rows, MR_COUNT(rows)};
